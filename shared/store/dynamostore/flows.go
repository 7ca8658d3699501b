package dynamostore

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"apicenter/shared/integration"
	"apicenter/shared/model"
	"apicenter/shared/store"
)

// A flow is up to four rows: flow#… with the document, which mappings make large; due#… with its due time, which moves every
// few minutes and stays small for that; twin#…, which keeps a second flow alike out; hook#…, by which its token finds it.

// PutFlow implements store.Flows. The rows are written in one transaction: flows are saved seldom, and half a flow would
// never run, or run twice.
func (s *Store) PutFlow(ctx context.Context, f integration.Flow, due time.Time) error {
	for attempt := 0; ; attempt++ {
		again, err := s.putFlow(ctx, f, due)
		if again && attempt+1 < tries {
			err = pause(ctx, attempt)
		}
		if err != nil || !again {
			if err != nil {
				return fmt.Errorf("flow %q: %w", f.ID, err)
			}
			return nil
		}
	}
}

// putFlow is one try; again says that the flow was changed since it was read, which err says too for when it was the last.
func (s *Store) putFlow(ctx context.Context, f integration.Flow, due time.Time) (again bool, err error) {
	doc, err := document(f)
	if err != nil {
		return false, err
	}
	row := set(s.ofTenant(f.Tenant, "flow", f.ID), item{"document": doc, "twin": text(twinOf(f)), "hook": text(f.Hook)})
	row["version"] = number(f.Version)
	if err := fits(row); err != nil {
		return false, err
	}
	stored, err := s.get(ctx, s.tables.Config, s.ofTenant(f.Tenant, "flow", f.ID))
	if err != nil {
		return false, err
	}
	old := reader{row: stored}
	if before := old.number("version"); stored != nil && f.Version <= before {
		return false, store.ErrConflict
	}
	condition, values := "attribute_not_exists(#pk)", item(nil)
	if stored != nil {
		condition, values = "#version = :before", item{":before": number(old.number("version"))}
	}
	writes := []types.TransactWriteItem{putting(s.tables.Config, row, condition, values)}
	owned := item{"tenant": text(f.Tenant), "flow": text(f.ID)}
	uniques := s.moveUnique(&writes, old.text("twin"), twinOf(f), f, twinKey, owned)
	uniques = append(uniques, s.moveUnique(&writes, old.text("hook"), f.Hook, f, hookKey, owned)...)
	if old.err != nil {
		return false, old.err
	}
	if f.Status == integration.Active {
		writes = append(writes, putting(s.tables.Config, set(s.ofTenant(f.Tenant, "due", f.ID), item{
			"list": text(dueList(f.Kind, shardOf(f.Tenant, f.ID))), "token": text(newToken())}), "", nil))
		writes[len(writes)-1].Put.Item["due"] = moment(due)
	} else {
		writes = append(writes, removing(s.tables.Config, s.ofTenant(f.Tenant, "due", f.ID), "", nil))
	}
	reasons, err := s.transact(ctx, writes)
	switch {
	case err != nil:
		return false, err
	case reasons == nil:
		return false, nil
	case failedOn(reasons, 0):
		return true, store.ErrConflict
	case slices.ContainsFunc(uniques, func(i int) bool { return failedOn(reasons, i) }):
		return false, store.ErrDuplicate
	}
	return true, store.ErrConflict // what is to be given up is no longer ours: the flow was changed
}

// moveUnique adds the writes that take a unique key for the flow and give the one before up. It returns the places of those
// that fail when another flow has the key.
func (s *Store) moveUnique(writes *[]types.TransactWriteItem, before, after string, f integration.Flow, key func(tenant, id string) item, owned item) (taken []int) {
	if before == after {
		return nil
	}
	if before != "" {
		*writes = append(*writes, removing(s.tables.Config, key(f.Tenant, before), "#tenant = :tenant AND #flow = :flow",
			item{":tenant": owned["tenant"], ":flow": owned["flow"]}))
	}
	if after != "" {
		taken = append(taken, len(*writes))
		*writes = append(*writes, putting(s.tables.Config, set(key(f.Tenant, after), owned), "attribute_not_exists(#pk)", nil))
	}
	return taken
}

// twinOf is what two flows of a tenant may not have in common.
func twinOf(f integration.Flow) string { return join(string(f.Kind), f.Source, f.Target) }

func twinKey(tenant, twin string) item { return at("tenant#"+tenant, "twin#"+twin) }

