package panel

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"

	"apicenter/shared/integration"
	"apicenter/shared/store"
)

// How far a search looks where the ledger has no index: over the newest chunks and the failures waiting longest.
const (
	chunksSearched   = 30
	failuresSearched = 200
)

// searchView is what was found for a number.
type searchView struct {
	flowHead
	Rows []activityRow
	// Known are records of which the ledger still knows the outcome while their activity has expired.
	Known []knownRow
}

// knownRow is a record the ledger knows.
type knownRow struct {
	Key, Reference, Target, State string
	First                         *moment
}

// search looks a record up by its key, its number, or its reference in the target. It is a form that posts, so that what
// somebody types (it may be an e-mail address) stands in no address.
func (p *Panel) search(w http.ResponseWriter, r *http.Request, v *visit) error {
	f, err := p.flow(r, v)
	if err != nil {
		return err
	}
	query := strings.TrimSpace(r.PostFormValue("q"))
	if query == "" {
		return back(w, r, flowURL(f.ID))
	}
	view, err := p.find(r.Context(), v, f, query)
	if err != nil {
		return err
	}
	if len(view.Rows) == 1 && len(view.Known) == 0 {
		return back(w, r, view.Rows[0].URL)
	}
	if view.flowHead, err = p.flowHead(r.Context(), v, f, "activity"); err != nil {
		return err
	}
	view.Query = query
	return p.flowPage(w, r, v, "search", view.flowHead, view)
}

func (p *Panel) find(ctx context.Context, v *visit, f integration.Flow, query string) (searchView, error) {
	var view searchView
	entries, err := p.ledgerEntries(ctx, v, f, query)
	if err != nil {
		return view, err
	}
	for _, e := range entries {
		row, err := p.rowIn(ctx, v, f, e.Activity, e.Key)
		if err != nil {
			return view, err
		}
		if row != nil {
			view.Rows = append(view.Rows, *row)
			continue
		}
		view.Known = append(view.Known, knownRow{Key: e.Key, Reference: e.Reference, Target: e.TargetID,
			State: v.words.or("entry.", string(e.State)), First: v.moment(e.FirstTried)})
	}
	if len(entries) > 0 {
		return view, nil
	}
	if row, err := p.findFailure(ctx, v, f, query); err != nil || row != nil {
		if row != nil {
			view.Rows = append(view.Rows, *row)
		}
		return view, err
	}
	view.Rows, err = p.scan(ctx, v, f, query)
	return view, err
}

// ledgerEntries asks by key, by reference, and by the reference our number would have.
func (p *Panel) ledgerEntries(ctx context.Context, v *visit, f integration.Flow, query string) ([]store.Entry, error) {
	scope := store.FlowScope(v.tenant.ID, f.ID)
	found, err := p.store.Entries(ctx, scope, []string{query})
	if err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	references := []string{query}
	source, err := p.store.Connection(ctx, v.tenant.ID, f.Source)
	switch {
	case err == nil && source.Prefix != "":
		references = append(references, source.Prefix+query)
	case err != nil && !errors.Is(err, store.ErrNotFound):
		return nil, fmt.Errorf("connection: %w", err)
	}
	for _, reference := range references {
		more, err := p.store.EntriesByReference(ctx, scope, reference)
		if err != nil {
			return nil, fmt.Errorf("ledger: %w", err)
		}
		found = append(found, more...)
	}
	seen, out := map[string]bool{}, found[:0]
	for _, e := range found {
		if e.State == store.None && e.Activity == "" || seen[e.Key] {
			continue
		}
		seen[e.Key] = true
		out = append(out, e)
	}
	return out, nil
}

// rowIn returns the row of a key in a chunk; nil when the chunk has expired or does not hold it.
func (p *Panel) rowIn(ctx context.Context, v *visit, f integration.Flow, chunk, key string) (*activityRow, error) {
	if chunk == "" {
		return nil, nil
	}
	c, err := p.store.Chunk(ctx, v.tenant.ID, f.ID, chunk)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("activity: %w", err)
	}
	for _, record := range p.recordsOf(ctx, v, c) {
		if record.Key == key {
			row := v.activityRow(c, record)
			return &row, nil
		}
	}
	return nil, nil
}

// findFailure looks among the records that did not go: by key, then by number among those waiting longest.
func (p *Panel) findFailure(ctx context.Context, v *visit, f integration.Flow, query string) (*activityRow, error) {
	failure, err := p.store.Failure(ctx, v.tenant.ID, f.ID, query)
	if err == nil {
		return p.rowIn(ctx, v, f, failure.Activity, failure.Key)
	}
	if !errors.Is(err, store.ErrNotFound) {
		return nil, fmt.Errorf("failures: %w", err)
	}
	list, _, err := p.store.Failures(ctx, store.FailureFilter{Tenant: v.tenant.ID, Flow: f.ID}, "", failuresSearched)
	if err != nil {
		return nil, fmt.Errorf("failures: %w", err)
	}
	for _, failure := range list {
		if strings.EqualFold(failure.Number, query) {
			return p.rowIn(ctx, v, f, failure.Activity, failure.Key)
		}
	}
	return nil, nil
}

// scan looks through the newest activity for a number: records that were skipped before a write are in no ledger.
func (p *Panel) scan(ctx context.Context, v *visit, f integration.Flow, query string) ([]activityRow, error) {
	var rows []activityRow
	cursor := ""
	for range chunksSearched / chunksAtATime {
		chunks, next, err := p.store.Chunks(ctx, store.ChunkFilter{Tenant: v.tenant.ID, Flow: f.ID}, cursor, chunksAtATime)
		if err != nil {
			return nil, fmt.Errorf("activity: %w", err)
		}
		for _, c := range chunks {
			for _, record := range p.recordsOf(ctx, v, c) {
				if len(rows) < recordsShown && (strings.EqualFold(cmp.Or(record.Number, record.Key), query) || record.Key == query) {
					rows = append(rows, v.activityRow(c, record))
				}
			}
		}
		if next == "" {
			break
		}
		cursor = next
	}
	return rows, nil
}

// recordsOf opens a chunk; one that cannot be opened holds nothing to find.
func (p *Panel) recordsOf(ctx context.Context, v *visit, c store.Chunk) []store.RecordActivity {
	records, err := store.OpenRecords(ctx, p.codec, v.tenant.ID, c.Payload)
	if err != nil {
		p.log.Warn("a chunk of activity could not be opened", slog.String("tenant", c.Tenant), slog.String("flow", c.Flow),
			slog.String("chunk", c.ID), slog.Any("error", err))
	}
	return records
}
