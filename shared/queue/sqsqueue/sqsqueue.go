// Package sqsqueue keeps the queues in Amazon SQS.
//
// Lambda functions send through it, and tell SQS with it what became of the messages that Lambda received for them; tools
// receive with it too. It does what SQS leaves to a client: batches within their limits, messages refused one by one, bodies
// as text, dead letters that are not there by themselves. Queues are made by the deployment's template, clients and their
// credentials by the caller, and encryption and meaning of bodies are message's and the stages'.
package sqsqueue

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"apicenter/shared/fault"
	"apicenter/shared/queue"
)

// Client is what is used of *sqs.Client. Only batches are: they cost the same with one message.
type Client interface {
	SendMessageBatch(ctx context.Context, in *sqs.SendMessageBatchInput, opts ...func(*sqs.Options)) (*sqs.SendMessageBatchOutput, error)
	ReceiveMessage(ctx context.Context, in *sqs.ReceiveMessageInput, opts ...func(*sqs.Options)) (*sqs.ReceiveMessageOutput, error)
	DeleteMessageBatch(ctx context.Context, in *sqs.DeleteMessageBatchInput, opts ...func(*sqs.Options)) (*sqs.DeleteMessageBatchOutput, error)
	ChangeMessageVisibilityBatch(ctx context.Context, in *sqs.ChangeMessageVisibilityBatchInput, opts ...func(*sqs.Options)) (*sqs.ChangeMessageVisibilityBatchOutput, error)
	GetQueueAttributes(ctx context.Context, in *sqs.GetQueueAttributesInput, opts ...func(*sqs.Options)) (*sqs.GetQueueAttributesOutput, error)
}

var _ Client = (*sqs.Client)(nil)

// Attempts is how often the client tries a request that failed as a whole.
const Attempts = 5

// Configure sets how a client tries again: sqs.NewFromConfig(config, sqsqueue.Configure).
//
// It is the SDK's standard mode, and not the adaptive one, which slows every caller of a client down, first attempts too,
// when one of them is throttled: all tenants and queues share a client, so one busy queue would hold up the others. Tries end
// within seconds, well before a function's deadline; what lasts longer goes back to the caller as a failure to wait for.
func Configure(o *sqs.Options) {
	o.Retryer = retry.NewStandard(func(s *retry.StandardOptions) {
		s.MaxAttempts = Attempts
		s.MaxBackoff = 2 * time.Second
	})
}

// Options name the queues.
type Options struct {
	// URLs are the addresses of the queues that are used; a function names those it has to do with.
	URLs map[queue.Name]string
	// DeadLetters are the addresses of their dead-letter queues. Burying, listing and counting need them; sending does not.
	DeadLetters map[queue.Name]string
	// Pause waits between two tries of messages that SQS refused one by one. Nil waits on real time.
	Pause func(ctx context.Context, d time.Duration) error
}

// Queue is the queues of one deployment. It is safe for concurrent use.
type Queue struct {
	client Client
	lines  map[queue.Name]line
	pause  func(ctx context.Context, d time.Duration) error

	mu    sync.Mutex
	usage map[queue.Name]map[string]Usage
}

var _ queue.Queue = (*Queue)(nil)

// line is one queue and its dead-letter queue.
type line struct {
	name      queue.Name
	url, dead string
	fifo      bool
}

// Open opens the queues that o names, without asking SQS for them: a start of a function must not cost a request.
func Open(_ context.Context, client Client, o Options) (*Queue, error) {
	if err := o.check(); err != nil {
		return nil, fmt.Errorf("queues: %w", err)
	}
	q := &Queue{client: client, lines: make(map[queue.Name]line, len(o.URLs)), pause: o.Pause, usage: make(map[queue.Name]map[string]Usage)}
	if q.pause == nil {
		q.pause = pause
	}
	for name, url := range o.URLs {
		q.lines[name] = line{name: name, url: url, dead: o.DeadLetters[name], fifo: queue.SettingsOf(name).FIFO}
	}
	return q, nil
}

// check lists all that is wrong with the options.
func (o Options) check() error {
	var problems []error
	known := queue.All()
	for _, name := range slices.Sorted(maps.Keys(o.URLs)) {
		switch fifo := strings.HasSuffix(o.URLs[name], ".fifo"); {
		case !slices.Contains(known, name):
			problems = append(problems, fmt.Errorf("there is no queue named %q", name))
		case o.URLs[name] == "":
			problems = append(problems, fmt.Errorf("the address of queue %s is empty", name))
		case fifo != queue.SettingsOf(name).FIFO:
			problems = append(problems, fmt.Errorf("the address of queue %s is of the other type: that of a FIFO queue ends in .fifo, no other does", name))
		case o.DeadLetters[name] != "" && strings.HasSuffix(o.DeadLetters[name], ".fifo") != fifo:
			problems = append(problems, fmt.Errorf("the dead-letter queue of %s has to be of the same type, FIFO or not", name))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(o.DeadLetters)) {
		if _, ok := o.URLs[name]; !ok {
			problems = append(problems, fmt.Errorf("queue %s has a dead-letter queue but no address of its own", name))
		}
	}
	return errors.Join(problems...)
}

// line returns a queue by name.
func (q *Queue) line(name queue.Name) (line, error) {
	l, ok := q.lines[name]
	if !ok {
		return line{}, mistake("there is no queue named %q here", name)
	}
	return l, nil
}

// withDead returns a queue by name that has its dead-letter queue.
func (q *Queue) withDead(name queue.Name) (line, error) {
	l, err := q.line(name)
	if err == nil && l.dead == "" {
		err = mistake("the dead-letter queue of %s is not set", name)
	}
	return l, err
}

// pause waits, or returns the context's error at once when the context ends before that.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// mistake is an error of the calling code, which no trying again mends.
func mistake(format string, args ...any) error {
	e := fault.New(fault.Bug, format, args...)
	e.Step = step
	return e
}

const step = "use queue"
