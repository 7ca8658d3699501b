package deploy

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	mrand "math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/oklog/ulid/v2"

	"apicenter/shared/connector/all"
	"apicenter/shared/events/localbus"
	"apicenter/shared/message"
	"apicenter/shared/model"
	"apicenter/shared/queue"
	"apicenter/shared/queue/sqsqueue"
	"apicenter/shared/secret"
	"apicenter/shared/secret/kmssecret"
	"apicenter/shared/stage"
	"apicenter/shared/stage/fetch"
	"apicenter/shared/stage/mapper"
	"apicenter/shared/stage/retry"
	"apicenter/shared/stage/sender"
	"apicenter/shared/store"
	"apicenter/shared/store/dynamostore"
	"apicenter/shared/telemetry"
)

// The rig runs the stages in this process, each with adapters of its own as its function has, on what the template describes.
// It hands them batches one after another, as one poller does, and counts what is billed: nothing is paid for that an adapter
// did not ask for.

// rig is the functions a record passes, and what is between them.
type rig struct {
	*cloud
	functions []*costed
	desk      *costed // the owner's side: not billed to records
	wait      *waiting
}

// costed is a function with meters.
type costed struct {
	id      string // in the template; empty for the desk
	stage   string
	queue   queue.Name
	batch   int
	memory  int // MB
	timeout time.Duration
	handle  func(context.Context, []queue.Delivery) []string
	tick    func(context.Context) error

	tables *dynamostore.Store
	store  *told
	queues *sqsqueue.Queue
	poller *sqsqueue.Queue // what Lambda asks of the queue, apart from what the function does
	keys   *countedKeys
	vault  *secret.Vault
	codec  *message.Codec
	log    *slog.Logger
	lines  *logged
	wait   *waiting

	sessions    *stage.Sessions
	plans       *stage.Plans
	ender       *stage.Ender
	teller      *stage.Teller
	empty       int // receives that brought nothing
	invocations int
	took        time.Duration // in handlers
	waited      time.Duration // of it, for connected systems
	bodies      int           // bytes of the bodies handled, as the queue carries them
	messages    int
}

// countedKeys counts requests to KMS.
type countedKeys struct {
	kmssecret.Client
	requests int
}

func (c *countedKeys) Encrypt(ctx context.Context, in *kms.EncryptInput, opts ...func(*kms.Options)) (*kms.EncryptOutput, error) {
	c.requests++
	return c.Client.Encrypt(ctx, in, opts...)
}

func (c *countedKeys) Decrypt(ctx context.Context, in *kms.DecryptInput, opts ...func(*kms.Options)) (*kms.DecryptOutput, error) {
	c.requests++
	return c.Client.Decrypt(ctx, in, opts...)
}

// logged counts what is logged. It keeps the lines of trouble.
type logged struct {
	mu      sync.Mutex
	bytes   int
	lines   int
	trouble []string
	metrics map[string]bool // with their dimensions: each is billed
}

func (w *logged) Write(line []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.bytes += len(line)
	w.lines++
	if bytes.Contains(line, []byte(`"level":"ERROR"`)) || bytes.Contains(line, []byte(`"level":"WARN"`)) {
		w.trouble = append(w.trouble, string(line))
	}
	w.note(line)
	return len(line), nil
}

func (w *logged) note(line []byte) {
	var l struct {
		Stage, Kind string
		AWS         struct {
			CloudWatchMetrics []struct{ Metrics []struct{ Name string } }
		} `json:"_aws"`
	}
	if json.Unmarshal(line, &l) != nil {
		return
	}
	if w.metrics == nil {
		w.metrics = map[string]bool{}
	}
	for _, d := range l.AWS.CloudWatchMetrics {
		for _, m := range d.Metrics {
			w.metrics[m.Name], w.metrics[m.Name+" "+l.Stage+" "+l.Kind] = true, true
		}
	}
}

// told counts outcomes for the line about the message, as the functions do, and the bytes of activity.
type told struct {
	*dynamostore.Store
	payload int
}

func (s *told) AppendChunk(ctx context.Context, c store.Chunk) error {
	s.payload += len(c.Payload)
	for outcome, metric := range map[model.Outcome]string{model.Delivered: telemetry.RecordsDelivered, model.Skipped: telemetry.RecordsSkipped} {
		if n := c.Counts[outcome]; n > 0 {
			telemetry.TallyOf(ctx).Add(metric, n)
		}
	}
	return s.Store.AppendChunk(ctx, c)
}

func (s *told) StoppedConnections(ctx context.Context) ([]store.ConnectionRef, error) {
	telemetry.TallyOf(ctx).Add(telemetry.Paused, 0)
	return s.Store.StoppedConnections(ctx)
}

