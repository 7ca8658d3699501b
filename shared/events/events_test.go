package events_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"apicenter/shared/events"
	"apicenter/shared/fault"
)

func stopped() events.Event {
	return events.Event{ID: "01KAW5Z8T0", Tenant: "bakery", Type: events.IncidentOpened, At: time.Date(2026, 11, 24, 13, 5, 7, 250e6, time.FixedZone("CET", 3600)),
		Subject: "connection/erp", Connection: "erp", Problem: events.Problem{Message: `AFAS says: "token refused"`, Advice: "Renew the token <here>."}}
}

// What was published last month, and perhaps still waits somewhere, can be read.
func TestStoredFormStays(t *testing.T) {
	run := events.Event{ID: "01KAW5Z8T1", Tenant: "bakery", Type: events.RunFailed, At: stopped().At, Subject: "flow/orders", Flow: "orders", Run: "01KAW5Z8T1",
		Problem: events.Problem{Message: "The till did not answer."}}
	closed := events.Event{ID: "01KAW5Z8T2", Tenant: "bakery", Type: events.IncidentClosed, At: stopped().At, Subject: "connection/erp", Connection: "erp"}
	for name, e := range map[string]events.Event{"opened": stopped(), "closed": closed, "run": run} {
		golden, err := os.ReadFile("testdata/form1-" + name + ".json")
		if err != nil {
			t.Fatal(err)
		}
		text, err := events.Encode(e)
		if err != nil {
			t.Fatal(err)
		}
		var indented bytes.Buffer
		if err := json.Indent(&indented, text, "", "  "); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(golden), indented.String()+"\n"); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		back, err := events.Decode(golden)
		e.At = e.At.UTC()
		if diff := cmp.Diff(e, back); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", name, err, diff)
		}
		if back.At.Location() != time.UTC {
			t.Errorf("%s: the time is in %v, want UTC", name, back.At.Location())
		}
	}
}

func TestNewerFormsAreNotGuessedAt(t *testing.T) {
	if _, err := events.Decode([]byte(`{"form":2,"id":"a"}`)); !errors.Is(err, events.ErrForm) {
		t.Errorf("form 2: got %v, want ErrForm", err)
	}
	if e, err := events.Decode([]byte(`{"form":1,"at":"2026-01-01T01:00:00+01:00"}`)); err != nil || e.At != time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) {
		t.Errorf("with a zone of another: got %v and %v, want UTC", e.At, err)
	}
	if _, err := events.Decode([]byte(`not JSON`)); err == nil {
		t.Error("what is no JSON is read")
	}
	e, err := events.Decode([]byte(`{"form":1,"id":"a","type":"tenant erased","added":{"later":1}}`))
	if err != nil || e.ID != "a" || e.Type != "tenant erased" {
		t.Errorf("with a field and a type of later: got %+v and %v", e, err)
	}
}

func TestCheckTellsEverything(t *testing.T) {
	bad := events.Event{Type: "tenant erased"}
	huge := stopped()
	huge.Problem.Advice = strings.Repeat("x", events.Limit)
	err := events.Check([]events.Event{stopped(), bad, huge})
	if fault.ClassOf(err) != fault.Bug {
		t.Errorf("got class %v, want bug", fault.ClassOf(err))
	}
	for _, want := range []string{"event 2 of 3", "an id", "a tenant", "a subject", `no type "tenant erased"`, "when", "event 3 of 3", "too large", "65536 is the most"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want it to say %q", err, want)
		}
	}
	if err := events.Check([]events.Event{stopped()}); err != nil {
		t.Errorf("a good one: %v", err)
	}
}

// Only what is for an owner goes out: details are for logs, fields and causes may name records.
func TestProblemHoldsWhatIsForItsOwner(t *testing.T) {
	got := events.ProblemOf(&fault.Error{Class: fault.Pause, Step: "s", Field: "f", Message: "m", Advice: "a", Detail: "d", Cause: "c"})
	if want := (events.Problem{Message: "m", Advice: "a"}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got := events.ProblemOf(nil); got != (events.Problem{}) {
		t.Errorf("of nothing: got %+v", got)
	}
}

// printer is a bus that prints what it is told.
type printer struct{}

func (printer) Publish(_ context.Context, list []events.Event) error {
	for _, e := range list {
		fmt.Printf("%s: %s of tenant %s. %s %s\n", e.Type, e.Subject, e.Tenant, e.Problem.Message, e.Problem.Advice)
	}
	return nil
}

func Example() {
	var bus events.Publisher = printer{}
	err := bus.Publish(context.Background(), []events.Event{{ID: "1", Tenant: "bakery", Type: events.IncidentOpened, At: time.Unix(0, 0),
		Subject: "connection/erp", Connection: "erp", Problem: events.Problem{Message: "AFAS refuses the token.", Advice: "Renew it."}}})
	if err != nil {
		fmt.Println(err) // and go on
	}
	// Output: incident opened: connection/erp of tenant bakery. AFAS refuses the token. Renew it.
}
