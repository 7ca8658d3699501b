package afas

import (
	"maps"
	"slices"
)

// State copies everything the environment holds.
func (s *Sandbox) State() any { return s.Snapshot() }

// Snapshot is State with its type.
func (s *Sandbox) Snapshot() State {
	s.mu.RLock()
	defer s.mu.RUnlock()
	d := s.data
	st := State{
		Debtors:        make([]Debtor, 0, len(d.debtorList)),
		Parties:        make([]Party, 0, len(d.partyList)),
		Orders:         copyOrders(d.orderList),
		DirectInvoices: copyOrders(d.invoiceList),
		JournalEntries: make([]Entry, 0, len(d.entryList)),
		OpenItems:      copyAll(d.openList),
		Items:          make([]Item, 0, len(d.itemList)),
		Stock:          copyAll(d.stockList),
		Prices:         copyAll(d.prices),
	}
	for _, x := range d.debtorList {
		st.Debtors = append(st.Debtors, x.copy())
	}
	for _, p := range d.partyList {
		st.Parties = append(st.Parties, p.copy())
	}
	for _, e := range d.entryList {
		c := *e
		c.Lines = slices.Clone(e.Lines)
		for i := range c.Lines {
			c.Lines[i].entry = nil
		}
		st.JournalEntries = append(st.JournalEntries, c)
	}
	for _, i := range d.itemList {
		c := *i
		c.Other = maps.Clone(i.Other)
		st.Items = append(st.Items, c)
	}
	return st
}

func copyAll[T any](in []*T) []T {
	out := make([]T, len(in))
	for i, v := range in {
		out[i] = *v
	}
	return out
}

func copyOrders(in []*Order) []Order {
	out := make([]Order, len(in))
	for i, o := range in {
		out[i] = o.copy()
	}
	return out
}

func (o *Order) copy() Order {
	c := *o
	c.Lines = make([]*Line, len(o.Lines))
	for i, l := range o.Lines {
		lc := *l
		lc.Other = maps.Clone(l.Other)
		c.Lines[i] = &lc
	}
	c.VatTotals = slices.Clone(o.VatTotals)
	c.Other = maps.Clone(o.Other)
	return c
}

func (p *Party) copy() Party {
	c := *p
	c.keys, c.debtor = nil, nil
	c.Other = maps.Clone(p.Other)
	c.BankAccounts = slices.Clone(p.BankAccounts)
	c.Contacts = make([]*Contact, len(p.Contacts))
	for i, k := range p.Contacts {
		kc := *k
		kc.keys, kc.owner, kc.person = nil, nil, nil
		kc.Other = maps.Clone(k.Other)
		c.Contacts[i] = &kc
	}
	return c
}

func (x *Debtor) copy() Debtor {
	c := *x
	c.keys, c.party = nil, nil
	c.Other = maps.Clone(x.Other)
	c.Party = x.party.copy()
	return c
}
