package sqsqueue_test

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"apicenter/shared/emulator"
	"apicenter/shared/queue"
	"apicenter/shared/queue/sqsqueue"
)

// wire is a connection that can lose replies.
type wire struct {
	lose     atomic.Int32 // how many of the next replies
	requests atomic.Int32
}

func (w *wire) RoundTrip(req *http.Request) (*http.Response, error) {
	w.requests.Add(1)
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err == nil && w.lose.Add(-1) >= 0 {
		resp.Body.Close()
		return nil, errors.New("connection reset by peer")
	}
	return resp, err
}

// A request whose reply was lost is sent again by the SDK: a FIFO queue knows the message, a standard one has it twice. It is
// never lost.
func TestLostReplyDoublesAtMost(t *testing.T) {
	t.Parallel()
	q := open(t, nil)
	w := &wire{}
	c := sqs.NewFromConfig(aws.Config{Region: "eu-west-1", BaseEndpoint: aws.String(emulator.SQS(t)), HTTPClient: &http.Client{Transport: w},
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", "")}, sqsqueue.Configure)
	lossy, err := sqsqueue.Open(t.Context(), c, q.options)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[queue.Name]int{queue.Send: 1, queue.Map: 2} {
		w.lose.Store(1)
		w.requests.Store(0)
		send(t, lossy, name, queue.Message{Body: []byte("order"), Group: "g", Dedup: "d"})
		if n := w.requests.Load(); n != 2 {
			t.Errorf("%s: got %d requests, want one and another after the lost reply", name, n)
		}
		c, err := q.Counts(t.Context(), name)
		if err != nil || c.Visible != want {
			t.Errorf("%s: got %d messages and %v, want %d", name, c.Visible, err, want)
		}
		if u := lossy.Usage()["SendMessageBatch"]; u.Requests == 0 {
			t.Errorf("%s: got usage %+v", name, u)
		}
	}

	// Lost for good: the caller is told, and sends all again.
	w.lose.Store(sqsqueue.Attempts)
	w.requests.Store(0)
	m := []queue.Message{{Body: []byte("second order"), Group: "g", Dedup: "e"}}
	if err := lossy.Send(t.Context(), queue.Send, m); err == nil {
		t.Error("every reply was lost: got no error, want one")
	}
	if n := w.requests.Load(); n != sqsqueue.Attempts {
		t.Errorf("got %d requests, want %d", n, sqsqueue.Attempts)
	}
	send(t, lossy, queue.Send, m...)
	if c, err := q.Counts(t.Context(), queue.Send); err != nil || c.Visible != 2 {
		t.Errorf("got %d messages and %v, want the two orders once each", c.Visible, err)
	}
}

// A lane whose message was given out in a reply that got lost does not stand still until the visibility of that ends.
func TestLostReceiveIsRepeated(t *testing.T) {
	t.Parallel()
	q := open(t, nil)
	w := &wire{}
	c := sqs.NewFromConfig(aws.Config{Region: "eu-west-1", BaseEndpoint: aws.String(emulator.SQS(t)), HTTPClient: &http.Client{Transport: w},
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", "")}, sqsqueue.Configure)
	lossy, err := sqsqueue.Open(t.Context(), c, q.options)
	if err != nil {
		t.Fatal(err)
	}
	send(t, q, queue.Send, queue.Message{Body: []byte("order"), Group: "g", Dedup: "d"})
	w.lose.Store(1)
	d := receive(t, lossy, queue.Send)
	if n := w.requests.Load(); n != 2 {
		t.Errorf("got %d requests, want one and another after the lost reply", n)
	}
	if err := q.Delete(t.Context(), []queue.Delivery{d}); err != nil {
		t.Error(err)
	}
	if c, err := q.Counts(t.Context(), queue.Send); err != nil || c.Total() != 0 {
		t.Errorf("deleted by the receipt of the repeated reply: got %+v and %v, want nothing left", c, err)
	}
}

// A server that does not answer holds nobody longer than the caller's deadline.
func TestDeadlineIsKept(t *testing.T) {
	t.Parallel()
	q := open(t, nil)
	for name, call := range map[string]func(context.Context) error{
		"receive": func(ctx context.Context) error {
			_, err := q.Receive(ctx, queue.Map, 1, 20*time.Second)
			return err
		},
		"throttled send": func(ctx context.Context) error {
			busy, err := sqsqueue.Open(ctx, &fake{send: func(_ context.Context, in *sqs.SendMessageBatchInput) (*sqs.SendMessageBatchOutput, error) {
				return takes(in, "RequestThrottled", false, "a"), nil
			}}, sqsqueue.Options{URLs: map[queue.Name]string{queue.Map: mapURL}})
			if err != nil {
				return err
			}
			return busy.Send(ctx, queue.Map, messages("a"))
		},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		began := time.Now()
		err := call(ctx)
		cancel()
		if took := time.Since(began); !errors.Is(err, context.DeadlineExceeded) || took > 10*time.Second {
			t.Errorf("%s: got %v after %v, want context.DeadlineExceeded at the deadline", name, err, took)
		}
	}
}
