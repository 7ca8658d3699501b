// Package connector is the contract between the platform and one system: what a connector declares about itself, as data,
// and what an open session can do.
//
// Stages, panel and docs read the declaration; stages call the session. A connector implements it for one system and knows
// nothing of queues, ledgers or other systems. The list of connectors lies in connector/all, the contract as tests in
// connector/connectortest.
package connector

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"apicenter/shared/model"
)

// Connector is one system as the rest of the platform knows it.
type Connector struct {
	Name     string // id in folders, addresses and stored forms: "afas"
	Title    string // as its owner writes it: "AFAS Profit"
	Category string // ERP, POS, Accounting
	// Settings of a connection: credentials and options. Forms, validation and docs are drawn from them.
	Settings []Setting
	// Source and Target say which kinds the system can be read for and written with, and how.
	Source map[model.Kind]Source
	Target map[model.Kind]Target
	Limits Limits
	// Prepare is what the owner does in the system before connecting, one step a line.
	Prepare []string
	// Open returns a session. It checks the settings and reports all their problems at once; it makes no call.
	Open func(Config) (Session, error)
}

// Source says how the system is read for one kind.
type Source struct {
	// Fields is the shape of the records Read returns.
	Fields model.Schema
	// Mapping is the default get-side mapping (YAML).
	Mapping []byte
	// LateWindow is how long after a change the system may still make it visible behind newer ones. Read steps back by it
	// at the start of each run; zero only where the system promises order.
	LateWindow time.Duration
	// Settings are the flow settings of the get side.
	Settings []Setting
}

// Target says how the system is written for one kind.
type Target struct {
	// Fields is the shape of the documents Write takes.
	Fields model.Schema
	// Mapping is the default send-side mapping (YAML).
	Mapping []byte
	// Types are the order types the system takes, the default first; empty for other kinds.
	Types []string
	// Settings are the flow settings of the send side.
	Settings []Setting
	// Lines says where an order document holds its articles; zero where orders name none.
	Lines LineFields
	// CannotAsk is set where Find cannot see what Write made: deliveries are then at least once, and the panel says so.
	CannotAsk bool
}

// LineFields says where a document holds articles: in which list, and under which fields the code and the unit. Elements of
// the list whose Where fields have other values than given (texts, costs) are no articles.
type LineFields struct {
	List, Code, Unit string
	Where            map[string]string
}

// Replace puts another code on every line that has the given one, and reports whether there was one.
func (f LineFields) Replace(document model.Tree, code, by string) bool {
	lines := f.lines(document, code)
	for _, line := range lines {
		line[f.Code] = by
	}
	return len(lines) > 0
}

// SetUnit gives every line of the article the unit.
func (f LineFields) SetUnit(document model.Tree, code, unit string) {
	if f.Unit == "" || unit == "" {
		return
	}
	for _, line := range f.lines(document, code) {
		line[f.Unit] = unit
	}
}

// lines returns the document's lines of an article.
func (f LineFields) lines(document model.Tree, code string) []model.Tree {
	var out []model.Tree
	elements, _ := document[f.List].([]any)
	for _, element := range elements {
		line, ok := element.(model.Tree)
		if !ok || line[f.Code] != code {
			continue
		}
		match := true
		for name, value := range f.Where {
			match = match && line[name] == value
		}
		if match {
			out = append(out, line)
		}
	}
	return out
}

// Limits is how hard the system may be hit, over everything that calls it.
type Limits struct {
	// Concurrency is the highest number of calls at a time; 1 also keeps readers and writers apart.
	Concurrency int
	// Buckets are rates; a call takes a permit of each.
	Buckets []Bucket
	// FindBatch is how many queries one Find call answers without a second request, WriteBatch how many documents one
	// request carries.
	FindBatch, WriteBatch int
	// PageSize is how many records Read asks for at a time by default.
	PageSize int
	// Timeout bounds one request from its first byte out to its last byte in.
	Timeout time.Duration
	// LateEffect is the longest a write whose request was given up may still take effect.
	LateEffect time.Duration
}

