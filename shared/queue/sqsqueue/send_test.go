package sqsqueue_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"

	"apicenter/shared/fault"
	"apicenter/shared/message"
	"apicenter/shared/queue"
)

// text is the body of an entry.
func text(e types.SendMessageBatchRequestEntry) string {
	body, err := base64.StdEncoding.DecodeString(aws.ToString(e.MessageBody))
	if err != nil {
		return err.Error()
	}
	return string(body)
}

func texts(in *sqs.SendMessageBatchInput) (all []string) {
	for _, e := range in.Entries {
		all = append(all, text(e))
	}
	return all
}

// messages are for one group each.
func messages(bodies ...string) (all []queue.Message) {
	for i, b := range bodies {
		all = append(all, queue.Message{Body: []byte(b), Group: fmt.Sprintf("group-%d", i), Dedup: fmt.Sprintf("dedup-%d", i)})
	}
	return all
}

func TestRefusedMessagesAreSentAgainAndNoOthers(t *testing.T) {
	var sent [][]string
	q, waited := over(t, &fake{send: func(_ context.Context, in *sqs.SendMessageBatchInput) (*sqs.SendMessageBatchOutput, error) {
		sent = append(sent, texts(in))
		switch len(sent) {
		case 1:
			return takes(in, "InternalError", false, "b", "d"), nil
		case 2: // an answer that leaves one out
			return &sqs.SendMessageBatchOutput{Successful: []types.SendMessageBatchResultEntry{{Id: in.Entries[1].Id}}}, nil
		}
		return takes(in, "", false), nil
	}})
	if err := q.Send(t.Context(), queue.Map, messages("a", "b", "c", "d")); err != nil {
		t.Fatal(err)
	}
	if want := [][]string{{"a", "b", "c", "d"}, {"b", "d"}, {"b"}}; !slices.EqualFunc(sent, want, slices.Equal) {
		t.Errorf("got requests %v, want %v", sent, want)
	}
	if want := (pauses{100 * time.Millisecond, 200 * time.Millisecond}); !slices.Equal(*waited, want) {
		t.Errorf("got pauses %v, want %v", *waited, want)
	}
}

func TestMessageRefusedAgainAndAgainIsOneError(t *testing.T) {
	for code, c := range map[string]struct {
		class fault.Class
		after time.Duration
	}{
		"InternalError":    {fault.Retry, 0},
		"RequestThrottled": {fault.Wait, 10 * time.Second}, // which SQS calls the sender's fault
	} {
		t.Run(code, func(t *testing.T) {
			requests := 0
			q, waited := over(t, &fake{send: func(_ context.Context, in *sqs.SendMessageBatchInput) (*sqs.SendMessageBatchOutput, error) {
				requests++
				return takes(in, code, c.class == fault.Wait, "b"), nil
			}})
			err := q.Send(t.Context(), queue.Map, messages("a", "b"))
			e := fault.As(err)
			if e.Class != c.class || e.After != c.after || !strings.Contains(e.Message, "1 of 2") || !strings.Contains(e.Detail, code) {
				t.Errorf("got %v of class %v, after %v, want class %v, after %v, naming the code and 1 of 2", err, e.Class, e.After, c.class, c.after)
			}
			if requests != 5 || len(*waited) != 4 {
				t.Errorf("got %d requests and %d pauses, want 5 and 4", requests, len(*waited))
			}
		})
	}
}

func TestMessageThatWillNotPassIsNotSentAgain(t *testing.T) {
	var sent [][]string
	q, waited := over(t, &fake{send: func(_ context.Context, in *sqs.SendMessageBatchInput) (*sqs.SendMessageBatchOutput, error) {
		sent = append(sent, texts(in))
		return takes(in, "InvalidMessageContents", true, "b"), nil
	}})
	err := q.Send(t.Context(), queue.Map, messages("a", "b", "c"))
	if fault.ClassOf(err) != fault.Bug || !strings.Contains(err.Error(), "InvalidMessageContents") {
		t.Errorf("got %v, want an error of class bug with the code", err)
	}
	if len(sent) != 1 || len(*waited) != 0 {
		t.Errorf("got requests %v and pauses %v, want one request", sent, *waited)
	}
}

