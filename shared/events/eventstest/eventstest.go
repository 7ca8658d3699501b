// Package eventstest asks an adapter of the events port every promise of the port, as tests.
//
// Each adapter calls it from its own test with a function that opens a bus and listens to it. It asks what EventBridge keeps
// and stages rely on. What is special to one adapter (limits of a request, credentials, slow listeners) it leaves to that
// adapter's own tests.
package eventstest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"apicenter/shared/events"
)

// T is what the questions need of a *testing.T. The suite is itself tested with buses that break promises, and there a
// failure is the wanted answer and must be caught.
type T interface {
	Helper()
	Fatalf(format string, args ...any)
}

// Bus is a bus of a test's own with a listener on it.
type Bus struct {
	events.Publisher
	// Arrived returns all the listener has got since the bus was opened, in the order it came.
	Arrived func() ([]events.Event, error)
}

// Open opens a bus that nobody published to. What it opens it closes in t.Cleanup.
type Open func(t *testing.T) Bus

// Run asks everything, one subtest for each promise.
func Run(t *testing.T, open Open) {
	t.Helper()
	for _, q := range questions() {
		t.Run(q.promise, func(t *testing.T) {
			s, end := newSubject(t, open(t))
			defer end()
			q.ask(s)
		})
	}
}

// question is one promise and how to ask for it.
type question struct {
	promise string
	ask     func(*subject)
}

func questions() []question {
	return []question{
		{"an event arrives as it was published", (*subject).whole},
		{"batches of any size arrive whole", (*subject).batches},
		{"an empty batch is nothing", (*subject).empty},
		{"times arrive in UTC, to the nanosecond", (*subject).times},
		{"an event published again keeps its ID", (*subject).again},
		{"events belong to their publisher again after the call", (*subject).reused},
		{"an event at the limit arrives whole", (*subject).largest},
		{"an event over the limit is refused, and nothing of its batch is sent", (*subject).tooLarge},
		{"an event that lacks something is refused, and nothing of its batch is sent", (*subject).lacking},
		{"a cancelled context publishes nothing in silence", (*subject).cancelled},
		{"publishers do not get into each other's way", (*subject).together},
	}
}

// patience is how long, in real time, an event may take until it has arrived; only a failure takes that long.
const patience = 10 * time.Second

// subject is the bus under test with what a question needs around it.
type subject struct {
	T
	Bus
	ctx      context.Context
	patience time.Duration
	made     int
}

func newSubject(t T, b Bus) (*subject, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(context.Background(), 6*patience)
	return &subject{T: t, Bus: b, ctx: ctx, patience: patience}, cancel
}

// event is a good event with an id of its own.
func (s *subject) event() events.Event {
	s.made++
	return events.Event{ID: fmt.Sprintf("event-%04d", s.made), Tenant: "tenant-a", Type: events.IncidentOpened,
		At: time.Date(2026, 11, 24, 12, 0, s.made%60, 0, time.UTC), Subject: "connection/erp", Connection: "erp",
		Problem: events.Problem{Message: "It is refused.", Advice: "Renew the token."}}
}

// publish publishes and fails when the bus does not take it.
func (s *subject) publish(list ...events.Event) {
	s.Helper()
	if err := s.Publish(s.ctx, list); err != nil {
		s.Fatalf("Publish of %d events: got error %v, want none", len(list), err)
	}
}

// arrived waits until the listener has all events, and fails when it has others.
func (s *subject) arrived(want ...events.Event) {
	s.Helper()
	open := map[string]events.Event{}
	for _, e := range want {
		e.At = e.At.UTC()
		open[e.ID] = e
	}
	ids := make([]string, 0, len(open))
	for id := range open {
		ids = append(ids, id)
	}
	deadline := time.NewTimer(s.patience)
	defer deadline.Stop()
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for {
		got := s.got()
		missing := slices.Clone(ids)
		for _, e := range got {
			w, ok := open[e.ID]
			if !ok {
				s.Fatalf("the listener got %s, which it should not: %+v", e.ID, e)
			}
			if e != w {
				s.Fatalf("the listener got %s, want %s", show(e), show(w))
			}
			missing = slices.DeleteFunc(missing, func(id string) bool { return id == e.ID })
		}
		if len(missing) == 0 {
			return
		}
		select {
		case <-again.C:
		case <-deadline.C:
			slices.Sort(missing)
			s.Fatalf("%d of %d events did not arrive: %s", len(missing), len(ids), strings.Join(missing[:min(5, len(missing))], ", "))
		}
	}
}

// got is what the listener has by now.
func (s *subject) got() []events.Event {
	s.Helper()
	got, err := s.Arrived()
	if err != nil {
		s.Fatalf("asking the listener: %v", err)
	}
	return got
}

// nothingBut publishes one more and fails when anything else arrives with it or before it.
func (s *subject) nothingBut() {
	s.Helper()
	last := s.event()
	s.publish(last)
	s.arrived(last)
}

// show shows an event in a failure, shortened.
func show(e events.Event) string {
	text := fmt.Sprintf("%+v", e)
	if len(text) > 400 {
		return fmt.Sprintf("%s … (%d bytes)", text[:400], len(text))
	}
	return text
}
