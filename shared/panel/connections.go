package panel

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"apicenter/shared/fault"
	"apicenter/shared/integration"
)

// testTime bounds how long a visitor waits for a connection test.
const testTime = 25 * time.Second

// connectionsView is every connection and how it stands.
type connectionsView struct {
	Connections []connectionView
}

// connectionView is one connection.
type connectionView struct {
	ID       string
	Party    party
	Light    light
	Sentence string // what is wrong, empty when nothing is
	Advice   string
	Detail   string
	Since    *moment
	Until    *moment // when it is tried again by itself
	Settings []pair
	Note     *note // the answer of a test
}

func (p *Panel) showConnections(w http.ResponseWriter, r *http.Request, v *visit) error {
	n := p.hear(w, r, v)
	view, err := p.connections(r.Context(), v, n)
	if err != nil {
		return err
	}
	if n != nil && n.Connection != "" {
		n = nil // it stands beside its connection
	}
	return p.show(w, r, v, http.StatusOK, page{Name: "connections", Title: v.words.say("connections.title"),
		Nav: "connections", Live: "/live.json", Note: n, View: view})
}

func (p *Panel) connections(ctx context.Context, v *visit, n *note) (connectionsView, error) {
	var view connectionsView
	list, err := p.store.Connections(ctx, v.tenant.ID)
	if err != nil {
		return view, fmt.Errorf("connections: %w", err)
	}
	for _, c := range list {
		state, err := p.store.ConnectionState(ctx, v.tenant.ID, c.ID)
		if err != nil {
			return view, fmt.Errorf("state of connection %s: %w", c.ID, err)
		}
		shown := p.connectionView(v, c, state)
		if n != nil && n.Connection == c.ID {
			shown.Note = n
		}
		view.Connections = append(view.Connections, shown)
	}
	return view, nil
}

func (p *Panel) connectionView(v *visit, c integration.Connection, s integration.ConnectionState) connectionView {
	view := connectionView{ID: c.ID, Party: p.party(c), Light: v.connectionLight(s), Settings: settingsOf(c, p.systems[c.System])}
	if s.Until.After(v.now) {
		view.Until = v.moment(s.Until)
	}
	switch s.Status {
	case integration.Halted, integration.Down:
		view.Since = v.moment(s.Since)
		view.Sentence = v.words.say("connection.no-reason")
		if s.Reason != nil {
			view.Sentence, view.Advice, view.Detail = s.Reason.Message, s.Reason.Advice, s.Reason.Detail
		}
		if view.Advice == "" {
			view.Advice = v.words.say("connection.advice." + string(s.Status))
		}
	case integration.Up, integration.Resuming:
	}
	return view
}

// testConnection asks the system and shows its answer beside the connection.
func (p *Panel) testConnection(w http.ResponseWriter, r *http.Request, v *visit) error {
	c, err := p.store.Connection(r.Context(), v.tenant.ID, r.PathValue("connection"))
	if err != nil {
		return fmt.Errorf("connection: %w", err)
	}
	ctx, cancel := context.WithTimeout(r.Context(), testTime)
	defer cancel()
	report, err := p.actions.TestConnection(ctx, v.tenant.ID, c.ID)
	n := note{Connection: c.ID, Text: report.Summary, Details: report.Warnings}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		n = note{Connection: c.ID, Bad: true, Text: v.words.say("connection.slow"), Advice: v.words.say("connection.advice.down")}
	case err != nil:
		n = p.refusal(v, r, err)
		n.Connection = c.ID
	case n.Text == "":
		n.Text = v.words.say("connection.works")
	}
	p.say(w, r, v, n)
	return back(w, r, "/connections#"+c.ID)
}

// refusal is the note of an action that could not be done. What was not written for an owner goes to the log instead.
func (p *Panel) refusal(v *visit, r *http.Request, err error) note {
	var f *fault.Error
	if !errors.As(err, &f) {
		p.log.Error("an action failed", slog.String("page", r.Pattern), slog.String("tenant", v.tenant.ID), slog.Any("error", err))
		return note{Bad: true, Text: v.words.say("note.failed"), Advice: v.words.say("note.failed-advice")}
	}
	n := note{Bad: true, Text: f.Message, Advice: f.Advice}
	if f.Detail != "" {
		n.Details = []string{f.Detail}
	}
	return n
}
