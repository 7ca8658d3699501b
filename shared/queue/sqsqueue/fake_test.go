package sqsqueue_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"apicenter/shared/queue"
	"apicenter/shared/queue/sqsqueue"
)

// fake is an SQS that does what a test says; what a test does not say must not be asked.
type fake struct {
	send    func(context.Context, *sqs.SendMessageBatchInput) (*sqs.SendMessageBatchOutput, error)
	receive func(context.Context, *sqs.ReceiveMessageInput) (*sqs.ReceiveMessageOutput, error)
	remove  func(context.Context, *sqs.DeleteMessageBatchInput) (*sqs.DeleteMessageBatchOutput, error)
	show    func(context.Context, *sqs.ChangeMessageVisibilityBatchInput) (*sqs.ChangeMessageVisibilityBatchOutput, error)
	ask     func(context.Context, *sqs.GetQueueAttributesInput) (*sqs.GetQueueAttributesOutput, error)
}

func (f *fake) SendMessageBatch(ctx context.Context, in *sqs.SendMessageBatchInput, _ ...func(*sqs.Options)) (*sqs.SendMessageBatchOutput, error) {
	return f.send(ctx, in)
}

func (f *fake) ReceiveMessage(ctx context.Context, in *sqs.ReceiveMessageInput, _ ...func(*sqs.Options)) (*sqs.ReceiveMessageOutput, error) {
	return f.receive(ctx, in)
}

func (f *fake) DeleteMessageBatch(ctx context.Context, in *sqs.DeleteMessageBatchInput, _ ...func(*sqs.Options)) (*sqs.DeleteMessageBatchOutput, error) {
	return f.remove(ctx, in)
}

func (f *fake) ChangeMessageVisibilityBatch(ctx context.Context, in *sqs.ChangeMessageVisibilityBatchInput, _ ...func(*sqs.Options)) (*sqs.ChangeMessageVisibilityBatchOutput, error) {
	return f.show(ctx, in)
}

func (f *fake) GetQueueAttributes(ctx context.Context, in *sqs.GetQueueAttributesInput, _ ...func(*sqs.Options)) (*sqs.GetQueueAttributesOutput, error) {
	return f.ask(ctx, in)
}

// Addresses of the fake's queues.
const (
	mapURL      = "https://sqs.example/1/map"
	mapDeadURL  = "https://sqs.example/1/map-dead"
	sendURL     = "https://sqs.example/1/send.fifo"
	sendDeadURL = "https://sqs.example/1/send-dead.fifo"
)

// pauses are what the queue waited between tries.
type pauses []time.Duration

// over opens queues over the fake, whose pauses are noted and not waited.
func over(t *testing.T, f *fake) (*sqsqueue.Queue, *pauses) {
	t.Helper()
	p := &pauses{}
	q, err := sqsqueue.Open(t.Context(), f, sqsqueue.Options{
		URLs:        map[queue.Name]string{queue.Map: mapURL, queue.Send: sendURL},
		DeadLetters: map[queue.Name]string{queue.Map: mapDeadURL, queue.Send: sendDeadURL},
		Pause: func(ctx context.Context, d time.Duration) error {
			*p = append(*p, d)
			return ctx.Err()
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return q, p
}

// takes answers that all messages were taken but those whose body the test names, which get the code.
func takes(in *sqs.SendMessageBatchInput, code string, ours bool, refused ...string) *sqs.SendMessageBatchOutput {
	out := &sqs.SendMessageBatchOutput{}
entries:
	for _, e := range in.Entries {
		for _, body := range refused {
			if text(e) == body {
				out.Failed = append(out.Failed, types.BatchResultErrorEntry{Id: e.Id, Code: aws.String(code), SenderFault: ours})
				continue entries
			}
		}
		out.Successful = append(out.Successful, types.SendMessageBatchResultEntry{Id: e.Id})
	}
	return out
}

// answer is an error as the SDK returns it for an answer of SQS.
func answer(status int, header http.Header, err error) error {
	return &smithy.OperationError{ServiceID: "SQS", OperationName: "SendMessageBatch", Err: &smithyhttp.ResponseError{
		Response: &smithyhttp.Response{Response: &http.Response{StatusCode: status, Header: header}}, Err: err}}
}
