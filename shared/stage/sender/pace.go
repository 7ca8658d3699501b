package sender

import (
	"sync"
	"time"

	"apicenter/shared/connector"
	"apicenter/shared/fault"
	"apicenter/shared/integration"
)

// pace keeps a message's calls within what the system declares and what was found to work. Promise 8.
type pace struct {
	limits connector.Limits
	now    func() time.Time

	mu     sync.Mutex
	found  float64 // calls at a time that work
	spent  []integration.Spent
	halted bool // the system asked to wait, or is gone: nothing further is started
	row    int  // connection-level failures in a row
	// free is when a used-up bucket has permits again; zero when none was missing.
	free time.Time
}

// rowUntilHalt is how many connection-level failures in a row end the starting of further calls in a message.
const rowUntilHalt = 5

// newPace goes on from the stored state.
func newPace(limits connector.Limits, state integration.ConnectionState, now func() time.Time) *pace {
	p := &pace{limits: limits, now: now, found: state.Parallel, spent: make([]integration.Spent, len(limits.Buckets))}
	copy(p.spent, state.Spent)
	if p.found <= 0 {
		p.found = float64(max(limits.Concurrency, 1))
	}
	return p
}

// parallel returns how many calls to make at a time.
func (p *pace) parallel() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return max(1, min(int(p.found), max(p.limits.Concurrency, 1)))
}

// take takes a permit of every bucket. It does not wait: false means that there is none before the time, or that the system
// asked us to wait. (A lane waits by making its message visible later, not by sleeping.)
func (p *pace) take(before time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	if p.halted || !now.Before(before) {
		return false
	}
	for i, bucket := range p.limits.Buckets {
		if s := p.spent[i]; now.Sub(s.Window) < bucket.Window && s.Calls >= bucket.Calls {
			if free := s.Window.Add(bucket.Window); free.After(p.free) {
				p.free = free
			}
			return false
		}
	}
	for i, bucket := range p.limits.Buckets {
		if now.Sub(p.spent[i].Window) >= bucket.Window {
			p.spent[i] = integration.Spent{Window: now}
		}
		p.spent[i].Calls++
	}
	return true
}

// usedUp returns the fault that makes the lane wait for permits, nil when none were missing.
func (p *pace) usedUp() *fault.Error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.free.IsZero() {
		return nil
	}
	return &fault.Error{Class: fault.Wait, Message: "the system's rate limit is used up", After: max(p.free.Sub(p.now()), time.Millisecond)}
}

// answered learns from an outcome: half as many calls at a time after "too many", one more over many successes.
func (p *pace) answered(o connector.Outcome) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if o.Err != nil && fault.As(o.Err).Connection {
		if p.row++; p.row >= rowUntilHalt {
			p.halted = true
		}
	} else {
		p.row = 0
	}
	switch {
	case o.Err == nil:
		p.found = min(p.found+1/p.found/4, float64(max(p.limits.Concurrency, 1)))
	case fault.ClassOf(o.Err) == fault.Wait:
		p.found = max(1, p.found/2)
		p.halted = true
	case fault.ClassOf(o.Err) == fault.Pause:
		p.halted = true
	}
}

// store puts what is worth keeping into the state.
func (p *pace) store(state *integration.ConnectionState) {
	p.mu.Lock()
	defer p.mu.Unlock()
	state.Parallel, state.Spent = 0, nil
	if p.found < float64(max(p.limits.Concurrency, 1)) {
		state.Parallel = p.found
	}
	if len(p.limits.Buckets) > 0 {
		state.Spent = p.spent
	}
}
