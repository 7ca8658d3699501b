package sqlitefile

import (
	"context"
	"fmt"
)

// Migrate brings the tables of one component ("store", "queue") up to date: it runs those of the statements that were not
// run on this file yet, in order, all or none. Statements are numbered by their place: a later release appends and never
// changes or removes one. A file on which a newer release ran more is refused.
func (f *File) Migrate(ctx context.Context, component string, statements []string) error {
	return f.Write(ctx, func(tx *Tx) error {
		if _, err := tx.Exec(`CREATE TABLE IF NOT EXISTS migrations (
			component TEXT NOT NULL PRIMARY KEY, done INTEGER NOT NULL) WITHOUT ROWID`); err != nil {
			return fmt.Errorf("preparing the data file: %w", err)
		}
		var done int
		if err := tx.QueryRow("SELECT coalesce(max(done), 0) FROM migrations WHERE component = ?", component).Scan(&done); err != nil {
			return fmt.Errorf("preparing the data file: %w", err)
		}
		if done > len(statements) {
			return fmt.Errorf("the data file %s was written by a newer release of this program (%s: step %d, this release knows %d); "+
				"start the newer release, or restore a copy made before it", f.path, component, done, len(statements))
		}
		for i, s := range statements[done:] {
			if _, err := tx.Exec(s); err != nil {
				return fmt.Errorf("preparing the data file, %s step %d: %w", component, done+i+1, err)
			}
		}
		_, err := tx.Exec("INSERT INTO migrations (component, done) VALUES (?, ?) ON CONFLICT DO UPDATE SET done = excluded.done",
			component, len(statements))
		return err
	})
}
