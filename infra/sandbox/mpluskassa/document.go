package mpluskassa

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"time"
)

// Values of enumerations.
const (
	orderSales    = "ORDER-TYPE-SALES-ORDER"
	orderRepeat   = "ORDER-TYPE-REPEAT-SALES-ORDER"
	orderExternal = "ORDER-TYPE-EXTERNAL-SALES-ORDER"

	vatInclusive = "VAT-METHOD-INCLUSIVE"
	vatExclusive = "VAT-METHOD-EXCLUSIVE"

	stateNothing  = "NOTHING"
	statePartial  = "PARTIAL"
	stateComplete = "COMPLETE"
)

// document is an order or an invoice. It does not change once it is stored:
// writers store a changed copy.
type document struct {
	id             uuid
	extID          string
	kind           string // order or invoice type
	number         yearNumber
	entryBranch    int64
	branch         int64 // gets the turnover
	workplace      int64
	employee       int64
	entered        time.Time
	relation       int64 // zero = none
	relationName   string
	relationVAT    string
	delivery       *address
	invoicing      *address
	financial      date
	reference      string
	incl, excl     int64 // cents
	exclusive      bool  // prices, discounts and line totals are without VAT
	vat            []vatSum
	deliveryMethod string
	deliveryDate   date
	paymentMethod  string
	changes        int64 // changeCounter
	version        int64 // versionNumber
	paid           int64
	fullyPaid      bool
	delivered      string // NOTHING, PARTIAL or COMPLETE
	cancelled      string
	completed      string
	lines          []line
	payments       []payment
	linked         []uuid // an order's invoices, an invoice's orders
	linkedExt      []string
	due            date // of an invoice
}

type line struct {
	id        uuid
	employee  int64
	article   int64
	text      string
	quantity  quantity
	delivered quantity
	price     int64 // cents per unit
	percent   int64 // discount in hundredths of a per cent
	amount    int64 // discount in cents for the whole line
	vatCode   int64
	rate      int64 // hundredths of a per cent
	incl      int64
	excl      int64
}

type payment struct {
	id     uuid
	method string
	amount int64
	at     time.Time
}

type vatSum struct{ code, rate, excl, vat int64 }

type address struct{ name, contact, street, zip, city, country, company string }

// maxPlaces is the most decimals of a quantity.
const maxPlaces = 6

// quantity is value ÷ 10^places.
type quantity struct{ value, places int64 }

type date struct{ day, mon, year int }

type yearNumber struct {
	year   int
	number int64
}

func dateOf(t time.Time) date {
	year, month, day := t.Date()
	return date{day, int(month), year}
}

func (d date) isZero() bool { return d == date{} }

func (d date) compare(e date) int {
	return cmp.Or(cmp.Compare(d.year, e.year), cmp.Compare(d.mon, e.mon), cmp.Compare(d.day, e.day))
}

// addDays moves a date.
func (d date) addDays(n int) date {
	return dateOf(time.Date(d.year, time.Month(d.mon), d.day+n, 12, 0, 0, 0, time.UTC))
}

func power10(n int64) int64 {
	p := int64(1)
	for range n {
		p *= 10
	}
	return p
}

// roundDiv divides by a positive number, half away from zero.
func roundDiv(num, den int64) int64 {
	if num < 0 {
		return -roundDiv(-num, den)
	}
	return (num + den/2) / den
}

// compute fills in the totals of the lines and of the whole document: a line
// is rounded once to whole cents, VAT is computed per rate from the sum of its
// lines.
func (d *document) compute() {
	d.vat = nil
	for i := range d.lines {
		l := &d.lines[i]
		total := l.total()
		at := slices.IndexFunc(d.vat, func(v vatSum) bool { return v.code == l.vatCode })
		if at < 0 {
			at = len(d.vat)
			d.vat = append(d.vat, vatSum{code: l.vatCode, rate: l.rate})
		}
		if d.exclusive {
			l.excl, l.incl = total, total+roundDiv(total*l.rate, 10_000)
		} else {
			l.incl, l.excl = total, roundDiv(total*10_000, 10_000+l.rate)
		}
		d.vat[at].excl += total // turned into excl below
	}
	slices.SortFunc(d.vat, func(a, b vatSum) int { return cmp.Compare(a.code, b.code) })
	d.incl, d.excl = 0, 0
	for i := range d.vat {
		v := &d.vat[i]
		if d.exclusive {
			v.vat = roundDiv(v.excl*v.rate, 10_000)
		} else {
			incl := v.excl
			v.excl = roundDiv(incl*10_000, 10_000+v.rate)
			v.vat = incl - v.excl
		}
		d.excl += v.excl
		d.incl += v.excl + v.vat
	}
}

// total is price × quantity − discount in whole cents.
func (l *line) total() int64 {
	gross, unit := l.price*l.quantity.value, power10(l.quantity.places)
	if l.percent != 0 {
		return roundDiv(gross*(10_000-l.percent), unit*10_000)
	}
	return roundDiv(gross-l.amount*unit, unit)
}

// change copies the document for a writer.
func (d *document) change() *document {
	n := *d
	n.lines = slices.Clone(d.lines)
	n.payments = slices.Clone(d.payments)
	n.linked = slices.Clone(d.linked)
	n.changes++
	return &n
}

// pay adds payments; the mark follows the amount.
func (d *document) pay(ps []payment) {
	for _, p := range ps {
		d.paid += p.amount
		if d.paymentMethod == "" {
			d.paymentMethod = p.method
		}
	}
	d.payments = append(d.payments, ps...)
	d.fullyPaid = d.paid >= d.incl
}

// newID makes an id for something that is written.
func newID(rng *rand.Rand) uuid {
	var id uuid
	hi, lo := rng.Uint64(), rng.Uint64()
	for i := range 8 {
		id[i], id[8+i] = byte(hi>>(8*i)), byte(lo>>(8*i))
	}
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	return id
}
