package storetest

import (
	"fmt"
	"sync/atomic"
	"time"

	"apicenter/shared/store"
)

func positions() []promise {
	return []promise{
		{"a position never saved is zero", func(w *world) {
			got, err := w.store.Position(w.ctx(), w.at("f"))
			w.must(err)
			w.equal("position", got, store.Position{})
		}},
		{"a free lease is taken", func(w *world) {
			pos, acquired, err := w.store.Acquire(w.ctx(), w.at("f"), "one", start.Add(time.Minute))
			w.must(err)
			want := store.Position{Owner: "one", Until: start.Add(time.Minute)}
			w.equal("acquired", acquired, true)
			w.equal("returned position", pos, want)
			w.position("f", want)
		}},
		{"a held lease is refused and marked again", heldLease},
		{"the owner of a lease takes it again and prolongs it", func(w *world) {
			w.acquire("f", "one", time.Minute, true)
			w.acquire("f", "one", time.Hour, true)
			w.clock.Advance(30 * time.Minute)
			w.acquire("f", "two", time.Hour, false)
		}},
		{"an expired lease is free", expiredLease},
		{"only the holder of a live lease saves a checkpoint", checkpointOwner},
		{"a checkpoint saved after the lease expired is refused and nothing is changed", checkpointAfterExpiry},
		{"saving a checkpoint prolongs the lease", func(w *world) {
			w.acquire("f", "one", time.Minute, true)
			w.clock.Advance(50 * time.Second)
			w.must(w.store.SaveCheckpoint(w.ctx(), w.at("f"), "one", "a", w.clock.Now().Add(time.Minute)))
			w.clock.Advance(50 * time.Second)
			w.acquire("f", "two", time.Minute, false)
			w.must(w.store.SaveCheckpoint(w.ctx(), w.at("f"), "one", "b", w.clock.Now().Add(time.Minute)))
		}},
		{"a checkpoint comes back as it was saved", func(w *world) {
			w.acquire("f", "one", time.Hour, true)
			for _, checkpoint := range append(oddKeys(), "", fmt.Sprintf("%0*d", 200_000, 7)) {
				w.must(w.store.SaveCheckpoint(w.ctx(), w.at("f"), "one", checkpoint, start.Add(time.Hour)))
				w.position("f", store.Position{Checkpoint: checkpoint, Owner: "one", Until: start.Add(time.Hour)})
			}
		}},
		{"a released lease is free and keeps its checkpoint", func(w *world) {
			w.acquire("f", "one", time.Hour, true)
			w.must(w.store.SaveCheckpoint(w.ctx(), w.at("f"), "one", "a", start.Add(time.Hour)))
			w.release("f", "one", false)
			w.position("f", store.Position{Checkpoint: "a"})
			w.is("a checkpoint after the release", w.store.SaveCheckpoint(w.ctx(), w.at("f"), "one", "b", start.Add(time.Hour)), store.ErrLeaseLost)
			w.acquire("f", "two", time.Hour, true)
			w.position("f", store.Position{Checkpoint: "a", Owner: "two", Until: start.Add(time.Hour)})
		}},
		{"only its owner releases a lease", releaseOwner},
		{"a lease marked again is kept at its release, once", keptLease},
		{"a lease is handed over by its owner", handOver},
		{"the mark again survives a change of owner", markSurvives},
		{"of many that acquire exactly one gets the lease", acquireRace},
		{"a mark set while the holder releases is never lost", markRace},
		{"tenants, flows and modes have positions of their own", positionsApart},
	}
}

func (w *world) at(flow string) store.PositionKey {
	return store.PositionKey{Tenant: w.tenant, Flow: flow, Mode: "incremental"}
}

func (w *world) acquire(flow, owner string, d time.Duration, want bool) {
	w.Helper()
	_, acquired, err := w.store.Acquire(w.ctx(), w.at(flow), owner, w.clock.Now().Add(d))
	w.must(err)
	if acquired != want {
		w.Errorf("%s acquiring: got %v, want %v", owner, acquired, want)
	}
}

func (w *world) release(flow, owner string, want bool) {
	w.Helper()
	again, err := w.store.Release(w.ctx(), w.at(flow), owner)
	w.must(err)
	if again != want {
		w.Errorf("%s releasing: again is %v, want %v", owner, again, want)
	}
}

func (w *world) position(flow string, want store.Position) {
	w.Helper()
	got, err := w.store.Position(w.ctx(), w.at(flow))
	w.must(err)
	w.equal("position", got, want)
}

func heldLease(w *world) {
	w.acquire("f", "one", time.Minute, true)
	w.must(w.store.SaveCheckpoint(w.ctx(), w.at("f"), "one", "a", start.Add(time.Minute)))
	w.clock.Advance(59 * time.Second)
	want := store.Position{Checkpoint: "a", Owner: "one", Until: start.Add(time.Minute), Again: true}
	pos, acquired, err := w.store.Acquire(w.ctx(), w.at("f"), "two", start.Add(time.Hour))
	w.must(err)
	w.equal("acquired", acquired, false)
	w.equal("returned position", pos, want)
	w.position("f", want)
}

