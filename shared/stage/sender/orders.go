package sender

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"apicenter/shared/connector"
	"apicenter/shared/fault"
	"apicenter/shared/model"
	"apicenter/shared/stage"
	"apicenter/shared/store"
)

// order is what the protocol needs of an item beside its documents.
type order struct {
	*item
	record   model.Order
	fields   model.Tree
	customer string // the target's number, once known
}

// orders runs the send protocol for orders, which are created and never changed: is it there, who is the customer, are the
// articles known, write.
func (l *lane) orders() error {
	scope := store.FlowScope(l.header.Tenant, l.header.Flow)
	open := l.open()
	entries, err := l.Ledger.Entries(l.ctx, scope, keys(open))
	if err != nil {
		return fmt.Errorf("reading the ledger: %w", err)
	}
	var list []*order
	var cancelled []*item
	now := l.World.Now()
	for i, it := range open {
		it.entry, it.targetID, it.wasOpen = entries[i], entries[i].TargetID, entries[i].State == store.Open
		switch {
		case it.entry.State == store.Delivered && it.doc.Cancelled && !it.entry.Cancelled:
			cancelled = append(cancelled, it)
		case it.entry.State == store.Delivered:
			it.end(model.Skipped, model.ReasonExists)
			it.told = it.doc.Fingerprint == it.entry.Fingerprint && stage.Told(it.entry.Version.Read, now)
		case it.entry.State == store.Unsure && it.entry.UnsureUntil.After(now):
			// A write of it may still appear: ask when it no longer can. Promise 2. Whatever ended that write may have been
			// this very record, so it goes on alone, and not for ever.
			l.unknown(it, &fault.Error{Class: fault.Retry, Step: "write order",
				Message: "it is not sure yet whether the last try reached the target; it is asked when that is certain"}, it.entry.UnsureUntil)
			it.alone = true
		case it.doc.Version.Compare(it.entry.Version) < 0:
			it.end(model.Skipped, model.ReasonStale) // Promise 3
		case it.readAgain():
			it.dropped = true
		case it.doc.Cancelled && it.entry.State != store.Unsure:
			it.end(model.Skipped, model.ReasonFiltered, "the order was cancelled")
		default:
			o := &order{item: it}
			if problem := o.decode(); problem != nil {
				l.failed(it, problem)
				continue
			}
			list = append(list, o)
		}
	}
	if err := l.noteCancelled(scope, cancelled); err != nil {
		return err
	}
	if list, err = l.findOrders(scope, list); err != nil || len(list) == 0 {
		return err
	}
	if list, err = l.customers(list); err != nil || len(list) == 0 {
		return err
	}
	if list = l.products(list); len(list) == 0 {
		return nil
	}
	return l.writeOrders(scope, list)
}

func keys(items []*item) []string {
	out := make([]string, len(items))
	for i, it := range items {
		out[i] = it.doc.Key
	}
	return out
}

func (o *order) decode() *fault.Error {
	if err := json.Unmarshal(o.doc.Record, &o.record); err != nil {
		return &fault.Error{Class: fault.Bug, Step: "read record", Message: "the order as queued cannot be read", Err: err}
	}
	if o.doc.Cancelled {
		return nil
	}
	tree, err := connector.DecodeTree(o.doc.Document)
	if err != nil {
		return &fault.Error{Class: fault.Bug, Step: "read record", Message: "the document as queued cannot be read", Err: err}
	}
	o.fields = tree
	return nil
}

// noteCancelled warns once about orders that were cancelled after they had been delivered; the target is never changed.
func (l *lane) noteCancelled(scope store.Scope, items []*item) error {
	if len(items) == 0 {
		return nil
	}
	entries := make([]store.Entry, len(items))
	for i, it := range items {
		entries[i] = it.entry
		entries[i].Cancelled, entries[i].Activity = true, l.ending.Chunk
	}
	if _, err := l.Ledger.SaveEntries(l.ctx, scope, entries); err != nil {
		return fmt.Errorf("writing the ledger: %w", err)
	}
	for _, it := range items {
		it.saved = true
		it.end(model.Skipped, model.ReasonExists, fmt.Sprintf("the order was cancelled at the source after it had been delivered as %s; cancel it in %s by hand",
			it.entry.TargetID, l.session.Connection.Title))
	}
	return nil
}