// waiting measures how long at least one call to a connected system is under way. An answer is read whole before it is
// handed on, so that reading it counts as well.
type waiting struct {
	to http.RoundTripper

	mu       sync.Mutex
	underway int
	since    time.Time
	total    time.Duration
	calls    int
}

func (w *waiting) RoundTrip(r *http.Request) (*http.Response, error) {
	w.enter()
	defer w.leave()
	answer, err := w.to.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(answer.Body)
	if e := answer.Body.Close(); err == nil {
		err = e
	}
	answer.Body = io.NopCloser(bytes.NewReader(body))
	return answer, err
}

func (w *waiting) enter() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.underway++; w.underway == 1 {
		w.since = time.Now()
	}
	w.calls++
}

func (w *waiting) leave() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.underway--; w.underway == 0 {
		w.total += time.Since(w.since)
	}
}

func (w *waiting) so() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.total
}

// newRig brings up the template's tables, queues and key.
func newRig(ctx context.Context, t testing.TB) *rig {
	t.Helper()
	r := &rig{cloud: bringUp(ctx, t, nil), wait: &waiting{to: &http.Transport{MaxIdleConnsPerHost: 64}}}
	r.desk = r.open(ctx, t, "", "", "")
	return r
}

func world() stage.World {
	return stage.World{Now: func() time.Time { return time.Now().UTC() }, ID: func() string { return ulid.Make().String() },
		Rand: mrand.Float64, Each: stage.Parallel}
}

// orders wires the functions that orders pass, as their mains do.
func (r *rig) orders(ctx context.Context, t testing.TB) {
	t.Helper()
	world := world()
	var f *costed
	jobs := func() *fetch.Stage {
		return &fetch.Stage{Plans: f.plans, Sessions: f.sessions, Flows: f.store, Connections: f.store, Positions: f.store, Rereads: f.store,
			Activity: f.store, Failures: f.store, Teller: f.teller, Loads: f.store, Queue: f.queues, Codec: f.codec, World: world, Log: f.log}
	}
	// Downstream first: a record is brought to its end before the next is read, as functions do that run side by side.
	f = r.open(ctx, t, "SenderFunction", "send", queue.Send)
	f.handle = (&sender.Stage{Sessions: f.sessions, Flows: f.store, Connections: f.store, Ledger: f.store, Failures: f.store, Teller: f.teller,
		Loads: f.store, Queue: f.queues, Ender: f.ender, Codec: f.codec, Index: f.vault, World: world, Log: f.log,
		Products: &sender.Known{Now: world.Now}}).Handle
	f = r.open(ctx, t, "MapperFunction", "map", queue.Map)
	f.handle = (&mapper.Stage{Plans: f.plans, Rereads: f.store, Ledger: f.store, Loads: f.store, Queue: f.queues, Ender: f.ender, Codec: f.codec,
		World: world, Log: f.log}).Handle
	f = r.open(ctx, t, "RetryFunction", "retry", queue.Retry)
	back := &retry.Stage{Sessions: f.sessions, Flows: f.store, Connections: f.store, Failures: f.store, Teller: f.teller, Loads: f.store,
		Queue: f.queues, Ender: f.ender, Codec: f.codec, World: world, Log: f.log, Enqueue: jobs().Enqueue}
	f.handle, f.tick = back.Handle, back.Tick
	f = r.open(ctx, t, "OrdersFunction", "fetch", queue.Fetch(model.Orders))
	reading := jobs()
	f.handle = reading.Handle
	f.tick = func(ctx context.Context) error {
		due, err := reading.Tick(ctx, model.Orders)
		telemetry.TallyOf(ctx).Add(telemetry.FlowsDue, due)
		return err
	}
}

