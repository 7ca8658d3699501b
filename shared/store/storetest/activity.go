package storetest

import (
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"apicenter/shared/fault"
	"apicenter/shared/message"
	"apicenter/shared/model"
	"apicenter/shared/store"
)

func activity() []promise {
	return append([]promise{
		{"a run comes back as it was started", runRoundTrip},
		{"an unknown run is not found", func(w *world) {
			_, err := w.store.Run(w.ctx(), w.tenant, "f", "none")
			w.is("unknown run", err, store.ErrNotFound)
		}},
		{"starting a run that exists changes nothing", runStartedTwice},
		{"pages and records add up, also at the same time", runAddsUp},
		{"an end closes the run and says why", runEnds},
		{"runs are listed newest first, without gap or double while new ones start", runPaging},
		{"tenants and flows have runs of their own", runsApart},
		{"a run whose time is over is not shown, deleted or not", runExpires},
	}, chunks()...)
}

func aRun(tenant, flow, id string) store.Run {
	return store.Run{Tenant: tenant, Flow: flow, ID: id, Kind: model.Orders, Mode: "incremental", Trigger: message.Webhook, Started: start.Add(5)}
}

func (w *world) run(flow, id string) store.Run {
	w.Helper()
	got, err := w.store.Run(w.ctx(), w.tenant, flow, id)
	w.must(err)
	for outcome, n := range got.Counts { // a store may keep a count of none
		if n == 0 {
			delete(got.Counts, outcome)
		}
	}
	if len(got.Counts) == 0 {
		got.Counts = nil
	}
	return got
}

func runRoundTrip(w *world) {
	bare, full := aRun(w.tenant, "f", "bare"), aRun(w.tenant, "f", "full")
	full.Ended, full.Pages, full.Read, full.Problem = start.Add(time.Hour+1), 3, 250, problem("odd \"text\"\n🛒")
	full.Kind, full.Mode, full.Trigger = model.Prices, "full", message.Retry
	w.must(w.store.StartRun(w.ctx(), bare))
	w.must(w.store.StartRun(w.ctx(), full))
	w.equal("bare run", w.run("f", "bare"), bare)
	w.equal("full run", w.run("f", "full"), full)
}

func runStartedTwice(w *world) {
	first := aRun(w.tenant, "f", "r")
	w.must(w.store.StartRun(w.ctx(), first))
	w.must(w.store.AddToRun(w.ctx(), w.tenant, "f", "r", 1, 50, time.Time{}, nil))
	again := first
	again.Trigger, again.Started, again.Mode = message.Manual, start.Add(time.Hour), "full"
	w.must(w.store.StartRun(w.ctx(), again))
	first.Pages, first.Read = 1, 50
	w.equal("run", w.run("f", "r"), first)
}

func runAddsUp(w *world) {
	want := aRun(w.tenant, "f", "r")
	w.must(w.store.StartRun(w.ctx(), want))
	var failed atomic.Int64
	together(8, func(i int) {
		for range 5 {
			if w.store.AddToRun(w.ctx(), w.tenant, "f", "r", 1, i, time.Time{}, nil) != nil {
				failed.Add(1)
			}
		}
	})
	w.equal("failed calls", failed.Load(), int64(0))
	want.Pages, want.Read = 40, 5*28
	w.equal("run", w.run("f", "r"), want)
}

func runEnds(w *world) {
	want := aRun(w.tenant, "f", "r")
	w.must(w.store.StartRun(w.ctx(), want))
	w.must(w.store.AddToRun(w.ctx(), w.tenant, "f", "r", 1, 10, time.Time{}, nil))
	want.Pages, want.Read = 1, 10
	w.equal("run that goes on", w.run("f", "r"), want)
	cause := problem("the till does not answer")
	cause.Class, cause.After = fault.Wait, time.Minute
	w.must(w.store.AddToRun(w.ctx(), w.tenant, "f", "r", 0, 0, start.Add(time.Minute), cause))
	want.Ended, want.Problem = start.Add(time.Minute), cause
	w.equal("run that ended early", w.run("f", "r"), want)
	// Records that were on their way when reading ended still count.
	w.must(w.store.AppendChunk(w.ctx(), w.chunk("f", "r", "c", model.Delivered, 4)))
	want.Counts = map[model.Outcome]int{model.Delivered: 4}
	w.equal("run with outcomes after its end", w.run("f", "r"), want)
}

func runPaging(w *world) {
	var want []string
	begin := func(i int) string {
		id := fmt.Sprintf("run-%04d", i)
		w.must(w.store.StartRun(w.ctx(), aRun(w.tenant, "f", id)))
		return id
	}
	for i := range 25 {
		want = append(want, begin(i))
	}
	slices.Reverse(want)
	for _, limit := range []int{1, 4, 25, 100} {
		next := 100 * limit
		got := pages(w, limit, func(cursor string) ([]store.Run, string, error) {
			return w.store.Runs(w.ctx(), w.tenant, "f", cursor, limit)
		}, func() {
			begin(next) // newer than all: it belongs before the first page
			next++
		})
		ids := make([]string, 0, len(got))
		for _, r := range got {
			ids = append(ids, r.ID)
		}
		if limit == 1 {
			w.equal("first list", ids, want)
		}
		w.equal(fmt.Sprintf("last 25 in pages of %d", limit), ids[max(0, len(ids)-25):], want)
	}
	got, _, err := w.store.Runs(w.ctx(), w.tenant, "f", "", 1)
	w.must(err)
	w.equal("the newest run as listed", got[0], w.run("f", got[0].ID))
	list, next, err := w.store.Runs(w.ctx(), w.tenant, "without runs", "", 10)
	w.must(err)
	w.equal("a flow without runs", []any{len(list), next}, []any{0, ""})
}

func runsApart(w *world) {
	pairs := append(lookalikes(w.tenant), [2][2]string{{w.tenant + "1", "f"}, {w.tenant + "2", "f"}}, [2][2]string{{w.tenant, "f"}, {w.tenant, "g"}})
	for _, pair := range pairs {
		for i, p := range pair {
			w.must(w.store.StartRun(w.ctx(), aRun(p[0], p[1], "r")))
			w.must(w.store.AddToRun(w.ctx(), p[0], p[1], "r", i+1, 0, time.Time{}, nil))
		}
		for i, p := range pair {
			got, err := w.store.Run(w.ctx(), p[0], p[1], "r")
			w.must(err)
			w.equal(fmt.Sprintf("run of %q", p), []any{got.Tenant, got.Flow, got.Pages}, []any{p[0], p[1], i + 1})
			list, _, err := w.store.Runs(w.ctx(), p[0], p[1], "", 10)
			w.must(err)
			w.equal(fmt.Sprintf("number of runs of %q", p), len(list), 1)
		}
	}
}

func runExpires(w *world) {
	w.must(w.store.StartRun(w.ctx(), aRun(w.tenant, "f", "old")))
	w.clock.Advance(89 * 24 * time.Hour)
	w.must(w.store.StartRun(w.ctx(), store.Run{Tenant: w.tenant, Flow: "f", ID: "young", Started: w.clock.Now()}))
	w.run("f", "old")
	w.clock.Advance(2 * 24 * time.Hour)
	_, err := w.store.Run(w.ctx(), w.tenant, "f", "old")
	w.is("a run of 91 days ago", err, store.ErrNotFound)
	runs, _, err := w.store.Runs(w.ctx(), w.tenant, "f", "", 10)
	w.must(err)
	if len(runs) != 1 || runs[0].ID != "young" {
		w.Errorf("got %d runs, want the young one alone", len(runs))
	}
}
