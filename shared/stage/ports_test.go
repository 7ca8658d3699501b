package stage_test

import (
	"context"
	"time"

	"apicenter/shared/fault"
	"apicenter/shared/integration"
	"apicenter/shared/queue"
	"apicenter/shared/store"
)

// The calls at which a process can die: everything that changes something, and the reads the protocol stands on.

func (p *ports) Send(ctx context.Context, q queue.Name, m []queue.Message) error {
	return p.call("send to "+string(q), func() error { return p.Queue.Send(ctx, q, m) })
}

func (p *ports) Extend(ctx context.Context, d queue.Delivery, visible time.Duration) error {
	return p.call("extend", func() error { return p.Queue.Extend(ctx, d, visible) })
}

func (p *ports) Entries(ctx context.Context, s store.Scope, keys []string) (out []store.Entry, err error) {
	err = p.call("read the ledger", func() error { out, err = p.Store.Entries(ctx, s, keys); return err })
	return out, err
}

func (p *ports) SaveEntries(ctx context.Context, s store.Scope, entries []store.Entry) (out []int64, err error) {
	err = p.call("write the ledger", func() error { out, err = p.Store.SaveEntries(ctx, s, entries); return err })
	return out, err
}

func (p *ports) Acquire(ctx context.Context, k store.PositionKey, owner string, until time.Time) (pos store.Position, ok bool, err error) {
	err = p.call("acquire", func() error { pos, ok, err = p.Store.Acquire(ctx, k, owner, until); return err })
	return pos, ok, err
}

func (p *ports) SaveCheckpoint(ctx context.Context, k store.PositionKey, owner, checkpoint string, until time.Time) error {
	p.saves++
	return p.call("save checkpoint", func() error { return p.Store.SaveCheckpoint(ctx, k, owner, checkpoint, until) })
}

func (p *ports) HandOver(ctx context.Context, k store.PositionKey, owner, next string, until time.Time) error {
	return p.call("hand over", func() error { return p.Store.HandOver(ctx, k, owner, next, until) })
}

func (p *ports) Release(ctx context.Context, k store.PositionKey, owner string) (again bool, err error) {
	err = p.call("release", func() error { again, err = p.Store.Release(ctx, k, owner); return err })
	return again, err
}

func (p *ports) AddRereads(ctx context.Context, t, f string, list []store.Reread) error {
	return p.call("add rereads", func() error { return p.Store.AddRereads(ctx, t, f, list) })
}

func (p *ports) RemoveRereads(ctx context.Context, t, f string, keys []string) error {
	return p.call("remove rereads", func() error { return p.Store.RemoveRereads(ctx, t, f, keys) })
}

func (p *ports) StartRun(ctx context.Context, r store.Run) error {
	return p.call("start run", func() error { return p.Store.StartRun(ctx, r) })
}

func (p *ports) AddToRun(ctx context.Context, t, f, run string, pages, records int, ended time.Time, problem *fault.Error) error {
	return p.call("add to run", func() error { return p.Store.AddToRun(ctx, t, f, run, pages, records, ended, problem) })
}

func (p *ports) AppendChunk(ctx context.Context, c store.Chunk) error {
	return p.call("append chunk", func() error { return p.Store.AppendChunk(ctx, c) })
}

func (p *ports) PutFailures(ctx context.Context, list []store.Failure) error {
	return p.call("put failures", func() error { return p.Store.PutFailures(ctx, list) })
}

func (p *ports) CloseFailures(ctx context.Context, t, f string, closed []store.Closed) error {
	return p.call("close failures", func() error { return p.Store.CloseFailures(ctx, t, f, closed) })
}

func (p *ports) AddLoad(ctx context.Context, t, c string, queued, finished int) error {
	return p.call("add load", func() error { return p.Store.AddLoad(ctx, t, c, queued, finished) })
}

func (p *ports) SaveConnectionState(ctx context.Context, t, id string, s integration.ConnectionState) (out integration.ConnectionState, err error) {
	err = p.call("save connection state", func() error { out, err = p.Store.SaveConnectionState(ctx, t, id, s); return err })
	return out, err
}

func (p *ports) MoveDue(ctx context.Context, t, id string, from, to time.Time) (ok bool, err error) {
	err = p.call("move due", func() error { ok, err = p.Store.MoveDue(ctx, t, id, from, to); return err })
	return ok, err
}

func (p *ports) OpenIncident(ctx context.Context, i store.Incident) (opened bool, err error) {
	err = p.call("open incident", func() error { opened, err = p.Store.OpenIncident(ctx, i); return err })
	return opened, err
}
