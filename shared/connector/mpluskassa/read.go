package mpluskassa

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"time"

	"apicenter/shared/connector"
	"apicenter/shared/connector/internal/soap"
	"apicenter/shared/fault"
	"apicenter/shared/model"
)

// feed is how one entity is read along its change counter.
type feed struct {
	entity string // Order, Invoice, Article, Relation
	step   string // what we are doing, for errors
	shared bool   // records may share a marker
	// page asks for what changed behind a marker.
	page func(ctx context.Context, step string, f flow, behind int64, limit int) (page, error)
	// one asks for at most lookupSize records by key, and returns no others.
	one func(ctx context.Context, step string, f flow, keys []string) ([]found, error)
}

// page is what one request along the counter gave.
type page struct {
	found   []found
	empty   bool  // nothing lies behind the marker
	highest int64 // everything visible up to here is on the page
}

// found is a record before it is known when it was read.
type found struct {
	key     string
	marker  int64
	deleted bool
	touched time.Time // the latest time the record itself names; zero for none
	fields  model.Tree
}

// feed returns how a kind is read with the flow's settings.
func (s *session) feed(kind model.Kind, settings map[string]string) (feed, flow, error) {
	f, err := parseFlow(Connector.Source[kind].Settings, settings)
	if err != nil {
		return feed{}, f, err
	}
	switch kind {
	case model.Orders:
		d := orders
		if f.documents == documentsInvoices {
			d = invoices
		}
		return s.documents(d), f, nil
	case model.Customers:
		return s.customers(), f, nil
	case model.Products:
		return s.products(), f, nil
	case model.Stock, model.Prices:
	}
	return feed{}, f, &fault.Error{Class: fault.Bug, Message: fmt.Sprintf("MplusKASSA is not read for %s", kind)}
}

// Read returns the next page along the change counter. A page may be empty although more follows, when all of it is older
// than the flow wants; the end is where MplusKASSA has nothing more, as a short page is no sign of it.
//
// The older date of a request is compared with the dates a record names (entry, booking and payment of an order; change of
// a customer or article), and only for what had changed before the flow began: MplusKASSA does not say when an order was
// last changed, and filtering by its own dates in the request would hide later changes for good.
func (s *session) Read(ctx context.Context, r connector.ReadRequest) (connector.Page, error) {
	fd, f, err := s.feed(r.Kind, r.Settings)
	if err != nil {
		return connector.Page{}, err
	}
	c, fresh, err := decodeCheckpoint(r.Checkpoint, fd.entity)
	if err != nil {
		return connector.Page{}, err
	}
	if fresh {
		c.start(f.start, r.From)
	}
	if fresh || r.Begin {
		if err := s.begin(ctx, fd, &c); err != nil {
			return connector.Page{}, err
		}
	}
	limit := s.pageSize
	if r.Limit > 0 {
		limit = min(limit, r.Limit)
	}
	asked := s.now()
	p, err := fd.page(ctx, fd.step, f, c.Marker, limit)
	if err != nil {
		return connector.Page{}, err
	}
	if p.empty {
		c.end()
		return connector.Page{Next: c.encode()}, nil
	}
	if p.highest <= c.Marker {
		return connector.Page{}, &fault.Error{Class: fault.Retry, Step: fd.step,
			Message: "MplusKASSA sent records without saying where they stand in its order of changes",
			Advice:  "It is tried again by itself; if it stays, tell Mplus support.",
			Detail:  fmt.Sprintf("%d records behind marker %d, highest marker %d", len(p.found), c.Marker, p.highest)}
	}
	c.read(asked, s.now(), s.late, p.highest)
	out := connector.Page{Records: make([]connector.Record, 0, len(p.found)), More: true}
	for _, x := range p.found {
		// What lies in the late window is read again in every run, and passed on only when it had not been visible before.
		if !c.leavesOut(x.marker, x.touched) && (fd.shared || !c.pass(x.marker)) {
			out.Records = append(out.Records, x.record(asked))
		}
	}
	c.forget()
	out.Next = c.encode()
	return out, nil
}

// begin steps back to what is certain and notes where the counter stands.
func (s *session) begin(ctx context.Context, fd feed, c *checkpoint) error {
	counter, known, err := s.counter(ctx, fd.step, fd.entity)
	if err != nil {
		return err
	}
	if c.begin(s.now(), s.late, counter, known) {
		s.log.WarnContext(ctx, "MplusKASSA counts lower than before, as after going back to an older copy; the newest part is read again",
			slog.String("entity", fd.entity), slog.Int64("counter", counter))
	}
	return nil
}

// ReadOne returns the records with the keys.
func (s *session) ReadOne(ctx context.Context, kind model.Kind, settings map[string]string, keys []string) ([]connector.Record, error) {
	fd, f, err := s.feed(kind, settings)
	if err != nil {
		return nil, err
	}
	asked := s.now()
	var out []connector.Record
	for chunk := range slices.Chunk(keys, lookupSize) {
		list, err := fd.one(ctx, fd.step, f, chunk)
		if err != nil {
			return nil, err
		}
		for _, x := range list {
			out = append(out, x.record(asked))
		}
	}
	return out, nil
}

func (x found) record(asked time.Time) connector.Record {
	return connector.Record{Key: x.key, Version: model.Version{Marker: x.marker, Read: asked}, Deleted: x.deleted, Fields: x.fields,
		Changed: x.touched}
}

// lookupSize is how many records are asked for by number in one request.
const lookupSize = 100

// markers writes the part of a request that reads along the counter.
func markers(w *soap.Writer, behind int64, limit int) {
	w.Int("syncMarker", behind+1)
	w.Int("syncMarkerLimit", int64(limit))
}

// list returns the elements of a wrapped list.
func list(tree model.Tree, wrapper, element string) []any {
	inside, _ := tree[wrapper].(model.Tree)
	elements, _ := inside[element].([]any)
	return elements
}

// number reads a whole number from a leaf.
func number(value any) (int64, bool) {
	n, ok := value.(json.Number)
	if !ok {
		return 0, false
	}
	i, err := strconv.ParseInt(n.String(), 10, 64)
	return i, err == nil
}

// whole is number with 0 for everything that is none.
func whole(value any) int64 {
	n, _ := number(value)
	return n
}

// identity reads a number that names something: a positive one, in its normal form.
func identity(value any) (string, bool) {
	n, ok := number(value)
	return strconv.FormatInt(n, 10), ok && n > 0
}

// moment reads an instant from a leaf.
func moment(value any) time.Time {
	text, _ := value.(string)
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}
	}
	return t
}
