package mpluskassa

import "fmt"

// orderInput is an order as a client sends it. Nil means not sent.
type orderInput struct {
	id                             string
	ext, kind, reference           *string
	vatMethod, deliveryMethod      *string
	entryBranch, branch, workplace *int64
	employee, relation             *int64
	changes, version               *int64
	financial, deliveryDate        date
	delivery, invoicing            *address
	lines                          []lineInput
	hasLines                       bool
	payments                       []payment
}

type lineInput struct {
	id                                string
	employee, article, price, vatCode *int64
	text                              *string
	quantity                          quantity
	percent, amount                   int64
}

// order reads an order. What the server makes by itself is accepted and
// ignored.
func (a *args) order() orderInput {
	in := orderInput{
		id: a.str("orderId"), ext: a.text("extOrderId"), kind: a.text("orderType"), reference: a.text("reference"),
		vatMethod: a.text("vatMethod"), deliveryMethod: a.text("deliveryMethod"),
		entryBranch: a.int("entryBranchNumber"), branch: a.int("financialBranchNumber"), workplace: a.int("workplaceNumber"),
		employee: a.long("employeeNumber"), relation: a.long("relationNumber"),
		changes: a.int("changeCounter"), version: a.int("versionNumber"),
		financial: a.date("financialDate"), deliveryDate: a.date("deliveryDate"),
		delivery: a.address("deliveryAddress"), invoicing: a.address("invoiceAddress"),
	}
	list := a.sub("lineList")
	in.hasLines = list.here()
	for _, l := range list.subs("line") {
		in.lines = append(in.lines, l.line())
	}
	in.payments = a.payments("paymentList")
	a.ignore("syncMarker", "entryTimestamp", "relationName", "employeeName", "totalInclAmount", "totalExclAmount", "vatGroupList",
		"deliveryPeriodBegin", "deliveryPeriodEnd", "paymentMethod", "prepaidAmount", "fullyPaid", "deliveryState", "cancelState",
		"completeState", "orderNumber", "orderCategoryNumber", "onDeliveryUrl", "onInvoiceUrl", "vatChange", "vatCountryCode", "vatCountryIso3",
		"invoiceIds", "relationVatNumber", "activityId")
	return in
}

func (a *args) line() lineInput {
	l := lineInput{
		id: a.str("lineId"), employee: a.long("employeeNumber"), article: a.long("articleNumber"), text: a.text("text"),
		quantity: quantity{value: 1},
	}
	data := a.sub("data")
	if q := data.quantity(); q != nil {
		l.quantity = *q
	}
	l.price, l.vatCode = data.long("price"), data.int("vatCode")
	l.percent, l.amount = value(data.int("discountPercentage")), value(data.long("discountAmount"))
	data.ignore("priceExcl", "originalPrice", "vatPercentage", "totalInclAmount", "totalExclAmount", "turnoverGroup", "discountType",
		"deliveredQuantity", "deliveredDecimalPlaces", "pricePerQuantity", "siUnit")
	a.ignore("pluNumber", "lineType", "tempId", "tempLineId", "sequenceNumber")
	return l
}

// quantity reads a quantity and its decimals, of which there are none when not
// sent; nil means no quantity.
func (a *args) quantity() *quantity {
	v, places := a.long("quantity"), value(a.int("decimalPlaces"))
	if places < 0 || places > maxPlaces {
		a.r.fail("Validation constraint violation: decimalPlaces out of range")
		return nil
	}
	if v == nil {
		return nil
	}
	return &quantity{*v, places}
}

func (a *args) address(name string) *address {
	in := a.sub(name)
	if !in.here() {
		return nil
	}
	in.ignore("addressId", "label", "supplierInformation")
	return &address{
		name: in.str("name"), contact: in.str("contact"), street: in.str("address"), zip: in.str("zipcode"),
		city: in.str("city"), country: in.str("country"), company: in.str("companyName"),
	}
}

func (a *args) payments(name string) []payment {
	var out []payment
	for _, in := range a.sub(name).subs("payment") {
		out = append(out, payment{method: in.str("method"), amount: value(in.long("amount"))})
		in.ignore("paymentId", "financialDate", "entryTimestamp", "branchNumber", "workplaceNumber", "employeeNumber", "description",
			"externalReference", "externalPaymentId")
	}
	return out
}

