package shopdata

import (
	"slices"

	"github.com/govalues/decimal"
)

// Compute adds up the lines of the order:
//
//  1. The line totals are added per VAT rate. Lines are already whole cents,
//     so nothing is rounded here.
//  2. Per rate the other side is computed from that sum, not per line. When
//     prices include VAT, excl = [ExclOf] of the sum and VAT = incl − excl.
//     Otherwise VAT = sum × rate ÷ 100, rounded half away from zero to whole
//     cents, and incl = excl + VAT.
//  3. The totals are the sums over the rates.
//
// So the total on the side of the prices is always the exact sum of the lines.
func (o *Order) Compute() Totals {
	var t Totals
	for i := range o.Lines {
		l := &o.Lines[i]
		at := slices.IndexFunc(t.VATByRate, func(v VATTotal) bool { return v.Rate.Equal(l.VATRate) })
		if at < 0 {
			at = len(t.VATByRate)
			t.VATByRate = append(t.VATByRate, VATTotal{Rate: l.VATRate})
		}
		if o.PricesIncludeVAT {
			t.VATByRate[at].Incl = sum(t.VATByRate[at].Incl, l.Total)
		} else {
			t.VATByRate[at].Excl = sum(t.VATByRate[at].Excl, l.Total)
		}
	}
	slices.SortFunc(t.VATByRate, func(a, b VATTotal) int { return b.Rate.Cmp(a.Rate) })
	t.Incl, t.Excl = FromCents(0), FromCents(0)
	for i := range t.VATByRate {
		v := &t.VATByRate[i]
		if o.PricesIncludeVAT {
			v.Excl = ExclOf(v.Incl, v.Rate)
		} else {
			v.Incl = InclOf(v.Excl, v.Rate)
		}
		v.VAT = must(v.Incl.Sub(v.Excl))
		t.Incl, t.Excl = sum(t.Incl, v.Incl), sum(t.Excl, v.Excl)
	}
	return t
}

// LineIncl returns the total of a line including VAT. When the order's prices
// do not include VAT it is rounded per line, so the lines need not add up to
// the order's total to the cent.
func (o *Order) LineIncl(l *Line) decimal.Decimal {
	if o.PricesIncludeVAT {
		return l.Total
	}
	return InclOf(l.Total, l.VATRate)
}

// LineExcl returns the total of a line without VAT, with the same caution as
// [Order.LineIncl].
func (o *Order) LineExcl(l *Line) decimal.Decimal {
	if o.PricesIncludeVAT {
		return ExclOf(l.Total, l.VATRate)
	}
	return l.Total
}
