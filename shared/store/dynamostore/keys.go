package dynamostore

import (
	"context"
	"fmt"

	"apicenter/shared/secret"
)

// Keys implements secret.Keys.
func (s *Store) Keys(ctx context.Context, tenant string) (stored secret.Stored, found bool, err error) {
	row, err := s.get(ctx, s.tables.Keys, item{pk: text(tenant)})
	if err == nil && row != nil {
		found = true
		stored, err = keysOf(row)
	}
	if err != nil {
		return secret.Stored{}, false, fmt.Errorf("keys of account %q: %w", tenant, err)
	}
	return stored, found, nil
}

// CreateKeys implements secret.Keys. A repeat finds the keyset it made itself, which is the one that counts.
func (s *Store) CreateKeys(ctx context.Context, tenant string, stored secret.Stored) (secret.Stored, error) {
	row := set(item{pk: text(tenant)}, item{"wrapped": data(stored.Wrapped), "hash_key": data(stored.Index),
		"created": moment(stored.Created), "erased": flag(stored.Erased)})
	stood, done, err := s.put(ctx, s.tables.Keys, row, "attribute_not_exists(#pk)", nil)
	if err == nil && !done {
		stored, err = keysOf(stood)
	}
	if err != nil {
		return secret.Stored{}, fmt.Errorf("keys of account %q: %w", tenant, err)
	}
	return stored, nil
}

// EraseKeys implements secret.Keys. Promise 7: the row is replaced by the mark. Backups of the table end by themselves after
// the days its definition names.
func (s *Store) EraseKeys(ctx context.Context, tenant string) error {
	if _, _, err := s.put(ctx, s.tables.Keys, item{pk: text(tenant), "erased": flag(true)}, "", nil); err != nil {
		return fmt.Errorf("erasing the keys of account %q: %w", tenant, err)
	}
	return nil
}

func keysOf(row item) (secret.Stored, error) {
	r := reader{row: row}
	stored := secret.Stored{Wrapped: r.data("wrapped"), Index: r.data("hash_key"), Created: r.moment("created"), Erased: r.flag("erased")}
	return stored, r.err
}
