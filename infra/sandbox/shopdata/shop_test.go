package shopdata

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/govalues/decimal"
	"pgregory.net/rapid"
)

func compareDecimals(a, b decimal.Decimal) bool { return a.CmpTotal(b) == 0 }

func TestGenerateIsDeterministic(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := Options{Seed: rapid.Int64().Draw(t, "seed"), Orders: rapid.IntRange(0, 80).Draw(t, "orders")}
		more := rapid.IntRange(0, 10).Draw(t, "more")
		a, b := Generate(o), Generate(o)
		a.More(more)
		for range more {
			b.More(1)
		}
		one, two := mustJSON(t, a.Orders), mustJSON(t, b.Orders)
		if one != two {
			t.Fatalf("two runs differ:\n%s", cmp.Diff(one, two))
		}
		if one, two := mustJSON(t, a.Customers), mustJSON(t, b.Customers); one != two {
			t.Fatalf("customers differ:\n%s", cmp.Diff(one, two))
		}
	})
}

func mustJSON(t *rapid.T, v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestTotalsAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := Generate(Options{Seed: rapid.Int64().Draw(t, "seed"), Orders: 60})
		for i := range s.Orders {
			o := &s.Orders[i]
			lines, incl, excl, vat := int64(0), int64(0), int64(0), int64(0)
			for j := range o.Lines {
				l := &o.Lines[j]
				lines += Cents(l.Total)
				if want := LineTotal(l.UnitPrice, l.Quantity, l.DiscountPercent, l.DiscountAmount); !want.Equal(l.Total) {
					t.Fatalf("order %s line %d: total %s, want %s", o.Number, j, l.Total, want)
				}
				if l.Total.Sign() <= 0 {
					t.Fatalf("order %s line %d: total %s", o.Number, j, l.Total)
				}
			}
			for _, v := range o.Totals.VATByRate {
				incl, excl, vat = incl+Cents(v.Incl), excl+Cents(v.Excl), vat+Cents(v.VAT)
			}
			if incl != excl+vat {
				t.Fatalf("order %s: %d ≠ %d + %d", o.Number, incl, excl, vat)
			}
			side, stored := excl, o.Totals.Excl
			if o.PricesIncludeVAT {
				side, stored = incl, o.Totals.Incl
			}
			if lines != side {
				t.Fatalf("order %s: lines %d, rates %d", o.Number, lines, side)
			}
			off := Cents(stored) - lines
			if o.Fate == Inconsistent && off < 500 || o.Fate != Inconsistent && off != 0 {
				t.Fatalf("order %s is %s, stored total is off by %d cents", o.Number, o.Fate, off)
			}
			if o.Fate != Inconsistent && !cmp.Equal(o.Totals, o.Compute(), cmp.Comparer(compareDecimals)) {
				t.Fatalf("order %s: stored totals are not the computed ones", o.Number)
			}
		}
	})
}

func TestRounding(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"0.125", "0.13"}, {"-0.125", "-0.13"}, {"0.124999", "0.12"}, {"1", "1.00"}, {"0.005", "0.01"}, {"2.675", "2.68"}, {"-0.004", "0.00"},
	} {
		if got := Round(decimal.MustParse(c.in), 2).String(); got != c.want {
			t.Errorf("Round(%s) = %s, want %s", c.in, got, c.want)
		}
	}
	d := decimal.MustParse
	for _, c := range []struct{ price, quantity, percent, amount, want string }{
		{"12.10", "2", "0", "0", "24.20"},
		{"17.45", "0.530", "0", "0", "9.25"},  // 9.2485
		{"0.95", "3", "10", "0", "2.57"},      // 2.565
		{"10.00", "1", "33.33", "0", "6.67"},  // 6.667
		{"10.00", "3", "0", "4.50", "25.50"},  // the amount counts once
		{"0.85", "0.50", "12.5", "0", "0.37"}, // 0.371875
		{"1.25", "-0.100", "0", "0", "-0.13"}, // -0.125
		{"4.95", "1", "0", "0.00", "4.95"},
	} {
		if got := LineTotal(d(c.price), d(c.quantity), d(c.percent), d(c.amount)).String(); got != c.want {
			t.Errorf("LineTotal(%s, %s, %s, %s) = %s, want %s", c.price, c.quantity, c.percent, c.amount, got, c.want)
		}
	}
	if got := ExclOf(d("24.20"), d("21")).String(); got != "20.00" {
		t.Errorf("ExclOf = %s", got)
	}
	if got := ExclOf(d("4.95"), d("21")).String(); got != "4.09" { // 4.0909
		t.Errorf("ExclOf = %s", got)
	}
	if got := InclOf(d("0.50"), d("9")).String(); got != "0.55" { // VAT 0.045
		t.Errorf("InclOf = %s", got)
	}
}

