package stage_test

import (
	"context"
	"errors"
	"fmt"

	"io"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"apicenter/shared/connector"
	"apicenter/shared/integration"
	"apicenter/shared/message"
	"apicenter/shared/model"
	"apicenter/shared/queue"
	"apicenter/shared/queue/sqlitequeue"
	"apicenter/shared/secret"
	"apicenter/shared/secret/filesecret"
	"apicenter/shared/sqlitefile"
	"apicenter/shared/stage"
	"apicenter/shared/stage/fetch"
	"apicenter/shared/stage/mapper"
	"apicenter/shared/stage/operate"
	"apicenter/shared/stage/retry"
	"apicenter/shared/stage/sender"
	"apicenter/shared/store"
	"apicenter/shared/store/sqlitestore"
)

// rig is the whole pipeline on a clock of its own, between a source and a target made for the test. Its queues deliver some
// messages twice and out of order, as they may; a process can die before or after any call to a store, a queue or a system.
type rig struct {
	*testing.T
	now    time.Time
	ids    int
	file   *sqlitefile.File
	store  *sqlitestore.Store
	queue  *sqlitequeue.Queue
	vault  *secret.Vault
	codec  *message.Codec
	ports  *ports
	source *source
	target *target
	news   *news

	sessions *stage.Sessions
	fetch    *fetch.Stage
	mapper   *mapper.Stage
	sender   *sender.Stage
	retry    *retry.Stage
	desk     *operate.Desk
}

const (
	tenant = "acme"
	flowID = "orders"
)

func newRig(t *testing.T) *rig {
	t.Helper()
	return newRigWith(t, &sqlitequeue.Chaos{Seed: 1, Duplicate: 0.1, Reorder: 0.3})
}

// newCalmRig is a rig whose queues deliver once, for tests that count.
func newCalmRig(t *testing.T) *rig {
	t.Helper()
	return newRigWith(t, nil)
}

func newRigWith(t *testing.T, chaos *sqlitequeue.Chaos) *rig {
	t.Helper()
	r := &rig{T: t, now: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)}
	dir := t.TempDir()
	var err error
	if r.file, err = sqlitefile.Open(filepath.Join(dir, "rig.db")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.file.Close(); err != nil {
			t.Error(err)
		}
	})
	ctx := t.Context()
	clock := func() time.Time { return r.now }
	if r.store, err = sqlitestore.Open(ctx, r.file, clock); err != nil {
		t.Fatal(err)
	}
	r.queue, err = sqlitequeue.Open(ctx, r.file, clock, sqlitequeue.Options{Chaos: chaos})
	if err != nil {
		t.Fatal(err)
	}
	wrapper, err := filesecret.Open(filepath.Join(dir, "master.key"))
	if err != nil {
		t.Fatal(err)
	}
	r.vault = secret.NewVault(r.store, wrapper, clock)
	if r.codec, err = message.NewCodec(r.vault); err != nil {
		t.Fatal(err)
	}
	r.ports = &ports{Store: r.store, Queue: r.queue}
	r.source, r.target = newSource(r), newTarget(r)
	r.news = &news{rig: r}
	r.wire()
	r.setUp(ctx)
	return r
}

func (r *rig) wire() {
	world := stage.World{Now: func() time.Time { return r.now }, Rand: func() float64 { return 0.5 }, Each: inTurn,
		ID: func() string { r.ids++; return fmt.Sprintf("%08d", r.ids) }}
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	p := r.ports
	r.sessions = &stage.Sessions{Connections: p, Sealer: r.vault, World: world, Log: log,
		Connectors: []connector.Connector{r.source.connector(), r.target.connector()}}
	plans := &stage.Plans{Flows: p, Connections: p, Connector: r.sessions.Connector}
	teller := &stage.Teller{Incidents: p, Events: r.news, World: world, Log: log}
	ender := &stage.Ender{Activity: p, Failures: p, Queue: p, Codec: r.codec, World: world}
	r.fetch = &fetch.Stage{Plans: plans, Sessions: r.sessions, Flows: p, Connections: p, Positions: p, Rereads: p, Activity: p,
		Failures: p, Teller: teller, Loads: p, Queue: p, Codec: r.codec, World: world, Log: log}
	r.mapper = &mapper.Stage{Plans: plans, Rereads: p, Ledger: p, Loads: p, Queue: p, Ender: ender, Codec: r.codec, World: world, Log: log}
	r.sender = &sender.Stage{Sessions: r.sessions, Flows: p, Connections: p, Ledger: p, Failures: p, Teller: teller, Loads: p, Queue: p,
		Ender: ender, Codec: r.codec, Index: r.vault, World: world, Log: log, Products: &sender.Known{Now: world.Now}}
	r.retry = &retry.Stage{Sessions: r.sessions, Flows: p, Connections: p, Failures: p, Teller: teller, Loads: p, Queue: p, Ender: ender,
		Codec: r.codec, World: world, Log: log, Enqueue: r.fetch.Enqueue}
	r.desk = &operate.Desk{Flows: p, Failures: p, Sessions: r.sessions, Fetch: r.fetch, Retry: r.retry, World: world}
}

