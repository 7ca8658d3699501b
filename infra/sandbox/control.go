package sandbox

import "apicenter/infra/sandbox/internal/simhttp"

// What the users of a sandbox need to drive one: see package simhttp for the
// meaning of each.
type (
	// Sim serves one simulated system.
	Sim = simhttp.Sim
	// Faults says how a simulated system misbehaves.
	Faults = simhttp.Faults
	// Stats counts what a sandbox was asked.
	Stats = simhttp.Stats
	// Request is one entry of a sandbox's request log.
	Request = simhttp.Request
	// Control drives a sandbox over HTTP.
	Control = simhttp.Control
)
