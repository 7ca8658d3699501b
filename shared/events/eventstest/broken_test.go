package eventstest_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"apicenter/shared/events"
	"apicenter/shared/events/eventstest"
	"apicenter/shared/events/localbus"
)

// breakage is an adapter one might write by mistake, and the question that has to find it out.
type breakage struct {
	promise string
	// publish stands in front of a good bus.
	publish func(good events.Publisher) func(ctx context.Context, list []events.Event) error
}

// spoilt changes what a good bus is given.
func spoilt(change func(list []events.Event) []events.Event) func(events.Publisher) func(context.Context, []events.Event) error {
	return func(good events.Publisher) func(context.Context, []events.Event) error {
		return func(ctx context.Context, list []events.Event) error {
			if err := events.Check(list); err != nil {
				return err
			}
			return good.Publish(ctx, change(slices.Clone(list)))
		}
	}
}

// each changes every event.
func each(change func(e *events.Event)) func(events.Publisher) func(context.Context, []events.Event) error {
	return spoilt(func(list []events.Event) []events.Event {
		for i := range list {
			change(&list[i])
		}
		return list
	})
}

// sorted gives a good bus only what is good.
func sorted(good events.Publisher) func(context.Context, []events.Event) error {
	return func(ctx context.Context, list []events.Event) error {
		var fine []events.Event
		for _, e := range list {
			if events.Check([]events.Event{e}) == nil {
				fine = append(fine, e)
			}
		}
		if err := good.Publish(ctx, fine); err != nil {
			return err
		}
		return events.Check(list)
	}
}

func breakages() map[string]breakage {
	const (
		whole     = "an event arrives as it was published"
		batches   = "batches of any size arrive whole"
		times     = "times arrive in UTC, to the nanosecond"
		tooLarge  = "an event over the limit is refused, and nothing of its batch is sent"
		lacking   = "an event that lacks something is refused, and nothing of its batch is sent"
		cancelled = "a cancelled context publishes nothing in silence"
	)
	return map[string]breakage{
		"forgets the advice":         {whole, each(func(e *events.Event) { e.Problem.Advice = "" })},
		"trims texts":                {whole, each(func(e *events.Event) { e.Problem.Advice = strings.TrimSpace(e.Problem.Advice) })},
		"keeps ASCII only":           {whole, each(func(e *events.Event) { e.Problem.Message = strings.ReplaceAll(e.Problem.Message, "ż", "?") })},
		"calls every type the first": {whole, each(func(e *events.Event) { e.Type = events.IncidentOpened })},
		"mixes tenants up":           {whole, each(func(e *events.Event) { e.Tenant = "tenant-a" })},
		"passes one type over": {whole, spoilt(func(list []events.Event) []events.Event {
			return slices.DeleteFunc(list, func(e events.Event) bool { return e.Type == events.RunFailed })
		})},
		"forgets the run":          {whole, each(func(e *events.Event) { e.Run = "" })},
		"sends only the first ten": {batches, spoilt(func(list []events.Event) []events.Event { return list[:min(10, len(list))] })},
		"loses the last of a long batch": {batches, spoilt(func(list []events.Event) []events.Event {
			if len(list) > 10 {
				return list[:len(list)-1]
			}
			return list
		})},
		"makes something of nothing": {"an empty batch is nothing", spoilt(func(list []events.Event) []events.Event {
			if len(list) == 0 {
				return []events.Event{{ID: "ghost", Tenant: "t", Type: events.RunFailed, Subject: "s", At: time.Unix(1, 0)}}
			}
			return list
		})},
		"cuts times to seconds": {times, each(func(e *events.Event) { e.At = e.At.Truncate(time.Second) })},
		"takes local time for UTC": {times, each(func(e *events.Event) {
			e.At = time.Date(e.At.Year(), e.At.Month(), e.At.Day(), e.At.Hour(), e.At.Minute(), e.At.Second(), e.At.Nanosecond(), time.UTC)
		})},
		"gives out ids of its own": {"an event published again keeps its ID", renames()},
		"keeps the publisher's list": {"events belong to their publisher again after the call", func(good events.Publisher) func(context.Context, []events.Event) error {
			var kept []events.Event
			return func(ctx context.Context, list []events.Event) error {
				if kept == nil {
					kept = list
					return nil
				}
				return good.Publish(ctx, append(slices.Clone(kept), list...))
			}
		}},
		"cuts what is large": {"an event at the limit arrives whole", each(func(e *events.Event) { e.Problem.Advice = e.Problem.Advice[:min(len(e.Problem.Advice), 1000)] })},
		"fits too few into a batch": {"an event at the limit arrives whole", spoilt(func(list []events.Event) []events.Event {
			bytes := 0
			for i, e := range list {
				if bytes += len(e.Problem.Advice); bytes > 256<<10 {
					return list[:i]
				}
			}
			return list
		})},
		"sends the rest of a batch with one too large":          {tooLarge, sorted},
		"sends the rest of a batch with one that is lacking":    {lacking, sorted},
		"leaves out what is too large":                          {tooLarge, quietly},
		"leaves out what is lacking":                            {lacking, quietly},
		"publishes in spite of a cancelled context":             {cancelled, func(good events.Publisher) func(context.Context, []events.Event) error { return detached(good, false) }},
		"says that it was cancelled and publishes all the same": {cancelled, func(good events.Publisher) func(context.Context, []events.Event) error { return detached(good, true) }},
		"forgets one of several at a time":                      {"publishers do not get into each other's way", racing},
	}
}