// findOrders asks the target which orders exist, and returns those that do not.
func (l *lane) findOrders(scope store.Scope, list []*order) ([]*order, error) {
	if len(list) == 0 {
		return nil, nil
	}
	queries := make([]connector.Query, len(list))
	for i, o := range list {
		queries[i] = connector.Query{Reference: o.doc.Reference, Type: o.doc.Type, Since: o.entry.FirstTried}
	}
	found, problem := l.find("find order", model.Orders, queries)
	if problem != nil {
		for _, o := range list {
			l.failed(o.item, problem)
		}
		return nil, nil
	}
	var missing []*order
	var linked []store.Entry
	var items []*item
	for i, o := range list {
		switch matches := found[i].Matches; {
		case found[i].Err != nil:
			l.failed(o.item, fault.As(found[i].Err).WithStep("find order"))
		case len(matches) == 0 && o.doc.Cancelled:
			// An order that was being written when it was cancelled, and did not arrive.
			o.end(model.Skipped, model.ReasonFiltered, "the order was cancelled")
			entry := o.entry
			entry.State = store.None
			linked, items = append(linked, entry), append(items, o.item)
		case len(matches) == 0:
			missing = append(missing, o)
		default:
			entry, ok := l.link(o, matches)
			if ok {
				linked, items = append(linked, entry), append(items, o.item)
			}
		}
	}
	return missing, l.saveAll(scope, linked, items)
}

// link ends an order that the target has: the same one is linked, another one with its reference is an open failure.
func (l *lane) link(o *order, matches []connector.Match) (store.Entry, bool) {
	match := oldest(matches)
	if difference := l.differs(o, match); difference != "" {
		l.failed(o.item, &fault.Error{Class: fault.Reject, Step: "find order", Field: "number",
			Message: fmt.Sprintf("%s has order %s under the reference %s already, but %s", l.session.Connection.Title, match.ID, o.doc.Reference, difference),
			Advice:  "Compare the two orders. If they are different orders, give this connection another prefix for its references."})
		return store.Entry{}, false
	}
	entry := o.entry
	if entry.State == store.Unsure {
		o.end(model.Delivered, "confirmed") // our own write, whose answer was lost
	} else {
		o.end(model.Skipped, model.ReasonExists)
	}
	if len(matches) > 1 {
		o.warnings = append(o.warnings, fmt.Sprintf("%s has %d orders under the reference %s; this one is linked to the oldest, %s",
			l.session.Connection.Title, len(matches), o.doc.Reference, match.ID))
	}
	o.targetID = match.ID
	entry.State, entry.TargetID, entry.Reference = store.Delivered, match.ID, o.doc.Reference
	entry.Version, entry.Fingerprint, entry.Activity = o.doc.Version, o.doc.Fingerprint, l.ending.Chunk
	return entry, true
}

// oldest returns the match made first; without dates, the first one told.
func oldest(matches []connector.Match) connector.Match {
	return slices.MinFunc(matches, func(a, b connector.Match) int { return a.Created.Compare(b.Created) })
}

// differs says in which way an order of the target is not the one we have, "" when it is.
func (l *lane) differs(o *order, match connector.Match) string {
	var out []string
	if match.Total != nil {
		gross := o.record.Total.Gross
		d, err := match.Total.Sub(gross)
		if err != nil || d.CmpAbs(l.flow.Orders.TotalTolerance()) > 0 {
			out = append(out, fmt.Sprintf("its total is %s there and %s here", match.Total.Trim(2), gross.Trim(2)))
		}
	}
	if match.Date != "" && o.record.Date != "" && match.Date != o.record.Date {
		out = append(out, fmt.Sprintf("its date is %s there and %s here", match.Date, o.record.Date))
	}
	if o.doc.Debtor != "" && match.Customer != "" && match.Customer != o.doc.Debtor {
		out = append(out, fmt.Sprintf("its customer is %s there and %s here", match.Customer, o.doc.Debtor))
	}
	return strings.Join(out, " and ")
}

// writeOrders creates the orders.
func (l *lane) writeOrders(scope store.Scope, list []*order) error {
	writes := make([]*write, len(list))
	for i, o := range list {
		writes[i] = &write{entry: o.entry, version: o.doc.Version, fingerprint: o.doc.Fingerprint, reference: o.doc.Reference,
			doc: connector.Document{Kind: model.Orders, Type: o.doc.Type, Key: o.doc.Reference, Reference: o.doc.Reference,
				Customer: o.customer, Fields: o.fields}}
	}
	if err := l.write("write order", scope, model.Orders, writes); err != nil {
		return err
	}
	for i, o := range list {
		w := writes[i]
		o.saved, o.entry = w.saved, w.entry
		o.warnings = append(o.warnings, w.out.Warnings...)
		if len(w.out.Sent) > 0 {
			o.steps = append(o.steps, store.StepActivity{Name: "write order", Sent: string(w.out.Sent), Answer: string(w.out.Answer)})
		}
		l.settle(o.item, w)
	}
	return nil
}

// settle ends an item by what became of its write.
func (l *lane) settle(it *item, w *write) {
	switch {
	case w.lost:
		// Somebody else claimed the record between our reading and noting. They finish it; look again shortly.
		it.due = l.World.Now().Add(claimPause)
	case w.out.Err == nil && w.done:
		it.targetID = w.out.ID
		it.end(model.Delivered, "")
	case w.out.Unknown:
		l.unknown(it, fault.As(w.out.Err), w.entry.UnsureUntil)
	case w.out.NotStarted || !w.done:
		l.notStarted(it, fault.As(w.out.Err))
	default:
		l.failed(it, fault.As(w.out.Err))
	}
}
