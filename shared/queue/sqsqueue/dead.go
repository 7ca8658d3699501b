package sqsqueue

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"apicenter/shared/message"
	"apicenter/shared/queue"
)

// The attributes of a buried message say what it was. One that SQS moved by itself has none and is as it was.
const (
	attributeID       = "ID"
	attributeGroup    = "Group"
	attributeSent     = "Sent"
	attributeReceives = "Receives"
	attributeReason   = "Reason"
)

// longestReason leaves the largest body room for its attributes.
const longestReason = 4 << 10

// looking is how long dead letters are hidden from others while they are listed or sent again.
const looking = time.Minute

// Bury moves a delivery to its dead-letter queue at once. SQS has no such move: the message is sent there and then deleted
// here, in this order, so that a crash between leaves it in both and loses nothing. For the same reason a delivery whose
// receipt is out of date is buried although it is also elsewhere: SQS tells too late.
func (q *Queue) Bury(ctx context.Context, d queue.Delivery, reason string) error {
	l, err := q.withDead(d.Queue)
	if err != nil {
		return err
	}
	if len(d.Body) == 0 || len(d.Body) > message.Limit {
		return mistake("a delivery is buried with its body, which has %d bytes", len(d.Body))
	}
	m := outgoing{Message: queue.Message{Body: d.Body, Group: d.Group}, attributes: attributes(map[string]string{
		attributeID: d.ID, attributeGroup: escape(d.Group), attributeReceives: strconv.Itoa(d.Receives), attributeReason: printable(reason, longestReason)})}
	if !d.Sent.IsZero() {
		m.attributes[attributeSent] = attribute(strconv.FormatInt(d.Sent.UnixMilli(), 10))
	}
	if l.fifo {
		// A group of its own: of one group only ten could ever be looked at. The same id twice is the same message, sent
		// again because it could not be deleted the first time.
		m.Group, m.Dedup = d.ID, d.ID
	}
	if err := q.send(ctx, l, l.dead, []outgoing{m}); err != nil {
		return err
	}
	return q.remove(ctx, l.name, l.url, []string{d.Receipt})
}

func attributes(values map[string]string) map[string]types.MessageAttributeValue {
	out := make(map[string]types.MessageAttributeValue, len(values))
	for name, v := range values {
		if v != "" { // SQS takes no empty ones
			out[name] = attribute(v)
		}
	}
	return out
}

func attribute(v string) types.MessageAttributeValue {
	return types.MessageAttributeValue{DataType: aws.String("String"), StringValue: aws.String(v)}
}

// Buried lists dead letters, oldest first. SQS has no way to look without receiving: they are hidden from others meanwhile,
// and of more than limit it gives any. Deliveries have no receipt: dead letters leave by Redrive or when their retention ends.
func (q *Queue) Buried(ctx context.Context, name queue.Name, limit int) (letters []queue.Delivery, err error) {
	l, err := q.withDead(name)
	if err != nil {
		return nil, err
	}
	var got []types.Message
	defer func() {
		// Also when the listing broke off.
		err = errors.Join(err, q.giveBack(context.WithoutCancel(ctx), name, l.dead, got))
		if err != nil {
			letters = nil
		}
	}()
	for len(got) < limit {
		more, err := q.exhume(ctx, l, mostReceived)
		if err != nil {
			return nil, err
		}
		if len(more) == 0 {
			break
		}
		got = append(got, more...)
	}
	for _, m := range oldestFirst(got)[:min(max(limit, 0), len(got))] {
		letters = append(letters, l.letter(m))
	}
	return letters, nil
}

// exhume receives up to ten dead letters. It waits a second, so that all of SQS's servers are asked.
func (q *Queue) exhume(ctx context.Context, l line, most int) ([]types.Message, error) {
	got, err := q.receive(ctx, &sqs.ReceiveMessageInput{QueueUrl: aws.String(l.dead), MaxNumberOfMessages: int32(min(most, mostReceived)),
		WaitTimeSeconds: 1, VisibilityTimeout: seconds(looking), MessageSystemAttributeNames: systemAttributes(), MessageAttributeNames: []string{"All"}})
	if err != nil {
		return nil, failure(ctx, l.name, err)
	}
	return got, nil
}

// oldestFirst sorts by when messages came to the queue, as nearly as SQS tells.
func oldestFirst(messages []types.Message) []types.Message {
	sequence := func(m types.Message) string {
		return m.Attributes[string(types.MessageSystemAttributeNameSequenceNumber)]
	}
	return slices.SortedStableFunc(slices.Values(messages), func(a, b types.Message) int {
		return cmp.Or(sent(a).Compare(sent(b)), cmp.Compare(len(sequence(a)), len(sequence(b))), cmp.Compare(sequence(a), sequence(b)))
	})
}

// letter is a dead letter as it was when it was delivered last.
func (l line) letter(m types.Message) queue.Delivery {
	d := deliveries(l, []types.Message{m})[0]
	d.Receipt = ""
	was := func(name string) (string, bool) {
		a, ok := m.MessageAttributes[name]
		return aws.ToString(a.StringValue), ok
	}
	id, buried := was(attributeID)
	if !buried {
		return d
	}
	d.ID = id
	group, _ := was(attributeGroup)
	d.Group = unescape(group)
	if text, ok := was(attributeReceives); ok {
		if n, err := strconv.Atoi(text); err == nil {
			d.Receives = n
		}
	}
	if text, ok := was(attributeSent); ok {
		d.Sent = milliseconds(text)
	}
	return d
}

// Redrive sends dead letters to their queue again, ten by ten, and removes each ten when the queue has them: a crash between
// leaves some in both. They are new messages: their receives count from zero, and in a group they go to the end.
func (q *Queue) Redrive(ctx context.Context, name queue.Name, limit int) (moved int, err error) {
	l, err := q.withDead(name)
	if err != nil {
		return 0, err
	}
	for moved < limit {
		got, err := q.exhume(ctx, l, limit-moved)
		if err != nil || len(got) == 0 {
			return moved, err
		}
		got = oldestFirst(got)
		again, receipts := make([]outgoing, len(got)), make([]string, len(got))
		for i, m := range got {
			d := l.letter(m)
			// The id is new to the queue, and the same when this is tried again before the letter is gone.
			again[i].Message = queue.Message{Body: d.Body, Group: d.Group, Dedup: "redrive-" + aws.ToString(m.MessageId)}
			receipts[i] = aws.ToString(m.ReceiptHandle)
		}
		if err := q.send(ctx, l, l.url, again); err != nil {
			return moved, errors.Join(err, q.giveBack(context.WithoutCancel(ctx), name, l.dead, got))
		}
		moved += len(got)
		if err := q.remove(ctx, name, l.dead, receipts); err != nil {
			return moved, err
		}
	}
	return moved, nil
}
