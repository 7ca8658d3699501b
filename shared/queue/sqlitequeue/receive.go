package sqlitequeue

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"apicenter/shared/queue"
	"apicenter/shared/sqlitefile"
)

// Receive returns up to most messages. While nothing is ready it touches no file: it sleeps until a send, a delete or a
// release in this process, or the time when the next message comes due.
func (q *Queue) Receive(ctx context.Context, name queue.Name, most int, wait time.Duration) ([]queue.Delivery, error) {
	l, err := q.line(name)
	if err != nil {
		return nil, err
	}
	if most < 1 {
		return nil, mistake("a receive must ask for at least one message")
	}
	until := q.now().Add(wait)
	if q.chaos != nil {
		var nothing bool
		if most, nothing = q.chaos.short(most, wait); nothing {
			return nil, ctx.Err()
		}
	}
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		now := q.now()
		c := l.hint.try(now.UnixNano(), most)
		if !c.idle() {
			got, err := q.claim(ctx, l, most, c, now)
			if err != nil {
				return nil, fmt.Errorf("queue %s: %w", name, err)
			}
			if len(got) > 0 {
				return got, nil
			}
			continue // what was set aside is gone, so this ends
		}
		if !now.Before(until) {
			return nil, nil
		}
		q.sleep(ctx, c, until)
	}
}

// sleep returns when there is something to look at, when the time is over, or when ctx ends.
func (q *Queue) sleep(ctx context.Context, c chance, until time.Time) {
	if c.due < until.UnixNano() {
		until = time.Unix(0, c.due)
	}
	rings, stop := q.alarm(until)
	defer stop()
	select {
	case <-rings:
	case <-c.changed:
	case <-ctx.Done():
	}
}

// claim takes messages in one transaction: those set aside, and those that came due just now.
func (q *Queue) claim(ctx context.Context, l *line, most int, c chance, now time.Time) (got []queue.Delivery, err error) {
	more := 0 // ready messages this call made and did not take
	err = q.file.Write(ctx, func(tx *sqlitefile.Tx) error {
		got, more = nil, 0
		if c.prune {
			n, err := l.prune(tx, now.UnixNano())
			if err != nil {
				return err
			}
			more += n
		}
		if c.promote {
			n, err := l.promote(tx, now.UnixNano())
			if err != nil {
				return err
			}
			more += n
		}
		heads := min(most, c.take+more)
		more -= heads - c.take
		if heads == 0 {
			return nil
		}
		got, err = q.pick(tx, l, heads, most, now)
		return err
	})
	if err != nil {
		l.hint.failed(c)
		return nil, err
	}
	l.hint.add(more)
	return got, nil
}

// pick gives out up to heads ready messages, and on a FIFO queue what follows them in their groups, up to most in all.
func (q *Queue) pick(tx *sqlitefile.Tx, l *line, heads, most int, now time.Time) ([]queue.Delivery, error) {
	offset := 0
	if q.chaos != nil && !l.settings.FIFO {
		offset = q.chaos.reorder()
	}
	due, at := now.Add(l.settings.Visibility).UnixNano(), now.UnixNano()
	kept := at - int64(l.settings.Retention)
	got, err := l.deliver(tx, nil, pickHeads, due, at, l.number, kept, heads, offset)
	if err == nil && len(got) == 0 && offset > 0 {
		got, err = l.deliver(tx, nil, pickHeads, due, at, l.number, kept, heads, 0)
	}
	if err != nil {
		return nil, err
	}
	if l.settings.FIFO {
		for _, d := range got {
			if len(got) >= most {
				break
			}
			if got, err = l.deliver(tx, got, pickFollowers, due, at, l.number, d.Group, kept, most-len(got)); err != nil {
				return nil, err
			}
		}
	}
	if len(got) == 0 {
		return nil, nil
	}
	l.hint.sooner(due)
	slices.SortFunc(got, func(a, b queue.Delivery) int {
		return cmp.Or(cmp.Compare(len(a.ID), len(b.ID)), cmp.Compare(a.ID, b.ID))
	})
	if q.chaos != nil && !l.settings.FIFO {
		if err := q.duplicate(tx, l, got, at); err != nil {
			return nil, err
		}
	}
	for i := range got {
		if err := tx.QueryRow("SELECT body FROM queue_bodies WHERE seq = ?", got[i].ID).Scan(&got[i].Body); err != nil {
			return nil, fmt.Errorf("message %s: its body cannot be read: %w", got[i].ID, err)
		}
	}
	return got, nil
}

const (
	pickHeads = `UPDATE queue_messages SET state = 1, receives = receives + 1, due = ?, received = ?
		WHERE seq IN (SELECT seq FROM queue_messages WHERE queue = ? AND state = 0 AND sent > ? ORDER BY place, seq LIMIT ? OFFSET ?)
		RETURNING seq, grp, receives, sent, place`
	pickFollowers = `UPDATE queue_messages SET state = 1, receives = receives + 1, due = ?, received = ?
		WHERE seq IN (SELECT seq FROM queue_messages WHERE queue = ? AND grp = ? AND fifo = 1 AND state = 3 AND sent > ? ORDER BY seq LIMIT ?)
		RETURNING seq, grp, receives, sent, place`
)

// deliver runs one of the two updates and appends what it gave out.
func (l *line) deliver(tx *sqlitefile.Tx, to []queue.Delivery, update string, args ...any) ([]queue.Delivery, error) {
	rows, err := tx.Query(update, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var seq, sent, place int64
		d := queue.Delivery{Queue: l.name}
		if err := rows.Scan(&seq, &d.Group, &d.Receives, &sent, &place); err != nil {
			return nil, err
		}
		d.ID = strconv.FormatInt(seq, 10)
		d.Receipt = receipt{seq, d.Receives}.String()
		d.Sent = time.Unix(0, sent).UTC()
		l.turns.serve(place)
		to = append(to, d)
	}
	return to, rows.Err()
}

// receipt names one delivery of one message: there is no other with that count.
type receipt struct {
	seq      int64
	receives int
}

func (r receipt) String() string { return fmt.Sprintf("%d-%d", r.seq, r.receives) }

// receiptOf reads the receipt of a delivery.
func receiptOf(d queue.Delivery) (receipt, error) {
	seq, receives, ok := strings.Cut(d.Receipt, "-")
	var r receipt
	var err1, err2 error
	r.seq, err1 = strconv.ParseInt(seq, 10, 64)
	r.receives, err2 = strconv.Atoi(receives)
	if !ok || err1 != nil || err2 != nil {
		return r, mistake("%q is no receipt of queue %s", d.Receipt, d.Queue)
	}
	return r, nil
}
