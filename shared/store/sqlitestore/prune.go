package sqlitestore

import (
	"context"
	"fmt"
	"time"

	"apicenter/shared/sqlitefile"
)

// pruneStep bounds the rows one transaction deletes, so that other writers need not wait long.
const pruneStep = 200

// prunes are the statements of Prune, one per table.
func prunes() []string {
	return []string{
		`DELETE FROM chunks WHERE rowid IN (SELECT rowid FROM chunks WHERE expires <= ? ORDER BY expires LIMIT ? + 0)`,
		`DELETE FROM hours WHERE (tenant, flow, hour) IN
			(SELECT tenant, flow, hour FROM hours WHERE expires <= ? ORDER BY expires LIMIT ? + 0)`,
		`DELETE FROM runs WHERE (tenant, flow, id) IN
			(SELECT tenant, flow, id FROM runs WHERE expires <= ? ORDER BY expires LIMIT ? + 0)`,
	}
}

// Prune deletes chunks that expired by now, and hours and runs all of whose chunks did, and returns how many rows went. A
// run without chunks goes 90 days after its start. It works in many small transactions and can be stopped between two.
func (s *Store) Prune(ctx context.Context, now time.Time) (deleted int, err error) {
	for _, statement := range prunes() {
		for more := true; more; {
			err := s.file.Write(ctx, func(tx *sqlitefile.Tx) error {
				n, err := tx.Exec(statement, nanos(now), pruneStep)
				deleted, more = deleted+int(n), n == pruneStep
				return err
			})
			if err != nil {
				return deleted, fmt.Errorf("deleting expired activity: %w", err)
			}
		}
	}
	return deleted, nil
}
