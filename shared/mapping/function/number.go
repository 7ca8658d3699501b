package function

import (
	"errors"
	"fmt"
	"strings"

	"github.com/govalues/decimal"

	"apicenter/shared/model"
)

func numberFuncs() []Func {
	number := func(f Func) Func {
		f.Family, f.Returns = "numbers", model.Number
		return f
	}
	return []Func{
		number(Func{Name: "number", Args: "text, mark", Min: 1, Max: 2, Call: asNumber,
			Doc: "The number a text holds. The decimals stand behind a point; give \",\" as mark for texts such as 1.234,50. " +
				"With a mark, groups of three digits may be parted by a point, comma, space or apostrophe.",
			Examples: []Example{{`number("12.50")`, `12.5`, ""}, {`number("1.234,50", ",")`, `1234.5`, ""}}}),
		number(Func{Name: "cents", Args: "amount", Min: 1, Max: 1, Call: shift("cents", 2),
			Doc:      "An amount in cents as an amount in whole currency: divided by 100, exactly.",
			Examples: []Example{{`cents(1995)`, `19.95`, ""}, {`cents("5")`, `0.05`, ""}}}),
		number(Func{Name: "hundredths", Args: "number", Min: 1, Max: 1, Call: shift("hundredths", 2),
			Doc:      "A rate or quantity kept in hundredths, divided by 100, exactly.",
			Examples: []Example{{`hundredths(2100)`, `21`, ""}, {`hundredths(950)`, `9.5`, ""}}}),
		number(Func{Name: "scale", Args: "number, places", Min: 2, Max: 2, Call: scale,
			Doc:      "The number with its decimal mark moved left by so many places: number / 10^places, exactly. Without places nothing moves.",
			Examples: []Example{{`scale(1500, 3)`, `1.5`, ""}, {`scale(2, nil)`, `2`, ""}}}),
		number(Func{Name: "round", Args: "number, places", Min: 1, Max: 2, Call: round,
			Doc:      "The number rounded to so many decimals (none when not given), halves away from zero.",
			Examples: []Example{{`round(2.345, 2)`, `2.35`, ""}, {`round(-2.5)`, `-3`, ""}}}),
		number(Func{Name: "min", Args: "a, b, …", Min: 1, Max: -1, Call: extreme("min", -1),
			Doc:      "The smallest of the numbers; empty ones do not count. A list counts as its elements.",
			Examples: []Example{{`min(3, 1.5, nil)`, `1.5`, ""}}}),
		number(Func{Name: "max", Args: "a, b, …", Min: 1, Max: -1, Call: extreme("max", +1),
			Doc:      "The largest of the numbers; empty ones do not count. A list counts as its elements.",
			Examples: []Example{{`max([3, 10, 2])`, `10`, ""}}}),
		number(Func{Name: "abs", Args: "number", Min: 1, Max: 1, Call: abs,
			Doc:      "The number without its sign.",
			Examples: []Example{{`abs(-4.95)`, `4.95`, ""}}}),
		number(Func{Name: "sum", Args: "list", Min: 1, Max: 1, Call: sum,
			Doc:      "All elements of the list added; empty ones do not count, and an empty list gives 0. With a second argument that is worked out for each element first: sum(lines, .price * .quantity).",
			Examples: []Example{{`sum([1.10, 2.20, nil])`, `3.3`, ""}, {`sum([1, 2, 3], # * 2)`, `12`, ""}}}),
		number(Func{Name: "addTax", Args: "amount, rate, places", Min: 3, Max: 3, Call: tax("addTax", false),
			Doc:      "The amount with tax of so many per cent added, rounded to so many decimals.",
			Examples: []Example{{`addTax(10, 21, 2)`, `12.1`, ""}}}),
		number(Func{Name: "removeTax", Args: "amount, rate, places", Min: 3, Max: 3, Call: tax("removeTax", true),
			Doc:      "The amount without the tax of so many per cent that is in it, rounded to so many decimals.",
			Examples: []Example{{`removeTax(12.10, 21, 2)`, `10`, ""}, {`removeTax(9.99, 9, 4)`, `9.1651`, ""}}}),
	}
}

