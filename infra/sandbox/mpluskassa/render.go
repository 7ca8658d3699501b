package mpluskassa

import (
	"encoding/hex"
	"math"
	"net/http"
	"strconv"
	"sync"
	"time"
	"unicode/utf8"
)

// flushAt is how much of an answer is gathered before it is sent.
const flushAt = 64 << 10

const (
	envelopeOpen = `<?xml version="1.0" encoding="UTF-8"?>` + "\n" +
		`<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/" xmlns:ns="urn:mplusqapi"><SOAP-ENV:Body>`
	envelopeClose = `</SOAP-ENV:Body></SOAP-ENV:Envelope>`
)

// scratch keeps the buffers of answers between calls.
var scratch = sync.Pool{New: func() any { return new(make([]byte, 0, flushAt+16<<10)) }}

// response is an answer in the making. Elements are appended to a buffer, with
// prefix ns, without attributes and never in the self-closing form.
type response struct {
	w     http.ResponseWriter
	root  string
	buf   *[]byte
	b     []byte
	begun bool // something was sent
	bare  bool // ids are written without dashes
}

func newResponse(w http.ResponseWriter, root string) *response {
	buf := scratch.Get().(*[]byte)
	o := &response{w: w, root: root, buf: buf, b: append((*buf)[:0], envelopeOpen...)}
	o.open(root)
	return o
}

// free gives the buffer back; the response must not be used any more.
func (o *response) free() {
	*o.buf = o.b[:0]
	scratch.Put(o.buf)
}

// breathe sends what was gathered when it is much.
func (o *response) breathe() {
	if len(o.b) < flushAt {
		return
	}
	o.begin()
	_, _ = o.w.Write(o.b) // a client that went away is not the till's problem
	o.b = o.b[:0]
}

func (o *response) begin() {
	if !o.begun {
		o.begun = true
		o.w.Header().Set("Content-Type", contentType)
	}
}

// end completes the answer.
func (o *response) end() {
	o.close(o.root)
	o.b = append(o.b, envelopeClose...)
	if !o.begun {
		o.w.Header().Set("Content-Length", strconv.Itoa(len(o.b)))
	}
	o.begin()
	_, _ = o.w.Write(o.b)
}

func (o *response) open(name string) {
	o.b = append(o.b, "<ns:"...)
	o.b = append(o.b, name...)
	o.b = append(o.b, '>')
}

func (o *response) close(name string) {
	o.b = append(o.b, "</ns:"...)
	o.b = append(o.b, name...)
	o.b = append(o.b, '>')
}

func (o *response) text(name, value string) {
	o.open(name)
	o.b = appendEscaped(o.b, value)
	o.close(name)
}

// optional writes a text that is left out when empty.
func (o *response) optional(name, value string) {
	if value != "" {
		o.text(name, value)
	}
}

func (o *response) long(name string, value int64) {
	o.open(name)
	o.b = strconv.AppendInt(o.b, value, 10)
	o.close(name)
}

func (o *response) boolean(name string, value bool) {
	o.open(name)
	o.b = strconv.AppendBool(o.b, value)
	o.close(name)
}

func (o *response) id(name string, id uuid) {
	o.open(name)
	if o.bare {
		o.b = hex.AppendEncode(o.b, id[:])
	} else {
		o.b = id.append(o.b)
	}
	o.close(name)
}

// date writes a SoapMplusDate.
func (o *response) date(name string, d date) {
	o.open(name)
	o.long("day", int64(d.day))
	o.long("mon", int64(d.mon))
	o.long("year", int64(d.year))
	o.close(name)
}

// time writes a SoapMplusDateTime: the wall clock in the zone of t, whether
// summer time is on, and the minutes from UTC.
func (o *response) time(name string, t time.Time) {
	_, offset := t.Zone()
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	o.open(name)
	o.long("sec", int64(second))
	o.long("min", int64(minute))
	o.long("hour", int64(hour))
	o.long("day", int64(day))
	o.long("mon", int64(month))
	o.long("year", int64(year))
	o.boolean("isdst", t.IsDST())
	o.long("timezone", int64(offset/60))
	o.close(name)
}

func (o *response) yearNumber(name string, n yearNumber) {
	o.open(name)
	o.long("year", int64(n.year))
	o.long("number", n.number)
	o.close(name)
}

// appendEscaped appends text with the characters of markup as entities.
// Characters that XML does not allow become question marks.
func appendEscaped(b []byte, s string) []byte {
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		size, entity := 1, ""
		switch {
		case c == '<':
			entity = "&lt;"
		case c == '>':
			entity = "&gt;"
		case c == '&':
			entity = "&amp;"
		case c == '"':
			entity = "&quot;"
		case c == '\r':
			entity = "&#xD;"
		case c < 0x20 && c != '\t' && c != '\n':
			entity = "?"
		case c >= utf8.RuneSelf:
			var r rune
			if r, size = utf8.DecodeRuneInString(s[i:]); r == utf8.RuneError && size == 1 || r == 0xFFFE || r == 0xFFFF {
				entity = "?"
			}
		}
		if entity != "" {
			b = append(b, s[from:i]...)
			b = append(b, entity...)
			from = i + size
		}
		i += size
	}
	return append(b, s[from:]...)
}

// uuid identifies orders, invoices and lines.
type uuid [16]byte

// parseUUID reads 32 hexadecimal digits with or without dashes.
func parseUUID(s string) (uuid, bool) {
	var id uuid
	var digits [32]byte
	n := 0
	for i := range len(s) {
		if s[i] == '-' {
			continue
		}
		if n == len(digits) {
			return id, false
		}
		digits[n] = s[i]
		n++
	}
	if n != len(digits) {
		return id, false
	}
	_, err := hex.Decode(id[:], digits[:])
	return id, err == nil
}

func (id uuid) append(b []byte) []byte {
	b = hex.AppendEncode(b, id[:4])
	for _, part := range [][2]int{{4, 6}, {6, 8}, {8, 10}, {10, 16}} {
		b = append(b, '-')
		b = hex.AppendEncode(b, id[part[0]:part[1]])
	}
	return b
}

// String writes the id in lower case with dashes.
func (id uuid) String() string { return string(id.append(make([]byte, 0, 36))) }

func seconds(d time.Duration) string {
	return strconv.Itoa(max(1, int(math.Ceil(d.Seconds()))))
}
