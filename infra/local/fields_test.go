package main

import (
	"strconv"
	"strings"
	"testing"

	"apicenter/infra/exam"
	"apicenter/infra/sandbox/afas"
	"apicenter/infra/sandbox/shopdata"
	"apicenter/shared/connector"
)

// With the default mappings alone, every field that users of such an integration count on arrives in AFAS.
func TestDefaultMappingCarriesEveryField(t *testing.T) {
	w := newWorld(t, 400)
	w.pass(connector.Incremental)
	state := w.erp.Snapshot()
	debtors := map[string]*afas.Debtor{}
	for i := range state.Debtors {
		debtors[state.Debtors[i].ID] = &state.Debtors[i]
	}
	seen := map[string]int{}
	for i := range w.shop.Orders {
		o := &w.shop.Orders[i]
		if o.Fate != shopdata.Deliver {
			continue
		}
		got := at(&state, exam.Prefix+o.Number.String())
		if got == nil {
			t.Fatalf("order %s did not arrive", o.Number)
		}
		for _, f := range fieldsOf(o, got, debtors[got.DebtorID]) {
			if f.want == "" {
				continue
			}
			seen[f.field]++
			if f.got != f.want {
				t.Errorf("order %s: %s is %q in AFAS, want %q", o.Number, f.field, f.got, f.want)
			}
		}
	}
	for _, field := range []string{"order number", "order reference", "order date", "customer name", "company", "first name", "last name",
		"e-mail", "phone", "billing street", "billing number", "billing addition", "billing postal code", "billing city", "billing country",
		"shipping street", "shipping number", "shipping postal code", "shipping city", "shipping country", "SKU", "quantity", "price",
		"line text", "shipping cost", "total"} {
		if seen[field] == 0 {
			t.Errorf("no order of the shop shows whether the field %q arrives", field)
		}
	}
}

// check is one field with what is there and what should be.
type check struct{ field, got, want string }

func fieldsOf(o *shopdata.Order, got *afas.Order, d *afas.Debtor) []check {
	c, visiting := o.Customer, d.Party.Visiting
	name := c.FullName()
	if c.IsCompany() {
		name = c.Company
	}
	first := o.Lines[0]
	out := []check{
		{"order number", strings.TrimPrefix(got.Reference, exam.Prefix), o.Number.String()},
		{"order reference", got.InvoiceReference, o.Reference},
		{"order date", got.Date, o.Placed.Format("2006-01-02")},
		{"company", companyOf(d), c.Company},
		{"e-mail", strconv.FormatBool(exam.Emails(d)[strings.ToLower(c.Email)]), "true"},
		{"phone", exam.PhoneOf(d, c.Phone), c.Phone},
		{"billing street", visiting.Street, c.Address.Street},
		{"billing number", strconv.Itoa(visiting.Number), strconv.Itoa(c.Address.HouseNumber)},
		{"billing addition", visiting.Addition, c.Address.Addition},
		{"billing postal code", visiting.ZipCode, c.Address.PostalCode},
		{"billing city", visiting.City, c.Address.City},
		{"billing country", visiting.Country, exam.Plate(c.Address.Country)},
		{"total", exam.Text(got.TotalIncl), exam.Text(o.Totals.Incl)},
	}
	if c.IsCompany() {
		out = append(out, check{"customer name", d.Party.Name, name})
	} else {
		out = append(out, check{"customer name", strings.Join(strings.Fields(d.Party.FirstName+" "+d.Party.Prefix+" "+d.Party.LastName), " "), name},
			check{"first name", d.Party.FirstName, c.First}, check{"last name", d.Party.LastName, c.Last})
	}
	if !first.Shipping {
		out = append(out, check{"SKU", got.Lines[0].ItemCode, strconv.FormatInt(first.ArticleNumber, 10)},
			check{"quantity", exam.Text(got.Lines[0].Quantity), exam.Text(first.Quantity)}, check{"price", exam.Text(got.Lines[0].Price), exam.Text(first.UnitPrice)},
			check{"line text", got.Lines[0].Description, first.Text})
	}
	if l := o.ShippingLine(); l != nil {
		last := got.Lines[len(got.Lines)-1]
		out = append(out, check{"shipping cost", last.ItemCode + " " + exam.Text(last.Amount), exam.ShippingItem + " " + exam.Text(l.Total)})
	}
	if a := o.ShippingAddress; a != nil {
		whole := got.Other["ExAd"]
		for field, part := range map[string]string{"shipping street": a.Street, "shipping number": strconv.Itoa(a.HouseNumber),
			"shipping postal code": a.PostalCode, "shipping city": a.City, "shipping country": a.Country} {
			found := "missing in " + whole
			if strings.Contains(whole, part) {
				found = part
			}
			out = append(out, check{field, found, part})
		}
	}
	return out
}

func companyOf(d *afas.Debtor) string {
	if d.Party.Person {
		return ""
	}
	return d.Party.Name
}
