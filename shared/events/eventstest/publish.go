package eventstest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"apicenter/shared/events"
	"apicenter/shared/fault"
)

func (s *subject) whole() {
	var all []events.Event
	for _, kind := range events.Types() {
		e := s.event()
		e.Type, e.Tenant, e.Subject, e.Connection, e.Flow, e.Run = kind, "tenant-"+e.ID, "flow/"+e.ID, "from", "orders", "run-1"
		all = append(all, e)
	}
	bare := s.event()
	bare.Connection, bare.Problem = "", events.Problem{}
	odd := s.event()
	odd.Problem = events.Problem{Message: "żółw € \"quoted\" <tag> & \\ {a}\n\ttwo lines\u2028", Advice: " spaces around "}
	all = append(all, bare, odd)
	for _, e := range all {
		s.publish(e)
	}
	s.arrived(all...)
}

func (s *subject) batches() {
	var all []events.Event
	for _, size := range []int{1, 10, 11, 57} {
		batch := make([]events.Event, size)
		for i := range batch {
			batch[i] = s.event()
		}
		s.publish(batch...)
		all = append(all, batch...)
	}
	s.arrived(all...)
}

func (s *subject) empty() {
	s.publish()
	s.nothingBut()
}

func (s *subject) times() {
	local, fine := s.event(), s.event()
	local.At = time.Date(2026, 6, 1, 0, 30, 0, 0, time.FixedZone("CEST", 7200))
	fine.At = time.Date(2026, 12, 31, 23, 59, 59, 999999999, time.UTC)
	s.publish(local, fine)
	s.arrived(local, fine)
	for _, e := range s.got() {
		if e.At.Location() != time.UTC {
			s.Fatalf("the listener got a time in %v, want UTC", e.At.Location())
		}
	}
}

func (s *subject) again() {
	e := s.event()
	s.publish(e)
	s.publish(e)
	s.arrived(e)
	if n := len(s.got()); n > 2 {
		s.Fatalf("an event published twice arrived %d times", n)
	}
}

func (s *subject) reused() {
	list := []events.Event{s.event(), s.event()}
	want := slices.Clone(list)
	s.publish(list...)
	for i := range list {
		list[i] = events.Event{ID: "overwritten"}
	}
	last := s.event() // a bus that collects events sends them now at the latest
	s.publish(last)
	s.arrived(append(want, last)...)
}

// sized is an event of so many bytes in its JSON form.
func (s *subject) sized(bytes int) events.Event {
	s.Helper()
	e := s.event()
	e.Problem.Advice = ""
	text, err := events.Encode(e)
	if err != nil {
		s.Fatalf("encoding: %v", err)
	}
	e.Problem.Advice = strings.Repeat("x", bytes-len(text))
	return e
}

func (s *subject) largest() {
	all := []events.Event{s.sized(events.Limit), s.sized(events.Limit), s.sized(events.Limit), s.sized(events.Limit), s.sized(events.Limit), s.event()}
	s.publish(all...)
	s.arrived(all...)
}

func (s *subject) tooLarge() {
	err := s.Publish(s.ctx, []events.Event{s.event(), s.sized(events.Limit + 1), s.event()})
	if fault.ClassOf(err) != fault.Bug {
		s.Fatalf("Publish of an event over the limit: got %v, want an error of class bug", err)
	}
	if !strings.Contains(err.Error(), "event 2 of 3") || !strings.Contains(err.Error(), "too large") {
		s.Fatalf("Publish of an event over the limit: got %q, want it to say which and why", err)
	}
	s.nothingBut()
}

func (s *subject) lacking() {
	for name, spoil := range map[string]func(*events.Event){
		"an id":     func(e *events.Event) { e.ID = "" },
		"a tenant":  func(e *events.Event) { e.Tenant = "" },
		"a subject": func(e *events.Event) { e.Subject = "" },
		"its time":  func(e *events.Event) { e.At = time.Time{} },
		"a type":    func(e *events.Event) { e.Type = "" },
	} {
		bad := s.event()
		spoil(&bad)
		if err := s.Publish(s.ctx, []events.Event{s.event(), bad}); fault.ClassOf(err) != fault.Bug {
			s.Fatalf("Publish of an event without %s: got %v, want an error of class bug", name, err)
		}
	}
	s.nothingBut()
}

func (s *subject) cancelled() {
	ctx, cancel := context.WithCancel(s.ctx)
	cancel()
	err := s.Publish(ctx, []events.Event{s.event()})
	if !errors.Is(err, context.Canceled) {
		s.Fatalf("Publish with a context that has ended: got %v, want %v", err, context.Canceled)
	}
	s.nothingBut()
}

func (s *subject) together() {
	const publishers, each = 8, 3
	var all []events.Event
	var wait sync.WaitGroup
	failed := make(chan error, publishers*each)
	for range publishers {
		mine := make([]events.Event, each)
		for i := range mine {
			mine[i] = s.event()
		}
		all = append(all, mine...)
		wait.Go(func() {
			for _, e := range mine {
				if err := s.Publish(s.ctx, []events.Event{e}); err != nil {
					failed <- err
				}
			}
		})
	}
	wait.Wait()
	close(failed)
	for err := range failed {
		s.Fatalf("Publish beside others: got error %v, want none", err)
	}
	s.arrived(all...)
}
