package sqsqueue_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"apicenter/shared/fault"
	"apicenter/shared/queue"
)

func TestReceiveAsksWhatSQSTakes(t *testing.T) {
	var got []int32
	q, _ := over(t, &fake{receive: func(_ context.Context, in *sqs.ReceiveMessageInput) (*sqs.ReceiveMessageOutput, error) {
		got = append(got, in.MaxNumberOfMessages, in.WaitTimeSeconds)
		return &sqs.ReceiveMessageOutput{}, nil
	}})
	for _, c := range []struct {
		most int
		wait time.Duration
	}{{1, 0}, {10, time.Millisecond}, {11, 2900 * time.Millisecond}, {1000, time.Hour}} {
		if _, err := q.Receive(t.Context(), queue.Map, c.most, c.wait); err != nil {
			t.Fatal(err)
		}
	}
	if want := []int32{1, 0, 10, 1, 10, 2, 10, 20}; !slices.Equal(got, want) {
		t.Errorf("got messages and seconds %v, want %v", got, want)
	}
	if _, err := q.Receive(t.Context(), queue.Map, 1, -1); fault.ClassOf(err) != fault.Bug {
		t.Errorf("wait of less than nothing: got %v, want an error of class bug", err)
	}
}

// What arrives for a caller that has left is for others.
func TestReceiveGivesBackWhatItsCallerLeft(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	asked, late, shown := make(chan struct{}), make(chan struct{}), make(chan *sqs.ChangeMessageVisibilityBatchInput, 1)
	q, _ := over(t, &fake{
		receive: func(ctx context.Context, _ *sqs.ReceiveMessageInput) (*sqs.ReceiveMessageOutput, error) {
			close(asked)
			<-late
			if ctx.Err() != nil {
				t.Error("the request was broken off")
			}
			return &sqs.ReceiveMessageOutput{Messages: []types.Message{{MessageId: aws.String("id"), ReceiptHandle: aws.String("receipt"), Body: aws.String("")}}}, nil
		},
		show: func(_ context.Context, in *sqs.ChangeMessageVisibilityBatchInput) (*sqs.ChangeMessageVisibilityBatchOutput, error) {
			shown <- in
			return &sqs.ChangeMessageVisibilityBatchOutput{Successful: []types.ChangeMessageVisibilityBatchResultEntry{{Id: in.Entries[0].Id}}}, nil
		},
	})
	go func() { <-asked; cancel() }()
	if got, err := q.Receive(ctx, queue.Map, 1, 20*time.Second); !errors.Is(err, context.Canceled) || len(got) != 0 {
		t.Errorf("got %v and %v, want nothing and context.Canceled", got, err)
	}
	close(late)
	select {
	case in := <-shown:
		if len(in.Entries) != 1 || *in.Entries[0].ReceiptHandle != "receipt" || in.Entries[0].VisibilityTimeout != 0 || *in.QueueUrl != mapURL {
			t.Errorf("got %+v, want the message made visible at once", in.Entries)
		}
	case <-time.After(10 * time.Second):
		t.Error("the message was not given back")
	}
}

func TestDeliveryOfUnknownSenderStaysReadable(t *testing.T) {
	q, _ := over(t, &fake{receive: func(context.Context, *sqs.ReceiveMessageInput) (*sqs.ReceiveMessageOutput, error) {
		return &sqs.ReceiveMessageOutput{Messages: []types.Message{{MessageId: aws.String("id"), ReceiptHandle: aws.String("r"), Body: aws.String("{not base64}")}}}, nil
	}})
	got, err := q.Receive(t.Context(), queue.Map, 1, 0)
	if err != nil || len(got) != 1 || string(got[0].Body) != "{not base64}" || got[0].Receives != 1 || !got[0].Sent.IsZero() {
		t.Errorf("got %+v and %v, want the body as it came, for the stage to refuse", got, err)
	}
}

func TestStaleReceiptsAreNoError(t *testing.T) {
	for _, c := range []struct {
		code, message string
		ok            bool
	}{
		{"ReceiptHandleIsInvalid", "", true},
		{"AWS.SimpleQueueService.MessageNotInflight", "", true},
		{"InvalidParameterValue", "Value r for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired.", true},
		{"InvalidParameterValue", "Value r for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available for visibility timeout change.", true},
		{"InvalidParameterValue", "Value 43200 for parameter VisibilityTimeout is invalid. Reason: Total VisibilityTimeout for the message is beyond the limit [43200 seconds].", false},
	} {
		failed := func(id *string) []types.BatchResultErrorEntry {
			return []types.BatchResultErrorEntry{{Id: id, Code: aws.String(c.code), Message: aws.String(c.message), SenderFault: true}}
		}
		q, _ := over(t, &fake{
			remove: func(_ context.Context, in *sqs.DeleteMessageBatchInput) (*sqs.DeleteMessageBatchOutput, error) {
				return &sqs.DeleteMessageBatchOutput{Failed: failed(in.Entries[0].Id)}, nil
			},
			show: func(_ context.Context, in *sqs.ChangeMessageVisibilityBatchInput) (*sqs.ChangeMessageVisibilityBatchOutput, error) {
				return &sqs.ChangeMessageVisibilityBatchOutput{Failed: failed(in.Entries[0].Id)}, nil
			},
		})
		d := queue.Delivery{Queue: queue.Map, Receipt: "r"}
		for _, err := range []error{q.Delete(t.Context(), []queue.Delivery{d}), q.Extend(t.Context(), d, time.Minute)} {
			if (err == nil) != c.ok || err != nil && fault.ClassOf(err) != fault.Bug {
				t.Errorf("%s %q: got %v, want harmless %v", c.code, c.message, err, c.ok)
			}
		}
	}
}

// Deletes of several queues go to each its own, ten at a time, and one that fails is tried again.
func TestDeleteSortsByQueue(t *testing.T) {
	failed := false
	removed := map[string][]string{}
	q, waited := over(t, &fake{remove: func(_ context.Context, in *sqs.DeleteMessageBatchInput) (*sqs.DeleteMessageBatchOutput, error) {
		out := &sqs.DeleteMessageBatchOutput{}
		if len(in.Entries) > 10 {
			t.Errorf("got %d in one request, want at most 10", len(in.Entries))
		}
		for _, e := range in.Entries {
			if *e.ReceiptHandle == "m3" && !failed {
				failed = true
				out.Failed = append(out.Failed, types.BatchResultErrorEntry{Id: e.Id, Code: aws.String("InternalError")})
				continue
			}
			removed[*in.QueueUrl] = append(removed[*in.QueueUrl], *e.ReceiptHandle)
			out.Successful = append(out.Successful, types.DeleteMessageBatchResultEntry{Id: e.Id})
		}
		return out, nil
	}})
	var ds []queue.Delivery
	for i := range 12 {
		ds = append(ds, queue.Delivery{Queue: queue.Map, Receipt: "m" + string(rune('0'+i))})
	}
	ds = append(ds, queue.Delivery{Queue: queue.Send, Receipt: "s"})
	if err := q.Delete(t.Context(), ds); err != nil {
		t.Fatal(err)
	}
	if len(removed[mapURL]) != 12 || len(removed[sendURL]) != 1 || len(*waited) != 1 {
		t.Errorf("got %v with %d pauses, want 12 of map and 1 of send, one tried again", removed, len(*waited))
	}
}
