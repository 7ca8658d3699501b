package panel

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"apicenter/shared/connector"
	"apicenter/shared/integration"
	"apicenter/shared/store"
)

// flowHead is what the pages of one flow share: what it is, how it stands, what can be done.
type flowHead struct {
	ID       string
	URL      string
	Title    string
	Kind     string
	From, To party
	Light    light
	Paused   bool
	LastRun  *moment
	NextRun  *moment
	Open     int
	Parked   int
	Tab      string
	// AtLeastOnce is set where the target cannot be asked what it has.
	AtLeastOnce bool
	Query       string // what was searched
}

// flowURL is the address of a flow, or of something below it.
func flowURL(flow string, below ...string) string {
	path := "/flows/" + url.PathEscape(flow)
	for _, part := range below {
		path += "/" + url.PathEscape(part)
	}
	return path
}

// flow returns the flow the address names, of this tenant only.
func (p *Panel) flow(r *http.Request, v *visit) (integration.Flow, error) {
	f, err := p.store.Flow(r.Context(), v.tenant.ID, r.PathValue("flow"))
	if err != nil {
		return f, fmt.Errorf("flow: %w", err)
	}
	return f, nil
}

func (p *Panel) flowHead(ctx context.Context, v *visit, f integration.Flow, tab string) (flowHead, error) {
	s, err := p.situation(ctx, v)
	if err != nil {
		return flowHead{}, err
	}
	last, err := p.lastRun(ctx, v, f.ID)
	if err != nil {
		return flowHead{}, err
	}
	from, to := p.party(s.connection(f.Source)), p.party(s.connection(f.Target))
	kind := v.words.say("kind." + string(f.Kind))
	h := flowHead{ID: f.ID, URL: flowURL(f.ID), Kind: kind, Title: kind + ": " + from.Title + " → " + to.Title, From: from, To: to,
		Light: p.flowLight(v, f, s, last), Paused: f.Status == integration.Paused, NextRun: v.moment(nextRun(f, v.now)),
		Open: s.failures[f.ID].Open, Parked: s.failures[f.ID].Parked, Tab: tab, AtLeastOnce: p.cannotAsk(f, s)}
	if last != nil {
		h.LastRun = v.moment(last.Started)
	}
	return h, nil
}

// flowPage answers with one of a flow's pages.
func (p *Panel) flowPage(w http.ResponseWriter, r *http.Request, v *visit, name string, h flowHead, view any) error {
	return p.show(w, r, v, http.StatusOK, page{Name: name, Title: h.Title, Nav: "overview", Live: flowURL(h.ID, "live.json"), View: view})
}

// act does something with the flow the address names, says what came of it, and goes back to where the form was.
func (p *Panel) act(w http.ResponseWriter, r *http.Request, v *visit, do func(flow string) (string, error)) error {
	f, err := p.flow(r, v)
	if err != nil {
		return err
	}
	text, err := do(f.ID)
	n := note{Text: text}
	if err != nil {
		n = p.refusal(v, r, err)
	}
	p.say(w, r, v, n)
	to := r.PostFormValue("back")
	if !strings.HasPrefix(to, flowURL(f.ID)) {
		to = flowURL(f.ID)
	}
	return back(w, r, to)
}

func (p *Panel) runNow(w http.ResponseWriter, r *http.Request, v *visit) error {
	mode := connector.Incremental
	if r.PostFormValue("mode") == string(connector.Full) {
		mode = connector.Full
	}
	return p.act(w, r, v, func(flow string) (string, error) {
		return v.words.say("note.run-" + string(mode)), p.actions.RunNow(r.Context(), v.tenant.ID, flow, mode)
	})
}

func (p *Panel) pauseFlow(w http.ResponseWriter, r *http.Request, v *visit) error {
	return p.act(w, r, v, func(flow string) (string, error) {
		return v.words.say("note.paused"), p.actions.PauseFlow(r.Context(), v.tenant.ID, flow)
	})
}

func (p *Panel) resumeFlow(w http.ResponseWriter, r *http.Request, v *visit) error {
	return p.act(w, r, v, func(flow string) (string, error) {
		return v.words.say("note.resumed"), p.actions.ResumeFlow(r.Context(), v.tenant.ID, flow)
	})
}

// retry queues the failures of the keys the form names again, or all of the flow's. A form that names none and does not
// ask for all retries nothing: an empty list must not turn into everything.
func (p *Panel) retry(w http.ResponseWriter, r *http.Request, v *visit) error {
	keys := r.PostForm["key"]
	if r.PostFormValue("all") == "yes" {
		keys = nil
	} else if len(keys) == 0 {
		return fmt.Errorf("retry: no record was named: %w", store.ErrNotFound)
	}
	return p.act(w, r, v, func(flow string) (string, error) {
		n, err := p.actions.RetryFailures(r.Context(), v.tenant.ID, flow, keys)
		return v.words.count("note.retried", n), err
	})
}
