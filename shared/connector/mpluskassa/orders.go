package mpluskassa

import (
	"context"
	_ "embed" // the default mapping
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"apicenter/shared/connector/internal/soap"
	"apicenter/shared/fault"
	"apicenter/shared/model"
)

//go:embed orders.get.yaml
var ordersMapping []byte

// document is one of the two things an orders flow may read.
type document struct {
	entity, operation, reply string
	list, element            string // wrapper and repeated element of the answer
	id, ids                  string // identity in an element, and the filter on it in the request
	shape                    *soap.Shape
}

var (
	orders = document{entity: "Order", operation: "getOrders", reply: "GetOrdersResponse", list: "orderList", element: "order",
		id: "orderId", ids: "orderIds", shape: ordersReply}
	invoices = document{entity: "Invoice", operation: "getInvoices", reply: "GetInvoicesResponse", list: "invoiceList", element: "invoice",
		id: "invoiceId", ids: "invoiceIds", shape: invoicesReply}
)

// orderFields is the shape of what an orders flow reads: orders and invoices together, with what is looked up beside them.
func orderFields() model.Schema {
	fields := schema(orderShape, "")
	for _, f := range schema(invoiceShape, "") {
		if !slices.ContainsFunc(fields, func(g model.Field) bool { return g.Path == f.Path }) {
			fields = append(fields, f)
		}
	}
	fields = append(fields,
		model.Field{Path: "lineList.line[].extArticleId", Type: model.Text, Example: "MUG-BLUE",
			Doc: "Another system's code of the article; looked up when the flow takes it as article code."},
		model.Field{Path: "relation", Type: model.Object, Doc: "The customer's card, looked up by relationNumber."})
	fields = append(fields, schema(relationShape, "relation.")...)
	for _, a := range []*soap.Shape{
		address("billTo", "Where the invoice goes: invoiceAddress, or else the address on the customer's card."),
		address("shipTo", "Where the goods go: deliveryAddress, or else the delivery address on the customer's card, or else billTo."),
	} {
		fields = append(fields, model.Field{Path: a.Name, Type: model.Object, Doc: a.Doc})
		fields = append(fields, schema(a, a.Name+".")...)
	}
	return fields
}

// documents reads orders or invoices, each page completed with the cards of its customers and, where the flow asks for a
// code that is not on the line, of its articles.
func (s *session) documents(d document) feed {
	return feed{
		entity: d.entity,
		step:   "read " + d.element + "s",
		page: func(ctx context.Context, step string, f flow, behind int64, limit int) (page, error) {
			elements, err := s.ask(ctx, step, d, func(w *soap.Writer) {
				markers(w, behind, limit)
				for _, branch := range f.branches {
					w.Int("branchNumbers", branch)
				}
				w.Empty("articlePluNumbers")
				w.Empty("articleBarcodes")
				w.Bool("includeLineList", true)
			})
			if err != nil {
				return page{}, err
			}
			p := page{empty: len(elements) == 0}
			for _, e := range elements {
				p.highest = max(p.highest, whole(e["syncMarker"])) // the page is in no order
			}
			p.found, err = s.complete(ctx, step, d, f, elements)
			return p, err
		},
		one: func(ctx context.Context, step string, f flow, keys []string) ([]found, error) {
			elements, err := s.byID(ctx, step, d, keys)
			if err != nil {
				return nil, err
			}
			return s.complete(ctx, step, d, f, elements)
		},
	}
}

func (s *session) ask(ctx context.Context, step string, d document, request func(*soap.Writer)) ([]model.Tree, error) {
	answer, err := s.call(ctx, step, soap.Call{Operation: d.operation, Reply: d.reply, Shape: d.shape,
		Args: func(w *soap.Writer) { w.Object("request", func() { request(w) }) }})
	if err != nil {
		return nil, err
	}
	elements := list(answer, d.list, d.element)
	out := make([]model.Tree, len(elements))
	for i, e := range elements {
		out[i] = e.(model.Tree)
	}
	return out, nil
}

