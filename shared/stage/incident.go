package stage

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"apicenter/shared/events"
	"apicenter/shared/fault"
	"apicenter/shared/integration"
	"apicenter/shared/store"
)

// Teller tells owners. It keeps what they are told in the store, and publishes it once it is kept and only when it is new:
// a message handled again tells nothing again. Every field is required.
//
// A crash between the two loses the event, and a bus that does not take it is complained about in the log: the problem is in
// the store either way, and the work it belongs to is neither failed nor repeated for it.
type Teller struct {
	Incidents store.Incidents
	Events    events.Publisher
	World     World
	Log       *slog.Logger
}

// Tell tells an owner that a connection stopped, and takes that back when it works again: once for each stop, and once more
// when a system that was down turns out to refuse us, because then waiting is not enough. Calling it again changes nothing.
func (t *Teller) Tell(ctx context.Context, tenant, connection string, was, now integration.ConnectionState) error {
	stopped := now.Status == integration.Halted || now.Status == integration.Down
	if was.Status == integration.Down && now.Status != integration.Down {
		if err := t.Close(ctx, tenant, SubjectConnection(connection), was.Reason); err != nil {
			return err
		}
	}
	if !stopped || was.Status == now.Status {
		return nil
	}
	return t.Open(ctx, tenant, SubjectConnection(connection), now.Reason)
}

// What incidents are about.
const (
	connectionSubject = "connection/"
	flowSubject       = "flow/"
)

// SubjectConnection is the subject of incidents about a connection.
func SubjectConnection(id string) string { return connectionSubject + id }

// SubjectFlow is the subject of incidents about a flow.
func SubjectFlow(id string) string { return flowSubject + id }

// Open opens an incident about a subject, unless one is open.
func (t *Teller) Open(ctx context.Context, tenant, subject string, problem *fault.Error) error {
	i := store.Incident{Tenant: tenant, ID: t.World.ID(), Subject: subject, Problem: problem, Opened: t.World.Now()}
	opened, err := t.Incidents.OpenIncident(ctx, i)
	if err != nil {
		return fmt.Errorf("opening an incident: %w", err)
	}
	if opened {
		t.publish(ctx, events.Event{ID: i.ID, Tenant: tenant, Type: events.IncidentOpened, At: i.Opened, Subject: subject, Problem: events.ProblemOf(problem)})
	}
	return nil
}

// Close closes the open incident of a subject, if there is one. Was is the problem that is over, where the caller knows it.
func (t *Teller) Close(ctx context.Context, tenant, subject string, was *fault.Error) error {
	at := t.World.Now()
	closed, err := t.Incidents.CloseIncident(ctx, tenant, subject, at)
	if err != nil {
		return fmt.Errorf("closing an incident: %w", err)
	}
	if closed {
		e := events.Event{ID: t.World.ID(), Tenant: tenant, Type: events.IncidentClosed, At: at, Subject: subject, Problem: events.ProblemOf(was)}
		e.Problem.Advice = over
		t.publish(ctx, e)
	}
	return nil
}

// over is the advice about a problem that is over: what there was to do before is not to be done any more.
const over = "Nothing is left to do about it."

// RunFailed tells that a run ended early, after it is noted in the run. A run ends once, so that its id is the event's.
func (t *Teller) RunFailed(ctx context.Context, tenant, flow, run string, problem *fault.Error) {
	t.publish(ctx, events.Event{ID: run, Tenant: tenant, Type: events.RunFailed, At: t.World.Now(), Subject: SubjectFlow(flow), Run: run,
		Problem: events.ProblemOf(problem)})
}

// publish hints at what is stored.
func (t *Teller) publish(ctx context.Context, e events.Event) {
	if id, ok := strings.CutPrefix(e.Subject, connectionSubject); ok {
		e.Connection = id
	}
	if id, ok := strings.CutPrefix(e.Subject, flowSubject); ok {
		e.Flow = id
	}
	if err := t.Events.Publish(ctx, []events.Event{e}); err != nil {
		t.Log.WarnContext(ctx, "an event was not published", "event", e.ID, "type", string(e.Type), "tenant", e.Tenant, "subject", e.Subject, "error", err)
	}
}
