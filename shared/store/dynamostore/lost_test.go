package dynamostore_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"apicenter/shared/integration"
	"apicenter/shared/model"
	"apicenter/shared/secret"
	"apicenter/shared/store"
	"apicenter/shared/store/dynamostore"
)

// side is a store over tables of its own; clean is the same without lost replies.
type side struct {
	store, clean *dynamostore.Store
	t            string // the tenant
}

// told is what a call answered.
type told struct {
	Value any
	Err   string
}

func tell(v any, err error) any {
	if err != nil {
		return told{v, err.Error()}
	}
	return told{Value: v}
}

// lostCase asks a method. What it answers, and what is seen then, must be the same whether or not the replies were lost.
type lostCase struct {
	method, says string
	before       func(ctx context.Context, s *side) // on the clean store
	call         func(ctx context.Context, s *side) any
	after        func(ctx context.Context, s *side) any // on the clean store
}

// A reply that is lost makes the client repeat its request, word for word. Promise 2: whatever the call, it is as if it had
// been done once.
func TestLostReplyChangesNothing(t *testing.T) {
	t.Parallel()
	cases := lostCases()
	var asked []string
	for _, c := range cases {
		asked = append(asked, c.method)
	}
	slices.Sort(asked)
	if diff := cmp.Diff(methods(), slices.Compact(asked)); diff != "" {
		t.Errorf("the methods asked are not those of the ports: got + want -\n%s", diff)
	}

	client := local(t)
	w := &wire{}
	w.twice.Store(true)
	tables := create(t, client)
	lossy := side{dynamostore.Open(through(t, w), tables, atNine), dynamostore.Open(client, tables, atNine), ""}
	tables = create(t, client)
	plain, clean := dynamostore.Open(client, tables, atNine), dynamostore.Open(client, tables, atNine)
	ctx := t.Context()
	for i, c := range cases {
		t.Run(strings.TrimSpace(c.method+" "+c.says), func(t *testing.T) {
			tenant := "tenant" + string(rune('A'+i/26)) + string(rune('a'+i%26))
			var answers, seen []any
			var requests []int64
			for _, s := range []side{{plain, clean, tenant}, {lossy.store, lossy.clean, tenant}} {
				if c.before != nil {
					c.before(ctx, &s)
				}
				before := s.store.Counts().Requests + s.clean.Counts().Requests
				answers = append(answers, c.call(ctx, &s))
				requests = append(requests, s.store.Counts().Requests+s.clean.Counts().Requests-before)
				if c.after != nil {
					seen = append(seen, c.after(ctx, &s))
				}
			}
			options := append(same(), cmpopts.IgnoreFields(store.Entry{}, "Revision"), cmpopts.IgnoreFields(integration.ConnectionState{}, "Revision"))
			if diff := cmp.Diff(answers[0], answers[1], options...); diff != "" {
				t.Errorf("the answer with lost replies: got + want -\n%s", diff)
			}
			if requests[0] != requests[1] {
				t.Errorf("got %d requests with lost replies, want %d: the client's repeat is enough", requests[1], requests[0])
			}
			if len(seen) > 0 {
				if diff := cmp.Diff(seen[0], seen[1], options...); diff != "" {
					t.Errorf("what is stored with lost replies: got + want -\n%s", diff)
				}
			}
		})
	}
}

