package mpluskassa

import (
	"context"
	"fmt"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"apicenter/infra/sandbox/internal/simhttp"
	"apicenter/infra/sandbox/shopdata"
)

// TestLoadedOrders compares every order on the wire with the shop.
func TestLoadedOrders(t *testing.T) {
	k := newTill(t, Options{})
	shop := shopdata.Generate(shopdata.Options{Seed: 5, Orders: 400})
	k.Load(shop)
	r := k.call(`<getOrders><request><syncMarker>1</syncMarker></request></getOrders>`)
	orders := r.all("orderList/order")
	if len(orders) != len(shop.Orders) {
		t.Fatalf("%d orders", len(orders))
	}
	emails := map[string]string{}
	for _, rel := range k.Relations() {
		emails[strconv.FormatInt(rel.Number, 10)] = rel.Email
	}
	for i, got := range orders {
		want := &shop.Orders[i]
		got.expect(t, map[string]string{
			"orderId": want.ID, "syncMarker": fmt.Sprint(i + 1), "orderNumber/number": fmt.Sprint(want.Number.Sequence),
			"totalInclAmount": cents(want.Totals.Incl.String()), "totalExclAmount": cents(want.Totals.Excl.String()),
			"prepaidAmount": cents(want.PaidAmount.String()), "fullyPaid": fmt.Sprint(want.Paid),
			"entryTimestamp/hour": fmt.Sprint(want.Placed.Hour()), "entryTimestamp/day": fmt.Sprint(want.Placed.Day()),
		})
		relation := got.get("relationNumber")
		if (want.Customer == nil) != (relation == "(absent)") || want.Customer != nil && emails[relation] != want.Email {
			t.Errorf("order %s of %q: relation %s with %q", want.Number, want.Email, relation, emails[relation])
		}
		if (got.get("cancelState") != "ORDER-CANCEL-STATE-NOTHING") != (want.Fate == shopdata.Cancelled) {
			t.Errorf("order %s is %s: %s", want.Number, want.Fate, got.get("cancelState"))
		}
		sum := 0
		for j, line := range got.all("lineList/line") {
			l := &want.Lines[j]
			places := l.Quantity.Scale()
			line.expect(t, map[string]string{
				"articleNumber": fmt.Sprint(l.ArticleNumber), "text": l.Text, "data/decimalPlaces": fmt.Sprint(places),
				"data/quantity": strings.TrimLeft(strings.ReplaceAll(l.Quantity.String(), ".", ""), "0"), "data/price": cents(l.UnitPrice.String()),
			})
			n, _ := strconv.Atoi(line.get("data/totalInclAmount"))
			sum += n
		}
		off := sum - atoi(got.get("totalInclAmount"))
		if want.PricesIncludeVAT && (off != 0) != (want.Fate == shopdata.Inconsistent) {
			t.Errorf("order %s is %s: off by %d", want.Number, want.Fate, off)
		}
	}
}

// TestSameTotals computes the totals of loaded orders anew: the till and the
// generator agree without sharing code.
func TestSameTotals(t *testing.T) {
	s := New(Options{})
	s.Generate(shopdata.Options{Seed: 9, Orders: 2000})
	for _, v := range s.orders.versions {
		d := v.value.change()
		d.compute()
		if off := v.value.incl - d.incl; off != 0 && (off < 1000 || v.value.excl-d.excl != off) {
			t.Errorf("order %s: %d, computed %d", d.number, v.value.incl, d.incl)
		}
		for i := range d.lines {
			if d.lines[i] != v.value.lines[i] {
				t.Errorf("order %s line %d: %+v, computed %+v", d.number, i, v.value.lines[i], d.lines[i])
			}
		}
	}
}

func cents(s string) string {
	s = strings.TrimLeft(strings.ReplaceAll(s, ".", ""), "0")
	if s == "" {
		return "0"
	}
	return s
}

func atoi(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}

