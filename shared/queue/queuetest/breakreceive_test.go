package queuetest_test

import (
	"context"
	"time"

	"apicenter/shared/queue"
)

func receiveBreakages() map[string]breakage {
	return map[string]breakage{
		"delivers twice while invisible": {"a message in flight is invisible", &broken{receive: func(b *broken, ctx context.Context, q queue.Name, most int, wait time.Duration) ([]queue.Delivery, error) {
			got, err := b.Queue.Receive(ctx, q, most, wait)
			b.mu.Lock()
			defer b.mu.Unlock()
			if len(got) == 0 && len(b.previous) > 0 {
				got = b.previous[:1]
			}
			return got, err
		}}},
		"gives one message to two receivers": {"concurrent receivers never get the same visible message", &broken{receive: func(b *broken, ctx context.Context, q queue.Name, most int, wait time.Duration) ([]queue.Delivery, error) {
			got, err := b.Queue.Receive(ctx, q, most, wait)
			b.mu.Lock()
			defer b.mu.Unlock()
			if len(got) > 0 && len(b.previous) == 7 {
				got = append(got[1:], b.previous[0])
			}
			return got, err
		}}},
		"deletes on receive": {"a message comes back after its visibility", &broken{receive: func(b *broken, ctx context.Context, q queue.Name, most int, wait time.Duration) ([]queue.Delivery, error) {
			got, err := b.Queue.Receive(ctx, q, most, wait)
			if err == nil {
				err = b.Queue.Delete(ctx, got)
			}
			return got, err
		}}},
		"forgets the visibility": {"a message in flight is invisible", &broken{receive: func(b *broken, ctx context.Context, q queue.Name, most int, wait time.Duration) ([]queue.Delivery, error) {
			got, err := b.Queue.Receive(ctx, q, most, wait)
			for _, d := range got {
				err = b.Queue.Extend(ctx, d, time.Second)
			}
			return got, err
		}}},
		"gives a new id every time": {"a message comes back after its visibility", flawed(func(b *broken, got []queue.Delivery) []queue.Delivery {
			for i := range got {
				got[i].ID = got[i].Receipt
			}
			return got
		})},
		"deletes nothing": {"delete is final", &broken{remove: func(*broken, context.Context, []queue.Delivery) error { return nil }}},
		"deletes only the first": {"delete is final", &broken{remove: func(b *broken, ctx context.Context, ds []queue.Delivery) error {
			return b.Queue.Delete(ctx, ds[:min(1, len(ds))])
		}}},
		"makes visible instead of deleting": {"delete is final", &broken{remove: func(b *broken, ctx context.Context, ds []queue.Delivery) error {
			for _, d := range ds {
				if err := b.Queue.Extend(ctx, d, 0); err != nil {
					return err
				}
			}
			return nil
		}}},
		"deletes by stale receipts": {"delete with a stale receipt does nothing", &broken{remove: func(b *broken, ctx context.Context, ds []queue.Delivery) error {
			return b.Queue.Delete(ctx, b.freshest(ds))
		}}},
		"stops at the first stale receipt": {"delete with a stale receipt does nothing", &broken{remove: func(b *broken, ctx context.Context, ds []queue.Delivery) error {
			for i, d := range b.freshest(ds) {
				if d.Receipt != ds[i].Receipt {
					return nil
				}
				if err := b.Queue.Delete(ctx, ds[i:i+1]); err != nil {
					return err
				}
			}
			return nil
		}}},
		"counts no receives": {"receives are counted", flawed(func(_ *broken, got []queue.Delivery) []queue.Delivery {
			for i := range got {
				got[i].Receives = 1
			}
			return got
		})},
		"forgets the group": {"a delivery says when and for whom it was sent", flawed(func(_ *broken, got []queue.Delivery) []queue.Delivery {
			for i := range got {
				got[i].Group = ""
			}
			return got
		})},
		"says when it was received": {"a delivery says when and for whom it was sent", flawed(func(b *broken, got []queue.Delivery) []queue.Delivery {
			for i := range got {
				got[i].Sent = b.clock.Now()
			}
			return got
		})},
		"returns more than asked": {"a receive returns no more than asked", &broken{receive: func(b *broken, ctx context.Context, q queue.Name, most int, wait time.Duration) ([]queue.Delivery, error) {
			return b.Queue.Receive(ctx, q, most+1, wait)
		}}},
		"first in, first out for all tenants": {"one tenant's thousand messages do not hold up another's first", spoilt(func(_ *broken, m []queue.Message) []queue.Message {
			for i := range m {
				m[i].Group = "everybody"
			}
			return m
		})},
		"keeps messages for ever": {"messages past their retention are gone", &broken{counts: func(b *broken, ctx context.Context, q queue.Name) (queue.Counts, error) {
			c, err := b.Queue.Counts(ctx, q)
			c.Visible = max(c.Visible, 2)
			return c, err
		}}},
		"counts dead letters as visible": {"counts tell visible, in flight, delayed and dead", &broken{counts: func(b *broken, ctx context.Context, q queue.Name) (queue.Counts, error) {
			c, err := b.Queue.Counts(ctx, q)
			c.Visible, c.Dead = c.Visible+c.Dead, 0
			return c, err
		}}},
		"counts nothing in flight": {"counts tell visible, in flight, delayed and dead", &broken{counts: func(b *broken, ctx context.Context, q queue.Name) (queue.Counts, error) {
			c, err := b.Queue.Counts(ctx, q)
			c.InFlight = 0
			return c, err
		}}},
		"ignores extensions":      {"extend keeps a message invisible longer", &broken{extend: func(*broken, context.Context, queue.Delivery, time.Duration) error { return nil }}},
		"ignores early releases":  {"extend makes a message visible sooner", longerOnly()},
		"ignores release at once": {"extend by nothing makes a message visible at once", longerOnly()},
		"extends by stale receipts": {"extend with a stale receipt does nothing", &broken{extend: func(b *broken, ctx context.Context, d queue.Delivery, visible time.Duration) error {
			return b.Queue.Extend(ctx, b.freshest([]queue.Delivery{d})[0], visible)
		}}},
		"shortens extensions to the longest": {"extend over the longest visibility is refused", &broken{extend: func(b *broken, ctx context.Context, d queue.Delivery, visible time.Duration) error {
			return b.Queue.Extend(ctx, d, min(visible, queue.MaxVisibility))
		}}},
		"waits though it need not": {"an empty receive without waiting returns at once", &broken{receive: func(b *broken, ctx context.Context, q queue.Name, most int, _ time.Duration) ([]queue.Delivery, error) {
			return b.Queue.Receive(ctx, q, most, time.Second)
		}}},
		"never wakes": {"a waiting receive wakes when something is sent", &broken{receive: func(b *broken, ctx context.Context, q queue.Name, most int, wait time.Duration) ([]queue.Delivery, error) {
			got, err := b.Queue.Receive(ctx, q, most, 0)
			if len(got) == 0 && err == nil && wait > 0 {
				rings, stop := b.clock.Alarm(b.clock.Now().Add(wait))
				defer stop()
				select {
				case <-rings:
				case <-ctx.Done():
				}
			}
			return got, err
		}}},
		"does not wait": {"a waiting receive wakes when something is sent", &broken{receive: func(b *broken, ctx context.Context, q queue.Name, most int, _ time.Duration) ([]queue.Delivery, error) {
			return b.Queue.Receive(ctx, q, most, 0)
		}}},
		"waits on though cancelled": {"a cancelled context ends a wait", &broken{receive: func(b *broken, ctx context.Context, q queue.Name, most int, wait time.Duration) ([]queue.Delivery, error) {
			return b.Queue.Receive(context.WithoutCancel(ctx), q, most, wait)
		}}},
	}
}

// longerOnly extends but never shortens.
func longerOnly() *broken {
	return &broken{extend: func(b *broken, ctx context.Context, d queue.Delivery, visible time.Duration) error {
		if visible < queue.SettingsOf(d.Queue).Visibility {
			return nil
		}
		return b.Queue.Extend(ctx, d, visible)
	}}
}
