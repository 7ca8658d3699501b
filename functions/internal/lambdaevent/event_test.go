package lambdaevent_test

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"apicenter/functions/internal/lambdaevent"
	"apicenter/shared/message"
	"apicenter/shared/model"
	"apicenter/shared/queue"
)

// read returns an event that lies beside a function.
func read(t testing.TB, path ...string) json.RawMessage {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(append([]string{"..", ".."}, path...)...))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func decode(t testing.TB, raw json.RawMessage) lambdaevent.Event {
	t.Helper()
	e, err := lambdaevent.Decode(raw)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// woken lists, for every function, the events it has to know, and for batches the queue and what its envelopes hold.
func woken() map[string]map[string]string {
	all := map[string]map[string]string{
		"mapper":   {"event.json": "map sources"},
		"sender":   {"event.json": "send.fifo mapped"},
		"retry":    {"event.json": "retry mapped", "event-schedule.json": "tick"},
		"webhook":  {"event.json": "call"},
		"panel":    {"event.json": "call"},
		"notifier": {"event.json": "notice", "event-schedule.json": "tick"},
	}
	for _, k := range model.Kinds() {
		all[string(k)] = map[string]string{"event.json": "tick", "event-sqs.json": string(queue.Fetch(k)) + " jobs"}
	}
	return all
}

// summary says in a few words what an event is.
func summary(t *testing.T, e lambdaevent.Event) string {
	t.Helper()
	switch e := e.(type) {
	case lambdaevent.Tick:
		return "tick"
	case lambdaevent.Notice:
		return "notice"
	case lambdaevent.Call:
		return "call"
	case lambdaevent.Batch:
		contents := map[message.Content]bool{}
		var content message.Content
		for _, d := range e.Deliveries {
			header, err := message.Peek(d.Body)
			if err != nil {
				t.Fatalf("message %s: %v", d.ID, err)
			}
			content = header.Content
			contents[content] = true
		}
		if len(contents) != 1 {
			t.Errorf("the batch mixes contents: %v", contents)
		}
		return string(e.Queue) + " " + string(content)
	}
	t.Fatalf("unknown event %T", e)
	return ""
}

// TestEveryFunctionsEventsAreKnown decodes each event file beside each function; a function without one, or an event file
// nobody expects, fails.
func TestEveryFunctionsEventsAreKnown(t *testing.T) {
	found := map[string]map[string]string{}
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			if rel == "internal" {
				return filepath.SkipDir
			}
			if rel != "." {
				found[filepath.ToSlash(rel)] = map[string]string{}
			}
			return nil
		}
		if name := d.Name(); strings.HasPrefix(name, "event") && strings.HasSuffix(name, ".json") {
			folder := filepath.Dir(rel)
			found[folder][name] = summary(t, decode(t, read(t, rel)))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want := woken()
	for folder, files := range found {
		for name, got := range files {
			if got != want[folder][name] {
				t.Errorf("functions/%s/%s is %q, want %q", folder, name, got, want[folder][name])
			}
		}
	}
	for folder, files := range want {
		for name := range files {
			if _, there := found[folder][name]; !there {
				t.Errorf("functions/%s has no %s", folder, name)
			}
		}
	}
}

func TestTick(t *testing.T) {
	at := time.Date(2026, 10, 24, 12, 0, 0, 0, time.UTC)
	got := decode(t, read(t, "orders", "event.json")).(lambdaevent.Tick)
	if !got.At.Equal(at) || got.At.Location() != time.UTC || got.Schedule != "apicenter-orders-tick" || got.ID == "" {
		t.Errorf("got %+v, want %v of apicenter-orders-tick", got, at)
	}
	// The EventBridge Scheduler sends its detail as text and names a schedule in a group; a zone is brought to UTC.
	got = decode(t, json.RawMessage(`{"version":"0","id":"7","detail-type":"Scheduled Event","source":"aws.scheduler",
		"time":"2026-10-24T14:00:00+02:00","resources":["arn:aws:scheduler:eu-west-1:123456789012:schedule/default/stock-tick"],
		"detail":"{}"}`)).(lambdaevent.Tick)
	if !got.At.Equal(at) || got.At.Location() != time.UTC || got.Schedule != "stock-tick" {
		t.Errorf("got %+v, want %v of stock-tick", got, at)
	}
}

func TestNotice(t *testing.T) {
	got := decode(t, read(t, "notifier", "event.json")).(lambdaevent.Notice)
	var detail struct{ Tenant string }
	if err := json.Unmarshal(got.Detail, &detail); err != nil {
		t.Fatal(err)
	}
	if got.Source != "apicenter" || got.Type != "incident opened" || detail.Tenant != "bakery" {
		t.Errorf("got %+v", got)
	}
}

func TestUnknownEventsAreRefusedInWords(t *testing.T) {
	for _, c := range []struct{ name, raw, want string }{
		{"empty", ``, "not a JSON object"},
		{"null", `null`, "none this function knows"},
		{"list", `[]`, "not a JSON object"},
		{"nothing", `{}`, "none this function knows"},
		{"no records", `{"Records":[]}`, "no message among them"},
		{"records of another kind", `{"Records":{}}`, `"Records" is not a`},
		{"S3", `{"Records":[{"eventSource":"aws:s3"}]}`, `message 1 of the batch: it comes from "aws:s3", not from a queue`},
		{"format 1.0", `{"httpMethod":"GET","path":"/"}`, "format to 2.0"},
		{"format 1.0 with a version", `{"version":"1.0","requestContext":{"http":{"method":"GET"}}}`, "format to 2.0"},
		{"no method", `{"version":"2.0","requestContext":{"http":{}}}`, "no method"},
		{"load balancer", `{"httpMethod":"GET","requestContext":{"elb":{}}}`, "load balancer"},
		{"authorizer", `{"type":"REQUEST"}`, "authorizer"},
		{"another service's event", `{"detail-type":"EC2 Instance State-change Notification","source":"aws.ec2"}`, `"aws.ec2" is not for this function`},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, err := lambdaevent.Decode(json.RawMessage(c.raw))
			if err == nil {
				t.Fatalf("got %#v, want an error with %q", e, c.want)
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %q, want it to contain %q", err, c.want)
			}
		})
	}
}

