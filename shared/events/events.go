// Package events is the port to whoever wants to hear what happened: a problem began, a problem is over, a run failed.
//
// Stages publish, after what they tell is stored; listeners (an e-mail, a chat, another system) hang on an adapter's bus and
// are not known here. An event is a hint. What is true lies in the store, so that an event that is lost takes nothing with it
// and one that comes late or twice does no harm. Adapters are localbus for one machine and eventbridge for the cloud;
// eventstest asks both the same questions. Words for an owner are made by whoever made the problem, and who is told what,
// how and how often is left to listeners.
package events

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"apicenter/shared/fault"
)

// Type says what happened.
type Type string

// The types. A connection that stops is an incident opened about it, and one that goes on an incident closed: there is no
// third word for either.
const (
	IncidentOpened Type = "incident opened"
	IncidentClosed Type = "incident closed"
	RunFailed      Type = "run failed"
)

// Types lists them all.
func Types() []Type { return []Type{IncidentOpened, IncidentClosed, RunFailed} }

// Event is one thing that happened. It names what it is about and never holds what was moved: no record, no payload, no
// personal data. There is none per record, which would cost more than moving it.
type Event struct {
	// ID is the same whenever the same event arrives again.
	ID     string
	Tenant string
	Type   Type
	At     time.Time
	// Subject is what it is about, in the words of incidents: "connection/<id>", "flow/<id>".
	Subject string
	// Connection, Flow and Run are ids, where the event is about one.
	Connection, Flow, Run string
	// Problem is what a person is told, where there is something to tell.
	Problem Problem
}

// Problem is a failure in the words for its owner. What is for logs and integrators stays in them.
type Problem struct {
	// Message is one sentence: what is wrong.
	Message string
	// Advice is one sentence: what to do next.
	Advice string
}

// ProblemOf takes from a failure what is for its owner.
func ProblemOf(err *fault.Error) Problem {
	if err == nil {
		return Problem{}
	}
	return Problem{Message: err.Message, Advice: err.Advice}
}

// Publisher publishes.
type Publisher interface {
	// Publish hands events over. When it returns nil the bus has all of them, and each listener that keeps up gets them at
	// least once: in no order, and perhaps twice, with the same ID. After an error some may be on their way; publishing all
	// again is right, and so is leaving it.
	//
	// It returns within Patience whatever becomes of the bus, because work waits for it meanwhile. An event that lacks
	// something or is over Limit is refused with class bug before any of its batch is sent. The end of ctx is returned as
	// what it is.
	//
	// Callers log an error and go on: a publish that failed neither fails nor repeats what the event tells of.
	Publish(ctx context.Context, list []Event) error
}

const (
	// Patience is the longest a Publish takes.
	Patience = 5 * time.Second
	// Limit is the most bytes an event may have in its JSON form: far above two sentences and a few ids, and low enough for
	// every bus.
	Limit = 64 << 10
)

// Check returns everything that is wrong with a list of events, as one error of class bug.
func Check(list []Event) error {
	var problems []string
	for i, e := range list {
		if err := e.check(); err != nil {
			problems = append(problems, fmt.Sprintf("event %d of %d: %v", i+1, len(list), err))
		}
	}
	if len(problems) == 0 {
		return nil
	}
	return &fault.Error{Class: fault.Bug, Step: Step, Message: strings.Join(problems, "; ")}
}

// Step is where failures of publishing happen.
const Step = "publish events"

func (e Event) check() error {
	var problems []error
	for _, need := range []struct{ name, value string }{{"an id", e.ID}, {"a tenant", e.Tenant}, {"a subject", e.Subject}} {
		if need.value == "" {
			problems = append(problems, errors.New("it needs "+need.name))
		}
	}
	if !slices.Contains(Types(), e.Type) {
		problems = append(problems, fmt.Errorf("there is no type %q", e.Type))
	}
	if e.At.IsZero() {
		problems = append(problems, errors.New("it does not say when"))
	}
	if len(problems) == 0 {
		text, err := Encode(e)
		if err == nil && len(text) > Limit {
			err = fmt.Errorf("it is too large: it has %d bytes and %d is the most", len(text), Limit)
		}
		problems = append(problems, err)
	}
	return errors.Join(problems...)
}
