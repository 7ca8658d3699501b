package deploy

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/oklog/ulid/v2"

	"apicenter/infra/exam"
	"apicenter/infra/sandbox"
	"apicenter/infra/sandbox/afas"
	"apicenter/infra/sandbox/mpluskassa"
	"apicenter/infra/sandbox/shopdata"
	"apicenter/shared/connector"
	"apicenter/shared/connector/all"
	"apicenter/shared/message"
	"apicenter/shared/model"
	"apicenter/shared/queue"
	"apicenter/shared/queue/sqsqueue"
	"apicenter/shared/secret"
	"apicenter/shared/secret/kmssecret"
	"apicenter/shared/stage"
	"apicenter/shared/stage/fetch"
	"apicenter/shared/stage/webhook"
	"apicenter/shared/store"
	"apicenter/shared/store/dynamostore"
)

// desk is the owner's side of the stack: what the panel would do.
type desk struct {
	store store.Store
	codec *message.Codec
	vault *secret.Vault
	fetch *fetch.Stage
	plans *stage.Plans
}

func (c *cloud) desk(ctx context.Context, t *testing.T) *desk {
	t.Helper()
	now := func() time.Time { return time.Now().UTC() }
	table := func(id string) string { return c.text(id, "TableName") }
	client := dynamodb.NewFromConfig(c.config, dynamostore.Options, func(o *dynamodb.Options) { o.BaseEndpoint = aws.String(c.endpoints["DYNAMODB"]) })
	s := dynamostore.Open(client, dynamostore.Tables{Config: table("ConfigTable"), Ledger: table("LedgerTable"), Activity: table("ActivityTable"),
		Failures: table("FailuresTable"), Keys: table("KeysTable")}, now)
	keys := kms.NewFromConfig(c.config, func(o *kms.Options) { o.BaseEndpoint = aws.String(c.endpoints["KMS"]) })
	d := &desk{store: s, vault: secret.NewVault(s, kmssecret.Open(keys, c.refs["MasterKey"]), now)}
	var err error
	if d.codec, err = message.NewCodec(d.vault); err != nil {
		t.Fatal(err)
	}
	options := sqsqueue.Options{URLs: map[queue.Name]string{}}
	for _, name := range queue.All() {
		options.URLs[name] = fmt.Sprint(c.ref(c.queueID(name)))
	}
	q, err := sqsqueue.Open(ctx, sqs.NewFromConfig(c.config, sqsqueue.Configure, func(o *sqs.Options) { o.BaseEndpoint = aws.String(c.endpoints["SQS"]) }), options)
	if err != nil {
		t.Fatal(err)
	}
	known := &stage.Sessions{Connectors: all.Connectors()}
	d.plans = &stage.Plans{Flows: s, Connections: s, Connector: known.Connector}
	d.fetch = &fetch.Stage{Queue: q, Codec: d.codec, World: stage.World{Now: now, ID: func() string { return ulid.Make().String() }}}
	return d
}

// failures are the numbers of orders that will not go by themselves.
func (d *desk) failures(ctx context.Context, t *testing.T) map[string]bool {
	t.Helper()
	out, cursor := map[string]bool{}, ""
	for {
		list, next, err := d.store.Failures(ctx, store.FailureFilter{Tenant: exam.Tenant, Flow: exam.Flow}, cursor, 500)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range list {
			out[f.Number] = true
		}
		if cursor = next; next == "" {
			return out
		}
	}
}

// counts adds up what the flow's runs of a mode say became of their records.
func (d *desk) counts(ctx context.Context, t *testing.T, mode connector.Mode) map[model.Outcome]int {
	t.Helper()
	runs, _, err := d.store.Runs(ctx, exam.Tenant, exam.Flow, "", 100)
	if err != nil {
		t.Fatal(err)
	}
	out := map[model.Outcome]int{}
	for _, r := range runs {
		if r.Mode != string(mode) {
			continue
		}
		if r.Problem != nil {
			t.Errorf("a run ended early: %v", r.Problem)
		}
		for outcome, n := range r.Counts {
			out[outcome] += n
		}
	}
	return out
}

// faults is how the target misbehaves: it fails, throttles, hangs up, and times out after it has committed.
var faults = sandbox.Faults{Fail: 0.05, Throttle: 0.05, RetryAfter: 200 * time.Millisecond, Drop: 0.02, LateCommit: 0.02,
	CommitDelay: 2 * time.Second, Seed: 7}

