package soap

import (
	"bytes"
	"strconv"
	"unicode/utf8"
)

const (
	envelopeOpen = `<?xml version="1.0" encoding="UTF-8"?>` + "\n" +
		`<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/"><SOAP-ENV:Body>`
	envelopeClose = `</SOAP-ENV:Body></SOAP-ENV:Envelope>`
)

// Writer writes the arguments of a call, element by element. Names are the caller's own and are written as they are.
type Writer struct {
	buf bytes.Buffer
}

// envelope writes a whole request. The namespace is the default one of the operation's element, so that no element inside
// needs a prefix.
func envelope(namespace string, call Call) []byte {
	var w Writer
	w.buf.Grow(1024)
	w.buf.WriteString(envelopeOpen)
	w.buf.WriteByte('<')
	w.buf.WriteString(call.Operation)
	w.buf.WriteString(` xmlns="`)
	w.escape(namespace)
	w.buf.WriteString(`">`)
	if call.Args != nil {
		call.Args(&w)
	}
	w.end(call.Operation)
	w.buf.WriteString(envelopeClose)
	return w.buf.Bytes()
}

// Object writes an element with what inside writes.
func (w *Writer) Object(name string, inside func()) {
	w.start(name)
	inside()
	w.end(name)
}

// Text writes an element with a text. Characters that XML cannot hold are left out.
func (w *Writer) Text(name, value string) {
	w.start(name)
	w.escape(value)
	w.end(name)
}

// Int writes an element with a whole number.
func (w *Writer) Int(name string, value int64) {
	w.start(name)
	w.buf.Write(strconv.AppendInt(w.buf.AvailableBuffer(), value, 10))
	w.end(name)
}

// Bool writes an element with true or false.
func (w *Writer) Bool(name string, value bool) {
	w.start(name)
	w.buf.Write(strconv.AppendBool(w.buf.AvailableBuffer(), value))
	w.end(name)
}

// Empty writes an element with nothing in it, in the long form.
func (w *Writer) Empty(name string) {
	w.start(name)
	w.end(name)
}

func (w *Writer) start(name string) {
	w.buf.WriteByte('<')
	w.buf.WriteString(name)
	w.buf.WriteByte('>')
}

func (w *Writer) end(name string) {
	w.buf.WriteString("</")
	w.buf.WriteString(name)
	w.buf.WriteByte('>')
}

func (w *Writer) escape(s string) {
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1, !legal(r):
			// XML has no way to write it, not even as a reference.
		case r == '&':
			w.buf.WriteString("&amp;")
		case r == '<':
			w.buf.WriteString("&lt;")
		case r == '>':
			w.buf.WriteString("&gt;")
		case r == '"':
			w.buf.WriteString("&quot;")
		case r == '\r':
			w.buf.WriteString("&#13;") // a bare one would be read as a line feed
		default:
			w.buf.WriteString(s[i : i+size])
		}
		i += size
	}
}

// legal reports whether XML 1.0 allows the character.
func legal(r rune) bool {
	return r == '\t' || r == '\n' || r == '\r' || r >= 0x20 && r <= 0xD7FF || r >= 0xE000 && r <= 0xFFFD || r >= 0x10000 && r <= 0x10FFFF
}
