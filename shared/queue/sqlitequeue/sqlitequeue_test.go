package sqlitequeue_test

import (
	"path/filepath"
	"testing"

	"apicenter/shared/queue"
	"apicenter/shared/queue/queuetest"
	"apicenter/shared/queue/sqlitequeue"
	"apicenter/shared/sqlitefile"
)

// opened is a queue with what it takes to open it again.
type opened struct {
	*sqlitequeue.Queue
	file *sqlitefile.File
	path string
}

func open(t *testing.T, path string, clock *queuetest.Clock, o sqlitequeue.Options) *opened {
	t.Helper()
	f, err := sqlitefile.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	o.Alarm = clock.Alarm
	q, err := sqlitequeue.Open(t.Context(), f, clock.Now, o)
	if err != nil {
		t.Fatal(err)
	}
	return &opened{q, f, path}
}

func TestContract(t *testing.T) {
	var o queuetest.Options
	settings := sqlitequeue.Options{Settings: o.Settings}
	o.Reopen = func(t *testing.T, clock *queuetest.Clock, q queue.Queue) queue.Queue {
		was := q.(*opened)
		if err := was.file.Close(); err != nil {
			t.Fatal(err)
		}
		return open(t, was.path, clock, settings)
	}
	o.Run(t, func(t *testing.T, clock *queuetest.Clock) queue.Queue {
		return open(t, filepath.Join(t.TempDir(), "queue.db"), clock, settings)
	})
}
