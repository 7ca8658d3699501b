package soap

import "strings"

// A scanner walks over an XML document held as one text. It knows what SOAP answers are made of: elements, text with the
// five entities and character references, CDATA, comments and processing instructions. Attributes are passed over. A
// document type declaration is refused. It is several times faster than encoding/xml, which the fuzz test holds it against.
//
// It is more lenient in one thing: characters that XML does not allow, which tills do send when somebody scans a bar code
// into a name, are dropped (bytes that are no UTF-8 become U+FFFD) and counted. Refusing them would hold up every record
// behind the one that has them.
type scanner struct {
	s        string
	pos      int
	depth    int
	repaired int
	// entries and leaves are stacks shared by all levels, so that a map is made once, with its final size.
	entries []entry
	leaves  Leaves
}

type entry struct {
	key   string
	value any
	list  []any
}

// maxDepth bounds nesting: answers are a handful of levels deep.
const maxDepth = 200

func (sc *scanner) fail(reason string) error {
	return &FormatError{Reason: reason, Offset: sc.pos}
}

func (sc *scanner) cut() error {
	return &FormatError{Reason: "ends in the middle", Offset: len(sc.s), Cut: true}
}

// tag is a start tag.
type tag struct {
	name  string // as written, prefix included
	local string
	empty bool // <a/>
}

// prolog passes over what may stand before the first element.
func (sc *scanner) prolog() error {
	sc.s = strings.TrimPrefix(sc.s, "\ufeff")
	for {
		for sc.pos < len(sc.s) && isSpace(sc.s[sc.pos]) {
			sc.pos++
		}
		rest := sc.s[sc.pos:]
		switch {
		case rest == "":
			return sc.cut()
		case rest[0] != '<':
			return sc.fail("is not XML")
		case strings.HasPrefix(rest, "<?"):
			if err := sc.instruction(); err != nil {
				return err
			}
		case strings.HasPrefix(rest, "<!--"):
			if err := sc.comment(); err != nil {
				return err
			}
		case strings.HasPrefix(rest, "<!"):
			return sc.fail("is not SOAP: it has a document type")
		default:
			return nil
		}
	}
}

// next goes to the next tag inside an element. It returns a start tag, or done when the element's end tag was passed. Text
// on the way goes to keep, when there is one.
func (sc *scanner) next(name string, keep *text) (t tag, done bool, err error) {
	for {
		i := strings.IndexByte(sc.s[sc.pos:], '<')
		if i < 0 {
			return t, false, sc.cut()
		}
		if i > 0 {
			if err := sc.chars(sc.s[sc.pos:sc.pos+i], keep); err != nil {
				return t, false, err
			}
			sc.pos += i
		}
		if sc.pos+1 >= len(sc.s) {
			return t, false, sc.cut()
		}
		switch sc.s[sc.pos+1] {
		case '/':
			return t, true, sc.end(name)
		case '?':
			err = sc.instruction()
		case '!':
			err = sc.declaration(keep)
		default:
			t, err = sc.start()
			return t, false, err
		}
		if err != nil {
			return t, false, err
		}
	}
}

// start reads a start tag; the position is at its '<'.
func (sc *scanner) start() (tag, error) {
	sc.pos++
	name, local, err := sc.name()
	if err != nil {
		return tag{}, err
	}
	t := tag{name: name, local: local}
	for {
		sc.space()
		if sc.pos >= len(sc.s) {
			return t, sc.cut()
		}
		switch sc.s[sc.pos] {
		case '>':
			sc.pos++
			return t, nil
		case '/':
			if sc.pos+1 >= len(sc.s) {
				return t, sc.cut()
			}
			if sc.s[sc.pos+1] != '>' {
				return t, sc.fail("is not well-formed XML")
			}
			sc.pos += 2
			t.empty = true
			return t, nil
		}
		if err := sc.attribute(); err != nil {
			return t, err
		}
	}
}

func (sc *scanner) attribute() error {
	if _, _, err := sc.name(); err != nil {
		return err
	}
	sc.space()
	if sc.pos >= len(sc.s) {
		return sc.cut()
	}
	if sc.s[sc.pos] != '=' {
		return sc.fail("is not well-formed XML")
	}
	sc.pos++
	sc.space()
	if sc.pos >= len(sc.s) {
		return sc.cut()
	}
	quote := sc.s[sc.pos]
	if quote != '"' && quote != '\'' {
		return sc.fail("is not well-formed XML")
	}
	sc.pos++
	i := strings.IndexByte(sc.s[sc.pos:], quote)
	if i < 0 {
		return sc.cut()
	}
	if strings.IndexByte(sc.s[sc.pos:sc.pos+i], '<') >= 0 {
		return sc.fail("is not well-formed XML")
	}
	sc.pos += i + 1
	return nil
}

