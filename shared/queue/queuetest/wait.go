package queuetest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"apicenter/shared/queue"
)

func waitQuestions() []question {
	return []question{
		{"an empty receive without waiting returns at once", (*subject).waitNone},
		{"an empty receive returns when its wait is over", (*subject).waitOver},
		{"a waiting receive wakes when something is sent", (*subject).waitSent},
		{"a waiting receive wakes when a visibility ends", (*subject).waitVisibility},
		{"a waiting receive wakes when a message is made visible", (*subject).waitReleased},
		{"a waiting receive wakes when a delay ends", (*subject).waitDelay},
		{"a waiting receive wakes when its group is free", (*subject).waitGroup},
		{"a waiting receive wakes when dead letters are sent again", (*subject).waitRedrive},
		{"a cancelled context ends a wait", (*subject).waitCancelled},
		{"every waiting receive wakes when there is enough for all", (*subject).waitMany},
		{"waiting receives follow one delay after the other", (*subject).waitDelays},
	}
}

// long is a wait nobody wants to see the end of; SQS waits 20 seconds at most.
const long = 20 * time.Second

func (s *subject) waitNone() {
	back := make(chan answer, 1)
	go func() {
		got, err := s.Receive(s.ctx, standard, 10, 0)
		back <- answer{got, err}
	}()
	if a := s.answered(back, "a wait of nothing"); a.err != nil || len(a.got) != 0 {
		s.Fatalf("Receive from an empty queue: got %s and error %v, want neither", bodies(a.got), a.err)
	}
}

func (s *subject) waitOver() {
	wait := 2 * time.Second
	back := s.waiting(s.ctx, standard, wait)
	s.clock.Advance(wait)
	if a := s.answered(back, "the end of its wait"); a.err != nil || len(a.got) != 0 {
		s.Fatalf("Receive from an empty queue: got %s and error %v, want neither", bodies(a.got), a.err)
	}
}

// woken fails unless the waiting Receive brings the body.
func (s *subject) woken(back <-chan answer, body, after string) queue.Delivery {
	s.Helper()
	a := s.answered(back, after)
	if a.err != nil || len(a.got) != 1 || string(a.got[0].Body) != body {
		s.Fatalf("waiting Receive after %s: got %s and error %v, want %q", after, bodies(a.got), a.err, body)
	}
	return a.got[0]
}

func (s *subject) waitSent() {
	for _, q := range []queue.Name{standard, fifo} {
		back := s.waiting(s.ctx, q, long)
		s.send(q, s.lane("group", "a"))
		s.remove(s.woken(back, "a", "a send"))
	}
}

func (s *subject) waitVisibility() {
	for _, q := range []queue.Name{standard, fifo} {
		s.send(q, s.lane("group", "a"))
		s.extend(s.one(q, "a"), 2*time.Second)
		back := s.waiting(s.ctx, q, long)
		s.clock.Advance(2 * time.Second)
		s.remove(s.woken(back, "a", "the end of a visibility"))
	}
}

func (s *subject) waitReleased() {
	for _, q := range []queue.Name{standard, fifo} {
		s.send(q, s.lane("group", "a"))
		d := s.one(q, "a")
		back := s.waiting(s.ctx, q, long)
		s.extend(d, 0)
		s.remove(s.woken(back, "a", "the release of a message"))
	}
}

func (s *subject) waitDelay() {
	back := s.waiting(s.ctx, standard, long)
	s.send(standard, queue.Message{Body: []byte("a"), Group: "tenant-a", Delay: 2 * time.Second})
	s.clock.Advance(2 * time.Second)
	s.woken(back, "a", "the end of a delay")
}

func (s *subject) waitGroup() {
	s.send(fifo, s.lane("group", "a"))
	d := s.one(fifo, "a")
	s.send(fifo, s.lane("group", "b"))
	back := s.waiting(s.ctx, fifo, long)
	s.remove(d)
	s.remove(s.woken(back, "b", "the delete of the message before"))

	s.send(fifo, s.lane("group", "c"))
	d = s.one(fifo, "c")
	s.send(fifo, s.lane("group", "d"))
	back = s.waiting(s.ctx, fifo, long)
	s.bury(d)
	s.woken(back, "d", "the burial of the message before")
}

func (s *subject) waitRedrive() {
	s.send(standard, plain("a"))
	s.bury(s.one(standard, "a"))
	back := s.waiting(s.ctx, standard, long)
	s.redrive(standard, 10, 1)
	s.woken(back, "a", "a redrive")
}

func (s *subject) waitCancelled() {
	ctx, cancel := context.WithCancel(s.ctx)
	defer cancel()
	back := s.waiting(ctx, standard, long)
	cancel()
	if a := s.answered(back, "its context was cancelled"); !errors.Is(a.err, context.Canceled) || len(a.got) != 0 {
		s.Fatalf("cancelled Receive: got %s and error %v, want nothing and context.Canceled", bodies(a.got), a.err)
	}
	s.send(standard, plain("a")) // the receiver that left takes nothing with it
	s.one(standard, "a")
}

func (s *subject) waitMany() {
	const receivers = 6
	backs := make(chan answer, receivers)
	for range receivers {
		go func() {
			got, err := s.Receive(s.ctx, standard, 1, long)
			backs <- answer{got, err}
		}()
	}
	for range receivers {
		s.send(standard, plain("one each"))
	}
	for range receivers {
		if a := s.answered(backs, "as many sends as there are receivers"); a.err != nil || len(a.got) != 1 {
			s.Fatalf("waiting Receive: got %s and error %v, want one message", bodies(a.got), a.err)
		}
	}
}

func (s *subject) waitDelays() {
	const receivers = 4
	var batch []queue.Message
	for i := range receivers {
		batch = append(batch, queue.Message{Body: []byte(fmt.Sprint(i)), Group: "tenant-a", Delay: time.Duration(i+1) * 2 * time.Second})
	}
	s.send(standard, batch...)
	backs := make(chan answer, receivers)
	for range receivers {
		go func() {
			got, err := s.Receive(s.ctx, standard, 1, long)
			backs <- answer{got, err}
		}()
	}
	for i := range receivers {
		s.clock.Advance(2 * time.Second)
		s.remove(s.woken(backs, fmt.Sprint(i), fmt.Sprintf("the end of delay %d", i+1)))
	}
}
