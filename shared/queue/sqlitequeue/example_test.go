package sqlitequeue_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"apicenter/shared/queue"
	"apicenter/shared/queue/sqlitequeue"
	"apicenter/shared/sqlitefile"
)

// Whoever runs a stage receives, works, and deletes; what it does not delete comes back.
func Example() {
	ctx := context.Background()
	folder, err := os.MkdirTemp("", "queue")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(folder)
	file, err := sqlitefile.Open(filepath.Join(folder, "data.db"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer file.Close()
	q, err := sqlitequeue.Open(ctx, file, time.Now, sqlitequeue.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	err = q.Send(ctx, queue.Send, []queue.Message{
		{Body: []byte("first order"), Group: "connection-1", Dedup: "hop-1"},
		{Body: []byte("second order"), Group: "connection-1", Dedup: "hop-2"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for range 2 {
		deliveries, err := q.Receive(ctx, queue.Send, 1, 20*time.Second)
		if err != nil {
			fmt.Println(err)
			return
		}
		for _, d := range deliveries {
			fmt.Println(string(d.Body), "on", d.Group)
		}
		if err := q.Delete(ctx, deliveries); err != nil {
			fmt.Println(err)
			return
		}
	}
	// Output:
	// first order on connection-1
	// second order on connection-1
}