func expiredLease(w *world) {
	w.acquire("f", "one", time.Minute, true)
	w.must(w.store.SaveCheckpoint(w.ctx(), w.at("f"), "one", "a", start.Add(time.Minute)))
	w.clock.Advance(61 * time.Second)
	w.position("f", store.Position{Checkpoint: "a"})
	pos, acquired, err := w.store.Acquire(w.ctx(), w.at("f"), "two", start.Add(time.Hour))
	w.must(err)
	w.equal("acquired", acquired, true)
	w.equal("returned position", pos, store.Position{Checkpoint: "a", Owner: "two", Until: start.Add(time.Hour)})
	w.is("a checkpoint of the owner before", w.store.SaveCheckpoint(w.ctx(), w.at("f"), "one", "b", start.Add(time.Hour)), store.ErrLeaseLost)
	w.position("f", store.Position{Checkpoint: "a", Owner: "two", Until: start.Add(time.Hour)})
}

func checkpointOwner(w *world) {
	w.is("without any lease", w.store.SaveCheckpoint(w.ctx(), w.at("f"), "one", "x", start.Add(time.Hour)), store.ErrLeaseLost)
	w.position("f", store.Position{})
	w.acquire("f", "one", time.Minute, true)
	for _, owner := range []string{"two", "", "On", "one ", "ONE"} {
		w.is(fmt.Sprintf("owner %q", owner), w.store.SaveCheckpoint(w.ctx(), w.at("f"), owner, "x", start.Add(time.Hour)), store.ErrLeaseLost)
	}
	w.position("f", store.Position{Owner: "one", Until: start.Add(time.Minute)})
	w.release("f", "one", false)
	w.is("owner \"\" of a free lease", w.store.SaveCheckpoint(w.ctx(), w.at("f"), "", "x", start.Add(time.Hour)), store.ErrLeaseLost)
	w.position("f", store.Position{})
}

func checkpointAfterExpiry(w *world) {
	w.acquire("f", "one", time.Minute, true)
	w.must(w.store.SaveCheckpoint(w.ctx(), w.at("f"), "one", "a", start.Add(time.Minute)))
	w.clock.Advance(61 * time.Second)
	w.is("the checkpoint", w.store.SaveCheckpoint(w.ctx(), w.at("f"), "one", "b", start.Add(time.Hour)), store.ErrLeaseLost)
	w.position("f", store.Position{Checkpoint: "a"})
	w.acquire("f", "two", time.Hour, true)
}

func releaseOwner(w *world) {
	for _, when := range []string{"never taken", "taken by another", "expired", "released before"} {
		switch when {
		case "taken by another":
			w.acquire("f", "two", time.Minute, true)
		case "expired":
			w.acquire("f", "one", time.Second, false) // marks it
			w.clock.Advance(2 * time.Minute)
			w.acquire("f", "one", time.Minute, true)
			w.clock.Advance(2 * time.Minute)
		case "released before":
			w.acquire("f", "one", time.Minute, true)
			w.release("f", "one", true)
			w.release("f", "one", false)
		}
		_, err := w.store.Release(w.ctx(), w.at("f"), "one")
		w.is(when, err, store.ErrLeaseLost)
		if when == "taken by another" {
			w.position("f", store.Position{Owner: "two", Until: start.Add(time.Minute)})
		}
	}
}

func keptLease(w *world) {
	w.acquire("f", "one", time.Hour, true)
	w.acquire("f", "two", time.Hour, false)
	w.acquire("f", "three", time.Hour, false)
	w.release("f", "one", true)
	w.position("f", store.Position{Owner: "one", Until: start.Add(time.Hour)})
	w.must(w.store.SaveCheckpoint(w.ctx(), w.at("f"), "one", "looked again", start.Add(time.Hour)))
	w.acquire("f", "two", time.Hour, false)
	w.release("f", "one", true)
	w.release("f", "one", false)
	w.position("f", store.Position{Checkpoint: "looked again"})
	w.acquire("f", "two", time.Hour, true)
}

func handOver(w *world) {
	until := start.Add(time.Minute)
	w.is("a lease nobody has", w.store.HandOver(w.ctx(), w.at("f"), "one", "two", until), store.ErrLeaseLost)
	w.acquire("f", "one", time.Minute, true)
	w.must(w.store.SaveCheckpoint(w.ctx(), w.at("f"), "one", "a", until))
	w.is("somebody else's lease", w.store.HandOver(w.ctx(), w.at("f"), "three", "two", until), store.ErrLeaseLost)
	w.must(w.store.HandOver(w.ctx(), w.at("f"), "one", "two", start.Add(time.Hour)))
	w.position("f", store.Position{Checkpoint: "a", Owner: "two", Until: start.Add(time.Hour)})
	w.is("a checkpoint of the one that handed over", w.store.SaveCheckpoint(w.ctx(), w.at("f"), "one", "b", until), store.ErrLeaseLost)
	w.is("handing over twice", w.store.HandOver(w.ctx(), w.at("f"), "one", "three", until), store.ErrLeaseLost)
	_, err := w.store.Release(w.ctx(), w.at("f"), "one")
	w.is("a release of the one that handed over", err, store.ErrLeaseLost)
	w.clock.Advance(30 * time.Minute)
	pos, acquired, err := w.store.Acquire(w.ctx(), w.at("f"), "two", w.clock.Now().Add(time.Hour))
	w.must(err)
	w.equal("the next owner acquired", acquired, true)
	w.equal("position of the next owner", pos, store.Position{Checkpoint: "a", Owner: "two", Until: w.clock.Now().Add(time.Hour)})
	w.clock.Advance(61 * time.Minute)
	w.is("an expired lease", w.store.HandOver(w.ctx(), w.at("f"), "two", "three", w.clock.Now().Add(time.Hour)), store.ErrLeaseLost)
	w.position("f", store.Position{Checkpoint: "a"})
}

