package dynamostore_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"apicenter/shared/emulator"
	"apicenter/shared/fault"
	"apicenter/shared/integration"
	"apicenter/shared/model"
	"apicenter/shared/secret"
	"apicenter/shared/store"
	"apicenter/shared/store/dynamostore"
)

// nine is the time at which the tests begin. It lies on a full hour, and far ahead: DynamoDB Local deletes what expired by the
// machine's clock.
var nine = time.Date(2099, time.March, 2, 9, 0, 0, 0, time.UTC)

func atNine() time.Time { return nine }

// fake is a DynamoDB that does what a test says. The rest goes to the client behind it; where there is none, it must not be
// asked.
type fake struct {
	dynamostore.Client
	get      func(context.Context, *dynamodb.GetItemInput) (*dynamodb.GetItemOutput, error)
	put      func(context.Context, *dynamodb.PutItemInput) (*dynamodb.PutItemOutput, error)
	update   func(context.Context, *dynamodb.UpdateItemInput) (*dynamodb.UpdateItemOutput, error)
	remove   func(context.Context, *dynamodb.DeleteItemInput) (*dynamodb.DeleteItemOutput, error)
	query    func(context.Context, *dynamodb.QueryInput) (*dynamodb.QueryOutput, error)
	getMany  func(context.Context, *dynamodb.BatchGetItemInput) (*dynamodb.BatchGetItemOutput, error)
	setMany  func(context.Context, *dynamodb.BatchWriteItemInput) (*dynamodb.BatchWriteItemOutput, error)
	transact func(context.Context, *dynamodb.TransactWriteItemsInput) (*dynamodb.TransactWriteItemsOutput, error)
}

// ask calls what the test says, or what is behind the fake.
func ask[In, Out any](ctx context.Context, in *In, said func(context.Context, *In) (*Out, error), behind func() (*Out, error)) (*Out, error) {
	if said == nil {
		return behind()
	}
	return said(ctx, in)
}

func (f *fake) GetItem(ctx context.Context, in *dynamodb.GetItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error) {
	return ask(ctx, in, f.get, func() (*dynamodb.GetItemOutput, error) { return f.Client.GetItem(ctx, in) })
}

func (f *fake) PutItem(ctx context.Context, in *dynamodb.PutItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	return ask(ctx, in, f.put, func() (*dynamodb.PutItemOutput, error) { return f.Client.PutItem(ctx, in) })
}

func (f *fake) UpdateItem(ctx context.Context, in *dynamodb.UpdateItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error) {
	return ask(ctx, in, f.update, func() (*dynamodb.UpdateItemOutput, error) { return f.Client.UpdateItem(ctx, in) })
}

func (f *fake) DeleteItem(ctx context.Context, in *dynamodb.DeleteItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.DeleteItemOutput, error) {
	return ask(ctx, in, f.remove, func() (*dynamodb.DeleteItemOutput, error) { return f.Client.DeleteItem(ctx, in) })
}

func (f *fake) Query(ctx context.Context, in *dynamodb.QueryInput, _ ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error) {
	return ask(ctx, in, f.query, func() (*dynamodb.QueryOutput, error) { return f.Client.Query(ctx, in) })
}

func (f *fake) BatchGetItem(ctx context.Context, in *dynamodb.BatchGetItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.BatchGetItemOutput, error) {
	return ask(ctx, in, f.getMany, func() (*dynamodb.BatchGetItemOutput, error) { return f.Client.BatchGetItem(ctx, in) })
}

func (f *fake) BatchWriteItem(ctx context.Context, in *dynamodb.BatchWriteItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.BatchWriteItemOutput, error) {
	return ask(ctx, in, f.setMany, func() (*dynamodb.BatchWriteItemOutput, error) { return f.Client.BatchWriteItem(ctx, in) })
}

