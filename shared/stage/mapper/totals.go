package mapper

import (
	"fmt"
	"time"

	"github.com/govalues/decimal"

	"apicenter/shared/fault"
	"apicenter/shared/integration"
	"apicenter/shared/model"
)

type clock = func() time.Time

var hundred = decimal.Hundred

// lineAmount is what a line comes to: quantity × price, less the discounts, rounded to the currency's coin. Where a discount
// leaves a fraction of a coin, systems round in different places (the discount, or what is left); the source's own figure
// counts then, as long as it is within one coin.
func lineAmount(line model.Line, currency string) model.Decimal {
	scale := model.CurrencyScale(currency)
	amount, err := line.Quantity.Mul(line.Price)
	if err != nil {
		return line.Total
	}
	discounted := !line.DiscountPercent.IsZero() || !line.DiscountAmount.IsZero()
	if off, err := amount.Mul(line.DiscountPercent); err == nil {
		if off, err = off.Quo(hundred); err == nil {
			if less, err := amount.Sub(off); err == nil {
				amount = less
			}
		}
	}
	if less, err := amount.Sub(line.DiscountAmount); err == nil {
		amount = less
	}
	rounded := model.RoundHalfAway(amount, scale)
	if off, err := rounded.SubAbs(line.Total); discounted && err == nil && off.Cmp(decimal.MustNew(1, scale)) <= 0 {
		return line.Total
	}
	return rounded
}

// reconcile compares what the lines come to with the source's total, before anything is written. A difference up to the
// tolerance goes to a rounding line; a larger one rejects the order with both figures: something of it was not read.
func reconcile(order *model.Order, rules *integration.OrderRules) *fault.Error {
	amounts := make([]model.Decimal, 0, len(order.Lines)+len(order.Charges)+2)
	for _, line := range order.Lines {
		amounts = append(amounts, lineAmount(line, order.Currency))
	}
	for _, charge := range order.Charges {
		amounts = append(amounts, charge.Amount)
	}
	amounts = append(amounts, order.Discount.Neg())
	if !order.IncludesTax {
		amounts = append(amounts, order.Total.Tax)
	}
	sum, err := model.Sum(amounts...)
	if err != nil {
		return fault.New(fault.Reject, "the amounts of the order are too large to add up")
	}
	difference, err := order.Total.Gross.Sub(sum)
	if err != nil {
		return fault.New(fault.Reject, "the amounts of the order are too large to compare")
	}
	if difference.IsZero() {
		return nil
	}
	if difference.CmpAbs(rules.TotalTolerance()) > 0 {
		return &fault.Error{Class: fault.Reject, Step: "check totals", Field: "total.gross",
			Message: fmt.Sprintf("the lines of order %s come to %s %s, but its total is %s %s", order.Number,
				money(sum, order.Currency), order.Currency, money(order.Total.Gross, order.Currency), order.Currency),
			Advice: "Correct the order in the source; if a part of it was not read (costs, a discount), map that part."}
	}
	if rules.RoundingSKU == "" {
		return &fault.Error{Class: fault.Reject, Step: "check totals", Field: "roundingSku",
			Message: fmt.Sprintf("the lines of order %s differ from its total by %s %s, and the flow has no article for rounding differences",
				order.Number, difference, order.Currency),
			Advice: "Choose a cost item for rounding differences in the flow's settings."}
	}
	order.Charges = append(order.Charges, model.Charge{Kind: model.ChargeRounding, SKU: rules.RoundingSKU,
		Description: "Rounding difference", Amount: difference})
	return nil
}

func money(d model.Decimal, currency string) string {
	return model.RoundHalfAway(d, model.CurrencyScale(currency)).Pad(model.CurrencyScale(currency)).String()
}
