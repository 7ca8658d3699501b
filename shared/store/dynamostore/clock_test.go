package dynamostore_test

import (
	"errors"
	"testing"
	"time"

	"apicenter/shared/integration"
	"apicenter/shared/model"
	"apicenter/shared/store"
	"apicenter/shared/store/dynamostore"
)

// Promise 4 under clocks that differ. A lease is over when its reader's own clock says so. Therefore:
//
//   - between processes whose clocks agree it is held by one at a time;
//   - a process that is ahead takes it earlier, by as much as it is ahead. A fetch leases for two minutes and prolongs after
//     each page, so it takes a clock ahead by two minutes less the time of a page to take a lease from somebody at work;
//   - then, too, the row has one owner: whoever lost it is told at the next checkpoint, and nothing of theirs is stored.
func TestLeaseUnderClocksThatDiffer(t *testing.T) {
	t.Parallel()
	client, tables := common(t)
	ctx := t.Context()
	const lease, page = 2 * time.Minute, 20 * time.Second
	for name, c := range map[string]struct {
		ahead time.Duration // of the other's clock
		taken bool
	}{
		"the same":         {0, false},
		"seconds ahead":    {5 * time.Second, false},
		"a minute ahead":   {time.Minute, false},
		"minutes ahead":    {5 * time.Minute, true},
		"seconds behind":   {-5 * time.Second, false},
		"minutes behind":   {-5 * time.Minute, false},
		"just not enough":  {lease - page - time.Nanosecond, false},
		"just far enough":  {lease - page, true},
		"days behind even": {-48 * time.Hour, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := nine
			p := store.PositionKey{Tenant: "clocks " + name, Flow: "f"}
			holder := dynamostore.Open(client, tables, func() time.Time { return now })
			other := dynamostore.Open(client, tables, func() time.Time { return now.Add(c.ahead) })
			if _, acquired, err := holder.Acquire(ctx, p, "holder", now.Add(lease)); err != nil || !acquired {
				t.Fatalf("got acquired %v and %v", acquired, err)
			}
			for range 3 {
				now = now.Add(page)
				if !c.taken {
					pos, acquired, err := other.Acquire(ctx, p, "other", now.Add(c.ahead+lease))
					if err != nil || acquired || pos.Owner != "holder" {
						t.Fatalf("the other got %+v, acquired %v and %v, want it held", pos, acquired, err)
					}
				}
				if err := holder.SaveCheckpoint(ctx, p, "holder", "41", now.Add(lease)); err != nil {
					t.Fatalf("the holder got %v, want to go on", err)
				}
			}
			now = now.Add(page)
			pos, acquired, err := other.Acquire(ctx, p, "other", now.Add(c.ahead+lease))
			if err != nil || acquired != c.taken || acquired && pos.Checkpoint != "41" {
				t.Fatalf("the other got %+v, acquired %v and %v, want acquired %v", pos, acquired, err, c.taken)
			}
			err = holder.SaveCheckpoint(ctx, p, "holder", "42", now.Add(lease))
			if c.taken {
				if !errors.Is(err, store.ErrLeaseLost) {
					t.Errorf("who lost it got %v, want %v", err, store.ErrLeaseLost)
				}
				if _, err := holder.Release(ctx, p, "holder"); !errors.Is(err, store.ErrLeaseLost) {
					t.Errorf("releasing what was lost: got %v, want %v", err, store.ErrLeaseLost)
				}
				if err := other.SaveCheckpoint(ctx, p, "other", "43", now.Add(c.ahead+lease)); err != nil {
					t.Errorf("who took it got %v, want to go on", err)
				}
				if pos, err := other.Position(ctx, p); err != nil || pos.Checkpoint != "43" || pos.Owner != "other" {
					t.Errorf("got %+v and %v, want checkpoint 43 of the other", pos, err)
				}
				return
			}
			if err != nil {
				t.Errorf("the holder got %v, want to go on", err)
			}
			if again, err := holder.Release(ctx, p, "holder"); err != nil || !again {
				t.Errorf("got again %v and %v, want the mark the other left", again, err)
			}
		})
	}
}

// A holder whose own time is over stores nothing, although nobody has taken its lease yet.
func TestLeaseEndsByItself(t *testing.T) {
	t.Parallel()
	client, tables := common(t)
	ctx, now := t.Context(), nine
	s := dynamostore.Open(client, tables, func() time.Time { return now })
	p := store.PositionKey{Tenant: "over", Flow: "f"}
	_, _, err := s.Acquire(ctx, p, "o", now.Add(time.Minute))
	ok(err)
	now = now.Add(time.Minute)
	_, released := s.Release(ctx, p, "o")
	for what, err := range map[string]error{"checkpoint": s.SaveCheckpoint(ctx, p, "o", "42", now.Add(time.Minute)),
		"hand over": s.HandOver(ctx, p, "o", "n", now.Add(time.Minute)), "release": released} {
		if !errors.Is(err, store.ErrLeaseLost) {
			t.Errorf("%s: got %v, want %v", what, err, store.ErrLeaseLost)
		}
	}
	if pos := must(s.Position(ctx, p)); pos != (store.Position{}) {
		t.Errorf("got %+v, want it free", pos)
	}
}

