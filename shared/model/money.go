package model

import (
	"fmt"

	"github.com/govalues/decimal"
)

// Decimal is an exact decimal number of up to 19 digits: an amount, a quantity, a rate or a percentage.
type Decimal = decimal.Decimal

// currencyScale lists the currencies that do not have two decimals (ISO 4217).
var currencyScale = map[string]int{"JPY": 0, "KRW": 0, "CLP": 0, "ISK": 0, "HUF": 2, "BHD": 3, "KWD": 3, "TND": 3, "JOD": 3, "OMR": 3}

// CurrencyScale returns how many decimals the currency's smallest coin has; two when unknown.
func CurrencyScale(currency string) int {
	if s, ok := currencyScale[currency]; ok {
		return s
	}
	return 2
}

// RoundHalfAway rounds d to scale decimals, halves away from zero, as invoices and tills do. (The library's own Round
// rounds halves to even.)
func RoundHalfAway(d Decimal, scale int) Decimal {
	if d.Scale() <= scale {
		return d
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
	step := decimal.MustNew(1, scale).CopySign(d)
	up, err := cut.Add(step)
	if err != nil {
		return d.Round(scale)
	}
	return up
}

// Sum adds decimals; the error says that the result has more digits than a decimal can hold.
func Sum(ds ...Decimal) (Decimal, error) {
	total := decimal.Decimal{}
	for _, d := range ds {
		var err error
		if total, err = total.Add(d); err != nil {
			return Decimal{}, fmt.Errorf("adding %s: %w", d, err)
		}
	}
	return total, nil
}
