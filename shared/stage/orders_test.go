package stage_test

import (
	"strings"
	"testing"
	"time"

	"apicenter/shared/connector"
	"apicenter/shared/integration"
	"apicenter/shared/model"
)

// rejected fails the test unless the order is an open failure whose sentence, advice and field hold the words.
func (r *rig) rejected(number string, words ...string) {
	r.Helper()
	f, ok := r.failures()[number]
	if !ok {
		r.Errorf("order %s is no failure: %s", number, summary(r.told(number)))
		return
	}
	text := f.Problem.Message + " | " + f.Problem.Advice + " | " + f.Problem.Field
	for _, word := range words {
		if !strings.Contains(text, word) {
			r.Errorf("order %s: the problem does not say %q: %s", number, word, text)
		}
	}
}

func (r *rig) warned(number, word string) bool {
	r.Helper()
	for _, a := range r.told(number) {
		if strings.Contains(strings.Join(a.Warnings, " "), word) {
			return true
		}
	}
	return false
}

// An unpaid order waits on a list of its own and is looked at again, though the source gives it no new marker.
func TestOnlyPaid(t *testing.T) {
	r := newRig(t)
	r.change(func(f *integration.Flow) { f.Orders = &integration.OrderRules{OnlyPaid: true} })
	r.source.add(&sale{email: "anna@proef.example"})
	o := r.source.add(&sale{email: "jo@proef.example", unpaid: true})
	gone := r.source.add(&sale{email: "ko@proef.example", unpaid: true})
	for range 5 {
		r.source.add(&sale{email: "anna@proef.example"})
	}
	r.run()
	r.once(o.number, gone.number)
	r.source.orders = append(r.source.orders[:2], r.source.orders[3:]...) // removed at the source
	o.unpaid = false
	r.now = r.now.Add(7 * time.Hour)
	r.run()
	r.once()
	if due, err := r.store.DueRereads(t.Context(), tenant, flowID, r.now.Add(365*24*time.Hour), 10); err != nil || len(due) != 0 {
		t.Errorf("%d records are still on the list, %v", len(due), err)
	}
	filtered := 0
	for _, a := range r.told(o.number) {
		if a.Reason == model.ReasonFiltered {
			filtered++
		}
	}
	if filtered != 1 {
		t.Errorf("the owner was told %d times that the order waits, want once", filtered)
	}
}

func TestWaitingOrdersAgeOut(t *testing.T) {
	r := newRig(t)
	r.change(func(f *integration.Flow) { f.Orders = &integration.OrderRules{OnlyPaid: true, MaxWait: 24 * time.Hour} })
	o := r.source.add(&sale{email: "jo@proef.example", unpaid: true})
	for range 5 {
		r.source.add(&sale{email: "anna@proef.example"})
	}
	r.run()
	r.now = r.now.Add(48 * time.Hour)
	r.run()
	o.unpaid = false
	r.now = r.now.Add(48 * time.Hour)
	r.run()
	r.once(o.number)
}

func TestCancelledOrders(t *testing.T) {
	r := newRig(t)
	before := r.source.add(&sale{email: "anna@proef.example", cancelled: true})
	after := r.source.add(&sale{email: "jo@proef.example"})
	r.run()
	r.once(before.number)
	after.cancelled = true
	for range 2 {
		r.source.touch(after)
		r.run()
	}
	r.once(before.number)
	warnings := 0
	for _, a := range r.told(after.number) {
		if strings.Contains(strings.Join(a.Warnings, " "), "by hand") {
			warnings++
		}
	}
	if warnings != 1 {
		t.Errorf("the owner was warned %d times, want once", warnings)
	}
}

// The four rows of the default debtor: off or on, forced or not, with and without a customer.
func TestDefaultDebtor(t *testing.T) {
	for name, test := range map[string]struct {
		rules          integration.OrderRules
		known, unknown string // customer number of an order with and without e-mail; "own" for the real one, "" for a failure
	}{
		"off":      {integration.OrderRules{}, "own", ""},
		"fallback": {integration.OrderRules{DefaultDebtor: "D1"}, "own", "D1"},
		"forced":   {integration.OrderRules{DefaultDebtor: "D1", ForceDebtor: true}, "D1", "D1"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.change(func(f *integration.Flow) { f.Orders = &test.rules })
			with, without := r.source.add(&sale{email: "anna@proef.example"}), r.source.add(&sale{})
			r.run()
			if test.unknown == "" {
				r.once(without.number)
				r.rejected(without.number, "no customer e-mail address", "no default debtor", "customer.email")
			} else {
				r.once()
				if got := r.target.orders["T-"+without.number][0].customer; got != test.unknown {
					t.Errorf("the order without e-mail went to %s, want %s", got, test.unknown)
				}
			}
			own := r.target.customers["anna@proef.example"]
			want := test.known
			if want == "own" {
				if len(own) != 1 {
					t.Fatal("the customer was not created")
				}
				want = own[0].id
			} else if len(own) != 0 {
				t.Error("a customer was created although the default debtor is forced")
			}
			if got := r.target.orders["T-"+with.number][0].customer; got != want {
				t.Errorf("the order with e-mail went to %s, want %s", got, want)
			}
		})
	}
}

