package queuetest

import (
	"time"

	"apicenter/shared/queue"
)

func visibilityQuestions() []question {
	return []question{
		{"extend keeps a message invisible longer", (*subject).extendLonger},
		{"extend makes a message visible sooner", (*subject).extendShorter},
		{"extend by nothing makes a message visible at once", (*subject).extendZero},
		{"extend counts from now", (*subject).extendFromNow},
		{"extend with a stale receipt does nothing", (*subject).extendStale},
		{"extend over the longest visibility is refused", (*subject).extendCapped},
	}
}

func (s *subject) extendLonger() {
	for _, q := range []queue.Name{standard, fifo} {
		s.send(q, s.lane("group", "a"))
		longer := 3 * s.visibility(q)
		s.extend(s.one(q, "a"), longer)
		s.almost(longer)
		s.none(q, "it was extended")
		s.rest(longer)
		s.one(q, "a")
	}
}

func (s *subject) extendShorter() {
	for _, q := range []queue.Name{standard, fifo} {
		s.send(q, s.lane("group", "a"))
		sooner := s.unit()
		s.extend(s.one(q, "a"), sooner)
		s.almost(sooner)
		s.none(q, "its shorter visibility has not ended")
		s.rest(sooner)
		s.one(q, "a")
	}
}

func (s *subject) extendZero() {
	for _, q := range []queue.Name{standard, fifo} {
		s.send(q, s.lane("group", "a"))
		d := s.one(q, "a")
		s.extend(d, 0)
		again := s.one(q, "a")
		s.remove(again)
		s.count(q, queue.Counts{})
	}
}

func (s *subject) extendFromNow() {
	s.send(standard, plain("a"))
	d := s.one(standard, "a")
	for range 3 { // a handler that needs long keeps its message by extending again and again
		s.almost(s.visibility(standard))
		s.extend(d, s.visibility(standard))
	}
	s.almost(s.visibility(standard))
	s.none(standard, "it was extended a moment ago")
	s.remove(d)
	s.count(standard, queue.Counts{})
}

func (s *subject) extendStale() {
	for _, q := range []queue.Name{standard, fifo} {
		s.send(q, s.lane("group", "a"))
		stale := s.one(q, "a")
		s.extend(stale, 0)
		fresh := s.one(q, "a")
		s.extend(stale, 0)
		s.none(q, "only a stale receipt was made visible")
		s.extend(stale, 10*s.visibility(q))
		s.almost(s.visibility(q))
		s.none(q, "its visibility has not ended")
		s.rest(s.visibility(q))
		newest := s.one(q, "a")
		s.extend(fresh, 0)
		s.none(q, "only a stale receipt was made visible")
		s.remove(newest)
		s.extend(newest, 0) // nothing is left to extend
		s.none(q, "it was deleted")
	}
}

func (s *subject) extendCapped() {
	s.send(standard, plain("a"))
	d := s.one(standard, "a")
	if err := s.Extend(s.ctx, d, queue.MaxVisibility+time.Second); err == nil {
		s.Fatalf("Extend over MaxVisibility: got no error, want one")
	}
	if err := s.Extend(s.ctx, d, -time.Second); err == nil {
		s.Fatalf("Extend by less than nothing: got no error, want one")
	}
	s.count(standard, queue.Counts{InFlight: 1})
	s.remove(d)
	s.count(standard, queue.Counts{})
}
