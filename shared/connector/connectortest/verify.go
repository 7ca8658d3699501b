package connectortest

import (
	"net/http"
	"time"

	"apicenter/shared/connector"
	"apicenter/shared/fault"
)

// patience is how much longer than its own time-out a connector may take to give up.
const patience = time.Second

// verify: the test of a connection tells the failures apart, each in a sentence for the owner.
func (s Setup) verify(t tester) {
	t.Run("works", func(t tester) {
		l := s.open(t, nil)
		report, err := l.session.Verify(t.Context())
		if err != nil || report.Summary == "" {
			t.Errorf("%+v, %v", report, err)
		}
		l.clean(t, "the report", report.Summary)
	})
	t.Run("wrong credentials", func(t tester) {
		l := s.open(t, s.Wrong)
		_, err := l.session.Verify(t.Context())
		if problem := l.fails(t, err, fault.Pause); problem.Advice == "" {
			t.Errorf("no advice")
		}
	})
	for _, test := range []struct {
		name       string
		spoil      spoiler
		classes    []fault.Class
		connection bool // it counts for the whole connection
	}{
		{"connection refused", refused, []fault.Class{fault.Retry}, true},
		{"unknown host", nowhere, []fault.Class{fault.Retry, fault.Pause}, false},
		{"connection reset", reset, []fault.Class{fault.Retry}, true},
		{"unauthorized", answer(http.StatusUnauthorized, nil, ""), []fault.Class{fault.Pause}, false},
		{"forbidden", answer(http.StatusForbidden, nil, "<h1>Forbidden</h1>"), []fault.Class{fault.Pause}, false},
		{"bad gateway", answer(http.StatusBadGateway, nil, "<h1>Bad gateway</h1>"), []fault.Class{fault.Retry}, true},
		{"unavailable", answer(http.StatusServiceUnavailable, nil, ""), []fault.Class{fault.Retry, fault.Wait}, true},
		{"no known form", answer(http.StatusOK, nil, "<<<not what was asked for"), []fault.Class{fault.Retry, fault.Pause, fault.Reject}, false},
		{"nothing", answer(http.StatusOK, nil, ""), []fault.Class{fault.Retry, fault.Pause, fault.Reject}, false},
		{"answer cut short", cut, []fault.Class{fault.Retry}, false},
	} {
		t.Run(test.name, func(t tester) {
			l := s.open(t, nil)
			l.wire.with(test.spoil)
			_, err := l.session.Verify(t.Context())
			problem := l.fails(t, err, test.classes...)
			if test.connection && !problem.Connection {
				t.Errorf("it does not count for the connection: %v", err)
			}
			if problem.Advice == "" {
				t.Errorf("no advice: %v", err)
			}
		})
	}
	t.Run("told to wait", func(t tester) {
		for _, status := range []int{http.StatusTooManyRequests, http.StatusServiceUnavailable} {
			l := s.open(t, nil)
			l.wire.with(answer(status, map[string]string{"Retry-After": "7"}, ""))
			_, err := l.session.Verify(t.Context())
			if problem := l.fails(t, err, fault.Wait); problem.After != 7*time.Second {
				t.Errorf("status %d: waits %s, told to wait 7s", status, problem.After)
			}
		}
	})
	t.Run("no answer in time", func(t tester) {
		t.Bubble(func(t tester) {
			l := s.open(t, nil)
			l.wire.with(silent)
			started := time.Now()
			_, err := l.session.Verify(t.Context())
			l.fails(t, err, fault.Retry)
			l.inTime(t, s, started)
		})
	})
}

// inTime fails the test when a session waited longer than it declares.
func (l *line) inTime(t tester, s Setup, started time.Time) {
	t.Helper()
	limits := s.Connector.Limits
	if own, ok := l.session.(connector.Limited); ok {
		limits = own.Limits()
	}
	if took := time.Since(started); took > limits.Timeout+patience {
		t.Errorf("it gave up after %s, and declares %s", took, limits.Timeout)
	}
}