// A lane keeps its order although SQS refuses messages one by one: the next goes when the one before it was taken.
func TestRefusalKeepsTheOrderOfALane(t *testing.T) {
	lane := func(group string, bodies ...string) (all []queue.Message) {
		for _, b := range bodies {
			all = append(all, queue.Message{Body: []byte(b), Group: group, Dedup: b})
		}
		return all
	}
	all := slices.Concat(lane("a", "a1", "a2", "a3"), lane("b", "b1", "b2"))
	for name, c := range map[string]struct {
		ours bool
		want []string
	}{
		"for now":  {false, []string{"a1", "b1", "a2", "b2", "a2", "a3"}},
		"for good": {true, []string{"a1", "b1", "a2", "b2"}},
	} {
		t.Run(name, func(t *testing.T) {
			refused := false
			var sent []string
			q, _ := over(t, &fake{send: func(_ context.Context, in *sqs.SendMessageBatchInput) (*sqs.SendMessageBatchOutput, error) {
				groups := map[string]bool{}
				for _, e := range in.Entries {
					if groups[*e.MessageGroupId] {
						t.Errorf("got request %v, want one message of a group", texts(in))
					}
					groups[*e.MessageGroupId] = true
				}
				sent = append(sent, texts(in)...)
				if !refused && slices.Contains(texts(in), "a2") {
					refused = true
					return takes(in, "Code", c.ours, "a2"), nil
				}
				return takes(in, "", false), nil
			}})
			if err := q.Send(t.Context(), queue.Send, all); (err != nil) != c.ours {
				t.Errorf("got error %v", err)
			}
			if !slices.Equal(sent, c.want) {
				t.Errorf("got %v, want %v", sent, c.want)
			}
		})
	}
}

func TestRequestsStayWithinTheLimits(t *testing.T) {
	sizes := []int{message.Limit, 1, 100 << 10, 200 << 10, 300 << 10, 400 << 10, message.Limit, message.Limit, 5}
	for range 40 {
		sizes = append(sizes, 40<<10)
	}
	for range 25 {
		sizes = append(sizes, 10)
	}
	for _, name := range []queue.Name{queue.Map, queue.Send} {
		requests, arrived := 0, 0
		q, _ := over(t, &fake{send: func(_ context.Context, in *sqs.SendMessageBatchInput) (*sqs.SendMessageBatchOutput, error) {
			requests++
			arrived += len(in.Entries)
			bytes := 0
			for _, e := range in.Entries {
				bytes += len(*e.MessageBody)
			}
			if len(in.Entries) == 0 || len(in.Entries) > 10 || bytes > 1<<20 {
				t.Errorf("got a request of %d messages and %d bytes, want 1 to 10 and at most 1 MiB", len(in.Entries), bytes)
			}
			return takes(in, "", false), nil
		}})
		all := make([]queue.Message, len(sizes))
		for i, n := range sizes {
			all[i] = queue.Message{Body: bytes.Repeat([]byte{1}, n), Group: fmt.Sprint("group ", i), Dedup: fmt.Sprint("dedup ", i)}
		}
		if err := q.Send(t.Context(), name, all); err != nil {
			t.Fatal(err)
		}
		if arrived != len(all) {
			t.Errorf("%s: got %d messages, want %d", name, arrived, len(all))
		}
		if requests > 14 {
			t.Errorf("%s: got %d requests, want at most 14: full ones", name, requests)
		}
	}
}

