package storetest

import (
	"context"
	"slices"
	"sync"
	"time"

	"apicenter/shared/integration"
	"apicenter/shared/model"
	"apicenter/shared/store"
)

func brokenFlows() []breakage {
	return []breakage{
		breakStore("flows", "due moves from anywhere", "the due time moves only from where it was", func(a adapter) store.Store { return movesFromAnywhere{a} }),
		breakStore("flows", "everyone moves due", "of many that move a due time exactly one does", func(a adapter) store.Store { return everyoneMoves{a} }),
		breakStore("flows", "paused flows are due", "a paused flow is not due until it is resumed",
			func(a adapter) store.Store { return &pausedAreDue{adapter: a} }),
		breakStore("flows", "newest due first", "due flows are active, of the kind, due by now, the longest due first",
			func(a adapter) store.Store { return newestDueFirst{a} }),
		breakStore("flows", "limit of one page", "due flows are active, of the kind, due by now, the longest due first",
			func(a adapter) store.Store { return dueCut{a} }),
		breakStore("flows", "twins allowed", "the same kind between the same connections is there once", func(a adapter) store.Store { return twinsAllowed{a} }),
		breakStore("flows", "any version", "a version that is not above the stored one is refused", func(a adapter) store.Store { return anyVersion{a} }),
		breakStore("flows", "old tokens work", "a flow is found by the hash of its token, and by that only",
			func(a adapter) store.Store { return &oldTokens{adapter: a} }),
	}
}

type movesFromAnywhere struct{ adapter }

func (b movesFromAnywhere) MoveDue(ctx context.Context, tenant, id string, from, to time.Time) (bool, error) {
	for _, k := range model.Kinds() {
		list, err := b.DueFlows(ctx, k, start.Add(1000*time.Hour), 1000)
		if err != nil {
			return false, err
		}
		for _, d := range list {
			if d.Flow.Tenant == tenant && d.Flow.ID == id {
				from = d.At
			}
		}
	}
	return b.Store.MoveDue(ctx, tenant, id, from, to)
}

type everyoneMoves struct{ adapter }

func (b everyoneMoves) MoveDue(ctx context.Context, tenant, id string, from, to time.Time) (bool, error) {
	_, err := b.Store.MoveDue(ctx, tenant, id, from, to)
	return true, err
}

type pausedAreDue struct {
	adapter
	mu     sync.Mutex
	paused []store.DueFlow
}

func (b *pausedAreDue) PutFlow(ctx context.Context, f integration.Flow, due time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if f.Status == integration.Paused {
		b.paused = append(b.paused, store.DueFlow{Flow: f, At: due})
	}
	return b.Store.PutFlow(ctx, f, due)
}

func (b *pausedAreDue) DueFlows(ctx context.Context, k model.Kind, now time.Time, limit int) ([]store.DueFlow, error) {
	list, err := b.Store.DueFlows(ctx, k, now, limit)
	b.mu.Lock()
	defer b.mu.Unlock()
	return append(list, b.paused...), err
}

type newestDueFirst struct{ adapter }

func (b newestDueFirst) DueFlows(ctx context.Context, k model.Kind, now time.Time, limit int) ([]store.DueFlow, error) {
	list, err := b.Store.DueFlows(ctx, k, now, 1000)
	slices.Reverse(list)
	return list[:min(limit, len(list))], err
}

type dueCut struct{ adapter }

func (b dueCut) DueFlows(ctx context.Context, k model.Kind, now time.Time, limit int) ([]store.DueFlow, error) {
	return b.Store.DueFlows(ctx, k, now.Add(-time.Nanosecond), limit)
}

type twinsAllowed struct{ adapter }

func (b twinsAllowed) PutFlow(ctx context.Context, f integration.Flow, due time.Time) error {
	return unless(b.Store.PutFlow(ctx, f, due), store.ErrDuplicate)
}

type anyVersion struct{ adapter }

func (b anyVersion) PutFlow(ctx context.Context, f integration.Flow, due time.Time) error {
	now, err := b.Flow(ctx, f.Tenant, f.ID)
	if err == nil {
		f.Version = now.Version + 1
	}
	return b.Store.PutFlow(ctx, f, due)
}

type oldTokens struct {
	adapter
	mu    sync.Mutex
	known map[string]integration.Flow
}

func (b *oldTokens) PutFlow(ctx context.Context, f integration.Flow, due time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.known == nil {
		b.known = map[string]integration.Flow{}
	}
	b.known[f.Hook] = f
	return b.Store.PutFlow(ctx, f, due)
}

func (b *oldTokens) FlowByHook(ctx context.Context, hook string) (integration.Flow, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if f, ok := b.known[hook]; ok && hook != "" {
		return b.Flow(ctx, f.Tenant, f.ID)
	}
	return b.Store.FlowByHook(ctx, hook)
}