// open makes a function's adapters, sized and named as the template says.
func (r *rig) open(ctx context.Context, t testing.TB, function, stageName string, from queue.Name) *costed {
	t.Helper()
	now := world().Now
	f := &costed{id: function, stage: stageName, queue: from, lines: &logged{}, wait: r.wait}
	if function != "" {
		f.memory, f.timeout = r.number(function, "MemorySize"), time.Duration(r.number(function, "Timeout"))*time.Second
		for _, s := range r.sources() {
			if s.function == function {
				f.batch = r.number(s.id, "BatchSize")
			}
		}
		r.functions = append(r.functions, f)
	}
	f.log = telemetry.NewLog(f.lines, slog.LevelInfo)
	table := func(id string) string { return r.text(id, "TableName") }
	f.tables = dynamostore.Open(asBilled{dynamodb.NewFromConfig(r.config, dynamostore.Options, func(o *dynamodb.Options) { o.BaseEndpoint = aws.String(r.endpoints["DYNAMODB"]) })},
		dynamostore.Tables{Config: table("ConfigTable"), Ledger: table("LedgerTable"), Activity: table("ActivityTable"),
			Failures: table("FailuresTable"), Keys: table("KeysTable")}, now)
	f.store = &told{Store: f.tables}
	f.keys = &countedKeys{Client: kms.NewFromConfig(r.config, func(o *kms.Options) { o.BaseEndpoint = aws.String(r.endpoints["KMS"]) })}
	f.vault = secret.NewVault(f.tables, kmssecret.Open(f.keys, r.refs["MasterKey"]), now)
	var err error
	if f.codec, err = message.NewCodec(f.vault); err != nil {
		t.Fatal(err)
	}
	options := sqsqueue.Options{URLs: map[queue.Name]string{}, DeadLetters: map[queue.Name]string{}}
	for _, name := range queue.All() {
		id := r.queueID(name)
		options.URLs[name] = fmt.Sprint(r.ref(id))
	}
	client := sqs.NewFromConfig(r.config, sqsqueue.Configure, func(o *sqs.Options) { o.BaseEndpoint = aws.String(r.endpoints["SQS"]) })
	if f.queues, err = sqsqueue.Open(ctx, client, options); err != nil {
		t.Fatal(err)
	}
	if f.poller, err = sqsqueue.Open(ctx, client, options); err != nil {
		t.Fatal(err)
	}
	f.sessions = &stage.Sessions{Connections: f.store, Sealer: f.vault, Connectors: all.Connectors(), HTTP: &http.Client{Transport: r.wait}, World: world(), Log: f.log}
	f.plans = &stage.Plans{Flows: f.store, Connections: f.store, Connector: f.sessions.Connector}
	// Nothing stops and no run fails here: nothing is published that would have to be counted.
	f.teller = &stage.Teller{Incidents: f.store, Events: localbus.New(localbus.Options{Log: f.log}), World: world(), Log: f.log}
	f.ender = &stage.Ender{Activity: f.store, Failures: f.store, Queue: f.queues, Codec: f.codec, World: world()}
	return f
}

// settle hands messages to the functions until no queue holds one.
func (r *rig) settle(ctx context.Context) error {
	for {
		busy := false
		for _, f := range r.functions {
			some, err := f.poll(ctx)
			if err != nil {
				return err
			}
			if busy = busy || some; some {
				break // downstream first
			}
		}
		if busy {
			continue
		}
		quiet, err := r.quiet(ctx)
		if err != nil || quiet {
			return err
		}
		pause(ctx, 50*time.Millisecond)
	}
}

func (r *rig) quiet(ctx context.Context) (bool, error) {
	for _, f := range r.functions {
		n, err := r.lying(ctx, f.queue)
		if err != nil || n > 0 {
			return false, err
		}
	}
	return true, nil
}

// poll does what Lambda does once: receives a batch, invokes the function, deletes what it does not call failed.
func (f *costed) poll(ctx context.Context) (some bool, err error) {
	got, err := f.poller.Receive(ctx, f.queue, f.batch, 0)
	if err != nil {
		return false, err
	}
	if len(got) == 0 {
		f.empty++
		return false, nil
	}
	failed := map[string]bool{}
	f.invoke(ctx, func(ctx context.Context) {
		for _, d := range got {
			f.bodies += (len(d.Body) + 2) / 3 * 4
			f.messages++
			f.message(ctx, d, failed)
		}
	})
	done := slices.DeleteFunc(got, func(d queue.Delivery) bool { return failed[d.ID] })
	if len(done) == 0 {
		return true, nil
	}
	return true, f.poller.Delete(ctx, done)
}

// invoke runs one invocation and takes its time.
func (f *costed) invoke(ctx context.Context, do func(context.Context)) {
	inside, cancel := context.WithTimeout(ctx, f.timeout)
	defer cancel()
	started, before := time.Now(), f.wait.so()
	do(inside)
	// Lambda bills whole milliseconds.
	f.took += (time.Since(started) + time.Millisecond - 1).Truncate(time.Millisecond)
	f.waited += f.wait.so() - before
	f.invocations++
}

