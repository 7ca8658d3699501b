// Package mapper is the stage between reading and writing: it turns source records into the target's documents.
//
// It takes messages of source records, runs filters, the get-side mapping, checks and the send-side mapping, and puts
// documents on the lane of their target connection. It does not decide "unchanged": a newer or older version may still be
// in the lane. It calls no system.
package mapper

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"apicenter/shared/fault"
	"apicenter/shared/message"
	"apicenter/shared/model"
	"apicenter/shared/queue"
	"apicenter/shared/secret"
	"apicenter/shared/stage"
	"apicenter/shared/store"
)

// Stage maps. Every field is required.
type Stage struct {
	Plans   *stage.Plans
	Rereads store.Rereads
	Ledger  store.Ledger
	Loads   store.Loads
	Queue   queue.Queue
	Ender   *stage.Ender
	Codec   *message.Codec
	World   stage.World
	Log     *slog.Logger
}

// triesUntilSplit is how often a message of several records may fail before its halves go on apart: one bad record must not
// take its neighbours to the dead letters. It lies below the number of receives after which the queue buries a message.
const triesUntilSplit = 3

// hopRoom is what a document may grow on its way through lanes and retries: the failure it carries along. A document that
// left the mapper fits into every later message.
const hopRoom = 16 << 10

// Handle maps each message and returns the ids of those that have to come again.
func (s *Stage) Handle(ctx context.Context, deliveries []queue.Delivery) (failed []string) {
	for _, d := range deliveries {
		if err := s.message(ctx, d); err != nil {
			s.Log.ErrorContext(ctx, "mapping a message failed", "message", d.ID, "receives", d.Receives, "error", err)
			failed = append(failed, d.ID)
		}
	}
	return failed
}

// batch is one message being mapped.
type batch struct {
	plan    *stage.Plan
	header  message.Header
	ending  *stage.Ending
	docs    []message.Document
	waiting []store.Reread
	passed  []string // keys that leave the re-read list
	// rejected are kept with their record, because the ledger has a word to say first.
	rejected []rejection
}

type rejection struct {
	source   message.Source
	number   string
	problem  *fault.Error
	activity store.RecordActivity
}

