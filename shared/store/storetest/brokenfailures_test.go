package storetest

import (
	"context"
	"errors"
	"sync"
	"time"

	"apicenter/shared/store"
)

func brokenFailures() []breakage {
	return []breakage{
		breakStore("failures", "older replaces newer", "a failure of an older version never replaces a newer one",
			func(a adapter) store.Store { return olderReplaces{a} }),
		breakStore("failures", "only markers compared", "a failure of an older version never replaces a newer one",
			func(a adapter) store.Store { return markersOnly{a} }),
		breakStore("failures", "version looked at before saving", "of many put at once the newest version stays",
			func(a adapter) store.Store { return &looksThenPuts{adapter: a} }),
		breakStore("failures", "Since overwritten", "the first Since is kept while the record keeps failing",
			func(a adapter) store.Store { return sinceOverwritten{a} }),
		breakStore("failures", "closed whatever the version", "failures are closed up to a version", func(a adapter) store.Store { return closesAny{a} }),
		breakStore("failures", "batches cut at 100", "batches of any size are put and closed", func(a adapter) store.Store { return batchesCut{a} }),
		breakStore("failures", "paged by number", "the list has no gap and no double while failures come and go",
			func(a adapter) store.Store { return pagesByNumber{a} }),
		breakStore("failures", "paged by time", "the list has no gap and no double while failures come and go",
			func(a adapter) store.Store { return pagesByTime{a} }),
		breakStore("failures", "state ignored", "failures are listed the longest waiting first and narrowed", func(a adapter) store.Store { return stateIgnored{a} }),
		breakStore("failures", "parked counted as open", "failures are counted by flow", func(a adapter) store.Store { return parkedIsOpen{a} }),
		breakStore("failures", "expires after 90 days", "an open failure does not expire", func(a adapter) store.Store { return failureExpires{a} }),
	}
}

// replaces puts a failure over whatever is there.
func replaces(ctx context.Context, s store.Store, f store.Failure) error {
	now, err := s.Failure(ctx, f.Tenant, f.Flow, f.Key)
	if err == nil {
		f.Since = now.Since
		err = s.CloseFailures(ctx, f.Tenant, f.Flow, []store.Closed{{Key: f.Key, Version: now.Version}})
	}
	return errors.Join(unless(err, store.ErrNotFound), s.PutFailures(ctx, []store.Failure{f}))
}

type olderReplaces struct{ adapter }

func (b olderReplaces) PutFailures(ctx context.Context, list []store.Failure) error {
	for _, f := range list {
		if err := replaces(ctx, b.Store, f); err != nil {
			return err
		}
	}
	return nil
}

// markersOnly takes no notice of when a version was read.
type markersOnly struct{ adapter }

func (b markersOnly) PutFailures(ctx context.Context, list []store.Failure) error {
	for _, f := range list {
		now, err := b.Failure(ctx, f.Tenant, f.Flow, f.Key)
		if err == nil && f.Version.Marker < now.Version.Marker {
			continue
		}
		if err := replaces(ctx, b.Store, f); err != nil {
			return err
		}
	}
	return nil
}

type looksThenPuts struct {
	adapter
	mu sync.Mutex
}

func (b *looksThenPuts) PutFailures(ctx context.Context, list []store.Failure) error {
	for _, f := range list {
		now, err := b.Failure(ctx, f.Tenant, f.Flow, f.Key)
		if err == nil && f.Version.Compare(now.Version) < 0 {
			continue
		}
		if err := b.gap(ctx); err != nil {
			return err
		}
		b.mu.Lock()
		err = replaces(ctx, b.Store, f)
		b.mu.Unlock()
		if err != nil {
			return err
		}
	}
	return nil
}

type closesAny struct{ adapter }

func (b closesAny) CloseFailures(ctx context.Context, tenant, flow string, closed []store.Closed) error {
	for _, c := range closed {
		if f, err := b.Failure(ctx, tenant, flow, c.Key); err == nil {
			c.Version = f.Version
		}
		if err := b.Store.CloseFailures(ctx, tenant, flow, []store.Closed{c}); err != nil {
			return err
		}
	}
	return nil
}

// pagesByTime goes on after the time of the last failure listed.
type pagesByTime struct{ adapter }

func (b pagesByTime) Failures(ctx context.Context, f store.FailureFilter, cursor string, limit int) ([]store.Failure, string, error) {
	list, _, err := b.Store.Failures(ctx, f, "", 10_000)
	for len(list) > 0 && list[0].Since.Format(time.RFC3339Nano) <= cursor {
		list = list[1:]
	}
	if len(list) <= limit {
		return list, "", err
	}
	return list[:limit], list[limit-1].Since.Format(time.RFC3339Nano), err
}

type stateIgnored struct{ adapter }

func (b stateIgnored) Failures(ctx context.Context, f store.FailureFilter, cursor string, limit int) ([]store.Failure, string, error) {
	f.State = ""
	return b.Store.Failures(ctx, f, cursor, limit)
}

type parkedIsOpen struct{ adapter }

func (b parkedIsOpen) CountFailures(ctx context.Context, tenant string) (map[string]store.FailureCount, error) {
	counts, err := b.Store.CountFailures(ctx, tenant)
	for flow, c := range counts {
		counts[flow] = store.FailureCount{Open: c.Open + c.Parked}
	}
	return counts, err
}

type failureExpires struct{ adapter }

func (b failureExpires) Failure(ctx context.Context, tenant, flow, key string) (store.Failure, error) {
	f, err := b.Store.Failure(ctx, tenant, flow, key)
	if err == nil && b.clock.Now().Sub(f.Last) > 90*24*time.Hour {
		err = store.ErrNotFound
	}
	return f, err
}
