package sqsqueue

import (
	"context"
	"encoding/base64"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"apicenter/shared/message"
	"apicenter/shared/queue"
)

// outgoing is a message with what goes along only when it is a dead letter.
type outgoing struct {
	queue.Message
	attributes map[string]types.MessageAttributeValue
}

// Send hands messages over, in order within a group of a FIFO queue. SQS takes or refuses each message on its own: after an
// error some are in the queue. When the reply to a request is lost the SDK sends the request again, so that a standard queue
// may get its messages twice; a FIFO queue knows them by their deduplication id.
func (q *Queue) Send(ctx context.Context, name queue.Name, messages []queue.Message) error {
	l, err := q.line(name)
	if err != nil {
		return err
	}
	all := make([]outgoing, len(messages))
	for i, m := range messages {
		if err := l.accepts(m); err != nil {
			return fmt.Errorf("queue %s, message %d of %d: %w", name, i+1, len(messages), err)
		}
		all[i].Message = m
	}
	return q.send(ctx, l, l.url, all)
}

// accepts says what is wrong with a message.
func (l line) accepts(m queue.Message) error {
	switch {
	case len(m.Body) == 0:
		return mistake("a message needs a body")
	case len(m.Body) > message.Limit:
		return fmt.Errorf("%w: it has %d bytes and %d is the most", message.ErrTooLarge, len(m.Body), message.Limit)
	case m.Delay < 0 || m.Delay > queue.MaxDelay:
		return mistake("the delay %v is not between nothing and %v", m.Delay, queue.MaxDelay)
	case l.fifo && m.Delay > 0:
		return mistake("a FIFO queue delays no single message")
	case l.fifo && m.Group == "":
		return mistake("a FIFO queue needs the group of a message")
	case l.fifo && m.Dedup == "":
		return mistake("a FIFO queue needs the deduplication id of a message")
	case len(escape(m.Group)) > longestToken:
		return mistake("a message's group may have %d characters, where one outside ASCII counts for several", longestToken)
	case l.fifo && len(escape(m.Dedup)) > longestToken:
		return mistake("a message's deduplication id may have %d characters, where one outside ASCII counts for several", longestToken)
	}
	return nil
}

// send sends accepted messages to the queue at an address, which is the line's own or its dead-letter queue's.
func (q *Queue) send(ctx context.Context, l line, url string, all []outgoing) error {
	b := batch{queue: q, name: l.name, what: "take", size: func(i int) int { return all[i].size() }}
	if l.fifo {
		b.group = func(i int) string { return all[i].Group }
	}
	b.call = func(ctx context.Context, picked []int) (done []string, failed []types.BatchResultErrorEntry, err error) {
		in := &sqs.SendMessageBatchInput{QueueUrl: aws.String(url), Entries: make([]types.SendMessageBatchRequestEntry, len(picked))}
		bytes := 0
		for k, i := range picked {
			in.Entries[k] = all[i].entry(i, l.fifo)
			bytes += all[i].size()
		}
		q.used(l.name, "SendMessageBatch", bytes)
		out, err := q.client.SendMessageBatch(ctx, in)
		if err != nil {
			return nil, nil, err
		}
		for _, r := range out.Successful {
			done = append(done, aws.ToString(r.Id))
		}
		return done, out.Failed, nil
	}
	return b.run(ctx, len(all))
}

// size is what a message counts for in a request's limit and in the bill: its text and its attributes. The group and the
// deduplication id are counted as well, which is on the safe side.
func (m outgoing) size() int {
	n := base64.StdEncoding.EncodedLen(len(m.Body)) + len(escape(m.Group)) + len(escape(m.Dedup))
	for name, a := range m.attributes {
		n += len(name) + len(aws.ToString(a.DataType)) + len(aws.ToString(a.StringValue))
	}
	return n
}

func (m outgoing) entry(i int, fifo bool) types.SendMessageBatchRequestEntry {
	e := types.SendMessageBatchRequestEntry{Id: entryID(i), MessageBody: aws.String(encodeBody(m.Body)), DelaySeconds: seconds(m.Delay),
		MessageAttributes: m.attributes}
	if m.Group != "" {
		e.MessageGroupId = aws.String(escape(m.Group)) // on a standard queue it is the tenant, for fairness
	}
	if fifo {
		e.MessageDeduplicationId = aws.String(escape(m.Dedup))
	}
	return e
}

// seconds rounds up, so that nothing comes sooner than asked for.
func seconds(d time.Duration) int32 { return int32((d + time.Second - 1) / time.Second) }
