package awsenv

import (
	"context"
	"time"

	"apicenter/shared/fault"
	"apicenter/shared/integration"
	"apicenter/shared/model"
	"apicenter/shared/store"
	"apicenter/shared/telemetry"
)

// counted is the store, with what stages tell it counted for the line about the message. Counts follow what was asked, not
// what was new: a message handled twice counts twice.
type counted struct{ store.Store }

// AppendChunk is of store.Activity: outcomes of records.
func (c counted) AppendChunk(ctx context.Context, chunk store.Chunk) error {
	if err := c.Store.AppendChunk(ctx, chunk); err != nil {
		return err
	}
	tally := telemetry.TallyOf(ctx)
	for outcome, metric := range map[model.Outcome]string{model.Delivered: telemetry.RecordsDelivered, model.Skipped: telemetry.RecordsSkipped,
		model.Rejected: telemetry.RecordsRejected, model.Failed: telemetry.RecordsFailed, model.Pending: telemetry.RecordsPending} {
		if n := chunk.Counts[outcome]; n > 0 {
			tally.Add(metric, n)
		}
	}
	return nil
}

// AddToRun is of store.Activity: runs that ended early.
func (c counted) AddToRun(ctx context.Context, tenant, flow, run string, pages, records int, ended time.Time, problem *fault.Error) error {
	err := c.Store.AddToRun(ctx, tenant, flow, run, pages, records, ended, problem)
	if err == nil && problem != nil {
		telemetry.TallyOf(ctx).Add(telemetry.RunsFailed, 1)
	}
	return err
}

// OpenIncident is of store.Incidents: what an owner has to be told.
func (c counted) OpenIncident(ctx context.Context, i store.Incident) (bool, error) {
	opened, err := c.Store.OpenIncident(ctx, i)
	if opened {
		telemetry.TallyOf(ctx).Add(telemetry.IncidentsOpened, 1)
	}
	return opened, err
}

// StoppedConnections is of store.Connections. The retry stage's tick asks for the list and then looks at each connection on
// it; that none is paused is worth a zero, or the metric would keep its last value.
func (c counted) StoppedConnections(ctx context.Context) ([]store.ConnectionRef, error) {
	list, err := c.Store.StoppedConnections(ctx)
	if err == nil {
		telemetry.TallyOf(ctx).Add(telemetry.Paused, 0)
	}
	return list, err
}

// ConnectionState is of store.Connections: connections that wait for their owner.
func (c counted) ConnectionState(ctx context.Context, tenant, id string) (integration.ConnectionState, error) {
	state, err := c.Store.ConnectionState(ctx, tenant, id)
	if err == nil && state.Status == integration.Halted {
		telemetry.TallyOf(ctx).AddOnce(telemetry.Paused, tenant+"/"+id)
	}
	return state, err
}
