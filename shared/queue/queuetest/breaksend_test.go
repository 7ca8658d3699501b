package queuetest_test

import (
	"bytes"
	"context"
	"slices"
	"time"

	"apicenter/shared/message"
	"apicenter/shared/queue"
)

func sendBreakages() map[string]breakage {
	return map[string]breakage{
		"loses one message of a send": {"nothing accepted is lost", spoilt(func(b *broken, m []queue.Message) []queue.Message {
			if b.calls.Add(1) == 3 {
				return m[1:]
			}
			return m
		})},
		"sends only the first ten": {"batches of any size arrive whole", spoilt(func(_ *broken, m []queue.Message) []queue.Message {
			return m[:min(10, len(m))]
		})},
		"sends a batch twice": {"batches of any size arrive whole", &broken{send: func(b *broken, ctx context.Context, q queue.Name, m []queue.Message) error {
			if err := b.Queue.Send(ctx, q, m); err != nil {
				return err
			}
			return b.Queue.Send(ctx, q, b.renamed(m))
		}}},
		"keeps text only": {"bodies come back byte for byte", eachBody(func(body []byte) []byte { return bytes.ToValidUTF8(body, []byte("?")) })},
		"trims bodies": {"bodies come back byte for byte", eachBody(func(body []byte) []byte {
			if trimmed := bytes.TrimSpace(body); len(trimmed) > 0 {
				return trimmed
			}
			return body
		})},
		"cuts bodies at 64 KB":   {"bodies come back byte for byte", eachBody(func(body []byte) []byte { return body[:min(len(body), 64<<10)] })},
		"cuts what is too large": {"a body over the limit is refused", eachBody(func(body []byte) []byte { return body[:min(len(body), message.Limit)] })},
		"leaves out what is too large": {"a body over the limit is refused", spoilt(func(_ *broken, m []queue.Message) []queue.Message {
			return slices.DeleteFunc(m, func(m queue.Message) bool { return len(m.Body) > message.Limit })
		})},
		"ignores delays": {"a delay is honoured", spoilt(func(_ *broken, m []queue.Message) []queue.Message {
			for i := range m {
				m[i].Delay = 0
			}
			return m
		})},
		"shortens delays to the longest": {"a delay over the longest is refused", spoilt(func(_ *broken, m []queue.Message) []queue.Message {
			for i := range m {
				m[i].Delay = min(m[i].Delay, queue.MaxDelay)
			}
			return m
		})},
		"deduplicates standard queues": {"a standard queue drops no repetition", spoilt(func(_ *broken, m []queue.Message) []queue.Message {
			return slices.CompactFunc(m, func(a, b queue.Message) bool { return a.Dedup != "" && a.Dedup == b.Dedup })
		})},
		"puts all in one queue": {"queues do not see each other", &broken{receive: func(b *broken, ctx context.Context, q queue.Name, most int, wait time.Duration) ([]queue.Delivery, error) {
			got, err := b.Queue.Receive(ctx, q, most, wait)
			if len(got) == 0 && err == nil {
				got, err = b.Queue.Receive(ctx, queue.Map, most, 0)
				for i := range got {
					got[i].Queue = q
				}
			}
			return got, err
		}}},
		"takes messages for unknown queues": {"an unknown queue is an error", &broken{send: func(b *broken, ctx context.Context, q queue.Name, m []queue.Message) error {
			if !slices.Contains(queue.All(), q) {
				return nil
			}
			return b.Queue.Send(ctx, q, m)
		}}},
		"keeps the sender's memory": {"a body belongs to its sender again after the call", rememberSlices()},
	}
}

// rememberSlices hands out the very slices that were sent.
func rememberSlices() *broken {
	sent := map[string][]byte{}
	b := spoilt(func(_ *broken, m []queue.Message) []queue.Message {
		for _, m := range m {
			sent[string(m.Body)] = m.Body
		}
		return m
	})
	b.receive = func(b *broken, ctx context.Context, q queue.Name, most int, wait time.Duration) ([]queue.Delivery, error) {
		got, err := b.Queue.Receive(ctx, q, most, wait)
		for i, d := range got {
			got[i].Body = sent[string(d.Body)]
		}
		return got, err
	}
	return b
}
