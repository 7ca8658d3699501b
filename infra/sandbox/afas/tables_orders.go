package afas

import (
	"iter"
	"strings"
	"time"

	"github.com/govalues/decimal"
)

func orderTables() []getter {
	return []getter{salesOrderTable(), salesLineTable(), webshopOrderTable(), invoiceTable(), invoiceLineTable()}
}

// lineRow is a line with its order.
type lineRow struct {
	order *Order
	line  *Line
}

// linesOf is the sequence of the lines of orders.
func linesOf(orders []*Order) iter.Seq[lineRow] {
	return func(yield func(lineRow) bool) {
		for _, o := range orders {
			for _, l := range o.Lines {
				if !yield(lineRow{o, l}) {
					return
				}
			}
		}
	}
}

// orderKeys are the columns that find orders by an index.
func orderKeys() map[string]string {
	return map[string]string{"OrderNumber": "ordernumber", "CustomerReference": "customerreference", "DebtorId": "debtorid"}
}

func (o *Order) quantity() decimal.Decimal {
	s := &sums{}
	q := decimal.Zero
	for _, l := range o.Lines {
		if hasAmount(l.ItemType) {
			q = s.add(q, l.Quantity)
		}
	}
	return q
}

// status is open until the order is invoiced.
func (o *Order) status() string {
	if o.InvoiceNumber != "" {
		return "Gefactureerd"
	}
	return "Openstaand"
}

func salesOrderTable() getter {
	return &table[*Order]{
		id: "Profit_Salesorders", description: "Verkooporders (Profit)",
		all:     func(d *data) iter.Seq[*Order] { return slice(d.orderList) },
		indexed: orderKeys(), look: func(d *data, key string) iter.Seq[*Order] { return slice(d.ordersBy[key]) },
		columns: []column[*Order]{
			textCol("Ordersoort", func(*Order) string { return "Verkooporder" }),
			textCol("OrderNumber", func(o *Order) string { return o.Number }),
			textCol("Status", (*Order).status),
			dateCol("OrderDate", func(o *Order) string { return o.Date }),
			textCol("DebtorId", func(o *Order) string { return o.DebtorID }),
			textCol("CurrencyId", func(o *Order) string { return o.Currency }),
			textCol("CustomerReference", func(o *Order) string { return o.Reference }),
			decCol("Gross", func(o *Order) decimal.Decimal { return o.Gross }),
			decCol("Discount", func(o *Order) decimal.Decimal { return o.Discount }),
			decCol("TotalAmount", func(o *Order) decimal.Decimal { return o.TotalExcl }),
			decCol("VAT", func(o *Order) decimal.Decimal { return o.Vat }),
			decCol("Quantity", (*Order).quantity),
			decCol("InvoiceTotal", func(o *Order) decimal.Decimal { return o.TotalIncl }),
		},
	}
}

func salesLineTable() getter {
	return &table[lineRow]{
		id: "Profit_SalesorderLines", description: "Verkooporderregels (Profit)",
		all: func(d *data) iter.Seq[lineRow] { return linesOf(d.orderList) },
		indexed: map[string]string{
			"OrderNumber": "ordernumber", "CustomerReference": "customerreference", "DebtorId": "debtorid", "LineGuid": "lineguid",
		},
		look: func(d *data, key string) iter.Seq[lineRow] {
			if len(key) > 9 && key[:9] == "lineguid|" {
				return d.lineByGUID(key[9:])
			}
			return linesOf(d.ordersBy[key])
		},
		columns: []column[lineRow]{
			textCol("OrderNumber", func(r lineRow) string { return r.order.Number }),
			textCol("Status", func(r lineRow) string { return r.order.status() }),
			dateCol("OrderDate", func(r lineRow) string { return r.order.Date }),
			textCol("DebtorId", func(r lineRow) string { return r.order.DebtorID }),
			textCol("CurrencyId", func(r lineRow) string { return r.order.Currency }),
			textCol("CustomerReference", func(r lineRow) string { return r.order.Reference }),
			intCol("SeqNo", func(r lineRow) int { return r.line.Seq }),
			textCol("LineStatusCode", func(r lineRow) string {
				if r.order.InvoiceNumber != "" {
					return "I"
				}
				return "O"
			}),
			textCol("LineGuid", func(r lineRow) string { return r.line.ID }),
			textCol("ItemTypeCode", func(r lineRow) string { return typeName(r.line.ItemType) }),
			textCol("ItemCodeId", func(r lineRow) string { return r.line.ItemCode }),
			textCol("Description", func(r lineRow) string { return r.line.Description }),
			textCol("UnitId", func(r lineRow) string { return r.line.Unit }),
			decCol("PiecePerUnit", func(lineRow) decimal.Decimal { return decimal.One }),
			decCol("PricePerUnit", func(r lineRow) decimal.Decimal { return r.line.Price }),
			decCol("AmtRowDiscount", func(r lineRow) decimal.Decimal { return r.line.DiscountAmount }),
			decCol("PriceNet", func(r lineRow) decimal.Decimal {
				if r.line.Quantity.IsZero() {
					return decimal.Zero
				}
				return (&sums{}).part(r.line.Amount, decimal.One, r.line.Quantity)
			}),
			decCol("AmtTotal", func(r lineRow) decimal.Decimal { return r.line.Amount }),
			timeCol("CreateDate", func(r lineRow) time.Time { return r.line.Created }),
			timeCol("ModifiedDate", func(r lineRow) time.Time { return r.line.Modified }),
		},
	}
}

