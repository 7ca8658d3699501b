package connectortest

import (
	"context"
	"net/http"
	"sync"
	"time"

	"apicenter/shared/fault"
)

func readFailures() []question[*reading] {
	return []question[*reading]{
		{"an answer cut short is no end of data", func(t tester, r *reading) {
			r.wire.with(cut)
			_, err := r.reader.Read(t.Context(), r.ask(true))
			r.fails(t, err, fault.Retry)
			_, err = r.reader.ReadOne(t.Context(), r.source.Kind, r.source.Settings, r.source.Keys()[:1])
			r.fails(t, err, fault.Retry)
		}},
		{"an answer nobody can read is no end of data", func(t tester, r *reading) {
			for _, body := range []string{"", "<<<not what was asked for", "null"} {
				r.wire.with(answer(http.StatusOK, nil, body))
				_, err := r.reader.Read(t.Context(), r.ask(true))
				r.fails(t, err, fault.Retry, fault.Pause)
			}
		}},
		{"credentials refused", func(t tester, r *reading) {
			r.wire.with(answer(http.StatusUnauthorized, nil, ""))
			_, err := r.reader.Read(t.Context(), r.ask(true))
			r.fails(t, err, fault.Pause)
		}},
		{"told to wait", func(t tester, r *reading) {
			r.wire.with(answer(http.StatusTooManyRequests, map[string]string{"Retry-After": "3"}, ""))
			_, err := r.reader.Read(t.Context(), r.ask(true))
			if problem := r.fails(t, err, fault.Wait); problem.After != 3*time.Second {
				t.Errorf("waits %s, told to wait 3s", problem.After)
			}
		}},
		{"no answer in time", func(t tester, r *reading) {
			t.Bubble(func(t tester) {
				r := r.setup.reading(t, r.source)
				r.wire.with(silent)
				started := time.Now()
				_, err := r.reader.Read(t.Context(), r.ask(true))
				r.fails(t, err, fault.Retry)
				r.inTime(t, r.setup, started)
			})
		}},
		{"stopped by ourselves", func(t tester, r *reading) {
			ctx, stop := context.WithCancel(t.Context())
			stop()
			_, err := r.reader.Read(ctx, r.ask(true))
			if problem := r.fails(t, err, fault.Retry); problem.Connection {
				t.Errorf("stopping counts against the connection: %v", err)
			}
		}},
		{"a failure moves nothing", func(t tester, r *reading) {
			before := r.run(t, true, 1)
			for _, spoil := range []spoiler{reset, cut, answer(http.StatusBadGateway, nil, "")} {
				r.wire.with(spoil)
				_, err := r.reader.Read(t.Context(), r.ask(false))
				r.fails(t, err, fault.Retry)
			}
			r.wire.with(nil)
			whole(t, r.source.Keys(), before, r.run(t, false, allPages))
		}},
		{"a checkpoint nobody wrote is refused", func(t tester, r *reading) {
			r.checkpoint = "rubbish"
			if _, err := r.reader.Read(t.Context(), r.ask(true)); err == nil {
				t.Errorf("it was accepted")
			}
		}},
	}
}

// parallel calls f several times at once and waits for all.
func parallel(f func(i int)) {
	var wait sync.WaitGroup
	for i := range 8 {
		wait.Go(func() { f(i) })
	}
	wait.Wait()
}
