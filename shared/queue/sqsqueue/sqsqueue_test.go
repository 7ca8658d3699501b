package sqsqueue_test

import (
	"crypto/rand"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"apicenter/shared/emulator"
	"apicenter/shared/queue"
	"apicenter/shared/queue/queuetest"
	"apicenter/shared/queue/sqsqueue"
)

// client is a client of the emulator, configured as functions configure theirs.
func client(t testing.TB) *sqs.Client {
	t.Helper()
	return sqs.NewFromConfig(aws.Config{Region: "eu-west-1", BaseEndpoint: aws.String(emulator.SQS(t)),
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", "")}, sqsqueue.Configure)
}

// opened is a queue with what it takes to open it again.
type opened struct {
	*sqsqueue.Queue
	options sqsqueue.Options
}

// open makes queues of the test's own and opens them.
func open(t testing.TB, settings func(queue.Name) queue.Settings) *opened {
	t.Helper()
	o, err := sqsqueue.Create(t.Context(), client(t), prefix(t), settings)
	if err != nil {
		t.Fatal(err)
	}
	return reopen(t, o)
}

func reopen(t testing.TB, o sqsqueue.Options) *opened {
	t.Helper()
	q, err := sqsqueue.Open(t.Context(), client(t), o)
	if err != nil {
		t.Fatal(err)
	}
	return &opened{q, o}
}

// prefix is for queues of this test alone, also when it is run several times.
func prefix(t testing.TB) string {
	t.Helper()
	return strings.ToLower(t.Name()[:4]) + "-" + rand.Text()[:10] + "-"
}

// Tests against the emulator wait nearly all the time: more of them at once than there are processors.
func TestMain(m *testing.M) {
	if err := flag.Set("test.parallel", "8"); err != nil { // the command line may say otherwise
		panic(err)
	}
	os.Exit(m.Run())
}

func TestContract(t *testing.T) {
	client(t) // a machine that cannot run the emulator skips once
	o := queuetest.Options{
		RealTime: true,
		Reopen: func(t *testing.T, _ *queuetest.Clock, q queue.Queue) queue.Queue {
			return reopen(t, q.(*opened).options)
		},
		Skip: map[string]string{
			"one tenant's thousand messages do not hold up another's first": "ElasticMQ takes the groups of fair queues and is not fair",
		},
	}
	o.Run(t, func(t *testing.T, _ *queuetest.Clock) queue.Queue { return open(t, o.Settings) })
}