func TestSeedFromOutside(t *testing.T) {
	srv := httptest.NewServer(New(Options{}).Sim())
	defer srv.Close()
	ctl := simhttp.Control{Base: srv.URL}
	ctx := context.Background()
	seed := func(v any) {
		t.Helper()
		if err := ctl.Seed(ctx, v); err != nil {
			t.Fatal(err)
		}
	}
	state := func() State {
		t.Helper()
		var st State
		if err := ctl.State(ctx, &st); err != nil {
			t.Fatal(err)
		}
		return st
	}
	o := shopdata.Options{Seed: 2, Orders: 100}
	seed(Seed{Generate: &o})
	seed([]byte(`{"more":5}`))
	st := state()
	if st.Counts.Orders != 105 || st.Counts.Articles != 206 || st.Markers["orderSyncMarker"] != 105 || st.OrderList != nil {
		t.Errorf("state %+v", st)
	}
	shop := shopdata.Generate(o)
	shop.More(5)
	var open, cancelled string
	for i := range shop.Orders {
		switch order := &shop.Orders[i]; order.Fate {
		case shopdata.Unpaid:
			open = order.ID
		case shopdata.Deliver:
			cancelled = order.ID
		}
	}
	full := true
	seed(Seed{Pay: []string{open}, Cancel: []string{cancelled}, Touch: []string{open}, FullState: &full})
	st = state()
	if len(st.OrderList) != 105 || len(st.RelationList) != st.Counts.Relations || st.Markers["orderSyncMarker"] != 108 {
		t.Fatalf("state with %d orders", len(st.OrderList))
	}
	last := st.OrderList[104]
	if last.ID != open || !last.FullyPaid || last.Prepaid < last.TotalIncl || last.Marker != 108 {
		t.Errorf("paid order %+v", last)
	}
	if before := st.OrderList[103]; before.ID != cancelled || before.CancelState != "COMPLETE" {
		t.Errorf("cancelled order %+v", before)
	}
	for _, bad := range []string{`{"pay":["x"]}`, `{"surprise":1}`, `[]`} {
		if err := ctl.Seed(ctx, []byte(bad)); err == nil {
			t.Errorf("%s was taken", bad)
		}
	}
	if err := ctl.Reset(ctx); err != nil {
		t.Fatal(err)
	}
	if st := state(); st.Counts != (Counts{}) {
		t.Errorf("after reset %+v", st.Counts)
	}
	if err := ctl.Seed(ctx, []byte(`{"more":1}`)); err == nil {
		t.Error("more orders of no shop")
	}
}

func TestLateVisibility(t *testing.T) {
	c := summer()
	k := filled(t, Options{Now: c.now, LateVisible: time.Minute, LateEvery: 2})
	first, second, third := k.createdOrder("W1"), k.createdOrder("W2"), k.createdOrder("W3") // the second is late
	seen := func() string {
		return strings.Join(k.call(`<getOrders><request><syncMarker>1</syncMarker></request></getOrders>`).list("orderList/order", "syncMarker"), " ")
	}
	if got := seen(); got != "1 3" {
		t.Errorf("at once: %s", got)
	}
	k.call(`<getOrder><orderId>`+second+`</orderId></getOrder>`).expect(t, map[string]string{"result": "GET-ORDER-RESULT-NOT-FOUND"})
	k.call(`<getCurrentSyncMarkers/>`).expect(t, map[string]string{"orderSyncMarker": "3"})
	c.at = c.at.Add(time.Minute)
	if got := seen(); got != "1 2 3" {
		t.Errorf("a minute later: %s", got)
	}
	// A late change of an order that is seen: the old state stays in view.
	if err := k.Touch(first); err != nil {
		t.Fatal(err)
	}
	if got := seen(); got != "1 2 3" {
		t.Errorf("during the change: %s", got)
	}
	k.order(first).expect(t, map[string]string{"syncMarker": "1", "changeCounter": "1"})
	if err := k.Touch(third); err != nil { // at once
		t.Fatal(err)
	}
	if got := seen(); got != "1 2 5" {
		t.Errorf("another change: %s", got)
	}
	c.at = c.at.Add(time.Minute)
	if got := seen(); got != "2 4 5" {
		t.Errorf("at the end: %s", got)
	}
}

func TestManyChangesAreCompacted(t *testing.T) {
	s := New(Options{})
	s.Generate(shopdata.Options{Orders: 20})
	ids := s.Orders()
	for i := range 5000 {
		if err := s.Touch(ids[i%20].ID); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(s.orders.versions); n > 1100 {
		t.Errorf("%d versions of 20 orders", n)
	}
	after := s.Orders()
	if len(after) != 20 || after[19].Marker != 5020 || after[0].Marker != 5001 {
		t.Errorf("%d orders, markers %d to %d", len(after), after[0].Marker, after[19].Marker)
	}
}

func TestConcurrentUse(t *testing.T) {
	c := summer()
	k := filled(t, Options{Now: c.now, ShufflePages: true, LateVisible: time.Millisecond, MaxParallel: 3})
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for i := range 10 {
				id := k.createdOrder(fmt.Sprintf("W%d-%d", w, i))
				k.pay(id, "true", "IDEAL", "3252")
				if i%3 == 0 {
					k.call(`<cancelOrder><orderId>` + id + `</orderId></cancelOrder>`)
				}
				_ = k.Touch(id)
			}
		})
		wg.Go(func() {
			for range 8 {
				k.call(`<getOrders><request><syncMarker>1</syncMarker><syncMarkerLimit>50</syncMarkerLimit></request></getOrders>`)
				k.call(`<findRelation><relation><email>an@</email></relation></findRelation>`)
				_ = k.State()
			}
		})
	}
	wg.Wait()
	markers := map[int64]bool{}
	orders := k.Orders()
	for _, o := range orders {
		markers[o.Marker] = true
	}
	if len(orders) != 40 || len(markers) != 40 {
		t.Errorf("%d orders, %d markers", len(orders), len(markers))
	}
}
