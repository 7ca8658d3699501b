package storetest

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"apicenter/shared/model"
	"apicenter/shared/store"
)

func ledger() []promise {
	return []promise{
		{"keys without an entry come back zero, in order", func(w *world) {
			got, err := w.store.Entries(w.ctx(), w.scope("f"), []string{"b", "a", "b"})
			w.must(err)
			w.equal("entries", got, []store.Entry{{Key: "b"}, {Key: "a"}, {Key: "b"}})
		}},
		{"an entry comes back as it was saved", ledgerRoundTrip},
		{"entries come back in the order of the keys", ledgerOrder},
		{"an entry is saved once per revision", ledgerRevisions},
		{"a refused entry does not keep its neighbours", ledgerIndependent},
		{"the same key twice in one batch is saved once", func(w *world) {
			revisions := w.saveEntries("f", store.Entry{Key: "a", TargetID: "1"}, store.Entry{Key: "b"}, store.Entry{Key: "a", TargetID: "2"})
			if (revisions[0] == 0) == (revisions[2] == 0) || revisions[1] == 0 {
				w.Fatalf("revisions %v, want one of the first and third to be 0, and the second not", revisions)
			}
			want := store.Entry{Key: "a", TargetID: "1", Revision: revisions[0]}
			if revisions[0] == 0 {
				want.TargetID, want.Revision = "2", revisions[2]
			}
			w.entries("f", want)
		}},
		{"of many savers with one revision exactly one wins, for each key", ledgerRace},
		{"batches of any size are saved and read", ledgerSizes},
		{"odd keys are kept apart", ledgerOddKeys},
		{"entries are found by their present reference", ledgerReference},
		{"tenants and scopes have entries of their own", ledgerApart},
	}
}

func (w *world) scope(flow string) store.Scope { return store.FlowScope(w.tenant, flow) }

func (w *world) saveEntries(flow string, entries ...store.Entry) []int64 {
	w.Helper()
	revisions, err := w.store.SaveEntries(w.ctx(), w.scope(flow), entries)
	w.must(err)
	if len(revisions) != len(entries) {
		w.Fatalf("%d entries returned %d revisions", len(entries), len(revisions))
	}
	return revisions
}

// entries checks what the store has under the keys of want.
func (w *world) entries(flow string, want ...store.Entry) {
	w.Helper()
	keys := make([]string, len(want))
	for i := range want {
		keys[i] = want[i].Key
	}
	got, err := w.store.Entries(w.ctx(), w.scope(flow), keys)
	w.must(err)
	w.equal("entries", got, want)
}

// fullEntry has every field set.
func fullEntry(key string) store.Entry {
	return store.Entry{Key: key, State: store.Unsure, UnsureUntil: start.Add(time.Minute + 3),
		Version:     model.Version{Marker: 1<<62 + 1, Read: start.Add(-time.Second - 1)},
		Fingerprint: "sha256:00ff", TargetID: "000123", Reference: "W1-" + key, FirstTried: start.Add(-time.Hour), Activity: "chunk",
		Cancelled: true}
}

func ledgerRoundTrip(w *world) {
	full, empty := fullEntry("full"), store.Entry{Key: "empty"}
	negative := store.Entry{Key: "negative", State: store.Open, Version: model.Version{Marker: -5}}
	revisions := w.saveEntries("f", full, empty, negative)
	for i, e := range []*store.Entry{&full, &empty, &negative} {
		if e.Revision = revisions[i]; e.Revision == 0 {
			w.Errorf("%s was refused", e.Key)
		}
	}
	w.entries("f", full, empty, negative)
	// Every field can go back to zero.
	bare := store.Entry{Key: "full", State: store.Delivered, Revision: full.Revision}
	bare.Revision = w.saveEntries("f", bare)[0]
	w.entries("f", bare)
}

