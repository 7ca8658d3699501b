package storetest

import (
	"fmt"
	"slices"
	"time"

	"apicenter/shared/store"
)

func rereads() []promise {
	return []promise{
		{"records are due from their time on, the longest due first", rereadsDue},
		{"adding a record again keeps its Since", func(w *world) {
			w.reread("f", store.Reread{Key: "a", Since: start.Add(-time.Hour), Next: start, Tries: 1})
			w.reread("f", store.Reread{Key: "a", Since: start, Next: start.Add(-time.Minute), Tries: 2})
			w.due("f", store.Reread{Key: "a", Since: start.Add(-time.Hour), Next: start.Add(-time.Minute), Tries: 2})
			w.must(w.store.RemoveRereads(w.ctx(), w.tenant, "f", []string{"a"}))
			w.reread("f", store.Reread{Key: "a", Since: start, Next: start})
			w.due("f", store.Reread{Key: "a", Since: start, Next: start})
		}},
		{"removed records are gone, absent ones are no error", func(w *world) {
			w.reread("f", store.Reread{Key: "a", Since: start, Next: start}, store.Reread{Key: "b", Since: start, Next: start})
			w.must(w.store.RemoveRereads(w.ctx(), w.tenant, "f", []string{"a", "absent"}))
			w.must(w.store.RemoveRereads(w.ctx(), w.tenant, "f", []string{"a"}))
			w.must(w.store.RemoveRereads(w.ctx(), w.tenant, "never heard of", []string{"a"}))
			w.due("f", store.Reread{Key: "b", Since: start, Next: start})
		}},
		{"batches of any size are added and removed", rereadSizes},
		{"odd keys are kept apart", func(w *world) {
			for i, key := range oddKeys() {
				w.reread("f", store.Reread{Key: key, Since: start, Next: start.Add(time.Duration(i) - time.Hour), Tries: i})
			}
			var want []store.Reread
			for i, key := range oddKeys() {
				want = append(want, store.Reread{Key: key, Since: start, Next: start.Add(time.Duration(i) - time.Hour), Tries: i})
			}
			w.due("f", want...)
			w.must(w.store.RemoveRereads(w.ctx(), w.tenant, "f", oddKeys()[1:]))
			w.due("f", want[0])
		}},
		{"tenants and flows have lists of their own", rereadsApart},
	}
}

func (w *world) reread(flow string, list ...store.Reread) {
	w.Helper()
	w.must(w.store.AddRereads(w.ctx(), w.tenant, flow, list))
}

func (w *world) due(flow string, want ...store.Reread) {
	w.Helper()
	got, err := w.store.DueRereads(w.ctx(), w.tenant, flow, w.clock.Now(), 5000)
	w.must(err)
	w.equal("due records", got, want)
}

func rereadsDue(w *world) {
	at := func(key string, next time.Duration) store.Reread {
		return store.Reread{Key: key, Since: start.Add(-time.Hour), Next: start.Add(next), Tries: 3}
	}
	w.reread("f", at("late", time.Minute), at("now", 0), at("long", -time.Hour), at("just", -time.Nanosecond), at("soon", time.Nanosecond))
	w.due("f", at("long", -time.Hour), at("just", -time.Nanosecond), at("now", 0))
	got, err := w.store.DueRereads(w.ctx(), w.tenant, "f", start, 2)
	w.must(err)
	w.equal("the two longest due", got, []store.Reread{at("long", -time.Hour), at("just", -time.Nanosecond)})
	w.reread("f", at("long", 2*time.Minute))
	w.due("f", at("just", -time.Nanosecond), at("now", 0))
	w.clock.Advance(time.Minute)
	w.due("f", at("just", -time.Nanosecond), at("now", 0), at("soon", time.Nanosecond), at("late", time.Minute))
}

func rereadSizes(w *world) {
	for _, n := range sizes() {
		flow := fmt.Sprint("f", n)
		var list []store.Reread
		keys := numbered("key-%04d", n)
		for i, key := range keys {
			list = append(list, store.Reread{Key: key, Since: start, Next: start.Add(time.Duration(i) - time.Minute)})
		}
		w.reread(flow, list...)
		w.due(flow, list...)
		// Half of them again and half new.
		for i := range list {
			list[i].Tries = 1
		}
		w.reread(flow, append(slices.Clone(list), store.Reread{Key: "one more", Since: start, Next: start})...)
		w.must(w.store.RemoveRereads(w.ctx(), w.tenant, flow, []string{"one more"}))
		w.due(flow, list...)
		w.must(w.store.RemoveRereads(w.ctx(), w.tenant, flow, keys))
		w.due(flow)
	}
}

func rereadsApart(w *world) {
	pairs := append(lookalikes(w.tenant), [2][2]string{{w.tenant + "1", "f"}, {w.tenant + "2", "f"}}, [2][2]string{{w.tenant, "f"}, {w.tenant, "g"}})
	for _, pair := range pairs {
		for i, p := range pair {
			w.must(w.store.AddRereads(w.ctx(), p[0], p[1], []store.Reread{{Key: "k", Since: start.Add(time.Duration(i)), Next: start}}))
		}
		for i, p := range pair {
			got, err := w.store.DueRereads(w.ctx(), p[0], p[1], start, 10)
			w.must(err)
			w.equal(fmt.Sprintf("records of %q", p), got, []store.Reread{{Key: "k", Since: start.Add(time.Duration(i)), Next: start}})
		}
		w.must(w.store.RemoveRereads(w.ctx(), pair[0][0], pair[0][1], []string{"k"}))
		got, err := w.store.DueRereads(w.ctx(), pair[1][0], pair[1][1], start, 10)
		w.must(err)
		w.equal(fmt.Sprintf("records of %q after those of %q were removed", pair[1], pair[0]), len(got), 1)
	}
}
