package afas

import (
	"slices"
	"strings"

	"github.com/govalues/decimal"
)

// itemType returns the number of an item type, which older connectors name
// with three letters.
func itemType(v string) string {
	switch v {
	case "1", "2", "3", "4", "5", "6", "7", "8", "10", "11", "14":
		return v
	}
	switch strings.ToLower(v) {
	case "wst":
		return "1"
	case "art":
		return "2"
	case "txt":
		return "3"
	case "sub":
		return "4"
	case "tsl":
		return "5"
	case "kst":
		return "6"
	case "sam":
		return "7"
	case "crs":
		return "8"
	}
	return ""
}

// applyLine adds, changes or deletes one line.
func (d *document) applyLine(t *tx, r *record, o *Order, newOrder bool) *fault {
	if bad := d.line.validate(t, r); bad != nil {
		return bad
	}
	if v := r.fields["VaIt"]; v != "" {
		if r.fields["VaIt"] = itemType(v); r.fields["VaIt"] == "" {
			return unknownValue(d.line.byCode["VaIt"])
		}
	}
	l, bad := d.findLine(r, o, newOrder)
	if bad != nil {
		return bad
	}
	if l == nil {
		if r.action == "delete" {
			return unknownValue(d.line.byCode["GuLi"])
		}
		return d.addLine(t, r, o)
	}
	if r.action == "delete" {
		i := slices.Index(o.Lines, l)
		o.Lines = slices.Delete(o.Lines, i, i+1) // a copy: the old list is kept
		drop(t, t.lines, l.ID)
		return nil
	}
	return d.fillLine(t, r, o, l)
}

// findLine returns the line a record means, nil for a new one. A line is known
// by its GuLi. Without that a complete record is a new line, and otherwise the
// item must stand on one line only.
func (d *document) findLine(r *record, o *Order, newOrder bool) (*Line, *fault) {
	guid := d.line.byCode["GuLi"]
	id := r.fields["GuLi"]
	if r.insert(newOrder) {
		return nil, nil
	}
	if id != "" {
		for _, l := range o.Lines {
			if l.ID == id {
				return l, nil
			}
		}
		if r.action == "" && d.line.complete(r) == nil {
			return nil, nil // an own number for a new line
		}
		return nil, unknownValue(guid)
	}
	if r.action == "" && d.line.complete(r) == nil {
		return nil, nil
	}
	var found *Line
	for _, l := range o.Lines {
		if l.ItemType == r.fields["VaIt"] && fold(l.ItemCode) == fold(r.fields["ItCd"]) {
			if found != nil {
				return nil, ambiguous(d.line.byCode["ItCd"])
			}
			found = l
		}
	}
	return found, nil
}

func (d *document) addLine(t *tx, r *record, o *Order) *fault {
	if bad := d.line.complete(r); bad != nil {
		return bad
	}
	l := &Line{ID: r.fields["GuLi"], Created: t.now, Seq: 1}
	if l.ID == "" {
		l.ID = t.guid()
	} else if t.lines[l.ID] != nil {
		return exists(d.line.byCode["GuLi"], l.ID)
	}
	if n := len(o.Lines); n > 0 {
		l.Seq = o.Lines[n-1].Seq + 1
	}
	put(t, t.lines, l.ID, o)
	o.Lines = append(o.Lines, l)
	return d.fillLine(t, r, o, l)
}

