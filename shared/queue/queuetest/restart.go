package queuetest

import (
	"apicenter/shared/queue"
)

func restartQuestions() []question {
	return []question{
		{"a restart keeps everything", (*subject).restartKeeps},
		{"a restart keeps groups closed and ids remembered", (*subject).restartFIFO},
	}
}

// restart closes the queue and opens it again.
func (s *subject) restart() {
	s.Helper()
	if s.o.Reopen == nil {
		s.Skipf("not asked: this adapter holds nothing that a restart could lose")
	}
	s.Queue = s.reopen(s.Queue)
}

func (s *subject) restartKeeps() {
	s.send(standard, plain("dead"))
	s.bury(s.one(standard, "dead"))
	s.send(standard, plain("in flight"))
	flying := s.one(standard, "in flight")
	s.send(standard, plain("deleted"))
	s.remove(s.one(standard, "deleted"))
	s.send(standard, plain("visible"), queue.Message{Body: []byte("delayed"), Group: "tenant-a", Delay: s.unit()})
	want := queue.Counts{Visible: 1, InFlight: 1, Delayed: 1, Dead: 1}
	s.count(standard, want)

	s.restart()
	s.count(standard, want)
	s.remove(s.one(standard, "visible"))
	s.none(standard, "the others are delayed and in flight")
	s.clock.Advance(s.unit() + s.unit()/2)
	s.remove(s.one(standard, "delayed"))
	s.none(standard, "the other is in flight")

	s.restart()
	s.extend(flying, 0) // a receipt outlives the process that got it
	again := s.one(standard, "in flight")
	if again.ID != flying.ID || again.Receives != 2 {
		s.Fatalf("after a restart: got id %q, Receives %d, want %q and 2", again.ID, again.Receives, flying.ID)
	}
	s.restart()
	s.remove(again)
	s.redrive(standard, 10, 1)
	s.remove(s.one(standard, "dead"))
	s.count(standard, queue.Counts{})
}

func (s *subject) restartFIFO() {
	m := queue.Message{Body: []byte("a1"), Group: "a", Dedup: "remembered"}
	s.send(fifo, m, s.lane("a", "a2"), s.lane("b", "b1"))
	first := s.one(fifo, "a1")

	s.restart()
	s.send(fifo, m)
	s.send(fifo, s.lane("a", "a3"))
	s.remove(s.one(fifo, "b1"))
	s.none(fifo, "the group has one in flight")
	s.count(fifo, queue.Counts{Visible: 2, InFlight: 1})
	s.remove(first)

	s.restart()
	for _, want := range []string{"a2", "a3"} {
		s.remove(s.one(fifo, want))
	}
	s.none(fifo, "all was deleted, and the repetition dropped")
}