func ledgerOrder(w *world) {
	var entries []store.Entry
	for _, key := range numbered("%03d", 40) {
		entries = append(entries, fullEntry(key))
	}
	for i, revision := range w.saveEntries("f", entries...) {
		entries[i].Revision = revision
	}
	slices.Reverse(entries)
	entries = slices.Insert(entries, 7, store.Entry{Key: "absent"})
	w.entries("f", append(entries, entries[3])...)
}

func ledgerRevisions(w *world) {
	e := fullEntry("a")
	e.Revision = w.saveEntries("f", e)[0]
	if e.Revision == 0 {
		w.Fatalf("the first save was refused")
	}
	refuse := func(revision int64) {
		w.Helper()
		bad := e
		bad.Revision, bad.TargetID = revision, "must not be seen"
		if got := w.saveEntries("f", bad)[0]; got != 0 {
			w.Errorf("saving over revision %d with %d returned %d, want 0", e.Revision, revision, got)
		}
		w.entries("f", e)
	}
	refuse(0)
	refuse(e.Revision + 1)
	refuse(e.Revision - 1)
	for range 3 {
		before := e.Revision
		e.TargetID += "x"
		if e.Revision = w.saveEntries("f", e)[0]; e.Revision == 0 || e.Revision == before {
			w.Fatalf("saving over revision %d returned %d", before, e.Revision)
		}
		w.entries("f", e)
		refuse(before)
		refuse(0)
	}
	if got := w.saveEntries("f", store.Entry{Key: "absent", Revision: 1})[0]; got != 0 {
		w.Errorf("saving revision 1 of an entry that is not there returned %d, want 0", got)
	}
	w.entries("f", store.Entry{Key: "absent"})
}

func ledgerIndependent(w *world) {
	taken := fullEntry("taken")
	taken.Revision = w.saveEntries("f", taken)[0]
	entries := []store.Entry{fullEntry("a"), fullEntry("taken"), fullEntry("b"), {Key: "absent", Revision: 3}, fullEntry("c")}
	revisions := w.saveEntries("f", entries...)
	for i, want := range []bool{true, false, true, false, true} {
		if saved := revisions[i] != 0; saved != want {
			w.Errorf("entry %d: saved %v, want %v", i, saved, want)
		}
		entries[i].Revision = revisions[i]
	}
	w.entries("f", entries[0], taken, entries[2], store.Entry{Key: "absent"}, entries[4])
}

func ledgerRace(w *world) {
	const savers, keys = 8, 40
	base := make([]store.Entry, keys)
	for i, key := range numbered("%03d", keys) {
		base[i] = store.Entry{Key: key}
	}
	for round := range 5 {
		wins := make([]atomic.Int64, keys)
		winner := make([]atomic.Int64, keys)
		revision := make([]atomic.Int64, keys)
		var failed atomic.Int64
		together(savers, func(saver int) {
			mine := slices.Clone(base)
			for i := range mine {
				mine[i].TargetID = fmt.Sprint(saver)
			}
			if saver%2 == 1 {
				slices.Reverse(mine)
			}
			// Two batches, so that savers meet in the middle of each other's.
			for _, half := range [][]store.Entry{mine[:keys/2], mine[keys/2:]} {
				revisions, err := w.store.SaveEntries(w.ctx(), w.scope("f"), half)
				if err != nil || len(revisions) != len(half) {
					failed.Add(1)
					return
				}
				for j, r := range revisions {
					if i := slices.IndexFunc(base, func(e store.Entry) bool { return e.Key == half[j].Key }); r != 0 {
						wins[i].Add(1)
						winner[i].Store(int64(saver))
						revision[i].Store(r)
					}
				}
			}
		})
		if failed.Load() != 0 {
			w.Fatalf("round %d: %d savers failed", round, failed.Load())
		}
		for i := range base {
			if n := wins[i].Load(); n != 1 {
				w.Fatalf("round %d, key %s: %d savers won, want 1", round, base[i].Key, n)
			}
			base[i].TargetID, base[i].Revision = fmt.Sprint(winner[i].Load()), revision[i].Load()
		}
		w.entries("f", base...)
	}
}