// end passes the end tag of the element called name; the position is at its '<'.
func (sc *scanner) end(name string) error {
	rest := sc.s[sc.pos+2:]
	if !strings.HasPrefix(rest, name) {
		if strings.HasPrefix(name, rest) {
			return sc.cut()
		}
		return sc.fail("is not well-formed XML: an element is closed that is not open")
	}
	at := sc.pos
	sc.pos += 2 + len(name)
	sc.space()
	if sc.pos >= len(sc.s) {
		return sc.cut()
	}
	if sc.s[sc.pos] != '>' {
		sc.pos = at
		return sc.fail("is not well-formed XML: an element is closed that is not open")
	}
	sc.pos++
	return nil
}

// name reads a name with its prefix.
func (sc *scanner) name() (name, local string, err error) {
	from, colon, colons := sc.pos, -1, 0
	for sc.pos < len(sc.s) && nameBytes[sc.s[sc.pos]] {
		if sc.s[sc.pos] == ':' {
			colon = sc.pos - from
			colons++
		}
		sc.pos++
	}
	if sc.pos >= len(sc.s) {
		return "", "", sc.cut()
	}
	name = sc.s[from:sc.pos]
	if name == "" || colons > 1 || name[0] == '-' || name[0] == '.' || name[0] >= '0' && name[0] <= '9' {
		sc.pos = from
		return "", "", sc.fail("is not well-formed XML")
	}
	local = name
	if colon > 0 && colon < len(name)-1 {
		local = name[colon+1:]
	}
	return name, local, nil
}

// declaration passes a comment or reads a CDATA section.
func (sc *scanner) declaration(keep *text) error {
	const open, closed = "<![CDATA[", "]]>"
	rest := sc.s[sc.pos:]
	switch {
	case strings.HasPrefix(rest, "<!--"):
		return sc.comment()
	case strings.HasPrefix(rest, open):
		i := strings.Index(rest[len(open):], closed)
		if i < 0 {
			return sc.cut()
		}
		data := rest[len(open) : len(open)+i]
		sc.pos += len(open) + i + len(closed)
		if keep != nil {
			sc.raw(data, keep)
		}
		return nil
	case strings.HasPrefix(open, rest), strings.HasPrefix("<!--", rest):
		return sc.cut()
	}
	return sc.fail("is not SOAP: it has a declaration inside")
}

func (sc *scanner) comment() error {
	from := sc.pos + len("<!--")
	i := strings.Index(sc.s[from:], "--")
	if i < 0 {
		return sc.cut()
	}
	after := from + i + 2
	if after >= len(sc.s) {
		return sc.cut()
	}
	if sc.s[after] != '>' {
		return sc.fail("is not well-formed XML")
	}
	sc.pos = after + 1
	return nil
}

func (sc *scanner) instruction() error {
	i := strings.Index(sc.s[sc.pos+2:], "?>")
	if i < 0 {
		return sc.cut()
	}
	content := sc.s[sc.pos+2 : sc.pos+2+i]
	if strings.HasPrefix(content, "xml") && len(content) > 3 && isSpace(content[3]) {
		if encoding := pseudoAttribute(content, "encoding"); encoding != "" && !strings.EqualFold(encoding, "utf-8") &&
			!strings.EqualFold(encoding, "us-ascii") {
			return sc.fail("is not in UTF-8")
		}
	} else if content == "" || isSpace(content[0]) {
		return sc.fail("is not well-formed XML")
	}
	sc.pos += 2 + i + 2
	return nil
}

// pseudoAttribute reads a value out of an XML declaration.
func pseudoAttribute(declaration, name string) string {
	_, rest, ok := strings.Cut(declaration, name)
	if !ok {
		return ""
	}
	rest, ok = strings.CutPrefix(strings.TrimLeft(rest, " \t\r\n"), "=")
	rest = strings.TrimLeft(rest, " \t\r\n")
	if !ok || rest == "" || rest[0] != '"' && rest[0] != '\'' {
		return ""
	}
	value, _, _ := strings.Cut(rest[1:], rest[:1])
	return value
}

// skip passes an element and all inside.
func (sc *scanner) skip(t tag) error {
	if t.empty {
		return nil
	}
	if err := sc.enter(); err != nil {
		return err
	}
	defer sc.leave()
	for {
		child, done, err := sc.next(t.name, nil)
		if err != nil || done {
			return err
		}
		if err := sc.skip(child); err != nil {
			return err
		}
	}
}

func (sc *scanner) enter() error {
	if sc.depth++; sc.depth > maxDepth {
		return sc.fail("is nested too deeply")
	}
	return nil
}

func (sc *scanner) leave() { sc.depth-- }

func (sc *scanner) space() {
	for sc.pos < len(sc.s) && isSpace(sc.s[sc.pos]) {
		sc.pos++
	}
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

// nameBytes marks what a name may hold; every byte of a character beyond ASCII is let through.
var nameBytes = func() (t [256]bool) {
	for c := range 256 {
		t[c] = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-' || c == '.' || c == ':' || c >= 0x80
	}
	return t
}()
