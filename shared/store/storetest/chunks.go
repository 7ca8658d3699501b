package storetest

import (
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"apicenter/shared/model"
	"apicenter/shared/store"
)

// chunks is the part of activity that deals with outcomes: chunks of them and counts per run and hour.
func chunks() []promise {
	return []promise{
		{"a chunk comes back as it was appended", chunkRoundTrip},
		{"an unknown chunk is not found", func(w *world) {
			_, err := w.store.Chunk(w.ctx(), w.tenant, "f", "none")
			w.is("unknown chunk", err, store.ErrNotFound)
		}},
		{"a chunk counts for its run and its hour", chunkCounts},
		{"a chunk appended again is ignored, counts included", chunkRepeated},
		{"a chunk appended many times at once counts once", chunkRace},
		{"an expired chunk is not seen any more", chunkExpires},
		{"chunks are listed newest first, without gap or double while new ones come", chunkPaging},
		{"chunks are narrowed to a run and to outcomes", chunkFilter},
		{"hours are listed from a time on, oldest first", hoursListed},
		{"tenants and flows have chunks and hours of their own", chunksApart},
	}
}

// chunk returns a chunk of n records with one outcome, at the present time.
func (w *world) chunk(flow, run, id string, outcome model.Outcome, n int) store.Chunk {
	return store.Chunk{Tenant: w.tenant, Flow: flow, Run: run, ID: id, At: w.clock.Now(), Expires: w.clock.Now().Add(24 * time.Hour),
		Counts: map[model.Outcome]int{outcome: n}, Payload: []byte("payload of " + id)}
}

func chunkRoundTrip(w *world) {
	c := w.chunk("f", "r", "c", model.Rejected, 1)
	c.At, c.Expires = start.Add(-time.Minute-1), start.Add(time.Hour+3)
	c.Counts = map[model.Outcome]int{model.Pending: 1, model.Delivered: 2, model.Skipped: 3, model.Rejected: 4, model.Failed: 5}
	c.Payload = big()
	w.must(w.store.AppendChunk(w.ctx(), c))
	got, err := w.store.Chunk(w.ctx(), w.tenant, "f", "c")
	w.must(err)
	w.equal("chunk", got, c)
	list, _, err := w.store.Chunks(w.ctx(), store.ChunkFilter{Tenant: w.tenant, Flow: "f"}, "", 10)
	w.must(err)
	w.equal("listed chunks", list, []store.Chunk{c})
}

func (w *world) hours(flow string, from time.Time) []store.Hour {
	w.Helper()
	got, err := w.store.Hours(w.ctx(), w.tenant, flow, from)
	w.must(err)
	for _, h := range got {
		for outcome, n := range h.Counts { // a store may keep a count of none
			if n == 0 {
				delete(h.Counts, outcome)
			}
		}
	}
	return got
}

func chunkCounts(w *world) {
	want := aRun(w.tenant, "f", "r")
	w.must(w.store.StartRun(w.ctx(), want))
	mixed := w.chunk("f", "r", "a", model.Delivered, 40)
	mixed.Counts[model.Skipped] = 10
	w.must(w.store.AppendChunk(w.ctx(), mixed))
	w.must(w.store.AppendChunk(w.ctx(), w.chunk("f", "r", "b", model.Skipped, 5)))
	w.must(w.store.AppendChunk(w.ctx(), w.chunk("f", "r", "c", model.Failed, 1)))
	want.Counts = map[model.Outcome]int{model.Delivered: 40, model.Skipped: 15, model.Failed: 1}
	w.equal("run", w.run("f", "r"), want)
	w.equal("hours", w.hours("f", start), []store.Hour{{Start: start, Counts: want.Counts}})
}

func chunkRepeated(w *world) {
	want := aRun(w.tenant, "f", "r")
	w.must(w.store.StartRun(w.ctx(), want))
	first := w.chunk("f", "r", "c", model.Delivered, 3)
	w.must(w.store.AppendChunk(w.ctx(), first))
	again := first
	again.At, again.Payload = start.Add(2*time.Hour), []byte("another")
	again.Counts = map[model.Outcome]int{model.Failed: 3}
	w.must(w.store.AppendChunk(w.ctx(), again))
	got, err := w.store.Chunk(w.ctx(), w.tenant, "f", "c")
	w.must(err)
	w.equal("chunk", got, first)
	want.Counts = map[model.Outcome]int{model.Delivered: 3}
	w.equal("run", w.run("f", "r"), want)
	w.equal("hours", w.hours("f", start), []store.Hour{{Start: start, Counts: want.Counts}})
}

