package mpluskassa

import (
	"strings"

	"github.com/govalues/decimal"

	"apicenter/infra/sandbox/shopdata"
)

// Numbers of the second cards of customers, see [Sandbox.AddOrders].
const (
	upperCards = 800_000
	otherCards = 900_000
)

// Load fills the till with a shop: its articles, a relation for every
// customer, and its orders in the sequence they were placed.
func (s *Sandbox) Load(shop *shopdata.Shop) {
	s.loadArticles(shop.Articles, true)
	s.loadArticles(shop.TillOnly, false)
	s.mu.Lock()
	for _, c := range shop.Customers {
		s.loadCustomer(c, c.Email, c.Number)
	}
	s.mu.Unlock()
	s.AddOrders(shop.Orders)
}

// loadArticles adds articles, for the web shop or only for the till; those of
// one product follow each other.
func (s *Sandbox) loadArticles(articles []*shopdata.Article, webshop bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var p *product
	flush := func() {
		if p != nil {
			s.storeProduct(p)
		}
	}
	for _, a := range articles {
		if p == nil || p.number != a.Product {
			flush()
			p = &product{number: a.Product, description: strings.TrimSuffix(a.Description, " "+a.Size)}
		}
		p.articles = append(p.articles, &article{
			number: a.Number, product: a.Product, ext: a.ExtID, plu: a.PLU, barcode: a.EAN,
			description: a.Description, size: a.Size, sequence: int64(len(p.articles) + 1), unit: a.Unit,
			vatCode: vatCode(hundredths(a.VATRate)), priceIncl: shopdata.Cents(a.Price), webshop: webshop,
		})
	}
	flush()
}

// loadCustomer stores a relation for a customer. A person has only a name; a
// company has its name in two fields and the person as contact.
func (s *Sandbox) loadCustomer(c *shopdata.Customer, email string, number int64) *relation {
	texts := map[string]string{
		"name": c.FullName(), "email": email, "vatNumber": c.VATNumber, "commerceNumber": c.CommerceNumber,
		"address": c.Address.StreetLine(), "zipcode": c.Address.PostalCode, "city": c.Address.City, "country": country(c.Address.Country, number),
	}
	if c.IsCompany() {
		texts["name"], texts["companyName"], texts["contact"] = c.Company, c.Company, c.FullName()
	}
	if d := c.Delivery; d != nil {
		texts["deliveryAddress"], texts["deliveryZipcode"], texts["deliveryCity"] = d.StreetLine(), d.PostalCode, d.City
		texts["deliveryCountry"] = country(d.Country, number)
	}
	if isMobile(c.Phone) {
		texts["mobile"] = c.Phone
	} else {
		texts["telephone"] = c.Phone
	}
	now := s.opts.Now()
	r := &relation{number: number, active: true, created: now.In(s.zone), changed: now.In(s.zone)}
	r.texts = r.with(texts)
	s.maxRelation = max(s.maxRelation, number)
	s.relations.put(number, r, now)
	return r
}

func isMobile(phone string) bool {
	for _, prefix := range []string{"06", "+31 6", "0031 6", "0470", "+32 470", "0151", "+49 151"} {
		if strings.HasPrefix(phone, prefix) {
			return true
		}
	}
	return false
}

// country writes a country as it was typed at the till: as a code or as the
// Dutch name.
func country(iso string, number int64) string {
	if number%3 != 0 {
		return iso
	}
	switch iso {
	case "NL":
		return "Nederland"
	case "BE":
		return "België"
	case "DE":
		return "Duitsland"
	}
	return iso
}

// AddOrders adds orders of a shop. A customer without a relation gets one. When
// the e-mail address of an order is spelled differently from the customer's, in
// upper or lower case, the order is on a second card of the same customer with
// that spelling, as happens when a till makes a card per web order. Cancelled
// and paid orders are stored as they are, each with one marker.
func (s *Sandbox) AddOrders(orders []shopdata.Order) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.opts.Now()
	for i := range orders {
		d := s.loadOrder(&orders[i])
		s.orders.put(d.id, d, now)
		if d.extID != "" {
			s.orderExt[d.extID] = d.id
		}
		s.orderYears[d.number.year] = max(s.orderYears[d.number.year], d.number.number)
	}
}