func TestPlantedOrders(t *testing.T) {
	for _, n := range []int{PlantAllFrom, 1000} {
		s := Generate(Options{Seed: 7, Orders: n})
		count := map[Fate]int{}
		for i := range s.Orders {
			o := &s.Orders[i]
			count[o.Fate]++
			checkFate(t, s, o)
		}
		for _, f := range Fates() {
			if count[f] == 0 {
				t.Errorf("%d orders: none is %s", n, f)
			}
		}
		if n == 1000 {
			want := map[Fate]int{Deliver: 860, Cancelled: 30, Unpaid: 40, UnknownProduct: 20, Inconsistent: 10, Guest: 30, NoEmail: 10}
			if diff := cmp.Diff(want, count); diff != "" {
				t.Error(diff)
			}
		}
	}
	s := Generate(Options{Orders: 100, Shares: Shares{Cancelled: -1, Unpaid: -1, UnknownProduct: -1, Inconsistent: -1, Guest: -1, NoEmail: -1}})
	for i := range s.Orders {
		if s.Orders[i].Fate != Deliver {
			t.Fatalf("planted although switched off: %s", s.Orders[i].Fate)
		}
	}
}

func checkFate(t *testing.T, s *Shop, o *Order) {
	t.Helper()
	unknown := false
	for i := range o.Lines {
		unknown = unknown || o.Lines[i].Article == nil
	}
	for name, got := range map[string][2]bool{
		"cancelled":       {o.Cancelled, o.Fate == Cancelled},
		"unknown product": {unknown, o.Fate == UnknownProduct},
		"guest":           {o.Customer == nil, o.Fate == Guest},
		"no e-mail":       {o.Customer != nil && o.Customer.Email == "", o.Fate == NoEmail},
	} {
		if got[0] != got[1] {
			t.Errorf("order %s is %s: %s = %v", o.Number, o.Fate, name, got[0])
		}
	}
	if !o.Cancelled && o.IsPaid() == (o.Fate == Unpaid) {
		t.Errorf("order %s is %s: paid = %v", o.Number, o.Fate, o.IsPaid())
	}
	if o.Customer != nil && !strings.EqualFold(o.Email, o.Customer.Email) {
		t.Errorf("order %s: e-mail %q of customer %q", o.Number, o.Email, o.Customer.Email)
	}
	paid := int64(0)
	for _, p := range o.Payments {
		paid += Cents(p.Amount)
	}
	if paid != Cents(o.PaidAmount) {
		t.Errorf("order %s: payments %d, paid %s", o.Number, paid, o.PaidAmount)
	}
}

