// Package connectortest is the contract of package connector as tests. Every connector calls Run against a running (usually
// simulated) system; what the suite does not ask, connectors will answer differently.
//
// Failures of the network are made here, between the connector and the system, so that every connector meets the same ones;
// what only the system can do (refuse credentials, hold records) comes in through Setup.
package connectortest

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"apicenter/shared/connector"
	"apicenter/shared/fault"
	"apicenter/shared/model"
)

// Setup is one connector with a system to ask.
type Setup struct {
	Connector connector.Connector
	// Settings connect to the running system; Wrong are the settings to replace so that it refuses the credentials.
	Settings, Wrong map[string]string
	// Readme is the connector's page for owners; it has to name every setting.
	Readme string
	// Sources and Targets are the kinds to ask.
	Sources []Source
	Targets []Target
}

// Source is a kind the system can be read for.
type Source struct {
	Kind     model.Kind
	Settings map[string]string // of the flow
	// Keys are the records the system holds now.
	Keys func() []string
	// Change changes the record of a key, so that it has to be read again.
	Change func(t *testing.T, key string)
	// Page is a page size that takes several pages.
	Page int
}

// Target is a kind the system can be written with.
type Target struct {
	Kind model.Kind
	// Document returns the n-th document, each with a key of its own; Query asks for it.
	Document func(n int) connector.Document
	Query    func(d connector.Document) connector.Query
	// Count returns how many records of the document the system itself holds.
	Count func(d connector.Document) int
}

// Run asks everything.
func Run(t *testing.T, s Setup) {
	t.Run("declaration", s.declaration)
	t.Run("settings", s.settings)
	t.Run("verify", s.verify)
	for _, source := range s.Sources {
		t.Run("read "+string(source.Kind), func(t *testing.T) { s.read(t, source) })
	}
	for _, target := range s.Targets {
		t.Run("find and write "+string(target.Kind), func(t *testing.T) { s.write(t, target) })
	}
}

// line is an open session with the wire between it and the system in our hands.
type line struct {
	session connector.Session
	wire    *wire
	log     *logbook
	secrets []string
}

// open returns a session over a wire of its own. When the test ends, everything it logged is searched for secrets.
func (s Setup) open(t *testing.T, change map[string]string) *line {
	t.Helper()
	settings := map[string]string{}
	for name, value := range s.Settings {
		settings[name] = value
	}
	for name, value := range change {
		settings[name] = value
	}
	l := &line{wire: &wire{next: &http.Transport{}}, log: &logbook{}}
	for _, d := range s.Connector.Settings {
		if d.Secret && len(settings[d.Name]) > 3 {
			l.secrets = append(l.secrets, settings[d.Name])
		}
	}
	session, err := s.Connector.Open(connector.Config{Settings: settings, HTTP: &http.Client{Transport: l.wire}, Now: time.Now,
		Log: slog.New(slog.NewTextHandler(l.log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	if err != nil {
		t.Fatalf("the session does not open: %v", err)
	}
	l.session = session
	t.Cleanup(func() { l.clean(t, "the log", l.log.String()) })
	return l
}

// clean fails the test when a secret stands in the text.
func (l *line) clean(t *testing.T, place, text string) {
	t.Helper()
	for _, secret := range l.secrets {
		if strings.Contains(text, secret) {
			t.Errorf("%s holds a secret", place)
		}
	}
}

// fails checks a failure: its class, that it speaks to an owner, and that it keeps secrets.
func (l *line) fails(t *testing.T, err error, classes ...fault.Class) *fault.Error {
	t.Helper()
	if err == nil {
		t.Fatal("there is no error")
	}
	problem := fault.As(err)
	l.clean(t, "an error", err.Error()+problem.Advice+problem.Detail)
	found := false
	for _, c := range classes {
		found = found || problem.Class == c
	}
	if !found {
		t.Errorf("class %s, want one of %v: %v", problem.Class, classes, err)
	}
	if problem.Message == "" || problem.Message == problem.Detail {
		t.Errorf("no sentence for the owner: %+v", problem)
	}
	return problem
}

// logbook is a log that several goroutines may write.
type logbook struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logbook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logbook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// spoiler answers a request in place of the system, or in between.
type spoiler func(*http.Request, http.RoundTripper) (*http.Response, error)

// wire stands between the connector and the system.
type wire struct {
	next http.RoundTripper

	mu    sync.Mutex
	spoil spoiler
	made  int
}

// RoundTrip makes the request, unless it is spoiled.
func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	w.mu.Lock()
	spoil := w.spoil
	w.made++
	w.mu.Unlock()
	if spoil != nil {
		return spoil(r, w.next)
	}
	return w.next.RoundTrip(r)
}

// with sets how requests are spoiled from now on; nil lets them through.
func (w *wire) with(spoil spoiler) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.spoil = spoil
}

// requests counts what was sent so far.
func (w *wire) requests() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.made
}

// answer makes every request get this answer, without reaching the system.
func answer(status int, header map[string]string, body string) spoiler {
	return func(r *http.Request, _ http.RoundTripper) (*http.Response, error) {
		sent(r)
		h := http.Header{"Content-Type": {"text/html"}}
		for name, value := range header {
			h.Set(name, value)
		}
		return &http.Response{StatusCode: status, Status: http.StatusText(status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
			Header: h, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)), Request: r}, nil
	}
}

// sent reads a request as a network does.
func sent(r *http.Request) {
	if r.Body != nil {
		_, _ = io.Copy(io.Discard, r.Body)
		_ = r.Body.Close()
	}
}

// lost lets the system do the work and loses its answer.
func lost(r *http.Request, next http.RoundTripper) (*http.Response, error) {
	response, err := next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	_, _ = io.Copy(io.Discard, response.Body)
	_ = response.Body.Close()
	return nil, io.ErrUnexpectedEOF
}

// cut ends every answer in its middle.
func cut(r *http.Request, next http.RoundTripper) (*http.Response, error) {
	response, err := next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(response.Body)
	_ = response.Body.Close()
	if err != nil {
		return nil, err
	}
	response.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body[:len(body)/2]), failing{}))
	return response, nil
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// silent never answers.
func silent(r *http.Request, _ http.RoundTripper) (*http.Response, error) {
	sent(r)
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// soon bounds a call that is expected to hang.
func soon(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	t.Cleanup(cancel)
	return ctx
}
