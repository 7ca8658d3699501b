package sqlitequeue

// The states of a message.
//
// A group of a FIFO queue has either one ready message, its first, and nothing in flight, or messages in flight and none
// ready; all its others are behind. So a claim finds what may be given out by one index, and never looks at a blocked group.
const (
	ready   = 0 // may be given out
	waiting = 1 // in flight or delayed, until due
	dead    = 2 // a dead letter, since due
	behind  = 3 // FIFO: not its group's turn
)

// schema returns the tables, one statement a step: later releases append. Numbers in the conditions are the states; an index
// holds the rows of one state, so that a queue of a million delayed messages does not slow down the ready ones. Bodies lie
// apart: what moves a message from state to state never touches them. Pages of deleted messages are used again.
func schema() []string {
	return []string{
		`CREATE TABLE queue_names (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)`,
		`CREATE TABLE queue_messages (
			seq INTEGER PRIMARY KEY,
			queue INTEGER NOT NULL,
			state INTEGER NOT NULL,
			fifo INTEGER NOT NULL,
			place INTEGER NOT NULL,
			due INTEGER NOT NULL,
			receives INTEGER NOT NULL,
			received INTEGER NOT NULL,
			sent INTEGER NOT NULL,
			grp TEXT NOT NULL,
			reason TEXT)`,
		`CREATE INDEX queue_ready ON queue_messages (queue, place) WHERE state = 0`,
		`CREATE INDEX queue_waiting ON queue_messages (queue, due, receives) WHERE state = 1`,
		`CREATE INDEX queue_dead ON queue_messages (queue, due) WHERE state = 2`,
		`CREATE INDEX queue_lanes ON queue_messages (queue, grp, state) WHERE fifo = 1`,
		`CREATE TABLE queue_bodies (seq INTEGER PRIMARY KEY, body BLOB NOT NULL)`,
		`CREATE TABLE queue_dedups (
			queue INTEGER NOT NULL, dedup TEXT NOT NULL, until INTEGER NOT NULL,
			PRIMARY KEY (queue, dedup)) WITHOUT ROWID`,
		`CREATE INDEX queue_dedups_until ON queue_dedups (until)`,
	}
}
