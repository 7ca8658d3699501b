package sqlitestore

import (
	"context"
	"fmt"

	"apicenter/shared/secret"
	"apicenter/shared/sqlitefile"
)

const keyColumns = `tenant, wrapped, hash_key, created, erased`

const (
	getKeys = `SELECT ` + keyColumns + ` FROM keysets WHERE tenant = ?`
	// otherKeys and dropKeys walk the table, which is what they are for.
	otherKeys  = `SELECT ` + keyColumns + ` FROM keysets WHERE tenant <> ? ORDER BY tenant`
	dropKeys   = `DELETE FROM keysets`
	createKeys = `INSERT INTO keysets (` + keyColumns + `) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`
)

// Keys implements secret.Keys.
func (s *Store) Keys(ctx context.Context, tenant string) (stored secret.Stored, found bool, err error) {
	err = s.file.Read(ctx, func(tx *sqlitefile.Tx) error {
		row, err := scanKeys(tx.QueryRow(getKeys, tenant))
		if isNone(err) {
			return nil
		}
		stored, found = row.stored, err == nil
		return err
	})
	if err != nil {
		return secret.Stored{}, false, fmt.Errorf("keys of account %q: %w", tenant, err)
	}
	return stored, found, nil
}

// CreateKeys implements secret.Keys.
func (s *Store) CreateKeys(ctx context.Context, tenant string, stored secret.Stored) (secret.Stored, error) {
	var counts keyRow
	err := s.file.Write(ctx, func(tx *sqlitefile.Tx) error {
		if err := insertKeys(tx, keyRow{tenant, stored}); err != nil {
			return err
		}
		var err error
		counts, err = scanKeys(tx.QueryRow(getKeys, tenant))
		return err
	})
	if err != nil {
		return secret.Stored{}, fmt.Errorf("keys of account %q: %w", tenant, err)
	}
	return counts.stored, nil
}

// EraseKeys implements secret.Keys. Promise 7: the table is emptied and the other tenants' keysets are put back, because
// SQLite moves rows between pages and leaves the bytes of the old place behind.
func (s *Store) EraseKeys(ctx context.Context, tenant string) error {
	err := s.file.Erase(ctx, func(tx *sqlitefile.Tx) error {
		rows, err := tx.Query(otherKeys, tenant)
		others, err := scanAll(rows, err, scanKeys)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(dropKeys); err != nil {
			return err
		}
		for _, row := range append(others, keyRow{tenant, secret.Stored{Erased: true}}) {
			if err := insertKeys(tx, row); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("erasing the keys of account %q: %w", tenant, err)
	}
	return nil
}

type keyRow struct {
	tenant string
	stored secret.Stored
}

func insertKeys(tx *sqlitefile.Tx, row keyRow) error {
	k := row.stored
	_, err := tx.Exec(createKeys, row.tenant, k.Wrapped, k.Index, nanos(k.Created), k.Erased)
	return err
}

func scanKeys(row scanner) (k keyRow, err error) {
	var created int64
	err = row.Scan(&k.tenant, &k.stored.Wrapped, &k.stored.Index, &created, &k.stored.Erased)
	k.stored.Created = instant(created)
	return k, err
}