func lostCases() []lostCase {
	p := func(s *side) store.PositionKey { return store.PositionKey{Tenant: s.t, Flow: "f", Mode: "incremental"} }
	until := nine.Add(time.Hour)
	acquire := func(ctx context.Context, s *side) { _, _, err := s.clean.Acquire(ctx, p(s), "holder", until); ok(err) }
	marked := func(ctx context.Context, s *side) {
		acquire(ctx, s)
		_, _, err := s.clean.Acquire(ctx, p(s), "other", until)
		ok(err)
	}
	position := func(ctx context.Context, s *side) any { return must(s.clean.Position(ctx, p(s))) }
	scope := func(s *side) store.Scope { return store.FlowScope(s.t, "f") }
	entry := func(ctx context.Context, s *side) {
		must(s.clean.SaveEntries(ctx, scope(s), []store.Entry{{Key: "k", Reference: "ref", State: store.Unsure}}))
	}
	entries := func(ctx context.Context, s *side) any {
		return must(s.clean.Entries(ctx, scope(s), []string{"k", "l"}))
	}
	flow := func(ctx context.Context, s *side) { ok(s.clean.PutFlow(ctx, aFlow(s.t, "f"), nine)) }
	flows := func(ctx context.Context, s *side) any {
		return []any{must(s.clean.Flows(ctx, s.t)), tell(s.clean.FlowByHook(ctx, "hook of "+s.t+"f")), must(s.clean.DueFlows(ctx, model.Orders, until, 100))}
	}
	run := func(ctx context.Context, s *side) { ok(s.clean.StartRun(ctx, aRun(s.t))) }
	activity := func(ctx context.Context, s *side) any {
		list, _, err := s.clean.Chunks(ctx, store.ChunkFilter{Tenant: s.t, Flow: "f"}, "", 10)
		ok(err)
		return []any{tell(s.clean.Run(ctx, s.t, "f", "r")), list, must(s.clean.Hours(ctx, s.t, "f", nine))}
	}
	chunk := func(ctx context.Context, s *side) { run(ctx, s); ok(s.clean.AppendChunk(ctx, aChunk(s.t))) }
	large := func(s *side) store.Failure {
		f := aFailure(s.t)
		f.Payload = bytes.Repeat([]byte("0123456789abcdef"), 400<<6)
		return f
	}
	failure := func(ctx context.Context, s *side) { ok(s.clean.PutFailures(ctx, []store.Failure{aFailure(s.t)})) }
	largeFailure := func(ctx context.Context, s *side) { ok(s.clean.PutFailures(ctx, []store.Failure{large(s)})) }
	failures := func(ctx context.Context, s *side) any {
		list, _, err := s.clean.Failures(ctx, store.FailureFilter{Tenant: s.t}, "", 10)
		ok(err)
		return []any{list, must(s.clean.CountFailures(ctx, s.t))}
	}
	newer := func(f store.Failure) store.Failure {
		f.Version.Marker++
		f.Since, f.Last, f.Cause = nine.Add(time.Hour), nine.Add(time.Hour), "product:5002"
		return f
	}
	closed := []store.Closed{{Key: "k", Version: model.Version{Marker: 7, Read: nine}}}
	incident := func(s *side, id string) store.Incident {
		return store.Incident{Tenant: s.t, ID: id, Subject: "flow/f", Problem: aProblem(), Opened: nine}
	}
	open := func(ctx context.Context, s *side) { must(s.clean.OpenIncident(ctx, incident(s, "1"))) }
	incidents := func(ctx context.Context, s *side) any {
		return []any{must(s.clean.Incidents(ctx, s.t, true, 9)), must(s.clean.Incidents(ctx, s.t, false, 9))}
	}
	load := func(ctx context.Context, s *side) any { return must(s.clean.Load(ctx, s.t, "c")) }
	state := func(ctx context.Context, s *side) {
		must(s.clean.SaveConnectionState(ctx, s.t, "c", integration.ConnectionState{Status: integration.Down}))
	}
	states := func(ctx context.Context, s *side) any {
		return []any{must(s.clean.ConnectionState(ctx, s.t, "c")), must(s.clean.StoppedConnections(ctx))}
	}
	keyset := secret.Stored{Wrapped: []byte("wrapped"), Index: []byte("index"), Created: nine}
	keys := func(ctx context.Context, s *side) any {
		stored, found, err := s.clean.Keys(ctx, s.t)
		return []any{stored, found, tell(nil, err)}
	}
	reread := store.Reread{Key: "k", Since: nine, Next: nine.Add(-time.Minute), Tries: 2}
	rereads := func(ctx context.Context, s *side) any { return must(s.clean.DueRereads(ctx, s.t, "f", nine, 9)) }
	connection := func(s *side) integration.Connection {
		return integration.Connection{Tenant: s.t, ID: "c", Title: "shop"}
	}
	one := func(call func(ctx context.Context, s *side) error) func(context.Context, *side) any {
		return func(ctx context.Context, s *side) any { return tell(nil, call(ctx, s)) }
	}
	return []lostCase{
		{"PutTenant", "", nil, one(func(ctx context.Context, s *side) error {
			return s.store.PutTenant(ctx, integration.Tenant{ID: s.t, Name: "shop"})
		}), func(ctx context.Context, s *side) any { return must(s.clean.AllTenants(ctx)) }},
		{"Tenant", "", nil, func(ctx context.Context, s *side) any { return tell(s.store.Tenant(ctx, s.t)) }, nil},
		{"AllTenants", "", nil, func(ctx context.Context, s *side) any { return tell(s.store.AllTenants(ctx)) }, nil},
		{"PutConnection", "", state, one(func(ctx context.Context, s *side) error { return s.store.PutConnection(ctx, connection(s)) }),
			func(ctx context.Context, s *side) any {
				return []any{must(s.clean.Connections(ctx, s.t)), states(ctx, s)}
			}},
		{"Connection", "", func(ctx context.Context, s *side) { ok(s.clean.PutConnection(ctx, connection(s))) },
			func(ctx context.Context, s *side) any { return tell(s.store.Connection(ctx, s.t, "c")) }, nil},
		{"Connections", "", func(ctx context.Context, s *side) { ok(s.clean.PutConnection(ctx, connection(s))) },
			func(ctx context.Context, s *side) any { return tell(s.store.Connections(ctx, s.t)) }, nil},
		{"ConnectionState", "", state, func(ctx context.Context, s *side) any { return tell(s.store.ConnectionState(ctx, s.t, "c")) }, nil},
		{"SaveConnectionState", "of a new one", nil, func(ctx context.Context, s *side) any {
			return tell(s.store.SaveConnectionState(ctx, s.t, "c", integration.ConnectionState{Status: integration.Halted}))
		}, states},
		{"SaveConnectionState", "over another", state, func(ctx context.Context, s *side) any {
			st := must(s.clean.ConnectionState(ctx, s.t, "c"))
			st.Failures++
			return tell(s.store.SaveConnectionState(ctx, s.t, "c", st))
		}, states},
		{"SaveConnectionState", "refused", state, func(ctx context.Context, s *side) any {
			return tell(s.store.SaveConnectionState(ctx, s.t, "c", integration.ConnectionState{Revision: 1}))
		}, states},
		{"StoppedConnections", "", state, func(ctx context.Context, s *side) any { return tell(s.store.StoppedConnections(ctx)) }, nil},
		{"PutIntegration", "", nil, one(func(ctx context.Context, s *side) error {
			return s.store.PutIntegration(ctx, integration.Integration{Tenant: s.t, ID: "i", Title: "till to shop"})
		}), func(ctx context.Context, s *side) any { return must(s.clean.Integrations(ctx, s.t)) }},
		{"Integration", "absent", nil, func(ctx context.Context, s *side) any { return tell(s.store.Integration(ctx, s.t, "i")) }, nil},
		{"Integrations", "", nil, func(ctx context.Context, s *side) any { return tell(s.store.Integrations(ctx, s.t)) }, nil},
		{"PutFlow", "new", nil, one(func(ctx context.Context, s *side) error { return s.store.PutFlow(ctx, aFlow(s.t, "f"), nine) }), flows},
		{"PutFlow", "changed in all", flow, one(func(ctx context.Context, s *side) error {
			f := aFlow(s.t, "f")
			f.Version, f.Hook, f.Target, f.Status = 2, "new hook of "+s.t, "c", integration.Paused
			return s.store.PutFlow(ctx, f, until)
		}), flows},
		{"PutFlow", "like another", flow, one(func(ctx context.Context, s *side) error { return s.store.PutFlow(ctx, aFlow(s.t, "g"), nine) }), flows},
		{"PutFlow", "of an old version", flow, one(func(ctx context.Context, s *side) error { return s.store.PutFlow(ctx, aFlow(s.t, "f"), until) }), flows},
		{"Flow", "", flow, func(ctx context.Context, s *side) any { return tell(s.store.Flow(ctx, s.t, "f")) }, nil},
		{"Flows", "", flow, func(ctx context.Context, s *side) any { return tell(s.store.Flows(ctx, s.t)) }, nil},
		{"DueFlows", "", flow, func(ctx context.Context, s *side) any { return tell(s.store.DueFlows(ctx, model.Orders, nine, 100)) }, nil},
		{"MoveDue", "", flow, func(ctx context.Context, s *side) any { return tell(s.store.MoveDue(ctx, s.t, "f", nine, until)) }, flows},
		{"MoveDue", "moved before", flow, func(ctx context.Context, s *side) any {
			return tell(s.store.MoveDue(ctx, s.t, "f", nine.Add(-time.Hour), until))
		}, flows},
		{"FlowByHook", "", flow, func(ctx context.Context, s *side) any { return tell(s.store.FlowByHook(ctx, "hook of "+s.t+"f")) }, nil},
		{"Acquire", "free", nil, func(ctx context.Context, s *side) any {
			pos, acquired, err := s.store.Acquire(ctx, p(s), "holder", until)
			return []any{pos, acquired, tell(nil, err)}
		}, position},
		{"Acquire", "held by another", acquire, func(ctx context.Context, s *side) any {
			pos, acquired, err := s.store.Acquire(ctx, p(s), "other", until)
			return []any{pos, acquired, tell(nil, err)}
		}, position},
		{"SaveCheckpoint", "", acquire, one(func(ctx context.Context, s *side) error {
			return s.store.SaveCheckpoint(ctx, p(s), "holder", "42", until.Add(time.Hour))
		}), position},
		{"SaveCheckpoint", "with a lease that is over at once", acquire, one(func(ctx context.Context, s *side) error {
			return s.store.SaveCheckpoint(ctx, p(s), "holder", "42", nine)
		}), position},
		{"SaveCheckpoint", "of another", acquire, one(func(ctx context.Context, s *side) error {
			return s.store.SaveCheckpoint(ctx, p(s), "other", "42", until)
		}), position},
		{"HandOver", "", acquire, one(func(ctx context.Context, s *side) error { return s.store.HandOver(ctx, p(s), "holder", "next", until) }), position},
		{"Release", "", acquire, func(ctx context.Context, s *side) any { return tell(s.store.Release(ctx, p(s), "holder")) }, position},
		{"Release", "marked", marked, func(ctx context.Context, s *side) any { return tell(s.store.Release(ctx, p(s), "holder")) }, position},
		{"Release", "of another", acquire, func(ctx context.Context, s *side) any { return tell(s.store.Release(ctx, p(s), "other")) }, position},
		{"Position", "", marked, func(ctx context.Context, s *side) any { return tell(s.store.Position(ctx, p(s))) }, nil},
		{"AddRereads", "", nil, one(func(ctx context.Context, s *side) error {
			return s.store.AddRereads(ctx, s.t, "f", []store.Reread{reread})
		}), rereads},
		{"DueRereads", "", func(ctx context.Context, s *side) { ok(s.clean.AddRereads(ctx, s.t, "f", []store.Reread{reread})) }, rereads, nil},
		{"RemoveRereads", "", func(ctx context.Context, s *side) { ok(s.clean.AddRereads(ctx, s.t, "f", []store.Reread{reread})) },
			one(func(ctx context.Context, s *side) error {
				return s.store.RemoveRereads(ctx, s.t, "f", []string{"k", "absent"})
			}), rereads},
		{"Entries", "", entry, func(ctx context.Context, s *side) any {
			return tell(s.store.Entries(ctx, scope(s), []string{"l", "k"}))
		}, nil},
		{"SaveEntries", "new, updated and refused", func(ctx context.Context, s *side) {
			entry(ctx, s)
			must(s.clean.SaveEntries(ctx, scope(s), []store.Entry{{Key: "taken"}}))
		}, func(ctx context.Context, s *side) any {
			stored := must(s.clean.Entries(ctx, scope(s), []string{"k"}))[0]
			stored.State, stored.Reference = store.Delivered, "new ref"
			revisions, err := s.store.SaveEntries(ctx, scope(s), []store.Entry{{Key: "l"}, stored, {Key: "taken", TargetID: "1"}})
			saved := make([]bool, len(revisions))
			now := must(s.clean.Entries(ctx, scope(s), []string{"l", "k", "taken"}))
			for i, r := range revisions {
				saved[i] = r != 0 && now[i].Revision == r
			}
			return tell(saved, err)
		}, entries},
		{"EntriesByReference", "", entry, func(ctx context.Context, s *side) any {
			return tell(s.store.EntriesByReference(ctx, scope(s), "ref"))
		}, nil},
		{"StartRun", "", nil, one(func(ctx context.Context, s *side) error {
			r := aRun(s.t)
			r.Counts, r.Read = map[model.Outcome]int{model.Pending: 3}, 3
			return s.store.StartRun(ctx, r)
		}), activity},
		{"AddToRun", "", run, one(func(ctx context.Context, s *side) error {
			return s.store.AddToRun(ctx, s.t, "f", "r", 2, 30, nine.Add(time.Minute), aProblem())
		}), activity},
		{"AddToRun", "absent", nil, one(func(ctx context.Context, s *side) error {
			return s.store.AddToRun(ctx, s.t, "f", "r", 2, 30, nine, nil)
		}), activity},
		{"Run", "", run, func(ctx context.Context, s *side) any { return tell(s.store.Run(ctx, s.t, "f", "r")) }, nil},
		{"Runs", "", run, func(ctx context.Context, s *side) any {
			runs, next, err := s.store.Runs(ctx, s.t, "f", "", 5)
			return []any{runs, next, tell(nil, err)}
		}, nil},
		{"AppendChunk", "", run, one(func(ctx context.Context, s *side) error { return s.store.AppendChunk(ctx, aChunk(s.t)) }), activity},
		{"AppendChunk", "that is there", chunk, one(func(ctx context.Context, s *side) error {
			c := aChunk(s.t)
			c.Payload = []byte("another")
			return s.store.AppendChunk(ctx, c)
		}), activity},
		{"AppendChunk", "in parts", nil, one(func(ctx context.Context, s *side) error {
			c := aChunk(s.t)
			c.Payload = large(s).Payload
			return s.store.AppendChunk(ctx, c)
		}), activity},
		{"Chunk", "", chunk, func(ctx context.Context, s *side) any { return tell(s.store.Chunk(ctx, s.t, "f", "c")) }, nil},
		{"Chunks", "", chunk, func(ctx context.Context, s *side) any {
			list, next, err := s.store.Chunks(ctx, store.ChunkFilter{Tenant: s.t, Flow: "f", Run: "r"}, "", 5)
			return []any{list, next, tell(nil, err)}
		}, nil},
		{"Hours", "", chunk, func(ctx context.Context, s *side) any { return tell(s.store.Hours(ctx, s.t, "f", nine)) }, nil},
		{"PutFailures", "new", nil, one(func(ctx context.Context, s *side) error {
			return s.store.PutFailures(ctx, []store.Failure{aFailure(s.t)})
		}), failures},
		{"PutFailures", "over an older one", failure, one(func(ctx context.Context, s *side) error {
			return s.store.PutFailures(ctx, []store.Failure{newer(aFailure(s.t))})
		}), failures},
		{"PutFailures", "older than what is there", func(ctx context.Context, s *side) {
			ok(s.clean.PutFailures(ctx, []store.Failure{newer(aFailure(s.t))}))
		},
			one(func(ctx context.Context, s *side) error {
				return s.store.PutFailures(ctx, []store.Failure{aFailure(s.t)})
			}), failures},
		{"PutFailures", "in parts", failure, one(func(ctx context.Context, s *side) error {
			return s.store.PutFailures(ctx, []store.Failure{newer(large(s))})
		}), failures},
		{"PutFailures", "over one in parts", largeFailure, one(func(ctx context.Context, s *side) error {
			return s.store.PutFailures(ctx, []store.Failure{newer(aFailure(s.t))})
		}), failures},
		{"Failure", "", largeFailure, func(ctx context.Context, s *side) any { return tell(s.store.Failure(ctx, s.t, "f", "k")) }, nil},
		{"Failures", "", failure, func(ctx context.Context, s *side) any {
			list, next, err := s.store.Failures(ctx, store.FailureFilter{Tenant: s.t, Cause: "product:5001"}, "", 5)
			return []any{list, next, tell(nil, err)}
		}, nil},
		{"CloseFailures", "", failure, one(func(ctx context.Context, s *side) error { return s.store.CloseFailures(ctx, s.t, "f", closed) }), failures},
		{"CloseFailures", "in parts", largeFailure, one(func(ctx context.Context, s *side) error { return s.store.CloseFailures(ctx, s.t, "f", closed) }), failures},
		{"CountFailures", "", failure, func(ctx context.Context, s *side) any { return tell(s.store.CountFailures(ctx, s.t)) }, nil},
		{"OpenIncident", "", nil, func(ctx context.Context, s *side) any { return tell(s.store.OpenIncident(ctx, incident(s, "1"))) }, incidents},
		{"OpenIncident", "while another is open", open, func(ctx context.Context, s *side) any { return tell(s.store.OpenIncident(ctx, incident(s, "2"))) }, incidents},
		{"CloseIncident", "", open, func(ctx context.Context, s *side) any { return tell(s.store.CloseIncident(ctx, s.t, "flow/f", until)) }, incidents},
		{"Incidents", "", open, func(ctx context.Context, s *side) any { return tell(s.store.Incidents(ctx, s.t, false, 5)) }, nil},
		{"AddLoad", "", nil, one(func(ctx context.Context, s *side) error { return s.store.AddLoad(ctx, s.t, "c", 5, 2) }), load},
		{"Load", "", nil, load, nil},
		{"ClearLoad", "", func(ctx context.Context, s *side) { ok(s.clean.AddLoad(ctx, s.t, "c", 5, 2)) },
			one(func(ctx context.Context, s *side) error { return s.store.ClearLoad(ctx, s.t, "c") }), load},
		{"Keys", "", nil, func(ctx context.Context, s *side) any {
			stored, found, err := s.store.Keys(ctx, s.t)
			return []any{stored, found, tell(nil, err)}
		}, nil},
		{"CreateKeys", "", nil, func(ctx context.Context, s *side) any { return tell(s.store.CreateKeys(ctx, s.t, keyset)) }, keys},
		{"CreateKeys", "after they were erased", func(ctx context.Context, s *side) { ok(s.clean.EraseKeys(ctx, s.t)) },
			func(ctx context.Context, s *side) any { return tell(s.store.CreateKeys(ctx, s.t, keyset)) }, keys},
		{"EraseKeys", "", func(ctx context.Context, s *side) { must(s.clean.CreateKeys(ctx, s.t, keyset)) },
			one(func(ctx context.Context, s *side) error { return s.store.EraseKeys(ctx, s.t) }), keys},
	}
}

