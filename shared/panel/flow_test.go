package panel

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"apicenter/shared/fault"
	"apicenter/shared/model"
	"apicenter/shared/store"
)

// TestAnotherTenantsThings asks for everything of the mill from the bakery's session. Promise 6.
func TestAnotherTenantsThings(t *testing.T) {
	b := newBench(t)
	v := b.visitor(t, bakery)
	foreign := strings.NewReplacer("{flow}", "millorders", "{chunk}", "m1-send", "{record}", recordName("m1-send", "m1"), "{connection}", "millerp")
	for _, rt := range b.routes() {
		method, path, _ := strings.Cut(rt.pattern, " ")
		if !strings.Contains(path, "{flow}") && !strings.Contains(path, "{connection}") {
			continue
		}
		var w *httptest.ResponseRecorder
		if method == http.MethodGet {
			w = v.get(foreign.Replace(path))
		} else {
			w = v.post(foreign.Replace(path), url.Values{"key": {"m2"}, "q": {"ML-1"}, "all": {"yes"}})
		}
		if w.Code != http.StatusNotFound {
			t.Errorf("%s with another tenant's ids answered %d, want 404", rt.pattern, w.Code)
		}
		lacks(t, w.Body.String(), millSecret)
	}
	// The own flow with the other's chunk, run and record.
	for _, path := range []string{recordURL("orders", "m1-send", "m1"), "/flows/orders?run=millrun"} {
		if w := v.get(path); w.Code != http.StatusNotFound {
			t.Errorf("%s answered %d, want 404", path, w.Code)
		}
	}
	for _, query := range []string{"m1", "ML-1", millSecret} {
		lacks(t, strings.ReplaceAll(v.post("/flows/orders/search", url.Values{"q": {query}}).Body.String(), `value="`+query, ""), `<td class="number"><a`)
	}
	if got := b.store.others(bakery); len(got) != 0 {
		t.Errorf("the bakery's pages asked the store for %v", got)
	}
	if len(b.actions.calls) != 0 {
		t.Errorf("the bakery's forms did %v", b.actions.calls)
	}
}

// TestNoPageShowsAnotherTenant walks the pages of the bakery.
func TestNoPageShowsAnotherTenant(t *testing.T) {
	b := newBench(t)
	v := b.visitor(t, bakery)
	for _, path := range []string{"/", "/flows/orders", "/flows/orders/runs", "/flows/orders/problems", "/connections", recordURL("orders", "c9-send", "7b01")} {
		lacks(t, v.page(path), millSecret)
	}
	lacks(t, b.visitor(t, mill).page("/"), "Korenaar")
}

func TestActivity(t *testing.T) {
	b := newBench(t)
	v := b.visitor(t, bakery)
	got := v.page("/flows/orders")
	has(t, got, "2026.318", "60001234", "The remark was cut", "It was there already", "Not paid yet; it is looked at again",
		"AFAS Profit does not know article 5014", recordURL("orders", "c9-send", "7b01"), `data-top="c9-send"`)
	if strings.Index(got, "2026.318") > strings.Index(got, "2026.310") {
		t.Error("the newest is not on top")
	}
	lacks(t, got, "6f0e3a52", "anna@vijfdeseizoen.example")

	only := v.page("/flows/orders?outcome=rejected")
	has(t, only, "2026.311")
	lacks(t, only, "2026.318", "2026.310")
	of := v.page("/flows/orders?run=run8")
	has(t, of, "2026.315", "Only the run", "4 records read.")
	lacks(t, of, "2026.318")
	has(t, v.page("/flows/orders?outcome=nonsense"), "2026.318")
	has(t, v.page("/flows/orders?after=nonsense"), "2026.318")
	has(t, v.page("/flows/products"), "No records here yet.")
}

func TestActivityThatCannotBeOpened(t *testing.T) {
	b := newBench(t)
	b.store.chunks[0].Payload = []byte("sealed with keys that were destroyed")
	v := b.visitor(t, bakery)
	has(t, v.page("/flows/orders"), "3 records, whose contents can no longer be read", "2026.315")
	has(t, v.page(recordURL("orders", "c9-send", "7b01")), "The contents can no longer be read.")
}

