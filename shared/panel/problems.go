package panel

import (
	"fmt"
	"net/http"
	"net/url"

	"apicenter/shared/fault"
	"apicenter/shared/store"
)

// problemsShown is how many failures a page lists.
const problemsShown = 25

// problemsView is what of a flow did not go, the longest waiting first.
type problemsView struct {
	flowHead
	Failures []failureRow
	Next     string
}

// failureRow is one record that did not go.
type failureRow struct {
	Key     string
	Number  string
	Parked  bool
	Chip    chip
	Problem *problemView
	Since   *moment
	Last    *moment // when it failed last, if that was another time
	URL     string  // its record page; empty when the activity has expired
}

// problemView is a failure a person can act on.
type problemView struct {
	Step, Field, Message, Advice, Detail string
	// Waits says what lets the record pass by itself, if something can.
	Waits string
}

// problem turns a stored failure into its view; nil stays nil.
func (v *visit) problem(e *fault.Error) *problemView {
	if e == nil {
		return nil
	}
	view := &problemView{Step: v.words.or("step.", e.Step), Field: e.Field, Message: e.Message, Advice: e.Advice, Detail: e.Detail}
	if e.Cause != "" {
		view.Waits = v.words.say("problem.waits")
	}
	return view
}

func (p *Panel) showProblems(w http.ResponseWriter, r *http.Request, v *visit) error {
	f, err := p.flow(r, v)
	if err != nil {
		return err
	}
	head, err := p.flowHead(r.Context(), v, f, "problems")
	if err != nil {
		return err
	}
	list, next, err := p.store.Failures(r.Context(), store.FailureFilter{Tenant: v.tenant.ID, Flow: f.ID},
		r.URL.Query().Get("after"), problemsShown)
	if err != nil {
		return fmt.Errorf("failures: %w", err)
	}
	view := problemsView{flowHead: head}
	for _, failure := range list {
		view.Failures = append(view.Failures, v.failureRow(failure))
	}
	if next != "" {
		view.Next = flowURL(f.ID, "problems") + "?after=" + url.QueryEscape(next)
	}
	return p.flowPage(w, r, v, "problems", head, view)
}

func (v *visit) failureRow(f store.Failure) failureRow {
	row := failureRow{Key: f.Key, Number: f.Number, Parked: f.State == store.FailureParked, Chip: v.chip(f.Outcome),
		Problem: v.problem(f.Problem), Since: v.moment(f.Since)}
	if row.Number == "" {
		row.Number = f.Key
	}
	if row.Parked {
		row.Chip.Text = v.words.say("outcome.parked")
	}
	if !f.Last.Equal(f.Since) {
		row.Last = v.moment(f.Last)
	}
	if f.Activity != "" {
		row.URL = recordURL(f.Flow, f.Activity, f.Key)
	}
	return row
}
