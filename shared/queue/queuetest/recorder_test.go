package queuetest_test

import (
	"fmt"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"apicenter/shared/queue"
	"apicenter/shared/queue/queuetest"
	"apicenter/shared/queue/sqlitequeue"
	"apicenter/shared/sqlitefile"
)

// recorder takes down what a question answers, instead of failing the test that asks it.
type recorder struct {
	failure string
	skipped bool
}

func (*recorder) Helper() {}

func (*recorder) Logf(string, ...any) {}

func (r *recorder) Fatalf(format string, args ...any) {
	r.failure = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

func (r *recorder) Skipf(string, ...any) {
	r.skipped = true
	runtime.Goexit()
}

// ask asks one question of a good queue that was put inside something, and returns why it failed.
func ask(t *testing.T, promise string, patience time.Duration, inside func(queue.Queue, *queuetest.Clock) queue.Queue) string {
	t.Helper()
	clock := queuetest.NewClock()
	path := filepath.Join(t.TempDir(), "queue.db")
	file, good := open(t, path, clock)
	defer func() { _ = file.Close() }()
	reopen := func(q queue.Queue) queue.Queue {
		_ = file.Close()
		file, good = open(t, path, clock)
		if b, ok := q.(*broken); ok {
			return b.restarted(good)
		}
		return good
	}
	r := &recorder{}
	done := make(chan struct{})
	go func() { // a failure ends the goroutine it happens on
		defer close(done)
		queuetest.Ask(t, promise, patience, r, clock, inside(good, clock), reopen)
	}()
	<-done
	if r.skipped {
		t.Errorf("%q was skipped, want an answer", promise)
	}
	return r.failure
}

func open(t *testing.T, path string, clock *queuetest.Clock) (*sqlitefile.File, queue.Queue) {
	t.Helper()
	f, err := sqlitefile.Open(path)
	if err != nil {
		t.Error(err)
		return nil, nil
	}
	q, err := sqlitequeue.Open(t.Context(), f, clock.Now,
		sqlitequeue.Options{Settings: queuetest.Options{}.Settings, Alarm: clock.Alarm})
	if err != nil {
		t.Error(err)
	}
	return f, q
}
