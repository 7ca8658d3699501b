package sqsqueue_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"

	"apicenter/shared/fault"
	"apicenter/shared/queue"
)

func TestFailuresSayWhatHappensNext(t *testing.T) {
	api := func(code string) error { return &smithy.GenericAPIError{Code: code, Fault: smithy.FaultClient} }
	for name, c := range map[string]struct {
		err   error
		class fault.Class
		after time.Duration
		says  string
	}{
		"throttled":             {answer(400, nil, &types.RequestThrottled{}), fault.Wait, 10 * time.Second, "more than it gives"},
		"throttled by KMS":      {answer(400, nil, &types.KmsThrottled{}), fault.Wait, 10 * time.Second, "more than it gives"},
		"throttled by name":     {answer(400, nil, api("ThrottlingException")), fault.Wait, 10 * time.Second, "more than it gives"},
		"throttled with a time": {answer(503, http.Header{"Retry-After": {"3"}}, errors.New("busy")), fault.Wait, 3 * time.Second, "more than it gives"},
		"too many in flight":    {answer(403, nil, &types.OverLimit{}), fault.Wait, 10 * time.Second, "more than it gives"},
		"no such queue":         {answer(400, nil, &types.QueueDoesNotExist{}), fault.Retry, 0, "does not exist"},
		"denied":                {answer(403, nil, api("AccessDenied")), fault.Retry, 0, "may not be used"},
		"not understood":        {answer(400, nil, api("InvalidParameterValue")), fault.Bug, 0, "does not understand"},
		"its own mistake":       {answer(500, nil, &smithy.GenericAPIError{Code: "InternalFailure", Fault: smithy.FaultServer}), fault.Retry, 0, "did not answer"},
		"line cut":              {errors.New("connection reset"), fault.Retry, 0, "did not answer"},
	} {
		t.Run(name, func(t *testing.T) {
			q, _ := over(t, &fake{
				send: func(context.Context, *sqs.SendMessageBatchInput) (*sqs.SendMessageBatchOutput, error) {
					return nil, c.err
				},
				receive: func(context.Context, *sqs.ReceiveMessageInput) (*sqs.ReceiveMessageOutput, error) {
					return nil, c.err
				},
				remove: func(context.Context, *sqs.DeleteMessageBatchInput) (*sqs.DeleteMessageBatchOutput, error) {
					return nil, c.err
				},
				show: func(context.Context, *sqs.ChangeMessageVisibilityBatchInput) (*sqs.ChangeMessageVisibilityBatchOutput, error) {
					return nil, c.err
				},
				ask: func(context.Context, *sqs.GetQueueAttributesInput) (*sqs.GetQueueAttributesOutput, error) {
					return nil, c.err
				},
			})
			ctx, d := t.Context(), queue.Delivery{Queue: queue.Map, ID: "id", Receipt: "receipt", Body: []byte("the body")}
			_, received := q.Receive(ctx, queue.Map, 1, 0)
			_, counted := q.Counts(ctx, queue.Map)
			_, listed := q.Buried(ctx, queue.Map, 1)
			_, redriven := q.Redrive(ctx, queue.Map, 1)
			for operation, err := range map[string]error{
				"send": q.Send(ctx, queue.Map, messages("the body")), "receive": received, "delete": q.Delete(ctx, []queue.Delivery{d}),
				"extend": q.Extend(ctx, d, 0), "counts": counted, "bury": q.Bury(ctx, d, "why"), "buried": listed, "redrive": redriven,
			} {
				e := fault.As(err)
				if e.Class != c.class || e.After != c.after || !strings.Contains(e.Message, c.says) || !strings.Contains(e.Message, "map") {
					t.Errorf("%s: got class %v, after %v, %q, want %v, %v and %q", operation, e.Class, e.After, e.Message, c.class, c.after, c.says)
				}
				if !errors.Is(err, c.err) {
					t.Errorf("%s: got %v, want it to lead to what SQS said", operation, err)
				}
				if strings.Contains(err.Error(), "the body") {
					t.Errorf("%s: the body stands in the error %q", operation, err)
				}
			}
		})
	}
}