// TestActivityPages turns pages while new chunks arrive on top: every record is shown once, in order.
func TestActivityPages(t *testing.T) {
	b := newBench(t)
	b.store.chunks = nil
	for i := range 5 {
		records := make([]store.RecordActivity, 37)
		for j := range records {
			records[j] = store.RecordActivity{Key: string(rune('a'+i)) + "-" + string(rune('A'+j)), Outcome: model.Delivered}
		}
		b.store.chunks = append(b.store.chunks, chunkOf(t, b.codec, bakery, "orders", "run9", "c"+string(rune('9'-i)), saturday(), records...))
	}
	v := b.visitor(t, bakery)
	var seen []string
	path := "/flows/orders"
	for range 10 {
		got := v.page(path)
		for _, part := range strings.Split(got, `<td class="number"><a href="`)[1:] {
			_, rest, _ := strings.Cut(part, `">`)
			name, _, _ := strings.Cut(rest, "<")
			seen = append(seen, name)
		}
		_, rest, more := strings.Cut(got, `rel="next" href="`)
		if !more {
			break
		}
		path, _, _ = strings.Cut(rest, `"`)
		path = strings.ReplaceAll(path, "&amp;", "&")
		b.store.chunks = slices.Insert(b.store.chunks, 0, chunkOf(t, b.codec, bakery, "orders", "run9", "d", saturday(), store.RecordActivity{Key: "new", Outcome: model.Delivered}))
	}
	if len(seen) != 5*37 {
		t.Fatalf("saw %d records, want %d", len(seen), 5*37)
	}
	for i, name := range seen {
		if want := string(rune('a'+i/37)) + "-" + string(rune('A'+i%37)); name != want {
			t.Fatalf("record %d is %q, want %q", i, name, want)
		}
	}
}

// TestActivityReadsPagesOnly holds the page to what it may read of a hundred thousand records.
func TestActivityReadsPagesOnly(t *testing.T) {
	b := newBench(t)
	var made *int
	b.store.chunksFunc, made = manyChunks(t, b.codec, 100_000)
	v := b.visitor(t, bakery)
	has(t, v.page("/flows/orders"), "2026.100000", `rel="next"`)
	if *made > chunksAtATime {
		t.Errorf("the first page read %d chunks, want at most %d", *made, chunksAtATime)
	}
	*made = 0
	got := v.page("/flows/orders?outcome=rejected") // a filter the store would have to look far for
	if *made > chunksAtATime*readsAtMost {
		t.Errorf("a filter that hits nothing read %d chunks, want at most %d", *made, chunksAtATime*readsAtMost)
	}
	has(t, got, `rel="next"`)
	*made = 0
	v.post("/flows/orders/search", url.Values{"q": {"not there"}})
	if *made > chunksSearched+1 {
		t.Errorf("a search read %d chunks, want at most %d", *made, chunksSearched)
	}
}

func BenchmarkActivity(b *testing.B) {
	bench := newBench(b)
	answer, _ := manyChunks(b, bench.codec, 100_000)
	first, next, err := answer(store.ChunkFilter{Tenant: bakery, Flow: "orders"}, "", chunksAtATime)
	if err != nil {
		b.Fatal(err)
	}
	bench.store.chunksFunc = func(store.ChunkFilter, string, int) ([]store.Chunk, string, error) { return first, next, nil }
	v := bench.visitor(b, bakery)
	for b.Loop() {
		v.page("/flows/orders")
	}
}

func TestRuns(t *testing.T) {
	b := newBench(t)
	b.store.runs[1].Problem = fault.New(fault.Pause, "The till refused the password.")
	got := b.visitor(t, bakery).page("/flows/orders/runs")
	has(t, got, "Webhook", "Schedule", "By hand · everything", "11 min 0 s", "2,386", "The till refused the password.", "/flows/orders?run=run7")
}

func TestProblems(t *testing.T) {
	b := newBench(t)
	b.store.failures[0].Problem.Message = "Odd " + hostile
	b.store.failures[1].State = store.FailureParked
	got := b.visitor(t, bakery).page("/flows/orders/problems")
	has(t, got, "2026.311", "lines[1].sku", "Create article 5014", "GET Profit_Article", "Find the articles", "41 minutes ago", "3 hours ago",
		"Parked until the connection works again", "Retry all", "&lt;script&gt;", `name="key" value="7a11"`, recordURL("orders", "c7-send", "7a11"))
	lacks(t, got, hostile, millSecret)
}

