package afas

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/govalues/decimal"
)

// list is one of the parallel lists of a filter: a comma between two positions
// is "and", a semicolon "or".
type list struct {
	values     []string
	separators []byte
}

func splitList(s string) list {
	var l list
	for {
		i := strings.IndexAny(s, ",;")
		if i < 0 {
			l.values = append(l.values, s)
			return l
		}
		l.values = append(l.values, s[:i])
		l.separators = append(l.separators, s[i])
		s = s[i+1:]
	}
}

// parseFilter reads the three parallel lists. They must have the same number
// of positions and the same separators; a value with a comma in it does not.
func parseFilter(p map[string]string) ([][]condition, *fault) {
	if p["filterfieldids"] == "" {
		if p["filtervalues"] != "" || p["operatortypes"] != "" {
			return nil, unexpected()
		}
		return nil, nil
	}
	fields, values := splitList(p["filterfieldids"]), splitList(p["filtervalues"])
	operators := list{slices.Repeat([]string{"1"}, len(fields.values)), fields.separators}
	if v := p["operatortypes"]; v != "" {
		operators = splitList(v)
	}
	if !slices.Equal(fields.separators, values.separators) || !slices.Equal(fields.separators, operators.separators) {
		return nil, unexpected()
	}
	out := [][]condition{nil}
	for i, f := range fields.values {
		if i > 0 && fields.separators[i-1] == ';' {
			out = append(out, nil)
		}
		c, bad := newCondition(f, operators.values[i], values.values[i])
		if bad != nil {
			return nil, bad
		}
		out[len(out)-1] = append(out[len(out)-1], c)
	}
	return out, nil
}

func newCondition(field, operator, value string) (condition, *fault) {
	n, err := strconv.Atoi(strings.TrimSpace(operator))
	if err != nil || n < 1 || n > 15 {
		return condition{}, unexpected()
	}
	return condition{strings.TrimSpace(field), n, value}, nil
}

// oneOrMore decodes an array, or a single element in place of it.
type oneOrMore[T any] []T

func (o *oneOrMore[T]) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '[' {
		return json.Unmarshal(b, (*[]T)(o))
	}
	var v T
	if err := json.Unmarshal(b, &v); err != nil {
		return err
	}
	*o = []T{v}
	return nil
}

// parseFilterJSON reads the JSON form: fields of one filter are "and", filters
// "or".
func parseFilterJSON(s string) ([][]condition, *fault) {
	var body struct {
		Filters struct {
			Filter oneOrMore[struct {
				Field oneOrMore[map[string]any]
			}]
		}
	}
	if err := json.Unmarshal([]byte(s), &body); err != nil {
		return nil, unexpected()
	}
	var out [][]condition
	for _, f := range body.Filters.Filter {
		var alt []condition
		for _, m := range f.Field {
			operator := "1"
			if v := scalar(m["@OperatorType"]); v != "" {
				operator = v
			}
			c, bad := newCondition(scalar(m["@FieldId"]), operator, scalar(m["#text"]))
			if bad != nil {
				return nil, bad
			}
			alt = append(alt, c)
		}
		if len(alt) > 0 {
			out = append(out, alt)
		}
	}
	return out, nil
}

func scalar(v any) string {
	switch x := v.(type) {
	case string:
		return x
	case float64:
		return strconv.FormatFloat(x, 'f', -1, 64)
	case bool:
		return strconv.FormatBool(x)
	}
	return ""
}

// filter is a filter for the columns of one table.
type filter struct{ alternatives [][]test }

// test is a condition with its column found and its value read.
type test struct {
	column   int
	operator int
	want     value
	low      string // the text to search for, folded
}

// compile finds the columns of a filter and reads its values.
func (t *table[T]) compile(filters [][]condition) (*filter, *fault) {
	f := &filter{}
	for _, alt := range filters {
		var tests []test
		for _, c := range alt {
			i, bad := t.column(c.column)
			if bad != nil {
				return nil, bad
			}
			x := test{column: i, operator: c.operator, low: strings.ToLower(c.value)}
			switch c.operator {
			case 1, 2, 3, 4, 5, 7:
				if x.want, bad = readValue(t.columns[i].kind, c.value); bad != nil {
					return nil, bad
				}
			}
			tests = append(tests, x)
		}
		f.alternatives = append(f.alternatives, tests)
	}
	return f, nil
}

// readValue reads a filter value for a column type. Times are without Z.
func readValue(k kind, s string) (value, *fault) {
	if s == "" {
		return value{}, nil
	}
	switch k {
	case intKind:
		n, err := strconv.ParseInt(strings.TrimSpace(s), 10, 64)
		if err != nil {
			return value{}, unexpected()
		}
		return value{kind: intKind, whole: n}, nil
	case decKind:
		d, err := decimal.Parse(strings.TrimSpace(s))
		if err != nil {
			return value{}, unexpected()
		}
		return dec(d), nil
	case boolKind:
		switch strings.ToLower(s) {
		case "true", "1":
			return yes(true), nil
		case "false", "0":
			return yes(false), nil
		}
		return value{}, unexpected()
	case dateKind:
		for _, layout := range []string{time.DateOnly, "2006-01-02T15:04:05"} { // fractions are read, too
			if t, err := time.Parse(layout, s); err == nil {
				return moment(t), nil
			}
		}
		return value{}, unexpected()
	}
	return text(s), nil
}

// holds reports whether a row passes a filter.
func (t *table[T]) holds(d *data, f *filter, row T) bool {
	if len(f.alternatives) == 0 {
		return true
	}
	for _, alt := range f.alternatives {
		all := true
		for i := range alt {
			if !alt[i].holds(t.columns[alt[i].column].get(d, row)) {
				all = false
				break
			}
		}
		if all {
			return true
		}
	}
	return false
}

func (c *test) holds(v value) bool {
	switch c.operator {
	case 8:
		return v.kind == empty
	case 9:
		return v.kind != empty
	case 1, 7: // nothing but an empty cell is equal to no value
		same := v.kind == c.want.kind
		if same && v.kind == textKind {
			same = strings.EqualFold(strings.TrimRight(v.text, " "), strings.TrimRight(c.want.text, " "))
		} else if same {
			same = v.compare(c.want) == 0
		}
		return same == (c.operator == 1)
	}
	if c.operator >= 2 && c.operator <= 5 {
		if v.kind == empty || c.want.kind == empty {
			return false
		}
		n := v.compare(c.want)
		switch c.operator {
		case 2:
			return n >= 0
		case 3:
			return n <= 0
		case 4:
			return n > 0
		}
		return n < 0
	}
	s := strings.ToLower(v.string())
	switch c.operator {
	case 6:
		return strings.Contains(s, c.low)
	case 10:
		return strings.HasPrefix(s, c.low)
	case 11:
		return !strings.Contains(s, c.low)
	case 12:
		return !strings.HasPrefix(s, c.low)
	case 13:
		return strings.HasSuffix(s, c.low)
	case 14:
		return !strings.HasSuffix(s, c.low)
	}
	for _, word := range strings.Fields(c.low) { // 15, the quick filter
		if !strings.Contains(s, word) {
			return false
		}
	}
	return true
}