func ledgerSizes(w *world) {
	for _, n := range sizes() {
		flow := fmt.Sprint("f", n)
		entries := make([]store.Entry, n)
		for i, key := range numbered("key-%04d", n) {
			entries[i] = fullEntry(key)
		}
		for pass := range 2 {
			for i, revision := range w.saveEntries(flow, entries...) {
				if revision == 0 {
					w.Fatalf("%d entries, pass %d: entry %d was refused", n, pass, i)
				}
				entries[i].Revision = revision
			}
			w.entries(flow, entries...)
			for i := range entries {
				entries[i].State, entries[i].Fingerprint = store.Delivered, strings.Repeat("f", 64)
			}
		}
	}
}

func ledgerOddKeys(w *world) {
	var entries []store.Entry
	for _, key := range oddKeys() {
		entries = append(entries, store.Entry{Key: key, TargetID: key, Reference: key})
	}
	for i, revision := range w.saveEntries("f", entries...) {
		entries[i].Revision = revision
	}
	w.entries("f", entries...)
	for _, e := range entries {
		w.byReference("f", e.Key, e)
	}
}

func (w *world) byReference(flow, reference string, want ...store.Entry) {
	w.Helper()
	w.eventually(fmt.Sprintf("entries with reference %q", reference), func() (any, any) {
		got, err := w.store.EntriesByReference(w.ctx(), w.scope(flow), reference)
		w.must(err)
		slices.SortFunc(got, func(a, b store.Entry) int { return compareText(a.Key, b.Key) })
		return got, want
	})
}

func ledgerReference(w *world) {
	a, b, c := fullEntry("a"), fullEntry("b"), fullEntry("c")
	a.Reference, b.Reference, c.Reference = "shared", "shared", "alone"
	revisions := w.saveEntries("f", a, b, c)
	a.Revision, b.Revision, c.Revision = revisions[0], revisions[1], revisions[2]
	other := w.scope("g")
	if _, err := w.store.SaveEntries(w.ctx(), other, []store.Entry{{Key: "a", Reference: "shared"}}); err != nil {
		w.Fatalf("another flow: %v", err)
	}
	w.byReference("f", "shared", a, b)
	w.byReference("f", "alone", c)
	w.byReference("f", "Shared")
	w.byReference("f", "share")
	b.Reference = "moved"
	b.Revision = w.saveEntries("f", b)[0]
	w.byReference("f", "shared", a)
	w.byReference("f", "moved", b)
	b.Reference = ""
	b.Revision = w.saveEntries("f", b)[0]
	w.byReference("f", "moved")
	w.entries("f", b)
}

func ledgerApart(w *world) {
	var scopes []store.Scope
	for _, pair := range lookalikes(w.tenant) {
		for _, p := range pair {
			scopes = append(scopes, store.FlowScope(p[0], p[1]), store.TargetScope(p[0], p[1], model.Customers))
		}
	}
	scopes = append(scopes, store.FlowScope(w.tenant, "f"), store.FlowScope(w.tenant+"2", "f"), store.FlowScope(w.tenant, "g"),
		store.TargetScope(w.tenant, "f", model.Customers), store.TargetScope(w.tenant, "f", model.Products))
	for i, s := range scopes {
		revisions, err := w.store.SaveEntries(w.ctx(), s, []store.Entry{{Key: "k", TargetID: fmt.Sprint(i), Reference: "r"}})
		w.must(err)
		if revisions[0] == 0 {
			w.Errorf("scope %q: there is an entry already", s)
		}
	}
	for i, s := range scopes {
		got, err := w.store.Entries(w.ctx(), s, []string{"k"})
		w.must(err)
		w.equal(fmt.Sprintf("entry of scope %q", s), got[0].TargetID, fmt.Sprint(i))
		w.eventually(fmt.Sprintf("entries by reference of scope %q", s), func() (any, any) {
			found, err := w.store.EntriesByReference(w.ctx(), s, "r")
			w.must(err)
			return found, got
		})
	}
}
