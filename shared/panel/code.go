package panel

import (
	"bytes"
	"encoding/json"
	"strings"
)

// codeLimit is the size up to which a body is laid out and coloured; a larger one is shown as it is. codeWidth is how many
// characters fit a line of the column.
const (
	codeLimit = 256 << 10
	codeWidth = 50
)

// code is a body on the wire, laid out in lines.
type code struct {
	Language string // JSON or XML; empty for others
	Lines    []codeLine
}

// codeLine is one line; what is too long for the column hangs below its own indent.
type codeLine struct {
	Depth int
	Spans []span
}

// maxDepth is the deepest indent there is a style for.
const maxDepth = 20

// Hang is the style that indents what is wrapped.
func (l codeLine) Hang() int { return min(l.Depth, maxDepth) }

// Indent is the white space in front.
func (l codeLine) Indent() string { return strings.Repeat("  ", l.Depth) }

// span is a piece of text with one colour.
type span struct {
	Class string // name, text, number, bool, mark; empty for none
	Text  string
}

// codeOf lays a body out; nil for an empty one. White space between values changes, nothing else does.
func codeOf(body string) *code {
	trimmed := strings.TrimSpace(body)
	if trimmed == "" {
		return nil
	}
	if len(body) <= codeLimit {
		switch trimmed[0] {
		case '{', '[':
			var b bytes.Buffer
			if json.Compact(&b, []byte(trimmed)) == nil {
				l := jsonLayout{}
				l.value(b.String(), 0, "", "")
				return &code{Language: "JSON", Lines: l.lines}
			}
		case '<':
			if lines, err := xmlLines(trimmed); err == nil {
				return &code{Language: "XML", Lines: lines}
			}
		}
	}
	return &code{Lines: []codeLine{{Spans: []span{{Text: body}}}}}
}