// put fills the lines of a document from those sent: a line with a known id is
// changed, one without is added, and one that is missing is gone. It returns a
// text when a line cannot be taken.
func (s *Sandbox) putLines(d *document, sent []lineInput) string {
	old := map[uuid]line{}
	for _, l := range d.lines {
		old[l.id] = l
	}
	d.lines = nil
	for _, in := range sent {
		l := line{id: newID(s.ids), employee: d.employee}
		if in.id != "" {
			id, _ := parseUUID(in.id)
			known, ok := old[id]
			if !ok {
				return "Unknown line " + in.id + "."
			}
			l = known
		}
		if problem := s.putLine(d, &l, in); problem != "" {
			return problem
		}
		d.lines = append(d.lines, l)
	}
	return ""
}

func (s *Sandbox) putLine(d *document, l *line, in lineInput) string {
	if in.article != nil {
		l.article = *in.article
	}
	a := s.articles[l.article]
	if a == nil {
		return fmt.Sprintf("Article %d does not exist.", l.article)
	}
	fresh := in.id == ""
	if fresh {
		l.text, l.vatCode, l.price = a.description, a.vatCode, a.priceIncl
		if d.exclusive {
			l.price = a.priceExcl()
		}
	}
	if in.employee != nil {
		l.employee = *in.employee
	}
	if in.text != nil {
		l.text = *in.text
	}
	if in.price != nil {
		l.price = *in.price
	}
	if in.vatCode != nil {
		l.vatCode = *in.vatCode
	}
	rate, ok := vatRate(l.vatCode)
	if !ok {
		return fmt.Sprintf("The rate for VAT-code %d is not properly configured. Please contact API support at support@till.example.", l.vatCode)
	}
	l.rate, l.quantity, l.percent, l.amount = rate, in.quantity, in.percent, in.amount
	return ""
}

// problem checks the parts of a sent order that refer to something else.
func (s *Sandbox) problem(in *orderInput) string {
	if in.relation != nil {
		if _, ok := s.relations.last(*in.relation); !ok {
			return fmt.Sprintf("Relation %d does not exist.", *in.relation)
		}
	}
	for _, branch := range []*int64{in.entryBranch, in.branch} {
		if branch != nil && !branchExists(*branch) {
			return fmt.Sprintf("Branch %d does not exist.", *branch)
		}
	}
	if m := value(in.deliveryMethod); m != "" && !usable(deliveryMethods(), m) {
		return "Unknown delivery method '" + m + "'."
	}
	switch value(in.vatMethod) {
	case "", vatInclusive, vatExclusive:
		return ""
	}
	return "VAT method " + *in.vatMethod + " is not supported."
}

// merge puts what was sent into a document, lines excepted.
func (s *Sandbox) merge(d *document, in *orderInput) {
	set := func(to *string, from *string) {
		if from != nil {
			*to = *from
		}
	}
	setNumber := func(to *int64, from *int64) {
		if from != nil {
			*to = *from
		}
	}
	set(&d.reference, in.reference)
	set(&d.deliveryMethod, in.deliveryMethod)
	setNumber(&d.entryBranch, in.entryBranch)
	setNumber(&d.branch, in.branch)
	setNumber(&d.workplace, in.workplace)
	setNumber(&d.employee, in.employee)
	if value(in.kind) != "" {
		d.kind = *in.kind
	}
	if in.vatMethod != nil && *in.vatMethod != "" {
		d.exclusive = *in.vatMethod == vatExclusive
	}
	if in.relation != nil {
		r, _ := s.relations.last(*in.relation)
		d.relation, d.relationName, d.relationVAT = r.number, r.text("name"), r.text("vatNumber")
	}
	if in.delivery != nil {
		d.delivery = in.delivery
	}
	if in.invoicing != nil {
		d.invoicing = in.invoicing
	}
	if !in.financial.isZero() {
		d.financial = in.financial
	}
	if !in.deliveryDate.isZero() {
		d.deliveryDate = in.deliveryDate
	}
}
