package connectortest

import (
	"net/http"

	"apicenter/shared/connector"
	"apicenter/shared/fault"
)

const (
	manyQueries = 120
	// mostRequests is how many requests so many queries may take: questions that are asked in batches take a handful.
	mostRequests = 30
)

func findQuestions() []question[*writing] {
	return []question[*writing]{
		{"answers many questions in order", func(t tester, w *writing) {
			there := []connector.Document{w.next(), w.next(), w.next()}
			w.make(t, there...)
			w.many(t, []connector.Query{w.target.Query(there[0]), w.target.Query(there[1]), w.target.Query(there[2])},
				func(int) connector.Query { return w.target.Query(w.next()) })
		}},
		{"no answer is no absence", func(t tester, w *writing) { w.absence(t, w.target.Query(w.next())) }},
	}
}

// lookupQuestions are for kinds that are never written.
func lookupQuestions() []question[*writing] {
	return []question[*writing]{
		{"answers many questions in order", func(t tester, w *writing) { w.many(t, w.target.There, w.target.Absent) }},
		{"no answer is no absence", func(t tester, w *writing) { w.absence(t, w.target.There[0]) }},
		{"several at a time", func(t tester, w *writing) {
			parallel(func(int) {
				if found, err := w.finder.Find(t.Context(), w.target.Kind, w.target.There[:1]); err != nil || len(found[0].Matches) != 1 {
					t.Errorf("%v, %+v", err, found)
				}
			})
		}},
	}
}

// many asks for a lot that is not there with some in between that is, which has to come back at its own place.
func (w *writing) many(t tester, there []connector.Query, absent func(n int) connector.Query) {
	t.Helper()
	queries := make([]connector.Query, manyQueries)
	where := map[int]string{}
	for i := range queries {
		queries[i] = absent(i)
	}
	for i, q := range there {
		at := 7 + i*manyQueries/len(there)
		queries[at] = q
		alone := w.ask(t, []connector.Query{q})[0]
		if len(alone.Matches) != 1 {
			t.Fatalf("what is there has %d matches", len(alone.Matches))
		}
		where[at] = alone.Matches[0].ID
	}
	before := w.wire.requests()
	for i, f := range w.ask(t, queries) {
		want, is := where[i]
		if is != (len(f.Matches) == 1) || is && f.Matches[0].ID != want {
			t.Errorf("question %d: %+v, want %q", i, f.Matches, want)
		}
	}
	if made := w.wire.requests() - before; made > mostRequests {
		t.Errorf("%d questions took %d requests", manyQueries, made)
	}
	if found := w.ask(t, nil); len(found) != 0 {
		t.Errorf("no question got %d answers", len(found))
	}
}

// absence: whatever goes wrong while asking must not look like "there is none", or it would be written twice.
func (w *writing) absence(t tester, q connector.Query) {
	t.Helper()
	for name, spoil := range map[string]spoiler{
		"cut":         cut,
		"reset":       reset,
		"refused":     refused,
		"bad gateway": answer(http.StatusBadGateway, nil, ""),
		"not found":   answer(http.StatusNotFound, nil, "<h1>Not found</h1>"),
		"unreadable":  answer(http.StatusOK, nil, "<<<not what was asked for"),
		"empty":       answer(http.StatusOK, nil, ""),
		"login page":  answer(http.StatusFound, map[string]string{"Location": "/login"}, ""),
	} {
		w.wire.with(spoil)
		found, err := w.finder.Find(t.Context(), w.target.Kind, []connector.Query{q})
		if err == nil && len(found) == 1 {
			err = found[0].Err
		}
		if err == nil {
			t.Errorf("%s: no error, %+v", name, found)
			continue
		}
		w.fails(t, err, fault.Retry, fault.Pause)
	}
	w.wire.with(answer(http.StatusTooManyRequests, map[string]string{"Retry-After": "3"}, ""))
	_, err := w.finder.Find(t.Context(), w.target.Kind, []connector.Query{q})
	w.fails(t, err, fault.Wait)
}
