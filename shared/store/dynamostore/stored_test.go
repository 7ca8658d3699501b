package dynamostore_test

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"apicenter/shared/integration"
	"apicenter/shared/model"
	"apicenter/shared/secret"
	"apicenter/shared/store"
	"apicenter/shared/store/dynamostore"
)

var update = flag.Bool("update", false, "write the golden rows anew")

// row is a stored row; its values are as the service's JSON has them.
type row struct {
	Table string           `json:"table"`
	Row   map[string]value `json:"row"`
}

type value struct {
	S    *string `json:"S,omitempty"`
	N    *string `json:"N,omitempty"`
	B    []byte  `json:"B,omitempty"`
	BOOL *bool   `json:"BOOL,omitempty"`
}

func (v value) attribute() types.AttributeValue {
	switch {
	case v.S != nil:
		return &types.AttributeValueMemberS{Value: *v.S}
	case v.N != nil:
		return &types.AttributeValueMemberN{Value: *v.N}
	case v.BOOL != nil:
		return &types.AttributeValueMemberBOOL{Value: *v.BOOL}
	}
	return &types.AttributeValueMemberB{Value: v.B}
}

func (r row) attributes() map[string]types.AttributeValue {
	out := map[string]types.AttributeValue{}
	for name, v := range r.Row {
		out[name] = v.attribute()
	}
	return out
}

func (r row) key() map[string]types.AttributeValue {
	out := map[string]types.AttributeValue{"pk": r.Row["pk"].attribute()}
	if sk, found := r.Row["sk"]; found {
		out["sk"] = sk.attribute()
	}
	return out
}

// place is a row's place in order: by table and key.
func (r row) place() string {
	p := r.Table + " " + *r.Row["pk"].S
	if sk := r.Row["sk"].S; sk != nil {
		p += " " + *sk
	}
	return p
}

func rowOf(table string, attributes map[string]types.AttributeValue) row {
	out := row{table, map[string]value{}}
	for name, a := range attributes {
		switch a := a.(type) {
		case *types.AttributeValueMemberS:
			out.Row[name] = value{S: &a.Value}
		case *types.AttributeValueMemberN:
			out.Row[name] = value{N: &a.Value}
		case *types.AttributeValueMemberB:
			out.Row[name] = value{B: a.Value}
		case *types.AttributeValueMemberBOOL:
			out.Row[name] = value{BOOL: &a.Value}
		}
	}
	return out
}

// fixed puts fixed values in place of random ones, and shortens what a golden file has no room for.
func fixed(rows []row) {
	bodies := 0
	for _, r := range rows {
		if body := r.Row["body"].S; body != nil {
			bodies++
			name := fmt.Sprint("BODY", bodies)
			for _, other := range rows {
				if pk := *other.Row["pk"].S; pk == "body#"+*body {
					other.Row["pk"] = value{S: aws.String("body#" + name)}
				}
			}
			r.Row["body"] = value{S: &name}
		}
	}
	revision := regexp.MustCompile(`"revision":\d+`)
	for _, r := range rows {
		if r.Row["revision"].N != nil {
			r.Row["revision"] = value{N: aws.String("1001")}
		}
		if r.Row["token"].S != nil {
			r.Row["token"] = value{S: aws.String("TOKEN")}
		}
		if doc := r.Row["document"].S; doc != nil {
			r.Row["document"] = value{S: aws.String(revision.ReplaceAllString(*doc, `"revision":1001`))}
		}
		if payload := r.Row["payload"].B; len(payload) > 8 {
			r.Row["payload"] = value{B: payload[:8]}
		}
	}
	slices.SortFunc(rows, func(a, b row) int { return strings.Compare(a.place(), b.place()) })
}

// recorder remembers which rows were written.
type recorder struct {
	*fake
	mu   sync.Mutex
	keys map[string]row
}

func record(client *dynamodb.Client) *recorder {
	r := &recorder{fake: &fake{Client: client}, keys: map[string]row{}}
	note := func(table *string, attributes map[string]types.AttributeValue) {
		key := rowOf(aws.ToString(table), attributes)
		maps.DeleteFunc(key.Row, func(name string, _ value) bool { return name != "pk" && name != "sk" })
		r.mu.Lock()
		defer r.mu.Unlock()
		r.keys[key.place()] = key
	}
	r.put = func(ctx context.Context, in *dynamodb.PutItemInput) (*dynamodb.PutItemOutput, error) {
		note(in.TableName, in.Item)
		return client.PutItem(ctx, in)
	}
	r.update = func(ctx context.Context, in *dynamodb.UpdateItemInput) (*dynamodb.UpdateItemOutput, error) {
		note(in.TableName, in.Key)
		return client.UpdateItem(ctx, in)
	}
	r.transact = func(ctx context.Context, in *dynamodb.TransactWriteItemsInput) (*dynamodb.TransactWriteItemsOutput, error) {
		for _, w := range in.TransactItems {
			switch {
			case w.Put != nil:
				note(w.Put.TableName, w.Put.Item)
			case w.Update != nil:
				note(w.Update.TableName, w.Update.Key)
			}
		}
		return client.TransactWriteItems(ctx, in)
	}
	return r
}

