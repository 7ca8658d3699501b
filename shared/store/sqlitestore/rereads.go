package sqlitestore

import (
	"context"
	"fmt"
	"time"

	"apicenter/shared/sqlitefile"
	"apicenter/shared/store"
)

const dueRereads = `SELECT key, since, next, tries FROM rereads WHERE tenant = ? AND flow = ? AND next <= ?
	ORDER BY next, key LIMIT ? + 0`

func addRereads(n int) string {
	return `INSERT INTO rereads (tenant, flow, key, since, next, tries) VALUES ` + rows(n, 6) +
		` ON CONFLICT DO UPDATE SET next = excluded.next, tries = excluded.tries`
}

func removeRereads(n int) string {
	return `DELETE FROM rereads WHERE tenant = ? AND flow = ? AND key IN (` + marks(n) + `)`
}

// AddRereads implements store.Rereads.
func (s *Store) AddRereads(ctx context.Context, tenant, flow string, list []store.Reread) error {
	if len(list) == 0 {
		return nil
	}
	err := s.file.Write(ctx, func(tx *sqlitefile.Tx) error {
		return inBatches(len(list), 16, func(from, to int) error {
			args := make([]any, 0, 6*(to-from))
			for _, r := range list[from:to] {
				args = append(args, tenant, flow, r.Key, nanos(r.Since), nanos(r.Next), r.Tries)
			}
			_, err := tx.Exec(addRereads(to-from), args...)
			return err
		})
	})
	if err != nil {
		return fmt.Errorf("records to read again of flow %q: %w", flow, err)
	}
	return nil
}

// DueRereads implements store.Rereads.
func (s *Store) DueRereads(ctx context.Context, tenant, flow string, now time.Time, limit int) (list []store.Reread, err error) {
	err = s.file.Read(ctx, func(tx *sqlitefile.Tx) error {
		rows, err := tx.Query(dueRereads, tenant, flow, nanos(now), limit)
		list, err = scanAll(rows, err, func(row scanner) (r store.Reread, err error) {
			var since, next int64
			err = row.Scan(&r.Key, &since, &next, &r.Tries)
			r.Since, r.Next = instant(since), instant(next)
			return r, err
		})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("records to read again of flow %q: %w", flow, err)
	}
	return list, nil
}

// RemoveRereads implements store.Rereads.
func (s *Store) RemoveRereads(ctx context.Context, tenant, flow string, keys []string) error {
	if len(keys) == 0 {
		return nil
	}
	err := s.file.Write(ctx, func(tx *sqlitefile.Tx) error {
		return inBatches(len(keys), 64, func(from, to int) error {
			_, err := tx.Exec(removeRereads(to-from), keyArgs(keys[from:to], tenant, flow)...)
			return err
		})
	})
	if err != nil {
		return fmt.Errorf("records to read again of flow %q: %w", flow, err)
	}
	return nil
}

// keyArgs are the values of a query over some keys, those of what the keys belong to before them.
func keyArgs(keys []string, of ...any) []any {
	args := make([]any, 0, len(of)+len(keys))
	args = append(args, of...)
	for _, k := range keys {
		args = append(args, k)
	}
	return args
}
