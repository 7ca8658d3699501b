package sqlitequeue_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"apicenter/shared/queue"
	"apicenter/shared/queue/queuetest"
	"apicenter/shared/queue/sqlitequeue"
	"apicenter/shared/sqlitefile"
)

// Polling an idle queue must leave the disk alone: a dozen of them are polled all day.
func TestEmptyReceiveTouchesNoFile(t *testing.T) {
	clock := queuetest.NewClock()
	q := open(t, filepath.Join(t.TempDir(), "queue.db"), clock, sqlitequeue.Options{})
	send := func(name queue.Name, m queue.Message) {
		t.Helper()
		if err := q.Send(t.Context(), name, []queue.Message{m}); err != nil {
			t.Fatal(err)
		}
	}
	send(queue.Map, queue.Message{Body: []byte("later"), Delay: time.Minute})
	send(queue.Send, queue.Message{Body: []byte("first"), Group: "lane", Dedup: "1"})
	send(queue.Send, queue.Message{Body: []byte("blocked"), Group: "lane", Dedup: "2"})
	if got, err := q.Receive(t.Context(), queue.Send, 1, 0); err != nil || len(got) != 1 {
		t.Fatalf("got %d deliveries and error %v, want 1", len(got), err)
	}
	before := q.file.Counts()
	for _, name := range queue.All() {
		for range 10 {
			if got, err := q.Receive(t.Context(), name, 10, 0); err != nil || len(got) > 0 {
				t.Fatalf("%s: got %d deliveries and error %v, want nothing", name, len(got), err)
			}
		}
	}
	if after := q.file.Counts(); after != before {
		t.Errorf("empty receives: the file's use went from %+v to %+v, want no change", before, after)
	}
	clock.Advance(time.Minute)
	if got, err := q.Receive(t.Context(), queue.Map, 10, 0); err != nil || len(got) != 1 {
		t.Errorf("after the delay: got %d deliveries and error %v, want 1", len(got), err)
	}
}

// Receivers that give up in the middle must not take with them what they were about to get, nor the only wake-up.
func TestCancelledReceiversLoseNothing(t *testing.T) {
	const all, workers = 300, 6
	clock := queuetest.NewClock()
	q := open(t, filepath.Join(t.TempDir(), "queue.db"), clock, sqlitequeue.Options{})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var left atomic.Int64
	left.Store(all)
	var done sync.WaitGroup
	for w := range workers {
		done.Go(func() {
			for turn := 0; left.Load() > 0 && ctx.Err() == nil; turn++ {
				short, stop := context.WithTimeout(ctx, time.Duration(turn%5+w)*100*time.Microsecond)
				got, err := q.Receive(short, queue.Send, 1, time.Hour)
				stop()
				if err != nil {
					continue
				}
				if err := q.Delete(ctx, got); err != nil {
					t.Error(err)
					return
				}
				left.Add(-int64(len(got)))
			}
		})
	}
	for i := range all {
		m := queue.Message{Body: fmt.Append(nil, i), Group: fmt.Sprint(i % 10), Dedup: fmt.Sprint(i)}
		if err := q.Send(ctx, queue.Send, []queue.Message{m}); err != nil {
			t.Fatal(err)
		}
	}
	done.Wait()
	if n := left.Load(); n != 0 {
		t.Errorf("%d of %d messages were not received within a minute", n, all)
	}
}