// TestErrorsKeepContentsToThemselves: what stands in an event may be personal, and errors end in logs.
func TestErrorsKeepContentsToThemselves(t *testing.T) {
	const private = "jan@example.org"
	for _, raw := range []string{
		`{"Records":[{"messageId":"1","eventSource":"aws:sqs","eventSourceARN":"a:map","body":"` + private + `"}]}`,
		`{"Records":"` + private + `"}`,
		`{"version":"2.0","requestContext":{"http":{"method":"GET"}},"body":["` + private + `"]}`,
		`{"detail-type":"x","source":"apicenter","time":"` + private + `"}`,
		`{"Records": ` + private,
	} {
		_, err := lambdaevent.Decode(json.RawMessage(raw))
		if err == nil {
			t.Errorf("no error for %s", raw)
		} else if strings.Contains(err.Error(), private) {
			t.Errorf("the error tells what stood there: %v", err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for folder, files := range woken() {
		for name := range files {
			f.Add([]byte(read(f, folder, name)))
		}
	}
	f.Add([]byte(`{"Records":[{"eventSource":"aws:s3"}]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		e, err := lambdaevent.Decode(raw)
		if (e == nil) == (err == nil) {
			t.Fatalf("got %#v and %v, want one of them", e, err)
		}
		b, ok := e.(lambdaevent.Batch)
		if !ok {
			return
		}
		ids := map[string]bool{}
		for _, d := range b.Deliveries {
			if d.Queue != b.Queue || d.ID == "" || d.Receives < 1 {
				t.Errorf("delivery %+v of queue %q", d, b.Queue)
			}
			ids[d.ID] = true
		}
		if got := b.Response(nil); len(got.BatchItemFailures) != 0 {
			t.Errorf("nothing failed, yet %v come again", got.BatchItemFailures)
		}
		for _, item := range b.Response([]string{b.Deliveries[0].ID}).BatchItemFailures {
			if !ids[item.ItemIdentifier] {
				t.Errorf("%q comes again, which is not of the batch", item.ItemIdentifier)
			}
		}
	})
}
