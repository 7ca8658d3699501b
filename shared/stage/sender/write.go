package sender

import (
	"context"
	"fmt"
	"time"

	"apicenter/shared/connector"
	"apicenter/shared/fault"
	"apicenter/shared/integration"
	"apicenter/shared/model"
	"apicenter/shared/store"
)

const (
	// Between its note and its start a write may wait this long, and so much more for each write before it in the same
	// place of the queue, up to a bound: the shorter, the sooner a lost answer can be asked for.
	startWindow   = 5 * time.Second
	startPerWrite = 500 * time.Millisecond
	longestWindow = 30 * time.Second
	// clockSkew is what two machines' clocks may differ by.
	clockSkew = 5 * time.Second
	// patience is how long a write is listened for at least, where the handler ends sooner than the time-out of its system. It
	// has to fit into a handler beside its reserve.
	patience = 20 * time.Second
	// claimPause is how long to wait for somebody else who claimed a record first.
	claimPause = 15 * time.Second
)

// write is one document to be written once.
type write struct {
	doc         connector.Document
	entry       store.Entry
	version     model.Version
	fingerprint string
	reference   string

	before store.Entry
	lost   bool // the note was refused: somebody else has the claim
	done   bool // the request was made
	saved  bool // the ledger knows the end
	out    connector.Outcome
}

// write notes, writes and records. Afterwards each write says what became of it.
//
// Promise 2: the note is in the ledger before the first byte leaves, it says until when the effect may appear, and nothing
// starts after the time it was computed from. A crash anywhere leaves the note, and the note makes the next one ask.
func (l *lane) write(step string, scope store.Scope, kind model.Kind, writes []*write) error {
	now := l.World.Now()
	window := min(startWindow+startPerWrite*time.Duration(len(writes)/l.pace.parallel()), longestWindow)
	if !l.deadline.IsZero() {
		// What could not be listened for before the handler must end is not started. A system's time-out may be longer than a
		// handler lives: then listening ends with it, and what has no answer by then is unknown, as after a time-out.
		window = min(window, l.deadline.Sub(now)-min(l.session.Limits.Timeout, patience))
	}
	if window <= 0 || l.stopping() {
		return nil // nothing is started: the records are put off as they are
	}
	startBefore := now.Add(window)
	until := startBefore.Add(l.session.Limits.Timeout + l.session.Limits.LateEffect + clockSkew)
	if err := l.note(scope, writes, until); err != nil {
		return err
	}
	var claimed []*write
	for _, w := range writes {
		if !w.lost {
			claimed = append(claimed, w)
		}
	}
	l.send(step, kind, claimed, startBefore)
	return l.record(scope, claimed)
}

// note claims the records in one batch.
func (l *lane) note(scope store.Scope, writes []*write, until time.Time) error {
	entries := make([]store.Entry, len(writes))
	now := l.World.Now()
	for i, w := range writes {
		w.before = w.entry
		e := w.entry
		e.State, e.UnsureUntil, e.Reference, e.Activity = store.Unsure, until, w.reference, l.ending.Chunk
		if e.Version.Compare(w.version) < 0 {
			e.Version = w.version
		}
		if e.FirstTried.IsZero() {
			e.FirstTried = now
		}
		entries[i] = e
	}
	revisions, err := l.Ledger.SaveEntries(l.ctx, scope, entries)
	if err != nil {
		return fmt.Errorf("noting writes in the ledger: %w", err)
	}
	for i, w := range writes {
		if w.lost = revisions[i] == 0; !w.lost {
			w.entry, w.entry.Revision = entries[i], revisions[i]
		}
	}
	return nil
}

// send makes the requests, as many at a time as the system takes.
func (l *lane) send(step string, kind model.Kind, writes []*write, startBefore time.Time) {
	size := max(l.session.Limits.WriteBatch, 1)
	batches := (len(writes) + size - 1) / size
	ctx, cancel := l.outside()
	defer cancel()
	ctx = connector.WithStartBefore(ctx, startBefore)
	l.World.Each(batches, l.pace.parallel(), func(i int) {
		batch := writes[i*size : min((i+1)*size, len(writes))]
		if !l.pace.take(startBefore) {
			return // no permit in time, or the system asked us to wait: not started
		}
		docs := make([]connector.Document, len(batch))
		for j, w := range batch {
			docs[j] = w.doc
		}
		outcomes, err := l.call(ctx, kind, docs)
		for j, w := range batch {
			switch {
			case j < len(outcomes):
				w.out = outcomes[j]
			default:
				// The connector gave up before it told us of this one: it may have been sent.
				w.out = connector.Outcome{Err: err, Unknown: true}
				if err == nil {
					w.out.Err = fault.New(fault.Retry, "the connector did not say what became of the document")
				}
			}
			w.done = !w.out.NotStarted
			if w.out.Err != nil {
				w.out.Err = fault.As(w.out.Err).WithStep(step)
			}
			l.pace.answered(w.out)
		}
	})
	if problem := l.pace.usedUp(); problem != nil {
		l.stopped(problem.WithStep(step))
	}
	// The connection's state moves on here only, after all have ended.
	for _, w := range writes {
		switch {
		case w.done && w.out.Err == nil:
			l.reached()
		case w.out.Err != nil:
			l.stopped(fault.As(w.out.Err))
		}
	}
}

