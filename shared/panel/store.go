package panel

import (
	"context"
	"time"

	"apicenter/shared/integration"
	"apicenter/shared/store"
)

// Store is the part of the stores the pages read. Every method is of the port of the same name in package store and keeps
// its promises; the panel passes the tenant of the session and no other.
type Store interface {
	setup
	activity
	ledger
	failures
}

// setup is what the tenant has configured.
type setup interface {
	Tenant(ctx context.Context, id string) (integration.Tenant, error)
	Connection(ctx context.Context, tenant, id string) (integration.Connection, error)
	Connections(ctx context.Context, tenant string) ([]integration.Connection, error)
	ConnectionState(ctx context.Context, tenant, id string) (integration.ConnectionState, error)
	Integrations(ctx context.Context, tenant string) ([]integration.Integration, error)
	Flow(ctx context.Context, tenant, id string) (integration.Flow, error)
	Flows(ctx context.Context, tenant string) ([]integration.Flow, error)
}

// activity is what happened.
type activity interface {
	Run(ctx context.Context, tenant, flow, id string) (store.Run, error)
	Runs(ctx context.Context, tenant, flow, cursor string, limit int) ([]store.Run, string, error)
	Chunk(ctx context.Context, tenant, flow, id string) (store.Chunk, error)
	Chunks(ctx context.Context, f store.ChunkFilter, cursor string, limit int) ([]store.Chunk, string, error)
	Hours(ctx context.Context, tenant, flow string, from time.Time) ([]store.Hour, error)
}

// ledger is how records stand.
type ledger interface {
	Entries(ctx context.Context, s store.Scope, keys []string) ([]store.Entry, error)
	EntriesByReference(ctx context.Context, s store.Scope, reference string) ([]store.Entry, error)
}

// failures is what did not go.
type failures interface {
	Failure(ctx context.Context, tenant, flow, key string) (store.Failure, error)
	Failures(ctx context.Context, f store.FailureFilter, cursor string, limit int) ([]store.Failure, string, error)
	CountFailures(ctx context.Context, tenant string) (map[string]store.FailureCount, error)
}

var _ Store = store.Store(nil)
