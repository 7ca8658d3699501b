package mpluskassa

func invoices(d *data) *store[uuid, *document] { return d.invoices }

// getInvoices lists invoices, with the filters of getOrders.
func getInvoices(c *call) {
	in := c.in.sub("request")
	f := c.list(in, "invoiceIds", "invoiceNumbers")
	in.boolean("finalizeInvoices") // all invoices here are final
	if in.flag("directDebit") || in.find("branchInvoiceNumbers") != nil {
		f.nothing = true
	}
	if !c.ok() {
		return
	}
	c.out.open("invoiceList")
	for _, v := range c.find(invoices, &f) {
		c.out.invoice(v, f.lines)
		c.out.breathe()
	}
	c.out.close("invoiceList")
}

func getInvoice(c *call) {
	text := c.in.str("invoiceId")
	if c.ok() {
		id, _ := parseUUID(text)
		c.oneInvoice(id)
	}
}

// findInvoice looks an invoice up by its external number.
func findInvoice(c *call) {
	ext := c.in.str("extInvoiceId")
	if !c.ok() {
		return
	}
	c.s.mu.RLock()
	id := c.s.invoiceExt[ext]
	c.s.mu.RUnlock()
	c.oneInvoice(id)
}

func (c *call) oneInvoice(id uuid) {
	c.s.mu.RLock()
	v := c.s.invoices.get(id, c.now)
	c.s.mu.RUnlock()
	if v == nil {
		c.out.text("result", "GET-INVOICE-RESULT-NOT-FOUND")
		return
	}
	c.out.text("result", "GET-INVOICE-RESULT-OK")
	c.out.invoice(v, true)
}

// makeInvoice turns an order into an invoice that is due in two weeks, or paid
// by what was paid for the order. The order must be stored afterwards.
func (s *Sandbox) makeInvoice(order *document) uuid {
	now := s.opts.Now()
	inv := *order
	inv.id = newID(s.ids)
	inv.extID = ""
	inv.kind = "INVOICE-TYPE-INVOICE"
	inv.entered = now.In(s.zone)
	inv.financial = dateOf(inv.entered)
	inv.due = inv.financial.addDays(14)
	inv.changes, inv.version = 1, 1
	inv.linked = []uuid{order.id}
	inv.linkedExt = nil
	if order.extID != "" {
		inv.linkedExt = []string{order.extID}
	}
	s.invoiceYears[inv.financial.year]++
	inv.number = yearNumber{inv.financial.year, s.invoiceYears[inv.financial.year]}
	s.invoices.put(inv.id, &inv, now)
	order.linked = append(order.linked, inv.id)
	if order.delivered == stateComplete {
		order.completed = stateComplete
	}
	return inv.id
}
