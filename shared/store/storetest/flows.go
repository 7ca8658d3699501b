package storetest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"apicenter/shared/integration"
	"apicenter/shared/model"
	"apicenter/shared/store"
)

func flows() []promise {
	return []promise{
		{"a flow comes back as it was put", flowRoundTrip},
		{"an unknown flow is not found", func(w *world) {
			_, err := w.store.Flow(w.ctx(), w.tenant, "none")
			w.is("unknown flow", err, store.ErrNotFound)
		}},
		{"flows are listed by id, of one tenant", func(w *world) {
			for _, id := range []string{"c", "a", "b"} {
				w.must(w.store.PutFlow(w.ctx(), fullFlow(w.tenant, id), start))
				w.must(w.store.PutFlow(w.ctx(), fullFlow(w.tenant+"x", id), start))
			}
			got, err := w.store.Flows(w.ctx(), w.tenant)
			w.must(err)
			w.equal("flows", got, []integration.Flow{fullFlow(w.tenant, "a"), fullFlow(w.tenant, "b"), fullFlow(w.tenant, "c")})
		}},
		{"a version that is not above the stored one is refused", flowVersions},
		{"of many savers with one version exactly one wins", flowVersionRace},
		{"the same kind between the same connections is there once", flowDuplicates},
		{"of many like flows put at once exactly one is there", flowDuplicateRace},
		{"due flows are active, of the kind, due by now, the longest due first", dueFlows},
		{"a paused flow is not due until it is resumed", pausedFlow},
		{"the due time moves only from where it was", moveDue},
		{"of many that move a due time exactly one does", moveDueRace},
		{"a flow is found by the hash of its token, and by that only", flowByHook},
		{"putting a flow leaves its position alone", func(w *world) {
			p := store.PositionKey{Tenant: w.tenant, Flow: "f", Mode: "incremental"}
			flow := fullFlow(w.tenant, "f")
			w.must(w.store.PutFlow(w.ctx(), flow, start))
			_, _, err := w.store.Acquire(w.ctx(), p, "owner", start.Add(time.Hour))
			w.must(err)
			w.must(w.store.SaveCheckpoint(w.ctx(), p, "owner", "checkpoint", start.Add(time.Hour)))
			flow.Version, flow.Status = 2, integration.Paused
			w.must(w.store.PutFlow(w.ctx(), flow, start))
			got, err := w.store.Position(w.ctx(), p)
			w.must(err)
			w.equal("position", got, store.Position{Checkpoint: "checkpoint", Owner: "owner", Until: start.Add(time.Hour)})
		}},
		{"equal ids of two tenants never meet", flowsApart},
	}
}

func isConflict(err error) bool { return errors.Is(err, store.ErrConflict) }

func flowRoundTrip(w *world) {
	put := fullFlow(w.tenant, "f")
	w.must(w.store.PutFlow(w.ctx(), put, start))
	got, err := w.store.Flow(w.ctx(), w.tenant, "f")
	w.must(err)
	w.equal("flow", got, put)
	put = integration.Flow{Tenant: w.tenant, ID: "f", Kind: model.Stock, Status: integration.Paused, Version: 7,
		SendMapping: strings.Repeat("get: é\n", 40_000)}
	w.must(w.store.PutFlow(w.ctx(), put, start))
	got, err = w.store.Flow(w.ctx(), w.tenant, "f")
	w.must(err)
	w.equal("replaced flow", got, put)
}

func flowVersions(w *world) {
	flow := fullFlow(w.tenant, "f")
	flow.Version = 5
	w.must(w.store.PutFlow(w.ctx(), flow, start))
	for _, version := range []int64{0, 4, 5} {
		stale := flow
		stale.Version, stale.Filter, stale.Hook = version, "changed", "changed "+w.tenant
		w.is(fmt.Sprintf("version %d over 5", version), w.store.PutFlow(w.ctx(), stale, start.Add(time.Hour)), store.ErrConflict)
	}
	got, err := w.store.Flow(w.ctx(), w.tenant, "f")
	w.must(err)
	w.equal("flow after refused versions", got, flow)
	_, err = w.store.FlowByHook(w.ctx(), "changed "+w.tenant)
	w.is("token of a refused version", err, store.ErrNotFound)
	moved, err := w.store.MoveDue(w.ctx(), w.tenant, "f", start, start.Add(time.Minute))
	w.must(err)
	w.equal("due time still as before the refused versions", moved, true)
	flow.Version = 9
	w.must(w.store.PutFlow(w.ctx(), flow, start))
}

func flowVersionRace(w *world) {
	flow := fullFlow(w.tenant, "f")
	for version := int64(1); version <= 10; version++ {
		var won, other atomic.Int64
		together(16, func(i int) {
			mine := flow
			mine.Version, mine.Filter = version, fmt.Sprint(i)
			if err := w.store.PutFlow(w.ctx(), mine, start); err == nil {
				won.Add(1)
			} else if !isConflict(err) {
				other.Add(1)
			}
		})
		if won.Load() != 1 || other.Load() != 0 {
			w.Fatalf("version %d: %d won and %d got another error, want 1 and 0", version, won.Load(), other.Load())
		}
	}
}

