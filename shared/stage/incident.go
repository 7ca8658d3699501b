package stage

import (
	"context"
	"fmt"
	"time"

	"apicenter/shared/integration"
	"apicenter/shared/store"
)

// Tell tells an owner that a connection stopped, and takes that back when it works again: once for each stop, and once more
// when a system that was down turns out to refuse us, because then waiting is not enough. Calling it again changes nothing.
func Tell(ctx context.Context, incidents store.Incidents, w World, tenant, connection string, was, now integration.ConnectionState) error {
	subject := "connection/" + connection
	stopped := now.Status == integration.Halted || now.Status == integration.Down
	if was.Status == integration.Down && now.Status != integration.Down {
		if err := CloseIncident(ctx, incidents, tenant, subject, w.Now()); err != nil {
			return err
		}
	}
	if !stopped || was.Status == now.Status {
		return nil
	}
	_, err := incidents.OpenIncident(ctx, store.Incident{Tenant: tenant, ID: w.ID(), Subject: subject, Problem: now.Reason, Opened: w.Now()})
	if err != nil {
		return fmt.Errorf("opening an incident: %w", err)
	}
	return nil
}

// CloseIncident closes the open incident of a subject, if there is one.
func CloseIncident(ctx context.Context, incidents store.Incidents, tenant, subject string, at time.Time) error {
	if _, err := incidents.CloseIncident(ctx, tenant, subject, at); err != nil {
		return fmt.Errorf("closing an incident: %w", err)
	}
	return nil
}
