package stage_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"apicenter/shared/connector"
	"apicenter/shared/fault"
	"apicenter/shared/model"
)

// sale is one order of the source.
type sale struct {
	key, number, email, company string
	marker                      int64
	unpaid, cancelled           bool
	external                    string
	lines                       []saleLine
	total                       string // "" is what the lines come to
	net                         bool   // prices without tax, at 21 %
}

type saleLine struct{ sku, quantity, price, discount string }

// source is a system to read: an ordered list of changes by marker.
type source struct {
	rig    *rig
	orders []*sale
	marker int64
	err    error // what every call answers
	reads  int
	page   int
	late   int64 // how many changes each run reads again
	// hollow leaves out what it read before, so that pages of the late window are empty.
	hollow bool
	most   int64
	slow   time.Duration // what a page takes
}

func newSource(r *rig) *source { return &source{rig: r, page: 3, late: 2} }

// add takes an order in.
func (s *source) add(o *sale) *sale {
	if o.lines == nil {
		o.lines = []saleLine{{"5001", "2", "12.10", ""}}
	}
	o.number = cmp.Or(o.number, strconv.Itoa(100+len(s.orders)))
	o.key = "key-" + o.number
	s.orders = append(s.orders, o)
	s.touch(o)
	return o
}

func (s *source) touch(o *sale) {
	s.marker++
	o.marker = s.marker
}

func (s *source) Verify(context.Context) (connector.Report, error) {
	return connector.Report{Summary: "Till"}, s.err
}

func (s *source) Read(_ context.Context, r connector.ReadRequest) (page connector.Page, err error) {
	err = s.rig.ports.call("read the source", func() error {
		s.reads++
		if s.err != nil {
			return s.err
		}
		after, _ := strconv.ParseInt(r.Checkpoint, 10, 64)
		if r.Begin && r.Mode == connector.Incremental {
			after = max(after-s.late, 0) // the late window
		}
		list := slices.DeleteFunc(slices.Clone(s.orders), func(o *sale) bool { return o.marker <= after })
		slices.SortFunc(list, func(a, b *sale) int { return cmp.Compare(a.marker, b.marker) })
		page.More = len(list) > s.page
		list = list[:min(s.page, len(list))]
		page.Next = strconv.FormatInt(after, 10)
		for _, o := range list {
			if !s.hollow || o.marker > s.most {
				page.Records = append(page.Records, s.record(o))
			}
			page.Next = strconv.FormatInt(o.marker, 10)
			s.most = max(s.most, o.marker)
		}
		s.rig.now = s.rig.now.Add(s.slow)
		slices.Reverse(page.Records)
		return nil
	})
	return page, err
}

func (s *source) ReadOne(_ context.Context, _ model.Kind, _ map[string]string, keys []string) (out []connector.Record, err error) {
	err = s.rig.ports.call("read single records", func() error {
		if s.err != nil {
			return s.err
		}
		for _, o := range s.orders {
			if slices.Contains(keys, o.key) {
				out = append(out, s.record(o))
			}
		}
		return nil
	})
	return out, err
}

func (s *source) record(o *sale) connector.Record {
	var lines []any
	sum, tax := dec("0"), dec("0")
	for _, l := range o.lines {
		amount, _ := dec(l.quantity).Mul(dec(l.price))
		if l.discount != "" {
			amount, _ = amount.Sub(dec(l.discount))
		}
		amount = model.RoundHalfAway(amount, 2)
		sum, _ = sum.Add(amount)
		lines = append(lines, model.Tree{"sku": l.sku, "description": "Article " + l.sku, "quantity": json.Number(l.quantity),
			"price": json.Number(l.price), "discount": json.Number(cmp.Or(l.discount, "0")), "total": json.Number(amount.String())})
	}
	gross := sum
	if o.net {
		tax, _ = sum.Mul(dec("0.21"))
		tax = model.RoundHalfAway(tax, 2)
		gross, _ = sum.Add(tax)
	}
	total := gross.String()
	if o.total != "" {
		total = o.total
	}
	fields := model.Tree{"number": o.number, "external": o.external, "date": "2026-11-24", "net": o.net, "paid": !o.unpaid, "cancelled": o.cancelled, "lines": lines,
		"total": json.Number(total), "tax": json.Number(tax.String())}
	if o.email != "" || o.company != "" {
		fields["customer"] = model.Tree{"email": o.email, "company": o.company, "name": "Berg"}
	}
	return connector.Record{Key: o.key, Version: model.Version{Marker: o.marker, Read: s.rig.now}, Fields: fields}
}

