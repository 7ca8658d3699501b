package sqlitestore

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"

	"apicenter/shared/message"
	"apicenter/shared/model"
	"apicenter/shared/sqlitefile"
	"apicenter/shared/store"
)

const failureColumns = `tenant, flow, key, number, connection, state, outcome, problem, cause, marker, read, since, last,
	run, activity, content, payload`

const (
	getFailure    = `SELECT ` + failureColumns + ` FROM failures WHERE tenant = ? AND flow = ? AND key = ?`
	countFailures = `SELECT flow, state, count(*) FROM failures INDEXED BY failures_state WHERE tenant = ? GROUP BY flow, state`
)

func failureVersions(n int) string {
	return `SELECT key, marker, read, since FROM failures WHERE tenant = ? AND flow = ? AND key IN (` + marks(n) + `)`
}

func putFailures(n int) string {
	return `INSERT INTO failures (` + failureColumns + `) VALUES ` + rows(n, 17) + ` ON CONFLICT (tenant, flow, key) DO UPDATE SET
		number = excluded.number, connection = excluded.connection, state = excluded.state, outcome = excluded.outcome,
		problem = excluded.problem, cause = excluded.cause, marker = excluded.marker, read = excluded.read,
		since = excluded.since, last = excluded.last, run = excluded.run, activity = excluded.activity,
		content = excluded.content, payload = excluded.payload`
}

func closeFailures(n int) string {
	return `DELETE FROM failures WHERE tenant = ? AND flow = ? AND key IN (` + marks(n) + `)`
}

// PutFailures implements store.Failures. Promise 3: versions are compared as model.Version does, in the write transaction.
func (s *Store) PutFailures(ctx context.Context, list []store.Failure) error {
	type place struct{ tenant, flow string }
	keys := map[place][]string{}
	for _, f := range list {
		p := place{f.Tenant, f.Flow}
		keys[p] = append(keys[p], f.Key)
	}
	err := s.file.Write(ctx, func(tx *sqlitefile.Tx) error {
		known := map[place]map[string]*store.Failure{}
		for p, keys := range keys {
			var err error
			if known[p], err = storedFailures(tx, p.tenant, p.flow, keys); err != nil {
				return err
			}
		}
		var put []*store.Failure
		for _, f := range list {
			before := known[place{f.Tenant, f.Flow}]
			stored := before[f.Key]
			if stored == nil {
				before[f.Key] = &f
				put = append(put, &f)
				continue
			}
			if f.Version.Compare(stored.Version) < 0 {
				continue
			}
			f.Since = stored.Since
			if stored.Tenant == "" { // read from the file, so not among put yet
				put = append(put, stored)
			}
			*stored = f
		}
		return inBatches(len(put), 4, func(from, to int) error {
			args := make([]any, 0, 17*(to-from))
			for _, f := range put[from:to] {
				problem, err := problemText(f.Problem)
				if err != nil {
					return err
				}
				args = append(args, f.Tenant, f.Flow, f.Key, f.Number, f.Connection, string(f.State), string(f.Outcome), problem, f.Cause,
					f.Version.Marker, nanos(f.Version.Read), nanos(f.Since), nanos(f.Last), f.Run, f.Activity, string(f.Content), f.Payload)
			}
			_, err := tx.Exec(putFailures(to-from), args...)
			return err
		})
	})
	if err != nil {
		return fmt.Errorf("saving failures: %w", err)
	}
	return nil
}

// storedFailures returns key, version and Since of the keys that have a failure.
func storedFailures(tx *sqlitefile.Tx, tenant, flow string, keys []string) (map[string]*store.Failure, error) {
	stored := make(map[string]*store.Failure, len(keys))
	err := inBatches(len(keys), keysAtOnce, func(from, to int) error {
		rows, err := tx.Query(failureVersions(to-from), keyArgs(keys[from:to], tenant, flow)...)
		list, err := scanAll(rows, err, func(row scanner) (*store.Failure, error) {
			var f store.Failure
			var marker, read, since int64
			err := row.Scan(&f.Key, &marker, &read, &since)
			f.Version, f.Since = version(marker, read), instant(since)
			return &f, err
		})
		for _, f := range list {
			stored[f.Key] = f
		}
		return err
	})
	return stored, err
}

// Failure implements store.Failures.
func (s *Store) Failure(ctx context.Context, tenant, flow, key string) (f store.Failure, err error) {
	err = s.file.Read(ctx, func(tx *sqlitefile.Tx) error {
		f, err = scanFailure(tx.QueryRow(getFailure, tenant, flow, key))
		return err
	})
	if isNone(err) {
		err = store.ErrNotFound
	}
	if err != nil {
		return store.Failure{}, fmt.Errorf("failure of a record of flow %q: %w", flow, err)
	}
	return f, nil
}