// Bucket is a rate: so many calls per window.
type Bucket struct {
	Calls  int
	Window time.Duration
}

// Setting is one question the connector asks. What can be derived is not asked.
type Setting struct {
	Name     string
	Title    string
	Help     string // one sentence: what it is and where to find it
	Kind     SettingKind
	Required bool
	Secret   bool
	Default  string
	Choices  []string // with Choice: the allowed values
	// Advanced settings stay folded away in forms.
	Advanced bool
}

// SettingKind is the form of a setting's value; values are always stored as text.
type SettingKind string

// The kinds of setting.
const (
	Text     SettingKind = ""         // a line of text
	Integer  SettingKind = "integer"  // a whole number
	Switch   SettingKind = "switch"   // "true" or "false"
	Choice   SettingKind = "choice"   // one of Choices
	Amount   SettingKind = "amount"   // a decimal number
	Duration SettingKind = "duration" // as Go writes durations: 90s, 15m
)

// Config is what Open gets.
type Config struct {
	// Settings are the values by name, secrets included, defaults not filled in: use the connector's Values.
	Settings map[string]string
	// HTTP makes the calls; it carries the platform's dialer. Open derives its own client from it (time-outs, pinning).
	HTTP *http.Client
	Now  func() time.Time
	Log  *slog.Logger
}

// Session is an open connection to a system. Its methods may be called from several goroutines at a time. Every error it
// returns is a *fault.Error whose class says what happens next. Abilities are the further interfaces below.
type Session interface {
	// Verify makes the cheapest call that proves address, credentials and rights, and reports what is missing.
	Verify(ctx context.Context) (Report, error)
}

// Report is what a connection test found.
type Report struct {
	// Summary is one line for the owner: system, version, environment.
	Summary string `json:"summary"`
	// Warnings are things that work today and will hurt: a token that expires, a missing optional connector.
	Warnings []string `json:"warnings,omitempty"`
}

// Limited is a session whose limits depend on its settings; without it the declared ones hold.
type Limited interface {
	Limits() Limits
}

// FlowVerifier is a session that can look up whether the values of a flow's settings exist in the system.
type FlowVerifier interface {
	// VerifyFlow checks the send-side settings of a flow of the kind. What is missing in the system is an error that names
	// the settings; what could not be looked up is a warning.
	VerifyFlow(ctx context.Context, kind model.Kind, settings map[string]string) (Report, error)
}

// Reader is the reading half of a session.
type Reader interface {
	// Read returns the next page after the checkpoint. It never leaves out a record that changed before the page was
	// asked for and is visible by now; it may return records again. Records of one page need no order.
	Read(ctx context.Context, r ReadRequest) (Page, error)
	// ReadOne returns the records with the keys, in any order, leaving out those that do not exist.
	ReadOne(ctx context.Context, kind model.Kind, settings map[string]string, keys []string) ([]Record, error)
}

// Mode is how a flow reads.
type Mode string

// The modes. Each has a checkpoint and a lease of its own.
const (
	Incremental Mode = "incremental" // what changed since the checkpoint
	Full        Mode = "full"        // everything, from the start or from a date
)

// ReadRequest asks for a page.
type ReadRequest struct {
	Kind       model.Kind
	Mode       Mode
	Checkpoint string    // the Next of the page before, or "" for the very first
	Begin      bool      // first page of a run: step back by the late window
	From       time.Time // with an empty checkpoint: leave out what last changed before; zero for everything
	Limit      int       // most records of the page; the connector may return fewer
	Settings   map[string]string
}

// Page is what Read found.
type Page struct {
	Records []Record
	// Next is the checkpoint behind this page. It is opaque to everybody else and must be readable by later versions.
	Next string
	// More is false when the source had nothing further at the time of asking.
	More bool
}

// Record is one record as it came from the source.
type Record struct {
	Key     string
	Version model.Version
	Deleted bool
	Fields  model.Tree
	// Changed is when the record last changed, on the source's clock; zero when the source does not say. It is for figures
	// alone: versions decide what is newer.
	Changed time.Time
}

