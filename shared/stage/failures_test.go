package stage_test

import (
	"context"
	"testing"
	"time"

	"apicenter/shared/connector"
	"apicenter/shared/fault"
	"apicenter/shared/integration"
	"apicenter/shared/message"
	"apicenter/shared/model"
	"apicenter/shared/queue"
	"apicenter/shared/stage"
	"apicenter/shared/store"
)

func refuse(e *fault.Error) func(connector.Document, int) (bool, connector.Outcome) {
	return func(doc connector.Document, _ int) (bool, connector.Outcome) {
		if doc.Kind != model.Orders {
			return false, connector.Outcome{}
		}
		return false, connector.Outcome{Err: e}
	}
}

func TestBackoff(t *testing.T) {
	low, high := stage.World{Rand: func() float64 { return 0 }}, stage.World{Rand: func() float64 { return 1 }}
	want := []time.Duration{10 * time.Second, time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour}
	for i, d := range want {
		least, ok := low.Backoff(i+1, 0)
		most, also := high.Backoff(i+1, 0)
		if !ok || !also || least != d*8/10 || most != d*12/10 {
			t.Errorf("try %d waits from %s to %s, want %s ± 20 %%", i+1, least, most, d)
		}
	}
	if _, more := low.Backoff(len(want)+1, 0); more {
		t.Error("there is a ninth try")
	}
	if d, _ := low.Backoff(2, 0.01); d != 480*time.Millisecond {
		t.Errorf("a hundredth of the second pause is %s", d)
	}
}

// Class retry: tried again with growing pauses, then an open failure that says so.
func TestRetriesAreUsedUp(t *testing.T) {
	r := newCalmRig(t)
	r.source.late = 0
	r.source.add(&sale{email: "anna@proef.example"})
	r.target.spoil = refuse(&fault.Error{Class: fault.Retry, Message: "the books are locked", Advice: "wait"})
	began := r.now
	r.long()
	f, ok := r.failures()["100"]
	if !ok || f.Outcome != model.Failed || f.Problem.Message != "the books are locked" {
		t.Fatalf("the failure is %+v", f)
	}
	if n := r.target.calls["write orders"]; n != 9 {
		t.Errorf("%d tries, want 9", n)
	}
	if d := r.now.Sub(began); d < 22*time.Hour {
		t.Errorf("given up after %s", d)
	}
	// The owner retries it, and it closes itself.
	r.target.spoil = nil
	if n, err := r.desk.RetryFailures(t.Context(), tenant, flowID, nil); n != 1 || err != nil {
		t.Fatalf("%d sent on, %v", n, err)
	}
	r.run()
	r.once()
}

// long lets days pass in big steps, until something failed for good.
func (r *rig) long() {
	r.Helper()
	for range 1000 {
		for r.step() {
			continue
		}
		if len(r.failures()) > 0 {
			return
		}
		r.now = r.now.Add(5 * time.Minute)
		_, err := r.fetch.Tick(r.Context(), model.Orders)
		r.alive(err)
	}
}

// Class reject: an open failure with the field, no blind retry; a later success closes it.
func TestRejectedStaysUntilMended(t *testing.T) {
	r := newRig(t)
	o := r.source.add(&sale{email: "anna@proef.example"})
	r.source.add(&sale{email: "jo@proef.example"})
	r.source.late = 0
	first := true
	r.target.spoil = func(doc connector.Document, _ int) (bool, connector.Outcome) {
		if doc.Kind == model.Orders && first {
			first = false
			return false, connector.Outcome{Err: &fault.Error{Class: fault.Reject, Field: "lines[0].taxRate", Message: "no such rate", Advice: "map it"}}
		}
		return false, connector.Outcome{}
	}
	r.run()
	var refused string
	for number, f := range r.failures() {
		refused = number
		if f.Outcome != model.Rejected || f.Problem.Field != "lines[0].taxRate" || f.State != store.FailureOpen {
			t.Errorf("%+v", f)
		}
	}
	r.once(refused)
	if refused != o.number {
		o = r.source.orders[1]
	}
	r.source.touch(o) // changed at the source: read again, and now it passes
	r.run()
	r.once()
}

