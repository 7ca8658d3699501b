package mpluskassa

import (
	"errors"
	"fmt"
	"time"
)

var errCancelled = errors.New("it is cancelled")

// String writes the number as people read it. The layout is a guess.
func (n yearNumber) String() string { return fmt.Sprintf("%d.%d", n.year, n.number) }

// change stores a changed copy of an order that an employee at the till works
// on. The caller holds no lock.
func (s *Sandbox) change(orderID string, do func(*document) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	id, _ := parseUUID(orderID)
	old, ok := s.orders.last(id)
	if !ok {
		return fmt.Errorf("mpluskassa: no order %q", orderID)
	}
	d := old.change()
	if err := do(d); err != nil {
		return fmt.Errorf("mpluskassa: order %s: %w", orderID, err)
	}
	s.orders.put(d.id, d, s.opts.Now())
	return nil
}

// Pay receives what is still to be paid for an order, by iDEAL.
func (s *Sandbox) Pay(orderID string) error {
	return s.change(orderID, func(d *document) error {
		if d.cancelled != stateNothing {
			return errCancelled
		}
		if open := d.incl - d.paid; open > 0 {
			d.pay([]payment{{id: newID(s.ids), method: "IDEAL", amount: open, at: s.opts.Now().In(s.zone)}})
		}
		d.fullyPaid = true
		return nil
	})
}

// Touch gives an order a new marker without any change that matters.
func (s *Sandbox) Touch(orderID string) error {
	return s.change(orderID, func(*document) error { return nil })
}

// Invoice delivers an order in full and makes its invoice.
func (s *Sandbox) Invoice(orderID string) error {
	return s.change(orderID, func(d *document) error {
		if d.cancelled != stateNothing {
			return errCancelled
		}
		d.deliverAll()
		if len(d.linked) == 0 {
			s.makeInvoice(d)
		}
		return nil
	})
}

// Cancel cancels an order.
func (s *Sandbox) Cancel(orderID string) error {
	id, _ := parseUUID(orderID)
	if result, message := s.cancel(id, s.opts.Now()); result != "OK" {
		return fmt.Errorf("mpluskassa: cancel order %q: %s", orderID, message)
	}
	return nil
}

// cancel ends an order and says how that went.
func (s *Sandbox) cancel(id uuid, now time.Time) (result, message string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old, ok := s.orders.last(id)
	switch {
	case !ok:
		return "NOT-FOUND", "Order not found."
	case old.cancelled != stateNothing:
		return "ALREADY-CANCELLED", "Order is already cancelled."
	case old.delivered == stateComplete:
		return "FAILED", "Order is delivered."
	}
	d := old.change()
	d.version++
	d.cancelled, d.completed = stateComplete, stateComplete
	if d.delivered == statePartial {
		d.cancelled = statePartial
	}
	s.orders.put(d.id, d, now)
	return "OK", ""
}
