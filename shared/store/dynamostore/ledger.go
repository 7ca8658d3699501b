package dynamostore

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"apicenter/shared/store"
)

// An entry is a partition of its own, so that the records of a busy flow are spread over the table. It stays below 1 KB, the
// unit a write is billed by. Its reference stands in a global index that holds nothing but keys: a write that leaves the
// reference as it is costs nothing there.

func entryKey(scope store.Scope, key string) item {
	return item{pk: text(join(scope.Tenant, scope.Name, key))}
}

func refOf(scope store.Scope, reference string) string {
	return join(scope.Tenant, scope.Name, reference)
}

// Entries implements store.Ledger. Promise 2: the read is strongly consistent, in batches, which cost half a write per record
// at most.
func (s *Store) Entries(ctx context.Context, scope store.Scope, keys []string) ([]store.Entry, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	rowKeys := make([]item, len(keys))
	for i, key := range keys {
		rowKeys[i] = entryKey(scope, key)
	}
	rows, err := s.getMany(ctx, s.tables.Ledger, rowKeys, false)
	if err != nil {
		return nil, fmt.Errorf("ledger of %s: %w", scope.Name, err)
	}
	list := make([]store.Entry, len(keys))
	for i, key := range keys {
		if row := rows[placeOf(rowKeys[i])]; row != nil {
			if list[i], err = entryOf(row); err != nil {
				return nil, fmt.Errorf("ledger of %s: %w", scope.Name, err)
			}
		}
		list[i].Key = key
	}
	return list, nil
}

// SaveEntries implements store.Ledger. Promise 2: each entry is one conditional write, several at the same time; a transaction
// would cost double and refuse all for one. The revision is random, so that a write whose reply was lost is known again when
// the client repeats it, and never taken for another's.
func (s *Store) SaveEntries(ctx context.Context, scope store.Scope, entries []store.Entry) ([]int64, error) {
	if len(entries) == 0 {
		return nil, nil
	}
	revisions := make([]int64, len(entries))
	err := each(ctx, len(entries), func(ctx context.Context, i int) (err error) {
		revisions[i], err = s.saveEntry(ctx, scope, entries[i])
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("ledger of %s: %w", scope.Name, err)
	}
	return revisions, nil
}

// saveEntry returns the new revision, or 0 when the entry was refused.
func (s *Store) saveEntry(ctx context.Context, scope store.Scope, e store.Entry) (int64, error) {
	revision := newRevision()
	row := set(entryKey(scope, e.Key), item{
		"key": text(e.Key), "revision": number(revision), "state": text(string(e.State)), "unsure_until": moment(e.UnsureUntil),
		"marker": number(e.Version.Marker), "read": moment(e.Version.Read), "fingerprint": text(e.Fingerprint),
		"target_id": text(e.TargetID), "reference": text(e.Reference), "first_tried": moment(e.FirstTried),
		"activity": text(e.Activity), "cancelled": flag(e.Cancelled),
	})
	if e.Reference != "" {
		row["ref"] = text(refOf(scope, e.Reference))
	}
	condition, values := "attribute_not_exists(#pk)", item(nil)
	if e.Revision != 0 {
		condition, values = "#revision = :before", item{":before": number(e.Revision)}
	}
	stood, done, err := s.put(ctx, s.tables.Ledger, row, condition, values)
	if r := (reader{row: stood}); err != nil || !done && r.number("revision") != revision {
		return 0, err
	}
	return revision, nil
}

// EntriesByReference implements store.Ledger. The index gives keys; what it has not heard of yet is found out from the rows.
func (s *Store) EntriesByReference(ctx context.Context, scope store.Scope, reference string) ([]store.Entry, error) {
	if reference == "" {
		return nil, nil
	}
	keys, err := search{table: s.tables.Ledger, index: indexReference, where: "#ref = :ref", lagging: true,
		values: item{":ref": text(refOf(scope, reference))}}.all(ctx, s)
	if err != nil {
		return nil, fmt.Errorf("ledger of %s: %w", scope.Name, err)
	}
	for i := range keys {
		keys[i] = item{pk: keys[i][pk]} // an index entry carries the index's key as well
	}
	rows, err := s.getMany(ctx, s.tables.Ledger, keys, false)
	if err != nil {
		return nil, fmt.Errorf("ledger of %s: %w", scope.Name, err)
	}
	var list []store.Entry
	for _, row := range rows {
		if row == nil {
			continue
		}
		e, err := entryOf(row)
		if err != nil {
			return nil, fmt.Errorf("ledger of %s: %w", scope.Name, err)
		}
		if e.Reference == reference {
			list = append(list, e)
		}
	}
	slices.SortFunc(list, func(a, b store.Entry) int { return strings.Compare(a.Key, b.Key) })
	return list, nil
}

func entryOf(row item) (store.Entry, error) {
	r := reader{row: row}
	e := store.Entry{Key: r.text("key"), State: store.EntryState(r.text("state")), UnsureUntil: r.moment("unsure_until"),
		Version: r.version(), Fingerprint: r.text("fingerprint"), TargetID: r.text("target_id"), Reference: r.text("reference"),
		FirstTried: r.moment("first_tried"), Activity: r.text("activity"), Cancelled: r.flag("cancelled"), Revision: r.number("revision")}
	return e, r.err
}
