package main

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"apicenter/infra/exam"
	"apicenter/infra/sandbox"
	"apicenter/infra/sandbox/afas"
	"apicenter/infra/sandbox/mpluskassa"
	"apicenter/infra/sandbox/shopdata"
	"apicenter/shared/connector"
	"apicenter/shared/integration"
	"apicenter/shared/message"
	"apicenter/shared/model"
	"apicenter/shared/stage"
	"apicenter/shared/stage/operate"
	"apicenter/shared/store"
)

// rig is the whole pipeline between the two simulated systems, for one test.
type rig struct {
	*testing.T
	app     *app
	dir     string
	till    *mpluskassa.Sandbox
	erp     *afas.Sandbox
	tillSim *sandbox.Sim
	erpSim  *sandbox.Sim
	urls    exam.Setup
	shop    *shopdata.Shop
	log     *safeBuffer
}

// safeBuffer is a log that several goroutines may write.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// newWorld starts both systems with a shop of so many orders, and the pipeline with the demo tenant. Change may alter the
// sandboxes' options first.
func newWorld(t *testing.T, orders int) *rig {
	t.Helper()
	w := &rig{T: t, dir: t.TempDir(), log: &safeBuffer{},
		till: mpluskassa.New(mpluskassa.Options{ShufflePages: true}), erp: afas.New(afas.Options{})}
	w.shop = shopdata.Generate(shopdata.Options{Seed: 5, Orders: orders, Customers: 12})
	w.till.Load(w.shop)
	if err := w.erp.Load(exam.Seed(w.shop)); err != nil {
		t.Fatal(err)
	}
	w.tillSim, w.erpSim = w.till.Sim(), w.erp.Sim()
	w.urls = exam.Setup{Source: serveSim(t, w.tillSim), Target: serveSim(t, w.erpSim), Every: time.Hour, Quick: true}
	w.start()
	if err := w.app.createTenant(t.Context(), w.urls); err != nil {
		t.Fatal(err)
	}
	return w
}

func serveSim(t *testing.T, sim *sandbox.Sim) string {
	t.Helper()
	url, stop, err := sim.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return url
}

// start opens the app and lets its stages run until the test ends.
func (w *rig) start() {
	w.Helper()
	a, err := openApp(w.Context(), w.dir, newLog(slog.LevelDebug, io.MultiWriter(w.log)))
	if err != nil {
		w.Fatal(err)
	}
	w.app = a
	ctx, stop := context.WithCancel(context.WithoutCancel(w.Context()))
	pumped := make(chan struct{})
	go func() {
		a.pump(ctx)
		close(pumped)
	}()
	w.Cleanup(func() {
		stop()
		<-pumped
		if err := a.close(); err != nil {
			w.Error(err)
		}
	})
}

// change alters the flow as its owner would, and returns what saving complains about.
func (w *rig) change(alter func(*integration.Flow)) error {
	w.Helper()
	ctx := w.Context()
	flow, err := w.app.store.Flow(ctx, demoTenant, demoFlow)
	if err != nil {
		w.Fatal(err)
	}
	alter(&flow)
	flow.Version++
	source, err := w.app.store.Connection(ctx, demoTenant, demoSource)
	if err != nil {
		w.Fatal(err)
	}
	target, err := w.app.store.Connection(ctx, demoTenant, demoTarget)
	if err != nil {
		w.Fatal(err)
	}
	if err := w.app.plans.Check(flow, source, target); err != nil {
		return err
	}
	return w.app.store.PutFlow(ctx, flow, w.app.world.Now())
}

// connect replaces settings and secrets of a connection.
func (w *rig) connect(id string, settings, secrets map[string]string) {
	w.Helper()
	ctx := w.Context()
	c, err := w.app.store.Connection(ctx, demoTenant, id)
	if err != nil {
		w.Fatal(err)
	}
	for name, value := range settings {
		c.Settings[name] = value
	}
	if secrets != nil {
		if c.Secrets, err = stage.SealSecrets(ctx, w.app.vault, demoTenant, secrets); err != nil {
			w.Fatal(err)
		}
	}
	if err := w.app.store.PutConnection(ctx, c); err != nil {
		w.Fatal(err)
	}
}

