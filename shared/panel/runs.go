package panel

import (
	"fmt"
	"net/http"
	"net/url"

	"apicenter/shared/store"
)

// runsShown is how many runs a page lists.
const runsShown = 25

// runsView is a flow's runs, newest first.
type runsView struct {
	flowHead
	Runs []runRow
	Next string // address of the older ones; empty when there are none
}

// runRow is one run.
type runRow struct {
	Trigger string
	Full    bool
	Started *moment
	Lasted  string
	Reading bool
	Read    int
	Tallies []tally
	Problem *problemView
	URL     string // its activity
}

func (p *Panel) showRuns(w http.ResponseWriter, r *http.Request, v *visit) error {
	f, err := p.flow(r, v)
	if err != nil {
		return err
	}
	head, err := p.flowHead(r.Context(), v, f, "runs")
	if err != nil {
		return err
	}
	runs, next, err := p.store.Runs(r.Context(), v.tenant.ID, f.ID, r.URL.Query().Get("after"), runsShown)
	if err != nil {
		return fmt.Errorf("runs: %w", err)
	}
	view := runsView{flowHead: head}
	for _, run := range runs {
		view.Runs = append(view.Runs, v.runRow(run))
	}
	if next != "" {
		view.Next = flowURL(f.ID, "runs") + "?after=" + url.QueryEscape(next)
	}
	return p.flowPage(w, r, v, "runs", head, view)
}

func (v *visit) runRow(run store.Run) runRow {
	row := runRow{Trigger: v.words.or("trigger.", string(run.Trigger)), Full: run.Mode == "full", Started: v.moment(run.Started),
		Read: run.Read, Tallies: v.tallies(run.Counts), Problem: v.problem(run.Problem),
		URL: flowURL(run.Flow) + "?run=" + url.QueryEscape(run.ID)}
	if run.Ended.IsZero() {
		row.Reading = true
	} else {
		row.Lasted = v.words.lasting(run.Ended.Sub(run.Started))
	}
	return row
}
