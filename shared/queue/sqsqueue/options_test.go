package sqsqueue_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/google/go-cmp/cmp"

	"apicenter/shared/fault"
	"apicenter/shared/queue"
	"apicenter/shared/queue/sqsqueue"
)

func TestOptionsTellAllTheirProblems(t *testing.T) {
	_, err := sqsqueue.Open(t.Context(), &fake{}, sqsqueue.Options{
		URLs: map[queue.Name]string{queue.Map: "", queue.Send: "https://sqs.example/1/send", "mapp": mapURL,
			queue.Retry: "https://sqs.example/1/retry", "fetch-orders": "https://sqs.example/1/orders.fifo"},
		DeadLetters: map[queue.Name]string{queue.Retry: "https://sqs.example/1/dead.fifo", "fetch-stock": "https://sqs.example/1/stock-dead"},
	})
	for _, want := range []string{"map is empty", "send.fifo is of the other type", `no queue named "mapp"`, "dead-letter queue of retry", "fetch-orders is of the other type", "fetch-stock has a dead-letter queue but no address"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want it to say %q", err, want)
		}
	}
}

// A function names the queues it uses; what it does not name it cannot use by mistake.
func TestQueueOutsideTheOptionsIsRefused(t *testing.T) {
	q, err := sqsqueue.Open(t.Context(), &fake{}, sqsqueue.Options{URLs: map[queue.Name]string{queue.Map: mapURL}})
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	_, received := q.Receive(ctx, queue.Retry, 1, 0)
	_, counted := q.Counts(ctx, queue.Map)
	_, listed := q.Buried(ctx, queue.Map, 1)
	_, redriven := q.Redrive(ctx, queue.Map, 1)
	for name, err := range map[string]error{
		"send to another": q.Send(ctx, queue.Retry, nil), "receive from another": received,
		"delete of another": q.Delete(ctx, []queue.Delivery{{Queue: queue.Map}, {Queue: queue.Retry}}), "extend of another": q.Extend(ctx, queue.Delivery{Queue: queue.Retry}, 0),
		"bury without dead letters": q.Bury(ctx, queue.Delivery{Queue: queue.Map, Body: []byte("b")}, ""), "count without dead letters": counted,
		"list without dead letters": listed, "redrive without dead letters": redriven,
	} {
		if fault.ClassOf(err) != fault.Bug {
			t.Errorf("%s: got %v, want an error of class bug", name, err)
		}
	}
}

// The deployed function must neither try for ever nor slow down for one throttled queue.
func TestClientTriesAgainAsSet(t *testing.T) {
	o := sqs.Options{RetryMode: aws.RetryModeAdaptive, RetryMaxAttempts: 50}
	sqsqueue.Configure(&o)
	if _, standard := o.Retryer.(*retry.Standard); !standard || o.Retryer.MaxAttempts() != sqsqueue.Attempts {
		t.Errorf("got %T with %d attempts, want the standard one with %d", o.Retryer, o.Retryer.MaxAttempts(), sqsqueue.Attempts)
	}
	var longest time.Duration
	for attempt := 1; attempt < sqsqueue.Attempts; attempt++ {
		d, err := o.Retryer.RetryDelay(attempt, &smithyThrottle{})
		if err != nil {
			t.Fatal(err)
		}
		longest += d
	}
	if longest > 8*time.Second {
		t.Errorf("got pauses of %v together, want at most 8 seconds", longest)
	}
}

type smithyThrottle struct{}

func (*smithyThrottle) Error() string { return "throttled" }