func dec(s string) model.Decimal {
	d, _ := model.ToDecimal(s)
	return d
}

func (s *source) connector() connector.Connector {
	return connector.Connector{Name: "source", Title: "Till", Limits: connector.Limits{Concurrency: 1, PageSize: 3, Timeout: 10 * time.Second},
		Source: map[model.Kind]connector.Source{model.Orders: {Mapping: []byte(getMapping)}},
		Open:   func(connector.Config) (connector.Session, error) { return s, nil }}
}

const getMapping = `
rules:
  - {to: number, from: number}
  - {to: external, from: external}
  - {to: date, from: date}
  - {to: currency, value: EUR}
  - {to: includesTax, from: not net}
  - {to: paid, from: paid}
  - {to: cancelled, from: cancelled}
  - to: customer
    when: customer.name != ""
    rules:
      - {to: email, from: customer.email}
      - {to: company, from: customer.company}
      - {to: lastName, from: customer.name}
  - to: lines
    each: lines
    as: line
    rules:
      - {to: sku, from: line.sku}
      - {to: description, from: line.description}
      - {to: quantity, from: line.quantity}
      - {to: price, from: line.price}
      - {to: discountAmount, from: line.discount}
      - {to: total, from: line.total}
  - {to: total.gross, from: total}
  - {to: total.tax, from: tax}
`

// target is a system to write. It accepts a second order under one reference, and a second customer under one address.
type target struct {
	rig       *rig
	orders    map[string][]order // by reference
	customers map[string][]party
	articles  map[string]string // code to "" or "blocked"
	n         int
	err       error // what every call answers, before anything is done
	calls     map[string]int
	// answer spoils the answer to the n-th write after it was done, or before.
	spoil func(doc connector.Document, n int) (done bool, out connector.Outcome)
	// late writes land at their time.
	late    []landing
	lands   time.Duration // how late a spoiled write lands
	writes  int
	limits  connector.Limits
	updates int
	writing func(ctx context.Context) // sees each write come in
}

type order struct {
	id, customer string
	total        model.Decimal
	fields       model.Tree
}

type party struct {
	id      string
	created time.Time
	blocked bool
	fields  model.Tree
	kind    string
}

type landing struct {
	at   time.Time
	kind model.Kind
	doc  connector.Document
}

func newTarget(r *rig) *target {
	return &target{rig: r, orders: map[string][]order{}, customers: map[string][]party{}, articles: map[string]string{"5001": "", "5002": "", "SHIP": "", "ROUND": ""},
		calls: map[string]int{}, limits: connector.Limits{Concurrency: 2, WriteBatch: 1, FindBatch: 50, Timeout: 10 * time.Second, LateEffect: 20 * time.Second}}
}

func (t *target) Limits() connector.Limits { return t.limits }

func (t *target) Verify(context.Context) (connector.Report, error) {
	t.calls["verify"]++
	return connector.Report{Summary: "Books"}, t.err
}

// land lets writes take effect whose time has come.
func (t *target) land() {
	rest := t.late[:0]
	for _, l := range t.late {
		if l.at.After(t.rig.now) {
			rest = append(rest, l)
			continue
		}
		t.commit(l.kind, l.doc)
	}
	t.late = rest
}

