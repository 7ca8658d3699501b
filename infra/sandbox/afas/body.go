package afas

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"unicode/utf8"
)

// record is an Element of a body: its fields and keys, and its objects.
type record struct {
	action  string // insert, update, delete or empty
	fields  map[string]string
	objects []object
}

type object struct {
	name    string
	records []*record
}

// all returns the records of the objects with the name.
func (r *record) all(name string) []*record {
	var out []*record
	for _, o := range r.objects {
		if o.name == name {
			out = append(out, o.records...)
		}
	}
	return out
}

// has tells a field that is given, be it empty, from one that is left out.
func (r *record) has(code string) bool { _, ok := r.fields[code]; return ok }

func (r *record) insert(otherwise bool) bool {
	switch r.action {
	case "insert":
		return true
	case "update":
		return false
	}
	return otherwise
}

var errMalformed = errors.New("malformed body")

// parseBody reads a body in any of the forms that Profit takes.
func parseBody(b []byte, root string) ([]*record, error) {
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	var body map[string]any
	if err := dec.Decode(&body); err != nil {
		return nil, err
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, errors.New("data after the body")
	}
	if len(body) != 1 || body[root] == nil {
		return nil, errMalformed
	}
	return parseObject(body[root])
}

func parseObject(v any) ([]*record, error) {
	m, ok := v.(map[string]any)
	if !ok || len(m) != 1 {
		return nil, errMalformed
	}
	switch e := m["Element"].(type) {
	case map[string]any:
		r, err := parseElement(e)
		return []*record{r}, err
	case []any:
		out := make([]*record, 0, len(e))
		for _, x := range e {
			em, ok := x.(map[string]any)
			if !ok {
				return nil, errMalformed
			}
			r, err := parseElement(em)
			if err != nil {
				return nil, err
			}
			out = append(out, r)
		}
		return out, nil
	}
	return nil, errMalformed
}

func parseElement(m map[string]any) (*record, error) {
	r := &record{fields: map[string]string{}}
	for k, v := range m {
		var err error
		switch {
		case k == "Fields":
			err = r.parseFields(v)
		case k == "Objects":
			err = r.parseObjects(v)
		case strings.HasPrefix(k, "@"):
			err = r.set(k, v)
		default:
			err = errMalformed
		}
		if err != nil {
			return nil, err
		}
	}
	return r, nil
}

func (r *record) parseFields(v any) error {
	switch f := v.(type) {
	case nil:
	case string:
		if f != "" {
			return errMalformed
		}
	case map[string]any:
		for k, v := range f {
			if err := r.set(k, v); err != nil {
				return err
			}
		}
	default:
		return errMalformed
	}
	return nil
}

// set keeps a field, a key attribute or the action.
func (r *record) set(k string, v any) error {
	text := ""
	switch x := v.(type) {
	case nil:
	case string:
		text = x
	case json.Number:
		text = x.String()
	case bool:
		text = "false"
		if x {
			text = "true"
		}
	default:
		return errMalformed
	}
	if strings.EqualFold(k, "@Action") {
		r.action = strings.ToLower(text)
		if text != "" && r.action != "insert" && r.action != "update" && r.action != "delete" {
			return errMalformed
		}
		return nil
	}
	r.fields[strings.TrimPrefix(k, "@")] = text
	return nil
}

func (r *record) parseObjects(v any) error {
	list, ok := v.([]any)
	if !ok {
		if v == nil || v == "" {
			return nil
		}
		list = []any{v}
	}
	for _, x := range list {
		m, ok := x.(map[string]any)
		if !ok {
			return errMalformed
		}
		for name, v := range m {
			records, err := parseObject(v)
			if err != nil {
				return err
			}
			r.objects = append(r.objects, object{name, records})
		}
	}
	return nil
}

// codePage loses the characters that a body without UTF-8 cannot carry.
func codePage(b []byte) []byte {
	plain := true
	for _, c := range b {
		if c >= utf8.RuneSelf {
			plain = false
			break
		}
	}
	if plain {
		return b
	}
	out := make([]byte, 0, len(b))
	for _, c := range string(b) {
		if c > 0xFF && !strings.ContainsRune("€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ", c) {
			c = '?'
		}
		out = utf8.AppendRune(out, c)
	}
	return out
}
