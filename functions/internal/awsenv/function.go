package awsenv

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"apicenter/functions/internal/lambdaevent"
	"apicenter/shared/message"
	"apicenter/shared/queue"
	"apicenter/shared/telemetry"
)

// function serves the events of one Lambda function.
type function struct {
	env       *Env
	namespace string
	handlers  Handlers
}

var _ lambda.Handler = (*function)(nil)

// Invoke is of lambda.Handler. A panic is left to the runtime, which reports it and starts the function afresh.
func (f *function) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	event, err := lambdaevent.Decode(payload)
	if err != nil {
		return nil, err
	}
	switch e := event.(type) {
	case lambdaevent.Batch:
		if f.handlers.Messages != nil {
			return json.Marshal(e.Response(f.messages(ctx, e.Deliveries)))
		}
	case lambdaevent.Tick:
		if f.handlers.Tick != nil {
			return nil, f.tick(ctx)
		}
	case lambdaevent.Call:
		if f.handlers.Web != nil {
			answer, err := lambdaevent.Serve(ctx, f.handlers.Web, e)
			if err != nil {
				return nil, err
			}
			return json.Marshal(answer)
		}
	}
	return nil, fmt.Errorf("the function %q is not woken by a %T", f.env.stage, event)
}

// enough is the time a message needs to be worth starting: less than what stages keep back for an orderly end.
const enough = 20 * time.Second

// messages hands the batch on, one message at a time, so that each has its own line. What there is no time left for comes
// again: were it started and cut off, the whole batch would.
func (f *function) messages(ctx context.Context, deliveries []queue.Delivery) (failed []string) {
	deadline, limited := ctx.Deadline()
	for i, d := range deliveries {
		if i > 0 && limited && deadline.Sub(f.env.world.Now()) < enough {
			for _, rest := range deliveries[i:] {
				failed = append(failed, rest.ID)
			}
			return failed
		}
		failed = append(failed, f.message(ctx, d)...)
	}
	return failed
}

// message handles one message and logs one line about it: ids, counts and durations, nothing of what is in it.
func (f *function) message(ctx context.Context, d queue.Delivery) []string {
	started := f.env.world.Now()
	ctx, tally := telemetry.Counting(ctx)
	failed := f.handlers.Messages(ctx, []queue.Delivery{d})
	took := f.env.world.Now().Sub(started)

	// An envelope that cannot be read is the stage's to complain about; the line then has no names.
	h, _ := message.Peek(d.Body)
	metrics := append(tally.Metrics(),
		telemetry.Metric{Name: telemetry.Messages, Unit: telemetry.Count, Value: 1},
		telemetry.Metric{Name: telemetry.MessagesReturned, Unit: telemetry.Count, Value: int64(len(failed))},
		telemetry.Metric{Name: telemetry.MessageTime, Unit: telemetry.Milliseconds, Value: took.Milliseconds()})
	attrs := []slog.Attr{telemetry.Stage(f.env.stage), slog.String("queue", string(d.Queue)), slog.String("message", d.ID),
		slog.Int("receives", d.Receives), telemetry.Tenant(h.Tenant), telemetry.Flow(h.Flow), telemetry.Run(h.Run), kind(string(h.Kind)),
		slog.Int("records", h.Records), slog.Bool("again", len(failed) > 0), telemetry.Took(took)}
	f.line(ctx, started, "a message was handled", attrs, metrics)
	return failed
}

// kind is never empty: CloudWatch drops a metric whose dimension has no value.
func kind(name string) slog.Attr {
	if name == "" {
		name = "none"
	}
	return telemetry.Kind(name)
}

// tick does what the schedule asks for.
func (f *function) tick(ctx context.Context) error {
	started := f.env.world.Now()
	ctx, tally := telemetry.Counting(ctx)
	err := f.handlers.Tick(ctx)
	took := f.env.world.Now().Sub(started)
	attrs := []slog.Attr{telemetry.Stage(f.env.stage), kind(f.env.kind), slog.Bool("failed", err != nil), telemetry.Took(took)}
	f.line(ctx, started, "the schedule was looked after", attrs, tally.Metrics())
	if err != nil {
		// The error is logged here with its names; Lambda logs that there was one, and counts it for the alarm.
		f.env.log.ErrorContext(ctx, "looking after the schedule failed", telemetry.Stage(f.env.stage), "error", err)
		return errors.New("looking after the schedule failed; the log says why")
	}
	return nil
}

// line writes one line, and into it the metrics: in all, and by stage and kind.
func (f *function) line(ctx context.Context, at time.Time, text string, attrs []slog.Attr, metrics []telemetry.Metric) {
	attrs = append(attrs, telemetry.Embed(at, f.namespace, [][]string{{}, {"stage", "kind"}}, metrics...)...)
	f.env.log.LogAttrs(ctx, slog.LevelInfo, text, attrs...)
}
