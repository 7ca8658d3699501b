package sender

import (
	"context"
	"errors"
	"fmt"
	"time"

	"apicenter/shared/connector"
	"apicenter/shared/fault"
	"apicenter/shared/integration"
	"apicenter/shared/message"
	"apicenter/shared/model"
	"apicenter/shared/queue"
	"apicenter/shared/stage"
	"apicenter/shared/store"
	"apicenter/shared/telemetry"
)

// lane is the handling of one message.
type lane struct {
	*Stage
	ctx      context.Context
	header   message.Header
	flow     integration.Flow
	session  *stage.Session
	finder   connector.Finder
	writer   connector.Writer
	state    integration.ConnectionState
	was      integration.ConnectionState
	deadline time.Time // zero: none
	ending   *stage.Ending
	items    []*item
	pace     *pace
	// stop is set when the system told us to wait, or the connection failed: nothing further is started.
	stop *fault.Error
}

// item is one record of the message on its way through the protocol.
type item struct {
	doc   message.Document
	entry store.Entry
	// outcome is set when the record's way ends in this message; a record without one goes on later.
	outcome  model.Outcome
	reason   string
	problem  *fault.Error
	warnings []string
	targetID string
	steps    []store.StepActivity
	// due is when a record goes on later, counting an attempt or not.
	due     time.Time
	attempt int
	// saved is set when its ledger entry is written down already.
	saved bool
	// alone sends it on in a message of its own.
	alone bool
	// wasOpen is set when the ledger knew it as an open failure: a success has to close that.
	wasOpen bool
	// dropped is set when the record goes on elsewhere: nothing is left to say of it here.
	dropped bool
	// told is set when the very same was delivered and activity still shows it: sources are read with an overlap, and to keep
	// what they tell again and again would cost more than to find out that it is nothing new.
	told bool
}

func (i *item) done() bool { return i.outcome != "" || !i.due.IsZero() || i.dropped }

// readAgain reports whether the record is one that was tried and did not pass, read a second time without a change on either
// side: a source is read with an overlap. The earlier reading is an open failure or on its way with pauses between its tries,
// and a second one beside it would know no pauses.
func (i *item) readAgain() bool {
	return (i.entry.State == store.Open || i.entry.State == store.None) && i.doc.Attempt == 0 && !i.doc.Reopened &&
		i.doc.Version.SameMarker(i.entry.Version) && i.doc.Version.Read.After(i.entry.Version.Read) &&
		i.doc.Fingerprint == i.entry.Fingerprint
}

// tried returns the entry with what was tried of the item, for one that did not pass.
func (i *item) tried(state store.EntryState, chunk string) store.Entry {
	e := i.entry
	e.State, e.Activity, e.Fingerprint = state, chunk, i.doc.Fingerprint
	if e.Version.Compare(i.doc.Version) < 0 {
		e.Version = i.doc.Version
	}
	return e
}

func (i *item) end(o model.Outcome, reason string, warnings ...string) {
	i.outcome, i.reason = o, reason
	i.warnings = append(i.warnings, warnings...)
}

// run sends the message's records and writes down how they ended.
func (l *lane) run(d queue.Delivery, docs []message.Document) (again bool, err error) {
	var problem *fault.Error
	if l.finder, l.writer, problem = abilities(l.session); problem != nil {
		return false, problem
	}
	l.pace = newPace(l.session.Limits, l.state, l.World.Now)
	if l.state.Status == integration.Down && !l.probe() {
		return true, l.wait(d)
	}
	if l.flow.Orders == nil {
		l.flow.Orders = &integration.OrderRules{}
	}
	l.items = newest(docs)
	switch l.flow.Kind {
	case model.Orders:
		err = l.orders()
	case model.Products, model.Stock, model.Customers, model.Prices:
		err = fault.New(fault.Bug, "records of %s cannot be sent by this release", l.flow.Kind)
	}
	if err != nil {
		return false, err
	}
	if l.stop != nil && l.stop.Class == fault.Wait && !l.anyDone() {
		// Nothing was done at all: the message waits where it is, at the head of its lane.
		return true, l.wait(d)
	}
	return false, l.end()
}

// wait lets the message come again when the connection may be used. It was left in good order: that it comes again is no
// crash.
func (l *lane) wait(d queue.Delivery) error {
	l.state.Working, l.state.Crashes = "", 0
	return errors.Join(l.saveState(), l.stand(l.ctx, d, l.state.Until.Sub(l.World.Now())))
}

// probe makes the cheapest call to a system that is down: one while it is, everything else waits. It reports whether to go
// on: the system is back, or it refuses us, which parks the records.
func (l *lane) probe() bool {
	_, err := l.session.Verify(l.ctx)
	if err == nil {
		l.state = l.state.Succeeded()
		return true
	}
	problem := *fault.As(err).WithStep("test connection")
	if problem.Class == fault.Pause {
		l.stopped(&problem)
		return true
	}
	problem.Connection = true // whatever it answered, it does not work yet
	now := l.World.Now()
	if l.state = l.state.FailedWith(&problem, now); !l.state.Until.After(now) {
		l.state.Until = now.Add(errorPause)
	}
	return false
}

