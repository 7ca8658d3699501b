package sqlitequeue

import (
	"context"
	"fmt"

	"apicenter/shared/queue"
	"apicenter/shared/sqlitefile"
)

// Counts counts in the indexes; nothing is approximate here.
func (q *Queue) Counts(ctx context.Context, name queue.Name) (c queue.Counts, err error) {
	l, err := q.line(name)
	if err != nil {
		return c, err
	}
	now := q.now().UnixNano()
	if l.hint.past(now) {
		if _, err := q.claim(ctx, l, 0, chance{prune: true}, q.now()); err != nil {
			return c, fmt.Errorf("queue %s: %w", name, err)
		}
	}
	err = q.file.Read(ctx, func(tx *sqlitefile.Tx) error {
		return tx.QueryRow(`SELECT
			(SELECT count(*) FROM queue_messages WHERE queue = ?1 AND state = 0) +
			(SELECT count(*) FROM queue_messages WHERE queue = ?1 AND state = 1 AND due <= ?2) +
			(SELECT count(*) FROM queue_messages WHERE queue = ?1 AND state = 3 AND fifo = 1),
			(SELECT count(*) FROM queue_messages WHERE queue = ?1 AND state = 1 AND due > ?2 AND receives > 0),
			(SELECT count(*) FROM queue_messages WHERE queue = ?1 AND state = 1 AND due > ?2 AND receives = 0),
			(SELECT count(*) FROM queue_messages WHERE queue = ?1 AND state = 2)`, l.number, now).
			Scan(&c.Visible, &c.InFlight, &c.Delayed, &c.Dead)
	})
	if err != nil {
		return queue.Counts{}, fmt.Errorf("queue %s: %w", name, err)
	}
	return c, nil
}
