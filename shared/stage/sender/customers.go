package sender

import (
	"fmt"
	"slices"

	"apicenter/shared/connector"
	"apicenter/shared/fault"
	"apicenter/shared/integration"
	"apicenter/shared/message"
	"apicenter/shared/model"
	"apicenter/shared/store"
)

// buyer is one customer that orders of the message need; orders of the same customer share it.
type buyer struct {
	key     string // as the target knows it; personal data
	by      string
	doc     *message.Customer
	version model.Version
	ledger  string // key in the ledger: hashed
	entry   store.Entry
	orders  []*order

	number   string // the target's number, once known
	problem  *fault.Error
	steps    []store.StepActivity
	warnings []string
	// later is set when the orders have to wait without using up an attempt.
	later bool
	// unstarted is why nothing was sent, when the orders are put off for that.
	unstarted *fault.Error
	write     *write
}

// customers finds or creates the customers of the orders, and returns the orders whose customer is known. Customers have
// ledger entries of their own under the target connection, shared with every flow that writes them: two orders of one new
// customer make one debtor (promise 2).
func (l *lane) customers(list []*order) ([]*order, error) {
	buyers := l.buyers(list)
	if len(buyers) > 0 {
		if err := l.resolve(buyers); err != nil {
			return nil, err
		}
	}
	ready := list[:0:0]
	for _, o := range list {
		if o.doc.Debtor != "" {
			o.customer = o.doc.Debtor
			ready = append(ready, o)
		}
	}
	for _, b := range buyers {
		for i, o := range b.orders {
			o.warnings = append(o.warnings, b.warnings...)
			if i == 0 {
				o.steps = append(o.steps, b.steps...)
			}
			switch {
			case b.number != "":
				o.customer = b.number
				ready = append(ready, o)
			case b.problem != nil:
				l.failed(o.item, b.problem)
			case b.unstarted != nil:
				l.notStarted(o.item, b.unstarted)
			case b.later:
				o.due = b.entry.UnsureUntil
				o.problem = &fault.Error{Class: fault.Retry, Step: "create customer",
					Message: "it is not sure yet whether the customer was created; the target is asked when that is certain"}
				if now := l.World.Now(); !o.due.After(now) {
					o.due = now.Add(claimPause)
				}
			}
		}
	}
	// Orders go on in the order they came in, whatever order their customers were found in.
	slices.SortStableFunc(ready, func(a, b *order) int { return slices.Index(list, a) - slices.Index(list, b) })
	return ready, nil
}

// buyers gathers the distinct customers, each with the newest document that names it.
func (l *lane) buyers(list []*order) []*buyer {
	by := string(l.flow.Orders.CustomerKey)
	known := map[string]*buyer{}
	var out []*buyer
	for _, o := range list {
		if o.doc.Debtor != "" || o.doc.Customer == nil {
			continue
		}
		b := known[o.doc.Customer.Key]
		if b == nil {
			b = &buyer{key: o.doc.Customer.Key, by: by, doc: o.doc.Customer, version: o.doc.Version}
			known[b.key] = b
			out = append(out, b)
		}
		if b.version.Compare(o.doc.Version) < 0 {
			b.doc, b.version = o.doc.Customer, o.doc.Version
		}
		b.orders = append(b.orders, o)
	}
	return out
}

func (l *lane) resolve(buyers []*buyer) error {
	scope := store.TargetScope(l.header.Tenant, l.header.Connection, model.Customers)
	ledgerKeys := make([]string, len(buyers))
	for i, b := range buyers {
		key, err := l.Index.Index(l.ctx, l.header.Tenant, "customer key", b.by+"\x00"+b.key)
		if err != nil {
			return fmt.Errorf("customer key: %w", err)
		}
		b.ledger, ledgerKeys[i] = key, key
	}
	entries, err := l.Ledger.Entries(l.ctx, scope, ledgerKeys)
	if err != nil {
		return fmt.Errorf("reading the ledger: %w", err)
	}
	now := l.World.Now()
	var ask []*buyer
	for i, b := range buyers {
		b.entry = entries[i]
		switch {
		case b.entry.State == store.Unsure && b.entry.UnsureUntil.After(now):
			b.later = true
		case b.entry.State == store.Delivered:
			b.number = b.entry.TargetID
		default:
			ask = append(ask, b)
		}
	}
	missing, err := l.findCustomers(scope, ask)
	if err != nil {
		return err
	}
	if l.flow.Orders.UpdateCustomers {
		missing = append(missing, l.changed(buyers)...)
	}
	return l.writeCustomers(scope, missing)
}

