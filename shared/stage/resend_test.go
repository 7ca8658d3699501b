package stage_test

import (
	"context"
	"testing"

	"apicenter/shared/fault"
	"apicenter/shared/queue"
)

// sends does something after each send.
type sends struct {
	queue.Queue
	after func()
}

func (s sends) Send(ctx context.Context, q queue.Name, m []queue.Message) error {
	err := s.Queue.Send(ctx, q, m)
	s.after()
	return err
}

// Promise 1: a record that is tried again and fails at once stays an open failure, however fast its lane is.
func TestRetryThatFailsAtOnceStaysAFailure(t *testing.T) {
	r := newRig(t)
	r.source.add(&sale{email: "anna@proef.example"})
	r.target.spoil = refuse(&fault.Error{Class: fault.Reject, Message: "no such rate", Advice: "map it"})
	r.run()
	if len(r.failures()) != 1 {
		t.Fatalf("%d failures", len(r.failures()))
	}
	// The lane takes it before the desk has heard that it is queued.
	r.retry.Queue = sends{Queue: r.ports, after: func() { r.step() }}
	tries := r.target.calls["write orders"]
	if n, err := r.desk.RetryFailures(t.Context(), tenant, flowID, nil); n != 1 || err != nil {
		t.Fatalf("%d sent on, %v", n, err)
	}
	r.retry.Queue = r.ports
	r.run()
	if r.target.calls["write orders"] == tries {
		t.Fatal("it was not tried again")
	}
	if f, ok := r.failures()["100"]; !ok || f.Problem == nil || f.Problem.Message != "no such rate" {
		t.Errorf("the record is neither in the target nor a failure: %+v", f)
	}
	r.target.spoil = nil
	if _, err := r.desk.RetryFailures(t.Context(), tenant, flowID, []string{"key-100"}); err != nil {
		t.Fatal(err)
	}
	r.run()
	r.once()
}
