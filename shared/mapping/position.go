package mapping

import "unicode"

// position is a place in the file; line and column count from 1.
type position struct{ line, column int }

// style is how a text is written in YAML, which decides where its letters stand in the file.
type style int

const (
	plain style = iota
	singleQuoted
	doubleQuoted
	block // | and >
)

// scalar is a text of the file with its place.
type scalar struct {
	text   string
	style  style
	quoted bool // written with quotes or as a block: a text, whatever it looks like
	null   bool
	pos    position
	lines  [][]rune // the whole file
}

// at returns where the letter with the given number (in runes, from 0) of the text stands in the file. It walks the text
// and the file side by side, because quoting, escapes and folding make the two differ.
func (s *scalar) at(offset int) position {
	w := walker{lines: s.lines, line: s.pos.line, column: s.pos.column}
	switch s.style {
	case singleQuoted, doubleQuoted:
		w.column++
	case block:
		w.line, w.column = w.line+1, 1
	}
	text := []rune(s.text)
	for i := 0; i < offset && i < len(text); i++ {
		w.consume(text[i], s.style)
	}
	if offset < len(text) && !unicode.IsSpace(text[offset]) {
		w.skipSpace()
	}
	return position{w.line, w.column}
}

type walker struct {
	lines        [][]rune
	line, column int
}

// peek returns the rune n places on, '\n' at the end of a line, 0 at the end of the file.
func (w *walker) peek(n int) rune {
	if w.line > len(w.lines) {
		return 0
	}
	line := w.lines[w.line-1]
	switch i := w.column - 1 + n; {
	case i < len(line):
		return line[i]
	case i == len(line):
		return '\n'
	}
	return 0
}

func (w *walker) advance(n int) {
	for range n {
		switch w.peek(0) {
		case 0:
			return
		case '\n':
			w.line, w.column = w.line+1, 1
		default:
			w.column++
		}
	}
}

func (w *walker) skipSpace() {
	for unicode.IsSpace(w.peek(0)) {
		w.advance(1)
	}
}

func (w *walker) consume(r rune, st style) {
	for {
		here := w.peek(0)
		switch {
		case here == 0:
			return
		case st == doubleQuoted && here == '\\':
			if w.peek(1) == '\n' {
				w.advance(2)
				w.skipSpace()
				continue
			}
			w.advance(escapeLength(w.peek(1)))
			return
		case st == singleQuoted && here == '\'':
			w.advance(2)
			return
		case here == r:
			w.advance(1)
			return
		case unicode.IsSpace(r) && unicode.IsSpace(here):
			w.skipSpace()
			return
		case unicode.IsSpace(here):
			w.advance(1)
		default:
			return
		}
	}
}

// escapeLength returns how long an escape is in the file, the backslash included.
func escapeLength(kind rune) int {
	switch kind {
	case 'x':
		return 4
	case 'u':
		return 6
	case 'U':
		return 10
	}
	return 2
}
