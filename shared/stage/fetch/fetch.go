// Package fetch is the stage that reads: it finds flows that are due, reads their source page by page and queues what it
// found for the mapper.
//
// It holds the lease of the flow while it reads, and moves the checkpoint only after the queue has accepted everything
// before it. Near its deadline it hands its lease to a continuation, so that a first load of a million records is many short
// runs. It decides nothing about records; it does not call targets.
package fetch

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"apicenter/shared/connector"
	"apicenter/shared/fault"
	"apicenter/shared/integration"
	"apicenter/shared/message"
	"apicenter/shared/model"
	"apicenter/shared/queue"
	"apicenter/shared/secret"
	"apicenter/shared/stage"
	"apicenter/shared/store"
)

// Stage fetches. Every field is required.
type Stage struct {
	Plans       *stage.Plans
	Sessions    *stage.Sessions
	Flows       store.Flows
	Connections store.Connections
	Positions   store.Positions
	Rereads     store.Rereads
	Activity    store.Activity
	Failures    store.Failures
	Teller      *stage.Teller
	Loads       store.Loads
	Queue       queue.Queue
	Codec       *message.Codec
	World       stage.World
	Log         *slog.Logger
	// Lease is how long a lease lasts without being prolonged; every page prolongs it. Zero means two minutes.
	Lease time.Duration
	// Slice is how long one handling reads before it queues a continuation; zero means until the deadline.
	Slice time.Duration
}

// Bounds of messages on their way to a target above which a fetch stops; the source is the buffer.
const (
	boundOrders   = 500
	boundOthers   = 50
	boundBackfill = 10
	// drift is how long nothing must have been finished before messages on their way count as lost from the count.
	drift = 15 * time.Minute
	// rereadsPerRun is how many waiting records one run looks at again.
	rereadsPerRun = 500
	// heldPause is how long a job that may not read yet waits before it looks again.
	heldPause = 15 * time.Second
	reserve   = 15 * time.Second
)

// Handle runs fetch jobs and returns the ids of those that have to come again.
func (s *Stage) Handle(ctx context.Context, deliveries []queue.Delivery) (failed []string) {
	for _, d := range deliveries {
		if err := s.message(ctx, d); err != nil {
			s.Log.ErrorContext(ctx, "a fetch job failed", "message", d.ID, "receives", d.Receives, "error", err)
			failed = append(failed, d.ID)
		}
	}
	return failed
}

func (s *Stage) message(ctx context.Context, d queue.Delivery) (err error) {
	header, jobs, err := message.Decode[message.Job](ctx, s.Codec, d.Body)
	if errors.Is(err, secret.ErrErased) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading: %w", err)
	}
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	for _, job := range jobs {
		if err := s.job(ctx, header, job); err != nil {
			return err
		}
	}
	return nil
}

// reading is one job being worked on.
type reading struct {
	*Stage
	plan    *stage.Plan
	session *stage.Session
	reader  connector.Reader
	job     message.Job
	key     store.PositionKey
	run     string
	owner   string
	// pages and records read so far in this handling.
	pages, records int
	until          time.Time // stop and continue later
}

func (s *Stage) job(ctx context.Context, h message.Header, job message.Job) error {
	plan, err := s.Plans.Plan(ctx, h.Tenant, h.Flow)
	if errors.Is(err, store.ErrNotFound) {
		return nil // removed meanwhile
	}
	if err != nil && fault.ClassOf(err) == fault.Reject {
		return s.Teller.Open(ctx, h.Tenant, stage.SubjectFlow(h.Flow), fault.As(err))
	}
	if err != nil {
		return err
	}
	if plan.Flow.Status != integration.Active && job.Trigger == message.Schedule {
		return nil // paused meanwhile
	}
	run := job.Run
	if run == "" {
		run = s.World.ID()
	}
	r := &reading{Stage: s, plan: plan, job: job, run: run, until: s.sliceEnd(ctx),
		key: store.PositionKey{Tenant: h.Tenant, Flow: h.Flow, Mode: job.Mode}}
	if len(job.Keys) > 0 {
		return r.keys(ctx)
	}
	return r.pass(ctx, h.FirstSeen)
}

func (s *Stage) sliceEnd(ctx context.Context) time.Time {
	now := s.World.Now()
	until := now.Add(time.Hour)
	if deadline, ok := ctx.Deadline(); ok {
		until = deadline.Add(-reserve)
	}
	if s.Slice > 0 && now.Add(s.Slice).Before(until) {
		until = now.Add(s.Slice)
	}
	return until
}

func (s *Stage) lease() time.Duration {
	if s.Lease > 0 {
		return s.Lease
	}
	return 2 * time.Minute
}

// pass reads from the checkpoint to the end of data, or as far as time and the target allow.
func (r *reading) pass(ctx context.Context, seen time.Time) error {
	held, err := r.held(ctx)
	if err != nil {
		return err
	}
	if held {
		return r.putOff(ctx)
	}
	done, err := r.done(ctx, seen)
	if err != nil || done {
		return err
	}
	checkpoint, acquired, err := r.acquire(ctx)
	if err != nil {
		return err
	}
	if !acquired {
		if r.job.Run == "" {
			return nil
		}
		return r.ended(ctx, nil) // somebody else reads on from the checkpoint
	}
	problem, err := r.open(ctx)
	if err != nil {
		return err
	}
	if problem != nil {
		return r.giveUp(ctx, problem)
	}
	if err := r.start(ctx); err != nil {
		return err
	}
	return r.readAll(ctx, checkpoint)
}

