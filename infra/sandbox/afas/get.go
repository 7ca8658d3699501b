package afas

import (
	"iter"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// maxQuery is the longest query string, counted from the question mark.
const maxQuery = 2049

// defaultTake is how many rows come when none are asked for.
const defaultTake = 100

// query is what a call of a get connector asks for.
type query struct {
	skip, take int
	order      []ordering
	filter     [][]condition // alternatives, each of conditions that all must hold
	shuffle    uint64        // not 0: rows without an order come mixed
}

type ordering struct {
	column string
	desc   bool
}

// condition is one comparison of a filter.
type condition struct {
	column   string
	operator int
	value    string
}

// parameters splits a query string. It takes separators raw and escaped, which
// the usual parser does not: it refuses a raw semicolon.
func parameters(raw string) (map[string]string, error) {
	out := map[string]string{}
	for raw != "" {
		var part string
		part, raw, _ = strings.Cut(raw, "&")
		if part == "" {
			continue
		}
		k, v, _ := strings.Cut(part, "=")
		key, err := url.QueryUnescape(k)
		if err != nil {
			return nil, err
		}
		val, err := url.QueryUnescape(v)
		if err != nil {
			return nil, err
		}
		out[strings.ToLower(key)] = val
	}
	return out, nil
}

// parseQuery reads the parameters of a get connector.
func parseQuery(raw string) (*query, *fault) {
	p, err := parameters(raw)
	if err != nil {
		return nil, unexpected()
	}
	q := &query{take: defaultTake}
	for name, into := range map[string]*int{"skip": &q.skip, "take": &q.take} {
		if v, ok := p[name]; ok && v != "" {
			if *into, err = strconv.Atoi(v); err != nil {
				return nil, unexpected()
			}
		}
	}
	if everything := q.skip == -1 && q.take == -1; !everything && (q.skip < 0 || q.take < 0) {
		return nil, unexpected()
	}
	if v := p["orderbyfieldids"]; v != "" {
		for _, c := range strings.Split(v, ",") {
			c = strings.TrimSpace(c)
			name, desc := strings.CutPrefix(c, "-")
			q.order = append(q.order, ordering{name, desc})
		}
	}
	var bad *fault
	if v, ok := p["filterjson"]; ok && v != "" {
		q.filter, bad = parseFilterJSON(v)
	} else {
		q.filter, bad = parseFilter(p)
	}
	return q, bad
}

// limits returns which rows of n to give.
func (q *query) limits(n int) (from, to int) {
	if q.take < 0 {
		return 0, n
	}
	take := max(q.take, 1) // Profit gives one row when asked for none
	from = min(q.skip, n)
	return from, from + min(take, n-from)
}

// buffers are reused between calls.
type buffers struct{ pool sync.Pool }

func (p *buffers) get() *[]byte {
	if b, ok := p.pool.Get().(*[]byte); ok {
		return b
	}
	b := make([]byte, 0, 8<<10)
	return &b
}

func (p *buffers) put(b *[]byte) {
	if cap(*b) <= 1<<20 {
		*b = (*b)[:0]
		p.pool.Put(b)
	}
}

// serveGet answers a call of a get connector.
func (s *Sandbox) serveGet(w http.ResponseWriter, r *http.Request, g getter) {
	if s.isBlocked(g.name()) {
		s.refuse(w, r, &fault{http.StatusInternalServerError, numberUnexpected,
			"This GetConnector (definition) is blocked", "Deze GetConnector (definitie) is geblokkeerd"})
		return
	}
	q, bad := parseQuery(r.URL.RawQuery)
	if bad != nil {
		s.refuse(w, r, bad)
		return
	}
	if s.opt.ShuffleUnsorted {
		q.shuffle = s.shuffles.Add(1)
	}
	buf := s.buffers.get()
	defer s.buffers.put(buf)
	b := (*buf)[:0]
	b = append(b, `{"skip":`...)
	b = strconv.AppendInt(b, int64(q.skip), 10)
	b = append(b, `,"take":`...)
	b = strconv.AppendInt(b, int64(q.take), 10)
	b = append(b, `,"rows":[`...)
	s.mu.RLock()
	b, bad = g.rows(s.data, q, b)
	s.mu.RUnlock()
	*buf = b
	if bad != nil {
		s.refuse(w, r, bad)
		return
	}
	b = append(b, "]}"...)
	*buf = b
	writeBody(w, http.StatusOK, b)
}

// rows selects, sorts and writes.
func (t *table[T]) rows(d *data, q *query, b []byte) ([]byte, *fault) {
	f, bad := t.compile(q.filter)
	if bad != nil {
		return b, bad
	}
	keys := make([]sortKey, len(q.order))
	for i, o := range q.order {
		c, bad := t.column(o.column)
		if bad != nil {
			return b, bad
		}
		keys[i] = sortKey{c, o.desc}
	}
	var found []T
	enough := -1 // rows that are needed when the order they are in is right
	if _, to := q.limits(1 << 40); len(keys) == 0 && q.shuffle == 0 && q.take >= 0 {
		enough = to
	}
	for row := range t.candidates(d, f) {
		if t.holds(d, f, row) {
			found = append(found, row)
			if len(found) == enough {
				break
			}
		}
	}
	switch {
	case len(keys) > 0:
		found = t.sort(d, found, keys)
	case q.shuffle > 0:
		found = slices.Clone(found)
		rng := rand.New(rand.NewPCG(q.shuffle, 1))
		rng.Shuffle(len(found), func(i, j int) { found[i], found[j] = found[j], found[i] })
	}
	from, to := q.limits(len(found))
	for i, row := range found[from:to] {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '{')
		for j := range t.columns {
			c := &t.columns[j]
			if j > 0 {
				b = append(b, ',')
			}
			b = append(b, '"')
			b = append(b, c.id...)
			b = append(b, '"', ':')
			b = c.get(d, row).appendJSON(b)
		}
		b = append(b, '}')
	}
	return b, nil
}

