package mpluskassa

import "reflect"

// createOrder stores a new order. A problem is a result, not a fault.
func createOrder(c *call) {
	in := c.in.sub("order").order()
	if !c.ok() {
		return
	}
	d, result, problem := c.s.create(&in, c)
	o := c.out
	o.text("result", "CREATE-ORDER-RESULT-"+result)
	o.orderInfo(d)
	o.text("errorMessage", problem)
}

// orderInfo writes which order it is, with empty texts for none.
func (o *response) orderInfo(d *document) {
	o.open("info")
	if d == nil {
		o.text("orderId", "")
		o.text("orderString", "")
	} else {
		o.id("orderId", d.id)
		o.text("orderString", d.number.String())
		o.boolean("orderQueued", false)
	}
	o.close("info")
}

func (s *Sandbox) create(in *orderInput, c *call) (d *document, result, problem string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ext := value(in.ext)
	if _, used := s.orderExt[ext]; used && ext != "" {
		return nil, "EXT-ORDER-ID-ALREADY-EXISTS", "External order id is already in use."
	}
	switch {
	case in.relation == nil:
		problem = "No relation given."
	case len(in.lines) == 0:
		problem = "The order has no lines."
	case in.employee == nil:
		problem = "No employee given."
	case value(in.entryBranch) > 1 && in.workplace == nil:
		problem = "No workplace given for another branch than the default one."
	default:
		problem = s.problem(in)
	}
	if problem != "" {
		return nil, "FAILED", problem
	}
	now := c.now.In(s.zone)
	d = &document{
		id: newID(s.ids), extID: ext, kind: orderSales, entryBranch: 1, entered: now, financial: dateOf(now),
		changes: 1, version: 1, delivered: stateNothing, cancelled: stateNothing, completed: stateNothing,
	}
	s.merge(d, in)
	if in.branch == nil {
		d.branch = d.entryBranch
	}
	if problem = s.putLines(d, in.lines); problem != "" {
		return nil, "FAILED", problem
	}
	d.compute()
	if problem = s.receive(d, in.payments, c); problem != "" {
		return nil, "PAYMENT-FAILED", problem
	}
	s.orderYears[d.financial.year]++
	d.number = yearNumber{d.financial.year, s.orderYears[d.financial.year]}
	if ext != "" {
		s.orderExt[ext] = d.id
	}
	s.orders.put(d.id, d, c.now)
	return d, "OK", ""
}

// updateOrder changes an order that is neither delivered nor cancelled.
func updateOrder(c *call) {
	in := c.in.sub("order").order()
	if !c.ok() {
		return
	}
	d, result, problem := c.s.update(&in, c)
	c.out.text("result", "UPDATE-ORDER-RESULT-"+result)
	c.out.orderInfo(d)
	c.out.text("errorMessage", problem)
}

func (s *Sandbox) update(in *orderInput, c *call) (d *document, result, problem string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id, _ := parseUUID(in.id)
	old, ok := s.orders.last(id)
	switch {
	case !ok:
		return nil, "NOT-FOUND", "Order not found."
	case in.changes != nil && *in.changes != old.changes, in.version != nil && *in.version != old.version:
		return nil, "ORDER-HAS-CHANGED", "Order has been changed."
	case old.delivered != stateNothing, old.cancelled != stateNothing:
		return nil, "FAILED", "Order can not be changed any more."
	}
	if problem = s.problem(in); problem != "" {
		return nil, "FAILED", problem
	}
	d = old.change()
	s.merge(d, in)
	if in.hasLines {
		if problem = s.putLines(d, in.lines); problem != "" {
			return nil, "FAILED", problem
		}
		d.compute()
	}
	same := *d
	same.changes = old.changes
	if sameOrder(same, *old) {
		return old, "NO-CHANGES", "Order not saved because there were no changes in the order."
	}
	d.version++
	d.fullyPaid = d.paid > 0 && d.paid >= d.incl
	s.orders.put(d.id, d, c.now)
	return d, "OK", ""
}

// sameOrder compares two states of an order but for the VAT sums, which follow
// from the lines.
func sameOrder(a, b document) bool {
	a.vat, b.vat = nil, nil
	return reflect.DeepEqual(a, b)
}

// payOrder takes payments: as a deposit, or in full with delivery and invoice.
func payOrder(c *call) {
	in := c.in.sub("request")
	id, prepay, payments := in.str("orderId"), in.flag("prepay"), in.payments("paymentList")
	if !c.ok() {
		return
	}
	invoice, result, problem := c.s.payOrder(id, prepay, payments, c)
	c.out.text("result", "PAY-ORDER-RESULT-"+result)
	if invoice != (uuid{}) {
		c.out.id("invoiceId", invoice)
	}
	c.out.text("errorMessage", problem)
}

func (s *Sandbox) payOrder(text string, prepay bool, payments []payment, c *call) (invoice uuid, result, problem string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id, _ := parseUUID(text)
	old, ok := s.orders.last(id)
	switch {
	case !ok:
		return invoice, "FAILED", "Order not found."
	case old.cancelled != stateNothing:
		return invoice, "FAILED", "Order is cancelled."
	case len(old.linked) > 0:
		return invoice, "ORDER-ALREADY-INVOICED", "Order is already invoiced."
	}
	d := old.change()
	if problem = s.receive(d, payments, c); problem != "" {
		return invoice, "FAILED", problem
	}
	if !prepay {
		if d.paid < d.incl {
			return invoice, "PAYMENT-INSUFFICIENT", "Payment is insufficient."
		}
		d.deliverAll()
		invoice = s.makeInvoice(d)
	}
	s.orders.put(d.id, d, c.now)
	return invoice, "OK", ""
}

// receive adds payments to a document, unless a method cannot be used.
func (s *Sandbox) receive(d *document, payments []payment, c *call) string {
	if len(payments) == 0 {
		return ""
	}
	for i := range payments {
		if !usable(paymentMethods(), payments[i].method) {
			return "Payment method '" + payments[i].method + "' is unknown or not active."
		}
		payments[i].id, payments[i].at = newID(s.ids), c.now.In(s.zone)
	}
	d.pay(payments)
	return ""
}

// cancelOrder ends an order. What was delivered stays delivered.
func cancelOrder(c *call) {
	text := c.in.str("orderId")
	c.in.sub("request").int("branchNumber")
	if !c.ok() {
		return
	}
	id, _ := parseUUID(text)
	result, message := c.s.cancel(id, c.now)
	c.out.text("result", "CANCEL-ORDER-RESULT-"+result)
	c.out.text("message", message)
}
