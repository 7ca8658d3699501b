package shopdata

import (
	"math"

	"github.com/govalues/decimal"
)

// Round rounds half away from zero to a number of decimals, the commercial
// rule: 0.125 becomes 0.13 and -0.125 becomes -0.13. The result always carries
// exactly that many decimals.
func Round(d decimal.Decimal, scale int) decimal.Decimal {
	if d.Scale() <= scale {
		return d.Pad(scale)
	}
	den := uint64(1)
	for range d.Scale() - scale {
		den *= 10
	}
	quo, rem := d.Coef()/den, d.Coef()%den
	if rem >= den-rem {
		quo++
	}
	if quo > math.MaxInt64 {
		panic("shopdata: amount out of range")
	}
	value := int64(quo)
	if d.IsNeg() {
		value = -value
	}
	return decimal.MustNew(value, scale)
}

// Cents returns an amount as whole cents, rounded as [Round] does.
func Cents(d decimal.Decimal) int64 { return scaled(d, 2) }

// FromCents makes an amount with two decimals.
func FromCents(cents int64) decimal.Decimal { return decimal.MustNew(cents, 2) }

// LineTotal computes the total of a line: price × quantity − discount, rounded
// once, half away from zero, to whole cents. The discount is a part of
// price × quantity when percent is not zero (it is not rounded by itself), and
// otherwise the fixed amount, which counts for the whole line. The total
// includes VAT when the price does.
func LineTotal(price, quantity, percent, amount decimal.Decimal) decimal.Decimal {
	gross := must(price.Mul(quantity))
	if !percent.IsZero() {
		rest := must(decimal.MustNew(100, 0).Sub(percent))
		return Round(must(must(gross.Mul(rest)).Mul(decimal.MustNew(1, 2))), 2)
	}
	return Round(must(gross.Sub(amount)), 2)
}

// ExclOf takes the VAT out of an amount: incl × 100 ÷ (100 + rate), rounded
// half away from zero to whole cents.
func ExclOf(incl, rate decimal.Decimal) decimal.Decimal {
	return FromCents(roundDiv(Cents(incl)*10_000, 10_000+scaled(rate, 2)))
}

// InclOf adds the VAT to an amount: excl + VAT, the VAT being excl × rate ÷ 100
// rounded half away from zero to whole cents.
func InclOf(excl, rate decimal.Decimal) decimal.Decimal {
	cents := Cents(excl)
	return FromCents(cents + roundDiv(cents*scaled(rate, 2), 10_000))
}

// scaled returns d × 10^scale as a whole number.
func scaled(d decimal.Decimal, scale int) int64 {
	r := Round(d, scale)
	value := int64(r.Coef())
	if r.IsNeg() {
		return -value
	}
	return value
}

// roundDiv divides by a positive number, rounding half away from zero.
func roundDiv(num, den int64) int64 {
	if num < 0 {
		return -roundDiv(-num, den)
	}
	return (num + den/2) / den
}

// sum adds amounts that are far from the limits of the type.
func sum(a, b decimal.Decimal) decimal.Decimal { return must(a.Add(b)) }

// must unwraps a decimal operation whose operands are known to be small.
func must(d decimal.Decimal, err error) decimal.Decimal {
	if err != nil {
		panic("shopdata: " + err.Error())
	}
	return d
}
