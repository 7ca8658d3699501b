package sqlitequeue_test

import (
	"bytes"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"apicenter/shared/queue"
	"apicenter/shared/queue/queuetest"
	"apicenter/shared/queue/sqlitequeue"
	"apicenter/shared/sqlitefile"
)

// number reads one number from the file.
func number(t *testing.T, q *opened, query string) (n int) {
	t.Helper()
	err := q.file.Read(t.Context(), func(tx *sqlitefile.Tx) error { return tx.QueryRow(query).Scan(&n) })
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// pass sends a message and receives it.
func pass(t *testing.T, q *opened, name queue.Name, m queue.Message) queue.Delivery {
	t.Helper()
	if err := q.Send(t.Context(), name, []queue.Message{m}); err != nil {
		t.Fatal(err)
	}
	got, err := q.Receive(t.Context(), name, 1, 0)
	if err != nil || len(got) != 1 {
		t.Fatalf("%s: got %d deliveries and error %v, want 1", name, len(got), err)
	}
	return got[0]
}

// On SQS a receipt of a FIFO queue is good until the visibility ends, that of a standard queue until the next receive.
func TestReceiptsEndAsOnSQS(t *testing.T) {
	clock := queuetest.NewClock()
	q := open(t, filepath.Join(t.TempDir(), "queue.db"), clock, sqlitequeue.Options{})
	for name, want := range map[queue.Name]queue.Counts{queue.Map: {}, queue.Send: {Visible: 1}} {
		d := pass(t, q, name, queue.Message{Body: []byte("a"), Group: "lane", Dedup: "1"})
		clock.Advance(queue.SettingsOf(name).Visibility)
		if err := q.Extend(t.Context(), d, time.Hour); err != nil {
			t.Errorf("%s: Extend after the visibility: got error %v, want none", name, err)
		}
		if err := q.Delete(t.Context(), []queue.Delivery{d}); err != nil {
			t.Errorf("%s: Delete after the visibility: got error %v, want none", name, err)
		}
		if got, err := q.Counts(t.Context(), name); err != nil || got != want {
			t.Errorf("%s: got %+v and error %v, want %+v", name, got, err, want)
		}
	}
}

// An id in a log must not mean two messages, also when a restart found the file empty.
func TestIDsAreNewAfterARestart(t *testing.T) {
	clock := queuetest.NewClock()
	path := filepath.Join(t.TempDir(), "queue.db")
	seen := make(map[string]bool)
	for range 3 {
		q := open(t, path, clock, sqlitequeue.Options{})
		d := pass(t, q, queue.Map, queue.Message{Body: []byte("a")})
		if seen[d.ID] {
			t.Errorf("after a restart: got id %s again, want a new one", d.ID)
		}
		seen[d.ID] = true
		if err := q.Delete(t.Context(), []queue.Delivery{d}); err != nil {
			t.Fatal(err)
		}
		if err := q.file.Close(); err != nil {
			t.Fatal(err)
		}
		clock.Advance(time.Second)
	}
}

// A file that runs for years holds what is in its queues, not what went through them.
func TestFileDoesNotGrow(t *testing.T) {
	clock := queuetest.NewClock()
	q := open(t, filepath.Join(t.TempDir(), "queue.db"), clock, sqlitequeue.Options{})
	body, sent := bytes.Repeat([]byte("x"), 40<<10), 0
	round := func() (pages int) {
		for range 60 {
			sent++
			d := pass(t, q, queue.Send, queue.Message{Body: body, Group: "lane", Dedup: fmt.Sprint(sent)})
			if err := q.Delete(t.Context(), []queue.Delivery{d}); err != nil {
				t.Fatal(err)
			}
			clock.Advance(30 * time.Second)
		}
		return number(t, q, "PRAGMA page_count")
	}
	first := round()
	for range 3 {
		if pages := round(); pages > first+4 {
			t.Fatalf("after more messages: got %d pages, want no more than the %d of the first round", pages, first)
		}
	}
	if ids := number(t, q, "SELECT count(*) FROM queue_dedups"); ids > 20 {
		t.Errorf("after %d messages: got %d deduplication ids kept, want those of five minutes", sent, ids)
	}
	for _, table := range []string{"queue_messages", "queue_bodies"} {
		if rows := number(t, q, "SELECT count(*) FROM "+table); rows != 0 {
			t.Errorf("%s: got %d rows, want none", table, rows)
		}
	}
}

// Messages end their retention one after the other, not only the first time.
func TestRetentionGoesOn(t *testing.T) {
	clock := queuetest.NewClock()
	q := open(t, filepath.Join(t.TempDir(), "queue.db"), clock, sqlitequeue.Options{})
	for range 3 {
		for i := range 2 {
			if err := q.Send(t.Context(), queue.Map, []queue.Message{{Body: fmt.Append(nil, i)}}); err != nil {
				t.Fatal(err)
			}
			clock.Advance(24 * time.Hour)
		}
		clock.Advance(queue.SettingsOf(queue.Map).Retention - 48*time.Hour)
		if got, err := q.Counts(t.Context(), queue.Map); err != nil || got != (queue.Counts{Visible: 1}) {
			t.Errorf("when the first has ended: got %+v and error %v, want 1 visible", got, err)
		}
		clock.Advance(24 * time.Hour)
		if got, err := q.Counts(t.Context(), queue.Map); err != nil || got != (queue.Counts{}) {
			t.Errorf("when both have ended: got %+v and error %v, want nothing", got, err)
		}
	}
	if bodies := number(t, q, "SELECT count(*) FROM queue_bodies"); bodies != 0 {
		t.Errorf("got %d bodies left, want none", bodies)
	}
}

// Whose turn it is survives a restart: a crowd waiting in the file does not hold up who comes after it.
func TestTurnsSurviveARestart(t *testing.T) {
	clock := queuetest.NewClock()
	path := filepath.Join(t.TempDir(), "queue.db")
	q := open(t, path, clock, sqlitequeue.Options{})
	crowd := make([]queue.Message, 300)
	for i := range crowd {
		crowd[i] = queue.Message{Body: []byte("crowd"), Group: "tenant-crowd"}
	}
	if err := q.Send(t.Context(), queue.Map, crowd); err != nil {
		t.Fatal(err)
	}
	if err := q.file.Close(); err != nil {
		t.Fatal(err)
	}
	q = open(t, path, clock, sqlitequeue.Options{})
	if err := q.Send(t.Context(), queue.Map, []queue.Message{{Body: []byte("single"), Group: "tenant-single"}}); err != nil {
		t.Fatal(err)
	}
	got, err := q.Receive(t.Context(), queue.Map, 2, 0)
	if err != nil || len(got) != 2 || string(got[1].Body) != "single" {
		t.Errorf("got %d deliveries and error %v, want the lone tenant's message among the first two", len(got), err)
	}
}
