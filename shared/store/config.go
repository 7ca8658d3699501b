package store

import (
	"context"
	"time"

	"apicenter/shared/integration"
	"apicenter/shared/model"
)

// Tenants keeps accounts.
type Tenants interface {
	PutTenant(ctx context.Context, t integration.Tenant) error
	// Tenant returns ErrNotFound when there is none.
	Tenant(ctx context.Context, id string) (integration.Tenant, error)
	// AllTenants lists every account, by id.
	AllTenants(ctx context.Context) ([]integration.Tenant, error)
}

// Connections keeps connections and, apart from them, what was found out while using them.
type Connections interface {
	// PutConnection creates or replaces; the state is untouched.
	PutConnection(ctx context.Context, c integration.Connection) error
	// Connection returns ErrNotFound when the tenant has no such connection.
	Connection(ctx context.Context, tenant, id string) (integration.Connection, error)
	// Connections lists a tenant's connections, by id.
	Connections(ctx context.Context, tenant string) ([]integration.Connection, error)
	// ConnectionState returns the zero state when none was saved yet.
	ConnectionState(ctx context.Context, tenant, id string) (integration.ConnectionState, error)
	// SaveConnectionState saves s if nobody saved since s.Revision was read, and returns it with its new revision;
	// otherwise ErrConflict.
	SaveConnectionState(ctx context.Context, tenant, id string, s integration.ConnectionState) (integration.ConnectionState, error)
	// StoppedConnections lists, over all tenants, the connections whose saved status is not up. The list may lag.
	StoppedConnections(ctx context.Context) ([]ConnectionRef, error)
}

// ConnectionRef names a connection.
type ConnectionRef struct{ Tenant, ID string }

// Integrations keeps pairs of connections.
type Integrations interface {
	PutIntegration(ctx context.Context, i integration.Integration) error
	// Integration returns ErrNotFound when the tenant has no such integration.
	Integration(ctx context.Context, tenant, id string) (integration.Integration, error)
	// Integrations lists a tenant's integrations, by id.
	Integrations(ctx context.Context, tenant string) ([]integration.Integration, error)
}

// Flows keeps flows and when each is due.
type Flows interface {
	// PutFlow creates or replaces a flow. An active flow is due at due; a paused one is not due at all. Positions are
	// untouched. Another flow of the same kind between the same two connections in the same direction is ErrDuplicate;
	// a flow whose Version is not above the stored one is ErrConflict.
	PutFlow(ctx context.Context, f integration.Flow, due time.Time) error
	// Flow returns ErrNotFound when the tenant has no such flow.
	Flow(ctx context.Context, tenant, id string) (integration.Flow, error)
	// Flows lists a tenant's flows, by id.
	Flows(ctx context.Context, tenant string) ([]integration.Flow, error)
	// DueFlows lists active flows of a kind, over all tenants, whose due time is not after now, the longest due first.
	// The list may lag.
	DueFlows(ctx context.Context, kind model.Kind, now time.Time, limit int) ([]DueFlow, error)
	// MoveDue sets the due time if it is still from, and reports whether it was.
	MoveDue(ctx context.Context, tenant, id string, from, to time.Time) (bool, error)
	// FlowByHook returns the flow whose webhook token has this hash, ErrNotFound when none has.
	FlowByHook(ctx context.Context, hook string) (integration.Flow, error)
}

// DueFlow is a flow that is due.
type DueFlow struct {
	Flow integration.Flow
	At   time.Time
}
