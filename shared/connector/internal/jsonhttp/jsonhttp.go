// Package jsonhttp carries JSON over HTTP for connectors: one request, one answer, and everything a careful caller wants to
// know about what happened between the two.
//
// Connectors build one Client for each session. It keeps connections alive, bounds bodies and waiting, keeps both bodies for
// the activity log, and tells "never left this machine" from "left, and then nothing was heard", which is what decides
// whether a write may be repeated. What an answer means is the connector's own knowledge and comes in as Options.Classify.
package jsonhttp

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"apicenter/shared/fault"
)

// Options is what a Client is made of.
type Options struct {
	// Base is the address all paths follow, without a slash at its end.
	Base string
	// Header goes with every request. Credentials stand here and nowhere else.
	Header http.Header
	// Secrets are the forms in which the credentials could turn up in a text; none of them ever leaves the client.
	Secrets []string
	// HTTP makes the calls. Redirects are never followed: they would carry the credentials elsewhere.
	HTTP *http.Client
	// Timeout bounds one request from its first byte out to its last byte in; two minutes when zero.
	Timeout time.Duration
	// MaxAnswer bounds an answer's body in bytes; 32 MiB when zero.
	MaxAnswer int64
	// Concurrency is how many requests of this client run at a time; zero is no bound.
	Concurrency int
	Now         func() time.Time
	Log         *slog.Logger
	// Classify turns a complete answer into a failure, or nil when it is a success.
	Classify func(Exchange) *fault.Error
	// Unreachable is what the owner should look at when the system cannot be reached.
	Unreachable string
}

// Client makes JSON calls to one system. It is safe for use by several goroutines.
type Client struct {
	o     Options
	http  *http.Client
	host  string
	slots chan struct{}
	scrub *strings.Replacer
}

// Request is one call. Query is already escaped.
type Request struct {
	Method, Path, Query string
	Body                []byte
	// NotAfter, when set, is the time at or after which the request must not start; see Exchange.Reached.
	NotAfter time.Time
}

// Exchange is what went over the wire.
type Exchange struct {
	Method, Path string
	// Status and Header are the answer's; the status is 0 when none was heard.
	Status int
	Header http.Header
	// Sent and Answer are the bodies, credentials replaced. Sent is empty when nothing was sent.
	Sent, Answer []byte
	// Reached is set when the request may have reached the system. While it is false the request had no effect.
	Reached bool
	// Complete is set when the whole answer was read. Reached without Complete is an unknown outcome.
	Complete bool
	Took     time.Duration
}

const (
	defaultTimeout   = 2 * time.Minute
	defaultMaxAnswer = 32 << 20
)

