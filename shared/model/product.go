package model

// Product is an article as far as orders need it: to be found, named and placed on a line.
type Product struct {
	ID          string  `json:"id,omitempty" doc:"The source's identity of the article." example:"5001"`
	SKU         string  `json:"sku" doc:"Article code; the key of the product." example:"5001"`
	EAN         string  `json:"ean,omitempty" doc:"Bar code." example:"8712345678906"`
	Title       string  `json:"title" doc:"Name of the product." example:"Mug, blue"`
	Description string  `json:"description,omitempty" doc:"Longer text." example:"Stoneware, 30 cl"`
	Unit        string  `json:"unit,omitempty" doc:"Unit it is sold by." example:"STK"`
	Group       string  `json:"group,omitempty" doc:"Article group or category." example:"300"`
	Price       Decimal `json:"price" doc:"Sales price of one unit." example:"12.10"`
	IncludesTax bool    `json:"includesTax" doc:"Whether the price includes tax." example:"true"`
	TaxRate     Decimal `json:"taxRate" doc:"Tax rate in per cent." example:"21"`
	Currency    string  `json:"currency,omitempty" doc:"Currency of the price (ISO 4217)." example:"EUR"`
	Active      bool    `json:"active" doc:"Whether it is sold." example:"true"`
}