// Class wait: the lane waits as told, no try is used up, and no message dies of it.
func TestWaitUsesNoTry(t *testing.T) {
	r := newRig(t)
	shop(r)
	began := r.now
	r.target.spoil = func(connector.Document, int) (bool, connector.Outcome) {
		if r.now.Sub(began) < 3*time.Hour {
			return false, connector.Outcome{Err: &fault.Error{Class: fault.Wait, Message: "too many", After: 2 * time.Minute}}
		}
		return false, connector.Outcome{}
	}
	r.run()
	r.once()
	if n := r.target.writes; n > 200 {
		t.Errorf("%d tries in three hours, told to wait two minutes", n)
	}
	for _, o := range r.source.orders {
		for _, a := range r.told(o.number) {
			if a.Attempt > 0 {
				t.Errorf("order %s used up %d tries", o.number, a.Attempt)
			}
		}
	}
}

// Class pause: records are parked, the owner is told once, and when a test succeeds they go by themselves.
func TestPauseAndResume(t *testing.T) {
	r := newRig(t)
	shop(r)
	r.target.err = &fault.Error{Class: fault.Pause, Message: "token refused", Advice: "renew it"}
	r.run()
	if s := r.state("to"); s.Status != integration.Halted {
		t.Fatalf("the connection is %q", s.Status)
	}
	incidents, err := r.store.Incidents(t.Context(), tenant, true, 10)
	if err != nil || len(incidents) != 1 || incidents[0].Problem.Message != "token refused" {
		t.Fatalf("%d incidents, %v", len(incidents), err)
	}
	if n := len(r.failures()); n != 4 {
		t.Errorf("%d records are parked, want 4", n)
	}
	if calls := r.target.calls["find orders"]; calls > 3 {
		t.Errorf("the target was asked %d times while paused", calls)
	}
	r.target.err = nil
	r.run() // the minute tick tests now and then
	r.once()
	if incidents, err := r.store.Incidents(t.Context(), tenant, true, 10); err != nil || len(incidents) != 0 {
		t.Errorf("%d incidents are open, %v", len(incidents), err)
	}
	if s := r.state("to"); s.Status != integration.Up {
		t.Errorf("the connection is %q", s.Status)
	}
}

// Records parked while their connection comes back are not left behind.
func TestParkingMeetsResuming(t *testing.T) {
	r := newRig(t)
	shop(r)
	r.target.err = &fault.Error{Class: fault.Pause, Message: "token refused", Advice: "renew it"}
	for r.state("to").Status != integration.Halted {
		if !r.step() {
			r.now = r.now.Add(20 * time.Second)
			_, err := r.fetch.Tick(t.Context(), model.Orders)
			r.alive(err)
		}
	}
	r.target.err = nil
	if _, err := r.desk.TestConnection(t.Context(), tenant, "to"); err != nil {
		t.Fatal(err)
	}
	r.run()
	r.once()
}

// An outage of days uses up no try, fills no dead letters and loses nothing; the target is asked now and then only.
func TestOutageOfDays(t *testing.T) {
	r := newRig(t)
	shop(r)
	r.target.err = errReset
	for range 48 * 60 {
		for r.step() {
			continue
		}
		r.now = r.now.Add(time.Minute)
		_, err := r.fetch.Tick(t.Context(), model.Orders)
		r.alive(err)
		r.alive(r.retry.Tick(t.Context()))
	}
	if s := r.state("to"); s.Status != integration.Down {
		t.Errorf("after two days the connection is %q", s.Status)
	}
	if n := len(r.failures()); n != 0 {
		t.Errorf("%d failures", n)
	}
	if n := r.target.calls["verify"]; n < 100 || n > 4000 {
		t.Errorf("%d probes in two days", n)
	}
	r.target.err = nil
	r.run()
	r.once()
	for _, a := range r.told("100") {
		if a.Attempt > 0 {
			t.Errorf("the outage used up %d tries", a.Attempt)
		}
	}
}

