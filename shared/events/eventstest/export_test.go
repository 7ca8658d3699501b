package eventstest

import (
	"testing"
	"time"
)

// Ask asks one question of the suite of a bus and lets answers be recorded by something that is no *testing.T.
func Ask(t *testing.T, promise string, patience time.Duration, recorder T, b Bus) {
	t.Helper()
	for _, q := range questions() {
		if q.promise == promise {
			s, end := newSubject(recorder, b)
			defer end()
			s.patience = patience
			q.ask(s)
			return
		}
	}
	t.Errorf("the suite has no question %q", promise)
}

// Promises lists the questions.
func Promises() []string {
	var all []string
	for _, q := range questions() {
		all = append(all, q.promise)
	}
	return all
}