func inTurn(n, _ int, do func(int)) {
	for i := range n {
		do(i)
	}
}

func (r *rig) setUp(ctx context.Context) {
	r.Helper()
	for _, c := range []integration.Connection{
		{Tenant: tenant, ID: "from", System: "source", Title: "Till", Prefix: "T-"},
		{Tenant: tenant, ID: "to", System: "target", Title: "Books"},
	} {
		if err := r.store.PutConnection(ctx, c); err != nil {
			r.Fatal(err)
		}
	}
	r.put(integration.Flow{Tenant: tenant, ID: flowID, Kind: model.Orders, Source: "from", Target: "to", Status: integration.Active,
		Schedule: integration.Schedule{Every: 5 * time.Minute}, Orders: &integration.OrderRules{}})
}

func (r *rig) put(f integration.Flow) {
	r.Helper()
	f.Version = int64(r.ids) + 1
	r.ids++
	if err := r.store.PutFlow(r.Context(), f, r.now); err != nil {
		r.Fatal(err)
	}
}

// change alters the flow's rules.
func (r *rig) change(alter func(*integration.Flow)) {
	r.Helper()
	f, err := r.store.Flow(r.Context(), tenant, flowID)
	if err != nil {
		r.Fatal(err)
	}
	alter(&f)
	r.put(f)
}

// handlers are the stages by queue, in the order a step looks at them.
func (r *rig) handlers() []struct {
	name   queue.Name
	most   int
	handle func(context.Context, []queue.Delivery) []string
} {
	return []struct {
		name   queue.Name
		most   int
		handle func(context.Context, []queue.Delivery) []string
	}{
		{queue.Retry, 10, r.retry.Handle}, {queue.Send, 1, r.sender.Handle}, {queue.Map, 4, r.mapper.Handle},
		{queue.Fetch(model.Orders), 1, r.fetch.Handle},
	}
}

// step hands one batch of each queue to its stage, and reports whether there was anything to do.
func (r *rig) step() bool {
	r.Helper()
	worked := false
	for _, h := range r.handlers() {
		got, err := r.queue.Receive(r.Context(), h.name, h.most, 0)
		if err != nil {
			r.Fatal(err)
		}
		if len(got) == 0 {
			continue
		}
		worked = true
		r.hand(h.handle, got)
	}
	return worked
}

// hand runs a stage as a process that may die: then nothing it would have done afterwards happens, its messages included.
func (r *rig) hand(handle func(context.Context, []queue.Delivery) []string, got []queue.Delivery) {
	r.Helper()
	failed := handle(r.Context(), got)
	if r.ports.dead {
		r.ports.dead = false
		r.wire() // another process: what the old one knew is gone
		return
	}
	done := slices.DeleteFunc(slices.Clone(got), func(d queue.Delivery) bool { return slices.Contains(failed, d.ID) })
	if err := r.queue.Delete(r.Context(), done); err != nil {
		r.Fatal(err)
	}
}

// run works until nothing is on its way, letting time pass whenever nothing can be done now. Schedules and the minute tick
// run as they would.
func (r *rig) run() {
	r.Helper()
	for idle := 0; idle < 400; {
		if r.step() {
			idle = 0
			continue
		}
		if r.waiting() == 0 && idle > 11 { // less than the flow's interval, which brings work of its own
			return
		}
		idle++
		r.now = r.now.Add(20 * time.Second)
		_, err := r.fetch.Tick(r.Context(), model.Orders)
		r.alive(err)
		r.alive(r.retry.Tick(r.Context()))
	}
	r.Fatalf("after hours there are still %d messages on their way", r.waiting())
}

