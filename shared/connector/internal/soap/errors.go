package soap

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Fault is a SOAP fault: the service understood enough to refuse.
type Fault struct {
	// Code is the fault code without its namespace prefix: "Client", "Client.Authentication", "Server".
	Code string
	// Text is the service's own explanation. It may repeat what was sent; whoever shows it takes secrets out first.
	Text string
	// HTTP is the status the fault came with, nil when it was a success.
	HTTP *StatusError
	// RequestID is what the call was sent with.
	RequestID string
}

// Error names the code only: the text may repeat what was sent.
func (f *Fault) Error() string { return "SOAP fault " + f.Code }

// IsCode reports whether the code is class or a refinement of it: IsCode("Client") holds for "Client.Authentication".
func (f *Fault) IsCode(class string) bool {
	rest, ok := strings.CutPrefix(strings.ToLower(f.Code), strings.ToLower(class))
	return ok && (rest == "" || rest[0] == '.')
}

// StatusError is an answer without success and without a fault in it.
type StatusError struct {
	Status int
	// RetryAfter is how long the service asked to wait, when HasRetryAfter.
	RetryAfter    time.Duration
	HasRetryAfter bool
	RequestID     string
}

// Error names the status.
func (e *StatusError) Error() string { return fmt.Sprintf("HTTP status %d", e.Status) }

// TransportError is a call that got no answer, or not all of it.
type TransportError struct {
	// Err is the cause, without the address.
	Err       error
	RequestID string
}

// Error is the cause's text.
func (e *TransportError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *TransportError) Unwrap() error { return e.Err }

// FormatError is an answer that is not the SOAP that was expected. It holds nothing of the answer's content.
type FormatError struct {
	// Reason continues the sentence "the answer …".
	Reason string
	// Offset is where in the answer it was noticed.
	Offset int
	// Cut is set when the answer ended too early; TooLarge when it was not read to its end.
	Cut, TooLarge bool
	Status        int
	RequestID     string
}

// Error says what is wrong, and where.
func (e *FormatError) Error() string {
	return fmt.Sprintf("the answer %s (at byte %d)", e.Reason, e.Offset)
}

// withID completes an error of Decode with what only the caller knows.
func withID(err error, status int, id string) error {
	if err == nil {
		return nil
	}
	var f *Fault
	if errors.As(err, &f) {
		f.RequestID = id
	}
	var m *FormatError
	if errors.As(err, &m) {
		m.Status, m.RequestID = status, id
	}
	return err
}
