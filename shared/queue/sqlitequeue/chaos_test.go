package sqlitequeue_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"apicenter/shared/fault"
	"apicenter/shared/queue"
	"apicenter/shared/queue/queuetest"
	"apicenter/shared/queue/sqlitequeue"
)

// untilTaken calls again while the answer is lost, as stages do.
func untilTaken(t *testing.T, do func() error) (lost int) {
	t.Helper()
	for range 100 {
		err := do()
		if err == nil {
			return lost
		}
		if fault.ClassOf(err) != fault.Retry {
			t.Fatalf("got error %v, want one that says to try again", err)
		}
		lost++
	}
	t.Fatal("the answer was lost a hundred times in a row")
	return 0
}

// drain receives and deletes until the queue is empty and returns the bodies in the order they came.
func drain(t *testing.T, q *opened, clock *queuetest.Clock, name queue.Name) (bodies []string) {
	t.Helper()
	for range 20_000 {
		got, err := q.Receive(t.Context(), name, 10, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range got {
			bodies = append(bodies, string(d.Body))
		}
		if len(got) > 0 {
			untilTaken(t, func() error { return q.Delete(t.Context(), got) })
			continue
		}
		c, err := q.Counts(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		if c.Total() == 0 {
			if c.Dead > 0 {
				t.Fatalf("got %d dead letters, want none", c.Dead)
			}
			return bodies
		}
		clock.Advance(queue.SettingsOf(name).Visibility / 4)
	}
	t.Fatal("the queue never became empty")
	return nil
}

// Whatever chaos does, everything arrives; and it does what it is for.
func TestChaosLosesNothing(t *testing.T) {
	const all = 400
	clock := queuetest.NewClock()
	q := open(t, filepath.Join(t.TempDir(), "queue.db"), clock, sqlitequeue.Options{
		Chaos: &sqlitequeue.Chaos{Seed: 7, Duplicate: 0.3, Reorder: 0.3, Short: 0.3, Lost: 0.2},
	})
	lost := 0
	var sent []string
	for i := 0; i < all; i += 8 {
		var batch []queue.Message
		for j := range 8 {
			sent = append(sent, fmt.Sprintf("%03d", i+j))
			batch = append(batch, queue.Message{Body: []byte(sent[i+j]), Group: "tenant-a"})
		}
		lost += untilTaken(t, func() error { return q.Send(t.Context(), queue.Map, batch) })
	}
	got := drain(t, q, clock, queue.Map)
	if lost == 0 {
		t.Error("no send lost its answer, want some")
	}
	if len(got) < all+all/10 {
		t.Errorf("got %d deliveries of %d messages, want many twice", len(got), all)
	}
	if slices.IsSorted(got) {
		t.Error("got everything in order, want some of it not")
	}
	slices.Sort(got)
	if got = slices.Compact(got); !slices.Equal(got, sent) {
		t.Errorf("got %d different messages, want all %d", len(got), all)
	}
}

// SQS keeps FIFO queues in order and free of duplicates, so chaos does too: what it may do is lose answers and come short.
func TestChaosKeepsLanes(t *testing.T) {
	const lanes, each = 7, 30
	clock := queuetest.NewClock()
	q := open(t, filepath.Join(t.TempDir(), "queue.db"), clock, sqlitequeue.Options{
		Chaos: &sqlitequeue.Chaos{Seed: 11, Duplicate: 1, Reorder: 1, Short: 0.3, Lost: 0.2},
	})
	want := make(map[string][]string)
	for i := range each {
		var batch []queue.Message
		for l := range lanes {
			lane := fmt.Sprintf("lane-%d", l)
			body := fmt.Sprintf("%s %02d", lane, i)
			batch = append(batch, queue.Message{Body: []byte(body), Group: lane, Dedup: body})
			want[lane] = append(want[lane], body)
		}
		untilTaken(t, func() error { return q.Send(t.Context(), queue.Send, batch) })
	}
	got := make(map[string][]string)
	for _, body := range drain(t, q, clock, queue.Send) {
		got[body[:6]] = append(got[body[:6]], body)
	}
	for lane := range want {
		if !slices.Equal(got[lane], want[lane]) {
			t.Errorf("%s: got %v, want %v", lane, got[lane], want[lane])
		}
	}
}

// The same seed makes the same trouble, or a failure found with it could not be looked at twice.
func TestChaosFollowsItsSeed(t *testing.T) {
	run := func(seed uint64) []string {
		clock := queuetest.NewClock()
		q := open(t, filepath.Join(t.TempDir(), "queue.db"), clock, sqlitequeue.Options{
			Chaos: &sqlitequeue.Chaos{Seed: seed, Duplicate: 0.5, Reorder: 0.5, Short: 0.5},
		})
		for i := range 60 {
			if err := q.Send(context.Background(), queue.Map, []queue.Message{{Body: fmt.Append(nil, i)}}); err != nil {
				t.Fatal(err)
			}
		}
		return drain(t, q, clock, queue.Map)
	}
	first := run(1)
	if again := run(1); !slices.Equal(first, again) {
		t.Errorf("seed 1: got %v, then %v, want the same", first, again)
	}
	if other := run(2); slices.Equal(first, other) {
		t.Errorf("seeds 1 and 2: got the same %v, want two courses", other)
	}
}
