// Package operate is what people ask of the pipeline: run a flow now, stop it, go on, try failures again, test a connection.
//
// The panel calls it; it only queues and stores, the stages do the work. Every method checks that the tenant owns what is
// named.
package operate

import (
	"context"
	"fmt"

	"apicenter/shared/connector"
	"apicenter/shared/integration"
	"apicenter/shared/message"
	"apicenter/shared/stage"
	"apicenter/shared/stage/fetch"
	"apicenter/shared/stage/retry"
	"apicenter/shared/store"
)

// Desk carries out what people ask. Every field is required.
type Desk struct {
	Flows    store.Flows
	Failures store.Failures
	Sessions *stage.Sessions
	Fetch    *fetch.Stage
	Retry    *retry.Stage
	World    stage.World
}

// RunNow queues one run of the flow: what changed since the last one, or everything again.
func (d *Desk) RunNow(ctx context.Context, tenant, id string, mode connector.Mode) error {
	flow, err := d.Flows.Flow(ctx, tenant, id)
	if err != nil {
		return fmt.Errorf("flow %s: %w", id, err)
	}
	return d.Fetch.Enqueue(ctx, flow, message.Job{Mode: string(mode), Trigger: message.Manual}, 0)
}

// most failures read at a time.
const most = 500

// RetryFailures queues the failures of the keys again, all open ones of the flow when keys is empty, and returns how many.
func (d *Desk) RetryFailures(ctx context.Context, tenant, flow string, keys []string) (int, error) {
	if len(keys) > 0 {
		return d.Retry.RetryKeys(ctx, tenant, flow, keys)
	}
	// All keys are read before the first is sent on: what fails again meanwhile is not sent on for ever.
	cursor := ""
	for {
		list, next, err := d.Failures.Failures(ctx, store.FailureFilter{Tenant: tenant, Flow: flow, State: store.FailureOpen}, cursor, most)
		if err != nil {
			return 0, fmt.Errorf("open failures: %w", err)
		}
		for _, f := range list {
			keys = append(keys, f.Key)
		}
		if next == "" {
			break
		}
		cursor = next
	}
	sent := 0
	for len(keys) > 0 {
		part := keys[:min(most, len(keys))]
		keys = keys[len(part):]
		n, err := d.Retry.RetryKeys(ctx, tenant, flow, part)
		if sent += n; err != nil {
			return sent, err
		}
	}
	return sent, nil
}

// PauseFlow stops looking at the flow; its checkpoint stays, and what is on its way arrives.
func (d *Desk) PauseFlow(ctx context.Context, tenant, id string) error {
	return d.status(ctx, tenant, id, integration.Paused)
}

// ResumeFlow goes on from where the flow was paused.
func (d *Desk) ResumeFlow(ctx context.Context, tenant, id string) error {
	return d.status(ctx, tenant, id, integration.Active)
}

func (d *Desk) status(ctx context.Context, tenant, id string, status integration.FlowStatus) error {
	flow, err := d.Flows.Flow(ctx, tenant, id)
	if err != nil {
		return fmt.Errorf("flow %s: %w", id, err)
	}
	if flow.Status == status {
		return nil
	}
	flow.Status = status
	flow.Version++
	return d.Flows.PutFlow(ctx, flow, d.World.Now())
}

// TestConnection makes the cheapest call that proves address, credentials and rights, and lets a stopped connection go on
// when it succeeds. Then it looks up what the flows into the connection are set to use.
func (d *Desk) TestConnection(ctx context.Context, tenant, connection string) (connector.Report, error) {
	report, err := d.Retry.Test(ctx, tenant, connection)
	if err != nil {
		return report, err
	}
	session, err := d.Sessions.Open(ctx, tenant, connection)
	if err != nil {
		return report, err
	}
	verifier, ok := session.Session.(connector.FlowVerifier)
	if !ok {
		return report, nil
	}
	flows, err := d.Flows.Flows(ctx, tenant)
	if err != nil {
		return report, fmt.Errorf("flows: %w", err)
	}
	for _, flow := range flows {
		if flow.Target != connection {
			continue
		}
		options := map[string]string{}
		for _, s := range session.Connector.Target[flow.Kind].Settings {
			if value, ok := flow.Options[s.Name]; ok {
				options[s.Name] = value
			}
		}
		more, err := verifier.VerifyFlow(ctx, flow.Kind, options)
		if err != nil {
			return report, err
		}
		report.Warnings = append(report.Warnings, more.Warnings...)
	}
	return report, nil
}
