package afas

import (
	"maps"
	"slices"
	"strconv"
)

// document applies FbSales or FbDirectInvoice: the two differ in numbering and
// in what they do to stock and books.
type document struct {
	kind   string
	schema *schema
	line   *schema
}

func newDocument(kind string, s *schema) *document {
	return &document{kind, s, s.subs[0]}
}

// find returns the document with a number.
func (d *document) find(t *tx, number string) *Order {
	if d.kind == KindOrder {
		return t.orders[fold(number)]
	}
	return t.invoices[fold(number)]
}

func (d *document) apply(t *tx, r *record, insert bool) (result, *fault) {
	o, bad := d.write(t, r, insert)
	if bad != nil {
		return nil, bad
	}
	if d.kind == KindOrder {
		return result{{"OrNu", o.Number}}, nil
	}
	return result{{"OrNu", o.Number}, {"Liln", o.InvoiceNumber}}, nil
}

func (d *document) write(t *tx, r *record, insert bool) (*Order, *fault) {
	if bad := d.schema.validate(t, r); bad != nil {
		return nil, bad
	}
	f := d.schema.byCode["OrNu"]
	number := r.fields["OrNu"]
	var o *Order
	if insert {
		if bad := d.schema.complete(r); bad != nil {
			return nil, bad
		}
		if number != "" && d.find(t, number) != nil {
			return nil, exists(f, number)
		}
		o = d.create(t, r, number)
	} else {
		if number == "" {
			return nil, missing(f)
		}
		if o = d.find(t, number); o == nil {
			return nil, unknownValue(f)
		}
		d.effects(t, o, -1)
		d.unindex(t, o)
		keep(t, o)
		o.Lines = slices.Clone(o.Lines)
		for i, l := range o.Lines {
			c := *l
			o.Lines[i] = &c
		}
	}
	if bad := d.fill(t, r, o); bad != nil {
		return nil, bad
	}
	for _, l := range r.all(d.line.name) {
		if bad := d.applyLine(t, l, o, insert); bad != nil {
			return nil, bad
		}
	}
	t.rates(o)
	if err := o.compute(); err != nil {
		return nil, unexpected()
	}
	o.Modified = t.now
	d.index(t, o)
	d.effects(t, o, 1)
	return o, nil
}

// create makes an order with what Profit fills in by itself.
func (d *document) create(t *tx, r *record, number string) *Order {
	x := t.debtors[fold(r.fields["DbId"])]
	o := &Order{
		Kind: d.kind, Date: t.today(), Administration: t.lastAdministration, Warehouse: noneCode,
		Currency: x.Currency, PaymentCondition: x.PaymentCondition, VatDuty: x.VatDuty,
		InclVat: x.PricesInclVat, InvoiceTo: x.InvoiceTo, Created: t.now,
		Lines: make([]*Line, 0, 4),
	}
	if x.Warehouse != "" {
		o.Warehouse = x.Warehouse
	}
	if d.kind == KindOrder {
		if number == "" {
			number = t.nextOrder()
		}
		put(t, t.orders, fold(number), o)
		push(t, &t.orderList, o)
	} else {
		if number == "" {
			number = t.nextInvoice()
		}
		o.InvoiceNumber = number
		put(t, t.invoices, fold(number), o)
		push(t, &t.invoiceList, o)
		push(t, &t.invoiced, o)
	}
	o.Number = number
	return o
}

// fill takes over the fields of the head that are given.
func (d *document) fill(t *tx, r *record, o *Order) *fault {
	other := o.Other
	copied := false
	for code, v := range r.fields {
		switch code {
		case "OrNu":
		case "OrDa":
			if o.Date = v; v == "" {
				o.Date = t.today()
			}
		case "DbId":
			o.DebtorID = v
		case "FaTo":
			o.InvoiceTo = v
		case "RfCs":
			o.Reference = v
		case "Fref":
			o.InvoiceReference = v
		case "Unit":
			if v != "" {
				o.Administration, _ = strconv.Atoi(v)
			}
		case "War":
			o.Warehouse = v
		case "CuId":
			o.Currency = v
		case "PaCd":
			o.PaymentCondition = v
		case "PaTp":
			o.PaymentType = v
		case "VaDu":
			o.VatDuty = v
		case "InVa":
			o.InclVat = v == "true"
		case "CrOr":
			o.Credit = v == "true"
		case "FxBl":
			o.Blocked = v == "true"
		case "DlAd":
			o.DeliveryAddress, _ = strconv.Atoi(v)
		case "DaDe":
			o.DeliveryDate = v
		case "SaCh":
			o.SalesChannel = v
		case "Re":
			o.Remark = v
		case "InPc":
			o.InvoiceDiscount = number(v)
		case "SinOrNu":
			if v != "" && v != o.InvoiceNumber && len(t.invoicedBy[indexKey("invoicenr", v)]) > 0 {
				return exists(d.schema.byCode[code], v)
			}
			if v != "" {
				o.InvoiceNumber = v
			}
		default:
			if !copied {
				other, copied = maps.Clone(other), true
				if other == nil {
					other = map[string]string{}
				}
			}
			other[code] = v
		}
	}
	o.Other = other
	return d.checkHead(t, r, o)
}