func chunkRace(w *world) {
	want := aRun(w.tenant, "f", "r")
	w.must(w.store.StartRun(w.ctx(), want))
	for _, id := range numbered("%d", 10) {
		var failed atomic.Int64
		together(8, func(int) {
			if w.store.AppendChunk(w.ctx(), w.chunk("f", "r", id, model.Delivered, 7)) != nil {
				failed.Add(1)
			}
		})
		w.equal("failed calls", failed.Load(), int64(0))
	}
	want.Counts = map[model.Outcome]int{model.Delivered: 70}
	w.equal("run", w.run("f", "r"), want)
	w.equal("hours", w.hours("f", start), []store.Hour{{Start: start, Counts: want.Counts}})
}

func chunkExpires(w *world) {
	for i, id := range []string{"a", "b", "c"} {
		c := w.chunk("f", "r", id, model.Delivered, 1)
		c.Expires = start.Add(time.Duration(i+1) * time.Hour)
		w.must(w.store.AppendChunk(w.ctx(), c))
	}
	listed := func(f store.ChunkFilter) (ids []string) {
		f.Tenant, f.Flow = w.tenant, "f"
		for _, c := range pages(w, 1, func(cursor string) ([]store.Chunk, string, error) { return w.store.Chunks(w.ctx(), f, cursor, 1) }, func() {}) {
			ids = append(ids, c.ID)
		}
		return ids
	}
	w.clock.Advance(time.Hour - time.Second)
	w.equal("before any expired", listed(store.ChunkFilter{}), []string{"c", "b", "a"})
	w.clock.Advance(2 * time.Second)
	_, err := w.store.Chunk(w.ctx(), w.tenant, "f", "a")
	w.is("the expired chunk", err, store.ErrNotFound)
	if _, err := w.store.Chunk(w.ctx(), w.tenant, "f", "b"); err != nil {
		w.Errorf("a chunk that did not expire: %v", err)
	}
	for _, f := range []store.ChunkFilter{{}, {Run: "r"}, {Outcomes: []model.Outcome{model.Delivered}}} {
		w.equal(fmt.Sprintf("after one expired, filter %+v", f), listed(f), []string{"c", "b"})
	}
	w.clock.Advance(24 * time.Hour)
	w.equal("after all expired", len(listed(store.ChunkFilter{})), 0)
	w.equal("their hours", len(w.hours("f", start)), 0)
}

func chunkPaging(w *world) {
	var want []string
	add := func(i int) string {
		id := fmt.Sprintf("chunk-%05d", i)
		w.must(w.store.AppendChunk(w.ctx(), w.chunk("f", "r", id, model.Delivered, 1)))
		return id
	}
	for i := range 25 {
		want = append(want, add(i))
	}
	slices.Reverse(want)
	for _, filter := range []store.ChunkFilter{{}, {Run: "r"}, {Outcomes: []model.Outcome{model.Delivered}}} {
		filter.Tenant, filter.Flow = w.tenant, "f"
		for _, limit := range []int{1, 4, 25, 100} {
			newest, _, err := w.store.Chunks(w.ctx(), filter, "", 1)
			w.must(err)
			if len(newest) != 1 {
				w.Fatalf("a page of 1 with %d chunks", len(newest))
			}
			var next int
			if _, err := fmt.Sscanf(newest[0].ID, "chunk-%05d", &next); err != nil {
				w.Fatalf("chunk %q: %v", newest[0].ID, err)
			}
			before := next
			got := pages(w, limit, func(cursor string) ([]store.Chunk, string, error) {
				return w.store.Chunks(w.ctx(), filter, cursor, limit)
			}, func() {
				next++
				add(next) // newer than all: it belongs before the first page
			})
			ids := make([]string, 0, len(got))
			for _, c := range got {
				ids = append(ids, c.ID)
			}
			if len(ids) != before+1 || !slices.IsSortedFunc(ids, func(a, b string) int { return compareText(b, a) }) {
				w.Errorf("pages of %d: %d chunks, want %d, newest first: %v", limit, len(ids), before+1, ids)
			}
			w.equal(fmt.Sprintf("last 25 in pages of %d", limit), ids[max(0, len(ids)-25):], want)
		}
	}
}