// SQS bills a request for each 64 KB begun that it carries.
func TestUsageCountsWhatIsBilled(t *testing.T) {
	q, _ := over(t, &fake{
		send: func(_ context.Context, in *sqs.SendMessageBatchInput) (*sqs.SendMessageBatchOutput, error) {
			return takes(in, "", false), nil
		},
		ask: func(context.Context, *sqs.GetQueueAttributesInput) (*sqs.GetQueueAttributesOutput, error) {
			return &sqs.GetQueueAttributesOutput{Attributes: map[string]string{"ApproximateNumberOfMessages": "1",
				"ApproximateNumberOfMessagesNotVisible": "2", "ApproximateNumberOfMessagesDelayed": "3"}}, nil
		},
	})
	for _, bytes := range []int{1, 48<<10 - 100, 48 << 10, 480 << 10} { // a third longer as text
		send(t, q, queue.Map, queue.Message{Body: make([]byte, bytes), Group: "tenant"})
	}
	c, err := q.Counts(t.Context(), queue.Map)
	if want := (queue.Counts{Visible: 1, InFlight: 2, Delayed: 3, Dead: 6}); err != nil || c != want {
		t.Errorf("got %+v and %v, want %+v", c, err, want)
	}
	want := map[string]sqsqueue.Usage{"SendMessageBatch": {Requests: 4, Billed: 1 + 1 + 2 + 11}, "GetQueueAttributes": {Requests: 2, Billed: 2}}
	if diff := cmp.Diff(want, q.Usage()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestCountsThatAreMissingAreAnError(t *testing.T) {
	q, _ := over(t, &fake{ask: func(context.Context, *sqs.GetQueueAttributesInput) (*sqs.GetQueueAttributesOutput, error) {
		return &sqs.GetQueueAttributesOutput{}, nil
	}})
	if c, err := q.Counts(t.Context(), queue.Map); err == nil || c != (queue.Counts{}) {
		t.Errorf("got %+v and %v, want an error", c, err)
	}
}

// creator is an SQS that notes what it is to make.
type creator struct{ made map[string]map[string]string }

func (c *creator) CreateQueue(_ context.Context, in *sqs.CreateQueueInput, _ ...func(*sqs.Options)) (*sqs.CreateQueueOutput, error) {
	c.made[*in.QueueName] = in.Attributes
	return &sqs.CreateQueueOutput{QueueUrl: aws.String("https://sqs.example/1/" + *in.QueueName)}, nil
}

func (c *creator) GetQueueAttributes(_ context.Context, in *sqs.GetQueueAttributesInput, _ ...func(*sqs.Options)) (*sqs.GetQueueAttributesOutput, error) {
	return &sqs.GetQueueAttributesOutput{Attributes: map[string]string{"QueueArn": "arn:" + *in.QueueUrl}}, nil
}

func TestQueuesAreMadeAsSet(t *testing.T) {
	c := &creator{made: map[string]map[string]string{}}
	o, err := sqsqueue.Create(t.Context(), c, "p-", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sqsqueue.Open(t.Context(), &fake{}, o); err != nil {
		t.Errorf("what was made cannot be opened: %v", err)
	}
	if want := 2 * len(queue.All()); len(c.made) != want || len(o.URLs)+len(o.DeadLetters) != want {
		t.Errorf("got %d queues and %d addresses, want %d", len(c.made), len(o.URLs)+len(o.DeadLetters), want)
	}
	arn := func(name string) string {
		return fmt.Sprintf(`{"deadLetterTargetArn":"arn:https://sqs.example/1/p-%s","maxReceiveCount":`, name)
	}
	for name, want := range map[string]map[string]string{
		"p-map":      {"VisibilityTimeout": "360", "MessageRetentionPeriod": "1209600", "MaximumMessageSize": "1048576", "RedrivePolicy": arn("map-dead") + `"5"}`},
		"p-map-dead": {"VisibilityTimeout": "60", "MessageRetentionPeriod": "1209600", "MaximumMessageSize": "1048576"},
		"p-send.fifo": {"VisibilityTimeout": "360", "MessageRetentionPeriod": "1209600", "MaximumMessageSize": "1048576",
			"RedrivePolicy": arn("send-dead.fifo") + `"1000"}`, "FifoQueue": "true", "DeduplicationScope": "messageGroup", "FifoThroughputLimit": "perMessageGroupId"},
		"p-send-dead.fifo": {"VisibilityTimeout": "60", "MessageRetentionPeriod": "1209600", "MaximumMessageSize": "1048576",
			"FifoQueue": "true", "DeduplicationScope": "messageGroup", "FifoThroughputLimit": "perMessageGroupId"},
	} {
		if diff := cmp.Diff(want, c.made[name]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
