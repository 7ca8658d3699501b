package storetest

import (
	"context"
	"errors"
	"slices"
	"time"

	"apicenter/shared/integration"
	"apicenter/shared/store"
)

func brokenConfig() []breakage {
	return []breakage{
		breakStore("tenants", "unknown is empty", "an unknown tenant is not found", func(a adapter) store.Store { return unknownIsEmpty{a} }),
		breakStore("tenants", "listed backwards", "all tenants are listed by id", func(a adapter) store.Store { return listsBackwards{a} }),
		breakStore("connections", "listed backwards", "connections are listed by id", func(a adapter) store.Store { return listsBackwards{a} }),
		breakStore("connections", "tenant ignored", "equal ids of two tenants never meet", func(a adapter) store.Store { return tenantIgnored{a} }),
		breakStore("connections", "keys joined by #", "equal ids of two tenants never meet", func(a adapter) store.Store { return joinedKeys{a} }),
		breakStore("connections", "revision ignored", "a state is saved once per revision", func(a adapter) store.Store { return anyRevision{a} }),
		breakStore("connections", "revision checked before saving", "of many savers with one revision exactly one wins",
			func(a adapter) store.Store { return checkThenSave{a} }),
		breakStore("connections", "put resets the state", "putting a connection leaves its state alone", func(a adapter) store.Store { return putResets{a} }),
		breakStore("connections", "resuming counts as up", "stopped connections are those whose status is not up",
			func(a adapter) store.Store { return resumingIsUp{a} }),
		breakStore("integrations", "unknown is empty", "an unknown integration is not found", func(a adapter) store.Store { return unknownIsEmpty{a} }),
		breakStore("integrations", "listed backwards", "integrations are listed by id, of one tenant", func(a adapter) store.Store { return listsBackwards{a} }),
	}
}

type unknownIsEmpty struct{ adapter }

func (b unknownIsEmpty) Tenant(ctx context.Context, id string) (integration.Tenant, error) {
	t, err := b.Store.Tenant(ctx, id)
	return t, unless(err, store.ErrNotFound)
}

func (b unknownIsEmpty) Integration(ctx context.Context, tenant, id string) (integration.Integration, error) {
	i, err := b.Store.Integration(ctx, tenant, id)
	return i, unless(err, store.ErrNotFound)
}

func unless(err, ignored error) error {
	if errors.Is(err, ignored) {
		return nil
	}
	return err
}

type listsBackwards struct{ adapter }

func (b listsBackwards) AllTenants(ctx context.Context) ([]integration.Tenant, error) {
	list, err := b.Store.AllTenants(ctx)
	slices.Reverse(list)
	return list, err
}

func (b listsBackwards) Connections(ctx context.Context, tenant string) ([]integration.Connection, error) {
	list, err := b.Store.Connections(ctx, tenant)
	slices.Reverse(list)
	return list, err
}

func (b listsBackwards) Integrations(ctx context.Context, tenant string) ([]integration.Integration, error) {
	list, err := b.Store.Integrations(ctx, tenant)
	slices.Reverse(list)
	return list, err
}

type tenantIgnored struct{ adapter }

func (b tenantIgnored) SaveConnectionState(ctx context.Context, _, id string, s integration.ConnectionState) (integration.ConnectionState, error) {
	return b.Store.SaveConnectionState(ctx, "", id, s)
}

func (b tenantIgnored) ConnectionState(ctx context.Context, _, id string) (integration.ConnectionState, error) {
	return b.Store.ConnectionState(ctx, "", id)
}

func (b tenantIgnored) SaveEntries(ctx context.Context, s store.Scope, list []store.Entry) ([]int64, error) {
	return b.Store.SaveEntries(ctx, store.Scope{Name: s.Name}, list)
}

func (b tenantIgnored) Entries(ctx context.Context, s store.Scope, keys []string) ([]store.Entry, error) {
	return b.Store.Entries(ctx, store.Scope{Name: s.Name}, keys)
}

func (b tenantIgnored) Load(ctx context.Context, _, connection string) (store.Load, error) {
	return b.Store.Load(ctx, "", connection)
}

func (b tenantIgnored) AddLoad(ctx context.Context, _, connection string, queued, finished int) error {
	return b.Store.AddLoad(ctx, "", connection, queued, finished)
}

// joinedKeys keeps (tenant, name) as one text, as a table with one partition key may.
type joinedKeys struct{ adapter }

func (b joinedKeys) SaveConnectionState(ctx context.Context, tenant, id string, s integration.ConnectionState) (integration.ConnectionState, error) {
	return b.Store.SaveConnectionState(ctx, tenant+"#"+id, "", s)
}

