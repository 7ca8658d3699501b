package main

import (
	"net"
	"strings"
	"testing"
	"time"

	"apicenter/infra/exam"
	"apicenter/infra/sandbox"
	"apicenter/infra/sandbox/afas"
	"apicenter/infra/sandbox/mpluskassa"
	"apicenter/infra/sandbox/shopdata"
	"apicenter/shared/connector"
	"apicenter/shared/fault"
	"apicenter/shared/integration"
	"apicenter/shared/store"
)

// says fails the test unless the problem's sentence, advice or field holds each of the words, and no secret.
func (w *rig) says(problem *fault.Error, words ...string) {
	w.Helper()
	if problem == nil {
		w.Fatalf("there is no problem; want one that says %q", words)
	}
	text := strings.Join([]string{problem.Message, problem.Advice, problem.Field}, " | ")
	for _, word := range words {
		if !strings.Contains(strings.ToLower(text), strings.ToLower(word)) {
			w.Errorf("the problem does not say %q: %s", word, text)
		}
	}
	for _, secret := range []string{mpluskassa.DefaultSecret, afas.DefaultToken, "wrong-secret"} {
		if strings.Contains(problem.Error()+problem.Advice, secret) {
			w.Errorf("a secret stands in the problem: %s", text)
		}
	}
	if problem.Message == "" || problem.Advice == "" {
		w.Errorf("the problem lacks a sentence or advice: %+v", problem)
	}
}

// freePort returns a port nobody listens on.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// A till that cannot be read: the owner is told why, nothing is changed, and when it is mended every order arrives.
func TestTillThatCannotBeRead(t *testing.T) {
	tests := map[string]struct {
		spoil func(w *rig)
		words []string
		field string
	}{
		"wrong credentials": {func(w *rig) {
			w.connect(demoSource, nil, map[string]string{"ident": "nobody", "secret": "wrong-secret"})
		}, []string{"ident", "secret"}, ""},
		"wrong port":       {func(w *rig) { w.connect(demoSource, map[string]string{"port": freePort(w.T)}, nil) }, []string{"port"}, ""},
		"unreachable host": {func(w *rig) { w.connect(demoSource, map[string]string{"host": "till.test"}, nil) }, []string{"till.test"}, ""},
		"missing setting":  {func(w *rig) { w.connect(demoSource, map[string]string{"port": ""}, nil) }, []string{"port", "required"}, "port"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, 50)
			good, err := w.app.store.Connection(t.Context(), demoTenant, demoSource)
			if err != nil {
				t.Fatal(err)
			}
			test.spoil(w)
			w.pass(connector.Incremental)
			w.says(w.whyNotRead(), test.words...)
			if test.field != "" && !strings.Contains(w.whyNotRead().Field, test.field) {
				t.Errorf("field %q, want %q", w.whyNotRead().Field, test.field)
			}
			_, err = w.desk().TestConnection(t.Context(), demoTenant, demoSource)
			w.says(fault.As(err), test.words...)
			if n := len(w.erp.Orders()); n != 0 {
				t.Errorf("%d orders arrived", n)
			}
			if err := w.app.store.PutConnection(t.Context(), good); err != nil {
				t.Fatal(err)
			}
			if _, err := w.desk().TestConnection(t.Context(), demoTenant, demoSource); err != nil {
				t.Fatalf("the test of the mended connection: %v", err)
			}
			w.pass(connector.Incremental)
			w.delivered()
			if open := w.incidents(); len(open) > 0 {
				t.Errorf("%d incidents are still open: %v", len(open), open[0].Problem)
			}
		})
	}
}

// whyNotRead is the problem the owner sees: of the last run, or of an incident.
func (w *rig) whyNotRead() *fault.Error {
	w.Helper()
	runs, _, err := w.app.store.Runs(w.Context(), demoTenant, demoFlow, "", 10)
	if err != nil {
		w.Fatal(err)
	}
	for _, r := range runs {
		if r.Problem != nil {
			return r.Problem
		}
	}
	for _, i := range w.incidents() {
		return i.Problem
	}
	return nil
}