// findCustomers asks the target for customers the ledger does not know, and returns those it has not.
func (l *lane) findCustomers(scope store.Scope, ask []*buyer) ([]*buyer, error) {
	if len(ask) == 0 {
		return nil, nil
	}
	queries := make([]connector.Query, len(ask))
	for i, b := range ask {
		queries[i] = connector.Query{Key: b.key, By: b.by}
	}
	found, problem := l.find("find customer", model.Customers, queries)
	if problem != nil {
		for _, b := range ask {
			b.problem = problem
		}
		return nil, nil
	}
	var missing []*buyer
	var entries []store.Entry
	for i, b := range ask {
		if found[i].Err != nil {
			b.problem = fault.As(found[i].Err).WithStep("find customer")
			continue
		}
		if len(found[i].Matches) == 0 {
			missing = append(missing, b)
			continue
		}
		if !b.choose(found[i].Matches, l.session.Connection.Title) {
			continue
		}
		e := b.entry
		e.Key, e.State, e.TargetID, e.Version, e.Activity = b.ledger, store.Delivered, b.number, b.version, l.ending.Chunk
		b.entry = e
		entries = append(entries, e)
	}
	if len(entries) > 0 {
		if _, err := l.Ledger.SaveEntries(l.ctx, scope, entries); err != nil {
			return nil, fmt.Errorf("writing the ledger: %w", err)
		}
	}
	return missing, nil
}

// choose takes the oldest customer that is not blocked.
func (b *buyer) choose(matches []connector.Match, target string) bool {
	usable := slices.DeleteFunc(slices.Clone(matches), func(m connector.Match) bool { return m.Blocked })
	if len(usable) == 0 {
		b.problem = &fault.Error{Class: fault.Reject, Step: "find customer", Field: integration.CustomerKey(b.by).Field(),
			Message: fmt.Sprintf("the customer of the order is blocked in %s (number %s)", target, matches[0].ID),
			Advice:  "Release the customer there and retry, or handle the order by hand."}
		return false
	}
	match := oldest(usable)
	b.number = match.ID
	if len(usable) > 1 {
		b.warnings = append(b.warnings, fmt.Sprintf("%s has %d customers with this %s; the order went to the oldest, %s",
			target, len(usable), keyName(b.by), match.ID))
	}
	return true
}

func keyName(by string) string {
	switch integration.CustomerKey(by) {
	case integration.ByNumber:
		return "number"
	case integration.ByExternal:
		return "external number"
	case integration.ByEmail:
	}
	return "e-mail address"
}

// changed returns the known customers whose document is not the one last written, newest version first to none older.
func (l *lane) changed(buyers []*buyer) []*buyer {
	var out []*buyer
	for _, b := range buyers {
		if b.number != "" && len(b.doc.Update) > 0 && b.entry.Fingerprint != b.doc.Fingerprint && b.version.Compare(b.entry.Version) >= 0 {
			out = append(out, b)
		}
	}
	return out
}

func (l *lane) writeCustomers(scope store.Scope, buyers []*buyer) error {
	if len(buyers) == 0 {
		return nil
	}
	writes := make([]*write, 0, len(buyers))
	for _, b := range buyers {
		document := b.doc.Document
		if b.number != "" {
			document = b.doc.Update
		}
		fields, err := connector.DecodeTree(document)
		if err != nil {
			return fmt.Errorf("customer document: %w", err)
		}
		entry := b.entry
		entry.Key = b.ledger
		b.write = &write{entry: entry, version: b.version, fingerprint: b.doc.Fingerprint,
			doc: connector.Document{Kind: model.Customers, Type: b.doc.Type, Key: b.key, ID: b.number, Fields: fields}}
		writes = append(writes, b.write)
	}
	if err := l.write("write customer", scope, model.Customers, writes); err != nil {
		return err
	}
	for _, b := range buyers {
		l.settleBuyer(b)
	}
	return nil
}

func (l *lane) settleBuyer(b *buyer) {
	w := b.write
	name := "create customer"
	if b.number != "" {
		name = "update customer"
	}
	if len(w.out.Sent) > 0 {
		b.steps = append(b.steps, store.StepActivity{Name: name, Sent: string(w.out.Sent), Answer: string(w.out.Answer)})
	}
	b.warnings = append(b.warnings, w.out.Warnings...)
	b.entry = w.entry
	switch {
	case w.lost:
		b.number, b.later = "", true
	case w.done && w.out.Err == nil:
		if w.out.ID != "" {
			b.number = w.out.ID
		}
	case w.out.Unknown:
		b.number, b.later = "", true
	case w.out.NotStarted:
		b.number, b.unstarted = "", fault.As(w.out.Err)
	case w.out.Err != nil:
		problem := *fault.As(w.out.Err).WithStep(name)
		b.number, b.problem = "", &problem
	default:
		// Not started, for a reason the lane knows: the orders are put off as they are.
		if b.number == "" {
			b.problem = nil
		}
		b.number = ""
	}
}
