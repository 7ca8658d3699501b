package afas

import (
	"cmp"
	"iter"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/govalues/decimal"
)

// value is one cell: of one of the column types, or empty.
type value struct {
	kind  kind
	text  string
	whole int64 // also a boolean
	dec   decimal.Decimal
	time  time.Time
}

// kind is the type of a column; the zero kind is that of an empty cell.
type kind byte

const (
	empty kind = iota
	textKind
	intKind
	decKind
	boolKind
	dateKind
)

func (k kind) String() string {
	return [...]string{"", "string", "int", "decimal", "boolean", "date"}[k]
}

func text(s string) value {
	if s == "" {
		return value{}
	}
	return value{kind: textKind, text: s}
}

func whole(n int) value { return value{kind: intKind, whole: int64(n)} }

func dec(d decimal.Decimal) value { return value{kind: decKind, dec: d} }

func moment(t time.Time) value {
	if t.IsZero() {
		return value{}
	}
	return value{kind: dateKind, time: t}
}

// day is a date kept as text.
func day(s string) value {
	if s == "" {
		return value{}
	}
	layout := time.DateOnly
	if len(s) > len(layout) {
		layout = "2006-01-02T15:04:05"
	}
	t, err := time.Parse(layout, s)
	if err != nil {
		return value{}
	}
	return moment(t)
}

func yes(b bool) value {
	v := value{kind: boolKind}
	if b {
		v.whole = 1
	}
	return v
}

// compare orders two values of one column. Empty cells come first.
func (v value) compare(o value) int {
	if v.kind == empty || o.kind == empty {
		return cmp.Compare(min(v.kind, 1), min(o.kind, 1))
	}
	switch v.kind {
	case textKind:
		if v.text == o.text {
			return 0
		}
		return strings.Compare(fold(v.text), fold(o.text))
	case decKind:
		return v.dec.Cmp(o.dec)
	case dateKind:
		return v.time.Compare(o.time)
	}
	return cmp.Compare(v.whole, o.whole)
}

// string is the value as a search in text sees it.
func (v value) string() string {
	switch v.kind {
	case textKind:
		return v.text
	case decKind:
		return v.dec.String()
	case dateKind:
		return v.time.Format("2006-01-02T15:04:05")
	case boolKind:
		return strconv.FormatBool(v.whole == 1)
	case intKind:
		return strconv.FormatInt(v.whole, 10)
	}
	return ""
}

// appendJSON writes the value the way Profit does: numbers with ten decimals
// and times with a Z that is not true.
func (v value) appendJSON(b []byte) []byte {
	switch v.kind {
	case textKind:
		return appendText(b, v.text)
	case decKind:
		return appendDecimal(b, v.dec)
	case dateKind:
		b = append(b, '"')
		b = v.time.AppendFormat(b, "2006-01-02T15:04:05Z")
		return append(b, '"')
	case boolKind:
		return strconv.AppendBool(b, v.whole == 1)
	case intKind:
		return strconv.AppendInt(b, v.whole, 10)
	}
	return append(b, "null"...)
}

func appendDecimal(b []byte, d decimal.Decimal) []byte {
	if d.IsZero() {
		return append(b, "0.0"...)
	}
	b, _ = d.AppendText(b)
	scale := d.Scale()
	if scale == 0 {
		b = append(b, '.')
	}
	for ; scale < 10; scale++ {
		b = append(b, '0')
	}
	return b
}

// appendText writes a JSON text.
func appendText(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && n == 1 {
				b = append(append(b, s[start:i]...), "\ufffd"...)
				start = i + 1
			}
			i += n
			continue
		}
		if c >= 0x20 && c != '"' && c != '\\' {
			i++
			continue
		}
		b = append(b, s[start:i]...)
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\n':
			b = append(b, '\\', 'n')
		case '\r':
			b = append(b, '\\', 'r')
		case '\t':
			b = append(b, '\\', 't')
		default:
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
		i++
		start = i
	}
	b = append(b, s[start:]...)
	return append(b, '"')
}

// columnInfo describes a column.
type columnInfo struct {
	id     string
	kind   kind
	length int
	label  string
}

// column is a column of rows of type T.
type column[T any] struct {
	columnInfo
	get func(d *data, row T) value
}

func col[T any](id string, k kind, get func(d *data, row T) value) column[T] {
	length := map[kind]int{textKind: 255, intKind: 10, decKind: 15, boolKind: 1, dateKind: 19}[k]
	return column[T]{columnInfo{id, k, length, id}, get}
}

func textCol[T any](id string, get func(T) string) column[T] {
	return col(id, textKind, func(_ *data, r T) value { return text(get(r)) })
}

func intCol[T any](id string, get func(T) int) column[T] {
	return col(id, intKind, func(_ *data, r T) value { return whole(get(r)) })
}

func decCol[T any](id string, get func(T) decimal.Decimal) column[T] {
	return col(id, decKind, func(_ *data, r T) value { return dec(get(r)) })
}

func boolCol[T any](id string, get func(T) bool) column[T] {
	return col(id, boolKind, func(_ *data, r T) value { return yes(get(r)) })
}

func dateCol[T any](id string, get func(T) string) column[T] {
	return col(id, dateKind, func(_ *data, r T) value { return day(get(r)) })
}

func timeCol[T any](id string, get func(T) time.Time) column[T] {
	return col(id, dateKind, func(_ *data, r T) value { return moment(get(r)) })
}

// table is a get connector: rows of type T with columns.
type table[T any] struct {
	id, description string
	columns         []column[T]
	all             func(d *data) iter.Seq[T]
	// indexed lists the columns with an index, by the name that it has there;
	// look finds the rows of an index key.
	indexed map[string]string
	look    func(d *data, key string) iter.Seq[T]
}

// getter is a table of any row type.
type getter interface {
	name() string
	describe() string
	infos() []columnInfo
	// rows appends the rows a query selects, as JSON.
	rows(d *data, q *query, b []byte) ([]byte, *fault)
}

func (t *table[T]) name() string     { return t.id }
func (t *table[T]) describe() string { return t.description }

func (t *table[T]) infos() []columnInfo {
	out := make([]columnInfo, len(t.columns))
	for i, c := range t.columns {
		out[i] = c.columnInfo
	}
	return out
}

// column finds a column by name, without regard to case.
func (t *table[T]) column(name string) (int, *fault) {
	for i := range t.columns {
		if strings.EqualFold(t.columns[i].id, name) {
			return i, nil
		}
	}
	return 0, noField(name)
}

// slice is the sequence of a list.
func slice[T any](list []T) iter.Seq[T] {
	return func(yield func(T) bool) {
		for _, v := range list {
			if !yield(v) {
				return
			}
		}
	}
}