func (b joinedKeys) ConnectionState(ctx context.Context, tenant, id string) (integration.ConnectionState, error) {
	return b.Store.ConnectionState(ctx, tenant+"#"+id, "")
}

func (b joinedKeys) SaveEntries(ctx context.Context, s store.Scope, list []store.Entry) ([]int64, error) {
	return b.Store.SaveEntries(ctx, store.Scope{Name: s.Tenant + s.Name}, list)
}

func (b joinedKeys) Entries(ctx context.Context, s store.Scope, keys []string) ([]store.Entry, error) {
	return b.Store.Entries(ctx, store.Scope{Name: s.Tenant + s.Name}, keys)
}

func (b joinedKeys) Acquire(ctx context.Context, p store.PositionKey, owner string, until time.Time) (store.Position, bool, error) {
	return b.Store.Acquire(ctx, joinPosition(p), owner, until)
}

func (b joinedKeys) SaveCheckpoint(ctx context.Context, p store.PositionKey, owner, checkpoint string, until time.Time) error {
	return b.Store.SaveCheckpoint(ctx, joinPosition(p), owner, checkpoint, until)
}

func (b joinedKeys) Position(ctx context.Context, p store.PositionKey) (store.Position, error) {
	return b.Store.Position(ctx, joinPosition(p))
}

func joinPosition(p store.PositionKey) store.PositionKey {
	return store.PositionKey{Tenant: p.Tenant + "/" + p.Flow + "/" + p.Mode}
}

type anyRevision struct{ adapter }

func (b anyRevision) SaveConnectionState(ctx context.Context, tenant, id string, s integration.ConnectionState) (integration.ConnectionState, error) {
	now, err := b.Store.ConnectionState(ctx, tenant, id)
	if err != nil {
		return s, err
	}
	s.Revision = now.Revision
	return b.Store.SaveConnectionState(ctx, tenant, id, s)
}

func (b anyRevision) SaveEntries(ctx context.Context, s store.Scope, list []store.Entry) ([]int64, error) {
	list = slices.Clone(list)
	for i, e := range list {
		now, err := b.Store.Entries(ctx, s, []string{e.Key})
		if err != nil {
			return nil, err
		}
		list[i].Revision = now[0].Revision
	}
	return b.Store.SaveEntries(ctx, s, list)
}

// checkThenSave compares revisions, and saves over whatever is there by then.
type checkThenSave struct{ adapter }

func (b checkThenSave) SaveConnectionState(ctx context.Context, tenant, id string, s integration.ConnectionState) (integration.ConnectionState, error) {
	now, err := b.Store.ConnectionState(ctx, tenant, id)
	if err != nil {
		return s, err
	}
	if now.Revision != s.Revision {
		return s, store.ErrConflict
	}
	if err := b.gap(ctx); err != nil {
		return s, err
	}
	for {
		saved, err := b.Store.SaveConnectionState(ctx, tenant, id, s)
		if !errors.Is(err, store.ErrConflict) {
			return saved, err
		}
		if now, err = b.Store.ConnectionState(ctx, tenant, id); err != nil {
			return s, err
		}
		s.Revision = now.Revision
	}
}

func (b checkThenSave) SaveEntries(ctx context.Context, s store.Scope, list []store.Entry) ([]int64, error) {
	out := make([]int64, len(list))
	for i, e := range list {
		now, err := b.Store.Entries(ctx, s, []string{e.Key})
		if err != nil {
			return nil, err
		}
		if now[0].Revision != e.Revision {
			continue
		}
		for out[i] == 0 {
			revisions, err := b.Store.SaveEntries(ctx, s, []store.Entry{e})
			if err != nil {
				return nil, err
			}
			if out[i] = revisions[0]; out[i] == 0 {
				if now, err = b.Store.Entries(ctx, s, []string{e.Key}); err != nil {
					return nil, err
				}
				e.Revision = now[0].Revision
			}
		}
	}
	return out, nil
}

type putResets struct{ adapter }

func (b putResets) PutConnection(ctx context.Context, c integration.Connection) error {
	now, err := b.ConnectionState(ctx, c.Tenant, c.ID)
	if err == nil && now.Revision != 0 {
		_, err = b.SaveConnectionState(ctx, c.Tenant, c.ID, integration.ConnectionState{Revision: now.Revision})
	}
	return errors.Join(err, b.Store.PutConnection(ctx, c))
}

type resumingIsUp struct{ adapter }

func (b resumingIsUp) StoppedConnections(ctx context.Context) ([]store.ConnectionRef, error) {
	list, err := b.Store.StoppedConnections(ctx)
	return slices.DeleteFunc(list, func(c store.ConnectionRef) bool {
		state, _ := b.ConnectionState(ctx, c.Tenant, c.ID)
		return state.Status == integration.Resuming
	}), err
}
