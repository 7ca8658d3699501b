package mapping

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/govalues/decimal"

	"apicenter/shared/mapping/function"
	"apicenter/shared/model"
)

// misfitError says that a value does not fit its field.
type misfitError struct{ text string }

func (e *misfitError) Error() string { return e.text }

func misfit(v any, t model.Type) error {
	return &misfitError{fmt.Sprintf("the field has to be %s, but the value is %s", words(t), function.Describe(v))}
}

var errTooBig = errors.New("the result of the mapping is too big")

// grow counts what is written.
func (f *frame) grow(v any) error {
	f.values++
	if s, ok := v.(string); ok {
		f.bytes += len(s)
	}
	if f.values > maxValues || f.bytes > maxBytes {
		return errTooBig
	}
	return nil
}

// convert brings a value that is not empty to the type of its field, and copies what is not a leaf.
func (f *frame) convert(v any, out *shape) (any, error) {
	switch out.kind {
	case model.Text:
		if _, ok := v.(string); ok {
			return v, f.grow(v) // as it is: wrapping it anew would cost an allocation for every field
		}
		s, err := function.Text(v)
		if err != nil {
			return nil, misfit(v, out.kind)
		}
		return s, f.grow(s)
	case model.Number:
		if _, ok := v.(model.Decimal); ok {
			return v, f.grow(nil)
		}
		d, present, err := function.Number(v)
		if err != nil {
			return nil, misfit(v, out.kind)
		}
		if !present {
			return nil, nil
		}
		return d, f.grow(nil)
	case model.Boolean:
		b, err := function.Truth(v)
		if err != nil {
			return nil, misfit(v, out.kind)
		}
		return b, f.grow(nil)
	case model.Instant:
		t, ok := model.ToTime(v)
		if !ok {
			return nil, misfit(v, out.kind)
		}
		return t, f.grow(nil)
	case model.Object:
		return f.object(v, out)
	case model.List:
		return f.elements(function.List(v), out.element)
	}
	return f.any(v)
}

// any keeps a value of which the schema says nothing.
func (f *frame) any(v any) (any, error) {
	switch v := v.(type) {
	case nil, string, bool, model.Decimal, json.Number:
		return v, f.grow(v)
	case time.Time:
		return v.UTC(), f.grow(nil)
	case int:
		return decimal.MustNew(int64(v), 0), f.grow(nil)
	case model.Tree:
		return f.object(v, anything())
	case []any:
		return f.elements(v, anything())
	}
	return nil, fmt.Errorf("%s cannot stand in a document", function.Describe(v))
}

func (f *frame) object(v any, out *shape) (any, error) {
	tree, ok := v.(model.Tree)
	if !ok {
		return nil, misfit(v, model.Object)
	}
	made := make(model.Tree, len(tree))
	for _, name := range slices.Sorted(maps.Keys(tree)) { // in order, so that of several misfits always the same is named
		if function.Empty(tree[name]) {
			continue
		}
		field, ok := out.field(name)
		if !ok {
			return nil, &misfitError{fmt.Sprintf("the object has a field %s that does not exist here", name)}
		}
		value, err := f.convert(tree[name], field)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		made[name] = value
	}
	return made, nil
}

func (f *frame) elements(list []any, out *shape) (any, error) {
	if len(list) > function.MaxList {
		return nil, fmt.Errorf("the list has more than %d elements", function.MaxList)
	}
	made := make([]any, 0, len(list))
	for i, v := range list {
		if function.Empty(v) {
			continue
		}
		value, err := f.convert(v, out)
		if err != nil {
			return nil, fmt.Errorf("element %d: %w", i+1, err)
		}
		made = append(made, value)
	}
	return made, nil
}

// convertible tells whether a value of one type can fit a field of another; what depends on the value is possible.
func convertible(from, to model.Type) bool {
	if from == model.Any || to == model.Any || from == to {
		return true
	}
	switch to {
	case model.Text:
		return from != model.Object && from != model.List
	case model.Number, model.Boolean, model.Instant:
		return from == model.Text
	case model.List:
		return true // a single value is a list of one
	}
	return false
}

// literal reads a constant of the file for a field.
func literal(s *scalar, out *shape) (any, error) {
	if out.kind == model.Any && !s.quoted {
		switch s.text {
		case "true", "false":
			return s.text == "true", nil
		}
		if len(s.text) < 2 || s.text[0] != '0' || s.text[1] == '.' { // 0010 is a code, not ten
			if d, err := function.ParseNumber(s.text); err == nil {
				return d, nil
			}
		}
		return s.text, nil
	}
	if s.text == "" {
		return nil, nil
	}
	if out.kind == model.Object || out.kind == model.List && out.element.kind == model.Object {
		return nil, fmt.Errorf("the field is %s and cannot be a single value", words(out.kind))
	}
	return (&frame{}).convert(s.text, out)
}
