package storetest

import (
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/govalues/decimal"

	"apicenter/shared/fault"
	"apicenter/shared/integration"
	"apicenter/shared/model"
	"apicenter/shared/store"
)

func tenants() []promise {
	return []promise{
		{"a tenant comes back as it was put", func(w *world) {
			put := integration.Tenant{ID: w.tenant, Name: "Bakkerij 't Hoekje & Zn.", Language: "nl", Zone: "Europe/Amsterdam"}
			w.must(w.store.PutTenant(w.ctx(), put))
			got, err := w.store.Tenant(w.ctx(), w.tenant)
			w.must(err)
			w.equal("tenant", got, put)
			put.Name = "renamed"
			w.must(w.store.PutTenant(w.ctx(), put))
			got, err = w.store.Tenant(w.ctx(), w.tenant)
			w.must(err)
			w.equal("replaced tenant", got, put)
		}},
		{"an unknown tenant is not found", func(w *world) {
			_, err := w.store.Tenant(w.ctx(), w.tenant)
			w.is("unknown tenant", err, store.ErrNotFound)
		}},
		{"all tenants are listed by id", func(shared *world) {
			w := shared.alone()
			var want []integration.Tenant
			for _, id := range []string{"m", "b", "z", "a", "B"} {
				want = append(want, integration.Tenant{ID: id, Name: "name of " + id})
				w.must(w.store.PutTenant(w.ctx(), want[len(want)-1]))
			}
			slices.SortFunc(want, func(a, b integration.Tenant) int { return compareText(a.ID, b.ID) })
			got, err := w.store.AllTenants(w.ctx())
			w.must(err)
			w.equal("tenants", got, want)
		}},
	}
}

func connections() []promise {
	return []promise{
		{"a connection comes back as it was put", connectionRoundTrip},
		{"an unknown connection is not found", func(w *world) {
			_, err := w.store.Connection(w.ctx(), w.tenant, "none")
			w.is("unknown connection", err, store.ErrNotFound)
			list, err := w.store.Connections(w.ctx(), w.tenant)
			w.must(err)
			w.equal("connections", len(list), 0)
		}},
		{"connections are listed by id", func(w *world) {
			for _, id := range []string{"c", "a", "b", "C"} {
				w.must(w.store.PutConnection(w.ctx(), connection(w.tenant, id)))
			}
			w.must(w.store.PutConnection(w.ctx(), connection(w.tenant+"x", "d")))
			list, err := w.store.Connections(w.ctx(), w.tenant)
			w.must(err)
			w.equal("connections", list, []integration.Connection{connection(w.tenant, "C"), connection(w.tenant, "a"),
				connection(w.tenant, "b"), connection(w.tenant, "c")})
		}},
		{"equal ids of two tenants never meet", connectionsApart},
		{"a state never saved is zero", func(w *world) {
			state, err := w.store.ConnectionState(w.ctx(), w.tenant, "none")
			w.must(err)
			w.equal("state", state, integration.ConnectionState{})
		}},
		{"a state is saved once per revision", stateRevisions},
		{"of many savers with one revision exactly one wins", stateRace},
		{"putting a connection leaves its state alone", func(w *world) {
			w.must(w.store.PutConnection(w.ctx(), connection(w.tenant, "c")))
			saved, err := w.store.SaveConnectionState(w.ctx(), w.tenant, "c", integration.ConnectionState{Status: integration.Halted, Failures: 3})
			w.must(err)
			w.must(w.store.PutConnection(w.ctx(), connection(w.tenant, "c")))
			got, err := w.store.ConnectionState(w.ctx(), w.tenant, "c")
			w.must(err)
			w.equal("state", got, saved)
		}},
		{"stopped connections are those whose status is not up", stoppedConnections},
	}
}

func connection(tenant, id string) integration.Connection {
	return integration.Connection{Tenant: tenant, ID: id, System: "afas", Title: "AFAS of " + id, Prefix: "W" + id + "-",
		Settings: map[string]string{"environment": "012345", "odd": "a\"b\n%é🛒"}, Secrets: []byte{0, 1, 0xff, '\''}, Backoff: 0.01}
}

