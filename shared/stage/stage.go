// Package stage holds what the stages of the pipeline share: the world they run in, open sessions, and how a flow is put
// together from configuration.
//
// The stages themselves are its subpackages. Each takes queue messages and returns the ids of those it could not finish;
// Lambda functions and the local runner call them alike. Clock, ids, randomness and concurrency come in through World, so
// that a simulator can own all four.
package stage

import (
	"sync"
	"time"
)

// World is what a stage may not take from the machine itself.
type World struct {
	// Now is the clock.
	Now func() time.Time
	// ID returns a new unique id; ids sort by the time they were made.
	ID func() string
	// Rand returns a number in [0, 1).
	Rand func() float64
	// Each calls do for 0 … n-1, at most parallel at a time, and returns when all have returned: a handler joins all its
	// work before it ends.
	Each func(n, parallel int, do func(i int))
}

// Parallel is World.Each with goroutines.
func Parallel(n, parallel int, do func(i int)) {
	if parallel = min(parallel, n); parallel <= 1 {
		for i := range n {
			do(i)
		}
		return
	}
	var next sync.Mutex
	var wait sync.WaitGroup
	i := 0
	take := func() (int, bool) {
		next.Lock()
		defer next.Unlock()
		if i >= n {
			return 0, false
		}
		i++
		return i - 1, true
	}
	for range parallel {
		wait.Go(func() {
			for j, ok := take(); ok; j, ok = take() {
				do(j)
			}
		})
	}
	wait.Wait()
}

// backoff is how long a record waits before each further try.
var backoff = [...]time.Duration{10 * time.Second, time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 3 * time.Hour,
	6 * time.Hour, 12 * time.Hour}

// Backoff returns the pause before try number attempt (1 is the first repetition), spread by a fifth either way, and
// whether there is such a try. Scale is the connection's own factor; 0 stands for 1.
func (w World) Backoff(attempt int, scale float64) (time.Duration, bool) {
	if attempt < 1 || attempt > len(backoff) {
		return 0, false
	}
	if scale == 0 {
		scale = 1
	}
	spread := 0.8 + 0.4*w.Rand()
	return time.Duration(float64(backoff[attempt-1]) * scale * spread), true
}

// RereadAt is when a waiting record is looked at again: soon at first, then ever more rarely, at most every six hours.
func RereadAt(now time.Time, tries int) time.Time {
	return now.Add(min(time.Minute<<min(tries, 9), 6*time.Hour))
}
