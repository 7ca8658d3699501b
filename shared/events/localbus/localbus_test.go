package localbus_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"apicenter/shared/events"
	"apicenter/shared/events/eventstest"
	"apicenter/shared/events/localbus"
	"apicenter/shared/fault"
)

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

// heard is a subscriber that keeps what it gets.
type heard struct {
	mu  sync.Mutex
	got []events.Event
}

func (h *heard) hear(_ context.Context, e events.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.got = append(h.got, e)
}

func (h *heard) all() []events.Event {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.got)
}

func (h *heard) ids() string {
	var out []string
	for _, e := range h.all() {
		out = append(out, e.ID)
	}
	return strings.Join(out, " ")
}

func numbered(ids ...string) []events.Event {
	out := make([]events.Event, len(ids))
	for i, id := range ids {
		out[i] = events.Event{ID: id, Tenant: "bakery", Type: events.RunFailed, At: time.Unix(1, 0), Subject: "flow/orders", Flow: "orders"}
	}
	return out
}

func TestContract(t *testing.T) {
	eventstest.Run(t, func(t *testing.T) eventstest.Bus {
		t.Helper()
		b, h := localbus.New(localbus.Options{Log: quiet()}), &heard{}
		b.Subscribe("listener", h.hear)
		t.Cleanup(func() {
			if err := b.Close(context.WithoutCancel(t.Context())); err != nil {
				t.Error(err)
			}
		})
		return eventstest.Bus{Publisher: b, Arrived: func() ([]events.Event, error) { return h.all(), nil }}
	})
}

// A subscriber that hangs holds up nobody, and what waits for it is bounded.
func TestASlowSubscriberStopsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, quick, slow := localbus.New(localbus.Options{Waiting: 3, Log: quiet()}), &heard{}, &heard{}
		hold := make(chan struct{})
		b.Subscribe("slow", func(ctx context.Context, e events.Event) {
			<-hold
			slow.hear(ctx, e)
		})
		b.Subscribe("quick", quick.hear)
		started := time.Now()
		var refused error
		for _, id := range []string{"a", "b", "c", "d", "e", "f"} {
			if err := b.Publish(t.Context(), numbered(id)); err != nil {
				refused = errors.Join(refused, err)
			}
			synctest.Wait() // the subscribers get to what they can
		}
		if took := time.Since(started); took != 0 {
			t.Errorf("publishing took %v, want no waiting", took)
		}
		if got := quick.ids(); got != "a b c d e f" {
			t.Errorf("the quick one got %q, want all", got)
		}
		// One in its hands, three on its list: two have no room.
		if n := strings.Count(fmt.Sprint(refused), "slow missed 1 of 1"); n != 2 || strings.Contains(fmt.Sprint(refused), "quick") {
			t.Errorf("got errors %v, want two about the slow one", refused)
		}
		if fault.ClassOf(refused) != fault.Wait {
			t.Errorf("got class %v, want wait", fault.ClassOf(refused))
		}
		close(hold)
		if err := b.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if got := slow.ids(); got != "a b c d" {
			t.Errorf("the slow one got %q, want what had room", got)
		}
	})
}

func TestAPanicEndsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		b, after, beside := localbus.New(localbus.Options{Log: slog.New(slog.NewTextHandler(&log, nil))}), &heard{}, &heard{}
		b.Subscribe("clumsy", func(ctx context.Context, e events.Event) {
			if e.ID == "a" {
				panic("fell over")
			}
			after.hear(ctx, e)
		})
		b.Subscribe("beside", beside.hear)
		if err := b.Publish(t.Context(), numbered("a", "b")); err != nil {
			t.Fatal(err)
		}
		if err := b.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if after.ids() != "b" || beside.ids() != "a b" {
			t.Errorf("got %q after a panic and %q beside it, want b and a b", after.ids(), beside.ids())
		}
		for _, want := range []string{"clumsy", "fell over", "event=a"} {
			if !strings.Contains(log.String(), want) {
				t.Errorf("the log %q does not say %q", log.String(), want)
			}
		}
	})
}

// A subscriber that does not come to an end does not keep the process.
func TestCloseGivesUpOnWhoHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := localbus.New(localbus.Options{Log: quiet()})
		var calls int
		b.Subscribe("hangs", func(ctx context.Context, _ events.Event) { calls++; <-ctx.Done() })
		if err := b.Publish(t.Context(), numbered("a", "b")); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := b.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want the end of the context", err)
		}
		synctest.Wait()
		if calls != 1 {
			t.Errorf("the subscriber was called %d times, want once: the rest is forgotten", calls)
		}
		if err := b.Publish(t.Context(), numbered("c")); !errors.Is(err, localbus.ErrClosed) {
			t.Errorf("a closed bus: got %v, want ErrClosed", err)
		}
		b.Subscribe("late", func(context.Context, events.Event) {})
		if err := b.Close(t.Context()); err != nil {
			t.Errorf("closing again: %v", err)
		}
	})
}

func Example() {
	bus := localbus.New(localbus.Options{Log: slog.Default()})
	bus.Subscribe("printer", func(_ context.Context, e events.Event) { fmt.Println(e.Type, e.Subject) })
	ctx := context.Background()
	err := bus.Publish(ctx, []events.Event{{ID: "1", Tenant: "bakery", Type: events.IncidentClosed, At: time.Unix(0, 0), Subject: "connection/erp"}})
	if err != nil {
		fmt.Println(err)
	}
	if err := bus.Close(ctx); err != nil {
		fmt.Println(err)
	}
	// Output: incident closed connection/erp
}
