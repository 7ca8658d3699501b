package mpluskassa

import "time"

// State is what a till holds, for a checker.
type State struct {
	Counts  Counts           `json:"counts"`
	Markers map[string]int64 `json:"markers"` // highest per kind, by element name
	// OrderList and RelationList are there when [Seed.FullState] was set.
	OrderList    []OrderState    `json:"orderList,omitempty"`
	RelationList []RelationState `json:"relationList,omitempty"`
}

// Counts counts entities.
type Counts struct {
	Orders    int `json:"orders"`
	Cancelled int `json:"cancelled"` // of the orders
	Paid      int `json:"paid"`      // of the orders: the payments reach the total, or the mark is set
	Invoices  int `json:"invoices"`
	Relations int `json:"relations"`
	Products  int `json:"products"`
	Articles  int `json:"articles"`
}

// OrderState is one order. Amounts are cents.
type OrderState struct {
	ID             string    `json:"id"`
	ExtID          string    `json:"extId,omitempty"`
	Number         string    `json:"number"`
	Marker         int64     `json:"marker"`
	Entered        time.Time `json:"entered"`
	RelationNumber int64     `json:"relationNumber,omitempty"`
	Reference      string    `json:"reference,omitempty"`
	TotalIncl      int64     `json:"totalIncl"`
	TotalExcl      int64     `json:"totalExcl"`
	Prepaid        int64     `json:"prepaid"`
	FullyPaid      bool      `json:"fullyPaid"`
	DeliveryState  string    `json:"deliveryState"` // NOTHING, PARTIAL or COMPLETE
	CancelState    string    `json:"cancelState"`
	CompleteState  string    `json:"completeState"`
	Lines          int       `json:"lines"`
}

// RelationState is one relation.
type RelationState struct {
	Number  int64  `json:"number"`
	Marker  int64  `json:"marker"`
	Name    string `json:"name"`
	Company string `json:"company,omitempty"`
	Email   string `json:"email,omitempty"`
	Active  bool   `json:"active"`
}

// State returns a [State]: everything that was stored, also what is not
// visible to readers yet.
func (s *Sandbox) State() any {
	st := State{Markers: map[string]int64{}}
	for _, m := range s.counters() {
		st.Markers[m.name] = m.value
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	st.Counts = Counts{
		Orders: len(s.orders.newest), Invoices: len(s.invoices.newest), Relations: len(s.relations.newest),
		Products: len(s.products.newest), Articles: len(s.articles),
	}
	for _, v := range s.orders.newest {
		if v.value.cancelled == stateComplete {
			st.Counts.Cancelled++
		}
		if v.value.fullyPaid || v.value.paid >= v.value.incl {
			st.Counts.Paid++
		}
	}
	if s.fullState {
		st.OrderList, st.RelationList = s.orderStates(), s.relationStates()
	}
	return st
}

// Orders lists all orders by marker.
func (s *Sandbox) Orders() []OrderState {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.orderStates()
}

// Relations lists all relations by marker.
func (s *Sandbox) Relations() []RelationState {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.relationStates()
}

func (s *Sandbox) orderStates() []OrderState {
	out := make([]OrderState, 0, len(s.orders.newest))
	for _, v := range s.orders.versions {
		if v.next != nil {
			continue
		}
		d := v.value
		out = append(out, OrderState{
			ID: d.id.String(), ExtID: d.extID, Number: d.number.String(), Marker: v.marker, Entered: d.entered,
			RelationNumber: d.relation, Reference: d.reference, TotalIncl: d.incl, TotalExcl: d.excl, Prepaid: d.paid, FullyPaid: d.fullyPaid,
			DeliveryState: d.delivered, CancelState: d.cancelled, CompleteState: d.completed, Lines: len(d.lines),
		})
	}
	return out
}

func (s *Sandbox) relationStates() []RelationState {
	out := make([]RelationState, 0, len(s.relations.newest))
	for _, v := range s.relations.versions {
		if v.next != nil {
			continue
		}
		r := v.value
		out = append(out, RelationState{
			Number: r.number, Marker: v.marker, Name: r.text("name"), Company: r.text("companyName"), Email: r.text("email"), Active: r.active,
		})
	}
	return out
}
