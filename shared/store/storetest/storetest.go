// Package storetest asks every adapter of the store ports the same questions, one file per noun, one subtest per promise.
//
// Each adapter's test calls Run. What the suite does not ask, adapters answer differently: a new promise on a port comes
// here first. It knows nothing of any adapter; how its own questions are proven to find fault stands in its tests.
package storetest

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"apicenter/shared/secret"
	"apicenter/shared/store"
)

// Run asks the adapter that open makes. Open is called for each noun, and again where a promise speaks of all tenants
// together; the store it returns must be empty and take every time from the clock. An adapter whose indexes lag says so
// with Clock.Lag.
func Run(t *testing.T, open func(t *testing.T, clock *Clock) (store.Store, secret.Keys)) {
	t.Helper()
	run(testingT{t}, func(t tester, clock *Clock) (store.Store, secret.Keys) {
		return open(t.(testingT).T, clock)
	}, nouns()...)
}

func run(t tester, open opener, asked ...noun) {
	t.Helper()
	for _, n := range asked {
		t.Run(n.name, func(t tester) {
			clock := newClock()
			stored, keys := open(t, clock)
			for _, p := range n.promises {
				t.Run(p.says, func(t tester) {
					clock.Set(start)
					p.check(&world{tester: t, open: open, store: stored, keys: keys, clock: clock, tenant: "tenant-" + rand.Text()})
				})
			}
		})
	}
}

type (
	opener func(t tester, clock *Clock) (store.Store, secret.Keys)

	// noun is what one file of the suite asks.
	noun struct {
		name     string
		promises []promise
	}

	promise struct {
		says  string
		check func(w *world)
	}

	// tester is what the suite needs of a test; the tests of the suite pass one that takes notes.
	tester interface {
		Helper()
		Context() context.Context
		Errorf(format string, args ...any)
		Fatalf(format string, args ...any)
		Run(name string, f func(t tester)) bool
	}

	testingT struct{ *testing.T }
)

func (t testingT) Run(name string, f func(t tester)) bool {
	t.Helper()
	return t.T.Run(name, func(t *testing.T) { f(testingT{t}) })
}

func nouns() []noun {
	return []noun{
		{"tenants", tenants()},
		{"connections", connections()},
		{"integrations", integrations()},
		{"flows", flows()},
		{"positions", positions()},
		{"rereads", rereads()},
		{"ledger", ledger()},
		{"activity", activity()},
		{"failures", failures()},
		{"incidents", incidents()},
		{"loads", loads()},
		{"keys", keys()},
	}
}

// start is the time at which every promise begins; it lies on a full hour.
var start = time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC)

// mostLooks bounds how often a lagging index is looked at.
const mostLooks = 500

// Clock is the clock of a store under test. It is safe for concurrent use.
type Clock struct {
	mu  sync.Mutex
	now time.Time
	lag func()
}

func newClock() *Clock { return &Clock{now: start} }

// Now returns the time that was set.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Set sets the time.
func (c *Clock) Set(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = now
}

// Advance moves the time on.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// Lag is for adapters of stores whose index reads lag: the suite calls wait before it looks at such a list again. Without
// it every list must be right at the first look.
func (c *Clock) Lag(wait func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lag = wait
}

// world is what a promise is checked in: a store it shares with the other promises of its noun, and a tenant of its own.
type world struct {
	tester
	open   opener
	store  store.Store
	keys   secret.Keys
	clock  *Clock
	tenant string
}

// alone returns a world with an empty store.
func (w *world) alone() *world {
	w.Helper()
	clock := newClock()
	stored, keys := w.open(w.tester, clock)
	return &world{tester: w.tester, open: w.open, store: stored, keys: keys, clock: clock, tenant: w.tenant}
}

// ctx is the context calls are made with.
func (w *world) ctx() context.Context { return w.Context() }

// must ends the check when a call failed that had no reason to.
func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatalf("unexpected error: %v", err)
	}
}

