// Package fault names failures by what happens next.
//
// Connectors turn a system's answers into a *Error once, in one place; the stages ask ClassOf and act. It knows nothing of
// records, queues or systems, and leaves wording to whoever makes the error.
package fault

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Class says what the pipeline does with a failure.
type Class int

// The classes, named by the answer to "what now?".
const (
	Unclassified Class = iota // nobody decided: treated as Retry, and counted so that somebody notices
	Retry                     // try again with back-off; uses up an attempt
	Wait                      // the system named a time; no attempt is used up
	Pause                     // stop the connection, tell the owner, park its records
	Reject                    // this record will not pass as it is: open failure with the field's path
	Skip                      // nothing to do, and here is why
	Bug                       // ours: dead-letter queue and alarm
)

var classNames = [...]string{"unclassified", "retry", "wait", "pause", "reject", "skip", "bug"}

// String returns the class as logs and stored forms spell it.
func (c Class) String() string {
	if c < 0 || int(c) >= len(classNames) {
		return fmt.Sprintf("class(%d)", int(c))
	}
	return classNames[c]
}

// MarshalText writes the class by name, so that stored forms survive a new order of the constants.
func (c Class) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText reads what MarshalText wrote; a name from a newer version reads as Unclassified.
func (c *Class) UnmarshalText(text []byte) error {
	*c = Unclassified
	for i, name := range classNames {
		if name == string(text) {
			*c = Class(i)
		}
	}
	return nil
}

// Error is a failure a person can act on. No secret and no personal data may stand in any of its texts.
type Error struct {
	Class Class `json:"class"`
	// Step is where it happened, as a user would say it: "read orders", "find customer", "write order".
	Step string `json:"step,omitempty"`
	// Field is the path of the data-model field, or the name of the setting, that has to change.
	Field string `json:"field,omitempty"`
	// Message is one sentence for the owner: what is wrong, and what the other system said.
	Message string `json:"message"`
	// Advice is one sentence on what to do next.
	Advice string `json:"advice,omitempty"`
	// Detail is for the log and the integrator: status codes, numbers, references of the other system.
	Detail string `json:"detail,omitempty"`
	// After is how long the system asked us to wait; only with Wait.
	After time.Duration `json:"after,omitempty"`
	// Cause names what would let a rejected record pass by itself, such as "product:5001"; empty when only a user can.
	Cause string `json:"cause,omitempty"`
	// Connection marks a failure of the whole connection (host unreachable, system down) rather than of one record:
	// several in a row open the breaker.
	Connection bool `json:"connection,omitempty"`
	// Err is the underlying error, for errors.Is; it is not stored.
	Err error `json:"-"`
}

// Error joins step, message and field in one line for logs; panels show the parts.
func (e *Error) Error() string {
	var b strings.Builder
	if e.Step != "" {
		b.WriteString(e.Step)
		b.WriteString(": ")
	}
	b.WriteString(e.Message)
	if e.Field != "" {
		fmt.Fprintf(&b, " (field %s)", e.Field)
	}
	if e.Detail != "" {
		fmt.Fprintf(&b, " [%s]", e.Detail)
	}
	return b.String()
}

// Unwrap returns the underlying error.
func (e *Error) Unwrap() error { return e.Err }

// WithStep returns a copy that names the step, unless one is named already: the place nearest to the failure knows best.
func (e *Error) WithStep(step string) *Error {
	if e == nil || e.Step != "" {
		return e
	}
	c := *e
	c.Step = step
	return &c
}

// New returns an error of the class with a formatted message.
func New(c Class, format string, args ...any) *Error {
	return &Error{Class: c, Message: fmt.Sprintf(format, args...)}
}

// As returns the *Error inside err. An error without one becomes Unclassified with err's own text as detail: its words
// were not written for an owner, so they do not reach one.
func As(err error) *Error {
	if err == nil {
		return nil
	}
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return &Error{Class: Unclassified, Message: "something went wrong that we did not foresee", Detail: err.Error(), Err: err,
		Advice: "It is tried again by itself; if it stays, send us this line."}
}

// ClassOf returns the class of err; nil has none and is Unclassified.
func ClassOf(err error) Class {
	if err == nil {
		return Unclassified
	}
	return As(err).Class
}
