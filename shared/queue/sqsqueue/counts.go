package sqsqueue

import (
	"context"
	"fmt"
	"maps"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"apicenter/shared/queue"
)

// Counts asks SQS how many messages a queue and its dead-letter queue hold. SQS counts roughly, and about a minute late
// while messages come and go.
func (q *Queue) Counts(ctx context.Context, name queue.Name) (queue.Counts, error) {
	l, err := q.withDead(name)
	if err != nil {
		return queue.Counts{}, err
	}
	c, err := q.counts(ctx, name, l.url)
	if err != nil {
		return queue.Counts{}, err
	}
	dead, err := q.counts(ctx, name, l.dead)
	if err != nil {
		return queue.Counts{}, fmt.Errorf("dead letters: %w", err)
	}
	c.Dead = dead.Total() // also those somebody is looking at
	return c, nil
}

func (q *Queue) counts(ctx context.Context, name queue.Name, url string) (c queue.Counts, err error) {
	q.used(name, "GetQueueAttributes", 0)
	out, err := q.client.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: aws.String(url), AttributeNames: []types.QueueAttributeName{
		types.QueueAttributeNameApproximateNumberOfMessages, types.QueueAttributeNameApproximateNumberOfMessagesNotVisible,
		types.QueueAttributeNameApproximateNumberOfMessagesDelayed}})
	if err != nil {
		return c, failure(ctx, name, err)
	}
	for attribute, n := range map[types.QueueAttributeName]*int{
		types.QueueAttributeNameApproximateNumberOfMessages:           &c.Visible,
		types.QueueAttributeNameApproximateNumberOfMessagesNotVisible: &c.InFlight,
		types.QueueAttributeNameApproximateNumberOfMessagesDelayed:    &c.Delayed,
	} {
		if *n, err = strconv.Atoi(out.Attributes[string(attribute)]); err != nil {
			return queue.Counts{}, fmt.Errorf("queue %s: SQS does not tell its %s: %w", name, attribute, err)
		}
	}
	return c, nil
}

// Usage is what the requests of one operation come to.
type Usage struct {
	// Requests is how many were made; what the SDK tried again by itself is counted once.
	Requests int
	// Billed is how many SQS bills: one for each 64 KB begun of what a request carries.
	Billed int
}

// chunk is what SQS bills as one request.
const chunk = 64 << 10

// Usage returns what was asked of SQS since Open, by operation, for figures of cost.
func (q *Queue) Usage() map[string]Usage {
	sum := make(map[string]Usage)
	for _, by := range q.UsageByQueue() {
		for operation, u := range by {
			s := sum[operation]
			sum[operation] = Usage{Requests: s.Requests + u.Requests, Billed: s.Billed + u.Billed}
		}
	}
	return sum
}

// UsageByQueue returns the same by queue, whose dead letters count with it: requests to FIFO queues cost more.
func (q *Queue) UsageByQueue() map[queue.Name]map[string]Usage {
	q.mu.Lock()
	defer q.mu.Unlock()
	out := make(map[queue.Name]map[string]Usage, len(q.usage))
	for name, by := range q.usage {
		out[name] = maps.Clone(by)
	}
	return out
}

// used notes a request that carries so many bytes.
func (q *Queue) used(name queue.Name, operation string, bytes int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.usage[name] == nil {
		q.usage[name] = make(map[string]Usage)
	}
	u := q.usage[name][operation]
	u.Requests++
	u.Billed += max(1, (bytes+chunk-1)/chunk)
	q.usage[name][operation] = u
}
