package storetest

import (
	"context"
	"errors"
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
