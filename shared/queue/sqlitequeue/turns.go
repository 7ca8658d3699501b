package sqlitequeue

import (
	"cmp"

	"apicenter/shared/sqlitefile"
)

// turns decides who is next among the ready messages of a queue: the lowest place.
//
// On a standard queue each group gets places one after the other, beginning where the queue is now. A group with a thousand
// messages takes a thousand places, another's first message the one right after those being served: groups take turns, and
// finding the next is one step in an index however many groups there are. On a FIFO queue only heads of groups are ready,
// and they take turns in the order in which they became ready. It is used inside Write only; what a failed Write did to it
// costs some fairness and nothing else.
type turns struct {
	served int64            // the highest place given out
	last   map[string]int64 // by group, the highest place taken, where it is above served
}

// manyGroups is when groups without a place above served are forgotten.
const manyGroups = 4096

func newTurns() turns { return turns{last: make(map[string]int64)} }

// take returns a place for a message of the group that becomes ready.
func (t *turns) take(group string) int64 {
	if len(t.last) >= manyGroups {
		for g, place := range t.last {
			if place <= t.served {
				delete(t.last, g)
			}
		}
	}
	place := max(t.served, t.last[group]) + 1
	t.last[group] = place
	return place
}

// serve notes that a place was given out.
func (t *turns) serve(place int64) { t.served = max(t.served, place) }

// turn is who takes places: the group, or on a FIFO queue all groups together.
func (l *line) turn(group string) string {
	if l.settings.FIFO {
		return ""
	}
	return group
}

// recall reads the places taken, what is ready, and what comes due.
func (l *line) recall(tx *sqlitefile.Tx, now int64) error {
	rows, err := tx.Query("SELECT grp, count(*), min(place), max(place) FROM queue_messages WHERE queue = ? AND state = 0 GROUP BY grp", l.number)
	if err != nil {
		return err
	}
	for lowest := int64(-1); rows.Next(); {
		var group string
		var count int
		var first, last int64
		if err := rows.Scan(&group, &count, &first, &last); err != nil {
			return err
		}
		l.hint.ready += count
		l.turns.last[l.turn(group)] = max(last, l.turns.last[l.turn(group)])
		if lowest < 0 || first < lowest {
			lowest = first
			l.turns.served = first - 1
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if l.hint.due, err = l.firstDue(tx); err != nil {
		return err
	}
	oldest, err := l.oldest(tx)
	l.hint.prune = cmp.Or(oldest, now) + int64(l.settings.Retention)
	return err
}
