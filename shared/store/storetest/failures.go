package storetest

import (
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"apicenter/shared/message"
	"apicenter/shared/model"
	"apicenter/shared/store"
)

func failures() []promise {
	return []promise{
		{"a failure comes back as it was put", failureRoundTrip},
		{"a record without a failure is not found", func(w *world) {
			_, err := w.store.Failure(w.ctx(), w.tenant, "f", "none")
			w.is("unknown failure", err, store.ErrNotFound)
		}},
		{"a failure of an older version never replaces a newer one", failureVersions},
		{"of many put at once the newest version stays", failureRace},
		{"the first Since is kept while the record keeps failing", failureSince},
		{"failures are closed up to a version", failuresClosed},
		{"batches of any size are put and closed", failureSizes},
		{"odd keys are kept apart", failureOddKeys},
		{"failures are listed the longest waiting first and narrowed", failureFilter},
		{"the list has no gap and no double while failures come and go", failurePaging},
		{"failures are counted by flow", failureCounts},
		{"an open failure does not expire", func(w *world) {
			w.putFailures(w.failure("f", "a", 1))
			w.clock.Advance(5 * 365 * 24 * time.Hour)
			w.hasFailure(w.failure("f", "a", 1))
		}},
		{"tenants and flows have failures of their own", failuresApart},
	}
}

// failure returns a failure of a record at a version.
func (w *world) failure(flow, key string, version int64) store.Failure {
	return store.Failure{Tenant: w.tenant, Flow: flow, Key: key, Number: "0" + key, Connection: "target", State: store.FailureOpen,
		Outcome: model.Rejected, Problem: problem("no such article"), Cause: "product:5001",
		Version: model.Version{Marker: version, Read: start.Add(-time.Minute)}, Since: start, Last: start, Run: "run", Activity: "chunk",
		Content: message.Mapped, Payload: []byte(fmt.Sprintf("%s at %d", key, version))}
}

func (w *world) putFailures(list ...store.Failure) {
	w.Helper()
	w.must(w.store.PutFailures(w.ctx(), list))
}

func (w *world) hasFailure(want store.Failure) {
	w.Helper()
	got, err := w.store.Failure(w.ctx(), want.Tenant, want.Flow, want.Key)
	w.must(err)
	w.equal(fmt.Sprintf("failure of %q", want.Key), got, want)
}

func (w *world) noFailure(flow, key string) {
	w.Helper()
	_, err := w.store.Failure(w.ctx(), w.tenant, flow, key)
	w.is(fmt.Sprintf("failure of %q", key), err, store.ErrNotFound)
}

func failureRoundTrip(w *world) {
	full := w.failure("f", "full", 1<<62+1)
	full.Since, full.Last, full.Payload = start.Add(-time.Hour-1), start.Add(7), big()
	full.State, full.Outcome, full.Content = store.FailureParked, model.Pending, message.Sources
	bare := store.Failure{Tenant: w.tenant, Flow: "f", Key: "bare", State: store.FailureOpen, Version: model.Version{Read: start}, Since: start, Last: start}
	w.putFailures(full, bare)
	w.hasFailure(full)
	w.hasFailure(bare)
	list := w.listFailures(store.FailureFilter{}, 10)
	w.equal("listed failures", list, []store.Failure{full, bare})
}

