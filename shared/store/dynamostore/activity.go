package dynamostore

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"apicenter/shared/fault"
	"apicenter/shared/message"
	"apicenter/shared/model"
	"apicenter/shared/store"
)

// A run is one row. Outcomes may be counted there before it is started, or after it expired; only a row that says when it
// started is a run.

// keptRuns is how long a run stays after it was started or last counted for.
const keptRuns = 90 * 24 * time.Hour

func runKey(tenant, flow, id string) item { return at(runsOf(tenant, flow), id) }

func runsOf(tenant, flow string) string { return "run#" + join(tenant, flow) }

// StartRun implements store.Activity.
func (s *Store) StartRun(ctx context.Context, r store.Run) error {
	changes := []string{"#started = :started", "#kind = :kind", "#mode = :mode", "#trigger = :trigger", "#pages = :pages",
		"#records = :records", "#expires = if_not_exists(#expires, :expires)"}
	values := item{":started": moment(r.Started), ":kind": text(string(r.Kind)), ":mode": text(r.Mode), ":trigger": text(string(r.Trigger)),
		":pages": number(int64(r.Pages)), ":records": number(int64(r.Read)), ":expires": timeToLive(r.Started.Add(keptRuns))}
	changes, err := ended(changes, values, r.Ended, r.Problem)
	var counts string
	if err == nil {
		counts, err = countsOf(r.Counts, values)
	}
	if err == nil {
		_, _, err = s.update(ctx, s.tables.Activity, runKey(r.Tenant, r.Flow, r.ID), "SET "+strings.Join(changes, ", ")+counts,
			"attribute_not_exists(#started)", values)
	}
	if err != nil {
		return fmt.Errorf("run %q: %w", r.ID, err)
	}
	return nil
}

// AddToRun implements store.Activity. A run that does not exist is ErrNotFound. The token keeps a repeat from adding twice:
// a run has one reader, so nothing is added in between.
func (s *Store) AddToRun(ctx context.Context, tenant, flow, run string, pages, records int, end time.Time, problem *fault.Error) error {
	token := newToken()
	values := item{":pages": number(int64(pages)), ":records": number(int64(records)), ":token": text(token)}
	changes, err := ended([]string{"#token = :token"}, values, end, problem)
	var stood item
	done := false
	if err == nil {
		stood, done, err = s.update(ctx, s.tables.Activity, runKey(tenant, flow, run),
			"SET "+strings.Join(changes, ", ")+" ADD #pages :pages, #records :records",
			"attribute_exists(#started) AND (attribute_not_exists(#token) OR #token <> :token)", values)
	}
	if err == nil && !done && !wrote(stood, token) {
		err = store.ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("run %q: %w", run, err)
	}
	return nil
}

// ended adds the changes that close a run, if it is closed.
func ended(changes []string, values item, at time.Time, problem *fault.Error) ([]string, error) {
	if !at.IsZero() {
		changes, values[":ended"] = append(changes, "#ended = :ended"), moment(at)
	}
	if problem == nil {
		return changes, nil
	}
	doc, err := document(problem)
	values[":problem"] = doc
	return append(changes, "#problem = :problem"), err
}

// Run implements store.Activity.
func (s *Store) Run(ctx context.Context, tenant, flow, id string) (run store.Run, err error) {
	row, err := s.get(ctx, s.tables.Activity, runKey(tenant, flow, id))
	if err == nil && (row["started"] == nil || s.expired(row)) {
		err = store.ErrNotFound
	}
	if err == nil {
		run, err = runOf(tenant, flow, row)
	}
	if err != nil {
		return store.Run{}, fmt.Errorf("run %q: %w", id, err)
	}
	return run, nil
}

// Runs implements store.Activity. The cursor is the id of the last run listed.
func (s *Store) Runs(ctx context.Context, tenant, flow, cursor string, limit int) (runs []store.Run, next string, err error) {
	q := search{table: s.tables.Activity, where: "#pk = :pk", filter: "attribute_exists(#started)",
		values: item{":pk": text(runsOf(tenant, flow))}, backward: true, limit: limit + 1}
	if cursor != "" {
		q.where += " AND #sk < :after"
		q.values[":after"] = text(cursor)
	}
	err = q.each(ctx, s, func(row item) (bool, error) {
		if s.expired(row) {
			return true, nil
		}
		run, err := runOf(tenant, flow, row)
		runs = append(runs, run)
		return len(runs) <= limit, err
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

func runOf(tenant, flow string, row item) (store.Run, error) {
	r := reader{row: row}
	run := store.Run{Tenant: tenant, Flow: flow, ID: r.text(sk), Kind: model.Kind(r.text("kind")), Mode: r.text("mode"),
		Trigger: message.Trigger(r.text("trigger")), Started: r.moment("started"), Ended: r.moment("ended"),
		Pages: int(r.number("pages")), Read: int(r.number("records")), Counts: r.counts(), Problem: r.problem("problem")}
	return run, r.err
}

// expired reports that a row's time is over, which DynamoDB may take days to notice.
func (s *Store) expired(row item) bool {
	r := reader{row: row}
	expires := r.number("expires")
	return expires != 0 && expires <= s.now().Unix()
}

// outcomes are those that can be counted, each in an attribute of its name.
func outcomes() []model.Outcome {
	return []model.Outcome{model.Pending, model.Delivered, model.Skipped, model.Rejected, model.Failed}
}

// countsOf returns the clause that adds counts, and its values. An outcome without an attribute is refused rather than left
// out.
func countsOf(counts map[model.Outcome]int, values item) (clause string, err error) {
	known := outcomes()
	for o := range counts {
		if !slices.Contains(known, o) {
			return "", fmt.Errorf("the outcome %q cannot be counted; the known ones are %v", o, known)
		}
	}
	var terms []string
	for _, o := range known {
		if n := counts[o]; n != 0 {
			terms = append(terms, fmt.Sprintf("#%s :%s", o, o))
			values[":"+string(o)] = number(int64(n))
		}
	}
	if len(terms) == 0 {
		return "", nil
	}
	return " ADD " + strings.Join(terms, ", "), nil
}

// counts leaves out outcomes that were not counted.
func (r *reader) counts() (counts map[model.Outcome]int) {
	for _, o := range outcomes() {
		if n := int(r.number(string(o))); n != 0 {
			if counts == nil {
				counts = map[model.Outcome]int{}
			}
			counts[o] = n
		}
	}
	return counts
}