// newest keeps, of records that stand in the message more than once, the newest version; the older ones are stale.
func newest(docs []message.Document) []*item {
	at := make(map[string]*item, len(docs))
	out := make([]*item, 0, len(docs))
	for _, doc := range docs {
		it := &item{doc: doc, warnings: doc.Warnings, attempt: doc.Attempt}
		if other, seen := at[doc.Key]; seen {
			older := it
			if other.doc.Version.Compare(doc.Version) < 0 {
				older, at[doc.Key] = other, it
			}
			older.end(model.Skipped, model.ReasonStale)
		} else {
			at[doc.Key] = it
		}
		out = append(out, it)
	}
	return out
}

// open returns the items that are still on their way.
func (l *lane) open() []*item {
	out := make([]*item, 0, len(l.items))
	for _, it := range l.items {
		if !it.done() {
			out = append(out, it)
		}
	}
	return out
}

func (l *lane) anyDone() bool {
	for _, it := range l.items {
		if it.done() || it.saved {
			return true
		}
	}
	return false
}

// failed ends an item by what its failure means. What it means for the connection was noted by whoever made the call
// (stopped): one failed call may fail many items.
func (l *lane) failed(it *item, problem *fault.Error) {
	it.problem = problem
	switch problem.Class {
	case fault.Reject, fault.Skip:
		it.outcome = model.Rejected
	case fault.Wait, fault.Pause:
		// The item stays open: end puts it off or parks it.
	case fault.Bug:
		it.outcome = model.Failed
	case fault.Retry, fault.Unclassified:
		l.retry(it, problem)
	}
}

// connectionPause is how long a record waits whose target could not be reached. An outage uses up no attempt; after a few
// such failures the connection counts as down and its lane waits as a whole.
const connectionPause = 10 * time.Second

// retry sends an item round once more, or gives it up.
func (l *lane) retry(it *item, problem *fault.Error) {
	it.problem = problem
	if problem.Connection {
		it.due = l.World.Now().Add(max(l.scaled(connectionPause), problem.After))
		return
	}
	it.attempt++
	pause, more := l.World.Backoff(it.attempt, l.session.Connection.Backoff)
	if !more {
		it.outcome = model.Failed
		return
	}
	it.due = l.World.Now().Add(max(pause, problem.After))
}

func (l *lane) scaled(d time.Duration) time.Duration {
	if scale := l.session.Connection.Backoff; scale > 0 {
		return time.Duration(float64(d) * scale)
	}
	return d
}

// unknown puts an item off until the effect of its lost write can no longer appear. That counts as a try: a record whose
// writing never gets an answer must end as a failure some day.
func (l *lane) unknown(it *item, problem *fault.Error, until time.Time) {
	it.problem, it.due = problem, until
	it.attempt++
	if _, more := l.World.Backoff(it.attempt, 1); !more {
		it.due, it.outcome = time.Time{}, model.Failed
	}
}

// notStarted leaves an item for later whose write was not sent at all: no attempt is used up.
func (l *lane) notStarted(it *item, problem *fault.Error) {
	if problem == nil || problem.Class == fault.Wait || problem.Class == fault.Pause || l.stop != nil {
		return // the lane knows when to go on
	}
	if problem.Connection {
		l.retry(it, problem)
	}
}

// stopping reports whether nothing further is started.
func (l *lane) stopping() bool { return l.stop != nil }

// stopped notes a failure that concerns the connection. Record-level retries change nothing.
func (l *lane) stopped(problem *fault.Error) {
	l.state = l.state.FailedWith(problem, l.World.Now())
	if problem.Class == fault.Wait || problem.Class == fault.Pause || l.state.Status == integration.Down {
		l.stop = problem
	}
}

