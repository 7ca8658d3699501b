package sqlitequeue

import (
	"context"
	"fmt"
	"strings"
	"time"

	"apicenter/shared/message"
	"apicenter/shared/queue"
	"apicenter/shared/sqlitefile"
)

// window is how long a FIFO queue remembers a deduplication id.
const window = 5 * time.Minute

// Send hands messages over, all of them or, after an error, none.
func (q *Queue) Send(ctx context.Context, name queue.Name, messages []queue.Message) error {
	l, err := q.line(name)
	if err != nil {
		return err
	}
	for i, m := range messages {
		if err := l.accepts(m); err != nil {
			return fmt.Errorf("queue %s, message %d of %d: %w", name, i+1, len(messages), err)
		}
	}
	if len(messages) == 0 {
		return nil
	}
	now, lost := q.now(), false
	if q.chaos != nil {
		messages, lost = q.chaos.loseReply(messages)
	}
	fresh := 0
	err = q.file.Write(ctx, func(tx *sqlitefile.Tx) (err error) {
		fresh, err = q.insert(tx, l, messages, now)
		return err
	})
	l.hint.add(fresh) // also after an error: it may say less than was done
	if err != nil {
		return fmt.Errorf("queue %s: %w", name, err)
	}
	if lost {
		return errLost(name)
	}
	return nil
}

// accepts says what is wrong with a message.
func (l *line) accepts(m queue.Message) error {
	switch {
	case len(m.Body) == 0:
		return mistake("a message needs a body")
	case len(m.Body) > message.Limit:
		return fmt.Errorf("%w: it has %d bytes and %d is the most", message.ErrTooLarge, len(m.Body), message.Limit)
	case m.Delay < 0 || m.Delay > queue.MaxDelay:
		return mistake("the delay %v is not between nothing and %v", m.Delay, queue.MaxDelay)
	case l.settings.FIFO && m.Delay > 0:
		return mistake("a FIFO queue delays no single message")
	case l.settings.FIFO && m.Group == "":
		return mistake("a FIFO queue needs the group of a message")
	case l.settings.FIFO && m.Dedup == "":
		return mistake("a FIFO queue needs the deduplication id of a message")
	}
	return nil
}

// insert writes the rows and returns how many became ready.
func (q *Queue) insert(tx *sqlitefile.Tx, l *line, messages []queue.Message, now time.Time) (fresh int, err error) {
	if l.settings.FIFO {
		if messages, err = q.unseen(tx, l, messages, now.UnixNano()); err != nil {
			return 0, err
		}
	}
	heads := make([]any, 0, len(messages)*headColumns)
	contents := make([]any, 0, len(messages)*2)
	open := make(map[string]bool) // FIFO: groups looked up, true when the next message of it is ready
	for _, m := range messages {
		state, fifo, place, due := ready, 0, int64(0), int64(0)
		switch {
		case l.settings.FIFO:
			fifo = 1
			first, known := open[m.Group]
			if !known {
				busy := false
				if err := tx.QueryRow(selectBusy, l.number, m.Group).Scan(&busy); err != nil {
					return fresh, err
				}
				first = !busy
			}
			open[m.Group] = false
			if !first {
				state = behind
			}
		case m.Delay > 0:
			state, due = waiting, now.Add(m.Delay).UnixNano()
			l.hint.sooner(due)
		}
		if state == ready {
			place = l.turns.take(l.turn(m.Group))
			fresh++
		}
		heads = append(heads, q.next, l.number, state, fifo, place, due, now.UnixNano(), m.Group)
		contents = append(contents, q.next, m.Body)
		q.next++
	}
	if err := insertRows(tx, heads, headColumns, insertHead, "(?, ?, ?, ?, ?, ?, 0, 0, ?, ?)"); err != nil {
		return fresh, err
	}
	return fresh, insertRows(tx, contents, 2, insertBody, "(?, ?)")
}

const (
	headColumns = 8
	insertHead  = "INSERT INTO queue_messages (seq, queue, state, fifo, place, due, receives, received, sent, grp) VALUES "
	insertBody  = "INSERT INTO queue_bodies (seq, body) VALUES "
	// A group is busy when it has a message ready or in flight; behind those are all others.
	selectBusy = "SELECT EXISTS (SELECT 1 FROM queue_messages WHERE queue = ? AND grp = ? AND fifo = 1 AND state IN (0, 1))"
)

// atOnce is how many rows one statement inserts; the rest go one by one, so that only two texts are ever prepared.
const atOnce = 10

func insertRows(tx *sqlitefile.Tx, args []any, columns int, insert, row string) error {
	many := insert + row + strings.Repeat(", "+row, atOnce-1)
	for len(args) > 0 {
		n, text := columns, insert+row
		if len(args) >= atOnce*columns {
			n, text = atOnce*columns, many
		}
		if _, err := tx.Exec(text, args[:n]...); err != nil {
			return err
		}
		args = args[n:]
	}
	return nil
}

// unseen leaves out messages whose deduplication id was accepted within the window, and remembers the others'.
func (q *Queue) unseen(tx *sqlitefile.Tx, l *line, messages []queue.Message, now int64) ([]queue.Message, error) {
	if now >= q.sweep {
		if _, err := tx.Exec("DELETE FROM queue_dedups WHERE until <= ?", now); err != nil {
			return nil, err
		}
		q.sweep = now + int64(window)/10
	}
	fresh := make([]queue.Message, 0, len(messages))
	for _, m := range messages {
		n, err := tx.Exec(`INSERT INTO queue_dedups (queue, dedup, until) VALUES (?, ?, ?)
			ON CONFLICT DO UPDATE SET until = excluded.until WHERE until <= ?`, l.number, m.Dedup, now+int64(window), now)
		if err != nil {
			return nil, err
		}
		if n > 0 {
			fresh = append(fresh, m)
		}
	}
	return fresh, nil
}
