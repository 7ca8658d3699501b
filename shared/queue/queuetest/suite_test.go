package queuetest_test

import (
	"maps"
	"testing"
	"time"

	"apicenter/shared/queue"
	"apicenter/shared/queue/queuetest"
)

// breakage is an adapter one might write by mistake, and the question that has to find it out.
type breakage struct {
	promise string
	broken  *broken
}

func breakages() map[string]breakage {
	all := make(map[string]breakage)
	for _, some := range []map[string]breakage{sendBreakages(), receiveBreakages(), fifoBreakages(), deadBreakages()} {
		maps.Copy(all, some)
	}
	return all
}

func TestSuiteCatchesBrokenQueues(t *testing.T) {
	for name, c := range breakages() {
		t.Run(name, func(t *testing.T) {
			failure := ask(t, c.promise, time.Second/2, func(good queue.Queue, clock *queuetest.Clock) queue.Queue {
				c.broken.Queue, c.broken.clock, c.broken.newest = good, clock, map[string]queue.Delivery{}
				return c.broken
			})
			if failure == "" {
				t.Errorf("a queue that %s passed %q, want it caught", name, c.promise)
			}
			t.Logf("caught by %q: %s", c.promise, failure)
		})
	}
}

// What the broken ones are made of must pass, or a failure above proves nothing.
func TestSuitePassesTheQueueInsideTheBrokenOnes(t *testing.T) {
	for _, promise := range queuetest.Promises() {
		t.Run(promise, func(t *testing.T) {
			failure := ask(t, promise, 10*time.Second, func(good queue.Queue, clock *queuetest.Clock) queue.Queue {
				return &broken{Queue: good, clock: clock, newest: map[string]queue.Delivery{}}
			})
			if failure != "" {
				t.Errorf("the unbroken queue failed %q: %s", promise, failure)
			}
		})
	}
}