// renames gives every publish an id of its own.
func renames() func(events.Publisher) func(context.Context, []events.Event) error {
	var n atomic.Int64
	return each(func(e *events.Event) { e.ID = fmt.Sprintf("%s-%d", e.ID, n.Add(1)) })
}

// quietly publishes what is good and says nothing of the rest.
func quietly(good events.Publisher) func(context.Context, []events.Event) error {
	return func(ctx context.Context, list []events.Event) error {
		_ = sorted(good)(ctx, list)
		return nil
	}
}

// detached publishes whatever the context says, and tells of its end or not.
func detached(good events.Publisher, tells bool) func(context.Context, []events.Event) error {
	return func(ctx context.Context, list []events.Event) error {
		err := good.Publish(context.WithoutCancel(ctx), list)
		if tells && ctx.Err() != nil {
			return ctx.Err()
		}
		return err
	}
}

// racing keeps one list for all.
func racing(good events.Publisher) func(context.Context, []events.Event) error {
	var mu sync.Mutex
	busy := false
	return func(ctx context.Context, list []events.Event) error {
		mu.Lock()
		other := busy
		busy = true
		mu.Unlock()
		if other {
			return nil // somebody is at it
		}
		time.Sleep(time.Millisecond) // the others need time to come in between
		err := good.Publish(ctx, list)
		mu.Lock()
		busy = false
		mu.Unlock()
		return err
	}
}

// front is a bus with something in front of it.
type front func(ctx context.Context, list []events.Event) error

func (f front) Publish(ctx context.Context, list []events.Event) error { return f(ctx, list) }

func TestSuiteCatchesBrokenBuses(t *testing.T) {
	for name, c := range breakages() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			failure := ask(t, c.promise, time.Second/2, func(good events.Publisher) events.Publisher { return front(c.publish(good)) })
			if failure == "" {
				t.Errorf("a bus that %s passed %q, want it caught", name, c.promise)
			}
			t.Logf("caught by %q: %s", c.promise, failure)
		})
	}
}

// What the broken ones are made of must pass, or a failure above proves nothing; and every question must have caught
// somebody.
func TestSuitePassesTheBusInsideTheBrokenOnes(t *testing.T) {
	asked := map[string]bool{}
	for _, c := range breakages() {
		asked[c.promise] = true
	}
	for _, promise := range eventstest.Promises() {
		t.Run(promise, func(t *testing.T) {
			if failure := ask(t, promise, 10*time.Second, func(good events.Publisher) events.Publisher { return good }); failure != "" {
				t.Errorf("the unbroken bus failed %q: %s", promise, failure)
			}
			if !asked[promise] {
				t.Errorf("no broken bus is caught by %q", promise)
			}
		})
	}
}

// recorder takes down what a question answers, instead of failing the test that asks it.
type recorder struct{ failure string }

func (*recorder) Helper() {}

func (r *recorder) Fatalf(format string, args ...any) {
	r.failure = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

// ask asks one question of a good bus that was put behind something, and returns why it failed.
func ask(t *testing.T, promise string, patience time.Duration, before func(events.Publisher) events.Publisher) string {
	t.Helper()
	bus := localbus.New(localbus.Options{Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	var mu sync.Mutex
	var got []events.Event
	bus.Subscribe("listener", func(_ context.Context, e events.Event) {
		mu.Lock()
		defer mu.Unlock()
		got = append(got, e)
	})
	r := &recorder{}
	done := make(chan struct{})
	go func() { // a failure ends the goroutine it happens on
		defer close(done)
		eventstest.Ask(t, promise, patience, r, eventstest.Bus{Publisher: before(bus), Arrived: func() ([]events.Event, error) {
			mu.Lock()
			defer mu.Unlock()
			return slices.Clone(got), nil
		}})
	}()
	<-done
	if err := bus.Close(t.Context()); err != nil {
		t.Error(err)
	}
	return r.failure
}
