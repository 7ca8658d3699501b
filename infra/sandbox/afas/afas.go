// Package afas simulates the REST interface of AFAS Profit, for tests,
// demonstrations and benchmarks. It keeps one environment in memory: customers,
// items, sales orders, direct invoices, journal entries and stock. It answers
// errors, filters, dates and numbers in the vendor's forms, and it is no kinder
// than the vendor: it takes a second order with the same reference, and it
// demands whatever Profit demands.
package afas

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	_ "time/tzdata" // the environment's times are Dutch wherever it runs

	"apicenter/infra/sandbox/internal/simhttp"
)

// Options describe an environment. The zero value is a test environment with
// everything on the app connector.
type Options struct {
	Environment  int            // participant number, default 12345
	Type         string         // production, test or accept; default test
	Token        string         // 64 hex digits, default DefaultToken
	TokenExpiry  time.Time      // zero means never
	AllowedCIDRs []netip.Prefix // other addresses get 403; empty means no restriction
	Language     string         // of texts when a call asks for none, default "nl-nl"
	FreeFields   []string       // codes of free fields: U and 32 hex digits

	GetConnectors    []string // on the app connector; nil means all
	UpdateConnectors []string // on the app connector; nil means all

	BareResults           bool // results of writes come without their wrapper
	EmptyResults          bool // results of writes come as an empty body
	ShuffleUnsorted       bool // rows come in another order each time when none is asked for
	ShowConnectorError500 bool // a connector that is not given answers 500 and not 401

	Now func() time.Time // default time.Now
}

// Sandbox is one simulated environment.
type Sandbox struct {
	opt           Options
	authorization string
	zone          *time.Location

	getters  []getter
	updaters []*updater
	byName   map[string]any // getter or *updater by "get|" or "update|" and folded name
	order    *document
	invoice  *document

	mu      sync.RWMutex
	data    *data           // guarded by mu
	blocked map[string]bool // get connectors, guarded by mu

	buffers  buffers
	revoked  atomic.Bool
	errors   atomic.Uint64
	fails    atomic.Uint64
	shuffles atomic.Uint64
}

// New makes an environment with its default master data.
func New(o Options) *Sandbox {
	if o.Environment == 0 {
		o.Environment = 12345
	}
	o.Type = or(o.Type, "test")
	o.Token = or(o.Token, DefaultToken)
	o.Language = or(o.Language, "nl-nl")
	if o.Now == nil {
		o.Now = time.Now
	}
	zone, err := time.LoadLocation("Europe/Amsterdam")
	if err != nil {
		panic(err) // the zones are linked in
	}
	s := &Sandbox{opt: o, zone: zone, byName: map[string]any{}}
	s.authorization = s.Authorization()
	s.getters = slices.Concat(masterTables(), itemTables(), customerTables(), orderTables(), ledgerTables())
	s.updaters = s.makeUpdaters()
	for _, g := range s.getters {
		s.byName["get|"+strings.ToLower(g.name())] = g
	}
	for _, u := range s.updaters {
		u.root = or(u.root, u.schema.name)
		s.byName["update|"+strings.ToLower(u.schema.name)] = u
	}
	s.Reset()
	return s
}

// Sim serves the environment with a request log, counters and faults.
func (s *Sandbox) Sim() *simhttp.Sim { return simhttp.New(s) }

// Reset goes back to the default master data.
func (s *Sandbox) Reset() {
	d := newData()
	t := &tx{data: d, now: s.local(), opt: &s.opt}
	seed := defaultSeed()
	if err := t.load(&seed); err != nil {
		panic(err) // the default data is ours
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.data, s.blocked = d, map[string]bool{}
	s.revoked.Store(false)
}

func (s *Sandbox) makeUpdaters() []*updater {
	orders, invoices := salesSchemas()
	s.order, s.invoice = newDocument(KindOrder, orders), newDocument(KindDirectInvoice, invoices)
	c, g, k := newCustomers(), newLedger(), newCatalogue()
	both := "POST PUT"
	below := []string{"KnContact", "KnBankAccount", "KnBasicAddressAdr", "KnBasicAddressPad"}
	return []*updater{
		{schema: c.org, description: "Organisatie", methods: both, subs: below, apply: c.updateParty(false)},
		{schema: c.per, description: "Persoon", methods: both, subs: below, apply: c.updateParty(true)},
		{schema: c.contact, description: "Contact", methods: "PUT", apply: c.updateContact},
		{schema: c.relOrg, description: "Verkooprelatie (organisatie)", methods: both, apply: c.updateRelation(false)},
		{schema: c.relPer, description: "Verkooprelatie (persoon)", methods: both, apply: c.updateRelation(true)},
		{schema: orders, description: "Verkooporder", methods: both, subs: []string{"FbSalesLines"}, apply: s.order.apply, remove: s.order.remove},
		{schema: invoices, description: "Directe factuur", methods: both, subs: []string{"FbDirectInvoiceLines"}, apply: s.invoice.apply, remove: s.invoice.remove},
		{schema: g.schema, root: "FiEntryPar", description: "Financiële mutaties", methods: "POST", apply: g.apply, remove: g.remove},
		{schema: k.item, description: "Artikel", methods: both, apply: k.applyItem, remove: k.removeItem},
		{schema: k.mutation, description: "Voorraadmutatie", methods: "POST", apply: k.applyMutation},
		{schema: k.price, description: "Verkoopprijs", methods: "POST", apply: k.applyPrice},
	}
}

// local is the Dutch local time, with its fractions of a second.
func (s *Sandbox) local() time.Time {
	t := s.opt.Now().In(s.zone)
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
}

// basePath is the first segment of all paths.
const basePath = "profitrestservices"

// headers sets what every answer has.
func (s *Sandbox) headers(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Cache-Control", "no-store, no-cache")
	h.Set("Strict-Transport-Security", "max-age=31536000")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "deny")
}

