package sqlitequeue

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"apicenter/shared/queue"
	"apicenter/shared/sqlitefile"
)

// A receipt is good for deleting while no newer one was given out, and on a FIFO queue until the visibility ends, as on SQS.
const current = ` WHERE seq = ? AND queue = ? AND receives = ? AND (state = 1 AND due > ? OR fifo = 0 AND state IN (0, 1))`

const (
	deleteHead = "DELETE FROM queue_messages" + current + " RETURNING grp"
	deleteBody = "DELETE FROM queue_bodies WHERE seq = ?"
)

// Delete removes deliveries for good, of several queues if need be.
func (q *Queue) Delete(ctx context.Context, deliveries []queue.Delivery) error {
	if len(deliveries) == 0 {
		return nil
	}
	lines, receipts := make([]*line, len(deliveries)), make([]receipt, len(deliveries))
	for i, d := range deliveries {
		var err error
		if lines[i], err = q.line(d.Queue); err != nil {
			return err
		}
		if receipts[i], err = receiptOf(d); err != nil {
			return err
		}
	}
	now := q.now().UnixNano()
	var fresh map[*line]int
	err := q.file.Write(ctx, func(tx *sqlitefile.Tx) error {
		free := make(map[*line]groups)
		for i, r := range receipts {
			l := lines[i]
			if q.chaos != nil && q.chaos.forgetDelete(l, r) {
				if err := q.makeVisible(tx, l, r, now); err != nil {
					return err
				}
				continue
			}
			var group string
			err := tx.QueryRow(deleteHead, r.seq, l.number, r.receives, now).Scan(&group)
			if errors.Is(err, sql.ErrNoRows) {
				continue
			}
			if err != nil {
				return err
			}
			if _, err := tx.Exec(deleteBody, r.seq); err != nil {
				return err
			}
			if l.settings.FIFO {
				if free[l] == nil {
					free[l] = make(groups)
				}
				free[l].add(group)
			}
		}
		fresh = make(map[*line]int, len(free))
		for l, groups := range free {
			var err error
			if fresh[l], err = l.advance(tx, groups); err != nil {
				return err
			}
		}
		return nil
	})
	for l, n := range fresh {
		l.hint.add(n)
	}
	if err != nil {
		return fmt.Errorf("deleting %d messages of queue %s: %w", len(deliveries), deliveries[0].Queue, err)
	}
	if q.chaos != nil && q.chaos.loseAnswer() {
		return errLost(deliveries[0].Queue)
	}
	return nil
}

// Extend makes a delivery visible again after a time, at most MaxVisibility after it was received.
func (q *Queue) Extend(ctx context.Context, d queue.Delivery, visible time.Duration) error {
	l, err := q.line(d.Queue)
	if err != nil {
		return err
	}
	r, err := receiptOf(d)
	if err != nil {
		return err
	}
	if visible < 0 || visible > queue.MaxVisibility {
		return mistake("the visibility %v is not between nothing and %v", visible, queue.MaxVisibility)
	}
	now := q.now()
	due := now.Add(visible).UnixNano()
	err = q.file.Write(ctx, func(tx *sqlitefile.Tx) error {
		n, err := tx.Exec(`UPDATE queue_messages SET due = ?
			WHERE seq = ? AND queue = ? AND receives = ? AND state = 1 AND due > ? AND received >= ?`,
			due, r.seq, l.number, r.receives, now.UnixNano(), due-int64(queue.MaxVisibility))
		if err != nil {
			return err
		}
		if n > 0 {
			l.hint.sooner(due)
			return nil
		}
		var tooLong bool
		err = tx.QueryRow("SELECT EXISTS (SELECT 1 FROM queue_messages WHERE seq = ? AND queue = ? AND receives = ? AND state = 1 AND due > ?)",
			r.seq, l.number, r.receives, now.UnixNano()).Scan(&tooLong)
		if err == nil && tooLong {
			err = mistake("a message stays invisible for at most %v after it was received; let it come back instead", queue.MaxVisibility)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("queue %s: %w", d.Queue, err)
	}
	if q.chaos != nil && q.chaos.loseAnswer() {
		return errLost(d.Queue)
	}
	return nil
}