// Promise 1: what the queue cannot take is refused before anything was sent.
func TestMessageOverALimitSendsNothing(t *testing.T) {
	q, _ := over(t, &fake{}) // a request would panic
	good := queue.Message{Body: []byte("good"), Group: "g", Dedup: "d"}
	for name, bad := range map[string]queue.Message{
		"body":  {Body: make([]byte, message.Limit+1), Group: "g", Dedup: "d"},
		"group": {Body: []byte("b"), Group: strings.Repeat("g", 129), Dedup: "d"},
		"words": {Body: []byte("b"), Group: strings.Repeat("ż", 22), Dedup: "d"},
		"dedup": {Body: []byte("b"), Group: "g", Dedup: strings.Repeat("d", 129)},
	} {
		err := q.Send(t.Context(), queue.Send, []queue.Message{good, bad})
		if err == nil || !strings.Contains(err.Error(), "message 2 of 2") {
			t.Errorf("%s: got %v, want an error about message 2 of 2", name, err)
		}
		if tooLarge := errors.Is(err, message.ErrTooLarge); tooLarge != (name == "body") {
			t.Errorf("%s: got ErrTooLarge %v", name, tooLarge)
		}
	}
}

// Fair queues tell tenants apart by their group, also on queues that keep no order.
func TestEveryMessageNamesItsGroup(t *testing.T) {
	for name, dedup := range map[queue.Name]bool{queue.Map: false, queue.Send: true} {
		q, _ := over(t, &fake{send: func(_ context.Context, in *sqs.SendMessageBatchInput) (*sqs.SendMessageBatchOutput, error) {
			e := in.Entries[0]
			if aws.ToString(e.MessageGroupId) != "tenant-%C5%BC/#1" || (e.MessageDeduplicationId != nil) != dedup || e.DelaySeconds != 0 {
				t.Errorf("%s: got group %v, deduplication id %v, delay %d", name, aws.ToString(e.MessageGroupId), e.MessageDeduplicationId, e.DelaySeconds)
			}
			return takes(in, "", false), nil
		}})
		if err := q.Send(t.Context(), name, []queue.Message{{Body: []byte("a"), Group: "tenant-ż/#1", Dedup: "d"}}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestDelayIsNeverShortened(t *testing.T) {
	var got []int32
	q, _ := over(t, &fake{send: func(_ context.Context, in *sqs.SendMessageBatchInput) (*sqs.SendMessageBatchOutput, error) {
		for _, e := range in.Entries {
			got = append(got, e.DelaySeconds)
		}
		return takes(in, "", false), nil
	}})
	var all []queue.Message
	for _, d := range []time.Duration{0, time.Nanosecond, time.Second, 1001 * time.Millisecond, queue.MaxDelay} {
		all = append(all, queue.Message{Body: []byte("a"), Delay: d})
	}
	if err := q.Send(t.Context(), queue.Map, all); err != nil {
		t.Fatal(err)
	}
	if want := []int32{0, 1, 1, 2, 900}; !slices.Equal(got, want) {
		t.Errorf("got seconds %v, want %v", got, want)
	}
}

func TestSendEndsWithItsContext(t *testing.T) {
	requests := 0
	during := func(before bool, err error) error {
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		q, _ := over(t, &fake{send: func(_ context.Context, in *sqs.SendMessageBatchInput) (*sqs.SendMessageBatchOutput, error) {
			requests++
			stop()
			return takes(in, "InternalError", false, "b"), err
		}})
		if before {
			stop()
		}
		return q.Send(ctx, queue.Map, messages("a", "b"))
	}
	for name, err := range map[string]error{
		"between two tries": during(false, nil),
		"during a request":  during(false, &smithy.CanceledError{Err: context.Canceled}),
		"before":            during(true, nil),
	} {
		// Nothing is wrong with the queue, so that it is no failure of it.
		var e *fault.Error
		if !errors.Is(err, context.Canceled) || errors.As(err, &e) {
			t.Errorf("cancelled %s: got %v, want context.Canceled alone", name, err)
		}
	}
	if requests != 2 {
		t.Errorf("got %d requests, want 2: none after the end", requests)
	}
}