// Between a write and its repeat somebody else may have gone on from what was written. The repeat must not take that back.
func TestRepeatTakesNothingBack(t *testing.T) {
	t.Parallel()
	client, tables := common(t)
	ctx := t.Context()
	clean := dynamostore.Open(client, tables, atNine)
	until := nine.Add(time.Hour)
	p := func(tenant string) store.PositionKey { return store.PositionKey{Tenant: tenant, Flow: "f"} }
	for name, c := range map[string]struct {
		before  func(tenant string)
		call    func(s *dynamostore.Store, tenant string) error
		between func(tenant string)
		stands  func(tenant string) any
		want    any
		err     error
	}{
		"ledger": {
			call: func(s *dynamostore.Store, tenant string) error {
				revisions, err := s.SaveEntries(ctx, store.FlowScope(tenant, "f"), []store.Entry{{Key: "k", TargetID: "ours"}})
				if err == nil && revisions[0] != 0 {
					err = errors.New("saved, though another entry stands there")
				}
				return err
			},
			between: func(tenant string) {
				e := must(clean.Entries(ctx, store.FlowScope(tenant, "f"), []string{"k"}))
				e[0].TargetID = "theirs"
				must(clean.SaveEntries(ctx, store.FlowScope(tenant, "f"), e))
			},
			stands: func(tenant string) any {
				return must(clean.Entries(ctx, store.FlowScope(tenant, "f"), []string{"k"}))[0].TargetID
			},
			want: "theirs",
		},
		"connection state": {
			call: func(s *dynamostore.Store, tenant string) error {
				_, err := s.SaveConnectionState(ctx, tenant, "c", integration.ConnectionState{Failures: 1})
				return err
			},
			between: func(tenant string) {
				st := must(clean.ConnectionState(ctx, tenant, "c"))
				st.Failures = 2
				must(clean.SaveConnectionState(ctx, tenant, "c", st))
			},
			stands: func(tenant string) any { return must(clean.ConnectionState(ctx, tenant, "c")).Failures },
			want:   2, err: store.ErrConflict,
		},
		"flow": {
			call: func(s *dynamostore.Store, tenant string) error { return s.PutFlow(ctx, aFlow(tenant, "f"), nine) },
			between: func(tenant string) {
				f := aFlow(tenant, "f")
				f.Version, f.Filter = 2, "theirs"
				ok(clean.PutFlow(ctx, f, nine))
			},
			stands: func(tenant string) any { return must(clean.Flow(ctx, tenant, "f")).Filter }, want: "theirs",
		},
		"due time": {
			before: func(tenant string) { ok(clean.PutFlow(ctx, aFlow(tenant, "f"), nine)) },
			call: func(s *dynamostore.Store, tenant string) error {
				_, err := s.MoveDue(ctx, tenant, "f", nine, until)
				return err
			},
			between: func(tenant string) { must(clean.MoveDue(ctx, tenant, "f", until, until.Add(time.Hour))) },
			stands: func(tenant string) any {
				return must(clean.MoveDue(ctx, tenant, "f", until.Add(time.Hour), until))
			},
			want: true,
		},
		"lease given back, and taken by another": {
			before: func(tenant string) { _, _, err := clean.Acquire(ctx, p(tenant), "ours", until); ok(err) },
			call: func(s *dynamostore.Store, tenant string) error {
				_, err := s.Release(ctx, p(tenant), "ours")
				return err
			},
			between: func(tenant string) { _, _, err := clean.Acquire(ctx, p(tenant), "theirs", until); ok(err) },
			stands:  func(tenant string) any { return must(clean.Position(ctx, p(tenant))).Owner }, want: "theirs",
		},
		"lease handed over, and gone on with": {
			before: func(tenant string) { _, _, err := clean.Acquire(ctx, p(tenant), "ours", until); ok(err) },
			call: func(s *dynamostore.Store, tenant string) error {
				return s.HandOver(ctx, p(tenant), "ours", "theirs", until)
			},
			between: func(tenant string) { ok(clean.SaveCheckpoint(ctx, p(tenant), "theirs", "43", until)) },
			stands:  func(tenant string) any { return must(clean.Position(ctx, p(tenant))).Checkpoint }, want: "43", err: store.ErrLeaseLost,
		},
		"checkpoint": {
			before: func(tenant string) {
				_, _, err := clean.Acquire(ctx, p(tenant), "ours", nine.Add(time.Minute))
				ok(err)
			},
			call: func(s *dynamostore.Store, tenant string) error {
				return s.SaveCheckpoint(ctx, p(tenant), "ours", "42", nine)
			},
			between: func(tenant string) { // whose lease is over at nine may lose it there
				_, _, err := clean.Acquire(ctx, p(tenant), "theirs", until)
				ok(err)
				ok(clean.SaveCheckpoint(ctx, p(tenant), "theirs", "43", until))
			},
			stands: func(tenant string) any { return must(clean.Position(ctx, p(tenant))).Checkpoint }, want: "43", err: store.ErrLeaseLost,
		},
		"failure": {
			call: func(s *dynamostore.Store, tenant string) error {
				return s.PutFailures(ctx, []store.Failure{aFailure(tenant)})
			},
			between: func(tenant string) {
				f := aFailure(tenant)
				f.Version.Marker, f.Number = 8, "theirs"
				ok(clean.PutFailures(ctx, []store.Failure{f}))
			},
			stands: func(tenant string) any { return must(clean.Failure(ctx, tenant, "f", "k")).Number }, want: "theirs",
		},
		"incident closed": {
			call: func(s *dynamostore.Store, tenant string) error {
				_, err := s.OpenIncident(ctx, store.Incident{Tenant: tenant, ID: "1", Subject: "flow/f"})
				return err
			},
			between: func(tenant string) { must(clean.CloseIncident(ctx, tenant, "flow/f", nine)) },
			stands:  func(tenant string) any { return len(must(clean.Incidents(ctx, tenant, true, 5))) }, want: 0,
		},
		"keys erased": {
			call: func(s *dynamostore.Store, tenant string) error {
				stored, err := s.CreateKeys(ctx, tenant, secret.Stored{Wrapped: []byte("w")})
				if err == nil && !stored.Erased {
					err = errors.New("got keys that were erased")
				}
				return err
			},
			between: func(tenant string) { ok(clean.EraseKeys(ctx, tenant)) },
			stands:  func(tenant string) any { stored, _, err := clean.Keys(ctx, tenant); ok(err); return stored }, want: secret.Stored{Erased: true},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tenant := "between " + name
			if c.before != nil {
				c.before(tenant)
			}
			w, done := &wire{}, false
			w.twice.Store(true)
			w.between = func() {
				if !done && w.requests.Load() == requestsBefore(name) {
					done = true
					c.between(tenant)
				}
			}
			err := c.call(dynamostore.Open(through(t, w), tables, atNine), tenant)
			if !errors.Is(err, c.err) {
				t.Errorf("got error %v, want %v", err, c.err)
			}
			if got := c.stands(tenant); !cmp.Equal(got, c.want) || !done {
				t.Errorf("got %v afterwards (the other came: %v), want %v", got, done, c.want)
			}
		})
	}
}

