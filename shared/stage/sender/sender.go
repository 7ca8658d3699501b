// Package sender is the last stage: it brings documents into their target, once, newest first to none.
//
// It takes one message of a lane at a time. The send protocol is written here once for all systems, on the two operations a
// connector has, Find and Write; what differs between kinds lies in a file each. Every write is noted in the ledger before
// it starts, with the time until which its effect may still appear; whoever comes back later asks the target before writing
// again.
package sender

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

// Stage sends. Every field is required.
type Stage struct {
	Sessions    *stage.Sessions
	Flows       store.Flows
	Connections store.Connections
	Ledger      store.Ledger
	Failures    store.Failures
	Teller      *stage.Teller
	Loads       store.Loads
	Queue       queue.Queue
	Ender       *stage.Ender
	Codec       *message.Codec
	Index       Index
	World       stage.World
	Log         *slog.Logger
	// Products remembers which articles a target knows.
	Products *Known
}

// Index hashes personal data for keys.
type Index interface {
	Index(ctx context.Context, tenant, purpose, value string) (string, error)
}

// crashesUntilSplit is how often a message may end its handler before it is split, or buried when it holds one record.
const crashesUntilSplit = 3

// longestStill bounds how long a message waits in its place before its lane looks again; a queue keeps a message invisible
// for half a day at most.
const longestStill = time.Hour

// errorPause is how long a lane stands still after an error of ours (a store that does not answer).
const errorPause = 30 * time.Second

// reserve is the time kept back before a deadline for writing down how the message ended.
const reserve = 10 * time.Second

// Handle sends each message and returns the ids of those that have to come again. A lane gives one message at a time.
func (s *Stage) Handle(ctx context.Context, deliveries []queue.Delivery) (failed []string) {
	for _, d := range deliveries {
		again, err := s.message(ctx, d)
		if err != nil {
			s.Log.ErrorContext(ctx, "sending a message failed", "message", d.ID, "receives", d.Receives, "error", err)
		}
		if err != nil {
			// Its lane stands still until the message comes again: rather soon than when its visibility ends. The deadline may
			// be what went wrong, so it does not hold here.
			if e := s.Queue.Extend(context.WithoutCancel(ctx), d, errorPause); e != nil {
				s.Log.ErrorContext(ctx, "a message could not be brought forward", "message", d.ID, "error", e)
			}
		}
		if again || err != nil {
			failed = append(failed, d.ID)
		}
	}
	return failed
}

// message handles one message. Again is set when it has to wait where it is.
func (s *Stage) message(ctx context.Context, d queue.Delivery) (again bool, err error) {
	header, docs, err := message.Decode[message.Document](ctx, s.Codec, d.Body)
	if errors.Is(err, secret.ErrErased) {
		return false, nil
	}
	if err != nil {
		return false, s.unread(ctx, d, header, fmt.Errorf("reading: %w", err))
	}
	state, err := s.Connections.ConnectionState(ctx, header.Tenant, header.Connection)
	if err != nil {
		return false, fmt.Errorf("state of connection %s: %w", header.Connection, err)
	}
	if state.Status == integration.Halted {
		return false, s.park(ctx, header, docs)
	}
	now := s.World.Now()
	if usable, until := state.Usable(now); !usable {
		return true, s.stand(ctx, d, until.Sub(now))
	}
	flow, err := s.Flows.Flow(ctx, header.Tenant, header.Flow)
	if errors.Is(err, store.ErrNotFound) {
		s.Log.WarnContext(ctx, "dropping records of a flow that was removed", "flow", header.Flow, "records", len(docs))
		return false, s.finished(ctx, header)
	}
	if err != nil {
		return false, fmt.Errorf("flow %s: %w", header.Flow, err)
	}
	state, err = s.begin(ctx, header, state)
	if err != nil {
		return false, err
	}
	if state.Crashes >= crashesUntilSplit {
		return false, s.split(ctx, d, header, docs)
	}
	session, err := s.Sessions.Open(ctx, header.Tenant, header.Connection)
	if err != nil {
		return s.failedToOpen(ctx, header, docs, state, err)
	}
	l := &lane{Stage: s, ctx: ctx, header: header, flow: flow, session: session, state: state, was: state, deadline: deadline(ctx),
		ending: &stage.Ending{Header: header, Chunk: stage.ChunkID(header, "s")}}
	defer func() {
		// A panic is a mistake of ours. The message comes again; begin counts it.
		if p := recover(); p != nil {
			err = fault.New(fault.Bug, "panic: %v", p)
		}
		if err != nil && fault.ClassOf(err) != fault.Bug {
			s.excuse(ctx, header)
		}
	}()
	return l.run(d, docs)
}

