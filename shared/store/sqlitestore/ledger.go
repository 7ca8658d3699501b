package sqlitestore

import (
	"context"
	"fmt"

	"apicenter/shared/sqlitefile"
	"apicenter/shared/store"
)

const entryColumns = `key, revision, state, unsure_until, marker, read, fingerprint, target_id, reference, first_tried, activity, cancelled`

const (
	getScope           = `SELECT id FROM scopes WHERE tenant = ? AND name = ?`
	newScope           = `INSERT INTO scopes (tenant, name) VALUES (?, ?) RETURNING id`
	entriesByReference = `SELECT ` + entryColumns + ` FROM ledger
		WHERE scope = ? AND reference = ? AND reference <> '' ORDER BY key`
)

func getEntries(n int) string {
	return `SELECT ` + entryColumns + ` FROM ledger WHERE scope = ? AND key IN (` + marks(n) + `)`
}

func getRevisions(n int) string {
	return `SELECT key, revision FROM ledger WHERE scope = ? AND key IN (` + marks(n) + `)`
}

func putEntries(n int) string {
	return `INSERT INTO ledger (scope, ` + entryColumns + `) VALUES ` + rows(n, 13) + ` ON CONFLICT DO UPDATE SET
		revision = excluded.revision, state = excluded.state, unsure_until = excluded.unsure_until, marker = excluded.marker,
		read = excluded.read, fingerprint = excluded.fingerprint, target_id = excluded.target_id,
		reference = excluded.reference, first_tried = excluded.first_tried, activity = excluded.activity,
		cancelled = excluded.cancelled`
}

// keysAtOnce and entriesAtOnce are where a measurement found the least time per entry: the driver looks for each value of
// a statement among all of them.
const (
	keysAtOnce    = 64
	entriesAtOnce = 8
)

// Entries implements store.Ledger.
func (s *Store) Entries(ctx context.Context, scope store.Scope, keys []string) (list []store.Entry, err error) {
	if len(keys) == 0 {
		return nil, nil
	}
	var number int64
	err = s.file.Read(ctx, func(tx *sqlitefile.Tx) error {
		if number, err = s.scopeNumber(tx, scope); err != nil {
			return err
		}
		list, err = entriesOf(tx, number, keys)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("ledger of %s: %w", scope.Name, err)
	}
	s.keepScope(scope, number)
	return list, nil
}

func entriesOf(tx *sqlitefile.Tx, scope int64, keys []string) ([]store.Entry, error) {
	found := make(map[string]store.Entry, len(keys))
	err := inBatches(len(keys), keysAtOnce, func(from, to int) error {
		rows, err := tx.Query(getEntries(to-from), keyArgs(keys[from:to], scope)...)
		entries, err := scanAll(rows, err, scanEntry)
		for _, e := range entries {
			found[e.Key] = e
		}
		return err
	})
	list := make([]store.Entry, len(keys))
	for i, key := range keys {
		list[i] = found[key]
		list[i].Key = key
	}
	return list, err
}

// SaveEntries implements store.Ledger. Promise 2: revisions are compared and written inside one write transaction, of which
// there is one at a time.
func (s *Store) SaveEntries(ctx context.Context, scope store.Scope, entries []store.Entry) (revisions []int64, err error) {
	if len(entries) == 0 {
		return nil, nil
	}
	var number int64
	err = s.file.Write(ctx, func(tx *sqlitefile.Tx) error {
		number, err = s.scopeNumber(tx, scope)
		if err == nil && number == 0 {
			err = tx.QueryRow(newScope, scope.Tenant, scope.Name).Scan(&number)
		}
		if err != nil {
			return err
		}
		revisions, err = saveEntries(tx, number, entries)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("ledger of %s: %w", scope.Name, err)
	}
	s.keepScope(scope, number)
	return revisions, nil
}

func saveEntries(tx *sqlitefile.Tx, scope int64, entries []store.Entry) ([]int64, error) {
	stored, err := storedRevisions(tx, scope, entries)
	if err != nil {
		return nil, err
	}
	revisions := make([]int64, len(entries))
	saved := make([]store.Entry, 0, len(entries))
	for i, e := range entries {
		if stored[e.Key] != e.Revision {
			continue
		}
		e.Revision++
		stored[e.Key], revisions[i] = e.Revision, e.Revision
		saved = append(saved, e)
	}
	return revisions, inBatches(len(saved), entriesAtOnce, func(from, to int) error {
		args := make([]any, 0, 13*(to-from))
		for _, e := range saved[from:to] {
			args = append(args, scope, e.Key, e.Revision, string(e.State), nanos(e.UnsureUntil), e.Version.Marker, nanos(e.Version.Read), e.Fingerprint, e.TargetID, e.Reference, nanos(e.FirstTried),
				e.Activity, e.Cancelled)
		}
		_, err := tx.Exec(putEntries(to-from), args...)
		return err
	})
}

// EntriesByReference implements store.Ledger.
func (s *Store) EntriesByReference(ctx context.Context, scope store.Scope, reference string) (list []store.Entry, err error) {
	err = s.file.Read(ctx, func(tx *sqlitefile.Tx) error {
		number, err := s.scopeNumber(tx, scope)
		if err != nil {
			return err
		}
		rows, err := tx.Query(entriesByReference, number, reference)
		list, err = scanAll(rows, err, scanEntry)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("ledger of %s: %w", scope.Name, err)
	}
	return list, nil
}

// scopeNumber returns the number of a scope, 0 when it has none.
func (s *Store) scopeNumber(tx *sqlitefile.Tx, scope store.Scope) (number int64, err error) {
	if kept, ok := s.scopes.Load(scope); ok {
		return kept.(int64), nil
	}
	if err := tx.QueryRow(getScope, scope.Tenant, scope.Name).Scan(&number); err != nil && !isNone(err) {
		return 0, err
	}
	return number, nil
}

// keepScope remembers a number. It is called after the transaction that saw it: inside one, the number may be of a call
// that shares the commit, and go when that commit fails.
func (s *Store) keepScope(scope store.Scope, number int64) {
	if number != 0 {
		s.scopes.Store(scope, number)
	}
}

// storedRevisions returns the revision of each key that has an entry.
func storedRevisions(tx *sqlitefile.Tx, scope int64, entries []store.Entry) (map[string]int64, error) {
	keys := make([]string, len(entries))
	for i := range entries {
		keys[i] = entries[i].Key
	}
	stored := make(map[string]int64, len(entries))
	err := inBatches(len(keys), keysAtOnce, func(from, to int) error {
		rows, err := tx.Query(getRevisions(to-from), keyArgs(keys[from:to], scope)...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var key string
			var revision int64
			if err := rows.Scan(&key, &revision); err != nil {
				return err
			}
			stored[key] = revision
		}
		return rows.Err()
	})
	return stored, err
}

func scanEntry(row scanner) (e store.Entry, err error) {
	var state string
	var unsureUntil, marker, read, firstTried int64
	err = row.Scan(&e.Key, &e.Revision, &state, &unsureUntil, &marker, &read, &e.Fingerprint, &e.TargetID, &e.Reference,
		&firstTried, &e.Activity, &e.Cancelled)
	e.State, e.UnsureUntil, e.Version, e.FirstTried = store.EntryState(state), instant(unsureUntil), version(marker, read), instant(firstTried)
	return e, err
}