type sortKey struct {
	column int
	desc   bool
}

// sort orders rows, with the values to sort by taken out once.
func (t *table[T]) sort(d *data, rows []T, keys []sortKey) []T {
	if len(rows) < 2 {
		return rows
	}
	type entry struct {
		row    T
		values []value
	}
	list := make([]entry, len(rows))
	cells := make([]value, len(rows)*len(keys))
	for i, r := range rows {
		vs := cells[i*len(keys) : (i+1)*len(keys) : (i+1)*len(keys)]
		for j, k := range keys {
			vs[j] = t.columns[k.column].get(d, r)
			vs[j].text = fold(vs[j].text)
		}
		list[i] = entry{r, vs}
	}
	compare := func(a, b entry) int {
		for j, k := range keys {
			if c := a.values[j].compare(b.values[j]); c != 0 {
				if k.desc {
					return -c
				}
				return c
			}
		}
		return 0
	}
	if !slices.IsSortedFunc(list, compare) {
		slices.SortStableFunc(list, compare)
	}
	out := make([]T, len(list))
	for i := range list {
		out[i] = list[i].row
	}
	return out
}

// candidates are the rows that a filter can hold for: those of an index where
// every alternative has a comparison that an index answers, else all.
func (t *table[T]) candidates(d *data, f *filter) iter.Seq[T] {
	if len(f.alternatives) == 0 || t.look == nil {
		return t.all(d)
	}
	var keys []string
	for _, alt := range f.alternatives {
		key := ""
		for _, c := range alt {
			if name, ok := t.indexed[t.columns[c.column].id]; ok && c.operator == 1 && c.want.kind == textKind {
				key = indexKey(name, c.want.text)
				break
			}
		}
		if key == "" {
			return t.all(d)
		}
		if !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	if len(keys) == 1 {
		return t.look(d, keys[0])
	}
	return func(yield func(T) bool) {
		seen := map[any]bool{}
		for _, k := range keys {
			for row := range t.look(d, k) {
				if seen[any(row)] {
					continue
				}
				seen[any(row)] = true
				if !yield(row) {
					return
				}
			}
		}
	}
}
