package afas

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/govalues/decimal"

	"apicenter/shared/connector"
	"apicenter/shared/fault"
	"apicenter/shared/model"
)

const (
	stepFindOrders = "find orders"
	stepWriteOrder = "write order"

	itemArticle = "2"
	itemCost    = "6"
	// noUnit is AFAS' code for "none", which cost items without a unit have.
	noUnit = "*****"
)

// findOrders looks orders up by the reference they were written with.
func (s *session) findOrders(ctx context.Context, queries []connector.Query) ([]connector.Found, error) {
	out := make([]connector.Found, len(queries))
	var orders, entries []int
	for i, q := range queries {
		switch {
		case q.Reference == "":
		case q.Type == typeMutation:
			entries = append(entries, i)
		case q.Type != "" && q.Type != typeOrder && s.o.orders.connector == salesOrders:
			// Looking where direct invoices are not listed would find nothing and let them be written twice.
			out[i].Err = &fault.Error{Class: fault.Pause, Step: stepFindOrders, Field: "ordersConnector",
				Message: salesOrders + " does not list direct invoices, so it cannot tell whether one was written before",
				Advice:  "Create " + defaultOrders + " in AFAS and choose it as the orders look-up."}
		default:
			orders = append(orders, i)
		}
	}
	if err := s.answerOrders(ctx, queries, orders, out); err != nil {
		return nil, fault.As(err).WithStep(stepFindOrders)
	}
	if err := s.answerEntries(ctx, queries, entries, out); err != nil {
		return nil, fault.As(err).WithStep(stepFindOrders)
	}
	return out, nil
}

func (s *session) answerOrders(ctx context.Context, queries []connector.Query, which []int, out []connector.Found) error {
	if len(which) == 0 {
		return nil
	}
	src := s.o.orders
	c := src.columns
	references := make([]string, len(which))
	for i, w := range which {
		references[i] = queries[w].Reference
	}
	rows, failed, err := s.lookup(ctx, src, []string{c["CustomerReference"]}, references, c["OrderNumber"])
	if err != nil {
		return err
	}
	found := map[string][]connector.Match{}
	for _, r := range rows {
		reference := r.text(c["CustomerReference"])
		m := connector.Match{ID: r.text(c["OrderNumber"]), Date: r.day(c["OrderDate"]), Customer: r.text(c["DebtorId"]),
			Total: r.decimal(c["TotalIncl"])}
		if m.ID == "" || slices.ContainsFunc(found[reference], func(k connector.Match) bool { return k.ID == m.ID }) {
			continue // a look-up over lines shows an order more than once
		}
		found[reference] = append(found[reference], m)
	}
	for _, w := range which {
		// AFAS compares without case; two tills may well differ in it.
		reference := strings.TrimSpace(queries[w].Reference)
		out[w] = connector.Found{Matches: found[reference], Err: failed[queries[w].Reference]}
	}
	return nil
}

// writeOrder creates one order, direct invoice or journal entry.
func (s *session) writeOrder(ctx context.Context, d connector.Document) connector.Outcome {
	if d.ID != "" {
		return rejected(&fault.Error{Class: fault.Reject, Step: stepWriteOrder, Message: "an order that is in AFAS already is never changed",
			Advice: "Change it in AFAS by hand if it has to change."}, nil)
	}
	b := &builder{zone: s.zone}
	var name, number string
	var body []byte
	switch d.Type {
	case typeOrder, "":
		name, number = "FbSales", "ornu"
		body = b.sale(name, d, false)
	case typeInvoice, typeDirectInvoice:
		name, number = "FbDirectInvoice", "ornu"
		body = b.sale(name, d, true)
	case typeMutation:
		name, number = "FiEntries", "enno"
		body = b.mutation(d)
	default:
		return rejected(fault.New(fault.Reject, "AFAS takes no order type %q: choose order, invoice, directinvoice or mutation", d.Type), nil)
	}
	if f := b.err(stepWriteOrder); f != nil {
		return rejected(f, b.warnings)
	}
	found, out := s.send(ctx, stepWriteOrder, "POST", name, body)
	out.Warnings = b.warnings
	if out.Err != nil {
		if !out.Unknown {
			out.Err = s.explainOrder(ctx, name, d, out.Err)
		}
		return out
	}
	if out.ID = found[number]; out.ID == "" {
		s.findNumber(ctx, d, &out)
	}
	return out
}

// findNumber asks for the number of an order that AFAS confirmed without naming it.
func (s *session) findNumber(ctx context.Context, d connector.Document, out *connector.Outcome) {
	found, err := s.findOrders(ctx, []connector.Query{{Reference: d.Reference, Type: d.Type}})
	if err == nil && len(found[0].Matches) > 0 {
		out.ID = found[0].Matches[0].ID
		return
	}
	out.Warnings = append(out.Warnings, "AFAS confirmed the order without telling its number")
}

