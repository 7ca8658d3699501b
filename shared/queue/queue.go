// Package queue is the port to the queues between stages, with the guarantees of Amazon SQS and no others.
//
// Delivery is at least once and, except inside a FIFO group, in no order; a message that is not deleted comes back when its
// visibility ends; one received too often goes to the dead-letter queue. Adapters are sqlitequeue for one machine and
// sqsqueue for the cloud; queuetest asks both the same questions. Stages send; whoever runs a stage receives for it.
package queue

import (
	"context"
	"time"

	"apicenter/shared/model"
)

// Name names a queue.
type Name string

// The queues. Fetch queues are one per kind.
const (
	Map   Name = "map"
	Send  Name = "send.fifo"
	Retry Name = "retry"
)

// Fetch returns the queue of a kind's fetch jobs.
func Fetch(k model.Kind) Name { return Name("fetch-" + string(k)) }

// All lists every queue.
func All() []Name {
	names := make([]Name, 0, len(model.Kinds())+3)
	for _, k := range model.Kinds() {
		names = append(names, Fetch(k))
	}
	return append(names, Map, Send, Retry)
}

// Message is what is sent.
type Message struct {
	Body []byte
	// Group keeps order and exclusivity on a FIFO queue (the lane), and fairness between tenants on a standard one.
	Group string
	// Dedup must be new for every hop: a FIFO queue drops a message whose id it saw within five minutes.
	Dedup string
	// Delay holds the message back, at most MaxDelay; standard queues only.
	Delay time.Duration
}

// MaxDelay is the longest delay of a message, and MaxVisibility the longest time it can be kept invisible.
const (
	MaxDelay      = 15 * time.Minute
	MaxVisibility = 12 * time.Hour
)

// Sender sends.
type Sender interface {
	// Send hands messages over. When it returns nil every one of them is durably in the queue (or was dropped as a
	// repetition of a deduplication id). After an error some may be: sending all again is right.
	Send(ctx context.Context, q Name, messages []Message) error
}

// Delivery is a message as received.
type Delivery struct {
	Queue Name
	// ID is the message's identity, the same at every delivery.
	ID string
	// Receipt stands for this delivery; deleting needs the newest.
	Receipt string
	Body    []byte
	Group   string
	// Receives counts deliveries so far, this one included.
	Receives int
	// Sent is when it was sent.
	Sent time.Time
}

// Visibility changes how long a delivery stays invisible.
type Visibility interface {
	// Extend makes the delivery visible again after d from now (zero: at once). A delivery whose receipt is out of date is
	// left alone.
	Extend(ctx context.Context, d Delivery, visible time.Duration) error
}

// Receiver receives.
type Receiver interface {
	Visibility
	// Receive returns up to most messages (SQS: 10) that become invisible to others for the queue's visibility time. It
	// waits up to wait for the first. From one group of a FIFO queue it returns messages in order, and none while others
	// of the group are in flight.
	Receive(ctx context.Context, q Name, most int, wait time.Duration) ([]Delivery, error)
	// Delete removes deliveries for good. One whose receipt is out of date is left alone without an error.
	Delete(ctx context.Context, deliveries []Delivery) error
}

// Counts is how many messages a queue holds; approximate on SQS.
type Counts struct{ Visible, InFlight, Delayed, Dead int }

// Total returns all but dead letters.
func (c Counts) Total() int { return c.Visible + c.InFlight + c.Delayed }

// Counter counts.
type Counter interface {
	Counts(ctx context.Context, q Name) (Counts, error)
}

// DeadLetters is what went wrong too often.
type DeadLetters interface {
	// Bury moves a delivery to the queue's dead-letter queue at once, with a reason for the operator.
	Bury(ctx context.Context, d Delivery, reason string) error
	// Buried lists dead letters, oldest first.
	Buried(ctx context.Context, q Name, limit int) ([]Delivery, error)
	// Redrive sends dead letters to their queue again and returns how many.
	Redrive(ctx context.Context, q Name, limit int) (int, error)
}

// Queue is the whole port.
type Queue interface {
	Sender
	Receiver
	Counter
	DeadLetters
}

// Settings are a queue's own, the same on one machine and in the cloud.
type Settings struct {
	FIFO        bool
	Visibility  time.Duration // at least six times the time its stage takes
	MaxReceives int           // then the dead-letter queue
	Retention   time.Duration
}

// SettingsOf returns the settings of a queue.
func SettingsOf(q Name) Settings {
	s := Settings{Visibility: 6 * time.Minute, MaxReceives: 5, Retention: 14 * 24 * time.Hour}
	switch q {
	case Send:
		// A lane waits by making its message visible later, so receives say nothing about failures: its stage counts.
		s.FIFO, s.MaxReceives = true, 1000
	case Retry:
		s.MaxReceives = 1000 // going round while not due yet is no failure either
	}
	return s
}
