package queuetest

import (
	"context"
	"fmt"
	"sync"
	"time"

	"apicenter/shared/queue"
)

func fifoQuestions() []question {
	return []question{
		{"a group keeps its order", (*subject).groupOrder},
		{"a receive brings a group in order and whole groups block", (*subject).groupBatch},
		{"one in flight holds back its group and no other", (*subject).groupBlocks},
		{"the next of a group is given only after the delete", (*subject).groupNext},
		{"a delivery is known by its receipt", (*subject).receiptEnough},
		{"a message made visible again keeps its place", (*subject).groupPlace},
		{"lanes under many receivers stay single and in order", (*subject).groupStress},
		{"a repeated deduplication id is dropped", (*subject).dedupDropped},
		{"a deduplication id is forgotten after five minutes", (*subject).dedupForgotten},
		{"a FIFO message without group or deduplication id is refused", (*subject).fifoIncomplete},
	}
}

func (s *subject) groupOrder() {
	var batch []queue.Message
	for i := range 6 {
		batch = append(batch, s.lane("group", fmt.Sprint(i)))
	}
	s.send(fifo, batch[0])
	s.send(fifo, batch[1:5]...)
	s.send(fifo, batch[5])
	for i := range 6 {
		s.remove(s.one(fifo, fmt.Sprint(i)))
	}
	s.none(fifo, "all were deleted")
}

func (s *subject) groupBatch() {
	for i := range 4 {
		s.send(fifo, s.lane("group", fmt.Sprint(i)))
	}
	next := 0
	for next < 4 {
		got := s.receive(fifo, 3)
		if len(got) == 0 {
			s.Fatalf("Receive from %s: got nothing, want message %d of the group", fifo, next)
		}
		for _, d := range got {
			if want := fmt.Sprint(next); string(d.Body) != want {
				s.Fatalf("Receive from %s: got %s, want %q first: a group keeps its order", fifo, bodies(got), want)
			}
			next++
		}
		s.none(fifo, "the group has messages in flight")
		for i, d := range got { // deleted one by one: the group stays blocked until the last
			s.remove(d)
			if i < len(got)-1 {
				s.none(fifo, "the group still has messages in flight")
			}
		}
	}
	s.count(fifo, queue.Counts{})
}

func (s *subject) groupBlocks() {
	s.send(fifo, s.lane("a", "a1"), s.lane("a", "a2"), s.lane("a", "a3"))
	s.one(fifo, "a1")
	s.none(fifo, "the group has one in flight")
	s.send(fifo, s.lane("a", "a4"), s.lane("b", "b1"), s.lane("b", "b2"))
	s.one(fifo, "b1")
	s.none(fifo, "both groups have one in flight")
	s.almost(s.visibility(fifo))
	s.none(fifo, "both groups have one in flight")
	s.count(fifo, queue.Counts{Visible: 4, InFlight: 2})
}

func (s *subject) groupNext() {
	s.send(fifo, s.lane("a", "a1"), s.lane("a", "a2"), s.lane("b", "b1"))
	first, other := s.one(fifo, "a1"), s.one(fifo, "b1")
	s.remove(other)
	s.none(fifo, "another group's delete frees nothing here")
	s.remove(first)
	second := s.one(fifo, "a2")
	s.remove(first)
	s.send(fifo, s.lane("a", "a3"))
	s.none(fifo, "a delete again frees nothing")
	s.remove(second)
	s.one(fifo, "a3")
}

// receiptEnough asks with deliveries that lack what a caller may not have kept.
func (s *subject) receiptEnough() {
	bare := func(d queue.Delivery) queue.Delivery {
		return queue.Delivery{Queue: d.Queue, ID: d.ID, Receipt: d.Receipt, Body: d.Body}
	}
	s.send(fifo, s.lane("group", "a"), s.lane("group", "b"), s.lane("group", "c"))
	s.extend(bare(s.one(fifo, "a")), 0)
	s.remove(bare(s.one(fifo, "a")))
	d := bare(s.one(fifo, "b"))
	d.Group = "group" // a buried message has to keep it
	s.bury(d)
	s.remove(bare(s.one(fifo, "c")))
	s.count(fifo, queue.Counts{Dead: 1})
}

func (s *subject) groupPlace() {
	s.send(fifo, s.lane("group", "first"), s.lane("group", "second"))
	for _, back := range []func(d queue.Delivery){
		func(d queue.Delivery) { s.extend(d, 0) },
		func(queue.Delivery) { s.clock.Advance(s.visibility(fifo) + s.unit()/2) },
	} {
		d := s.one(fifo, "first")
		s.send(fifo, s.lane("group", "another"))
		back(d)
	}
	for _, want := range []string{"first", "second", "another", "another"} {
		s.remove(s.one(fifo, want))
	}
}

