package main

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"apicenter/shared/model"
	"apicenter/shared/queue"
)

// consumer is a stage and the queue it takes from.
type consumer struct {
	queue   queue.Name
	handle  func(context.Context, []queue.Delivery) []string
	workers int
	batch   int
}

// handlerTime is how long a stage may take for a batch, as a function's time-out is in the cloud; it lies well below the
// time messages stay invisible.
const handlerTime = 4 * time.Minute

// pump hands messages to the stages until ctx ends, then lets the handlers finish. It does what an event source does: what
// a stage does not call failed is deleted, the rest comes back when its visibility ends.
func (a *app) pump(ctx context.Context) {
	var wait sync.WaitGroup
	for _, c := range a.consumers() {
		for range c.workers {
			wait.Go(func() { a.consume(ctx, c) })
		}
	}
	wait.Wait()
}

func (a *app) consume(ctx context.Context, c consumer) {
	for ctx.Err() == nil {
		deliveries, err := a.queue.Receive(ctx, c.queue, c.batch, 20*time.Second)
		if err != nil {
			if ctx.Err() == nil {
				a.log.Error("receiving failed", "queue", c.queue, "error", err)
				pause(ctx, time.Second)
			}
			continue
		}
		if len(deliveries) == 0 {
			continue
		}
		a.hand(ctx, c, deliveries)
	}
}

// hand runs one batch. Its context outlives the pump's, so that a stop lets it finish.
func (a *app) hand(ctx context.Context, c consumer, deliveries []queue.Delivery) {
	inside, cancel := context.WithTimeout(context.WithoutCancel(ctx), handlerTime)
	defer cancel()
	failed := map[string]bool{}
	for _, id := range c.handle(inside, deliveries) {
		failed[id] = true
	}
	done := deliveries[:0:0]
	for _, d := range deliveries {
		if !failed[d.ID] {
			done = append(done, d)
		}
	}
	if err := a.queue.Delete(inside, done); err != nil {
		a.log.Error("deleting handled messages failed; they come again", "queue", c.queue, "error", err)
	}
}

// ticks runs what schedules run in the cloud, more often here: due flows of every kind, stopped connections, expired
// activity.
func (a *app) ticks(ctx context.Context, every time.Duration) {
	lastRevive, lastPrune := time.Time{}, time.Time{}
	for ctx.Err() == nil {
		for _, kind := range model.Kinds() {
			if _, err := a.fetch.Tick(ctx, kind); err != nil && ctx.Err() == nil {
				a.log.Error("looking for due flows failed", "kind", kind, "error", err)
			}
		}
		now := a.world.Now()
		if now.Sub(lastRevive) >= time.Minute {
			lastRevive = now
			if err := a.retry.Tick(ctx); err != nil && ctx.Err() == nil {
				a.log.Error("looking after stopped connections failed", "error", err)
			}
		}
		if now.Sub(lastPrune) >= time.Hour {
			lastPrune = now
			if _, err := a.store.Prune(ctx, now); err != nil && ctx.Err() == nil {
				a.log.Error("removing expired activity failed", "error", err)
			}
		}
		pause(ctx, every)
	}
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// untilQuiet waits until nothing is on its way, or ctx ends.
func (a *app) untilQuiet(ctx context.Context) error {
	calm := 0
	for calm < 3 {
		quiet, err := a.quiet(ctx)
		if err != nil {
			return err
		}
		if calm++; !quiet {
			calm = 0
		}
		pause(ctx, 50*time.Millisecond)
		if ctx.Err() != nil {
			return errors.New("the queues did not become empty in time")
		}
	}
	return nil
}

// newLog returns the log people read on a terminal.
func newLog(level slog.Leveler, w interface{ Write([]byte) (int, error) }) *slog.Logger {
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: level}))
}
