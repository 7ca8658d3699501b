package storetest

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"apicenter/shared/store"
)

func brokenLedger() []breakage {
	return []breakage{
		breakStore("ledger", "revision ignored", "an entry is saved once per revision", func(a adapter) store.Store { return anyRevision{a} }),
		breakStore("ledger", "revision checked before saving", "of many savers with one revision exactly one wins, for each key",
			func(a adapter) store.Store { return checkThenSave{a} }),
		breakStore("ledger", "one refused refuses all", "a refused entry does not keep its neighbours", func(a adapter) store.Store { return allOrNothing{a} }),
		breakStore("ledger", "sorted by key", "entries come back in the order of the keys", func(a adapter) store.Store { return sortedByKey{a} }),
		breakStore("ledger", "absent entries left out", "keys without an entry come back zero, in order", func(a adapter) store.Store { return absentLeftOut{a} }),
		breakStore("ledger", "times in seconds", "an entry comes back as it was saved", func(a adapter) store.Store { return timesInSeconds{a} }),
		breakStore("ledger", "cancellation forgotten", "an entry comes back as it was saved", func(a adapter) store.Store { return neverCancelled{a} }),
		breakStore("ledger", "batches cut at 100", "batches of any size are saved and read", func(a adapter) store.Store { return batchesCut{a} }),
		breakStore("ledger", "letter case ignored", "odd keys are kept apart", func(a adapter) store.Store { return lowerCase{a} }),
		breakStore("ledger", "old references found", "entries are found by their present reference",
			func(a adapter) store.Store { return &oldReferences{adapter: a} }),
		breakStore("ledger", "references of all flows", "entries are found by their present reference",
			func(a adapter) store.Store { return &oldReferences{adapter: a, anyScope: true} }),
		breakStore("ledger", "tenant ignored", "tenants and scopes have entries of their own", func(a adapter) store.Store { return tenantIgnored{a} }),
		breakStore("ledger", "twice in one batch saved twice", "the same key twice in one batch is saved once",
			func(a adapter) store.Store { return twiceInBatch{a} }),
	}
}

type allOrNothing struct{ adapter }

func (b allOrNothing) SaveEntries(ctx context.Context, s store.Scope, list []store.Entry) ([]int64, error) {
	keys := make([]string, len(list))
	for i := range list {
		keys[i] = list[i].Key
	}
	now, err := b.Entries(ctx, s, keys)
	for i := range now {
		if now[i].Revision != list[i].Revision {
			return make([]int64, len(list)), err
		}
	}
	return b.Store.SaveEntries(ctx, s, list)
}

type sortedByKey struct{ adapter }

func (b sortedByKey) Entries(ctx context.Context, s store.Scope, keys []string) ([]store.Entry, error) {
	keys = slices.Clone(keys)
	slices.Sort(keys)
	return b.Store.Entries(ctx, s, keys)
}

type absentLeftOut struct{ adapter }

func (b absentLeftOut) Entries(ctx context.Context, s store.Scope, keys []string) ([]store.Entry, error) {
	list, err := b.Store.Entries(ctx, s, keys)
	return slices.DeleteFunc(list, func(e store.Entry) bool { return e.Revision == 0 }), err
}

type timesInSeconds struct{ adapter }

func (b timesInSeconds) SaveEntries(ctx context.Context, s store.Scope, list []store.Entry) ([]int64, error) {
	list = slices.Clone(list)
	for i := range list {
		list[i].UnsureUntil = list[i].UnsureUntil.Truncate(time.Second)
	}
	return b.Store.SaveEntries(ctx, s, list)
}

type neverCancelled struct{ adapter }

func (b neverCancelled) SaveEntries(ctx context.Context, s store.Scope, list []store.Entry) ([]int64, error) {
	list = slices.Clone(list)
	for i := range list {
		list[i].Cancelled = false
	}
	return b.Store.SaveEntries(ctx, s, list)
}

type lowerCase struct{ adapter }

func (b lowerCase) SaveEntries(ctx context.Context, s store.Scope, list []store.Entry) ([]int64, error) {
	list = slices.Clone(list)
	for i := range list {
		list[i].Key = strings.ToLower(list[i].Key)
	}
	return b.Store.SaveEntries(ctx, s, list)
}

func (b lowerCase) Entries(ctx context.Context, s store.Scope, keys []string) ([]store.Entry, error) {
	lower := slices.Clone(keys)
	for i := range lower {
		lower[i] = strings.ToLower(lower[i])
	}
	list, err := b.Store.Entries(ctx, s, lower)
	for i := range list {
		list[i].Key = keys[i]
	}
	return list, err
}

// oldReferences finds an entry by every reference it ever had.
type oldReferences struct {
	adapter
	anyScope bool
	mu       sync.Mutex
	known    []knownReference
}

type knownReference struct {
	scope          store.Scope
	reference, key string
}

func (b *oldReferences) SaveEntries(ctx context.Context, s store.Scope, list []store.Entry) ([]int64, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, e := range list {
		if k := (knownReference{s, e.Reference, e.Key}); e.Reference != "" && !slices.Contains(b.known, k) {
			b.known = append(b.known, k)
		}
	}
	return b.Store.SaveEntries(ctx, s, list)
}

func (b *oldReferences) EntriesByReference(ctx context.Context, s store.Scope, reference string) (list []store.Entry, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, k := range b.known {
		if k.reference == reference && (k.scope == s || b.anyScope) {
			found, err := b.Entries(ctx, k.scope, []string{k.key})
			if err != nil {
				return nil, err
			}
			if !b.anyScope || found[0].Reference == reference {
				list = append(list, found...)
			}
		}
	}
	return list, nil
}

// twiceInBatch compares all revisions before it saves any.
type twiceInBatch struct{ adapter }

func (b twiceInBatch) SaveEntries(ctx context.Context, s store.Scope, list []store.Entry) ([]int64, error) {
	list, bumps := slices.Clone(list), map[string]int64{}
	for i := range list {
		list[i].Revision += bumps[list[i].Key]
		bumps[list[i].Key]++
	}
	return b.Store.SaveEntries(ctx, s, list)
}
