package sqsqueue

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"apicenter/shared/queue"
)

// Delete removes deliveries for good, of several queues if need be.
func (q *Queue) Delete(ctx context.Context, deliveries []queue.Delivery) error {
	var names []queue.Name
	receipts := make(map[queue.Name][]string)
	for _, d := range deliveries {
		if _, err := q.line(d.Queue); err != nil {
			return err
		}
		if receipts[d.Queue] == nil {
			names = append(names, d.Queue)
		}
		receipts[d.Queue] = append(receipts[d.Queue], d.Receipt)
	}
	for _, name := range names {
		if err := q.remove(ctx, name, q.lines[name].url, receipts[name]); err != nil {
			return err
		}
	}
	return nil
}

// remove deletes messages of the queue at an address.
func (q *Queue) remove(ctx context.Context, name queue.Name, url string, receipts []string) error {
	b := batch{queue: q, name: name, what: "delete", excused: stale}
	b.call = func(ctx context.Context, picked []int) (done []string, failed []types.BatchResultErrorEntry, err error) {
		in := &sqs.DeleteMessageBatchInput{QueueUrl: aws.String(url), Entries: make([]types.DeleteMessageBatchRequestEntry, len(picked))}
		for k, i := range picked {
			in.Entries[k] = types.DeleteMessageBatchRequestEntry{Id: entryID(i), ReceiptHandle: aws.String(receipts[i])}
		}
		q.used(name, "DeleteMessageBatch", 0)
		out, err := q.client.DeleteMessageBatch(ctx, in)
		if err != nil {
			return nil, nil, err
		}
		for _, r := range out.Successful {
			done = append(done, aws.ToString(r.Id))
		}
		return done, out.Failed, nil
	}
	return b.run(ctx, len(receipts))
}

// Extend makes a delivery visible again after a time, rounded up to seconds, at most MaxVisibility after it was received.
func (q *Queue) Extend(ctx context.Context, d queue.Delivery, visible time.Duration) error {
	l, err := q.line(d.Queue)
	if err != nil {
		return err
	}
	if visible < 0 || visible > queue.MaxVisibility {
		return mistake("the visibility %v is not between nothing and %v", visible, queue.MaxVisibility)
	}
	return q.show(ctx, l.name, l.url, []string{d.Receipt}, visible)
}

// show makes messages of the queue at an address visible after a time.
func (q *Queue) show(ctx context.Context, name queue.Name, url string, receipts []string, visible time.Duration) error {
	b := batch{queue: q, name: name, what: "extend", excused: stale}
	b.call = func(ctx context.Context, picked []int) (done []string, failed []types.BatchResultErrorEntry, err error) {
		in := &sqs.ChangeMessageVisibilityBatchInput{QueueUrl: aws.String(url), Entries: make([]types.ChangeMessageVisibilityBatchRequestEntry, len(picked))}
		for k, i := range picked {
			in.Entries[k] = types.ChangeMessageVisibilityBatchRequestEntry{Id: entryID(i), ReceiptHandle: aws.String(receipts[i]), VisibilityTimeout: seconds(visible)}
		}
		q.used(name, "ChangeMessageVisibilityBatch", 0)
		out, err := q.client.ChangeMessageVisibilityBatch(ctx, in)
		if err != nil {
			return nil, nil, err
		}
		for _, r := range out.Successful {
			done = append(done, aws.ToString(r.Id))
		}
		return done, out.Failed, nil
	}
	return b.run(ctx, len(receipts))
}

// giveBack makes received messages visible at once.
func (q *Queue) giveBack(ctx context.Context, name queue.Name, url string, messages []types.Message) error {
	if len(messages) == 0 {
		return nil
	}
	ctx, stop := context.WithTimeout(ctx, grace)
	defer stop()
	receipts := make([]string, len(messages))
	for i, m := range messages {
		receipts[i] = aws.ToString(m.ReceiptHandle)
	}
	if err := q.show(ctx, name, url, receipts, 0); err != nil {
		return fmt.Errorf("giving messages back: %w", err)
	}
	return nil
}

// stale reports whether a refusal says that a receipt is out of date: the message came again, or is gone. SQS mostly accepts
// such a receipt and does nothing. Where it refuses, it uses several codes, one of them also for what never was a receipt.
func stale(r refusal) bool {
	switch r.code[strings.LastIndex(r.code, ".")+1:] {
	case "MessageNotInflight", "ReceiptHandleIsInvalid":
		return true
	case "InvalidParameterValue":
		return strings.Contains(r.message, "receipt handle has expired") || strings.Contains(r.message, "Message does not exist")
	}
	return false
}