// A write that fails takes nothing away: what it was about to give out, make ready or clean up is there for the next.
func TestFailedWriteGivesBack(t *testing.T) {
	clock := queuetest.NewClock()
	q := open(t, filepath.Join(t.TempDir(), "queue.db"), clock, sqlitequeue.Options{})
	run := func(statement string) {
		t.Helper()
		if err := q.file.Write(t.Context(), func(tx *sqlitefile.Tx) error { _, err := tx.Exec(statement); return err }); err != nil {
			t.Fatal(err)
		}
	}
	send := func(delay time.Duration) {
		t.Helper()
		if err := q.Send(t.Context(), queue.Map, []queue.Message{{Body: []byte("a"), Delay: delay}}); err != nil {
			t.Fatal(err)
		}
	}
	receive := func() error {
		got, err := q.Receive(t.Context(), queue.Map, 1, 0)
		if err == nil && (len(got) != 1 || got[0].Receives != 1) {
			return fmt.Errorf("got %d deliveries, want a message for the first time", len(got))
		}
		return err
	}
	count := func() error {
		c, err := q.Counts(t.Context(), queue.Map)
		if err == nil && c != (queue.Counts{}) {
			return fmt.Errorf("got %+v, want nothing left", c)
		}
		return err
	}
	for _, c := range []struct {
		name, operation string
		prepare         func()
		do              func() error
	}{
		{"a ready message", "UPDATE", func() { send(0) }, receive},
		{"a delayed message", "UPDATE", func() { send(time.Minute); clock.Advance(time.Minute) }, receive},
		{"a message past its retention", "DELETE", func() { clock.Advance(30 * 24 * time.Hour) }, count},
	} {
		c.prepare()
		run("CREATE TRIGGER fail BEFORE " + c.operation + " ON queue_messages BEGIN SELECT raise(ABORT, 'not today'); END")
		for range 3 {
			if err := c.do(); err == nil || !strings.Contains(err.Error(), "not today") {
				t.Errorf("%s while writes fail: got error %v, want that of the write", c.name, err)
			}
		}
		run("DROP TRIGGER fail")
		if err := c.do(); err != nil {
			t.Errorf("%s after the failures: %v", c.name, err)
		}
	}
}

// Production opens the queues without options.
func TestSettingsOfProduction(t *testing.T) {
	clock := queuetest.NewClock()
	q := open(t, filepath.Join(t.TempDir(), "queue.db"), clock, sqlitequeue.Options{})
	want := queue.SettingsOf(queue.Map)
	if err := q.Send(t.Context(), queue.Map, []queue.Message{{Body: []byte("poison")}}); err != nil {
		t.Fatal(err)
	}
	for n := range want.MaxReceives {
		if got, err := q.Receive(t.Context(), queue.Map, 1, 0); err != nil || len(got) != 1 {
			t.Fatalf("receive %d: got %d deliveries and error %v, want 1", n+1, len(got), err)
		}
		clock.Advance(want.Visibility - time.Second)
		if got, err := q.Receive(t.Context(), queue.Map, 1, 0); err != nil || len(got) != 0 {
			t.Fatalf("before the visibility ends: got %d deliveries and error %v, want none", len(got), err)
		}
		clock.Advance(time.Second)
	}
	if got, err := q.Receive(t.Context(), queue.Map, 1, 0); err != nil || len(got) != 0 {
		t.Errorf("after %d receives: got %d deliveries and error %v, want none", want.MaxReceives, len(got), err)
	}
	c, err := q.Counts(t.Context(), queue.Map)
	if want := (queue.Counts{Dead: 1}); err != nil || c != want {
		t.Errorf("Counts: got %+v and error %v, want %+v", c, err, want)
	}
}

// A lane that waits again and again on one receipt ends where SQS ends it.
func TestExtendEndsTwelveHoursAfterTheReceive(t *testing.T) {
	clock := queuetest.NewClock()
	q := open(t, filepath.Join(t.TempDir(), "queue.db"), clock, sqlitequeue.Options{})
	if err := q.Send(t.Context(), queue.Map, []queue.Message{{Body: []byte("a")}}); err != nil {
		t.Fatal(err)
	}
	got, err := q.Receive(t.Context(), queue.Map, 1, 0)
	if err != nil || len(got) != 1 {
		t.Fatalf("got %d deliveries and error %v, want 1", len(got), err)
	}
	if err := q.Extend(t.Context(), got[0], queue.MaxVisibility); err != nil {
		t.Fatalf("Extend by the longest: got error %v, want none", err)
	}
	clock.Advance(time.Hour)
	if err := q.Extend(t.Context(), got[0], queue.MaxVisibility); err == nil {
		t.Error("Extend to 13 hours after the receive: got no error, want one")
	}
	if err := q.Extend(t.Context(), got[0], queue.MaxVisibility-time.Hour); err != nil {
		t.Errorf("Extend to 12 hours after the receive: got error %v, want none", err)
	}
}
