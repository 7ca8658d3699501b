package storetest

import (
	"context"
	"strconv"
	"sync"
	"time"

	"apicenter/shared/fault"
	"apicenter/shared/store"
)

func brokenActivity() []breakage {
	return []breakage{
		breakStore("activity", "chunk counted twice", "a chunk appended again is ignored, counts included", func(a adapter) store.Store { return countedTwice{a} }),
		breakStore("activity", "chunk looked for before it is counted", "a chunk appended many times at once counts once",
			func(a adapter) store.Store { return &looksThenCounts{adapter: a} }),
		breakStore("activity", "expired chunk returned", "an expired chunk is not seen any more", func(a adapter) store.Store { return neverSweeps{a} }),
		breakStore("activity", "expired run listed", "a run whose time is over is not shown, deleted or not", func(a adapter) store.Store { return keepsRuns{a} }),
		breakStore("activity", "run started anew", "starting a run that exists changes nothing", func(a adapter) store.Store { return &startsAnew{adapter: a} }),
		breakStore("activity", "problem forgotten", "an end closes the run and says why", func(a adapter) store.Store { return problemForgotten{a} }),
		breakStore("activity", "first of a page twice", "runs are listed newest first, without gap or double while new ones start",
			func(a adapter) store.Store { return pageOverlaps{a} }),
		breakStore("activity", "runs paged by number", "runs are listed newest first, without gap or double while new ones start",
			func(a adapter) store.Store { return pagesByNumber{a} }),
		breakStore("activity", "chunks paged by number", "chunks are listed newest first, without gap or double while new ones come",
			func(a adapter) store.Store { return pagesByNumber{a} }),
		breakStore("activity", "last of a page lost", "chunks are listed newest first, without gap or double while new ones come",
			func(a adapter) store.Store { return pageGap{a} }),
		breakStore("activity", "outcomes ignored", "chunks are narrowed to a run and to outcomes", func(a adapter) store.Store { return outcomesIgnored{a} }),
		breakStore("activity", "first hour left out", "hours are listed from a time on, oldest first", func(a adapter) store.Store { return firstHourLeftOut{a} }),
		breakStore("activity", "flow ignored", "tenants and flows have chunks and hours of their own", func(a adapter) store.Store { return hoursTogether{a} }),
	}
}

// countedTwice adds the counts of a chunk whether it was new or not.
type countedTwice struct{ adapter }

func (b countedTwice) AppendChunk(ctx context.Context, c store.Chunk) error {
	if _, err := b.Chunk(ctx, c.Tenant, c.Flow, c.ID); err == nil {
		c.ID += " again"
	}
	return b.Store.AppendChunk(ctx, c)
}

// looksThenCounts ignores a chunk it finds, and counts one it did not find even if it came meanwhile.
type looksThenCounts struct {
	adapter
	mu sync.Mutex
}

func (b *looksThenCounts) AppendChunk(ctx context.Context, c store.Chunk) error {
	if _, err := b.Chunk(ctx, c.Tenant, c.Flow, c.ID); err == nil {
		return nil
	}
	if err := b.gap(ctx); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return countedTwice{b.adapter}.AppendChunk(ctx, c)
}

// neverSweeps forgets to test the expiry, as if a sweeper could be relied on.
type neverSweeps struct{ adapter }

func (b neverSweeps) Chunk(ctx context.Context, tenant, flow, id string) (store.Chunk, error) {
	now := b.clock.Now()
	b.clock.Set(start.Add(-24 * 365 * time.Hour))
	defer b.clock.Set(now)
	return b.Store.Chunk(ctx, tenant, flow, id)
}

// keepsRuns shows runs as long as nobody swept them away.
type keepsRuns struct{ adapter }

func (b keepsRuns) Runs(ctx context.Context, tenant, flow, cursor string, limit int) ([]store.Run, string, error) {
	now := b.clock.Now()
	b.clock.Set(start.Add(-24 * 365 * time.Hour))
	defer b.clock.Set(now)
	return b.Store.Runs(ctx, tenant, flow, cursor, limit)
}

type startsAnew struct {
	adapter
	mu   sync.Mutex
	last map[string]store.Run
}

