package sqlitequeue_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"apicenter/shared/queue"
	"apicenter/shared/queue/sqlitequeue"
	"apicenter/shared/sqlitefile"
)

// BenchmarkThrough sends, receives and deletes messages of 10 KB, in batches and by several workers at once. msg/s counts
// messages that went all the way; writes/msg is how many commits, each a wait for the disk, one message cost.
func BenchmarkThrough(b *testing.B) {
	for _, q := range []queue.Name{queue.Map, queue.Send} {
		for _, workers := range []int{1, 8} {
			for _, batch := range []int{1, 10} {
				b.Run(fmt.Sprintf("%s/workers=%d/batch=%d", q, workers, batch), func(b *testing.B) { through(b, q, workers, batch) })
			}
		}
	}
}

func through(b *testing.B, name queue.Name, workers, batch int) {
	f, err := sqlitefile.Open(filepath.Join(b.TempDir(), "queue.db"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	q, err := sqlitequeue.Open(b.Context(), f, time.Now, sqlitequeue.Options{})
	if err != nil {
		b.Fatal(err)
	}
	body := make([]byte, 10<<10)
	if _, err := rand.Read(body); err != nil {
		b.Fatal(err)
	}
	ctx := context.Background()
	var left, dedup atomic.Int64
	left.Store(int64(b.N))
	before := f.Counts()
	b.ResetTimer()
	var done sync.WaitGroup
	for w := range workers {
		done.Go(func() {
			for left.Add(-int64(batch)) > -int64(batch) {
				messages := make([]queue.Message, batch)
				for i := range messages {
					messages[i] = queue.Message{Body: body, Group: fmt.Sprintf("group-%d-%d", w, i), Dedup: fmt.Sprint(dedup.Add(1))}
				}
				if err := q.Send(ctx, name, messages); err != nil {
					b.Error(err)
					return
				}
				got, err := q.Receive(ctx, name, batch, 0)
				if err == nil {
					err = q.Delete(ctx, got)
				}
				if err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	done.Wait()
	b.StopTimer()
	after := f.Counts()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "msg/s")
	b.ReportMetric(float64(after.Commits-before.Commits)/float64(b.N), "commits/msg")
}

// BenchmarkReceiveEmpty asks a queue in which thousands of messages are blocked or delayed and none is ready.
func BenchmarkReceiveEmpty(b *testing.B) {
	f, err := sqlitefile.Open(filepath.Join(b.TempDir(), "queue.db"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	q, err := sqlitequeue.Open(b.Context(), f, time.Now, sqlitequeue.Options{})
	if err != nil {
		b.Fatal(err)
	}
	delayed := make([]queue.Message, 5000)
	for i := range delayed {
		delayed[i] = queue.Message{Body: []byte("later"), Delay: queue.MaxDelay}
	}
	if err := q.Send(b.Context(), queue.Map, delayed); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if got, err := q.Receive(b.Context(), queue.Map, 10, 0); err != nil || len(got) > 0 {
			b.Fatal(len(got), err)
		}
	}
}