// requestsBefore is which request is the one repeated: a flow is read before it is written.
func requestsBefore(name string) int64 {
	if name == "flow" {
		return 2
	}
	return 1
}

// DynamoDB knows a transaction's token for ten minutes. A client that repeats it later must not have its own chunk, which is
// there, taken for another's: the body would be removed.
func TestChunkSurvivesForgottenToken(t *testing.T) {
	t.Parallel()
	client, tables := common(t)
	ctx, tenant := t.Context(), "forgotten token"
	s := dynamostore.Open(&fake{Client: client, transact: func(ctx context.Context, in *dynamodb.TransactWriteItemsInput) (*dynamodb.TransactWriteItemsOutput, error) {
		if _, err := client.TransactWriteItems(ctx, in); err != nil {
			return nil, err
		}
		in.ClientRequestToken = aws.String(aws.ToString(in.ClientRequestToken) + "later")
		return client.TransactWriteItems(ctx, in)
	}}, tables, atNine)
	if err := s.AppendChunk(ctx, aChunk(tenant)); err != nil {
		t.Fatal(err)
	}
	got, err := s.Chunk(ctx, tenant, "f", "c")
	if err != nil || string(got.Payload) != "sealed" {
		t.Errorf("got payload %q and %v, want it whole", got.Payload, err)
	}
}

