package storetest

import (
	"fmt"
	"sync/atomic"
	"time"

	"apicenter/shared/store"
)

func incidents() []promise {
	return []promise{
		{"an incident comes back as it was opened", func(w *world) {
			i := w.incident("1", "flow/f")
			w.opens(i, true)
			w.incidents(false, 10, i)
			w.incidents(true, 10, i)
		}},
		{"a subject has one open incident", func(w *world) {
			first := w.incident("1", "flow/f")
			w.opens(first, true)
			second := w.incident("2", "flow/f")
			second.Problem = problem("another")
			w.opens(second, false)
			w.opens(w.incident("3", "flow/g"), true)
			w.incidents(false, 10, w.incident("3", "flow/g"), first)
		}},
		{"of many that open at once exactly one does", incidentRace},
		{"closing tells whether one was open", incidentCloses},
		{"a closed subject can have an incident again", func(w *world) {
			first, second := w.incident("1", "flow/f"), w.incident("2", "flow/f")
			w.opens(first, true)
			w.closes("flow/f", start.Add(time.Minute), true)
			w.opens(second, true)
			first.Closed = start.Add(time.Minute)
			w.incidents(false, 10, second, first)
			w.incidents(true, 10, second)
			w.closes("flow/f", start.Add(time.Hour), true)
			second.Closed = start.Add(time.Hour)
			w.incidents(false, 10, second, first)
			w.incidents(true, 10)
		}},
		{"incidents are listed newest first, as many as asked for", func(w *world) {
			var newestFirst []store.Incident
			for i := range 20 {
				opened := w.incident(fmt.Sprintf("%02d", i), fmt.Sprint("flow/", i))
				w.opens(opened, true)
				if i%3 == 0 {
					w.closes(opened.Subject, start.Add(time.Hour), true)
					opened.Closed = start.Add(time.Hour)
				}
				newestFirst = append([]store.Incident{opened}, newestFirst...)
			}
			w.incidents(false, 50, newestFirst...)
			w.incidents(false, 7, newestFirst[:7]...)
			var open []store.Incident
			for _, i := range newestFirst {
				if i.Closed.IsZero() {
					open = append(open, i)
				}
			}
			w.incidents(true, 50, open...)
			w.incidents(true, 6, open[:6]...)
		}},
		{"tenants have incidents of their own", func(w *world) {
			for n, pair := range lookalikes(w.tenant) {
				for _, p := range pair {
					i := w.incident(fmt.Sprint(n), p[1])
					i.Tenant = p[0]
					w.opens(i, true)
				}
				closed, err := w.store.CloseIncident(w.ctx(), pair[0][0], pair[0][1], start)
				w.must(err)
				w.equal("closed", closed, true)
				list, err := w.store.Incidents(w.ctx(), pair[0][0], true, 10)
				w.must(err)
				w.equal(fmt.Sprintf("open incidents of %q", pair[0]), len(list), 0)
				closed, err = w.store.CloseIncident(w.ctx(), pair[1][0], pair[1][1], start)
				w.must(err)
				w.equal(fmt.Sprintf("incident of %q was still open", pair[1]), closed, true)
			}
			w.opens(w.incident("9", "flow/f"), true)
			other := w.incident("9", "flow/f")
			other.Tenant += "2"
			w.opens(other, true)
			w.closes("flow/f", start, true)
			closed, err := w.store.CloseIncident(w.ctx(), other.Tenant, "flow/f", start)
			w.must(err)
			w.equal("the other tenant's incident was still open", closed, true)
		}},
	}
}

func (w *world) incident(id, subject string) store.Incident {
	return store.Incident{Tenant: w.tenant, ID: id, Subject: subject, Problem: problem("it stopped"), Opened: start.Add(3)}
}

func (w *world) opens(i store.Incident, want bool) {
	w.Helper()
	got, err := w.store.OpenIncident(w.ctx(), i)
	w.must(err)
	if got != want {
		w.Errorf("opening %s for %s: got %v, want %v", i.ID, i.Subject, got, want)
	}
}

func (w *world) closes(subject string, at time.Time, want bool) {
	w.Helper()
	got, err := w.store.CloseIncident(w.ctx(), w.tenant, subject, at)
	w.must(err)
	if got != want {
		w.Errorf("closing %s: got %v, want %v", subject, got, want)
	}
}

func (w *world) incidents(onlyOpen bool, limit int, want ...store.Incident) {
	w.Helper()
	got, err := w.store.Incidents(w.ctx(), w.tenant, onlyOpen, limit)
	w.must(err)
	w.equal(fmt.Sprintf("incidents, only open %v, at most %d", onlyOpen, limit), got, want)
}

func incidentCloses(w *world) {
	w.closes("flow/f", start, false)
	i := w.incident("1", "flow/f")
	w.opens(i, true)
	w.closes("flow/", start, false)
	w.closes("flow/f", start.Add(time.Minute), true)
	w.closes("flow/f", start.Add(time.Hour), false)
	i.Closed = start.Add(time.Minute)
	w.incidents(false, 10, i)
	w.incidents(true, 10)
}

func incidentRace(w *world) {
	for round := range 10 {
		subject := fmt.Sprint("flow/", round)
		count := func(call func(i int) (bool, error)) {
			w.Helper()
			var did, failed atomic.Int64
			together(16, func(i int) {
				if ok, err := call(i); err != nil {
					failed.Add(1)
				} else if ok {
					did.Add(1)
				}
			})
			if did.Load() != 1 || failed.Load() != 0 {
				w.Fatalf("round %d: %d did and %d failed, want 1 and 0", round, did.Load(), failed.Load())
			}
		}
		count(func(i int) (bool, error) {
			return w.store.OpenIncident(w.ctx(), w.incident(fmt.Sprintf("%02d-%02d", round, i), subject))
		})
		count(func(int) (bool, error) { return w.store.CloseIncident(w.ctx(), w.tenant, subject, start) })
	}
}
