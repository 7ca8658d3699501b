package eventbridge_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	sdk "github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"apicenter/shared/events"
	"apicenter/shared/events/eventbridge"
	"apicenter/shared/fault"
)

// fake is an EventBridge that does what a test says.
type fake func(ctx context.Context, in *sdk.PutEventsInput) (*sdk.PutEventsOutput, error)

func (f fake) PutEvents(ctx context.Context, in *sdk.PutEventsInput, _ ...func(*sdk.Options)) (*sdk.PutEventsOutput, error) {
	return f(ctx, in)
}

// over opens a bus over the fake, whose pauses are noted and not waited.
func over(t *testing.T, f fake) (*eventbridge.Bus, *[]time.Duration) {
	t.Helper()
	pauses := &[]time.Duration{}
	b, err := eventbridge.Open(f, eventbridge.Options{Bus: "the-bus", Pause: func(ctx context.Context, d time.Duration) error {
		*pauses = append(*pauses, d)
		return ctx.Err()
	}})
	if err != nil {
		t.Fatal(err)
	}
	return b, pauses
}

func numbered(ids ...string) []events.Event {
	out := make([]events.Event, len(ids))
	for i, id := range ids {
		out[i] = events.Event{ID: id, Tenant: "bakery", Type: events.RunFailed, At: time.Unix(1, 0), Subject: "flow/orders", Flow: "orders"}
	}
	return out
}

// id is the id of the event in a request.
func id(t *testing.T, e types.PutEventsRequestEntry) string {
	t.Helper()
	event, err := events.Decode([]byte(aws.ToString(e.Detail)))
	if err != nil {
		t.Error(err)
	}
	return event.ID
}

// takes answers that all events were taken but those named, which get the code.
func takes(t *testing.T, in *sdk.PutEventsInput, code string, refused ...string) *sdk.PutEventsOutput {
	t.Helper()
	out := &sdk.PutEventsOutput{}
	for _, e := range in.Entries {
		r := types.PutEventsResultEntry{EventId: aws.String("aws-id")}
		if slices.Contains(refused, id(t, e)) {
			r = types.PutEventsResultEntry{ErrorCode: aws.String(code), ErrorMessage: aws.String("because")}
			out.FailedEntryCount++
		}
		out.Entries = append(out.Entries, r)
	}
	return out
}

// answer is an error as the SDK returns it for an answer of EventBridge.
func answer(status int, err error) error {
	return &smithy.OperationError{ServiceID: "EventBridge", OperationName: "PutEvents", Err: &smithyhttp.ResponseError{
		Response: &smithyhttp.Response{Response: &http.Response{StatusCode: status}}, Err: err}}
}

