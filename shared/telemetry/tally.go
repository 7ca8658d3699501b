package telemetry

import (
	"context"
	"slices"
	"sync"
	"time"
)

// Tally counts what happens while one message is handled. It travels in the context, so that what is counted deep inside
// ends up in the line about the message. It is safe for concurrent use; a nil Tally counts nothing.
type Tally struct {
	mu     sync.Mutex
	counts map[string]int64
	seen   map[string]bool
	times  map[string]time.Duration
}

type tallyKey struct{}

// Counting returns a context with a fresh tally.
func Counting(ctx context.Context) (context.Context, *Tally) {
	t := &Tally{counts: map[string]int64{}, seen: map[string]bool{}, times: map[string]time.Duration{}}
	return context.WithValue(ctx, tallyKey{}, t), t
}

// TallyOf returns the tally of the context, nil when it has none.
func TallyOf(ctx context.Context) *Tally {
	t, _ := ctx.Value(tallyKey{}).(*Tally)
	return t
}

// Add counts n of the metric; none is a figure too.
func (t *Tally) Add(metric string, n int) {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.counts[metric] += int64(n)
}

// AddOnce counts one of the metric unless it was counted for the same subject before.
func (t *Tally) AddOnce(metric, subject string) {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if key := metric + "\x00" + subject; !t.seen[key] {
		t.seen[key] = true
		t.counts[metric]++
	}
}

// Longest keeps the longest time of the metric. A clock that runs behind the other makes no time less than none.
func (t *Tally) Longest(metric string, d time.Duration) {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.times[metric] = max(t.times[metric], d)
}

// Metrics returns what was counted, by name.
func (t *Tally) Metrics() []Metric {
	if t == nil {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	out := make([]Metric, 0, len(t.counts)+len(t.times))
	for metric, n := range t.counts {
		out = append(out, Metric{Name: metric, Unit: Count, Value: n})
	}
	for metric, d := range t.times {
		out = append(out, Metric{Name: metric, Unit: Milliseconds, Value: d.Milliseconds()})
	}
	slices.SortFunc(out, func(a, b Metric) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	})
	return out
}
