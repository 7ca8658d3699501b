package mapping

import (
	"strings"

	"apicenter/shared/model"
)

// shape is a schema as a tree, and at the same time what is known of an expression's result before it is run.
type shape struct {
	kind    model.Type
	fields  map[string]*shape // of an object; nil when nothing is known of its fields
	names   []string          // the fields in the schema's order
	element *shape            // of a list
}

// anything is the shape of a value nothing is known about.
func anything() *shape { return &shape{kind: model.Any} }

func newShape(kind model.Type) *shape {
	s := &shape{kind: kind}
	if kind == model.List {
		s.element = anything()
	}
	return s
}

// shapeOf builds the tree of a schema; of a nil schema anything is possible.
func shapeOf(schema model.Schema) *shape {
	if schema == nil {
		return anything()
	}
	root := &shape{kind: model.Object, fields: map[string]*shape{}}
	for _, f := range schema {
		at := root
		segments := strings.Split(f.Path, ".")
		for i, segment := range segments {
			name, list := strings.CutSuffix(segment, "[]")
			next := at.child(name)
			last := i == len(segments)-1
			if list {
				next.kind = model.List
				if next.element == nil {
					next.element = anything()
				}
				next = next.element
			}
			switch {
			case last && f.Type == model.List && next.element == nil:
				next.kind, next.element = model.List, anything()
			case last && next.fields == nil:
				next.kind = f.Type
			case !last && next.fields == nil:
				next.kind, next.fields = model.Object, map[string]*shape{}
			}
			at = next
		}
	}
	return root
}

// child returns the field of the name, making it when a longer path comes before the path of the object itself.
func (s *shape) child(name string) *shape {
	if s.fields == nil {
		s.kind, s.fields = model.Object, map[string]*shape{}
	}
	next := s.fields[name]
	if next == nil {
		next = anything()
		s.fields[name] = next
		s.names = append(s.names, name)
	}
	return next
}

// open reports whether the shape may hold fields nobody listed.
func (s *shape) open() bool {
	return s.kind == model.Any || s.kind == model.Object && s.fields == nil
}

// holdsFields tells whether the shape is an object, or may be one.
func (s *shape) holdsFields() bool { return s.kind == model.Any || s.kind == model.Object }

// field steps into an object. A list of which nothing else is known is not stepped into: it has to be said which element.
func (s *shape) field(name string) (*shape, bool) {
	if s.open() {
		return anything(), true
	}
	next, ok := s.fields[name]
	return next, ok
}

// of returns the shape of the elements when s is used as a list: a single value counts as a list of one.
func (s *shape) of() *shape {
	if s.kind == model.List {
		return s.element
	}
	return s
}

// named lists every field of that last name anywhere below, as paths.
func (s *shape) named(name, prefix string, out []string) []string {
	for _, n := range s.names {
		next, path := s.fields[n], prefix+n
		if strings.EqualFold(n, name) {
			out = append(out, path)
		}
		if next.kind == model.List {
			next, path = next.element, path+"[]"
		}
		out = next.named(name, path+".", out)
	}
	return out
}

// words names a type in a sentence.
func words(t model.Type) string {
	switch t {
	case model.Text:
		return "a text"
	case model.Number:
		return "a number"
	case model.Boolean:
		return "yes or no"
	case model.Instant:
		return "a point in time"
	case model.Object:
		return "an object"
	case model.List:
		return "a list"
	}
	return "a value"
}
