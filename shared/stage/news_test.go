package stage_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"apicenter/shared/events"
	"apicenter/shared/fault"
	"apicenter/shared/integration"
	"apicenter/shared/message"
	"apicenter/shared/stage"
	"apicenter/shared/store"
)

// news is a bus that keeps what is published, and compares it with the store at that moment: what is told is stored by then,
// and nothing is told twice.
type news struct {
	rig  *rig
	list []events.Event
	err  error // what every publish answers
}

func (n *news) Publish(ctx context.Context, list []events.Event) error {
	r := n.rig
	r.Helper()
	if n.err != nil {
		return n.err
	}
	if err := events.Check(list); err != nil {
		r.Error(err)
	}
	for _, e := range list {
		if slices.ContainsFunc(n.list, func(o events.Event) bool { return o.ID == e.ID }) {
			r.Errorf("%s is told twice", e.ID)
		}
		stored := false
		if e.Type == events.RunFailed {
			run, err := r.store.Run(ctx, e.Tenant, e.Flow, e.Run)
			stored = err == nil && run.Problem != nil && !run.Ended.IsZero()
		} else {
			open, err := r.store.Incidents(ctx, e.Tenant, true, 100)
			if err != nil {
				r.Error(err)
			}
			is := slices.ContainsFunc(open, func(i store.Incident) bool { return i.Subject == e.Subject })
			stored = is == (e.Type == events.IncidentOpened)
		}
		if !stored {
			r.Errorf("%s about %s is told before it is stored", e.Type, e.Subject)
		}
	}
	n.list = append(n.list, list...)
	return nil
}

// told are the events so far of the types, without ids and times.
func (n *news) told(types ...events.Type) []events.Event {
	var out []events.Event
	for _, e := range n.list {
		if slices.Contains(types, e.Type) {
			e.ID, e.At = "", time.Time{}
			out = append(out, e)
		}
	}
	return out
}

// incidents compares what was told of incidents.
func (r *rig) incidentsTold(want ...events.Event) {
	r.Helper()
	if diff := cmp.Diff(want, r.news.told(events.IncidentOpened, events.IncidentClosed)); diff != "" {
		r.Errorf("told of incidents (-want +got):\n%s", diff)
	}
}

const over = "Nothing is left to do about it."

func opened(id, problem, advice string) events.Event {
	return events.Event{Tenant: tenant, Type: events.IncidentOpened, Subject: "connection/" + id, Connection: id, Problem: events.Problem{Message: problem, Advice: advice}}
}

func closed(id, problem string) events.Event {
	return events.Event{Tenant: tenant, Type: events.IncidentClosed, Subject: "connection/" + id, Connection: id, Problem: events.Problem{Message: problem, Advice: over}}
}

// An owner hears once that a connection stopped, however many records meet it, and once that it goes on.
func TestPauseIsToldOnce(t *testing.T) {
	r := newRig(t)
	shop(r)
	r.target.err = &fault.Error{Class: fault.Pause, Message: "token refused", Advice: "renew it", Detail: "secret detail"}
	began := r.now
	r.run()
	r.incidentsTold(opened("to", "token refused", "renew it"))
	incidents, err := r.store.Incidents(t.Context(), tenant, true, 10)
	if err != nil || len(incidents) != 1 {
		t.Fatalf("%d incidents, %v", len(incidents), err)
	}
	if e := r.news.list[0]; e.ID != incidents[0].ID || !e.At.Equal(incidents[0].Opened) || e.At.Before(began) {
		t.Errorf("told %s at %v, want the incident's %s at %v", e.ID, e.At, incidents[0].ID, incidents[0].Opened)
	}
	r.target.err = nil
	r.run()
	r.once()
	r.incidentsTold(opened("to", "token refused", "renew it"), closed("to", "token refused"))
}

// A test from the panel tells as the minute tick does.
func TestATestByHandIsTold(t *testing.T) {
	r := newCalmRig(t)
	shop(r)
	r.target.err = &fault.Error{Class: fault.Pause, Message: "token refused", Advice: "renew it"}
	r.run()
	r.target.err = nil
	if _, err := r.desk.TestConnection(t.Context(), tenant, "to"); err != nil {
		t.Fatal(err)
	}
	r.incidentsTold(opened("to", "token refused", "renew it"), closed("to", "token refused"))
}

// A system that was down and then refuses us is another problem: waiting is not enough any more.
func TestDownThenRefusedIsToldAsTwo(t *testing.T) {
	r := newRig(t)
	shop(r)
	r.target.err = errReset
	for r.state("to").Status != integration.Down {
		if !r.step() {
			r.now = r.now.Add(20 * time.Second)
			_, err := r.fetch.Tick(t.Context(), "orders")
			r.alive(err)
		}
	}
	down := r.state("to").Reason
	r.target.err = &fault.Error{Class: fault.Pause, Message: "token refused"}
	r.run()
	r.incidentsTold(opened("to", down.Message, down.Advice), closed("to", down.Message), opened("to", "token refused", ""))
}

