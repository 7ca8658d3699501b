package dynamostore

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"apicenter/shared/integration"
	"apicenter/shared/store"
)

// Config holds a partition per tenant, in which a row's sort key is what it is and its id: connection#…, state#…, and so on.
// Apart from it stand what must be found without knowing the tenant, and what is written all the time.

func (s *Store) ofTenant(tenant, what, id string) item { return at("tenant#"+tenant, what+"#"+id) }

func tenantKey(id string) item { return at(fmt.Sprint("tenants#", shardOf(id)), id) }

// PutTenant implements store.Tenants. Accounts lie together in a few partitions, so that listing all of them is a query and
// as strongly consistent as any other.
func (s *Store) PutTenant(ctx context.Context, t integration.Tenant) error {
	return s.putDocument(ctx, fmt.Sprintf("account %q", t.ID), tenantKey(t.ID), t)
}

// Tenant implements store.Tenants.
func (s *Store) Tenant(ctx context.Context, id string) (integration.Tenant, error) {
	return one[integration.Tenant](ctx, s, fmt.Sprintf("account %q", id), tenantKey(id))
}

// AllTenants implements store.Tenants.
func (s *Store) AllTenants(ctx context.Context) ([]integration.Tenant, error) {
	var all []integration.Tenant
	for i := range shards {
		list, err := many[integration.Tenant](ctx, s, "accounts", search{table: s.tables.Config, where: "#pk = :pk",
			values: item{":pk": text(fmt.Sprint("tenants#", i))}})
		if err != nil {
			return nil, err
		}
		all = append(all, list...)
	}
	slices.SortFunc(all, func(a, b integration.Tenant) int { return strings.Compare(a.ID, b.ID) })
	return all, nil
}

// PutConnection implements store.Connections.
func (s *Store) PutConnection(ctx context.Context, c integration.Connection) error {
	return s.putDocument(ctx, fmt.Sprintf("connection %q", c.ID), s.ofTenant(c.Tenant, "connection", c.ID), c)
}

// Connection implements store.Connections.
func (s *Store) Connection(ctx context.Context, tenant, id string) (integration.Connection, error) {
	return one[integration.Connection](ctx, s, fmt.Sprintf("connection %q", id), s.ofTenant(tenant, "connection", id))
}

// Connections implements store.Connections.
func (s *Store) Connections(ctx context.Context, tenant string) ([]integration.Connection, error) {
	return many[integration.Connection](ctx, s, "connections", s.listOf(tenant, "connection"))
}

// ConnectionState implements store.Connections.
func (s *Store) ConnectionState(ctx context.Context, tenant, id string) (integration.ConnectionState, error) {
	row, err := s.get(ctx, s.tables.Config, s.ofTenant(tenant, "state", id))
	if err != nil {
		return integration.ConnectionState{}, fmt.Errorf("state of connection %q: %w", id, err)
	}
	var state integration.ConnectionState
	r := reader{row: row}
	r.document("document", &state)
	state.Revision = r.number("revision")
	if r.err != nil {
		return integration.ConnectionState{}, fmt.Errorf("state of connection %q: %w", id, r.err)
	}
	return state, nil
}

// SaveConnectionState implements store.Connections. A state that is not up stands in the list of stopped connections.
func (s *Store) SaveConnectionState(ctx context.Context, tenant, id string, state integration.ConnectionState) (integration.ConnectionState, error) {
	before := state.Revision
	state.Revision = newRevision()
	row := s.ofTenant(tenant, "state", id)
	doc, err := document(state)
	if err != nil {
		return integration.ConnectionState{}, fmt.Errorf("state of connection %q: %w", id, err)
	}
	row["document"], row["revision"] = doc, number(state.Revision)
	if state.Status != "" && state.Status != integration.Up {
		row["list"], row["due"] = text(fmt.Sprint("stopped#", shardOf(tenant, id))), number(0)
	}
	condition, values := "attribute_not_exists(#pk)", item(nil)
	if before != 0 {
		condition, values = "#revision = :before", item{":before": number(before)}
	}
	stood, done, err := s.put(ctx, s.tables.Config, row, condition, values)
	if r := (reader{row: stood}); err == nil && !done && r.number("revision") != state.Revision {
		err = store.ErrConflict
	}
	if err != nil {
		return integration.ConnectionState{}, fmt.Errorf("state of connection %q: %w", id, err)
	}
	return state, nil
}

// StoppedConnections implements store.Connections.
func (s *Store) StoppedConnections(ctx context.Context) ([]store.ConnectionRef, error) {
	var mu sync.Mutex
	var list []store.ConnectionRef
	err := each(ctx, shards, func(ctx context.Context, i int) error {
		q := search{table: s.tables.Config, index: indexListed, where: "#list = :list", lagging: true,
			values: item{":list": text(fmt.Sprint("stopped#", i))}}
		return q.each(ctx, s, func(row item) (bool, error) {
			p := placeOf(row)
			mu.Lock()
			defer mu.Unlock()
			list = append(list, store.ConnectionRef{Tenant: strings.TrimPrefix(p.partition, "tenant#"), ID: strings.TrimPrefix(p.sort, "state#")})
			return true, nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("stopped connections: %w", err)
	}
	slices.SortFunc(list, func(a, b store.ConnectionRef) int {
		if c := strings.Compare(a.Tenant, b.Tenant); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
	return list, nil
}

// PutIntegration implements store.Integrations.
func (s *Store) PutIntegration(ctx context.Context, i integration.Integration) error {
	return s.putDocument(ctx, fmt.Sprintf("integration %q", i.ID), s.ofTenant(i.Tenant, "integration", i.ID), i)
}

// Integration implements store.Integrations.
func (s *Store) Integration(ctx context.Context, tenant, id string) (integration.Integration, error) {
	return one[integration.Integration](ctx, s, fmt.Sprintf("integration %q", id), s.ofTenant(tenant, "integration", id))
}

// Integrations implements store.Integrations.
func (s *Store) Integrations(ctx context.Context, tenant string) ([]integration.Integration, error) {
	return many[integration.Integration](ctx, s, "integrations", s.listOf(tenant, "integration"))
}

// putDocument creates or replaces a row that is a document and nothing else.
func (s *Store) putDocument(ctx context.Context, what string, row item, v any) error {
	doc, err := document(v)
	if err == nil {
		row["document"] = doc
		_, _, err = s.put(ctx, s.tables.Config, row, "", nil)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// listOf finds what a tenant has of a sort, by id.
func (s *Store) listOf(tenant, what string) search {
	return search{table: s.tables.Config, where: "#pk = :pk AND begins_with(#sk, :what)",
		values: item{":pk": text("tenant#" + tenant), ":what": text(what + "#")}}
}

func one[T any](ctx context.Context, s *Store, what string, key item) (v T, err error) {
	row, err := s.get(ctx, s.tables.Config, key)
	if err == nil && row == nil {
		err = store.ErrNotFound
	}
	if err == nil {
		v, err = documentOf[T](row)
	}
	if err != nil {
		return *new(T), fmt.Errorf("%s: %w", what, err)
	}
	return v, nil
}

func many[T any](ctx context.Context, s *Store, what string, q search) (list []T, err error) {
	rows, err := q.all(ctx, s)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	for _, row := range rows {
		v, err := documentOf[T](row)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", what, err)
		}
		list = append(list, v)
	}
	return list, nil
}

func documentOf[T any](row item) (v T, err error) {
	r := reader{row: row}
	r.document("document", &v)
	return v, r.err
}
