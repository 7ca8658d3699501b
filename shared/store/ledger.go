package store

import (
	"context"
	"time"

	"apicenter/shared/model"
)

// Ledger keeps, per scope and key, what was delivered and whether a write may still be under way.
//
// Promise 2 rests on it: an entry that is unsure is the claim on its record, and whoever comes later asks the target
// before writing again.
type Ledger interface {
	// Entries returns one entry per key, in order; the zero entry (with the key set) where there is none.
	Entries(ctx context.Context, s Scope, keys []string) ([]Entry, error)
	// SaveEntries saves each entry if its Revision is still the stored one (0: there must be none). It returns, in order,
	// the new revision of each entry saved and 0 for each refused. The entries are independent of each other.
	SaveEntries(ctx context.Context, s Scope, entries []Entry) ([]int64, error)
	// EntriesByReference returns entries of the scope with the external reference. The index may lag.
	EntriesByReference(ctx context.Context, s Scope, reference string) ([]Entry, error)
}

// Scope is where a key is unique: a flow, or a target connection and a kind for records that several flows write
// (customers that orders create).
type Scope struct {
	Tenant string
	Name   string
}

// FlowScope returns the scope of a flow's own records.
func FlowScope(tenant, flow string) Scope { return Scope{Tenant: tenant, Name: "flow/" + flow} }

// TargetScope returns the scope of a kind's records in a target connection.
func TargetScope(tenant, connection string, kind model.Kind) Scope {
	return Scope{Tenant: tenant, Name: "target/" + connection + "/" + string(kind)}
}

// EntryState says how a record stands.
type EntryState string

// The states.
const (
	None      EntryState = ""
	Unsure    EntryState = "unsure"    // a write may be under way, or may have taken effect, until UnsureUntil
	Delivered EntryState = "delivered" // the target has the record as Fingerprint says
	Open      EntryState = "open"      // rejected or failed: an open failure
)

// Entry is what the ledger knows of one record.
type Entry struct {
	Key   string     `json:"key"`
	State EntryState `json:"state"`
	// UnsureUntil is when an effect of a write noted earlier can no longer appear at the target.
	UnsureUntil time.Time `json:"unsureUntil,omitzero"`
	// Version is the newest version ever tried, also when it failed. An older one is stale.
	Version model.Version `json:"version,omitzero"`
	// Fingerprint is of the document last delivered, or last tried while none was.
	Fingerprint string `json:"fingerprint,omitempty"`
	// TargetID is the target's own number of the record.
	TargetID string `json:"targetId,omitempty"`
	// Reference is our external reference in the target.
	Reference string `json:"reference,omitempty"`
	// FirstTried is when the record was first about to be written.
	FirstTried time.Time `json:"firstTried,omitzero"`
	// Activity is the chunk that tells of the last outcome.
	Activity string `json:"activity,omitempty"`
	// Cancelled is set when a cancellation was seen after delivery.
	Cancelled bool `json:"cancelled,omitempty"`
	// Revision changes with every save; 0 means that there is no entry.
	Revision int64 `json:"-"`
}
