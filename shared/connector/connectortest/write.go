package connectortest

import (
	"context"
	"slices"
	"sync/atomic"

	"apicenter/shared/connector"
)

// writing is a target session.
type writing struct {
	*line
	setup  Setup
	finder connector.Finder
	writer connector.Writer
	target Target
	next   func() connector.Document
}

func (s Setup) write(t tester, target Target) {
	var n atomic.Int64
	next := func() connector.Document { return target.Document(int(n.Add(1))) }
	questions := slices.Concat(findQuestions(), writeQuestions(), writeFailures())
	if target.Document == nil {
		questions = lookupQuestions()
	}
	for _, q := range questions {
		t.Run(q.says, func(t tester) { q.ask(t, s.writing(t, target, next)) })
	}
}

func (s Setup) writing(t tester, target Target, next func() connector.Document) *writing {
	t.Helper()
	w := &writing{line: s.open(t, nil), setup: s, target: target, next: next}
	var can, able bool
	w.finder, can = w.session.(connector.Finder)
	w.writer, able = w.session.(connector.Writer)
	if !can || !able && target.Document != nil {
		t.Fatalf("the session cannot find and write")
	}
	return w
}

func (w *writing) put(ctx context.Context, t tester, docs ...connector.Document) []connector.Outcome {
	t.Helper()
	outcomes, err := w.writer.Write(ctx, w.target.Kind, docs)
	if err != nil || len(outcomes) != len(docs) {
		t.Fatalf("%d outcomes for %d documents, %v", len(outcomes), len(docs), err)
	}
	for _, o := range outcomes {
		w.clean(t, "what was sent", string(o.Sent))
		w.clean(t, "what was answered", string(o.Answer))
		if o.Err == nil && (o.Unknown || o.NotStarted) || o.Unknown && o.NotStarted {
			t.Errorf("an outcome contradicts itself: error %v, unknown %t, not started %t", o.Err, o.Unknown, o.NotStarted)
		}
	}
	return outcomes
}

// make writes documents that have to be taken.
func (w *writing) make(t tester, docs ...connector.Document) []connector.Outcome {
	t.Helper()
	outcomes := w.put(t.Context(), t, docs...)
	for i, o := range outcomes {
		if o.Err != nil {
			t.Fatalf("document %d was not written: %v", i, o.Err)
		}
	}
	return outcomes
}

func (w *writing) ask(t tester, queries []connector.Query) []connector.Found {
	t.Helper()
	found, err := w.finder.Find(t.Context(), w.target.Kind, queries)
	if err != nil || len(found) != len(queries) {
		t.Fatalf("%d answers to %d questions, %v", len(found), len(queries), err)
	}
	for i, f := range found {
		if f.Err != nil {
			t.Fatalf("question %d: %v", i, f.Err)
		}
	}
	return found
}

func (w *writing) matches(t tester, docs ...connector.Document) []connector.Found {
	t.Helper()
	queries := make([]connector.Query, len(docs))
	for i, d := range docs {
		queries[i] = w.target.Query(d)
	}
	return w.ask(t, queries)
}

func writeQuestions() []question[*writing] {
	return []question[*writing]{
		{"creates what is found afterwards", func(t tester, w *writing) {
			docs := []connector.Document{w.next(), w.next()}
			for _, f := range w.matches(t, docs...) {
				if len(f.Matches) != 0 {
					t.Fatalf("a document that was not written is found")
				}
			}
			outcomes := w.make(t, docs...)
			found := w.matches(t, docs...)
			for i, o := range outcomes {
				if o.ID == "" || len(o.Sent) == 0 {
					t.Errorf("document %d: the number is %q and %d bytes were sent", i, o.ID, len(o.Sent))
				}
				if len(found[i].Matches) != 1 || found[i].Matches[0].ID != o.ID {
					t.Errorf("document %d was written as %q and is found as %+v", i, o.ID, found[i].Matches)
				}
			}
		}},
		{"the system holds what was written", func(t tester, w *writing) {
			d := w.next()
			w.make(t, d)
			if n := w.target.Count(d); n != 1 {
				t.Fatalf("the system holds %d", n)
			}
			if difference := w.target.Differs(d); difference != "" {
				t.Errorf("%s", difference)
			}
		}},
		{"changes what exists", func(t tester, w *writing) {
			if w.target.Update == nil {
				return
			}
			d := w.next()
			o := w.make(t, d)[0]
			changed := w.target.Update(d)
			changed.ID = o.ID
			if again := w.make(t, changed)[0]; again.ID != o.ID {
				t.Errorf("the number went from %q to %q", o.ID, again.ID)
			}
			if n := w.target.Count(d); n != 1 {
				t.Errorf("the system holds %d", n)
			}
			if difference := w.target.Differs(changed); difference != "" {
				t.Errorf("%s", difference)
			}
		}},
		{"is honest about a second write", func(t tester, w *writing) {
			d := w.next()
			w.make(t, d)
			second := w.put(t.Context(), t, d)[0]
			n := w.target.Count(d)
			if second.Err == nil && n != 2 {
				t.Errorf("the second write was confirmed, and the system holds %d", n)
			}
			if second.Err != nil && n != 1 {
				t.Errorf("the second write was refused (%v), and the system holds %d", second.Err, n)
			}
			if found := w.matches(t, d)[0]; len(found.Matches) != n {
				t.Errorf("the system holds %d and %d are found", n, len(found.Matches))
			}
		}},
		{"several at a time", func(t tester, w *writing) {
			parallel(func(int) {
				d := w.next()
				if o, err := w.writer.Write(t.Context(), w.target.Kind, []connector.Document{d}); err != nil || o[0].Err != nil {
					t.Errorf("%v, %+v", err, o)
				}
				if f, err := w.finder.Find(t.Context(), w.target.Kind, []connector.Query{w.target.Query(d)}); err != nil || len(f[0].Matches) != 1 {
					t.Errorf("%v, %+v", err, f)
				}
			})
		}},
	}
}
