package sqlitequeue

import (
	"math/rand/v2"
	"sync"
	"time"

	"apicenter/shared/fault"
	"apicenter/shared/queue"
	"apicenter/shared/sqlitefile"
)

// Chaos makes the queues as unpleasant as SQS is allowed to be, each as a chance between 0 and 1, so that stages tested on
// them do not come to rely on luck. FIFO queues keep their order and exclusivity, as they do on SQS.
type Chaos struct {
	Seed uint64
	// Duplicate delivers a message of a standard queue twice: to two receivers at once, or again after its delete. Never
	// more than twice, so that what it does cannot fill the dead letters.
	Duplicate float64
	// Reorder takes a receive of a standard queue from somewhere else than the front.
	Reorder float64
	// Short lets a receive find fewer messages than there are, and one that does not wait find none.
	Short float64
	// Lost lets a send, delete or extend report an error although it was carried out, a send perhaps in part.
	Lost float64
}

// dice are a Chaos with its randomness.
type dice struct {
	Chaos
	mu   sync.Mutex
	rand *rand.Rand
}

func (c *Chaos) dice() *dice {
	return &dice{Chaos: *c, rand: rand.New(rand.NewPCG(c.Seed, 0))}
}

// hit is true with the given chance.
func (d *dice) hit(chance float64) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.rand.Float64() < chance
}

// upTo returns one of 1 to n.
func (d *dice) upTo(n int) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return 1 + d.rand.IntN(n)
}

// far is how far from the front a receive may begin.
const far = 40

func (d *dice) reorder() int {
	if d.hit(d.Reorder) {
		return d.upTo(far)
	}
	return 0
}

// short returns how many to ask for, and whether to find nothing.
func (d *dice) short(most int, wait time.Duration) (int, bool) {
	if !d.hit(d.Short) {
		return most, false
	}
	return d.upTo(most), wait <= 0 && d.hit(0.5)
}

// loseReply returns what of a send is carried out, and whether its sender hears an error all the same.
func (d *dice) loseReply(messages []queue.Message) ([]queue.Message, bool) {
	if !d.hit(d.Lost) {
		return messages, false
	}
	return messages[:d.upTo(len(messages))], true
}

func (d *dice) loseAnswer() bool { return d.hit(d.Lost) }

func errLost(name queue.Name) error {
	return fault.New(fault.Retry, "the connection to queue %s broke before its answer came", name)
}

// forgetDelete decides whether a message comes back after its delete.
func (d *dice) forgetDelete(l *line, r receipt) bool {
	return !l.settings.FIFO && r.receives == 1 && d.hit(d.Duplicate/2)
}

// duplicate leaves some of what was just given out visible to the next receiver.
func (q *Queue) duplicate(tx *sqlitefile.Tx, l *line, got []queue.Delivery, now int64) error {
	for _, d := range got {
		if d.Receives > 1 || !q.chaos.hit(q.chaos.Duplicate/2) {
			continue
		}
		r, err := receiptOf(d)
		if err != nil {
			return err
		}
		if err := q.makeVisible(tx, l, r, now); err != nil {
			return err
		}
	}
	return nil
}

// makeVisible ends the visibility of a delivery.
func (q *Queue) makeVisible(tx *sqlitefile.Tx, l *line, r receipt, now int64) error {
	_, err := tx.Exec("UPDATE queue_messages SET due = ? WHERE seq = ? AND queue = ? AND receives = ? AND state = 1", now, r.seq, l.number, r.receives)
	l.hint.sooner(now)
	return err
}
