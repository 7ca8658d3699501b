package panel

import (
	"context"
	"fmt"
	"net/http"

	"apicenter/shared/model"
	"apicenter/shared/store"
)

// liveView is what the script refreshes on a page that stays open. Texts are complete: the script writes them as they are.
type liveView struct {
	Flows       []liveFlow       `json:"flows"`
	Connections []liveConnection `json:"connections"`
	// Newest is the newest chunk of the flow; only on a flow's own address.
	Newest string `json:"newest,omitempty"`
}

// liveFlow is how a flow stands.
type liveFlow struct {
	ID      string                   `json:"id"`
	Colour  string                   `json:"colour"`
	Light   string                   `json:"light"`
	Today   map[model.Outcome]string `json:"today,omitempty"`
	Open    string                   `json:"open"`
	LastRun string                   `json:"lastRun,omitempty"` // RFC 3339
	NextRun string                   `json:"nextRun,omitempty"`
}

// liveConnection is how a connection stands.
type liveConnection struct {
	ID     string `json:"id"`
	Colour string `json:"colour"`
	Light  string `json:"light"`
}

func (p *Panel) liveOverview(w http.ResponseWriter, r *http.Request, v *visit) error {
	s, err := p.situation(r.Context(), v)
	if err != nil {
		return err
	}
	view := liveView{Flows: []liveFlow{}, Connections: p.liveConnections(v, s)}
	for _, f := range s.flows {
		card, err := p.flowCard(r.Context(), v, f, s)
		if err != nil {
			return err
		}
		view.Flows = append(view.Flows, v.liveFlow(card))
	}
	answerJSON(w, http.StatusOK, view)
	return nil
}

func (p *Panel) liveFlow(w http.ResponseWriter, r *http.Request, v *visit) error {
	f, err := p.flow(r, v)
	if err != nil {
		return err
	}
	s, err := p.situation(r.Context(), v)
	if err != nil {
		return err
	}
	card, err := p.flowCard(r.Context(), v, f, s)
	if err != nil {
		return err
	}
	view := liveView{Flows: []liveFlow{v.liveFlow(card)}, Connections: p.liveConnections(v, s)}
	if view.Newest, err = p.newestChunk(r.Context(), v, f.ID); err != nil {
		return err
	}
	answerJSON(w, http.StatusOK, view)
	return nil
}

func (p *Panel) newestChunk(ctx context.Context, v *visit, flow string) (string, error) {
	chunks, _, err := p.store.Chunks(ctx, store.ChunkFilter{Tenant: v.tenant.ID, Flow: flow}, "", 1)
	if err != nil {
		return "", fmt.Errorf("activity: %w", err)
	}
	if len(chunks) == 0 {
		return "", nil
	}
	return chunks[0].ID, nil
}

func (v *visit) liveFlow(c flowCard) liveFlow {
	out := liveFlow{ID: c.ID, Colour: c.Light.Colour, Light: c.Light.Text, Today: map[model.Outcome]string{}, Open: v.words.number(c.Open)}
	for _, t := range c.Today {
		out.Today[t.Outcome] = v.words.number(t.Count)
	}
	if c.LastRun != nil {
		out.LastRun = c.LastRun.Machine
	}
	if c.NextRun != nil {
		out.NextRun = c.NextRun.Machine
	}
	return out
}

func (p *Panel) liveConnections(v *visit, s situation) []liveConnection {
	out := make([]liveConnection, 0, len(s.connections))
	for _, c := range s.connections {
		l := v.connectionLight(s.states[c.ID])
		out = append(out, liveConnection{ID: c.ID, Colour: l.Colour, Light: l.Text})
	}
	return out
}
