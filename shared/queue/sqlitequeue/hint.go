package sqlitequeue

import (
	"math"
	"sync"
)

// never is a time that does not come.
const never = math.MaxInt64

// hint is what memory knows of a queue, so that an empty receive costs nothing and a waiting one is woken.
//
// It may promise too much, and a receive then finds less; it must never promise too little, or messages would lie unseen.
// So what becomes ready is added after the commit whatever its answer was, what a receive is about to take is taken off
// before, and a failed Write gives back all it may not have taken.
type hint struct {
	mu      sync.Mutex
	ready   int           // at least as many as are ready in the file and not about to be taken
	due     int64         // no waiting message comes due before
	prune   int64         // no message passes its retention before
	changed chan struct{} // closed when there is something to look at
}

func newHint() hint { return hint{due: never, prune: never, changed: make(chan struct{})} }

// chance is what a receive may try.
type chance struct {
	take    int  // ready messages set aside for it
	promote bool // it is the one to make due messages ready
	prune   bool // and to remove what passed its retention
	due     int64
	changed <-chan struct{}
}

// idle says that there is nothing to try before changed is closed or due is reached.
func (c chance) idle() bool { return c.take == 0 && !c.promote && !c.prune }

// try sets aside up to most ready messages. Due messages are promoted by one receive at a time.
func (h *hint) try(now int64, most int) chance {
	h.mu.Lock()
	defer h.mu.Unlock()
	c := chance{take: min(most, h.ready), promote: h.due <= now, prune: h.prune <= now, changed: h.changed}
	h.ready -= c.take
	if c.promote {
		h.due = never
	}
	if c.prune {
		h.prune = never
	}
	c.due = h.due
	return c
}

// failed gives back what a receive set aside and did not get.
func (h *hint) failed(c chance) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ready += c.take
	if c.promote {
		h.due = 0
	}
	if c.prune {
		h.prune = 0
	}
	h.wake()
}

// add notes that messages became ready.
func (h *hint) add(n int) {
	if n == 0 {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ready += n
	h.wake()
}

// sooner notes that a message comes due at a time.
func (h *hint) sooner(due int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if due < h.due {
		h.due = due
		h.wake()
	}
}

// promoted sets the time the next message comes due, as the file says after a promotion. It runs inside Write, as sooner
// does, so that none of the two overlooks the other.
func (h *hint) promoted(due int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.due = due
	h.wake()
}

// pruned sets when to look for messages past their retention again.
func (h *hint) pruned(next int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.prune = next
}

// past tells whether messages may have passed their retention, and if so makes the caller the one to remove them.
func (h *hint) past(now int64) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.prune > now {
		return false
	}
	h.prune = never
	return true
}

// wake lets every waiting receive look again. The caller holds the lock.
func (h *hint) wake() {
	close(h.changed)
	h.changed = make(chan struct{})
}
