package mapping

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"apicenter/shared/mapping/function"
	"apicenter/shared/model"
)

// Canonical returns the tree as JSON in its one form: keys sorted, absent fields left out, decimals without zeros at their
// end, times in UTC. Equal trees give equal bytes, in this release and in later ones.
func Canonical(tree model.Tree) []byte {
	return appendValue(make([]byte, 0, 1024), tree)
}

// Fingerprint returns a hash of the canonical form: equal when there is nothing to send. It is stable over releases.
func Fingerprint(tree model.Tree) string {
	sum := sha256.Sum256(Canonical(tree))
	return hex.EncodeToString(sum[:16])
}

func appendValue(b []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(b, "null"...)
	case string:
		return appendText(b, v)
	case bool:
		return strconv.AppendBool(b, v)
	case model.Decimal:
		return append(b, normalNumber(v.String())...)
	case json.Number:
		return appendNumber(b, v.String())
	case int:
		return strconv.AppendInt(b, int64(v), 10)
	case time.Time:
		return appendText(b, v.UTC().Format(time.RFC3339Nano))
	case []any:
		b = append(b, '[')
		for i, element := range v {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendValue(b, element)
		}
		return append(b, ']')
	case model.Tree:
		b = append(b, '{')
		first := true
		for _, name := range slices.Sorted(maps.Keys(v)) {
			if v[name] == nil {
				continue
			}
			if !first {
				b = append(b, ',')
			}
			first = false
			b = append(appendText(b, name), ':')
			b = appendValue(b, v[name])
		}
		return append(b, '}')
	}
	return append(b, "null"...) // a tree has no other leaves
}

// appendNumber writes a number as it came from a source: in normal form when it is one, as a text when it is a code that
// looks like one (00123).
func appendNumber(b []byte, s string) []byte {
	if strings.ContainsAny(s, "eE") {
		if d, err := function.ParseNumber(s); err == nil {
			return append(b, normalNumber(d.String())...)
		}
	}
	if !json.Valid([]byte(s)) {
		return appendText(b, s)
	}
	return append(b, normalNumber(s)...)
}

const hexDigits = "0123456789abcdef"

// appendText writes a JSON text. It escapes what JSON demands and nothing else, so that the form does not depend on the
// habits of a library.
func appendText(b []byte, s string) []byte {
	b = append(b, '"')
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
			i++
		case c < 0x20:
			b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
			i++
		case c < utf8.RuneSelf:
			b = append(b, c)
			i++
		default:
			r, size := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && size == 1 {
				b = append(b, "\uFFFD"...)
			} else {
				b = append(b, s[i:i+size]...)
			}
			i += size
		}
	}
	return append(b, '"')
}