// fillLine takes over the fields that are given and completes the line from
// its item.
func (d *document) fillLine(t *tx, r *record, o *Order, l *Line) *fault {
	byCode := d.line.byCode
	for code, v := range r.fields {
		switch code {
		case "GuLi":
		case "VaIt":
			l.ItemType = v
		case "ItCd":
			l.ItemCode = v
		case "BiUn":
			l.Unit = v
		case "QuUn":
			l.Quantity = number(v)
		case "Ds":
			l.Description = v
		case "Upri":
			l.Price, l.priced = number(v), v != ""
		case "PRDc":
			l.DiscountPercent = number(v)
		case "ARDc":
			l.DiscountAmount = number(v)
		case "MaAD":
			l.DiscountByHand = v == "true"
		case "VaAD":
			l.DiscountAllowed = v
		case "VaRc":
			l.VatGroup = v
		case "War":
			l.Warehouse = v
		case "StL1":
			l.Dim1 = v
		case "StL2":
			l.Dim2 = v
		case "Re":
			l.Remark = v
		default:
			setOther(&l.Other, code, v)
		}
	}
	item := t.items[itemKey(l.ItemType, l.ItemCode)]
	switch {
	case item == nil:
		return unknownValue(byCode["ItCd"])
	case item.Blocked:
		return blockedValue(byCode["ItCd"], item.Code)
	case !item.hasUnit(l.Unit):
		return unknownValue(byCode["BiUn"])
	}
	l.ItemCode, l.stock = item.Code, item.Stock && item.Type == "2"
	if l.Description == "" {
		l.Description = item.Description
	}
	if l.VatGroup == "" {
		l.VatGroup = item.VatGroup
	}
	if !l.priced {
		t.price(o, l, item, r.has("PRDc") || r.has("ARDc"))
	}
	l.Modified = t.now
	return nil
}

// hasUnit reports whether lines of the item may have the unit.
func (i *Item) hasUnit(unit string) bool { return fold(i.Unit) == fold(unit) }

// price finds the price of a line that came without: of the debtor, of its
// price list, general, or the one on the item. Prices are kept without VAT.
func (t *tx) price(o *Order, l *Line, item *Item, discounted bool) {
	if !hasAmount(item.Type) {
		return
	}
	x := t.debtors[fold(o.DebtorID)]
	best, rank := item.Price, 0
	var from decimal.Decimal
	for _, p := range t.pricesBy[indexKey("itemcode", item.Code)] {
		r := 0
		switch {
		case p.DebtorID != "" && p.DebtorID == x.ID:
			r = 3
		case p.DebtorID == "" && p.PriceList != "" && p.PriceList == x.PriceList:
			r = 2
		case p.DebtorID == "" && (p.PriceList == "" || p.PriceList == noneCode):
			r = 1
		}
		fits := r > 0 && p.ItemType == item.Type && fold(p.Unit) == fold(l.Unit) && p.Currency == o.Currency &&
			p.From <= o.Date && (p.To == "" || p.To >= o.Date) && p.QuantityFrom.CmpAbs(l.Quantity) <= 0
		if fits && (r > rank || r == rank && p.QuantityFrom.Cmp(from) >= 0) {
			best, rank, from = p.Price, r, p.QuantityFrom
		}
	}
	s := &sums{}
	if o.InclVat && t.charged(o.VatDuty) {
		if g := t.vatGroup(l.VatGroup); g != nil {
			best = s.part(best, s.add(hundred(), g.Rate), hundred())
		}
	}
	if s.err == nil {
		l.Price = best
	}
	if !discounted && !x.LineDiscount.IsZero() {
		l.DiscountPercent = x.LineDiscount
	}
}

// rates sets VAT code and rate of all lines, which follow from the tariff group
// and the VAT duty of the order.
func (m *master) rates(o *Order) {
	charged := m.charged(o.VatDuty)
	for _, l := range o.Lines {
		l.VatRate, l.VatCode = decimal.Zero, ""
		if !charged {
			l.VatCode = m.uncharged(o.VatDuty)
		} else if g := m.vatGroup(l.VatGroup); g != nil {
			l.VatRate, l.VatCode = g.Rate, g.VatCode
		}
	}
}

// uncharged is the VAT code of a duty under which nothing is charged.
func (m *master) uncharged(duty string) string {
	last := ""
	for _, c := range m.vatCodes {
		if c.Rate.IsZero() {
			last = c.Code
			if c.Duty == duty {
				return c.Code
			}
		}
	}
	return last
}