func failureVersions(w *world) {
	marker := func(key string, marker int64, read time.Duration) store.Failure {
		f := w.failure("f", key, marker)
		f.Version.Read = start.Add(read)
		return f
	}
	for name, c := range map[string]struct {
		first, second store.Failure
		replaced      bool
	}{
		"newer marker":                  {marker("a", 5, 0), marker("a", 6, -time.Hour), true},
		"older marker, read later":      {marker("b", 5, 0), marker("b", 4, time.Hour), false},
		"same marker, read later":       {marker("c", 5, 0), marker("c", 5, time.Nanosecond), true},
		"same marker, read earlier":     {marker("d", 5, 0), marker("d", 5, -time.Nanosecond), false},
		"same version":                  {marker("e", 5, 0), marker("e", 5, 0), true},
		"no markers, read later":        {marker("g", 0, 0), marker("g", 0, time.Nanosecond), true},
		"no markers, read earlier":      {marker("h", 0, 0), marker("h", 0, -time.Nanosecond), false},
		"marker lost, read later":       {marker("i", 5, 0), marker("i", 0, time.Hour), true},
		"marker gained, read earlier":   {marker("j", 0, 0), marker("j", 9, -time.Hour), false},
		"negative marker below another": {marker("k", -2, 0), marker("k", -3, time.Hour), false},
	} {
		c.second.Problem, c.second.Last, c.second.Payload = problem("another"), start.Add(time.Minute), []byte("another")
		c.second.State, c.second.Outcome, c.second.Cause, c.second.Connection = store.FailureParked, model.Pending, "", "other"
		w.putFailures(c.first)
		w.putFailures(c.second)
		want := c.first
		if c.replaced {
			want = c.second
		}
		got, err := w.store.Failure(w.ctx(), w.tenant, "f", want.Key)
		w.must(err)
		w.equal(name, got, want)
	}
	// The order inside one batch says nothing of age either.
	w.putFailures(w.failure("g", "a", 2), w.failure("g", "a", 3), w.failure("g", "a", 1), w.failure("g", "b", 1))
	w.hasFailure(w.failure("g", "a", 3))
	w.hasFailure(w.failure("g", "b", 1))
}

func failureRace(w *world) {
	for round := range 5 {
		flow := fmt.Sprint("f", round)
		var failed atomic.Int64
		together(12, func(i int) {
			if w.store.PutFailures(w.ctx(), []store.Failure{w.failure(flow, "a", int64(i*7%12+1)), w.failure(flow, "b", int64(i+1))}) != nil {
				failed.Add(1)
			}
		})
		w.equal("failed calls", failed.Load(), int64(0))
		w.hasFailure(w.failure(flow, "a", 12))
		w.hasFailure(w.failure(flow, "b", 12))
	}
}

func failureSince(w *world) {
	first := w.failure("f", "a", 1)
	w.putFailures(first)
	second := w.failure("f", "a", 2)
	second.Since, second.Last = start.Add(time.Hour), start.Add(time.Hour)
	w.putFailures(second)
	second.Since = start
	w.hasFailure(second)
	w.must(w.store.CloseFailures(w.ctx(), w.tenant, "f", []store.Closed{{Key: "a", Version: second.Version}}))
	third := w.failure("f", "a", 3)
	third.Since = start.Add(2 * time.Hour)
	w.putFailures(third)
	w.hasFailure(third)
}

func failuresClosed(w *world) {
	for _, key := range []string{"older", "same", "newer", "other"} {
		w.putFailures(w.failure("f", key, 5))
	}
	version := func(marker int64) model.Version { return w.failure("", "", marker).Version }
	closed := []store.Closed{{Key: "older", Version: version(6)}, {Key: "same", Version: version(5)}, {Key: "newer", Version: version(4)},
		{Key: "absent", Version: version(9)}}
	for range 2 {
		w.must(w.store.CloseFailures(w.ctx(), w.tenant, "f", closed))
		w.noFailure("f", "older")
		w.noFailure("f", "same")
		w.hasFailure(w.failure("f", "newer", 5))
		w.hasFailure(w.failure("f", "other", 5))
	}
	w.must(w.store.CloseFailures(w.ctx(), w.tenant, "never heard of", closed))
	w.equal("number of failures left", len(w.listFailures(store.FailureFilter{}, 10)), 2)
}

func failureSizes(w *world) {
	for _, n := range sizes() {
		flow := fmt.Sprint("f", n)
		var list []store.Failure
		var closed []store.Closed
		for i, key := range numbered("key-%04d", n) {
			f := w.failure(flow, key, 5)
			f.Since = start.Add(time.Duration(i))
			list = append(list, f)
			closed = append(closed, store.Closed{Key: key, Version: f.Version})
		}
		w.putFailures(list...)
		w.putFailures(list...)
		got := w.listFailures(store.FailureFilter{Flow: flow}, 300)
		w.equal(fmt.Sprintf("%d failures", n), got, list)
		w.must(w.store.CloseFailures(w.ctx(), w.tenant, flow, closed))
		w.equal(fmt.Sprintf("number of failures left of %d", n), len(w.listFailures(store.FailureFilter{Flow: flow}, 300)), 0)
	}
	// One batch may speak of many flows.
	var mixed []store.Failure
	for i := range 90 {
		mixed = append(mixed, w.failure(fmt.Sprint("mixed", i%3), "same key", int64(i+1)))
	}
	w.putFailures(mixed...)
	for i := range 3 {
		w.hasFailure(w.failure(fmt.Sprint("mixed", i), "same key", int64(88+i)))
	}
}

