package store

import (
	"context"
	"time"
)

// Positions keeps, per flow and mode, the checkpoint and the lease of its one reader.
//
// Promise 4: one reader per flow and mode, held by a lease that a dead process loses.
type Positions interface {
	// Acquire takes the lease for owner until the time, if it is free, expired, or already owner's (a lease handed over).
	// If somebody else holds it, acquired is false and the position is marked "again", so that the holder looks once more
	// before it lets go.
	Acquire(ctx context.Context, p PositionKey, owner string, until time.Time) (pos Position, acquired bool, err error)
	// SaveCheckpoint stores the checkpoint and prolongs the lease, while owner holds it and it has not expired;
	// otherwise ErrLeaseLost and nothing is changed.
	SaveCheckpoint(ctx context.Context, p PositionKey, owner, checkpoint string, until time.Time) error
	// HandOver gives the lease to next until the time, while owner holds it; otherwise ErrLeaseLost.
	HandOver(ctx context.Context, p PositionKey, owner, next string, until time.Time) error
	// Release gives the lease back. When the position was marked "again" it is kept instead: the mark is cleared, again
	// is true, and the holder must look once more. Releasing a lease that is not owner's is ErrLeaseLost.
	Release(ctx context.Context, p PositionKey, owner string) (again bool, err error)
	// Position returns the present position without taking anything; the zero position when none was saved.
	Position(ctx context.Context, p PositionKey) (Position, error)
}

// PositionKey names a position.
type PositionKey struct{ Tenant, Flow, Mode string }

// Position is where a flow stands in its source.
type Position struct {
	Checkpoint string
	Owner      string // of the lease; empty when free
	Until      time.Time
	Again      bool
}

// Rereads keeps, per flow, the records that were left out for a reason that can change without a new marker at the source.
type Rereads interface {
	// AddRereads adds or updates records; the Since of a record already there is kept.
	AddRereads(ctx context.Context, tenant, flow string, list []Reread) error
	// DueRereads lists records whose Next is not after now, the longest due first.
	DueRereads(ctx context.Context, tenant, flow string, now time.Time, limit int) ([]Reread, error)
	// RemoveRereads removes records; absent ones are no error.
	RemoveRereads(ctx context.Context, tenant, flow string, keys []string) error
}

// Reread is a record to look at again.
type Reread struct {
	Key   string
	Since time.Time // first left out
	Next  time.Time // look again
	Tries int
}
