// Package localbus is the events port inside one process.
//
// The local runner and tests publish to it and hang their subscribers on it. Each subscriber has a list of its own that holds
// what it has not got to yet, and a goroutine that works it off: a subscriber that is slow or panics holds up neither the
// publisher nor the others. Events that wait are in memory alone and end with the process, as hints may.
package localbus

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"

	"apicenter/shared/events"
	"apicenter/shared/fault"
)

// Options say how a bus behaves.
type Options struct {
	// Waiting is how many events may wait for one subscriber; zero means 1000.
	Waiting int
	// Log is told of subscribers that panic.
	Log *slog.Logger
}

const usual = 1000

// Bus hands events to its subscribers. It is safe for concurrent use.
type Bus struct {
	options Options
	ctx     context.Context // of all subscribers, ended when the bus gives up on them
	give    context.CancelFunc

	mu     sync.RWMutex // publishers read: lists are closed only while nobody writes to them
	all    []*subscriber
	closed bool
	ended  sync.WaitGroup
}

var _ events.Publisher = (*Bus)(nil)

// New returns a bus without subscribers.
func New(o Options) *Bus {
	if o.Waiting == 0 {
		o.Waiting = usual
	}
	ctx, give := context.WithCancel(context.Background())
	return &Bus{options: o, ctx: ctx, give: give}
}

// Subscriber is called with one event at a time. Its context ends when the bus was closed and does not wait any longer.
type Subscriber func(ctx context.Context, e events.Event)

type subscriber struct {
	name string
	list chan events.Event
}

// Subscribe calls a subscriber with every event that is published from now on, on a goroutine of its own. The name is for
// the log.
func (b *Bus) Subscribe(name string, call Subscriber) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return
	}
	s := &subscriber{name: name, list: make(chan events.Event, b.options.Waiting)}
	b.all = append(b.all, s)
	b.ended.Go(func() {
		for e := range s.list {
			if b.ctx.Err() == nil {
				b.call(s, call, e)
			}
		}
	})
}

// call survives a subscriber that panics.
func (b *Bus) call(s *subscriber, call Subscriber, e events.Event) {
	defer func() {
		if p := recover(); p != nil {
			b.options.Log.Error("a subscriber panicked", "subscriber", s.name, "event", e.ID, "type", string(e.Type), "panic", fmt.Sprint(p))
		}
	}()
	call(b.ctx, e)
}

// Publish puts events on the list of every subscriber and waits for none. A subscriber whose list is full does not get the
// event, and the error says so; the others have it.
func (b *Bus) Publish(ctx context.Context, list []events.Event) error {
	if err := events.Check(list); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("local bus: %w", err)
	}
	b.mu.RLock()
	defer b.mu.RUnlock()
	if b.closed {
		return &fault.Error{Class: fault.Retry, Step: events.Step, Message: "the bus is closed", Err: ErrClosed}
	}
	var full []string
	for _, s := range b.all {
		missed := 0
		for _, e := range list {
			e.At = e.At.UTC()
			select {
			case s.list <- e:
			default:
				missed++
			}
		}
		if missed > 0 {
			full = append(full, fmt.Sprintf("%s missed %d of %d events", s.name, missed, len(list)))
		}
	}
	if len(full) > 0 {
		return &fault.Error{Class: fault.Wait, Step: events.Step, Message: "a subscriber is too slow: " + strings.Join(full, "; ")}
	}
	return nil
}

// ErrClosed is why a closed bus takes nothing.
var ErrClosed = errors.New("localbus: closed")

// Close takes no more events, and waits until the subscribers have had what waits for them or ctx ends: then the rest is
// forgotten, the subscribers' context ends, and a subscriber that does not heed it is left behind.
func (b *Bus) Close(ctx context.Context) error {
	b.mu.Lock()
	if !b.closed {
		b.closed = true
		for _, s := range b.all {
			close(s.list)
		}
	}
	b.mu.Unlock()
	defer b.give()
	done := make(chan struct{})
	go func() {
		b.ended.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("local bus: subscribers are still at work: %w", ctx.Err())
	}
}