func (f *fake) TransactWriteItems(ctx context.Context, in *dynamodb.TransactWriteItemsInput, _ ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error) {
	return ask(ctx, in, f.transact, func() (*dynamodb.TransactWriteItemsOutput, error) { return f.Client.TransactWriteItems(ctx, in) })
}

// failing is a DynamoDB that answers every call with what answer returns.
func failing(answer func(context.Context) error) *fake {
	return &fake{
		get: func(ctx context.Context, _ *dynamodb.GetItemInput) (*dynamodb.GetItemOutput, error) {
			return nil, answer(ctx)
		},
		put: func(ctx context.Context, _ *dynamodb.PutItemInput) (*dynamodb.PutItemOutput, error) {
			return nil, answer(ctx)
		},
		update: func(ctx context.Context, _ *dynamodb.UpdateItemInput) (*dynamodb.UpdateItemOutput, error) {
			return nil, answer(ctx)
		},
		remove: func(ctx context.Context, _ *dynamodb.DeleteItemInput) (*dynamodb.DeleteItemOutput, error) {
			return nil, answer(ctx)
		},
		query: func(ctx context.Context, _ *dynamodb.QueryInput) (*dynamodb.QueryOutput, error) {
			return nil, answer(ctx)
		},
		getMany: func(ctx context.Context, _ *dynamodb.BatchGetItemInput) (*dynamodb.BatchGetItemOutput, error) {
			return nil, answer(ctx)
		},
		setMany: func(ctx context.Context, _ *dynamodb.BatchWriteItemInput) (*dynamodb.BatchWriteItemOutput, error) {
			return nil, answer(ctx)
		},
		transact: func(ctx context.Context, _ *dynamodb.TransactWriteItemsInput) (*dynamodb.TransactWriteItemsOutput, error) {
			return nil, answer(ctx)
		},
	}
}

// named are tables that exist nowhere.
var named = dynamostore.Tables{Config: "the-Config", Ledger: "the-Ledger", Activity: "the-Activity", Failures: "the-Failures", Keys: "the-Keys"}

// fixture are the tables that tests share which use tenants of their own.
var fixture struct {
	sync.Mutex
	tables dynamostore.Tables
}

// common returns a client and tables that other tests use too.
func common(t testing.TB) (*dynamodb.Client, dynamostore.Tables) {
	t.Helper()
	client := local(t)
	fixture.Lock()
	defer fixture.Unlock()
	if fixture.tables == (dynamostore.Tables{}) {
		fixture.tables = create(t, client)
	}
	return client, fixture.tables
}

// wire is the way to DynamoDB Local.
type wire struct {
	requests atomic.Int64
	twice    atomic.Bool // each request arrives twice and the first reply is lost, as when the client repeats it
	between  func()      // happens before the repeat
}

func (w *wire) RoundTrip(req *http.Request) (*http.Response, error) {
	w.requests.Add(1)
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	do := func() (*http.Response, error) {
		again := req.Clone(req.Context())
		again.Body = io.NopCloser(bytes.NewReader(body))
		return http.DefaultTransport.RoundTrip(again)
	}
	resp, err := do()
	if err != nil || !w.twice.Load() {
		return resp, err
	}
	io.Copy(io.Discard, resp.Body)
	resp.Body.Close()
	if w.between != nil {
		w.between()
	}
	return do()
}

// through returns a client of DynamoDB Local that speaks over the wire.
func through(t testing.TB, w http.RoundTripper) *dynamodb.Client {
	t.Helper()
	return over(w, emulator.DynamoDB(t))
}

func over(w http.RoundTripper, url string) *dynamodb.Client {
	return dynamodb.New(dynamodb.Options{Region: "eu-west-1", BaseEndpoint: aws.String(url),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "test", SecretAccessKey: "test"}, nil
		})}, dynamostore.Options, func(o *dynamodb.Options) { o.HTTPClient = &http.Client{Transport: w} })
}

