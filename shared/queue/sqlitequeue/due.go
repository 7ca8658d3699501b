package sqlitequeue

import (
	"fmt"
	"time"

	"apicenter/shared/sqlitefile"
)

// atMost bounds how many due messages one receive promotes; the next receive goes on.
const atMost = 500

const lookDue = "SELECT seq, grp, receives FROM queue_messages WHERE queue = ? AND state = 1 AND due <= ? ORDER BY due, receives LIMIT ? + 0"

// promote makes due messages ready, or dead letters of those received too often, and returns how many are ready now.
func (l *line) promote(tx *sqlitefile.Tx, now int64) (fresh int, err error) {
	rows, err := tx.Query(lookDue, l.number, now, atMost)
	if err != nil {
		return 0, err
	}
	type comer struct {
		seq      int64
		group    string
		receives int
	}
	var due []comer
	for rows.Next() {
		var m comer
		if err := rows.Scan(&m.seq, &m.group, &m.receives); err != nil {
			return 0, err
		}
		due = append(due, m)
	}
	if err := rows.Err(); err != nil {
		return 0, err
	}
	groups := make(groups)
	for _, m := range due {
		switch {
		case m.receives >= l.settings.MaxReceives:
			groups.add(m.group)
			_, err = tx.Exec("UPDATE queue_messages SET state = 2, due = ?, reason = ? WHERE seq = ?", now,
				fmt.Sprintf("received %d times and never deleted", m.receives), m.seq)
		case l.settings.FIFO:
			groups.add(m.group)
			_, err = tx.Exec("UPDATE queue_messages SET state = 3 WHERE seq = ?", m.seq)
		default:
			fresh++
			_, err = tx.Exec("UPDATE queue_messages SET state = 0, place = ? WHERE seq = ?", l.turns.take(m.group), m.seq)
		}
		if err != nil {
			return 0, err
		}
	}
	n, err := l.advance(tx, groups)
	if err != nil {
		return 0, err
	}
	next, err := l.firstDue(tx)
	if err != nil {
		return 0, err
	}
	l.hint.promoted(next)
	return fresh + n, nil
}

const minDue = "SELECT coalesce(min(due), ?) FROM queue_messages WHERE queue = ? AND state = 1"

// firstDue returns when the next waiting message comes due.
func (l *line) firstDue(tx *sqlitefile.Tx) (int64, error) {
	due := int64(never)
	err := tx.QueryRow(minDue, due, l.number).Scan(&due)
	return due, err
}

// groups are groups of a FIFO queue that may have come free.
type groups map[string]struct{}

func (g groups) add(group string) { g[group] = struct{}{} }

const nextOfGroup = `UPDATE queue_messages SET state = 0, place = ? WHERE seq =
	(SELECT seq FROM queue_messages WHERE queue = ? AND grp = ? AND fifo = 1 AND state = 3 ORDER BY seq LIMIT 1)`

// advance makes the first message ready in each group that has none ready or in flight, and returns how many that were.
func (l *line) advance(tx *sqlitefile.Tx, free groups) (fresh int, err error) {
	if !l.settings.FIFO {
		return 0, nil
	}
	for group := range free {
		var busy bool
		if err := tx.QueryRow(selectBusy, l.number, group).Scan(&busy); err != nil {
			return 0, err
		}
		if busy {
			continue
		}
		n, err := tx.Exec(nextOfGroup, l.turns.take(l.turn(group)), l.number, group)
		if err != nil {
			return 0, err
		}
		fresh += int(n)
	}
	return fresh, nil
}

// prune removes messages past their retention, dead letters past theirs counted from the burial, and returns how many are
// ready because a group's first is gone. Receives test the retention themselves; this only cleans up.
func (l *line) prune(tx *sqlitefile.Tx, now int64) (fresh int, err error) {
	keep := int64(l.settings.Retention)
	rows, err := tx.Query(`DELETE FROM queue_messages WHERE queue = ? AND CASE state WHEN 2 THEN due ELSE sent END <= ?
		RETURNING seq, grp`, l.number, now-keep)
	if err != nil {
		return 0, err
	}
	var gone []int64
	groups := make(groups)
	for rows.Next() {
		var seq int64
		var group string
		if err := rows.Scan(&seq, &group); err != nil {
			return 0, err
		}
		gone = append(gone, seq)
		groups.add(group)
	}
	if err := rows.Err(); err != nil {
		return 0, err
	}
	for _, seq := range gone {
		if _, err := tx.Exec(deleteBody, seq); err != nil {
			return 0, err
		}
	}
	if fresh, err = l.advance(tx, groups); err != nil {
		return 0, err
	}
	oldest, err := l.oldest(tx)
	if err != nil {
		return 0, err
	}
	// It reads the whole queue, so a row of messages that end one after the other is not removed one by one.
	next := now + min(keep/16, int64(time.Minute))
	if oldest == 0 {
		next = now + keep
	}
	l.hint.pruned(max(next, oldest+keep))
	return fresh, nil
}

// oldest returns the time from which the retention of the oldest message counts; zero when there is none.
func (l *line) oldest(tx *sqlitefile.Tx) (at int64, err error) {
	err = tx.QueryRow("SELECT coalesce(min(CASE state WHEN 2 THEN due ELSE sent END), 0) FROM queue_messages WHERE queue = ?",
		l.number).Scan(&at)
	return at, err
}
