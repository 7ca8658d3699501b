package sqlitestore

// schema returns the statements that make the tables, in the order of their invention. A later release appends to them;
// what stands here was run on files that exist.
func schema() []string {
	return []string{
		`CREATE TABLE tenants (
			id TEXT NOT NULL PRIMARY KEY, document TEXT NOT NULL) WITHOUT ROWID`,

		`CREATE TABLE connections (
			tenant TEXT NOT NULL, id TEXT NOT NULL, document TEXT NOT NULL,
			PRIMARY KEY (tenant, id)) WITHOUT ROWID`,
		`CREATE TABLE connection_states (
			tenant TEXT NOT NULL, id TEXT NOT NULL, revision INTEGER NOT NULL, stopped INTEGER NOT NULL, document TEXT NOT NULL,
			PRIMARY KEY (tenant, id)) WITHOUT ROWID`,
		`CREATE INDEX connection_states_stopped ON connection_states (tenant, id) WHERE stopped = 1`,

		`CREATE TABLE integrations (
			tenant TEXT NOT NULL, id TEXT NOT NULL, document TEXT NOT NULL,
			PRIMARY KEY (tenant, id)) WITHOUT ROWID`,

		// A paused flow has no due time.
		`CREATE TABLE flows (
			tenant TEXT NOT NULL, id TEXT NOT NULL, kind TEXT NOT NULL, source TEXT NOT NULL, target TEXT NOT NULL,
			version INTEGER NOT NULL, due INTEGER, hook TEXT NOT NULL, document TEXT NOT NULL,
			PRIMARY KEY (tenant, id)) WITHOUT ROWID`,
		`CREATE UNIQUE INDEX flows_once ON flows (tenant, kind, source, target)`,
		`CREATE INDEX flows_due ON flows (kind, due) WHERE due IS NOT NULL`,
		`CREATE INDEX flows_hook ON flows (hook) WHERE hook <> ''`,

		`CREATE TABLE positions (
			tenant TEXT NOT NULL, flow TEXT NOT NULL, mode TEXT NOT NULL,
			checkpoint TEXT NOT NULL, owner TEXT NOT NULL, until INTEGER NOT NULL, again INTEGER NOT NULL,
			PRIMARY KEY (tenant, flow, mode)) WITHOUT ROWID`,

		`CREATE TABLE rereads (
			tenant TEXT NOT NULL, flow TEXT NOT NULL, key TEXT NOT NULL,
			since INTEGER NOT NULL, next INTEGER NOT NULL, tries INTEGER NOT NULL,
			PRIMARY KEY (tenant, flow, key)) WITHOUT ROWID`,
		`CREATE INDEX rereads_due ON rereads (tenant, flow, next, key)`,

		// Entries name their scope by a number: half the time of saving one went into comparing tenants and flows.
		`CREATE TABLE scopes (
			id INTEGER PRIMARY KEY, tenant TEXT NOT NULL, name TEXT NOT NULL)`,
		`CREATE UNIQUE INDEX scopes_name ON scopes (tenant, name)`,
		`CREATE TABLE ledger (
			scope INTEGER NOT NULL, key TEXT NOT NULL,
			revision INTEGER NOT NULL, state TEXT NOT NULL, unsure_until INTEGER NOT NULL,
			marker INTEGER NOT NULL, read INTEGER NOT NULL, fingerprint TEXT NOT NULL, target_id TEXT NOT NULL,
			reference TEXT NOT NULL, first_tried INTEGER NOT NULL, activity TEXT NOT NULL, cancelled INTEGER NOT NULL,
			PRIMARY KEY (scope, key)) WITHOUT ROWID`,
		`CREATE INDEX ledger_reference ON ledger (scope, reference) WHERE reference <> ''`,

		`CREATE TABLE runs (
			tenant TEXT NOT NULL, flow TEXT NOT NULL, id TEXT NOT NULL,
			kind TEXT NOT NULL, mode TEXT NOT NULL, started_by TEXT NOT NULL, started INTEGER NOT NULL, ended INTEGER NOT NULL,
			pages INTEGER NOT NULL, records INTEGER NOT NULL, problem TEXT NOT NULL, expires INTEGER NOT NULL,
			pending INTEGER NOT NULL DEFAULT 0, delivered INTEGER NOT NULL DEFAULT 0, skipped INTEGER NOT NULL DEFAULT 0,
			rejected INTEGER NOT NULL DEFAULT 0, failed INTEGER NOT NULL DEFAULT 0,
			PRIMARY KEY (tenant, flow, id)) WITHOUT ROWID`,
		`CREATE INDEX runs_expires ON runs (expires)`,

		// Payloads are large, so rows keep their place and the indexes alone are walked: by flow with all that a filter
		// asks for, and by run.
		`CREATE TABLE chunks (
			tenant TEXT NOT NULL, flow TEXT NOT NULL, id TEXT NOT NULL, run TEXT NOT NULL,
			at INTEGER NOT NULL, expires INTEGER NOT NULL,
			pending INTEGER NOT NULL, delivered INTEGER NOT NULL, skipped INTEGER NOT NULL, rejected INTEGER NOT NULL,
			failed INTEGER NOT NULL, payload BLOB)`,
		`CREATE UNIQUE INDEX chunks_id ON chunks (tenant, flow, id)`,
		`CREATE INDEX chunks_outcome ON chunks (tenant, flow, id, expires, run, pending, delivered, skipped, rejected, failed)`,
		`CREATE INDEX chunks_run ON chunks (tenant, flow, run, id)`,
		`CREATE INDEX chunks_expires ON chunks (expires)`,

		`CREATE TABLE hours (
			tenant TEXT NOT NULL, flow TEXT NOT NULL, hour INTEGER NOT NULL, expires INTEGER NOT NULL,
			pending INTEGER NOT NULL, delivered INTEGER NOT NULL, skipped INTEGER NOT NULL, rejected INTEGER NOT NULL,
			failed INTEGER NOT NULL,
			PRIMARY KEY (tenant, flow, hour)) WITHOUT ROWID`,
		`CREATE INDEX hours_expires ON hours (expires)`,

		`CREATE TABLE failures (
			tenant TEXT NOT NULL, flow TEXT NOT NULL, key TEXT NOT NULL, number TEXT NOT NULL, connection TEXT NOT NULL,
			state TEXT NOT NULL, outcome TEXT NOT NULL, problem TEXT NOT NULL, cause TEXT NOT NULL,
			marker INTEGER NOT NULL, read INTEGER NOT NULL, since INTEGER NOT NULL, last INTEGER NOT NULL,
			run TEXT NOT NULL, activity TEXT NOT NULL, content TEXT NOT NULL, payload BLOB)`,
		`CREATE UNIQUE INDEX failures_key ON failures (tenant, flow, key)`,
		`CREATE INDEX failures_waiting ON failures (tenant, since, flow, key)`,
		`CREATE INDEX failures_flow ON failures (tenant, flow, since, key)`,
		`CREATE INDEX failures_connection ON failures (tenant, connection, since, flow, key)`,
		`CREATE INDEX failures_cause ON failures (tenant, cause, since, flow, key) WHERE cause <> ''`,
		`CREATE INDEX failures_state ON failures (tenant, flow, state)`,

		`CREATE TABLE incidents (
			tenant TEXT NOT NULL, id TEXT NOT NULL, subject TEXT NOT NULL,
			problem TEXT NOT NULL, opened INTEGER NOT NULL, closed INTEGER NOT NULL,
			PRIMARY KEY (tenant, id)) WITHOUT ROWID`,
		`CREATE UNIQUE INDEX incidents_subject ON incidents (tenant, subject) WHERE closed = 0`,
		`CREATE INDEX incidents_open ON incidents (tenant, id) WHERE closed = 0`,

		`CREATE TABLE loads (
			tenant TEXT NOT NULL, connection TEXT NOT NULL,
			queued INTEGER NOT NULL, finished INTEGER NOT NULL, finished_at INTEGER NOT NULL,
			PRIMARY KEY (tenant, connection)) WITHOUT ROWID`,

		`CREATE TABLE keysets (
			tenant TEXT NOT NULL PRIMARY KEY, wrapped BLOB, hash_key BLOB, created INTEGER NOT NULL, erased INTEGER NOT NULL)
			WITHOUT ROWID`,
	}
}