func (w *world) is(what string, err, want error) {
	w.Helper()
	if !errors.Is(err, want) {
		w.Errorf("%s: got error %v, want %v", what, err, want)
	}
}

func (w *world) equal(what string, got, want any) {
	w.Helper()
	if diff := difference(got, want); diff != "" {
		w.Errorf("%s: got + want -\n%s", what, diff)
	}
}

// difference compares as a caller sees it: times by the instant, empty maps and lists like absent ones.
func difference(got, want any) string {
	options := cmp.Options{
		cmp.Comparer(func(a, b time.Time) bool { return a.Equal(b) }),
		// Byte by byte takes a second for a large payload.
		cmp.FilterValues(func(a, b []byte) bool { return len(a)+len(b) > 0 }, cmp.Comparer(bytes.Equal)),
		cmpopts.EquateEmpty(),
	}
	if cmp.Equal(want, got, options) {
		return ""
	}
	diff := cmp.Diff(want, got, options)
	return diff[:min(len(diff), 4000)]
}

// eventually looks at a list that may lag until it is right.
func (w *world) eventually(what string, look func() (got, want any)) {
	w.Helper()
	w.clock.mu.Lock()
	wait := w.clock.lag
	w.clock.mu.Unlock()
	for range mostLooks {
		got, want := look()
		if difference(got, want) == "" {
			return
		}
		if wait == nil {
			break
		}
		wait()
	}
	got, want := look()
	w.equal(what, got, want)
}

// together calls f n times at the same moment and waits for all; it must not end the check.
func together(n int, f func(i int)) {
	var group sync.WaitGroup
	ready := make(chan struct{})
	for i := range n {
		group.Go(func() {
			<-ready
			f(i)
		})
	}
	close(ready)
	group.Wait()
}

// pages collects a list page by page; between is called after each page. It stops a list that never ends.
func pages[T any](w *world, most int, page func(cursor string) ([]T, string, error), between func()) []T {
	w.Helper()
	var all []T
	cursor := ""
	for range 2000 {
		list, next, err := page(cursor)
		w.must(err)
		if len(list) > most {
			w.Errorf("a page of at most %d has %d", most, len(list))
		}
		all = append(all, list...)
		if next == "" {
			return all
		}
		cursor = next
		between()
	}
	w.Fatalf("the list does not end")
	return nil
}

// sizes are the batches every port that takes lists is asked with.
func sizes() []int { return []int{0, 1, 100, 1000} }

// oddKeys are keys a source may come up with; no two are the same key.
func oddKeys() []string {
	long := make([]byte, 500)
	for i := range long {
		long[i] = 'a' + byte(i%26)
	}
	return []string{
		"0012", "12", "12.0", "A", "a", "a ", " a", "é", "e\u0301", "日本語", "🛒", "ß", "SS", "İ",
		`"`, "'", "it's", "`", "50%", "_", "a_b", "a%b", "*", "?", "?1", "$1", ":a", "@a", "--", "; DROP TABLE ledger",
		"a/b", "a#b", "a|b", "a:b", "a,b", `a\b`, "a\nb", "a\tb", "a\x01b", "null", "NULL", "[]", "{}", "0x12", "1e3", "-0",
		string(long),
	}
}

// lookalikes are pairs of (tenant, name) that would meet if an adapter joined them by that separator.
func lookalikes(prefix string) [][2][2]string {
	var out [][2][2]string
	for _, s := range []string{"#", "/", "|", ":", ".", "-", "_", "\x1f"} {
		out = append(out, [2][2]string{{prefix + s + "a", "b"}, {prefix, "a" + s + "b"}})
	}
	return out
}

func numbered(format string, n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf(format, i)
	}
	return out
}

// big is a payload of 300 KB, near the most that any store takes as one item, and every byte in it.
func big() []byte {
	out := make([]byte, 300<<10)
	for i := range out {
		out[i] = byte(i*31 + i>>8)
	}
	return out
}