func failureOddKeys(w *world) {
	for i, key := range oddKeys() {
		f := w.failure("f", key, int64(i+1))
		f.Cause = "product:" + key
		w.putFailures(f)
	}
	for i, key := range oddKeys() {
		want := w.failure("f", key, int64(i+1))
		want.Cause = "product:" + key
		w.hasFailure(want)
		w.equal(fmt.Sprintf("failures with cause %q", key), w.listFailures(store.FailureFilter{Cause: want.Cause}, 5), []store.Failure{want})
	}
	w.equal("number of failures over pages", len(w.listFailures(store.FailureFilter{}, 3)), len(oddKeys()))
}

// listFailures reads all pages of a list of the world's tenant.
func (w *world) listFailures(filter store.FailureFilter, limit int) []store.Failure {
	w.Helper()
	if filter.Tenant == "" {
		filter.Tenant = w.tenant
	}
	return pages(w, limit, func(cursor string) ([]store.Failure, string, error) {
		return w.store.Failures(w.ctx(), filter, cursor, limit)
	}, func() {})
}

func failureFilter(w *world) {
	var all []store.Failure
	for i := range 48 {
		f := w.failure([]string{"f", "g", "h"}[i%3], fmt.Sprintf("%02d", i), 1)
		f.Connection = []string{"a", "b"}[i/3%2]
		f.State = []store.FailureState{store.FailureOpen, store.FailureParked}[i/6%2]
		f.Cause = []string{"", "product:1", "product:2", "product:11"}[i/12%4]
		f.Since = start.Add(time.Duration(i*29%48) * time.Second)
		all = append(all, f)
	}
	w.putFailures(all...)
	slices.SortFunc(all, func(a, b store.Failure) int { return a.Since.Compare(b.Since) })
	for _, flow := range []string{"", "g"} {
		for _, connection := range []string{"", "b"} {
			for _, state := range []store.FailureState{"", store.FailureParked} {
				for _, cause := range []string{"", "product:1"} {
					filter := store.FailureFilter{Flow: flow, Connection: connection, State: state, Cause: cause}
					var want []store.Failure
					for _, f := range all {
						if (flow == "" || f.Flow == flow) && (connection == "" || f.Connection == connection) &&
							(state == "" || f.State == state) && (cause == "" || f.Cause == cause) {
							want = append(want, f)
						}
					}
					for _, limit := range []int{1, 5, 100} {
						w.equal(fmt.Sprintf("%+v in pages of %d", filter, limit), w.listFailures(filter, limit), want)
					}
				}
			}
		}
	}
	w.equal("number of failures of an unknown flow", len(w.listFailures(store.FailureFilter{Flow: "x"}, 10)), 0)
}

func failurePaging(w *world) {
	filters := []store.FailureFilter{{}, {Flow: "f"}, {Connection: "target"}, {Cause: "product:5001"}, {State: store.FailureOpen}}
	for n, filter := range filters {
		for _, limit := range []int{1, 3, 7} {
			inner := *w
			inner.tenant = fmt.Sprint(w.tenant, "-", n, "-", limit)
			inner.failurePages(filter, limit)
		}
	}
}

