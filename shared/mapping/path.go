package mapping

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"

	"apicenter/shared/mapping/function"
	"apicenter/shared/model"
)

// path is a way from a starting point to a value, worked out when the mapping is compiled so that running it is a few map
// look-ups.
type path struct {
	base  int // a slot of the frame, or one of the bases below
	steps []step
	text  string // as written, for errors
}

const (
	baseRecord   = -1
	baseSettings = -2
)

// step goes into a field, or to an element of a list when the name is empty.
type step struct {
	name   string
	index  int
	secret bool // the name is a value of the record and stands in no error
}

// asked names the field in an error.
func (s *step) asked() string {
	if s.secret {
		return "a field"
	}
	return s.name
}

func (p *path) then(s step) *path {
	text := p.text + "." + s.name
	if s.name == "" {
		text = p.text + "[" + strconv.Itoa(s.index) + "]"
	}
	return &path{base: p.base, steps: append(p.steps[:len(p.steps):len(p.steps)], s), text: text}
}

// get walks the path. What is absent on the way makes the result nothing, never an error.
func (p *path) get(f *frame) (any, error) {
	var v any
	switch p.base {
	case baseRecord:
		v = f.record
	case baseSettings:
		return f.settings[p.steps[0].name], nil
	default:
		v = f.slots[p.base]
	}
	for i := range p.steps {
		s := &p.steps[i]
		if tree, ok := v.(model.Tree); ok && s.name != "" {
			v = tree[s.name]
			continue
		}
		var err error
		if v, err = s.from(v); err != nil {
			return nil, fmt.Errorf("%s: %w", p.text, err)
		}
		if v == nil {
			return nil, nil
		}
	}
	return v, nil
}

// from takes the step from a value.
func (s *step) from(v any) (any, error) {
	if s.name == "" {
		list := function.List(v)
		i := s.index
		if i < 0 {
			i += len(list)
		}
		if i < 0 || i >= len(list) {
			return nil, nil
		}
		return list[i], nil
	}
	switch v := v.(type) {
	case nil:
		return nil, nil
	case model.Tree:
		return v[s.name], nil
	case []any:
		// Systems that speak XML send a single element as an object and several as a list. One is no doubt; two are.
		switch len(v) {
		case 0:
			return nil, nil
		case 1:
			return s.from(v[0])
		}
		return nil, fmt.Errorf("%s is asked of a list of %d elements; say which one, or use each", s.asked(), len(v))
	case string:
		if v == "" { // an empty XML element where an object is expected
			return nil, nil
		}
	case bool, json.Number, model.Decimal, time.Time, int:
	default:
		return nil, fmt.Errorf("%s is asked of a value of type %T", s.asked(), v)
	}
	return nil, fmt.Errorf("%s is asked of %s, which has no fields", s.asked(), function.Describe(v))
}

// parsePlain reads a text that is nothing but a path: names joined by dots. Names may hold @, : and, but for the first, #,
// as the names of XML attributes and texts do.
func parsePlain(text string) ([]string, bool) {
	text = strings.TrimSpace(text)
	segments := strings.Split(text, ".")
	for i, segment := range segments {
		for j, r := range segment {
			letter := unicode.IsLetter(r) || r == '_' || r == '$' || r == '@' || r == '#' && i > 0
			if !letter && (j == 0 || !unicode.IsDigit(r) && r != ':') {
				return nil, false
			}
		}
		if segment == "" || strings.HasSuffix(segment, ":") {
			return nil, false
		}
	}
	switch segments[0] {
	case "true", "false", "nil", "not", "in", "or", "and", "let", "if", "else", "matches", "contains", "startsWith", "endsWith":
		return nil, false
	}
	return segments, true
}
