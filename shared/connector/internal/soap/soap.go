// Package soap speaks SOAP 1.1, document/literal, as a client: it writes envelopes, posts them, and reads answers straight
// into trees.
//
// Connectors call it, and nobody else can. A connector tells it the shape of an answer and gets trees with typed leaves;
// what an answer means (which fault pauses a connection, which date is no date) stays with the connector. Errors are typed
// and never hold the address of a call, because some systems take their secret in it.
package soap

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// DefaultMaxReply is how large an answer may be when the Client does not say.
const DefaultMaxReply = 64 << 20

// maxFaultReply bounds the body of an answer that is no success: a fault is short, an error page need not be read whole.
const maxFaultReply = 256 << 10

// Client makes calls to one service. It is safe for concurrent use.
type Client struct {
	// HTTP makes the requests. It must not follow redirects: see Direct.
	HTTP *http.Client
	// URL is the address of the service. It may hold credentials; no error repeats it.
	URL string
	// Namespace is the namespace of every element inside the body.
	Namespace string
	// MaxReply is the largest answer that is read, in bytes; zero means DefaultMaxReply.
	MaxReply int64
	// RequestID makes the value of the X-Request-Id header; nil means a random text.
	RequestID func() string
	// Now is the clock that a Retry-After date is compared with; nil means the time of the answer's own Date header only.
	Now func() time.Time
}

// Call is one call: the operation, what is sent and what is expected.
type Call struct {
	// Operation is the name of the element inside the body, and the SOAPAction.
	Operation string
	// Args writes the arguments; nil when there are none.
	Args func(*Writer)
	// Reply is the local name of the element that answers; upper and lower case are not told apart, since services that
	// generate their names are not consistent about it.
	Reply string
	// Shape says which parts of the answer are wanted, and as what.
	Shape *Shape
}

// Reply is an answer.
type Reply struct {
	// Fields is the answering element as a tree.
	Fields map[string]any
	// Repaired counts characters that XML does not allow and that were dropped or replaced.
	Repaired int
	// RequestID is what the call was sent with.
	RequestID string
	// Header is the header of the HTTP answer.
	Header http.Header
}

// Direct returns a copy of client that does not follow redirects: a redirected POST loses its body, and the address may
// hold credentials that are not meant for another host.
func Direct(client *http.Client) *http.Client {
	c := *client
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &c
}

// Do makes the call. The error is one of *TransportError, *StatusError, *Fault and *FormatError.
func (c *Client) Do(ctx context.Context, call Call) (Reply, error) {
	reply := Reply{RequestID: c.requestID()}
	body := envelope(c.Namespace, call)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.URL, bytes.NewReader(body))
	if err != nil {
		return reply, &TransportError{Err: errors.New("the address of the service cannot be used"), RequestID: reply.RequestID}
	}
	req.Header.Set("Content-Type", "text/xml; charset=utf-8")
	req.Header.Set("SOAPAction", strconv.Quote(call.Operation))
	req.Header.Set("X-Request-Id", reply.RequestID)
	res, err := c.HTTP.Do(req)
	if err != nil {
		return reply, &TransportError{Err: withoutURL(err), RequestID: reply.RequestID}
	}
	defer func() { _ = res.Body.Close() }()
	reply.Header = res.Header
	if res.StatusCode < 200 || res.StatusCode > 299 {
		return reply, c.failed(res, reply.RequestID)
	}
	text, err := readAll(res, c.maxReply())
	if err != nil {
		return reply, c.bodyError(err, reply.RequestID)
	}
	reply.Fields, reply.Repaired, err = Decode(text, call.Reply, call.Shape)
	return reply, withID(err, res.StatusCode, reply.RequestID)
}

// failed turns an answer that is no success into an error: the fault it carries, or else its status.
func (c *Client) failed(res *http.Response, id string) error {
	status := &StatusError{Status: res.StatusCode, RequestID: id}
	status.RetryAfter, status.HasRetryAfter = c.retryAfter(res.Header)
	text, err := readAll(res, maxFaultReply)
	if err != nil {
		return status
	}
	var f *Fault
	if _, _, err := Decode(text, "", nil); errors.As(err, &f) {
		f.HTTP = status
		f.RequestID = id
		return f
	}
	return status
}

func (c *Client) bodyError(err error, id string) error {
	if errors.Is(err, errTooLarge) {
		return &FormatError{Reason: "is larger than " + strconv.FormatInt(c.maxReply()>>20, 10) + " MB", TooLarge: true, RequestID: id}
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return &FormatError{Reason: "was cut short on its way", Cut: true, RequestID: id}
	}
	return &TransportError{Err: withoutURL(err), RequestID: id}
}

func (c *Client) maxReply() int64 {
	if c.MaxReply > 0 {
		return c.MaxReply
	}
	return DefaultMaxReply
}

func (c *Client) requestID() string {
	if c.RequestID != nil {
		return c.RequestID()
	}
	return rand.Text()
}

var errTooLarge = errors.New("answer too large")

// readAll returns the body as one text, which decoded leaves are parts of: no leaf is copied unless it holds an entity.
func readAll(res *http.Response, limit int64) (string, error) {
	var b strings.Builder
	if n := res.ContentLength; n > 0 && n <= limit {
		b.Grow(int(n))
	}
	n, err := io.Copy(&b, io.LimitReader(res.Body, limit+1))
	if err != nil {
		return "", err
	}
	if n > limit {
		return "", errTooLarge
	}
	return b.String(), nil
}

// withoutURL takes the address off an error of net/http.
func withoutURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// retryAfter reads the Retry-After header, in seconds or as a date.
func (c *Client) retryAfter(h http.Header) (time.Duration, bool) {
	value := strings.TrimSpace(h.Get("Retry-After"))
	if value == "" {
		return 0, false
	}
	if seconds, err := strconv.ParseInt(value, 10, 32); err == nil && seconds >= 0 {
		return time.Duration(seconds) * time.Second, true
	}
	until, err := http.ParseTime(value)
	if err != nil {
		return 0, false
	}
	// The answer's own clock is the one that the date was made with.
	now, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		if c.Now == nil {
			return 0, false
		}
		now = c.Now()
	}
	return max(until.Sub(now), 0), true
}
