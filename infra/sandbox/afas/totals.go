package afas

import (
	"slices"

	"github.com/govalues/decimal"
)

// hundred is 100.
func hundred() decimal.Decimal { return decimal.MustNew(100, 0) }

// sums does exact arithmetic and remembers the first failure, which can only
// be a number too large to hold.
type sums struct{ err error }

func (s *sums) add(a, b decimal.Decimal) decimal.Decimal { return s.done(a.Add(b)) }
func (s *sums) sub(a, b decimal.Decimal) decimal.Decimal { return s.done(a.Sub(b)) }
func (s *sums) mul(a, b decimal.Decimal) decimal.Decimal { return s.done(a.Mul(b)) }

// part is a × b / c, rounded to cents.
func (s *sums) part(a, b, c decimal.Decimal) decimal.Decimal {
	return cents(s.done(s.mul(a, b).Quo(c)))
}

func (s *sums) done(d decimal.Decimal, err error) decimal.Decimal {
	if err != nil && s.err == nil {
		s.err = err
	}
	return d
}

// cents rounds half away from zero to whole cents, as Profit does.
func cents(d decimal.Decimal) decimal.Decimal {
	const scale = 2
	if d.Scale() <= scale {
		return d.Pad(scale)
	}
	cut := d.Trunc(scale)
	rest, err := d.Sub(cut)
	if err != nil {
		return d.Round(scale)
	}
	half := decimal.MustNew(5, scale+1)
	if rest.CmpAbs(half) < 0 {
		return cut
	}
	up, err := cut.Add(decimal.MustNew(1, scale).CopySign(d))
	if err != nil {
		return d.Round(scale)
	}
	return up
}

// hasAmount reports whether lines of the item type carry money: texts,
// subtotals and layers do not.
func hasAmount(itemType string) bool { return itemType != "3" && itemType != "4" && itemType != "11" }

// computeLine sets discount and amount of a line.
func (l *Line) compute(s *sums) decimal.Decimal {
	if !hasAmount(l.ItemType) {
		l.Amount = decimal.Zero.Pad(2)
		return decimal.Zero
	}
	gross := cents(s.mul(l.Quantity, l.Price))
	if !l.DiscountByHand {
		l.DiscountAmount = s.part(gross, l.DiscountPercent, hundred())
	}
	l.DiscountAmount = cents(l.DiscountAmount)
	l.Amount = cents(s.sub(gross, l.DiscountAmount))
	return gross
}

// compute sets all amounts of an order: those of its lines, the invoice
// discount and the VAT. VAT is rounded once for each rate, over the sum of the
// lines that have it.
func (o *Order) compute() error {
	s := &sums{}
	zero := decimal.Zero.Pad(2)
	o.Gross, o.Discount = zero, zero
	type base struct{ rate, all, discounted decimal.Decimal }
	bases := make([]base, 0, 3)
	for _, l := range o.Lines {
		o.Gross = s.add(o.Gross, l.compute(s))
		if !hasAmount(l.ItemType) {
			continue
		}
		o.Discount = s.add(o.Discount, l.DiscountAmount)
		i := slices.IndexFunc(bases, func(b base) bool { return b.rate.Equal(l.VatRate) })
		if i < 0 {
			i = len(bases)
			bases = append(bases, base{rate: l.VatRate})
		}
		bases[i].all = s.add(bases[i].all, l.Amount)
		if l.DiscountAllowed == "" || l.DiscountAllowed == "0" || l.DiscountAllowed == "1" {
			bases[i].discounted = s.add(bases[i].discounted, l.Amount)
		}
	}
	slices.SortFunc(bases, func(a, b base) int { return b.rate.Cmp(a.rate) })
	o.VatTotals = make([]VatTotal, 0, len(bases))
	o.TotalExcl, o.Vat, o.TotalIncl = zero, zero, zero
	for _, b := range bases {
		if !o.InvoiceDiscount.IsZero() {
			d := s.part(b.discounted, o.InvoiceDiscount, hundred())
			o.Discount = s.add(o.Discount, d)
			b.all = s.sub(b.all, d)
		}
		t := VatTotal{Rate: b.rate, Excl: cents(b.all), Vat: zero}
		if o.InclVat {
			t.Vat = s.part(b.all, b.rate, s.add(hundred(), b.rate))
			t.Excl = cents(s.sub(b.all, t.Vat))
		} else {
			t.Vat = s.part(b.all, b.rate, hundred())
		}
		o.VatTotals = append(o.VatTotals, t)
		o.TotalExcl = s.add(o.TotalExcl, t.Excl)
		o.Vat = s.add(o.Vat, t.Vat)
	}
	o.TotalIncl = s.add(o.TotalExcl, o.Vat)
	return s.err
}