func asNumber(args []any) (any, error) {
	s, ok := args[0].(string)
	if !ok || len(args) == 1 {
		d, present, err := numberOf("number", args[0])
		if err != nil || !present {
			return nil, err
		}
		return d, nil
	}
	if strings.TrimSpace(s) == "" {
		return nil, nil
	}
	mark, err := textOf("number", args[1])
	if err != nil || mark != "," && mark != "." {
		return nil, errors.New(`number needs "," or "." as its mark`)
	}
	whole, fraction, hasFraction := strings.Cut(strings.TrimSpace(s), mark)
	d, err := ParseNumber(whole)
	if whole, ok = ungroup(whole, mark); ok {
		if hasFraction {
			whole += "." + fraction
		}
		d, err = ParseNumber(whole)
	}
	if !ok || err != nil || hasFraction && fraction == "" {
		return nil, fmt.Errorf("number needs a text that is a number with %q as decimal mark but got %s", mark, Describe(s))
	}
	return d, nil
}

// ungroup takes the separators out of groups of three digits: 1.234.567, 1 234 567, 1'234'567.
func ungroup(s, mark string) (string, bool) {
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign, s = "-", s[1:]
	}
	for _, separator := range []string{".", ",", " ", "\u00a0", "\u202f", "'", "’"} {
		if separator == mark || !strings.Contains(s, separator) {
			continue
		}
		groups := strings.Split(s, separator)
		for i, group := range groups {
			if i > 0 && len(group) != 3 || i == 0 && (len(group) == 0 || len(group) > 3) || digits(group) != group {
				return "", false
			}
		}
		return sign + strings.Join(groups, ""), true
	}
	return sign + s, digits(s) == s && s != ""
}

func shift(name string, places int) func([]any) (any, error) {
	return func(args []any) (any, error) {
		d, present, err := numberOf(name, args[0])
		if err != nil || !present {
			return nil, err
		}
		return fit(move(d, places))
	}
}

// move divides by a power of ten: the digits stay, the mark moves, so nothing can be lost but by going beyond 19 decimals.
func move(d model.Decimal, places int) (model.Decimal, error) {
	d = d.Trim(0)
	if d.Scale()+places > decimal.MaxScale {
		return d, errDigits
	}
	return d.MulExact(decimal.MustNew(1, places), d.Scale()+places)
}

func scale(args []any) (any, error) {
	d, present, err := numberOf("scale", args[0])
	if err != nil || !present {
		return nil, err
	}
	places := 0
	if !Empty(args[1]) {
		if places, err = whole("scale", "places", args[1], decimal.MaxScale); err != nil {
			return nil, err
		}
	}
	return fit(move(d, places))
}

func round(args []any) (any, error) {
	d, present, err := numberOf("round", args[0])
	if err != nil || !present {
		return nil, err
	}
	places := 0
	if len(args) > 1 {
		if places, err = whole("round", "places", args[1], decimal.MaxScale); err != nil {
			return nil, err
		}
	}
	return model.RoundHalfAway(d, places), nil
}

func extreme(name string, sign int) func([]any) (any, error) {
	return func(args []any) (any, error) {
		var best model.Decimal
		found := false
		for _, arg := range args {
			for _, v := range List(arg) {
				d, present, err := numberOf(name, v)
				if err != nil {
					return nil, err
				}
				if present && (!found || d.Cmp(best) == sign) {
					best, found = d, true
				}
			}
		}
		if !found {
			return nil, nil
		}
		return best, nil
	}
}

func abs(args []any) (any, error) {
	d, present, err := numberOf("abs", args[0])
	if err != nil || !present {
		return nil, err
	}
	return d.Abs(), nil
}

func sum(args []any) (any, error) {
	var total model.Decimal
	for _, v := range List(args[0]) {
		d, _, err := numberOf("sum", v)
		if err != nil {
			return nil, err
		}
		if total, err = total.Add(d); err != nil {
			return nil, errDigits
		}
	}
	return total, nil
}

func tax(name string, remove bool) func([]any) (any, error) {
	return func(args []any) (any, error) {
		amount, hasAmount, err := numberOf(name, args[0])
		if err != nil {
			return nil, err
		}
		rate, hasRate, err := numberOf(name, args[1])
		if err != nil {
			return nil, err
		}
		places, err := whole(name, "places", args[2], decimal.MaxScale)
		if err != nil || !hasAmount || !hasRate {
			return nil, err
		}
		hundred := decimal.MustNew(100, 0)
		factor, err := rate.Add(hundred)
		if err != nil || factor.Sign() <= 0 {
			return nil, fmt.Errorf("%s needs a rate above -100 per cent", name)
		}
		var d model.Decimal
		if remove {
			if d, err = amount.Mul(hundred); err == nil {
				d, err = d.Quo(factor)
			}
		} else {
			if d, err = amount.Mul(factor); err == nil {
				d, err = d.Quo(hundred)
			}
		}
		if err != nil {
			return nil, errDigits
		}
		return model.RoundHalfAway(d, places), nil
	}
}
