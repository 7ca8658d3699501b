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
	if l.fifo && (d.ID == "" || d.Group == "") {
		return mistake("a delivery of a FIFO queue is buried with its id and its group, or it could not be sent again")
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
	if err != nil || limit <= 0 {
		return nil, err
	}
	got, err := q.exhume(ctx, l, (limit+mostReceived-1)/mostReceived*mostReceived) // a full request costs no more
	if err != nil {
		return nil, err
	}
	if err := q.giveBack(context.WithoutCancel(ctx), name, l.dead, got); err != nil {
		return nil, err
	}
	for _, m := range got[:min(limit, len(got))] {
		letters = append(letters, l.letter(m))
	}
	return letters, nil
}

// exhume receives up to most dead letters, oldest first. What it got before an error it gives back.
func (q *Queue) exhume(ctx context.Context, l line, most int) (got []types.Message, err error) {
	for len(got) < most {
		more, err := q.receive(ctx, l.name, &sqs.ReceiveMessageInput{QueueUrl: aws.String(l.dead), MaxNumberOfMessages: int32(min(most-len(got), mostReceived)),
			WaitTimeSeconds:   1, // so that all of SQS's servers are asked
			VisibilityTimeout: seconds(looking), MessageSystemAttributeNames: systemAttributes(), MessageAttributeNames: []string{"All"}})
		if err != nil {
			return nil, errors.Join(failure(ctx, l.name, err), q.giveBack(context.WithoutCancel(ctx), l.name, l.dead, got))
		}
		if len(more) == 0 {
			break
		}
		got = append(got, more...)
	}
	return oldestFirst(got), nil
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

// atOnce is how many dead letters are sent again in one go: few enough for the memory and for the time they are hidden.
const atOnce = 100

// Redrive sends dead letters to their queue again, oldest first within each hundred, and removes them when the queue has them:
// a crash between leaves some in both. They are new messages: their receives count from zero, and in a group they go to the
// end.
func (q *Queue) Redrive(ctx context.Context, name queue.Name, limit int) (moved int, err error) {
	l, err := q.withDead(name)
	if err != nil {
		return 0, err
	}
	for moved < limit {
		most := min(limit-moved, atOnce)
		got, err := q.exhume(ctx, l, most)
		if err != nil {
			return moved, err
		}
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
		if len(got) < most {
			break
		}
	}
	return moved, nil
}