func (t *target) commit(kind model.Kind, doc connector.Document) string {
	t.n++
	id := fmt.Sprintf("N%d", t.n)
	if kind == model.Orders {
		total, _ := model.ToDecimal(doc.Fields["total"])
		t.orders[doc.Reference] = append(t.orders[doc.Reference], order{id: id, customer: doc.Customer, total: total, fields: doc.Fields})
		return id
	}
	if doc.ID != "" {
		t.updates++
		return doc.ID
	}
	t.customers[doc.Key] = append(t.customers[doc.Key], party{id: id, created: t.rig.now, fields: doc.Fields, kind: doc.Type})
	return id
}

func (t *target) Find(_ context.Context, kind model.Kind, queries []connector.Query) (out []connector.Found, err error) {
	err = t.rig.ports.call("find "+string(kind), func() error {
		t.calls["find "+string(kind)]++
		if t.err != nil {
			return t.err
		}
		t.land()
		for _, q := range queries {
			var found connector.Found
			switch kind {
			case model.Orders:
				for _, o := range t.orders[q.Reference] {
					found.Matches = append(found.Matches, connector.Match{ID: o.id, Total: &o.total, Date: "2026-11-24", Customer: o.customer})
				}
			case model.Customers:
				for _, c := range t.customers[q.Key] {
					found.Matches = append(found.Matches, connector.Match{ID: c.id, Created: c.created, Blocked: c.blocked})
				}
			case model.Products:
				if state, ok := t.articles[q.Key]; ok {
					found.Matches = append(found.Matches, connector.Match{ID: q.Key, Blocked: state == "blocked", Unit: "PCS"})
				}
			case model.Stock, model.Prices:
			}
			out = append(out, found)
		}
		return nil
	})
	return out, err
}

func (t *target) Write(ctx context.Context, kind model.Kind, docs []connector.Document) (out []connector.Outcome, err error) {
	before, ok := connector.StartBefore(ctx)
	if !ok || !t.rig.now.Before(before) {
		t.rig.Errorf("a write was started without, or after, its time to start")
	}
	if t.writing != nil {
		t.writing(ctx)
	}
	err = t.rig.ports.call("write "+string(kind), func() error {
		for _, doc := range docs {
			out = append(out, t.write(kind, doc))
		}
		return nil
	})
	return out, err
}

func (t *target) write(kind model.Kind, doc connector.Document) connector.Outcome {
	t.calls["write "+string(kind)]++
	t.writes++
	if t.err != nil {
		return connector.Outcome{Err: t.err, NotStarted: fault.As(t.err).Connection}
	}
	t.land()
	if t.spoil != nil {
		if done, outcome := t.spoil(doc, t.writes); outcome.Err != nil {
			switch {
			case done && t.lands > 0:
				t.late = append(t.late, landing{at: t.rig.now.Add(t.lands), kind: kind, doc: doc})
			case done:
				t.commit(kind, doc)
			}
			return outcome
		}
	}
	return connector.Outcome{ID: t.commit(kind, doc), Sent: []byte("{}"), Answer: []byte("{}")}
}

func (t *target) connector() connector.Connector {
	return connector.Connector{Name: "target", Title: "Books", Limits: t.limits,
		Target: map[model.Kind]connector.Target{
			model.Orders:    {Mapping: []byte(orderMapping), Types: []string{"order"}, Lines: connector.LineFields{List: "lines", Code: "code", Unit: "unit"}},
			model.Customers: {Mapping: []byte(customerMapping)},
		},
		Open: func(connector.Config) (connector.Session, error) { return t, nil }}
}

const orderMapping = `
rules:
  - {to: number, from: number}
  - {to: total, from: total.gross}
  - to: lines
    each: lines
    as: line
    rules:
      - {to: code, from: line.sku}
      - {to: quantity, from: line.quantity}
      - {to: price, from: line.price}
  - to: costs
    each: charges
    as: charge
    rules:
      - {to: code, from: charge.sku}
      - {to: amount, from: charge.amount}
`

const customerMapping = `
rules:
  - {to: email, from: email}
  - {to: company, from: company}
  - {to: name, from: lastName}
`

// lostAnswer is a write whose answer nobody heard.
func lostAnswer() connector.Outcome {
	return connector.Outcome{Unknown: true, Err: &fault.Error{Class: fault.Retry, Message: "no answer", Connection: true}}
}
