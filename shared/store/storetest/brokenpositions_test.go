package storetest

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"apicenter/shared/store"
)

func brokenPositions() []breakage {
	return []breakage{
		breakStore("positions", "checkpoint without owner check", "only the holder of a live lease saves a checkpoint",
			func(a adapter) store.Store { return anyOwnerSaves{a} }),
		breakStore("positions", "checkpoint after expiry", "a checkpoint saved after the lease expired is refused and nothing is changed",
			func(a adapter) store.Store { return &savesAfterExpiry{adapter: a} }),
		breakStore("positions", "checkpoint does not prolong", "saving a checkpoint prolongs the lease",
			func(a adapter) store.Store { return neverProlongs{a} }),
		breakStore("positions", "refused without a mark", "a held lease is refused and marked again", func(a adapter) store.Store { return neverMarks{a} }),
		breakStore("positions", "released in spite of the mark", "a lease marked again is kept at its release, once",
			func(a adapter) store.Store { return alwaysReleases{a} }),
		breakStore("positions", "mark read before the release", "a mark set while the holder releases is never lost",
			func(a adapter) store.Store { return looksThenReleases{a} }),
		breakStore("positions", "lease looked at before it is taken", "of many that acquire exactly one gets the lease",
			func(a adapter) store.Store { return looksThenAcquires{a} }),
		breakStore("positions", "anybody hands over", "a lease is handed over by its owner", func(a adapter) store.Store { return anyOwnerHandsOver{a} }),
		breakStore("positions", "hand-over clears the mark", "the mark again survives a change of owner", func(a adapter) store.Store { return handOverClears{a} }),
		breakStore("positions", "anybody releases", "only its owner releases a lease", func(a adapter) store.Store { return anyOwnerReleases{a} }),
		breakStore("positions", "leases never expire", "an expired lease is free", func(a adapter) store.Store { return neverExpires{a} }),
		breakStore("positions", "keys joined by /", "tenants, flows and modes have positions of their own",
			func(a adapter) store.Store { return joinedKeys{a} }),
	}
}

type anyOwnerSaves struct{ adapter }

func (b anyOwnerSaves) SaveCheckpoint(ctx context.Context, p store.PositionKey, owner, checkpoint string, until time.Time) error {
	err := b.Store.SaveCheckpoint(ctx, p, owner, checkpoint, until)
	if pos, _ := b.Position(ctx, p); errors.Is(err, store.ErrLeaseLost) && pos.Owner != "" {
		return b.Store.SaveCheckpoint(ctx, p, pos.Owner, checkpoint, until)
	}
	return err
}

// savesAfterExpiry checks that nobody else took the lease, and not that it is still alive.
type savesAfterExpiry struct {
	adapter
	mu   sync.Mutex
	last map[store.PositionKey]string
}

func (b *savesAfterExpiry) Acquire(ctx context.Context, p store.PositionKey, owner string, until time.Time) (store.Position, bool, error) {
	pos, acquired, err := b.Store.Acquire(ctx, p, owner, until)
	b.mu.Lock()
	defer b.mu.Unlock()
	if acquired {
		if b.last == nil {
			b.last = map[store.PositionKey]string{}
		}
		b.last[p] = owner
	}
	return pos, acquired, err
}

func (b *savesAfterExpiry) SaveCheckpoint(ctx context.Context, p store.PositionKey, owner, checkpoint string, until time.Time) error {
	err := b.Store.SaveCheckpoint(ctx, p, owner, checkpoint, until)
	b.mu.Lock()
	last := b.last[p]
	b.mu.Unlock()
	if pos, _ := b.Position(ctx, p); errors.Is(err, store.ErrLeaseLost) && pos.Owner == "" && last == owner && owner != "" {
		if _, _, err := b.Store.Acquire(ctx, p, owner, until); err != nil {
			return err
		}
		return b.Store.SaveCheckpoint(ctx, p, owner, checkpoint, until)
	}
	return err
}

type neverProlongs struct{ adapter }

func (b neverProlongs) SaveCheckpoint(ctx context.Context, p store.PositionKey, owner, checkpoint string, until time.Time) error {
	if pos, _ := b.Position(ctx, p); !pos.Until.IsZero() {
		until = pos.Until
	}
	return b.Store.SaveCheckpoint(ctx, p, owner, checkpoint, until)
}

type neverMarks struct{ adapter }

func (b neverMarks) Acquire(ctx context.Context, p store.PositionKey, owner string, until time.Time) (store.Position, bool, error) {
	if pos, err := b.Position(ctx, p); err != nil || pos.Owner != "" && pos.Owner != owner {
		return pos, false, err
	}
	return b.Store.Acquire(ctx, p, owner, until)
}

type alwaysReleases struct{ adapter }

func (b alwaysReleases) Release(ctx context.Context, p store.PositionKey, owner string) (bool, error) {
	again, err := b.Store.Release(ctx, p, owner)
	if err == nil && again {
		_, err = b.Store.Release(ctx, p, owner)
	}
	return again, err
}

type looksThenReleases struct{ adapter }