// What was read before the mark may lie behind the checkpoint, so whoever goes on from there has to look again.
func markSurvives(w *world) {
	w.acquire("f", "one", time.Minute, true)
	w.acquire("f", "other", time.Minute, false)
	w.must(w.store.HandOver(w.ctx(), w.at("f"), "one", "two", start.Add(time.Minute)))
	w.acquire("f", "two", time.Minute, true)
	w.must(w.store.SaveCheckpoint(w.ctx(), w.at("f"), "two", "a", start.Add(time.Minute)))
	w.release("f", "two", true)
	w.acquire("f", "other", time.Minute, false)
	w.clock.Advance(2 * time.Minute)
	w.acquire("f", "three", time.Minute, true)
	w.release("f", "three", true)
	w.release("f", "three", false)
}

func acquireRace(w *world) {
	for round := range 10 {
		flow := fmt.Sprint("f", round)
		var won, failed atomic.Int64
		together(16, func(i int) {
			_, acquired, err := w.store.Acquire(w.ctx(), w.at(flow), fmt.Sprint("owner", i), start.Add(time.Minute))
			if err != nil {
				failed.Add(1)
			} else if acquired {
				won.Add(1)
			}
		})
		if won.Load() != 1 || failed.Load() != 0 {
			w.Fatalf("round %d: %d acquired and %d failed, want 1 and 0", round, won.Load(), failed.Load())
		}
		pos, err := w.store.Position(w.ctx(), w.at(flow))
		w.must(err)
		w.equal("marked by those refused", pos.Again, true)
	}
}

// Whoever is refused may go home, because somebody looks again after that: the holder, or the next one to acquire.
func markRace(w *world) {
	until := start.Add(time.Hour)
	for round := range 60 {
		flow := fmt.Sprint("f", round)
		w.acquire(flow, "holder", time.Hour, true)
		var refused, lookedAgain atomic.Int64
		var failure atomic.Value
		letGo := func(owner string) {
			for {
				again, err := w.store.Release(w.ctx(), w.at(flow), owner)
				if err != nil {
					failure.Store(fmt.Errorf("%s releasing: %w", owner, err))
					return
				}
				if !again {
					return
				}
				lookedAgain.Add(1)
			}
		}
		together(5, func(i int) {
			if i == 0 {
				letGo("holder")
				return
			}
			owner := fmt.Sprint("other", i)
			_, acquired, err := w.store.Acquire(w.ctx(), w.at(flow), owner, until)
			switch {
			case err != nil:
				failure.Store(err)
			case acquired:
				letGo(owner)
			default:
				refused.Add(1)
			}
		})
		if err, failed := failure.Load().(error); failed {
			w.Fatalf("round %d: %v", round, err)
		}
		pos, err := w.store.Position(w.ctx(), w.at(flow))
		w.must(err)
		if pos.Again || pos.Owner != "" {
			w.Fatalf("round %d: all let go, and left %+v", round, pos)
		}
		if refused.Load() > 0 && lookedAgain.Load() == 0 {
			w.Fatalf("round %d: %d were refused and nobody looked again", round, refused.Load())
		}
	}
}

func positionsApart(w *world) {
	var all []store.PositionKey
	for _, pair := range lookalikes(w.tenant) {
		for _, p := range pair {
			all = append(all, store.PositionKey{Tenant: p[0], Flow: p[1], Mode: "m"}, store.PositionKey{Tenant: w.tenant, Flow: p[0], Mode: p[1]})
		}
	}
	all = append(all, store.PositionKey{Tenant: w.tenant, Flow: "f", Mode: "full"}, store.PositionKey{Tenant: w.tenant, Flow: "f", Mode: "incremental"},
		store.PositionKey{Tenant: w.tenant + "2", Flow: "f", Mode: "full"})
	until := start.Add(time.Hour)
	for i, p := range all {
		_, acquired, err := w.store.Acquire(w.ctx(), p, "one", until)
		w.must(err)
		if !acquired {
			w.Errorf("%q: the lease is taken", p)
		}
		w.must(w.store.SaveCheckpoint(w.ctx(), p, "one", fmt.Sprint(i), until))
	}
	for i, p := range all {
		got, err := w.store.Position(w.ctx(), p)
		w.must(err)
		w.equal(fmt.Sprintf("position %q", p), got, store.Position{Checkpoint: fmt.Sprint(i), Owner: "one", Until: until})
	}
}
