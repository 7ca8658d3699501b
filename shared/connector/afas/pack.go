package afas

import (
	"strconv"
	"strings"

	"apicenter/shared/connector/internal/jsonhttp"
)

const (
	// maxQuery is the longest query AFAS takes, from the question mark on; a longer one is answered with 404.
	maxQuery = 2049
	// pageRows is how many rows are asked for at a time. Ten columns of them stay far below AFAS' advice on the size of an answer.
	pageRows = 1000
	// skipRoom is kept free in a query for the position of a further page.
	skipRoom = len("&skip=1000000")
)

// batch is one query of a look-up: alternatives of "column = value".
type batch struct {
	query  string
	values []string
}

// pack puts a look-up of values in any of columns into as few queries as fit AFAS' limit. Equal values are asked for once.
func pack(columns, values []string, order string) ([]batch, []string) {
	base := "take=" + strconv.Itoa(pageRows) + "&orderbyfieldids=" + escape(order)
	plain := &packer{columns: columns, base: base, list: true}
	special := &packer{columns: columns, base: base}
	var tooLong []string
	seen := make(map[string]bool, len(values))
	for _, v := range values {
		if v == "" || seen[v] {
			continue
		}
		seen[v] = true
		p := plain
		// In the parallel lists a comma means "and", a semicolon "or", and there is no way to write them inside a value.
		if strings.ContainsAny(v, ",;") {
			p = special
		}
		if !p.add(v) {
			tooLong = append(tooLong, v)
		}
	}
	return append(plain.finish(), special.finish()...), tooLong
}

type packer struct {
	columns []string
	base    string
	list    bool // parallel lists rather than filterjson
	size    int  // of the parts so far
	values  []string
	out     []batch
}

const (
	jsonOpen  = `{"Filters":{"Filter":[`
	jsonClose = `]}}`
)

// cost is how many characters a value adds to the query, separators included.
func (p *packer) cost(v string) int {
	n := 0
	for i, c := range p.columns {
		if p.list {
			n += len(escape(c)) + len(escape(v)) + len("1;;;")
		} else {
			n += len(escape(jsonFilter(len(p.values)*len(p.columns)+i+1, c, v) + ","))
		}
	}
	return n
}

func (p *packer) frame() int {
	n := len("?") + len(p.base) + skipRoom
	if p.list {
		return n + len("&filterfieldids=&filtervalues=&operatortypes=")
	}
	return n + len("&filterjson=") + len(escape(jsonOpen+jsonClose))
}

func (p *packer) add(v string) bool {
	cost := p.cost(v)
	if p.frame()+p.size+cost > maxQuery && len(p.values) > 0 {
		p.flush()
		cost = p.cost(v)
	}
	if p.frame()+cost > maxQuery {
		return false
	}
	p.values, p.size = append(p.values, v), p.size+cost
	return true
}

func (p *packer) flush() {
	if len(p.values) == 0 {
		return
	}
	var query strings.Builder
	query.WriteString(p.base)
	if p.list {
		fields, values, operators := make([]string, 0, len(p.values)), make([]string, 0, len(p.values)), make([]string, 0, len(p.values))
		for _, v := range p.values {
			for _, c := range p.columns {
				fields, values, operators = append(fields, escape(c)), append(values, escape(v)), append(operators, "1")
			}
		}
		query.WriteString("&filterfieldids=" + strings.Join(fields, ";"))
		query.WriteString("&filtervalues=" + strings.Join(values, ";"))
		query.WriteString("&operatortypes=" + strings.Join(operators, ";"))
	} else {
		var filters []string
		for _, v := range p.values {
			for _, c := range p.columns {
				filters = append(filters, jsonFilter(len(filters)+1, c, v))
			}
		}
		query.WriteString("&filterjson=" + escape(jsonOpen+strings.Join(filters, ",")+jsonClose))
	}
	p.out = append(p.out, batch{query: query.String(), values: p.values})
	p.values, p.size = nil, 0
}

func (p *packer) finish() []batch {
	p.flush()
	return p.out
}

func jsonFilter(n int, column, value string) string {
	b := append([]byte(`{"@FilterId":"f`), strconv.Itoa(n)...)
	b = append(b, `","Field":[{"@FieldId":`...)
	b = jsonhttp.AppendString(b, column)
	b = append(b, `,"@OperatorType":"1","#text":`...)
	b = jsonhttp.AppendString(b, value)
	return string(append(b, `}]}`...))
}

const upperHex = "0123456789ABCDEF"

// escape escapes what a query may not hold and nothing more: every character saved lets a query ask for more.
func escape(s string) string {
	n := 0
	for i := range len(s) {
		if !free(s[i]) {
			n++
		}
	}
	if n == 0 {
		return s
	}
	out := make([]byte, 0, len(s)+2*n)
	for i := range len(s) {
		if b := s[i]; free(b) {
			out = append(out, b)
		} else {
			out = append(out, '%', upperHex[b>>4], upperHex[b&15])
		}
	}
	return string(out)
}

func free(b byte) bool {
	return 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || '0' <= b && b <= '9' || strings.IndexByte("-._~@:,/!*()", b) >= 0
}