// DynamoDB deletes what expired up to two days late. It is not shown from its time on, by each reader's own clock.
func TestExpiredRowsAreNotShown(t *testing.T) {
	t.Parallel()
	client, tables := common(t)
	ctx, now := t.Context(), nine
	s := dynamostore.Open(client, tables, func() time.Time { return now })
	run, chunk := aRun("expiry"), aChunk("expiry")
	run.Started, chunk.At, chunk.Expires = now, now, now.Add(24*time.Hour)
	other := run
	other.ID = "q"
	ok(s.StartRun(ctx, run))
	ok(s.StartRun(ctx, other))
	ok(s.AppendChunk(ctx, chunk))
	shown := func() [5]int {
		runs, _, err := s.Runs(ctx, "expiry", "f", "", 9)
		ok(err)
		chunks, _, err := s.Chunks(ctx, store.ChunkFilter{Tenant: "expiry", Flow: "f"}, "", 9)
		ok(err)
		hours, err := s.Hours(ctx, "expiry", "f", now.Add(-10000*time.Hour))
		ok(err)
		one := func(err error) int {
			switch {
			case err == nil:
				return 1
			case errors.Is(err, store.ErrNotFound):
				return 0
			}
			t.Errorf("got %v, want %v", err, store.ErrNotFound)
			return -1
		}
		_, errRun := s.Run(ctx, "expiry", "f", "r")
		_, errChunk := s.Chunk(ctx, "expiry", "f", "c")
		return [5]int{len(runs), len(chunks), len(hours), one(errRun), one(errChunk)}
	}
	begin := now
	for _, c := range []struct {
		after time.Duration
		want  [5]int // runs, chunks, hours, the run, the chunk
	}{
		{24*time.Hour - time.Second, [5]int{2, 1, 1, 1, 1}},
		{24 * time.Hour, [5]int{2, 0, 0, 1, 0}},
		{72 * time.Hour, [5]int{2, 0, 0, 1, 0}},
		{90*24*time.Hour - time.Second, [5]int{2, 0, 0, 1, 0}},
		{90 * 24 * time.Hour, [5]int{0, 0, 0, 0, 0}},
		{92 * 24 * time.Hour, [5]int{0, 0, 0, 0, 0}},
	} {
		now = begin.Add(c.after)
		if got := shown(); got != c.want {
			t.Errorf("after %v: got %v, want %v (runs, chunks, hours, the run, the chunk)", c.after, got, c.want)
		}
	}
}

// A revision that was replaced is never taken again, whichever clock who saved had: an old claim stays refused.
func TestRevisionsNeverComeBack(t *testing.T) {
	t.Parallel()
	client, tables := common(t)
	ctx, scope := t.Context(), store.FlowScope("revisions", "f")
	clocks := []*dynamostore.Store{dynamostore.Open(client, tables, atNine),
		dynamostore.Open(client, tables, func() time.Time { return nine.Add(-time.Hour) }),
		dynamostore.Open(client, tables, func() time.Time { return nine.Add(time.Hour) })}
	entry, state := store.Entry{Key: "k"}, integration.ConnectionState{}
	var entries []store.Entry
	var states []integration.ConnectionState
	for i := range 12 {
		s := clocks[i%len(clocks)]
		entries, states = append(entries, entry), append(states, state)
		entry.Version = model.Version{Marker: int64(i), Read: nine}
		if entry.Revision = must(s.SaveEntries(ctx, scope, []store.Entry{entry}))[0]; entry.Revision <= 0 {
			t.Fatalf("save %d: got revision %d, want it above 0", i, entry.Revision)
		}
		state = must(s.SaveConnectionState(ctx, "revisions", "c", state))
		for j, old := range entries {
			if r := must(s.SaveEntries(ctx, scope, []store.Entry{old}))[0]; r != 0 {
				t.Fatalf("after save %d, one over what stood before save %d was taken", i, j)
			}
			if _, err := s.SaveConnectionState(ctx, "revisions", "c", states[j]); !errors.Is(err, store.ErrConflict) {
				t.Fatalf("after save %d, a state over the one before save %d: got %v, want %v", i, j, err, store.ErrConflict)
			}
		}
	}
}