func (s *Stage) message(ctx context.Context, d queue.Delivery) (err error) {
	header, sources, err := message.Decode[message.Source](ctx, s.Codec, d.Body)
	if errors.Is(err, secret.ErrErased) {
		return nil // the tenant is gone and with it the right to read this
	}
	if err != nil {
		return fmt.Errorf("reading: %w", err)
	}
	defer func() {
		// A panic is a mistake of ours: the message comes again until it is buried, its neighbours go on.
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	if d.Receives > triesUntilSplit && len(sources) > 1 {
		return s.split(ctx, header, sources)
	}
	b := &batch{header: header, ending: &stage.Ending{Header: header, Chunk: stage.ChunkID(header, "m")}}
	b.plan, err = s.Plans.Plan(ctx, header.Tenant, header.Flow)
	switch {
	case errors.Is(err, store.ErrNotFound):
		s.Log.WarnContext(ctx, "dropping records of a flow that was removed", "flow", header.Flow, "records", len(sources))
		return s.load(ctx, header, 0, 1)
	case err != nil && fault.ClassOf(err) == fault.Reject:
		// The whole flow cannot be mapped: its records wait as failures until the mapping is mended.
		for _, source := range sources {
			b.reject(source, source.Key, fault.As(err), nil)
		}
	case err != nil:
		return err
	default:
		for _, source := range newest(sources) {
			s.record(b, source)
		}
	}
	return s.end(ctx, b)
}

// split sends the halves of a message on apart.
func (s *Stage) split(ctx context.Context, h message.Header, sources []message.Source) error {
	half := len(sources) / 2
	var out []queue.Message
	for _, part := range [][]message.Source{sources[:half], sources[half:]} {
		h.ID = s.World.ID()
		body, err := message.Encode(ctx, s.Codec, h, part)
		if err != nil {
			return err
		}
		out = append(out, queue.Message{Body: body, Group: h.Tenant, Dedup: h.ID})
	}
	if err := s.Queue.Send(ctx, queue.Map, out); err != nil {
		return fmt.Errorf("splitting: %w", err)
	}
	return s.load(ctx, h, 1, 0)
}

// load counts messages on their way to the target.
func (s *Stage) load(ctx context.Context, h message.Header, queued, finished int) error {
	if err := s.Loads.AddLoad(ctx, h.Tenant, h.Connection, queued, finished); err != nil {
		return fmt.Errorf("counting messages: %w", err)
	}
	return nil
}

// newest keeps, of records that stand in the message more than once, the newest version.
func newest(sources []message.Source) []message.Source {
	at := make(map[string]int, len(sources))
	out := sources[:0:0]
	for _, source := range sources {
		i, seen := at[source.Key]
		if !seen {
			at[source.Key] = len(out)
			out = append(out, source)
		} else if out[i].Version.Compare(source.Version) < 0 {
			source.Reread = source.Reread || out[i].Reread
			out[i] = source
		}
	}
	return out
}

func (s *Stage) record(b *batch, source message.Source) {
	switch b.plan.Flow.Kind {
	case model.Orders:
		s.order(b, source)
	case model.Products, model.Stock, model.Customers, model.Prices:
		b.reject(source, source.Key, fault.New(fault.Reject, "flows of %s cannot be sent by this release", b.plan.Flow.Kind), nil)
	}
}

func (b *batch) reject(source message.Source, number string, problem *fault.Error, order *model.Order) {
	activity := store.RecordActivity{Key: source.Key, Number: number, Outcome: model.Rejected, Problem: problem,
		Version: source.Version, Source: source.Fields}
	if order != nil {
		activity.Record = encode(order)
	}
	if source.Reread {
		b.passed = append(b.passed, source.Key) // from now on it is an open failure, and waits as one
	}
	b.rejected = append(b.rejected, rejection{source: source, number: number, problem: problem, activity: activity})
}

func (b *batch) skip(source message.Source, number, reason, text string, order *model.Order) {
	record := store.RecordActivity{Key: source.Key, Number: number, Outcome: model.Skipped, Reason: reason,
		Version: source.Version, Source: source.Fields, Record: encode(order)}
	if text != "" {
		record.Warnings = []string{text}
	}
	b.ending.Records = append(b.ending.Records, record)
	if source.Reopened {
		b.ending.Closed = append(b.ending.Closed, store.Closed{Key: source.Key, Version: source.Version})
	}
}

// end hands documents on, then writes down the rest.
func (s *Stage) end(ctx context.Context, b *batch) error {
	tenant, flow := b.header.Tenant, b.header.Flow
	sent, err := s.send(ctx, b)
	if err != nil {
		return err
	}
	if err := s.endRejected(ctx, b); err != nil {
		return err
	}
	if len(b.waiting) > 0 {
		if err := s.Rereads.AddRereads(ctx, tenant, flow, b.waiting); err != nil {
			return fmt.Errorf("keeping waiting records: %w", err)
		}
	}
	if len(b.passed) > 0 {
		if err := s.Rereads.RemoveRereads(ctx, tenant, flow, b.passed); err != nil {
			return fmt.Errorf("dropping records that wait no more: %w", err)
		}
	}
	if err := s.Ender.End(ctx, b.ending); err != nil {
		return err
	}
	// The fetch counted one message; it became as many as were sent.
	if sent != 1 {
		return s.load(ctx, b.header, max(sent-1, 0), max(1-sent, 0))
	}
	return nil
}

// send puts the documents on their lane.
func (s *Stage) send(ctx context.Context, b *batch) (int, error) {
	if len(b.docs) == 0 {
		return 0, nil
	}
	h := b.header
	h.Content, h.Connection, h.Kind = message.Mapped, b.plan.Flow.Target, b.plan.Flow.Kind
	packed, tooLarge, err := message.Pack(ctx, s.Codec, h, b.docs, stage.MaxRecords(), s.World.ID)
	if err != nil {
		return 0, err
	}
	packed = slices.DeleteFunc(packed, func(p message.Packed) bool {
		over := len(p.Body) > message.Limit-hopRoom
		if over {
			tooLarge = append(tooLarge, p.From) // so large a message holds one record
		}
		return over
	})
	for _, i := range tooLarge {
		doc := b.docs[i]
		b.reject(message.Source{Key: doc.Key, Version: doc.Version, Fields: doc.Source, Reopened: doc.Reopened}, doc.Number, &fault.Error{Class: fault.Reject, Step: "pack",
			Message: fmt.Sprintf("the order is too large to be sent on: it has more than %d KB even when compressed", message.Limit>>10),
			Advice:  "Split the order in the source system."}, nil)
	}
	out := make([]queue.Message, len(packed))
	for i, p := range packed {
		out[i] = queue.Message{Body: p.Body, Group: stage.Lane(h.Tenant, h.Connection), Dedup: p.Attributes.ID}
	}
	if err := s.Queue.Send(ctx, queue.Send, out); err != nil {
		return 0, fmt.Errorf("handing on to the lane: %w", err)
	}
	return len(out), nil
}

// endRejected writes rejected records down, except those the ledger knows better: a record that was delivered before stays
// delivered, and an older version than one tried before is stale.
func (s *Stage) endRejected(ctx context.Context, b *batch) error {
	if len(b.rejected) == 0 {
		return nil
	}
	scope := store.FlowScope(b.header.Tenant, b.header.Flow)
	keys := make([]string, len(b.rejected))
	for i, r := range b.rejected {
		keys[i] = r.source.Key
	}
	entries, err := s.Ledger.Entries(ctx, scope, keys)
	if err != nil {
		return fmt.Errorf("reading the ledger: %w", err)
	}
	var open []store.Entry
	for i, r := range b.rejected {
		entry := entries[i]
		switch {
		case entry.State == store.Delivered:
			b.skip(r.source, r.number, model.ReasonExists, "", nil)
			continue
		case entry.State == store.Unsure || r.source.Version.Compare(entry.Version) < 0:
			// A write of it may be under way: whoever finishes that will say what became of it.
			b.skip(r.source, r.number, model.ReasonStale, "", nil)
			continue
		}
		payload, err := stage.SealRecord(ctx, s.Codec, b.header.Tenant, r.source)
		if err != nil {
			return err
		}
		now := s.World.Now()
		b.ending.Records = append(b.ending.Records, r.activity)
		b.ending.Failures = append(b.ending.Failures, store.Failure{Tenant: b.header.Tenant, Flow: b.header.Flow, Key: r.source.Key,
			Number: r.number, Connection: b.header.Connection, State: store.FailureOpen, Outcome: model.Rejected, Problem: r.problem,
			Cause: r.problem.Cause, Version: r.source.Version, Since: now, Last: now, Run: b.header.Run, Activity: b.ending.Chunk,
			Content: message.Sources, Payload: payload})
		entry.State, entry.Version, entry.Activity = store.Open, r.source.Version, b.ending.Chunk
		open = append(open, entry)
	}
	if len(open) > 0 {
		// A save that is refused lost against a lane that is at the record: its word counts.
		if _, err := s.Ledger.SaveEntries(ctx, scope, open); err != nil {
			return fmt.Errorf("writing the ledger: %w", err)
		}
	}
	return nil
}
