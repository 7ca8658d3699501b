package mpluskassa

// order writes an order in the sequence of the schema. Without lines it is a
// header: references to invoices and payments are then left out as well.
func (o *response) order(v *version[*document], lines bool) {
	d := v.value
	o.open("order")
	o.id("orderId", d.id)
	o.optional("extOrderId", d.extID)
	if lines && len(d.linked) > 0 {
		o.idList("invoiceIds", d.linked)
	}
	o.long("syncMarker", v.marker)
	o.text("orderType", d.kind)
	o.long("entryBranchNumber", d.entryBranch)
	o.employeeAndTime(d)
	o.party(d)
	o.optional("reference", d.reference)
	o.amounts(d)
	o.optional("deliveryMethod", d.deliveryMethod)
	if !d.deliveryDate.isZero() {
		o.date("deliveryDate", d.deliveryDate)
	}
	o.optional("paymentMethod", d.paymentMethod)
	o.long("changeCounter", d.changes)
	o.long("versionNumber", d.version)
	o.long("prepaidAmount", d.paid)
	o.boolean("fullyPaid", d.fullyPaid)
	o.state("deliveryState", "ORDER-DELIVERY-STATE-", d.delivered)
	o.state("cancelState", "ORDER-CANCEL-STATE-", d.cancelled)
	o.state("completeState", "ORDER-COMPLETE-STATE-", d.completed)
	o.yearNumber("orderNumber", d.number)
	if lines {
		o.lineList(d)
		o.paymentList(d)
	}
	o.close("order")
}

// invoice writes an invoice in the sequence of the schema.
func (o *response) invoice(v *version[*document], lines bool) {
	d := v.value
	o.open("invoice")
	o.id("invoiceId", d.id)
	o.optional("extInvoiceId", d.extID)
	if lines && len(d.linked) > 0 {
		o.idList("orderIds", d.linked)
	}
	if lines && len(d.linkedExt) > 0 {
		o.open("extOrderIds")
		for _, ext := range d.linkedExt {
			o.text("id", ext)
		}
		o.close("extOrderIds")
	}
	o.long("syncMarker", v.marker)
	o.yearNumber("invoiceNumber", d.number)
	o.text("invoiceType", d.kind)
	o.employeeAndTime(d)
	o.party(d)
	o.long("entryBranchNumber", d.entryBranch)
	o.optional("reference", d.reference)
	o.date("dueDate", d.due)
	o.amounts(d)
	o.long("changeCounter", d.changes)
	o.long("versionNumber", d.version)
	o.long("paidAmount", d.paid)
	o.text("state", d.invoiceState())
	o.boolean("finalized", true)
	if lines {
		o.lineList(d)
		o.paymentList(d)
	}
	o.close("invoice")
}

func (d *document) invoiceState() string {
	switch {
	case d.paid == 0 && d.incl != 0:
		return "INVOICE-STATE-OUTSTANDING"
	case d.paid < d.incl:
		return "INVOICE-STATE-PARTLY-PAID"
	}
	return "INVOICE-STATE-PAID"
}

func (o *response) idList(name string, ids []uuid) {
	o.open(name)
	for _, id := range ids {
		o.id("id", id)
	}
	o.close(name)
}

func (o *response) employeeAndTime(d *document) {
	o.long("employeeNumber", d.employee)
	o.time("entryTimestamp", d.entered)
}

// party writes who and where: from relationNumber to workplaceNumber.
func (o *response) party(d *document) {
	if d.relation != 0 {
		o.long("relationNumber", d.relation)
		o.text("relationName", d.relationName)
		o.optional("relationVatNumber", d.relationVAT)
	}
	o.address("deliveryAddress", d.delivery)
	o.address("invoiceAddress", d.invoicing)
	o.date("financialDate", d.financial)
	o.long("financialBranchNumber", d.branch)
	if d.workplace != 0 {
		o.long("workplaceNumber", d.workplace)
	}
}

func (o *response) address(name string, a *address) {
	if a == nil {
		return
	}
	o.open(name)
	o.optional("name", a.name)
	o.optional("contact", a.contact)
	o.text("address", a.street)
	o.text("zipcode", a.zip)
	o.text("city", a.city)
	o.text("country", a.country)
	o.optional("companyName", a.company)
	o.close(name)
}

func (o *response) amounts(d *document) {
	o.long("totalInclAmount", d.incl)
	o.long("totalExclAmount", d.excl)
	if d.exclusive {
		o.text("vatMethod", vatExclusive)
	} else {
		o.text("vatMethod", vatInclusive)
	}
	o.open("vatGroupList")
	for _, v := range d.vat {
		o.open("vatGroup")
		o.long("vatCode", v.code)
		o.long("vatPercentage", v.rate)
		o.long("exclAmount", v.excl)
		o.long("vatAmount", v.vat)
		o.close("vatGroup")
	}
	o.close("vatGroupList")
}

func (o *response) state(name, prefix, state string) {
	o.open(name)
	o.b = append(o.b, prefix...)
	o.b = append(o.b, state...)
	o.close(name)
}

func (o *response) lineList(d *document) {
	o.open("lineList")
	for i := range d.lines {
		o.line(&d.lines[i])
	}
	o.close("lineList")
}

func (o *response) line(l *line) {
	o.open("line")
	o.id("lineId", l.id)
	o.long("employeeNumber", l.employee)
	o.long("articleNumber", l.article)
	o.text("text", l.text)
	o.open("data")
	o.long("quantity", l.quantity.value)
	o.long("decimalPlaces", l.quantity.places)
	if l.delivered.value != 0 {
		o.long("deliveredQuantity", l.delivered.value)
		o.long("deliveredDecimalPlaces", l.delivered.places)
	}
	o.long("price", l.price)
	o.long("turnoverGroup", turnoverGroup)
	o.long("vatCode", l.vatCode)
	o.long("vatPercentage", l.rate)
	if l.percent != 0 {
		o.long("discountPercentage", l.percent)
	}
	if l.amount != 0 {
		o.long("discountAmount", l.amount)
	}
	o.long("totalInclAmount", l.incl)
	o.long("totalExclAmount", l.excl)
	o.close("data")
	o.close("line")
}

func (o *response) paymentList(d *document) {
	if len(d.payments) == 0 {
		return
	}
	o.open("paymentList")
	for _, p := range d.payments {
		o.open("payment")
		o.id("paymentId", p.id)
		o.date("financialDate", dateOf(p.at))
		o.time("entryTimestamp", p.at)
		o.long("branchNumber", d.branch)
		o.text("method", p.method)
		o.long("amount", p.amount)
		o.close("payment")
	}
	o.close("paymentList")
}