func TestMissingProducts(t *testing.T) {
	r := newRig(t)
	r.target.articles["5003"] = "blocked"
	missing := r.source.add(&sale{email: "a@proef.example", lines: []saleLine{{"9999", "1", "1.00", ""}}})
	blocked := r.source.add(&sale{email: "a@proef.example", lines: []saleLine{{"5003", "1", "1.00", ""}}})
	r.run()
	r.once(missing.number, blocked.number)
	r.rejected(missing.number, "9999", "does not exist in Books", "lines[0].sku")
	r.rejected(blocked.number, "5003", "is blocked in Books")
	r.target.articles["ANY"] = ""
	r.change(func(f *integration.Flow) {
		f.Orders = &integration.OrderRules{MissingProduct: integration.MissingPlaceholder, Placeholder: "ANY"}
	})
	if n, err := r.desk.RetryFailures(t.Context(), tenant, flowID, []string{missing.key, blocked.key}); n != 2 || err != nil {
		t.Fatal(n, err)
	}
	r.run()
	r.once()
	if !r.warned(missing.number, "placeholder ANY") {
		t.Error("no warning tells of the placeholder")
	}
}

func TestTotals(t *testing.T) {
	r := newRig(t)
	r.change(func(f *integration.Flow) { f.Orders = &integration.OrderRules{RoundingSKU: "ROUND"} })
	exact := r.source.add(&sale{email: "a@proef.example"})
	near := r.source.add(&sale{email: "a@proef.example", total: "24.25"})
	off := r.source.add(&sale{email: "a@proef.example", total: "24.26"})
	net := r.source.add(&sale{email: "a@proef.example", net: true, lines: []saleLine{{"5001", "3", "10.01", ""}}})
	discount := r.source.add(&sale{email: "a@proef.example", lines: []saleLine{{"5001", "2", "12.10", "4.20"}}})
	r.run()
	r.once(off.number)
	r.rejected(off.number, "24.20 EUR", "24.26 EUR", "total.gross")
	for _, o := range []*sale{exact, net, discount} {
		if costs := r.target.orders["T-"+o.number][0].fields["costs"]; costs != nil {
			t.Errorf("order %s has costs %v", o.number, costs)
		}
	}
	costs, _ := r.target.orders["T-"+near.number][0].fields["costs"].([]any)
	if len(costs) != 1 || !r.warned(near.number, "rounding") {
		t.Errorf("within the tolerance: costs %v", costs)
	}
}

func TestShippingIsALineOfItsOwn(t *testing.T) {
	r := newRig(t)
	r.change(func(f *integration.Flow) {
		f.Orders = &integration.OrderRules{ShippingSKU: "SHIP", ShippingArticles: []string{"990"}}
	})
	o := r.source.add(&sale{email: "a@proef.example", lines: []saleLine{{"5001", "1", "10.00", ""}, {"990", "1", "4.95", ""}}})
	r.run()
	r.once()
	got := r.target.orders["T-"+o.number][0].fields
	lines, _ := got["lines"].([]any)
	costs, _ := got["costs"].([]any)
	if len(lines) != 1 || len(costs) != 1 || costs[0].(model.Tree)["code"] != "SHIP" {
		t.Errorf("lines %v, costs %v", lines, costs)
	}
}