// message handles one message and logs the line that functions log about it.
func (f *costed) message(ctx context.Context, d queue.Delivery, failed map[string]bool) {
	started := time.Now()
	ctx, tally := telemetry.Counting(ctx)
	ids := f.handle(ctx, []queue.Delivery{d})
	for _, id := range ids {
		failed[id] = true
	}
	took := time.Since(started)
	h, err := message.Peek(d.Body)
	if err != nil {
		f.log.Error("a message cannot be read", "error", err)
	}
	metrics := append(tally.Metrics(),
		telemetry.Metric{Name: telemetry.Messages, Unit: telemetry.Count, Value: 1},
		telemetry.Metric{Name: telemetry.MessagesReturned, Unit: telemetry.Count, Value: int64(len(ids))},
		telemetry.Metric{Name: telemetry.MessageTime, Unit: telemetry.Milliseconds, Value: took.Milliseconds()})
	attrs := []slog.Attr{telemetry.Stage(f.stage), slog.String("queue", string(d.Queue)), slog.String("message", d.ID), slog.Int("receives", d.Receives),
		telemetry.Tenant(h.Tenant), telemetry.Flow(h.Flow), telemetry.Run(h.Run), telemetry.Kind("orders"), slog.Int("records", h.Records),
		slog.Bool("again", len(ids) > 0), telemetry.Took(took)}
	attrs = append(attrs, telemetry.Embed(started, stackName, [][]string{{}, {"stage", "kind"}}, metrics...)...)
	f.log.LogAttrs(ctx, slog.LevelInfo, "a message was handled", attrs...)
}

// look runs the tick of a schedule once and logs the line that functions log about it.
func (f *costed) look(ctx context.Context) (err error) {
	f.invoke(ctx, func(ctx context.Context) {
		started := time.Now()
		ctx, tally := telemetry.Counting(ctx)
		err = f.tick(ctx)
		kind := "orders"
		if f.stage == "retry" {
			kind = "none"
		}
		attrs := []slog.Attr{telemetry.Stage(f.stage), telemetry.Kind(kind), slog.Bool("failed", err != nil), telemetry.Took(time.Since(started))}
		attrs = append(attrs, telemetry.Embed(started, stackName, [][]string{{}, {"stage", "kind"}}, tally.Metrics()...)...)
		f.log.LogAttrs(ctx, slog.LevelInfo, "the schedule was looked after", attrs...)
	})
	return err
}

// lying is how many messages a queue holds, delayed ones included.
func (r *rig) lying(ctx context.Context, name queue.Name) (n int, err error) {
	out, err := r.queues.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: aws.String(fmt.Sprint(r.ref(r.queueID(name)))),
		AttributeNames: queueCounts()})
	if err != nil {
		return 0, err
	}
	for value := range maps.Values(out.Attributes) {
		if value != "0" {
			n++
		}
	}
	return n, nil
}

// asBilled is a client of DynamoDB Local that corrects its figures where AWS's documentation says otherwise: a row that is
// not there is billed like a small one when it is looked for, a query that finds nothing one unit, and each row of a
// transaction two for a KB, indexes on top.
type asBilled struct{ *dynamodb.Client }

func (c asBilled) BatchGetItem(ctx context.Context, in *dynamodb.BatchGetItemInput, opts ...func(*dynamodb.Options)) (*dynamodb.BatchGetItemOutput, error) {
	out, err := c.Client.BatchGetItem(ctx, in, opts...)
	if err != nil {
		return out, err
	}
	for table, asked := range in.RequestItems {
		missing := len(asked.Keys) - len(out.Responses[table]) - len(out.UnprocessedKeys[table].Keys)
		units := float64(missing)
		if !aws.ToBool(asked.ConsistentRead) {
			units /= 2
		}
		out.ConsumedCapacity = append(out.ConsumedCapacity, types.ConsumedCapacity{TableName: aws.String(table), CapacityUnits: aws.Float64(units)})
	}
	return out, nil
}

func (c asBilled) Query(ctx context.Context, in *dynamodb.QueryInput, opts ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error) {
	out, err := c.Client.Query(ctx, in, opts...)
	if err == nil && out.ConsumedCapacity != nil && aws.ToFloat64(out.ConsumedCapacity.CapacityUnits) == 0 {
		units := 0.5
		if aws.ToBool(in.ConsistentRead) {
			units = 1
		}
		out.ConsumedCapacity = &types.ConsumedCapacity{TableName: in.TableName, CapacityUnits: aws.Float64(units)}
	}
	return out, err
}

func (c asBilled) TransactWriteItems(ctx context.Context, in *dynamodb.TransactWriteItemsInput, opts ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error) {
	out, err := c.Client.TransactWriteItems(ctx, in, opts...)
	if err != nil || len(out.ConsumedCapacity) != 1 || out.ConsumedCapacity[0].Table == nil {
		return out, err
	}
	had := &out.ConsumedCapacity[0]
	if lacks := 2*float64(len(in.TransactItems)) - aws.ToFloat64(had.Table.CapacityUnits); lacks > 0 {
		had.CapacityUnits = aws.Float64(aws.ToFloat64(had.CapacityUnits) + lacks)
	}
	return out, nil
}
