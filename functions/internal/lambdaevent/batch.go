package lambdaevent

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"apicenter/shared/queue"
)

// Batch is the messages of one queue that one invocation has to handle.
type Batch struct {
	Queue      queue.Name
	Deliveries []queue.Delivery
}

// decodeBatch reads an SQS event. A body that is not base64 stays as it came: the stage refuses it like every envelope it
// cannot read, which a batch thrown away as a whole would not.
func decodeBatch(raw json.RawMessage) (Event, error) {
	var e events.SQSEvent
	if err := json.Unmarshal(raw, &e); err != nil {
		return nil, fmt.Errorf("the batch of queue messages cannot be read: %w", shapeError(err))
	}
	if len(e.Records) == 0 {
		return nil, errors.New("the event has records, but no message among them")
	}
	b := Batch{Deliveries: make([]queue.Delivery, 0, len(e.Records))}
	for i, m := range e.Records {
		d, err := delivery(m)
		if err != nil {
			return nil, fmt.Errorf("message %d of the batch: %w", i+1, err)
		}
		if i > 0 && d.Queue != b.Queue {
			return nil, fmt.Errorf("message %d of the batch is of queue %q, the first of %q: one batch comes from one queue", i+1, d.Queue, b.Queue)
		}
		b.Queue = d.Queue
		b.Deliveries = append(b.Deliveries, d)
	}
	return b, nil
}

func delivery(m events.SQSMessage) (queue.Delivery, error) {
	if m.EventSource != "aws:sqs" {
		return queue.Delivery{}, fmt.Errorf("it comes from %q, not from a queue", m.EventSource)
	}
	if m.MessageId == "" {
		return queue.Delivery{}, errors.New("it has no messageId")
	}
	name, err := queueName(m.EventSourceARN)
	if err != nil {
		return queue.Delivery{}, err
	}
	receives, err := strconv.Atoi(m.Attributes["ApproximateReceiveCount"])
	if err != nil || receives < 1 {
		return queue.Delivery{}, errors.New("its ApproximateReceiveCount is not a positive number")
	}
	sent, err := strconv.ParseInt(m.Attributes["SentTimestamp"], 10, 64)
	if err != nil {
		return queue.Delivery{}, errors.New("its SentTimestamp is not a time in milliseconds")
	}
	body, err := DecodeBody(m.Body)
	if err != nil {
		body = []byte(m.Body)
	}
	return queue.Delivery{Queue: name, ID: m.MessageId, Receipt: m.ReceiptHandle, Body: body, Group: m.Attributes["MessageGroupId"],
		Receives: receives, Sent: time.UnixMilli(sent).UTC()}, nil
}

// queueName finds the queue an ARN ends in. Deployed queues carry the name of their stack in front: apicenter-prod-map.
func queueName(arn string) (queue.Name, error) {
	deployed := arn[strings.LastIndex(arn, ":")+1:]
	for _, name := range queue.All() {
		if deployed == string(name) || strings.HasSuffix(deployed, "-"+string(name)) {
			return name, nil
		}
	}
	return "", fmt.Errorf("its queue %q is none of ours", deployed)
}

// Response tells SQS which messages have to come again, of the ids a stage returned as failed; the others are deleted.
//
// Promise 1: what is deleted was handled. In a FIFO queue the rest of a failed message's group counts as failed too: deleted
// behind it, they would have overtaken it. An id that is not of this batch says that something is wrong with the answer
// itself, so everything comes again.
func (b Batch) Response(failed []string) events.SQSEventResponse {
	bad := make(map[string]bool, len(failed))
	for _, id := range failed {
		bad[id] = true
	}
	known := 0
	again := make([]string, 0, len(b.Deliveries))
	broken := map[string]bool{} // groups with a failed message
	for _, d := range b.Deliveries {
		if bad[d.ID] {
			known++
			broken[d.Group] = queue.SettingsOf(b.Queue).FIFO
		}
		if bad[d.ID] || broken[d.Group] {
			again = append(again, d.ID)
		}
	}
	if known < len(bad) {
		again = again[:0]
		for _, d := range b.Deliveries {
			again = append(again, d.ID)
		}
	}
	// An empty list, not a missing one: it says that all went well.
	items := make([]events.SQSBatchItemFailure, 0, len(again))
	for _, id := range again {
		items = append(items, events.SQSBatchItemFailure{ItemIdentifier: id})
	}
	return events.SQSEventResponse{BatchItemFailures: items}
}
