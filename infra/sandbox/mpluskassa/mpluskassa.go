// Package mpluskassa simulates the SOAP interface of the MplusKASSA till: the
// envelopes, the sync markers, the odd response names, cents, hundredths of
// per cents, quantities with a separate count of decimals, and wall-clock time
// stamps. It is filled from package shopdata and meant for tests,
// demonstrations and benchmarks.
//
// The simulation is a reading of the vendor's interface by itself: it shares
// no code with a client, and where the interface leaves something open it
// takes the form that asks more of the client.
package mpluskassa

import (
	"cmp"
	"crypto/subtle"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"apicenter/infra/sandbox/internal/simhttp"
	"apicenter/infra/sandbox/shopdata"
)

// Credentials of a sandbox that was given none.
const (
	DefaultIdent  = "demo-ident"
	DefaultSecret = "demo-secret"
)

// Options says how the till behaves. The zero value is a usable till.
type Options struct {
	Ident, Secret string
	// Now is the till's clock; nil means the machine's.
	Now func() time.Time
	// ShufflePages mixes the entities of every answer, which the interface
	// allows: only the choice of a page goes by marker, not its order.
	ShufflePages bool
	// BareIDs writes the ids of orders, invoices and lines without dashes, as
	// some installations do.
	BareIDs bool
	// Strict answers a fault to fields the operation does not have. The real
	// service is believed to ignore them.
	Strict bool
	// MaxParallel is the number of worker threads; more calls wait. Zero
	// means no limit.
	MaxParallel int
	// LateVisible holds back changes to orders: a change gets its marker at
	// once but is seen by readers only this much later, as happens when the
	// transaction that took the marker is still open. Meanwhile readers see
	// the order as it was, or not at all.
	LateVisible time.Duration
	// LateEvery limits LateVisible to every n-th change, so that later
	// markers are seen before earlier ones. Zero means every second change.
	LateEvery int
}

// Sandbox is one simulated till. It is safe for concurrent use.
type Sandbox struct {
	opts       Options
	operations map[string]operation
	workers    chan struct{} // nil = unlimited
	zone       *time.Location

	mu sync.RWMutex // guards all below; what versions hold never changes
	data
}

// data is everything that [Sandbox.Reset] forgets.
type data struct {
	orders    *store[uuid, *document]
	invoices  *store[uuid, *document]
	relations *store[int64, *relation]
	products  *store[int64, *product]

	orderExt   map[string]uuid // external order ids, used for ever
	invoiceExt map[string]uuid
	articles   map[int64]*article // the newest form of each
	plus       map[string]int64   // article number by PLU
	barcodes   map[string]int64

	maxRelation  int64
	orderYears   map[int]int64 // highest order number per year
	invoiceYears map[int]int64
	ids          *rand.Rand
	shop         *shopdata.Shop // set when the sandbox generated its own data
	fullState    bool
}

// New makes an empty till: it has branches, VAT groups, payment and delivery
// methods, but neither articles nor relations nor orders.
func New(o Options) *Sandbox {
	o.Ident = cmp.Or(o.Ident, DefaultIdent)
	o.Secret = cmp.Or(o.Secret, DefaultSecret)
	o.LateEvery = cmp.Or(o.LateEvery, 2)
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Sandbox{opts: o, operations: operations(), zone: shopdata.Amsterdam()}
	if o.MaxParallel > 0 {
		s.workers = make(chan struct{}, o.MaxParallel)
	}
	s.clear()
	return s
}

// Sim serves the till with a request log, faults and control endpoints.
func (s *Sandbox) Sim() *simhttp.Sim { return simhttp.New(s) }

// Reset forgets everything that was loaded or written.
func (s *Sandbox) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clear()
}

func (s *Sandbox) clear() {
	s.data = data{
		orders:       newStore[uuid, *document](),
		invoices:     newStore[uuid, *document](),
		relations:    newStore[int64, *relation](),
		products:     newStore[int64, *product](),
		orderExt:     map[string]uuid{},
		invoiceExt:   map[string]uuid{},
		articles:     map[int64]*article{},
		plus:         map[string]int64{},
		barcodes:     map[string]int64{},
		maxRelation:  10_000,
		orderYears:   map[int]int64{},
		invoiceYears: map[int]int64{},
		ids:          rand.New(rand.NewPCG(1, 0x6b61737361)),
	}
	s.orders.late, s.orders.lateEvery = s.opts.LateVisible, s.opts.LateEvery
}

// ServeHTTP answers as the service does: POST on / is SOAP, GET tells whether
// it is up.
func (s *Sandbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("mplus-service-version", serviceVersion)
	query := r.URL.Query()
	switch {
	case r.URL.Path != "/" && r.URL.Path != "":
		http.NotFound(w, r)
	case r.Method == http.MethodGet && query.Has("wsdl"):
		s.writeDescription(w)
	case r.Method != http.MethodPost:
		w.Header().Set("Allow", "POST")
		http.Error(w, "Method Not Allowed", http.StatusMethodNotAllowed)
	case !same(query.Get("ident"), s.opts.Ident) || !same(query.Get("secret"), s.opts.Secret):
		writeFault(w, fault{"Client.Authentication", "Unknown ident or wrong secret"})
	default:
		s.work(w, r)
	}
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// work runs one SOAP call when a worker is free.
func (s *Sandbox) work(w http.ResponseWriter, r *http.Request) {
	if s.workers != nil {
		select {
		case s.workers <- struct{}{}:
			defer func() { <-s.workers }()
		case <-r.Context().Done():
			return
		}
	}
	root, err := parseEnvelope(http.MaxBytesReader(w, r.Body, maxRequest))
	if err != nil {
		writeFault(w, fault{"Client", err.Error()})
		return
	}
	op, ok := s.operations[root.name]
	if !ok {
		writeFault(w, fault{"Client", "Method '" + root.name + "' not implemented: method name or namespace not recognized"})
		return
	}
	in := &reader{strict: s.opts.Strict}
	c := &call{s: s, reader: in, in: in.of(root), out: newResponse(w, op.response), now: s.opts.Now()}
	c.out.bare = s.opts.BareIDs
	op.run(c)
	if f := in.problem; f != nil {
		writeFault(w, *f)
	} else {
		c.out.end()
	}
	c.out.free()
}

// Operation names the SOAP operation of a request without reading past the
// beginning of its body. The SOAPAction header is not trusted.
func (s *Sandbox) Operation(r *http.Request) string {
	if r.Method != http.MethodPost {
		return r.Method
	}
	if name := peekOperation(simhttp.Peek(r)); name != "" {
		return name
	}
	return "?"
}

// WriteFault answers an injected fault: a failing or refused call is a SOAP
// fault; throttling, which the service does not know, comes from something in
// front of it and has no SOAP body.
func (s *Sandbox) WriteFault(w http.ResponseWriter, _ *http.Request, kind string, retryAfter time.Duration) {
	switch kind {
	case simhttp.FaultThrottle:
		w.Header().Set("Retry-After", seconds(retryAfter))
		http.Error(w, "Service Unavailable", http.StatusServiceUnavailable)
	case simhttp.FaultDeny:
		writeFault(w, fault{"Client.Authentication", "Access denied"})
	default:
		writeFault(w, fault{"Server", "Internal error, please try again later"})
	}
}