// Found under our reference with another total: shown, never skipped.
func TestReferenceOfAnotherOrder(t *testing.T) {
	r := newRig(t)
	o := r.source.add(&sale{email: "a@proef.example"})
	r.target.orders["T-"+o.number] = []order{{id: "OLD", total: dec("99.00"), customer: "X"}}
	same := r.source.add(&sale{email: "a@proef.example"})
	r.target.orders["T-"+same.number] = []order{{id: "OWN", total: dec("24.20"), customer: "X"}}
	twice := r.source.add(&sale{email: "a@proef.example"})
	r.target.orders["T-"+twice.number] = []order{{id: "ONE", total: dec("24.20")}, {id: "TWO", total: dec("24.20")}}
	r.run()
	r.rejected(o.number, "OLD", "T-"+o.number, "99", "24.2", "prefix")
	list := r.told(same.number)
	if a := list[0]; a.Outcome != model.Skipped || a.Reason != model.ReasonExists || a.TargetID != "OWN" {
		t.Errorf("the same order ended as %s %s %s", a.Outcome, a.Reason, a.TargetID)
	}
	if !r.warned(twice.number, "2 orders") {
		t.Error("no warning tells that the target has the order twice")
	}
	if r.target.calls["write orders"] != 0 {
		t.Error("an order was written")
	}
}

func TestSeveralCustomersUnderOneKey(t *testing.T) {
	r := newRig(t)
	r.target.customers["a@proef.example"] = []party{{id: "NEW", created: r.now}, {id: "OLD", created: r.now.Add(-time.Hour)},
		{id: "BLOCKED", created: r.now.Add(-2 * time.Hour), blocked: true}}
	r.target.customers["b@proef.example"] = []party{{id: "B", blocked: true}}
	a, b := r.source.add(&sale{email: "a@proef.example"}), r.source.add(&sale{email: "b@proef.example"})
	r.run()
	if got := r.target.orders["T-"+a.number]; len(got) != 1 || got[0].customer != "OLD" {
		t.Errorf("the order went to %+v, want the oldest that is not blocked", got)
	}
	if !r.warned(a.number, "OLD") {
		t.Error("no warning tells of the choice")
	}
	r.rejected(b.number, "blocked in Books", "Release")
}

func TestUpdateCustomers(t *testing.T) {
	for _, update := range []bool{false, true} {
		r := newRig(t)
		r.change(func(f *integration.Flow) { f.Orders = &integration.OrderRules{UpdateCustomers: update} })
		r.source.add(&sale{email: "a@proef.example"})
		r.run()
		r.source.add(&sale{email: "a@proef.example", company: "Proef B.V."})
		r.run()
		r.source.add(&sale{email: "a@proef.example", company: "Proef B.V."})
		r.run()
		r.once()
		want := 0
		if update {
			want = 1 // once for the change, not for every order
		}
		if r.target.updates != want {
			t.Errorf("with updates %t: %d updates, want %d", update, r.target.updates, want)
		}
	}
}

func TestEchoAndFilter(t *testing.T) {
	r := newRig(t)
	c, err := r.store.Connection(t.Context(), tenant, "to")
	if err != nil {
		t.Fatal(err)
	}
	c.Prefix = "B-"
	if err := r.store.PutConnection(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	r.change(func(f *integration.Flow) { f.Filter = `total.gross > 10` })
	echo := r.source.add(&sale{email: "a@proef.example", external: "B-17"})
	small := r.source.add(&sale{email: "a@proef.example", lines: []saleLine{{"5001", "1", "9.99", ""}}})
	r.source.add(&sale{email: "a@proef.example"})
	r.run()
	r.once(echo.number, small.number)
	if list := r.told(echo.number); list[0].Reason != model.ReasonEcho {
		t.Errorf("the echo ended as %s", summary(list))
	}
	if list := r.told(small.number); list[0].Reason != model.ReasonFiltered {
		t.Errorf("the small order ended as %s", summary(list))
	}
}

// A unit the source does not give is the one the target keeps the article in.
func TestUnitOfTheTarget(t *testing.T) {
	r := newRig(t)
	o := r.source.add(&sale{email: "a@proef.example"})
	r.run()
	lines, _ := r.target.orders["T-"+o.number][0].fields["lines"].([]any)
	if len(lines) != 1 || lines[0].(model.Tree)["unit"] != "PCS" {
		t.Errorf("lines %v", lines)
	}
}

// A message of many orders of known customers costs a handful of find calls, not one for each.
func TestFindsAreBatched(t *testing.T) {
	r := newRig(t)
	r.source.page = 50
	for range 50 {
		r.source.add(&sale{email: "a@proef.example"})
	}
	r.run()
	r.once()
	finds := r.target.calls["find orders"] + r.target.calls["find customers"] + r.target.calls["find products"]
	if finds > 8 {
		t.Errorf("%d find calls for 50 orders", finds)
	}
}

var _ connector.Reader = (*source)(nil)