func connectionRoundTrip(w *world) {
	put := connection(w.tenant, "c")
	w.must(w.store.PutConnection(w.ctx(), put))
	got, err := w.store.Connection(w.ctx(), w.tenant, "c")
	w.must(err)
	w.equal("connection", got, put)
	put = integration.Connection{Tenant: w.tenant, ID: "c", System: "rest"}
	w.must(w.store.PutConnection(w.ctx(), put))
	got, err = w.store.Connection(w.ctx(), w.tenant, "c")
	w.must(err)
	w.equal("replaced connection", got, put)
}

func connectionsApart(w *world) {
	pairs := append(lookalikes(w.tenant), [2][2]string{{w.tenant + "1", "c"}, {w.tenant + "2", "c"}})
	for _, pair := range pairs {
		var saved [2]integration.ConnectionState
		for i, p := range pair {
			w.must(w.store.PutConnection(w.ctx(), connection(p[0], p[1])))
			var err error
			saved[i], err = w.store.SaveConnectionState(w.ctx(), p[0], p[1], integration.ConnectionState{Failures: i + 1})
			w.must(err)
		}
		for i, p := range pair {
			got, err := w.store.Connection(w.ctx(), p[0], p[1])
			w.must(err)
			w.equal(fmt.Sprintf("connection %q", p), got, connection(p[0], p[1]))
			state, err := w.store.ConnectionState(w.ctx(), p[0], p[1])
			w.must(err)
			w.equal(fmt.Sprintf("state of %q", p), state, saved[i])
		}
	}
}

func stateRevisions(w *world) {
	first := integration.ConnectionState{Status: integration.Down, Until: start.Add(time.Minute + 7), Failures: 5, Since: start,
		Reason: problem("unreachable"), Parallel: 3.5, Spent: []integration.Spent{{Window: start, Calls: 12}},
		Working: "message", Crashes: 2, Probed: start.Add(-time.Hour)}
	saved, err := w.store.SaveConnectionState(w.ctx(), w.tenant, "c", first)
	w.must(err)
	if saved.Revision == 0 {
		w.Errorf("the first save returned revision 0")
	}
	first.Revision = saved.Revision
	w.equal("returned state", saved, first)
	got, err := w.store.ConnectionState(w.ctx(), w.tenant, "c")
	w.must(err)
	w.equal("stored state", got, first)

	for _, revision := range []int64{0, saved.Revision - 1, saved.Revision + 1} {
		_, err = w.store.SaveConnectionState(w.ctx(), w.tenant, "c", integration.ConnectionState{Revision: revision})
		w.is(fmt.Sprintf("saving over revision %d with %d", saved.Revision, revision), err, store.ErrConflict)
	}
	_, err = w.store.SaveConnectionState(w.ctx(), w.tenant, "never saved", integration.ConnectionState{Revision: 1})
	w.is("saving with a revision where there is no state", err, store.ErrConflict)
	got, err = w.store.ConnectionState(w.ctx(), w.tenant, "c")
	w.must(err)
	w.equal("state after refused saves", got, first)

	second, err := w.store.SaveConnectionState(w.ctx(), w.tenant, "c", got.Succeeded())
	w.must(err)
	if second.Revision == saved.Revision {
		w.Errorf("the revision %d did not change", saved.Revision)
	}
	_, err = w.store.SaveConnectionState(w.ctx(), w.tenant, "c", got)
	w.is("saving with the revision before", err, store.ErrConflict)
}

func stateRace(w *world) {
	state, err := w.store.SaveConnectionState(w.ctx(), w.tenant, "c", integration.ConnectionState{})
	w.must(err)
	for round := range 10 {
		var won, other atomic.Int64
		together(16, func(i int) {
			mine := state
			mine.Failures = round*100 + i + 1
			switch _, err := w.store.SaveConnectionState(w.ctx(), w.tenant, "c", mine); {
			case err == nil:
				won.Add(1)
			case !isConflict(err):
				other.Add(1)
			}
		})
		if won.Load() != 1 || other.Load() != 0 {
			w.Fatalf("round %d: %d savers won and %d got another error, want 1 and 0", round, won.Load(), other.Load())
		}
		state, err = w.store.ConnectionState(w.ctx(), w.tenant, "c")
		w.must(err)
	}
}

