package shopdata

import (
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/govalues/decimal"
)

// makeOrder places the next order of the stream.
func (s *Shop) makeOrder(fate Fate, customer *Customer) Order {
	o := Order{
		ID:               s.newID(),
		Placed:           s.nextPlaced.Add(time.Duration(s.rng.Int64N(int64(s.Options.Interval)))).Truncate(time.Second).In(s.zone),
		Customer:         customer,
		Email:            s.typed(customer),
		PricesIncludeVAT: customer == nil || !customer.IsCompany() || !s.chance(150),
		Fate:             fate,
		Reference:        s.text(references()),
		Remark:           s.text(remarks()),
	}
	s.nextPlaced = s.nextPlaced.Add(s.Options.Interval)
	o.Number = s.number(o.Placed.Year())
	if s.chance(800) {
		o.ExtID = fmt.Sprintf("WEB-%06d", s.nextExt)
		s.nextExt++
	}
	s.ship(&o)
	s.fill(&o)
	o.Totals = o.Compute()
	if fate == Inconsistent {
		off := FromCents(1_000 + s.rng.Int64N(9_000))
		o.Totals.Incl, o.Totals.Excl = sum(o.Totals.Incl, off), sum(o.Totals.Excl, off)
	}
	s.settle(&o)
	return o
}

// fill puts one to five lines on the order and, in a fifth of the orders,
// the shipping costs.
func (s *Shop) fill(o *Order) {
	count := 1 + min(s.rng.IntN(5), s.rng.IntN(5))
	o.Lines = make([]Line, 0, count+2)
	for range count {
		o.Lines = append(o.Lines, s.line(o, s.Articles[s.skewed(len(s.Articles)-1)]))
	}
	if o.Fate == UnknownProduct {
		unknown := s.line(o, pick(s.rng, s.TillOnly))
		unknown.Article = nil
		o.Lines = append(o.Lines, unknown)
	}
	if s.chance(200) {
		costs := s.unitLine(o, s.Shipping)
		costs.Shipping = true
		o.Lines = append(o.Lines, costs)
	}
}

// unitLine is one piece of an article at its ordinary price.
func (s *Shop) unitLine(o *Order, a *Article) Line {
	l := Line{
		Article: a, ArticleNumber: a.Number, Text: a.Description, Quantity: decimal.One,
		UnitPrice: a.Price, VATRate: a.VATRate, DiscountAmount: FromCents(0),
	}
	if !o.PricesIncludeVAT {
		l.UnitPrice = ExclOf(a.Price, a.VATRate)
	}
	l.Total = LineTotal(l.UnitPrice, l.Quantity, l.DiscountPercent, l.DiscountAmount)
	return l
}

// line is some of an article, with a discount now and then.
func (s *Shop) line(o *Order, a *Article) Line {
	l := s.unitLine(o, a)
	switch a.Unit {
	case "KG":
		l.Quantity = decimal.MustNew(120+s.rng.Int64N(2_400), 3)
	case "M":
		l.Quantity = decimal.MustNew(50+s.rng.Int64N(2_000), 2)
	default:
		l.Quantity = decimal.MustNew(1+int64(s.skewed(12)), 0)
	}
	switch {
	case s.chance(80):
		l.DiscountPercent = pick(s.rng, []decimal.Decimal{
			decimal.MustNew(5, 0), decimal.MustNew(10, 0), decimal.MustNew(125, 1), decimal.MustNew(15, 0), decimal.MustNew(25, 0), decimal.MustNew(3333, 2),
		})
	case s.chance(40):
		gross := Cents(LineTotal(l.UnitPrice, l.Quantity, decimal.Zero, decimal.Zero))
		l.DiscountAmount = FromCents(gross * (5 + s.rng.Int64N(30)) / 100)
	}
	l.Total = LineTotal(l.UnitPrice, l.Quantity, l.DiscountPercent, l.DiscountAmount)
	return l
}

// ship decides where the goods go.
func (s *Shop) ship(o *Order) {
	switch {
	case o.Customer == nil:
		if s.chance(500) {
			a := s.anyRegion().address(s.rng)
			o.ShippingAddress = &a
		}
	case s.chance(150):
		a := s.anyRegion().address(s.rng)
		if o.Customer.Delivery != nil {
			a = *o.Customer.Delivery
		}
		o.ShippingAddress = &a
	}
}

// settle decides what was paid, and cancels the order if that is its fate.
func (s *Shop) settle(o *Order) {
	o.Cancelled = o.Fate == Cancelled
	o.PaidAmount = FromCents(0)
	total := Cents(o.Totals.Incl)
	paid := total
	switch {
	case o.Fate == Unpaid || o.Cancelled && s.chance(600):
		paid = 0
		if total > 1 && s.chance(300) {
			paid = total / 3
		}
	case s.chance(60):
		// Paid in full or rounded up, but the shop has not set its mark yet.
		if s.chance(300) {
			paid = (total + 99) / 100 * 100
		}
	default:
		o.Paid = true
	}
	if paid == 0 {
		return
	}
	o.PaidAmount = FromCents(paid)
	at := o.Placed.Add(time.Duration(s.rng.IntN(180)) * time.Second)
	if paid > 5_000 && s.chance(30) {
		first := FromCents(paid / 2)
		o.Payments = append(o.Payments, Payment{Method: "CADEAUBON", Amount: first, At: at})
		paid -= Cents(first)
	}
	method := pick(s.rng, []string{"IDEAL", "IDEAL", "IDEAL", "BANCONTACT", "CREDITCARD", "PIN", "CONTANT", "OVERBOEKING"})
	o.Payments = append(o.Payments, Payment{Method: method, Amount: FromCents(paid), At: at})
}

// number hands out the next visible number of a year.
func (s *Shop) number(year int) OrderNumber {
	if s.lastNumber.Year != year {
		s.lastNumber = OrderNumber{Year: year}
	}
	s.lastNumber.Sequence++
	return s.lastNumber
}

// text draws one of the texts and fills in a number where it has a place.
func (s *Shop) text(from []string) string {
	text := pick(s.rng, from)
	if strings.Contains(text, "%d") {
		return fmt.Sprintf(text, 100+s.rng.IntN(900))
	}
	return text
}

// newID makes a random UUID, version 4.
func (s *Shop) newID() string {
	var b [16]byte
	hi, lo := s.rng.Uint64(), s.rng.Uint64()
	for i := range 8 {
		b[i], b[8+i] = byte(hi>>(8*i)), byte(lo>>(8*i))
	}
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	h := hex.EncodeToString(b[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}