// Every run that failed is told, with the flow and the run, and no run that did not.
func TestRunsThatFailAreTold(t *testing.T) {
	r := newRig(t)
	shop(r)
	r.source.err = &fault.Error{Class: fault.Retry, Message: "the till hung up", Advice: "look at its cable"}
	for range 30 {
		for r.step() {
			continue
		}
		r.now = r.now.Add(time.Minute)
		_, err := r.fetch.Tick(t.Context(), "orders")
		r.alive(err)
	}
	r.source.err = nil
	r.run()
	r.once()
	runs, _, err := r.store.Runs(t.Context(), tenant, flowID, "", 100)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{}
	for _, run := range runs {
		if run.Problem != nil {
			want[run.ID] = true
		}
	}
	got := map[string]bool{}
	for _, e := range r.news.list {
		if e.Type != events.RunFailed {
			continue
		}
		got[e.Run] = true
		e.At = time.Time{}
		if want := (events.Event{ID: e.Run, Tenant: tenant, Type: events.RunFailed, Subject: "flow/" + flowID, Flow: flowID, Run: e.Run,
			Problem: events.Problem{Message: "the till hung up", Advice: "look at its cable"}}); e != want {
			t.Errorf("got %+v, want %+v", e, want)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" || len(want) < 3 {
		t.Errorf("of %d runs %d failed; told (-want +got):\n%s", len(runs), len(want), diff)
	}
}

// A flow that cannot be put together is told once, however often its schedule comes round.
func TestAFlowThatCannotRunIsTold(t *testing.T) {
	r := newCalmRig(t)
	r.change(func(f *integration.Flow) { f.Options = map[string]string{"unheard-of": "x"} })
	flow, err := r.store.Flow(t.Context(), tenant, flowID)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := r.fetch.Enqueue(t.Context(), flow, message.Job{Mode: "incremental", Trigger: message.Manual}, 0); err != nil {
			t.Fatal(err)
		}
		r.run()
	}
	list := r.news.told(events.IncidentOpened)
	if len(list) != 1 || list[0].Subject != "flow/"+flowID || list[0].Flow != flowID || list[0].Connection != "" || list[0].Problem.Message == "" {
		t.Errorf("told %+v, want one about the flow", list)
	}
}

// A bus that does not work stops no stage and has nothing done twice; what it would have told is in the store.
func TestABusThatFailsIsNoFailure(t *testing.T) {
	r := newCalmRig(t)
	shop(r)
	r.news.err = errors.New("no bus")
	r.target.err = &fault.Error{Class: fault.Pause, Message: "token refused", Advice: "renew it"}
	r.run()
	incidents, err := r.store.Incidents(t.Context(), tenant, true, 10)
	if err != nil || len(incidents) != 1 {
		t.Fatalf("%d incidents, %v", len(incidents), err)
	}
	calls := r.target.calls["find orders"]
	r.target.err = nil
	r.run()
	r.once()
	if incidents, err := r.store.Incidents(t.Context(), tenant, true, 10); err != nil || len(incidents) != 0 {
		t.Errorf("%d incidents are open, %v", len(incidents), err)
	}
	if calls > 1 {
		t.Errorf("the target was asked %d times before it was paused, want once: a failed publish repeats nothing", calls)
	}
	if len(r.news.list) != 0 {
		t.Errorf("the broken bus took %v", r.news.list)
	}
}

// A process that dies at any call tells nothing twice: the message that comes again finds the incident open.
func TestDeathTellsNothingTwice(t *testing.T) {
	told := 0
	for at := 1; ; at++ {
		for _, after := range []bool{false, true} {
			r := newCalmRig(t)
			r.source.add(&sale{email: "anna@proef.example"})
			r.target.err = &fault.Error{Class: fault.Pause, Message: "token refused", Advice: "renew it"}
			r.ports.dieAt, r.ports.after = at, after
			r.run()
			if got := len(r.news.told(events.IncidentOpened)); got > 1 {
				t.Errorf("death %s: told %d times", r.ports.name, got)
			} else {
				told += got
			}
			if r.ports.calls < at {
				if told < at { // most deaths are before the incident is open or after it was told
					t.Errorf("told in %d of %d cases only", told, 2*at)
				}
				return
			}
		}
	}
}

// Opening what is open and closing what is closed tells nothing.
func TestTellingAgainTellsNothing(t *testing.T) {
	r := newCalmRig(t)
	teller := r.retry.Teller
	problem := fault.New(fault.Pause, "token refused")
	for range 3 {
		if err := teller.Open(t.Context(), tenant, stage.SubjectConnection("to"), problem); err != nil {
			t.Fatal(err)
		}
	}
	for range 3 {
		if err := teller.Close(t.Context(), tenant, stage.SubjectConnection("to"), problem); err != nil {
			t.Fatal(err)
		}
	}
	r.incidentsTold(opened("to", "token refused", ""), closed("to", "token refused"))
}
