package main

import (
	"context"

	"apicenter/infra/exam"
)

// The demo tenant, by the names it has here.
const (
	demoTenant = exam.Tenant
	demoSource = exam.Source
	demoTarget = exam.Target
	demoFlow   = exam.Flow
)

// createTenant stores the demo tenant, or updates its connections to where the sandboxes are now.
func (a *app) createTenant(ctx context.Context, s exam.Setup) error {
	return exam.Platform{Store: a.store, Sealer: a.vault, Plans: a.plans, Now: a.world.Now}.Create(ctx, s)
}