// A target that refuses us: its connection pauses, records are parked without using up a try, the owner is told once, and
// when it is mended they arrive by themselves.
func TestTargetThatRefusesUs(t *testing.T) {
	tests := map[string]struct {
		spoil, mend func(w *rig)
		words       []string
	}{
		"expired token": {func(w *rig) { w.erp.RevokeToken(true) }, func(w *rig) { w.erp.RevokeToken(false) }, []string{"token"}},
		"wrong token": {
			func(w *rig) { w.connect(demoTarget, nil, map[string]string{"token": strings.Repeat("AB", 32)}) },
			func(w *rig) { w.connect(demoTarget, nil, map[string]string{"token": afas.DefaultToken}) }, []string{"token"},
		},
		"address not allowed": {
			func(w *rig) { w.erpSim.SetFaults(sandbox.Faults{Deny: true}) },
			func(w *rig) { w.erpSim.SetFaults(sandbox.Faults{}) }, []string{"address", "not allowed", "app connector"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, 50)
			test.spoil(w)
			w.pass(connector.Incremental)
			open := w.incidents()
			if len(open) != 1 {
				t.Fatalf("the owner was told %d times, want once", len(open))
			}
			w.says(open[0].Problem, test.words...)
			parked := 0
			for _, f := range w.failures() {
				if f.State == store.FailureParked {
					parked++
				}
			}
			if parked == 0 || len(w.erp.Orders()) != 0 {
				t.Fatalf("%d records are parked and %d orders arrived", parked, len(w.erp.Orders()))
			}
			_, err := w.desk().TestConnection(t.Context(), demoTenant, demoTarget)
			w.says(fault.As(err), test.words...)
			test.mend(w)
			if _, err := w.desk().TestConnection(t.Context(), demoTenant, demoTarget); err != nil {
				t.Fatalf("the test of the mended connection: %v", err)
			}
			w.quiet()
			w.pass(connector.Incremental)
			w.delivered()
			if open := w.incidents(); len(open) > 0 {
				t.Errorf("%d incidents are still open", len(open))
			}
			w.await("the log to tell of the end", func() bool { return strings.Contains(w.log.String(), `msg="incident closed"`) })
			for _, line := range []string{`msg="incident opened" tenant=demo subject=connection/erp`, `msg="incident closed" tenant=demo subject=connection/erp`} {
				if n := strings.Count(w.log.String(), line); n != 1 {
					t.Errorf("the log has %d lines with %s, want one", n, line)
				}
			}
		})
	}
}

// A target that does not answer at all loses nothing and uses up no try.
func TestTargetThatIsGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 50)
	good := w.urls.Target
	w.connect(demoTarget, map[string]string{"baseURL": "http://127.0.0.1:" + freePort(t)}, nil)
	flow, err := w.app.store.Flow(t.Context(), demoTenant, demoFlow)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.app.fetch.Enqueue(t.Context(), flow, jobNow(), 0); err != nil {
		t.Fatal(err)
	}
	down := func() bool {
		state, err := w.app.store.ConnectionState(t.Context(), demoTenant, demoTarget)
		if err != nil {
			t.Fatal(err)
		}
		return state.Status == integration.Down
	}
	w.await("the connection to be down", down)
	w.says(w.incidents()[0].Problem, "127.0.0.1")
	if n := len(w.failures()); n != 0 {
		// What the mapper rejects is rejected whatever the target does.
		for number, f := range w.failures() {
			if f.Outcome == "failed" {
				t.Errorf("order %s used up its tries: %v", number, f.Problem)
			}
		}
	}
	w.connect(demoTarget, map[string]string{"baseURL": good}, nil)
	if _, err := w.desk().TestConnection(t.Context(), demoTenant, demoTarget); err != nil {
		t.Fatal(err)
	}
	w.quiet()
	w.delivered()
}

func (w *rig) await(what string, is func() bool) {
	w.Helper()
	for range 600 {
		if is() {
			return
		}
		pause(w.Context(), 50*time.Millisecond)
	}
	w.Fatalf("waited in vain for %s", what)
}

// Orders that cannot go as they are: each says which field and what to do, and the others go.
func TestOrdersThatCannotGo(t *testing.T) {
	w := newWorld(t, 60)
	if err := w.change(func(f *integration.Flow) { f.Orders.DefaultDebtor = "" }); err != nil {
		t.Fatal(err)
	}
	w.pass(connector.Incremental)
	failures := w.failures()
	for fate, want := range map[shopdata.Fate]struct {
		field string
		words []string
	}{
		shopdata.UnknownProduct: {"sku", []string{"article", "does not exist in AFAS", "create the article"}},
		shopdata.Inconsistent:   {"total", []string{"the lines of order", "but its total is", "EUR"}},
		shopdata.NoEmail:        {"customer.email", []string{"no customer e-mail address", "no default debtor"}},
		shopdata.Guest:          {"customer.email", []string{"no customer e-mail address", "no default debtor"}},
	} {
		o := w.first(fate)
		f, ok := failures[o.Number.String()]
		if !ok {
			t.Errorf("order %s (%s) is no failure", o.Number, fate)
			continue
		}
		w.says(f.Problem, want.words...)
		if !strings.Contains(f.Problem.Field, want.field) {
			t.Errorf("%s: field %q, want %q", fate, f.Problem.Field, want.field)
		}
	}
	w.sound()
}