// What is refused is tried again alone, with a longer pause each time, and what was taken is not sent twice.
func TestRefusedEventsAloneAreTriedAgain(t *testing.T) {
	for name, c := range map[string]struct {
		code   string
		times  int // that it is refused
		sent   []string
		pauses []time.Duration
		class  fault.Class
		after  time.Duration
		says   string
	}{
		"once":        {"InternalFailure", 1, []string{"a b c", "b"}, []time.Duration{100 * time.Millisecond}, 0, 0, ""},
		"twice":       {"ThrottlingException", 2, []string{"a b c", "b", "b"}, []time.Duration{100 * time.Millisecond, 200 * time.Millisecond}, 0, 0, ""},
		"always":      {"InternalFailure", 99, []string{"a b c", "b", "b"}, []time.Duration{100 * time.Millisecond, 200 * time.Millisecond}, fault.Retry, 0, "did not take 1 of 3 events [InternalFailure because]"},
		"throttled":   {"ThrottlingException", 99, []string{"a b c", "b", "b"}, []time.Duration{100 * time.Millisecond, 200 * time.Millisecond}, fault.Wait, 10 * time.Second, "ThrottlingException"},
		"not allowed": {"NotAuthorizedForSourceException", 99, []string{"a b c"}, nil, fault.Retry, 0, "NotAuthorizedForSource"},
		"wrong":       {"MalformedDetail", 99, []string{"a b c"}, nil, fault.Bug, 0, "MalformedDetail"},
	} {
		t.Run(name, func(t *testing.T) {
			var sent []string
			b, pauses := over(t, func(_ context.Context, in *sdk.PutEventsInput) (*sdk.PutEventsOutput, error) {
				var ids []string
				for _, e := range in.Entries {
					ids = append(ids, id(t, e))
				}
				sent = append(sent, strings.Join(ids, " "))
				if len(sent) > c.times {
					return takes(t, in, ""), nil
				}
				return takes(t, in, c.code, "b"), nil
			})
			err := b.Publish(t.Context(), numbered("a", "b", "c"))
			if !slices.Equal(sent, c.sent) || !slices.Equal(*pauses, c.pauses) {
				t.Errorf("got requests %q and pauses %v, want %q and %v", sent, *pauses, c.sent, c.pauses)
			}
			var e *fault.Error
			switch {
			case c.says == "" && err != nil:
				t.Errorf("got %v, want no error", err)
			case c.says == "":
			case !errors.As(err, &e) || e.Class != c.class || e.After != c.after || !strings.Contains(err.Error(), c.says):
				t.Errorf("got %v of class %v, want class %v with %q", err, fault.ClassOf(err), c.class, c.says)
			}
			want := eventbridge.Usage{Requests: len(c.sent), Events: 3, Billed: 3}
			if c.says != "" {
				want.Events, want.Billed = 2, 2
			}
			if got := b.Usage(); got != want {
				t.Errorf("got usage %+v, want %+v", got, want)
			}
		})
	}
}

// Taken is what has an id of EventBridge's and no error.
func TestDoubtfulAnswersTookNothing(t *testing.T) {
	for name, doubtful := range map[string]types.PutEventsResultEntry{
		"neither an id nor an error": {},
		"an id and an error":         {EventId: aws.String("aws-id"), ErrorCode: aws.String("InternalFailure")},
	} {
		requests := 0
		b, _ := over(t, func(_ context.Context, in *sdk.PutEventsInput) (*sdk.PutEventsOutput, error) {
			out := takes(t, in, "")
			if requests++; requests == 1 {
				out.Entries[1] = doubtful
			} else if len(in.Entries) != 1 || id(t, in.Entries[0]) != "b" {
				t.Errorf("%s: got %d events once more, want b", name, len(in.Entries))
			}
			return out, nil
		})
		if err := b.Publish(t.Context(), numbered("a", "b", "c")); err != nil || requests != 2 {
			t.Errorf("%s: got %d requests and %v, want 2", name, requests, err)
		}
	}
}

// An answer that is shorter than the question took nothing of the rest.
func TestUnmentionedEventsAreNotTaken(t *testing.T) {
	requests := 0
	b, _ := over(t, func(_ context.Context, in *sdk.PutEventsInput) (*sdk.PutEventsOutput, error) {
		requests++
		out := takes(t, in, "")
		if requests == 1 {
			out.Entries = out.Entries[:1]
		} else if len(in.Entries) != 2 {
			t.Errorf("got %d events once more, want the 2 that were not mentioned", len(in.Entries))
		}
		return out, nil
	})
	if err := b.Publish(t.Context(), numbered("a", "b", "c")); err != nil || requests != 2 {
		t.Errorf("got %d requests and %v, want 2", requests, err)
	}
}

