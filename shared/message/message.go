// Package message is what the queues carry: one envelope with a clear header and a compressed, encrypted body of many
// records.
//
// Stages encode and decode it; queues move it as bytes and never look inside. The form is versioned: what was queued by an
// earlier release can still be read.
package message

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	gojson "github.com/goccy/go-json"
	"github.com/klauspost/compress/zstd"

	"apicenter/shared/fault"
	"apicenter/shared/model"
)

// version is the form Encode writes. Decode reads every version up to it.
const version = 1

// Header is the clear part of an envelope: who it belongs to and where it stands, never what is in it.
type Header struct {
	ID      string  `json:"id"` // new for every hop and split
	Tenant  string  `json:"tenant"`
	Flow    string  `json:"flow"`
	Run     string  `json:"run,omitempty"`
	Content Content `json:"content"`
	// Connection is the target connection whose lane the records take.
	Connection string     `json:"connection,omitempty"`
	Kind       model.Kind `json:"kind,omitempty"`
	// FirstSeen is when fetch read the oldest record of the message.
	FirstSeen time.Time `json:"firstSeen"`
	// Due is when a message in the retry queue is to go on; the retry stage sends it round until then.
	Due time.Time `json:"due,omitzero"`
	// Records is how many records the body holds.
	Records int `json:"records"`
}

// Content says what the body's records are, and with it which stage takes them.
type Content string

// The contents.
const (
	Jobs    Content = "jobs"    // Job: for fetch
	Sources Content = "sources" // Source: for the mapper
	Mapped  Content = "mapped"  // Document: for a lane
)

// Job asks fetch to run a flow.
type Job struct {
	Mode    string    `json:"mode"`
	Trigger Trigger   `json:"trigger"`
	From    time.Time `json:"from,omitzero"` // full mode: leave out what last changed before
	Keys    []string  `json:"keys,omitempty"`
	Run     string    `json:"run,omitempty"`   // a continuation goes on in the run it continues
	Lease   string    `json:"lease,omitempty"` // and takes over the lease handed to it
}

// Trigger says what started a run.
type Trigger string

// The triggers.
const (
	Schedule Trigger = "schedule"
	Webhook  Trigger = "webhook"
	Manual   Trigger = "manual"
	Retry    Trigger = "retry"
)

// Source is a record as it came from the source.
type Source struct {
	Key     string          `json:"key"`
	Version model.Version   `json:"version"`
	Deleted bool            `json:"deleted,omitempty"`
	Fields  json.RawMessage `json:"fields"`
	// Changed is when the source says that the record changed; zero when it does not, and for what is read from the start.
	Changed time.Time `json:"changed,omitzero"`
	// Reread is set when the record was on the flow's re-read list.
	Reread bool `json:"reread,omitempty"`
	// Reopened is set on a record that comes from the failures.
	Reopened bool `json:"reopened,omitempty"`
}

// Document is a record on its way to a target.
type Document struct {
	Key         string        `json:"key"`
	Number      string        `json:"number,omitempty"` // what a person calls it
	Version     model.Version `json:"version"`
	Changed     time.Time     `json:"changed,omitzero"`    // as in Source
	Reference   string        `json:"reference,omitempty"` // our external reference in the target
	Fingerprint string        `json:"fingerprint"`
	Type        string        `json:"type,omitempty"`
	// Source is what came from the source, Record the data model's record, Document what the mapping made for the target;
	// Customer the document of the customer the record belongs to, with its key.
	Source   json.RawMessage `json:"source,omitempty"`
	Record   json.RawMessage `json:"record,omitempty"`
	Document json.RawMessage `json:"document"`
	Customer *Customer       `json:"customer,omitempty"`
	// Debtor is the target's number of the fixed customer used instead, when the flow says so.
	Debtor string `json:"debtor,omitempty"`
	// Cancelled marks a record that was cancelled at the source: never written, but a warning where it was delivered.
	Cancelled bool     `json:"cancelled,omitempty"`
	Warnings  []string `json:"warnings,omitempty"`
	// Reopened is set on a record that comes from the failures: when it succeeds they have to be told.
	Reopened bool `json:"reopened,omitempty"`
	// Attempt counts this record's tries.
	Attempt int `json:"attempt,omitempty"`
	// Cause is the last failure, kept so that the open failure can show it when the tries are used up.
	Cause *fault.Error `json:"cause,omitempty"`
}

// Customer is the customer of an order, ready for the target.
type Customer struct {
	Key         string          `json:"key"`
	Type        string          `json:"type"` // company or person
	Fingerprint string          `json:"fingerprint"`
	Document    json.RawMessage `json:"document"`
	// Update is the document that changes a customer the target has; absent when the flow leaves customers as they are.
	Update json.RawMessage `json:"update,omitempty"`
}

// Sealer encrypts for one tenant. The purpose binds the ciphertext to its place: what was sealed for one cannot be opened
// as another.
type Sealer interface {
	Seal(ctx context.Context, tenant, purpose string, plain []byte) ([]byte, error)
	Open(ctx context.Context, tenant, purpose string, sealed []byte) ([]byte, error)
}

// purpose of message bodies.
const purpose = "queue message"

// Budget is the size a packed message aims at: SQS bills requests by 64 KB, and its body is text, which costs a third.
const Budget = 46 << 10

// Limit is the largest message any queue takes; a record that does not fit alone is rejected, never cut.
const Limit = 740 << 10

// ErrUnreadable says that a message cannot be read as it is: it is of a newer form, cut off, changed, or was never one of ours.
// A newer release may read it; trying again does not help otherwise.
var ErrUnreadable = errors.New("the message cannot be read")