// groupStress lets many receivers work through many lanes, giving some messages back, while each lane is watched.
func (s *subject) groupStress() {
	const lanes, each, workers = 12, 8, 6
	for i := range each {
		batch := make([]queue.Message, lanes)
		for l := range batch {
			batch[l] = s.lane(fmt.Sprintf("lane-%d", l), fmt.Sprintf("%d", i))
		}
		s.send(fifo, batch...)
	}
	ctx, cancel := context.WithCancel(s.ctx)
	defer cancel()
	w := &laneWatch{held: map[string]bool{}, next: map[string]int{}, left: lanes * each, done: make(chan string, workers)}
	for range workers {
		go w.work(ctx, s.Queue)
	}
	select {
	case wrong := <-w.done:
		if wrong != "" {
			s.Fatalf("lanes under %d receivers: %s", workers, wrong)
		}
	case <-time.After(5 * s.patience):
		s.Fatalf("lanes under %d receivers: got stuck with %d messages left", workers, w.remaining())
	}
	s.count(fifo, queue.Counts{})
}

// laneWatch knows which lanes are being worked on and what each must bring next.
type laneWatch struct {
	mu   sync.Mutex
	held map[string]bool
	next map[string]int
	left int
	done chan string // an empty text when all is done, else what went wrong; room for one of each worker
}

func (w *laneWatch) remaining() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.left
}

func (w *laneWatch) work(ctx context.Context, q queue.Queue) {
	for {
		got, err := q.Receive(ctx, fifo, 1, long)
		if ctx.Err() != nil {
			return
		}
		if err == nil && len(got) > 0 {
			d := got[0]
			if wrong := w.begin(d); wrong != "" {
				w.done <- wrong
				return
			}
			last := false
			if d.Receives == 1 && d.Group == "lane-3" { // given back once
				w.release(d.Group)
				err = q.Extend(ctx, d, 0)
			} else {
				last = w.finish(d.Group)
				err = q.Delete(ctx, got)
			}
			if last && err == nil {
				w.done <- ""
				return
			}
		}
		if err != nil {
			w.done <- err.Error()
			return
		}
	}
}

// begin takes the lane and says what is wrong with the delivery, if anything.
func (w *laneWatch) begin(d queue.Delivery) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.held[d.Group] {
		return fmt.Sprintf("%s was given to two receivers at once", d.Group)
	}
	if want := fmt.Sprint(w.next[d.Group]); string(d.Body) != want {
		return fmt.Sprintf("%s brought %q, want %q", d.Group, d.Body, want)
	}
	w.held[d.Group] = true
	return ""
}

func (w *laneWatch) release(group string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.held[group] = false
}

// finish gives the lane free for its next message and tells whether that was the last of all.
func (w *laneWatch) finish(group string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.held[group] = false
	w.next[group]++
	w.left--
	return w.left == 0
}

// window is how long a FIFO queue remembers a deduplication id.
const window = 5 * time.Minute

func (s *subject) dedupDropped() {
	m := queue.Message{Body: []byte("first"), Group: "group", Dedup: "same"}
	again := queue.Message{Body: []byte("second"), Group: "group", Dedup: "same"}
	s.send(fifo, m, again)
	s.send(fifo, again)
	s.count(fifo, queue.Counts{Visible: 1})
	s.remove(s.one(fifo, "first"))
	s.send(fifo, again, s.lane("group", "third")) // it is remembered though the message is gone, and spoils no neighbour
	s.remove(s.one(fifo, "third"))
	s.none(fifo, "the repetition was dropped")
}

func (s *subject) dedupForgotten() {
	if s.o.RealTime {
		s.Skipf("not asked: five minutes of real time would have to pass")
	}
	s.send(fifo, queue.Message{Body: []byte("first"), Group: "group", Dedup: "same"})
	s.almost(window)
	s.send(fifo, queue.Message{Body: []byte("dropped"), Group: "group", Dedup: "same"})
	s.clock.Advance(2 * time.Second) // counted from what was accepted, not from what was dropped
	s.send(fifo, queue.Message{Body: []byte("second"), Group: "group", Dedup: "same"})
	s.remove(s.one(fifo, "first"))
	s.remove(s.one(fifo, "second"))
	s.send(fifo, queue.Message{Body: []byte("dropped"), Group: "group", Dedup: "same"})
	s.none(fifo, "the second acceptance is remembered as the first was")
}

func (s *subject) fifoIncomplete() {
	s.refused(fifo, "a message without a group", queue.Message{Body: []byte("a"), Dedup: "dedup"})
	s.refused(fifo, "a message without a deduplication id", queue.Message{Body: []byte("a"), Group: "group"})
	s.none(fifo, "all was refused")
	s.send(standard, queue.Message{Body: []byte("needs neither")})
	s.one(standard, "needs neither")
}