func (s *Sandbox) loadOrder(o *shopdata.Order) *document {
	id, _ := parseUUID(o.ID)
	d := &document{
		id: id, extID: o.ExtID, kind: orderSales, number: yearNumber{o.Number.Year, o.Number.Sequence},
		entryBranch: 1, branch: 1, workplace: 1, employee: employeeRoot,
		entered: o.Placed.In(s.zone), financial: dateOf(o.Placed.In(s.zone)), reference: o.Reference,
		incl: shopdata.Cents(o.Totals.Incl), excl: shopdata.Cents(o.Totals.Excl), exclusive: !o.PricesIncludeVAT,
		deliveryMethod: "AFHALEN", changes: 1, version: 1,
		paid: shopdata.Cents(o.PaidAmount), fullyPaid: o.Paid,
		delivered: stateNothing, cancelled: stateNothing, completed: stateNothing,
	}
	if o.Cancelled {
		d.cancelled, d.completed = stateComplete, stateComplete
	}
	if o.ShippingAddress != nil || o.ShippingLine() != nil {
		d.deliveryMethod = "PAKKETPOST"
		d.deliveryDate = d.financial.addDays(2)
	}
	s.loadParty(d, o)
	d.lines = make([]line, len(o.Lines))
	for i := range o.Lines {
		d.lines[i] = loadLine(o, i, id)
	}
	for _, v := range o.Totals.VATByRate {
		rate := hundredths(v.Rate)
		d.vat = append(d.vat, vatSum{vatCode(rate), rate, shopdata.Cents(v.Excl), shopdata.Cents(v.VAT)})
	}
	for i, p := range o.Payments {
		d.payments = append(d.payments, payment{id: derived(id, 0x5a, i), method: p.Method, amount: shopdata.Cents(p.Amount), at: p.At.In(s.zone)})
		d.paymentMethod = o.Payments[0].Method
	}
	return d
}

func (s *Sandbox) loadParty(d *document, o *shopdata.Order) {
	var name, company string
	if c := o.Customer; c != nil {
		r := s.card(c, o.Email)
		d.relation, d.relationName, d.relationVAT = r.number, r.text("name"), r.text("vatNumber")
		name, company = c.FullName(), c.Company
	}
	if a := o.ShippingAddress; a != nil {
		d.delivery = &address{
			name: name, company: company, street: a.StreetLine(), zip: a.PostalCode, city: a.City,
			country: country(a.Country, d.number.number),
		}
	}
}

// card finds the relation of a customer who spells the e-mail address so.
func (s *Sandbox) card(c *shopdata.Customer, email string) *relation {
	number := c.Number
	switch {
	case email == c.Email:
	case email == strings.ToUpper(email):
		number += upperCards
	default:
		number += otherCards
	}
	if r, ok := s.relations.last(number); ok {
		return r
	}
	return s.loadCustomer(c, email, number)
}

func loadLine(o *shopdata.Order, i int, order uuid) line {
	l := &o.Lines[i]
	rate := hundredths(l.VATRate)
	out := line{
		id: derived(order, 0xa5, i), employee: employeeRoot, article: l.ArticleNumber, text: l.Text,
		quantity: quantity{value: int64(l.Quantity.Coef()), places: int64(l.Quantity.Scale())},
		price:    shopdata.Cents(l.UnitPrice), percent: hundredths(l.DiscountPercent), amount: shopdata.Cents(l.DiscountAmount),
		vatCode: vatCode(rate), rate: rate,
		incl: shopdata.Cents(o.LineIncl(l)), excl: shopdata.Cents(o.LineExcl(l)),
	}
	if l.Quantity.IsNeg() {
		out.quantity.value = -out.quantity.value
	}
	return out
}

// derived makes the id of a part from the id of the whole.
func derived(id uuid, salt byte, i int) uuid {
	id[0] ^= salt
	id[14] ^= byte(i >> 8)
	id[15] ^= byte(i)
	return id
}

// hundredths turns per cents into hundredths of them.
func hundredths(d decimal.Decimal) int64 { return shopdata.Cents(d) }
