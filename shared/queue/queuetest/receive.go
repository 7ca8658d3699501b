package queuetest

import (
	"fmt"
	"sync"
	"time"

	"apicenter/shared/queue"
)

func receiveQuestions() []question {
	return []question{
		{"a message in flight is invisible", (*subject).invisibleInFlight},
		{"a message comes back after its visibility", (*subject).comesBack},
		{"delete is final", (*subject).deleteFinal},
		{"delete with a stale receipt does nothing", (*subject).deleteStale},
		{"receives are counted", (*subject).receivesCounted},
		{"a delivery says when and for whom it was sent", (*subject).deliveryFilled},
		{"a receive returns no more than asked", (*subject).mostKept},
		{"concurrent receivers never get the same visible message", (*subject).concurrentReceivers},
		{"one tenant's thousand messages do not hold up another's first", (*subject).fairness},
		{"messages past their retention are gone", (*subject).retention},
		{"counts tell visible, in flight, delayed and dead", (*subject).counted},
	}
}

func (s *subject) invisibleInFlight() {
	s.send(standard, plain("a"), plain("b"))
	s.take(standard, 2)
	s.none(standard, "both messages are in flight")
	s.almost(s.visibility(standard))
	s.none(standard, "both messages are in flight until their visibility ends")
}

func (s *subject) comesBack() {
	for _, q := range []queue.Name{standard, fifo} {
		s.send(q, s.lane("group", "a"))
		first := s.one(q, "a")
		s.almost(s.visibility(q))
		s.none(q, "the visibility has not ended")
		s.rest(s.visibility(q))
		again := s.one(q, "a")
		if again.ID != first.ID {
			s.Fatalf("second delivery on %s: got id %q, want %q as at the first", q, again.ID, first.ID)
		}
		if again.Receipt == first.Receipt {
			s.Fatalf("second delivery on %s: got the receipt of the first, want a new one", q)
		}
		s.almost(s.visibility(q))
		s.none(q, "the second delivery is invisible as long as the first")
	}
}

func (s *subject) deleteFinal() {
	for _, q := range []queue.Name{standard, fifo} {
		s.send(q, s.lane("group-a", "a"), s.lane("group-b", "b"))
		ds := s.take(q, 2)
		s.remove(ds...)
		s.count(q, queue.Counts{})
		s.remove(ds...) // a second time is harmless
		s.clock.Advance(s.visibility(q) + s.unit())
		s.none(q, "everything was deleted")
	}
}

func (s *subject) deleteStale() {
	for _, q := range []queue.Name{standard, fifo} {
		s.send(q, s.lane("group", "a"))
		stale := s.one(q, "a")
		s.extend(stale, 0)
		fresh := s.one(q, "a")
		s.remove(stale)
		s.count(q, queue.Counts{InFlight: 1})
		s.almost(s.visibility(q))
		s.none(q, "it is in flight")
		s.rest(s.visibility(q))
		newest := s.one(q, "a")
		s.remove(fresh, newest) // the stale one does not spoil its neighbour
		s.count(q, queue.Counts{})
	}
}

func (s *subject) receivesCounted() {
	for _, q := range []queue.Name{standard, fifo} {
		s.send(q, s.lane("group", "a"))
		for want := 1; want <= s.o.Settings(q).MaxReceives; want++ {
			d := s.one(q, "a")
			if d.Receives != want {
				s.Fatalf("delivery %d on %s: got Receives %d, want %d", want, q, d.Receives, want)
			}
			if want%2 == 0 {
				s.extend(d, 0)
			} else {
				s.clock.Advance(s.visibility(q) + s.unit()/2)
			}
		}
	}
}

func (s *subject) deliveryFilled() {
	for _, q := range []queue.Name{standard, fifo} {
		sent := s.clock.Now()
		s.send(q, s.lane("tenant-żółw/#1", "a"))
		for range 2 {
			d := s.one(q, "a")
			if d.Group != "tenant-żółw/#1" {
				s.Fatalf("delivery on %s: got group %q, want %q", q, d.Group, "tenant-żółw/#1")
			}
			if off := d.Sent.Sub(sent).Abs(); off > s.unit() {
				s.Fatalf("delivery on %s: got sent %v, want %v", q, d.Sent, sent)
			}
			s.clock.Advance(s.visibility(q) + s.unit()/2)
		}
	}
}

func (s *subject) mostKept() {
	for i := range 12 {
		s.send(standard, plain(fmt.Sprintf("message %d", i)))
	}
	for _, most := range []int{1, 3, 10} { // receive checks that no more arrives
		if got := s.receive(standard, most); len(got) == 0 {
			s.Fatalf("Receive of at most %d: got nothing, want something", most)
		}
	}
	if _, err := s.Receive(s.ctx, standard, 0, 0); err == nil {
		s.Fatalf("Receive of at most 0: got no error, want one")
	}
}

