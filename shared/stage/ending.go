package stage

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"apicenter/shared/message"
	"apicenter/shared/model"
	"apicenter/shared/queue"
	"apicenter/shared/store"
)

// keepActivity is how long chunks are kept.
const keepActivity = 30 * 24 * time.Hour

// Told reports whether activity written at a time can still be read.
func Told(at, now time.Time) bool { return now.Sub(at) < keepActivity }

// maxRecords is how many records a message carries at most.
const maxRecords = 50

// MaxRecords is how many records a message carries at most.
func MaxRecords() int { return maxRecords }

// Ender writes down how the records of a message ended.
type Ender struct {
	Activity store.Activity
	Failures store.Failures
	Queue    queue.Sender
	Codec    *message.Codec
	World    World
}

// Ending is how the records of one message ended. Only records are written that it names.
type Ending struct {
	Header message.Header
	// Chunk is the id of the activity chunk; it follows from the message, so that a message handled again adds nothing.
	Chunk   string
	Records []store.RecordActivity
	// Failures need everything but the fields that follow from the header; see Failed.
	Failures []store.Failure
	Closed   []store.Closed
	// Again are the records that go on later, by when.
	Again map[time.Time][]message.Document
	// Alone are those that go on in a message of their own each.
	Alone []message.Document
	alone []time.Time
}

// ChunkID returns the id of the chunk a stage writes for a message.
func ChunkID(h message.Header, stage string) string { return h.ID + "-" + stage }

// Later adds a record that goes on at due, together with others or alone.
func (e *Ending) Later(due time.Time, doc message.Document, alone bool) {
	if alone {
		e.Alone, e.alone = append(e.Alone, doc), append(e.alone, due)
		return
	}
	if e.Again == nil {
		e.Again = map[time.Time][]message.Document{}
	}
	e.Again[due] = append(e.Again[due], doc)
}

// End writes everything down. Every part may be repeated: the message it came from is deleted only after End returned nil.
//
// Promise 1: what goes on is in its queue, and what does not has a failure or an outcome, before the message is gone.
func (r *Ender) End(ctx context.Context, e *Ending) error {
	if err := r.sendAgain(ctx, e); err != nil {
		return err
	}
	if len(e.Failures) > 0 {
		if err := r.Failures.PutFailures(ctx, e.Failures); err != nil {
			return fmt.Errorf("keeping failures: %w", err)
		}
	}
	if len(e.Closed) > 0 {
		if err := r.Failures.CloseFailures(ctx, e.Header.Tenant, e.Header.Flow, e.Closed); err != nil {
			return fmt.Errorf("closing failures: %w", err)
		}
	}
	if len(e.Records) == 0 {
		return nil
	}
	payload, err := store.SealRecords(ctx, r.Codec, e.Header.Tenant, e.Records)
	if err != nil {
		return err
	}
	now := r.World.Now()
	counts := map[model.Outcome]int{}
	for _, record := range e.Records {
		counts[record.Outcome]++
	}
	err = r.Activity.AppendChunk(ctx, store.Chunk{Tenant: e.Header.Tenant, Flow: e.Header.Flow, Run: e.Header.Run,
		ID: e.Chunk, At: now, Expires: now.Add(keepActivity), Counts: counts, Payload: payload})
	if err != nil {
		return fmt.Errorf("writing activity: %w", err)
	}
	return nil
}

func (r *Ender) sendAgain(ctx context.Context, e *Ending) error {
	dues := make([]time.Time, 0, len(e.Again))
	for due := range e.Again {
		dues = append(dues, due)
	}
	slices.SortFunc(dues, time.Time.Compare)
	for _, due := range dues {
		h := e.Header
		h.Content, h.Due = message.Mapped, due
		if err := r.SendLater(ctx, h, e.Again[due]); err != nil {
			return err
		}
	}
	for i, doc := range e.Alone {
		h := e.Header
		h.Content, h.Due = message.Mapped, e.alone[i]
		if err := r.SendLater(ctx, h, []message.Document{doc}); err != nil {
			return err
		}
	}
	return nil
}

// SendLater puts documents into the retry queue, to go on to their lane at h.Due.
func (r *Ender) SendLater(ctx context.Context, h message.Header, docs []message.Document) error {
	packed, tooLarge, err := message.Pack(ctx, r.Codec, h, docs, maxRecords, r.World.ID)
	if err != nil {
		return err
	}
	if len(tooLarge) > 0 {
		return fmt.Errorf("record %s: %w", docs[tooLarge[0]].Key, message.ErrTooLarge)
	}
	out := make([]queue.Message, len(packed))
	for i, p := range packed {
		out[i] = queue.Message{Body: p.Body, Group: h.Tenant, Dedup: p.Attributes.ID, Delay: DelayUntil(h.Due, r.World.Now())}
	}
	if err := r.Queue.Send(ctx, queue.Retry, out); err != nil {
		return fmt.Errorf("queueing for later: %w", err)
	}
	return nil
}

// DelayUntil is how long a message can be delayed towards due: at most what a queue allows, so that it hops.
func DelayUntil(due, now time.Time) time.Duration {
	return min(max(due.Sub(now), 0), queue.MaxDelay)
}

// SealRecord seals a record for a failure, so that it can go on from there.
func SealRecord(ctx context.Context, c *message.Codec, tenant string, record any) ([]byte, error) {
	plain, err := json.Marshal(record)
	if err != nil {
		return nil, fmt.Errorf("failure: %w", err)
	}
	return c.SealBytes(ctx, tenant, failurePurpose, plain)
}

// OpenRecord reads what SealRecord sealed.
func OpenRecord(ctx context.Context, c *message.Codec, tenant string, sealed []byte, into any) error {
	plain, err := c.OpenBytes(ctx, tenant, failurePurpose, sealed)
	if err != nil {
		return err
	}
	return json.Unmarshal(plain, into)
}

const failurePurpose = "failure"

// Lane is the message group of a target connection.
func Lane(tenant, connection string) string { return tenant + "/" + connection }
