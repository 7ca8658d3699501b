// Package simhttp is the ground under the simulated systems: it serves one
// with a request log, counters, injected faults and control endpoints, so that
// each simulation only has to know its own protocol. It is meant for tests,
// demonstrations and benchmarks and listens on loopback addresses only.
package simhttp

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// controlPrefix is where the control endpoints live.
const controlPrefix = "/_sandbox/"

// System is what one simulated product supplies. Its methods are called
// concurrently.
type System interface {
	http.Handler
	// Operation is a short stable name for counting, such as "POST FbSales".
	// It must not read the body other than through Peek.
	Operation(r *http.Request) string
	// WriteFault answers in the system's own error form; kind is FaultFail,
	// FaultThrottle or FaultDeny.
	WriteFault(w http.ResponseWriter, r *http.Request, kind string, retryAfter time.Duration)
	// State is everything the system holds, encodable as JSON. It must be safe
	// to encode while requests are served.
	State() any
	// Seed loads data in the system's own JSON form.
	Seed(body io.Reader) error
	// Reset forgets everything that was seeded or written.
	Reset()
}

// Sim serves a System with a request log, counters and injected faults, and
// the control endpoints under /_sandbox/.
type Sim struct {
	system System

	mu         sync.Mutex // guards all below
	dice       *dice      // nil when no fault is set
	ring       []Request
	seq        uint64 // number of requests logged so far
	generation uint64 // counts resets
	stats      Stats
}

// New serves s without faults.
func New(s System) *Sim {
	sim := &Sim{system: s}
	sim.clear()
	return sim
}

// System returns the system that is served.
func (s *Sim) System() System { return s.system }

// SetFaults replaces the faults and starts their generator anew.
func (s *Sim) SetFaults(f Faults) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dice = nil
	if f.active() {
		s.dice = newDice(f)
	}
}

// Reset empties the system, the log and the counters and ends all faults.
// Work of a delayed commit that is still waiting is dropped.
func (s *Sim) Reset() {
	s.mu.Lock()
	s.clear()
	s.mu.Unlock()
	s.system.Reset()
}

func (s *Sim) clear() {
	s.generation++
	s.dice, s.ring, s.seq = nil, nil, 0
	s.stats = Stats{ByOperation: map[string]int{}, Faults: map[string]int{}}
}

// ServeHTTP answers control calls itself and hands the rest to the system,
// unless a fault befalls the request.
func (s *Sim) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, controlPrefix) {
		s.control(w, r)
		return
	}
	body := Peek(r)
	t, latency, fault := s.arrive(s.system.Operation(r), r.Method, r.URL.Path, body)
	sw := &statusWriter{ResponseWriter: w}
	done := true // whether the entry is complete when this returns
	defer func() {
		if done {
			s.leave(t, sw.status)
		}
	}()
	if latency > 0 {
		wait(r, latency)
	}
	switch fault {
	case "":
		s.system.ServeHTTP(sw, r)
	case FaultDrop:
		cut(w)
	case FaultHang:
		drain(r)
		<-r.Context().Done()
		cut(w)
	case FaultLateCommit:
		s.lateCommit(w, r, t, sw, &done)
	default:
		drain(r)
		s.system.WriteFault(sw, r, fault, s.retryAfter())
	}
}

// lateCommit does the work without answering, at once or later. When later it
// clears done, and the background work completes the entry.
func (s *Sim) lateCommit(w http.ResponseWriter, r *http.Request, t ticket, sw *statusWriter, done *bool) {
	delay := s.commitDelay()
	body, err := io.ReadAll(r.Body)
	if err != nil { // the client was gone before the work could begin
		cut(w)
		return
	}
	late := r.Clone(context.WithoutCancel(r.Context()))
	late.Body = io.NopCloser(bytes.NewReader(body))
	sw.ResponseWriter = discard{}
	if delay <= 0 {
		s.system.ServeHTTP(sw, late)
		cut(w)
		return
	}
	*done = false
	go func() {
		time.Sleep(delay)
		if !s.current(t) {
			return
		}
		defer func() {
			// Nobody waits for this answer, so an aborted one means nothing.
			if p := recover(); p != nil && p != any(http.ErrAbortHandler) {
				panic(p)
			}
			s.leave(t, sw.status)
		}()
		s.system.ServeHTTP(sw, late)
	}()
	cut(w)
}

func (s *Sim) current(t ticket) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return t.generation == s.generation
}

func (s *Sim) retryAfter() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dice == nil {
		return time.Second
	}
	return s.dice.faults.retryAfter()
}

func (s *Sim) commitDelay() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dice == nil {
		return 0
	}
	return s.dice.faults.CommitDelay
}

// wait lets the time pass, less when the client goes away.
func wait(r *http.Request, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-r.Context().Done():
	}
}

// drain reads the body to its end: only then does the server notice a client
// that goes away, and only then can a connection be used again.
func drain(r *http.Request) {
	if r.Body != nil {
		_, _ = io.Copy(io.Discard, io.LimitReader(r.Body, 100<<20))
	}
}

// cut resets the connection under a request. Where the connection cannot be
// had, the handler is aborted, which closes it too.
func cut(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// statusWriter remembers the status.
type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	if w.status == 0 && status >= 200 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *statusWriter) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the writer beneath.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// discard is a ResponseWriter for answers nobody gets.
type discard struct{}

func (discard) Header() http.Header         { return http.Header{} }
func (discard) Write(b []byte) (int, error) { return len(b), nil }
func (discard) WriteHeader(int)             {}
