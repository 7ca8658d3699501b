package fetch

import (
	"context"
	"errors"
	"fmt"
	"time"

	"apicenter/shared/fault"
	"apicenter/shared/integration"
	"apicenter/shared/message"
	"apicenter/shared/queue"
	"apicenter/shared/store"
)

// giveUp ends a handling that cannot read: it tells why, keeps the job where nobody would ask again, and gives the lease
// back.
func (r *reading) giveUp(ctx context.Context, problem *fault.Error) error {
	if err := r.sourceFailed(ctx, problem); err != nil {
		return err
	}
	again, err := r.release(ctx)
	if err != nil {
		return err
	}
	return r.askAgain(ctx, problem, again)
}

// release gives the lease back after a failure. It reports whether somebody had asked for another look meanwhile: he was
// told that we would take it, and we will not.
func (r *reading) release(ctx context.Context) (again bool, err error) {
	again, err = r.Positions.Release(ctx, r.key, r.owner)
	if err == nil && again {
		_, err = r.Positions.Release(ctx, r.key, r.owner) // the first call took the mark away and kept the lease
	}
	if errors.Is(err, store.ErrLeaseLost) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("giving the lease back: %w", err)
	}
	return again, nil
}

// failedPause is how long a job waits after its source failed.
const failedPause = time.Minute

// askAgain queues the job for later when the failure can pass by itself and nobody else would ask: a scheduled job comes
// again with the next tick, one that somebody asked for would be gone, and with it the rest of a full pass.
func (r *reading) askAgain(ctx context.Context, problem *fault.Error, again bool) error {
	passes := problem.Class != fault.Reject && problem.Class != fault.Skip && problem.Class != fault.Bug
	job := r.job
	job.Run, job.Lease = "", ""
	if job.Trigger == message.Schedule {
		if !again {
			return nil
		}
		job.Trigger = message.Webhook // who asked cannot be told; a webhook's job is content with any run after it
	}
	if !passes {
		return nil
	}
	return r.Enqueue(ctx, r.plan.Flow, job, min(max(failedPause, problem.After), queue.MaxDelay))
}

// readFailed ends a run that could not read on. The checkpoint stands behind the last page that was queued.
func (r *reading) readFailed(ctx context.Context, problem *fault.Error) error {
	if err := r.sourceFailed(ctx, problem); err != nil {
		return err
	}
	if err := r.ended(ctx, problem); err != nil {
		return err
	}
	again, err := r.release(ctx)
	if err != nil {
		return err
	}
	return r.askAgain(ctx, problem, again)
}

// sourceFailed notes what a failure means for the source's connection, and tells the owner of a pause.
func (r *reading) sourceFailed(ctx context.Context, problem *fault.Error) error {
	id := r.plan.Flow.Source
	for range 3 {
		state, err := r.Connections.ConnectionState(ctx, r.key.Tenant, id)
		if err != nil {
			return err
		}
		next := state.FailedWith(problem, r.World.Now())
		if err := r.Teller.Tell(ctx, r.key.Tenant, id, state, next); err != nil {
			return err
		}
		if _, err = r.Connections.SaveConnectionState(ctx, r.key.Tenant, id, next); !errors.Is(err, store.ErrConflict) {
			return err
		}
	}
	return nil
}

// sourceWorks takes failures of the source's connection back after a run that read to the end.
func (r *reading) sourceWorks(ctx context.Context) error {
	id := r.plan.Flow.Source
	state, err := r.Connections.ConnectionState(ctx, r.key.Tenant, id)
	if err != nil || (state.Failures == 0 && state.Status != integration.Down) {
		return err
	}
	next, err := r.Connections.SaveConnectionState(ctx, r.key.Tenant, id, state.Succeeded())
	if errors.Is(err, store.ErrConflict) {
		return nil // somebody knows more
	}
	if err != nil {
		return err
	}
	return r.Teller.Tell(ctx, r.key.Tenant, id, state, next)
}