// hookKey ignores the tenant: whoever calls a webhook has its token and nothing else.
func hookKey(_, hook string) item { return at("hook#"+part(hook), "hook") }

func dueList(kind model.Kind, shard int) string { return fmt.Sprintf("due#%s#%d", kind, shard) }

// Flow implements store.Flows.
func (s *Store) Flow(ctx context.Context, tenant, id string) (integration.Flow, error) {
	return one[integration.Flow](ctx, s, fmt.Sprintf("flow %q", id), s.ofTenant(tenant, "flow", id))
}

// Flows implements store.Flows.
func (s *Store) Flows(ctx context.Context, tenant string) ([]integration.Flow, error) {
	return many[integration.Flow](ctx, s, "flows", s.listOf(tenant, "flow"))
}

// DueFlows implements store.Flows. The index tells which are due; a flow that was paused or changed since is left out.
func (s *Store) DueFlows(ctx context.Context, kind model.Kind, now time.Time, limit int) ([]store.DueFlow, error) {
	type dueRow struct {
		place place
		at    time.Time
	}
	var mu sync.Mutex
	var due []dueRow
	err := each(ctx, shards, func(ctx context.Context, i int) error {
		left := limit
		q := search{table: s.tables.Config, index: indexListed, where: "#list = :list AND #due <= :now", lagging: true, limit: limit,
			values: item{":list": text(dueList(kind, i)), ":now": moment(now)}}
		return q.each(ctx, s, func(row item) (bool, error) {
			r := reader{row: row}
			mu.Lock()
			defer mu.Unlock()
			due = append(due, dueRow{placeOf(row), r.moment("due")})
			left--
			return left > 0, r.err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("due flows: %w", err)
	}
	slices.SortFunc(due, func(a, b dueRow) int {
		if c := a.at.Compare(b.at); c != 0 {
			return c
		}
		return strings.Compare(a.place.partition+a.place.sort, b.place.partition+b.place.sort)
	})
	due = due[:min(len(due), limit)]
	keys := make([]item, len(due))
	for i, d := range due {
		keys[i] = at(d.place.partition, "flow#"+strings.TrimPrefix(d.place.sort, "due#"))
	}
	rows, err := s.getMany(ctx, s.tables.Config, keys, true)
	if err != nil {
		return nil, fmt.Errorf("due flows: %w", err)
	}
	list := make([]store.DueFlow, 0, len(due))
	for i, d := range due {
		flow, err := documentOf[integration.Flow](rows[placeOf(keys[i])])
		if err != nil {
			return nil, fmt.Errorf("due flows: %w", err)
		}
		if flow.Status == integration.Active && flow.Kind == kind {
			list = append(list, store.DueFlow{Flow: flow, At: d.at})
		}
	}
	return list, nil
}

// MoveDue implements store.Flows. The token tells a repeat that the time is there because of it, and not because another
// moved it to the same one.
func (s *Store) MoveDue(ctx context.Context, tenant, id string, from, to time.Time) (bool, error) {
	token := newToken()
	stood, done, err := s.update(ctx, s.tables.Config, s.ofTenant(tenant, "due", id), "SET #due = :to, #token = :token",
		"#due = :from", item{":from": moment(from), ":to": moment(to), ":token": text(token)})
	if err != nil {
		return false, fmt.Errorf("due time of flow %q: %w", id, err)
	}
	return done || wrote(stood, token), nil
}

// FlowByHook implements store.Flows.
func (s *Store) FlowByHook(ctx context.Context, hook string) (integration.Flow, error) {
	what := "flow of this webhook address"
	if hook == "" {
		return integration.Flow{}, fmt.Errorf("%s: %w", what, store.ErrNotFound)
	}
	row, err := s.get(ctx, s.tables.Config, hookKey("", hook))
	r := reader{row: row}
	tenant, id := r.text("tenant"), r.text("flow")
	if err == nil {
		err = r.err
	}
	if err == nil && row == nil {
		err = store.ErrNotFound
	}
	if err != nil {
		return integration.Flow{}, fmt.Errorf("%s: %w", what, err)
	}
	flow, err := one[integration.Flow](ctx, s, what, s.ofTenant(tenant, "flow", id))
	if err == nil && flow.Hook != hook { // given up between the two reads
		return integration.Flow{}, fmt.Errorf("%s: %w", what, store.ErrNotFound)
	}
	return flow, err
}
