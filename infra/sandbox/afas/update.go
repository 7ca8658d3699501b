package afas

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
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
