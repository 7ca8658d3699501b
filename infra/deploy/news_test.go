package deploy

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"apicenter/infra/exam"
	"apicenter/shared/events"
	"apicenter/shared/integration"
)

// listeners are queues in place of who listens to the bus: one gets every event, and one for each way what the template's rule
// leads there.
type listeners struct {
	buses  *eventbridge.Client
	queues *sqs.Client // the emulator's that has the bus
	bus    *string
	all    *string
	ways   map[*string]way
	rules  []string
}

// listen makes the bus of the template and its rules in the emulator, and leads them to the listeners.
func (c *cloud) listen(ctx context.Context, plan *stack) (*listeners, error) {
	buses := eventbridge.NewFromConfig(c.config, func(o *eventbridge.Options) { o.BaseEndpoint = aws.String(c.endpoints["EVENTBRIDGE"]) })
	l := &listeners{buses: buses, bus: aws.String(plan.text("EventBus", "Name")), queues: sqs.NewFromConfig(c.config, func(o *sqs.Options) { o.BaseEndpoint = aws.String(c.endpoints["EVENTBRIDGE"]) }),
		ways: map[*string]way{}}
	queue := func(name string) (url *string, arn string, err error) {
		out, err := l.queues.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String(name)})
		if err != nil {
			return nil, "", err
		}
		a, err := l.queues.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: out.QueueUrl, AttributeNames: []sqstypes.QueueAttributeName{"QueueArn"}})
		if err != nil {
			return nil, "", err
		}
		return out.QueueUrl, a.Attributes["QueueArn"], nil
	}
	if _, err := buses.CreateEventBus(ctx, &eventbridge.CreateEventBusInput{Name: l.bus}); err != nil {
		return nil, err
	}
	rule := func(name string, pattern any) (url *string, err error) {
		text, err := json.Marshal(pattern)
		if err != nil {
			return nil, err
		}
		in := &eventbridge.PutRuleInput{Name: aws.String(name), EventBusName: l.bus, EventPattern: aws.String(string(text))}
		if _, err := buses.PutRule(ctx, in); err != nil {
			return nil, err
		}
		l.rules = append(l.rules, name)
		url, arn, err := queue("news-" + name)
		if err != nil {
			return nil, err
		}
		_, err = buses.PutTargets(ctx, &eventbridge.PutTargetsInput{Rule: aws.String(name), EventBusName: l.bus,
			Targets: []types.Target{{Id: aws.String("queue"), Arn: aws.String(arn)}}})
		return url, err
	}
	var err error
	// Whatever source it names: what names another than the template's rules wait for would be missed by them.
	if l.all, err = rule("all", map[string]any{"account": []string{account}}); err != nil {
		return nil, err
	}
	for i, w := range plan.led() {
		url, err := rule(fmt.Sprint(w.rule, i), plan.at(w.rule, "EventPattern"))
		if err != nil {
			return nil, err
		}
		l.ways[url] = w
	}
	return l, nil
}

// takeDown removes the bus and the listeners.
func (l *listeners) takeDown(ctx context.Context, t testing.TB) {
	t.Helper()
	problem := func(what string, err error) {
		if err != nil {
			t.Errorf("removing %s: %v", what, err)
		}
	}
	for _, name := range l.rules {
		_, err := l.buses.RemoveTargets(ctx, &eventbridge.RemoveTargetsInput{Rule: aws.String(name), EventBusName: l.bus, Ids: []string{"queue"}})
		problem("targets of "+name, err)
		_, err = l.buses.DeleteRule(ctx, &eventbridge.DeleteRuleInput{Name: aws.String(name), EventBusName: l.bus})
		problem("rule "+name, err)
	}
	for _, url := range append(slices.Collect(maps.Keys(l.ways)), l.all) {
		_, err := l.queues.DeleteQueue(ctx, &sqs.DeleteQueueInput{QueueUrl: url})
		problem("a listener", err)
	}
	_, err := l.buses.DeleteEventBus(ctx, &eventbridge.DeleteEventBusInput{Name: l.bus})
	problem("the bus", err)
}

// text is what EventBridge makes of an event for a target: the emulator knows no templates of several lines.
func (w way) text(event string) (string, error) {
	var all any
	if err := json.Unmarshal([]byte(event), &all); err != nil {
		return "", err
	}
	text, _ := value(w.target, "InputTransformer", "InputTemplate").(string)
	paths, _ := value(w.target, "InputTransformer", "InputPathsMap").(map[string]any)
	for name, path := range paths {
		found := value(all, strings.Split(strings.TrimPrefix(fmt.Sprint(path), "$."), ".")...)
		text = strings.ReplaceAll(text, "<"+name+">", fmt.Sprint(found))
	}
	return text, nil
}

