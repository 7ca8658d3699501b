// Package model is the neutral data model in which source and target meet: orders, customers, products and what they are
// made of.
//
// Get-side mappings fill it, send-side mappings read it, the stages check it. Amounts and quantities are exact decimals;
// codes are strings and keep their leading zeros; times are instants in UTC with the zone kept beside them. It imports
// nothing of ours and knows no system.
package model

import (
	"cmp"
	"fmt"
	"time"
)

// Kind is a kind of record a flow carries.
type Kind string

// The kinds, spelled as in URLs, queues and stored forms.
const (
	Orders    Kind = "orders"
	Products  Kind = "products"
	Stock     Kind = "stock"
	Customers Kind = "customers"
	Prices    Kind = "prices"
)

// Kinds lists every kind in the order users see them.
func Kinds() []Kind { return []Kind{Orders, Products, Stock, Customers, Prices} }

// ParseKind returns the kind named s.
func ParseKind(s string) (Kind, error) {
	for _, k := range Kinds() {
		if string(k) == s {
			return k, nil
		}
	}
	return "", fmt.Errorf("%q is not a kind of data; choose one of orders, products, stock, customers, prices", s)
}

// Version orders the states of one source record: the source's own change marker first, then the time our read of it
// began. A marker of 0 means that the source gave none (or one that cannot be trusted, as in a repeated local hour).
type Version struct {
	Marker int64     `json:"marker,omitempty"`
	Read   time.Time `json:"read"`
}

// Compare returns -1, 0 or +1. Without a marker on either side the read time alone decides.
func (v Version) Compare(w Version) int {
	if v.Marker != 0 && w.Marker != 0 {
		if c := cmp.Compare(v.Marker, w.Marker); c != 0 {
			return c
		}
	}
	return v.Read.Compare(w.Read)
}

// SameMarker reports whether both versions carry the same marker of the source: the record is, as far as the source says,
// unchanged between the two reads.
func (v Version) SameMarker(w Version) bool { return v.Marker != 0 && v.Marker == w.Marker }

// IsZero reports whether v says nothing.
func (v Version) IsZero() bool { return v.Marker == 0 && v.Read.IsZero() }

// Outcome says what became of a record; the same words everywhere.
type Outcome string

// The outcomes.
const (
	Pending   Outcome = "pending"   // on its way, retrying, parked or unsure
	Delivered Outcome = "delivered" // created or updated
	Skipped   Outcome = "skipped"   // with a reason
	Rejected  Outcome = "rejected"  // open failure: it will not pass as it is
	Failed    Outcome = "failed"    // retries used up: open failure
)

// The reasons of Skipped.
const (
	ReasonExists    = "exists"    // the target had it already
	ReasonUnchanged = "unchanged" // nothing to write
	ReasonFiltered  = "filtered"  // the flow's filter left it out
	ReasonStale     = "stale"     // a newer version was handled before
	ReasonEcho      = "echo"      // it came from there
)
