package sqsqueue

import (
	"context"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"apicenter/shared/queue"
)

// What SQS takes in one request.
const (
	mostEntries = 10
	mostBytes   = 1 << 20 // of all messages together
)

// A message that is refused on its own, while the request as a whole goes through, is tried again after a pause that
// doubles.
const (
	mostTries  = 5
	firstPause = 100 * time.Millisecond
)

// batch is a list of messages on their way to one queue in as few requests as SQS allows.
type batch struct {
	queue *Queue
	name  queue.Name
	what  string // what the queue is to do with them, for the error
	size  func(i int) int
	// group keeps order: a message goes only when those before it in its group were taken. Empty for messages without.
	group func(i int) string
	// call does one request and returns the ids of what SQS did and did not do.
	call func(ctx context.Context, picked []int) (done []string, failed []types.BatchResultErrorEntry, err error)
	// excused reports a refusal that is none: there was nothing left to do.
	excused func(refusal) bool
}

// run works through n messages. It returns one error for all that were not taken in the end.
func (b batch) run(ctx context.Context, n int) error {
	pending := make([]int, n)
	for i := range pending {
		pending[i] = i
	}
	tries := make([]int, n)
	held := make(map[string]bool) // groups with a message that SQS will not take
	var refused []refusal
	for {
		picked := b.pick(pending, held)
		if len(picked) == 0 {
			break
		}
		if err := ctx.Err(); err != nil {
			return failure(ctx, b.name, err)
		}
		done, failed, err := b.call(ctx, picked)
		if err != nil {
			return failure(ctx, b.name, err)
		}
		left, again := answers(picked, done, failed), 0
		for _, i := range picked {
			r, ok := left[i]
			switch {
			case !ok || b.excused != nil && b.excused(r):
				pending = without(pending, i)
			case r.ours:
				pending = without(pending, i)
				refused = append(refused, r)
				held[b.groupOf(i)] = true
			default:
				tries[i]++
				again = max(again, tries[i])
				if tries[i] == mostTries {
					return refusedAll(b.name, b.what, n, append(refused, r))
				}
			}
		}
		if again > 0 {
			if err := b.queue.pause(ctx, firstPause<<(again-1)); err != nil {
				return failure(ctx, b.name, err)
			}
		}
	}
	if len(refused) > 0 {
		return refusedAll(b.name, b.what, n, refused)
	}
	return nil
}

// pick chooses the next messages for one request: the first that fit, at most one of a group, because SQS may refuse one and
// take those behind it.
func (b batch) pick(pending []int, held map[string]bool) (picked []int) {
	bytes, groups := 0, make(map[string]bool)
	for _, i := range pending {
		group := b.groupOf(i)
		if group != "" && (groups[group] || held[group]) {
			continue
		}
		size := 0
		if b.size != nil {
			size = b.size(i)
		}
		if len(picked) == mostEntries || len(picked) > 0 && bytes+size > mostBytes {
			break
		}
		picked = append(picked, i)
		groups[group] = true
		bytes += size
	}
	return picked
}

func (b batch) groupOf(i int) string {
	if b.group == nil {
		return ""
	}
	return b.group(i)
}

// answers returns what SQS said about each picked message that it did not call done. One it does not mention is not done.
func answers(picked []int, done []string, failed []types.BatchResultErrorEntry) map[int]refusal {
	left := make(map[int]refusal, len(picked))
	for _, i := range picked {
		left[i] = refusal{message: "the answer does not mention it"}
	}
	for _, id := range done {
		if i, err := strconv.Atoi(id); err == nil {
			delete(left, i)
		}
	}
	for _, f := range failed {
		i, err := strconv.Atoi(aws.ToString(f.Id))
		if _, asked := left[i]; err == nil && asked {
			left[i] = refusal{code: aws.ToString(f.Code), message: aws.ToString(f.Message), ours: f.SenderFault && !throttleCode(aws.ToString(f.Code))}
		}
	}
	return left
}

// without returns the list without a value.
func without(list []int, value int) []int {
	out := list[:0]
	for _, v := range list {
		if v != value {
			out = append(out, v)
		}
	}
	return out
}

// entryID names a message within a request.
func entryID(i int) *string { return aws.String(strconv.Itoa(i)) }