func (b *startsAnew) StartRun(ctx context.Context, r store.Run) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.last == nil {
		b.last = map[string]store.Run{}
	}
	b.last[r.Tenant+r.Flow+r.ID] = r
	return b.Store.StartRun(ctx, r)
}

func (b *startsAnew) Run(ctx context.Context, tenant, flow, id string) (store.Run, error) {
	r, err := b.Store.Run(ctx, tenant, flow, id)
	b.mu.Lock()
	defer b.mu.Unlock()
	r.Trigger, r.Started, r.Mode = b.last[tenant+flow+id].Trigger, b.last[tenant+flow+id].Started, b.last[tenant+flow+id].Mode
	return r, err
}

type problemForgotten struct{ adapter }

func (b problemForgotten) AddToRun(ctx context.Context, tenant, flow, run string, pages, records int, ended time.Time, _ *fault.Error) error {
	return b.Store.AddToRun(ctx, tenant, flow, run, pages, records, ended, nil)
}

type pageOverlaps struct{ adapter }

func (b pageOverlaps) Runs(ctx context.Context, tenant, flow, cursor string, limit int) ([]store.Run, string, error) {
	list, next, err := b.Store.Runs(ctx, tenant, flow, cursor, limit+1)
	if next != "" && len(list) > 1 {
		list, next = list[:limit], list[limit-1].ID+"\x00"
	}
	return list, next, err
}

// pagesByNumber has a cursor that says how many were listed: whatever comes or goes meanwhile shifts the rest.
type pagesByNumber struct{ adapter }

func (b pagesByNumber) Runs(ctx context.Context, tenant, flow, cursor string, limit int) ([]store.Run, string, error) {
	list, _, err := b.Store.Runs(ctx, tenant, flow, "", 10_000)
	list, next := numberedPage(list, cursor, limit)
	return list, next, err
}

func (b pagesByNumber) Chunks(ctx context.Context, f store.ChunkFilter, cursor string, limit int) ([]store.Chunk, string, error) {
	list, _, err := b.Store.Chunks(ctx, f, "", 10_000)
	list, next := numberedPage(list, cursor, limit)
	return list, next, err
}

func (b pagesByNumber) Failures(ctx context.Context, f store.FailureFilter, cursor string, limit int) ([]store.Failure, string, error) {
	list, _, err := b.Store.Failures(ctx, f, "", 10_000)
	list, next := numberedPage(list, cursor, limit)
	return list, next, err
}

func numberedPage[T any](list []T, cursor string, limit int) ([]T, string) {
	from, _ := strconv.Atoi(cursor)
	if from >= len(list) || from > 60 { // enough to be wrong
		return nil, ""
	}
	to := min(from+limit, len(list))
	return list[from:to], strconv.Itoa(to)
}

type pageGap struct{ adapter }

func (b pageGap) Chunks(ctx context.Context, f store.ChunkFilter, cursor string, limit int) ([]store.Chunk, string, error) {
	list, next, err := b.Store.Chunks(ctx, f, cursor, limit+1)
	if len(list) > limit {
		list = list[:limit]
	}
	return list, next, err
}

type outcomesIgnored struct{ adapter }

func (b outcomesIgnored) Chunks(ctx context.Context, f store.ChunkFilter, cursor string, limit int) ([]store.Chunk, string, error) {
	f.Outcomes = nil
	return b.Store.Chunks(ctx, f, cursor, limit)
}

type firstHourLeftOut struct{ adapter }

func (b firstHourLeftOut) Hours(ctx context.Context, tenant, flow string, from time.Time) ([]store.Hour, error) {
	return b.Store.Hours(ctx, tenant, flow, from.Add(1))
}

// hoursTogether counts the hours of all flows of a tenant in one place.
type hoursTogether struct{ adapter }

func (b hoursTogether) AppendChunk(ctx context.Context, c store.Chunk) error {
	all := c
	all.Flow, all.ID = "all", c.ID+c.Flow
	if err := b.Store.AppendChunk(ctx, all); err != nil {
		return err
	}
	return b.Store.AppendChunk(ctx, c)
}

func (b hoursTogether) Hours(ctx context.Context, tenant, _ string, from time.Time) ([]store.Hour, error) {
	return b.Store.Hours(ctx, tenant, "all", from)
}
