package exam

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/govalues/decimal"

	"apicenter/infra/sandbox/afas"
	"apicenter/infra/sandbox/shopdata"
)

// The expectation is what a careful person who knows the shop's data would find in AFAS. It is worked out from the generator's
// own figures, without any part of the pipeline.

// Fate is what becomes of an order.
type Fate string

// The fates.
const (
	Deliver Fate = "delivered"
	Skip    Fate = "skipped"
	Reject  Fate = "rejected"
)

// Expected says what becomes of an order with the demo's settings: only paid orders that were not cancelled, a default
// debtor for those who left no e-mail address.
func Expected(o shopdata.Order) Fate {
	switch o.Fate {
	case shopdata.Cancelled, shopdata.Unpaid:
		return Skip
	case shopdata.UnknownProduct, shopdata.Inconsistent:
		return Reject
	case shopdata.Deliver, shopdata.Guest, shopdata.NoEmail:
	}
	return Deliver
}

// Verdict is the comparison of the target with the expectation.
type Verdict struct {
	Lost, Doubled, Wrong int
	// Problems are the first of them, for people to read.
	Problems []string
}

func (v *Verdict) wrong(format string, args ...any) {
	v.Wrong++
	v.Note(format, args...)
}

// Note keeps the first problems for people to read.
func (v *Verdict) Note(format string, args ...any) {
	if len(v.Problems) < 20 {
		v.Problems = append(v.Problems, fmt.Sprintf(format, args...))
	}
}

// Compare holds the target's own state against what the shop's orders should have become. Open are the order numbers the
// pipeline lists as open failures: an order may be missing only if it is among them.
func Compare(orders []shopdata.Order, state afas.State, open map[string]bool) Verdict {
	var v Verdict
	byReference := map[string][]*afas.Order{}
	for i := range state.Orders {
		o := &state.Orders[i]
		byReference[o.Reference] = append(byReference[o.Reference], o)
	}
	debtors := map[string]*afas.Debtor{}
	byEmail := map[string][]string{}
	for i := range state.Debtors {
		d := &state.Debtors[i]
		debtors[d.ID] = d
		for email := range Emails(d) {
			byEmail[email] = append(byEmail[email], d.ID)
		}
	}
	for email, ids := range byEmail {
		if len(ids) > 1 {
			v.Doubled += len(ids) - 1
			v.Note("%d debtors have one e-mail address (%d letters long): %s", len(ids), len(email), strings.Join(ids, ", "))
		}
	}
	for _, o := range orders {
		reference := Prefix + o.Number.String()
		found := byReference[reference]
		delete(byReference, reference)
		if len(found) > 1 {
			v.Doubled += len(found) - 1
			v.Note("order %s is there %d times", reference, len(found))
		}
		switch want := Expected(o); {
		case want != Deliver && len(found) > 0:
			v.wrong("order %s is %s and should not be in the target", reference, o.Fate)
		case want == Deliver && len(found) == 0:
			if !open[o.Number.String()] {
				v.Lost++
				v.Note("order %s is neither in the target nor an open failure", reference)
			}
		case want == Deliver:
			compareOrder(&v, o, found[0], debtors[found[0].DebtorID])
		}
	}
	for reference := range byReference {
		v.wrong("the target has an order under %q that the shop does not have", reference)
	}
	return v
}

// Emails returns the addresses a debtor is found by, in lower case.
func Emails(d *afas.Debtor) map[string]bool {
	out := map[string]bool{}
	add := func(list ...string) {
		for _, e := range list {
			if e != "" {
				out[strings.ToLower(e)] = true
			}
		}
	}
	add(d.Party.EmailWork, d.Party.EmailPrivate)
	for _, c := range d.Party.Contacts {
		add(c.Email)
	}
	return out
}

// check is one field with what is there and what should be.
type check struct{ field, got, want string }

func compareOrder(v *Verdict, o shopdata.Order, got *afas.Order, debtor *afas.Debtor) {
	reference := Prefix + o.Number.String()
	checks := []check{
		{"date", got.Date, o.Placed.Format("2006-01-02")},
		{"administration", strconv.Itoa(got.Administration), Administration},
		{"payment terms", got.PaymentCondition, PaymentTerms},
		{"currency", got.Currency, "EUR"},
		{"warehouse", got.Warehouse, "01"},
		{"prices with VAT", strconv.FormatBool(got.InclVat), strconv.FormatBool(o.PricesIncludeVAT)},
		{"total with VAT", Text(got.TotalIncl), Text(o.Totals.Incl)},
		{"total without VAT", Text(got.TotalExcl), Text(o.Totals.Excl)},
		{"lines", strconv.Itoa(len(got.Lines)), strconv.Itoa(len(o.Lines))},
	}
	checks = append(checks, vatChecks(o, got)...)
	if len(got.Lines) == len(o.Lines) {
		checks = append(checks, lineChecks(o, got)...)
	}
	checks = append(checks, debtorChecks(o, got, debtor)...)
	if a := o.ShippingAddress; a != nil {
		for _, part := range []string{a.Street, strconv.Itoa(a.HouseNumber), a.Addition, a.City, a.Country} {
			if !strings.Contains(got.Other["ExAd"], part) {
				checks = append(checks, check{"delivery address", got.Other["ExAd"], a.StreetLine() + " … " + a.City})
				break
			}
		}
	}
	for _, c := range checks {
		if c.got != c.want {
			v.wrong("order %s: %s is %q, expected %q", reference, c.field, c.got, c.want)
		}
	}
}

