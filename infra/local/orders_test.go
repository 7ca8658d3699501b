package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"apicenter/infra/exam"
	"apicenter/infra/sandbox"
	"apicenter/infra/sandbox/afas"
	"apicenter/infra/sandbox/mpluskassa"
	"apicenter/infra/sandbox/shopdata"
	"apicenter/shared/connector"
	"apicenter/shared/integration"
	"apicenter/shared/message"
	"apicenter/shared/model"
	"apicenter/shared/stage/webhook"
)

func jobNow() message.Job {
	return message.Job{Mode: string(connector.Incremental), Trigger: message.Manual}
}

// sku is an article number as the code both systems know it by.
type sku int64

func (s sku) String() string { return strconv.FormatInt(int64(s), 10) }

func TestOrdersArriveAndNothingMovesTwice(t *testing.T) {
	w := newWorld(t, 120)
	w.pass(connector.Incremental)
	w.delivered()
	writes := w.erpSim.Stats().ByOperation["POST FbSales"]
	before := w.outcomes()
	w.pass(connector.Full)
	w.delivered()
	if after := w.erpSim.Stats().ByOperation["POST FbSales"]; after != writes {
		t.Errorf("reading everything again wrote %d orders", after-writes)
	}
	if after := w.outcomes(); after[model.Delivered] != before[model.Delivered] || after[model.Skipped] <= before[model.Skipped] {
		t.Errorf("outcomes went from %v to %v", before, after)
	}
	w.pass(connector.Incremental)
	if again := w.outcomes(); again[model.Skipped] > 2*len(w.shop.Orders) {
		t.Errorf("a run without news told of %d skipped records", again[model.Skipped])
	}
}

// An unpaid order waits and arrives once it is paid.
func TestUnpaidOrderThatIsPaidLater(t *testing.T) {
	w := newWorld(t, 60)
	w.pass(connector.Incremental)
	o := w.first(shopdata.Unpaid)
	reference := exam.Prefix + o.Number.String()
	if n := len(w.erp.OrdersByReference(reference)); n != 0 {
		t.Fatalf("the unpaid order is in the target %d times", n)
	}
	if err := w.till.Pay(o.ID); err != nil {
		t.Fatal(err)
	}
	w.pass(connector.Incremental)
	if n := len(w.erp.OrdersByReference(reference)); n != 1 {
		t.Errorf("the paid order is in the target %d times", n)
	}
}

// An order that was cancelled after it had been delivered is never changed in the target; its owner is warned once.
func TestCancelledAfterDelivery(t *testing.T) {
	w := newWorld(t, 50)
	w.pass(connector.Incremental)
	o := w.first(shopdata.Deliver)
	if err := w.till.Cancel(o.ID); err != nil {
		t.Fatal(err)
	}
	w.pass(connector.Incremental)
	if err := w.till.Touch(o.ID); err != nil {
		t.Fatal(err)
	}
	w.pass(connector.Incremental)
	warnings := 0
	for _, r := range w.records() {
		for _, text := range r.Warnings {
			if r.Number == o.Number.String() && strings.Contains(text, "cancelled") {
				warnings++
			}
		}
	}
	if warnings != 1 {
		t.Errorf("the owner was warned %d times, want once", warnings)
	}
	w.delivered()
}

// Rows that become visible behind newer ones are found.
func TestLateVisibleOrders(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 0)
	w.till = mpluskassa.New(mpluskassa.Options{ShufflePages: true, LateVisible: 3 * time.Second, LateEvery: 3})
	w.shop = shopdata.Generate(shopdata.Options{Seed: 5, Orders: 90, Customers: 12})
	if err := w.erp.Load(exam.Seed(w.shop)); err != nil {
		t.Fatal(err)
	}
	w.till.Load(w.shop)
	w.urls.Source = serveSim(t, w.till.Sim())
	if err := w.app.createTenant(t.Context(), w.urls); err != nil {
		t.Fatal(err)
	}
	w.pass(connector.Incremental)
	early := len(w.erp.Orders())
	pause(t.Context(), 3200*time.Millisecond)
	w.pass(connector.Incremental)
	w.delivered()
	if late := len(w.erp.Orders()); early == late {
		t.Errorf("all %d orders were visible at once; the test shows nothing", early)
	}
}

func TestMissingArticleIsReplacedByThePlaceholder(t *testing.T) {
	w := newWorld(t, 60)
	if err := w.erp.AddItem(afas.SeedItem{Code: "ONBEKEND", Description: "Unknown article", Unit: "STK", VatGroup: "1"}); err != nil {
		t.Fatal(err)
	}
	if err := w.change(func(f *integration.Flow) {
		f.Orders.MissingProduct, f.Orders.Placeholder = integration.MissingPlaceholder, "ONBEKEND"
	}); err != nil {
		t.Fatal(err)
	}
	w.pass(connector.Incremental)
	o := w.first(shopdata.UnknownProduct)
	found := w.erp.OrdersByReference(exam.Prefix + o.Number.String())
	if len(found) != 1 {
		t.Fatalf("the order is in the target %d times", len(found))
	}
	placed := 0
	for _, l := range found[0].Lines {
		if l.ItemCode == "ONBEKEND" {
			placed++
		}
	}
	if placed == 0 {
		t.Error("no line has the placeholder")
	}
	for _, r := range w.records() {
		if r.Number == o.Number.String() && !strings.Contains(strings.Join(r.Warnings, " "), "placeholder") {
			t.Errorf("no warning tells of the placeholder: %v", r.Warnings)
		}
	}
}

