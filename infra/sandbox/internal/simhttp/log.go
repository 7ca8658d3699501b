package simhttp

import (
	"encoding/json"
	"maps"
	"time"
)

// ringSize is how many requests the log keeps.
const ringSize = 10_000

// maxOperations bounds the number of names counted apart.
const maxOperations = 500

// Stats counts what a Sim was asked since it started or was reset.
type Stats struct {
	Requests    int            `json:"requests"`
	ByOperation map[string]int `json:"by_operation"`
	Faults      map[string]int `json:"faults"`
	InFlight    int            `json:"in_flight"`
	MaxInFlight int            `json:"max_in_flight"`
}

// Request is one entry of the log. It is there as soon as the request arrives;
// Status, Duration and Done follow when the work is done, which for a late
// commit is after the client lost its connection. Path never has the query and
// headers are never kept, because those hold secrets.
type Request struct {
	At        time.Time
	Operation string
	Method    string
	Path      string
	Status    int // what the system answered, also when the client did not get it
	Fault     string
	Duration  time.Duration
	Body      string // the first 4 KB
	Done      bool
}

type wireRequest struct {
	At         time.Time `json:"at"`
	Operation  string    `json:"operation"`
	Method     string    `json:"method"`
	Path       string    `json:"path"`
	Status     int       `json:"status"`
	Fault      string    `json:"fault,omitempty"`
	DurationMS float64   `json:"duration_ms"`
	Body       string    `json:"body,omitempty"`
	Done       bool      `json:"done"`
}

// MarshalJSON writes the duration as milliseconds.
func (r Request) MarshalJSON() ([]byte, error) {
	return json.Marshal(wireRequest{
		At: r.At, Operation: r.Operation, Method: r.Method, Path: r.Path, Status: r.Status,
		Fault: r.Fault, DurationMS: milliseconds(r.Duration), Body: r.Body, Done: r.Done,
	})
}

// UnmarshalJSON reads the duration as milliseconds.
func (r *Request) UnmarshalJSON(b []byte) error {
	var w wireRequest
	if err := json.Unmarshal(b, &w); err != nil {
		return err
	}
	*r = Request{
		At: w.At, Operation: w.Operation, Method: w.Method, Path: w.Path, Status: w.Status,
		Fault: w.Fault, Duration: duration(w.DurationMS), Body: w.Body, Done: w.Done,
	}
	return nil
}

// ticket finds a request's entry again when it is done.
type ticket struct {
	seq        uint64
	generation uint64
	at         time.Time
}

// arrive logs a request and draws its fault.
func (s *Sim) arrive(operation, method, path string, body []byte) (t ticket, latency time.Duration, fault string) {
	entry := Request{At: time.Now(), Operation: operation, Method: method, Path: path, Body: string(body)}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dice != nil {
		latency, fault = s.dice.draw(operation)
	}
	entry.Fault = fault
	t = ticket{seq: s.seq, generation: s.generation, at: entry.At}
	if len(s.ring) < ringSize {
		s.ring = append(s.ring, entry)
	} else {
		s.ring[s.seq%ringSize] = entry
	}
	s.seq++
	s.stats.Requests++
	if _, known := s.stats.ByOperation[operation]; !known && len(s.stats.ByOperation) >= maxOperations {
		operation = "other"
	}
	s.stats.ByOperation[operation]++
	if fault != "" {
		s.stats.Faults[fault]++
	}
	s.stats.InFlight++
	s.stats.MaxInFlight = max(s.stats.MaxInFlight, s.stats.InFlight)
	return t, latency, fault
}

// leave completes the entry of a request.
func (s *Sim) leave(t ticket, status int) {
	d := time.Since(t.at)
	s.mu.Lock()
	defer s.mu.Unlock()
	if t.generation != s.generation {
		return
	}
	s.stats.InFlight--
	if s.seq-t.seq > ringSize {
		return
	}
	e := &s.ring[t.seq%ringSize]
	e.Status, e.Duration, e.Done = status, d, true
}

// Stats returns the counters.
func (s *Sim) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.stats
	st.ByOperation = maps.Clone(st.ByOperation)
	st.Faults = maps.Clone(st.Faults)
	return st
}

// Requests returns the log, oldest first.
func (s *Sim) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Request, 0, len(s.ring))
	if len(s.ring) == ringSize {
		first := int(s.seq % ringSize)
		out = append(out, s.ring[first:]...)
		return append(out, s.ring[:first]...)
	}
	return append(out, s.ring...)
}
