package sqlitestore

import (
	"context"
	"fmt"
	"time"

	"apicenter/shared/sqlitefile"
	"apicenter/shared/store"
)

const chunkColumns = `id, run, at, expires, payload, ` + countColumns

const (
	appendChunk = `INSERT INTO chunks (tenant, flow, ` + chunkColumns + `) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT DO NOTHING`
	countHour = `INSERT INTO hours (tenant, flow, hour, expires, ` + countColumns + `) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT DO UPDATE SET pending = pending + excluded.pending, delivered = delivered + excluded.delivered,
			skipped = skipped + excluded.skipped, rejected = rejected + excluded.rejected, failed = failed + excluded.failed,
			expires = max(expires, excluded.expires)`
	getChunk  = `SELECT ` + chunkColumns + ` FROM chunks WHERE tenant = ? AND flow = ? AND id = ? AND expires > ?`
	listHours = `SELECT hour, ` + countColumns + ` FROM hours WHERE tenant = ? AND flow = ? AND hour >= ? AND expires > ? ORDER BY hour`
)

// AppendChunk implements store.Activity.
func (s *Store) AppendChunk(ctx context.Context, c store.Chunk) error {
	counts, err := countValues(c.Counts)
	if err != nil {
		return fmt.Errorf("activity %q: %w", c.ID, err)
	}
	expires := nanos(c.Expires)
	err = s.file.Write(ctx, func(tx *sqlitefile.Tx) error {
		added, err := tx.Exec(appendChunk, append([]any{c.Tenant, c.Flow, c.ID, c.Run, nanos(c.At), expires, c.Payload}, counts...)...)
		if err != nil || added == 0 {
			return err // added before, and counted then
		}
		if c.Run != "" {
			run := append(append([]any{}, counts...), expires, c.Tenant, c.Flow, c.Run)
			if _, err := tx.Exec(countRun, run...); err != nil {
				return err
			}
		}
		hour := c.At.UTC().Truncate(time.Hour)
		_, err = tx.Exec(countHour, append([]any{c.Tenant, c.Flow, nanos(hour), expires}, counts...)...)
		return err
	})
	if err != nil {
		return fmt.Errorf("activity %q: %w", c.ID, err)
	}
	return nil
}

// Chunk implements store.Activity.
func (s *Store) Chunk(ctx context.Context, tenant, flow, id string) (c store.Chunk, err error) {
	err = s.file.Read(ctx, func(tx *sqlitefile.Tx) error {
		c, err = chunkOf(tenant, flow)(tx.QueryRow(getChunk, tenant, flow, id, nanos(s.now())))
		return err
	})
	if isNone(err) {
		err = store.ErrNotFound
	}
	if err != nil {
		return store.Chunk{}, fmt.Errorf("activity %q: %w", id, err)
	}
	return c, nil
}

// Chunks implements store.Activity. The cursor is the id of the last chunk listed.
func (s *Store) Chunks(ctx context.Context, f store.ChunkFilter, cursor string, limit int) (chunks []store.Chunk, next string, err error) {
	query, args, err := listChunks(f, cursor, s.now(), limit+1)
	if err != nil {
		return nil, "", err
	}
	err = s.file.Read(ctx, func(tx *sqlitefile.Tx) error {
		rows, err := tx.Query(query, args...)
		chunks, err = scanAll(rows, err, chunkOf(f.Tenant, f.Flow))
		return err
	})
	if err != nil {
		return nil, "", fmt.Errorf("activity of flow %q: %w", f.Flow, err)
	}
	if len(chunks) > limit {
		chunks = chunks[:limit]
		next = chunks[limit-1].ID
	}
	return chunks, next, nil
}

// listChunks names the index, because SQLite knows nothing of how much larger than their index entries the rows are.
func listChunks(f store.ChunkFilter, cursor string, now time.Time, limit int) (query string, args []any, err error) {
	index, where := "chunks_outcome", "tenant = ? AND flow = ?"
	args = []any{f.Tenant, f.Flow}
	if f.Run != "" {
		index, where, args = "chunks_run", where+" AND run = ?", append(args, f.Run)
	}
	if cursor != "" {
		where, args = where+" AND id < ?", append(args, cursor)
	}
	where, args = where+" AND expires > ?", append(args, nanos(now))
	if len(f.Outcomes) > 0 {
		condition, err := anyOf(f.Outcomes)
		if err != nil {
			return "", nil, err
		}
		where += " AND " + condition
	}
	query = `SELECT ` + chunkColumns + ` FROM chunks INDEXED BY ` + index + ` WHERE ` + where + ` ORDER BY id DESC LIMIT ? + 0`
	return query, append(args, limit), nil
}

// Hours implements store.Activity.
func (s *Store) Hours(ctx context.Context, tenant, flow string, from time.Time) (list []store.Hour, err error) {
	err = s.file.Read(ctx, func(tx *sqlitefile.Tx) error {
		rows, err := tx.Query(listHours, tenant, flow, nanos(from), nanos(s.now()))
		list, err = scanAll(rows, err, func(row scanner) (h store.Hour, err error) {
			var hour int64
			var counts counts
			err = row.Scan(append([]any{&hour}, counts.dest()...)...)
			h.Start, h.Counts = instant(hour), counts.byOutcome()
			return h, err
		})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("counts of flow %q: %w", flow, err)
	}
	return list, nil
}

func chunkOf(tenant, flow string) func(scanner) (store.Chunk, error) {
	return func(row scanner) (store.Chunk, error) {
		c := store.Chunk{Tenant: tenant, Flow: flow}
		var at, expires int64
		var counts counts
		err := row.Scan(append([]any{&c.ID, &c.Run, &at, &expires, &c.Payload}, counts.dest()...)...)
		c.At, c.Expires, c.Counts = instant(at), instant(expires), counts.byOutcome()
		return c, err
	}
}