// With force, every order goes to the default debtor and no customer is made.
func TestDefaultDebtorByForce(t *testing.T) {
	w := newWorld(t, 50)
	before := len(w.erp.Debtors())
	if err := w.change(func(f *integration.Flow) { f.Orders.ForceDebtor = true }); err != nil {
		t.Fatal(err)
	}
	w.pass(connector.Incremental)
	orders := w.erp.Orders()
	if len(orders) == 0 || len(w.erp.Debtors()) != before {
		t.Errorf("%d orders, %d new debtors", len(orders), len(w.erp.Debtors())-before)
	}
	for _, o := range orders {
		if o.DebtorID != exam.CounterDebtor {
			t.Errorf("order %s went to debtor %s", o.Reference, o.DebtorID)
		}
	}
}

// A reference that the target has with another total is not taken for the same order.
func TestReferenceTakenByAnotherOrder(t *testing.T) {
	w := newWorld(t, 50)
	o := w.first(shopdata.Deliver)
	play(w.erpSim, http.MethodPost, "/ProfitRestServices/connectors/FbSales", []byte(`{"FbSales":{"Element":{"Fields":{"OrDa":"2020-01-02",
		"DbId":"`+exam.CounterDebtor+`","RfCs":"`+exam.Prefix+o.Number.String()+`","Unit":1},"Objects":[{"FbSalesLines":{"Element":[
		{"Fields":{"VaIt":"6","ItCd":"VERZEND","BiUn":"*****","QuUn":1,"Upri":1}}]}}]}}}`))
	if n := len(w.erp.OrdersByReference(exam.Prefix + o.Number.String())); n != 1 {
		t.Fatalf("the planted order is there %d times", n)
	}
	w.pass(connector.Incremental)
	f, ok := w.failures()[o.Number.String()]
	if !ok {
		t.Fatal("the order is no failure")
	}
	w.says(f.Problem, exam.Prefix+o.Number.String(), "total", exam.Text(o.Totals.Incl), "prefix")
	if n := len(w.erp.OrdersByReference(exam.Prefix + o.Number.String())); n != 1 {
		t.Errorf("a second order was written under the reference")
	}
}

// With faults at the target of every kind, everything arrives once.
func TestFaultsAtTheTarget(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a minute: it waits until lost writes can no longer appear")
	}
	t.Parallel()
	w := newWorld(t, 60)
	w.connect(demoTarget, map[string]string{"timeout": "3s", "lateEffect": "2s"}, nil)
	w.erpSim.SetFaults(sandbox.Faults{Fail: 0.05, Throttle: 0.05, RetryAfter: 50 * time.Millisecond, Drop: 0.03, LateCommit: 0.03,
		CommitDelay: time.Second, Seed: 3})
	w.pass(connector.Incremental)
	w.delivered()
	stats := w.erpSim.Stats()
	if stats.Faults["late_commit"] == 0 || stats.Faults["throttle"] == 0 {
		t.Errorf("the faults did not happen: %v", stats.Faults)
	}
}

func TestWebhookStartsARun(t *testing.T) {
	w := newWorld(t, 50)
	token, hash, err := webhook.NewToken()
	if err != nil {
		t.Fatal(err)
	}
	if err := w.change(func(f *integration.Flow) { f.Hook = hash }); err != nil {
		t.Fatal(err)
	}
	handler, _, err := w.app.handler(nil)
	if err != nil {
		t.Fatal(err)
	}
	call := func(method, token string) int {
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, httptest.NewRequest(method, "/hooks/"+token, nil))
		return answer.Code
	}
	for _, test := range []struct {
		method, token string
		want          int
	}{{http.MethodPost, "nobody-has-this", http.StatusNotFound}, {http.MethodGet, token, http.StatusMethodNotAllowed}, {http.MethodPost, token, http.StatusAccepted}} {
		if got := call(test.method, test.token); got != test.want {
			t.Errorf("%s: status %d, want %d", test.method, got, test.want)
		}
	}
	w.quiet()
	w.delivered()
	if err := w.desk().PauseFlow(t.Context(), demoTenant, demoFlow); err != nil {
		t.Fatal(err)
	}
	if got := call(http.MethodPost, token); got != http.StatusConflict {
		t.Errorf("of a paused flow: status %d", got)
	}
}

