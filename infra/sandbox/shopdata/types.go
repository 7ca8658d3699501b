package shopdata

import (
	"fmt"
	"strconv"
	"time"

	"github.com/govalues/decimal"
)

// Article is something the shop sells: one size of one product, with its own
// number, price and bar code.
type Article struct {
	Number int64 `json:"number"`
	// Product is the number that the sizes of one product share. A product
	// without sizes has exactly one article.
	Product     int64           `json:"product"`
	PLU         string          `json:"plu"`
	ExtID       string          `json:"extId"`
	EAN         string          `json:"ean"`
	Description string          `json:"description"`
	Size        string          `json:"size,omitempty"`
	Unit        string          `json:"unit"`    // STK, KG or M
	Price       decimal.Decimal `json:"price"`   // including VAT
	VATRate     decimal.Decimal `json:"vatRate"` // per cent: 21, 9 or 0
}

// Customer is a person or a company that orders. Gender and birthday are not
// known, as in most shops.
type Customer struct {
	Number         int64    `json:"number"`
	Company        string   `json:"company,omitempty"` // empty for a person
	First          string   `json:"first"`
	Prefix         string   `json:"prefix,omitempty"` // "van der", "de", "von"
	Last           string   `json:"last"`
	Email          string   `json:"email,omitempty"`
	Phone          string   `json:"phone,omitempty"`
	VATNumber      string   `json:"vatNumber,omitempty"`
	CommerceNumber string   `json:"commerceNumber,omitempty"`
	Address        Address  `json:"address"`
	Delivery       *Address `json:"delivery,omitempty"`
	// MixedCase marks a customer who writes the e-mail address differently
	// from order to order, see [Order.Email].
	MixedCase bool `json:"mixedCase,omitempty"`
}

// IsCompany reports whether the customer is a company.
func (c *Customer) IsCompany() bool { return c.Company != "" }

// FullName returns first name, prefix and last name of the person.
func (c *Customer) FullName() string {
	if c.Prefix != "" {
		return c.First + " " + c.Prefix + " " + c.Last
	}
	return c.First + " " + c.Last
}

// Address is a postal address. Country is an ISO code of two letters.
type Address struct {
	Street      string `json:"street"`
	HouseNumber int    `json:"houseNumber"`
	Addition    string `json:"addition,omitempty"` // "A", "bis", "III", "hs", "bus 4"
	PostalCode  string `json:"postalCode"`
	City        string `json:"city"`
	Country     string `json:"country"`
}

// StreetLine returns street, number and addition in one text, joined as people
// write them: "Kade 12A", "Kade 5 bis", "Kade 101-III".
func (a Address) StreetLine() string {
	line := a.Street + " " + strconv.Itoa(a.HouseNumber)
	switch {
	case a.Addition == "":
		return line
	case len(a.Addition) == 1:
		return line + a.Addition
	case isRoman(a.Addition):
		return line + "-" + a.Addition
	}
	return line + " " + a.Addition
}

func isRoman(s string) bool {
	for _, r := range s {
		if r != 'I' && r != 'V' {
			return false
		}
	}
	return true
}

// OrderNumber is the visible number of an order: it counts within a year.
type OrderNumber struct {
	Year     int   `json:"year"`
	Sequence int64 `json:"sequence"`
}

// String writes the year, a point and the sequence: "2026.318".
func (n OrderNumber) String() string { return fmt.Sprintf("%d.%d", n.Year, n.Sequence) }

// Order is one order of the shop.
type Order struct {
	ID     string      `json:"id"` // a UUID in lower case with dashes
	Number OrderNumber `json:"number"`
	ExtID  string      `json:"extId,omitempty"` // number of the web shop; empty for an order at the till
	// Placed is the moment of ordering, in the zone Europe/Amsterdam.
	Placed time.Time `json:"placed"`
	// Customer is nil for a guest.
	Customer *Customer `json:"customer,omitempty"`
	// Email is the customer's address as it was typed with this order: equal
	// to Customer.Email but for upper and lower case.
	Email string `json:"email,omitempty"`
	// Lines holds everything that is charged, including shipping costs.
	Lines []Line `json:"lines"`
	// PricesIncludeVAT says whether prices, discounts and line totals include
	// VAT. Some orders of companies are kept without.
	PricesIncludeVAT bool `json:"pricesIncludeVAT"`
	// ShippingAddress is set when the goods go somewhere else.
	ShippingAddress *Address `json:"shippingAddress,omitempty"`
	Reference       string   `json:"reference,omitempty"`
	Remark          string   `json:"remark,omitempty"`
	// Paid is the mark of the shop. It lags behind in some orders, so ask
	// [Order.IsPaid].
	Paid       bool            `json:"paid"`
	PaidAmount decimal.Decimal `json:"paidAmount"`
	Cancelled  bool            `json:"cancelled"`
	Payments   []Payment       `json:"payments,omitempty"`
	// Totals are the totals that the shop stored. They are those of
	// [Order.Compute] unless the fate is Inconsistent.
	Totals Totals `json:"totals"`
	Fate   Fate   `json:"fate"`
}

// IsPaid reports whether the order is paid: by the mark of the shop or because
// the payments reach the total.
func (o *Order) IsPaid() bool { return o.Paid || o.PaidAmount.Cmp(o.Totals.Incl) >= 0 }

// ShippingLine returns the line with the shipping costs, or nil.
func (o *Order) ShippingLine() *Line {
	for i := range o.Lines {
		if o.Lines[i].Shipping {
			return &o.Lines[i]
		}
	}
	return nil
}

// Line is one line of an order. Prices are per unit and before discount.
type Line struct {
	// Article is nil when no catalogue knows the article number.
	Article         *Article        `json:"article,omitempty"`
	ArticleNumber   int64           `json:"articleNumber"`
	Text            string          `json:"text"`
	Quantity        decimal.Decimal `json:"quantity"` // pieces have no decimals, weights three, lengths two
	UnitPrice       decimal.Decimal `json:"unitPrice"`
	DiscountPercent decimal.Decimal `json:"discountPercent"` // at most one of the
	DiscountAmount  decimal.Decimal `json:"discountAmount"`  // discounts is not zero
	VATRate         decimal.Decimal `json:"vatRate"`
	Total           decimal.Decimal `json:"total"` // see [LineTotal]
	Shipping        bool            `json:"shipping,omitempty"`
}

// Payment is money that was received for an order.
type Payment struct {
	Method string          `json:"method"`
	Amount decimal.Decimal `json:"amount"`
	At     time.Time       `json:"at"`
}

// Totals are the amounts of a whole order.
type Totals struct {
	Incl      decimal.Decimal `json:"incl"`
	Excl      decimal.Decimal `json:"excl"`
	VATByRate []VATTotal      `json:"vatByRate"` // highest rate first
}

// VATTotal is the part of an order that has one VAT rate.
type VATTotal struct {
	Rate decimal.Decimal `json:"rate"`
	Excl decimal.Decimal `json:"excl"`
	VAT  decimal.Decimal `json:"vat"`
	Incl decimal.Decimal `json:"incl"`
}