// take empties a queue.
func (l *listeners) take(ctx context.Context, t *testing.T, url *string) []string {
	t.Helper()
	var out []string
	for {
		got, err := l.queues.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: url, MaxNumberOfMessages: 10})
		if err != nil {
			t.Fatal(err)
		}
		if len(got.Messages) == 0 {
			return out
		}
		for _, m := range got.Messages {
			out = append(out, aws.ToString(m.Body))
			if _, err := l.queues.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: url, ReceiptHandle: m.ReceiptHandle}); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// stopped wants the target's connection to be paused.
func (d *desk) stopped(ctx context.Context, t *testing.T) {
	t.Helper()
	state, err := d.store.ConnectionState(ctx, exam.Tenant, exam.Target)
	if err != nil {
		t.Fatal(err)
	}
	if state.Status != integration.Halted {
		t.Fatalf("a target that lets nobody in is %q, want it paused", state.Status)
	}
}

// mended waits until the function that looks after stopped connections has found the target working. It tests every few
// minutes; those are put behind the connection instead of waited for.
func (d *desk) mended(ctx context.Context, t *testing.T, c *cloud) {
	t.Helper()
	for try := 0; ; try++ {
		state, err := d.store.ConnectionState(ctx, exam.Tenant, exam.Target)
		if err != nil {
			t.Fatal(err)
		}
		if state.Status != integration.Halted {
			return
		}
		if try == 10 {
			t.Fatalf("tested %d times, and the connection is still %q: %v", try, state.Status, state.Reason)
		}
		state.Since, state.Probed = state.Since.Add(-time.Hour), state.Probed.Add(-time.Hour)
		if _, err := d.store.SaveConnectionState(ctx, exam.Tenant, exam.Target, state); err != nil {
			t.Fatal(err)
		}
		if err := c.tick(ctx); err != nil {
			t.Fatal(err)
		}
	}
}

// checkNews wants the bus to have carried one stop and one end of it, whole, and the rule to have made them readable.
func (c *cloud) checkNews(ctx context.Context, t *testing.T) {
	t.Helper()
	var got []events.Event
	ids := map[string]bool{}
	for _, text := range c.news.take(ctx, t, c.news.all) {
		var envelope struct {
			Source string
			Type   string `json:"detail-type"`
			Detail json.RawMessage
		}
		if err := json.Unmarshal([]byte(text), &envelope); err != nil {
			t.Fatal(err)
		}
		e, err := events.Decode(envelope.Detail)
		if err != nil {
			t.Errorf("%v: %s", err, text)
		}
		if envelope.Type != string(e.Type) || ids[e.ID] {
			t.Errorf("an event of type %q came as %q, again: %t", e.Type, envelope.Type, ids[e.ID])
		}
		ids[e.ID] = true
		if e.Type != events.RunFailed { // the source fails nowhere here, but that is not what is asked
			got = append(got, e)
		}
	}
	slices.SortFunc(got, func(a, b events.Event) int { return a.At.Compare(b.At) })
	if len(got) != 2 || got[0].Type != events.IncidentOpened || got[1].Type != events.IncidentClosed {
		t.Fatalf("the bus carried %+v, want an incident that opened and closed", got)
	}
	for _, e := range got {
		if e.Tenant != exam.Tenant || e.Subject != "connection/"+exam.Target || e.Connection != exam.Target || e.Problem.Message == "" || e.Problem.Advice == "" {
			t.Errorf("the bus carried %+v, want the tenant, the connection and the problem", e)
		}
	}
	var told []string
	for url, way := range c.news.ways {
		for _, event := range c.news.take(ctx, t, url) {
			text, err := way.text(event)
			if err != nil {
				t.Fatal(err)
			}
			told = append(told, text)
		}
	}
	if len(told) != 2 {
		t.Fatalf("the rule told %d times, want 2: %q", len(told), told)
	}
	for _, e := range got {
		first := fmt.Sprintf("%s: connection/%s of tenant %s, at ", e.Type, exam.Target, exam.Tenant)
		at := slices.IndexFunc(told, func(text string) bool { return strings.Contains(text, first) })
		if at < 0 || !strings.Contains(told[at], e.Problem.Message) || !strings.Contains(told[at], e.Problem.Advice) || strings.ContainsAny(told[at], "<>{}") {
			t.Errorf("the rule told %q, want a text that begins %q, with %+v", told, first, e.Problem)
		}
	}
}
