package soap

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// text gathers the text of one element. As long as it is one plain piece, it is a part of the document and nothing is
// copied.
type text struct {
	piece string
	built *strings.Builder
}

func (t *text) add(piece string) {
	switch {
	case t.built != nil:
		t.built.WriteString(piece)
	case t.piece == "":
		t.piece = piece
	default:
		t.built = &strings.Builder{}
		t.built.WriteString(t.piece)
		t.built.WriteString(piece)
	}
}

func (t *text) String() string {
	if t.built != nil {
		return t.built.String()
	}
	return t.piece
}

// plainBytes marks characters that text may hold as they are.
var plainBytes = func() (t [256]bool) {
	for c := range 256 {
		t[c] = c >= 0x20 && c < 0x80 && c != '&' && c != ']' || c == '\t' || c == '\n'
	}
	return t
}()

// chars reads text between two tags.
func (sc *scanner) chars(s string, keep *text) error {
	i := 0
	for i < len(s) && plainBytes[s[i]] {
		i++
	}
	if i == len(s) {
		if keep != nil {
			keep.add(s)
		}
		return nil
	}
	if strings.Contains(s[i:], "]]>") {
		return sc.fail("is not well-formed XML")
	}
	var out text
	if keep == nil {
		keep = &out
	}
	for {
		amp := strings.IndexByte(s, '&')
		if amp < 0 {
			sc.raw(s, keep)
			return nil
		}
		if amp > 0 {
			sc.raw(s[:amp], keep)
		}
		semicolon := strings.IndexByte(s[amp:], ';')
		if semicolon < 0 {
			return sc.fail("holds an entity that is not XML's")
		}
		value, ok := entity(s[amp+1 : amp+semicolon])
		if !ok {
			return sc.fail("holds an entity that is not XML's")
		}
		if r, _ := utf8.DecodeRuneInString(value); legal(r) {
			keep.add(value)
		} else {
			sc.repaired++
		}
		s = s[amp+semicolon+1:]
		if s == "" {
			return nil
		}
	}
}

// raw keeps text without entities, with line ends as XML reads them and without what XML forbids.
func (sc *scanner) raw(s string, keep *text) {
	clean := true
	for i := 0; i < len(s) && clean; {
		if s[i] < utf8.RuneSelf {
			clean = s[i] >= 0x20 || s[i] == '\t' || s[i] == '\n'
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		clean = legal(r) && (r != utf8.RuneError || size > 1)
		i += size
	}
	if clean {
		keep.add(s)
		return
	}
	var b strings.Builder
	b.Grow(len(s))
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == '\r':
			b.WriteByte('\n')
			if i+1 < len(s) && s[i+1] == '\n' {
				size = 2
			}
		case r == utf8.RuneError && size == 1:
			b.WriteRune(utf8.RuneError)
			sc.repaired++
		case !legal(r):
			sc.repaired++
		default:
			b.WriteString(s[i : i+size])
		}
		i += size
	}
	keep.add(b.String())
}

// entity returns what an entity stands for.
func entity(name string) (string, bool) {
	switch name {
	case "amp":
		return "&", true
	case "lt":
		return "<", true
	case "gt":
		return ">", true
	case "quot":
		return `"`, true
	case "apos":
		return "'", true
	}
	digits, ok := strings.CutPrefix(name, "#")
	if !ok {
		return "", false
	}
	base := 10
	if hex, isHex := strings.CutPrefix(digits, "x"); isHex {
		digits, base = hex, 16
	}
	if digits == "" || digits[0] == '+' || digits[0] == '-' {
		return "", false
	}
	n, err := strconv.ParseUint(digits, base, 32)
	if err != nil || n > utf8.MaxRune {
		return "", false
	}
	return string(rune(n)), true
}