// Finder is the asking half of a target session.
type Finder interface {
	// Find looks up several records and returns one result per query, in the same order. A query nothing matches gives no
	// matches and no error. It sees everything written before it was called.
	Find(ctx context.Context, kind model.Kind, queries []Query) ([]Found, error)
}

// Query asks for one record. What is filled is used: Reference for orders, Key for the others.
type Query struct {
	// Key is the natural key: SKU for products; e-mail, number or external id for customers, as By says.
	Key string
	// By names the field Key holds: "email", "number", "external"; empty for the kind's usual one.
	By string
	// Reference is our external reference, for orders; Type the order type it was written as.
	Reference, Type string
	// Since allows a system that can only search by date to narrow the search.
	Since time.Time
}

// Found is the answer to one query. Err is set when this query could not be answered while others could.
type Found struct {
	Matches []Match
	Err     error
}

// Match is a record that exists in the target.
type Match struct {
	ID      string    // the target's own number
	Created time.Time // zero when unknown
	Blocked bool
	// Of an order: what is compared before it counts as the same one. Nil or empty when the system does not say.
	Total    *model.Decimal
	Date     string // 2006-01-02
	Customer string // the target's customer number
	// Unit is the unit an article is kept in; empty when the system does not say.
	Unit string
	// Label is what a person would recognise it by; it may be personal data and is not logged.
	Label string
}

// Writer is the writing half of a target session.
type Writer interface {
	// Write writes documents of one kind and reports one outcome for each, in the same order. When an answer was lost the
	// outcome is Unknown, never failed: the caller looks the document up with Find before it writes again. A call that
	// StartBefore(ctx) forbids is not made, and its outcome says NotStarted.
	Write(ctx context.Context, kind model.Kind, docs []Document) ([]Outcome, error)
}

// Document is one record in the target's own shape.
type Document struct {
	Kind model.Kind `json:"kind"`
	// Type is the order type, or "company" or "person" for customers.
	Type      string `json:"type,omitempty"`
	Key       string `json:"key"`
	Reference string `json:"reference,omitempty"`
	// ID is the target's own number when an existing record is updated; empty creates.
	ID string `json:"id,omitempty"`
	// Customer is the target's number of the customer an order belongs to.
	Customer string `json:"customer,omitempty"`
	// Fields is what the send-side mapping made.
	Fields model.Tree `json:"fields"`
}

// Outcome is what became of one document.
type Outcome struct {
	// ID is the target's own number of what was written.
	ID string
	// Err is nil when the target confirmed the write.
	Err error
	// Unknown is set with Err when the write may have taken effect.
	Unknown bool
	// NotStarted is set with Err when nothing was sent at all.
	NotStarted bool
	// Warnings say what the connector bent to make the document fit (a text cut to the target's length).
	Warnings []string
	// Sent and Answer are the bodies on the wire, without credentials, for the activity log.
	Sent, Answer []byte
}

// DecodeTree reads a tree from JSON, keeping numbers as they are written.
func DecodeTree(data []byte) (model.Tree, error) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var tree model.Tree
	if err := decoder.Decode(&tree); err != nil {
		return nil, fmt.Errorf("record: %w", err)
	}
	return tree, nil
}

type startBeforeKey struct{}

// WithStartBefore returns a context under which no write starts at or after t. Waiting for permits or tokens happens before
// the ledger notes a write; this is the backstop that keeps the note true when something after it took long.
func WithStartBefore(ctx context.Context, t time.Time) context.Context {
	return context.WithValue(ctx, startBeforeKey{}, t)
}

// StartBefore returns the time set by WithStartBefore.
func StartBefore(ctx context.Context) (time.Time, bool) {
	t, ok := ctx.Value(startBeforeKey{}).(time.Time)
	return t, ok
}

// The types of customer documents.
const (
	Company = "company"
	Person  = "person"
)
