package fetch

import (
	"context"
	"fmt"
	"time"

	"apicenter/shared/connector"
	"apicenter/shared/integration"
	"apicenter/shared/message"
	"apicenter/shared/model"
	"apicenter/shared/queue"
)

// dueAtOnce is how many due flows one look at the index returns.
const dueAtOnce = 100

// Tick queues a job for every flow of the kind that is due, and returns how many.
//
// The job is queued before the due time moves: a crash between doubles the job, which the lease absorbs; the other order
// would lose a daily run.
func (s *Stage) Tick(ctx context.Context, kind model.Kind) (int, error) {
	queued := 0
	for {
		now := s.World.Now()
		due, err := s.Flows.DueFlows(ctx, kind, now, dueAtOnce)
		if err != nil {
			return queued, fmt.Errorf("flows that are due: %w", err)
		}
		moved := 0
		for _, d := range due {
			next, err := d.Flow.Schedule.Next(now, d.Flow.ID)
			if err != nil {
				s.Log.ErrorContext(ctx, "a flow has a schedule that cannot be read", "flow", d.Flow.ID, "error", err)
				continue
			}
			if err := s.Enqueue(ctx, d.Flow, message.Job{Mode: string(connector.Incremental), Trigger: message.Schedule}, 0); err != nil {
				return queued, err
			}
			queued++
			ok, err := s.Flows.MoveDue(ctx, d.Flow.Tenant, d.Flow.ID, d.At, next)
			if err != nil {
				return queued, fmt.Errorf("setting the next time of flow %s: %w", d.Flow.ID, err)
			}
			if ok {
				moved++
			}
		}
		if len(due) < dueAtOnce || moved == 0 {
			return queued, nil
		}
	}
}

// Enqueue queues a fetch job for a flow.
func (s *Stage) Enqueue(ctx context.Context, f integration.Flow, job message.Job, after time.Duration) error {
	h := message.Header{ID: s.World.ID(), Tenant: f.Tenant, Flow: f.ID, Run: job.Run, Content: message.Jobs, Kind: f.Kind,
		Connection: f.Target, FirstSeen: s.World.Now()}
	body, err := message.Encode(ctx, s.Codec, h, []message.Job{job})
	if err != nil {
		return err
	}
	err = s.Queue.Send(ctx, queue.Fetch(f.Kind), []queue.Message{{Body: body, Group: f.Tenant, Dedup: h.ID, Delay: after}})
	if err != nil {
		return fmt.Errorf("queueing a fetch of flow %s: %w", f.ID, err)
	}
	return nil
}