func (s *subject) concurrentReceivers() {
	const all, receivers = 300, 8
	batch := make([]queue.Message, all)
	for i := range batch {
		batch[i] = queue.Message{Body: fmt.Appendf(nil, "message %d", i), Group: fmt.Sprintf("tenant-%d", i%5)}
	}
	s.send(standard, batch...)
	type result struct {
		ids []string
		err error
	}
	results := make(chan result)
	var start sync.WaitGroup
	start.Add(receivers)
	for range receivers {
		go func() {
			var r result
			start.Done()
			start.Wait()
			for {
				got, err := s.Receive(s.ctx, standard, 7, 0)
				for _, d := range got {
					r.ids = append(r.ids, d.ID)
				}
				if r.err = err; err != nil || len(got) == 0 {
					results <- r
					return
				}
			}
		}()
	}
	seen := make(map[string]int, all)
	for range receivers {
		r := <-results
		if r.err != nil {
			s.Fatalf("Receive among %d receivers: got error %v, want none", receivers, r.err)
		}
		for _, id := range r.ids {
			if seen[id]++; seen[id] > 1 {
				s.Fatalf("message %s went to two receivers while it was invisible", id)
			}
		}
	}
	if rest := all - len(seen); rest > 0 { // a receiver may have come away empty while others were at it
		s.take(standard, rest)
	}
}

func (s *subject) fairness() {
	const waiting, few = 1000, 5
	for batch := range waiting / 100 {
		crowd := make([]queue.Message, 100)
		for i := range crowd {
			crowd[i] = queue.Message{Body: fmt.Appendf(nil, "crowd %d", batch*100+i), Group: "tenant-crowd"}
		}
		s.send(standard, crowd...)
	}
	s.take(standard, 30)
	s.send(standard, queue.Message{Body: []byte("single"), Group: "tenant-single"})
	s.arrivesWithin(few, "single")

	// The same when the crowd is coming back rather than new.
	s.clock.Advance(s.visibility(standard) + s.unit())
	s.send(standard, queue.Message{Body: []byte("second"), Group: "tenant-single"})
	s.arrivesWithin(few, "second")
}

// arrivesWithin fails unless one of the next receives brings the body.
func (s *subject) arrivesWithin(receives int, body string) {
	s.Helper()
	for range receives {
		for _, d := range s.receive(standard, 10) {
			if string(d.Body) == body {
				return
			}
		}
	}
	s.Fatalf("a lone tenant's message %q did not arrive within %d receives behind another tenant's thousand", body, receives)
}

func (s *subject) retention() {
	if s.o.RealTime {
		s.Skipf("not asked: real time would have to pass for days")
	}
	keep := s.o.Settings(standard).Retention
	s.send(standard, plain("old"), plain("old and received"))
	s.send(fifo, s.lane("group", "old"), s.lane("group", "old too"))
	s.take(standard, 1)
	s.clock.Advance(keep / 2)
	s.send(standard, plain("young"))
	s.send(fifo, s.lane("group", "young"))
	s.clock.Advance(keep/2 - time.Second)
	s.count(standard, queue.Counts{Visible: 3})
	s.count(fifo, queue.Counts{Visible: 3})
	s.clock.Advance(2 * time.Second)
	s.one(standard, "young")
	s.none(standard, "the others are past their retention")
	s.remove(s.one(fifo, "young"))
	s.none(fifo, "the others are past their retention")
	s.count(standard, queue.Counts{InFlight: 1})
	s.count(fifo, queue.Counts{})
}

func (s *subject) counted() {
	for _, q := range []queue.Name{standard, fifo} {
		s.count(q, queue.Counts{})
		s.send(q, s.lane("group-a", "a"), s.lane("group-b", "b"), s.lane("group-c", "c"))
		s.count(q, queue.Counts{Visible: 3})
		ds := s.take(q, 2)
		s.count(q, queue.Counts{Visible: 1, InFlight: 2})
		s.remove(ds[0])
		s.count(q, queue.Counts{Visible: 1, InFlight: 1})
		s.bury(ds[1])
		s.count(q, queue.Counts{Visible: 1, Dead: 1})
		s.take(q, 1)
		s.count(q, queue.Counts{InFlight: 1, Dead: 1})
		s.clock.Advance(s.visibility(q) + s.unit())
		s.count(q, queue.Counts{Visible: 1, Dead: 1})
	}
	s.send(another, queue.Message{Body: []byte("late"), Group: "tenant-a", Delay: s.unit()}, plain("now"))
	s.count(another, queue.Counts{Visible: 1, Delayed: 1})
	s.clock.Advance(2 * s.unit())
	s.count(another, queue.Counts{Visible: 2})
	if total := (queue.Counts{Visible: 1, InFlight: 2, Delayed: 4, Dead: 8}).Total(); total != 7 {
		s.Fatalf("Total: got %d, want 7: all but the dead", total)
	}
}
