// Package integration holds what a tenant has set up: connections, integrations, flows with their schedule and rules.
//
// The panel writes these, the stages read them. They are plain data with the checks that need no other system; secrets are
// not here (a connection's credentials are kept sealed beside it).
package integration

import (
	"time"

	"apicenter/shared/model"
)

// Tenant is one customer account; nothing is shared between two.
type Tenant struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Language string `json:"language"` // ISO 639-1
	Zone     string `json:"zone"`     // IANA time zone the tenant's people live in
}

// Connection is a tenant's credentials and options for one system.
type Connection struct {
	Tenant string `json:"tenant"`
	ID     string `json:"id"`
	System string `json:"system"`
	Title  string `json:"title"`
	// Settings are the values that are not secret; Secrets the others, sealed for this tenant.
	Settings map[string]string `json:"settings"`
	Secrets  []byte            `json:"secrets,omitempty"`
	// Prefix starts every external reference made for records of this connection, so that two tills never meet in one
	// target. Unique per target connection.
	Prefix string `json:"prefix"`
	// Backoff scales the pauses between retries; 0 or 1 is the normal schedule, 0.01 a hundredth of it, for try-outs.
	Backoff float64 `json:"backoff,omitempty"`
}

// Integration is exactly two connections of one tenant.
type Integration struct {
	Tenant string `json:"tenant"`
	ID     string `json:"id"`
	Title  string `json:"title"`
	A      string `json:"a"` // connection ids
	B      string `json:"b"`
}

// FlowStatus says whether a flow is looked at.
type FlowStatus string

// The statuses of a flow. A new flow is paused until its owner resumes it.
const (
	Active FlowStatus = "active"
	Paused FlowStatus = "paused"
)

// Flow is one kind in one direction inside an integration.
type Flow struct {
	Tenant      string     `json:"tenant"`
	ID          string     `json:"id"`
	Integration string     `json:"integration"`
	Kind        model.Kind `json:"kind"`
	Source      string     `json:"source"` // connection ids
	Target      string     `json:"target"`
	Status      FlowStatus `json:"status"`
	Schedule    Schedule   `json:"schedule"`
	// Options are the values of the flow settings the two connectors declare for this kind.
	Options map[string]string `json:"options,omitempty"`
	// Filter is an expression over the data model; records it refuses are skipped. Empty lets all pass.
	Filter string `json:"filter,omitempty"`
	// Mappings replace the connectors' defaults where they are set.
	GetMapping      string `json:"getMapping,omitempty"`
	SendMapping     string `json:"sendMapping,omitempty"`
	CustomerMapping string `json:"customerMapping,omitempty"` // send side of the customers an order creates
	// Orders are the rules of an orders flow; nil for other kinds.
	Orders *OrderRules `json:"orders,omitempty"`
	// Hook is the hash of the token of the flow's webhook address; empty when it has none.
	Hook string `json:"hook,omitempty"`
	// From leaves out what last changed before, on the very first run.
	From time.Time `json:"from,omitzero"`
	// Version rises with every saved change; caches use it.
	Version int64 `json:"version"`
}
