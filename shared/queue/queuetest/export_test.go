package queuetest

import (
	"testing"
	"time"

	"apicenter/shared/queue"
)

// Ask asks one question of the suite of a queue and lets answers be recorded by something that is no *testing.T.
func Ask(t *testing.T, promise string, patience time.Duration, recorder T, clock *Clock, q queue.Queue, reopen func(queue.Queue) queue.Queue) {
	t.Helper()
	o := Options{Reopen: func(*testing.T, *Clock, queue.Queue) queue.Queue { return nil }}
	for _, a := range questions() {
		if a.promise == promise {
			s, end := o.subject(recorder, clock, q, reopen)
			defer end()
			s.patience = patience
			a.ask(s)
			return
		}
	}
	t.Errorf("the suite has no question %q", promise)
}

// Promises lists the questions.
func Promises() []string {
	var all []string
	for _, a := range questions() {
		all = append(all, a.promise)
	}
	return all
}
