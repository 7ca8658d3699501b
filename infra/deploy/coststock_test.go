package deploy

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"apicenter/infra/exam"
	"apicenter/shared/message"
	"apicenter/shared/model"
	"apicenter/shared/queue"
	"apicenter/shared/stage"
	"apicenter/shared/store"
)

// No stage moves stock yet. What it will ask of the ports is known: an absolute level is read in batches, looked up in the
// ledger by one strongly consistent read for a message, and written there once when it changed, with one chunk of activity
// for the message. The rows of stock are what the ports bill for that; reading and writing the systems is left out.

// stockPage is how many levels a page of the source holds.
const stockPage = 200

// stock is a shop's levels on their way.
type stock struct {
	*rig
	levels     int
	perMessage int
	turn       int // levels change from turn to turn
	changed    bool
}

// openStock wires functions that drive the ports as the send protocol asks.
func openStock(ctx context.Context, t testing.TB, levels, perMessage int) *stock {
	t.Helper()
	s := &stock{rig: newRig(ctx, t), levels: levels, perMessage: perMessage}
	sending := s.open(ctx, t, "SenderFunction", "send", queue.Send)
	sending.handle = s.each(sending, s.send)
	mapping := s.open(ctx, t, "MapperFunction", "map", queue.Map)
	mapping.handle = s.each(mapping, s.mapped)
	reading := s.open(ctx, t, "StockFunction", "fetch", queue.Fetch(model.Stock))
	reading.handle = s.each(reading, s.fetch)
	platform := exam.Platform{Store: s.desk.store, Sealer: s.desk.vault, Plans: s.desk.plans, Now: world().Now}
	if err := platform.Create(ctx, exam.Setup{Source: "http://127.0.0.1:9", Target: "http://127.0.0.1:9", Every: time.Hour}); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *stock) each(f *costed, do func(context.Context, *costed, queue.Delivery) error) func(context.Context, []queue.Delivery) []string {
	return func(ctx context.Context, list []queue.Delivery) (failed []string) {
		for _, d := range list {
			if err := do(ctx, f, d); err != nil {
				f.log.ErrorContext(ctx, "a message of stock failed", "error", err)
				failed = append(failed, d.ID)
			}
		}
		return failed
	}
}

