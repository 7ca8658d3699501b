package afas

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"apicenter/shared/connector"
	"apicenter/shared/fault"
	"apicenter/shared/model"
)

// builder turns trees into elements and collects what was bent and what does not fit.
type builder struct {
	zone     *time.Location
	warnings []string
	problems []connector.Problem
}

func (b *builder) bad(path, format string, args ...any) {
	b.problems = append(b.problems, connector.Problem{Setting: path, Message: fmt.Sprintf(format, args...)})
}

func (b *builder) warn(format string, args ...any) {
	b.warnings = append(b.warnings, fmt.Sprintf(format, args...))
}

// err returns the problems as one rejection, nil when there are none.
func (b *builder) err(step string) *fault.Error {
	if len(b.problems) == 0 {
		return nil
	}
	paths, messages := make([]string, len(b.problems)), make([]string, len(b.problems))
	for i, p := range b.problems {
		paths[i], messages[i] = p.Setting, p.Message
	}
	return &fault.Error{Class: fault.Reject, Step: step, Field: strings.Join(slices.Compact(paths), ", "),
		Message: strings.Join(messages, "; "), Advice: "Correct the record, the mapping or the settings, then send it again."}
}

// freeField is the code of a field the environment's administrator added.
var freeField = regexp.MustCompile(`^U[0-9A-Fa-f]{32}$`)

// pairs reads the fields of one element from a tree: those of the table in its order, then the administrator's own.
// Names in besides are handled by the caller.
func (b *builder) pairs(path string, tree model.Tree, fields []field, besides ...string) []pair {
	out := make([]pair, 0, len(tree)+4)
	known := 0
	for i := range fields {
		f := &fields[i]
		v, ok := tree[f.code]
		if !ok {
			continue
		}
		known++
		if v == nil || v == "" {
			continue
		}
		if p, ok := b.pair(path, f, v); ok {
			out = append(out, p)
		}
	}
	if known < len(tree) {
		b.unknown(path, tree, fields, besides)
	}
	return append(out, b.free(path, tree)...)
}

// unknown reports what a tree holds beyond its table, in the order of names.
func (b *builder) unknown(path string, tree model.Tree, fields []field, besides []string) {
	for _, name := range slices.Sorted(maps.Keys(tree)) {
		v := tree[name]
		if name == freeFields || v == nil || v == "" || slices.Contains(besides, name) ||
			slices.ContainsFunc(fields, func(f field) bool { return f.code == name }) {
			continue
		}
		b.bad(path+name, "AFAS has no field %s here", path+name)
	}
}

// free reads the fields an administrator added.
func (b *builder) free(path string, tree model.Tree) []pair {
	if tree[freeFields] == nil {
		return nil
	}
	free, ok := tree[freeFields].(model.Tree)
	if !ok {
		b.bad(path+freeFields, "%s must hold fields by their code", path+freeFields)
		return nil
	}
	var out []pair
	for _, name := range slices.Sorted(maps.Keys(free)) {
		at := path + freeFields + "." + name
		v, ok := natural(free[name])
		switch {
		case free[name] == nil || free[name] == "":
		case !freeField.MatchString(name):
			b.bad(at, "%s is not the code of a free field: U followed by 32 digits and letters A to F", at)
		case !ok:
			b.bad(at, "%s takes a text, a number, a date or yes/no", at)
		default:
			out = append(out, pair{name, v})
		}
	}
	return out
}