// Promise 7: what lies in files and logs names no customer, and holds no credential.
func TestNothingPersonalLiesAboutInClear(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 80)
	w.erpSim.SetFaults(sandbox.Faults{Throttle: 0.1, RetryAfter: 20 * time.Millisecond, Seed: 3})
	w.pass(connector.Incremental)
	planted := map[string]string{"token": afas.DefaultToken, "ident": mpluskassa.DefaultIdent, "secret": mpluskassa.DefaultSecret}
	for _, c := range w.shop.Customers {
		if c.Email != "" {
			planted["e-mail address"] = c.Email
			for place, found := range w.search(strings.ToLower(c.Email), c.Phone, c.Address.Street+" "+strconv.Itoa(c.Address.HouseNumber)) {
				t.Errorf("%s holds personal data: %s", place, found)
			}
		}
	}
	for name, value := range planted {
		for place := range w.search(value) {
			t.Errorf("%s holds the %s", place, name)
		}
	}
}

// search looks for texts in every file of the data folder and in the log.
func (w *rig) search(texts ...string) map[string]string {
	w.Helper()
	places := map[string]string{"the log": w.log.String()}
	files, err := filepath.Glob(filepath.Join(w.dir, "*"))
	if err != nil {
		w.Fatal(err)
	}
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			w.Fatal(err)
		}
		places[filepath.Base(f)] = string(data)
	}
	out := map[string]string{}
	for place, content := range places {
		for _, text := range texts {
			if len(text) > 5 && strings.Contains(content, text) {
				out[place] = text
			}
		}
	}
	return out
}

// The checker itself has to notice what is wrong.
func TestCheckerNotices(t *testing.T) {
	w := newWorld(t, 60)
	w.pass(connector.Incremental)
	w.delivered()
	o := w.first(shopdata.Deliver)
	reference := exam.Prefix + o.Number.String()
	spoil := map[string]struct {
		spoil func(s *afas.State)
		is    func(v exam.Verdict) bool
	}{
		"a double order":  {func(s *afas.State) { s.Orders = append(s.Orders, find(s, reference)) }, func(v exam.Verdict) bool { return v.Doubled == 1 }},
		"a double debtor": {func(s *afas.State) { s.Debtors = append(s.Debtors, withEmail(s)) }, func(v exam.Verdict) bool { return v.Doubled == 1 }},
		"a lost order":    {func(s *afas.State) { drop(s, reference) }, func(v exam.Verdict) bool { return v.Lost == 1 }},
		"an order too many": {func(s *afas.State) {
			extra := find(s, reference)
			extra.Reference = exam.Prefix + "1999.1"
			s.Orders = append(s.Orders, extra)
		},
			func(v exam.Verdict) bool { return v.Wrong == 1 }},
		"a wrong total":    {func(s *afas.State) { at(s, reference).TotalIncl = model.Decimal{} }, func(v exam.Verdict) bool { return v.Wrong == 1 }},
		"a wrong quantity": {func(s *afas.State) { at(s, reference).Lines[0].Quantity = model.Decimal{} }, func(v exam.Verdict) bool { return v.Wrong == 1 }},
		"a wrong customer": {func(s *afas.State) { at(s, reference).DebtorID = exam.CounterDebtor }, func(v exam.Verdict) bool { return v.Wrong > 0 }},
		"a wrong address": {func(s *afas.State) {
			for i := range s.Debtors {
				if s.Debtors[i].ID == at(s, reference).DebtorID {
					moved := *s.Debtors[i].Party.Visiting
					moved.Number++
					s.Debtors[i].Party.Visiting = &moved
				}
			}
		}, func(v exam.Verdict) bool { return v.Wrong > 0 }},
	}
	for name, test := range spoil {
		t.Run(name, func(t *testing.T) {
			state := w.erp.Snapshot()
			test.spoil(&state)
			open := map[string]bool{}
			for number := range w.failures() {
				open[number] = true
			}
			if v := exam.Compare(w.shop.Orders, state, open); !test.is(v) || len(v.Problems) == 0 {
				t.Errorf("lost %d, doubled %d, wrong %d", v.Lost, v.Doubled, v.Wrong)
			}
		})
	}
}

func at(s *afas.State, reference string) *afas.Order {
	for i := range s.Orders {
		if s.Orders[i].Reference == reference {
			return &s.Orders[i]
		}
	}
	return nil
}

func find(s *afas.State, reference string) afas.Order { return *at(s, reference) }

func drop(s *afas.State, reference string) {
	for i := range s.Orders {
		if s.Orders[i].Reference == reference {
			s.Orders = append(s.Orders[:i], s.Orders[i+1:]...)
			return
		}
	}
}

// withEmail returns a copy of a debtor that can be found by e-mail, under another number.
func withEmail(s *afas.State) afas.Debtor {
	for _, d := range s.Debtors {
		if len(exam.Emails(&d)) > 0 {
			d.ID = "99999"
			return d
		}
	}
	return afas.Debtor{}
}