// methods are the names of all that the two ports can be asked.
func methods() []string {
	var list []string
	for _, port := range []reflect.Type{reflect.TypeFor[store.Store](), reflect.TypeFor[secret.Keys]()} {
		for i := range port.NumMethod() {
			list = append(list, port.Method(i).Name)
		}
	}
	slices.Sort(list)
	return list
}

// operation is a method with arguments by which it has to ask DynamoDB.
type operation struct {
	name string
	call func(context.Context, *dynamostore.Store) error
}

// operations are all methods. A test that goes through them has left none out.
func operations(t *testing.T) []operation {
	t.Helper()
	only := func(_ any, err error) error { return err }
	pair := func(_, _ any, err error) error { return err }
	p := store.PositionKey{Tenant: "t", Flow: "f", Mode: "incremental"}
	scope := store.FlowScope("t", "f")
	list := []operation{
		{"PutTenant", func(ctx context.Context, s *dynamostore.Store) error {
			return s.PutTenant(ctx, integration.Tenant{ID: "t"})
		}},
		{"Tenant", func(ctx context.Context, s *dynamostore.Store) error { return only(s.Tenant(ctx, "t")) }},
		{"AllTenants", func(ctx context.Context, s *dynamostore.Store) error { return only(s.AllTenants(ctx)) }},
		{"PutConnection", func(ctx context.Context, s *dynamostore.Store) error {
			return s.PutConnection(ctx, integration.Connection{Tenant: "t", ID: "c"})
		}},
		{"Connection", func(ctx context.Context, s *dynamostore.Store) error { return only(s.Connection(ctx, "t", "c")) }},
		{"Connections", func(ctx context.Context, s *dynamostore.Store) error { return only(s.Connections(ctx, "t")) }},
		{"ConnectionState", func(ctx context.Context, s *dynamostore.Store) error { return only(s.ConnectionState(ctx, "t", "c")) }},
		{"SaveConnectionState", func(ctx context.Context, s *dynamostore.Store) error {
			return only(s.SaveConnectionState(ctx, "t", "c", integration.ConnectionState{}))
		}},
		{"StoppedConnections", func(ctx context.Context, s *dynamostore.Store) error { return only(s.StoppedConnections(ctx)) }},
		{"PutIntegration", func(ctx context.Context, s *dynamostore.Store) error {
			return s.PutIntegration(ctx, integration.Integration{Tenant: "t", ID: "i"})
		}},
		{"Integration", func(ctx context.Context, s *dynamostore.Store) error { return only(s.Integration(ctx, "t", "i")) }},
		{"Integrations", func(ctx context.Context, s *dynamostore.Store) error { return only(s.Integrations(ctx, "t")) }},
		{"PutFlow", func(ctx context.Context, s *dynamostore.Store) error {
			return s.PutFlow(ctx, integration.Flow{Tenant: "t", ID: "f", Version: 1}, nine)
		}},
		{"Flow", func(ctx context.Context, s *dynamostore.Store) error { return only(s.Flow(ctx, "t", "f")) }},
		{"Flows", func(ctx context.Context, s *dynamostore.Store) error { return only(s.Flows(ctx, "t")) }},
		{"DueFlows", func(ctx context.Context, s *dynamostore.Store) error {
			return only(s.DueFlows(ctx, model.Orders, nine, 5))
		}},
		{"MoveDue", func(ctx context.Context, s *dynamostore.Store) error {
			return only(s.MoveDue(ctx, "t", "f", nine, nine))
		}},
		{"FlowByHook", func(ctx context.Context, s *dynamostore.Store) error { return only(s.FlowByHook(ctx, "hook")) }},
		{"Acquire", func(ctx context.Context, s *dynamostore.Store) error { return pair(s.Acquire(ctx, p, "o", nine)) }},
		{"SaveCheckpoint", func(ctx context.Context, s *dynamostore.Store) error { return s.SaveCheckpoint(ctx, p, "o", "1", nine) }},
		{"HandOver", func(ctx context.Context, s *dynamostore.Store) error { return s.HandOver(ctx, p, "o", "n", nine) }},
		{"Release", func(ctx context.Context, s *dynamostore.Store) error { return only(s.Release(ctx, p, "o")) }},
		{"Position", func(ctx context.Context, s *dynamostore.Store) error { return only(s.Position(ctx, p)) }},
		{"AddRereads", func(ctx context.Context, s *dynamostore.Store) error {
			return s.AddRereads(ctx, "t", "f", []store.Reread{{Key: "k"}})
		}},
		{"DueRereads", func(ctx context.Context, s *dynamostore.Store) error {
			return only(s.DueRereads(ctx, "t", "f", nine, 5))
		}},
		{"RemoveRereads", func(ctx context.Context, s *dynamostore.Store) error {
			return s.RemoveRereads(ctx, "t", "f", []string{"k"})
		}},
		{"Entries", func(ctx context.Context, s *dynamostore.Store) error {
			return only(s.Entries(ctx, scope, []string{"k"}))
		}},
		{"SaveEntries", func(ctx context.Context, s *dynamostore.Store) error {
			return only(s.SaveEntries(ctx, scope, []store.Entry{{Key: "k"}}))
		}},
		{"EntriesByReference", func(ctx context.Context, s *dynamostore.Store) error {
			return only(s.EntriesByReference(ctx, scope, "r"))
		}},
		{"StartRun", func(ctx context.Context, s *dynamostore.Store) error { return s.StartRun(ctx, aRun("t")) }},
		{"AddToRun", func(ctx context.Context, s *dynamostore.Store) error {
			return s.AddToRun(ctx, "t", "f", "r", 1, 1, nine, nil)
		}},
		{"Run", func(ctx context.Context, s *dynamostore.Store) error { return only(s.Run(ctx, "t", "f", "r")) }},
		{"Runs", func(ctx context.Context, s *dynamostore.Store) error { return pair(s.Runs(ctx, "t", "f", "", 5)) }},
		{"AppendChunk", func(ctx context.Context, s *dynamostore.Store) error { return s.AppendChunk(ctx, aChunk("t")) }},
		{"Chunk", func(ctx context.Context, s *dynamostore.Store) error { return only(s.Chunk(ctx, "t", "f", "c")) }},
		{"Chunks", func(ctx context.Context, s *dynamostore.Store) error {
			return pair(s.Chunks(ctx, store.ChunkFilter{Tenant: "t", Flow: "f"}, "", 5))
		}},
		{"Hours", func(ctx context.Context, s *dynamostore.Store) error { return only(s.Hours(ctx, "t", "f", nine)) }},
		{"PutFailures", func(ctx context.Context, s *dynamostore.Store) error {
			return s.PutFailures(ctx, []store.Failure{aFailure("t")})
		}},
		{"Failure", func(ctx context.Context, s *dynamostore.Store) error { return only(s.Failure(ctx, "t", "f", "k")) }},
		{"Failures", func(ctx context.Context, s *dynamostore.Store) error {
			return pair(s.Failures(ctx, store.FailureFilter{Tenant: "t"}, "", 5))
		}},
		{"CloseFailures", func(ctx context.Context, s *dynamostore.Store) error {
			return s.CloseFailures(ctx, "t", "f", []store.Closed{{Key: "k"}})
		}},
		{"CountFailures", func(ctx context.Context, s *dynamostore.Store) error { return only(s.CountFailures(ctx, "t")) }},
		{"OpenIncident", func(ctx context.Context, s *dynamostore.Store) error {
			return only(s.OpenIncident(ctx, store.Incident{Tenant: "t", ID: "i", Subject: "flow/f"}))
		}},
		{"CloseIncident", func(ctx context.Context, s *dynamostore.Store) error {
			return only(s.CloseIncident(ctx, "t", "flow/f", nine))
		}},
		{"Incidents", func(ctx context.Context, s *dynamostore.Store) error { return only(s.Incidents(ctx, "t", false, 5)) }},
		{"AddLoad", func(ctx context.Context, s *dynamostore.Store) error { return s.AddLoad(ctx, "t", "c", 1, 1) }},
		{"Load", func(ctx context.Context, s *dynamostore.Store) error { return only(s.Load(ctx, "t", "c")) }},
		{"ClearLoad", func(ctx context.Context, s *dynamostore.Store) error { return s.ClearLoad(ctx, "t", "c") }},
		{"Keys", func(ctx context.Context, s *dynamostore.Store) error { return pair(s.Keys(ctx, "t")) }},
		{"CreateKeys", func(ctx context.Context, s *dynamostore.Store) error {
			return only(s.CreateKeys(ctx, "t", secret.Stored{}))
		}},
		{"EraseKeys", func(ctx context.Context, s *dynamostore.Store) error { return s.EraseKeys(ctx, "t") }},
	}
	var names []string
	for _, o := range list {
		names = append(names, o.name)
	}
	slices.Sort(names)
	if diff := cmp.Diff(methods(), names); diff != "" {
		t.Fatalf("the methods asked are not those of the ports: got + want -\n%s", diff)
	}
	return list
}

