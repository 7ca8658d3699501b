package afas

import (
	"fmt"
	"strconv"
	"time"

	"github.com/govalues/decimal"
)

// moveForLine books a line in stock: an order reserves, a direct invoice takes.
func (t *tx) moveForLine(o *Order, l *Line, sign int64) {
	w := l.Warehouse
	if w == "" {
		w = o.Warehouse
	}
	st := t.stockOf(l.ItemCode, l.Dim1, l.Dim2, w)
	keep(t, st)
	q := l.Quantity
	if sign < 0 {
		q = q.Neg()
	}
	s := &sums{}
	if o.InvoiceNumber == "" {
		st.Reserved = s.add(st.Reserved, q)
	} else {
		st.Actual = s.sub(st.Actual, q)
	}
	st.Modified = t.now
}

// stockOf returns the stock record, made when there is none yet.
func (t *tx) stockOf(item, dim1, dim2, warehouse string) *Stock {
	key := fold(item) + "|" + fold(dim1) + "|" + fold(dim2) + "|" + fold(warehouse)
	if st := t.stock[key]; st != nil {
		return st
	}
	st := &Stock{Item: item, Dim1: dim1, Dim2: dim2, Warehouse: warehouse, Modified: t.now}
	put(t, t.stock, key, st)
	push(t, &t.stockList, st)
	reindex(t, t.stockBy, st, nil, []string{indexKey("itemcode", item)})
	return st
}

// openInvoice books the total of an invoice as owed by the debtor.
func (t *tx) openInvoice(o *Order, sign int64) {
	amount := o.TotalIncl
	if sign < 0 {
		amount = amount.Neg()
	}
	x := o.DebtorID
	if o.InvoiceTo != "" {
		x = o.InvoiceTo
	}
	item := t.openItem(o.Administration, x, o.InvoiceNumber, func(i *OpenItem) {
		i.Date, i.DueDate = o.Date, t.dueDate(o.Date, o.PaymentCondition)
		i.Currency, i.Description = o.Currency, "Factuur "+o.InvoiceNumber
	})
	s := &sums{}
	item.Amount = s.add(item.Amount, amount)
	item.Balance = s.add(item.Balance, amount)
}

// openItem returns an open item to be changed, made when there is none yet.
func (t *tx) openItem(administration int, debtor, invoice string, fresh func(*OpenItem)) *OpenItem {
	key := fmt.Sprintf("%d|%s|%s", administration, fold(debtor), fold(invoice))
	if i := t.openItems[key]; i != nil {
		keep(t, i)
		return i
	}
	i := &OpenItem{Administration: administration, DebtorID: debtor, InvoiceNr: invoice}
	fresh(i)
	put(t, t.openItems, key, i)
	push(t, &t.openList, i)
	reindex(t, t.openBy, i, nil, []string{indexKey("invoicenr", invoice), indexKey("debtorid", debtor)})
	return i
}

// dueDate adds the days of a payment condition.
func (t *tx) dueDate(date, condition string) string {
	d, err := time.Parse(time.DateOnly, date[:min(len(date), len(time.DateOnly))])
	p := t.paymentCondition(condition)
	if err != nil || p == nil {
		return date
	}
	return d.AddDate(0, 0, p.Days).Format(time.DateOnly)
}

// InvoiceOrder does what Profit's own delivery and invoicing run does: the goods
// of a sales order leave stock and it gets an invoice number, which is returned.
func (s *Sandbox) InvoiceOrder(number string) (string, error) {
	invoice := ""
	_, bad := s.commit(func(t *tx) ([]result, *fault) {
		o := t.orders[fold(number)]
		if o == nil {
			return nil, unknownValue(s.order.schema.byCode["OrNu"])
		}
		if o.InvoiceNumber != "" {
			return nil, unexpected()
		}
		s.order.effects(t, o, -1)
		s.order.unindex(t, o)
		keep(t, o)
		o.InvoiceNumber, o.InvoiceDate, o.Modified = t.nextInvoice(), t.today(), t.now
		push(t, &t.invoiced, o)
		s.order.index(t, o)
		s.order.effects(t, o, 1)
		invoice = o.InvoiceNumber
		return nil, nil
	})
	if bad != nil {
		return "", bad
	}
	return invoice, nil
}

// invoiceDate is the date on the invoice.
func (o *Order) invoiceDate() string {
	if o.InvoiceDate != "" {
		return o.InvoiceDate
	}
	return o.Date
}

// outstanding is what is not paid of an order's invoice.
func (d *data) outstanding(o *Order) decimal.Decimal {
	x := o.DebtorID
	if o.InvoiceTo != "" {
		x = o.InvoiceTo
	}
	if i := d.openItems[strconv.Itoa(o.Administration)+"|"+fold(x)+"|"+fold(o.InvoiceNumber)]; i != nil {
		return i.Balance
	}
	return decimal.Zero
}
