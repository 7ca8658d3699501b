// Package panel is the web pages in which a shop's owner sees what moved between two systems, what the other system said,
// and what to do about records that did not go.
//
// People sign in with an OpenID Connect provider, or on one machine with a link that works once. Sessions lie sealed in the
// browser: processes of a panel share nothing but the stores and the keys.
//
// It is one http.Handler, served by the local runner and by the panel's Lambda alike. Pages are made on the server and work
// without JavaScript; a small script refreshes counters and relative times. Everything shown is read through the store ports
// in pages of bounded size. What changes something outside the panel (a run, a retry, a pause, a test) is asked of Actions,
// which whoever starts the panel provides; the panel itself calls no connected system and writes no store.
package panel

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"time"

	"apicenter/shared/connector"
	"apicenter/shared/message"
	"apicenter/shared/panel/openid"
)

// Options is what a panel is made of. Every field but HTTPS and SignIn is required.
type Options struct {
	Store      Store
	Codec      *message.Codec
	Connectors []connector.Connector
	Actions    Actions
	// HTTPS says that browsers reach the panel by https, also where a proxy in front ends it: cookies are then marked so.
	HTTPS bool
	// SignIn is who vouches for people; nil where the only way in is a link (see SignInLink).
	SignIn *openid.Provider
	Now    func() time.Time
	Log    *slog.Logger
	// Rand is where sign-in links, attempts to sign in and form tokens come from: crypto/rand.Reader outside tests.
	Rand io.Reader
}

// Actions is what the panel asks of the pipeline. Every method checks for itself that the tenant owns what is named.
type Actions interface {
	// RunNow queues one run of the flow: what changed since the last one, or everything again.
	RunNow(ctx context.Context, tenant, flow string, mode connector.Mode) error
	// RetryFailures queues the failures of the keys again, all of the flow's when keys is empty, and returns how many.
	RetryFailures(ctx context.Context, tenant, flow string, keys []string) (int, error)
	// PauseFlow stops looking at the flow; its checkpoint stays.
	PauseFlow(ctx context.Context, tenant, flow string) error
	// ResumeFlow goes on from where the flow was paused.
	ResumeFlow(ctx context.Context, tenant, flow string) error
	// TestConnection makes the cheapest call that proves address, credentials and rights.
	TestConnection(ctx context.Context, tenant, connection string) (connector.Report, error)
}

// Panel serves the pages and hands out sign-in links. It is safe for concurrent use.
type Panel struct {
	store   Store
	codec   *message.Codec
	systems map[string]connector.Connector
	actions Actions
	https   bool
	people  *openid.Provider
	now     func() time.Time
	log     *slog.Logger
	door    *door
	pages   *pages
	assets  map[string]asset
	handler http.Handler
}

var _ http.Handler = (*Panel)(nil)

// New returns a panel, or everything that is missing from its options.
func New(o Options) (*Panel, error) {
	var missing []error
	need := func(there bool, name string) {
		if !there {
			missing = append(missing, errors.New("panel: "+name+" is missing"))
		}
	}
	need(o.Store != nil, "Store")
	need(o.Codec != nil, "Codec")
	need(len(o.Connectors) > 0, "Connectors")
	need(o.Actions != nil, "Actions")
	need(o.Now != nil, "Now")
	need(o.Log != nil, "Log")
	need(o.Rand != nil, "Rand")
	if len(missing) > 0 {
		return nil, errors.Join(missing...)
	}
	assets, err := loadAssets()
	if err != nil {
		return nil, err
	}
	p := &Panel{store: o.Store, codec: o.Codec, systems: make(map[string]connector.Connector, len(o.Connectors)),
		actions: o.Actions, https: o.HTTPS, people: o.SignIn, now: o.Now, log: o.Log, door: newDoor(o.Now, o.Rand), assets: assets}
	for _, c := range o.Connectors {
		p.systems[c.Name] = c
	}
	if p.pages, err = newPages(p.assetURL); err != nil {
		return nil, err
	}
	p.handler = p.secure(p.mux())
	return p, nil
}

// ServeHTTP serves every address of the panel.
func (p *Panel) ServeHTTP(w http.ResponseWriter, r *http.Request) { p.handler.ServeHTTP(w, r) }

// SignInLink returns the path of a link that signs one browser in to the tenant's panel, once and within ten minutes. It
// panics when the source of randomness fails: a link that can be guessed is worse than none.
func (p *Panel) SignInLink(tenant string) string { return "/signin/" + p.door.link(tenant) }

// route is one address of the panel.
type route struct {
	pattern string
	// open addresses need no session.
	open  bool
	serve func(w http.ResponseWriter, r *http.Request, v *visit) error
}

// routes lists every address. Whatever is not marked open needs a session, and with POST the session's form token.
func (p *Panel) routes() []route {
	return []route{
		{"GET /healthz", true, p.serveHealth},
		{"GET /static/{name}", true, p.serveAsset},
		{"GET /signin", true, p.showSignIn},
		{"GET /signin/start", true, p.startSignIn},
		{"GET /signin/callback", true, p.finishSignIn},
		{"GET /signin/{token}", true, p.signIn},
		{"POST /signout", false, p.signOut},
		{"POST /language", false, p.chooseLanguage},
		{"GET /{$}", false, p.showOverview},
		{"GET /live.json", false, p.liveOverview},
		{"GET /flows/{flow}", false, p.showActivity},
		{"GET /flows/{flow}/runs", false, p.showRuns},
		{"GET /flows/{flow}/problems", false, p.showProblems},
		{"GET /flows/{flow}/live.json", false, p.liveFlow},
		{"GET /flows/{flow}/records/{chunk}/{record}", false, p.showRecord},
		{"POST /flows/{flow}/search", false, p.search},
		{"POST /flows/{flow}/run", false, p.runNow},
		{"POST /flows/{flow}/pause", false, p.pauseFlow},
		{"POST /flows/{flow}/resume", false, p.resumeFlow},
		{"POST /flows/{flow}/retry", false, p.retry},
		{"GET /connections", false, p.showConnections},
		{"POST /connections/{connection}/test", false, p.testConnection},
		{"/", false, p.showNothing},
	}
}

func (p *Panel) mux() *http.ServeMux {
	mux := http.NewServeMux()
	for _, rt := range p.routes() {
		mux.Handle(rt.pattern, p.handle(rt))
	}
	return mux
}

func (p *Panel) serveHealth(w http.ResponseWriter, _ *http.Request, _ *visit) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if _, err := io.WriteString(w, "ok\n"); err != nil {
		return errSaid
	}
	return nil
}
