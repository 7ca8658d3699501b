package mpluskassa

import "time"

// deliverAll marks every line as delivered.
func (d *document) deliverAll() {
	for i := range d.lines {
		d.lines[i].delivered = d.lines[i].quantity
	}
	d.deliver()
}

// deliver derives the states from the delivered quantities.
func (d *document) deliver() {
	some, all := false, true
	for i := range d.lines {
		l := &d.lines[i]
		some = some || l.delivered.value != 0
		all = all && l.delivered == l.quantity
	}
	switch {
	case all:
		d.delivered, d.completed = stateComplete, statePartial
		if len(d.linked) > 0 {
			d.completed = stateComplete
		}
	case some:
		d.delivered, d.completed = statePartial, statePartial
	}
}

// deliverOrder delivers everything and invoices it when asked to.
func deliverOrder(c *call) {
	in := c.in.sub("request")
	id, turnover := in.str("orderId"), in.str("turnoverType")
	if !c.ok() {
		return
	}
	invoice, result, problem := c.s.deliver(id, nil, turnover, c.now)
	c.out.delivery("DELIVER-ORDER-RESULT-", result, invoice, problem)
}

// deliverOrderV2 delivers the given quantities of lines.
func deliverOrderV2(c *call) {
	in := c.in.sub("request").sub("orderDelivery")
	id, turnover := in.str("orderId"), in.str("turnoverType")
	parts := map[uuid]quantity{}
	for _, l := range in.sub("lineList").subs("line") {
		line, _ := parseUUID(l.str("lineId"))
		parts[line] = value(l.quantity())
	}
	if !c.ok() {
		return
	}
	invoice, result, problem := c.s.deliver(id, parts, turnover, c.now)
	c.out.delivery("DELIVER-ORDER-V2-RESULT-", result, invoice, problem)
}

func (o *response) delivery(prefix, result string, invoice uuid, problem string) {
	o.text("result", prefix+result)
	if invoice != (uuid{}) {
		o.id("invoiceId", invoice)
	}
	o.text("errorMessage", problem)
}

// deliver delivers parts of an order, or all of it when parts is nil.
func (s *Sandbox) deliver(text string, parts map[uuid]quantity, turnover string, now time.Time) (invoice uuid, result, problem string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id, _ := parseUUID(text)
	old, ok := s.orders.last(id)
	switch {
	case !ok:
		return invoice, "FAILED", "Order not found."
	case old.cancelled != stateNothing:
		return invoice, "FAILED", "Order is cancelled."
	case old.delivered == stateComplete:
		return invoice, "ALREADY-DELIVERED", ""
	}
	d := old.change()
	if parts == nil {
		d.deliverAll()
	} else if problem = d.deliverParts(parts); problem != "" {
		return invoice, "FAILED", problem
	}
	if turnover == "DELIVER-ORDER-TURNOVER-TYPE-INVOICE" && d.delivered == stateComplete && len(d.linked) == 0 {
		invoice = s.makeInvoice(d)
	}
	s.orders.put(d.id, d, now)
	return invoice, "OK", ""
}

func (d *document) deliverParts(parts map[uuid]quantity) string {
	found := 0
	for i := range d.lines {
		l := &d.lines[i]
		part, ok := parts[l.id]
		if !ok {
			continue
		}
		found++
		if l.delivered.places != part.places {
			scale := max(l.delivered.places, part.places, l.quantity.places)
			l.delivered = l.delivered.rescale(scale)
			part = part.rescale(scale)
		}
		l.delivered.value += part.value
		if l.delivered.rescale(maxPlaces).value == l.quantity.rescale(maxPlaces).value {
			l.delivered = l.quantity
		}
		if l.delivered.rescale(maxPlaces).value > l.quantity.rescale(maxPlaces).value {
			return "More would be delivered than was ordered."
		}
	}
	if found < len(parts) || found == 0 {
		return "Unknown line."
	}
	d.deliver()
	return ""
}

// rescale writes the same number with more places.
func (d quantity) rescale(places int64) quantity {
	if places <= d.places {
		return d
	}
	return quantity{d.value * power10(places-d.places), places}
}
