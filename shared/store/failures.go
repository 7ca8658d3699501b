package store

import (
	"context"
	"time"

	"apicenter/shared/fault"
	"apicenter/shared/message"
	"apicenter/shared/model"
)

// Failures keeps the records that will not go by themselves, and those parked until their connection is back. They do not
// expire while they are open.
type Failures interface {
	// PutFailures adds or replaces, by flow and key. A failure of an older version never replaces one of a newer.
	PutFailures(ctx context.Context, list []Failure) error
	// Failure returns ErrNotFound when the record has none.
	Failure(ctx context.Context, tenant, flow, key string) (Failure, error)
	// Failures lists, the longest waiting first.
	Failures(ctx context.Context, f FailureFilter, cursor string, limit int) (list []Failure, next string, err error)
	// CloseFailures removes the failures of the keys whose version is not newer than the given one, absent ones included:
	// the record succeeded, or was queued again.
	CloseFailures(ctx context.Context, tenant, flow string, closed []Closed) error
	// CountFailures counts by flow.
	CountFailures(ctx context.Context, tenant string) (map[string]FailureCount, error)
}

// FailureState says what a failure waits for.
type FailureState string

// The states.
const (
	FailureOpen   FailureState = "open"   // a user, or the cause named in Cause
	FailureParked FailureState = "parked" // its connection
)

// Failure is one record that did not go.
type Failure struct {
	Tenant     string
	Flow       string
	Key        string
	Number     string // what a person calls it; not personal data
	Connection string // the target connection, or the source's for a record that could not be read
	State      FailureState
	Outcome    model.Outcome // rejected or failed; pending for parked ones
	Problem    *fault.Error
	Cause      string // of Problem, for the index: "product:5001"
	Version    model.Version
	Since      time.Time // first failure of this record; kept when it fails again
	Last       time.Time
	Run        string
	Activity   string // chunk
	// Content and Payload are the sealed message.Source or message.Document to go on with.
	Content message.Content
	Payload []byte
}

// FailureFilter narrows a list; empty fields do not.
type FailureFilter struct {
	Tenant     string
	Flow       string
	Connection string
	State      FailureState
	Cause      string
}

// Closed names a record whose failure is over.
type Closed struct {
	Key     string
	Version model.Version
}

// FailureCount is how many failures a flow has.
type FailureCount struct{ Open, Parked int }

// Incidents keeps problems a user is told about once.
type Incidents interface {
	// OpenIncident opens one for the subject unless one is open; opened tells which.
	OpenIncident(ctx context.Context, i Incident) (opened bool, err error)
	// CloseIncident closes the subject's open incident, if there is one; closed tells.
	CloseIncident(ctx context.Context, tenant, subject string, at time.Time) (closed bool, err error)
	// Incidents lists a tenant's incidents, newest first; only open ones when asked.
	Incidents(ctx context.Context, tenant string, onlyOpen bool, limit int) ([]Incident, error)
}

// Incident is one problem.
type Incident struct {
	Tenant  string       `json:"tenant"`
	ID      string       `json:"id"`      // sorts by time
	Subject string       `json:"subject"` // "connection/<id>", "flow/<id>"
	Problem *fault.Error `json:"problem"`
	Opened  time.Time    `json:"opened"`
	Closed  time.Time    `json:"closed,omitzero"`
}

// Loads counts, per target connection, the messages queued for it and finished, so that a fetch can hold back before the
// queues fill. The figures are approximate: a crash between a count and its deed leaves them apart by one message.
type Loads interface {
	// AddLoad adds to both counts.
	AddLoad(ctx context.Context, tenant, connection string, queued, finished int) error
	// Load returns how many messages are on their way and when something was last finished.
	Load(ctx context.Context, tenant, connection string) (Load, error)
	// ClearLoad sets the connection's messages on their way to none, after a drift was noticed.
	ClearLoad(ctx context.Context, tenant, connection string) error
}

// Load is what is on its way to a target.
type Load struct {
	Queued   int       // messages on their way, never below zero
	Finished time.Time // when one was last finished; zero when never
}
