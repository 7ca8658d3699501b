package panel

import (
	"context"
	"net/http"
	"testing"
	"time"

	"apicenter/shared/connector"
	"apicenter/shared/fault"
	"apicenter/shared/integration"
)

func TestConnections(t *testing.T) {
	b := newBench(t)
	b.store.states[bakery+"/erp"] = integration.ConnectionState{Status: integration.Halted, Since: saturday().Add(-26 * time.Hour),
		Reason: &fault.Error{Class: fault.Pause, Message: "AFAS says the token was revoked.", Advice: "Make a new token in AFAS and enter it here.", Detail: "401 on metainfo"}}
	b.store.states[bakery+"/till"] = integration.ConnectionState{Status: integration.Down, Since: saturday().Add(-10 * time.Minute), Until: saturday().Add(80 * time.Second)}
	got := b.visitor(t, bakery).page("/connections")
	has(t, got, "Paused", "since 23 Oct 2026, 12:31:20", "AFAS says the token was revoked.", "Make a new token in AFAS", "401 on metainfo",
		"Does not answer", "since 24 Oct 2026, 14:21:20", "in 1 minute", "Nothing to do for now", "korenaar.mplus.example:34562", "Environment", "12345")
	lacks(t, got, "never shown", "Password", millSecret)
}

func TestConnectionTest(t *testing.T) {
	b := newBench(t)
	v := b.visitor(t, bakery)
	for _, c := range []struct {
		name string
		test func() (connector.Report, error)
		says []string
	}{
		{"works", func() (connector.Report, error) {
			return connector.Report{Summary: "AFAS Profit 7, environment T12345AA", Warnings: []string{"The token expires on 1 December."}}, nil
		}, []string{"environment T12345AA", "The token expires on 1 December.", `role="status"`}},
		{"says nothing", func() (connector.Report, error) { return connector.Report{}, nil }, []string{"The connection works."}},
		{"refused", func() (connector.Report, error) {
			return connector.Report{}, &fault.Error{Class: fault.Pause, Message: "The token is not known.", Advice: "Check it.", Detail: "401"}
		}, []string{"The token is not known.", "Check it.", "401", `role="alert"`}},
		{"slow", func() (connector.Report, error) { return connector.Report{}, context.DeadlineExceeded }, []string{"took too long"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b.actions.calls, b.actions.test = nil, c.test
			w := v.post("/connections/erp/test", nil)
			if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/connections#erp" {
				t.Errorf("answered %d to %q", w.Code, w.Header().Get("Location"))
			}
			if len(b.actions.calls) != 1 || b.actions.calls[0] != "test korenaar erp" {
				t.Errorf("did %q", b.actions.calls)
			}
			has(t, v.page("/connections"), c.says...)
		})
	}
}
