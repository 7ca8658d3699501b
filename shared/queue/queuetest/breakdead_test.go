package queuetest_test

import (
	"context"
	"slices"

	"apicenter/shared/queue"
)

func deadBreakages() map[string]breakage {
	return map[string]breakage{
		"drops dead letters": {"a message received too often goes to the dead letters", &broken{buried: func(*broken, context.Context, queue.Name, int) ([]queue.Delivery, error) {
			return nil, nil
		}}},
		"buries by deleting": {"bury moves a delivery to the dead letters at once", &broken{bury: func(b *broken, ctx context.Context, d queue.Delivery) error {
			return b.Queue.Delete(ctx, []queue.Delivery{d})
		}}},
		"lists dead letters newest first": {"dead letters are listed oldest first and stay", &broken{buried: func(b *broken, ctx context.Context, q queue.Name, limit int) ([]queue.Delivery, error) {
			got, err := b.Queue.Buried(ctx, q, limit)
			slices.Reverse(got)
			return got, err
		}}},
		"lists all dead letters": {"dead letters are listed oldest first and stay", &broken{buried: func(b *broken, ctx context.Context, q queue.Name, _ int) ([]queue.Delivery, error) {
			return b.Queue.Buried(ctx, q, 1000)
		}}},
		"loses what it redrives": {"redrive sends dead letters again", &broken{redrive: func(b *broken, ctx context.Context, q queue.Name, limit int) (int, error) {
			n, err := b.Queue.Redrive(ctx, q, limit)
			if n > 0 && err == nil {
				var got []queue.Delivery
				if got, err = b.Queue.Receive(ctx, q, n, 0); err == nil {
					err = b.Queue.Delete(ctx, got)
				}
			}
			return n, err
		}}},
		"redrives everything": {"redrive takes no more than asked", &broken{redrive: func(b *broken, ctx context.Context, q queue.Name, _ int) (int, error) {
			return b.Queue.Redrive(ctx, q, 1000)
		}}},
		"starts empty": {"a restart keeps everything", &broken{restart: func(b *broken) {
			for _, q := range queue.All() {
				got, err := b.Queue.Receive(context.Background(), q, 1000, 0)
				if err == nil {
					err = b.Queue.Delete(context.Background(), got)
				}
				if err != nil {
					panic(err)
				}
			}
		}}},
	}
}
