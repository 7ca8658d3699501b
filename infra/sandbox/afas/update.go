package afas

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"
)

// maxBody is the largest body Profit takes.
const maxBody = 75 << 20

// updater is one update connector.
type updater struct {
	schema      *schema
	description string
	root        string   // of the body; the name other than for FiEntries
	methods     string   // space separated
	subs        []string // objects that can be posted below it
	apply       func(t *tx, r *record, insert bool) (result, *fault)
	remove      func(t *tx, path []level) *fault
}

// result holds the keys that a success returns, in order. Nil means that the
// connector returns nothing.
type result []pair

type pair struct{ key, value string }

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

// serveUpdate answers POST and PUT.
func (s *Sandbox) serveUpdate(w http.ResponseWriter, r *http.Request, u *updater, sub string) {
	if sub != "" {
		sub = foldedName(u.subs, sub)
		if sub == "" || r.Method != http.MethodPost {
			notFound(w)
			return
		}
	}
	if !strings.Contains(u.methods, r.Method) {
		s.refuse(w, r, malformed())
		return
	}
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		var big *http.MaxBytesError
		if errors.As(err, &big) {
			w.WriteHeader(http.StatusRequestEntityTooLarge)
			return
		}
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	if !strings.Contains(strings.ToLower(r.Header.Get("Content-Type")), "utf-8") {
		b = codePage(b)
	}
	records, err := parseBody(b, u.root)
	if errors.Is(err, errMalformed) {
		s.refuse(w, r, malformed())
		return
	} else if err != nil {
		writeJSON(w, http.StatusBadRequest, map[string]string{"message": "Invalid json"})
		return
	}
	if sub != "" { // the main record changes, the ones below are new
		for _, rec := range records {
			rec.action = "update"
			for _, c := range rec.all(sub) {
				c.action = "insert"
			}
		}
	}
	results, bad := s.commit(func(t *tx) ([]result, *fault) {
		out := make([]result, 0, len(records))
		for _, rec := range records {
			if rec.action == "delete" {
				return nil, unexpected()
			}
			res, bad := u.apply(t, rec, rec.insert(r.Method == http.MethodPost))
			if bad != nil {
				return nil, bad
			}
			out = append(out, res)
		}
		return out, nil
	})
	if bad != nil {
		s.refuse(w, r, bad)
		return
	}
	s.writeResults(w, u, results)
}

// commit runs one transaction.
func (s *Sandbox) commit(work func(t *tx) ([]result, *fault)) ([]result, *fault) {
	now := s.local()
	s.mu.Lock()
	defer s.mu.Unlock()
	t := &tx{data: s.data, now: now, opt: &s.opt, undo: make([]func(), 0, 32)}
	res, bad := work(t)
	if bad != nil {
		t.rollback()
	}
	return res, bad
}

func (s *Sandbox) writeResults(w http.ResponseWriter, u *updater, results []result) {
	if s.opt.EmptyResults || len(results) == 0 || results[0] == nil {
		w.Header().Set("Content-Length", "0")
		w.WriteHeader(http.StatusCreated)
		return
	}
	b := make([]byte, 0, 128)
	name := u.schema.name
	if s.opt.BareResults {
		name = u.root
	} else {
		b = append(b, `{"results":`...)
	}
	b = append(b, '{')
	b = appendText(b, name)
	b = append(b, ':')
	if len(results) > 1 {
		b = append(b, '[')
	}
	for i, res := range results {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '{')
		for j, p := range res {
			if j > 0 {
				b = append(b, ',')
			}
			key := p.key
			if s.opt.BareResults && key == "InID" {
				key = "InId"
			}
			b = appendText(b, key)
			b = append(b, ':')
			b = appendText(b, p.value)
		}
		b = append(b, '}')
	}
	if len(results) > 1 {
		b = append(b, ']')
	}
	b = append(b, '}')
	if !s.opt.BareResults {
		b = append(b, '}')
	}
	writeBody(w, http.StatusCreated, b)
}

// level is one step of a delete path: an object and its key.
type level struct {
	object string
	keys   map[string]string
}

// serveDelete answers DELETE .../{Connector}/{Element}/{keys}/{values}/…
func (s *Sandbox) serveDelete(w http.ResponseWriter, r *http.Request, u *updater, segments []string) {
	if u.remove == nil || len(segments) == 0 || len(segments)%3 != 0 {
		notFound(w)
		return
	}
	var path []level
	for i := 0; i < len(segments); i += 3 {
		names, values := strings.Split(segments[i+1], ","), strings.Split(segments[i+2], ",")
		if len(names) != len(values) {
			s.refuse(w, r, unexpected())
			return
		}
		l := level{segments[i], map[string]string{}}
		for j, n := range names {
			l.keys[strings.TrimPrefix(n, "@")] = values[j]
		}
		path = append(path, l)
	}
	if !strings.EqualFold(path[0].object, u.root) {
		notFound(w)
		return
	}
	if _, bad := s.commit(func(t *tx) ([]result, *fault) { return nil, u.remove(t, path) }); bad != nil {
		s.refuse(w, r, bad)
		return
	}
	writeBody(w, http.StatusOK, []byte("{}"))
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

func foldedName(names []string, name string) string {
	for _, n := range names {
		if strings.EqualFold(n, name) {
			return n
		}
	}
	return ""
}

// segments splits a path and unescapes its parts.
func segments(path string) []string {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	for i, p := range parts {
		if strings.IndexByte(p, '%') >= 0 {
			if u, err := url.PathUnescape(p); err == nil {
				parts[i] = u
			}
		}
	}
	return parts
}
