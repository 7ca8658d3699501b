package lambdaevent_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"apicenter/functions/internal/lambdaevent"
	"apicenter/shared/queue"
)

func TestBatchTellsEverythingAMessageCarries(t *testing.T) {
	body := []byte{0, 1, 0xff, '{'}
	raw := fmt.Sprintf(`{"Records":[
		{"messageId":"m1","receiptHandle":"r1","body":%q,"eventSource":"aws:sqs","eventSourceARN":"arn:aws:sqs:eu-west-1:1:apicenter-prod-send.fifo",
		 "attributes":{"ApproximateReceiveCount":"1000","SentTimestamp":"1792843204412","MessageGroupId":"bakery/afas"}},
		{"messageId":"m2","receiptHandle":"r2","body":"not base64!","eventSource":"aws:sqs","eventSourceARN":"arn:aws:sqs:eu-west-1:1:apicenter-prod-send.fifo",
		 "attributes":{"ApproximateReceiveCount":"1","SentTimestamp":"1792843204413","MessageGroupId":"bakery/afas"}}]}`,
		lambdaevent.EncodeBody(body))
	got := decode(t, json.RawMessage(raw))
	at := time.Date(2026, 10, 24, 12, 0, 4, 412e6, time.UTC)
	want := lambdaevent.Batch{Queue: queue.Send, Deliveries: []queue.Delivery{
		{Queue: queue.Send, ID: "m1", Receipt: "r1", Body: body, Group: "bakery/afas", Receives: 1000, Sent: at},
		// What is no envelope stays for the stage to refuse; the message before it is handled all the same.
		{Queue: queue.Send, ID: "m2", Receipt: "r2", Body: []byte("not base64!"), Group: "bakery/afas", Receives: 1, Sent: at.Add(time.Millisecond)},
	}}
	if diff := cmp.Diff(lambdaevent.Event(want), got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestEveryQueueIsFoundByItsDeployedName(t *testing.T) {
	for _, name := range queue.All() {
		for _, deployed := range []string{string(name), "apicenter-" + string(name), "shop-eu-prod-" + string(name)} {
			raw := fmt.Sprintf(`{"Records":[{"messageId":"m","eventSource":"aws:sqs","eventSourceARN":"arn:aws:sqs:eu-west-1:1:%s",
				"attributes":{"ApproximateReceiveCount":"1","SentTimestamp":"1"}}]}`, deployed)
			if got := decode(t, json.RawMessage(raw)).(lambdaevent.Batch).Queue; got != name {
				t.Errorf("%s is taken for %q, want %q", deployed, got, name)
			}
		}
	}
}

func TestMessagesThatCannotBeAreRefused(t *testing.T) {
	good := `{"messageId":"m","eventSource":"aws:sqs","eventSourceARN":"arn:aws:sqs:eu-west-1:1:map","attributes":{"ApproximateReceiveCount":"1","SentTimestamp":"1"}}`
	for _, c := range []struct{ old, replacement, want string }{
		{`"m"`, `""`, "has no messageId"},
		{`1:map`, `1:heatmap`, `queue "heatmap" is none of ours`},
		{`"ApproximateReceiveCount":"1"`, `"ApproximateReceiveCount":"0"`, "ApproximateReceiveCount"},
		{`"ApproximateReceiveCount":"1",`, ``, "ApproximateReceiveCount"},
		{`"SentTimestamp":"1"`, `"SentTimestamp":"yesterday"`, "SentTimestamp"},
		{`1:map`, `1:retry`, "one batch comes from one queue"},
	} {
		bad := strings.Replace(good, c.old, c.replacement, 1)
		_, err := lambdaevent.Decode(json.RawMessage(`{"Records":[` + good + `,` + bad + `]}`))
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "message 2") {
			t.Errorf("%s: got %v, want message 2 and %q", c.replacement, err, c.want)
		}
	}
}

func batch(name queue.Name, groupAndID ...string) lambdaevent.Batch {
	b := lambdaevent.Batch{Queue: name}
	for _, s := range groupAndID {
		b.Deliveries = append(b.Deliveries, queue.Delivery{Queue: name, Group: s[:1], ID: s})
	}
	return b
}

// TestFailedMessagesComeAgain is promise 1 at this border: SQS deletes whatever is not called failed.
func TestFailedMessagesComeAgain(t *testing.T) {
	for _, c := range []struct {
		name   string
		batch  lambdaevent.Batch
		failed []string
		want   string
	}{
		{"all well", batch(queue.Map, "a1", "a2"), nil, `{"batchItemFailures":[]}`},
		{"a neighbour goes on", batch(queue.Map, "a1", "a2", "a3"), []string{"a2"}, `{"batchItemFailures":[{"itemIdentifier":"a2"}]}`},
		{"said twice", batch(queue.Map, "a1", "a2"), []string{"a2", "a2"}, `{"batchItemFailures":[{"itemIdentifier":"a2"}]}`},
		{"order is kept behind a failure", batch(queue.Send, "a1", "a2", "a3"), []string{"a2"},
			`{"batchItemFailures":[{"itemIdentifier":"a2"},{"itemIdentifier":"a3"}]}`},
		{"another lane goes on", batch(queue.Send, "a1", "b1", "a2", "b2"), []string{"a1"},
			`{"batchItemFailures":[{"itemIdentifier":"a1"},{"itemIdentifier":"a2"}]}`},
		{"an id nobody knows", batch(queue.Map, "a1", "a2"), []string{"x"},
			`{"batchItemFailures":[{"itemIdentifier":"a1"},{"itemIdentifier":"a2"}]}`},
		{"an empty id", batch(queue.Map, "a1", "a2"), []string{"a1", ""},
			`{"batchItemFailures":[{"itemIdentifier":"a1"},{"itemIdentifier":"a2"}]}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := json.Marshal(c.batch.Response(c.failed))
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestBodyComesBackAsItWas(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for size := range 300 {
		body := make([]byte, size)
		for i := range body {
			body[i] = byte(r.Uint32())
		}
		got, err := lambdaevent.DecodeBody(lambdaevent.EncodeBody(body))
		if err != nil || string(got) != string(body) {
			t.Fatalf("%d bytes: got %x, %v, want %x", size, got, err, body)
		}
	}
	if got, err := lambdaevent.DecodeBody("AAA"); err == nil {
		t.Errorf("text cut short is read as %x", got)
	}
}