// outside is the context of calls to the system: they end before the handler must, with time left to write down how.
func (l *lane) outside() (context.Context, context.CancelFunc) {
	if l.deadline.IsZero() {
		return context.WithCancel(l.ctx)
	}
	return context.WithDeadline(l.ctx, l.deadline)
}

// call makes one request. A panic of the connector is a mistake of ours that must not take the process, the other writes or
// the rest of the message along; what it had sent by then is not known.
func (l *lane) call(ctx context.Context, kind model.Kind, docs []connector.Document) (outcomes []connector.Outcome, err error) {
	defer func() {
		if p := recover(); p != nil {
			outcomes, err = nil, &fault.Error{Class: fault.Bug, Message: "a mistake in this release stopped the order on its way", Detail: fmt.Sprintf("panic of type %T", p),
				Advice: "Tell us; the other orders go on."}
		}
	}()
	return l.writer.Write(ctx, kind, docs)
}

// reached notes that the system answered.
func (l *lane) reached() {
	if l.state.Failures > 0 || l.state.Status == integration.Down {
		l.state = l.state.Succeeded()
	}
}

// record writes down how the writes ended. Those whose outcome is unknown stay as they were noted.
func (l *lane) record(scope store.Scope, writes []*write) error {
	var entries []store.Entry
	var items []*write
	for _, w := range writes {
		e := w.entry
		switch {
		case w.done && w.out.Err == nil:
			e.State, e.UnsureUntil, e.TargetID, e.Fingerprint = store.Delivered, time.Time{}, w.out.ID, w.fingerprint
		case w.out.Unknown:
			continue
		default:
			// Nothing of it can be under way: the claim is given back, the version tried stays.
			e.State, e.UnsureUntil = w.before.State, w.before.UnsureUntil
			if w.done && w.before.State != store.Delivered {
				e.Fingerprint = w.fingerprint // of what was tried: the same again is no news
			}
			if w.before.State == store.Delivered {
				e.State = store.Delivered // an update that did not take; the record is there as it was
			} else if w.out.Err != nil && fault.ClassOf(w.out.Err) == fault.Reject {
				e.State = store.Open
			} else if e.State == store.Unsure {
				e.State = store.None // it was asked for before this try, and was not there
			}
		}
		entries, items = append(entries, e), append(items, w)
	}
	if len(entries) == 0 {
		return nil
	}
	revisions, err := l.Ledger.SaveEntries(l.ctx, scope, entries)
	if err != nil {
		return fmt.Errorf("recording writes in the ledger: %w", err)
	}
	for i, w := range items {
		if revisions[i] != 0 {
			w.entry, w.entry.Revision, w.saved = entries[i], revisions[i], true
		}
	}
	return nil
}

// saveAll saves entries of items that ended without a write.
func (l *lane) saveAll(scope store.Scope, entries []store.Entry, items []*item) error {
	if len(entries) == 0 {
		return nil
	}
	revisions, err := l.Ledger.SaveEntries(l.ctx, scope, entries)
	if err != nil {
		return fmt.Errorf("writing the ledger: %w", err)
	}
	for i, it := range items {
		it.saved = revisions[i] != 0
	}
	return nil
}

// find asks the target, and turns a failure of the whole call into a fault.
func (l *lane) find(step string, kind model.Kind, queries []connector.Query) ([]connector.Found, *fault.Error) {
	if l.stop != nil {
		return nil, l.stop
	}
	if !l.pace.take(l.World.Now().Add(startWindow)) {
		problem := l.pace.usedUp()
		if problem == nil {
			problem = &fault.Error{Class: fault.Wait, Message: "the system asked us to wait", After: time.Second}
		}
		problem = problem.WithStep(step)
		l.stopped(problem)
		return nil, problem
	}
	ctx, cancel := l.outside()
	defer cancel()
	found, err := l.finder.Find(ctx, kind, queries)
	if err != nil {
		problem := fault.As(err).WithStep(step)
		l.stopped(problem)
		return nil, problem
	}
	if len(found) != len(queries) {
		return nil, fault.New(fault.Bug, "the connector answered %d of %d questions", len(found), len(queries))
	}
	l.reached()
	return found, nil
}
