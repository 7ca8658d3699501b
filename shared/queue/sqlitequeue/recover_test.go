package sqlitequeue_test

import (
	"path/filepath"
	"testing"
	"time"

	"apicenter/shared/queue"
	"apicenter/shared/queue/sqlitequeue"
	"apicenter/shared/sqlitefile"
)

// A process that is alone on the file need not wait for the visibility of messages a dead one had received; a delayed
// message keeps its time.
func TestRecoverFreesWhatADeadProcessHeld(t *testing.T) {
	ctx := t.Context()
	f, err := sqlitefile.Open(filepath.Join(t.TempDir(), "q.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	at := time.Unix(1_000_000, 0)
	now := func() time.Time { return at }
	open := func(o sqlitequeue.Options) *sqlitequeue.Queue {
		q, err := sqlitequeue.Open(ctx, f, now, o)
		if err != nil {
			t.Fatal(err)
		}
		return q
	}
	q := open(sqlitequeue.Options{})
	for name, messages := range map[queue.Name][]queue.Message{
		queue.Map:   {{Body: []byte("held"), Group: "g", Dedup: "1"}},
		queue.Send:  {{Body: []byte("first"), Group: "lane", Dedup: "1"}, {Body: []byte("second"), Group: "lane", Dedup: "2"}},
		queue.Retry: {{Body: []byte("later"), Group: "g", Dedup: "1", Delay: time.Minute}},
	} {
		if err := q.Send(ctx, name, messages); err != nil {
			t.Fatal(err)
		}
		if _, err := q.Receive(ctx, name, 1, 0); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := open(sqlitequeue.Options{}).Receive(ctx, queue.Map, 1, 0); err != nil || len(got) != 0 {
		t.Fatalf("without recovery a message in flight was given out: %d, %v", len(got), err)
	}
	q = open(sqlitequeue.Options{Recover: true})
	for name, want := range map[queue.Name]string{queue.Map: "held", queue.Send: "first", queue.Retry: ""} {
		got, err := q.Receive(ctx, name, 1, 0)
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case want == "" && len(got) != 0:
			t.Errorf("%s gave a delayed message early", name)
		case want != "" && (len(got) != 1 || string(got[0].Body) != want || got[0].Receives != 2):
			t.Errorf("%s gave %d messages, want %q at its second receive", name, len(got), want)
		}
	}
}
