package afas_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	sandbox "apicenter/infra/sandbox/afas"
	"apicenter/shared/connector"
	"apicenter/shared/fault"
	"apicenter/shared/model"
)

func TestOrderIsWrittenAndFound(t *testing.T) {
	for _, kind := range []string{"order", "invoice", "directinvoice"} {
		t.Run(kind, func(t *testing.T) {
			w := connect(t, sandbox.Options{}, nil)
			w.item(t, "5001")
			d := simple("POS-2026.318", "10999", "5001", "12.10")
			d.Type = kind
			out := w.write(t, model.Orders, d)
			if out.Err != nil || out.ID == "" || out.Unknown || out.NotStarted {
				t.Fatalf("got %+v", out)
			}
			matches := w.find(t, model.Orders, connector.Query{Reference: "POS-2026.318", Type: kind})
			if len(matches) != 1 {
				t.Fatalf("got %d matches", len(matches))
			}
			m := matches[0]
			if m.ID != out.ID || m.Date != "2026-10-24" || m.Customer != "10999" || m.Total == nil || m.Total.Cmp(dec("24.20")) != 0 {
				t.Errorf("got %+v, total %v; want id %s", m, m.Total, out.ID)
			}
			if kind != "order" && len(w.env.DirectInvoices()) != 1 || kind == "order" && len(w.env.Orders()) != 1 {
				t.Error("it was written as another type")
			}
		})
	}
}

// AFAS compares without case; a reference that differs in case only belongs to another order.
func TestFindOrdersComparesExactly(t *testing.T) {
	w := connect(t, sandbox.Options{}, nil)
	w.item(t, "5001")
	for _, reference := range []string{"pos-1", "POS-1", "POS-1", "POS-1,2;3", "POS 1+1 & co", "PÖS-1"} {
		if out := w.write(t, model.Orders, simple(reference, "10999", "5001", "1.00")); out.Err != nil {
			t.Fatal(out.Err)
		}
	}
	for reference, want := range map[string]int{"pos-1": 1, "POS-1": 2, "POS-1,2;3": 1, "POS 1+1 & co": 1, "PÖS-1": 1, "Pos-1": 0, "POS-": 0} {
		if got := len(w.find(t, model.Orders, connector.Query{Reference: reference})); got != want {
			t.Errorf("%q: got %d matches, want %d", reference, got, want)
		}
	}
}

// A message of fifty orders costs a handful of calls.
func TestFindIsBatched(t *testing.T) {
	w := connect(t, sandbox.Options{}, nil)
	w.item(t, "5001")
	var orders, customers, products []connector.Query
	for i := range 50 {
		reference := fmt.Sprintf("POS-2026.%03d", i)
		orders = append(orders, connector.Query{Reference: reference})
		customers = append(customers, connector.Query{Key: fmt.Sprintf("buyer%02d@example.example", i), By: "email"})
		products = append(products, connector.Query{Key: fmt.Sprintf("ART-%05d", i)})
	}
	w.item(t, "ART-00007")
	if out := w.write(t, model.Orders, simple("POS-2026.049", "10999", "5001", "1.00")); out.Err != nil {
		t.Fatal(out.Err)
	}
	for _, tt := range []struct {
		kind    model.Kind
		queries []connector.Query
		hit     int
		most    int
	}{{model.Orders, orders, 49, 2}, {model.Customers, customers, -1, 4}, {model.Products, products, 7, 2}} {
		before := w.sim.Stats().Requests
		found, err := w.Find(t.Context(), tt.kind, tt.queries)
		if err != nil || len(found) != 50 {
			t.Fatalf("%s: got %d, %v", tt.kind, len(found), err)
		}
		if got := w.sim.Stats().Requests - before; got > tt.most {
			t.Errorf("%s: got %d calls, want at most %d", tt.kind, got, tt.most)
		}
		for i, f := range found {
			if f.Err != nil || (len(f.Matches) == 1) != (i == tt.hit) {
				t.Errorf("%s %d: got %+v", tt.kind, i, f)
			}
		}
	}
}

