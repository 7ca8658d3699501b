package storetest

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"apicenter/shared/store"
)

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