// kept is a kind of value, how it is written and read.
type kept struct {
	write func(ctx context.Context, s *dynamostore.Store) error
	read  func(ctx context.Context, s *dynamostore.Store) (any, error)
	want  any
}

// keptKinds are all kinds of rows, with every field set.
func keptKinds() map[string]kept {
	const tenant = "golden"
	tenants := integration.Tenant{ID: tenant, Name: "Shop", Language: "nl", Zone: "Europe/Amsterdam"}
	connection := integration.Connection{Tenant: tenant, ID: "c", System: "afas", Title: "AFAS", Settings: map[string]string{"environment": "012345"},
		Secrets: []byte("sealed"), Prefix: "W-", Backoff: 0.5}
	state := integration.ConnectionState{Status: integration.Down, Until: nine, Failures: 5, Reason: aProblem(), Since: nine, Parallel: 2.5,
		Spent: []integration.Spent{{Window: nine, Calls: 3}}, Working: "m", Crashes: 1, Probed: nine}
	pair := integration.Integration{Tenant: tenant, ID: "i", Title: "Till to ERP", A: "a", B: "b"}
	flow := aFlow(tenant, "f")
	flow.Options, flow.Filter, flow.GetMapping, flow.From, flow.Version = map[string]string{"days": "3"}, "paid", "to: x", nine, 3
	p := store.PositionKey{Tenant: tenant, Flow: "f", Mode: "incremental"}
	position := store.Position{Checkpoint: "42", Owner: "o", Until: nine.Add(time.Hour), Again: true}
	reread := store.Reread{Key: "k", Since: nine.Add(-time.Hour), Next: nine, Tries: 2}
	scope := store.FlowScope(tenant, "f")
	entry := store.Entry{Key: "k", State: store.Unsure, UnsureUntil: nine.Add(time.Minute + 3), Version: model.Version{Marker: 1 << 62, Read: nine.Add(1)},
		Fingerprint: "sha256:00ff", TargetID: "000123", Reference: "W-k", FirstTried: nine, Activity: "c", Cancelled: true}
	run := aRun(tenant)
	run.Ended, run.Pages, run.Read, run.Problem = nine.Add(time.Hour), 4, 120, aProblem()
	run.Counts = map[model.Outcome]int{model.Pending: 1, model.Delivered: 2, model.Skipped: 3, model.Rejected: 4, model.Failed: 5}
	chunk := aChunk("golden chunk")
	chunk.Payload = []byte("8 bytes.")
	failure := aFailure(tenant)
	failure.Payload = []byte("8 bytes.")
	parts := aFailure("golden parts")
	parts.Payload = slices.Repeat([]byte("8 bytes."), 345<<7)
	shortened := parts
	shortened.Payload = []byte("8 bytes.8 bytes.")
	incident := store.Incident{Tenant: tenant, ID: "1", Subject: "flow/f", Problem: aProblem(), Opened: nine}
	closed := store.Incident{Tenant: "golden closed", ID: "1", Subject: "flow/f", Problem: aProblem(), Opened: nine, Closed: nine.Add(time.Hour)}
	keys := secret.Stored{Wrapped: []byte("wrapped"), Index: []byte("index"), Created: nine}
	return map[string]kept{
		"tenant": {func(ctx context.Context, s *dynamostore.Store) error { return s.PutTenant(ctx, tenants) },
			func(ctx context.Context, s *dynamostore.Store) (any, error) { return s.Tenant(ctx, tenant) }, tenants},
		"connection": {func(ctx context.Context, s *dynamostore.Store) error { return s.PutConnection(ctx, connection) },
			func(ctx context.Context, s *dynamostore.Store) (any, error) { return s.Connection(ctx, tenant, "c") }, connection},
		"state": {func(ctx context.Context, s *dynamostore.Store) error {
			_, err := s.SaveConnectionState(ctx, tenant, "c", state)
			return err
		}, func(ctx context.Context, s *dynamostore.Store) (any, error) {
			return s.ConnectionState(ctx, tenant, "c")
		}, state},
		"integration": {func(ctx context.Context, s *dynamostore.Store) error { return s.PutIntegration(ctx, pair) },
			func(ctx context.Context, s *dynamostore.Store) (any, error) { return s.Integration(ctx, tenant, "i") }, pair},
		"flow": {func(ctx context.Context, s *dynamostore.Store) error { return s.PutFlow(ctx, flow, nine) },
			func(ctx context.Context, s *dynamostore.Store) (any, error) {
				byHook, err := s.FlowByHook(ctx, flow.Hook)
				if err != nil {
					return nil, err
				}
				due, err := s.DueFlows(ctx, model.Orders, nine, 100)
				due = slices.DeleteFunc(due, func(d store.DueFlow) bool { return d.Flow.Tenant != tenant })
				return []any{byHook, due}, err
			}, []any{flow, []store.DueFlow{{Flow: flow, At: nine}}}},
		"position": {func(ctx context.Context, s *dynamostore.Store) error {
			_, _, err := s.Acquire(ctx, p, "o", nine.Add(time.Hour))
			_, _, marked := s.Acquire(ctx, p, "p", nine.Add(time.Hour))
			return errors.Join(err, marked, s.SaveCheckpoint(ctx, p, "o", "42", nine.Add(time.Hour)))
		}, func(ctx context.Context, s *dynamostore.Store) (any, error) { return s.Position(ctx, p) }, position},
		"reread": {func(ctx context.Context, s *dynamostore.Store) error {
			return s.AddRereads(ctx, tenant, "f", []store.Reread{reread})
		}, func(ctx context.Context, s *dynamostore.Store) (any, error) {
			return s.DueRereads(ctx, tenant, "f", nine, 9)
		}, []store.Reread{reread}},
		"entry": {func(ctx context.Context, s *dynamostore.Store) error {
			_, err := s.SaveEntries(ctx, scope, []store.Entry{entry})
			return err
		}, func(ctx context.Context, s *dynamostore.Store) (any, error) {
			list, err := s.EntriesByReference(ctx, scope, "W-k")
			if err != nil {
				return nil, err
			}
			again, err := s.Entries(ctx, scope, []string{"k"})
			return append(list, again...), err
		}, []store.Entry{entry, entry}},
		"run": {func(ctx context.Context, s *dynamostore.Store) error {
			begun := run
			begun.Pages, begun.Read, begun.Ended, begun.Problem = 1, 20, time.Time{}, nil
			return errors.Join(s.StartRun(ctx, begun), s.AddToRun(ctx, tenant, "f", "r", 3, 100, run.Ended, run.Problem))
		}, func(ctx context.Context, s *dynamostore.Store) (any, error) { return s.Run(ctx, tenant, "f", "r") }, run},
		"chunk": {func(ctx context.Context, s *dynamostore.Store) error { return s.AppendChunk(ctx, chunk) },
			func(ctx context.Context, s *dynamostore.Store) (any, error) {
				list, _, err := s.Chunks(ctx, store.ChunkFilter{Tenant: chunk.Tenant, Flow: "f", Run: "r"}, "", 9)
				if err != nil {
					return nil, err
				}
				hours, err := s.Hours(ctx, chunk.Tenant, "f", nine)
				return []any{list, hours}, err
			}, []any{[]store.Chunk{chunk}, []store.Hour{{Start: nine, Counts: chunk.Counts}}}},
		"failure": {func(ctx context.Context, s *dynamostore.Store) error {
			return s.PutFailures(ctx, []store.Failure{failure})
		},
			func(ctx context.Context, s *dynamostore.Store) (any, error) {
				list, _, err := s.Failures(ctx, store.FailureFilter{Tenant: tenant, Flow: "f"}, "", 9)
				if err != nil {
					return nil, err
				}
				counts, err := s.CountFailures(ctx, tenant)
				return []any{list, counts}, err
			}, []any{[]store.Failure{failure}, map[string]store.FailureCount{"f": {Open: 1}}}},
		"failure in parts": {func(ctx context.Context, s *dynamostore.Store) error {
			return s.PutFailures(ctx, []store.Failure{parts})
		},
			func(ctx context.Context, s *dynamostore.Store) (any, error) {
				return s.Failure(ctx, parts.Tenant, "f", "k")
			}, shortened},
		"incident": {func(ctx context.Context, s *dynamostore.Store) error {
			_, err := s.OpenIncident(ctx, incident)
			return err
		},
			func(ctx context.Context, s *dynamostore.Store) (any, error) {
				open, err := s.Incidents(ctx, tenant, true, 9)
				if err != nil {
					return nil, err
				}
				all, err := s.Incidents(ctx, tenant, false, 9)
				return append(open, all...), err
			}, []store.Incident{incident, incident}},
		"closed incident": {func(ctx context.Context, s *dynamostore.Store) error {
			_, err := s.OpenIncident(ctx, closed)
			_, errClosed := s.CloseIncident(ctx, closed.Tenant, closed.Subject, closed.Closed)
			return errors.Join(err, errClosed)
		}, func(ctx context.Context, s *dynamostore.Store) (any, error) {
			return s.Incidents(ctx, closed.Tenant, false, 9)
		}, []store.Incident{closed}},
		"load": {func(ctx context.Context, s *dynamostore.Store) error { return s.AddLoad(ctx, tenant, "c", 5, 2) },
			func(ctx context.Context, s *dynamostore.Store) (any, error) { return s.Load(ctx, tenant, "c") }, store.Load{Queued: 3, Finished: nine}},
		"keys": {func(ctx context.Context, s *dynamostore.Store) error {
			_, err := s.CreateKeys(ctx, tenant, keys)
			return err
		},
			func(ctx context.Context, s *dynamostore.Store) (any, error) {
				stored, _, err := s.Keys(ctx, tenant)
				return stored, err
			}, keys},
		"erased keys": {func(ctx context.Context, s *dynamostore.Store) error { return s.EraseKeys(ctx, "golden erased") },
			func(ctx context.Context, s *dynamostore.Store) (any, error) {
				stored, _, err := s.Keys(ctx, "golden erased")
				return stored, err
			}, secret.Stored{Erased: true}},
	}
}