// end writes everything down: ledger entries not yet saved, records that go on, failures, activity, the connection's state.
func (l *lane) end() error {
	now := l.World.Now()
	var parked []store.Failure
	var entries []store.Entry
	for _, it := range l.items {
		if it.dropped {
			continue
		}
		if !it.done() {
			failure, err := l.putOff(it, now)
			if err != nil {
				return err
			}
			if failure != nil {
				parked = append(parked, *failure)
				continue
			}
		}
		if !it.due.IsZero() && it.outcome == "" {
			doc := it.doc
			doc.Attempt, doc.Cause = it.attempt, it.problem
			l.ending.Later(it.due, doc, it.alone)
			if !it.saved && it.attempt > 0 && (it.entry.State == store.None || it.entry.State == store.Open) {
				entries = append(entries, it.tried(it.entry.State, l.ending.Chunk))
			}
			if it.problem != nil && it.problem.Class != fault.Wait {
				l.ending.Records = append(l.ending.Records, l.activity(it, model.Pending))
			}
			continue
		}
		l.ending.Records = append(l.ending.Records, l.activity(it, it.outcome))
		switch it.outcome {
		case model.Rejected, model.Failed:
			failure, err := l.failure(l.ctx, l.header, it.doc, now)
			if err != nil {
				return err
			}
			failure.State, failure.Outcome, failure.Problem, failure.Activity = store.FailureOpen, it.outcome, it.problem, l.ending.Chunk
			failure.Cause = it.problem.Cause
			l.ending.Failures = append(l.ending.Failures, failure)
			if !it.saved && it.entry.State != store.Unsure {
				entries = append(entries, it.tried(store.Open, l.ending.Chunk))
			}
		case model.Delivered, model.Skipped:
			if it.outcome == model.Delivered && !it.doc.Changed.IsZero() {
				telemetry.TallyOf(l.ctx).Longest(telemetry.DeliveryTime, now.Sub(it.doc.Changed))
			}
			if (it.doc.Reopened || it.wasOpen || it.attempt > 0) && it.reason != model.ReasonStale {
				l.ending.Closed = append(l.ending.Closed, store.Closed{Key: it.doc.Key, Version: it.doc.Version})
			}
		case model.Pending:
		}
	}
	if len(entries) > 0 {
		if _, err := l.Ledger.SaveEntries(l.ctx, store.FlowScope(l.header.Tenant, l.header.Flow), entries); err != nil {
			return fmt.Errorf("writing the ledger: %w", err)
		}
	}
	l.ending.Failures = append(l.ending.Failures, parked...)
	if err := l.Ender.End(l.ctx, l.ending); err != nil {
		return err
	}
	if err := l.saveState(); err != nil {
		return err
	}
	if len(parked) > 0 {
		if err := l.stayParked(l.ctx, l.header); err != nil {
			return err
		}
	}
	return l.finished(l.ctx, l.header)
}

// putOff handles an item that was not started: it is parked when the connection is paused, and else goes on as soon as the
// connection may be used. No attempt is used up.
func (l *lane) putOff(it *item, now time.Time) (*store.Failure, error) {
	if l.stop != nil && l.stop.Class == fault.Pause {
		failure, err := l.failure(l.ctx, l.header, it.doc, now)
		if err != nil {
			return nil, err
		}
		failure.State, failure.Outcome, failure.Problem = store.FailureParked, model.Pending, l.stop
		return &failure, nil
	}
	it.due = now
	if l.state.Until.After(now) {
		it.due = l.state.Until
	}
	return nil, nil
}

// saveState writes the connection's state if the message changed it, and tells the owner of a pause.
func (l *lane) saveState() error {
	l.pace.store(&l.state)
	if l.stop == nil && l.state.Failures == 0 && l.was.Failures == 0 && l.state.Status == l.was.Status &&
		l.state.Working == l.was.Working && l.state.Parallel == l.was.Parallel && len(l.state.Spent) == 0 {
		return nil
	}
	for try := 0; ; try++ {
		if err := l.Teller.Tell(l.ctx, l.header.Tenant, l.header.Connection, l.was, l.state); err != nil {
			return err
		}
		saved, err := l.Connections.SaveConnectionState(l.ctx, l.header.Tenant, l.header.Connection, l.state)
		if err == nil {
			l.state, l.was = saved, saved
			return nil
		}
		if !errors.Is(err, store.ErrConflict) || try == 3 {
			return fmt.Errorf("state of connection %s: %w", l.header.Connection, err)
		}
		if err := l.merge(); err != nil {
			return err
		}
	}
}

// merge joins what this message found out with what somebody else wrote meanwhile (a test, a fetch). Permits taken stay
// taken, what the system asked for holds, and a pause is taken away by a test alone.
func (l *lane) merge() error {
	current, err := l.Connections.ConnectionState(l.ctx, l.header.Tenant, l.header.Connection)
	if err != nil {
		return fmt.Errorf("state of connection %s: %w", l.header.Connection, err)
	}
	ours := l.state
	l.was, l.state = current, current
	l.state.Spent, l.state.Parallel, l.state.Working, l.state.Crashes = ours.Spent, ours.Parallel, ours.Working, ours.Crashes
	switch {
	case ours.Status == integration.Halted:
		l.state = l.state.FailedWith(ours.Reason, l.World.Now())
	case current.Status == integration.Halted:
	case ours.Status == integration.Down:
		l.state.Status, l.state.Reason, l.state.Since, l.state.Failures = ours.Status, ours.Reason, ours.Since, ours.Failures
	}
	if l.state.Status != integration.Halted && ours.Until.After(l.state.Until) {
		l.state.Until = ours.Until
	}
	return nil
}

func (l *lane) activity(it *item, outcome model.Outcome) store.RecordActivity {
	a := store.RecordActivity{Key: it.doc.Key, Number: it.doc.Number, Outcome: outcome, Reason: it.reason, Problem: it.problem,
		Version: it.doc.Version, Reference: it.doc.Reference, TargetID: it.targetID, Warnings: it.warnings, Attempt: it.attempt,
		Source: it.doc.Source, Record: it.doc.Record, Steps: it.steps}
	if it.told {
		a.Source, a.Record = nil, nil
	}
	return a
}
