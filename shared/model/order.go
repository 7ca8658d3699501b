package model

import "time"

// Order is a sale in the source: a sales order or an invoice, with its customer, lines and totals.
type Order struct {
	ID          string    `json:"id" doc:"The source's own identity of the order; never shown to customers." example:"6f0e3a5291c411ef8f110242ac120002"`
	Number      string    `json:"number" doc:"The order number people use." example:"2026.318"`
	Type        string    `json:"type,omitempty" doc:"What it is in the source: order, invoice or quotation." example:"order"`
	Status      string    `json:"status,omitempty" doc:"The source's own status, for filters." example:"open"`
	Reference   string    `json:"reference,omitempty" doc:"The customer's or the till's free reference text." example:"Webshop 100045"`
	External    string    `json:"external,omitempty" doc:"The number another system gave the order, when it came from there." example:"WEB-100045"`
	Placed      time.Time `json:"placed" doc:"When the order was placed." example:"2026-10-24T12:30:12Z"`
	Zone        string    `json:"zone,omitempty" doc:"The time zone the source keeps its clock in." example:"Europe/Amsterdam"`
	Date        string    `json:"date" doc:"The booking day in the source's zone." example:"2026-10-24"`
	Currency    string    `json:"currency" doc:"Currency of every amount of the order (ISO 4217)." example:"EUR"`
	Channel     string    `json:"channel,omitempty" doc:"Branch, shop or sales channel." example:"1"`
	Employee    string    `json:"employee,omitempty" doc:"Who entered the order." example:"999999"`
	IncludesTax bool      `json:"includesTax" doc:"Whether unit prices and line totals include tax." example:"true"`
	Paid        bool      `json:"paid" doc:"Whether the whole amount has been paid." example:"true"`
	PaidAmount  Decimal   `json:"paidAmount" doc:"How much has been paid." example:"24.20"`
	Cancelled   bool      `json:"cancelled" doc:"Whether the order was cancelled." example:"false"`
	Comment     string    `json:"comment,omitempty" doc:"The customer's remark." example:"Please ring the bell"`
	Customer    *Customer `json:"customer,omitempty" doc:"Who buys; absent for a sale to a passer-by."`
	Billing     *Address  `json:"billing,omitempty" doc:"Where the invoice goes."`
	Shipping    *Address  `json:"shipping,omitempty" doc:"Where the goods go."`
	Lines       []Line    `json:"lines" doc:"What was bought."`
	Charges     []Charge  `json:"charges,omitempty" doc:"Shipping and payment costs, each its own amount."`
	Discount    Decimal   `json:"discount" doc:"Discount on the whole order, on top of discounts on lines; positive lowers the total." example:"0"`
	Payment     Payment   `json:"payment" doc:"How it is paid."`
	Delivery    Delivery  `json:"delivery" doc:"How it is delivered."`
	Taxes       []Tax     `json:"taxes,omitempty" doc:"Totals per tax rate as the source reports them."`
	Total       Total     `json:"total" doc:"Totals of the order as the source reports them."`
}

// Line is one article of an order.
type Line struct {
	ID              string  `json:"id,omitempty" doc:"The source's identity of the line." example:"6f0e3c1091c411ef8f110242ac120002"`
	SKU             string  `json:"sku" doc:"Article code; the key of the product in the target." example:"5001"`
	EAN             string  `json:"ean,omitempty" doc:"Bar code." example:"8712345678906"`
	Description     string  `json:"description,omitempty" doc:"Text of the line." example:"Mug, blue"`
	Unit            string  `json:"unit,omitempty" doc:"Unit of the quantity." example:"STK"`
	Quantity        Decimal `json:"quantity" doc:"How many; negative is a return." example:"2"`
	Price           Decimal `json:"price" doc:"Price of one unit before discount, with tax when the order says includesTax." example:"12.10"`
	DiscountPercent Decimal `json:"discountPercent" doc:"Discount in per cent of the line." example:"10"`
	DiscountAmount  Decimal `json:"discountAmount" doc:"Discount on the whole line as an amount; positive lowers it." example:"0"`
	TaxRate         Decimal `json:"taxRate" doc:"Tax rate in per cent." example:"21"`
	TaxCode         string  `json:"taxCode,omitempty" doc:"The source's tax code." example:"1"`
	Total           Decimal `json:"total" doc:"Line amount after discount, with tax when the order says includesTax." example:"24.20"`
}

// Charge is an amount beside the articles: shipping, a payment fee, or the rounding line the platform adds itself.
type Charge struct {
	Kind        string  `json:"kind" doc:"What it is for: shipping, payment or rounding." example:"shipping"`
	SKU         string  `json:"sku,omitempty" doc:"Code of the cost item in the target." example:"VERZEND"`
	Description string  `json:"description,omitempty" doc:"Text of the line." example:"Shipping costs"`
	Amount      Decimal `json:"amount" doc:"Amount, with tax when the order says includesTax." example:"4.95"`
	TaxRate     Decimal `json:"taxRate" doc:"Tax rate in per cent." example:"21"`
}

// The kinds of charge.
const (
	ChargeShipping = "shipping"
	ChargePayment  = "payment"
	ChargeRounding = "rounding"
)

// Tax is the total of one tax rate.
type Tax struct {
	Code   string  `json:"code,omitempty" doc:"The source's tax code." example:"1"`
	Rate   Decimal `json:"rate" doc:"Rate in per cent." example:"21"`
	Net    Decimal `json:"net" doc:"Amount without tax at this rate." example:"20.00"`
	Amount Decimal `json:"amount" doc:"Tax at this rate." example:"4.20"`
}

// Total holds the totals of an order.
type Total struct {
	Net   Decimal `json:"net" doc:"Total without tax." example:"20.00"`
	Tax   Decimal `json:"tax" doc:"Tax." example:"4.20"`
	Gross Decimal `json:"gross" doc:"Total with tax: what the customer pays." example:"24.20"`
}

// Payment says how an order is paid.
type Payment struct {
	Method string `json:"method,omitempty" doc:"The source's payment method." example:"PIN"`
	Terms  string `json:"terms,omitempty" doc:"Payment terms code." example:"14"`
}

// Delivery says how an order is delivered.
type Delivery struct {
	Method string `json:"method,omitempty" doc:"The source's delivery method." example:"BEZORGEN"`
	Date   string `json:"date,omitempty" doc:"Day the customer asked for." example:"2026-10-26"`
}
