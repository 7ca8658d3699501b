package awsenv

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"apicenter/shared/message"
	"apicenter/shared/model"
	"apicenter/shared/queue"
	"apicenter/shared/stage"
	"apicenter/shared/telemetry"
)

// rig is a function whose handlers are the test's and whose clock stands.
type rig struct {
	*function
	out *bytes.Buffer
	now time.Time
}

func newRig(h Handlers) *rig {
	r := &rig{out: &bytes.Buffer{}, now: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)}
	e := &Env{stage: "map", variable: func(string) string { return "" }, world: stage.World{Now: func() time.Time { return r.now }},
		log: telemetry.NewLog(r.out, nil)}
	r.function = &function{env: e, namespace: "apicenter-test", handlers: h}
	return r
}

// lines are what was logged.
func (r *rig) lines(t *testing.T) []map[string]any {
	t.Helper()
	var out []map[string]any
	for line := range strings.Lines(r.out.String()) {
		var m map[string]any
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		out = append(out, m)
	}
	return out
}

// plain leaves bodies as they are.
type plain struct{}

func (plain) Seal(_ context.Context, _, _ string, b []byte) ([]byte, error) { return b, nil }
func (plain) Open(_ context.Context, _, _ string, b []byte) ([]byte, error) { return b, nil }

// batch is an event of the queue map with a message for each id.
func batch(t *testing.T, ids ...string) []byte {
	t.Helper()
	codec, err := message.NewCodec(plain{})
	if err != nil {
		t.Fatal(err)
	}
	var e events.SQSEvent
	for _, id := range ids {
		h := message.Header{ID: id, Tenant: "bakery", Flow: "orders", Run: "run-1", Content: message.Sources, Kind: model.Orders, Connection: "erp"}
		body, err := message.Encode(t.Context(), codec, h, []message.Source{{Key: "1", Fields: []byte(`{"email":"jane@example.com"}`)}})
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(body) // base64, as messages are
		if err != nil {
			t.Fatal(err)
		}
		e.Records = append(e.Records, events.SQSMessage{MessageId: id, ReceiptHandle: "r" + id, Body: strings.Trim(string(text), `"`), EventSource: "aws:sqs",
			EventSourceARN: "arn:aws:sqs:eu-central-1:123456789012:apicenter-test-map",
			Attributes:     map[string]string{"ApproximateReceiveCount": "2", "SentTimestamp": "1767323040000"}})
	}
	out, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func failures(t *testing.T, answer []byte, err error) []string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	var response events.SQSEventResponse
	if err := json.Unmarshal(answer, &response); err != nil {
		t.Fatal(err)
	}
	out := []string{}
	for _, f := range response.BatchItemFailures {
		out = append(out, f.ItemIdentifier)
	}
	return out
}

func TestEachMessageHasItsLine(t *testing.T) {
	var r *rig
	r = newRig(Handlers{Messages: func(ctx context.Context, deliveries []queue.Delivery) []string {
		r.now = r.now.Add(1500 * time.Millisecond)
		if deliveries[0].ID == "a" {
			telemetry.TallyOf(ctx).Add(telemetry.RecordsDelivered, 3)
			return nil
		}
		return []string{deliveries[0].ID}
	}})
	answer, err := r.Invoke(t.Context(), batch(t, "a", "b"))
	if got := failures(t, answer, err); !slices.Equal(got, []string{"b"}) {
		t.Errorf("failed are %v, want b alone", got)
	}
	lines := r.lines(t)
	if len(lines) != 2 {
		t.Fatalf("got %d lines for two messages:\n%s", len(lines), r.out)
	}
	for name, want := range map[string]any{"level": "INFO", "stage": "map", "queue": "map", "message": "a", "receives": 2.0, "tenant": "bakery",
		"flow": "orders", "run": "run-1", "kind": "orders", "records": 1.0, "again": false, "took_ms": 1500.0,
		"Messages": 1.0, "MessagesReturned": 0.0, "MessageTime": 1500.0, "RecordsDelivered": 3.0} {
		if lines[0][name] != want {
			t.Errorf("the first line says %s is %v, want %v", name, lines[0][name], want)
		}
	}
	if lines[1]["again"] != true || lines[1]["MessagesReturned"] != 1.0 || lines[1]["RecordsDelivered"] != nil {
		t.Errorf("the second line is %v", lines[1])
	}
	// Promise 7: nothing of what a message holds stands in the log.
	if strings.Contains(r.out.String(), "jane") {
		t.Errorf("the log tells what is in a message:\n%s", r.out)
	}
}

// Promise 1: what there is no time left for is not called handled.
func TestMessagesWithoutTimeComeAgain(t *testing.T) {
	var handled []string
	var r *rig
	r = newRig(Handlers{Messages: func(_ context.Context, deliveries []queue.Delivery) []string {
		handled = append(handled, deliveries[0].ID)
		r.now = r.now.Add(45 * time.Second)
		return nil
	}})
	ctx, cancel := context.WithDeadline(t.Context(), r.now.Add(60*time.Second))
	defer cancel()
	answer, err := r.Invoke(ctx, batch(t, "a", "b", "c"))
	if got := failures(t, answer, err); !slices.Equal(got, []string{"b", "c"}) || !slices.Equal(handled, []string{"a"}) {
		t.Errorf("handled %v, and %v come again; want a, and b and c", handled, got)
	}
}

func TestTick(t *testing.T) {
	event, err := os.ReadFile("../../orders/event.json")
	if err != nil {
		t.Fatal(err)
	}
	var failure error
	r := newRig(Handlers{Tick: func(ctx context.Context) error {
		telemetry.TallyOf(ctx).Add(telemetry.Paused, 0)
		return failure
	}})
	if _, err := r.Invoke(t.Context(), event); err != nil {
		t.Fatal(err)
	}
	if lines := r.lines(t); len(lines) != 1 || lines[0]["PausedConnections"] != 0.0 || lines[0]["kind"] != "none" {
		t.Errorf("a tick logged %v", lines)
	}
	failure = errors.New("the table does not answer")
	if _, err := r.Invoke(t.Context(), event); err == nil {
		t.Error("a tick that failed counts as done: no alarm would tell")
	}
	if !strings.Contains(r.out.String(), "the table does not answer") {
		t.Errorf("the log does not say why:\n%s", r.out)
	}
}

func TestWeb(t *testing.T) {
	event, err := os.ReadFile("../../webhook/event.json")
	if err != nil {
		t.Fatal(err)
	}
	r := newRig(Handlers{Web: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) })})
	answer, err := r.Invoke(t.Context(), event)
	if err != nil || !strings.Contains(string(answer), `"statusCode":202`) {
		t.Errorf("got %s, %v", answer, err)
	}
}

func TestForeignEventsAreRefused(t *testing.T) {
	r := newRig(Handlers{})
	for name, event := range map[string][]byte{"nobody handles it": batch(t, "a"), "unknown": []byte(`{"hello":"world"}`)} {
		if answer, err := r.Invoke(t.Context(), event); err == nil {
			t.Errorf("%s: got the answer %s", name, answer)
		}
	}
}