// lineByGUID finds one line; the key is folded.
func (d *data) lineByGUID(key string) iter.Seq[lineRow] {
	return func(yield func(lineRow) bool) {
		o := d.lines[strings.ToUpper(key)]
		if o == nil || o.Kind != KindOrder {
			return
		}
		for _, l := range o.Lines {
			if fold(l.ID) == key {
				yield(lineRow{o, l})
				return
			}
		}
	}
}

func webshopOrderTable() getter {
	return &table[*Order]{
		id: "Webshop_Orders", description: "Orders en directe facturen webshop",
		all: func(d *data) iter.Seq[*Order] {
			return func(yield func(*Order) bool) {
				for _, list := range [][]*Order{d.orderList, d.invoiceList} {
					for _, o := range list {
						if !yield(o) {
							return
						}
					}
				}
			}
		},
		indexed: orderKeys(),
		look: func(d *data, key string) iter.Seq[*Order] {
			return func(yield func(*Order) bool) {
				for _, list := range [][]*Order{d.ordersBy[key], d.invoicesBy[key]} {
					for _, o := range list {
						if !yield(o) {
							return
						}
					}
				}
			}
		},
		columns: []column[*Order]{
			textCol("OrderNumber", func(o *Order) string { return o.Number }),
			textCol("OrderType", func(o *Order) string { return o.Kind }),
			textCol("CustomerReference", func(o *Order) string { return o.Reference }),
			dateCol("OrderDate", func(o *Order) string { return o.Date }),
			textCol("DebtorId", func(o *Order) string { return o.DebtorID }),
			decCol("TotalIncl", func(o *Order) decimal.Decimal { return o.TotalIncl }),
			decCol("TotalExcl", func(o *Order) decimal.Decimal { return o.TotalExcl }),
			decCol("VAT", func(o *Order) decimal.Decimal { return o.Vat }),
			intCol("Unit", func(o *Order) int { return o.Administration }),
		},
	}
}

func invoiceKeys() map[string]string {
	m := orderKeys()
	m["InvoiceNr"] = "invoicenr"
	return m
}

func invoiceTable() getter {
	return &table[*Order]{
		id: "Webshop_SalesInvoices", description: "Verkoopfacturen webshop",
		all:     func(d *data) iter.Seq[*Order] { return slice(d.invoiced) },
		indexed: invoiceKeys(), look: func(d *data, key string) iter.Seq[*Order] { return slice(d.invoicedBy[key]) },
		columns: []column[*Order]{
			textCol("InvoiceNr", func(o *Order) string { return o.InvoiceNumber }),
			dateCol("InvoiceDate", (*Order).invoiceDate),
			col("DueDate", dateKind, func(d *data, o *Order) value {
				return day((&tx{data: d}).dueDate(o.invoiceDate(), o.PaymentCondition))
			}),
			textCol("DebtorId", func(o *Order) string { return o.DebtorID }),
			textCol("OrderNumber", func(o *Order) string { return o.Number }),
			textCol("CustomerReference", func(o *Order) string { return o.Reference }),
			textCol("CurrencyId", func(o *Order) string { return o.Currency }),
			decCol("AmountExcl", func(o *Order) decimal.Decimal { return o.TotalExcl }),
			decCol("VatAmount", func(o *Order) decimal.Decimal { return o.Vat }),
			decCol("AmountIncl", func(o *Order) decimal.Decimal { return o.TotalIncl }),
			col("Outstanding", decKind, func(d *data, o *Order) value { return dec(d.outstanding(o)) }),
			timeCol("ModifiedDate", func(o *Order) time.Time { return o.Modified }),
		},
	}
}

func invoiceLineTable() getter {
	keys := invoiceKeys()
	delete(keys, "CustomerReference")
	delete(keys, "DebtorId")
	return &table[lineRow]{
		id: "Webshop_SalesInvoiceLines", description: "Verkoopfactuurregels webshop",
		all:     func(d *data) iter.Seq[lineRow] { return linesOf(d.invoiced) },
		indexed: keys, look: func(d *data, key string) iter.Seq[lineRow] { return linesOf(d.invoicedBy[key]) },
		columns: []column[lineRow]{
			textCol("InvoiceNr", func(r lineRow) string { return r.order.InvoiceNumber }),
			intCol("SeqNo", func(r lineRow) int { return r.line.Seq }),
			textCol("ItemType", func(r lineRow) string { return r.line.ItemType }),
			textCol("ItemCode", func(r lineRow) string { return r.line.ItemCode }),
			textCol("Description", func(r lineRow) string { return r.line.Description }),
			textCol("UnitId", func(r lineRow) string { return r.line.Unit }),
			decCol("Quantity", func(r lineRow) decimal.Decimal { return r.line.Quantity }),
			decCol("UnitPrice", func(r lineRow) decimal.Decimal { return r.line.Price }),
			decCol("DiscountPerc", func(r lineRow) decimal.Decimal { return r.line.DiscountPercent }),
			decCol("LineAmount", func(r lineRow) decimal.Decimal { return r.line.Amount }),
			textCol("VatCode", func(r lineRow) string { return r.line.VatCode }),
			decCol("VatPerc", func(r lineRow) decimal.Decimal { return r.line.VatRate }),
			textCol("OrderNumber", func(r lineRow) string { return r.order.Number }),
			textCol("OrderLineGuid", func(r lineRow) string { return r.line.ID }),
		},
	}
}