// failurePages reads twenty failures page by page. After each page the first of it is closed and one comes that has waited
// less long than all.
func (w *world) failurePages(filter store.FailureFilter, limit int) {
	w.Helper()
	filter.Tenant = w.tenant
	missing := map[string]bool{}
	for i := range 20 {
		f := w.failure([]string{"f", "g"}[i%2], fmt.Sprintf("%02d", i/2), 1)
		if i >= 10 { // ten wait equally long, so that a cursor by time alone would lose or double some
			f.Since = start.Add(time.Duration(i) * time.Second)
		}
		w.putFailures(f)
		if filter.Flow == "" || filter.Flow == f.Flow {
			missing[f.Flow+f.Key] = true
		}
	}
	seen := map[string]bool{}
	var page []store.Failure
	comes := 0
	pages(w, limit, func(cursor string) (list []store.Failure, next string, err error) {
		page, next, err = w.store.Failures(w.ctx(), filter, cursor, limit)
		for _, f := range page {
			if seen[f.Flow+f.Key] {
				w.Errorf("%+v in pages of %d: %s %s is there twice", filter, limit, f.Flow, f.Key)
			}
			seen[f.Flow+f.Key] = true
			delete(missing, f.Flow+f.Key)
		}
		return page, next, err
	}, func() {
		if len(page) > 0 {
			w.must(w.store.CloseFailures(w.ctx(), w.tenant, page[0].Flow, []store.Closed{{Key: page[0].Key, Version: page[0].Version}}))
		}
		if comes++; comes <= 10 { // the list must come to an end
			late := w.failure("f", fmt.Sprintf("late-%02d", comes), 1)
			late.Since = start.Add(time.Hour + time.Duration(comes))
			w.putFailures(late)
		}
	})
	if len(missing) > 0 {
		w.Errorf("%+v in pages of %d: never listed: %v", filter, limit, missing)
	}
}

func failureCounts(w *world) {
	count := func(want map[string]store.FailureCount) {
		w.Helper()
		got, err := w.store.CountFailures(w.ctx(), w.tenant)
		w.must(err)
		for flow, n := range got { // a store may list a flow with none
			if n == (store.FailureCount{}) {
				delete(got, flow)
			}
		}
		w.equal("counts", got, want)
	}
	count(nil)
	parked := func(f store.Failure) store.Failure { f.State = store.FailureParked; return f }
	w.putFailures(w.failure("f", "a", 1), w.failure("f", "b", 1), parked(w.failure("f", "c", 1)), parked(w.failure("g", "a", 1)))
	other := w.failure("f", "a", 1)
	other.Tenant += "2"
	w.putFailures(other)
	count(map[string]store.FailureCount{"f": {Open: 2, Parked: 1}, "g": {Parked: 1}})
	w.putFailures(w.failure("f", "a", 1), parked(w.failure("f", "b", 2)), w.failure("f", "d", 1))
	count(map[string]store.FailureCount{"f": {Open: 2, Parked: 2}, "g": {Parked: 1}})
	version := w.failure("", "", 2).Version
	w.must(w.store.CloseFailures(w.ctx(), w.tenant, "f", []store.Closed{{Key: "a", Version: version}, {Key: "b", Version: version},
		{Key: "c", Version: version}, {Key: "d", Version: version}, {Key: "absent", Version: version}}))
	count(map[string]store.FailureCount{"g": {Parked: 1}})
}

func failuresApart(w *world) {
	pairs := append(lookalikes(w.tenant), [2][2]string{{w.tenant + "1", "f"}, {w.tenant + "2", "f"}}, [2][2]string{{w.tenant, "f"}, {w.tenant, "g"}})
	for _, pair := range pairs {
		var put [2]store.Failure
		for i, p := range pair {
			put[i] = w.failure(p[1], "k", int64(i+1))
			put[i].Tenant = p[0]
			w.putFailures(put[i])
		}
		for i, p := range pair {
			w.hasFailure(put[i])
			w.equal(fmt.Sprintf("failures of %q", p), w.listFailures(store.FailureFilter{Tenant: p[0], Flow: p[1]}, 10), []store.Failure{put[i]})
			counts, err := w.store.CountFailures(w.ctx(), p[0])
			w.must(err)
			w.equal(fmt.Sprintf("count of %q", p), counts[p[1]], store.FailureCount{Open: 1})
		}
		w.must(w.store.CloseFailures(w.ctx(), pair[1][0], pair[1][1], []store.Closed{{Key: "k", Version: put[1].Version}}))
		w.hasFailure(put[0])
	}
}
