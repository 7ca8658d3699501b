package sqlitestore

import (
	"context"
	"encoding/json"
	"fmt"

	"apicenter/shared/integration"
	"apicenter/shared/sqlitefile"
	"apicenter/shared/store"
)

const (
	putTenant = `INSERT INTO tenants (id, document) VALUES (?, ?) ON CONFLICT DO UPDATE SET document = excluded.document`
	getTenant = `SELECT document FROM tenants WHERE id = ?`
	// allTenants walks the table, which is what it is for.
	allTenants = `SELECT document FROM tenants ORDER BY id`

	putConnection = `INSERT INTO connections (tenant, id, document) VALUES (?, ?, ?)
		ON CONFLICT DO UPDATE SET document = excluded.document`
	getConnection   = `SELECT document FROM connections WHERE tenant = ? AND id = ?`
	listConnections = `SELECT document FROM connections WHERE tenant = ? ORDER BY id`

	getState  = `SELECT revision, document FROM connection_states WHERE tenant = ? AND id = ?`
	saveState = `UPDATE connection_states SET revision = revision + 1, stopped = ?, document = ?
		WHERE tenant = ? AND id = ? AND revision = ?`
	firstState = `INSERT INTO connection_states (tenant, id, revision, stopped, document) VALUES (?, ?, 1, ?, ?)
		ON CONFLICT DO NOTHING`
	stoppedStates = `SELECT tenant, id FROM connection_states WHERE stopped = 1 ORDER BY tenant, id`

	putIntegration = `INSERT INTO integrations (tenant, id, document) VALUES (?, ?, ?)
		ON CONFLICT DO UPDATE SET document = excluded.document`
	getIntegration   = `SELECT document FROM integrations WHERE tenant = ? AND id = ?`
	listIntegrations = `SELECT document FROM integrations WHERE tenant = ? ORDER BY id`
)

// PutTenant implements store.Tenants.
func (s *Store) PutTenant(ctx context.Context, t integration.Tenant) error {
	return s.put(ctx, t, putTenant, t.ID)
}

// Tenant implements store.Tenants.
func (s *Store) Tenant(ctx context.Context, id string) (integration.Tenant, error) {
	return one[integration.Tenant](ctx, s, fmt.Sprintf("account %q", id), getTenant, id)
}

// AllTenants implements store.Tenants.
func (s *Store) AllTenants(ctx context.Context) ([]integration.Tenant, error) {
	return many[integration.Tenant](ctx, s, allTenants)
}

// PutConnection implements store.Connections.
func (s *Store) PutConnection(ctx context.Context, c integration.Connection) error {
	return s.put(ctx, c, putConnection, c.Tenant, c.ID)
}

// Connection implements store.Connections.
func (s *Store) Connection(ctx context.Context, tenant, id string) (integration.Connection, error) {
	return one[integration.Connection](ctx, s, fmt.Sprintf("connection %q", id), getConnection, tenant, id)
}

// Connections implements store.Connections.
func (s *Store) Connections(ctx context.Context, tenant string) ([]integration.Connection, error) {
	return many[integration.Connection](ctx, s, listConnections, tenant)
}

// ConnectionState implements store.Connections.
func (s *Store) ConnectionState(ctx context.Context, tenant, id string) (integration.ConnectionState, error) {
	var state integration.ConnectionState
	err := s.file.Read(ctx, func(tx *sqlitefile.Tx) error {
		var revision int64
		var document string
		if err := tx.QueryRow(getState, tenant, id).Scan(&revision, &document); isNone(err) {
			return nil
		} else if err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(document), &state); err != nil {
			return err
		}
		state.Revision = revision
		return nil
	})
	if err != nil {
		return integration.ConnectionState{}, fmt.Errorf("state of connection %q: %w", id, err)
	}
	return state, nil
}

// SaveConnectionState implements store.Connections.
func (s *Store) SaveConnectionState(ctx context.Context, tenant, id string, state integration.ConnectionState) (integration.ConnectionState, error) {
	document, err := json.Marshal(state)
	if err != nil {
		return state, fmt.Errorf("state of connection %q: %w", id, err)
	}
	stopped := state.Status != "" && state.Status != integration.Up
	err = s.file.Write(ctx, func(tx *sqlitefile.Tx) error {
		var saved int64
		var err error
		if state.Revision == 0 {
			saved, err = tx.Exec(firstState, tenant, id, stopped, string(document))
		} else {
			saved, err = tx.Exec(saveState, stopped, string(document), tenant, id, state.Revision)
		}
		if err == nil && saved == 0 {
			return store.ErrConflict
		}
		return err
	})
	if err != nil {
		return state, fmt.Errorf("state of connection %q: %w", id, err)
	}
	state.Revision++
	return state, nil
}

// StoppedConnections implements store.Connections.
func (s *Store) StoppedConnections(ctx context.Context) (list []store.ConnectionRef, err error) {
	err = s.file.Read(ctx, func(tx *sqlitefile.Tx) error {
		rows, err := tx.Query(stoppedStates)
		list, err = scanAll(rows, err, func(row scanner) (c store.ConnectionRef, err error) {
			return c, row.Scan(&c.Tenant, &c.ID)
		})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("stopped connections: %w", err)
	}
	return list, nil
}

// PutIntegration implements store.Integrations.
func (s *Store) PutIntegration(ctx context.Context, i integration.Integration) error {
	return s.put(ctx, i, putIntegration, i.Tenant, i.ID)
}

// Integration implements store.Integrations.
func (s *Store) Integration(ctx context.Context, tenant, id string) (integration.Integration, error) {
	return one[integration.Integration](ctx, s, fmt.Sprintf("integration %q", id), getIntegration, tenant, id)
}

// Integrations implements store.Integrations.
func (s *Store) Integrations(ctx context.Context, tenant string) ([]integration.Integration, error) {
	return many[integration.Integration](ctx, s, listIntegrations, tenant)
}

// put runs a statement whose last value is the record as JSON.
func (s *Store) put(ctx context.Context, record any, statement string, ids ...any) error {
	document, err := json.Marshal(record)
	if err != nil {
		return fmt.Errorf("saving %T: %w", record, err)
	}
	if err := s.file.Write(ctx, func(tx *sqlitefile.Tx) error {
		_, err := tx.Exec(statement, append(ids, string(document))...)
		return err
	}); err != nil {
		return fmt.Errorf("saving %T: %w", record, err)
	}
	return nil
}

// one returns the record a query finds as JSON; what names it when there is none.
func one[T any](ctx context.Context, s *Store, what, query string, args ...any) (record T, err error) {
	err = s.file.Read(ctx, func(tx *sqlitefile.Tx) error {
		record, err = document[T](tx.QueryRow(query, args...))
		return err
	})
	if isNone(err) {
		err = store.ErrNotFound
	}
	if err != nil {
		return record, fmt.Errorf("%s: %w", what, err)
	}
	return record, nil
}

// many returns the records a query finds as JSON.
func many[T any](ctx context.Context, s *Store, query string, args ...any) (list []T, err error) {
	err = s.file.Read(ctx, func(tx *sqlitefile.Tx) error {
		rows, err := tx.Query(query, args...)
		list, err = scanAll(rows, err, document[T])
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading %T: %w", list, err)
	}
	return list, nil
}

// document scans a row of one column, the record as JSON.
func document[T any](row scanner) (record T, err error) {
	var text string
	if err := row.Scan(&text); err != nil {
		return record, err
	}
	return record, json.Unmarshal([]byte(text), &record)
}