// repeats is a DynamoDB that takes every request and loses the first reply.
type repeats struct{ bodies [][]byte }

func (r *repeats) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	r.bodies = append(r.bodies, body)
	if err == nil && len(r.bodies) == 1 {
		return nil, errors.New("connection reset by peer")
	}
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("{}")), Request: req}, err
}

// All that knows a repeat rests on it being the same, and for a transaction on the token in it.
func TestClientRepeatsWordForWord(t *testing.T) {
	for name, call := range map[string]func(context.Context, *dynamostore.Store) error{
		"write": func(ctx context.Context, s *dynamostore.Store) error { return s.AddLoad(ctx, "t", "c", 1, 1) },
		"transaction": func(ctx context.Context, s *dynamostore.Store) error {
			return s.PutFailures(ctx, []store.Failure{{Payload: make([]byte, 400<<10)}})
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := &repeats{}
				if err := call(t.Context(), dynamostore.Open(over(r, "http://dynamodb.example"), named, atNine)); err != nil {
					t.Fatal(err)
				}
				if len(r.bodies) != 2 || !bytes.Equal(r.bodies[0], r.bodies[1]) {
					t.Errorf("got %d requests, want two that are equal", len(r.bodies))
				}
				if name == "transaction" && !bytes.Contains(r.bodies[0], []byte(`"ClientRequestToken"`)) {
					t.Error("the transaction has no token")
				}
			})
		})
	}
}
