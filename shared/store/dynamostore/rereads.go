package dynamostore

import (
	"context"
	"fmt"
	"time"

	"apicenter/shared/store"
)

// Records to read again lie beside the failures: they wait as well, and share the index of what has waited longest.

func rereadKey(tenant, flow, key string) item { return at(rereadsOf(tenant, flow), part(key)) }

func rereadsOf(tenant, flow string) string { return "reread#" + join(tenant, flow) }

// AddRereads implements store.Rereads. A repeat changes nothing.
func (s *Store) AddRereads(ctx context.Context, tenant, flow string, list []store.Reread) error {
	once := make([]store.Reread, 0, len(list))
	known := map[string]int{}
	for _, r := range list { // the last of a key counts, and the first's Since
		if i, again := known[r.Key]; again {
			r.Since = once[i].Since
			once[i] = r
			continue
		}
		known[r.Key] = len(once)
		once = append(once, r)
	}
	if len(once) == 0 {
		return nil
	}
	err := each(ctx, len(once), func(ctx context.Context, i int) error {
		r := once[i]
		_, _, err := s.update(ctx, s.tables.Failures, rereadKey(tenant, flow, r.Key),
			"SET #since = if_not_exists(#since, :since), #next = :next, #tries = :tries, #key = :key, #waiting = :waiting", "",
			item{":since": moment(r.Since), ":next": moment(r.Next), ":tries": number(int64(r.Tries)), ":key": text(r.Key),
				":waiting": text(sorted(r.Next) + "#" + part(r.Key))})
		return err
	})
	if err != nil {
		return fmt.Errorf("records to read again of flow %q: %w", flow, err)
	}
	return nil
}

// DueRereads implements store.Rereads.
func (s *Store) DueRereads(ctx context.Context, tenant, flow string, now time.Time, limit int) (list []store.Reread, err error) {
	if limit <= 0 {
		return nil, nil
	}
	q := search{table: s.tables.Failures, index: indexWaiting, where: "#pk = :pk AND #waiting < :end", limit: limit,
		values: item{":pk": text(rereadsOf(tenant, flow)), ":end": text(sorted(now) + afterAll)}}
	err = q.each(ctx, s, func(row item) (bool, error) {
		r := reader{row: row}
		list = append(list, store.Reread{Key: r.text("key"), Since: r.moment("since"), Next: r.moment("next"), Tries: int(r.number("tries"))})
		return len(list) < limit, r.err
	})
	if err != nil {
		return nil, fmt.Errorf("records to read again of flow %q: %w", flow, err)
	}
	return list, nil
}

// afterAll sorts behind the "#" that joins and every digit of a time.
const afterAll = "~"

// RemoveRereads implements store.Rereads.
func (s *Store) RemoveRereads(ctx context.Context, tenant, flow string, keys []string) error {
	rows := make([]item, len(keys))
	for i, key := range keys {
		rows[i] = rereadKey(tenant, flow, key)
	}
	if err := s.removeMany(ctx, s.tables.Failures, rows); err != nil {
		return fmt.Errorf("records to read again of flow %q: %w", flow, err)
	}
	return nil
}
