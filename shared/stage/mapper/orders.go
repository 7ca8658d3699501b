package mapper

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	gojson "github.com/goccy/go-json"

	"apicenter/shared/connector"
	"apicenter/shared/fault"
	"apicenter/shared/integration"
	"apicenter/shared/mapping"
	"apicenter/shared/message"
	"apicenter/shared/model"
	"apicenter/shared/stage"
	"apicenter/shared/store"
)

// order maps one order and files it under documents, skipped, waiting or rejected.
func (s *Stage) order(b *batch, source message.Source) {
	rules := b.plan.Flow.Orders
	if rules == nil {
		rules = &integration.OrderRules{}
	}
	if source.Deleted {
		b.skip(source, source.Key, model.ReasonFiltered, "the order was deleted at the source", nil)
		return
	}
	order, warnings, problem := readOrder(b.plan, source)
	if problem != nil {
		b.reject(source, source.Key, problem, nil)
		return
	}
	completeOrder(order, rules)
	if echo(order, b.plan) {
		b.skip(source, order.Number, model.ReasonEcho, "the order came from "+b.plan.Target.Title, order)
		return
	}
	if !order.Cancelled {
		reason, waits, problem := s.filter(b.plan, rules, order)
		if problem != nil {
			b.reject(source, order.Number, problem, order)
			return
		}
		if reason != "" {
			if waits && source.Reread {
				return // it still waits, as its owner was told when it was left out
			}
			if waits {
				b.wait(s.World.Now, source)
			} else if source.Reread {
				b.passed = append(b.passed, source.Key)
			}
			b.skip(source, order.Number, model.ReasonFiltered, reason, order)
			return
		}
	}
	// What is left out needs not be right.
	if problem := checkOrder(order, rules); problem != nil {
		b.reject(source, order.Number, problem, order)
		return
	}
	doc, problem := orderDocument(b.plan, rules, source, order)
	if problem != nil {
		b.reject(source, order.Number, problem, order)
		return
	}
	doc.Warnings = append(warnings, doc.Warnings...)
	b.docs = append(b.docs, *doc)
	if source.Reread {
		b.passed = append(b.passed, source.Key)
	}
}

// readOrder runs the get-side mapping.
func readOrder(plan *stage.Plan, source message.Source) (*model.Order, []string, *fault.Error) {
	tree, err := connector.DecodeTree(source.Fields)
	if err != nil {
		return nil, nil, &fault.Error{Class: fault.Bug, Step: "read record", Message: "what was read from the source cannot be decoded", Err: err}
	}
	result, err := plan.Get.Run(mapping.Input{Record: tree, Settings: plan.GetSettings})
	if err != nil {
		return nil, nil, fault.As(err).WithStep("map from " + plan.Source.Title)
	}
	order := &model.Order{}
	if err := model.FromTree(result.Tree, order); err != nil {
		return nil, nil, &fault.Error{Class: fault.Reject, Step: "map from " + plan.Source.Title, Message: err.Error(),
			Advice: "Correct the mapping of the fields named, or go back to the default."}
	}
	return order, texts(result.Warnings), nil
}

// completeOrder fills what follows from other fields.
func completeOrder(order *model.Order, rules *integration.OrderRules) {
	if !order.Paid && order.Total.Gross.IsPos() && order.PaidAmount.Cmp(order.Total.Gross) >= 0 {
		order.Paid = true
	}
	completeAddresses(order)
	if rules.ShippingSKU != "" {
		splitShipping(order, rules)
	}
}

// checkOrder checks what every target needs.
func checkOrder(order *model.Order, rules *integration.OrderRules) *fault.Error {
	if order.Number == "" {
		return &fault.Error{Class: fault.Reject, Step: "check order", Field: "number", Message: "the order has no number",
			Advice: "Check the mapping of the order number."}
	}
	if order.Currency == "" {
		return &fault.Error{Class: fault.Reject, Step: "check order", Field: "currency", Message: "the order has no currency",
			Advice: "Set a default currency in the flow's settings."}
	}
	if order.Cancelled {
		return nil // never written, so nothing of it has to be right
	}
	if len(order.Lines) == 0 {
		return &fault.Error{Class: fault.Reject, Step: "check order", Field: "lines", Message: "the order has no lines",
			Advice: "Add a line to the order in the source, or cancel it there."}
	}
	for i, line := range order.Lines {
		if strings.TrimSpace(line.SKU) == "" {
			return &fault.Error{Class: fault.Reject, Step: "check order", Field: fmt.Sprintf("lines[%d].sku", i),
				Message: fmt.Sprintf("line %d (%s) has no article code", i+1, line.Description),
				Advice:  "Give the article a code in the source, or choose another field as article code in the flow's settings."}
		}
	}
	return reconcile(order, rules)
}

// completeAddresses lets billing and shipping stand in for each other where the source gives one of them only.
func completeAddresses(order *model.Order) {
	if c := order.Customer; c != nil {
		if order.Billing.IsZero() {
			order.Billing = c.Billing
		}
		if order.Shipping.IsZero() {
			order.Shipping = c.Shipping
		}
		if c.Billing.IsZero() {
			c.Billing = order.Billing
		}
		if c.Currency == "" {
			c.Currency = order.Currency
		}
	}
	if order.Shipping.IsZero() {
		order.Shipping = order.Billing
	}
	if c := order.Customer; c != nil && c.Shipping.IsZero() {
		c.Shipping = order.Shipping
	}
}

