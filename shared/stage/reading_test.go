package stage_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"apicenter/shared/connector"
	"apicenter/shared/fault"
	"apicenter/shared/integration"
	"apicenter/shared/message"
	"apicenter/shared/model"
	"apicenter/shared/queue"
	"apicenter/shared/stage/webhook"
	"apicenter/shared/store"
)

// hook gives the flow an address, and returns it with its stage.
func (r *rig) hook() http.Handler {
	r.Helper()
	r.change(func(f *integration.Flow) {
		f.Hook = webhook.Hash("secret")
		f.Schedule = integration.Schedule{Cron: "0 0 1 1 *"} // no run of its own
	})
	r.run()
	mux := http.NewServeMux()
	mux.Handle("/hooks/{token}", &webhook.Stage{Flows: r.ports, Enqueue: r.fetch.Enqueue, Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	return mux
}

func (r *rig) call(h http.Handler, method, path string) int {
	r.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(method, path, nil))
	return w.Code
}

// A call is answered by what its token and its flow are.
func TestWebhookAnswers(t *testing.T) {
	r := newRig(t)
	h := r.hook()
	for name, c := range map[string]struct {
		method, path string
		want         int
	}{
		"its own":      {http.MethodPost, "/hooks/secret", http.StatusAccepted},
		"unknown":      {http.MethodPost, "/hooks/guess", http.StatusNotFound},
		"by a browser": {http.MethodGet, "/hooks/secret", http.StatusMethodNotAllowed},
	} {
		if got := r.call(h, c.method, c.path); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
	r.change(func(f *integration.Flow) { f.Status = integration.Paused })
	if got := r.call(h, http.MethodPost, "/hooks/secret"); got != http.StatusConflict {
		t.Errorf("of a paused flow: %d, want %d", got, http.StatusConflict)
	}
}

// Calls that come in a burst share a run or two, and what they told of is read.
func TestWebhookBurst(t *testing.T) {
	r := newRig(t)
	h := r.hook()
	before := r.runs()
	for range 50 {
		r.source.add(&sale{email: "anna@proef.example"})
		if got := r.call(h, http.MethodPost, "/hooks/secret"); got != http.StatusAccepted {
			t.Fatalf("answered %d", got)
		}
		r.now = r.now.Add(20 * time.Millisecond)
	}
	r.run()
	r.once()
	if n := r.runs() - before; n < 1 || n > 3 {
		t.Errorf("fifty calls within a second made %d runs", n)
	}
	// A later call is not taken for one of them.
	r.source.add(&sale{email: "anna@proef.example"})
	r.call(h, http.MethodPost, "/hooks/secret")
	r.run()
	r.once()
}

// onlyOnce leaves the flow to run when it is asked to: what is due today is over.
func (r *rig) onlyOnce() {
	r.Helper()
	r.change(func(f *integration.Flow) { f.Schedule = integration.Schedule{Cron: "0 0 1 1 *"} })
	if _, err := r.fetch.Tick(r.Context(), model.Orders); err != nil {
		r.Fatal(err)
	}
	for r.step() {
		continue
	}
}

func (r *rig) runs() int {
	r.Helper()
	runs, _, err := r.store.Runs(r.Context(), tenant, flowID, "", 1000)
	if err != nil {
		r.Fatal(err)
	}
	return len(runs)
}

// A full pass that somebody asked for is finished although its source fails on the way.
func TestFullPassOutlivesAFailingSource(t *testing.T) {
	r := newRig(t)
	shop(r)
	r.onlyOnce()
	if err := r.desk.RunNow(t.Context(), tenant, flowID, connector.Full); err != nil {
		t.Fatal(err)
	}
	r.source.err = &fault.Error{Class: fault.Retry, Message: "busy", Advice: "wait"}
	for range 4 {
		r.step()
		r.now = r.now.Add(20 * time.Second)
	}
	if r.source.reads == 0 {
		t.Fatal("the source was not asked")
	}
	r.source.err = nil
	r.run()
	r.once()
}

// Promise 4: who asked for another look while a reader was at work gets it, also when that reader fails.
func TestAskedForWhileAReaderFails(t *testing.T) {
	r := newRig(t)
	r.onlyOnce()
	f, err := r.store.Flow(t.Context(), tenant, flowID)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.fetch.Enqueue(t.Context(), f, message.Job{Mode: string(connector.Incremental), Trigger: message.Schedule}, 0); err != nil {
		t.Fatal(err)
	}
	key := store.PositionKey{Tenant: tenant, Flow: flowID, Mode: string(connector.Incremental)}
	r.source.err = &fault.Error{Class: fault.Retry, Message: "busy", Advice: "wait"}
	asked := false
	r.fetch.Positions = releases{Positions: r.ports, before: func() {
		if asked {
			return
		}
		asked = true
		if _, ok, err := r.store.Acquire(t.Context(), key, "another", r.now.Add(time.Minute)); ok || err != nil {
			t.Errorf("the lease was free: %t, %v", ok, err)
		}
	}}
	for range 10 {
		r.step() // chaos may deliver what was handled before once more
	}
	if !asked {
		t.Fatal("nobody read")
	}
	r.fetch.Positions = r.ports
	if p, err := r.store.Position(t.Context(), key); err != nil || p.Owner != "" {
		t.Errorf("a reader that failed still holds the lease: %+v, %v", p, err)
	}
	shop(r)
	r.source.err = nil
	r.run()
	r.once()
}

// releases does something before each release.
type releases struct {
	store.Positions
	before func()
}

func (p releases) Release(ctx context.Context, k store.PositionKey, owner string) (bool, error) {
	p.before()
	return p.Positions.Release(ctx, k, owner)
}

// Held back by a paused target, a job that somebody asked for is kept; a scheduled one is not, the next tick brings another.
func TestJobsOfAPausedTarget(t *testing.T) {
	for trigger, kept := range map[message.Trigger]int{message.Schedule: 0, message.Manual: 1, message.Webhook: 1} {
		r := newRig(t)
		r.onlyOnce()
		reads := r.source.reads
		state := integration.ConnectionState{}.FailedWith(&fault.Error{Class: fault.Pause, Message: "token refused"}, r.now)
		if _, err := r.store.SaveConnectionState(t.Context(), tenant, "to", state); err != nil {
			t.Fatal(err)
		}
		f, err := r.store.Flow(t.Context(), tenant, flowID)
		if err != nil {
			t.Fatal(err)
		}
		if err := r.fetch.Enqueue(t.Context(), f, message.Job{Mode: string(connector.Incremental), Trigger: trigger}, 0); err != nil {
			t.Fatal(err)
		}
		for range 20 {
			r.step()
			r.now = r.now.Add(5 * time.Second)
		}
		n, err := r.queue.Counts(t.Context(), queue.Fetch(model.Orders))
		if err != nil {
			t.Fatal(err)
		}
		if (n.Total() > 0) != (kept > 0) || r.source.reads != reads {
			t.Errorf("%s: %d jobs are left, the source was read %d times", trigger, n.Total(), r.source.reads-reads)
		}
	}
}

// Pages on which nothing is new are passed without a checkpoint for each, but not for longer than half a lease: who goes on
// after a crash must not have to begin from far back.
func TestEmptyPagesAreNotSavedOneByOne(t *testing.T) {
	r := newCalmRig(t)
	for range 30 {
		r.source.add(&sale{email: "anna@proef.example"})
	}
	r.run()
	r.source.hollow, r.source.late = true, 30
	for slow, most := range map[time.Duration]int{0: 1, 20 * time.Second: 4} {
		r.source.slow, r.ports.saves = slow, 0
		before := r.source.reads
		if err := r.desk.RunNow(t.Context(), tenant, flowID, connector.Incremental); err != nil {
			t.Fatal(err)
		}
		for r.step() {
		}
		if pages := r.source.reads - before; pages != 10 || r.ports.saves > most || r.ports.saves == 0 {
			t.Errorf("a page takes %v: %d pages and %d checkpoints, want 10 and at most %d", slow, pages, r.ports.saves, most)
		}
	}
	r.source.slow = 0
	o := r.source.add(&sale{email: "anna@proef.example"})
	r.run()
	r.once()
	if len(r.told(o.number)) == 0 {
		t.Error("the order behind the empty pages was not read")
	}
}
