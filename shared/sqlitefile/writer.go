package sqlitefile

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"sync/atomic"

	"apicenter/shared/fault"
)

// mostShared bounds the calls of one transaction, and with them how long the first of them waits for the last.
const mostShared = 256

// call is one Write or Erase on its way through the writer.
type call struct {
	do    func(*Tx) error
	erase bool
	state atomic.Int32
	err   error
	done  chan struct{}
}

// The states of a call: its caller may take it back only while it is queued.
const (
	queued int32 = iota
	running
	takenBack
)

// Write runs do in a write transaction and returns when its changes are durable, or with do's error and none of them made.
//
// Calls that wait at the same time share one commit; each has a savepoint of its own, so that an error undoes its own
// changes only. They run one after the other in the order they were made. A panic in do is that call's error. When ctx ends
// before do was started it is not run; once started, the call waits for the commit whatever ctx says, because the caller
// must know. do must not call Write itself.
func (f *File) Write(ctx context.Context, do func(tx *Tx) error) error {
	return f.submit(ctx, &call{do: do, done: make(chan struct{})})
}

// Erase is a Write after which nothing that do deleted can be found in the file or its log: freed pages are overwritten, and
// the log is emptied. It has its commit to itself and is slow. SQLite leaves copies of rows behind when it moves them
// between pages; a table whose rows must vanish without trace is best emptied and filled anew with what remains. After an
// error the traces may still be there: call it again.
func (f *File) Erase(ctx context.Context, do func(tx *Tx) error) error {
	return f.submit(ctx, &call{do: do, erase: true, done: make(chan struct{})})
}

func (f *File) submit(ctx context.Context, c *call) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	f.mu.Lock()
	if f.closed {
		f.mu.Unlock()
		return f.errClosed()
	}
	f.waiting = append(f.waiting, c)
	select {
	case f.wake <- struct{}{}:
	default: // it is awake already
	}
	f.mu.Unlock()
	select {
	case <-c.done:
	case <-ctx.Done():
		if c.state.CompareAndSwap(queued, takenBack) {
			return ctx.Err()
		}
		<-c.done
	}
	return c.err
}

func (f *File) errClosed() error { return fmt.Errorf("the data file %s was closed", f.path) }

// write is the writer: it alone uses the write connection.
func (f *File) write(tx *Tx) {
	var batch []*call
	ended := false
	defer func() {
		if !ended {
			// Somebody ended this goroutine from inside do, as a test's FailNow does. The others must not wait for ever.
			f.abandon(tx, batch)
			go f.write(tx)
			return
		}
		_ = tx.close() // its database is closed next, and says what there is to say
		close(f.stopped)
	}()
	for {
		_, open := <-f.wake
		for {
			// Callers that the last commit let go are about to come back: one turn for them makes a batch of all.
			runtime.Gosched()
			if batch = f.take(); len(batch) == 0 {
				break
			}
			if batch[0].erase {
				f.erase(tx, batch[0])
			} else {
				f.commit(tx, batch)
			}
			for _, c := range batch {
				close(c.done)
			}
			batch = nil
		}
		if !open {
			ended = true
			return
		}
	}
}

// take claims the calls of the next transaction.
func (f *File) take() []*call {
	f.mu.Lock()
	defer f.mu.Unlock()
	var batch []*call
	for len(f.waiting) > 0 && len(batch) < mostShared {
		c := f.waiting[0]
		if c.erase && len(batch) > 0 {
			break
		}
		f.waiting[0] = nil
		f.waiting = f.waiting[1:]
		if c.state.CompareAndSwap(queued, running) {
			batch = append(batch, c)
		}
		if c.erase && len(batch) > 0 {
			break
		}
	}
	return batch
}

// commit runs calls in one transaction and sets what each returns.
func (f *File) commit(tx *Tx, batch []*call) {
	f.writes.Add(int64(len(batch)))
	if _, err := tx.Exec("BEGIN IMMEDIATE"); err != nil {
		f.fail(batch, err)
		return
	}
	alone, changed := len(batch) == 1, false
	for i, c := range batch {
		if alone {
			c.err = f.explain(guard(tx, c.do))
			tx.end()
		} else if err := f.runInSavepoint(tx, c); err != nil {
			// SQLite gave up the whole transaction (disk full, for one): nobody's changes are there. Calls not yet run
			// get the same answer: what broke this one is not theirs, but it is still broken.
			f.rollback(tx)
			f.fail(batch[:i], err)
			f.fail(batch[i+1:], err)
			return
		}
		changed = changed || c.err == nil
	}
	if !changed {
		f.rollback(tx)
		return
	}
	if _, err := tx.Exec("COMMIT"); err != nil {
		f.rollback(tx)
		f.fail(batch, err)
		return
	}
	f.commits.Add(1)
}

// runInSavepoint sets c.err to what do returned; its own error says that the transaction is lost.
func (f *File) runInSavepoint(tx *Tx, c *call) error {
	if _, err := tx.Exec("SAVEPOINT call"); err != nil {
		c.err = f.explain(err)
		return err
	}
	c.err = f.explain(guard(tx, c.do))
	tx.end()
	if c.err != nil {
		if _, err := tx.Exec("ROLLBACK TO call"); err != nil {
			return errors.Join(c.err, err)
		}
	}
	if _, err := tx.Exec("RELEASE call"); err != nil {
		c.err = f.explain(err)
		return err
	}
	return nil
}

// erase runs one call alone with freed pages overwritten, and empties the log.
func (f *File) erase(tx *Tx, c *call) {
	if c.err = f.secureDelete(tx, "ON"); c.err != nil {
		return
	}
	f.commit(tx, []*call{c})
	if err := f.secureDelete(tx, "FAST"); err != nil && c.err == nil {
		c.err = err
	}
	if c.err != nil {
		return
	}
	var busy, frames, moved int
	if err := tx.QueryRow("PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &frames, &moved); err != nil {
		c.err = f.explain(err)
	} else if busy != 0 {
		c.err = errors.New("the data was erased, but a long read keeps its traces in the log; try again")
	}
}

func (f *File) secureDelete(tx *Tx, mode string) error {
	var now int
	return f.explain(tx.QueryRow("PRAGMA secure_delete = " + mode).Scan(&now))
}

func (f *File) fail(batch []*call, err error) {
	for _, c := range batch {
		c.err = f.explain(err)
	}
}

// rollback ends a transaction that SQLite may have ended already.
func (f *File) rollback(tx *Tx) {
	tx.end()
	_, _ = tx.Exec("ROLLBACK")
}

func (f *File) abandon(tx *Tx, batch []*call) {
	f.rollback(tx)
	f.fail(batch, errors.New("a call beside this one stopped the transaction both shared"))
	for _, c := range batch {
		close(c.done)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.closed {
		select {
		case f.wake <- struct{}{}: // for calls that came meanwhile
		default:
		}
	}
}

// guard runs do and turns a panic into its error.
func guard(tx *Tx, do func(*Tx) error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = &fault.Error{Class: fault.Bug, Message: "using the data file stopped on a mistake of ours",
				Detail: fmt.Sprintf("panic: %v\n%s", r, debug.Stack())}
		}
	}()
	return do(tx)
}