// unread handles a message that could not be read. One that never can be leaves the lane, which stands still behind it: the
// queue itself would give it up after a thousand receives, which takes hours.
func (s *Stage) unread(ctx context.Context, d queue.Delivery, h message.Header, err error) error {
	if !stage.GiveUpReading(err, d.Receives) {
		return err
	}
	s.Log.ErrorContext(ctx, "a message that cannot be read is given up", "message", d.ID, "flow", h.Flow, "error", err)
	if h.Tenant != "" && h.Connection != "" {
		if err := s.finished(ctx, h); err != nil {
			return err
		}
	}
	return s.Queue.Bury(ctx, d, err.Error())
}

// stand lets a message wait at the head of its lane.
func (s *Stage) stand(ctx context.Context, d queue.Delivery, wait time.Duration) error {
	return s.Queue.Extend(ctx, d, min(max(wait, 0), longestStill))
}

// excuse takes back what begin noted: a store or queue that does not answer is no fault of the message, which must not be
// split or buried for it.
func (s *Stage) excuse(ctx context.Context, h message.Header) {
	ctx = context.WithoutCancel(ctx)
	state, err := s.Connections.ConnectionState(ctx, h.Tenant, h.Connection)
	if err == nil && state.Working == h.ID {
		state.Working, state.Crashes = "", 0
		_, err = s.Connections.SaveConnectionState(ctx, h.Tenant, h.Connection, state)
	}
	if err != nil {
		s.Log.WarnContext(ctx, "a failure that is no message's fault could not be taken back", "connection", h.Connection, "error", err)
	}
}

func deadline(ctx context.Context) time.Time {
	if t, ok := ctx.Deadline(); ok {
		return t.Add(-reserve)
	}
	return time.Time{}
}

// begin notes that the lane works on the message, and counts how often it did so without an end.
func (s *Stage) begin(ctx context.Context, h message.Header, state integration.ConnectionState) (integration.ConnectionState, error) {
	for try := 0; ; try++ {
		if state.Working == h.ID {
			state.Crashes++
		} else {
			state.Working, state.Crashes = h.ID, 0
		}
		saved, err := s.Connections.SaveConnectionState(ctx, h.Tenant, h.Connection, state)
		if err == nil {
			return saved, nil
		}
		if !errors.Is(err, store.ErrConflict) || try == 3 {
			return state, fmt.Errorf("noting the message: %w", err)
		}
		// A test or a fetch wrote meanwhile.
		if state, err = s.Connections.ConnectionState(ctx, h.Tenant, h.Connection); err != nil {
			return state, fmt.Errorf("state of connection %s: %w", h.Connection, err)
		}
	}
}

// failedToOpen handles a connection whose settings do not open: it is paused like one whose credentials are refused.
func (s *Stage) failedToOpen(ctx context.Context, h message.Header, docs []message.Document,
	state integration.ConnectionState, err error,
) (bool, error) {
	problem := fault.As(err)
	if problem.Class != fault.Pause {
		return false, err // a store that does not answer: the message comes again
	}
	if err := s.pause(ctx, h, state, problem); err != nil {
		return false, err
	}
	return false, s.park(ctx, h, docs)
}

// pause stops the connection and tells its owner.
func (s *Stage) pause(ctx context.Context, h message.Header, state integration.ConnectionState, problem *fault.Error) error {
	halted := state.FailedWith(problem, s.World.Now())
	if err := s.Teller.Tell(ctx, h.Tenant, h.Connection, state, halted); err != nil {
		return err
	}
	if _, err := s.Connections.SaveConnectionState(ctx, h.Tenant, h.Connection, halted); err != nil {
		return fmt.Errorf("pausing connection %s: %w", h.Connection, err)
	}
	return nil
}

