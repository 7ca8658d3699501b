package queuetest

import (
	"fmt"

	"apicenter/shared/queue"
)

func deadQuestions() []question {
	return []question{
		{"a message received too often goes to the dead letters", (*subject).deadAfterMax},
		{"a dead letter frees its group", (*subject).deadFreesGroup},
		{"bury moves a delivery to the dead letters at once", (*subject).buried},
		{"dead letters are listed oldest first and stay", (*subject).deadListed},
		{"redrive sends dead letters again", (*subject).redriven},
		{"redrive takes no more than asked", (*subject).redriveLimited},
	}
}

// bury buries and fails on an error.
func (s *subject) bury(d queue.Delivery) {
	s.Helper()
	if err := s.Bury(s.ctx, d, "asked for by the suite"); err != nil {
		s.Fatalf("Bury: got error %v, want none", err)
	}
}

// letters lists dead letters and fails unless there are n.
func (s *subject) letters(q queue.Name, limit, n int) []queue.Delivery {
	s.Helper()
	got, err := s.Buried(s.ctx, q, limit)
	if err != nil {
		s.Fatalf("Buried of %s: got error %v, want none", q, err)
	}
	if len(got) != n {
		s.Fatalf("Buried of %s, at most %d: got %s, want %d dead letters", q, limit, bodies(got), n)
	}
	return got
}

// redrive sends dead letters again and fails unless they were n.
func (s *subject) redrive(q queue.Name, limit, n int) {
	s.Helper()
	got, err := s.Redrive(s.ctx, q, limit)
	if err != nil {
		s.Fatalf("Redrive of %s: got error %v, want none", q, err)
	}
	if got != n {
		s.Fatalf("Redrive of %s, at most %d: got %d, want %d", q, limit, got, n)
	}
}

// exhaust receives the message as often as the queue allows and lets it come back each time.
func (s *subject) exhaust(q queue.Name, body string) {
	s.Helper()
	for i := range s.o.Settings(q).MaxReceives {
		d := s.one(q, body)
		if i%2 == 0 {
			s.extend(d, 0)
		} else {
			s.clock.Advance(s.visibility(q) + s.unit()/2)
		}
	}
}

func (s *subject) deadAfterMax() {
	for _, q := range []queue.Name{standard, fifo} {
		s.send(q, s.lane("group", "poison"))
		s.exhaust(q, "poison")
		s.none(q, "it was received as often as the queue allows")
		dead := s.letters(q, 10, 1)[0]
		if string(dead.Body) != "poison" || dead.Group != "group" || dead.Queue != q {
			s.Fatalf("dead letter of %s: got body %q, group %q, queue %q, want it unchanged", q, dead.Body, dead.Group, dead.Queue)
		}
		s.count(q, queue.Counts{Dead: 1})
		s.clock.Advance(s.visibility(q) + s.unit())
		s.none(q, "dead letters do not come back by themselves")
	}
}

func (s *subject) deadFreesGroup() {
	s.send(fifo, s.lane("group", "poison"), s.lane("group", "next"))
	s.exhaust(fifo, "poison")
	// The receive that finds the poison may be the one that buries it and come away empty.
	got := s.receive(fifo, 1)
	if len(got) == 0 {
		got = s.take(fifo, 1)
	}
	if string(got[0].Body) != "next" {
		s.Fatalf("Receive after a dead letter: got %s, want the next of its group", bodies(got))
	}
	s.bury(got[0])
	s.send(fifo, s.lane("group", "last"))
	s.remove(s.one(fifo, "last"))
	s.count(fifo, queue.Counts{Dead: 2})
}

func (s *subject) buried() {
	for _, q := range []queue.Name{standard, fifo} {
		s.send(q, s.lane("group-a", "bad"))
		s.bury(s.one(q, "bad"))
		s.send(q, s.lane("group-b", "good"))
		s.count(q, queue.Counts{Visible: 1, Dead: 1})
		if dead := s.letters(q, 10, 1)[0]; string(dead.Body) != "bad" || dead.Group != "group-a" {
			s.Fatalf("dead letter of %s: got body %q, group %q, want it unchanged", q, dead.Body, dead.Group)
		}
		s.remove(s.one(q, "good"))
		s.clock.Advance(s.visibility(q) + s.unit())
		s.none(q, "buried messages do not come back by themselves")
		s.count(q, queue.Counts{Dead: 1})
	}
}

func (s *subject) deadListed() {
	const all = 5
	for i := range all {
		s.send(standard, plain(fmt.Sprint(i)))
		s.bury(s.one(standard, fmt.Sprint(i)))
		s.clock.Advance(s.unit())
	}
	for range 2 { // looking takes nothing away
		for i, d := range s.letters(standard, all+1, all) {
			if want := fmt.Sprint(i); string(d.Body) != want {
				s.Fatalf("dead letter %d: got %q, want %q: oldest first", i, d.Body, want)
			}
		}
		s.count(standard, queue.Counts{Dead: all})
	}
	s.letters(standard, 2, 2)
	s.letters(another, 10, 0)
}

func (s *subject) redriven() {
	for _, q := range []queue.Name{standard, fifo} {
		s.send(q, s.lane("group", "a"))
		d := s.one(q, "a")
		s.bury(d)
		s.redrive(q, 10, 1)
		s.letters(q, 10, 0)
		again := s.one(q, "a")
		if again.Group != "group" || again.Receives != 1 {
			s.Fatalf("redriven message on %s: got group %q, Receives %d, want %q and 1", q, again.Group, again.Receives, "group")
		}
		s.remove(d) // the receipt from before is stale
		s.count(q, queue.Counts{InFlight: 1})
		s.extend(again, 0)
		s.remove(s.one(q, "a"))
		s.count(q, queue.Counts{})
		s.redrive(q, 10, 0)
	}
}

func (s *subject) redriveLimited() {
	for i := range 5 {
		s.send(standard, plain(fmt.Sprint(i)))
		s.bury(s.one(standard, fmt.Sprint(i)))
		s.clock.Advance(s.unit())
	}
	s.redrive(standard, 2, 2)
	s.count(standard, queue.Counts{Visible: 2, Dead: 3})
	s.redrive(standard, 10, 3)
	seen := map[string]bool{}
	for _, d := range s.take(standard, 5) {
		seen[string(d.Body)] = true
	}
	if len(seen) != 5 {
		s.Fatalf("after two redrives: got %d different messages, want 5", len(seen))
	}
}
