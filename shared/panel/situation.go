package panel

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"apicenter/shared/connector"
	"apicenter/shared/integration"
	"apicenter/shared/model"
	"apicenter/shared/store"
)

// situation is the tenant's setup and how it stands at this moment.
type situation struct {
	connections  []integration.Connection
	states       map[string]integration.ConnectionState
	integrations []integration.Integration
	flows        []integration.Flow
	failures     map[string]store.FailureCount
}

// situation reads what every page with a light needs.
func (p *Panel) situation(ctx context.Context, v *visit) (situation, error) {
	var s situation
	var err error
	if s.connections, err = p.store.Connections(ctx, v.tenant.ID); err != nil {
		return s, fmt.Errorf("connections: %w", err)
	}
	s.states = make(map[string]integration.ConnectionState, len(s.connections))
	for _, c := range s.connections {
		if s.states[c.ID], err = p.store.ConnectionState(ctx, v.tenant.ID, c.ID); err != nil {
			return s, fmt.Errorf("state of connection %s: %w", c.ID, err)
		}
	}
	if s.integrations, err = p.store.Integrations(ctx, v.tenant.ID); err != nil {
		return s, fmt.Errorf("integrations: %w", err)
	}
	if s.flows, err = p.store.Flows(ctx, v.tenant.ID); err != nil {
		return s, fmt.Errorf("flows: %w", err)
	}
	order := model.Kinds()
	slices.SortStableFunc(s.flows, func(a, b integration.Flow) int {
		return cmp.Or(cmp.Compare(slices.Index(order, a.Kind), slices.Index(order, b.Kind)), cmp.Compare(a.ID, b.ID))
	})
	if s.failures, err = p.store.CountFailures(ctx, v.tenant.ID); err != nil {
		return s, fmt.Errorf("failures: %w", err)
	}
	return s, nil
}

// connection returns a connection of the situation; one that was deleted has its id and nothing else.
func (s situation) connection(id string) integration.Connection {
	for _, c := range s.connections {
		if c.ID == id {
			return c
		}
	}
	return integration.Connection{ID: id}
}

// party is one side of a flow or an integration, as pages name it.
type party struct {
	Title    string // what the tenant calls the connection
	System   string // what its maker calls the system
	Initials string
}

func (p *Panel) party(c integration.Connection) party {
	system := cmp.Or(p.systems[c.System].Title, c.System)
	title := cmp.Or(c.Title, system, c.ID)
	return party{Title: title, System: system, Initials: initials(cmp.Or(system, title))}
}

// initials returns the letter or two that stand in a system's tile.
func initials(title string) string {
	letters := []rune(title)
	if len(letters) == 0 {
		return "?"
	}
	if len(letters) > 1 {
		letters = letters[:2]
	}
	return string(letters)
}

// light says at a glance how something stands.
type light struct {
	Colour string // green, orange, red or grey: the name of its style
	Text   string // the same in words, for whoever does not see colours
}

// connectionLight is the light of a connection.
func (v *visit) connectionLight(s integration.ConnectionState) light {
	switch s.Status {
	case integration.Halted:
		return light{"red", v.words.say("connection.paused")}
	case integration.Down:
		return light{"orange", v.words.say("connection.down")}
	case integration.Resuming:
		return light{"green", v.words.say("connection.resuming")}
	case integration.Up, "":
	}
	if s.Until.After(v.now) {
		return light{"orange", v.words.say("connection.busy")}
	}
	return light{"green", v.words.say("connection.up")}
}

// flowLight is the light of a flow: red when nothing can move, orange when something waits for somebody.
func (p *Panel) flowLight(v *visit, f integration.Flow, s situation, last *store.Run) light {
	if f.Status == integration.Paused {
		return light{"grey", v.words.say("light.paused")}
	}
	for _, id := range []string{f.Source, f.Target} {
		if s.states[id].Status == integration.Halted {
			return light{"red", v.words.say("light.halted", "connection", p.party(s.connection(id)).Title)}
		}
	}
	if open := s.failures[f.ID].Open; open > 0 {
		return light{"orange", v.words.count("light.open", open)}
	}
	for _, id := range []string{f.Source, f.Target} {
		if s.states[id].Status == integration.Down {
			return light{"orange", v.words.say("light.down", "connection", p.party(s.connection(id)).Title)}
		}
	}
	if last != nil && last.Problem != nil {
		return light{"orange", v.words.say("light.run")}
	}
	return light{"green", v.words.say("light.running")}
}

// lastRun returns the newest run of a flow, nil when it never ran.
func (p *Panel) lastRun(ctx context.Context, v *visit, flow string) (*store.Run, error) {
	runs, _, err := p.store.Runs(ctx, v.tenant.ID, flow, "", 1)
	if err != nil {
		return nil, fmt.Errorf("runs of flow %s: %w", flow, err)
	}
	if len(runs) == 0 {
		return nil, nil
	}
	return &runs[0], nil
}

// nextRun returns when a flow's schedule looks again; zero when it is paused.
func nextRun(f integration.Flow, now time.Time) time.Time {
	if f.Status != integration.Active {
		return time.Time{}
	}
	next, err := f.Schedule.Next(now, f.ID)
	if err != nil {
		return time.Time{} // a schedule that cannot be read has no next time; its settings page is where that is told
	}
	return next
}

// cannotAsk reports whether the flow's target cannot be asked what it has, so that a lost answer may double a record.
func (p *Panel) cannotAsk(f integration.Flow, s situation) bool {
	target, ok := p.systems[s.connection(f.Target).System].Target[f.Kind]
	return ok && target.CannotAsk
}

// settingsOf lists what a connection is set to. Only settings the connector declares as not secret are shown.
func settingsOf(c integration.Connection, of connector.Connector) []pair {
	public := connector.Public(of.Settings, c.Settings)
	var out []pair
	for _, s := range of.Settings {
		if value, ok := public[s.Name]; ok && value != "" {
			out = append(out, pair{Name: cmp.Or(s.Title, s.Name), Value: value})
		}
	}
	return out
}

// pair is a name and its value.
type pair struct {
	Name, Value string
	Marked      bool // a problem names this field
}
