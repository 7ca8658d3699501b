package fetch

import (
	"context"
	"errors"
	"fmt"
	"time"

	gojson "github.com/goccy/go-json"

	"apicenter/shared/connector"
	"apicenter/shared/fault"
	"apicenter/shared/integration"
	"apicenter/shared/message"
	"apicenter/shared/queue"
	"apicenter/shared/stage"
	"apicenter/shared/store"
)

// readAll reads pages until the source has no more, the time is up, or the target has enough.
func (r *reading) readAll(ctx context.Context, checkpoint string) error {
	begin := r.job.Run == "" // a continuation is not the start of a run
	if begin {
		if err := r.rereads(ctx); err != nil {
			return err
		}
	}
	saved := r.World.Now()
	for {
		page, err := r.reader.Read(ctx, connector.ReadRequest{Kind: r.plan.Flow.Kind, Mode: connector.Mode(r.job.Mode),
			Checkpoint: checkpoint, Begin: begin, From: r.from(), Limit: r.session.Limits.PageSize, Settings: r.plan.GetSettings})
		if err != nil {
			return r.readFailed(ctx, fault.As(err).WithStep("read "+string(r.plan.Flow.Kind)))
		}
		begin = false
		if err := r.queue(ctx, page.Records, false); err != nil {
			return err
		}
		// Promise 1: the checkpoint moves only now that the queue has accepted every record before it.
		checkpoint = page.Next
		if !page.More && r.job.Mode == string(connector.Full) {
			checkpoint = "" // the next full pass starts from the start
		}
		if hollow, err := r.hollow(ctx, page, saved); err != nil {
			return err
		} else if hollow {
			r.pages++
			continue
		}
		saved = r.World.Now()
		err = r.Positions.SaveCheckpoint(ctx, r.key, r.owner, checkpoint, saved.Add(r.lease()))
		if errors.Is(err, store.ErrLeaseLost) {
			return r.ended(ctx, nil) // somebody else reads on from the checkpoint before: nothing is missing
		}
		if err != nil {
			return fmt.Errorf("saving the checkpoint: %w", err)
		}
		r.pages++
		r.records += len(page.Records)
		if !page.More {
			again, err := r.Positions.Release(ctx, r.key, r.owner)
			if err != nil && !errors.Is(err, store.ErrLeaseLost) {
				return fmt.Errorf("giving the lease back: %w", err)
			}
			if err != nil || !again {
				return errors.Join(r.ended(ctx, nil), r.sourceWorks(ctx))
			}
			begin = true // somebody asked meanwhile: what he wanted read may lie before the end we saw
			continue
		}
		if !r.World.Now().Before(r.until) {
			return r.goOn(ctx, 0)
		}
		full, err := r.full(ctx)
		if err != nil {
			return err
		}
		if full {
			return r.goOn(ctx, fullPause)
		}
	}
}

// hollow reports whether a page is not worth a checkpoint: it held no record, more follows and this run reads on. Each run
// reads the late window again, page by page with nothing new on them, and a write for each would cost more than all else of a
// run. Half a lease later it is time for one, which renews the lease too.
func (r *reading) hollow(ctx context.Context, page connector.Page, saved time.Time) (bool, error) {
	now := r.World.Now()
	if len(page.Records) > 0 || !page.More || !now.Before(r.until) || now.Sub(saved) >= r.lease()/2 {
		return false, nil
	}
	full, err := r.full(ctx)
	return !full, err
}

// fullPause is how long a run waits for a target that has enough on its way.
const fullPause = 5 * time.Second

func (r *reading) from() time.Time {
	if !r.job.From.IsZero() {
		return r.job.From
	}
	return r.plan.Flow.From
}

// queue packs records and hands them to the mapper's queue.
func (r *reading) queue(ctx context.Context, records []connector.Record, reread bool) error {
	if len(records) == 0 {
		return nil
	}
	sources := make([]message.Source, len(records))
	for i, record := range records {
		fields, err := gojson.MarshalWithOption(record.Fields, gojson.UnorderedMap(), gojson.DisableHTMLEscape())
		if err != nil {
			return fmt.Errorf("record %s: %w", record.Key, err)
		}
		sources[i] = message.Source{Key: record.Key, Version: record.Version, Deleted: record.Deleted, Fields: fields,
			Reread: reread, Reopened: r.job.Trigger == message.Retry}
		if r.job.Mode == string(connector.Incremental) {
			sources[i].Changed = record.Changed // of a load from the start the figure would say how old the shop is
		}
	}
	h := message.Header{Tenant: r.key.Tenant, Flow: r.key.Flow, Run: r.run, Content: message.Sources,
		Connection: r.plan.Flow.Target, Kind: r.plan.Flow.Kind, FirstSeen: r.World.Now()}
	packed, tooLarge, err := message.Pack(ctx, r.Codec, h, sources, stage.MaxRecords(), r.World.ID)
	if err != nil {
		return err
	}
	out := make([]queue.Message, len(packed))
	for i, p := range packed {
		out[i] = queue.Message{Body: p.Body, Group: r.key.Tenant, Dedup: p.Attributes.ID}
	}
	if err := r.reject(ctx, sources, tooLarge); err != nil {
		return err
	}
	if len(out) == 0 {
		return nil
	}
	if err := r.Loads.AddLoad(ctx, r.key.Tenant, r.plan.Flow.Target, len(out), 0); err != nil {
		return fmt.Errorf("counting messages: %w", err)
	}
	if err := r.Queue.Send(ctx, queue.Map, out); err != nil {
		return fmt.Errorf("queueing records: %w", err)
	}
	return nil
}