// EventBridge takes ten events a request, and 256 KB of all together.
func TestRequestsStayWithinTheLimits(t *testing.T) {
	var all []events.Event
	for i := range 60 {
		e := numbered(fmt.Sprint(i))[0]
		if i%2 == 0 {
			e.Problem.Advice = strings.Repeat("ż", 31<<10) // two bytes each
		}
		all = append(all, e)
	}
	requests, arrived := 0, 0
	b, _ := over(t, func(_ context.Context, in *sdk.PutEventsInput) (*sdk.PutEventsOutput, error) {
		requests++
		arrived += len(in.Entries)
		bytes := 0
		for _, e := range in.Entries {
			bytes += len(*e.Detail) + len(*e.DetailType) + len(*e.Source) + 14
			if *e.EventBusName != "the-bus" || *e.Source != "apicenter" || *e.DetailType != "run failed" || !e.Time.Equal(time.Unix(1, 0)) {
				t.Errorf("got bus %s, source %s, type %s, time %v", *e.EventBusName, *e.Source, *e.DetailType, e.Time)
			}
		}
		if n := len(in.Entries); n == 0 || n > 10 || bytes > 256<<10 {
			t.Errorf("got a request of %d events and %d bytes, want 1 to 10 and at most 256 KB", n, bytes)
		}
		return takes(t, in, ""), nil
	})
	if err := b.Publish(t.Context(), all); err != nil {
		t.Fatal(err)
	}
	if arrived != 60 || requests > 8 {
		t.Errorf("got %d events in %d requests, want 60 in at most 8: full ones", arrived, requests)
	}
}

// EventBridge bills an event for each 64 KB begun; the limit of the port lies a little above that with what is around it.
func TestUsageCountsWhatIsBilled(t *testing.T) {
	b, _ := over(t, func(_ context.Context, in *sdk.PutEventsInput) (*sdk.PutEventsOutput, error) {
		return takes(t, in, ""), nil
	})
	small, large := numbered("a")[0], numbered("b")[0]
	text, err := events.Encode(large)
	if err != nil {
		t.Fatal(err)
	}
	large.Problem.Advice = strings.Repeat("x", events.Limit-len(text))
	if err := b.Publish(t.Context(), []events.Event{small, large}); err != nil {
		t.Fatal(err)
	}
	if got, want := b.Usage(), (eventbridge.Usage{Requests: 1, Events: 2, Billed: 3}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestFailuresSayWhatNow(t *testing.T) {
	api := func(code string, f smithy.ErrorFault) error {
		return &smithy.GenericAPIError{Code: code, Message: "m", Fault: f}
	}
	for name, c := range map[string]struct {
		err    error
		class  fault.Class
		after  time.Duration
		says   string
		advice bool
	}{
		"throttled":       {answer(400, api("ThrottlingException", smithy.FaultClient)), fault.Wait, 10 * time.Second, "more than it takes", false},
		"unavailable":     {answer(503, api("ServiceUnavailable", smithy.FaultServer)), fault.Wait, 10 * time.Second, "more than it takes", false},
		"broken":          {answer(500, api("InternalException", smithy.FaultServer)), fault.Retry, 0, "did not answer", false},
		"no bus":          {answer(400, &types.ResourceNotFoundException{}), fault.Retry, 0, "does not exist", true},
		"not allowed":     {answer(400, api("AccessDeniedException", smithy.FaultClient)), fault.Retry, 0, "may not be used", true},
		"forbidden":       {answer(403, errors.New("?")), fault.Retry, 0, "may not be used", true},
		"misunderstood":   {answer(400, api("ValidationException", smithy.FaultClient)), fault.Bug, 0, "does not understand", false},
		"cut off":         {errors.New("connection reset"), fault.Retry, 0, "did not answer", false},
		"other's context": {&smithy.CanceledError{Err: context.Canceled}, fault.Retry, 0, "did not answer", false},
	} {
		b, _ := over(t, func(context.Context, *sdk.PutEventsInput) (*sdk.PutEventsOutput, error) { return nil, c.err })
		err := b.Publish(t.Context(), numbered("a"))
		var e *fault.Error
		if !errors.As(err, &e) || e.Class != c.class || e.After != c.after || !strings.Contains(e.Message, c.says) || (e.Advice != "") != c.advice || !errors.Is(err, c.err) {
			t.Errorf("%s: got %+v, want class %v after %v with %q", name, err, c.class, c.after, c.says)
		}
	}
}

// Work waits for a publish: a bus that hangs must not hold it up until the function's deadline.
func TestAHangingBusIsLeftInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, _ := over(t, func(ctx context.Context, _ *sdk.PutEventsInput) (*sdk.PutEventsOutput, error) {
			<-ctx.Done()
			return nil, &smithy.CanceledError{Err: ctx.Err()}
		})
		started := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		err := b.Publish(ctx, numbered("a"))
		if took := time.Since(started); took != events.Patience {
			t.Errorf("it took %v, want %v", took, events.Patience)
		}
		var e *fault.Error
		if !errors.As(err, &e) || e.Class != fault.Retry || !strings.Contains(e.Message, "within 5s") {
			t.Errorf("got %v, want a failure that says how long", err)
		}
	})
}