// sale builds the body of a sales order or a direct invoice; problems are left in b.
func (b *builder) sale(name string, d connector.Document, invoice bool) []byte {
	reference := b.reference(d, 100)
	tree := maps.Clone(d.Fields)
	if tree == nil {
		tree = model.Tree{}
	}
	if delete(tree, "RfCs"); len(b.problems) == 0 {
		tree["RfCs"] = reference
	}
	if d.Customer != "" {
		tree["DbId"] = d.Customer
	}
	head := b.pairs("", tree, orderFields, "lines", "costs", "discount", "booking")
	if !has(head, "DbId") {
		b.bad("customer", "the order has no customer in AFAS")
	}
	if !has(head, "Unit") {
		b.bad("administration", "the order has no administration; without one AFAS would choose it by itself")
	}
	var lines []element
	for i, line := range b.list(tree, "lines") {
		lines = append(lines, b.line(fmt.Sprintf("lines[%d].", i), line, itemArticle, invoice))
	}
	for i, cost := range b.list(tree, "costs") {
		lines = append(lines, b.line(fmt.Sprintf("costs[%d].", i), cost, itemCost, invoice))
	}
	if discount, ok := b.object(tree, "discount"); ok {
		lines = append(lines, b.line("discount.", discount, itemCost, invoice))
	}
	if len(lines) == 0 {
		b.bad("lines", "the order has no lines")
	}
	if invoice {
		head = b.withoutOrderOnly("", head, orderFields)
	}
	return encode(name, element{fields: head, objects: []object{{name: name + "Lines", elements: lines}}})
}

// reference returns what the record will be found by again. It is never cut: it could not be found then.
func (b *builder) reference(d connector.Document, most int) string {
	reference := strings.TrimSpace(d.Reference)
	if n := len([]rune(reference)); n > most {
		b.bad("number", "the reference is %d characters long and AFAS takes %d; it is never cut, because the record is found by it", n, most)
	}
	if reference == "" {
		b.bad("number", "the order has no number to find it by again")
	}
	return reference
}

// line builds a line; kind is its item type unless the mapping says otherwise.
func (b *builder) line(path string, tree model.Tree, kind string, invoice bool) element {
	fields := b.pairs(path, tree, lineFields)
	if !has(fields, "VaIt") {
		fields = append([]pair{{"VaIt", kind}}, fields...)
	}
	if valueOf(fields, "VaIt") == itemCost {
		if !has(fields, "BiUn") {
			fields = with(fields, "BiUn", noUnit)
		}
		if !has(fields, "QuUn") {
			fields = with(fields, "QuUn", decimal.One)
		}
	}
	if has(fields, "ARDc") && !has(fields, "MaAD") {
		fields = with(fields, "MaAD", true)
	}
	for _, want := range [...]struct{ code, message string }{
		{"ItCd", "a line has no item code"},
		{"BiUn", "a line has no unit"},
		{"QuUn", "a line has no quantity"},
	} {
		if has(fields, want.code) {
			continue
		}
		message := want.message
		switch {
		case path == "discount.":
			message = "the order has a discount as a whole, and no item is set for it; fill \"Item for order discounts\" in the settings of the flow"
		case want.code == "ItCd" && valueOf(fields, "VaIt") == itemCost:
			message = "a cost (shipping, payment or rounding) has no item code; fill it in the settings of the flow"
		}
		b.bad(path+want.code, "%s", message)
	}
	if invoice {
		fields = b.withoutOrderOnly(path, fields, lineFields)
	}
	return element{fields: fields}
}

// withoutOrderOnly leaves out what a direct invoice does not have, and says so.
func (b *builder) withoutOrderOnly(path string, pairs []pair, fields []field) []pair {
	return slices.DeleteFunc(pairs, func(p pair) bool {
		drop := slices.ContainsFunc(fields, func(f field) bool { return f.code == p.code && f.orderOnly })
		if drop {
			b.warn("%s is not part of a direct invoice and was left out", path+p.code)
		}
		return drop
	})
}

// explainOrder adds to a refusal what only the order tells: which article is unknown.
func (s *session) explainOrder(ctx context.Context, name string, d connector.Document, err error) error {
	f := *fault.As(err)
	var what *said
	if !errors.As(err, &what) {
		return mask(&f, d.Fields)
	}
	if what.label != "" {
		if _, known := s.labels.field(what.label); !known {
			s.learn(ctx, name)
			if place, ok := s.labels.field(what.label); ok {
				f.Field = place
			}
		}
	}
	if !what.missing || f.Field != "lines[].sku" {
		return mask(&f, d.Fields)
	}
	f.Message, f.Field, f.Cause = s.missingItems(ctx, d)
	f.Advice = "Create the article in AFAS; the order is then sent by itself."
	return mask(&f, d.Fields)
}

// missingItems says which item codes of an order AFAS does not know. AFAS names the field but not the value, so the articles
// are looked up; without an answer all of them are named.
func (s *session) missingItems(ctx context.Context, d connector.Document) (message, where, cause string) {
	var articles, others []string
	for _, part := range []string{"lines", "costs", "discount"} {
		for _, line := range new(builder).list(d.Fields, part) {
			item, _ := plain(line["ItCd"])
			kind, _ := plain(line["VaIt"])
			switch {
			case item == "":
			case part == "lines" && (kind == "" || kind == itemArticle):
				articles = append(articles, item)
			default:
				others = append(others, item)
			}
		}
	}
	slices.Sort(articles)
	articles = slices.Compact(articles)
	queries := make([]connector.Query, len(articles))
	for i, a := range articles {
		queries[i].Key = a
	}
	suspects := articles
	if found, err := s.findProducts(ctx, queries); err == nil {
		suspects = nil
		for i, a := range articles {
			if len(found[i].Matches) == 0 {
				suspects = append(suspects, a)
			}
		}
	}
	switch {
	case len(suspects) == 1:
		return "AFAS does not know article " + suspects[0], "lines[].sku", "product:" + suspects[0]
	case len(suspects) > 1:
		return "AFAS does not know one of the articles " + strings.Join(suspects, ", "), "lines[].sku", "product:" + suspects[0]
	case len(others) > 0:
		return "AFAS does not know the item of a cost line: one of " + strings.Join(others, ", "), "charges[].sku", ""
	}
	return "AFAS does not know one of the order's items", "lines[].sku", ""
}
