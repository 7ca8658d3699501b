package storetest

import (
	"context"
	"runtime"
	"sync"

	"apicenter/shared/store"
)

func brokenLoads() []breakage {
	return []breakage{
		breakStore("loads", "below zero", "the load is never below zero", func(a adapter) store.Store { return &ownLoads{adapter: a} }),
		breakStore("loads", "cut at zero when added", "a message counted as finished before it was counted as queued leaves nothing",
			func(a adapter) store.Store { return &ownLoads{adapter: a, cut: true} }),
		breakStore("loads", "finished whenever counted", "the time is when something was last finished",
			func(a adapter) store.Store { return &ownLoads{adapter: a, anyTime: true} }),
		breakStore("loads", "never cleared", "a cleared load starts from none", func(a adapter) store.Store { return neverClears{a} }),
		breakStore("loads", "added in two steps", "counts made at the same time add up", func(a adapter) store.Store { return &ownLoads{adapter: a, twoSteps: true} }),
		breakStore("loads", "tenant ignored", "tenants and connections have loads of their own", func(a adapter) store.Store { return tenantIgnored{a} }),
	}
}

// ownLoads keeps loads itself, with one of several mistakes; without any it forgets to stop at zero.
type ownLoads struct {
	adapter
	cut, anyTime, twoSteps bool

	mu    sync.Mutex
	loads map[store.ConnectionRef]store.Load
}

func (b *ownLoads) AddLoad(_ context.Context, tenant, connection string, queued, finished int) error {
	ref := store.ConnectionRef{Tenant: tenant, ID: connection}
	b.mu.Lock()
	defer b.mu.Unlock()
	load := b.loads[ref]
	if b.twoSteps {
		b.mu.Unlock()
		runtime.Gosched() // the gap in which the others read the same figure
		b.mu.Lock()
	}
	load.Queued += queued - finished
	if b.cut {
		load.Queued = max(load.Queued, 0)
	}
	if finished > 0 || b.anyTime {
		load.Finished = b.clock.Now()
	}
	if b.loads == nil {
		b.loads = map[store.ConnectionRef]store.Load{}
	}
	b.loads[ref] = load
	return nil
}

func (b *ownLoads) Load(_ context.Context, tenant, connection string) (store.Load, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.loads[store.ConnectionRef{Tenant: tenant, ID: connection}], nil
}

type neverClears struct{ adapter }

func (b neverClears) ClearLoad(context.Context, string, string) error { return nil }