// A record whose writing panics does not take its neighbours along, and is a failure in the end.
func TestRecordThatPanics(t *testing.T) {
	r := newCalmRig(t)
	r.source.late = 0
	shop(r)
	r.target.spoil = func(doc connector.Document, _ int) (bool, connector.Outcome) {
		if doc.Reference == "T-102" {
			panic("a record nobody foresaw")
		}
		return false, connector.Outcome{}
	}
	r.run()
	r.once("102")
	if f := r.failures()["102"]; f.Outcome != model.Failed || f.State != store.FailureOpen {
		t.Errorf("the record ended as %q: %v", f.Outcome, f.Problem)
	}
}

// A wait longer than a queue can delay is many hops.
func TestLongWaitHops(t *testing.T) {
	r := newRig(t)
	doc := message.Document{Key: "key-x", Number: "x", Reference: "T-x"}
	h := message.Header{Tenant: tenant, Flow: flowID, Content: message.Mapped, Connection: "to", Kind: model.Orders, Due: r.now.Add(3 * time.Hour)}
	if err := r.retry.Ender.SendLater(t.Context(), h, []message.Document{doc}); err != nil {
		t.Fatal(err)
	}
	hops := 0
	for r.now.Before(h.Due) {
		got, err := r.queue.Receive(t.Context(), queue.Retry, 10, 0)
		if err != nil {
			t.Fatal(err)
		}
		if len(got) > 0 {
			hops++
			if failed := r.retry.Handle(t.Context(), got); len(failed) > 0 {
				t.Fatal("a hop failed")
			}
			if err := r.queue.Delete(t.Context(), got); err != nil {
				t.Fatal(err)
			}
		}
		if lane := r.lane(); len(lane) > 0 {
			t.Fatalf("it came to its lane %s early", h.Due.Sub(r.now))
		}
		r.now = r.now.Add(time.Minute)
	}
	if hops < 11 {
		t.Errorf("%d hops in three hours", hops)
	}
}

// A source that cannot be read: the run says why, nothing moves, and reading goes on from there.
func TestSourceFails(t *testing.T) {
	r := newRig(t)
	shop(r)
	r.source.err = &fault.Error{Class: fault.Pause, Message: "ident refused", Advice: "check it"}
	if err := r.desk.RunNow(t.Context(), tenant, flowID, connector.Incremental); err != nil {
		t.Fatal(err)
	}
	r.step()
	if s := r.state("from"); s.Status != integration.Halted {
		t.Errorf("the source's connection is %q", s.Status)
	}
	runs, _, err := r.store.Runs(t.Context(), tenant, flowID, "", 10)
	if err != nil || len(runs) == 0 || runs[0].Problem == nil || runs[0].Ended.IsZero() {
		t.Fatalf("the run does not say why it ended: %+v, %v", runs, err)
	}
	r.source.err = nil
	r.run()
	r.once()
}

// handlerContext is the context of a handler that has so long to live.
type handlerContext struct {
	context.Context
	ends time.Time
}

func (h handlerContext) Deadline() (time.Time, bool) { return h.ends, true }

// A system's time-out may be longer than a handler lives. Its records are written all the same, and what has no answer when
// the handler has to end is unknown: going round until there is a handler that lives longer would be for ever.
func TestTimeOutLongerThanAHandlerLives(t *testing.T) {
	r := newCalmRig(t)
	r.target.limits.Timeout = 2 * time.Minute
	r.wire()
	r.source.add(&sale{email: "anna@proef.example"})
	ends := time.Time{}
	r.target.writing = func(ctx context.Context) { ends, _ = ctx.Deadline() }
	if _, err := r.fetch.Tick(t.Context(), model.Orders); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		for _, h := range r.handlers() {
			got, err := r.queue.Receive(t.Context(), h.name, h.most, 0)
			if err != nil {
				t.Fatal(err)
			}
			r.hand(func(ctx context.Context, list []queue.Delivery) []string {
				return h.handle(handlerContext{ctx, r.now.Add(time.Minute)}, list)
			}, got)
		}
	}
	r.once()
	if want := r.now.Add(50 * time.Second); !ends.Equal(want) {
		t.Errorf("the write is listened for until %v, want %v: early enough to write down that there was no answer", ends, want)
	}
}
