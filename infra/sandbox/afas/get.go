package afas

import (
	"net/http"
	"net/url"
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
