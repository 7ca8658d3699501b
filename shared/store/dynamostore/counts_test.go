package dynamostore_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"apicenter/shared/store"
	"apicenter/shared/store/dynamostore"
)

// What AWS bills: a strongly consistent read one unit for each 4 KB begun of each row, absent ones included, an eventually
// consistent one half of that; a write one for each KB begun of the larger of the row before and after; one more for each
// index entry written, two when its key changes; in a transaction twice as much, also when it is cancelled; a refused write
// as much as one that is done.
//
// DynamoDB Local reports otherwise in three places: rows that are absent from a batch, queries that find nothing, and some
// rows of a transaction cost nothing there. Those are counted as AWS bills them. In a fourth place it reports too much, which
// is counted: deleting a row that is not there, in a batch, costs two units in a table with local indexes instead of one.
func TestCountsAreWhatIsBilled(t *testing.T) {
	t.Parallel()
	w := &wire{}
	client := through(t, w)
	_, tables := common(t)
	ctx := t.Context()
	s := dynamostore.Open(client, tables, atNine)
	scope := store.FlowScope("counts", "f")
	p := store.PositionKey{Tenant: "counts", Flow: "f"}
	var keys []string
	var many []store.Entry
	for i := range 50 {
		keys = append(keys, fmt.Sprint("many", i))
		many = append(many, store.Entry{Key: keys[i]})
	}
	entry := store.Entry{Key: "k", Reference: "ref", State: store.Unsure}
	save := func(change func()) func() error {
		return func() error {
			change()
			revisions, err := s.SaveEntries(ctx, scope, []store.Entry{entry})
			if err == nil && revisions[0] != 0 {
				entry.Revision = revisions[0]
			}
			return err
		}
	}
	chunk := func(id, run string, bytes int) func() error {
		return func() error {
			c := aChunk("counts")
			c.ID, c.Run, c.Payload = id, run, make([]byte, bytes)
			return s.AppendChunk(ctx, c)
		}
	}
	rereads := []store.Reread{{Key: "a"}, {Key: "b"}}
	failure := aFailure("counts")
	failure.Cause = ""
	put := func(change func()) func() error {
		return func() error { change(); return s.PutFailures(ctx, []store.Failure{failure}) }
	}
	close := func() error {
		return s.CloseFailures(ctx, "counts", "f", []store.Closed{{Key: "k", Version: failure.Version}})
	}
	large := func() { failure.Payload = make([]byte, 341<<10) }
	for _, c := range []struct {
		what string
		call func() error
		want dynamostore.Counts // requests, reads, writes
	}{
		{"new entry with reference: row and index", save(func() {}), dynamostore.Counts{1, 0, 2}},
		{"its update: the index stays", save(func() { entry.State = store.Delivered }), dynamostore.Counts{1, 0, 1}},
		{"its reference changes: out of the index and in again", save(func() { entry.Reference = "new" }), dynamostore.Counts{1, 0, 3}},
		{"a refused update", save(func() { entry.Revision-- }), dynamostore.Counts{1, 0, 1}},
		{"a refused update above 1 KB", save(func() { entry.TargetID = string(make([]byte, 1500)) }), dynamostore.Counts{1, 0, 2}},
		{"50 entries that are not there", func() error { _, err := s.Entries(ctx, scope, keys); return err }, dynamostore.Counts{1, 50, 0}},
		{"50 new entries without reference", func() error { _, err := s.SaveEntries(ctx, scope, many); return err }, dynamostore.Counts{50, 0, 50}},
		{"50 entries", func() error { _, err := s.Entries(ctx, scope, keys); return err }, dynamostore.Counts{1, 50, 0}},
		{"entries by reference: index, then row", func() error { _, err := s.EntriesByReference(ctx, scope, "new"); return err }, dynamostore.Counts{2, 1.5, 0}},
		{"entries by a reference that is not there", func() error { _, err := s.EntriesByReference(ctx, scope, "none"); return err }, dynamostore.Counts{1, 0.5, 0}},
		{"new run", func() error { return s.StartRun(ctx, aRun("counts")) }, dynamostore.Counts{1, 0, 1}},
		{"pages of a run", func() error { return s.AddToRun(ctx, "counts", "f", "r", 1, 9, time.Time{}, nil) }, dynamostore.Counts{1, 0, 1}},
		{"chunk of 2.5 KB: body; head with index, hour and run, doubled", chunk("1", "r", 2500), dynamostore.Counts{2, 0, 3 + 2*4}},
		{"chunk without run", chunk("2", "", 2500), dynamostore.Counts{2, 0, 3 + 2*2}},
		{"chunk that is there: body, cancelled transaction, body removed", chunk("1", "r", 2500), dynamostore.Counts{3, 0, 3 + 2*3 + 3}},
		{"chunk of 20 KB", chunk("3", "r", 20_000), dynamostore.Counts{2, 0, 20 + 2*4}},
		{"a chunk of 20 KB read: head, then body", func() error { _, err := s.Chunk(ctx, "counts", "f", "3"); return err }, dynamostore.Counts{2, 1 + 5, 0}},
		{"new failure: row and three indexes", put(func() {}), dynamostore.Counts{1, 0, 4}},
		{"the same again: refused, then the row alone", put(func() { failure.Last = nine.Add(time.Hour) }), dynamostore.Counts{2, 0, 1 + 1}},
		{"closed", close, dynamostore.Counts{1, 0, 4}},
		{"with a cause: one index more", put(func() { failure.Cause = "product:1" }), dynamostore.Counts{1, 0, 5}},
		{"closed with its cause", close, dynamostore.Counts{1, 0, 5}},
		{"closed when there is none", close, dynamostore.Counts{1, 0, 1}},
		{"failure in two parts, doubled", put(large), dynamostore.Counts{1, 0, 2 * (5 + 341 + 2)}},
		{"load", func() error { return s.AddLoad(ctx, "counts", "c", 1, 1) }, dynamostore.Counts{1, 0, 1}},
		{"load read", func() error { _, err := s.Load(ctx, "counts", "c"); return err }, dynamostore.Counts{1, 1, 0}},
		{"lease", func() error { _, _, err := s.Acquire(ctx, p, "o", nine.Add(time.Hour)); return err }, dynamostore.Counts{1, 0, 1}},
		{"lease of another: refused, then marked", func() error { _, _, err := s.Acquire(ctx, p, "p", nine.Add(time.Hour)); return err }, dynamostore.Counts{2, 0, 2}},
		{"checkpoint", func() error { return s.SaveCheckpoint(ctx, p, "o", "42", nine.Add(time.Hour)) }, dynamostore.Counts{1, 0, 1}},
		{"flow: read, then four rows and the index of due ones, doubled", func() error { return s.PutFlow(ctx, aFlow("counts", "f"), nine) }, dynamostore.Counts{2, 1, 2 * 5}},
		{"due time: row, out of the index and in again", func() error { _, err := s.MoveDue(ctx, "counts", "f", nine, nine.Add(time.Hour)); return err }, dynamostore.Counts{1, 0, 3}},
		{"due time that was moved", func() error { _, err := s.MoveDue(ctx, "counts", "f", nine, nine.Add(time.Hour)); return err }, dynamostore.Counts{1, 0, 1}},
		{"a run that is not there", func() error { s.Run(ctx, "counts", "f", "absent"); return nil }, dynamostore.Counts{1, 1, 0}},
		{"runs of a flow that has none", func() error { _, _, err := s.Runs(ctx, "counts", "none", "", 9); return err }, dynamostore.Counts{1, 1, 0}},
		{"two rereads: row and index", func() error { return s.AddRereads(ctx, "counts", "f", rereads) }, dynamostore.Counts{2, 0, 4}},
		{"two rereads removed", func() error { return s.RemoveRereads(ctx, "counts", "f", []string{"a", "b"}) }, dynamostore.Counts{1, 0, 4}},
	} {
		before, sent := s.Counts(), w.requests.Load()
		if err := c.call(); err != nil {
			t.Errorf("%s: %v", c.what, err)
		}
		after, requests := s.Counts(), w.requests.Load()-sent
		got := dynamostore.Counts{Requests: after.Requests - before.Requests, ReadUnits: after.ReadUnits - before.ReadUnits, WriteUnits: after.WriteUnits - before.WriteUnits}
		if got != c.want || requests != c.want.Requests {
			t.Errorf("%s: got %+v over %d requests, want %+v", c.what, got, requests, c.want)
		}
	}
}

