// Package sandbox lists the simulated systems that the platform is tested,
// demonstrated and measured against. Each is an independent reading of its
// vendor's interface: none shares code with a connector.
package sandbox

import (
	"apicenter/infra/sandbox/afas"
	"apicenter/infra/sandbox/internal/simhttp"
	"apicenter/infra/sandbox/mpluskassa"
)

// Entry is one sandbox that can be started by name.
type Entry struct {
	Name string
	New  func() *simhttp.Sim
}

// All holds every sandbox.
var All = []Entry{
	{Name: "afas", New: func() *simhttp.Sim { return afas.New(afas.Options{}).Sim() }},
	{Name: "mpluskassa", New: func() *simhttp.Sim { return mpluskassa.New(mpluskassa.Options{ShufflePages: true}).Sim() }},
}