func TestStandardLookUps(t *testing.T) {
	w := connect(t, sandbox.Options{}, map[string]string{"ordersConnector": "Profit_Salesorders", "debtorsConnector": "Profit_Debtor"})
	if _, err := w.Verify(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.item(t, "5001")
	customer := w.write(t, model.Customers, person())
	if m := w.find(t, model.Customers, connector.Query{Key: "jo@voorbeeld.example"}); len(m) != 1 || m[0].ID != customer.ID {
		t.Errorf("got %+v", m)
	}
	out := w.write(t, model.Orders, simple("POS-1", customer.ID, "5001", "12.10"))
	if m := w.find(t, model.Orders, connector.Query{Reference: "POS-1"}); len(m) != 1 || m[0].ID != out.ID || m[0].Total != nil || m[0].Date != "2026-10-24" || m[0].Customer != customer.ID {
		t.Errorf("got %+v", m)
	}
	found, err := w.Find(t.Context(), model.Orders, []connector.Query{{Reference: "POS-1", Type: "invoice"}, {Reference: "POS-1"}})
	if err != nil || fault.ClassOf(found[0].Err) != fault.Pause || len(found[1].Matches) != 1 {
		t.Errorf("got %+v, %v", found, err)
	}
}

// After a failure of the whole connection the rest of a batch is not tried; records that are refused do not hold others up.
func TestBatchStopsWithTheConnection(t *testing.T) {
	w := connect(t, sandbox.Options{}, nil)
	w.item(t, "5001")
	out, err := w.Write(t.Context(), model.Orders, []connector.Document{simple("A", "10999", "nothing", "1"), simple("B", "10999", "5001", "1")})
	if err != nil || out[0].Err == nil || out[1].Err != nil {
		t.Fatalf("got %+v, %v", out, err)
	}
	w.env.RevokeToken(true)
	before := w.sim.Stats().Requests
	out, err = w.Write(t.Context(), model.Orders, []connector.Document{simple("C", "10999", "5001", "1"), simple("D", "10999", "5001", "1")})
	if err != nil || out[0].NotStarted || !out[1].NotStarted || fault.ClassOf(out[1].Err) != fault.Pause || w.sim.Stats().Requests != before+1 {
		t.Fatalf("got %+v, %v", out, err)
	}
}

func TestStartBeforeHolds(t *testing.T) {
	w := connect(t, sandbox.Options{}, nil)
	w.item(t, "5001")
	ctx := connector.WithStartBefore(t.Context(), time.Now().Add(-time.Second))
	out, err := w.Write(ctx, model.Orders, []connector.Document{simple("A", "10999", "5001", "1")})
	if err != nil || !out[0].NotStarted || out[0].Unknown || out[0].Err == nil || w.sim.Stats().Requests != 0 {
		t.Errorf("got %+v, %v, %d requests", out, err, w.sim.Stats().Requests)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	out, err = w.Write(ctx, model.Orders, []connector.Document{simple("A", "10999", "5001", "1")})
	if err != nil || !out[0].NotStarted || !errors.Is(out[0].Err, context.Canceled) {
		t.Errorf("got %+v, %v", out, err)
	}
}

// Answers to writes come in several forms; the number is found in each, or asked for.
func TestNumbersInEveryFormOfAnswer(t *testing.T) {
	for name, o := range map[string]sandbox.Options{"wrapped": {}, "bare": {BareResults: true}, "empty": {EmptyResults: true}} {
		t.Run(name, func(t *testing.T) {
			w := connect(t, o, nil)
			w.item(t, "5001")
			out := w.write(t, model.Orders, simple("POS-1", "10999", "5001", "12.10"))
			if out.Err != nil || out.ID == "" || out.ID != w.env.Orders()[0].Number {
				t.Errorf("order: got %+v", out)
			}
			customer := w.write(t, model.Customers, person())
			if name == "empty" {
				if !customer.Unknown {
					t.Errorf("customer: got %+v, want unknown, since nobody can tell its number", customer)
				}
			} else if customer.Err != nil || customer.ID == "" {
				t.Errorf("customer: got %+v", customer)
			}
		})
	}
}

func TestParallelWrites(t *testing.T) {
	w := connect(t, sandbox.Options{}, map[string]string{"concurrency": "5"})
	w.item(t, "5001")
	var wg sync.WaitGroup
	ids := make([]string, 30)
	for i := range ids {
		wg.Go(func() {
			out := w.write(t, model.Orders, simple(fmt.Sprint("POS-", i), "10999", "5001", "1.00"))
			ids[i] = out.ID
		})
	}
	wg.Wait()
	slices.Sort(ids)
	if ids[0] == "" || len(slices.Compact(ids)) != 30 || w.sim.Stats().MaxInFlight > 5 {
		t.Errorf("got %q with %d calls at a time", ids, w.sim.Stats().MaxInFlight)
	}
}

// AFAS keeps its records as XML, which has no place for control characters: a text loses them and says so, a code is refused.
func TestCharactersThatCannotBeShown(t *testing.T) {
	w := connect(t, sandbox.Options{}, nil)
	w.item(t, "5001")
	d := simple("POS-1", "10999", "5001", "12.10")
	d.Fields["Re"] = "ring\x00 the\x1f bell\nplease\t"
	out := w.write(t, model.Orders, d)
	if out.Err != nil || len(out.Warnings) != 1 || w.env.Orders()[0].Remark != "ring the bell\nplease" {
		t.Errorf("got %v, warnings %q, %q", out.Err, out.Warnings, w.env.Orders()[0].Remark)
	}
	out = w.write(t, model.Orders, simple("POS\x00-2", "10999", "5001", "12.10"))
	if f := fault.As(out.Err); f == nil || f.Class != fault.Reject || !out.NotStarted {
		t.Errorf("got %+v, want the reference refused", f)
	}
}
