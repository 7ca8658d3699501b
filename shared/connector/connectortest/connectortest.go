// Package connectortest is the contract of package connector as tests. Every connector calls Run against a running (usually
// simulated) system; what the suite does not ask, connectors will answer differently.
//
// Failures of the network are made here, between the connector and the system, so that every connector meets the same ones;
// what only the system can do (refuse credentials, hold records) comes in through Setup. That the questions find fault is
// proven in the package's own tests, with a connector that is broken in one way after the other.
package connectortest

import (
	"bytes"
	"encoding/base64"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"apicenter/shared/connector"
	"apicenter/shared/fault"
	"apicenter/shared/model"
)

// Setup is one connector with a system to ask. A connector that only reads has no Targets, one that only writes no Sources.
type Setup struct {
	Connector connector.Connector
	// Settings connect to the running system; Wrong are the settings to replace so that it refuses the credentials.
	Settings, Wrong map[string]string
	// Secrets are further forms of the secret settings that must show nowhere, such as a packed token.
	Secrets []string
	// Readme is the connector's page for owners; it has to name every setting.
	Readme string
	// Sources and Targets are the kinds to ask: all that the connector declares.
	Sources []Source
	Targets []Target
}

// Source is a kind the system can be read for.
type Source struct {
	Kind     model.Kind
	Settings map[string]string // of the flow
	// Keys are the records the system holds now, with several pages of them.
	Keys func() []string
	// Change changes the record of a key, so that it has to be read again.
	Change func(key string) error
	// Page is a page size that takes several pages.
	Page int
	// Holds are texts and amounts that are easily spoiled on the way (accents, emoji, quotes, markup, many decimals), by
	// record key and field path.
	Holds map[string]map[string]string
	// Late is a system of its own in which some changes show behind newer ones. Only a kind that declares no late window
	// does without, or one whose records the simulated system cannot hold back.
	Late *Late
}

// Late is a system that shows some of its changes late, on a clock in the test's hands.
type Late struct {
	Settings map[string]string // what differs from the Setup's
	Now      func() time.Time
	Advance  func(time.Duration)
	Keys     func() []string
}

// Target is a kind the system can be asked for and written with.
type Target struct {
	Kind model.Kind
	// Document returns the n-th document, each with a key of its own; Query asks for it. Keys and texts are better odd.
	Document func(n int) connector.Document
	Query    func(d connector.Document) connector.Query
	// Count returns how many records of the document the system itself holds.
	Count func(d connector.Document) int
	// Differs holds the system's own record against the document and says where they differ; empty when nowhere.
	Differs func(d connector.Document) string
	// Update returns a changed form of a document that exists; nil where the system only creates.
	Update func(d connector.Document) connector.Document
	// There and Absent are for a kind that is looked up and never written; Document is nil then.
	There  []connector.Query
	Absent func(n int) connector.Query
}

// Run asks everything.
func Run(t *testing.T, s Setup) {
	t.Helper()
	s.run(testingT{t})
}

func (s Setup) run(t tester) {
	t.Helper()
	t.Run("declaration", s.declaration)
	t.Run("settings", s.settings)
	t.Run("verify", s.verify)
	for _, kind := range model.Kinds() {
		_, reads := s.Connector.Source[kind]
		if reads != slices.ContainsFunc(s.Sources, func(x Source) bool { return x.Kind == kind }) {
			t.Errorf("%s: declared as a source is %t, and the setup says otherwise", kind, reads)
		}
		_, writes := s.Connector.Target[kind]
		if writes != slices.ContainsFunc(s.Targets, func(x Target) bool { return x.Kind == kind }) {
			t.Errorf("%s: declared as a target is %t, and the setup says otherwise", kind, writes)
		}
	}
	for _, source := range s.Sources {
		t.Run("read "+string(source.Kind), func(t tester) { s.read(t, source) })
	}
	for _, target := range s.Targets {
		t.Run("write "+string(target.Kind), func(t tester) { s.write(t, target) })
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
func (s Setup) open(t tester, change map[string]string) *line {
	t.Helper()
	return s.openAt(t, change, time.Now)
}

func (s Setup) openAt(t tester, change map[string]string, now func() time.Time) *line {
	t.Helper()
	settings := maps.Clone(s.Settings)
	maps.Copy(settings, change)
	transport := &http.Transport{}
	l := &line{wire: &wire{next: transport}, log: &logbook{}, secrets: slices.Clone(s.Secrets)}
	for _, d := range s.Connector.Settings {
		if v := settings[d.Name]; d.Secret && len(v) > 3 {
			l.secrets = append(l.secrets, v, url.QueryEscape(v), base64.StdEncoding.EncodeToString([]byte(v)))
		}
	}
	session, err := s.Connector.Open(connector.Config{Settings: settings, HTTP: &http.Client{Transport: l.wire}, Now: now,
		Log: slog.New(slog.NewTextHandler(l.log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	if err != nil {
		t.Fatalf("the session does not open: %v", err)
	}
	l.session = session
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		l.clean(t, "the log", l.log.String())
	})
	return l
}

// clean fails the test when a secret stands in the text.
func (l *line) clean(t tester, place, text string) {
	t.Helper()
	for _, secret := range l.secrets {
		if strings.Contains(text, secret) {
			t.Errorf("%s holds a secret", place)
		}
	}
}

// fails checks a failure: its class, that it speaks to an owner, and that it keeps secrets.
func (l *line) fails(t tester, err error, classes ...fault.Class) *fault.Error {
	t.Helper()
	if err == nil {
		t.Fatalf("there is no error")
	}
	problem := fault.As(err)
	l.clean(t, "an error", err.Error()+problem.Advice+problem.Detail)
	if problem.Err != nil {
		l.clean(t, "the cause of an error", problem.Err.Error())
	}
	if !slices.Contains(classes, problem.Class) {
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