// Values of a tenant, with every field set.

func aProblem() *fault.Error {
	return &fault.Error{Class: fault.Reject, Step: "write order", Field: "lines[0].sku", Message: "no such article", Cause: "product:5001"}
}

func aRun(tenant string) store.Run {
	return store.Run{Tenant: tenant, Flow: "f", ID: "r", Kind: model.Orders, Mode: "incremental", Trigger: "schedule", Started: nine}
}

func aChunk(tenant string) store.Chunk {
	return store.Chunk{Tenant: tenant, Flow: "f", Run: "r", ID: "c", At: nine.Add(time.Minute), Expires: nine.Add(24 * time.Hour),
		Counts: map[model.Outcome]int{model.Delivered: 2, model.Skipped: 1}, Payload: []byte("sealed")}
}

func aFailure(tenant string) store.Failure {
	return store.Failure{Tenant: tenant, Flow: "f", Key: "k", Number: "1001", Connection: "c", State: store.FailureOpen, Outcome: model.Rejected,
		Problem: aProblem(), Cause: "product:5001", Version: model.Version{Marker: 7, Read: nine}, Since: nine, Last: nine.Add(time.Minute),
		Run: "r", Activity: "c", Content: "sources", Payload: []byte("sealed")}
}

func aFlow(tenant, id string) integration.Flow {
	return integration.Flow{Tenant: tenant, ID: id, Integration: "i", Kind: model.Orders, Source: "a", Target: "b", Status: integration.Active,
		Schedule: integration.Schedule{Every: 5 * time.Minute}, Hook: "hook of " + tenant + id, Version: 1}
}

// same compares as a caller sees it: times by the instant, empty maps and lists like absent ones.
func same() cmp.Options {
	return cmp.Options{
		cmp.Comparer(func(a, b time.Time) bool { return a.Equal(b) }),
		cmp.FilterValues(func(a, b []byte) bool { return len(a)+len(b) > 0 }, cmp.Comparer(bytes.Equal)),
		cmpopts.EquateEmpty(),
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(fmt.Sprint("unexpected error: ", err))
	}
	return v
}

func ok(err error) {
	if err != nil {
		panic(fmt.Sprint("unexpected error: ", err))
	}
}

// cancelled is a transaction that was not done, for a reason per write.
func cancelled(codes ...string) error {
	e := &types.TransactionCanceledException{Message: aws.String("cancelled")}
	for _, code := range codes {
		e.CancellationReasons = append(e.CancellationReasons, types.CancellationReason{Code: aws.String(code)})
	}
	return e
}
