package connectortest

import (
	"context"
	"net/http"
	"time"

	"apicenter/shared/connector"
	"apicenter/shared/fault"
)

func writeFailures() []question[*writing] {
	list := []question[*writing]{
		{"an answer lost after the work was done is unknown", func(t tester, w *writing) { w.unknown(t, lost, 1) }},
		{"an answer cut after the work was done is unknown", func(t tester, w *writing) { w.unknown(t, cut, 1) }},
		{"a connection reset under a write is unknown", func(t tester, w *writing) { w.unknown(t, reset, 0) }},
		{"a gateway that gave up is unknown", func(t tester, w *writing) {
			w.unknown(t, answer(http.StatusGatewayTimeout, nil, "<h1>Gateway time-out</h1>"), 0)
		}},
		{"an answer nobody can read is unknown", func(t tester, w *writing) {
			w.unknown(t, answer(http.StatusOK, nil, "<<<not what was asked for"), 0)
		}},
		{"no answer in time is unknown", func(t tester, w *writing) {
			t.Bubble(func(t tester) {
				w := w.setup.writing(t, w.target, w.next)
				w.wire.with(silent)
				started := time.Now()
				o := w.put(t.Context(), t, w.next())[0]
				if o.Err == nil || !o.Unknown {
					t.Errorf("error %v, unknown %t", o.Err, o.Unknown)
				}
				w.inTime(t, w.setup, started)
			})
		}},
		{"nothing is sent after the time to start", func(t tester, w *writing) {
			ctx := connector.WithStartBefore(t.Context(), time.Now().Add(-time.Second))
			w.unsent(ctx, t, nil)
		}},
		{"nothing is sent when the work is stopped", func(t tester, w *writing) {
			ctx, stop := context.WithCancel(t.Context())
			stop()
			w.unsent(ctx, t, nil)
		}},
		{"a refused connection started nothing", func(t tester, w *writing) {
			d := w.next()
			w.wire.with(refused)
			o := w.put(t.Context(), t, d)[0]
			if !o.NotStarted || o.Unknown {
				t.Errorf("error %v, unknown %t, not started %t", o.Err, o.Unknown, o.NotStarted)
			}
			if problem := w.fails(t, o.Err, fault.Retry); !problem.Connection {
				t.Errorf("it does not count for the connection")
			}
			w.wire.with(nil)
			if n := w.target.Count(d); n != 0 {
				t.Errorf("the system holds %d", n)
			}
		}},
	}
	for name, test := range map[string]struct {
		status int
		class  fault.Class
	}{
		"credentials refused":  {http.StatusUnauthorized, fault.Pause},
		"access forbidden":     {http.StatusForbidden, fault.Pause},
		"told to wait":         {http.StatusTooManyRequests, fault.Wait},
		"told of maintenance":  {http.StatusServiceUnavailable, fault.Wait},
		"larger than it takes": {http.StatusRequestEntityTooLarge, fault.Reject},
	} {
		list = append(list, question[*writing]{name, func(t tester, w *writing) {
			w.wire.with(answer(test.status, map[string]string{"Retry-After": "4"}, ""))
			o := w.put(t.Context(), t, w.next())[0]
			problem := w.fails(t, o.Err, test.class)
			if o.Unknown {
				t.Errorf("a refusal is no unknown outcome")
			}
			if test.class == fault.Wait && problem.After != 4*time.Second {
				t.Errorf("waits %s, told to wait 4s", problem.After)
			}
		}})
	}
	return list
}

// unknown: the caller must not take a lost answer for a failure, nor for a success. The system holds so many afterwards, and
// Find sees them.
func (w *writing) unknown(t tester, spoil spoiler, holds int) {
	t.Helper()
	d := w.next()
	w.wire.with(spoil)
	o := w.put(t.Context(), t, d)[0]
	w.wire.with(nil)
	if o.Err == nil || !o.Unknown || o.NotStarted {
		t.Errorf("error %v, unknown %t, not started %t; want an unknown outcome", o.Err, o.Unknown, o.NotStarted)
	} else {
		w.fails(t, o.Err, fault.Retry)
	}
	if found := w.matches(t, d)[0]; len(found.Matches) != holds || w.target.Count(d) != holds {
		t.Errorf("%d are found, the system holds %d, want %d", len(found.Matches), w.target.Count(d), holds)
	}
}

// unsent: the outcome says that nothing left, and nothing did.
func (w *writing) unsent(ctx context.Context, t tester, spoil spoiler) {
	t.Helper()
	d := w.next()
	w.wire.with(spoil)
	before := w.wire.requests()
	if o := w.put(ctx, t, d, w.next())[0]; !o.NotStarted || o.Err == nil || o.Unknown {
		t.Errorf("error %v, unknown %t, not started %t", o.Err, o.Unknown, o.NotStarted)
	}
	if w.wire.requests() != before || w.target.Count(d) != 0 {
		t.Errorf("a request was made")
	}
}