func (b *builder) pair(path string, f *field, v any) (pair, bool) {
	at := path + f.code
	switch f.form {
	case code, text, memo:
		s, ok := plain(v)
		if !ok {
			b.bad(at, "%s must be a text", at)
			return pair{}, false
		}
		if shown := strings.Map(visible, s); shown != s {
			if f.form == code {
				b.bad(at, "%s holds characters that cannot be shown; a code is never changed", at)
				return pair{}, false
			}
			b.warn("%s held characters that cannot be shown; they were left out", at)
			s = shown
		}
		if s = strings.TrimSpace(s); s == "" {
			return pair{}, false
		}
		if f.max > 0 && utf8.RuneCountInString(s) > f.max {
			if f.form == code {
				b.bad(at, "%s may be %d characters long, and this one has %d; a code is never cut", at, f.max, utf8.RuneCountInString(s))
				return pair{}, false
			}
			b.warn("%s was cut to the %d characters AFAS takes", at, f.max)
			s = strings.TrimSpace(string([]rune(s)[:f.max]))
		}
		return pair{f.code, s}, true
	case whole:
		d, ok := model.ToDecimal(trimmed(v))
		n, _, fits := d.Int64(0)
		if !ok || !fits || !d.IsInt() {
			b.bad(at, "%s must be a whole number", at)
			return pair{}, false
		}
		return pair{f.code, n}, true
	case number:
		d, ok := model.ToDecimal(trimmed(v))
		if !ok {
			b.bad(at, "%s must be a number", at)
			return pair{}, false
		}
		return pair{f.code, d}, true
	case yes:
		switch v {
		case true, "true", "1":
			return pair{f.code, true}, true
		case false, "false", "0":
			return pair{f.code, false}, true
		}
		b.bad(at, "%s must be true or false", at)
	case day:
		if s, ok := b.day(v); ok {
			return pair{f.code, s}, true
		}
		b.bad(at, "%s must be a date such as 2026-10-24", at)
	}
	return pair{}, false
}

// visible drops control characters other than line ends and tabs: AFAS keeps its records as XML, which has no place for them.
func visible(r rune) rune {
	if r < ' ' && r != '\n' && r != '\r' && r != '\t' || r == 0x7f {
		return -1
	}
	return r
}

// day returns a date as AFAS takes it; an instant falls on its day in the Netherlands, which AFAS' clock keeps.
func (b *builder) day(v any) (string, bool) {
	switch d := v.(type) {
	case time.Time:
		return d.In(b.zone).Format(time.DateOnly), true
	case string:
		d = strings.TrimSpace(d)
		if _, err := time.Parse(time.DateOnly, d); err == nil {
			return d, true
		}
	}
	return "", false
}

func trimmed(v any) any {
	if s, ok := v.(string); ok {
		if s = strings.TrimSpace(s); s == "" {
			return nil
		}
		return s
	}
	return v
}

// plain returns a leaf as text; a number loses the zeros behind its point.
func plain(v any) (string, bool) {
	switch t := v.(type) {
	case string:
		return t, true
	case bool:
		return strconv.FormatBool(t), true
	case json.Number:
		return t.String(), true
	case model.Decimal:
		return t.Trim(0).String(), true
	}
	return "", false
}

// natural returns a leaf in the JSON form that fits its own type.
func natural(v any) (any, bool) {
	switch t := v.(type) {
	case string, bool, model.Decimal:
		return t, true
	case json.Number:
		return model.ToDecimal(t)
	case time.Time:
		return t.Format("2006-01-02T15:04:05"), true
	}
	return nil, false
}

// object returns the tree under a name, and whether it holds anything.
func (b *builder) object(tree model.Tree, name string) (model.Tree, bool) {
	switch v := tree[name].(type) {
	case nil:
		return nil, false
	case model.Tree:
		return v, len(v) > 0
	}
	b.bad(name, "%s must be an object", name)
	return nil, false
}

// list returns the objects under a name; a single one counts as a list of one.
func (b *builder) list(tree model.Tree, name string) []model.Tree {
	var out []model.Tree
	switch v := tree[name].(type) {
	case nil:
	case model.Tree:
		out = append(out, v)
	case []any:
		for _, e := range v {
			t, ok := e.(model.Tree)
			if !ok {
				b.bad(name, "%s must be a list of objects", name)
				return nil
			}
			out = append(out, t)
		}
	case []model.Tree:
		return v
	default:
		b.bad(name, "%s must be a list of objects", name)
	}
	return out
}

func has(pairs []pair, code string) bool {
	return slices.ContainsFunc(pairs, func(p pair) bool { return p.code == code })
}

func valueOf(pairs []pair, code string) any {
	for _, p := range pairs {
		if p.code == code {
			return p.value
		}
	}
	return nil
}

// with sets a field that does not depend on the mapping.
func with(pairs []pair, code string, value any) []pair {
	for i := range pairs {
		if pairs[i].code == code {
			pairs[i].value = value
			return pairs
		}
	}
	return append(pairs, pair{code, value})
}
