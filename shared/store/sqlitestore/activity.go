package sqlitestore

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"apicenter/shared/fault"
	"apicenter/shared/message"
	"apicenter/shared/model"
	"apicenter/shared/sqlitefile"
	"apicenter/shared/store"
)

// keptRuns is how long a run stays that no outcome was recorded for; the others stay as long as their chunks.
const keptRuns = 90 * 24 * time.Hour

const runColumns = `id, kind, mode, started_by, started, ended, pages, records, problem, ` + countColumns

const (
	startRun = `INSERT INTO runs (tenant, flow, id, kind, mode, started_by, started, ended, pages, records, problem, expires)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`
	addToRun = `UPDATE runs SET pages = pages + ?, records = records + ?,
		ended = coalesce(nullif(?, 0), ended), problem = coalesce(nullif(?, ''), problem)
		WHERE tenant = ? AND flow = ? AND id = ?`
	countRun = `UPDATE runs SET pending = pending + ?, delivered = delivered + ?, skipped = skipped + ?,
		rejected = rejected + ?, failed = failed + ?, expires = max(expires, ?)
		WHERE tenant = ? AND flow = ? AND id = ?`
	getRun    = `SELECT ` + runColumns + ` FROM runs WHERE tenant = ? AND flow = ? AND id = ? AND expires > ?`
	firstRuns = `SELECT ` + runColumns + ` FROM runs WHERE tenant = ? AND flow = ? AND expires > ? ORDER BY id DESC LIMIT ? + 0`
	moreRuns  = `SELECT ` + runColumns + ` FROM runs WHERE tenant = ? AND flow = ? AND expires > ? AND id < ? ORDER BY id DESC LIMIT ? + 0`
)

// StartRun implements store.Activity.
func (s *Store) StartRun(ctx context.Context, r store.Run) error {
	problem, err := problemText(r.Problem)
	if err != nil {
		return fmt.Errorf("run %q: %w", r.ID, err)
	}
	counts, err := countValues(r.Counts)
	if err != nil {
		return fmt.Errorf("run %q: %w", r.ID, err)
	}
	expires := nanos(r.Started.Add(keptRuns))
	if err := s.file.Write(ctx, func(tx *sqlitefile.Tx) error {
		started, err := tx.Exec(startRun, r.Tenant, r.Flow, r.ID, string(r.Kind), r.Mode, string(r.Trigger), nanos(r.Started),
			nanos(r.Ended), r.Pages, r.Read, problem, expires)
		if err != nil || started == 0 || len(r.Counts) == 0 {
			return err
		}
		_, err = tx.Exec(countRun, append(counts, expires, r.Tenant, r.Flow, r.ID)...)
		return err
	}); err != nil {
		return fmt.Errorf("run %q: %w", r.ID, err)
	}
	return nil
}

// AddToRun implements store.Activity. A run that does not exist is ErrNotFound.
func (s *Store) AddToRun(ctx context.Context, tenant, flow, run string, pages, records int, ended time.Time, problem *fault.Error) error {
	text, err := problemText(problem)
	if err != nil {
		return fmt.Errorf("run %q: %w", run, err)
	}
	if err := s.file.Write(ctx, func(tx *sqlitefile.Tx) error {
		n, err := tx.Exec(addToRun, pages, records, nanos(ended), text, tenant, flow, run)
		if err == nil && n == 0 {
			return store.ErrNotFound
		}
		return err
	}); err != nil {
		return fmt.Errorf("run %q: %w", run, err)
	}
	return nil
}

// Run implements store.Activity.
func (s *Store) Run(ctx context.Context, tenant, flow, id string) (run store.Run, err error) {
	err = s.file.Read(ctx, func(tx *sqlitefile.Tx) error {
		run, err = runOf(tenant, flow)(tx.QueryRow(getRun, tenant, flow, id, nanos(s.now())))
		return err
	})
	if isNone(err) {
		err = store.ErrNotFound
	}
	if err != nil {
		return store.Run{}, fmt.Errorf("run %q: %w", id, err)
	}
	return run, nil
}

// Runs implements store.Activity. The cursor is the id of the last run listed.
func (s *Store) Runs(ctx context.Context, tenant, flow, cursor string, limit int) (runs []store.Run, next string, err error) {
	query, args := firstRuns, []any{tenant, flow, nanos(s.now()), limit + 1}
	if cursor != "" {
		query, args = moreRuns, []any{tenant, flow, nanos(s.now()), cursor, limit + 1}
	}
	err = s.file.Read(ctx, func(tx *sqlitefile.Tx) error {
		rows, err := tx.Query(query, args...)
		runs, err = scanAll(rows, err, runOf(tenant, flow))
		return err
	})
	if err != nil {
		return nil, "", fmt.Errorf("runs of flow %q: %w", flow, err)
	}
	if len(runs) > limit {
		runs = runs[:limit]
		next = runs[limit-1].ID
	}
	return runs, next, nil
}

func runOf(tenant, flow string) func(scanner) (store.Run, error) {
	return func(row scanner) (store.Run, error) {
		r := store.Run{Tenant: tenant, Flow: flow}
		var kind, trigger, problem string
		var started, ended int64
		var counts counts
		err := row.Scan(append([]any{&r.ID, &kind, &r.Mode, &trigger, &started, &ended, &r.Pages, &r.Read, &problem}, counts.dest()...)...)
		if err != nil {
			return r, err
		}
		r.Kind, r.Trigger, r.Started, r.Ended = model.Kind(kind), message.Trigger(trigger), instant(started), instant(ended)
		r.Counts = counts.byOutcome()
		r.Problem, err = problemOf(problem)
		return r, err
	}
}

// countColumns are the columns of counts, in the order of outcomes.
const countColumns = `pending, delivered, skipped, rejected, failed`

// outcomes lists them in the order of countColumns.
func outcomes() []model.Outcome {
	return []model.Outcome{model.Pending, model.Delivered, model.Skipped, model.Rejected, model.Failed}
}

// counts are the columns of counts of one row.
type counts [5]int

func (c *counts) dest() []any { return []any{&c[0], &c[1], &c[2], &c[3], &c[4]} }

// byOutcome leaves out outcomes that were not counted.
func (c *counts) byOutcome() map[model.Outcome]int {
	var out map[model.Outcome]int
	for i, o := range outcomes() {
		if c[i] != 0 {
			if out == nil {
				out = map[model.Outcome]int{}
			}
			out[o] = c[i]
		}
	}
	return out
}

// countValues returns the values of countColumns. An outcome without a column is refused rather than left out.
func countValues(byOutcome map[model.Outcome]int) ([]any, error) {
	known := outcomes()
	for o := range maps.Keys(byOutcome) {
		if !slices.Contains(known, o) {
			return nil, fmt.Errorf("the outcome %q cannot be counted; the known ones are %s", o, countColumns)
		}
	}
	values := make([]any, len(known))
	for i, o := range known {
		values[i] = byOutcome[o]
	}
	return values, nil
}

// anyOf is the condition that a row counts one of the outcomes.
func anyOf(wanted []model.Outcome) (string, error) {
	var terms []string
	for _, o := range wanted {
		if !slices.Contains(outcomes(), o) { // it becomes part of the statement
			return "", fmt.Errorf("there is no outcome %q; the known ones are %s", o, countColumns)
		}
	}
	for _, o := range outcomes() { // in one order, so that few texts are prepared
		if slices.Contains(wanted, o) {
			terms = append(terms, string(o)+" > 0")
		}
	}
	return "(" + strings.Join(terms, " OR ") + ")", nil
}