func flowDuplicates(w *world) {
	base := integration.Flow{Tenant: w.tenant, ID: "f", Integration: "i", Kind: model.Orders, Source: "a", Target: "b",
		Status: integration.Active, Version: 1}
	w.must(w.store.PutFlow(w.ctx(), base, start))
	again := base
	again.ID, again.Integration, again.Status, again.Hook = "g", "another", integration.Paused, "hook "+w.tenant
	w.is("a second flow alike", w.store.PutFlow(w.ctx(), again, start), store.ErrDuplicate)
	_, err := w.store.Flow(w.ctx(), w.tenant, "g")
	w.is("the refused flow", err, store.ErrNotFound)
	_, err = w.store.FlowByHook(w.ctx(), again.Hook)
	w.is("the refused flow by its token", err, store.ErrNotFound)

	for name, change := range map[string]func(*integration.Flow){
		"other kind":      func(f *integration.Flow) { f.Kind = model.Stock },
		"other direction": func(f *integration.Flow) { f.Source, f.Target = f.Target, f.Source },
		"other target":    func(f *integration.Flow) { f.Target = "c" },
		"other tenant":    func(f *integration.Flow) { f.Tenant += "x" },
	} {
		other := base
		other.ID = name
		change(&other)
		if err := w.store.PutFlow(w.ctx(), other, start); err != nil {
			w.Errorf("%s: %v", name, err)
		}
	}
	base.Version, base.Source = 2, "d"
	w.must(w.store.PutFlow(w.ctx(), base, start))
	if err := w.store.PutFlow(w.ctx(), again, start); err != nil {
		w.Errorf("the pair became free, but: %v", err)
	}
	base.Version, base.Source = 3, "a"
	w.is("changing a flow into one alike", w.store.PutFlow(w.ctx(), base, start), store.ErrDuplicate)
	got, err := w.store.Flow(w.ctx(), w.tenant, "f")
	w.must(err)
	w.equal("source after the refused change", got.Source, "d")
}

func flowDuplicateRace(w *world) {
	for round := range 10 {
		var won, other atomic.Int64
		together(16, func(i int) {
			flow := integration.Flow{Tenant: w.tenant, ID: fmt.Sprint(round, "-", i), Kind: model.Orders,
				Source: fmt.Sprint("s", round), Target: "t", Status: integration.Active, Version: 1}
			if err := w.store.PutFlow(w.ctx(), flow, start); err == nil {
				won.Add(1)
			} else if !errors.Is(err, store.ErrDuplicate) {
				other.Add(1)
			}
		})
		if won.Load() != 1 || other.Load() != 0 {
			w.Fatalf("round %d: %d flows are there and %d got another error, want 1 and 0", round, won.Load(), other.Load())
		}
	}
}

func dueFlows(shared *world) {
	w := shared.alone()
	var want []store.DueFlow
	for i, minutes := range []int{-3, 2, 0, -9, -1} {
		flow := fullFlow([]string{"a", "b"}[i%2], fmt.Sprint(i))
		at := start.Add(time.Duration(minutes)*time.Minute + time.Nanosecond)
		if minutes == 0 {
			at = start // not after now is due
		}
		w.must(w.store.PutFlow(w.ctx(), flow, at))
		if minutes <= 0 {
			want = append(want, store.DueFlow{Flow: flow, At: at})
		}
		stock := flow
		stock.Kind, stock.ID, stock.Hook = model.Stock, "stock"+flow.ID, "stock"+flow.Hook
		w.must(w.store.PutFlow(w.ctx(), stock, at))
	}
	slices.SortFunc(want, func(a, b store.DueFlow) int { return a.At.Compare(b.At) })
	limit := 100
	look := func() (any, any) {
		got, err := w.store.DueFlows(w.ctx(), model.Orders, start, limit)
		w.must(err)
		return got, want
	}
	w.eventually("due flows", look)
	limit, want = 2, want[:2]
	w.eventually("the two longest due", look)
	limit, want = 100, nil
	got, err := w.store.DueFlows(w.ctx(), model.Prices, start, limit)
	w.must(err)
	w.equal("due flows of a kind without flows", len(got), 0)

	// A due time that moved is due at its new time only.
	moved, err := w.store.MoveDue(w.ctx(), "b", "3", start.Add(-9*time.Minute+1), start.Add(time.Hour))
	w.must(err)
	w.equal("moved", moved, true)
	w.eventually("due flows after the longest due moved on", func() (any, any) {
		got, err := w.store.DueFlows(w.ctx(), model.Orders, start, 1)
		w.must(err)
		if len(got) != 1 {
			return len(got), 1
		}
		return got[0].Flow.ID, "0"
	})
	w.eventually("due flows an hour later", func() (any, any) {
		got, err := w.store.DueFlows(w.ctx(), model.Orders, start.Add(time.Hour), 100)
		w.must(err)
		return len(got), 5
	})
}

