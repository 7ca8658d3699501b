// Package retry is the stage that waits: it holds records that go on later and brings them back to their lane when they are
// due; its minute tick brings stopped connections and their parked records back.
//
// Queues delay at most 15 minutes, so a long wait is many hops. Nothing here counts attempts: who put a record into the
// retry queue did.
package retry

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
	"apicenter/shared/queue"
	"apicenter/shared/stage"
	"apicenter/shared/store"
)

// Stage brings records back. Every field is required.
type Stage struct {
	Sessions    *stage.Sessions
	Flows       store.Flows
	Connections store.Connections
	Failures    store.Failures
	Teller      *stage.Teller
	Loads       store.Loads
	Queue       queue.Queue
	Ender       *stage.Ender
	Codec       *message.Codec
	World       stage.World
	Log         *slog.Logger
	// Enqueue queues a fetch job (fetch.Stage.Enqueue): records that failed before they were mapped are read again.
	Enqueue func(ctx context.Context, f integration.Flow, job message.Job, after time.Duration) error
}

// Handle sends each message on, or round once more, and returns the ids of those that have to come again.
func (s *Stage) Handle(ctx context.Context, deliveries []queue.Delivery) (failed []string) {
	for _, d := range deliveries {
		if err := s.message(ctx, d); err != nil {
			s.Log.ErrorContext(ctx, "bringing a message back failed", "message", d.ID, "error", err)
			failed = append(failed, d.ID)
		}
	}
	return failed
}

func (s *Stage) message(ctx context.Context, d queue.Delivery) error {
	h, err := message.Peek(d.Body)
	if err != nil {
		if !stage.GiveUpReading(err, d.Receives) {
			return fmt.Errorf("reading: %w", err)
		}
		s.Log.ErrorContext(ctx, "a message that cannot be read is given up", "message", d.ID, "error", err)
		return s.Queue.Bury(ctx, d, err.Error())
	}
	now := s.World.Now()
	id := s.World.ID() // new for every hop: an equal one would be dropped as a repetition
	body, err := message.Readdress(d.Body, func(h *message.Header) { h.ID = id })
	if err != nil {
		return err
	}
	if h.Due.After(now) {
		return s.Queue.Send(ctx, queue.Retry, []queue.Message{{Body: body, Group: h.Tenant, Dedup: id, Delay: stage.DelayUntil(h.Due, now)}})
	}
	switch h.Content {
	case message.Mapped:
		return s.toLane(ctx, h, []queue.Message{{Body: body, Group: stage.Lane(h.Tenant, h.Connection), Dedup: id}})
	case message.Sources:
		if err := s.Loads.AddLoad(ctx, h.Tenant, h.Connection, 1, 0); err != nil {
			return fmt.Errorf("counting messages: %w", err)
		}
		return s.Queue.Send(ctx, queue.Map, []queue.Message{{Body: body, Group: h.Tenant, Dedup: id}})
	case message.Jobs:
	}
	return fmt.Errorf("a message of %q does not belong into the retry queue", h.Content)
}

func (s *Stage) toLane(ctx context.Context, h message.Header, out []queue.Message) error {
	if err := s.Loads.AddLoad(ctx, h.Tenant, h.Connection, len(out), 0); err != nil {
		return fmt.Errorf("counting messages: %w", err)
	}
	if err := s.Queue.Send(ctx, queue.Send, out); err != nil {
		return fmt.Errorf("bringing records back to their lane: %w", err)
	}
	return nil
}

// probeEvery is how often a stopped connection is tested.
const probeEvery = 5 * time.Minute

// Tick tests stopped connections, and sends on what waited for those that are back. It is safe to run at any time, also
// twice at once.
func (s *Stage) Tick(ctx context.Context) error {
	stopped, err := s.Connections.StoppedConnections(ctx)
	if err != nil {
		return fmt.Errorf("stopped connections: %w", err)
	}
	var failed []error
	for _, ref := range stopped {
		if err := s.revive(ctx, ref, false); err != nil {
			failed = append(failed, fmt.Errorf("connection %s: %w", ref.ID, err))
		}
	}
	return errors.Join(failed...)
}

// Test tests a connection now, whatever its state, and lets it go on when the test succeeds. The error is the fault the
// test found.
func (s *Stage) Test(ctx context.Context, tenant, id string) (connector.Report, error) {
	ref := store.ConnectionRef{Tenant: tenant, ID: id}
	session, err := s.Sessions.Open(ctx, tenant, id)
	if err != nil {
		return connector.Report{}, err
	}
	report, err := session.Verify(ctx)
	if err != nil {
		return report, err
	}
	return report, s.revive(ctx, ref, true)
}

// revive moves a stopped connection on by one step: test it, resume it, send its parked records on.
func (s *Stage) revive(ctx context.Context, ref store.ConnectionRef, tested bool) error {
	state, err := s.Connections.ConnectionState(ctx, ref.Tenant, ref.ID)
	if err != nil {
		return err
	}
	now, was := s.World.Now(), state.Reason
	switch state.Status {
	case integration.Up, "":
		return nil
	case integration.Halted, integration.Down:
		if !tested && (now.Sub(state.Probed) < probeEvery || now.Sub(state.Since) < probeEvery) {
			return nil
		}
		if state, err = s.probe(ctx, ref, state, tested); err != nil || state.Status != integration.Resuming {
			return err
		}
	case integration.Resuming:
	}
	if err := s.unpark(ctx, ref); err != nil {
		return err
	}
	// Before the state says so: a crash between leaves a connection that resumes, which the next tick ends. The other way round
	// the incident would stay open, and nobody would be told of the next stop.
	if err := s.Teller.Close(ctx, ref.Tenant, stage.SubjectConnection(ref.ID), was); err != nil {
		return err
	}
	state.Status = integration.Up
	_, err = s.Connections.SaveConnectionState(ctx, ref.Tenant, ref.ID, state)
	if errors.Is(err, store.ErrConflict) {
		return nil // somebody parked records meanwhile, or it stopped anew: the next tick looks again
	}
	return err
}