// reject files records that no message can carry.
func (r *reading) reject(ctx context.Context, sources []message.Source, tooLarge []int) error {
	if len(tooLarge) == 0 {
		return nil
	}
	now := r.World.Now()
	problem := &fault.Error{Class: fault.Reject, Step: "read " + string(r.plan.Flow.Kind),
		Message: fmt.Sprintf("the record is too large to be handled: it has more than %d KB even when compressed", message.Limit>>10),
		Advice:  "Split it in the source system."}
	list := make([]store.Failure, len(tooLarge))
	for i, at := range tooLarge {
		list[i] = store.Failure{Tenant: r.key.Tenant, Flow: r.key.Flow, Key: sources[at].Key, Number: sources[at].Key,
			Connection: r.plan.Flow.Source, State: store.FailureOpen, Outcome: "rejected", Problem: problem,
			Version: sources[at].Version, Since: now, Last: now, Run: r.run}
	}
	return r.Failures.PutFailures(ctx, list)
}

// rereads queues the waiting records whose time has come. Their next time is set before they are read: a crash between
// costs one look, never the record, which stays on the list until it passes.
func (r *reading) rereads(ctx context.Context) error {
	now := r.World.Now()
	due, err := r.Rereads.DueRereads(ctx, r.key.Tenant, r.key.Flow, now, rereadsPerRun)
	if err != nil {
		return fmt.Errorf("waiting records: %w", err)
	}
	if len(due) == 0 {
		return nil
	}
	var keys, aged []string
	next := due[:0:0]
	oldest := now.Add(-r.maxWait())
	for _, reread := range due {
		if reread.Since.Before(oldest) {
			aged = append(aged, reread.Key)
			continue
		}
		reread.Tries++
		reread.Next = stage.RereadAt(now, reread.Tries)
		next, keys = append(next, reread), append(keys, reread.Key)
	}
	if len(next) > 0 {
		if err := r.Rereads.AddRereads(ctx, r.key.Tenant, r.key.Flow, next); err != nil {
			return fmt.Errorf("waiting records: %w", err)
		}
		records, err := r.reader.ReadOne(ctx, r.plan.Flow.Kind, r.plan.GetSettings, keys)
		if err != nil {
			r.Log.WarnContext(ctx, "waiting records could not be read; they stay on the list", "flow", r.key.Flow, "error", err)
		} else {
			if err := r.queue(ctx, records, true); err != nil {
				return err
			}
			aged = append(aged, absent(keys, records)...)
		}
	}
	if len(aged) == 0 {
		return nil
	}
	return r.Rereads.RemoveRereads(ctx, r.key.Tenant, r.key.Flow, aged)
}

func (r *reading) maxWait() time.Duration {
	rules := r.plan.Flow.Orders
	if rules == nil {
		rules = &integration.OrderRules{}
	}
	return rules.WaitingTime()
}

// absent returns the keys that the source no longer has.
func absent(keys []string, records []connector.Record) []string {
	have := make(map[string]bool, len(records))
	for _, record := range records {
		have[record.Key] = true
	}
	var out []string
	for _, key := range keys {
		if !have[key] {
			out = append(out, key)
		}
	}
	return out
}

// keys reads single records; such jobs take no lease and move nothing.
func (r *reading) keys(ctx context.Context) error {
	problem, err := r.open(ctx)
	if err != nil {
		return err
	}
	if problem != nil {
		return r.sourceFailed(ctx, problem)
	}
	if err := r.start(ctx); err != nil {
		return err
	}
	records, err := r.reader.ReadOne(ctx, r.plan.Flow.Kind, r.plan.GetSettings, r.job.Keys)
	if err != nil {
		problem := fault.As(err).WithStep("read " + string(r.plan.Flow.Kind))
		if err := r.sourceFailed(ctx, problem); err != nil {
			return err
		}
		return fmt.Errorf("reading single records: %w", problem)
	}
	if err := r.queue(ctx, records, false); err != nil {
		return err
	}
	r.pages, r.records = 1, len(records)
	return r.ended(ctx, nil)
}

// goOn queues a continuation, hands it the lease and stops.
func (r *reading) goOn(ctx context.Context, after time.Duration) error {
	next := r.World.ID()
	until := r.World.Now().Add(r.lease() + after)
	err := r.Positions.HandOver(ctx, r.key, r.owner, next, until)
	if errors.Is(err, store.ErrLeaseLost) {
		return r.ended(ctx, nil)
	}
	if err != nil {
		return fmt.Errorf("handing the lease over: %w", err)
	}
	if err := r.Activity.AddToRun(ctx, r.key.Tenant, r.key.Flow, r.run, r.pages, r.records, time.Time{}, nil); err != nil {
		return fmt.Errorf("counting the run: %w", err)
	}
	job := r.job
	job.Run, job.Lease = r.run, next
	// Were this send to be lost in a crash, the lease would run out and the next tick would read on from the checkpoint.
	return r.Enqueue(ctx, r.plan.Flow, job, after)
}

func (r *reading) ended(ctx context.Context, problem *fault.Error) error {
	err := r.Activity.AddToRun(ctx, r.key.Tenant, r.key.Flow, r.run, r.pages, r.records, r.World.Now(), problem)
	if err != nil {
		return fmt.Errorf("ending the run: %w", err)
	}
	if problem != nil {
		r.Teller.RunFailed(ctx, r.key.Tenant, r.key.Flow, r.run, problem)
	}
	return nil
}
