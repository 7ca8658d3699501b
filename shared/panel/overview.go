package panel

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"time"

	"apicenter/shared/integration"
)

// overviewView is everything at a glance.
type overviewView struct {
	Light        light
	Sentence     string
	Integrations []integrationView
	Connections  []connectionView
}

// integrationView is two connections and what moves between them.
type integrationView struct {
	Title string
	A, B  party
	Flows []flowCard
}

// flowCard is one flow on the overview.
type flowCard struct {
	ID       string
	URL      string
	Kind     string
	From, To party
	Light    light
	LastRun  *moment
	NextRun  *moment
	Today    []tally
	Open     int
	Parked   int
	Chart    chart
}

func (p *Panel) showOverview(w http.ResponseWriter, r *http.Request, v *visit) error {
	view, err := p.overview(r.Context(), v)
	if err != nil {
		return err
	}
	return p.show(w, r, v, http.StatusOK, page{Name: "overview", Title: v.words.say("overview.title"), Nav: "overview",
		Live: "/live.json", View: view})
}

func (p *Panel) overview(ctx context.Context, v *visit) (overviewView, error) {
	var view overviewView
	s, err := p.situation(ctx, v)
	if err != nil {
		return view, err
	}
	cards := map[string][]flowCard{}
	for _, f := range s.flows {
		card, err := p.flowCard(ctx, v, f, s)
		if err != nil {
			return view, err
		}
		cards[f.Integration] = append(cards[f.Integration], card)
	}
	for _, i := range s.integrations {
		a, b := p.party(s.connection(i.A)), p.party(s.connection(i.B))
		view.Integrations = append(view.Integrations, integrationView{
			Title: cmp.Or(i.Title, a.Title+" – "+b.Title), A: a, B: b, Flows: cards[i.ID]})
	}
	for _, c := range s.connections {
		view.Connections = append(view.Connections, p.connectionView(v, c, s.states[c.ID]))
	}
	view.Light, view.Sentence = p.summary(v, s)
	return view, nil
}

// summary is the one sentence of the whole account.
func (p *Panel) summary(v *visit, s situation) (light, string) {
	open, halted, down := 0, "", ""
	for _, f := range s.flows {
		open += s.failures[f.ID].Open
	}
	for _, c := range s.connections {
		switch s.states[c.ID].Status {
		case integration.Halted:
			halted = cmp.Or(halted, p.party(c).Title)
		case integration.Down:
			down = cmp.Or(down, p.party(c).Title)
		case integration.Up, integration.Resuming:
		}
	}
	switch {
	case halted != "":
		return light{"red", v.words.say("summary.stopped")}, v.words.say("summary.halted", "connection", halted)
	case open > 0:
		return light{"orange", v.words.count("light.open", open)}, v.words.say("summary.open")
	case down != "":
		return light{"orange", v.words.say("summary.waiting")}, v.words.say("summary.down", "connection", down)
	case len(s.flows) == 0:
		return light{"grey", v.words.say("summary.empty")}, v.words.say("summary.start")
	}
	return light{"green", v.words.say("summary.well")}, v.words.say("summary.calm")
}

func (p *Panel) flowCard(ctx context.Context, v *visit, f integration.Flow, s situation) (flowCard, error) {
	last, err := p.lastRun(ctx, v, f.ID)
	if err != nil {
		return flowCard{}, err
	}
	midnight := v.midnight()
	hours, err := p.store.Hours(ctx, v.tenant.ID, f.ID, earlier(chartFrom(v.now), midnight.Truncate(time.Hour)))
	if err != nil {
		return flowCard{}, fmt.Errorf("hours of flow %s: %w", f.ID, err)
	}
	card := flowCard{ID: f.ID, URL: flowURL(f.ID), Kind: v.words.say("kind." + string(f.Kind)),
		From: p.party(s.connection(f.Source)), To: p.party(s.connection(f.Target)),
		Light: p.flowLight(v, f, s, last), NextRun: v.moment(nextRun(f, v.now)),
		Today: v.tallies(sum(hours, midnight.Truncate(time.Hour))), Open: s.failures[f.ID].Open, Parked: s.failures[f.ID].Parked,
		Chart: v.chart(hours)}
	if last != nil {
		card.LastRun = v.moment(last.Started)
	}
	return card, nil
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
