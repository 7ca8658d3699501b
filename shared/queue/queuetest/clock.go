package queuetest

import (
	"sync"
	"time"
)

// Clock is the time a queue under test lives on. It stands still until the suite moves it; with Options.RealTime it is the
// real time and moving it means waiting. It is safe for concurrent use.
type Clock struct {
	pass func(time.Duration) // nil: settable

	mu     sync.Mutex
	now    time.Time
	alarms map[*alarm]struct{}
	set    chan struct{} // closed and replaced at every new alarm
}

type alarm struct {
	at    time.Time
	rings chan struct{}
}

// NewClock returns a settable clock, for tests of an adapter's own beside the suite.
func NewClock() *Clock { return newClock(Options{}) }

func newClock(o Options) *Clock {
	c := &Clock{
		now:    time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC),
		alarms: make(map[*alarm]struct{}),
		set:    make(chan struct{}),
	}
	if o.RealTime {
		c.pass = o.Pass
		if c.pass == nil {
			c.pass = func(d time.Duration) { <-time.After(d) }
		}
	}
	return c
}

// Now returns the time.
func (c *Clock) Now() time.Time {
	if c.pass != nil {
		return time.Now().UTC()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock, or waits when the clock is the real one, and rings the alarms that come due.
func (c *Clock) Advance(d time.Duration) {
	if c.pass != nil {
		c.pass(d)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	for a := range c.alarms {
		if !a.at.After(c.now) {
			close(a.rings)
			delete(c.alarms, a)
		}
	}
}

// Alarm returns a channel that is closed once the clock reaches the time, and a function that gives the alarm up. Adapters
// on a settable clock wait through it and nothing else: what waits on real time would sleep while the clock runs away.
func (c *Clock) Alarm(at time.Time) (rings <-chan struct{}, stop func()) {
	a := &alarm{at: at, rings: make(chan struct{})}
	if c.pass != nil {
		t := time.AfterFunc(time.Until(at), func() { close(a.rings) })
		return a.rings, func() { t.Stop() }
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !at.After(c.now) {
		close(a.rings)
		return a.rings, func() {}
	}
	c.alarms[a] = struct{}{}
	close(c.set)
	c.set = make(chan struct{})
	return a.rings, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.alarms, a)
	}
}

// waited returns once somebody waits on the clock, and false when nobody does within the limit.
func (c *Clock) waited(limit time.Duration) bool {
	end := time.After(limit)
	for {
		c.mu.Lock()
		n, set := len(c.alarms), c.set
		c.mu.Unlock()
		if n > 0 {
			return true
		}
		select {
		case <-set:
		case <-end:
			return false
		}
	}
}