func chunkFilter(w *world) {
	both := w.chunk("f", "r1", "5", model.Delivered, 9)
	both.Counts[model.Rejected] = 1
	for _, c := range []store.Chunk{
		w.chunk("f", "r1", "1", model.Delivered, 1), w.chunk("f", "r2", "2", model.Delivered, 1), w.chunk("f", "r1", "3", model.Rejected, 1),
		w.chunk("f", "r2", "4", model.Failed, 2), both, w.chunk("f", "", "6", model.Skipped, 3), w.chunk("g", "r1", "7", model.Delivered, 1),
	} {
		w.must(w.store.AppendChunk(w.ctx(), c))
	}
	none := w.chunk("f", "r1", "8", model.Rejected, 0) // counts none, so it holds none
	none.Counts[model.Pending] = 1
	w.must(w.store.AppendChunk(w.ctx(), none))
	for _, c := range []struct {
		run      string
		outcomes []model.Outcome
		want     []string
	}{
		{"", nil, []string{"8", "6", "5", "4", "3", "2", "1"}},
		{"r1", nil, []string{"8", "5", "3", "1"}},
		{"r2", nil, []string{"4", "2"}},
		{"r9", nil, nil},
		{"", []model.Outcome{model.Delivered}, []string{"5", "2", "1"}},
		{"", []model.Outcome{model.Rejected}, []string{"5", "3"}},
		{"", []model.Outcome{model.Rejected, model.Failed}, []string{"5", "4", "3"}},
		{"", []model.Outcome{model.Skipped, model.Pending}, []string{"8", "6"}},
		{"r1", []model.Outcome{model.Delivered, model.Failed}, []string{"5", "1"}},
		{"r2", []model.Outcome{model.Rejected}, nil},
	} {
		for _, limit := range []int{1, 2, 50} {
			var ids []string
			for _, found := range pages(w, limit, func(cursor string) ([]store.Chunk, string, error) {
				return w.store.Chunks(w.ctx(), store.ChunkFilter{Tenant: w.tenant, Flow: "f", Run: c.run, Outcomes: c.outcomes}, cursor, limit)
			}, func() {}) {
				ids = append(ids, found.ID)
			}
			w.equal(fmt.Sprintf("run %q, outcomes %v, pages of %d", c.run, c.outcomes, limit), ids, c.want)
		}
	}
}

func hoursListed(w *world) {
	hour := func(hours, delivered int) store.Hour {
		return store.Hour{Start: start.Add(time.Duration(hours) * time.Hour), Counts: map[model.Outcome]int{model.Delivered: delivered}}
	}
	for i, at := range []time.Duration{2 * time.Hour, 0, time.Hour - 1, time.Hour, 2*time.Hour + 30*time.Minute, -time.Minute} {
		c := w.chunk("f", "r", fmt.Sprint(i), model.Delivered, 1<<i)
		c.At = start.Add(at)
		w.must(w.store.AppendChunk(w.ctx(), c))
	}
	all := []store.Hour{hour(-1, 32), hour(0, 2+4), hour(1, 8), hour(2, 1+16)}
	w.equal("all hours", w.hours("f", start.Add(-24*time.Hour)), all)
	w.equal("hours from the second on", w.hours("f", start), all[1:])
	w.equal("hours from the last on", w.hours("f", start.Add(2*time.Hour)), all[3:])
	w.equal("number of hours from later on", len(w.hours("f", start.Add(3*time.Hour))), 0)
	for _, h := range w.hours("f", start) {
		if h.Start.Location() != time.UTC {
			w.Errorf("hour %v is not in UTC", h.Start)
		}
	}
}

func chunksApart(w *world) {
	pairs := append(lookalikes(w.tenant), [2][2]string{{w.tenant + "1", "f"}, {w.tenant + "2", "f"}}, [2][2]string{{w.tenant, "f"}, {w.tenant, "g"}})
	for _, pair := range pairs {
		for i, p := range pair {
			w.must(w.store.StartRun(w.ctx(), aRun(p[0], p[1], "r")))
			c := w.chunk("", "r", "c", model.Delivered, i+1)
			c.Tenant, c.Flow, c.Payload = p[0], p[1], []byte{byte(i)}
			w.must(w.store.AppendChunk(w.ctx(), c))
		}
		for i, p := range pair {
			what := fmt.Sprintf("of %q", p)
			got, err := w.store.Chunk(w.ctx(), p[0], p[1], "c")
			w.must(err)
			w.equal("chunk "+what, []any{got.Tenant, got.Flow, got.Payload}, []any{p[0], p[1], []byte{byte(i)}})
			list, _, err := w.store.Chunks(w.ctx(), store.ChunkFilter{Tenant: p[0], Flow: p[1]}, "", 10)
			w.must(err)
			w.equal("number of chunks "+what, len(list), 1)
			run, err := w.store.Run(w.ctx(), p[0], p[1], "r")
			w.must(err)
			w.equal("run "+what, run.Counts[model.Delivered], i+1)
			hours, err := w.store.Hours(w.ctx(), p[0], p[1], start)
			w.must(err)
			if len(hours) != 1 || hours[0].Counts[model.Delivered] != i+1 {
				w.Errorf("hours %s: %+v", what, hours)
			}
		}
	}
}
