// Package sqlitestore keeps the store and the wrapped keys of one machine in an SQLite file.
//
// Whoever wires a process opens the file, perhaps shares it with the queue, and passes the Store on as ports. Rows carry
// what queries ask for in columns and the rest of a configuration record as JSON; times are nanoseconds since 1970 in UTC,
// 0 for none. Limits are written as sums, because a bare parameter there makes SQLite compile the statement anew for each
// value. Nothing here decides anything about records: the promises are the ports', and storetest asks for them.
package sqlitestore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math/bits"
	"strings"
	"sync"
	"time"

	"apicenter/shared/fault"
	"apicenter/shared/model"
	"apicenter/shared/secret"
	"apicenter/shared/sqlitefile"
	"apicenter/shared/store"
)

var (
	_ store.Store = (*Store)(nil)
	_ secret.Keys = (*Store)(nil)
)

// Store is the store in a file. It is safe for concurrent use.
type Store struct {
	file   *sqlitefile.File
	now    func() time.Time
	scopes sync.Map // store.Scope to its number, an int64
}

// Open brings the store's tables in the file up to date and returns the store. The file stays the caller's to close.
func Open(ctx context.Context, f *sqlitefile.File, now func() time.Time) (*Store, error) {
	if err := f.Migrate(ctx, "store", schema()); err != nil {
		return nil, err
	}
	return &Store{file: f, now: now}, nil
}

// nanos is how a time lies in a column.
func nanos(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

func instant(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(0, n).UTC()
}

// problemText is how a failure lies in a column: as JSON, empty for none.
func problemText(e *fault.Error) (string, error) {
	if e == nil {
		return "", nil
	}
	text, err := json.Marshal(e)
	return string(text), err
}

func problemOf(text string) (*fault.Error, error) {
	if text == "" {
		return nil, nil
	}
	var e fault.Error
	if err := json.Unmarshal([]byte(text), &e); err != nil {
		return nil, fmt.Errorf("a stored failure cannot be read: %w", err)
	}
	return &e, nil
}

// version is what the columns marker and read say.
func version(marker, read int64) model.Version {
	return model.Version{Marker: marker, Read: instant(read)}
}

// scanner is *sql.Row or *sql.Rows.
type scanner interface{ Scan(dest ...any) error }

// scanAll reads a result to its end.
func scanAll[T any](rows *sql.Rows, err error, scan func(scanner) (T, error)) ([]T, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []T
	for rows.Next() {
		one, err := scan(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, one)
	}
	return list, rows.Err()
}

// inBatches calls do for pieces of a list of n, each a power of two long and at most most: however long a list, few texts of
// a statement are ever prepared.
func inBatches(n, most int, do func(from, to int) error) error {
	for from := 0; from < n; {
		size := min(most, 1<<(bits.Len(uint(n-from))-1))
		if err := do(from, from+size); err != nil {
			return err
		}
		from += size
	}
	return nil
}

// rows returns "(?,?),(?,?)" for n rows of columns.
func rows(n, columns int) string {
	row := "(" + strings.Repeat("?,", columns-1) + "?)"
	return strings.Repeat(row+",", n-1) + row
}

// marks returns "?,?,?" for n values.
func marks(n int) string { return strings.Repeat("?,", n-1) + "?" }

// isNone reports that a query for one row found none.
func isNone(err error) bool { return errors.Is(err, sql.ErrNoRows) }
