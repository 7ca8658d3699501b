package stage_test

import (
	"fmt"
	"testing"
	"time"

	"apicenter/shared/connector"
	"apicenter/shared/fault"
	"apicenter/shared/integration"
	"apicenter/shared/message"
	"apicenter/shared/model"
	"apicenter/shared/queue"
	"apicenter/shared/store"
)

// shop takes in a few orders: two of one new customer, a company, one that waits to be paid.
func shop(r *rig) {
	r.source.add(&sale{email: "anna@proef.example"})
	r.source.add(&sale{email: "Anna@Proef.Example"})
	r.source.add(&sale{email: "inkoop@proef.example", company: "Proef B.V.", lines: []saleLine{{"5001", "1", "2.50", ""}, {"5002", "3", "1.00", ""}}})
	r.source.add(&sale{email: "jo@proef.example"})
}

func TestOrdersArriveOnce(t *testing.T) {
	r := newRig(t)
	shop(r)
	r.run()
	r.once()
	if got := len(r.target.customers); got != 3 {
		t.Errorf("%d customers, want 3", got)
	}
	if kind := r.target.customers["inkoop@proef.example"][0].kind; kind != connector.Company {
		t.Errorf("the company became a %s", kind)
	}
	for _, o := range r.target.orders {
		if o[0].customer == "" {
			t.Error("an order has no customer")
		}
	}
}

// Promises 1 and 2: the process dies before or after any call to a store, a queue or a system, at every single one of them;
// another one goes on, and every order arrives once.
func TestDeathAtEveryCall(t *testing.T) {
	calls := 0
	{
		r := newRig(t)
		shop(r)
		r.run()
		calls = r.ports.calls
	}
	if calls < 30 {
		t.Fatalf("only %d calls were counted", calls)
	}
	for n := 1; n <= calls; n++ {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprintf("%d %t", n, after), func(t *testing.T) {
				r := newRig(t)
				shop(r)
				r.ports.dieAt, r.ports.after = n, after
				r.run()
				r.once()
				if t.Failed() {
					t.Logf("the process died %s", r.ports.name)
				}
			})
		}
	}
}

// Promise 2: an answer that is lost after the work was done, at once or some time later, is asked for and not written again.
func TestLostAnswers(t *testing.T) {
	for _, lands := range []time.Duration{0, 15 * time.Second, 29 * time.Second} {
		for lost := 1; lost <= 8; lost++ {
			t.Run(fmt.Sprintf("write %d lands after %s", lost, lands), func(t *testing.T) {
				r := newRig(t)
				shop(r)
				r.target.lands = lands
				r.target.spoil = func(_ connector.Document, n int) (bool, connector.Outcome) {
					if n == lost {
						return true, lostAnswer()
					}
					return false, connector.Outcome{}
				}
				r.run()
				r.target.land()
				r.once()
			})
		}
	}
}

// A write that was lost before anything was done is made again, after it was asked for.
func TestLostBeforeItWasDone(t *testing.T) {
	r := newRig(t)
	shop(r)
	r.target.spoil = func(_ connector.Document, n int) (bool, connector.Outcome) {
		if n%3 == 1 && n < 12 {
			return false, lostAnswer()
		}
		return false, connector.Outcome{}
	}
	r.run()
	r.once()
}