// putOff handles a job that may not read now. A scheduled one comes again with the next tick; any other has to be kept.
func (r *reading) putOff(ctx context.Context) error {
	if r.job.Trigger == message.Schedule && r.job.Run == "" {
		return nil
	}
	return r.Enqueue(ctx, r.plan.Flow, r.job, heldPause)
}

// sameClock is how close to a call a run may have begun and still be taken to have begun after it: two machines' clocks
// differ by less.
const sameClock = time.Second

// done reports whether what a webhook called for was read already: calls come in bursts, and a run that began after a call
// has read what the call was about. Any other job says what it wants by itself.
func (r *reading) done(ctx context.Context, called time.Time) (bool, error) {
	if r.job.Trigger != message.Webhook || r.job.Run != "" {
		return false, nil
	}
	runs, _, err := r.Activity.Runs(ctx, r.key.Tenant, r.key.Flow, "", 1)
	if err != nil {
		return false, fmt.Errorf("the last run: %w", err)
	}
	return len(runs) > 0 && runs[0].Mode == r.job.Mode && runs[0].Problem == nil && !runs[0].Ended.IsZero() &&
		!runs[0].Started.Before(called.Add(sameClock)), nil
}

// acquire takes the lease under a fresh owner. A continuation exchanges the lease handed to it for one of its own, so that
// of two deliveries of one continuation only one goes on. Promise 4.
func (r *reading) acquire(ctx context.Context) (checkpoint string, acquired bool, err error) {
	r.owner = r.World.ID()
	until := r.World.Now().Add(r.lease())
	if r.job.Lease != "" {
		err := r.Positions.HandOver(ctx, r.key, r.job.Lease, r.owner, until)
		if err == nil {
			position, err := r.Positions.Position(ctx, r.key)
			return position.Checkpoint, true, err
		}
		if !errors.Is(err, store.ErrLeaseLost) {
			return "", false, fmt.Errorf("taking the lease over: %w", err)
		}
	}
	// Not acquired: its holder was told to look once more.
	position, acquired, err := r.Positions.Acquire(ctx, r.key, r.owner, until)
	if err != nil {
		return "", false, fmt.Errorf("taking the lease: %w", err)
	}
	return position.Checkpoint, acquired, nil
}

// held looks whether anything keeps the flow from reading now: a connection that is paused or down, or a target that has
// enough on its way.
func (r *reading) held(ctx context.Context) (bool, error) {
	now := r.World.Now()
	for _, id := range []string{r.plan.Flow.Source, r.plan.Flow.Target} {
		state, err := r.Connections.ConnectionState(ctx, r.key.Tenant, id)
		if err != nil {
			return false, fmt.Errorf("state of connection %s: %w", id, err)
		}
		if usable, _ := state.Usable(now); !usable {
			return true, nil // the next tick tries again; the source keeps what is new
		}
	}
	return r.full(ctx)
}

// full compares what is on its way to the target with the bound of the kind.
func (r *reading) full(ctx context.Context) (bool, error) {
	bound := boundOthers
	switch {
	case r.job.Mode == string(connector.Full):
		bound = boundBackfill
	case r.plan.Flow.Kind == model.Orders:
		bound = boundOrders
	}
	load, err := r.Loads.Load(ctx, r.key.Tenant, r.plan.Flow.Target)
	if err != nil {
		return false, fmt.Errorf("what is on its way: %w", err)
	}
	if load.Queued < bound {
		return false, nil
	}
	if !load.Finished.IsZero() && r.World.Now().Sub(load.Finished) > drift {
		// Crashes make the count drift by one message each. Nothing was finished for long although the target is up: the
		// messages counted do not exist.
		if counts, err := r.Queue.Counts(ctx, queue.Send); err == nil && counts.Total() == 0 {
			return false, r.Loads.ClearLoad(ctx, r.key.Tenant, r.plan.Flow.Target)
		}
	}
	return true, nil
}

// open opens the source.
func (r *reading) open(ctx context.Context) (*fault.Error, error) {
	session, err := r.Sessions.Open(ctx, r.key.Tenant, r.plan.Flow.Source)
	if err != nil {
		if fault.ClassOf(err) == fault.Pause {
			return fault.As(err), nil
		}
		return nil, err
	}
	reader, ok := session.Session.(connector.Reader)
	if !ok {
		return fault.New(fault.Bug, "%s cannot be read", session.Connector.Title), nil
	}
	r.session, r.reader = session, reader
	return nil, nil
}

func (r *reading) start(ctx context.Context) error {
	return r.Activity.StartRun(ctx, store.Run{Tenant: r.key.Tenant, Flow: r.key.Flow, ID: r.run, Kind: r.plan.Flow.Kind,
		Mode: r.job.Mode, Trigger: r.job.Trigger, Started: r.World.Now()})
}
