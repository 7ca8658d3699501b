package afas

import "strings"

// AddItem adds an item, or replaces the one with the same type and code.
func (s *Sandbox) AddItem(i SeedItem) error { return s.Load(Seed{Items: []SeedItem{i}}) }

// AddDebtor adds a debtor.
func (s *Sandbox) AddDebtor(x SeedDebtor) error { return s.Load(Seed{Debtors: []SeedDebtor{x}}) }

// Debtors returns all debtors.
func (s *Sandbox) Debtors() []Debtor {
	s.mu.RLock()
	defer s.mu.RUnlock()
	out := make([]Debtor, len(s.data.debtorList))
	for i, x := range s.data.debtorList {
		out[i] = x.copy()
	}
	return out
}

// Debtor returns one debtor.
func (s *Sandbox) Debtor(id string) (Debtor, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	x := s.data.debtors[fold(id)]
	if x == nil {
		return Debtor{}, false
	}
	return x.copy(), true
}

// Orders returns all sales orders.
func (s *Sandbox) Orders() []Order {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return copyOrders(s.data.orderList)
}

// DirectInvoices returns all direct invoices.
func (s *Sandbox) DirectInvoices() []Order {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return copyOrders(s.data.invoiceList)
}

// OrdersByReference returns the sales orders and direct invoices with a
// customer reference.
func (s *Sandbox) OrdersByReference(reference string) []Order {
	s.mu.RLock()
	defer s.mu.RUnlock()
	key := indexKey("customerreference", reference)
	return append(copyOrders(s.data.ordersBy[key]), copyOrders(s.data.invoicesBy[key])...)
}

// BlockDebtor blocks a debtor for delivery, or releases it.
func (s *Sandbox) BlockDebtor(id string, blocked bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if x := s.data.debtors[fold(id)]; x != nil {
		x.Blocked = blocked
	}
}

// BlockItem blocks an item, or releases it.
func (s *Sandbox) BlockItem(itemType, code string, blocked bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := s.data.items[itemKey(itemType, code)]; i != nil {
		i.Blocked = blocked
	}
}

// BlockConnector blocks the definition of a get connector, or releases it.
func (s *Sandbox) BlockConnector(name string, blocked bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.blocked[strings.ToLower(name)] = blocked
}

func (s *Sandbox) isBlocked(name string) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return len(s.blocked) > 0 && s.blocked[strings.ToLower(name)]
}

// BlockPeriod closes a period of an administration, or opens it.
func (s *Sandbox) BlockPeriod(administration, year, period int, blocked bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.data.blockedPeriods[[3]int{administration, year, period}] = blocked
}

// LockJournal makes a journal in use by another user, or releases it.
func (s *Sandbox) LockJournal(code string, locked bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.data.lockedJournals[fold(code)] = locked
}
