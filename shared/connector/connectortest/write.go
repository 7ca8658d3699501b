package connectortest

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"

	"apicenter/shared/connector"
	"apicenter/shared/fault"
)

// writing is a target session.
type writing struct {
	*line
	finder connector.Finder
	writer connector.Writer
	target Target
	next   func() connector.Document
}

func (s Setup) write(t *testing.T, target Target) {
	n := 0
	var mu sync.Mutex
	next := func() connector.Document {
		mu.Lock()
		defer mu.Unlock()
		n++
		return target.Document(n)
	}
	open := func(t *testing.T) *writing {
		t.Helper()
		l := s.open(t, nil)
		finder, can := l.session.(connector.Finder)
		writer, able := l.session.(connector.Writer)
		if !can || !able {
			t.Fatal("the session cannot find and write")
		}
		return &writing{line: l, finder: finder, writer: writer, target: target, next: next}
	}
	t.Run("creates what is found afterwards", func(t *testing.T) { open(t).creates(t) })
	t.Run("answers many questions in order", func(t *testing.T) { open(t).finds(t) })
	t.Run("is no kinder than the system to a second write", func(t *testing.T) { open(t).twice(t) })
	t.Run("answer lost after the work was done", func(t *testing.T) { open(t).unknown(t, lost) })
	t.Run("answer cut after the work was done", func(t *testing.T) { open(t).unknown(t, cut) })
	t.Run("nothing left the house", func(t *testing.T) { open(t).notStarted(t) })
	t.Run("refusals", func(t *testing.T) { open(t).refused(t) })
	t.Run("side by side", func(t *testing.T) { open(t).sideBySide(t) })
}

func (w *writing) put(ctx context.Context, t *testing.T, docs ...connector.Document) []connector.Outcome {
	t.Helper()
	outcomes, err := w.writer.Write(ctx, w.target.Kind, docs)
	if err != nil && len(outcomes) == 0 {
		for range docs {
			outcomes = append(outcomes, connector.Outcome{Err: err, Unknown: true})
		}
	}
	if len(outcomes) != len(docs) {
		t.Fatalf("%d outcomes for %d documents, %v", len(outcomes), len(docs), err)
	}
	for _, o := range outcomes {
		w.clean(t, "what was sent", string(o.Sent))
		w.clean(t, "what was answered", string(o.Answer))
	}
	return outcomes
}

func (w *writing) matches(t *testing.T, docs ...connector.Document) []connector.Found {
	t.Helper()
	queries := make([]connector.Query, len(docs))
	for i, d := range docs {
		queries[i] = w.target.Query(d)
	}
	found, err := w.finder.Find(t.Context(), w.target.Kind, queries)
	if err != nil || len(found) != len(docs) {
		t.Fatalf("%d answers to %d questions, %v", len(found), len(docs), err)
	}
	for _, f := range found {
		if f.Err != nil {
			t.Fatal(f.Err)
		}
	}
	return found
}

func (w *writing) creates(t *testing.T) {
	docs := []connector.Document{w.next(), w.next()}
	for _, f := range w.matches(t, docs...) {
		if len(f.Matches) != 0 {
			t.Fatal("a document that was not written is found")
		}
	}
	outcomes := w.put(t.Context(), t, docs...)
	found := w.matches(t, docs...)
	for i, o := range outcomes {
		if o.Err != nil || o.ID == "" || o.Unknown || o.NotStarted || len(o.Sent) == 0 {
			t.Errorf("document %d: %+v", i, o)
		}
		if len(found[i].Matches) != 1 || found[i].Matches[0].ID != o.ID {
			t.Errorf("document %d was written as %q and is found as %+v", i, o.ID, found[i].Matches)
		}
	}
}