// ServeHTTP answers as the environment's host does.
func (s *Sandbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.headers(w)
	if len(r.URL.RawQuery)+1 > maxQuery {
		notFound(w)
		return
	}
	parts := segments(r.URL.EscapedPath())
	if len(parts) < 2 || !strings.EqualFold(parts[0], basePath) {
		notFound(w)
		return
	}
	if !s.authorised(w, r) {
		return
	}
	parts = parts[1:]
	switch area := strings.ToLower(parts[0]); {
	case area == "connectors" && len(parts) > 1:
		s.serveConnector(w, r, parts[1:])
	case r.Method != http.MethodGet:
		notFound(w)
	case area == "profitversion" && len(parts) == 1:
		writeJSON(w, http.StatusOK, map[string]string{"version": "7.0.1.3"})
	case area == "metainfo" && len(parts) == 1:
		s.serveMeta(w)
	case area == "metainfo" && len(parts) == 3 && strings.EqualFold(parts[1], "get"):
		if g := s.getter(parts[2]); g != nil {
			s.serveMetaGet(w, g)
		} else {
			s.notOnConnector(w, r, true)
		}
	case area == "metainfo" && len(parts) == 3 && strings.EqualFold(parts[1], "update"):
		if u := s.updater(parts[2]); u != nil {
			s.serveMetaUpdate(w, r, u)
		} else {
			s.notOnConnector(w, r, false)
		}
	default:
		notFound(w)
	}
}

func (s *Sandbox) serveConnector(w http.ResponseWriter, r *http.Request, parts []string) {
	if r.Method == http.MethodGet {
		g := s.getter(parts[0])
		switch {
		case len(parts) > 1:
			notFound(w)
		case g == nil:
			s.notOnConnector(w, r, true)
		default:
			s.serveGet(w, r, g)
		}
		return
	}
	u := s.updater(parts[0])
	switch {
	case u == nil:
		s.notOnConnector(w, r, false)
	case r.Method == http.MethodDelete:
		s.serveDelete(w, r, u, parts[1:])
	case r.Method != http.MethodPost && r.Method != http.MethodPut, len(parts) > 2:
		notFound(w)
	case len(parts) == 2:
		s.serveUpdate(w, r, u, parts[1])
	default:
		s.serveUpdate(w, r, u, "")
	}
}

func (s *Sandbox) getter(name string) getter {
	g, _ := s.byName["get|"+strings.ToLower(name)].(getter)
	if g == nil || !s.exposes(s.opt.GetConnectors, g.name()) {
		return nil
	}
	return g
}

func (s *Sandbox) updater(name string) *updater {
	u, _ := s.byName["update|"+strings.ToLower(name)].(*updater)
	if u == nil || !s.exposes(s.opt.UpdateConnectors, u.schema.name) {
		return nil
	}
	return u
}

// exposes reports whether a connector is on the app connector.
func (s *Sandbox) exposes(list []string, name string) bool {
	return list == nil || foldedName(list, name) != ""
}

// Operation names a call by method and connector.
func (s *Sandbox) Operation(r *http.Request) string {
	parts := segments(r.URL.Path)
	if len(parts) < 2 || !strings.EqualFold(parts[0], basePath) {
		return r.Method + " other"
	}
	area := strings.ToLower(parts[1])
	if area != "connectors" || len(parts) < 3 {
		if area != "metainfo" && area != "profitversion" {
			area = "other"
		}
		return r.Method + " " + area
	}
	name := "other"
	if r.Method == http.MethodGet {
		if g := s.getter(parts[2]); g != nil {
			name = g.name()
		}
	} else if u := s.updater(parts[2]); u != nil {
		name = u.schema.name
		if len(parts) > 3 && r.Method == http.MethodPost && foldedName(u.subs, parts[3]) != "" {
			name += "/" + foldedName(u.subs, parts[3])
		}
	}
	return r.Method + " " + name
}
