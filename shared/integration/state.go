package integration

import (
	"time"

	"apicenter/shared/fault"
)

// ConnectionStatus says whether a connection may be used.
type ConnectionStatus string

// The statuses; the empty one means Up.
const (
	Up     ConnectionStatus = "up"
	Down   ConnectionStatus = "down"   // the system does not answer: one probe at a time, everything else waits
	Halted ConnectionStatus = "paused" // credentials or rights: records are parked until the test succeeds again
	// Resuming is up again with parked records still to be sent on; the minute tick does that and then makes it Up.
	Resuming ConnectionStatus = "resuming"
)

// ConnectionState is what the platform found out about a connection while using it. It is stored apart from the
// connection, because senders write it all the time.
type ConnectionState struct {
	Status ConnectionStatus `json:"status,omitempty"`
	// Until is when a connection that is down or was told to wait is tried next.
	Until time.Time `json:"until,omitzero"`
	// Failures counts connection-level failures in a row.
	Failures int          `json:"failures,omitempty"`
	Reason   *fault.Error `json:"reason,omitempty"`
	Since    time.Time    `json:"since,omitzero"`
	// Parallel is the number of calls at a time that was found to work; zero when nothing was found yet.
	Parallel float64 `json:"parallel,omitempty"`
	// Spent are the permits taken of each declared bucket in its present window.
	Spent []Spent `json:"spent,omitempty"`
	// Working is the message its lane took last, and Crashes how often that one was taken again without an end: a message
	// that kills its handler is split, and at last buried.
	Working string `json:"working,omitempty"`
	Crashes int    `json:"crashes,omitempty"`
	// Probed is when a stopped connection was last tested.
	Probed time.Time `json:"probed,omitzero"`
	// Revision changes with every save; a save with an old one is refused.
	Revision int64 `json:"revision"`
}

// Spent is how much of a bucket is used up.
type Spent struct {
	Window time.Time `json:"window"` // start
	Calls  int       `json:"calls"`
}

// failuresUntilDown is how many connection-level failures in a row open the breaker.
const failuresUntilDown = 5

// maxDown bounds the pause between two probes of a system that is down.
const maxDown = 5 * time.Minute

// Usable reports whether calls may be made now; if not, until when to wait (zero for a paused connection, which waits for
// a successful test).
func (s ConnectionState) Usable(now time.Time) (ok bool, until time.Time) {
	if s.Status == Halted {
		return false, time.Time{}
	}
	if s.Until.After(now) {
		return false, s.Until
	}
	return true, time.Time{}
}

// Succeeded returns the state after a call that the system answered.
func (s ConnectionState) Succeeded() ConnectionState {
	if s.Status == Halted {
		return s // only a test that succeeds takes a pause away
	}
	if s.Status != Resuming {
		s.Status = Up
	}
	s.Until, s.Failures, s.Reason, s.Since = time.Time{}, 0, nil, time.Time{}
	return s
}

// Resumed returns the state after a test of a stopped connection succeeded: usable, with parked records to be sent on.
func (s ConnectionState) Resumed() ConnectionState {
	s.Status, s.Until, s.Failures, s.Reason, s.Since = Resuming, time.Time{}, 0, nil, time.Time{}
	return s
}

// FailedWith returns the state after a call that failed with err at now. Record-level failures change nothing.
func (s ConnectionState) FailedWith(err *fault.Error, now time.Time) ConnectionState {
	switch {
	case err == nil:
	case err.Class == fault.Pause:
		if s.Status != Halted {
			s.Since = now
		}
		s.Status, s.Reason, s.Until = Halted, err, time.Time{}
	case err.Class == fault.Wait && s.Status != Halted:
		s.Until = now.Add(err.After)
	case err.Connection && s.Status != Halted:
		s.Failures++
		if s.Failures >= failuresUntilDown {
			if s.Status != Down {
				s.Since = now
			}
			pause := 5 * time.Second << min(s.Failures-failuresUntilDown, 6)
			s.Status, s.Reason, s.Until = Down, err, now.Add(min(pause, maxDown))
		}
	}
	return s
}