// A rejected order goes when its cause is mended and the owner retries it.
func TestRetryAfterTheArticleWasCreated(t *testing.T) {
	w := newWorld(t, 60)
	w.pass(connector.Incremental)
	o := w.first(shopdata.UnknownProduct)
	f, ok := w.failures()[o.Number.String()]
	if !ok {
		t.Fatal("the order with an unknown article is no failure")
	}
	for _, l := range o.Lines {
		if l.Article == nil {
			item := afas.SeedItem{Code: exam.Text(sku(l.ArticleNumber)), Description: l.Text, Unit: "STK", VatGroup: exam.VATGroup(l.VATRate)}
			if err := w.erp.AddItem(item); err != nil {
				t.Fatal(err)
			}
		}
	}
	if n, err := w.desk().RetryFailures(t.Context(), demoTenant, demoFlow, []string{f.Key}); err != nil || n != 1 {
		t.Fatalf("%d were sent on, %v", n, err)
	}
	w.quiet()
	if n := len(w.erp.OrdersByReference(exam.Prefix + o.Number.String())); n != 1 {
		t.Errorf("the order is %d times in the target", n)
	}
	if f, still := w.failures()[o.Number.String()]; still {
		t.Errorf("it is still a failure: %v", f.Problem)
	}
}

// A mapping with mistakes is refused when it is saved, with every mistake at its place, and what ran before goes on.
func TestMappingWithTypos(t *testing.T) {
	w := newWorld(t, 50)
	err := w.change(func(f *integration.Flow) {
		f.GetMapping = "rules:\n  - {to: nummber, from: orderId}\n  - {to: reference, from: trimm(reference)}\n"
	})
	if err == nil {
		t.Fatal("the mapping was accepted")
	}
	for _, want := range []string{"mpluskassa orders get:2", "mpluskassa orders get:3", "nummber", "did you mean number", "did you mean trim"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not say %q:\n%v", want, err)
		}
	}
	w.pass(connector.Incremental)
	w.delivered()
}

// A setting that is missing or wrong is named when the flow is saved.
func TestFlowSettings(t *testing.T) {
	w := newWorld(t, 50)
	for name, test := range map[string]struct {
		alter func(f *integration.Flow)
		words []string
	}{
		"administration":  {func(f *integration.Flow) { delete(f.Options, "administration") }, []string{"Administration", "required"}},
		"control account": {func(f *integration.Flow) { delete(f.Options, "controlAccount") }, []string{"Control account", "required"}},
		"payment terms":   {func(f *integration.Flow) { delete(f.Options, "paymentTerms") }, []string{"Payment terms", "required"}},
		"unknown setting": {func(f *integration.Flow) { f.Options["colour"] = "blue" }, []string{"no setting", "colour"}},
		"wrong form":      {func(f *integration.Flow) { f.Options["administration"] = "one" }, []string{"Administration", "whole number"}},
		"order type":      {func(f *integration.Flow) { f.Orders.Type = "banana" }, []string{"banana", "order"}},
		"filter":          {func(f *integration.Flow) { f.Filter = "totl.gross > 10" }, []string{"filter", "totl"}},
	} {
		t.Run(name, func(t *testing.T) {
			err := w.change(test.alter)
			if err == nil {
				t.Fatal("it was accepted")
			}
			for _, word := range test.words {
				if !strings.Contains(err.Error(), word) {
					t.Errorf("the error does not say %q: %v", word, err)
				}
			}
		})
	}
	if err := w.change(func(f *integration.Flow) { f.Options["controlAccount"] = "4711" }); err != nil {
		t.Fatal(err)
	}
	_, err := w.desk().TestConnection(t.Context(), demoTenant, demoTarget)
	w.says(fault.As(err), "ledger account 4711", "controlAccount")
}

// Answers that are cut short or no XML or JSON at all are tried again, not taken for the end of data.
func TestBrokenAnswers(t *testing.T) {
	w := newWorld(t, 50)
	w.tillSim.SetFaults(sandbox.Faults{Drop: 1, Limit: 1})
	w.pass(connector.Incremental)
	if problem := w.whyNotRead(); problem == nil {
		t.Error("the run that could not read does not say so")
	} else {
		w.says(problem)
	}
	w.tillSim.SetFaults(sandbox.Faults{})
	w.pass(connector.Incremental)
	w.delivered()
}

func TestTwoProcessesOnOneDatabase(t *testing.T) {
	w := newWorld(t, 0)
	_, err := openApp(t.Context(), w.dir, newLog(nil, w.log))
	if err == nil {
		t.Fatal("a second process opened the database")
	}
	if !strings.Contains(err.Error(), "in use by another process") {
		t.Errorf("the error does not say why: %v", err)
	}
}
