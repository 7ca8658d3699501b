package sqsqueue

import (
	"context"
	"crypto/rand"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"apicenter/shared/queue"
)

// What SQS gives in one request.
const (
	mostReceived = 10
	longestWait  = 20 * time.Second
)

// grace is how much longer than its wait a request may take, with the client's tries.
const grace = 20 * time.Second

// Receive returns up to ten messages. It waits in whole seconds, twenty at most and one at least unless wait is nothing; a
// receive that does not wait asks only some of the servers and may come away empty although there are messages.
//
// When the context ends first, the request is left to end by itself, and what it brings is made visible again at once:
// broken off, it might take messages along that then nobody sees until their visibility ends.
func (q *Queue) Receive(ctx context.Context, name queue.Name, most int, wait time.Duration) ([]queue.Delivery, error) {
	l, err := q.line(name)
	if err != nil {
		return nil, err
	}
	if most < 1 {
		return nil, mistake("receiving takes one message at least, not %d", most)
	}
	if wait < 0 {
		return nil, mistake("the wait %v is less than nothing", wait)
	}
	if wait > 0 {
		wait = min(max(wait.Truncate(time.Second), time.Second), longestWait)
	}
	if err := ctx.Err(); err != nil {
		return nil, failure(ctx, name, err)
	}
	in := &sqs.ReceiveMessageInput{QueueUrl: aws.String(l.url), MaxNumberOfMessages: int32(min(most, mostReceived)),
		WaitTimeSeconds: seconds(wait), MessageSystemAttributeNames: systemAttributes()}
	type answer struct {
		got []types.Message
		err error
	}
	back := make(chan answer)
	go func() {
		asking, stop := context.WithTimeout(context.WithoutCancel(ctx), wait+grace)
		defer stop()
		got, err := q.receive(asking, l.name, in)
		select {
		case <-ctx.Done():
		default:
			select {
			case back <- answer{got, err}:
				return
			case <-ctx.Done():
			}
		}
		_ = q.giveBack(context.WithoutCancel(ctx), l.name, l.url, got) // if not, they come back when their visibility ends
	}()
	select {
	case a := <-back:
		if a.err != nil {
			return nil, failure(ctx, name, a.err)
		}
		return deliveries(l, a.got), nil
	case <-ctx.Done():
		return nil, fmt.Errorf("queue %s: %w", name, ctx.Err())
	}
}

func systemAttributes() []types.MessageSystemAttributeName {
	return []types.MessageSystemAttributeName{types.MessageSystemAttributeNameApproximateReceiveCount,
		types.MessageSystemAttributeNameSentTimestamp, types.MessageSystemAttributeNameMessageGroupId,
		types.MessageSystemAttributeNameSequenceNumber}
}

// receive does one request. When its reply is lost the client asks again: a FIFO queue then gives out the same messages once
// more, by the id of the attempt, and would otherwise hide them until their visibility ends. A standard queue knows no attempts.
func (q *Queue) receive(ctx context.Context, name queue.Name, in *sqs.ReceiveMessageInput) ([]types.Message, error) {
	if queue.SettingsOf(name).FIFO {
		in.ReceiveRequestAttemptId = aws.String(rand.Text())
	}
	out, err := q.client.ReceiveMessage(ctx, in)
	if err != nil {
		q.used(name, "ReceiveMessage", 0)
		return nil, err
	}
	bytes := 0
	for _, m := range out.Messages {
		bytes += len(aws.ToString(m.Body))
	}
	q.used(name, "ReceiveMessage", bytes)
	return out.Messages, nil
}

func deliveries(l line, messages []types.Message) []queue.Delivery {
	out := make([]queue.Delivery, len(messages))
	for i, m := range messages {
		out[i] = queue.Delivery{Queue: l.name, ID: aws.ToString(m.MessageId), Receipt: aws.ToString(m.ReceiptHandle), Body: decodeBody(aws.ToString(m.Body)),
			Group: unescape(m.Attributes[string(types.MessageSystemAttributeNameMessageGroupId)]), Receives: receives(m), Sent: sent(m)}
	}
	return out
}

// receives returns how often a message was received. It was now, so that a number that is none is one.
func receives(m types.Message) int {
	n, err := strconv.Atoi(m.Attributes[string(types.MessageSystemAttributeNameApproximateReceiveCount)])
	if err != nil {
		return 1
	}
	return max(n, 1)
}

// sent returns when a message was sent, or the zero time when SQS does not say.
func sent(m types.Message) time.Time {
	return milliseconds(m.Attributes[string(types.MessageSystemAttributeNameSentTimestamp)])
}

func milliseconds(text string) time.Time {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.UnixMilli(n).UTC()
}
