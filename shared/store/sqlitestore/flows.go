package sqlitestore

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"apicenter/shared/integration"
	"apicenter/shared/model"
	"apicenter/shared/sqlitefile"
	"apicenter/shared/store"
)

const (
	flowVersion = `SELECT version FROM flows WHERE tenant = ? AND id = ?`
	flowTwin    = `SELECT count(*) FROM flows WHERE tenant = ? AND kind = ? AND source = ? AND target = ? AND id <> ?`
	putFlow     = `INSERT INTO flows (tenant, id, kind, source, target, version, due, hook, document)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (tenant, id) DO UPDATE SET kind = excluded.kind, source = excluded.source, target = excluded.target,
			version = excluded.version, due = excluded.due, hook = excluded.hook, document = excluded.document`
	getFlow   = `SELECT document FROM flows WHERE tenant = ? AND id = ?`
	listFlows = `SELECT document FROM flows WHERE tenant = ? ORDER BY id`
	dueFlows  = `SELECT due, document FROM flows WHERE kind = ? AND due IS NOT NULL AND due <= ? ORDER BY due LIMIT ? + 0`
	moveDue   = `UPDATE flows SET due = ? WHERE tenant = ? AND id = ? AND due = ?`
	hookFlow  = `SELECT document FROM flows WHERE hook = ? AND hook <> ''`
)

// PutFlow implements store.Flows.
func (s *Store) PutFlow(ctx context.Context, f integration.Flow, due time.Time) error {
	document, err := json.Marshal(f)
	if err != nil {
		return fmt.Errorf("flow %q: %w", f.ID, err)
	}
	var at any
	if f.Status == integration.Active {
		at = nanos(due)
	}
	err = s.file.Write(ctx, func(tx *sqlitefile.Tx) error {
		var stored int64
		if err := tx.QueryRow(flowVersion, f.Tenant, f.ID).Scan(&stored); err == nil && f.Version <= stored {
			return store.ErrConflict
		} else if err != nil && !isNone(err) {
			return err
		}
		var twins int
		if err := tx.QueryRow(flowTwin, f.Tenant, string(f.Kind), f.Source, f.Target, f.ID).Scan(&twins); err != nil {
			return err
		}
		if twins > 0 {
			return store.ErrDuplicate
		}
		_, err := tx.Exec(putFlow, f.Tenant, f.ID, string(f.Kind), f.Source, f.Target, f.Version, at, f.Hook, string(document))
		return err
	})
	if err != nil {
		return fmt.Errorf("flow %q: %w", f.ID, err)
	}
	return nil
}

// Flow implements store.Flows.
func (s *Store) Flow(ctx context.Context, tenant, id string) (integration.Flow, error) {
	return one[integration.Flow](ctx, s, fmt.Sprintf("flow %q", id), getFlow, tenant, id)
}

// Flows implements store.Flows.
func (s *Store) Flows(ctx context.Context, tenant string) ([]integration.Flow, error) {
	return many[integration.Flow](ctx, s, listFlows, tenant)
}

// DueFlows implements store.Flows.
func (s *Store) DueFlows(ctx context.Context, kind model.Kind, now time.Time, limit int) (list []store.DueFlow, err error) {
	err = s.file.Read(ctx, func(tx *sqlitefile.Tx) error {
		rows, err := tx.Query(dueFlows, string(kind), nanos(now), limit)
		list, err = scanAll(rows, err, func(row scanner) (d store.DueFlow, err error) {
			var due int64
			var text string
			if err := row.Scan(&due, &text); err != nil {
				return d, err
			}
			d.At = instant(due)
			return d, json.Unmarshal([]byte(text), &d.Flow)
		})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("due flows: %w", err)
	}
	return list, nil
}

// MoveDue implements store.Flows.
func (s *Store) MoveDue(ctx context.Context, tenant, id string, from, to time.Time) (moved bool, err error) {
	err = s.file.Write(ctx, func(tx *sqlitefile.Tx) error {
		n, err := tx.Exec(moveDue, nanos(to), tenant, id, nanos(from))
		moved = n == 1
		return err
	})
	if err != nil {
		return false, fmt.Errorf("due time of flow %q: %w", id, err)
	}
	return moved, nil
}

// FlowByHook implements store.Flows.
func (s *Store) FlowByHook(ctx context.Context, hook string) (integration.Flow, error) {
	return one[integration.Flow](ctx, s, "flow of this webhook address", hookFlow, hook)
}