// pass runs the flow until nothing is on its way.
func (w *rig) pass(mode connector.Mode) {
	w.Helper()
	ctx, cancel := context.WithTimeout(w.Context(), 100*time.Second)
	defer cancel()
	flow, err := w.app.store.Flow(ctx, demoTenant, demoFlow)
	if err != nil {
		w.Fatal(err)
	}
	if err := w.app.fetch.Enqueue(ctx, flow, message.Job{Mode: string(mode), Trigger: message.Schedule}, 0); err != nil {
		w.Fatal(err)
	}
	w.quiet()
}

func (w *rig) quiet() {
	w.Helper()
	ctx, cancel := context.WithTimeout(w.Context(), 100*time.Second)
	defer cancel()
	if err := w.app.untilQuiet(ctx); err != nil {
		w.Fatal(err)
	}
}

func (w *rig) desk() *operate.Desk {
	return &operate.Desk{Flows: w.app.store, Failures: w.app.store, Sessions: w.app.sessions, Fetch: w.app.fetch,
		Retry: w.app.retry, World: w.app.world}
}

// failures returns what did not go, by order number.
func (w *rig) failures() map[string]store.Failure {
	w.Helper()
	list, _, err := w.app.store.Failures(w.Context(), store.FailureFilter{Tenant: demoTenant, Flow: demoFlow}, "", 1000)
	if err != nil {
		w.Fatal(err)
	}
	out := map[string]store.Failure{}
	for _, f := range list {
		out[f.Number] = f
	}
	return out
}

// incidents returns what the owner was told and is still so.
func (w *rig) incidents() []store.Incident {
	w.Helper()
	list, err := w.app.store.Incidents(w.Context(), demoTenant, true, 100)
	if err != nil {
		w.Fatal(err)
	}
	return list
}

// compare holds the target against the expectation; what the pipeline lists as failures may be missing.
func (w *rig) compare() exam.Verdict {
	w.Helper()
	open := map[string]bool{}
	for number := range w.failures() {
		open[number] = true
	}
	return exam.Compare(w.shop.Orders, w.erp.Snapshot(), open)
}

// sound fails the test unless nothing is lost, doubled or wrong.
func (w *rig) sound() {
	w.Helper()
	if v := w.compare(); len(v.Problems) > 0 {
		w.Errorf("lost %d, doubled %d, wrong %d:\n%s", v.Lost, v.Doubled, v.Wrong, strings.Join(v.Problems, "\n"))
	}
}

// delivered fails the test unless every order that should be is in the target.
func (w *rig) delivered() {
	w.Helper()
	w.sound()
	failures := w.failures()
	for _, o := range w.shop.Orders {
		_, failed := failures[o.Number.String()]
		if exam.Expected(o) == exam.Deliver && failed {
			w.Errorf("order %s (%s) is a failure: %v", o.Number, o.Fate, failures[o.Number.String()].Problem)
		}
	}
}

// first returns the first order of a fate.
func (w *rig) first(fate shopdata.Fate) *shopdata.Order {
	w.Helper()
	for i := range w.shop.Orders {
		if w.shop.Orders[i].Fate == fate {
			return &w.shop.Orders[i]
		}
	}
	w.Fatalf("the shop has no order of fate %s", fate)
	return nil
}

// records returns everything the activity says, oldest first.
func (w *rig) records() []store.RecordActivity {
	w.Helper()
	chunks, _, err := w.app.store.Chunks(w.Context(), store.ChunkFilter{Tenant: demoTenant, Flow: demoFlow}, "", 1000)
	if err != nil {
		w.Fatal(err)
	}
	var out []store.RecordActivity
	for i := len(chunks) - 1; i >= 0; i-- {
		list, err := store.OpenRecords(w.Context(), w.app.codec, demoTenant, chunks[i].Payload)
		if err != nil {
			w.Fatal(err)
		}
		out = append(out, list...)
	}
	return out
}

// outcomes counts the outcomes of all records so far.
func (w *rig) outcomes() map[model.Outcome]int {
	w.Helper()
	out := map[model.Outcome]int{}
	for _, r := range w.records() {
		out[r.Outcome]++
	}
	return out
}