func vatChecks(o shopdata.Order, got *afas.Order) []check {
	have := map[string]string{}
	for _, t := range got.VatTotals {
		have[Text(t.Rate)] = Text(t.Vat)
	}
	var out []check
	for _, t := range o.Totals.VATByRate {
		if t.VAT.IsZero() && have[Text(t.Rate)] == "" {
			continue
		}
		out = append(out, check{"VAT at " + Text(t.Rate) + " %", have[Text(t.Rate)], Text(t.VAT)})
	}
	return out
}

// lineChecks compares articles in the order of the shop; shipping costs come as cost items after them.
func lineChecks(o shopdata.Order, got *afas.Order) []check {
	want := make([]shopdata.Line, 0, len(o.Lines))
	for _, l := range o.Lines {
		if !l.Shipping {
			want = append(want, l)
		}
	}
	if l := o.ShippingLine(); l != nil {
		want = append(want, *l)
	}
	var out []check
	for i, l := range want {
		have := got.Lines[i]
		name := "line " + strconv.Itoa(i+1) + " "
		if l.Shipping {
			out = append(out, check{name + "item", have.ItemCode, ShippingItem}, check{name + "type", have.ItemType, "6"},
				check{name + "amount", Text(have.Amount), Text(l.Total)})
		} else {
			out = append(out, check{name + "item", have.ItemCode, strconv.FormatInt(l.ArticleNumber, 10)},
				check{name + "type", have.ItemType, "2"},
				check{name + "unit", have.Unit, l.Article.Unit},
				check{name + "quantity", Text(have.Quantity), Text(l.Quantity)},
				check{name + "price", Text(have.Price), Text(l.UnitPrice)},
				discountCheck(name, have, l),
				check{name + "amount", Text(have.Amount), Text(l.Total)})
		}
		out = append(out, check{name + "VAT group", have.VatGroup, VATGroup(l.VATRate)}, check{name + "VAT rate", Text(have.VatRate), Text(l.VATRate)})
	}
	return out
}

// discountCheck compares a discount. It may stand in the target as a percentage, or as the amount it takes off: both are the
// same to the customer, and the amount of the line is compared beside it.
func discountCheck(name string, have *afas.Line, want shopdata.Line) check {
	if !have.DiscountByHand {
		return check{name + "discount per cent", Text(have.DiscountPercent), Text(want.DiscountPercent)}
	}
	full := shopdata.LineTotal(want.UnitPrice, want.Quantity, decimal.Zero, decimal.Zero)
	off, err := full.Sub(want.Total)
	if err != nil {
		return check{name + "discount amount", Text(have.DiscountAmount), err.Error()}
	}
	return check{name + "discount amount", Text(have.DiscountAmount), Text(off)}
}

func debtorChecks(o shopdata.Order, got *afas.Order, d *afas.Debtor) []check {
	if d == nil {
		return []check{{"debtor", got.DebtorID, "one that exists"}}
	}
	c := o.Customer
	if c == nil || c.Email == "" {
		return []check{{"debtor", got.DebtorID, CounterDebtor}}
	}
	out := []check{
		{"debtor's control account", d.CollectAccount, ControlAccount},
		{"debtor's payment terms", d.PaymentCondition, PaymentTerms},
		{"debtor's currency", d.Currency, "EUR"},
	}
	if !Emails(d)[strings.ToLower(c.Email)] {
		out = append(out, check{"debtor's e-mail address", "another", "the customer's"})
	}
	if c.IsCompany() {
		out = append(out, check{"kind of debtor", kindOf(d), "company"}, check{"company", d.Party.Name, c.Company},
			check{"VAT number", d.VatNr, c.VATNumber}, check{"chamber of commerce number", d.Party.ChamberNr, c.CommerceNumber},
			check{"phone", PhoneOf(d, c.Phone), c.Phone})
	} else {
		out = append(out, check{"kind of debtor", kindOf(d), "person"}, check{"first name", d.Party.FirstName, c.First},
			check{"prefix", d.Party.Prefix, c.Prefix}, check{"last name", d.Party.LastName, c.Last},
			check{"phone", PhoneOf(d, c.Phone), c.Phone})
	}
	out = append(out, addressChecks("address", d.Party.Visiting, c.Address)...)
	return out
}

// PhoneOf returns the number wanted if the debtor has it under telephone or mobile, and else whichever it has.
func PhoneOf(d *afas.Debtor, want string) string {
	have := ""
	for _, number := range []string{d.Party.PhoneWork, d.Party.PhonePrivate, d.Party.MobWork, d.Party.MobPrivate} {
		if number == want {
			return number
		}
		have = number
	}
	return have
}

func kindOf(d *afas.Debtor) string {
	if d.Party.Person {
		return "person"
	}
	return "company"
}

func addressChecks(name string, have *afas.Address, want shopdata.Address) []check {
	if have == nil {
		return []check{{name, "none", want.StreetLine()}}
	}
	return []check{
		{name + " street", have.Street, want.Street},
		{name + " number", strconv.Itoa(have.Number), strconv.Itoa(want.HouseNumber)},
		{name + " addition", have.Addition, want.Addition},
		{name + " postal code", have.ZipCode, want.PostalCode},
		{name + " city", have.City, want.City},
		{name + " country", have.Country, Plate(want.Country)},
	}
}

// Plate is AFAS' own code of the shop's countries.
func Plate(iso string) string {
	return map[string]string{"NL": "NL", "BE": "B", "DE": "D", "FR": "F", "LU": "L"}[iso]
}

// VATGroup is the number the tenant's AFAS has for a rate of VAT.
func VATGroup(rate interface{ String() string }) string {
	switch strings.TrimSuffix(rate.String(), ".00") {
	case "21":
		return "1"
	case "9":
		return "2"
	}
	return "3"
}

// Text is a number in normal form: without zeros at its end.
func Text(d interface{ String() string }) string {
	s := d.String()
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s
}