// Promises 1 and 2, for the stack as it is deployed: the functions as they are built, with the environment, the queues and
// the tables the template gives them, bring a shop's orders to a target that misbehaves; no order is lost and none is
// doubled, when everything is read a second time neither.
func TestTheStackBringsOrdersAcross(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and starts all functions and the emulators")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	c := bringUp(ctx, t, map[string]string{"Reach": "any"}) // the simulated systems are on this machine
	c.startFunctions(t)
	d := c.desk(ctx, t)

	till, erp := sandbox.Control{Base: serve(t, "mpluskassa")}, sandbox.Control{Base: serve(t, "afas")}
	options := shopdata.Options{Seed: 11, Orders: 60}
	shop := shopdata.Generate(options)
	if err := till.Seed(ctx, mpluskassa.Seed{Generate: &options}); err != nil {
		t.Fatal(err)
	}
	if err := erp.Seed(ctx, exam.Seed(shop)); err != nil {
		t.Fatal(err)
	}
	if err := erp.SetFaults(ctx, sandbox.Faults{Deny: true}); err != nil { // its owner has not let us in yet
		t.Fatal(err)
	}
	token, hash, err := webhook.NewToken()
	if err != nil {
		t.Fatal(err)
	}
	platform := exam.Platform{Store: d.store, Sealer: d.vault, Plans: d.plans, Now: func() time.Time { return time.Now().UTC() }}
	if err := platform.Create(ctx, exam.Setup{Source: till.Base, Target: erp.Base, Every: time.Hour, Quick: true, Hook: hash}); err != nil {
		t.Fatal(err)
	}

	var troubles sync.Map // what went wrong on the way, for the case that something is missing in the end
	inside, stop := context.WithCancel(ctx)
	polled := make(chan struct{})
	go func() {
		c.poll(inside, func(err error) { troubles.Store(err.Error(), true) })
		close(polled)
	}()
	defer func() {
		stop()
		<-polled
		if t.Failed() {
			troubles.Range(func(text, _ any) bool { t.Log(text); return true })
		}
	}()

	// The schedule finds the flow, which is due; nothing else starts it.
	if err := c.tick(ctx); err != nil {
		t.Fatal(err)
	}
	if err := c.untilQuiet(ctx); err != nil {
		t.Fatal(err)
	}
	// The target lets nobody in: the records wait, and the owner is told.
	d.stopped(ctx, t)
	if err := erp.SetFaults(ctx, faults); err != nil {
		t.Fatal(err)
	}
	d.mended(ctx, t, c)
	if err := c.untilQuiet(ctx); err != nil {
		t.Fatal(err)
	}
	c.checkNews(ctx, t)
	compare(ctx, t, d, erp, shop)
	first := d.counts(ctx, t, connector.Incremental)
	delete(first, model.Pending) // tries that were not the last
	if want := expected(shop); !maps.Equal(first, want) {
		t.Errorf("the first pass says %v, expected %v", first, want)
	}

	// Everything once more, from the start, by now without trouble.
	if err := erp.SetFaults(ctx, sandbox.Faults{}); err != nil {
		t.Fatal(err)
	}
	flow, err := d.store.Flow(ctx, exam.Tenant, exam.Flow)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.fetch.Enqueue(ctx, flow, message.Job{Mode: string(connector.Full), Trigger: message.Manual}, 0); err != nil {
		t.Fatal(err)
	}
	if err := c.untilQuiet(ctx); err != nil {
		t.Fatal(err)
	}
	compare(ctx, t, d, erp, shop)
	if second := d.counts(ctx, t, connector.Full); second[model.Delivered] != 0 || second[model.Skipped] == 0 {
		t.Errorf("read once more: %v", second)
	}

	c.checkFront(ctx, t, token)
	if err := c.untilQuiet(ctx); err != nil {
		t.Fatal(err)
	}
	c.checkLog(t, shop)
	for _, id := range c.of("AWS::SQS::Queue") {
		if strings.HasSuffix(id, "Dead") {
			if n := c.held(ctx, t, id); n > 0 {
				t.Errorf("%s holds %d messages", id, n)
			}
		}
	}
}