// ErrTooLarge says that one record alone exceeds Limit.
var ErrTooLarge = errors.New("the record is too large for a message")

// window is how far back compression looks for repetitions: more than the records of a message span, and little enough that
// an encoder's memory does not outweigh everything else in a small function.
const window = 256 << 10

// maxBody bounds what a body may unpack to, so that a forged or broken one cannot exhaust memory.
const maxBody = 64 << 20

// Codec encodes and decodes envelopes. It is safe for concurrent use; make one per process.
type Codec struct {
	sealer Sealer
	pack   *zstd.Encoder
	unpack *zstd.Decoder
}

// NewCodec returns a codec that seals with s.
func NewCodec(s Sealer) (*Codec, error) {
	pack, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBetterCompression), zstd.WithEncoderConcurrency(2),
		zstd.WithWindowSize(window), zstd.WithLowerEncoderMem(true))
	if err != nil {
		return nil, fmt.Errorf("zstd: %w", err)
	}
	unpack, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(2), zstd.WithDecoderMaxMemory(maxBody))
	if err != nil {
		return nil, fmt.Errorf("zstd: %w", err)
	}
	return &Codec{sealer: s, pack: pack, unpack: unpack}, nil
}

// Encode returns one envelope that holds all records, whatever its size.
func Encode[T any](ctx context.Context, c *Codec, h Header, records []T) ([]byte, error) {
	h.Records = len(records)
	head, err := json.Marshal(h)
	if err != nil {
		return nil, fmt.Errorf("message header: %w", err)
	}
	plain, err := gojson.MarshalWithOption(records, gojson.UnorderedMap(), gojson.DisableHTMLEscape())
	if err != nil {
		return nil, fmt.Errorf("message body: %w", err)
	}
	sealed, err := c.SealBytes(ctx, h.Tenant, purpose, plain)
	if err != nil {
		return nil, fmt.Errorf("sealing a message: %w", err)
	}
	out := make([]byte, 0, len(head)+len(sealed)+8)
	out = append(out, version)
	out = binary.AppendUvarint(out, uint64(len(head)))
	out = append(out, head...)
	return append(out, sealed...), nil
}

// Decode opens an envelope. What it can never read is ErrUnreadable; keys that cannot be had just now are another error.
func Decode[T any](ctx context.Context, c *Codec, body []byte) (Header, []T, error) {
	h, sealed, err := split(body)
	if err != nil {
		return h, nil, err
	}
	plain, err := c.OpenBytes(ctx, h.Tenant, purpose, sealed)
	if err != nil {
		return h, nil, fmt.Errorf("opening a message: %w", err)
	}
	var records []T
	decoder := gojson.NewDecoder(bytes.NewReader(plain))
	if err := decoder.Decode(&records); err != nil {
		return h, nil, fmt.Errorf("%w: its body: %w", ErrUnreadable, err)
	}
	return h, records, nil
}

// Peek returns the header without opening the body.
func Peek(body []byte) (Header, error) {
	h, _, err := split(body)
	return h, err
}

// Readdress returns the envelope with another header and the same body, unopened. Tenant must not change.
func Readdress(body []byte, change func(*Header)) ([]byte, error) {
	h, sealed, err := split(body)
	if err != nil {
		return nil, err
	}
	tenant := h.Tenant
	change(&h)
	if h.Tenant != tenant {
		return nil, errors.New("a message cannot change its tenant")
	}
	head, err := json.Marshal(h)
	if err != nil {
		return nil, fmt.Errorf("message header: %w", err)
	}
	out := append(make([]byte, 0, len(head)+len(sealed)+8), version)
	out = binary.AppendUvarint(out, uint64(len(head)))
	return append(append(out, head...), sealed...), nil
}

func split(body []byte) (Header, []byte, error) {
	var h Header
	if len(body) == 0 {
		return h, nil, fmt.Errorf("%w: it is empty", ErrUnreadable)
	}
	if body[0] == 0 || body[0] > version {
		return h, nil, fmt.Errorf("%w: it has form %d, this release reads up to %d", ErrUnreadable, body[0], version)
	}
	n, used := binary.Uvarint(body[1:])
	rest := body[1:]
	if used <= 0 || n > uint64(len(rest)-used) {
		return h, nil, fmt.Errorf("%w: it is cut off", ErrUnreadable)
	}
	if err := json.Unmarshal(rest[used:used+int(n)], &h); err != nil {
		return h, nil, fmt.Errorf("%w: its header: %w", ErrUnreadable, err)
	}
	return h, rest[used+int(n):], nil
}

// SealBytes compresses and seals; OpenBytes undoes it. Stored payloads use the same pair.
func (c *Codec) SealBytes(ctx context.Context, tenant, purpose string, plain []byte) ([]byte, error) {
	return c.sealer.Seal(ctx, tenant, purpose, c.pack.EncodeAll(plain, make([]byte, 0, len(plain)/4+64)))
}

// OpenBytes opens and decompresses what SealBytes made for the same tenant and purpose.
func (c *Codec) OpenBytes(ctx context.Context, tenant, purpose string, sealed []byte) ([]byte, error) {
	packed, err := c.sealer.Open(ctx, tenant, purpose, sealed)
	if err != nil {
		return nil, err
	}
	plain, err := c.unpack.DecodeAll(packed, nil)
	if err != nil {
		return nil, fmt.Errorf("%w: unpacking: %w", ErrUnreadable, err)
	}
	return plain, nil
}