// checkHead checks what the values of a head must fit with.
func (d *document) checkHead(t *tx, r *record, o *Order) *fault {
	f := d.schema.byCode["DbId"]
	x := t.debtors[fold(o.DebtorID)]
	if x == nil { // cleared by a change
		return missing(f)
	}
	if r.has("DbId") && (x.Blocked || x.BlockedWholly) {
		return blockedValue(f, x.ID)
	}
	if x.ReferenceNeeded && o.Reference == "" {
		return missing(d.schema.byCode["RfCs"])
	}
	if o.PaymentCondition == "" {
		return missing(d.schema.byCode["PaCd"])
	}
	if o.Warehouse == "" {
		o.Warehouse = noneCode
	}
	if v := r.fields["JoCo"]; v != "" {
		if j := t.journal(o.Administration, v); j == nil {
			return unknownValue(d.schema.byCode["JoCo"])
		}
	}
	old := t.lastAdministration
	t.lastAdministration = o.Administration
	t.onUndo(func() { t.lastAdministration = old })
	return nil
}

// keys under which an order is found.
func (o *Order) keys() []string {
	keys := make([]string, 0, 4)
	keys = append(keys, indexKey("ordernumber", o.Number), indexKey("debtorid", o.DebtorID))
	if o.Reference != "" {
		keys = append(keys, indexKey("customerreference", o.Reference))
	}
	return keys
}

func (d *document) index(t *tx, o *Order) {
	if d.kind == KindOrder {
		reindex(t, t.ordersBy, o, nil, o.keys())
	} else {
		reindex(t, t.invoicesBy, o, nil, o.keys())
	}
	if o.InvoiceNumber != "" {
		reindex(t, t.invoicedBy, o, nil, append(o.keys(), indexKey("invoicenr", o.InvoiceNumber)))
	}
}

func (d *document) unindex(t *tx, o *Order) {
	if d.kind == KindOrder {
		reindex(t, t.ordersBy, o, o.keys(), nil)
	} else {
		reindex(t, t.invoicesBy, o, o.keys(), nil)
	}
	if o.InvoiceNumber != "" {
		reindex(t, t.invoicedBy, o, append(o.keys(), indexKey("invoicenr", o.InvoiceNumber)), nil)
	}
}

// effects does to stock and books what the document does, or with sign -1
// takes it back.
func (d *document) effects(t *tx, o *Order, sign int64) {
	for _, l := range o.Lines {
		if l.stock {
			t.moveForLine(o, l, sign)
		}
	}
	if o.InvoiceNumber != "" {
		t.openInvoice(o, sign)
	}
}

// remove deletes a document or one of its lines.
func (d *document) remove(t *tx, path []level) *fault {
	f := d.schema.byCode["OrNu"]
	o := d.find(t, path[0].keys["OrNu"])
	if o == nil {
		return unknownValue(f)
	}
	if len(path) == 1 {
		d.effects(t, o, -1)
		d.unindex(t, o)
		for _, l := range o.Lines {
			drop(t, t.lines, l.ID)
		}
		if d.kind == KindOrder {
			drop(t, t.orders, fold(o.Number))
			pull(t, &t.orderList, o)
		} else {
			drop(t, t.invoices, fold(o.Number))
			pull(t, &t.invoiceList, o)
		}
		pull(t, &t.invoiced, o)
		return nil
	}
	line := &record{action: "delete", fields: map[string]string{}}
	if len(path) > 2 || d.line.name != foldedName([]string{d.line.name}, path[1].object) {
		return noField(path[1].object)
	}
	maps.Copy(line.fields, path[1].keys)
	r := &record{fields: map[string]string{"OrNu": o.Number}, objects: []object{{d.line.name, []*record{line}}}}
	_, bad := d.write(t, r, false)
	return bad
}