// What is stored today can be read for ever: each golden file has the rows of one kind as they are written, and as the store
// of some day has to read them. -update is for kinds that are new; a changed file is a store that cannot read what it wrote.
func TestStoredRowsAreRead(t *testing.T) {
	t.Parallel()
	client := local(t)
	tables := create(t, client)
	names := map[string]string{tables.Config: "Config", tables.Ledger: "Ledger", tables.Activity: "Activity", tables.Failures: "Failures", tables.Keys: "Keys"}
	called := map[string]string{}
	for name, field := range names {
		called[field] = name
	}
	s := dynamostore.Open(client, tables, atNine)
	for name, k := range keptKinds() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rows := written(t, client, tables, names, k)
			path := filepath.Join("testdata", strings.ReplaceAll(name, " ", "-")+".json")
			if *update {
				out, err := json.MarshalIndent(rows, "", "\t")
				ok(err)
				ok(os.WriteFile(path, append(out, '\n'), 0o644))
			}
			golden, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			var old []row
			if err := json.Unmarshal(golden, &old); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(old, rows); diff != "" {
				t.Errorf("%s is out of date: got + want -\n%s", path, diff)
			}
			put := func(r row, attributes map[string]types.AttributeValue) error {
				_, err := client.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String(called[r.Table]), Item: attributes})
				return err
			}
			reads := func(what string, mayFail string) {
				t.Helper()
				got, err := k.read(t.Context(), s)
				options := append(same(), cmpopts.IgnoreFields(store.Entry{}, "Revision"), cmpopts.IgnoreFields(integration.ConnectionState{}, "Revision"))
				switch {
				case err != nil && (mayFail == "" || !strings.Contains(err.Error(), `"`+mayFail+`"`)):
					t.Errorf("%s: got error %v, want one that names %q, or none", what, err, mayFail)
				case err == nil:
					if diff := cmp.Diff(k.want, got, options...); diff != "" {
						t.Errorf("%s: got + want -\n%s", what, diff)
					}
				}
			}
			for _, r := range old {
				ok(put(r, r.attributes()))
			}
			reads("the golden rows", "")
			for _, r := range old {
				ok(put(r, newer(r)))
			}
			reads("rows of a later release, with more in them", "")
			for _, r := range old {
				ok(put(r, r.attributes()))
			}
			for _, r := range old {
				for _, attribute := range slices.Sorted(maps.Keys(r.Row)) {
					if attribute == "pk" || attribute == "sk" || attribute == "due" {
						continue // by which DynamoDB itself looks rows up
					}
					for what, v := range broken(r.Row[attribute]) {
						bad := r.attributes()
						bad[attribute] = v
						err := put(r, bad)
						var refused smithy.APIError
						if errors.As(err, &refused) && refused.ErrorCode() == "ValidationException" {
							continue // an index's key cannot be of another type
						}
						ok(err)
						reads(fmt.Sprintf("%s of %s: %s", attribute, r.place(), what), attribute)
					}
				}
				ok(put(r, r.attributes()))
			}
		})
	}
}