// park keeps the records of a message until their connection is back. They use up no attempt.
func (s *Stage) park(ctx context.Context, h message.Header, docs []message.Document) error {
	state, err := s.Connections.ConnectionState(ctx, h.Tenant, h.Connection)
	if err != nil {
		return err
	}
	now := s.World.Now()
	list := make([]store.Failure, len(docs))
	for i, doc := range docs {
		if list[i], err = s.failure(ctx, h, doc, now); err != nil {
			return err
		}
		list[i].State, list[i].Outcome, list[i].Problem = store.FailureParked, model.Pending, state.Reason
	}
	if err := s.Failures.PutFailures(ctx, list); err != nil {
		return fmt.Errorf("parking records: %w", err)
	}
	if err := s.stayParked(ctx, h); err != nil {
		return err
	}
	return s.finished(ctx, h)
}

// stayParked looks once more whether the connection is still paused. It may have come back between reading its state and
// parking: then nobody would fetch these records, so it is marked as having some. That mark is written also when somebody
// is sending parked records on just now: he may have looked before these were there, and the write makes his last word, that
// all are gone, fail.
func (s *Stage) stayParked(ctx context.Context, h message.Header) error {
	for try := 0; ; try++ {
		state, err := s.Connections.ConnectionState(ctx, h.Tenant, h.Connection)
		if err != nil {
			return fmt.Errorf("state of connection %s: %w", h.Connection, err)
		}
		if state.Status == integration.Halted {
			return nil
		}
		_, err = s.Connections.SaveConnectionState(ctx, h.Tenant, h.Connection, state.Resumed())
		if err == nil {
			return nil
		}
		if !errors.Is(err, store.ErrConflict) || try == 3 {
			return fmt.Errorf("marking parked records: %w", err)
		}
	}
}

// failure returns what is kept of a record that does not go on by itself.
func (s *Stage) failure(ctx context.Context, h message.Header, doc message.Document, now time.Time) (store.Failure, error) {
	doc.Reopened, doc.Attempt = true, 0
	payload, err := stage.SealRecord(ctx, s.Codec, h.Tenant, doc)
	if err != nil {
		return store.Failure{}, err
	}
	return store.Failure{Tenant: h.Tenant, Flow: h.Flow, Key: doc.Key, Number: doc.Number, Connection: h.Connection,
		Version: doc.Version, Since: now, Last: now, Run: h.Run, Content: message.Mapped, Payload: payload}, nil
}

// split handles a message that ended its handler again and again: halves go on apart, so that one bad record does not take
// its neighbours along; a record alone is buried with an alarm.
func (s *Stage) split(ctx context.Context, d queue.Delivery, h message.Header, docs []message.Document) error {
	if len(docs) <= 1 {
		s.Log.ErrorContext(ctx, "a record ends its handler each time and is given up", "message", d.ID, "flow", h.Flow)
		if err := s.finished(ctx, h); err != nil {
			return err
		}
		return s.Queue.Bury(ctx, d, "ended its handler each time it was tried")
	}
	half := len(docs) / 2
	var out []queue.Message
	for _, part := range [][]message.Document{docs[:half], docs[half:]} {
		h.ID = s.World.ID()
		body, err := message.Encode(ctx, s.Codec, h, part)
		if err != nil {
			return err
		}
		out = append(out, queue.Message{Body: body, Group: d.Group, Dedup: h.ID})
	}
	if err := s.Queue.Send(ctx, queue.Send, out); err != nil {
		return fmt.Errorf("splitting: %w", err)
	}
	return s.Loads.AddLoad(ctx, h.Tenant, h.Connection, 1, 0)
}

// finished counts a message out of what is on its way.
func (s *Stage) finished(ctx context.Context, h message.Header) error {
	if err := s.Loads.AddLoad(ctx, h.Tenant, h.Connection, 0, 1); err != nil {
		return fmt.Errorf("counting messages: %w", err)
	}
	return nil
}

// abilities of the session, as the protocol needs them.
func abilities(session *stage.Session) (connector.Finder, connector.Writer, *fault.Error) {
	finder, _ := session.Session.(connector.Finder)
	writer, ok := session.Session.(connector.Writer)
	if !ok || finder == nil {
		return nil, nil, fault.New(fault.Bug, "%s cannot be written to", session.Connector.Title)
	}
	return finder, writer, nil
}
