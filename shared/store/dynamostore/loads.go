package dynamostore

import (
	"context"
	"fmt"

	"apicenter/shared/store"
)

func loadKey(tenant, connection string) item { return at("load#"+join(tenant, connection), "load") }

// AddLoad implements store.Loads. Both counts are kept, and compared when they are read: a message may be finished before it
// is counted as queued. The token keeps a repeat from counting twice, unless another count came in between.
func (s *Store) AddLoad(ctx context.Context, tenant, connection string, queued, finished int) error {
	if queued == 0 && finished == 0 {
		return nil
	}
	token := newToken()
	change := "ADD #queued :queued, #finished :finished SET #token = :token"
	values := item{":queued": number(int64(queued)), ":finished": number(int64(finished)), ":token": text(token)}
	if finished > 0 {
		change += ", #finished_at = :now"
		values[":now"] = moment(s.now())
	}
	// A refusal is a repeat: it was counted before.
	if _, _, err := s.update(ctx, s.tables.Config, loadKey(tenant, connection), change, "attribute_not_exists(#token) OR #token <> :token", values); err != nil {
		return fmt.Errorf("load of connection %q: %w", connection, err)
	}
	return nil
}

// Load implements store.Loads.
func (s *Store) Load(ctx context.Context, tenant, connection string) (store.Load, error) {
	row, err := s.get(ctx, s.tables.Config, loadKey(tenant, connection))
	r := reader{row: row}
	load := store.Load{Queued: int(max(r.number("queued")-r.number("finished"), 0)), Finished: r.moment("finished_at")}
	if err == nil {
		err = r.err
	}
	if err != nil {
		return store.Load{}, fmt.Errorf("load of connection %q: %w", connection, err)
	}
	return load, nil
}

// ClearLoad implements store.Loads.
func (s *Store) ClearLoad(ctx context.Context, tenant, connection string) error {
	if _, _, err := s.update(ctx, s.tables.Config, loadKey(tenant, connection), "REMOVE #queued, #finished", "", nil); err != nil {
		return fmt.Errorf("load of connection %q: %w", connection, err)
	}
	return nil
}
