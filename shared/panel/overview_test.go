package panel

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"apicenter/shared/fault"
	"apicenter/shared/integration"
	"apicenter/shared/model"
	"apicenter/shared/store"
)

// rendered shows a page from prepared data, without a store.
func rendered(t *testing.T, language string, data page) string {
	t.Helper()
	p, err := newPages(func(name string) string { return "/static/" + name })
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := p.render(&b, p.choose(language), data); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

const hostile = `<script>alert("x")</script>`

func TestOverviewFromPreparedData(t *testing.T) {
	view := overviewView{Light: light{"green", "Everything is running"}, Sentence: "Nothing waits.",
		Integrations: []integrationView{{Title: hostile, Flows: []flowCard{{ID: "orders", URL: "/flows/orders", Kind: "Orders",
			From: party{Title: hostile}, To: party{Title: "AFAS"}, Light: light{"red", hostile}, Today: []tally{{chip{model.Delivered, "Delivered"}, 1234}}, Open: 2}}}},
		Connections: []connectionView{{ID: "erp", Party: party{Title: "AFAS"}, Light: light{"red", "Paused"}, Sentence: hostile, Advice: "Check the token."}}}
	got := rendered(t, "en", page{Name: "overview", Title: "Overview", View: view})
	has(t, got, "Everything is running", "1,234", "2 problems", "Check the token.", "&lt;script&gt;")
	lacks(t, got, hostile)
	has(t, rendered(t, "nl", page{Name: "overview", View: view}), "1.234", "2 problemen", `<html lang="nl">`)
}

func TestOverviewFromTheStore(t *testing.T) {
	b := newBench(t)
	got := b.visitor(t, bakery).page("/")
	has(t, got, "2 records need you", "Shop and office", "MplusKASSA", "AFAS Profit", "Paused by you", "Running", `data-today="delivered">280<`,
		"Last run", "2 minutes ago", `role="img"`, "Connected")
	lacks(t, got, millSecret, "never shown", "style=", "onclick")
}

func TestLights(t *testing.T) {
	token := fault.New(fault.Pause, "AFAS says the token was revoked.")
	token.Advice = "Make a new token in AFAS."
	for _, c := range []struct {
		name   string
		change func(*fakeStore)
		colour string
		text   string
	}{
		{"halted", func(f *fakeStore) {
			f.states[bakery+"/erp"] = integration.ConnectionState{Status: integration.Halted, Reason: token, Since: saturday().Add(-time.Hour)}
		}, "red", "AFAS says the token was revoked."},
		{"down", func(f *fakeStore) {
			f.failures = nil
			f.states[bakery+"/erp"] = integration.ConnectionState{Status: integration.Down, Until: saturday().Add(time.Minute), Since: saturday().Add(-time.Hour), Reason: fault.New(fault.Retry, "No answer.")}
		}, "orange", "AFAS Profit does not answer"},
		{"run ended early", func(f *fakeStore) {
			f.failures = nil
			f.runs[0].Problem = fault.New(fault.Retry, "The till hung up.")
		}, "orange", "The last run ended early"},
		{"well", func(f *fakeStore) { f.failures = nil }, "green", "Everything is running"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t)
			c.change(b.store)
			got := b.visitor(t, bakery).page("/")
			has(t, got, c.text, `class="light `+c.colour)
		})
	}
}

func TestChart(t *testing.T) {
	v := &visit{now: saturday(), zone: time.UTC, words: inLanguage(t, "en")}
	hour := saturday().Truncate(time.Hour)
	c := v.chart([]store.Hour{
		{Start: hour.Add(-24 * time.Hour), Counts: map[model.Outcome]int{model.Delivered: 900}}, // a day ago: off the chart
		{Start: hour.Add(-23 * time.Hour), Counts: map[model.Outcome]int{model.Delivered: 50}},
		{Start: hour, Counts: map[model.Outcome]int{model.Delivered: 999, model.Failed: 1}},
	})
	if len(c.Bars) != 24 || c.Empty {
		t.Fatalf("got %d bars, empty %v", len(c.Bars), c.Empty)
	}
	last := c.Bars[23].Parts
	if len(last) != 2 || last[1].Outcome != model.Failed || last[1].Height < 2 {
		t.Errorf("one failure among a thousand is not visible: %+v", last)
	}
	for _, part := range last {
		if part.Y < 0 || part.Y+part.Height > chartHeight {
			t.Errorf("%+v leaves the chart", part)
		}
	}
	if got := c.Bars[0].Parts; len(got) != 1 || got[0].Height != 50*chartHeight/1000 {
		t.Errorf("the first hour is %+v", got)
	}
	if c.Summary != "1,050 records in the last 24 hours, by hour and outcome; approximate" {
		t.Errorf("the summary is %q", c.Summary)
	}
}

func TestLive(t *testing.T) {
	b := newBench(t)
	v := b.visitor(t, bakery)
	for _, path := range []string{"/live.json", "/flows/orders/live.json"} {
		w := v.get(path)
		if w.Code != http.StatusOK || !strings.HasPrefix(w.Header().Get("Content-Type"), "application/json") {
			t.Fatalf("%s answered %d, %s", path, w.Code, w.Header().Get("Content-Type"))
		}
		var live liveView
		if err := json.Unmarshal(w.Body.Bytes(), &live); err != nil {
			t.Fatal(err)
		}
		f := live.Flows[0]
		if f.ID != "orders" || f.Colour != "orange" || f.Light != "2 records need you" || f.Today[model.Delivered] != "280" || f.LastRun != "2026-10-24T12:29:00Z" {
			t.Errorf("%s: got %+v", path, f)
		}
		if len(live.Connections) != 2 || live.Connections[0].Light != "Connected" {
			t.Errorf("%s: got %+v", path, live.Connections)
		}
		lacks(t, w.Body.String(), millSecret)
		if want := map[bool]string{true: "c9-send"}[strings.Contains(path, "orders")]; live.Newest != want {
			t.Errorf("%s: the newest chunk is %q, want %q", path, live.Newest, want)
		}
	}
}

func TestFailurePages(t *testing.T) {
	b := newBench(t)
	v := b.visitor(t, bakery)
	w := v.get("/nowhere")
	if w.Code != http.StatusNotFound {
		t.Errorf("a page there is none of answered %d", w.Code)
	}
	has(t, w.Body.String(), "This is not here", "Bakkerij De Korenaar")

	b.store.flowsFunc = func() ([]integration.Flow, error) {
		return nil, fmt.Errorf("table flows of host db.internal is locked")
	}
	w = v.get("/")
	if w.Code != http.StatusInternalServerError {
		t.Errorf("a store that fails answered %d", w.Code)
	}
	has(t, w.Body.String(), "Something went wrong here", "Line in the log")
	lacks(t, w.Body.String(), "db.internal")
	has(t, b.log.String(), "db.internal", "GET /{$}")

	b.store.flowsFunc = func() ([]integration.Flow, error) { panic("a mistake") }
	if w = v.get("/"); w.Code != http.StatusInternalServerError {
		t.Errorf("a panic answered %d", w.Code)
	}
	if w = v.get("/live.json"); w.Code != http.StatusInternalServerError || !json.Valid(w.Body.Bytes()) {
		t.Errorf("a panic answered a script with %d, %q", w.Code, w.Body)
	}
}
