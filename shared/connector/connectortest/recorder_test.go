package connectortest

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
)

// recorder is a tester that notes what failed instead of failing. With only set it asks that question alone.
type recorder struct {
	real  *testing.T
	name  string
	only  string
	notes *notes
	ends  *[]func()
}

type notes struct {
	mu     sync.Mutex
	asked  []string
	failed map[string]string // by question: the first text
}

func newRecorder(t *testing.T, only string) recorder {
	return recorder{real: t, only: only, notes: &notes{failed: map[string]string{}}, ends: &[]func(){}}
}

func (r recorder) Helper() {}

func (r recorder) Context() context.Context { return r.real.Context() }

func (r recorder) Cleanup(f func()) { *r.ends = append(*r.ends, f) }

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
	inner := recorder{real: r.real, name: strings.TrimPrefix(r.name+"/"+name, "/"), only: r.only, notes: r.notes, ends: &[]func(){}}
	if !strings.HasPrefix(inner.name, r.only) && !strings.HasPrefix(r.only, inner.name+"/") {
		return true
	}
	inner.do(f)
	r.notes.mu.Lock()
	defer r.notes.mu.Unlock()
	r.notes.asked = append(r.notes.asked, inner.name)
	_, failed := r.notes.failed[inner.name]
	return !failed
}

// do runs f to its end, however that comes, and then what was left for the end.
func (r recorder) do(f func(t tester)) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			if p := recover(); p != nil {
				r.Errorf("panic: %v", p)
			}
		}()
		f(r)
	}()
	<-done
	for _, end := range *r.ends {
		end()
	}
}

func (r recorder) Bubble(f func(t tester)) {
	inner := r
	inner.ends = &[]func(){}
	synctest.Test(r.real, func(t *testing.T) {
		inner.real = t
		inner.do(f)
	})
}
