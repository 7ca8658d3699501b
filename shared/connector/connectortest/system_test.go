package connectortest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

const sampleToken = "sample token/123"

// row is one record of the sample system.
type row struct {
	ID, Key, Text string
	Amount        json.Number
	Marker        int64
	visible       time.Time
}

// sampleSystem is a small system over HTTP: it counts changes, and takes a second record with the same key.
type sampleSystem struct {
	now  func() time.Time
	late time.Duration // every third change shows so much later

	mu     sync.Mutex
	rows   []*row
	marker int64
}

func newSampleSystem(t *testing.T, now func() time.Time, late time.Duration) (*sampleSystem, string) {
	t.Helper()
	s := &sampleSystem{now: now, late: late}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return s, server.URL
}

// put stores a record, new or changed, under the next marker.
func (s *sampleSystem) put(r *row) {
	s.marker++
	r.Marker, r.visible = s.marker, s.now()
	if s.marker%3 == 0 {
		r.visible = r.visible.Add(s.late)
	}
	if r.ID == "" {
		r.ID = fmt.Sprint("N", s.marker)
		s.rows = append(s.rows, r)
	}
	slices.SortFunc(s.rows, func(a, b *row) int { return int(a.Marker - b.Marker) })
}

func (s *sampleSystem) add(key, text string, amount json.Number) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.put(&row{Key: key, Text: text, Amount: amount})
}

func (s *sampleSystem) touch(key string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.rows, func(r *row) bool { return r.Key == key })
	if i < 0 {
		return fmt.Errorf("there is no %s", key)
	}
	s.put(s.rows[i])
	return nil
}

func (s *sampleSystem) keys() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for _, r := range s.rows {
		out = append(out, r.Key)
	}
	return out
}

func (s *sampleSystem) held(key string) []row {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []row
	for _, r := range s.rows {
		if r.Key == key {
			out = append(out, *r)
		}
	}
	return out
}

type sampleQuery struct {
	After, Skip int64
	Limit       int
	Keys        []string
	Row         *row
}

// ServeHTTP answers /list (by marker, or by number of rows), /find and /write.
func (s *sampleSystem) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Token") != sampleToken {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	var q sampleQuery
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []row
	switch strings.TrimPrefix(r.URL.Path, "/") {
	case "list":
		for _, x := range s.rows {
			if x.Marker > q.After && !x.visible.After(s.now()) {
				out = append(out, *x)
			}
		}
		out = out[min(int(q.Skip), len(out)):]
		if q.Limit > 0 {
			out = out[:min(q.Limit, len(out))]
		}
	case "find":
		for _, x := range s.rows {
			if slices.Contains(q.Keys, x.Key) {
				out = append(out, *x)
			}
		}
	case "write":
		x := q.Row
		if i := slices.IndexFunc(s.rows, func(o *row) bool { return x.ID != "" && o.ID == x.ID }); i >= 0 {
			s.rows[i].Text, s.rows[i].Amount = x.Text, x.Amount
			x = s.rows[i]
		}
		s.put(x)
		out = append(out, *x)
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"rows": out, "ok": true})
}