// alive accepts an error only of a process that just died.
func (r *rig) alive(err error) {
	r.Helper()
	if r.ports.dead {
		r.ports.dead = false
		r.wire()
		return
	}
	if err != nil {
		r.Fatal(err)
	}
}

func (r *rig) waiting() int {
	r.Helper()
	n := 0
	for _, name := range queue.All() {
		counts, err := r.queue.Counts(r.Context(), name)
		if err != nil {
			r.Fatal(err)
		}
		n += counts.Total()
	}
	return n
}

func (r *rig) dead() int {
	r.Helper()
	n := 0
	for _, name := range queue.All() {
		counts, err := r.queue.Counts(r.Context(), name)
		if err != nil {
			r.Fatal(err)
		}
		n += counts.Dead
	}
	return n
}

// failures returns open failures and parked records by number.
func (r *rig) failures() map[string]store.Failure {
	r.Helper()
	list, _, err := r.store.Failures(r.Context(), store.FailureFilter{Tenant: tenant, Flow: flowID}, "", 1000)
	if err != nil {
		r.Fatal(err)
	}
	out := map[string]store.Failure{}
	for _, f := range list {
		out[f.Number] = f
	}
	return out
}

// told returns what activity says of an order, oldest first.
func (r *rig) told(number string) []store.RecordActivity {
	r.Helper()
	chunks, _, err := r.store.Chunks(r.Context(), store.ChunkFilter{Tenant: tenant, Flow: flowID}, "", 1000)
	if err != nil {
		r.Fatal(err)
	}
	var out []store.RecordActivity
	for _, c := range slices.Backward(chunks) {
		records, err := store.OpenRecords(r.Context(), r.codec, tenant, c.Payload)
		if err != nil {
			r.Fatal(err)
		}
		for _, record := range records {
			if record.Number == number {
				out = append(out, record)
			}
		}
	}
	return out
}

func (r *rig) state(id string) integration.ConnectionState {
	r.Helper()
	s, err := r.store.ConnectionState(r.Context(), tenant, id)
	if err != nil {
		r.Fatal(err)
	}
	return s
}

// once fails the test unless every order the source has, but those named, is in the target exactly once, every customer
// too, and no failure is open.
func (r *rig) once(except ...string) {
	r.Helper()
	for _, o := range r.source.orders {
		want := 1
		if slices.Contains(except, o.number) {
			want = 0
		}
		if n := len(r.target.orders["T-"+o.number]); n != want {
			r.Errorf("order %s is %d times in the target, want %d; activity: %s", o.number, n, want, summary(r.told(o.number)))
		}
	}
	for email, list := range r.target.customers {
		if len(list) != 1 {
			r.Errorf("customer %s is %d times in the target", strings.SplitN(email, "@", 2)[0], len(list))
		}
	}
	for number, f := range r.failures() {
		if !slices.Contains(except, number) {
			r.Errorf("order %s is a failure: %v", number, f.Problem)
		}
	}
	if n := r.dead(); n > 0 {
		r.Errorf("%d dead letters", n)
	}
}

func summary(list []store.RecordActivity) string {
	var out []string
	for _, a := range list {
		text := string(a.Outcome) + " " + a.Reason
		if a.Problem != nil {
			text += " " + a.Problem.Message
		}
		out = append(out, text)
	}
	return strings.Join(out, "; ")
}

// ports are store and queue behind a switch that lets the process die at a call.
type ports struct {
	store.Store
	queue.Queue
	calls int
	// dieAt is the number of the call at which the process dies, before it is made or after; zero never.
	dieAt int
	after bool
	dead  bool
	saves int    // of checkpoints
	name  string // of the call at which it died
}

var errDead = errors.New("the process is dead")

// call makes a call, unless the process is dead or dies of it.
func (p *ports) call(name string, do func() error) error {
	if p.dead {
		return errDead
	}
	p.calls++
	if p.calls == p.dieAt && !p.after {
		p.dead, p.name = true, "before "+name
		return errDead
	}
	err := do()
	if p.calls == p.dieAt {
		p.dead, p.name = true, "after "+name
		return errDead
	}
	return err
}
