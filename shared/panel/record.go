package panel

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"

	"apicenter/shared/integration"
	"apicenter/shared/model"
	"apicenter/shared/store"
)

// recordView is one record on its way: what came, what it became in between, what was sent, and what was answered.
type recordView struct {
	flowHead
	Heading  string // "Order 2026.318"
	Chip     chip
	At       *moment
	Reason   string
	Problem  *problemView
	Warnings []string
	Facts    []pair

	Source *node
	Order  *orderView // of an orders flow
	Record *node      // of the others, and of an order that could not be read as one
	Steps  []stepView
	Gone   bool // the contents cannot be read any more

	Failure *failureRow // the record is an open failure now
	Newer   string      // where a later outcome of the record is told
	RunURL  string
}

// stepView is one exchange with the target.
type stepView struct {
	Name         string
	Sent, Answer *code
}

func (p *Panel) showRecord(w http.ResponseWriter, r *http.Request, v *visit) error {
	f, err := p.flow(r, v)
	if err != nil {
		return err
	}
	chunk, err := p.store.Chunk(r.Context(), v.tenant.ID, f.ID, r.PathValue("chunk"))
	if err != nil {
		return fmt.Errorf("chunk: %w", err)
	}
	head, err := p.flowHead(r.Context(), v, f, "")
	if err != nil {
		return err
	}
	view := recordView{flowHead: head, Heading: v.words.say("record.gone"), At: v.moment(chunk.At), Gone: true}
	records, err := store.OpenRecords(r.Context(), p.codec, v.tenant.ID, chunk.Payload)
	if err != nil {
		p.log.Warn("a chunk of activity could not be opened", slog.String("tenant", v.tenant.ID), slog.String("flow", f.ID),
			slog.String("chunk", chunk.ID), slog.Any("error", err))
		return p.recordPage(w, r, v, view)
	}
	for _, record := range records {
		if recordName(chunk.ID, record.Key) != r.PathValue("record") {
			continue
		}
		view = v.recordView(head, f.Kind, chunk, record)
		if err := p.addPresent(r.Context(), v, &view, f, chunk, record.Key); err != nil {
			return err
		}
		return p.recordPage(w, r, v, view)
	}
	return fmt.Errorf("record: %w", store.ErrNotFound)
}

func (p *Panel) recordPage(w http.ResponseWriter, r *http.Request, v *visit, view recordView) error {
	return p.show(w, r, v, http.StatusOK, page{Name: "record", Title: view.Heading + " · " + view.Title, Nav: "overview", View: view})
}

// recordView makes the view of what a chunk says of a record.
func (v *visit) recordView(head flowHead, kind model.Kind, c store.Chunk, r store.RecordActivity) recordView {
	view := recordView{flowHead: head, Chip: v.chip(r.Outcome), At: v.moment(c.At), Problem: v.problem(r.Problem), Warnings: r.Warnings,
		Heading: v.words.say("record."+string(kind), "number", cmp.Or(r.Number, r.Key)), Source: treeOf(r.Source)}
	if r.Reason != "" {
		view.Reason = sentence(v.words.or("reason.", r.Reason))
	}
	field := ""
	if r.Problem != nil {
		field = r.Problem.Field
	}
	if kind == model.Orders {
		view.Order = v.orderView(r.Record, field)
	}
	if view.Order == nil {
		view.Record = treeOf(r.Record)
	}
	for _, s := range r.Steps {
		view.Steps = append(view.Steps, stepView{Name: v.words.or("step.", s.Name), Sent: codeOf(s.Sent), Answer: codeOf(s.Answer)})
	}
	fact := func(name, value string) {
		if value != "" {
			view.Facts = append(view.Facts, pair{Name: v.words.say("record.fact." + name), Value: value})
		}
	}
	fact("target", r.TargetID)
	fact("reference", r.Reference)
	fact("key", r.Key)
	if r.Attempt > 0 {
		fact("attempt", v.words.number(r.Attempt))
	}
	if !r.Version.Read.IsZero() {
		fact("read", v.full(r.Version.Read))
	}
	return view
}

// addPresent adds how the record stands now: other than the chunk, which tells what was.
func (p *Panel) addPresent(ctx context.Context, v *visit, view *recordView, f integration.Flow, c store.Chunk, key string) error {
	if c.Run != "" {
		run, err := p.store.Run(ctx, v.tenant.ID, f.ID, c.Run)
		switch {
		case err == nil:
			view.RunURL = v.runRow(run).URL
			view.Facts = append(view.Facts, pair{Name: v.words.say("record.fact.run"), Value: v.words.or("trigger.", string(run.Trigger))})
		case !errors.Is(err, store.ErrNotFound):
			return fmt.Errorf("run: %w", err)
		}
	}
	failure, err := p.store.Failure(ctx, v.tenant.ID, f.ID, key)
	switch {
	case err == nil:
		row := v.failureRow(failure)
		view.Failure = &row
	case !errors.Is(err, store.ErrNotFound):
		return fmt.Errorf("failure: %w", err)
	}
	entries, err := p.store.Entries(ctx, store.FlowScope(v.tenant.ID, f.ID), []string{key})
	if err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	if len(entries) == 1 && entries[0].Activity > c.ID {
		view.Newer = recordURL(f.ID, entries[0].Activity, key)
	}
	return nil
}