func pausedFlow(shared *world) {
	w := shared.alone()
	flow := fullFlow("a", "f")
	due := func() any {
		list, err := w.store.DueFlows(w.ctx(), model.Orders, start.Add(24*time.Hour), 10)
		w.must(err)
		return len(list)
	}
	flow.Status = integration.Paused
	w.must(w.store.PutFlow(w.ctx(), flow, start))
	w.eventually("due flows, never resumed", func() (any, any) { return due(), 0 })
	moved, err := w.store.MoveDue(w.ctx(), "a", "f", start, start.Add(time.Minute))
	w.must(err)
	w.equal("a paused flow's due time moved", moved, false)
	flow.Status, flow.Version = integration.Active, 2
	w.must(w.store.PutFlow(w.ctx(), flow, start))
	w.eventually("due flows, resumed", func() (any, any) { return due(), 1 })
	flow.Status, flow.Version = integration.Paused, 3
	w.must(w.store.PutFlow(w.ctx(), flow, start))
	w.eventually("due flows, paused again", func() (any, any) { return due(), 0 })
}

func moveDue(w *world) {
	w.must(w.store.PutFlow(w.ctx(), fullFlow(w.tenant, "f"), start))
	move := func(from, to time.Time, want bool) {
		w.Helper()
		got, err := w.store.MoveDue(w.ctx(), w.tenant, "f", from, to)
		w.must(err)
		if got != want {
			w.Errorf("moving from %v: got %v, want %v", from, got, want)
		}
	}
	later := start.Add(time.Hour)
	move(start.Add(time.Nanosecond), later, false)
	move(start, later, true)
	move(start, later, false)
	move(later, start, true)
	// An edited flow is due when it was told to be, not when it was before.
	flow := fullFlow(w.tenant, "f")
	flow.Version = 2
	w.must(w.store.PutFlow(w.ctx(), flow, later))
	move(start, later, false)
	move(later, later.Add(time.Hour), true)
	moved, err := w.store.MoveDue(w.ctx(), w.tenant, "none", start, later)
	w.must(err)
	w.equal("an unknown flow moved", moved, false)
}

func moveDueRace(w *world) {
	w.must(w.store.PutFlow(w.ctx(), fullFlow(w.tenant, "f"), start))
	for round := range 10 {
		from := start.Add(time.Duration(round) * time.Minute)
		var won, failed atomic.Int64
		together(16, func(int) {
			moved, err := w.store.MoveDue(w.ctx(), w.tenant, "f", from, from.Add(time.Minute))
			if err != nil {
				failed.Add(1)
			} else if moved {
				won.Add(1)
			}
		})
		if won.Load() != 1 || failed.Load() != 0 {
			w.Fatalf("round %d: %d moved it and %d failed, want 1 and 0", round, won.Load(), failed.Load())
		}
	}
}

func flowByHook(w *world) {
	flow := fullFlow(w.tenant, "f")
	none := fullFlow(w.tenant, "without")
	none.Hook = ""
	w.must(w.store.PutFlow(w.ctx(), flow, start))
	w.must(w.store.PutFlow(w.ctx(), none, start))
	got, err := w.store.FlowByHook(w.ctx(), flow.Hook)
	w.must(err)
	w.equal("flow", got, flow)
	for _, hook := range []string{"", "another", flow.Hook + " ", flow.Hook[:5], "%"} {
		_, err := w.store.FlowByHook(w.ctx(), hook)
		w.is(fmt.Sprintf("hook %q", hook), err, store.ErrNotFound)
	}
	before := flow.Hook
	flow.Version, flow.Hook = 2, "new "+w.tenant
	w.must(w.store.PutFlow(w.ctx(), flow, start))
	_, err = w.store.FlowByHook(w.ctx(), before)
	w.is("the token before", err, store.ErrNotFound)
	got, err = w.store.FlowByHook(w.ctx(), flow.Hook)
	w.must(err)
	w.equal("flow by its new token", got, flow)
	flow.Version, flow.Hook = 3, ""
	w.must(w.store.PutFlow(w.ctx(), flow, start))
	_, err = w.store.FlowByHook(w.ctx(), "new "+w.tenant)
	w.is("a token taken away", err, store.ErrNotFound)
}

func flowsApart(w *world) {
	pairs := append(lookalikes(w.tenant), [2][2]string{{w.tenant + "1", "f"}, {w.tenant + "2", "f"}})
	for _, pair := range pairs {
		for i, p := range pair {
			w.must(w.store.PutFlow(w.ctx(), fullFlow(p[0], p[1]), start.Add(time.Duration(i)*time.Hour)))
		}
		for i, p := range pair {
			got, err := w.store.Flow(w.ctx(), p[0], p[1])
			w.must(err)
			w.equal(fmt.Sprintf("flow %q", p), got, fullFlow(p[0], p[1]))
			from := start.Add(time.Duration(i) * time.Hour)
			moved, err := w.store.MoveDue(w.ctx(), p[0], p[1], from, from.Add(time.Minute))
			w.must(err)
			w.equal(fmt.Sprintf("due time of %q", p), moved, true)
		}
	}
}