func stoppedConnections(shared *world) {
	w := shared.alone()
	statuses := map[string]integration.ConnectionStatus{"none": "", "up": integration.Up, "down": integration.Down,
		"paused": integration.Halted, "resuming": integration.Resuming}
	saved := map[string]integration.ConnectionState{}
	for id, status := range statuses {
		for _, tenant := range []string{"a", "b"} {
			w.must(w.store.PutConnection(w.ctx(), connection(tenant, id)))
			state, err := w.store.SaveConnectionState(w.ctx(), tenant, id, integration.ConnectionState{Status: status})
			w.must(err)
			saved[tenant+id] = state
		}
	}
	want := []store.ConnectionRef{{Tenant: "a", ID: "down"}, {Tenant: "a", ID: "paused"}, {Tenant: "a", ID: "resuming"},
		{Tenant: "b", ID: "down"}, {Tenant: "b", ID: "paused"}, {Tenant: "b", ID: "resuming"}}
	look := func() (any, any) {
		got, err := w.store.StoppedConnections(w.ctx())
		w.must(err)
		slices.SortFunc(got, func(a, b store.ConnectionRef) int { return compareText(a.Tenant+a.ID, b.Tenant+b.ID) })
		return got, want
	}
	w.eventually("stopped connections", look)
	up := saved["apaused"]
	up.Status = integration.Up
	_, err := w.store.SaveConnectionState(w.ctx(), "a", "paused", up)
	w.must(err)
	want = slices.Delete(want, 1, 2)
	w.eventually("stopped connections after one went up", look)
}

func integrations() []promise {
	return []promise{
		{"an integration comes back as it was put", func(w *world) {
			put := integration.Integration{Tenant: w.tenant, ID: "i", Title: "till to ERP", A: "a", B: "b"}
			w.must(w.store.PutIntegration(w.ctx(), put))
			put.Title = "renamed"
			w.must(w.store.PutIntegration(w.ctx(), put))
			got, err := w.store.Integration(w.ctx(), w.tenant, "i")
			w.must(err)
			w.equal("integration", got, put)
		}},
		{"an unknown integration is not found", func(w *world) {
			_, err := w.store.Integration(w.ctx(), w.tenant, "none")
			w.is("unknown integration", err, store.ErrNotFound)
		}},
		{"integrations are listed by id, of one tenant", func(w *world) {
			for _, id := range []string{"c", "a", "b"} {
				w.must(w.store.PutIntegration(w.ctx(), integration.Integration{Tenant: w.tenant, ID: id}))
				w.must(w.store.PutIntegration(w.ctx(), integration.Integration{Tenant: w.tenant + "x", ID: id, Title: "other"}))
			}
			got, err := w.store.Integrations(w.ctx(), w.tenant)
			w.must(err)
			w.equal("integrations", got, []integration.Integration{{Tenant: w.tenant, ID: "a"}, {Tenant: w.tenant, ID: "b"}, {Tenant: w.tenant, ID: "c"}})
		}},
	}
}

func compareText(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func problem(message string) *fault.Error {
	return &fault.Error{Class: fault.Reject, Step: "write order", Field: "lines[0].sku", Message: message, Advice: "Look at it.",
		Detail: "HTTP 422", Cause: "product:5001"}
}

// fullFlow has every field set.
func fullFlow(tenant, id string) integration.Flow {
	tolerance := decimal.MustNew(1, 1)
	return integration.Flow{Tenant: tenant, ID: id, Integration: "i", Kind: model.Orders, Source: "source of " + id, Target: "target",
		Status: integration.Active, Schedule: integration.Schedule{Cron: "30 6 * * 1-5", Zone: "Europe/Amsterdam"},
		Options: map[string]string{"warehouse": "*****"}, Filter: `status == "paid" && total > 0`, GetMapping: "get:\n- a",
		SendMapping: "send", CustomerMapping: "customer", Hook: "hook of " + tenant + id, From: start.Add(-time.Hour), Version: 1,
		Orders: &integration.OrderRules{OnlyPaid: true, MaxWait: time.Hour, CustomerKey: integration.ByNumber, Tolerance: &tolerance}}
}
