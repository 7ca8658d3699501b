package mpluskassa_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"apicenter/infra/sandbox"
	till "apicenter/infra/sandbox/mpluskassa"
	"apicenter/infra/sandbox/shopdata"
	"apicenter/shared/connector"
	"apicenter/shared/connector/mpluskassa"
	"apicenter/shared/fault"
	"apicenter/shared/model"
)

// clock is a clock that tests move.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// start serves a till and returns a session with it.
func start(t testing.TB, sb *till.Sandbox, now func() time.Time, settings ...string) (*sandbox.Sim, connector.Session) {
	t.Helper()
	sim := sb.Sim()
	address, stop, err := sim.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	given := map[string]string{"host": u.Hostname(), "port": u.Port(), "tls": "false", "ident": till.DefaultIdent, "secret": till.DefaultSecret}
	for i := 0; i < len(settings); i += 2 {
		given[settings[i]] = settings[i+1]
	}
	s, err := mpluskassa.Connector.Open(connector.Config{Settings: given, HTTP: &http.Client{Transport: &http.Transport{}}, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	return sim, s
}

// run reads until the till has nothing further.
func run(t testing.TB, s connector.Session, r connector.ReadRequest) ([]connector.Record, string) {
	t.Helper()
	var records []connector.Record
	r.Begin = true
	for {
		page, err := s.(connector.Reader).Read(context.Background(), r)
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, page.Records...)
		r.Checkpoint, r.Begin = page.Next, false
		if !page.More {
			return records, page.Next
		}
	}
}

func byKey(records []connector.Record) map[string]connector.Record {
	out := map[string]connector.Record{}
	for _, r := range records {
		if old, ok := out[r.Key]; !ok || old.Version.Compare(r.Version) <= 0 {
			out[r.Key] = r
		}
	}
	return out
}

func bare(id string) string { return strings.ReplaceAll(strings.ToLower(id), "-", "") }

func TestSandboxIsReadWhole(t *testing.T) {
	for _, o := range []till.Options{{}, {ShufflePages: true, BareIDs: true, Strict: true, MaxParallel: 1}} {
		t.Run(fmt.Sprintf("%+v", o.BareIDs), func(t *testing.T) {
			shop := shopdata.Generate(shopdata.Options{Seed: 7, Orders: 430})
			sb := till.New(o)
			sb.Load(shop)
			sim, s := start(t, sb, time.Now)
			report, err := s.Verify(context.Background())
			if err != nil || report.Summary == "" {
				t.Fatalf("Verify: %+v, %v", report, err)
			}
			records, _ := run(t, s, connector.ReadRequest{Kind: model.Orders, Mode: connector.Full})
			got := byKey(records)
			if len(records) != len(shop.Orders) || len(got) != len(shop.Orders) {
				t.Errorf("read %d records with %d keys, want %d", len(records), len(got), len(shop.Orders))
			}
			for i := range shop.Orders {
				compare(t, &shop.Orders[i], got[bare(shop.Orders[i].ID)].Fields)
			}
			// Five pages and the empty one, each with one question for cards, and the counter.
			if n := sim.Stats().ByOperation; n["getOrders"] != 6 || n["getRelations"] != 5 || n["getProducts"] != 0 {
				t.Errorf("requests: %v", n)
			}
		})
	}
}

func compare(t *testing.T, want *shopdata.Order, got model.Tree) {
	t.Helper()
	number, _ := got["orderNumber"].(model.Tree)
	if text := fmt.Sprintf("%v.%v", number["year"], number["number"]); text != want.Number.String() {
		t.Errorf("order %s has number %s", want.Number, text)
	}
	placed, err := time.Parse(time.RFC3339, fmt.Sprint(got["entryTimestamp"]))
	if err != nil || !placed.Equal(want.Placed.Truncate(time.Second)) {
		t.Errorf("order %s was placed %v, want %s", want.Number, got["entryTimestamp"], want.Placed)
	}
	lines, _ := got["lineList"].(model.Tree)
	if list, _ := lines["line"].([]any); len(list) < len(want.Lines) {
		t.Errorf("order %s has %d lines, want %d", want.Number, len(list), len(want.Lines))
	}
	relation, _ := got["relation"].(model.Tree)
	email, _ := relation["email"].(string)
	switch {
	case want.Customer == nil:
		// a till may book a passer-by on a card of its own
	case relation == nil:
		t.Errorf("order %s has no customer", want.Number)
	case !strings.EqualFold(email, want.Email):
		t.Errorf("order %s belongs to another customer", want.Number)
	}
}

// Promise 1: orders that appear behind later ones are read, however the runs fall.
func TestSandboxLateOrders(t *testing.T) {
	for _, every := range []time.Duration{5 * time.Second, time.Minute, 5 * time.Minute} {
		t.Run(every.String(), func(t *testing.T) {
			c := &clock{now: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
			sb := till.New(till.Options{Now: c.Now, LateVisible: 90 * time.Second, LateEvery: 3, ShufflePages: true})
			sb.Generate(shopdata.Options{Seed: 3, Orders: 20})
			_, s := start(t, sb, c.Now, "pageSize", "7")
			latest := map[string]int64{}
			checkpoint := ""
			for i := range 40 {
				if i < 30 {
					orders, err := sb.More(i % 4)
					if err != nil {
						t.Fatal(err)
					}
					for _, o := range orders[:len(orders)/2] {
						if err := sb.Touch(o.ID); err != nil {
							t.Fatal(err)
						}
					}
				}
				var records []connector.Record
				records, checkpoint = run(t, s, connector.ReadRequest{Kind: model.Orders, Mode: connector.Incremental, Checkpoint: checkpoint})
				for _, r := range records {
					latest[r.Key] = max(latest[r.Key], r.Version.Marker)
				}
				c.pass(every)
			}
			for range 2 { // long after the last change
				c.pass(10 * time.Minute)
				var records []connector.Record
				records, checkpoint = run(t, s, connector.ReadRequest{Kind: model.Orders, Mode: connector.Incremental, Checkpoint: checkpoint})
				for _, r := range records {
					latest[r.Key] = max(latest[r.Key], r.Version.Marker)
				}
			}
			for _, o := range sb.Orders() {
				if latest[bare(o.ID)] != o.Marker {
					t.Errorf("order %s was last read at marker %d, it stands at %d", o.Number, latest[bare(o.ID)], o.Marker)
				}
			}
			c.pass(10 * time.Minute)
			if records, _ := run(t, s, connector.ReadRequest{Kind: model.Orders, Mode: connector.Incremental, Checkpoint: checkpoint}); len(records) != 0 {
				t.Errorf("%d orders are read again although nothing changed", len(records))
			}
		})
	}
}

// An order that waits for its payment is looked at again by its key.
func TestSandboxReadsOneAgain(t *testing.T) {
	for _, bareIDs := range []bool{false, true} {
		sb := till.New(till.Options{BareIDs: bareIDs})
		sb.Load(shopdata.Generate(shopdata.Options{Seed: 5, Orders: 60}))
		_, s := start(t, sb, time.Now)
		var unpaid till.OrderState
		for _, o := range sb.Orders() {
			if !o.FullyPaid && o.Prepaid < o.TotalIncl && o.CancelState == "NOTHING" {
				unpaid = o
			}
		}
		if unpaid.ID == "" {
			t.Fatal("the shop has no order that waits for its payment")
		}
		read := func() connector.Record {
			records, err := s.(connector.Reader).ReadOne(context.Background(), model.Orders, nil, []string{bare(unpaid.ID), strings.Repeat("0", 32)})
			if err != nil || len(records) != 1 || records[0].Key != bare(unpaid.ID) {
				t.Fatalf("ReadOne: %v, %v", records, err)
			}
			return records[0]
		}
		before := read()
		if err := sb.Pay(unpaid.ID); err != nil {
			t.Fatal(err)
		}
		after := read()
		if after.Version.Compare(before.Version) <= 0 || after.Fields["fullyPaid"] != true {
			t.Errorf("after payment: version %+v after %+v, fully paid %v", after.Version, before.Version, after.Fields["fullyPaid"])
		}
	}
}

func TestSandboxInvoicesAndCards(t *testing.T) {
	sb := till.New(till.Options{ShufflePages: true})
	sb.Load(shopdata.Generate(shopdata.Options{Seed: 5, Orders: 40}))
	invoiced := 0
	for _, o := range sb.Orders() {
		if o.CancelState == "NOTHING" && invoiced < 5 {
			if err := sb.Invoice(o.ID); err != nil {
				t.Fatal(err)
			}
			invoiced++
		}
	}
	_, s := start(t, sb, time.Now, "pageSize", "3")
	records, _ := run(t, s, connector.ReadRequest{Kind: model.Orders, Settings: map[string]string{"documents": "invoices"}})
	if got := byKey(records); len(got) != invoiced {
		t.Errorf("read %d invoices, want %d", len(got), invoiced)
	}
	customers, _ := run(t, s, connector.ReadRequest{Kind: model.Customers})
	if got, want := len(byKey(customers)), len(sb.Relations()); got != want {
		t.Errorf("read %d customers, want %d", got, want)
	}
	products, _ := run(t, s, connector.ReadRequest{Kind: model.Products})
	if got, want := len(byKey(products)), sb.State().(till.State).Counts.Articles; got != want {
		t.Errorf("read %d articles, want %d", got, want)
	}
	for _, r := range records {
		if r.Fields["relationNumber"] != nil && r.Fields["relation"] == nil {
			t.Errorf("invoice %s has no customer's card", r.Key)
		}
	}
}

// The code that is not on the line comes from the articles, one question a page.
func TestSandboxArticleCodes(t *testing.T) {
	shop := shopdata.Generate(shopdata.Options{Seed: 5, Orders: 100})
	sb := till.New(till.Options{})
	sb.Load(shop)
	sim, s := start(t, sb, time.Now)
	records, _ := run(t, s, connector.ReadRequest{Kind: model.Orders, Settings: map[string]string{"sku": "extArticleId"}})
	got := byKey(records)
	for _, o := range shop.Orders {
		lines, _ := got[bare(o.ID)].Fields["lineList"].(model.Tree)
		codes := map[string]bool{}
		list, _ := lines["line"].([]any)
		for _, l := range list {
			codes[fmt.Sprint(l.(model.Tree)["extArticleId"])] = true
		}
		for _, l := range o.Lines {
			if l.Article != nil && !codes[l.Article.ExtID] {
				t.Errorf("order %s lacks the code %s", o.Number, l.Article.ExtID)
			}
		}
	}
	if n := sim.Stats().ByOperation["getProducts"]; n == 0 || n > 3 {
		t.Errorf("%d questions for articles of one page", n)
	}
}

func TestSandboxFaults(t *testing.T) {
	sb := till.New(till.Options{})
	sb.Load(shopdata.Generate(shopdata.Options{Seed: 5, Orders: 20}))
	sim, s := start(t, sb, time.Now)
	read := func(s connector.Session) *fault.Error {
		_, err := s.(connector.Reader).Read(context.Background(), connector.ReadRequest{Kind: model.Orders})
		return fault.As(err)
	}
	for _, c := range []struct {
		name   string
		faults sandbox.Faults
		class  fault.Class
	}{
		{"fail", sandbox.Faults{Fail: 1}, fault.Retry},
		{"drop", sandbox.Faults{Drop: 1}, fault.Retry},
		{"throttle", sandbox.Faults{Throttle: 1, RetryAfter: 3 * time.Second}, fault.Wait},
		{"deny", sandbox.Faults{Deny: true}, fault.Pause},
	} {
		sim.SetFaults(c.faults)
		f := read(s)
		if f == nil || f.Class != c.class || c.class == fault.Wait && f.After != 3*time.Second {
			t.Errorf("%s: got %+v, want class %s", c.name, f, c.class)
		}
	}
	sim.SetFaults(sandbox.Faults{})
	if f := read(s); f != nil {
		t.Errorf("afterwards: %v", f)
	}
	_, stranger := start(t, till.New(till.Options{Secret: "another"}), time.Now)
	if f := read(stranger); f == nil || f.Class != fault.Pause {
		t.Errorf("a wrong secret: got %v, want a pause", f)
	}
	if _, err := stranger.Verify(context.Background()); fault.ClassOf(err) != fault.Pause {
		t.Errorf("a wrong secret, tested: got %v, want a pause", err)
	}
}
