package deploy

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"apicenter/infra/exam"
	"apicenter/infra/sandbox"
	"apicenter/infra/sandbox/mpluskassa"
	"apicenter/infra/sandbox/shopdata"
	"apicenter/shared/connector"
	"apicenter/shared/message"
	"apicenter/shared/model"
	"apicenter/shared/queue"
)

// Messages that cannot be read lie in one batch with good ones: the good ones arrive, each of the others is in the
// dead-letter queue once, where its alarm looks.
func TestPoisonSpoilsNothingAroundIt(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and starts all functions and the emulators")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	c := bringUp(ctx, t, map[string]string{"Reach": "any"})
	c.startFunctions(t)
	d := c.desk(ctx, t)
	till, erp := sandbox.Control{Base: serve(t, "mpluskassa")}, sandbox.Control{Base: serve(t, "afas")}
	options := shopdata.Options{Seed: 5, Orders: 12}
	shop := shopdata.Generate(options)
	if err := till.Seed(ctx, mpluskassa.Seed{Generate: &options}); err != nil {
		t.Fatal(err)
	}
	if err := erp.Seed(ctx, exam.Seed(shop)); err != nil {
		t.Fatal(err)
	}
	platform := exam.Platform{Store: d.store, Sealer: d.vault, Plans: d.plans, Now: func() time.Time { return time.Now().UTC() }}
	if err := platform.Create(ctx, exam.Setup{Source: till.Base, Target: erp.Base, Every: time.Hour, Quick: true}); err != nil {
		t.Fatal(err)
	}

	// The source is read first, so that its records wait beside what is put there by hand.
	if err := c.tick(ctx); err != nil {
		t.Fatal(err)
	}
	sources := c.sources()
	orders := sources[slices.IndexFunc(sources, func(s source) bool { return s.function == "OrdersFunction" })]
	if err := c.pollOnce(ctx, orders); err != nil {
		t.Fatal(err)
	}
	mapQueue := c.queueID(queue.Map)
	url := aws.String(fmt.Sprint(c.ref(mapQueue)))
	good, err := message.Encode(ctx, d.codec, message.Header{ID: "poison", Tenant: exam.Tenant, Flow: exam.Flow,
		Content: message.Sources, Kind: model.Orders}, []message.Source{{Key: "1"}})
	if err != nil {
		t.Fatal(err)
	}
	newer := bytes.Clone(good)
	newer[0] = 99
	poison := []string{"no message of ours", base64.StdEncoding.EncodeToString(newer)}
	for _, body := range poison {
		if _, err := c.queues.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: url, MessageBody: &body}); err != nil {
			t.Fatal(err)
		}
	}
	// What failed comes again when its visibility ends: the test does not wait for minutes.
	if _, err := c.queues.SetQueueAttributes(ctx, &sqs.SetQueueAttributesInput{QueueUrl: url, Attributes: map[string]string{"VisibilityTimeout": "2"}}); err != nil {
		t.Fatal(err)
	}

	inside, stop := context.WithCancel(ctx)
	polled := make(chan struct{})
	go func() {
		c.poll(inside, func(err error) { t.Log(err) })
		close(polled)
	}()
	err = c.untilQuiet(ctx)
	stop()
	<-polled
	if err != nil {
		t.Fatal(err)
	}
	compare(ctx, t, d, erp, shop)
	got := d.counts(ctx, t, connector.Incremental)
	delete(got, model.Pending)
	if want := expected(shop); !maps.Equal(got, want) {
		t.Errorf("what lay beside the poison: %v, expected %v", got, want)
	}
	c.lettersAre(ctx, t, "MapDead", poison)
}

// lettersAre wants a dead-letter queue to hold these bodies, each once.
func (c *cloud) lettersAre(ctx context.Context, t *testing.T, id string, want []string) {
	t.Helper()
	var got []string
	for {
		out, err := c.queues.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: aws.String(fmt.Sprint(c.ref(id))), MaxNumberOfMessages: 10, WaitTimeSeconds: 1})
		if err != nil {
			t.Fatal(err)
		}
		if len(out.Messages) == 0 {
			break
		}
		for _, m := range out.Messages {
			got = append(got, aws.ToString(m.Body))
		}
	}
	slices.Sort(got)
	want = slices.Sorted(slices.Values(want))
	if !slices.Equal(got, want) {
		t.Errorf("%s holds %d messages, want the %d that cannot be read, each once", id, len(got), len(want))
	}
}
