// Package sqlitequeue keeps the queues of one machine in its SQLite file.
//
// Whoever wires a single process opens it over the file the process holds, at most once per file: what is ready and what
// comes due next is remembered in memory, so a second Queue beside it would not be told. A call is durable when it returns.
// It gives the guarantees of Amazon SQS and, with Chaos, is as unpleasant as SQS is allowed to be. Encryption of bodies and
// what messages mean it leaves to message and the stages.
package sqlitequeue

import (
	"context"
	"fmt"
	"time"

	"apicenter/shared/fault"
	"apicenter/shared/queue"
	"apicenter/shared/sqlitefile"
)

// Queue is all the queues of one file. It is safe for concurrent use.
type Queue struct {
	file  *sqlitefile.File
	now   func() time.Time
	alarm func(at time.Time) (rings <-chan struct{}, stop func())
	chaos *dice
	lines map[queue.Name]*line
	next  int64 // the next seq; only inside Write
	sweep int64 // when old deduplication ids are removed next; only inside Write
}

var _ queue.Queue = (*Queue)(nil)

// Options are for tests; production uses none.
type Options struct {
	// Settings replaces queue.SettingsOf.
	Settings func(queue.Name) queue.Settings
	// Alarm waits for the clock to reach a time: rings is closed then, stop gives the alarm up. Nil waits on real time,
	// which is right when now is the real time.
	Alarm func(at time.Time) (rings <-chan struct{}, stop func())
	// Chaos makes the queues misbehave as SQS may.
	Chaos *Chaos
	// Recover makes messages that are in flight visible at once. It is for a process that is alone on the file: whoever
	// received them is dead, and waiting for the end of their visibility would only delay them.
	Recover bool
}

// line is one queue of the file.
type line struct {
	name     queue.Name
	number   int64 // how tables name it
	settings queue.Settings
	turns    turns
	hint     hint
}

// Open opens the queues in the file, all that queue.All names.
func Open(ctx context.Context, f *sqlitefile.File, now func() time.Time, o Options) (*Queue, error) {
	q := &Queue{file: f, now: now, alarm: o.Alarm, lines: make(map[queue.Name]*line)}
	if q.alarm == nil {
		q.alarm = q.realAlarm
	}
	if o.Chaos != nil {
		q.chaos = o.Chaos.dice()
	}
	if o.Settings == nil {
		o.Settings = queue.SettingsOf
	}
	if err := f.Migrate(ctx, "queue", schema()); err != nil {
		return nil, fmt.Errorf("queues: %w", err)
	}
	for _, name := range queue.All() {
		q.lines[name] = &line{name: name, settings: o.Settings(name), turns: newTurns(), hint: newHint()}
	}
	if err := f.Write(ctx, q.number); err != nil {
		return nil, fmt.Errorf("queues: %w", err)
	}
	if o.Recover {
		if err := f.Write(ctx, q.recover); err != nil {
			return nil, fmt.Errorf("queues: %w", err)
		}
	}
	if err := f.Read(ctx, q.recall); err != nil {
		return nil, fmt.Errorf("queues: %w", err)
	}
	return q, nil
}

// number finds the number of each queue, and gives one to a new queue.
func (q *Queue) number(tx *sqlitefile.Tx) error {
	for _, l := range q.lines {
		if _, err := tx.Exec("INSERT INTO queue_names (name) VALUES (?) ON CONFLICT DO NOTHING", string(l.name)); err != nil {
			return err
		}
		if err := tx.QueryRow("SELECT number FROM queue_names WHERE name = ?", string(l.name)).Scan(&l.number); err != nil {
			return err
		}
	}
	return nil
}

// recover ends the visibility of everything that was received; delayed messages, which nobody received, keep their time.
func (q *Queue) recover(tx *sqlitefile.Tx) error {
	now := q.now().UnixNano()
	_, err := tx.Exec("UPDATE queue_messages SET due = ? WHERE state = 1 AND receives > 0 AND due > ?", now, now)
	return err
}

// recall fills what is kept in memory from what the file holds.
func (q *Queue) recall(tx *sqlitefile.Tx) error {
	// Numbers go on from the clock, so that the ids of messages long deleted do not come again after a restart.
	if err := tx.QueryRow("SELECT coalesce(max(seq), 0) FROM queue_messages").Scan(&q.next); err != nil {
		return err
	}
	q.next = max(q.next+1, q.now().UnixMicro())
	for _, l := range q.lines {
		if err := l.recall(tx, q.now().UnixNano()); err != nil {
			return err
		}
	}
	return nil
}

// line returns a queue by name.
func (q *Queue) line(name queue.Name) (*line, error) {
	l, ok := q.lines[name]
	if !ok {
		return nil, mistake("there is no queue named %q", name)
	}
	return l, nil
}

// realAlarm rings at a time of the real clock.
func (q *Queue) realAlarm(at time.Time) (<-chan struct{}, func()) {
	rings := make(chan struct{})
	t := time.AfterFunc(at.Sub(q.now()), func() { close(rings) })
	return rings, func() { t.Stop() }
}

// mistake is an error of the calling code, which no trying again mends.
func mistake(format string, args ...any) error {
	e := fault.New(fault.Bug, format, args...)
	e.Step = "use queue"
	return e
}
