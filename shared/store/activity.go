package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"apicenter/shared/fault"
	"apicenter/shared/message"
	"apicenter/shared/model"
)

// Activity keeps what users read: runs, and chunks of record outcomes. All of it expires: a run 90 days after it was started or
// last counted for, a chunk and its hour when the chunk says. What expired is not shown, whether it is deleted yet or not.
type Activity interface {
	// StartRun saves a new run; a run that exists is left as it is (a continuation starts nothing).
	StartRun(ctx context.Context, r Run) error
	// AddToRun adds pages and records read; a non-zero ended closes the run, problem says why it ended early.
	AddToRun(ctx context.Context, tenant, flow, run string, pages, records int, ended time.Time, problem *fault.Error) error
	// Run returns ErrNotFound when there is none.
	Run(ctx context.Context, tenant, flow, id string) (Run, error)
	// Runs lists a flow's runs, newest first. Cursor is the one returned before, or "".
	Runs(ctx context.Context, tenant, flow, cursor string, limit int) (runs []Run, next string, err error)
	// AppendChunk adds a chunk and its counts to its run and hour. A chunk whose ID is there already is ignored, counts
	// included: a message handled again tells nothing new.
	AppendChunk(ctx context.Context, c Chunk) error
	// Chunk returns ErrNotFound when there is none or it expired.
	Chunk(ctx context.Context, tenant, flow, id string) (Chunk, error)
	// Chunks lists a flow's chunks that have not expired, newest first.
	Chunks(ctx context.Context, f ChunkFilter, cursor string, limit int) (chunks []Chunk, next string, err error)
	// Hours returns the counts per hour of a flow from a time on, oldest first. They are approximate by nature: a crash
	// may count a message in the hour it was handled again.
	Hours(ctx context.Context, tenant, flow string, from time.Time) ([]Hour, error)
}

// Run is one execution of a flow.
type Run struct {
	Tenant  string                `json:"tenant"`
	Flow    string                `json:"flow"`
	ID      string                `json:"id"` // sorts by time
	Kind    model.Kind            `json:"kind"`
	Mode    string                `json:"mode"`
	Trigger message.Trigger       `json:"trigger"`
	Started time.Time             `json:"started"`
	Ended   time.Time             `json:"ended,omitzero"` // reading ended; records may still be on their way
	Pages   int                   `json:"pages"`
	Read    int                   `json:"read"`
	Counts  map[model.Outcome]int `json:"counts,omitempty"`
	Problem *fault.Error          `json:"problem,omitempty"`
}

// Chunk is one activity item that holds the outcomes of many records.
type Chunk struct {
	Tenant  string
	Flow    string
	Run     string
	ID      string // sorts by time
	At      time.Time
	Expires time.Time
	Counts  map[model.Outcome]int
	// Payload is the sealed records; see SealRecords.
	Payload []byte
}

// ChunkFilter narrows a list of chunks to a flow, and further to a run or to chunks that hold one of the outcomes.
type ChunkFilter struct {
	Tenant, Flow string
	Run          string
	Outcomes     []model.Outcome
}

// Hour is the counts of one hour.
type Hour struct {
	Start  time.Time
	Counts map[model.Outcome]int
}

// RecordActivity is what a chunk says of one record.
type RecordActivity struct {
	Key       string          `json:"key"`
	Number    string          `json:"number,omitempty"` // what a person calls it: order number, SKU
	Outcome   model.Outcome   `json:"outcome"`
	Reason    string          `json:"reason,omitempty"`
	Problem   *fault.Error    `json:"problem,omitempty"`
	Version   model.Version   `json:"version"`
	Reference string          `json:"reference,omitempty"`
	TargetID  string          `json:"targetId,omitempty"`
	Warnings  []string        `json:"warnings,omitempty"`
	Attempt   int             `json:"attempt,omitempty"`
	Source    json.RawMessage `json:"source,omitempty"`
	Record    json.RawMessage `json:"record,omitempty"`
	Steps     []StepActivity  `json:"steps,omitempty"`
}

// StepActivity is one exchange with the target: creating the customer, writing the order.
type StepActivity struct {
	Name   string `json:"name"`
	Sent   string `json:"sent,omitempty"`
	Answer string `json:"answer,omitempty"`
}

const activityPurpose = "activity"

// SealRecords makes the payload of a chunk.
func SealRecords(ctx context.Context, c *message.Codec, tenant string, records []RecordActivity) ([]byte, error) {
	plain, err := json.Marshal(records)
	if err != nil {
		return nil, fmt.Errorf("activity: %w", err)
	}
	return c.SealBytes(ctx, tenant, activityPurpose, plain)
}

// OpenRecords reads the payload of a chunk.
func OpenRecords(ctx context.Context, c *message.Codec, tenant string, payload []byte) ([]RecordActivity, error) {
	plain, err := c.OpenBytes(ctx, tenant, activityPurpose, payload)
	if err != nil {
		return nil, err
	}
	var records []RecordActivity
	if err := json.Unmarshal(plain, &records); err != nil {
		return nil, fmt.Errorf("activity: %w", err)
	}
	return records, nil
}
