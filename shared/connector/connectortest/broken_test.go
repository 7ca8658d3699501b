package connectortest

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"apicenter/shared/connector"
	"apicenter/shared/model"
)

// A connector that keeps the contract passes every question, and every question is asked.
func TestGoodConnectorPasses(t *testing.T) {
	r := newRecorder(t, "")
	sampleSetup(t, "").run(r)
	for name, text := range r.notes.failed {
		t.Errorf("%s: %s", name, text)
	}
	for _, q := range slices.Concat(readQuestions(), readFailures()) {
		if !slices.Contains(r.notes.asked, "read products/"+q.says) {
			t.Errorf("%q was not asked", q.says)
		}
	}
	for _, q := range slices.Concat(findQuestions(), writeQuestions(), writeFailures()) {
		if !slices.Contains(r.notes.asked, "write customers/"+q.says) {
			t.Errorf("%q was not asked", q.says)
		}
	}
	Run(t, sampleSetup(t, ""))
}

// Each way to break a connector is noticed by the question that is there for it.
func TestBrokenConnectorsAreCaught(t *testing.T) {
	used := map[string]bool{}
	for _, broken := range breakages() {
		used[broken[1]] = true
		t.Run(broken[1]+"/"+broken[0], func(t *testing.T) {
			r := newRecorder(t, broken[1])
			r.do(sampleSetup(t, bend(broken[0])).run)
			if !slices.ContainsFunc(slices.Collect(maps.Keys(r.notes.failed)), func(name string) bool { return name == broken[1] }) {
				t.Errorf("nobody noticed; failed: %v", r.notes.failed)
			}
		})
	}
	for _, q := range slices.Concat(readQuestions(), readFailures()) {
		if !used["read products/"+q.says] {
			t.Errorf("no broken connector shows that %q can fail", q.says)
		}
	}
	for _, q := range slices.Concat(findQuestions(), writeQuestions(), writeFailures()) {
		if !used["write customers/"+q.says] {
			t.Errorf("no broken connector shows that %q can fail", q.says)
		}
	}
}

const sampleText = `Zoë "de" O'Brien <& Söhne> – 😀`