func (s *Stage) probe(ctx context.Context, ref store.ConnectionRef, state integration.ConnectionState, tested bool) (integration.ConnectionState, error) {
	state.Probed = s.World.Now()
	if !tested {
		session, err := s.Sessions.Open(ctx, ref.Tenant, ref.ID)
		if err == nil {
			_, err = session.Verify(ctx)
		}
		if err != nil {
			was := state
			state = state.FailedWith(fault.As(err), state.Probed)
			if err := s.Teller.Tell(ctx, ref.Tenant, ref.ID, was, state); err != nil {
				return state, err
			}
			saved, err := s.Connections.SaveConnectionState(ctx, ref.Tenant, ref.ID, state)
			if errors.Is(err, store.ErrConflict) {
				return state, nil
			}
			return saved, err
		}
	}
	saved, err := s.Connections.SaveConnectionState(ctx, ref.Tenant, ref.ID, state.Resumed())
	if errors.Is(err, store.ErrConflict) {
		return state, nil // the next tick looks again
	}
	return saved, err
}

// atOnce is how many failures are read and sent on together.
const atOnce = 200

// unpark sends a connection's parked records on. They stay listed until they have arrived: a crash on the way sends them
// twice, which the ledger absorbs.
func (s *Stage) unpark(ctx context.Context, ref store.ConnectionRef) error {
	filter := store.FailureFilter{Tenant: ref.Tenant, Connection: ref.ID, State: store.FailureParked}
	for cursor := ""; ; {
		list, next, err := s.Failures.Failures(ctx, filter, cursor, atOnce)
		if err != nil {
			return fmt.Errorf("parked records: %w", err)
		}
		if _, err := s.resend(ctx, list); err != nil {
			return err
		}
		if next == "" {
			return nil
		}
		cursor = next
	}
}

// RetryKeys sends open failures of a flow on again, now, and returns how many.
func (s *Stage) RetryKeys(ctx context.Context, tenant, flow string, keys []string) (int, error) {
	var list []store.Failure
	for _, key := range keys {
		f, err := s.Failures.Failure(ctx, tenant, flow, key)
		if errors.Is(err, store.ErrNotFound) {
			continue // it went by itself meanwhile
		}
		if err != nil {
			return 0, err
		}
		list = append(list, f)
	}
	return s.resend(ctx, list)
}

// resend queues failures again, grouped by flow and content. A record that failed before it was mapped is read from the
// source again: what is wrong with it is usually mended there.
//
// Promise 1: a failure stays until its record has passed, or fails again and takes its place. Were it closed here, a lane
// that is faster than we are could put the next failure of the record down just before, and that one would be closed.
func (s *Stage) resend(ctx context.Context, list []store.Failure) (int, error) {
	byFlow := map[string][]store.Failure{}
	var order []string
	for _, f := range list {
		if byFlow[f.Flow] == nil {
			order = append(order, f.Flow)
		}
		byFlow[f.Flow] = append(byFlow[f.Flow], f)
	}
	sent := 0
	for _, id := range order {
		failures := byFlow[id]
		flow, err := s.Flows.Flow(ctx, failures[0].Tenant, id)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return sent, err
		}
		if err == nil {
			if err := s.resendFlow(ctx, flow, failures); err != nil {
				return sent, err
			}
			sent += len(failures)
			continue
		}
		// The flow was removed: there is nothing left to do for its records.
		closed := make([]store.Closed, len(failures))
		for i, f := range failures {
			closed[i] = store.Closed{Key: f.Key, Version: f.Version}
		}
		if err := s.Failures.CloseFailures(ctx, failures[0].Tenant, id, closed); err != nil {
			return sent, fmt.Errorf("closing failures: %w", err)
		}
	}
	return sent, nil
}

func (s *Stage) resendFlow(ctx context.Context, flow integration.Flow, failures []store.Failure) error {
	var docs []message.Document
	var keys []string
	run := ""
	for _, f := range failures {
		if f.Content != message.Mapped || len(f.Payload) == 0 {
			keys = append(keys, f.Key)
			continue
		}
		var doc message.Document
		if err := stage.OpenRecord(ctx, s.Codec, f.Tenant, f.Payload, &doc); err != nil {
			return fmt.Errorf("record %s: %w", f.Number, err)
		}
		doc.Reopened, doc.Attempt, doc.Cause = true, 0, nil
		docs, run = append(docs, doc), f.Run
	}
	if len(keys) > 0 {
		job := message.Job{Mode: string(connector.Incremental), Trigger: message.Retry, Keys: keys}
		if err := s.Enqueue(ctx, flow, job, 0); err != nil {
			return err
		}
	}
	if len(docs) == 0 {
		return nil
	}
	h := message.Header{Tenant: flow.Tenant, Flow: flow.ID, Run: run, Content: message.Mapped, Connection: flow.Target,
		Kind: flow.Kind, FirstSeen: s.World.Now()}
	packed, tooLarge, err := message.Pack(ctx, s.Codec, h, docs, stage.MaxRecords(), s.World.ID)
	if err != nil {
		return err
	}
	if len(tooLarge) > 0 {
		return fmt.Errorf("record %s: %w", docs[tooLarge[0]].Number, message.ErrTooLarge)
	}
	out := make([]queue.Message, len(packed))
	for i, p := range packed {
		out[i] = queue.Message{Body: p.Body, Group: stage.Lane(h.Tenant, h.Connection), Dedup: p.Attributes.ID}
	}
	return s.toLane(ctx, h, out)
}