func TestSearch(t *testing.T) {
	b := newBench(t)
	v := b.visitor(t, bakery)
	order := recordURL("orders", "c9-send", "6f0e3a52-91c4-11ef-8f11-0242ac120002")
	for query, want := range map[string]string{
		"6f0e3a52-91c4-11ef-8f11-0242ac120002": order,                                  // the key
		"MK-2026.318":                          order,                                  // the reference
		" 2026.318 ":                           order,                                  // the number our reference is made of
		"7a11":                                 recordURL("orders", "c7-send", "7a11"), // the key of a failure
		"2026.311":                             recordURL("orders", "c7-send", "7a11"), // the number of a failure
		"2026.312":                             recordURL("orders", "c8-send", "7a12"), // skipped: only the activity knows
		"":                                     "/flows/orders",
	} {
		w := v.post("/flows/orders/search", url.Values{"q": {query}})
		if w.Code != http.StatusSeeOther || w.Header().Get("Location") != want {
			t.Errorf("%q leads with %d to %q, want %q", query, w.Code, w.Header().Get("Location"), want)
		}
	}
	expired := v.post("/flows/orders/search", url.Values{"q": {"2026.7"}}).Body.String()
	has(t, expired, "MK-2026.7", "60000017", "90 days ago", "have expired")
	nothing := v.post("/flows/orders/search", url.Values{"q": {hostile}}).Body.String()
	has(t, nothing, "Nothing was found", "&lt;script&gt;")
	lacks(t, nothing, hostile)
}

func TestActions(t *testing.T) {
	b := newBench(t)
	v := b.visitor(t, bakery)
	for _, c := range []struct {
		path string
		form url.Values
		call string
		says string
	}{
		{"/flows/orders/run", nil, "run korenaar orders incremental", "A run is queued."},
		{"/flows/orders/run", url.Values{"mode": {"full"}}, "run korenaar orders full", "A run over everything is queued."},
		{"/flows/orders/pause", nil, "pause korenaar orders", "The flow is paused."},
		{"/flows/orders/resume", nil, "resume korenaar orders", "The flow is running again"},
		{"/flows/orders/retry", url.Values{"key": {"7a11", "7a09"}}, "retry korenaar orders 7a11,7a09", "2 records are queued again."},
		{"/flows/orders/retry", url.Values{"all": {"yes"}}, "retry korenaar orders ", "1 record is queued again."},
	} {
		b.actions.calls = nil
		w := v.post(c.path, c.form)
		if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/flows/orders" {
			t.Errorf("%s answered %d to %s", c.path, w.Code, w.Header().Get("Location"))
		}
		if !slices.Equal(b.actions.calls, []string{c.call}) {
			t.Errorf("%s did %q, want %q", c.path, b.actions.calls, c.call)
		}
		has(t, v.page("/flows/orders"), c.says)
		lacks(t, v.page("/flows/orders"), c.says) // said once
	}
	b.actions.calls = nil
	if w := v.post("/flows/orders/retry", nil); w.Code != http.StatusNotFound || len(b.actions.calls) != 0 {
		t.Errorf("a retry of nothing answered %d and did %v", w.Code, b.actions.calls)
	}
	for _, to := range []string{"https://evil.example/", "//evil.example", "/\\evil.example", "/connections"} {
		if w := v.post("/flows/orders/pause", url.Values{"back": {to}}); w.Header().Get("Location") != "/flows/orders" {
			t.Errorf("a form sends the browser to %s", w.Header().Get("Location"))
		}
	}
}

func TestRefusedActions(t *testing.T) {
	b := newBench(t)
	v := b.visitor(t, bakery)
	b.actions.fail = func(string) error {
		return &fault.Error{Class: fault.Reject, Message: "The flow is paused.", Advice: "Resume it first."}
	}
	v.post("/flows/orders/run", nil)
	has(t, v.page("/flows/orders"), "The flow is paused.", "Resume it first.", `role="alert"`)
	b.actions.fail = func(string) error { return errors.New("dial db.internal: refused") }
	v.post("/flows/orders/run", nil)
	got := v.page("/flows/orders")
	has(t, got, "That did not work.")
	lacks(t, got, "db.internal")
	has(t, b.log.String(), "db.internal")
}

func TestAtLeastOnceIsSaid(t *testing.T) {
	b := newBench(t)
	v := b.visitor(t, bakery)
	has(t, v.page("/flows/stock"), "delivery is at least once", "Resume")
	lacks(t, v.page("/flows/orders"), "delivery is at least once")
}