func (w *writing) finds(t *testing.T) {
	there := []connector.Document{w.next(), w.next(), w.next()}
	w.put(t.Context(), t, there...)
	var docs []connector.Document
	for i := range 120 {
		if i%40 == 7 {
			docs = append(docs, there[i/40])
		} else {
			docs = append(docs, w.next())
		}
	}
	before := w.wire.requests()
	for i, f := range w.matches(t, docs...) {
		if want := i%40 == 7; (len(f.Matches) == 1) != want {
			t.Errorf("question %d: %d matches", i, len(f.Matches))
		}
	}
	if made := w.wire.requests() - before; made > 30 {
		t.Errorf("120 questions took %d requests", made)
	}
}

func (w *writing) twice(t *testing.T) {
	doc := w.next()
	w.put(t.Context(), t, doc)
	second := w.put(t.Context(), t, doc)[0]
	n := w.target.Count(doc)
	if second.Err == nil && n != 2 {
		t.Errorf("the second write was confirmed, and the system holds %d", n)
	}
	if second.Err != nil && n != 1 {
		t.Errorf("the second write was refused (%v), and the system holds %d", second.Err, n)
	}
	if found := w.matches(t, doc)[0]; len(found.Matches) != n {
		t.Errorf("the system holds %d and %d are found", n, len(found.Matches))
	}
}

// unknown: the caller must not take a lost answer for a failure.
func (w *writing) unknown(t *testing.T, spoil spoiler) {
	doc := w.next()
	w.wire.with(spoil)
	o := w.put(t.Context(), t, doc)[0]
	w.wire.with(nil)
	if o.Err == nil || !o.Unknown || o.NotStarted {
		t.Errorf("the outcome is %+v, want an unknown one", o)
	} else {
		w.fails(t, o.Err, fault.Retry)
	}
	if found := w.matches(t, doc)[0]; len(found.Matches) != 1 || w.target.Count(doc) != 1 {
		t.Errorf("%d are found, the system holds %d", len(found.Matches), w.target.Count(doc))
	}
}

func (w *writing) notStarted(t *testing.T) {
	doc := w.next()
	late := connector.WithStartBefore(t.Context(), time.Now().Add(-time.Second))
	before := w.wire.requests()
	if o := w.put(late, t, doc)[0]; !o.NotStarted || o.Err == nil || o.Unknown {
		t.Errorf("after the time to start: %+v", o)
	}
	if w.wire.requests() != before {
		t.Error("a request was made after the time to start")
	}
	w.wire.with(func(*http.Request, http.RoundTripper) (*http.Response, error) {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	})
	o := w.put(t.Context(), t, doc)[0]
	if !o.NotStarted || o.Unknown {
		t.Errorf("with the connection refused: %+v", o)
	}
	if problem := w.fails(t, o.Err, fault.Retry); !problem.Connection {
		t.Error("a refused connection does not count for the connection")
	}
	if n := w.target.Count(doc); n != 0 {
		t.Errorf("the system holds %d", n)
	}
}

func (w *writing) refused(t *testing.T) {
	for status, class := range map[int]fault.Class{401: fault.Pause, 403: fault.Pause, 429: fault.Wait, 503: fault.Wait} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			w.wire.with(answer(status, map[string]string{"Retry-After": "4"}, ""))
			defer w.wire.with(nil)
			o := w.put(t.Context(), t, w.next())[0]
			problem := w.fails(t, o.Err, class)
			if o.Unknown {
				t.Error("a refusal is no unknown outcome")
			}
			if class == fault.Wait && problem.After != 4*time.Second {
				t.Errorf("waits %s, told to wait 4s", problem.After)
			}
		})
	}
	w.wire.with(silent)
	if o := w.put(soon(t), t, w.next())[0]; o.Err == nil || !o.Unknown {
		t.Errorf("without an answer: %+v", o)
	}
	w.wire.with(answer(200, nil, "<<<not what was asked for"))
	if o := w.put(t.Context(), t, w.next())[0]; o.Err != nil && !o.Unknown {
		t.Errorf("an answer nobody can read is no failure: %+v", o)
	}
	w.wire.with(nil)
}

func (w *writing) sideBySide(t *testing.T) {
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			doc := w.next()
			if o := w.put(t.Context(), t, doc)[0]; o.Err != nil {
				t.Errorf("side by side: %v", o.Err)
			}
		})
	}
	wait.Wait()
}
