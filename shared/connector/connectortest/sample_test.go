package connectortest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"apicenter/shared/connector"
	"apicenter/shared/fault"
	"apicenter/shared/model"
)

// bend is the one way in which a sample connector is broken; "" is none.
type bend string

// sampleConnector is a small connector that reads and writes the sample system, broken in one way.
func sampleConnector(b bend) connector.Connector {
	c := connector.Connector{
		Name: "sample", Title: "Sample", Category: "POS", Prepare: []string{"Nothing."},
		Settings: []connector.Setting{
			{Name: "address", Help: "Where it is.", Required: true},
			{Name: "token", Help: "Its token.", Required: true, Secret: true},
			{Name: "size", Help: "Rows a page.", Kind: connector.Integer, Default: "50"},
		},
		Source: map[model.Kind]connector.Source{model.Products: {
			Fields:  model.Schema{{Path: "key", Type: model.Text}, {Path: "text", Type: model.Text}, {Path: "amount", Type: model.Number}},
			Mapping: []byte("rules:\n  - {to: sku, from: key}\n  - {to: title, from: text}\n"), LateWindow: time.Minute}},
		Target: map[model.Kind]connector.Target{model.Customers: {Fields: model.Schema{{Path: "text", Type: model.Text}}}},
		Limits: connector.Limits{Concurrency: 2, FindBatch: 50, WriteBatch: 1, PageSize: 50, Timeout: 5 * time.Second, LateEffect: time.Minute},
	}
	switch b {
	case "a setting without help":
		c.Settings[0].Help = ""
	case "a setting the page does not know":
		c.Settings[2].Name = "width"
	case "a default that does not fit":
		c.Settings[2].Default = "many"
	case "a secret default":
		c.Settings[1].Default = "x"
	case "no limit":
		c.Limits.Concurrency = 0
	case "a mapping with a typo":
		s := c.Source[model.Products]
		s.Mapping = []byte("rules:\n  - {to: skuu, from: key}\n")
		c.Source[model.Products] = s
	case "a kind nobody asks":
		c.Source[model.Stock] = c.Source[model.Products]
	}
	place := &atomic.Int64{}
	c.Open = func(config connector.Config) (connector.Session, error) { return openSample(c, config, b, place) }
	return c
}

func openSample(c connector.Connector, config connector.Config, b bend, place *atomic.Int64) (connector.Session, error) {
	values, err := connector.Values(c.Settings, config.Settings)
	given := config.Settings
	switch b {
	case "unknown settings are taken":
		if problem := fault.As(err); problem != nil {
			problem.Field = strings.ReplaceAll(problem.Field, "colour", "")
		}
	case "one problem at a time":
		if problem := fault.As(err); problem != nil {
			problem.Field, _, _ = strings.Cut(problem.Field, ",")
		}
	case "a value in the error":
		if err != nil {
			err = fault.New(fault.Reject, "%v: %v", err, given)
			fault.As(err).Field = "size"
		}
	case "opens without a token":
		if given["address"] != "" && given["token"] == "" {
			values, err = given, nil
		}
	}
	if err != nil {
		return nil, err
	}
	log := config.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &sampleSession{bend: b, address: values["address"], token: values["token"], http: config.HTTP, now: config.Now, log: log,
		limit: c.Limits.Timeout, place: place}, nil
}

type sampleSession struct {
	bend
	address, token string
	http           *http.Client
	now            func() time.Time
	log            *slog.Logger
	limit          time.Duration
	busy           atomic.Bool
	place          *atomic.Int64 // what a broken one remembers instead of its checkpoint, over all its sessions
}

// Verify asks for a page of one row.
func (s *sampleSession) Verify(ctx context.Context) (connector.Report, error) {
	_, _, err := s.call(ctx, "list", sampleQuery{Limit: 1})
	if err != nil && s.bend == "verifies whatever answers" && fault.As(err).Detail == "form" {
		err = nil
	}
	if err != nil && s.bend == "no sentence" {
		return connector.Report{}, errors.New("HTTP call failed")
	}
	if err != nil && s.bend == "no advice" {
		fault.As(err).Advice = ""
	}
	return connector.Report{Summary: "Sample"}, err
}

// sampleOutcome is what became of a request: whether it was sent, and whether its work may have been done.
type sampleOutcome struct{ reached, unknown bool }