// sampleSetup is the sample connector with a system of its own.
func sampleSetup(t *testing.T, b bend) Setup {
	t.Helper()
	system, address := newSampleSystem(t, time.Now, 0)
	for i := range 30 {
		system.add(fmt.Sprintf("K%02d", i), sampleText, "0.12345678901234567890")
	}
	hands := &sampleClock{now: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
	late, lateAddress := newSampleSystem(t, hands.Now, sampleWindow*7/8)
	for i := range 20 {
		late.add(fmt.Sprintf("L%02d", i), "", "1")
	}
	readme := filepath.Join(t.TempDir(), "README.md")
	if err := os.WriteFile(readme, []byte("`address` `token` `size`"), 0o600); err != nil {
		t.Fatal(err)
	}
	return Setup{
		Connector: sampleConnector(b), Readme: readme,
		Settings: map[string]string{"address": address, "token": sampleToken}, Wrong: map[string]string{"token": "another"},
		Sources: []Source{{
			Kind: model.Products, Page: 7, Keys: system.keys, Change: system.touch,
			Holds: map[string]map[string]string{"K03": {"text": sampleText, "amount": "0.12345678901234567890"}},
			Late:  &Late{Settings: map[string]string{"address": lateAddress}, Now: hands.Now, Advance: hands.advance, Keys: late.keys},
		}},
		Targets: []Target{{
			Kind: model.Customers,
			Document: func(n int) connector.Document {
				return connector.Document{Kind: model.Customers, Key: fmt.Sprintf("o'brien+%d@proef.example", n),
					Fields: model.Tree{"text": sampleText, "amount": json.Number("1.125")}}
			},
			Query: func(d connector.Document) connector.Query { return connector.Query{Key: d.Key} },
			Count: func(d connector.Document) int { return len(system.held(d.Key)) },
			Differs: func(d connector.Document) string {
				if x := system.held(d.Key)[0]; x.Text != d.Fields["text"] || fmt.Sprint(x.Amount) != fmt.Sprint(d.Fields["amount"]) {
					return "text or amount differs"
				}
				return ""
			},
			Update: func(d connector.Document) connector.Document {
				d.Fields = model.Tree{"text": "changed", "amount": json.Number("2")}
				return d
			},
		}},
	}
}

type sampleClock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *sampleClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *sampleClock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// breakages are ways to break the sample connector, each with the question that has to notice.
func breakages() [][2]string {
	var out [][2]string
	for question, bends := range map[string]string{
		"": "a kind nobody asks",
		"declaration": "a setting without help; a setting the page does not know; a default that does not fit; a secret default; " +
			"no limit; a mapping with a typo",
		"settings":                  "unknown settings are taken; one problem at a time; a value in the error; opens without a token",
		"verify/works":              "the token in the log",
		"verify/wrong credentials":  "refused credentials are tried again; the token in errors; no sentence; no advice",
		"verify/connection refused": "unreachable does not count",
		"verify/connection reset":   "unreachable does not count",
		"verify/unknown host":       "no advice; no sentence; the token in errors",
		"verify/unauthorized":       "refused credentials are tried again",
		"verify/forbidden":          "refused credentials are tried again",
		"verify/no known form":      "verifies whatever answers",
		"verify/answer cut short":   "what cannot be read is empty",
		"verify/nothing":            "verifies whatever answers; what cannot be read is empty",
		"verify/told to wait":       "waits as it likes",
		"verify/no answer in time":  "waits too long",

		"read products/every page without a gap": "leaves one out; the last row again; one page too few; a checkpoint of bytes; " +
			"pages of any size",
		"read products/everything once more in full mode":                   "full mode goes on",
		"read products/goes on after a crash":                               "remembers its place itself",
		"read products/what changes while it is read comes again":           "pages by number",
		"read products/a run without news misses nothing later":             "the end is for ever",
		"read products/what shows behind newer ones is found":               "never steps back; trusts the clock",
		"read products/versions grow":                                       "one version for ever",
		"read products/single records":                                      "unknown keys are errors; no keys mean all",
		"read products/texts and amounts arrive as they are":                "amounts as floats; letters of one byte",
		"read products/several at a time":                                   "one caller at a time",
		"read products/an answer cut short is no end of data":               "failures end the data; what cannot be read is empty",
		"read products/an answer nobody can read is no end of data":         "failures end the data; what cannot be read is empty",
		"read products/credentials refused":                                 "refused credentials are tried again",
		"read products/told to wait":                                        "waits as it likes",
		"read products/no answer in time":                                   "waits too long",
		"read products/stopped by ourselves":                                "stopping counts",
		"read products/a failure moves nothing":                             "failures move on",
		"read products/a checkpoint nobody wrote is refused":                "any checkpoint will do",
		"write customers/answers many questions in order":                   "answers in another order; a request for each question",
		"write customers/no answer is no absence":                           "a failed look-up finds nothing; what cannot be read is empty",
		"write customers/creates what is found afterwards":                  "no number; the token in what was sent",
		"write customers/the system holds what was written":                 "texts are cut",
		"write customers/changes what exists":                               "an update creates",
		"write customers/is honest about a second write":                    "a second write is swallowed; finds one at most",
		"write customers/several at a time":                                 "one caller at a time",
		"write customers/an answer lost after the work was done is unknown": "lost answers are failures",
		"write customers/an answer cut after the work was done is unknown":  "lost answers are failures; what cannot be read is empty",
		"write customers/a connection reset under a write is unknown":       "lost answers are failures",
		"write customers/a gateway that gave up is unknown":                 "gateways never did anything",
		"write customers/an answer nobody can read is unknown":              "lost answers are failures; what cannot be read is empty",
		"write customers/no answer in time is unknown":                      "waits too long; lost answers are failures",
		"write customers/nothing is sent after the time to start":           "starts when it likes",
		"write customers/nothing is sent when the work is stopped":          "stops are not looked for",
		"write customers/a refused connection started nothing":              "refused counts as sent; unreachable does not count",
		"write customers/credentials refused":                               "refused credentials are tried again",
		"write customers/access forbidden":                                  "refused credentials are tried again",
		"write customers/told to wait":                                      "a throttled write is unknown; waits as it likes",
		"write customers/told of maintenance":                               "a throttled write is unknown; waits as it likes",
		"write customers/larger than it takes":                              "large records stop everything",
	} {
		for b := range strings.SplitSeq(bends, "; ") {
			out = append(out, [2]string{b, question})
		}
	}
	slices.SortFunc(out, func(a, b [2]string) int { return strings.Compare(a[1]+a[0], b[1]+b[0]) })
	return out
}
