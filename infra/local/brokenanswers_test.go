package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"apicenter/infra/sandbox"
	"apicenter/infra/sandbox/afas"
	"apicenter/shared/connector"
	"apicenter/shared/fault"
	"apicenter/shared/store"
)

// crooked stands before a simulated system and spoils its answers; the system has done the work by then.
type crooked struct {
	sim *sandbox.Sim

	mu    sync.Mutex
	spoil func(r *http.Request, answer *httptest.ResponseRecorder) // nil lets answers through
	count int                                                      // of requests so far
}

func (c *crooked) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	answer := httptest.NewRecorder()
	c.sim.ServeHTTP(answer, r)
	c.mu.Lock()
	if c.count++; c.spoil != nil {
		c.spoil(r, answer)
	}
	c.mu.Unlock()
	for name, values := range answer.Header() {
		if name != "Content-Length" {
			w.Header()[name] = values
		}
	}
	w.WriteHeader(answer.Code)
	_, _ = w.Write(answer.Body.Bytes())
}

func (c *crooked) with(spoil func(*http.Request, *httptest.ResponseRecorder)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.spoil = spoil
}

// serveCrooked puts a crooked server before a system and returns its address.
func serveCrooked(t *testing.T, sim *sandbox.Sim) (*crooked, string) {
	t.Helper()
	c := &crooked{sim: sim}
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	return c, server.URL
}

// replace makes every answer another.
func replace(body string) func(*http.Request, *httptest.ResponseRecorder) {
	return func(_ *http.Request, answer *httptest.ResponseRecorder) {
		answer.Body.Reset()
		answer.Body.WriteString(body)
	}
}

// halve ends every answer in its middle.
func halve(_ *http.Request, answer *httptest.ResponseRecorder) {
	answer.Body.Truncate(answer.Body.Len() / 2)
}

// What the till answers without sense is never taken for the end of data: the run says what is wrong, nothing is written, and
// the next run brings everything.
func TestTillThatAnswersWithoutSense(t *testing.T) {
	w := newWorld(t, 50)
	c, address := serveCrooked(t, w.tillSim)
	w.urls.Source = address
	if err := w.app.createTenant(t.Context(), w.urls); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*http.Request, *httptest.ResponseRecorder){
		"cut XML":       halve,
		"no XML at all": replace("<<<not < XML"),
		"a web page":    replace("<html><body>Welcome to nginx</body></html>"),
		"nothing":       replace(""),
	} {
		t.Run(name, func(t *testing.T) {
			c.with(spoil)
			w.pass(connector.Incremental)
			runs, _, err := w.app.store.Runs(t.Context(), demoTenant, demoFlow, "", 1)
			if err != nil || len(runs) != 1 {
				t.Fatalf("%d runs, %v", len(runs), err)
			}
			w.says(runs[0].Problem, "MplusKASSA", "answer")
			if n := len(w.erp.Orders()); n != 0 {
				t.Errorf("%d orders arrived", n)
			}
		})
	}
	c.with(nil)
	if _, err := w.desk().TestConnection(t.Context(), demoTenant, demoSource); err != nil {
		t.Fatal(err)
	}
	w.pass(connector.Incremental)
	w.delivered()
}

// What AFAS answers without sense is neither a success nor a failure of the order: it is looked up, and everything is there
// once in the end.
func TestTargetThatAnswersWithoutSense(t *testing.T) {
	t.Parallel() // it waits until lost writes can no longer appear
	w := newWorld(t, 30)
	c, address := serveCrooked(t, w.erpSim)
	w.connect(demoTarget, map[string]string{"baseURL": address, "timeout": "2s", "lateEffect": "1s"}, nil)
	forms := []func(*http.Request, *httptest.ResponseRecorder){halve, replace(`{"rows": [}`),
		replace("<html><body>Welcome to nginx</body></html>")}
	spoiled := map[string]int{}
	c.with(func(r *http.Request, answer *httptest.ResponseRecorder) {
		if n := spoiled[r.Method]; c.count%3 == 0 && n < 2*len(forms) && answer.Code < http.StatusBadRequest {
			spoiled[r.Method]++
			forms[n%len(forms)](r, answer)
		}
	})
	w.pass(connector.Incremental)
	c.with(nil)
	if spoiled[http.MethodGet] < len(forms) || spoiled[http.MethodPost] < len(forms) {
		t.Errorf("spoiled answers: %v; the test shows too little", spoiled)
	}
	w.delivered()
}

// A token that is withdrawn in the middle of a run: what was delivered stays, the rest is parked and goes when the token is
// good again.
func TestTokenWithdrawnInTheMiddleOfARun(t *testing.T) {
	w := newWorld(t, 60)
	c, address := serveCrooked(t, w.erpSim)
	w.connect(demoTarget, map[string]string{"baseURL": address}, nil)
	written := 0
	c.with(func(r *http.Request, answer *httptest.ResponseRecorder) {
		if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/FbSales") && answer.Code < http.StatusBadRequest {
			if written++; written == 5 {
				w.erp.RevokeToken(true)
			}
		}
	})
	w.pass(connector.Incremental)
	c.with(nil)
	if n := len(w.erp.Orders()); n < 5 || n > 8 {
		t.Fatalf("%d orders were written before the token was withdrawn after the fifth", n)
	}
	open := w.incidents()
	if len(open) != 1 {
		t.Fatalf("the owner was told %d times, want once", len(open))
	}
	w.says(open[0].Problem, "token")
	parked := 0
	for number, f := range w.failures() {
		if f.State == store.FailureParked {
			parked++
			if f.Problem != nil && f.Problem.Class != fault.Pause {
				t.Errorf("order %s is parked for %v", number, f.Problem)
			}
		}
	}
	if parked == 0 {
		t.Error("no record is parked")
	}
	w.erp.RevokeToken(false)
	if _, err := w.desk().TestConnection(t.Context(), demoTenant, demoTarget); err != nil {
		t.Fatal(err)
	}
	w.quiet()
	w.delivered()
}

// Promise 7, with faults and refusals on the way: names of customers, packed credentials and what AFAS was told stand nowhere
// in clear.
func TestNothingPersonalLiesAboutAfterFaults(t *testing.T) {
	t.Parallel() // it waits until lost writes can no longer appear
	w := newWorld(t, 80)
	w.connect(demoTarget, map[string]string{"timeout": "1s", "lateEffect": "0s"}, nil)
	w.erpSim.SetFaults(sandbox.Faults{Fail: 0.1, Throttle: 0.1, RetryAfter: 20 * time.Millisecond, Limit: 12, Seed: 3})
	w.pass(connector.Incremental)
	w.erpSim.SetFaults(sandbox.Faults{})
	checked := 0
	for _, c := range w.shop.Customers {
		if c.Last == "" || c.Last == strings.ToLower(c.Last) || len(c.Last) < 6 {
			continue // a short name may stand in any text
		}
		checked++
		for place, found := range w.search(c.Last, c.Company, c.Address.PostalCode+c.Address.City, c.FullName()) {
			t.Errorf("%s holds the name %q", place, found)
		}
	}
	if checked < 5 {
		t.Errorf("only %d customers have a name to look for", checked)
	}
	for place := range w.search(strings.TrimPrefix(w.erp.Authorization(), "AfasToken "), strings.ToLower(afas.DefaultToken), w.erp.Token()) {
		t.Errorf("%s holds the token", place)
	}
	if size := len(w.log.String()); size < 100 {
		t.Errorf("the log has %d bytes; the test shows nothing", size)
	}
}
