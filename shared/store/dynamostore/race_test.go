package dynamostore_test

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"apicenter/shared/integration"
	"apicenter/shared/model"
	"apicenter/shared/store"
	"apicenter/shared/store/dynamostore"
)

// rivals are how many call at the same time, one half over one store, the rest over another: two processes.
const rivals = 8

// race calls do for each rival at the same moment, and returns how many said that they won.
func race(t *testing.T, client dynamostore.Client, tables dynamostore.Tables, do func(s *dynamostore.Store, rival int) (won bool, err error)) int {
	t.Helper()
	processes := []*dynamostore.Store{dynamostore.Open(client, tables, atNine), dynamostore.Open(client, tables, atNine)}
	var group sync.WaitGroup
	var wins atomic.Int64
	ready := make(chan struct{})
	for rival := range rivals {
		group.Go(func() {
			<-ready
			won, err := do(processes[rival%2], rival)
			if err != nil {
				t.Errorf("rival %d: %v", rival, err)
			}
			if won {
				wins.Add(1)
			}
		})
	}
	close(ready)
	group.Wait()
	return int(wins.Load())
}

// Promises 2 and 4: of all who write from the same state, in whichever process, one wins and the others are told.
func TestOneProcessWins(t *testing.T) {
	t.Parallel()
	client, tables := common(t)
	ctx := t.Context()
	s := dynamostore.Open(client, tables, atNine)
	but := func(err, expected error) error {
		if errors.Is(err, expected) {
			return nil
		}
		return err
	}
	for round := range 5 {
		tenant := fmt.Sprint("race ", round)
		scope := store.FlowScope(tenant, "f")
		must(s.SaveEntries(ctx, scope, []store.Entry{{Key: "old"}}))
		must(s.SaveConnectionState(ctx, tenant, "old", integration.ConnectionState{}))
		ok(s.PutFlow(ctx, aFlow(tenant, "old"), nine))
		entry := must(s.Entries(ctx, scope, []string{"old"}))[0]
		state := must(s.ConnectionState(ctx, tenant, "old"))
		for name, do := range map[string]func(s *dynamostore.Store, rival int) (bool, error){
			"new entry": func(s *dynamostore.Store, rival int) (bool, error) {
				revisions, err := s.SaveEntries(ctx, scope, []store.Entry{{Key: "new", TargetID: fmt.Sprint(rival)}})
				return err == nil && revisions[0] != 0, err
			},
			"entry": func(s *dynamostore.Store, rival int) (bool, error) {
				mine := entry
				mine.TargetID = fmt.Sprint(rival)
				revisions, err := s.SaveEntries(ctx, scope, []store.Entry{mine})
				return err == nil && revisions[0] != 0, err
			},
			"new connection state": func(s *dynamostore.Store, rival int) (bool, error) {
				_, err := s.SaveConnectionState(ctx, tenant, "new", integration.ConnectionState{Failures: rival})
				return err == nil, but(err, store.ErrConflict)
			},
			"connection state": func(s *dynamostore.Store, rival int) (bool, error) {
				mine := state
				mine.Failures = rival
				_, err := s.SaveConnectionState(ctx, tenant, "old", mine)
				return err == nil, but(err, store.ErrConflict)
			},
			"new flow": func(s *dynamostore.Store, rival int) (bool, error) {
				f := aFlow(tenant, "new")
				f.Source = "c"
				err := s.PutFlow(ctx, f, nine)
				return err == nil, but(err, store.ErrConflict)
			},
			"flow": func(s *dynamostore.Store, rival int) (bool, error) {
				f := aFlow(tenant, "old")
				f.Version, f.Hook, f.Filter = 2, fmt.Sprint(tenant, rival), fmt.Sprint(rival)
				err := s.PutFlow(ctx, f, nine)
				return err == nil, but(err, store.ErrConflict)
			},
			"flows alike": func(s *dynamostore.Store, rival int) (bool, error) {
				f := aFlow(tenant, fmt.Sprint("alike", rival))
				f.Source = "d"
				err := s.PutFlow(ctx, f, nine)
				return err == nil, but(err, store.ErrDuplicate)
			},
			"lease": func(s *dynamostore.Store, rival int) (bool, error) {
				_, acquired, err := s.Acquire(ctx, store.PositionKey{Tenant: tenant, Flow: "f"}, fmt.Sprint(rival), nine.Add(time.Hour))
				return acquired, err
			},
			"incident": func(s *dynamostore.Store, rival int) (bool, error) {
				return s.OpenIncident(ctx, store.Incident{Tenant: tenant, ID: fmt.Sprint(rival), Subject: "flow/f"})
			},
		} {
			if wins := race(t, client, tables, do); wins != 1 {
				t.Errorf("round %d, %s: %d won, want 1", round, name, wins)
			}
		}
		// Apart, because saving the flow sets it as well.
		due := func(s *dynamostore.Store, rival int) (bool, error) {
			return s.MoveDue(ctx, tenant, "old", nine, nine.Add(time.Duration(rival%2+1)*time.Hour))
		}
		if wins := race(t, client, tables, due); wins != 1 {
			t.Errorf("round %d, due time: %d won, want 1", round, wins)
		}
		for what, n := range map[string]int{"open incidents": len(must(s.Incidents(ctx, tenant, true, 9))), "flows": len(must(s.Flows(ctx, tenant))) - 2} {
			if n != 1 {
				t.Errorf("round %d: got %d %s, want 1", round, n, what)
			}
		}
	}
}

// Promise 3: whoever comes when, the newest failure stands, whole, with the time of the first.
func TestNewestFailureStands(t *testing.T) {
	t.Parallel()
	client, tables := common(t)
	ctx := t.Context()
	s := dynamostore.Open(client, tables, atNine)
	for round := range 3 {
		f := aFailure(fmt.Sprint("newest ", round))
		f.Version.Marker = 0
		ok(s.PutFailures(ctx, []store.Failure{f}))
		payload := func(rival int) []byte { // every other lies in parts
			out := make([]byte, 10+rival%2*(345<<10))
			for i := range out {
				out[i] = byte(rival)
			}
			return out
		}
		race(t, client, tables, func(s *dynamostore.Store, rival int) (bool, error) {
			mine := f
			mine.Version, mine.Since, mine.Payload = model.Version{Marker: int64(rival + 1), Read: nine}, nine.Add(time.Hour), payload(rival)
			return true, s.PutFailures(ctx, []store.Failure{mine})
		})
		got, err := s.Failure(ctx, f.Tenant, "f", "k")
		if err != nil || got.Version.Marker != rivals || string(got.Payload) != string(payload(rivals-1)) || !got.Since.Equal(nine) {
			t.Errorf("round %d: got version %d since %v with %d bytes and %v, want version %d since %v with its own payload",
				round, got.Version.Marker, got.Since, len(got.Payload), err, rivals, nine)
		}
		// And closing an older one leaves it.
		ok(s.CloseFailures(ctx, f.Tenant, "f", []store.Closed{{Key: "k", Version: model.Version{Marker: rivals - 1, Read: nine}}}))
		if _, err := s.Failure(ctx, f.Tenant, "f", "k"); err != nil {
			t.Errorf("round %d: after an older one was closed: got %v", round, err)
		}
	}
}