// byID asks for documents by key. Keys are bare lower-case digits, while servers write identities with or without dashes
// and compare them in ways unknown: the usual spellings are asked for first, the unusual ones for what was not found.
func (s *session) byID(ctx context.Context, step string, d document, keys []string) ([]model.Tree, error) {
	var all []model.Tree
	missing := make([]string, len(keys))
	for i, key := range keys {
		missing[i] = normalID(key)
	}
	for _, spell := range []func(string) string{strings.ToLower, strings.ToUpper} {
		if len(missing) == 0 {
			break
		}
		elements, err := s.ask(ctx, step, d, func(w *soap.Writer) {
			w.Empty("articlePluNumbers")
			w.Empty("articleBarcodes")
			for _, key := range missing {
				w.Text(d.ids, spell(key))
				if dashed := withDashes(key); dashed != key {
					w.Text(d.ids, spell(dashed))
				}
			}
			w.Bool("includeLineList", true)
		})
		if err != nil {
			return nil, err
		}
		for _, e := range elements {
			id, _ := e[d.id].(string)
			if i := slices.Index(missing, normalID(id)); i >= 0 {
				missing = slices.Delete(missing, i, i+1)
				all = append(all, e)
			}
		}
	}
	return all, nil
}

// complete adds to documents what they only refer to.
func (s *session) complete(ctx context.Context, step string, d document, f flow, elements []model.Tree) ([]found, error) {
	out := make([]found, len(elements))
	for i, e := range elements {
		id, _ := e[d.id].(string)
		if id == "" {
			return nil, &fault.Error{Class: fault.Retry, Step: step, Message: "MplusKASSA sent a document without its identity",
				Detail: d.operation + ": " + d.id + " is empty", Advice: "It is tried again by itself; if it stays, tell Mplus support."}
		}
		out[i] = found{key: normalID(id), marker: whole(e["syncMarker"]), touched: touched(e), fields: e}
	}
	if err := s.addRelations(ctx, step, elements); err != nil {
		return nil, err
	}
	if err := s.addArticleCodes(ctx, step, f.sku, elements); err != nil {
		return nil, err
	}
	for _, e := range elements {
		addAddresses(e)
	}
	return out, nil
}

// addRelations puts the customer's card into each document. The cards are asked for once for all documents of a page and
// not kept any longer: they change without the documents changing.
func (s *session) addRelations(ctx context.Context, step string, elements []model.Tree) error {
	var numbers []string
	seen := map[string]bool{}
	for _, e := range elements {
		if n, ok := identity(e["relationNumber"]); ok && !seen[n] {
			seen[n] = true
			numbers = append(numbers, n)
		}
	}
	cards, err := s.relations(ctx, step, numbers)
	if err != nil {
		return err
	}
	for _, e := range elements {
		if n, ok := identity(e["relationNumber"]); ok && cards[n] != nil {
			e["relation"] = cards[n]
		}
	}
	return nil
}

// addArticleCodes puts the code the flow asks for on each line that lacks it.
func (s *session) addArticleCodes(ctx context.Context, step, code string, elements []model.Tree) error {
	if code == skuArticleNumber {
		return nil
	}
	var numbers []string
	wanting := map[string][]model.Tree{}
	for _, e := range elements {
		for _, l := range list(e, "lineList", "line") {
			line := l.(model.Tree)
			n, ok := identity(line["articleNumber"])
			if text, _ := line[code].(string); !ok || text != "" {
				continue
			}
			if wanting[n] == nil {
				numbers = append(numbers, n)
			}
			wanting[n] = append(wanting[n], line)
		}
	}
	articles, err := s.articles(ctx, step, numbers)
	if err != nil {
		return err
	}
	for _, a := range articles {
		n, _ := identity(a["articleNumber"])
		if text, _ := a[code].(string); text != "" {
			for _, line := range wanting[n] {
				line[code] = text
			}
		}
	}
	return nil
}

// touched is the latest time a document names: when it was entered, booked or paid.
func touched(e model.Tree) time.Time {
	latest := moment(e["entryTimestamp"])
	note := func(t time.Time) {
		if t.After(latest) {
			latest = t
		}
	}
	day := func(value any) {
		text, _ := value.(string)
		if t, err := time.ParseInLocation(time.DateOnly, text, amsterdam()); err == nil {
			note(t.AddDate(0, 0, 1).Add(-time.Second)) // any time of that day
		}
	}
	day(e["financialDate"])
	for _, p := range list(e, "paymentList", "payment") {
		payment := p.(model.Tree)
		note(moment(payment["entryTimestamp"]))
		day(payment["financialDate"])
	}
	return latest
}

// normalID brings an identity to the form it is compared in: without dashes, in lower case.
func normalID(id string) string {
	return strings.ToLower(strings.ReplaceAll(strings.TrimSpace(id), "-", ""))
}

// withDashes writes a bare UUID with dashes; anything else is returned as it is.
func withDashes(id string) string {
	if _, err := hex.DecodeString(id); err != nil || len(id) != 32 {
		return id
	}
	return id[:8] + "-" + id[8:12] + "-" + id[12:16] + "-" + id[16:20] + "-" + id[20:]
}
