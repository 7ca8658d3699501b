// Package eventbridge is the events port on a bus of Amazon EventBridge.
//
// Lambda functions publish through it; rules of the deployment's template lead what they publish to whoever listens. It does
// what EventBridge leaves to a client: batches within the limits of a request, and events that are refused one by one tried
// again alone. The bus and its rules are made by the template, clients and their credentials by the caller.
package eventbridge

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	sdk "github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"apicenter/shared/events"
)

// Source is the source of all our events, for rules to match. The type is the detail's type, the JSON form the detail.
const Source = "apicenter"

// Client is what is used of *eventbridge.Client.
type Client interface {
	PutEvents(ctx context.Context, in *sdk.PutEventsInput, opts ...func(*sdk.Options)) (*sdk.PutEventsOutput, error)
}

var _ Client = (*sdk.Client)(nil)

// Attempts is how often the client tries a request that failed as a whole.
const Attempts = 3

// Configure sets how a client tries again: eventbridge.NewFromConfig(config, Configure).
//
// It is the SDK's standard mode, and not the adaptive one, which slows first attempts down as well. Pauses are short: a
// publish has events.Patience in all, and what it tells is in the store already.
func Configure(o *sdk.Options) {
	o.Retryer = retry.NewStandard(func(s *retry.StandardOptions) {
		s.MaxAttempts = Attempts
		s.MaxBackoff = time.Second
	})
}

// Options name the bus.
type Options struct {
	// Bus is the bus's name or ARN.
	Bus string
	// Pause waits between two tries of events that EventBridge refused one by one. Nil waits on real time.
	Pause func(ctx context.Context, d time.Duration) error
}

// Bus publishes to one bus. It is safe for concurrent use.
type Bus struct {
	client Client
	bus    string
	pause  func(ctx context.Context, d time.Duration) error

	mu    sync.Mutex
	usage Usage
}

var _ events.Publisher = (*Bus)(nil)

// Open opens the bus that o names, without asking EventBridge for it: a start of a function must not cost a request.
func Open(client Client, o Options) (*Bus, error) {
	if o.Bus == "" {
		return nil, errors.New("the event bus has no name") // EventBridge would take the account's default bus
	}
	b := &Bus{client: client, bus: o.Bus, pause: o.Pause}
	if b.pause == nil {
		b.pause = pause
	}
	return b, nil
}

// What EventBridge takes in one request.
const (
	mostEntries = 10
	// mostBytes counts for all events together. Newer regions take a MiB; the old limit holds everywhere.
	mostBytes = 256 << 10
)

// An event that is refused on its own, while the request as a whole goes through, is tried again after a pause that doubles.
const (
	mostTries  = 3
	firstPause = 100 * time.Millisecond
)

// entry is an event on its way.
type entry struct {
	types.PutEventsRequestEntry
	tries int
}

// Publish sends events in as few requests as EventBridge allows. It takes or refuses each event on its own: after an error
// some may have arrived. When the reply to a request is lost the SDK sends it again, so that events may arrive twice.
func (b *Bus) Publish(ctx context.Context, list []events.Event) error {
	if err := events.Check(list); err != nil {
		return err
	}
	pending := make([]*entry, 0, len(list))
	for _, e := range list {
		detail, err := events.Encode(e)
		if err != nil {
			return fmt.Errorf("event %s: %w", e.ID, err)
		}
		pending = append(pending, &entry{PutEventsRequestEntry: types.PutEventsRequestEntry{EventBusName: aws.String(b.bus), Source: aws.String(Source),
			DetailType: aws.String(string(e.Type)), Detail: aws.String(string(detail)), Time: aws.Time(e.At.UTC())}})
	}
	inside, cancel := context.WithTimeout(ctx, events.Patience)
	defer cancel()
	var refused []refusal
	for len(pending) > 0 {
		if err := inside.Err(); err != nil {
			return b.failure(ctx, err)
		}
		picked := pick(pending)
		pending = pending[len(picked):]
		left, err := b.put(inside, picked)
		if err != nil {
			return b.failure(ctx, err)
		}
		again := 0
		for i, e := range picked {
			r, ok := left[i]
			if !ok {
				continue
			}
			if e.tries++; r.final() || e.tries == mostTries {
				refused = append(refused, r)
				continue
			}
			pending = append(pending, e)
			again = max(again, e.tries)
		}
		if again > 0 {
			if err := b.pause(inside, firstPause<<(again-1)); err != nil {
				return b.failure(ctx, err)
			}
		}
	}
	if len(refused) > 0 {
		return b.refusedAll(len(list), refused)
	}
	return nil
}

// put does one request and returns what EventBridge said about each event it did not take, by place.
func (b *Bus) put(ctx context.Context, picked []*entry) (map[int]refusal, error) {
	in := &sdk.PutEventsInput{Entries: make([]types.PutEventsRequestEntry, len(picked))}
	for i, e := range picked {
		in.Entries[i] = e.PutEventsRequestEntry
	}
	b.used(nil)
	out, err := b.client.PutEvents(ctx, in)
	if err != nil {
		return nil, err
	}
	left := make(map[int]refusal)
	for i, e := range picked {
		switch {
		case i >= len(out.Entries):
			left[i] = refusal{message: "the answer does not mention it"}
		case out.Entries[i].ErrorCode != nil || out.Entries[i].EventId == nil:
			left[i] = refusal{code: aws.ToString(out.Entries[i].ErrorCode), message: aws.ToString(out.Entries[i].ErrorMessage)}
		default:
			b.used(e)
		}
	}
	return left, nil
}

// pick chooses the next events for one request: the first that fit.
func pick(pending []*entry) []*entry {
	bytes := 0
	for i, e := range pending {
		if bytes += e.size(); i == mostEntries || i > 0 && bytes > mostBytes {
			return pending[:i]
		}
	}
	return pending
}

// size is what an event counts for in a request's limit and in the bill: its time counts as 14 bytes.
func (e *entry) size() int { return 14 + len(*e.Source) + len(*e.DetailType) + len(*e.Detail) }

// Usage is what publishing comes to.
type Usage struct {
	// Requests is how many were made; what the SDK tried again by itself is counted once.
	Requests int
	// Events is how many EventBridge took.
	Events int
	// Billed is how many it bills: one for each 64 KB begun of an event it took.
	Billed int
}

// chunk is what EventBridge bills as one event.
const chunk = 64 << 10

// Usage returns what was asked of EventBridge since Open, for figures of cost.
func (b *Bus) Usage() Usage {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.usage
}

// used notes an event that was taken, or a request.
func (b *Bus) used(e *entry) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if e == nil {
		b.usage.Requests++
		return
	}
	b.usage.Events++
	b.usage.Billed += (e.size() + chunk - 1) / chunk
}

// pause waits, or returns the context's error at once when the context ends before that.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
