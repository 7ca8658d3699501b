package queuetest

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"apicenter/shared/message"
	"apicenter/shared/queue"
)

func sendQuestions() []question {
	return []question{
		{"nothing accepted is lost", (*subject).nothingLost},
		{"batches of any size arrive whole", (*subject).batches},
		{"an empty batch is nothing", (*subject).emptyBatch},
		{"bodies come back byte for byte", (*subject).bodiesKept},
		{"a body belongs to its sender again after the call", (*subject).bodyReused},
		{"a body over the limit is refused", (*subject).bodyTooLarge},
		{"a body of nothing is refused", (*subject).bodyEmpty},
		{"a delay is honoured", (*subject).delayHonoured},
		{"a delay over the longest is refused", (*subject).delayCapped},
		{"a standard queue drops no repetition", (*subject).standardKeepsRepetitions},
		{"queues do not see each other", (*subject).queuesApart},
		{"an unknown queue is an error", (*subject).unknownQueue},
		{"a cancelled context sends nothing in silence", (*subject).sendCancelled},
	}
}

func (s *subject) nothingLost() {
	const all = 250
	missing := make(map[string]bool, all)
	for i, batch := 0, []queue.Message(nil); i < all; i++ {
		body := fmt.Sprintf("message %03d", i)
		missing[body] = true
		batch = append(batch, queue.Message{Body: []byte(body), Group: fmt.Sprintf("tenant-%d", i%3)})
		if i%7 == 0 || i == all-1 {
			s.send(standard, batch...)
			batch = nil
		}
	}
	for range all { // each round deletes at least one, or the queue lost it
		got := s.receive(standard, 10)
		for _, d := range got {
			delete(missing, string(d.Body))
		}
		s.remove(got...)
		if len(got) == 0 {
			break
		}
	}
	if len(missing) > 0 {
		s.Fatalf("%d of %d accepted messages never arrived", len(missing), all)
	}
	s.count(standard, queue.Counts{})
}

func (s *subject) batches() {
	for _, size := range []int{1, 10, 11, 100, 500} {
		for _, q := range []queue.Name{standard, fifo} {
			batch := make([]queue.Message, size)
			for i := range batch {
				batch[i] = s.lane(fmt.Sprintf("group-%d", i), fmt.Sprintf("%d of %d", i, size))
			}
			s.send(q, batch...)
			seen := make(map[string]int, size)
			for taken := 0; taken < size; { // deleted as they come: in real time the first would be back before the last is here
				got := s.take(q, min(10, size-taken))
				for _, d := range got {
					seen[string(d.Body)]++
				}
				s.remove(got...)
				taken += len(got)
			}
			for _, m := range batch {
				if seen[string(m.Body)] != 1 {
					s.Fatalf("batch of %d to %s: message %q arrived %d times, want once", size, q, m.Body, seen[string(m.Body)])
				}
			}
			s.none(q, fmt.Sprintf("all %d of the batch were taken and deleted", size))
		}
	}
}

func (s *subject) emptyBatch() {
	for _, q := range []queue.Name{standard, fifo} {
		s.send(q)
		s.none(q, "nothing was sent")
	}
	s.remove()
}

func (s *subject) bodiesKept() {
	all := [][]byte{[]byte("\x00"), []byte(" "), []byte("\n"), []byte("\xff\xfe"), []byte("]]>&amp;\r\n\t "), []byte("żółw €"), bytes.Repeat([]byte{0}, 300)}
	for _, size := range []int{2, 3, 4, 255, 256, 257, 4095, 4096, 4097, 46 << 10, 64 << 10, 256 << 10, message.Limit - 1, message.Limit} {
		body := make([]byte, size)
		for i := range body {
			body[i] = byte(i + i>>8*31)
		}
		all = append(all, body)
	}
	for _, q := range []queue.Name{standard, fifo} {
		for i, want := range all {
			s.send(q, queue.Message{Body: bytes.Clone(want), Group: "tenant-a", Dedup: fmt.Sprintf("body %d", i)})
			got := s.take(q, 1)[0]
			if !bytes.Equal(got.Body, want) {
				s.Fatalf("body of %d bytes on %s: got %d bytes, the first that differs is %d", len(want), q, len(got.Body), difference(got.Body, want))
			}
			s.remove(got)
		}
	}
}

// difference returns the first index at which a and b differ.
func difference(a, b []byte) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}

func (s *subject) bodyReused() {
	body := []byte("as it was sent")
	s.send(standard, queue.Message{Body: body, Group: "tenant-a"})
	copy(body, "overwritten!!!")
	d := s.one(standard, "as it was sent")
	copy(d.Body, "spoiled")
	s.extend(d, 0)
	s.one(standard, "as it was sent")
}