func TestPublishEndsWithItsContext(t *testing.T) {
	requests := 0
	during := func(before bool, err error) error {
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		b, _ := over(t, func(_ context.Context, in *sdk.PutEventsInput) (*sdk.PutEventsOutput, error) {
			requests++
			stop()
			return takes(t, in, "InternalFailure", "b"), err
		})
		if before {
			stop()
		}
		return b.Publish(ctx, numbered("a", "b"))
	}
	for name, err := range map[string]error{
		"between two tries": during(false, nil),
		"during a request":  during(false, &smithy.CanceledError{Err: context.Canceled}),
		"before":            during(true, nil),
	} {
		// Nothing is wrong with the bus, so that it is no failure of it.
		var e *fault.Error
		if !errors.Is(err, context.Canceled) || errors.As(err, &e) {
			t.Errorf("cancelled %s: got %v, want context.Canceled alone", name, err)
		}
	}
	if requests != 2 {
		t.Errorf("got %d requests, want 2: none after the end", requests)
	}
}

// The pause between tries is real where the caller gives none, and ends with the context.
func TestPausesAreReal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, err := eventbridge.Open(fake(func(_ context.Context, in *sdk.PutEventsInput) (*sdk.PutEventsOutput, error) {
			return takes(t, in, "InternalFailure", "a"), nil
		}), eventbridge.Options{Bus: "the-bus"})
		if err != nil {
			t.Fatal(err)
		}
		started := time.Now()
		if err := b.Publish(t.Context(), numbered("a")); fault.ClassOf(err) != fault.Retry {
			t.Errorf("got %v, want class retry", err)
		}
		if took := time.Since(started); took != 300*time.Millisecond {
			t.Errorf("it took %v, want 300 ms of pauses", took)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		if err := b.Publish(ctx, numbered("a")); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want the end of the context", err)
		}
	})
}

// Without a name EventBridge takes the account's default bus, where others listen.
func TestABusNeedsAName(t *testing.T) {
	if _, err := eventbridge.Open(fake(nil), eventbridge.Options{}); err == nil {
		t.Error("a bus without a name was opened")
	}
}

// The deployed function must neither try for long nor slow down for a bus that is throttled.
func TestClientTriesAgainAsSet(t *testing.T) {
	o := sdk.Options{RetryMode: aws.RetryModeAdaptive, RetryMaxAttempts: 50}
	eventbridge.Configure(&o)
	if _, standard := o.Retryer.(*retry.Standard); !standard || o.Retryer.MaxAttempts() != eventbridge.Attempts {
		t.Errorf("got %T with %d attempts, want the standard one with %d", o.Retryer, o.Retryer.MaxAttempts(), eventbridge.Attempts)
	}
	var longest time.Duration
	for attempt := 1; attempt < eventbridge.Attempts; attempt++ {
		d, err := o.Retryer.RetryDelay(attempt, errors.New("throttled"))
		if err != nil {
			t.Fatal(err)
		}
		longest += d
	}
	if longest > events.Patience/2 {
		t.Errorf("got pauses of %v together, want at most half of %v", longest, events.Patience)
	}
}
