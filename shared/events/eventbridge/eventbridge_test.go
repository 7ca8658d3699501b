package eventbridge_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"apicenter/shared/emulator"
	"apicenter/shared/events"
	"apicenter/shared/events/eventbridge"
	"apicenter/shared/events/eventstest"
)

// config is for clients of the emulator.
func config(t testing.TB) aws.Config {
	t.Helper()
	return aws.Config{Region: "eu-west-1", BaseEndpoint: aws.String(emulator.Moto(t)), Credentials: credentials.NewStaticCredentialsProvider("test", "test", "")}
}

// open makes a bus of the test's own with a rule that leads everything of ours to a queue, and listens to that.
func open(t *testing.T) eventstest.Bus {
	t.Helper()
	ctx, name := t.Context(), "bus-"+rand.Text()[:10]
	queues, client := sqs.NewFromConfig(config(t)), sdk.NewFromConfig(config(t), eventbridge.Configure)
	q, err := queues.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String(name)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.CreateEventBus(ctx, &sdk.CreateEventBusInput{Name: aws.String(name)}); err != nil {
		t.Fatal(err)
	}
	pattern := fmt.Sprintf(`{"source":[%q]}`, eventbridge.Source)
	if _, err := client.PutRule(ctx, &sdk.PutRuleInput{Name: aws.String(name), EventBusName: aws.String(name), EventPattern: aws.String(pattern)}); err != nil {
		t.Fatal(err)
	}
	_, err = client.PutTargets(ctx, &sdk.PutTargetsInput{Rule: aws.String(name), EventBusName: aws.String(name),
		Targets: []types.Target{{Id: aws.String("queue"), Arn: aws.String("arn:aws:sqs:eu-west-1:123456789012:" + name)}}})
	if err != nil {
		t.Fatal(err)
	}
	b, err := eventbridge.Open(client, eventbridge.Options{Bus: name})
	if err != nil {
		t.Fatal(err)
	}
	l := &listener{client: queues, url: q.QueueUrl}
	return eventstest.Bus{Publisher: b, Arrived: func() ([]events.Event, error) { return l.arrived(context.WithoutCancel(ctx)) }}
}

// listener keeps what comes out of a queue.
type listener struct {
	client *sqs.Client
	url    *string
	got    []events.Event
}

func (l *listener) arrived(ctx context.Context) ([]events.Event, error) {
	for {
		out, err := l.client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: l.url, MaxNumberOfMessages: 10})
		if err != nil || len(out.Messages) == 0 {
			return l.got, err
		}
		for _, m := range out.Messages {
			var envelope struct {
				Source string          `json:"source"`
				Type   string          `json:"detail-type"`
				Detail json.RawMessage `json:"detail"`
			}
			if err := json.Unmarshal([]byte(aws.ToString(m.Body)), &envelope); err != nil {
				return nil, err
			}
			e, err := events.Decode(envelope.Detail)
			if err != nil {
				return nil, err
			}
			if envelope.Type != string(e.Type) || envelope.Source != eventbridge.Source {
				return nil, fmt.Errorf("an event of type %q came as %q from %q", e.Type, envelope.Type, envelope.Source)
			}
			l.got = append(l.got, e)
			if _, err := l.client.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: l.url, ReceiptHandle: m.ReceiptHandle}); err != nil {
				return nil, err
			}
		}
	}
}

// The emulator keeps the promises, and none of the limits: those are asked of a fake.
func TestContract(t *testing.T) {
	config(t) // a machine that cannot run the emulator skips once
	eventstest.Run(t, open)
}

// A function opens the bus it was given the name of.
func Example() {
	client := sdk.NewFromConfig(aws.Config{Region: "eu-west-1"}, eventbridge.Configure)
	b, err := eventbridge.Open(client, eventbridge.Options{Bus: "apicenter-prod"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%+v\n", b.Usage())
	// Output: {Requests:0 Events:0 Billed:0}
}
