package sqlitefile

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// cachedStatements bounds the statements kept per connection. Texts are constants of the adapters, some of them once per
// batch size, so the bound is there for a mistake only.
const cachedStatements = 500

// Tx is a transaction, and the one connection it runs on. It is valid during the function it was passed to, and on that
// function's goroutine.
//
// Statements are prepared once per connection. Read a result to its end, or close it, before the same text is run again.
type Tx struct {
	conn  *sql.Conn
	cache map[string]*sql.Stmt
	rows  []*sql.Rows // of the present transaction, closed at its end whatever the caller did
}

// Exec runs a statement and returns how many rows it changed.
func (t *Tx) Exec(query string, args ...any) (rowsAffected int64, err error) {
	s, err := t.statement(query)
	if err != nil {
		return 0, err
	}
	result, err := s.ExecContext(context.Background(), args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// Query runs a statement that returns rows.
func (t *Tx) Query(query string, args ...any) (*sql.Rows, error) {
	s, err := t.statement(query)
	if err != nil {
		return nil, err
	}
	rows, err := s.QueryContext(context.Background(), args...)
	if err != nil {
		return nil, err
	}
	t.rows = append(t.rows, rows)
	return rows, nil
}

// QueryRow runs a statement that returns at most one row; its error comes from Scan, which must be called.
func (t *Tx) QueryRow(query string, args ...any) *sql.Row {
	s, err := t.statement(query)
	if err != nil {
		// database/sql makes a Row with an error only by itself; it meets the same mistake again.
		return t.conn.QueryRowContext(context.Background(), query, args...)
	}
	return s.QueryRowContext(context.Background(), args...)
}

// statement returns the prepared statement of a text.
//
// None is given the caller's context: an interrupted statement would roll back the shared transaction, and the driver
// starts a goroutine for each call whose context can end.
func (t *Tx) statement(query string) (*sql.Stmt, error) {
	if s, ok := t.cache[query]; ok {
		return s, nil
	}
	if t.cache == nil || len(t.cache) >= cachedStatements {
		if err := t.forget(); err != nil {
			return nil, err
		}
	}
	s, err := t.conn.PrepareContext(context.Background(), query)
	if err != nil {
		return nil, fmt.Errorf("preparing a statement: %w", err)
	}
	t.cache[query] = s
	return s, nil
}

func (t *Tx) forget() error {
	var errs []error
	for _, s := range t.cache {
		errs = append(errs, s.Close())
	}
	t.cache = map[string]*sql.Stmt{}
	return errors.Join(errs...)
}

// end closes results that were left open.
func (t *Tx) end() {
	for i, rows := range t.rows {
		_ = rows.Close() // what it has to say, reading it said already
		t.rows[i] = nil
	}
	t.rows = t.rows[:0]
}

func (t *Tx) close() error {
	if t.conn == nil {
		return nil
	}
	return errors.Join(t.forget(), t.conn.Close())
}

// Read runs do in a read transaction: it sees everything committed before it began and nothing that is committed meanwhile.
// When ctx ends before its turn comes, do is not run.
func (f *File) Read(ctx context.Context, do func(tx *Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	f.mu.Lock()
	closed := f.closed
	f.mu.Unlock()
	if closed {
		return f.errClosed()
	}
	var tx *Tx
	select {
	case tx = <-f.pool:
	case <-ctx.Done():
		return ctx.Err()
	case <-f.stopped:
		return f.errClosed()
	}
	defer func() { f.pool <- tx }()
	if tx.conn == nil {
		conn, err := f.readDB.Conn(context.Background())
		if err != nil {
			return f.explain(fmt.Errorf("the data file %s cannot be opened: %w", f.path, err))
		}
		tx.conn = conn
	}
	f.reads.Add(1)
	if _, err := tx.Exec("BEGIN"); err != nil {
		return f.explain(err)
	}
	err := guard(tx, do)
	tx.end()
	if _, e := tx.Exec("ROLLBACK"); err == nil {
		err = e
	}
	return f.explain(err)
}
