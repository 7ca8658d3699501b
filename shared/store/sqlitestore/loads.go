package sqlitestore

import (
	"context"
	"fmt"

	"apicenter/shared/sqlitefile"
	"apicenter/shared/store"
)

const (
	addLoad = `INSERT INTO loads (tenant, connection, queued, finished, finished_at) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT DO UPDATE SET queued = queued + excluded.queued, finished = finished + excluded.finished,
			finished_at = coalesce(nullif(excluded.finished_at, 0), finished_at)`
	getLoad   = `SELECT queued - finished, finished_at FROM loads WHERE tenant = ? AND connection = ?`
	clearLoad = `UPDATE loads SET queued = 0, finished = 0 WHERE tenant = ? AND connection = ?`
)

// AddLoad implements store.Loads. Both counts are kept, and compared when they are read: a message may be finished before
// it is counted as queued.
func (s *Store) AddLoad(ctx context.Context, tenant, connection string, queued, finished int) error {
	var at int64
	if finished > 0 {
		at = nanos(s.now())
	}
	if err := s.file.Write(ctx, func(tx *sqlitefile.Tx) error {
		_, err := tx.Exec(addLoad, tenant, connection, queued, finished, at)
		return err
	}); err != nil {
		return fmt.Errorf("load of connection %q: %w", connection, err)
	}
	return nil
}

// Load implements store.Loads.
func (s *Store) Load(ctx context.Context, tenant, connection string) (load store.Load, err error) {
	err = s.file.Read(ctx, func(tx *sqlitefile.Tx) error {
		var queued int
		var finished int64
		err := tx.QueryRow(getLoad, tenant, connection).Scan(&queued, &finished)
		if isNone(err) {
			return nil
		}
		load = store.Load{Queued: max(queued, 0), Finished: instant(finished)}
		return err
	})
	if err != nil {
		return store.Load{}, fmt.Errorf("load of connection %q: %w", connection, err)
	}
	return load, nil
}

// ClearLoad implements store.Loads.
func (s *Store) ClearLoad(ctx context.Context, tenant, connection string) error {
	if err := s.file.Write(ctx, func(tx *sqlitefile.Tx) error {
		_, err := tx.Exec(clearLoad, tenant, connection)
		return err
	}); err != nil {
		return fmt.Errorf("load of connection %q: %w", connection, err)
	}
	return nil
}