// written returns the rows that writing leaves, with fixed values for random ones, and removes them.
func written(t *testing.T, client *dynamodb.Client, tables dynamostore.Tables, names map[string]string, k kept) []row {
	t.Helper()
	r := record(client)
	if err := k.write(t.Context(), dynamostore.Open(r, tables, atNine)); err != nil {
		t.Fatal(err)
	}
	var rows []row
	for _, key := range r.keys {
		out, err := client.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: &key.Table, Key: key.key(), ConsistentRead: aws.Bool(true)})
		if err != nil {
			t.Fatal(err)
		}
		if out.Item == nil {
			continue
		}
		rows = append(rows, rowOf(names[key.Table], out.Item))
		if _, err := client.DeleteItem(t.Context(), &dynamodb.DeleteItemInput{TableName: &key.Table, Key: key.key()}); err != nil {
			t.Fatal(err)
		}
	}
	fixed(rows)
	return rows
}

// newer is a row as a later release may write it.
func newer(r row) map[string]types.AttributeValue {
	out := r.attributes()
	out["later"] = &types.AttributeValueMemberL{Value: []types.AttributeValue{&types.AttributeValueMemberNULL{Value: true}}}
	for _, name := range []string{"document", "problem"} {
		if doc := r.Row[name].S; doc != nil {
			out[name] = &types.AttributeValueMemberS{Value: strings.TrimSuffix(*doc, "}") + `,"later":{"a":[1]}}`}
		}
	}
	return out
}