// call makes a request and turns what goes wrong into classes.
func (s *sampleSession) call(ctx context.Context, path string, q sampleQuery) (rows []row, o sampleOutcome, err error) {
	fails := func(c fault.Class, o sampleOutcome, message string, counts bool) ([]row, sampleOutcome, error) {
		f := &fault.Error{Class: c, Message: message, Advice: "Look after it.", Connection: counts}
		if s.bend == "the token in errors" {
			f.Detail = "with " + s.token
		}
		return nil, o, f
	}
	if s.bend == "one caller at a time" {
		if !s.busy.CompareAndSwap(false, true) {
			return fails(fault.Bug, sampleOutcome{}, "it is busy", false)
		}
		defer s.busy.Store(false)
	}
	if s.bend == "the token in the log" {
		s.log.InfoContext(ctx, "calling", slog.String("token", s.token))
	}
	if ctx.Err() != nil && s.bend != "stops are not looked for" {
		return fails(fault.Retry, sampleOutcome{}, "the work was stopped", s.bend == "stopping counts")
	}
	limit := s.limit
	if s.bend == "waits too long" {
		limit *= 3
	}
	ctx, stop := context.WithTimeout(ctx, limit)
	defer stop()
	body, err := json.Marshal(q)
	if err != nil {
		return fails(fault.Bug, sampleOutcome{}, err.Error(), false)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.address+"/"+path, bytes.NewReader(body))
	if err != nil {
		return fails(fault.Bug, sampleOutcome{}, err.Error(), false)
	}
	r.Header.Set("Token", s.token)
	response, err := s.http.Do(r)
	if err != nil {
		var dns *net.DNSError
		unreached := errors.Is(err, syscall.ECONNREFUSED) || errors.As(err, &dns)
		lost := sampleOutcome{reached: !unreached || s.bend == "refused counts as sent"}
		lost.unknown = lost.reached && s.bend != "lost answers are failures"
		return fails(fault.Retry, lost, "Sample cannot be reached", s.bend != "unreachable does not count")
	}
	defer response.Body.Close()
	done := sampleOutcome{reached: true}
	switch status := response.StatusCode; status {
	case http.StatusOK:
	case http.StatusUnauthorized, http.StatusForbidden:
		if s.bend == "refused credentials are tried again" {
			return fails(fault.Retry, done, "Sample is not available", true)
		}
		return fails(fault.Pause, done, "Sample refuses the token", false)
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		seconds, err := strconv.Atoi(response.Header.Get("Retry-After"))
		if err != nil || s.bend == "waits as it likes" {
			seconds = 30
		}
		done.unknown = s.bend == "a throttled write is unknown"
		_, _, problem := fails(fault.Wait, done, "Sample asks us to wait", status == http.StatusServiceUnavailable)
		fault.As(problem).After = time.Duration(seconds) * time.Second
		return nil, done, problem
	case http.StatusRequestEntityTooLarge:
		if s.bend == "large records stop everything" {
			return fails(fault.Pause, done, "Sample does not take this", false)
		}
		return fails(fault.Reject, done, "the record is too large for Sample", false)
	default:
		done.unknown = status >= http.StatusInternalServerError && s.bend != "gateways never did anything"
		return fails(fault.Retry, done, "Sample is out of order", true)
	}
	text, err := io.ReadAll(response.Body)
	var answer struct {
		Rows []row
		OK   bool
	}
	if err == nil {
		err = json.Unmarshal(text, &answer)
	}
	if err != nil || !answer.OK {
		if s.bend == "what cannot be read is empty" {
			return nil, done, nil
		}
		done.unknown = s.bend != "lost answers are failures"
		_, _, problem := fails(fault.Retry, done, "the answer of Sample cannot be read", false)
		fault.As(problem).Detail = "form"
		return nil, done, problem
	}
	return answer.Rows, done, nil
}

// Find looks rows up by key, fifty at a time.
func (s *sampleSession) Find(ctx context.Context, _ model.Kind, queries []connector.Query) ([]connector.Found, error) {
	size := 50
	if s.bend == "a request for each question" {
		size = 1
	}
	out := make([]connector.Found, 0, len(queries))
	for batch := range slices.Chunk(queries, size) {
		var keys []string
		for _, q := range batch {
			keys = append(keys, q.Key)
		}
		rows, _, err := s.call(ctx, "find", sampleQuery{Keys: keys})
		if err != nil && s.bend != "a failed look-up finds nothing" {
			return nil, err
		}
		for _, q := range batch {
			var f connector.Found
			for _, x := range rows {
				if x.Key == q.Key {
					f.Matches = append(f.Matches, connector.Match{ID: x.ID})
				}
			}
			if s.bend == "finds one at most" && len(f.Matches) > 1 {
				f.Matches = f.Matches[:1]
			}
			out = append(out, f)
		}
	}
	if s.bend == "answers in another order" {
		slices.Reverse(out)
	}
	return out, nil
}

// Write writes each document by itself.
func (s *sampleSession) Write(ctx context.Context, _ model.Kind, docs []connector.Document) ([]connector.Outcome, error) {
	out := make([]connector.Outcome, len(docs))
	for i := range docs {
		out[i] = s.one(ctx, &docs[i])
	}
	return out, nil
}

func (s *sampleSession) one(ctx context.Context, d *connector.Document) connector.Outcome {
	if t, ok := connector.StartBefore(ctx); ok && !s.now().Before(t) && s.bend != "starts when it likes" {
		return connector.Outcome{Err: fault.New(fault.Retry, "it is too late to begin"), NotStarted: true}
	}
	text, amount := fmt.Sprint(d.Fields["text"]), json.Number(fmt.Sprint(d.Fields["amount"]))
	x := &row{ID: d.ID, Key: d.Key, Text: text, Amount: amount}
	switch s.bend {
	case "an update creates":
		x.ID = ""
	case "texts are cut":
		x.Text = string([]rune(text)[:5])
	case "a second write is swallowed":
		if found, err := s.Find(ctx, "", []connector.Query{{Key: d.Key}}); err == nil && len(found[0].Matches) > 0 && d.ID == "" {
			return connector.Outcome{ID: found[0].Matches[0].ID, Sent: []byte(text)}
		}
	}
	rows, o, err := s.call(ctx, "write", sampleQuery{Row: x})
	out := connector.Outcome{Err: err, Unknown: o.unknown, NotStarted: err != nil && !o.reached, Sent: []byte(text)}
	if s.bend == "the token in what was sent" {
		out.Sent = []byte(s.token)
	}
	if len(rows) > 0 && s.bend != "no number" {
		out.ID = rows[0].ID
	}
	return out
}
