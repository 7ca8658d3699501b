package afas

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"apicenter/shared/connector"
	"apicenter/shared/connector/internal/jsonhttp"
	"apicenter/shared/fault"
	"apicenter/shared/model"
)

// session is an open connection to one environment.
type session struct {
	o      options
	client *jsonhttp.Client
	now    func() time.Time
	zone   *time.Location
	labels labels
}

var (
	_ connector.Session      = (*session)(nil)
	_ connector.Finder       = (*session)(nil)
	_ connector.Writer       = (*session)(nil)
	_ connector.Limited      = (*session)(nil)
	_ connector.FlowVerifier = (*session)(nil)
)

func open(c connector.Config) (connector.Session, error) {
	o, err := parseOptions(c.Settings)
	if err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation("Europe/Amsterdam")
	if err != nil {
		return nil, &fault.Error{Class: fault.Bug, Step: "open connection", Err: err, Message: "the time zone AFAS keeps is not known here"}
	}
	s := &session{o: o, now: c.Now, zone: zone}
	if s.now == nil {
		s.now = time.Now
	}
	log := c.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	header := http.Header{
		"Authorization":   {o.token.header()},
		"Accept":          {"application/json"},
		"Accept-Language": {o.language}, // without it texts come in the environment's own language
		"Content-Type":    {"application/json;charset=utf-8"},
	}
	if o.integrationID != "" {
		header["Integrationid"] = []string{o.integrationID}
	}
	s.client = jsonhttp.New(jsonhttp.Options{
		Base: o.base, Header: header, Secrets: o.token.forms(), HTTP: c.HTTP, Timeout: o.timeout, Concurrency: o.concurrency,
		Now: s.now, Log: log, Classify: s.judge,
		Unreachable: "Check the environment number and type, and afasstatus.nl; it is tried again by itself.",
	})
	return s, nil
}

// Limits returns the declared limits as the settings change them.
func (s *session) Limits() connector.Limits {
	l := Connector.Limits
	l.Concurrency, l.Timeout, l.LateEffect = s.o.concurrency, s.o.timeout, s.o.lateEffect
	return l
}

// Find implements connector.Finder.
func (s *session) Find(ctx context.Context, kind model.Kind, queries []connector.Query) ([]connector.Found, error) {
	switch kind {
	case model.Orders:
		return s.findOrders(ctx, queries)
	case model.Customers:
		return s.findCustomers(ctx, queries)
	case model.Products:
		return s.findProducts(ctx, queries)
	case model.Stock, model.Prices:
	}
	return nil, fault.New(fault.Bug, "%s are not looked up in AFAS", kind)
}

// Write implements connector.Writer. AFAS tells the number of one record per request reliably, so each document is a
// request of its own; the caller writes several at a time by calling Write several times.
func (s *session) Write(ctx context.Context, kind model.Kind, docs []connector.Document) ([]connector.Outcome, error) {
	var one func(context.Context, connector.Document) connector.Outcome
	switch kind {
	case model.Orders:
		one = s.writeOrder
	case model.Customers:
		one = s.writeCustomer
	default:
		return nil, fault.New(fault.Bug, "%s are not written to AFAS", kind)
	}
	out := make([]connector.Outcome, len(docs))
	var stop error
	for i := range docs {
		if stop == nil && ctx.Err() != nil {
			stop = &fault.Error{Class: fault.Retry, Message: "the work was stopped before this record was sent",
				Advice: "It is sent again by itself.", Err: ctx.Err()}
		}
		if stop != nil {
			out[i] = connector.Outcome{Err: stop, NotStarted: true}
			continue
		}
		out[i] = one(ctx, docs[i])
		// What stopped the connection would only meet the rest the same way.
		if f := fault.As(out[i].Err); f != nil && (f.Connection || f.Class == fault.Pause || f.Class == fault.Wait) {
			stop = f
		}
	}
	return out, nil
}

// send makes one write. Its outcome lacks the number of what was written, which is among the answer's keys.
func (s *session) send(ctx context.Context, step, method, name string, body []byte) (keys, connector.Outcome) {
	r := jsonhttp.Request{Method: method, Path: "/connectors/" + name, Body: body}
	if t, ok := connector.StartBefore(ctx); ok {
		r.NotAfter = t
	}
	x, err := s.client.Do(ctx, r)
	out := connector.Outcome{Sent: x.Sent, Answer: x.Answer}
	if err != nil {
		f := fault.As(err).WithStep(step)
		var what *said
		out.Err, out.NotStarted = f, !x.Reached
		out.Unknown = x.Reached && (!x.Complete || errors.As(f, &what) && what.unknown)
		return nil, out
	}
	found, err := readKeys(x.Answer, name)
	if err != nil {
		// AFAS said yes and then something that cannot be read: only a look-up tells what it made.
		out.Unknown = true
		out.Err = &fault.Error{Class: fault.Retry, Step: step, Err: err, Message: "the answer of AFAS cannot be read, so it is not certain that the record was written",
			Advice: "It is looked up before it is sent again.", Detail: fmt.Sprintf("HTTP %d, %d bytes", x.Status, len(x.Answer))}
		return nil, out
	}
	return found, out
}

// rejected is the outcome of a document that was not even sent.
func rejected(f *fault.Error, warnings []string) connector.Outcome {
	return connector.Outcome{Err: f, NotStarted: true, Warnings: warnings}
}

// keys are the numbers an answer names, by lower-case name.
type keys map[string]string

// readKeys reads the answer to a write. AFAS wraps the keys in "results" or does not, answers nothing at all for some
// connectors, gives a list where several records were sent, and is not constant in upper and lower case.
func readKeys(answer []byte, name string) (keys, error) {
	if strings.TrimSpace(string(answer)) == "" {
		return keys{}, nil
	}
	var tree any
	if err := jsonhttp.Decode(answer, &tree); err != nil {
		return nil, err
	}
	top, ok := tree.(map[string]any)
	if !ok {
		if tree == nil {
			return keys{}, nil
		}
		return nil, errors.New("the answer is not an object")
	}
	if inner, ok := fold(top, "results"); ok {
		if top, ok = first(inner); !ok {
			return keys{}, nil
		}
	}
	inner, ok := fold(top, name)
	if !ok && name == "FiEntries" {
		inner, ok = fold(top, "FiEntryPar") // where the address and the body have different names
	}
	if !ok {
		return keys{}, nil
	}
	out := keys{}
	record, _ := first(inner)
	for k, v := range record {
		if text, ok := plain(v); ok && strings.TrimSpace(text) != "" {
			out[strings.ToLower(k)] = strings.TrimSpace(text)
		}
	}
	return out, nil
}

func fold(tree map[string]any, name string) (any, bool) {
	for k, v := range tree {
		if strings.EqualFold(k, name) {
			return v, true
		}
	}
	return nil, false
}

// first returns an object, or the first one of a list.
func first(v any) (map[string]any, bool) {
	if list, ok := v.([]any); ok {
		if len(list) == 0 {
			return nil, false
		}
		v = list[0]
	}
	m, ok := v.(map[string]any)
	return m, ok
}
