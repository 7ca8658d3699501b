package panel

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
)

// xmlLines lays XML out. An element that holds text only stays on one line.
func xmlLines(s string) ([]codeLine, error) {
	x := xmlLayout{}
	d := xml.NewDecoder(strings.NewReader(s))
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil } // the body is text already
	for {
		token, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			if x.depth != 0 {
				return nil, io.ErrUnexpectedEOF
			}
			return x.lines, nil
		}
		if err != nil {
			return nil, err
		}
		x.write(token)
	}
}

type xmlLayout struct {
	lines []codeLine
	depth int
	// stays is set behind an opening tag or text: what closes it stays on the line.
	stays bool
}

func (x *xmlLayout) write(token xml.Token) {
	switch t := token.(type) {
	case xml.StartElement:
		x.line()
		x.add("mark", "<")
		x.add("name", xmlName(t.Name))
		for _, a := range t.Attr {
			x.add("", " "+xmlName(a.Name))
			x.add("mark", "=")
			x.add("text", `"`+strings.ReplaceAll(xmlEscape(a.Value), `"`, "&quot;")+`"`)
		}
		x.add("mark", ">")
		x.depth++
		x.stays = true
	case xml.EndElement:
		x.depth--
		if !x.stays {
			x.line()
		}
		x.add("mark", "</")
		x.add("name", xmlName(t.Name))
		x.add("mark", ">")
		x.stays = false
	case xml.CharData:
		if len(bytes.TrimSpace(t)) > 0 {
			x.add("text", xmlEscape(string(t)))
			x.stays = true
		}
	case xml.Comment:
		x.line()
		x.add("mark", "<!--"+string(t)+"-->")
	case xml.ProcInst:
		x.line()
		x.add("mark", "<?"+t.Target+" "+string(t.Inst)+"?>")
	case xml.Directive:
		x.line()
		x.add("mark", "<!"+string(t)+">")
	}
}

func (x *xmlLayout) line() {
	x.lines = append(x.lines, codeLine{Depth: max(x.depth, 0)})
	x.stays = false
}

func (x *xmlLayout) add(class, text string) {
	if len(x.lines) == 0 {
		x.line()
	}
	last := &x.lines[len(x.lines)-1]
	last.Spans = append(last.Spans, span{class, text})
}

func xmlName(n xml.Name) string {
	if n.Space != "" {
		return n.Space + ":" + n.Local
	}
	return n.Local
}

func xmlEscape(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
}