func (s *subject) bodyTooLarge() {
	for _, q := range []queue.Name{standard, fifo} {
		huge := s.lane("group", "")
		huge.Body = bytes.Repeat([]byte("x"), message.Limit+1)
		first, last := s.lane("group", "first"), s.lane("group", "last")
		s.refused(q, "a body over the limit", first, huge, last)

		// Whatever of the batch was taken, it is whole; and the rest can be sent again.
		s.send(q, first, last)
		arrived := map[string]bool{}
		for range 4 {
			got := s.receive(q, 10)
			for _, d := range got {
				if body := string(d.Body); body != "first" && body != "last" {
					s.Fatalf("a message of %d bytes arrived on %s, want only what was within the limit", len(d.Body), q)
				}
				arrived[string(d.Body)] = true
			}
			s.remove(got...)
		}
		if len(arrived) != 2 {
			s.Fatalf("after the refusal on %s: got %d of 2 messages sent again", q, len(arrived))
		}
	}
}

func (s *subject) bodyEmpty() {
	for _, q := range []queue.Name{standard, fifo} {
		s.refused(q, "an empty body", s.lane("group", ""))
	}
}

func (s *subject) delayHonoured() {
	late, later := 2*s.unit(), queue.MaxDelay
	s.send(standard,
		queue.Message{Body: []byte("late"), Group: "tenant-a", Delay: late},
		queue.Message{Body: []byte("later"), Group: "tenant-a", Delay: later},
		plain("now"))
	s.remove(s.one(standard, "now"))
	s.none(standard, "the others are delayed")
	s.almost(late)
	s.none(standard, "the delay is not over")
	s.rest(late)
	s.remove(s.one(standard, "late"))
	s.none(standard, "the longer delay is not over")
	if s.o.RealTime {
		return
	}
	s.almost(later - late)
	s.none(standard, "the longest delay is not over")
	s.rest(later - late)
	s.one(standard, "later")
}

func (s *subject) delayCapped() {
	s.refused(standard, "a delay over MaxDelay", queue.Message{Body: []byte("a"), Group: "tenant-a", Delay: queue.MaxDelay + time.Second})
	s.refused(standard, "a delay before now", queue.Message{Body: []byte("a"), Group: "tenant-a", Delay: -time.Second})
	held := s.lane("group", "a")
	held.Delay = s.unit()
	s.refused(fifo, "a delay on a FIFO queue", held)
	s.none(standard, "all was refused")
	s.none(fifo, "all was refused")
}

func (s *subject) standardKeepsRepetitions() {
	m := queue.Message{Body: []byte("same"), Group: "tenant-a", Dedup: "same"}
	s.send(standard, m, m)
	s.send(standard, m)
	s.take(standard, 3)
}

func (s *subject) queuesApart() {
	s.send(standard, plain("for one"))
	s.send(fifo, s.lane("tenant-a", "for the lane"))
	s.none(another, "nothing was sent to it")
	for _, q := range queue.All() {
		if q != standard && q != fifo {
			s.count(q, queue.Counts{})
		}
	}
	s.send(another, plain("for the other"))
	ds := []queue.Delivery{s.one(standard, "for one"), s.one(another, "for the other"), s.one(fifo, "for the lane")}
	s.none(standard, "its only message is in flight")

	// A delivery is good in its own queue only, and one call may delete from several.
	strange := ds[0]
	strange.Queue = another
	_ = s.Delete(s.ctx, []queue.Delivery{strange}) // an error is fine, an effect is not
	s.count(standard, queue.Counts{InFlight: 1})
	s.remove(ds...)
	for _, q := range queue.All() {
		s.count(q, queue.Counts{})
	}
}

func (s *subject) unknownQueue() {
	const unknown = queue.Name("no-such-queue")
	s.refused(unknown, "a message", plain("lost for ever"))
	if _, err := s.Receive(s.ctx, unknown, 1, 0); err == nil {
		s.Fatalf("Receive from an unknown queue: got no error, want one")
	}
	if _, err := s.Counts(s.ctx, unknown); err == nil {
		s.Fatalf("Counts of an unknown queue: got no error, want one")
	}
}

func (s *subject) sendCancelled() {
	ctx, cancel := context.WithCancel(s.ctx)
	cancel()
	if err := s.Send(ctx, standard, []queue.Message{plain("perhaps")}); err == nil {
		s.Fatalf("Send with a cancelled context: got no error, want one")
	}
	if _, err := s.Receive(ctx, standard, 1, 0); err == nil {
		s.Fatalf("Receive with a cancelled context: got no error, want one")
	}
}
