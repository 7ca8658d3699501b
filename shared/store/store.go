// Package store holds the ports behind which configuration, positions, ledger, activity and failures lie.
//
// Stages and panel call the ports; adapters (sqlitestore for one machine, dynamostore for the cloud) fulfil them, and one
// suite, storetest, asks both the same questions. Every call is durable when it returns. No call spans two ports, and none
// promises order against another port. Reads are strongly consistent unless the method says otherwise. Expiry is tested
// by every read and condition, never left to a sweeper. All times come from the clock the adapter was made with.
package store

import "errors"

// The errors callers tell apart; adapters wrap them.
var (
	ErrNotFound  = errors.New("not found")
	ErrConflict  = errors.New("it was changed meanwhile")
	ErrLeaseLost = errors.New("the lease is held by somebody else")
	ErrDuplicate = errors.New("there is one like it already")
)

// Store is all ports together, as wiring passes them on. A stage takes the ports it uses.
type Store interface {
	Tenants
	Connections
	Integrations
	Flows
	Positions
	Rereads
	Ledger
	Activity
	Failures
	Incidents
	Loads
}