// broken are values that cannot be read in place of v.
func broken(v value) map[string]types.AttributeValue {
	out := map[string]types.AttributeValue{"a list": &types.AttributeValueMemberL{}, "null": &types.AttributeValueMemberNULL{Value: true}}
	switch {
	case v.N != nil:
		out["a fraction"] = &types.AttributeValueMemberN{Value: "1.5"}
		out["text"] = &types.AttributeValueMemberS{Value: *v.N}
		out["huge"] = &types.AttributeValueMemberN{Value: "1e30"}
	case v.S != nil && strings.HasPrefix(*v.S, "{"):
		out["half a document"] = &types.AttributeValueMemberS{Value: (*v.S)[:len(*v.S)/2]}
		out["another document"] = &types.AttributeValueMemberS{Value: "[1]"}
	}
	return out
}

// A count of parts that cannot be is an error, and no reason to die or to ask for as many rows.
func TestImpossibleCountsOfPartsAreErrors(t *testing.T) {
	t.Parallel()
	for _, n := range []string{"-1", "-9223372036854775808", "1000000000000"} {
		head := map[string]types.AttributeValue{"pk": &types.AttributeValueMemberS{Value: "p"}, "sk": &types.AttributeValueMemberS{Value: "s"},
			"parts": &types.AttributeValueMemberN{Value: n}, "until": &types.AttributeValueMemberN{Value: "9000000000000000000"},
			"read": &types.AttributeValueMemberN{Value: "0"}}
		s := dynamostore.Open(&fake{
			get: func(context.Context, *dynamodb.GetItemInput) (*dynamodb.GetItemOutput, error) {
				return &dynamodb.GetItemOutput{Item: head}, nil
			},
			put: func(context.Context, *dynamodb.PutItemInput) (*dynamodb.PutItemOutput, error) {
				return nil, &types.ConditionalCheckFailedException{Item: head}
			},
			remove: func(context.Context, *dynamodb.DeleteItemInput) (*dynamodb.DeleteItemOutput, error) {
				return nil, &types.ConditionalCheckFailedException{Item: head}
			},
		}, named, atNine)
		_, chunk := s.Chunk(t.Context(), "t", "f", "c")
		_, failure := s.Failure(t.Context(), "t", "f", "k")
		for what, err := range map[string]error{"chunk": chunk, "failure": failure, "put": s.PutFailures(t.Context(), []store.Failure{aFailure("t")}),
			"close": s.CloseFailures(t.Context(), "t", "f", []store.Closed{{Key: "k"}})} {
			if err == nil || !strings.Contains(err.Error(), `"parts"`) {
				t.Errorf("%s with %s parts: got %v, want an error that names the attribute", what, n, err)
			}
		}
	}
}
