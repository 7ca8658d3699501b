package sqlitequeue

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"time"

	"apicenter/shared/queue"
	"apicenter/shared/sqlitefile"
)

// Bury moves a delivery to the dead letters at once. One whose receipt is out of date is left alone.
func (q *Queue) Bury(ctx context.Context, d queue.Delivery, reason string) error {
	l, err := q.line(d.Queue)
	if err != nil {
		return err
	}
	r, err := receiptOf(d)
	if err != nil {
		return err
	}
	now, fresh := q.now().UnixNano(), 0
	err = q.file.Write(ctx, func(tx *sqlitefile.Tx) error {
		var group string
		err := tx.QueryRow("UPDATE queue_messages SET state = 2, due = ?, reason = ?"+current+" RETURNING grp",
			now, reason, r.seq, l.number, r.receives, now).Scan(&group)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		fresh, err = l.advance(tx, groups{group: {}})
		return err
	})
	l.hint.add(fresh)
	if err != nil {
		return fmt.Errorf("queue %s: %w", d.Queue, err)
	}
	return nil
}

// Buried lists dead letters, oldest first. They have no receipt: they leave by Redrive or when their retention ends.
func (q *Queue) Buried(ctx context.Context, name queue.Name, limit int) (letters []queue.Delivery, err error) {
	l, err := q.line(name)
	if err != nil {
		return nil, err
	}
	oldest := q.now().Add(-l.settings.Retention).UnixNano()
	err = q.file.Read(ctx, func(tx *sqlitefile.Tx) error {
		rows, err := tx.Query(`SELECT m.seq, m.grp, m.receives, m.sent, b.body FROM queue_messages m JOIN queue_bodies b ON b.seq = m.seq
			WHERE m.queue = ? AND m.state = 2 AND m.due > ? ORDER BY m.due, m.seq LIMIT ? + 0`, l.number, oldest, max(limit, 0))
		if err != nil {
			return err
		}
		for rows.Next() {
			var seq, sent int64
			d := queue.Delivery{Queue: name}
			if err := rows.Scan(&seq, &d.Group, &d.Receives, &sent, &d.Body); err != nil {
				return err
			}
			d.ID, d.Sent = strconv.FormatInt(seq, 10), time.Unix(0, sent).UTC()
			letters = append(letters, d)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("dead letters of queue %s: %w", name, err)
	}
	return letters, nil
}

// Redrive sends dead letters to their queue again, oldest first, as new messages: their receives count from zero, and in a
// group they go to the end.
func (q *Queue) Redrive(ctx context.Context, name queue.Name, limit int) (sent int, err error) {
	l, err := q.line(name)
	if err != nil {
		return 0, err
	}
	now, fresh := q.now().UnixNano(), 0
	err = q.file.Write(ctx, func(tx *sqlitefile.Tx) error {
		letters, err := l.letters(tx, now, max(limit, 0))
		if err != nil {
			return err
		}
		for _, m := range letters {
			state, place := behind, int64(0)
			if !l.settings.FIFO {
				state, place = ready, l.turns.take(m.group)
				fresh++
			}
			if _, err := tx.Exec(`UPDATE queue_messages SET seq = ?, state = ?, place = ?, due = 0, receives = 0, received = 0, sent = ?, reason = NULL
				WHERE seq = ?`, q.next, state, place, now, m.seq); err != nil {
				return err
			}
			if _, err := tx.Exec("UPDATE queue_bodies SET seq = ? WHERE seq = ?", q.next, m.seq); err != nil {
				return err
			}
			q.next++
			n, err := l.advance(tx, groups{m.group: {}})
			if err != nil {
				return err
			}
			fresh += n
		}
		sent = len(letters)
		return nil
	})
	l.hint.add(fresh)
	if err != nil {
		return 0, fmt.Errorf("dead letters of queue %s: %w", name, err)
	}
	return sent, nil
}

// letter is a dead letter without its body.
type letter struct {
	seq   int64
	group string
}

func (l *line) letters(tx *sqlitefile.Tx, now int64, limit int) (all []letter, err error) {
	rows, err := tx.Query("SELECT seq, grp FROM queue_messages WHERE queue = ? AND state = 2 AND due > ? ORDER BY due, seq LIMIT ? + 0",
		l.number, now-int64(l.settings.Retention), limit)
	if err != nil {
		return nil, err
	}
	for rows.Next() {
		var m letter
		if err := rows.Scan(&m.seq, &m.group); err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	return all, rows.Err()
}