// splitShipping makes charges of the lines that are shipping costs.
func splitShipping(order *model.Order, rules *integration.OrderRules) {
	goods := order.Lines[:0:0]
	for _, line := range order.Lines {
		if !slices.Contains(rules.ShippingArticles, line.SKU) {
			goods = append(goods, line)
			continue
		}
		order.Charges = append(order.Charges, model.Charge{Kind: model.ChargeShipping, SKU: rules.ShippingSKU,
			Description: line.Description, Amount: lineAmount(line, order.Currency), TaxRate: line.TaxRate})
	}
	order.Lines = goods
	for i := range order.Charges {
		if order.Charges[i].Kind == model.ChargeShipping && order.Charges[i].SKU == "" {
			order.Charges[i].SKU = rules.ShippingSKU
		}
	}
}

// echo reports whether the order was put into the source by the opposite flow: its external number then starts with the
// prefix that records of the target connection carry.
func echo(order *model.Order, plan *stage.Plan) bool {
	return plan.Target.Prefix != "" && strings.HasPrefix(order.External, plan.Target.Prefix)
}

// filter returns why an order is left out, and whether that can change without a new marker at the source.
func (s *Stage) filter(plan *stage.Plan, rules *integration.OrderRules, order *model.Order) (reason string, waits bool, problem *fault.Error) {
	if rules.OnlyPaid && !order.Paid {
		return "not paid yet; it is looked at again until it is", true, nil
	}
	if plan.Filter != nil {
		passes, err := plan.Filter.Match(model.ToTree(order), plan.GetSettings)
		if err != nil {
			return "", false, fault.As(err).WithStep("filter")
		}
		if !passes {
			return "the flow's filter leaves it out", false, nil
		}
	}
	return "", false, nil
}

func (b *batch) wait(now clock, source message.Source) {
	at := now()
	b.waiting = append(b.waiting, store.Reread{Key: source.Key, Since: at, Next: stage.RereadAt(at, 0)})
}

// orderDocument runs the send-side mappings.
func orderDocument(plan *stage.Plan, rules *integration.OrderRules, source message.Source, order *model.Order) (*message.Document, *fault.Error) {
	doc := &message.Document{Key: source.Key, Number: order.Number, Version: source.Version, Changed: source.Changed, Type: plan.Type,
		Reference: plan.Source.Prefix + order.Number, Source: source.Fields, Cancelled: order.Cancelled, Reopened: source.Reopened}
	if order.Cancelled {
		doc.Record, doc.Document = encode(order), json.RawMessage("{}")
		return doc, nil
	}
	step := "map to " + plan.Target.Title
	key := rules.CustomerKey.Of(order.Customer)
	switch {
	case rules.DefaultDebtor != "" && (rules.ForceDebtor || key == ""):
		doc.Debtor = rules.DefaultDebtor
	case key == "":
		return nil, noCustomerKey(rules, order)
	default:
		customer, warnings, problem := customerDocument(plan, rules, order.Customer, key)
		if problem != nil {
			return nil, problem.WithStep(step)
		}
		doc.Customer = customer
		doc.Warnings = append(doc.Warnings, warnings...)
	}
	result, err := plan.Send.Run(mapping.Input{Record: model.ToTree(order), Settings: plan.SendSettings})
	if err != nil {
		return nil, fault.As(err).WithStep(step)
	}
	doc.Document = mapping.Canonical(result.Tree)
	doc.Fingerprint = mapping.Fingerprint(result.Tree)
	doc.Record = encode(order)
	doc.Warnings = append(doc.Warnings, texts(result.Warnings)...)
	for _, charge := range order.Charges {
		if charge.Kind == model.ChargeRounding {
			doc.Warnings = append(doc.Warnings, fmt.Sprintf("lines and total differ by %s %s; a rounding line makes up for it", charge.Amount, order.Currency))
		}
	}
	return doc, nil
}

// customerDocument makes the document that creates the order's customer, and the one that changes it where the flow allows
// that: which of them is needed is known only when the target was asked.
func customerDocument(plan *stage.Plan, rules *integration.OrderRules, c *model.Customer, key string) (*message.Customer, []string, *fault.Error) {
	tree := model.ToTree(c)
	result, err := plan.Customer.Run(mapping.Input{Record: tree, Settings: plan.SendSettings})
	if err != nil {
		return nil, nil, fault.As(err)
	}
	out := &message.Customer{Key: key, Type: connector.Person, Document: mapping.Canonical(result.Tree),
		Fingerprint: mapping.Fingerprint(result.Tree)}
	if c.IsCompany() {
		out.Type = connector.Company
	}
	if rules.UpdateCustomers {
		update, err := plan.Customer.Run(mapping.Input{Record: tree, Settings: plan.SendSettings, Update: true})
		if err != nil {
			return nil, nil, fault.As(err)
		}
		out.Update = mapping.Canonical(update.Tree)
	}
	return out, texts(result.Warnings), nil
}

func noCustomerKey(rules *integration.OrderRules, order *model.Order) *fault.Error {
	what := map[integration.CustomerKey]string{integration.ByNumber: "customer number", integration.ByExternal: "external customer number"}[rules.CustomerKey]
	if what == "" {
		what = "customer e-mail address"
	}
	return &fault.Error{Class: fault.Reject, Step: "check customer", Field: rules.CustomerKey.Field(),
		Message: fmt.Sprintf("order %s has no %s, and the flow has no default debtor", order.Number, what),
		Advice:  "Fill it in at the source, or set a default debtor in the flow's settings."}
}

func texts(warnings []mapping.Warning) []string {
	var out []string
	for _, w := range warnings {
		out = append(out, w.Field+": "+w.Message)
	}
	return out
}

func encode(order *model.Order) json.RawMessage {
	if order == nil {
		return nil
	}
	out, err := gojson.Marshal(order)
	if err != nil {
		return nil // an order has no value that JSON cannot hold
	}
	return out
}