// Failures implements store.Failures. The cursor names the last failure listed: many may wait equally long.
func (s *Store) Failures(ctx context.Context, f store.FailureFilter, cursor string, limit int) (list []store.Failure, next string, err error) {
	var after *failurePlace
	if cursor != "" {
		if after, err = parseFailurePlace(cursor); err != nil {
			return nil, "", err
		}
	}
	query, args := listFailures(f, after, limit+1)
	err = s.file.Read(ctx, func(tx *sqlitefile.Tx) error {
		rows, err := tx.Query(query, args...)
		list, err = scanAll(rows, err, scanFailure)
		return err
	})
	if err != nil {
		return nil, "", fmt.Errorf("listing failures: %w", err)
	}
	if len(list) > limit {
		list = list[:limit]
		last := list[limit-1]
		next = failurePlace{Since: nanos(last.Since), Flow: last.Flow, Key: last.Key}.String()
	}
	return list, next, nil
}

// listFailures names the index by the narrowest filter: a cause has few failures, a connection or flow some, a tenant all.
func listFailures(f store.FailureFilter, after *failurePlace, limit int) (query string, args []any) {
	index, where, args := "failures_waiting", "tenant = ?", []any{f.Tenant}
	narrow := func(condition, value, by string) {
		if value != "" {
			index, where, args = by, where+" AND "+condition, append(args, value)
		}
	}
	narrow("state = ?", string(f.State), index)
	narrow("connection = ?", f.Connection, "failures_connection")
	if f.Cause == "" {
		narrow("flow = ?", f.Flow, "failures_flow")
	} else {
		// The sign keeps SQLite from seeing that one flow needs no order by flow, and from sorting anew for that.
		narrow("+flow = ?", f.Flow, "failures_cause")
		narrow("cause = ? AND cause <> ''", f.Cause, "failures_cause")
	}
	if after != nil {
		where, args = where+" AND (since, flow, key) > (?, ?, ?)", append(args, after.Since, after.Flow, after.Key)
	}
	query = `SELECT ` + failureColumns + ` FROM failures INDEXED BY ` + index + ` WHERE ` + where + ` ORDER BY since, flow, key LIMIT ? + 0`
	return query, append(args, limit)
}

// failurePlace is a place in the list of failures.
type failurePlace struct {
	Since int64
	Flow  string
	Key   string
}

func (p failurePlace) String() string {
	text, _ := json.Marshal(p) // a number and two strings
	return base64.RawURLEncoding.EncodeToString(text)
}

func parseFailurePlace(cursor string) (*failurePlace, error) {
	var p failurePlace
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	if err == nil {
		err = json.Unmarshal(text, &p)
	}
	if err != nil {
		return nil, fmt.Errorf("the list of failures cannot go on from there; start it anew")
	}
	return &p, nil
}

// CloseFailures implements store.Failures.
func (s *Store) CloseFailures(ctx context.Context, tenant, flow string, closed []store.Closed) error {
	if len(closed) == 0 {
		return nil
	}
	keys := make([]string, len(closed))
	for i, c := range closed {
		keys[i] = c.Key
	}
	err := s.file.Write(ctx, func(tx *sqlitefile.Tx) error {
		stored, err := storedFailures(tx, tenant, flow, keys)
		if err != nil {
			return err
		}
		var over []string
		for _, c := range closed {
			if f := stored[c.Key]; f != nil && f.Version.Compare(c.Version) <= 0 {
				over = append(over, c.Key)
			}
		}
		return inBatches(len(over), keysAtOnce, func(from, to int) error {
			_, err := tx.Exec(closeFailures(to-from), keyArgs(over[from:to], tenant, flow)...)
			return err
		})
	})
	if err != nil {
		return fmt.Errorf("closing failures of flow %q: %w", flow, err)
	}
	return nil
}

// CountFailures implements store.Failures.
func (s *Store) CountFailures(ctx context.Context, tenant string) (map[string]store.FailureCount, error) {
	counts := map[string]store.FailureCount{}
	err := s.file.Read(ctx, func(tx *sqlitefile.Tx) error {
		rows, err := tx.Query(countFailures, tenant)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var flow, state string
			var n int
			if err := rows.Scan(&flow, &state, &n); err != nil {
				return err
			}
			c := counts[flow]
			if store.FailureState(state) == store.FailureParked {
				c.Parked += n
			} else {
				c.Open += n
			}
			counts[flow] = c
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("counting failures: %w", err)
	}
	return counts, nil
}

func scanFailure(row scanner) (f store.Failure, err error) {
	var state, outcome, problem, content string
	var marker, read, since, last int64
	if err := row.Scan(&f.Tenant, &f.Flow, &f.Key, &f.Number, &f.Connection, &state, &outcome, &problem, &f.Cause, &marker, &read,
		&since, &last, &f.Run, &f.Activity, &content, &f.Payload); err != nil {
		return f, err
	}
	f.State, f.Outcome, f.Content = store.FailureState(state), model.Outcome(outcome), message.Content(content)
	f.Version, f.Since, f.Last = version(marker, read), instant(since), instant(last)
	f.Problem, err = problemOf(problem)
	return f, err
}