// pass brings all levels across once and returns what that used; changed says whether they are others than last time.
func (s *stock) pass(ctx context.Context, t testing.TB, changed bool) bill {
	t.Helper()
	if s.changed = changed; changed {
		s.turn++
	}
	before := s.spent()
	f := s.functions[len(s.functions)-1]
	h := message.Header{ID: world().ID(), Tenant: exam.Tenant, Flow: exam.Flow, Content: message.Jobs, Kind: model.Stock, FirstSeen: world().Now()}
	body, err := message.Encode(ctx, f.codec, h, []message.Job{{Mode: "incremental", Trigger: message.Schedule}})
	if err == nil {
		err = f.queues.Send(ctx, queue.Fetch(model.Stock), []queue.Message{{Body: body, Group: exam.Tenant}})
	}
	if err == nil {
		err = s.settle(ctx)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range s.functions {
		if len(f.lines.trouble) > 0 {
			t.Fatalf("%s complains, so this run has no price: %s", f.id, f.lines.trouble[0])
		}
	}
	s.check(ctx, t)
	return s.spent().since(before)
}

func sku(i int) string { return fmt.Sprintf("%013d", 8710000000000+i) }

// level is a record of stock and the document made of it, of the size they have.
func (s *stock) level(i int) (source, document json.RawMessage, fingerprint string) {
	n := (i*7919 + s.turn*13) % 500
	source = fmt.Appendf(nil, `{"sku":%q,"location":"01","physical":"%d","reserved":"%d","incoming":"0","unit":"Stk"}`, sku(i), n+3, 3)
	document = fmt.Appendf(nil, `{"article":%q,"warehouse":"01","quantity":"%d"}`, sku(i), n)
	sum := sha256.Sum256(document)
	return source, document, hex.EncodeToString(sum[:])
}

// plan reads what a stage reads to put a flow together.
func (s *stock) plan(ctx context.Context, f *costed) error {
	_, err := f.plans.Plan(ctx, exam.Tenant, exam.Flow)
	return err
}

func (s *stock) fetch(ctx context.Context, f *costed, d queue.Delivery) error {
	h, _, err := message.Decode[message.Job](ctx, f.codec, d.Body)
	if err != nil {
		return err
	}
	if err := s.plan(ctx, f); err != nil {
		return err
	}
	for _, id := range []string{exam.Source, exam.Target} {
		if _, err := f.store.ConnectionState(ctx, h.Tenant, id); err != nil {
			return err
		}
	}
	if _, err := f.store.Load(ctx, h.Tenant, exam.Target); err != nil {
		return err
	}
	key, owner, run := store.PositionKey{Tenant: h.Tenant, Flow: h.Flow, Mode: "incremental"}, world().ID(), world().ID()
	until := func() time.Time { return world().Now().Add(2 * time.Minute) }
	if _, _, err := f.store.Acquire(ctx, key, owner, until()); err != nil {
		return err
	}
	if _, err := f.store.Connection(ctx, h.Tenant, exam.Source); err != nil {
		return err
	}
	if err := f.store.StartRun(ctx, store.Run{Tenant: h.Tenant, Flow: h.Flow, ID: run, Kind: model.Stock, Mode: "incremental",
		Trigger: message.Schedule, Started: world().Now()}); err != nil {
		return err
	}
	h.Run, h.Content, h.Connection = run, message.Sources, exam.Target
	pages := 0
	for from := 0; from < s.levels; from += stockPage {
		if err := s.page(ctx, f, h, from, min(from+stockPage, s.levels)); err != nil {
			return err
		}
		if err := f.store.SaveCheckpoint(ctx, key, owner, fmt.Sprint(from), until()); err != nil {
			return err
		}
		if pages++; from+stockPage < s.levels {
			if _, err := f.store.Load(ctx, h.Tenant, exam.Target); err != nil {
				return err
			}
		}
	}
	if _, err := f.store.Release(ctx, key, owner); err != nil {
		return err
	}
	return f.store.AddToRun(ctx, h.Tenant, h.Flow, run, pages, s.levels, world().Now(), nil)
}

func (s *stock) page(ctx context.Context, f *costed, h message.Header, from, to int) error {
	var sources []message.Source
	for i := from; i < to; i++ {
		fields, _, _ := s.level(i)
		sources = append(sources, message.Source{Key: sku(i), Version: model.Version{Read: world().Now()}, Fields: fields})
	}
	packed, _, err := message.Pack(ctx, f.codec, h, sources, s.perMessage, world().ID)
	if err != nil {
		return err
	}
	if err := f.store.AddLoad(ctx, h.Tenant, exam.Target, len(packed), 0); err != nil {
		return err
	}
	return f.queues.Send(ctx, queue.Map, outgoing(packed, h.Tenant))
}

func outgoing(packed []message.Packed, group string) []queue.Message {
	out := make([]queue.Message, len(packed))
	for i, p := range packed {
		out[i] = queue.Message{Body: p.Body, Group: group, Dedup: p.Attributes.ID}
	}
	return out
}

func (s *stock) mapped(ctx context.Context, f *costed, d queue.Delivery) error {
	h, sources, err := message.Decode[message.Source](ctx, f.codec, d.Body)
	if err != nil {
		return err
	}
	if err := s.plan(ctx, f); err != nil {
		return err
	}
	docs := make([]message.Document, len(sources))
	for i, source := range sources {
		var level struct{ SKU string }
		if err := json.Unmarshal(source.Fields, &level); err != nil {
			return err
		}
		var at int
		if _, err := fmt.Sscan(level.SKU, &at); err != nil {
			return err
		}
		_, document, fingerprint := s.level(at - 8710000000000)
		docs[i] = message.Document{Key: source.Key, Number: source.Key, Version: source.Version, Fingerprint: fingerprint,
			Source: source.Fields, Record: source.Fields, Document: document}
	}
	h.Content = message.Mapped
	packed, _, err := message.Pack(ctx, f.codec, h, docs, s.perMessage, world().ID)
	if err != nil {
		return err
	}
	if err := f.queues.Send(ctx, queue.Send, outgoing(packed, stage.Lane(h.Tenant, h.Connection))); err != nil {
		return err
	}
	if n := len(packed); n != 1 {
		return f.store.AddLoad(ctx, h.Tenant, h.Connection, n-1, 0)
	}
	return nil
}

func (s *stock) send(ctx context.Context, f *costed, d queue.Delivery) error {
	h, docs, err := message.Decode[message.Document](ctx, f.codec, d.Body)
	if err != nil {
		return err
	}
	state, err := f.store.ConnectionState(ctx, h.Tenant, h.Connection)
	if err != nil {
		return err
	}
	if _, err := f.store.Flow(ctx, h.Tenant, h.Flow); err != nil {
		return err
	}
	state.Working = h.ID // the claim of the lane
	if _, err := f.store.SaveConnectionState(ctx, h.Tenant, h.Connection, state); err != nil {
		return err
	}
	if _, err := f.store.Connection(ctx, h.Tenant, h.Connection); err != nil {
		return err
	}
	keys := make([]string, len(docs))
	for i, doc := range docs {
		keys[i] = doc.Key
	}
	scope, chunk := store.FlowScope(h.Tenant, h.Flow), stage.ChunkID(h, "s")
	entries, err := f.store.Entries(ctx, scope, keys)
	if err != nil {
		return err
	}
	ending := &stage.Ending{Header: h, Chunk: chunk}
	var changed []store.Entry
	for i, doc := range docs {
		told := store.RecordActivity{Key: doc.Key, Number: doc.Number, Version: doc.Version}
		if e := entries[i]; e.State == store.Delivered && e.Fingerprint == doc.Fingerprint {
			told.Outcome, told.Reason = model.Skipped, model.ReasonUnchanged
		} else {
			e.Key, e.State, e.Version, e.Fingerprint, e.TargetID, e.Activity = doc.Key, store.Delivered, doc.Version, doc.Fingerprint, doc.Key, chunk
			changed = append(changed, e)
			told.Outcome, told.TargetID, told.Source, told.Record = model.Delivered, doc.Key, doc.Source, doc.Record
		}
		ending.Records = append(ending.Records, told)
	}
	revisions, err := f.store.SaveEntries(ctx, scope, changed)
	if err != nil {
		return err
	}
	for i, revision := range revisions {
		if revision == 0 {
			return fmt.Errorf("the level of %s was written by somebody else", changed[i].Key)
		}
	}
	if s.changed != (len(changed) == len(docs)) || !s.changed && len(changed) > 0 {
		return fmt.Errorf("%d of %d levels were written", len(changed), len(docs))
	}
	if err := f.ender.End(ctx, ending); err != nil {
		return err
	}
	return f.store.AddLoad(ctx, h.Tenant, h.Connection, 0, 1)
}

// check compares the ledger with the levels.
func (s *stock) check(ctx context.Context, t testing.TB) {
	t.Helper()
	keys := make([]string, s.levels)
	for i := range keys {
		keys[i] = sku(i)
	}
	entries, err := s.desk.store.Entries(ctx, store.FlowScope(exam.Tenant, exam.Flow), keys)
	if err != nil {
		t.Fatal(err)
	}
	for i, e := range entries {
		if _, _, want := s.level(i); e.State != store.Delivered || e.Fingerprint != want {
			t.Fatalf("a wrong run has no price: level %d is %q with fingerprint %.8s, want %.8s", i, e.State, e.Fingerprint, want)
		}
	}
}
