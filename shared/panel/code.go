package panel

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"strings"
)

// codeLimit is the size up to which a body is indented and coloured; a larger one is shown as it is.
const codeLimit = 256 << 10

// code is a body on the wire, indented and coloured.
type code struct {
	Language string // JSON or XML; empty for others
	Spans    []span
}

// span is a piece of text with one colour.
type span struct {
	Class string // name, text, number, bool, mark; empty for none
	Text  string
}

// codeOf lays a body out; nil for an empty one. Indenting changes white space between values and nothing else.
func codeOf(body string) *code {
	trimmed := strings.TrimSpace(body)
	if trimmed == "" {
		return nil
	}
	if len(body) <= codeLimit {
		switch trimmed[0] {
		case '{', '[':
			var b bytes.Buffer
			if json.Indent(&b, []byte(trimmed), "", "  ") == nil {
				return &code{Language: "JSON", Spans: jsonSpans(b.String())}
			}
		case '<':
			if spans, err := xmlSpans(trimmed); err == nil {
				return &code{Language: "XML", Spans: spans}
			}
		}
	}
	return &code{Spans: []span{{Text: body}}}
}

// jsonSpans colours valid, indented JSON.
func jsonSpans(s string) []span {
	var out []span
	for i := 0; i < len(s); {
		end := i + 1
		class := "mark"
		switch c := s[i]; {
		case c == '"':
			end = endOfString(s, i)
			class = "text"
			if end < len(s) && s[end] == ':' {
				class = "name"
			}
		case c == '-' || c >= '0' && c <= '9':
			class = "number"
			for end < len(s) && strings.IndexByte("0123456789+-.eE", s[end]) >= 0 {
				end++
			}
		case c >= 'a' && c <= 'z':
			class = "bool"
			for end < len(s) && s[end] >= 'a' && s[end] <= 'z' {
				end++
			}
		default:
			for end < len(s) && strings.IndexByte("{}[]:, \n\t\r", s[end]) >= 0 {
				end++
			}
		}
		out = append(out, span{class, s[i:end]})
		i = end
	}
	return out
}

// endOfString returns the index behind the string that begins at i.
func endOfString(s string, i int) int {
	for i++; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(s)
}

// xmlSpans indents and colours XML. Elements that hold text only stay on one line.
func xmlSpans(s string) ([]span, error) {
	x := xmlWriter{}
	d := xml.NewDecoder(strings.NewReader(s))
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil } // the body is text already
	for {
		token, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			if x.depth != 0 {
				return nil, io.ErrUnexpectedEOF
			}
			return x.spans, nil
		}
		if err != nil {
			return nil, err
		}
		x.write(token)
	}
}

type xmlWriter struct {
	spans []span
	depth int
	// inside is set behind an opening tag or text: what follows stays on the line.
	opened, texted bool
}

func (x *xmlWriter) write(token xml.Token) {
	switch t := token.(type) {
	case xml.StartElement:
		x.line()
		x.add("mark", "<")
		x.add("name", xmlName(t.Name))
		for _, a := range t.Attr {
			x.add("", " "+xmlName(a.Name))
			x.add("mark", "=")
			x.add("text", `"`+xmlEscape(a.Value, `"`)+`"`)
		}
		x.add("mark", ">")
		x.depth++
		x.opened, x.texted = true, false
	case xml.EndElement:
		x.depth--
		if !x.opened && !x.texted {
			x.line()
		}
		x.add("mark", "</")
		x.add("name", xmlName(t.Name))
		x.add("mark", ">")
		x.opened, x.texted = false, false
	case xml.CharData:
		if len(bytes.TrimSpace(t)) > 0 {
			x.add("", xmlEscape(string(t), ""))
			x.texted = true
		}
	case xml.Comment:
		x.line()
		x.add("bool", "<!--"+string(t)+"-->")
	case xml.ProcInst:
		x.line()
		x.add("bool", "<?"+t.Target+" "+string(t.Inst)+"?>")
	case xml.Directive:
		x.line()
		x.add("bool", "<!"+string(t)+">")
	}
}

func (x *xmlWriter) line() {
	if len(x.spans) > 0 {
		x.add("", "\n"+strings.Repeat("  ", max(x.depth, 0)))
	}
	x.opened, x.texted = false, false
}

func (x *xmlWriter) add(class, text string) { x.spans = append(x.spans, span{class, text}) }

func xmlName(n xml.Name) string {
	if n.Space != "" {
		return n.Space + ":" + n.Local
	}
	return n.Local
}

func xmlEscape(s, quote string) string {
	s = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
	if quote != "" {
		s = strings.ReplaceAll(s, quote, "&quot;")
	}
	return s
}
