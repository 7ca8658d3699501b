package sqlitestore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"apicenter/shared/fault"
	"apicenter/shared/integration"
	"apicenter/shared/message"
	"apicenter/shared/model"
	"apicenter/shared/secret"
	"apicenter/shared/sqlitefile"
	"apicenter/shared/store"
)

// nine is the time the rows of the tests speak of.
var nine = time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC)

// firstSteps is how many statements made the tables that testdata/first.sql fills.
const firstSteps = 37

// What the first release stored can be read for ever.
func TestRowsOfTheFirstReleaseAreRead(t *testing.T) {
	firstRows, err := os.ReadFile(filepath.Join("testdata", "first.sql"))
	if err != nil {
		t.Fatal(err)
	}
	f, err := sqlitefile.Open(filepath.Join(t.TempDir(), "data.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Migrate(t.Context(), "store", schema()[:firstSteps]); err != nil {
		t.Fatal(err)
	}
	if err := f.Write(t.Context(), func(tx *sqlitefile.Tx) error {
		for statement := range strings.SplitSeq(string(firstRows), ";\n") {
			if _, err := tx.Exec(statement); err != nil {
				return fmt.Errorf("%s: %w", statement, err)
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	s, err := Open(t.Context(), f, func() time.Time { return nine })
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	problem := &fault.Error{Class: fault.Reject, Step: "write order", Field: "lines[0].sku", Message: "no such article", Cause: "product:5001"}
	version := model.Version{Marker: 7, Read: nine}
	flow := integration.Flow{Tenant: "t", ID: "f", Integration: "i", Kind: model.Orders, Source: "a", Target: "b", Status: integration.Active,
		Schedule: integration.Schedule{Every: 5 * time.Minute}, Orders: &integration.OrderRules{OnlyPaid: true}, Hook: "hash", Version: 3}
	chunk := store.Chunk{Tenant: "t", Flow: "f", Run: "r", ID: "c", At: nine, Expires: nine.Add(time.Hour), Payload: []byte("sealed"),
		Counts: map[model.Outcome]int{model.Pending: 1, model.Delivered: 2, model.Skipped: 3, model.Rejected: 4, model.Failed: 5}}
	for what, c := range map[string]struct {
		got  func() (any, error)
		want any
	}{
		"tenant": {func() (any, error) { return s.Tenant(ctx, "t") }, integration.Tenant{ID: "t", Name: "Shop", Language: "nl", Zone: "Europe/Amsterdam"}},
		"connection": {func() (any, error) { return s.Connection(ctx, "t", "a") }, integration.Connection{Tenant: "t", ID: "a", System: "afas",
			Title: "AFAS", Settings: map[string]string{"environment": "012345"}, Secrets: []byte("sealed"), Prefix: "W-"}},
		"state":       {func() (any, error) { return s.ConnectionState(ctx, "t", "a") }, integration.ConnectionState{Status: integration.Down, Until: nine, Failures: 5, Revision: 4}},
		"integration": {func() (any, error) { return s.Integration(ctx, "t", "i") }, integration.Integration{Tenant: "t", ID: "i", Title: "Till to ERP", A: "a", B: "b"}},
		"flow":        {func() (any, error) { return s.Flow(ctx, "t", "f") }, flow},
		"due flows":   {func() (any, error) { return s.DueFlows(ctx, model.Orders, nine, 5) }, []store.DueFlow{{Flow: flow, At: nine}}},
		"position": {func() (any, error) {
			return s.Position(ctx, store.PositionKey{Tenant: "t", Flow: "f", Mode: "incremental"})
		}, store.Position{Checkpoint: "42", Owner: "o", Until: nine.Add(time.Hour), Again: true}},
		"rereads": {func() (any, error) { return s.DueRereads(ctx, "t", "f", nine, 5) }, []store.Reread{{Key: "k", Since: nine.Add(-time.Hour), Next: nine, Tries: 2}}},
		"ledger": {func() (any, error) { return s.Entries(ctx, store.FlowScope("t", "f"), []string{"k"}) }, []store.Entry{{Key: "k",
			State: store.Delivered, UnsureUntil: nine, Version: version, Fingerprint: "ff", TargetID: "0012", Reference: "W-1", FirstTried: nine,
			Activity: "c", Cancelled: true, Revision: 2}}},
		"run": {func() (any, error) { return s.Run(ctx, "t", "f", "r") }, store.Run{Tenant: "t", Flow: "f", ID: "r", Kind: model.Orders, Mode: "incremental",
			Trigger: message.Schedule, Started: nine, Ended: nine.Add(time.Minute), Pages: 2, Read: 15, Counts: chunk.Counts, Problem: problem}},
		"chunk": {func() (any, error) { return s.Chunk(ctx, "t", "f", "c") }, chunk},
		"hours": {func() (any, error) { return s.Hours(ctx, "t", "f", nine) }, []store.Hour{{Start: nine, Counts: chunk.Counts}}},
		"failure": {func() (any, error) { return s.Failure(ctx, "t", "f", "k") }, store.Failure{Tenant: "t", Flow: "f", Key: "k", Number: "0012", Connection: "b",
			State: store.FailureOpen, Outcome: model.Rejected, Problem: problem, Cause: "product:5001", Version: version, Since: nine, Last: nine, Run: "r",
			Activity: "c", Content: message.Mapped, Payload: []byte("sealed")}},
		"incidents": {func() (any, error) { return s.Incidents(ctx, "t", false, 5) }, []store.Incident{{Tenant: "t", ID: "1", Subject: "flow/f", Problem: problem,
			Opened: nine, Closed: nine.Add(time.Hour)}}},
		"load": {func() (any, error) { return s.Load(ctx, "t", "b") }, store.Load{Queued: 3, Finished: nine}},
		"keys": {func() (any, error) { stored, _, err := s.Keys(ctx, "t"); return stored, err }, secret.Stored{Wrapped: []byte("wrapped"), Index: []byte("index"), Created: nine}},
	} {
		got, err := c.got()
		if err != nil {
			t.Errorf("%s: %v", what, err)
		} else if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: got + want -\n%s", what, diff)
		}
	}
}

func TestErasedKeysLeaveNoTrace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data.db")
	f, err := sqlitefile.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	s, err := Open(t.Context(), f, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	const tenants = 300
	name := func(i int) string { return fmt.Sprint("tenant-", i) }
	secretOf := func(i int) []byte { return fmt.Appendf(nil, "wrapped keyset of number %04d", i) }
	onDisk := func(i int) bool {
		for _, name := range []string{path, path + "-wal", path + "-shm"} {
			data, err := os.ReadFile(name)
			if err != nil && !errors.Is(err, os.ErrNotExist) {
				t.Fatal(err)
			}
			if bytes.Contains(data, secretOf(i)) {
				return true
			}
		}
		return false
	}
	// In no order and of all lengths, so that pages split and rows move: deleting alone leaves traces of some then.
	random := rand.New(rand.NewPCG(1, 2))
	for _, i := range random.Perm(tenants) {
		stored := secret.Stored{Wrapped: append(secretOf(i), make([]byte, random.IntN(900))...), Index: secretOf(i), Created: nine}
		if _, err := s.CreateKeys(t.Context(), name(i), stored); err != nil {
			t.Fatal(err)
		}
	}
	gone := random.Perm(tenants)
	for _, i := range gone[:60] {
		if !onDisk(i) {
			t.Fatal("the keyset is not on the disk: this test proves nothing")
		}
		if err := s.EraseKeys(t.Context(), name(i)); err != nil {
			t.Fatal(err)
		}
		if onDisk(i) {
			t.Errorf("the erased keyset %d can still be read in the file", i)
		}
	}
	for _, i := range gone[60:] {
		if stored, found, err := s.Keys(t.Context(), name(i)); err != nil || !found || !bytes.Equal(stored.Index, secretOf(i)) {
			t.Errorf("keys of another tenant: found %v, %q, %v", found, stored.Index, err)
		}
	}
}

func TestPruneDeletesWhatExpired(t *testing.T) {
	f, s := openFile(t)
	ctx := t.Context()
	for _, run := range []string{"old", "new", "empty"} {
		if err := s.StartRun(ctx, store.Run{Tenant: "t", Flow: "f", ID: run, Started: nine}); err != nil {
			t.Fatal(err)
		}
	}
	add := func(run, id string, at, expires time.Time) {
		t.Helper()
		if err := s.AppendChunk(ctx, store.Chunk{Tenant: "t", Flow: "f", Run: run, ID: id, At: at, Expires: expires,
			Counts: map[model.Outcome]int{model.Delivered: 1}}); err != nil {
			t.Fatal(err)
		}
	}
	long := nine.Add(keptRuns)
	for i := range 2*pruneStep + 50 {
		add("old", fmt.Sprintf("a%04d", i), nine, nine.Add(time.Hour))
	}
	add("new", "b2", nine.Add(2*time.Hour), long.Add(time.Hour)) // first the one that lives longer
	add("new", "b1", nine.Add(2*time.Hour), nine.Add(3*time.Hour))
	rows := func() (chunks, hours, runs int) {
		t.Helper()
		if err := f.Read(ctx, func(tx *sqlitefile.Tx) error {
			return errors.Join(tx.QueryRow("SELECT count(*) FROM chunks").Scan(&chunks), tx.QueryRow("SELECT count(*) FROM hours").Scan(&hours),
				tx.QueryRow("SELECT count(*) FROM runs").Scan(&runs))
		}); err != nil {
			t.Fatal(err)
		}
		return chunks, hours, runs
	}
	prune := func(now time.Time, want, chunks, hours, runs int) {
		t.Helper()
		writes := f.Counts().Writes
		got, err := s.Prune(ctx, now)
		if err != nil || got != want {
			t.Errorf("at %v: deleted %d (%v), want %d", now, got, err, want)
		}
		if steps := f.Counts().Writes - writes; int(steps) < 3+want/pruneStep {
			t.Errorf("at %v: %d rows in %d transactions, want at most %d rows in each", now, want, steps, pruneStep)
		}
		if c, h, r := rows(); c != chunks || h != hours || r != runs {
			t.Errorf("at %v: %d chunks, %d hours and %d runs are left, want %d, %d and %d", now, c, h, r, chunks, hours, runs)
		}
	}
	const many = 2*pruneStep + 50
	prune(nine.Add(time.Hour-time.Second), 0, many+2, 2, 3)
	prune(nine.Add(time.Hour), many+1, 2, 1, 3) // and the hour; a run stays some time even when all it did is forgotten
	prune(nine.Add(3*time.Hour), 1, 1, 1, 3)
	prune(long, 2, 1, 1, 1)
	prune(long.Add(time.Hour), 3, 0, 0, 0)
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := s.Prune(cancelled, long); !errors.Is(err, context.Canceled) {
		t.Errorf("with an ended context: %v", err)
	}
}

// A scope's number is taken back with the transaction that gave it; using it afterwards would mix up two scopes.
func TestScopeNumberOfAFailedSaveIsNotKept(t *testing.T) {
	f, s := openFile(t)
	ctx := t.Context()
	a, b := store.FlowScope("t", "a"), store.FlowScope("t", "b")
	save := func(ctx context.Context, scope store.Scope) error {
		_, err := s.SaveEntries(ctx, scope, []store.Entry{{Key: "k", TargetID: scope.Name}})
		return err
	}
	// Behind a call that takes long, two saves of a new scope and a call that ends their shared transaction.
	started, goOn := make(chan struct{}), make(chan struct{})
	queued, done := make(chan struct{}, 10), make(chan error, 10)
	begin := func(call func(ctx context.Context) error) {
		go func() { done <- call(signalling{ctx, queued}) }()
		<-queued
	}
	begin(func(ctx context.Context) error {
		return f.Write(ctx, func(*sqlitefile.Tx) error { close(started); <-goOn; return nil })
	})
	<-started
	begin(func(ctx context.Context) error { return save(ctx, a) })
	begin(func(ctx context.Context) error { return save(ctx, a) })
	begin(func(ctx context.Context) error {
		return f.Write(ctx, func(tx *sqlitefile.Tx) error { _, err := tx.Exec("ROLLBACK"); return err })
	})
	close(goOn)
	failed := 0
	for range 4 {
		if err := <-done; err != nil {
			failed++
		}
	}
	if failed != 3 {
		t.Fatalf("%d calls failed, want 3: this test proves nothing", failed)
	}
	for _, scope := range []store.Scope{b, a} {
		if err := save(ctx, scope); err != nil {
			t.Fatal(err)
		}
	}
	for _, scope := range []store.Scope{b, a} {
		if got, err := s.Entries(ctx, scope, []string{"k"}); err != nil || got[0].TargetID != scope.Name || got[0].Revision != 1 {
			t.Errorf("%s: got %+v, %v", scope.Name, got, err)
		}
	}
}

// signalling is a context that tells when its Done was asked for, which a write does once it is queued.
type signalling struct {
	context.Context
	asked chan struct{}
}

func (s signalling) Done() <-chan struct{} {
	s.asked <- struct{}{}
	return s.Context.Done()
}

func TestUnknownOutcomesAreRefused(t *testing.T) {
	_, s := openFile(t)
	odd := model.Outcome("lost; DROP TABLE chunks")
	err := s.AppendChunk(t.Context(), store.Chunk{Tenant: "t", Flow: "f", ID: "c", Counts: map[model.Outcome]int{odd: 1}})
	if err == nil {
		t.Error("a chunk with an outcome that cannot be counted was taken")
	}
	if _, _, err := s.Chunks(t.Context(), store.ChunkFilter{Tenant: "t", Flow: "f", Outcomes: []model.Outcome{odd}}, "", 5); err == nil {
		t.Error("an unknown outcome was looked for")
	}
	if _, _, err := s.Failures(t.Context(), store.FailureFilter{Tenant: "t"}, "not a cursor", 5); err == nil {
		t.Error("a cursor that is none was taken")
	}
}