// serve starts a simulated system.
func serve(t testing.TB, name string) string {
	t.Helper()
	at := slices.IndexFunc(sandbox.All, func(e sandbox.Entry) bool { return e.Name == name })
	url, stop, err := sandbox.All[at].New().Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return url
}

// expected is what becomes of a shop's orders.
func expected(shop *shopdata.Shop) map[model.Outcome]int {
	out := map[model.Outcome]int{}
	for _, o := range shop.Orders {
		out[model.Outcome(exam.Expected(o))]++
	}
	return out
}

// compare holds the target's own state against the expectation.
func compare(ctx context.Context, t *testing.T, d *desk, erp sandbox.Control, shop *shopdata.Shop) {
	t.Helper()
	var state afas.State
	if err := erp.State(ctx, &state); err != nil {
		t.Fatal(err)
	}
	open := d.failures(ctx, t)
	if v := exam.Compare(shop.Orders, state, open); v.Lost+v.Doubled+v.Wrong > 0 {
		t.Errorf("lost %d, doubled %d, wrong %d:\n%s", v.Lost, v.Doubled, v.Wrong, strings.Join(v.Problems, "\n"))
	}
	for _, o := range shop.Orders {
		if want := exam.Expected(o) == exam.Reject; open[o.Number.String()] != want {
			t.Errorf("order %s (%s): open failure is %t, expected %t", o.Number, o.Fate, open[o.Number.String()], want)
		}
	}
}

// checkFront asks the gateway's addresses.
func (c *cloud) checkFront(ctx context.Context, t *testing.T, token string) {
	t.Helper()
	for _, ask := range []struct {
		method, path string
		status       int
	}{
		{http.MethodPost, "/hooks/" + token, http.StatusAccepted},
		{http.MethodPost, "/hooks/guessed", http.StatusNotFound},
		{http.MethodGet, "/healthz", http.StatusOK},
		{http.MethodGet, "/signin", http.StatusOK},
		{http.MethodGet, "/", http.StatusSeeOther},
		{http.MethodGet, "/signin/guessed", http.StatusForbidden},
	} {
		answer, err := c.request(ctx, ask.method, ask.path)
		if err != nil {
			t.Fatalf("%s %s: %v", ask.method, ask.path, err)
		}
		if answer.StatusCode != ask.status {
			t.Errorf("%s %s: status %d, want %d", ask.method, ask.path, answer.StatusCode, ask.status)
		}
	}
	c.signIn(ctx, t)
}

// checkLog reads what the functions logged: JSON throughout, nothing of a customer, and the metrics that alarms wait for.
func (c *cloud) checkLog(t *testing.T, shop *shopdata.Shop) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	var private []string
	for _, o := range shop.Orders {
		if o.Customer != nil && o.Customer.Email != "" {
			private = append(private, o.Customer.Email, o.Customer.Last)
		}
	}
	delivered, metrics := 0, map[string]bool{}
	for _, text := range c.log {
		var line map[string]any
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Errorf("a line is not JSON: %s", text)
			continue
		}
		if line["level"] == "ERROR" || line["level"] == "WARN" {
			t.Errorf("a function complains: %s", text)
		}
		for _, p := range private {
			if len(p) > 4 && strings.Contains(text, p) {
				t.Errorf("a line tells of a customer: %s", text)
			}
		}
		for _, name := range metricNames() {
			if _, ok := line[name]; ok && line["_aws"] != nil {
				metrics[fmt.Sprintf("%s %v", name, line["stage"])] = true
			}
		}
		if n, ok := line["RecordsDelivered"].(float64); ok {
			delivered += int(n)
		}
		if line["text"] == "a message was handled" && (line["tenant"] != exam.Tenant || line["flow"] != exam.Flow) {
			t.Errorf("a line about a message does not say whose it is: %s", text)
		}
	}
	if want := expected(shop)[model.Delivered]; delivered != want {
		t.Errorf("the metrics tell of %d delivered orders, expected %d", delivered, want)
	}
	for _, want := range []string{"Messages fetch", "Messages map", "Messages send", "RecordsDelivered send", "RecordsRejected map", "RecordsSkipped map",
		"FlowsDue fetch", "PausedConnections retry", "MessageTime send", "DeliveryTime send"} {
		if !metrics[want] {
			t.Errorf("no line carries the metric %s", want)
		}
	}
}
