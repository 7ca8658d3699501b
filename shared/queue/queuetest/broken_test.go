package queuetest_test

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"apicenter/shared/queue"
	"apicenter/shared/queue/queuetest"
)

// broken is a good queue that breaks one promise: a function that is set replaces the method.
type broken struct {
	queue.Queue
	clock    *queuetest.Clock
	send     func(b *broken, ctx context.Context, q queue.Name, m []queue.Message) error
	receive  func(b *broken, ctx context.Context, q queue.Name, most int, wait time.Duration) ([]queue.Delivery, error)
	extend   func(b *broken, ctx context.Context, d queue.Delivery, visible time.Duration) error
	remove   func(b *broken, ctx context.Context, ds []queue.Delivery) error
	bury     func(b *broken, ctx context.Context, d queue.Delivery) error
	buried   func(b *broken, ctx context.Context, q queue.Name, limit int) ([]queue.Delivery, error)
	redrive  func(b *broken, ctx context.Context, q queue.Name, limit int) (int, error)
	restart  func(b *broken)
	counts   func(b *broken, ctx context.Context, q queue.Name) (queue.Counts, error)
	calls    atomic.Int64
	mu       sync.Mutex
	newest   map[string]queue.Delivery // by id, what was given out last
	previous []queue.Delivery
}

func (b *broken) Send(ctx context.Context, q queue.Name, m []queue.Message) error {
	if b.send != nil {
		return b.send(b, ctx, q, m)
	}
	return b.Queue.Send(ctx, q, m)
}

func (b *broken) Receive(ctx context.Context, q queue.Name, most int, wait time.Duration) ([]queue.Delivery, error) {
	receive := b.Queue.Receive
	if b.receive != nil {
		receive = func(ctx context.Context, q queue.Name, most int, wait time.Duration) ([]queue.Delivery, error) {
			return b.receive(b, ctx, q, most, wait)
		}
	}
	got, err := receive(ctx, q, most, wait)
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, d := range got {
		b.newest[d.ID] = d
		b.previous = append(b.previous, d)
	}
	return got, err
}

func (b *broken) Extend(ctx context.Context, d queue.Delivery, visible time.Duration) error {
	if b.extend != nil {
		return b.extend(b, ctx, d, visible)
	}
	return b.Queue.Extend(ctx, d, visible)
}

func (b *broken) Delete(ctx context.Context, ds []queue.Delivery) error {
	if b.remove != nil {
		return b.remove(b, ctx, ds)
	}
	return b.Queue.Delete(ctx, ds)
}

func (b *broken) Bury(ctx context.Context, d queue.Delivery, reason string) error {
	if b.bury != nil {
		return b.bury(b, ctx, d)
	}
	return b.Queue.Bury(ctx, d, reason)
}

func (b *broken) Buried(ctx context.Context, q queue.Name, limit int) ([]queue.Delivery, error) {
	if b.buried != nil {
		return b.buried(b, ctx, q, limit)
	}
	return b.Queue.Buried(ctx, q, limit)
}

func (b *broken) Redrive(ctx context.Context, q queue.Name, limit int) (int, error) {
	if b.redrive != nil {
		return b.redrive(b, ctx, q, limit)
	}
	return b.Queue.Redrive(ctx, q, limit)
}

func (b *broken) Counts(ctx context.Context, q queue.Name) (queue.Counts, error) {
	if b.counts != nil {
		return b.counts(b, ctx, q)
	}
	return b.Queue.Counts(ctx, q)
}

// restarted puts the breakage around the queue as it was opened again.
func (b *broken) restarted(good queue.Queue) queue.Queue {
	b.Queue = good
	if b.restart != nil {
		b.restart(b)
	}
	return b
}

// freshest returns deliveries with the receipts given out last, as if a stale receipt were as good.
func (b *broken) freshest(ds []queue.Delivery) []queue.Delivery {
	b.mu.Lock()
	defer b.mu.Unlock()
	fresh := slices.Clone(ds)
	for i, d := range ds {
		fresh[i] = b.newest[d.ID]
	}
	return fresh
}

// renamed gives every message a deduplication id of its own.
func (b *broken) renamed(m []queue.Message) []queue.Message {
	m = slices.Clone(m)
	for i := range m {
		if m[i].Dedup != "" {
			m[i].Dedup = fmt.Sprintf("renamed-%d", b.calls.Add(1))
		}
	}
	return m
}

// flawed changes what a good receive returns.
func flawed(change func(b *broken, got []queue.Delivery) []queue.Delivery) *broken {
	return &broken{receive: func(b *broken, ctx context.Context, q queue.Name, most int, wait time.Duration) ([]queue.Delivery, error) {
		got, err := b.Queue.Receive(ctx, q, most, wait)
		return change(b, got), err
	}}
}

// spoilt changes what a good send is given.
func spoilt(change func(b *broken, m []queue.Message) []queue.Message) *broken {
	return &broken{send: func(b *broken, ctx context.Context, q queue.Name, m []queue.Message) error {
		return b.Queue.Send(ctx, q, change(b, slices.Clone(m)))
	}}
}

// eachBody changes every body on the way in.
func eachBody(change func([]byte) []byte) *broken {
	return spoilt(func(_ *broken, m []queue.Message) []queue.Message {
		for i := range m {
			m[i].Body = change(bytes.Clone(m[i].Body))
		}
		return m
	})
}