// Two handlings of one message at the same time: the second finds the claim and waits.
func TestSameMessageTwiceAtOnce(t *testing.T) {
	r := newRig(t)
	r.source.add(&sale{email: "anna@proef.example"})
	for r.target.calls["write orders"] == 0 && r.lane() == nil {
		r.step()
		r.now = r.now.Add(time.Second)
		if _, err := r.fetch.Tick(t.Context(), model.Orders); err != nil {
			t.Fatal(err)
		}
	}
	first := r.lane()
	again := false
	r.target.spoil = func(connector.Document, int) (bool, connector.Outcome) {
		if !again {
			again = true
			r.sender.Handle(t.Context(), first) // while the first is inside its write
		}
		return false, connector.Outcome{}
	}
	r.sender.Handle(t.Context(), first)
	r.target.spoil = nil
	if err := r.queue.Delete(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	r.run()
	r.once()
}

// lane receives the next message of the lane, nil when there is none.
func (r *rig) lane() []queue.Delivery {
	r.Helper()
	got, err := r.queue.Receive(r.Context(), queue.Send, 1, 0)
	if err != nil {
		r.Fatal(err)
	}
	return got
}

// Promise 3: an older version never wins over a newer one that was tried before, and the same one is skipped.
func TestOlderVersionIsStale(t *testing.T) {
	r := newRig(t)
	r.source.add(&sale{email: "anna@proef.example"})
	r.run()
	scope := store.FlowScope(tenant, flowID)
	entries, err := r.store.Entries(t.Context(), scope, []string{"key-100"})
	if err != nil {
		t.Fatal(err)
	}
	e := entries[0]
	e.State, e.Version.Marker = store.None, 50
	if _, err := r.store.SaveEntries(t.Context(), scope, []store.Entry{e}); err != nil {
		t.Fatal(err)
	}
	delete(r.target.orders, "T-100") // as if the newer version had been refused
	r.source.touch(r.source.orders[0])
	r.run()
	if n := len(r.target.orders["T-100"]); n != 0 {
		t.Errorf("the older version was written")
	}
	list := r.told("100")
	if last := list[len(list)-1]; last.Outcome != model.Skipped || last.Reason != model.ReasonStale {
		t.Errorf("it ended as %s %s", last.Outcome, last.Reason)
	}
}

// Promise 4: a second reader does not start, and what came in meanwhile is not forgotten.
func TestOneReader(t *testing.T) {
	r := newRig(t)
	shop(r)
	key := store.PositionKey{Tenant: tenant, Flow: flowID, Mode: string(connector.Incremental)}
	if _, ok, err := r.store.Acquire(t.Context(), key, "somebody", r.now.Add(time.Minute)); !ok || err != nil {
		t.Fatal(ok, err)
	}
	if err := r.desk.RunNow(t.Context(), tenant, flowID, connector.Incremental); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		r.step()
	}
	if r.source.reads != 0 {
		t.Errorf("the source was read %d times while somebody else held the lease", r.source.reads)
	}
	if again, err := r.store.Release(t.Context(), key, "somebody"); err != nil || !again {
		t.Errorf("the holder was not told to look once more: %t, %v", again, err)
	}
}

// A holder whose lease ran out while it worked moves nothing; what it queued is queued again and absorbed.
func TestLeaseRunsOutWhileItsHolderWorks(t *testing.T) {
	r := newRig(t)
	shop(r)
	slow := true
	r.source.err = nil
	read := r.fetch.Lease
	r.fetch.Lease = time.Second
	r.target.spoil = nil
	if err := r.desk.RunNow(t.Context(), tenant, flowID, connector.Incremental); err != nil {
		t.Fatal(err)
	}
	for range 10 {
		if slow {
			r.now = r.now.Add(10 * time.Second)
		}
		r.step()
	}
	r.fetch.Lease = read
	r.run()
	r.once()
}

// A continuation delivered twice reads once: the lease handed over is exchanged for one of its own.
func TestContinuationDeliveredTwice(t *testing.T) {
	r := newRig(t)
	for range 20 {
		r.source.add(&sale{email: "anna@proef.example"})
	}
	r.fetch.Slice = time.Nanosecond // every page is a continuation
	r.run()
	r.once()
	runs, _, err := r.store.Runs(t.Context(), tenant, flowID, "", 100)
	if err != nil {
		t.Fatal(err)
	}
	first := runs[len(runs)-1]
	if first.Read < 20 || first.Ended.IsZero() {
		t.Errorf("the first run read %d orders in %d pages, ended %s", first.Read, first.Pages, first.Ended)
	}
}

// A full pass starts from the start each time, beside the incremental one.
func TestFullPass(t *testing.T) {
	r := newRig(t)
	shop(r)
	r.run()
	for range 2 {
		before := r.target.calls["write orders"]
		reads := r.source.reads
		if err := r.desk.RunNow(t.Context(), tenant, flowID, connector.Full); err != nil {
			t.Fatal(err)
		}
		r.run()
		if r.target.calls["write orders"] != before || r.source.reads == reads {
			t.Errorf("a full pass wrote %d orders and read %d pages", r.target.calls["write orders"]-before, r.source.reads-reads)
		}
	}
	r.once()
	skipped := 0
	for _, a := range r.told("100") {
		if a.Outcome == model.Skipped && a.Reason == model.ReasonExists {
			skipped++
		}
	}
	if skipped < 2 {
		t.Errorf("order 100 was skipped %d times, want once for each full pass", skipped)
	}
}

