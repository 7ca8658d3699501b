package jsonhttp

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"

	"apicenter/shared/fault"
)

var (
	errTooLate  = errors.New("the time to start has passed")
	errTimeout  = errors.New("no answer in time")
	errTooLarge = errors.New("the answer is larger than any this system gives")
)

// tooLate says that the request was held back because its time had passed.
func tooLate() *fault.Error {
	return &fault.Error{Class: fault.Retry, Message: "the request was not sent, because the time it had to start in was over",
		Advice: "It is sent again by itself.", Err: errTooLate}
}

// explain puts a failure to exchange into the owner's words. The address is not repeated as such: its query may hold an
// e-mail address.
func (c *Client) explain(ctx context.Context, err error, x *Exchange) *fault.Error {
	f := &fault.Error{Class: fault.Retry, Connection: true, Advice: c.o.Unreachable, Err: err, Detail: c.Scrub(bare(err).Error())}
	var dns *net.DNSError
	var record tls.RecordHeaderError
	var certificate *tls.CertificateVerificationError
	var unknownAuthority x509.UnknownAuthorityError
	var hostname x509.HostnameError
	var alert tls.AlertError
	switch {
	case ctx.Err() != nil && !errors.Is(ctx.Err(), context.DeadlineExceeded):
		f.Connection, f.Advice = false, "It is tried again by itself."
		f.Message = fmt.Sprintf("the work was stopped before %s answered", c.host)
	case errors.Is(err, errTooLarge):
		f.Connection, f.Advice = false, "Tell us about it: a look-up asked for more than it should."
		f.Message = fmt.Sprintf("the answer of %s is too large to take in", c.host)
	case errors.Is(err, errTimeout), errors.Is(err, context.DeadlineExceeded), isTimeout(err):
		f.Message = fmt.Sprintf("%s did not answer in time", c.host)
	case errors.As(err, &dns):
		f.Message = fmt.Sprintf("the address %s cannot be found", c.host)
	case errors.Is(err, syscall.ECONNREFUSED):
		f.Message = fmt.Sprintf("%s refuses the connection", c.host)
	case errors.As(err, &record), errors.As(err, &certificate), errors.As(err, &unknownAuthority), errors.As(err, &hostname),
		errors.As(err, &alert):
		f.Message = fmt.Sprintf("no safe connection to %s could be made", c.host)
	case x.Reached:
		f.Message = fmt.Sprintf("the connection to %s was lost before its answer was complete", c.host)
	default:
		f.Message = fmt.Sprintf("%s could not be reached", c.host)
	}
	return f
}

// bare takes off the layer that repeats the address with its query.
func bare(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

func isTimeout(err error) bool {
	var n net.Error
	return errors.As(err, &n) && n.Timeout()
}

// maxRetryAfter bounds what a system may ask us to wait: a slip of its clock must not stop a connection for a year.
const maxRetryAfter = 24 * time.Hour

// RetryAfter reads how long a system asks us to wait from the header of that name, in seconds or as a date.
func RetryAfter(h http.Header, now time.Time) (time.Duration, bool) {
	text := strings.TrimSpace(h.Get("Retry-After"))
	if text == "" {
		return 0, false
	}
	if seconds, err := strconv.ParseFloat(text, 64); err == nil {
		return Seconds(seconds), seconds >= 0
	}
	if at, err := http.ParseTime(text); err == nil {
		return min(max(at.Sub(now), 0), maxRetryAfter), true
	}
	return 0, false
}

// Seconds returns s seconds as a time to wait, between nothing and a day.
func Seconds(s float64) time.Duration {
	if !(s > 0) {
		return 0
	}
	if s >= maxRetryAfter.Seconds() {
		return maxRetryAfter
	}
	return time.Duration(s * float64(time.Second))
}

// hidden stands where a secret was.
const hidden = "•••"

// Scrub replaces the client's secrets in a text.
func (c *Client) Scrub(text string) string { return c.scrub.Replace(text) }

func (c *Client) scrubBytes(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	var text strings.Builder
	text.Grow(len(b))
	if _, err := c.scrub.WriteString(&text, string(b)); err != nil && !errors.Is(err, io.ErrShortWrite) {
		return nil
	}
	return []byte(text.String())
}

func scrubber(secrets []string) *strings.Replacer {
	var pairs []string
	for _, s := range secrets {
		if s != "" {
			pairs = append(pairs, s, hidden)
		}
	}
	return strings.NewReplacer(pairs...)
}
