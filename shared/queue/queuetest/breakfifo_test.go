package queuetest_test

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"time"

	"apicenter/shared/queue"
)

func fifoBreakages() map[string]breakage {
	return map[string]breakage{
		"breaks the order of a group": {"a group keeps its order", spoilt(func(_ *broken, m []queue.Message) []queue.Message {
			slices.Reverse(m)
			return m
		})},
		"turns a received group round": {"a receive brings a group in order and whole groups block", flawed(func(_ *broken, got []queue.Delivery) []queue.Delivery {
			slices.Reverse(got)
			return got
		})},
		"has two in flight of a group": {"one in flight holds back its group and no other", groupless()},
		"works lanes side by side":     {"lanes under many receivers stay single and in order", groupless()},
		"has one lane for all": {"one in flight holds back its group and no other", spoilt(func(_ *broken, m []queue.Message) []queue.Message {
			for i := range m {
				m[i].Group = "one"
			}
			return m
		})},
		"sends a released message to the end": {"a message made visible again keeps its place", &broken{extend: func(b *broken, ctx context.Context, d queue.Delivery, _ time.Duration) error {
			if err := b.Queue.Delete(ctx, []queue.Delivery{d}); err != nil {
				return err
			}
			return b.Queue.Send(ctx, d.Queue, b.renamed([]queue.Message{{Body: d.Body, Group: d.Group, Dedup: "again"}}))
		}}},
		"forgets deduplication ids":            {"a repeated deduplication id is dropped", spoilt(func(b *broken, m []queue.Message) []queue.Message { return b.renamed(m) })},
		"remembers deduplication ids for ever": {"a deduplication id is forgotten after five minutes", dedupForEver()},
		"takes FIFO messages without an id": {"a FIFO message without group or deduplication id is refused", spoilt(func(_ *broken, m []queue.Message) []queue.Message {
			for i := range m {
				if m[i].Dedup == "" {
					m[i].Dedup = string(m[i].Body)
				}
			}
			return m
		})},
	}
}

// groupless puts every message of a FIFO queue in a group of its own and still reports the group asked for.
func groupless() *broken {
	b := spoilt(func(b *broken, m []queue.Message) []queue.Message {
		for i := range m {
			m[i].Group = fmt.Sprintf("%s\x00%d", m[i].Group, b.calls.Add(1))
		}
		return m
	})
	b.receive = func(b *broken, ctx context.Context, q queue.Name, most int, wait time.Duration) ([]queue.Delivery, error) {
		got, err := b.Queue.Receive(ctx, q, most, wait)
		for i := range got {
			group, _, _ := bytes.Cut([]byte(got[i].Group), []byte{0})
			got[i].Group = string(group)
		}
		return got, err
	}
	return b
}

// dedupForEver never forgets a deduplication id.
func dedupForEver() *broken {
	seen := map[string]bool{}
	return spoilt(func(_ *broken, m []queue.Message) []queue.Message {
		return slices.DeleteFunc(m, func(m queue.Message) bool {
			known := seen[m.Dedup]
			seen[m.Dedup] = true
			return known
		})
	})
}
