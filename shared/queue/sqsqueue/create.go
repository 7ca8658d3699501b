package sqsqueue

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"apicenter/shared/queue"
)

// Creator is what Create uses of *sqs.Client.
type Creator interface {
	CreateQueue(ctx context.Context, in *sqs.CreateQueueInput, opts ...func(*sqs.Options)) (*sqs.CreateQueueOutput, error)
	GetQueueAttributes(ctx context.Context, in *sqs.GetQueueAttributesInput, opts ...func(*sqs.Options)) (*sqs.GetQueueAttributesOutput, error)
}

var _ Creator = (*sqs.Client)(nil)

// Create makes all queues and their dead-letter queues with a prefix to their names, for tests: deployed ones come from the
// template. Settings are those of queue.SettingsOf, or of the function when it is not nil.
func Create(ctx context.Context, client Creator, prefix string, settings func(queue.Name) queue.Settings) (Options, error) {
	if settings == nil {
		settings = queue.SettingsOf
	}
	o := Options{URLs: make(map[queue.Name]string), DeadLetters: make(map[queue.Name]string)}
	for _, name := range queue.All() {
		s := settings(name)
		dead, err := create(ctx, client, prefix+deadName(name), attributesOf(s, looking))
		if err != nil {
			return Options{}, err
		}
		out, err := client.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: aws.String(dead),
			AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameQueueArn}})
		if err != nil {
			return Options{}, fmt.Errorf("queue %s: %w", dead, err)
		}
		policy, err := json.Marshal(map[string]string{"deadLetterTargetArn": out.Attributes[string(types.QueueAttributeNameQueueArn)],
			"maxReceiveCount": strconv.Itoa(s.MaxReceives)})
		if err != nil {
			return Options{}, err
		}
		a := attributesOf(s, s.Visibility)
		a[string(types.QueueAttributeNameRedrivePolicy)] = string(policy)
		if o.URLs[name], err = create(ctx, client, prefix+string(name), a); err != nil {
			return Options{}, err
		}
		o.DeadLetters[name] = dead
	}
	return o, nil
}

// deadName is the name of a queue's dead-letter queue; that of a FIFO queue has to end in .fifo as well.
func deadName(name queue.Name) string {
	plain, fifo := strings.CutSuffix(string(name), ".fifo")
	if fifo {
		return plain + "-dead.fifo"
	}
	return plain + "-dead"
}

func create(ctx context.Context, client Creator, name string, attributes map[string]string) (url string, err error) {
	out, err := client.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String(name), Attributes: attributes})
	if err != nil {
		return "", fmt.Errorf("making queue %s: %w", name, err)
	}
	return aws.ToString(out.QueueUrl), nil
}

func attributesOf(s queue.Settings, visibility time.Duration) map[string]string {
	a := map[string]string{
		string(types.QueueAttributeNameVisibilityTimeout):      inSeconds(visibility),
		string(types.QueueAttributeNameMessageRetentionPeriod): inSeconds(s.Retention),
		string(types.QueueAttributeNameMaximumMessageSize):     strconv.Itoa(mostBytes),
	}
	if s.FIFO {
		a[string(types.QueueAttributeNameFifoQueue)] = "true"
		// High throughput: limits and deduplication count for each group and not for the queue.
		a[string(types.QueueAttributeNameDeduplicationScope)] = "messageGroup"
		a[string(types.QueueAttributeNameFifoThroughputLimit)] = "perMessageGroupId"
	}
	return a
}

func inSeconds(d time.Duration) string { return strconv.FormatInt(int64(d/time.Second), 10) }