func TestVariety(t *testing.T) {
	s := Generate(Options{Seed: 1, Orders: 3000})
	seen := map[string]int{}
	note := func(name string, is bool) {
		if is {
			seen[name]++
		} else {
			seen[name] += 0
		}
	}
	for i := range s.Orders {
		o := &s.Orders[i]
		note("exclusive", !o.PricesIncludeVAT)
		note("shipping costs", o.ShippingLine() != nil)
		note("shipping address", o.ShippingAddress != nil)
		note("paid without mark", !o.Paid && o.IsPaid())
		note("overpaid", Cents(o.PaidAmount) > Cents(o.Totals.Incl))
		note("mixed case", o.Customer != nil && o.Email != o.Customer.Email)
		note("no external id", o.ExtID == "")
		note("two payments", len(o.Payments) == 2)
		for j := range o.Lines {
			note("weight", o.Lines[j].Quantity.Scale() == 3)
			note("percent", !o.Lines[j].DiscountPercent.IsZero())
			note("amount", !o.Lines[j].DiscountAmount.IsZero())
			note("zero rate", o.Lines[j].VATRate.IsZero())
		}
	}
	forms := map[string]*regexp.Regexp{
		"NL": regexp.MustCompile(`^[1-9]\d{3} [A-Z]{2}$`), "BE": regexp.MustCompile(`^\d{4}$`), "DE": regexp.MustCompile(`^\d{5}$`),
	}
	emails := map[string]bool{}
	for _, c := range s.Customers {
		note("company", c.IsCompany())
		note("prefix", c.Prefix != "")
		note(c.Address.Country, true)
		if !forms[c.Address.Country].MatchString(c.Address.PostalCode) {
			t.Errorf("postal code %q in %s", c.Address.PostalCode, c.Address.Country)
		}
		if c.Email == "" {
			continue
		}
		if emails[c.Email] {
			t.Errorf("%s is used twice", c.Email)
		}
		emails[c.Email] = true
		if !regexp.MustCompile(`^[a-z0-9.]+@[a-z-]+\.example$`).MatchString(c.Email) {
			t.Errorf("e-mail %q", c.Email)
		}
	}
	for name, n := range seen {
		if n == 0 {
			t.Errorf("nothing with: %s", name)
		}
	}
	t.Log(seen)
}

func TestNumbersCountPerYear(t *testing.T) {
	s := Generate(Options{Orders: 10, Start: time.Date(2026, 12, 31, 23, 0, 0, 0, Amsterdam()), Interval: 10 * time.Minute})
	for i, o := range s.Orders {
		want := OrderNumber{2026, int64(i + 1)}
		if i >= 6 {
			want = OrderNumber{2027, int64(i - 5)}
		}
		if o.Number != want {
			t.Errorf("order %d placed %s has number %s, want %s", i, o.Placed, o.Number, want)
		}
		if i > 0 && o.Placed.Before(s.Orders[i-1].Placed) {
			t.Errorf("order %d was placed before the one before it", i)
		}
	}
}

func TestStreetLine(t *testing.T) {
	for want, a := range map[string]Address{
		"Kade 12":       {Street: "Kade", HouseNumber: 12},
		"Kade 12A":      {Street: "Kade", HouseNumber: 12, Addition: "A"},
		"Kade 5 bis":    {Street: "Kade", HouseNumber: 5, Addition: "bis"},
		"Kade 101-III":  {Street: "Kade", HouseNumber: 101, Addition: "III"},
		"Kade 7 hs":     {Street: "Kade", HouseNumber: 7, Addition: "hs"},
		"Meir 12 bus 4": {Street: "Meir", HouseNumber: 12, Addition: "bus 4"},
	} {
		if got := a.StreetLine(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestMoreBringsNewCustomers(t *testing.T) {
	s := Generate(Options{Seed: 3, Orders: 100})
	before := len(s.Customers)
	more := s.More(100)
	if len(more) != 100 || len(s.Orders) != 200 {
		t.Fatalf("%d more, %d in all", len(more), len(s.Orders))
	}
	if len(s.Customers) <= before {
		t.Error("no new customer")
	}
	if more[0].Number.Sequence != 101 {
		t.Errorf("the stream goes on with number %s", more[0].Number)
	}
}

func BenchmarkGenerate(b *testing.B) {
	for range b.N {
		Generate(Options{Seed: 1, Orders: 10_000})
	}
}