// New returns a client for the options.
func New(o Options) *Client {
	if o.Timeout <= 0 {
		o.Timeout = defaultTimeout
	}
	if o.MaxAnswer <= 0 {
		o.MaxAnswer = defaultMaxAnswer
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	c := &Client{o: o, scrub: scrubber(o.Secrets)}
	if o.HTTP == nil {
		o.HTTP = &http.Client{}
	}
	own := *o.HTTP
	own.Timeout = 0 // the context of each request bounds it, so that the caller's own deadline is told apart
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	c.http = &own
	if u, err := url.Parse(o.Base); err == nil {
		c.host = u.Host
	}
	if o.Concurrency > 0 {
		c.slots = make(chan struct{}, o.Concurrency)
	}
	return c
}

// Host returns the name and port the client speaks to.
func (c *Client) Host() string { return c.host }

// Do makes one call. The error is a *fault.Error: that of Classify for a complete answer, one in the owner's words when the
// system could not be reached or was not heard. The exchange is filled as far as the call came.
func (c *Client) Do(ctx context.Context, r Request) (Exchange, error) {
	x := Exchange{Method: r.Method, Path: r.Path}
	if c.late(r) {
		return x, tooLate()
	}
	if c.slots != nil {
		select {
		case c.slots <- struct{}{}:
			defer func() { <-c.slots }()
		case <-ctx.Done():
			return x, c.explain(ctx, ctx.Err(), &x)
		}
	}
	began := c.o.Now()
	err := c.exchange(ctx, r, &x)
	x.Took = c.o.Now().Sub(began)
	c.o.Log.LogAttrs(ctx, slog.LevelDebug, "call", slog.String("host", c.host), slog.String("method", r.Method),
		slog.String("path", r.Path), slog.Int("status", x.Status), slog.Duration("took", x.Took),
		slog.Int("sent", len(x.Sent)), slog.Int("answer", len(x.Answer)))
	if err != nil {
		if errors.Is(err, errTooLate) && !x.Reached {
			return x, tooLate()
		}
		return x, c.explain(ctx, err, &x)
	}
	if c.o.Classify != nil {
		if f := c.o.Classify(x); f != nil {
			return x, f
		}
	}
	return x, nil
}

func (c *Client) late(r Request) bool {
	return !r.NotAfter.IsZero() && !c.o.Now().Before(r.NotAfter)
}

func (c *Client) exchange(ctx context.Context, r Request, x *Exchange) error {
	ctx, cancel := context.WithTimeoutCause(ctx, c.o.Timeout, errTimeout)
	defer cancel()
	var progress progress
	address := c.o.Base + r.Path
	if r.Query != "" {
		address += "?" + r.Query
	}
	req, err := http.NewRequestWithContext(ctx, r.Method, address, nil)
	if err != nil {
		return err
	}
	for name, values := range c.o.Header {
		req.Header[name] = values
	}
	req = req.WithContext(httptrace.WithClientTrace(ctx, progress.trace(len(r.Body) > 0)))
	if len(r.Body) > 0 {
		c.attach(req, r, &progress)
	}
	res, err := c.http.Do(req)
	if x.Reached = progress.reached() || res != nil; x.Reached {
		x.Sent = c.scrubBytes(r.Body)
	}
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	x.Status, x.Header = res.StatusCode, res.Header
	answer, err := io.ReadAll(io.LimitReader(res.Body, c.o.MaxAnswer+1))
	if int64(len(answer)) > c.o.MaxAnswer {
		answer, err = answer[:c.o.MaxAnswer], errTooLarge
	}
	x.Answer = c.scrubBytes(answer)
	x.Complete = err == nil
	return err
}

// progress is how far the attempts of one call came. A transport makes a second attempt only when it wrote nothing at all on
// a kept connection that had gone stale, or when the system declared the first one untouched.
type progress struct {
	opened atomic.Int32 // attempts whose body was begun, or, without a body, whose header was written
	failed atomic.Int32 // attempts that could not be written to their end
}

// reached reports whether any attempt may have been received whole. A request that was cut on its way out has no effect: its
// body is shorter than its header announced.
func (p *progress) reached() bool { return p.opened.Load() > p.failed.Load() }

func (p *progress) trace(body bool) *httptrace.ClientTrace {
	t := &httptrace.ClientTrace{WroteRequest: func(info httptrace.WroteRequestInfo) {
		if info.Err != nil {
			p.failed.Add(1)
		}
	}}
	if !body {
		t.WroteHeaders = func() { p.opened.Add(1) }
	}
	return t
}

// attach gives req a body whose first read is the moment of no return: a system can do nothing while no byte of the body
// came, though it may have seen the header.
func (c *Client) attach(req *http.Request, r Request, p *progress) {
	open := func() (io.ReadCloser, error) {
		return &gate{left: r.Body, progress: p, late: func() bool { return c.late(r) }}, nil
	}
	req.Body, _ = open()
	req.GetBody = open
	req.ContentLength = int64(len(r.Body))
}

// gate is a request body that does not open after its time.
type gate struct {
	left     []byte
	opened   bool
	progress *progress
	late     func() bool
}

func (g *gate) Read(p []byte) (int, error) {
	if !g.opened {
		if g.late() {
			return 0, errTooLate
		}
		g.opened = true
		g.progress.opened.Add(1)
	}
	if len(g.left) == 0 {
		return 0, io.EOF
	}
	n := copy(p, g.left)
	g.left = g.left[n:]
	return n, nil
}

func (g *gate) Close() error { return nil }
