package panel

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"

	"apicenter/shared/model"
	"apicenter/shared/store"
)

// How many records a page of activity lists, how many chunks are asked for at a time, and how often: a filter that hits
// hardly anything then gives a short page with a way on, instead of a long wait.
const (
	recordsShown  = 50
	chunksAtATime = 10
	readsAtMost   = 20
)

// activityView is what became of a flow's records, newest first.
type activityView struct {
	flowHead
	Rows    []activityRow
	Filters []filterLink
	Run     *runRow // when only one run is shown
	Next    string  // address of the older ones
	Newest  bool    // the page shows the newest there is
	Top     string  // the newest chunk, for the script to notice newer ones
}

// activityRow is one record in the list.
type activityRow struct {
	At       *moment
	Number   string
	Chip     chip
	Reason   string
	Warnings []string
	Target   string
	// Reference is what the record is called in the target.
	Reference string
	URL       string
	// Sealed is set when the chunk's records could not be read; Count is then how many it holds.
	Sealed bool
	Count  int
}

// filterLink narrows the list to an outcome.
type filterLink struct {
	Text    string
	Outcome model.Outcome
	URL     string
	Current bool
}

// place is where a page of activity begins: behind a store cursor, at a record of a chunk. Records are named by where they
// are, not counted, so that a page does not shift when new chunks arrive on top.
type place struct {
	Cursor string `json:"c,omitempty"`
	Chunk  string `json:"k,omitempty"`
	Record int    `json:"r,omitempty"`
}

func (pl place) String() string {
	raw, err := json.Marshal(pl)
	if err != nil {
		panic("panel: a place is two texts and a number: " + err.Error())
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}

// parsePlace reads what String wrote; anything else is the top of the list.
func parsePlace(s string) place {
	var pl place
	raw, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil || json.Unmarshal(raw, &pl) != nil || pl.Record < 0 {
		return place{}
	}
	return pl
}

func (p *Panel) showActivity(w http.ResponseWriter, r *http.Request, v *visit) error {
	f, err := p.flow(r, v)
	if err != nil {
		return err
	}
	head, err := p.flowHead(r.Context(), v, f, "activity")
	if err != nil {
		return err
	}
	query := r.URL.Query()
	filter := store.ChunkFilter{Tenant: v.tenant.ID, Flow: f.ID, Run: query.Get("run")}
	if o := model.Outcome(query.Get("outcome")); slices.Contains(outcomes(), o) {
		filter.Outcomes = []model.Outcome{o}
	}
	view := activityView{flowHead: head, Filters: v.filters(filter), Newest: query.Get("after") == ""}
	if filter.Run != "" {
		run, err := p.store.Run(r.Context(), v.tenant.ID, f.ID, filter.Run)
		if err != nil {
			return fmt.Errorf("run: %w", err)
		}
		row := v.runRow(run)
		view.Run = &row
	}
	var next string
	if view.Rows, view.Top, next, err = p.activityRows(r.Context(), v, filter, parsePlace(query.Get("after"))); err != nil {
		return err
	}
	if next != "" {
		view.Next = activityURL(filter, next)
	}
	return p.flowPage(w, r, v, "activity", head, view)
}

// activityRows returns a page of records that pass the filter, the first chunk seen, and where the next page begins.
func (p *Panel) activityRows(ctx context.Context, v *visit, f store.ChunkFilter, from place) (rows []activityRow, top, next string, err error) {
	cursor, begun := from.Cursor, from.Chunk == ""
	for range readsAtMost {
		chunks, further, err := p.store.Chunks(ctx, f, cursor, chunksAtATime)
		if err != nil {
			return nil, "", "", fmt.Errorf("activity: %w", err)
		}
		for _, c := range chunks {
			top = cmp.Or(top, c.ID)
			first := 0
			if !begun {
				if c.ID != from.Chunk {
					continue
				}
				begun, first = true, from.Record
			}
			full, at := p.addRows(ctx, v, &rows, c, f.Outcomes, first)
			if full {
				return rows, top, place{Cursor: cursor, Chunk: c.ID, Record: at}.String(), nil
			}
		}
		if further == "" {
			return rows, top, "", nil
		}
		cursor = further
	}
	if !begun { // the chunk the page began with has expired: so has everything older
		return rows, top, "", nil
	}
	return rows, top, place{Cursor: cursor}.String(), nil
}

// addRows adds a chunk's records from the first on. It reports at which record the page was full.
func (p *Panel) addRows(ctx context.Context, v *visit, rows *[]activityRow, c store.Chunk, wanted []model.Outcome, first int) (full bool, at int) {
	records, err := store.OpenRecords(ctx, p.codec, v.tenant.ID, c.Payload)
	if err != nil {
		p.log.Warn("a chunk of activity could not be opened", slog.String("tenant", c.Tenant), slog.String("flow", c.Flow),
			slog.String("chunk", c.ID), slog.Any("error", err))
		n := 0
		for _, count := range c.Counts {
			n += count
		}
		*rows = append(*rows, activityRow{At: v.moment(c.At), Sealed: true, Count: n})
		return false, 0
	}
	for i := first; i < len(records); i++ {
		if len(wanted) > 0 && !slices.Contains(wanted, records[i].Outcome) {
			continue
		}
		if len(*rows) >= recordsShown {
			return true, i
		}
		*rows = append(*rows, v.activityRow(c, records[i]))
	}
	return false, 0
}

func (v *visit) activityRow(c store.Chunk, r store.RecordActivity) activityRow {
	return activityRow{At: v.moment(c.At), Number: cmp.Or(r.Number, r.Key), Chip: v.chip(r.Outcome), Reason: v.reason(r),
		Warnings: r.Warnings, Target: r.TargetID, Reference: r.Reference, URL: recordURL(c.Flow, c.ID, r.Key)}
}

// reason is why a record ended as it did, in one line.
func (v *visit) reason(r store.RecordActivity) string {
	if r.Reason == "" && r.Problem != nil {
		return r.Problem.Message
	}
	return sentence(v.words.or("reason.", r.Reason))
}

// filters lists the outcomes to choose from.
func (v *visit) filters(f store.ChunkFilter) []filterLink {
	all := f
	all.Outcomes = nil
	out := []filterLink{{Text: v.words.say("activity.all"), URL: activityURL(all, ""), Current: len(f.Outcomes) == 0}}
	for _, o := range outcomes() {
		one := all
		one.Outcomes = []model.Outcome{o}
		out = append(out, filterLink{Text: v.chip(o).Text, Outcome: o, URL: activityURL(one, ""), Current: slices.Contains(f.Outcomes, o)})
	}
	return out
}

func activityURL(f store.ChunkFilter, after string) string {
	query := url.Values{}
	if f.Run != "" {
		query.Set("run", f.Run)
	}
	if len(f.Outcomes) == 1 {
		query.Set("outcome", string(f.Outcomes[0]))
	}
	if after != "" {
		query.Set("after", after)
	}
	if len(query) == 0 {
		return flowURL(f.Flow)
	}
	return flowURL(f.Flow) + "?" + query.Encode()
}
