package panel

import (
	"cmp"
	"encoding/json"
	"strconv"
	"strings"

	"apicenter/shared/model"
)

// orderView is an order of the data model as a person reads one.
type orderView struct {
	Facts     []pair
	Customer  *partyBlock
	Addresses []partyBlock
	Lines     []lineView
	Totals    []totalRow
	Comment   string
	TaxNote   string // whether prices include tax
	Cancelled bool
	Marked    string // the field a problem names, where no other place shows it
}

// partyBlock is a customer or an address.
type partyBlock struct {
	Title  string
	Lines  []string
	Facts  []pair
	Marked bool
}

// lineView is one line of an order: an article or a charge.
type lineView struct {
	SKU, Description, Note string
	Quantity, Price, Tax   string
	Total                  string
	Charge, Marked         bool
}

// totalRow is a line under the lines.
type totalRow struct {
	Name, Amount   string
	Strong, Marked bool
}

// orderView reads an order; nil when there is none or it is not one.
func (v *visit) orderView(raw json.RawMessage, field string) *orderView {
	if len(raw) == 0 || string(raw) == "null" {
		return nil
	}
	var o model.Order
	if err := json.Unmarshal(raw, &o); err != nil {
		return nil
	}
	view := &orderView{Comment: o.Comment, Cancelled: o.Cancelled, TaxNote: v.words.say("order.excluding")}
	if o.IncludesTax {
		view.TaxNote = v.words.say("order.including")
	}
	m := marker{field: field}
	view.Facts = v.orderFacts(&o, &m)
	view.Customer = v.customerBlock(o.Customer, &m)
	view.Addresses = v.addressBlocks(&o, &m)
	for i, line := range o.Lines {
		view.Lines = append(view.Lines, v.lineView(line, o.Currency, m.marks("lines["+strconv.Itoa(i)+"]")))
	}
	for i, charge := range o.Charges {
		view.Lines = append(view.Lines, v.chargeView(charge, o.Currency, m.marks("charges["+strconv.Itoa(i)+"]")))
	}
	view.Totals = v.totals(&o, &m)
	if field != "" && !m.found {
		view.Marked = field
	}
	return view
}

// marker finds the part of a view that a problem's field lies in.
type marker struct {
	field string
	found bool
}

func (m *marker) marks(path string) bool {
	if m.field == "" || m.field != path && !strings.HasPrefix(m.field, path+".") && !strings.HasPrefix(m.field, path+"[") {
		return false
	}
	m.found = true
	return true
}

func (v *visit) orderFacts(o *model.Order, m *marker) []pair {
	var out []pair
	add := func(path, value string) {
		if marked := m.marks(path); value != "" || marked {
			out = append(out, pair{Name: v.words.say("order." + path), Value: cmp.Or(value, "–"), Marked: marked})
		}
	}
	add("number", o.Number)
	if o.Placed.IsZero() {
		add("date", v.dayOf(o.Date))
	} else {
		add("placed", v.day(o.Placed.In(v.zone))+", "+o.Placed.In(v.zone).Format("15:04"))
	}
	add("reference", o.Reference)
	add("channel", o.Channel)
	add("payment", o.Payment.Method)
	add("delivery", o.Delivery.Method)
	if o.Delivery.Date != "" {
		add("deliveryDate", v.dayOf(o.Delivery.Date))
	}
	if o.Paid {
		add("paid", v.words.say("order.paid-yes"))
	} else {
		add("paid", v.words.say("order.paid-part", "amount", v.words.amount(o.PaidAmount, o.Currency)))
	}
	return out
}

func (v *visit) customerBlock(c *model.Customer, m *marker) *partyBlock {
	marked := m.marks("customer")
	if c == nil {
		return &partyBlock{Title: v.words.say("order.customer"), Lines: []string{v.words.say("order.passer-by")}, Marked: marked}
	}
	name := cmp.Or(c.Name, strings.Join(strings.Fields(c.FirstName+" "+c.Prefix+" "+c.LastName), " "))
	b := &partyBlock{Title: v.words.say("order.customer"), Lines: filled(c.Company, name), Marked: marked}
	for _, f := range []pair{{Name: "number", Value: c.Number}, {Name: "email", Value: c.Email}, {Name: "phone", Value: cmp.Or(c.Phone, c.Mobile)},
		{Name: "vatNumber", Value: c.VATNumber}} {
		if f.Value != "" {
			b.Facts = append(b.Facts, pair{Name: v.words.say("customer." + f.Name), Value: f.Value})
		}
	}
	return b
}