func (b looksThenReleases) Release(ctx context.Context, p store.PositionKey, owner string) (bool, error) {
	pos, err := b.Position(ctx, p)
	if err != nil || pos.Again {
		return b.Store.Release(ctx, p, owner)
	}
	if err := b.gap(ctx); err != nil {
		return false, err
	}
	for {
		if again, err := b.Store.Release(ctx, p, owner); err != nil || !again {
			return false, err
		}
	}
}

type looksThenAcquires struct{ adapter }

func (b looksThenAcquires) Acquire(ctx context.Context, p store.PositionKey, owner string, until time.Time) (store.Position, bool, error) {
	free, err := b.Position(ctx, p)
	if err != nil {
		return free, false, err
	}
	pos, acquired, err := b.Store.Acquire(ctx, p, owner, until)
	return pos, acquired || free.Owner == "", err
}

type anyOwnerHandsOver struct{ adapter }

func (b anyOwnerHandsOver) HandOver(ctx context.Context, p store.PositionKey, owner, next string, until time.Time) error {
	if pos, _ := b.Position(ctx, p); pos.Owner != "" {
		owner = pos.Owner
	}
	return b.Store.HandOver(ctx, p, owner, next, until)
}

type handOverClears struct{ adapter }

func (b handOverClears) HandOver(ctx context.Context, p store.PositionKey, owner, next string, until time.Time) error {
	if pos, _ := b.Position(ctx, p); pos.Again {
		if _, err := b.Release(ctx, p, owner); err != nil {
			return err
		}
	}
	return b.Store.HandOver(ctx, p, owner, next, until)
}

type anyOwnerReleases struct{ adapter }

func (b anyOwnerReleases) Release(ctx context.Context, p store.PositionKey, owner string) (bool, error) {
	if pos, _ := b.Position(ctx, p); pos.Owner != "" {
		owner = pos.Owner
	}
	return b.Store.Release(ctx, p, owner)
}

type neverExpires struct{ adapter }

func (b neverExpires) Acquire(ctx context.Context, p store.PositionKey, owner string, until time.Time) (store.Position, bool, error) {
	return b.Store.Acquire(ctx, p, owner, until.Add(1000*time.Hour))
}

func brokenRereads() []breakage {
	return []breakage{
		breakStore("rereads", "Since overwritten", "adding a record again keeps its Since", func(a adapter) store.Store { return sinceOverwritten{a} }),
		breakStore("rereads", "due one too late", "records are due from their time on, the longest due first", func(a adapter) store.Store { return dueTooLate{a} }),
		breakStore("rereads", "batches cut at 100", "batches of any size are added and removed", func(a adapter) store.Store { return batchesCut{a} }),
		breakStore("rereads", "removing forgets the flow", "tenants and flows have lists of their own", func(a adapter) store.Store { return &removesEverywhere{adapter: a} }),
	}
}

type sinceOverwritten struct{ adapter }

func (b sinceOverwritten) AddRereads(ctx context.Context, tenant, flow string, list []store.Reread) error {
	for _, r := range list {
		if err := b.RemoveRereads(ctx, tenant, flow, []string{r.Key}); err != nil {
			return err
		}
	}
	return b.Store.AddRereads(ctx, tenant, flow, list)
}

func (b sinceOverwritten) PutFailures(ctx context.Context, list []store.Failure) error {
	for _, f := range list {
		now, err := b.Failure(ctx, f.Tenant, f.Flow, f.Key)
		if err == nil && f.Version.Compare(now.Version) >= 0 {
			err = b.CloseFailures(ctx, f.Tenant, f.Flow, []store.Closed{{Key: f.Key, Version: now.Version}})
		}
		if err := errors.Join(unless(err, store.ErrNotFound), b.Store.PutFailures(ctx, []store.Failure{f})); err != nil {
			return err
		}
	}
	return nil
}

type dueTooLate struct{ adapter }

func (b dueTooLate) DueRereads(ctx context.Context, tenant, flow string, now time.Time, limit int) ([]store.Reread, error) {
	return b.Store.DueRereads(ctx, tenant, flow, now.Add(-1), limit)
}

// batchesCut takes as many as one call of some databases does.
type batchesCut struct{ adapter }

func (b batchesCut) AddRereads(ctx context.Context, tenant, flow string, list []store.Reread) error {
	return b.Store.AddRereads(ctx, tenant, flow, list[:min(100, len(list))])
}

func (b batchesCut) Entries(ctx context.Context, s store.Scope, keys []string) ([]store.Entry, error) {
	return b.Store.Entries(ctx, s, keys[:min(100, len(keys))])
}

func (b batchesCut) PutFailures(ctx context.Context, list []store.Failure) error {
	return b.Store.PutFailures(ctx, list[:min(100, len(list))])
}

type removesEverywhere struct {
	adapter
	mu     sync.Mutex
	places [][2]string
}

func (b *removesEverywhere) AddRereads(ctx context.Context, tenant, flow string, list []store.Reread) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !slices.Contains(b.places, [2]string{tenant, flow}) {
		b.places = append(b.places, [2]string{tenant, flow})
	}
	return b.Store.AddRereads(ctx, tenant, flow, list)
}

func (b *removesEverywhere) RemoveRereads(ctx context.Context, _, _ string, keys []string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, p := range b.places {
		if err := b.Store.RemoveRereads(ctx, p[0], p[1], keys); err != nil {
			return err
		}
	}
	return nil
}
