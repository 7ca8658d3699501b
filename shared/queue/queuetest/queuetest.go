// Package queuetest asks a queue adapter every promise of the queue port, as tests.
//
// Each adapter calls it from its own test with a function that opens an empty queue. It asks only what Amazon SQS keeps,
// because stages must not come to rely on more, and all that the pipeline relies on. What is special to one adapter (files,
// requests, credentials, speed) it leaves to that adapter's own tests.
package queuetest

import (
	"context"
	"slices"
	"testing"
	"time"

	"apicenter/shared/queue"
)

// T is what the questions need of a *testing.T. The suite is itself tested with queues that break promises, and there a
// failure is the wanted answer and must be caught.
type T interface {
	Helper()
	Logf(format string, args ...any)
	Fatalf(format string, args ...any)
	Skipf(format string, args ...any)
}

// Open opens an empty queue that lives on the given clock and has the settings of Options.Settings. What it opens it closes
// in t.Cleanup.
type Open func(t *testing.T, clock *Clock) queue.Queue

// Options say how the suite is to ask. The zero value suits an adapter on a settable clock.
type Options struct {
	// RealTime is for adapters whose clock is not ours: durations shrink to seconds, the suite waits them out, and what
	// needs longer (retention, the end of the deduplication window) is skipped aloud. Questions are asked side by side, so
	// each Open must open queues of its own.
	RealTime bool
	// Pass lets real time pass; nil waits on a timer. Only with RealTime.
	Pass func(time.Duration)
	// Reopen closes the queue and opens it again over the same contents, as a restart of the process does. Nil skips the
	// questions about restarts aloud.
	Reopen func(t *testing.T, clock *Clock, q queue.Queue) queue.Queue
	// Skip names questions that what the adapter is tested against cannot answer, each with the reason, which is printed.
	Skip map[string]string
}

// Settings are the settings the suite wants the queues opened with: those of production, but few receives until the
// dead-letter queue and, in real time, a short visibility.
func (o Options) Settings(q queue.Name) queue.Settings {
	s := queue.SettingsOf(q)
	s.MaxReceives = 3
	if o.RealTime {
		s.Visibility = 3 * time.Second
	}
	return s
}

// Run asks everything of an adapter on a settable clock.
func Run(t *testing.T, open func(t *testing.T, clock *Clock) queue.Queue) {
	t.Helper()
	Options{}.Run(t, open)
}

// Run asks everything, one subtest for each promise.
func (o Options) Run(t *testing.T, open Open) {
	t.Helper()
	names := make([]string, 0, 64)
	for _, a := range questions() {
		names = append(names, a.promise)
		t.Run(a.promise, func(t *testing.T) {
			if why := o.Skip[a.promise]; why != "" {
				t.Skipf("not asked: %s", why)
			}
			if o.RealTime {
				t.Parallel() // it is waiting nearly all the time
			}
			clock := newClock(o)
			s, end := o.subject(t, clock, open(t, clock), func(q queue.Queue) queue.Queue { return o.Reopen(t, clock, q) })
			defer end()
			a.ask(s)
		})
	}
	for name := range o.Skip {
		if !slices.Contains(names, name) {
			t.Errorf("Options.Skip names %q, which is no question of the suite", name)
		}
	}
}

// question is one promise and how to ask for it.
type question struct {
	promise string
	ask     func(*subject)
}

// questions returns all of them, by noun.
func questions() []question {
	return slices.Concat(sendQuestions(), receiveQuestions(), visibilityQuestions(), waitQuestions(), fifoQuestions(), deadQuestions(),
		restartQuestions())
}

// The queues the suite asks with: two standard ones and the FIFO one.
const (
	standard = queue.Map
	another  = queue.Retry
	fifo     = queue.Send
)

// patience is how long, in real time, the suite lets a call take that ought to return by itself; it is long because tests
// share a busy machine, and only a failure takes that long.
const patience = 10 * time.Second

// subject is the queue under test with what a question needs around it.
type subject struct {
	T
	queue.Queue
	clock  *Clock
	o      Options
	ctx    context.Context
	reopen func(queue.Queue) queue.Queue
	dedups int
	// patience is how long a call that ought to return may take.
	patience time.Duration
}

func (o Options) subject(t T, clock *Clock, q queue.Queue, reopen func(queue.Queue) queue.Queue) (*subject, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(context.Background(), 6*patience)
	return &subject{T: t, Queue: q, clock: clock, o: o, ctx: ctx, reopen: reopen, patience: patience}, cancel
}