// addressBlocks returns billing and shipping, one block when they are the same.
func (v *visit) addressBlocks(o *model.Order, m *marker) []partyBlock {
	billing, shipping := o.Billing, o.Shipping
	if o.Customer != nil {
		billing, shipping = cmp.Or(billing, o.Customer.Billing), cmp.Or(shipping, o.Customer.Shipping)
	}
	billingMarked, shippingMarked := m.marks("billing"), m.marks("shipping")
	if !billing.IsZero() && !shipping.IsZero() && *billing == *shipping {
		return []partyBlock{{Title: v.words.say("order.billing-and-shipping"), Lines: addressLines(billing), Marked: billingMarked || shippingMarked}}
	}
	var out []partyBlock
	if !billing.IsZero() {
		out = append(out, partyBlock{Title: v.words.say("order.billing"), Lines: addressLines(billing), Marked: billingMarked})
	}
	if !shipping.IsZero() {
		out = append(out, partyBlock{Title: v.words.say("order.shipping"), Lines: addressLines(shipping), Marked: shippingMarked})
	}
	return out
}

func addressLines(a *model.Address) []string {
	return filled(a.Name, a.Contact, strings.Join(filled(a.Street, a.Number, a.Addition), " "),
		strings.Join(filled(a.PostalCode, a.City), " "), a.Region, a.Country)
}

// filled leaves empty texts out.
func filled(texts ...string) []string {
	var out []string
	for _, t := range texts {
		if t = strings.TrimSpace(t); t != "" {
			out = append(out, t)
		}
	}
	return out
}

func (v *visit) lineView(l model.Line, currency string, marked bool) lineView {
	view := lineView{SKU: l.SKU, Description: l.Description, Quantity: v.words.quantity(l.Quantity), Price: v.words.amount(l.Price, currency),
		Tax: v.words.quantity(l.TaxRate) + " %", Total: v.words.amount(l.Total, currency), Marked: marked}
	if l.Unit != "" {
		view.Quantity += " " + strings.ToLower(l.Unit)
	}
	if !l.DiscountPercent.IsZero() {
		view.Note = v.words.say("order.line-percent", "percent", v.words.quantity(l.DiscountPercent))
	}
	if !l.DiscountAmount.IsZero() {
		view.Note = strings.TrimSpace(view.Note + " " + v.words.say("order.line-discount", "amount", v.words.amount(l.DiscountAmount, currency)))
	}
	return view
}

func (v *visit) chargeView(c model.Charge, currency string, marked bool) lineView {
	return lineView{SKU: c.SKU, Description: cmp.Or(c.Description, v.words.or("charge.", c.Kind)), Tax: v.words.quantity(c.TaxRate) + " %",
		Total: v.words.amount(c.Amount, currency), Charge: true, Marked: marked}
}

func (v *visit) totals(o *model.Order, m *marker) []totalRow {
	var out []totalRow
	if !o.Discount.IsZero() {
		out = append(out, totalRow{Name: v.words.say("order.discount"), Amount: v.words.amount(o.Discount.Neg(), o.Currency), Marked: m.marks("discount")})
	}
	out = append(out, totalRow{Name: v.words.say("order.net"), Amount: v.words.amount(o.Total.Net, o.Currency), Marked: m.marks("total.net")})
	for i, t := range o.Taxes {
		out = append(out, totalRow{Name: v.words.say("order.tax-rate", "rate", v.words.quantity(t.Rate), "net", v.words.amount(t.Net, o.Currency)),
			Amount: v.words.amount(t.Amount, o.Currency), Marked: m.marks("taxes[" + strconv.Itoa(i) + "]")})
	}
	if len(o.Taxes) == 0 {
		out = append(out, totalRow{Name: v.words.say("order.tax"), Amount: v.words.amount(o.Total.Tax, o.Currency), Marked: m.marks("total.tax")})
	}
	return append(out, totalRow{Name: v.words.say("order.total"), Amount: v.words.amount(o.Total.Gross, o.Currency), Strong: true,
		Marked: m.marks("total")})
}
