package queuetest

import (
	"context"
	"fmt"
	"time"

	"apicenter/shared/queue"
)

// unit is a short while on the clock the suite has.
func (s *subject) unit() time.Duration {
	if s.o.RealTime {
		return time.Second
	}
	return time.Minute
}

// almost lets the clock run nearly d, so that what ends at d has not ended yet. rest lets the remainder pass.
func (s *subject) almost(d time.Duration) {
	if s.o.RealTime {
		s.clock.Advance(d / 3)
		return
	}
	s.clock.Advance(d - time.Second)
}

// rest lets what almost left of d pass, and a little more where the clock is not ours.
func (s *subject) rest(d time.Duration) {
	if s.o.RealTime {
		s.clock.Advance(d - d/3 + s.unit()/2)
		return
	}
	s.clock.Advance(time.Second)
}

// visibility is how long a delivery of the queue stays invisible.
func (s *subject) visibility(q queue.Name) time.Duration { return s.o.Settings(q).Visibility }

// plain is a message for a standard queue.
func plain(body string) queue.Message { return queue.Message{Body: []byte(body), Group: "tenant-a"} }

// lane is a message for the FIFO queue with a deduplication id of its own.
func (s *subject) lane(group, body string) queue.Message {
	s.dedups++
	return queue.Message{Body: []byte(body), Group: group, Dedup: fmt.Sprintf("dedup-%d", s.dedups)}
}

// send sends and fails when the queue does not take it.
func (s *subject) send(q queue.Name, messages ...queue.Message) {
	s.Helper()
	if err := s.Send(s.ctx, q, messages); err != nil {
		s.Fatalf("Send of %d messages to %s: got error %v, want none", len(messages), q, err)
	}
}

// refused sends and fails when the queue takes it.
func (s *subject) refused(q queue.Name, why string, messages ...queue.Message) {
	s.Helper()
	if err := s.Send(s.ctx, q, messages); err == nil {
		s.Fatalf("Send to %s of %s: got no error, want one", q, why)
	}
}

// receive receives once. A queue over a network may need a moment to find what it has.
func (s *subject) receive(q queue.Name, most int) []queue.Delivery {
	s.Helper()
	var wait time.Duration
	if s.o.RealTime {
		wait = time.Second
	}
	got, err := s.Receive(s.ctx, q, most, wait)
	if err != nil {
		s.Fatalf("Receive from %s: got error %v, want none", q, err)
	}
	if len(got) > most {
		s.Fatalf("Receive from %s: got %d deliveries, want at most %d", q, len(got), most)
	}
	for _, d := range got {
		if d.Queue != q || d.ID == "" || d.Receipt == "" {
			s.Fatalf("Receive from %s: got delivery with queue %q, id %q, receipt %q, want all filled", q, d.Queue, d.ID, d.Receipt)
		}
	}
	return got
}

// expect receives where there is something to receive. In real time a reply may be lost on its way, and hides what it brought
// until its visibility ends, as the cloud's queues are allowed to: then it is there, and nothing is wrong.
func (s *subject) expect(q queue.Name, most int) []queue.Delivery {
	s.Helper()
	got := s.receive(q, most)
	if len(got) == 0 && s.o.RealTime {
		s.clock.Advance(s.o.Settings(q).Visibility)
		got = s.receive(q, most)
	}
	return got
}

// one receives exactly one message, the one with this body.
func (s *subject) one(q queue.Name, body string) queue.Delivery {
	s.Helper()
	got := s.expect(q, 1)
	if len(got) != 1 || string(got[0].Body) != body {
		s.Fatalf("Receive from %s: got %s, want the message %q", q, bodies(got), body)
	}
	return got[0]
}

// take receives until it has n messages, and fails when the queue has no more before that.
func (s *subject) take(q queue.Name, n int) []queue.Delivery {
	s.Helper()
	var all []queue.Delivery
	for len(all) < n {
		got := s.expect(q, min(10, n-len(all)))
		if len(got) == 0 {
			s.Fatalf("Receive from %s: got %d messages and then nothing, want %d", q, len(all), n)
		}
		all = append(all, got...)
	}
	return all
}

// none fails when the queue gives anything out.
func (s *subject) none(q queue.Name, because string) {
	s.Helper()
	got, err := s.Receive(s.ctx, q, 10, 0)
	if err != nil {
		s.Fatalf("Receive from %s: got error %v, want none", q, err)
	}
	if len(got) != 0 {
		s.Fatalf("Receive from %s: got %s, want nothing: %s", q, bodies(got), because)
	}
}

// extend extends and fails on an error.
func (s *subject) extend(d queue.Delivery, visible time.Duration) {
	s.Helper()
	if err := s.Extend(s.ctx, d, visible); err != nil {
		s.Fatalf("Extend by %v: got error %v, want none", visible, err)
	}
}

// remove deletes and fails on an error.
func (s *subject) remove(ds ...queue.Delivery) {
	s.Helper()
	if err := s.Delete(s.ctx, ds); err != nil {
		s.Fatalf("Delete of %d deliveries: got error %v, want none", len(ds), err)
	}
}

// count fails when the queue counts otherwise.
func (s *subject) count(q queue.Name, want queue.Counts) {
	s.Helper()
	got, err := s.Counts(s.ctx, q)
	if err != nil {
		s.Fatalf("Counts of %s: got error %v, want none", q, err)
	}
	if got != want {
		s.Fatalf("Counts of %s: got %+v, want %+v", q, got, want)
	}
}

// answer is what a Receive in the background came back with.
type answer struct {
	got []queue.Delivery
	err error
}

// waiting starts a Receive that waits, and returns once it does.
func (s *subject) waiting(ctx context.Context, q queue.Name, wait time.Duration) <-chan answer {
	s.Helper()
	back := make(chan answer, 1)
	go func() {
		got, err := s.Receive(ctx, q, 10, wait)
		back <- answer{got, err}
	}()
	if s.o.RealTime {
		s.clock.Advance(s.unit() / 2)
	} else if !s.clock.waited(s.patience) {
		s.Fatalf("Receive from the empty queue %s did not wait on the clock it was given", q)
	}
	return back
}

// answered returns what the waiting Receive came back with, and fails when it stays away.
func (s *subject) answered(back <-chan answer, after string) answer {
	s.Helper()
	select {
	case a := <-back:
		return a
	case <-time.After(s.patience):
		s.Fatalf("a waiting Receive did not come back after %s", after)
		return answer{}
	}
}

// bodies shows deliveries in a failure, shortened.
func bodies(ds []queue.Delivery) string {
	if len(ds) == 0 {
		return "nothing"
	}
	var list string
	for i, d := range ds {
		if i == 5 {
			return fmt.Sprintf("%s … (%d in all)", list, len(ds))
		}
		list += fmt.Sprintf(" %.40q", d.Body)
	}
	return list[1:]
}