// What DynamoDB reports above the least is what is billed, and each try of a transaction and each piece of a batch is one.
func TestCountsFollowWhatIsReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		units := func(n float64) *types.ConsumedCapacity { return &types.ConsumedCapacity{CapacityUnits: aws.Float64(n)} }
		pieces := 0
		f := answering(map[string]bool{}, cancelled("None", "TransactionConflict"), nil)
		f.get = func(context.Context, *dynamodb.GetItemInput) (*dynamodb.GetItemOutput, error) {
			return &dynamodb.GetItemOutput{ConsumedCapacity: units(7)}, nil
		}
		f.update = func(context.Context, *dynamodb.UpdateItemInput) (*dynamodb.UpdateItemOutput, error) {
			return &dynamodb.UpdateItemOutput{ConsumedCapacity: units(3)}, nil
		}
		f.getMany = func(_ context.Context, in *dynamodb.BatchGetItemInput) (*dynamodb.BatchGetItemOutput, error) {
			pieces++
			keys := in.RequestItems[named.Ledger]
			keys.Keys = keys.Keys[1:]
			return &dynamodb.BatchGetItemOutput{ConsumedCapacity: []types.ConsumedCapacity{*units(2.5)},
				UnprocessedKeys: map[string]types.KeysAndAttributes{named.Ledger: keys}}, nil
		}
		s := dynamostore.Open(f, named, atNine)
		must(s.Load(t.Context(), "t", "c"))
		ok(s.AddLoad(t.Context(), "t", "c", 1, 0))
		must(s.Entries(t.Context(), store.FlowScope("t", "f"), []string{"a", "b", "c"}))
		must(s.OpenIncident(t.Context(), store.Incident{Tenant: "t", ID: "1"}))
		want := dynamostore.Counts{Requests: 1 + 1 + 3 + 2, ReadUnits: 7 + 3*2.5, WriteUnits: 3 + 2*4}
		if got := s.Counts(); got != want || pieces != 3 {
			t.Errorf("got %+v in %d pieces, want %+v in 3", got, pieces, want)
		}
	})
}
