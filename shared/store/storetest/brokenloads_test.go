package storetest

import (
	"context"
	"runtime"
	"sync"
	"time"

	"apicenter/shared/secret"
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

func brokenKeys() []breakage {
	breakKeys := func(what, promise string, by func(k secret.Keys) secret.Keys) breakage {
		return breakage{what, "keys", promise, func(a adapter) (store.Store, secret.Keys) { return a.Store, by(a.Keys) }}
	}
	return []breakage{
		breakKeys("second maker keeps its own", "a keyset is never replaced, and its second maker gets the first",
			func(k secret.Keys) secret.Keys { return keepsOwn{k} }),
		breakKeys("looked for before it is made", "makers at the same time all get the same keyset", func(k secret.Keys) secret.Keys { return looksThenMakes{k} }),
		breakKeys("erased without a mark", "an erased keyset leaves a mark and nothing else", func(k secret.Keys) secret.Keys { return noMark{k} }),
		breakKeys("tenant ignored", "tenants have keys of their own", func(k secret.Keys) secret.Keys { return oneForAll{k} }),
		breakKeys("time in seconds", "a keyset comes back as it was created", func(k secret.Keys) secret.Keys { return createdInSeconds{k} }),
	}
}

// keyPort is embedded in place of secret.Keys, whose name would hide its method Keys.
type keyPort interface{ secret.Keys }

type keepsOwn struct{ keyPort }

func (b keepsOwn) CreateKeys(ctx context.Context, tenant string, s secret.Stored) (secret.Stored, error) {
	_, err := b.keyPort.CreateKeys(ctx, tenant, s)
	return s, err
}

type looksThenMakes struct{ keyPort }

func (b looksThenMakes) CreateKeys(ctx context.Context, tenant string, s secret.Stored) (secret.Stored, error) {
	now, found, err := b.Keys(ctx, tenant)
	if err != nil || found {
		return now, err
	}
	_, err = b.keyPort.CreateKeys(ctx, tenant, s)
	return s, err
}

type noMark struct{ keyPort }

func (b noMark) Keys(ctx context.Context, tenant string) (secret.Stored, bool, error) {
	s, found, err := b.keyPort.Keys(ctx, tenant)
	return s, found && !s.Erased, err
}

type oneForAll struct{ keyPort }

func (b oneForAll) Keys(ctx context.Context, _ string) (secret.Stored, bool, error) {
	return b.keyPort.Keys(ctx, "")
}

func (b oneForAll) CreateKeys(ctx context.Context, _ string, s secret.Stored) (secret.Stored, error) {
	return b.keyPort.CreateKeys(ctx, "", s)
}

func (b oneForAll) EraseKeys(ctx context.Context, _ string) error {
	return b.keyPort.EraseKeys(ctx, "")
}

type createdInSeconds struct{ keyPort }

func (b createdInSeconds) CreateKeys(ctx context.Context, tenant string, s secret.Stored) (secret.Stored, error) {
	s.Created = s.Created.Truncate(time.Second)
	return b.keyPort.CreateKeys(ctx, tenant, s)
}
