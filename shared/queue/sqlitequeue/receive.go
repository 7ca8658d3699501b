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
	kept := now.Add(-l.settings.Retention).UnixNano()
	found, err := look(tx, nil, lookReady, l.number, kept, heads, offset)
	if err == nil && len(found) < heads && offset > 0 {
		// So far from the front there are not enough, and what was set aside for this receive has to go out with it.
		found, err = look(tx, nil, lookReady, l.number, kept, heads, 0)
	}
	if err != nil {
		return nil, err
	}
	if l.settings.FIFO {
		for _, head := range found {
			if len(found) >= most {
				break
			}
			if found, err = look(tx, found, lookBehind, l.number, head.group, kept, most-len(found)); err != nil {
				return nil, err
			}
		}
		slices.SortFunc(found, func(a, b row) int { return cmp.Compare(a.seq, b.seq) })
	}
	if len(found) == 0 {
		return nil, nil
	}
	due := now.Add(l.settings.Visibility).UnixNano()
	l.hint.sooner(due)
	got := make([]queue.Delivery, len(found))
	for i, r := range found {
		if _, err := tx.Exec(giveOut, due, now.UnixNano(), r.seq); err != nil {
			return nil, err
		}
		l.turns.serve(r.place)
		got[i] = r.delivery(l.name)
	}
	if q.chaos != nil && !l.settings.FIFO {
		err = q.duplicate(tx, l, got, now.UnixNano())
	}
	return got, err
}

// A bare parameter as LIMIT would make SQLite compile the statement anew at every call, hence the sum. Looking first and
// updating row by row takes less time than UPDATE … RETURNING, which sets up two temporary tables for a handful of rows.
const (
	lookReady = `SELECT m.seq, m.grp, m.receives, m.sent, m.place, b.body FROM queue_messages m LEFT JOIN queue_bodies b ON b.seq = m.seq
		WHERE m.queue = ? AND m.state = 0 AND m.sent > ? ORDER BY m.place, m.seq LIMIT ? + 0 OFFSET ? + 0`
	lookBehind = `SELECT m.seq, m.grp, m.receives, m.sent, m.place, b.body FROM queue_messages m LEFT JOIN queue_bodies b ON b.seq = m.seq
		WHERE m.queue = ? AND m.grp = ? AND m.fifo = 1 AND m.state = 3 AND m.sent > ? ORDER BY m.seq LIMIT ? + 0`
	giveOut = "UPDATE queue_messages SET state = 1, receives = receives + 1, due = ?, received = ? WHERE seq = ?"
)

// row is a message that is about to be given out.
type row struct {
	seq, sent, place int64
	group            string
	receives         int
	body             []byte
}

// look appends the messages a query finds.
func look(tx *sqlitefile.Tx, to []row, query string, args ...any) ([]row, error) {
	rows, err := tx.Query(query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var r row
		if err := rows.Scan(&r.seq, &r.group, &r.receives, &r.sent, &r.place, &r.body); err != nil {
			return nil, err
		}
		if r.body == nil {
			return nil, fmt.Errorf("message %d has lost its body: the data file is damaged", r.seq)
		}
		to = append(to, r)
	}
	return to, rows.Err()
}

func (r row) delivery(name queue.Name) queue.Delivery {
	return queue.Delivery{
		Queue: name, ID: strconv.FormatInt(r.seq, 10), Receipt: receipt{r.seq, r.receives + 1}.String(),
		Body: r.body, Group: r.group, Receives: r.receives + 1, Sent: time.Unix(0, r.sent).UTC(),
	}
}

// receipt names one delivery of one message: there is no other with that count.
type receipt struct {
	seq      int64
	receives int
}

func (r receipt) String() string {
	return strconv.FormatInt(r.seq, 10) + "-" + strconv.Itoa(r.receives)
}

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