// What came is kept once: with what was delivered, and with the same read again only when that is no longer told.
func TestTheSameIsToldOnce(t *testing.T) {
	r := newCalmRig(t)
	o := r.source.add(&sale{email: "anna@proef.example"})
	r.run()
	last := func() store.RecordActivity {
		t.Helper()
		if err := r.desk.RunNow(t.Context(), tenant, flowID, connector.Full); err != nil {
			t.Fatal(err)
		}
		r.run()
		all := r.told(o.number)
		if len(all[0].Source) == 0 || len(all[0].Record) == 0 {
			t.Error("what was delivered does not show what came")
		}
		return all[len(all)-1]
	}
	if a := last(); a.Reason != model.ReasonExists || len(a.Source)+len(a.Record) > 0 {
		t.Errorf("read again: %s %s with %d bytes of what came, want none", a.Outcome, a.Reason, len(a.Source)+len(a.Record))
	}
	r.now = r.now.Add(31 * 24 * time.Hour)
	if err := r.desk.RunNow(t.Context(), tenant, flowID, connector.Full); err != nil {
		t.Fatal(err)
	}
	r.run()
	all := r.told(o.number)
	if len(all) == 0 || len(all[len(all)-1].Source) == 0 {
		t.Error("nothing tells of the order any more: after a month reading it again has to")
	}
}

// Back-pressure: above the bound a fetch holds back; a job that nobody schedules again is kept.
func TestFetchHoldsBack(t *testing.T) {
	r := newRig(t)
	shop(r)
	if err := r.store.AddLoad(t.Context(), tenant, "to", 600, 0); err != nil {
		t.Fatal(err)
	}
	if err := r.desk.RunNow(t.Context(), tenant, flowID, connector.Incremental); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		r.step()
		r.now = r.now.Add(20 * time.Second)
	}
	if r.source.reads != 0 {
		t.Errorf("the source was read %d times although the target has enough", r.source.reads)
	}
	if err := r.store.AddLoad(t.Context(), tenant, "to", 0, 600); err != nil {
		t.Fatal(err)
	}
	r.run()
	r.once()
}

// Tenants apart: another tenant's flow of the same name neither sees nor moves anything.
func TestMessageOfARemovedFlowIsDropped(t *testing.T) {
	r := newRig(t)
	shop(r)
	f, err := r.store.Flow(t.Context(), tenant, flowID)
	if err != nil {
		t.Fatal(err)
	}
	f.Tenant = "other"
	if err := r.fetch.Enqueue(t.Context(), f, message.Job{Mode: "incremental", Trigger: message.Manual}, 0); err != nil {
		t.Fatal(err)
	}
	r.run()
	r.once()
	if runs, _, err := r.store.Runs(t.Context(), "other", flowID, "", 10); err != nil || len(runs) != 0 {
		t.Errorf("another tenant has %d runs, %v", len(runs), err)
	}
}

// Promise 7: messages of a tenant whose keys were destroyed are dropped.
func TestErasedTenant(t *testing.T) {
	r := newRig(t)
	shop(r)
	if err := r.desk.RunNow(t.Context(), tenant, flowID, connector.Incremental); err != nil {
		t.Fatal(err)
	}
	r.step() // read, and queued for the mapper
	if err := r.vault.Erase(t.Context(), tenant); err != nil {
		t.Fatal(err)
	}
	if err := r.store.PutFlow(t.Context(), integration.Flow{Tenant: tenant, ID: flowID, Kind: model.Orders, Source: "from", Target: "to",
		Status: integration.Paused, Version: 1 << 40}, r.now); err != nil {
		t.Fatal(err)
	}
	for range 50 {
		r.step()
		r.now = r.now.Add(time.Minute)
	}
	if n := r.waiting() + r.dead(); n != 0 || len(r.target.orders) != 0 {
		t.Errorf("%d messages are left and %d orders arrived", n, len(r.target.orders))
	}
}

// Promise 8: calls at a time and per window stay within what the system declares.
func TestDeclaredRate(t *testing.T) {
	r := newRig(t)
	r.target.limits.Buckets = []connector.Bucket{{Calls: 5, Window: time.Minute}}
	r.wire()
	for i := range 12 {
		r.source.add(&sale{email: fmt.Sprintf("c%d@proef.example", i)})
	}
	type call struct{ at time.Time }
	var calls []call
	r.target.spoil = func(connector.Document, int) (bool, connector.Outcome) {
		calls = append(calls, call{r.now})
		return false, connector.Outcome{}
	}
	r.run()
	r.once()
	for i := range calls {
		n := 0
		for _, c := range calls {
			if d := c.at.Sub(calls[i].at); d >= 0 && d < time.Minute {
				n++
			}
		}
		if n > 10 { // a window may border on the next
			t.Fatalf("%d writes within a minute", n)
		}
	}
	if state := r.state("to"); state.Failures != 0 || state.Status == integration.Halted {
		t.Errorf("waiting for permits counts as a failure: %+v", state)
	}
}

var errReset = &fault.Error{Class: fault.Retry, Message: "connection reset", Advice: "wait", Connection: true}
