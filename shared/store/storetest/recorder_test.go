package storetest

import (
	"context"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"apicenter/shared/secret"
	"apicenter/shared/sqlitefile"
	"apicenter/shared/store"
	"apicenter/shared/store/sqlitestore"
)

// recorder is a tester that notes what failed instead of failing.
type recorder struct {
	name  string
	ctx   context.Context
	notes *notes
}

type notes struct {
	mu     sync.Mutex
	asked  []string
	failed map[string]string // by name: the first text
}

func newRecorder(t *testing.T) recorder {
	return recorder{ctx: t.Context(), notes: &notes{failed: map[string]string{}}}
}

func (r recorder) Helper() {}

func (r recorder) Context() context.Context { return r.ctx }

func (r recorder) Errorf(format string, args ...any) {
	r.notes.mu.Lock()
	defer r.notes.mu.Unlock()
	if _, failed := r.notes.failed[r.name]; !failed {
		r.notes.failed[r.name] = fmt.Sprintf(format, args...)
	}
}

func (r recorder) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	runtime.Goexit()
}

func (r recorder) Run(name string, f func(t tester)) bool {
	inner := recorder{name: strings.TrimPrefix(r.name+"/"+name, "/"), ctx: r.ctx, notes: r.notes}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			if p := recover(); p != nil {
				inner.Errorf("panic: %v", p)
			}
		}()
		f(inner)
	}()
	<-done
	r.notes.mu.Lock()
	defer r.notes.mu.Unlock()
	r.notes.asked = append(r.notes.asked, inner.name)
	_, failed := r.notes.failed[inner.name]
	return !failed
}

// openFile opens an adapter that passes the suite; the tests break it.
func openFile(t *testing.T, clock *Clock) *sqlitestore.Store {
	t.Helper()
	f, err := sqlitefile.Open(filepath.Join(t.TempDir(), "data.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	s, err := sqlitestore.Open(t.Context(), f, clock.Now)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestGoodAdapterPassesEveryPromise(t *testing.T) {
	r := newRecorder(t)
	run(r, func(_ tester, clock *Clock) (store.Store, secret.Keys) {
		s := openFile(t, clock)
		return s, s
	}, nouns()...)
	for name, text := range r.notes.failed {
		t.Errorf("%s: %s", name, text)
	}
	promises := 0
	for _, n := range nouns() {
		promises += len(n.promises)
	}
	if got := len(r.notes.asked) - len(nouns()); got != promises {
		t.Errorf("asked %d promises, want %d", got, promises)
	}
}

// adapter is a store and the keys in one, to be embedded by broken ones.
type adapter struct {
	store.Store
	secret.Keys
	clock *Clock
}

// gap is the time between looking and acting: a write of something else, so that others come in between.
func (a adapter) gap(ctx context.Context) error { return a.Store.AddLoad(ctx, "gap", "gap", 1, 1) }

// breakage is one way to break an adapter, and the promise that must notice.
type breakage struct {
	what    string
	noun    string
	promise string
	by      func(a adapter) (store.Store, secret.Keys)
}

func TestBrokenAdaptersAreCaught(t *testing.T) {
	covered := map[string]bool{}
	for _, b := range breakages() {
		covered[b.noun] = true
		t.Run(b.noun+"/"+b.what, func(t *testing.T) {
			r := newRecorder(t)
			run(r, func(_ tester, clock *Clock) (store.Store, secret.Keys) {
				good := openFile(t, clock)
				return b.by(adapter{Store: good, Keys: good, clock: clock})
			}, only(t, b.noun, b.promise))
			if _, caught := r.notes.failed[b.noun+"/"+b.promise]; !caught {
				t.Errorf("%q did not notice", b.promise)
			}
		})
	}
	for _, n := range nouns() {
		if !covered[n.name] {
			t.Errorf("no broken adapter shows that the questions about %s find anything", n.name)
		}
	}
}

// only returns a noun with one of its promises.
func only(t *testing.T, name, says string) noun {
	t.Helper()
	for _, n := range nouns() {
		for _, p := range n.promises {
			if n.name == name && p.says == says {
				return noun{name, []promise{p}}
			}
		}
	}
	t.Fatalf("%s: there is no promise %q", name, says)
	return noun{}
}

func breakages() []breakage {
	lists := [][]breakage{brokenConfig(), brokenFlows(), brokenPositions(), brokenRereads(), brokenLedger(), brokenActivity(),
		brokenFailures(), brokenIncidents(), brokenLoads(), brokenKeys()}
	var all []breakage
	for _, list := range lists {
		all = append(all, list...)
	}
	return all
}

// breakStore returns a breakage of the store that keeps the keys.
func breakStore(noun, what, promise string, by func(a adapter) store.Store) breakage {
	return breakage{what, noun, promise, func(a adapter) (store.Store, secret.Keys) { return by(a), a.Keys }}
}

func TestSuiteWaitsForListsThatLag(t *testing.T) {
	for name, promises := range map[string]int{"with a hook": 0, "without": 1} {
		r := newRecorder(t)
		run(r, func(_ tester, clock *Clock) (store.Store, secret.Keys) {
			good := openFile(t, clock)
			late := &lagging{Store: good}
			if promises == 0 {
				clock.Lag(func() { late.looks++ })
			}
			return late, good
		}, noun{"connections", connections()})
		if got := len(r.notes.failed); got != promises {
			t.Errorf("%s: %d promises failed, want %d: %v", name, got, promises, r.notes.failed)
		}
	}
}

// lagging lists stopped connections as they were until it was waited for three times.
type lagging struct {
	store.Store
	looks  int
	before []store.ConnectionRef
}

func (l *lagging) StoppedConnections(ctx context.Context) ([]store.ConnectionRef, error) {
	now, err := l.Store.StoppedConnections(ctx)
	if l.looks >= 3 {
		l.looks, l.before = 0, now
	}
	return append([]store.ConnectionRef{}, l.before...), err
}
