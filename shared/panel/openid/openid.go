// Package openid asks an OpenID Connect provider, such as a Cognito user pool, who somebody is and to which tenant they belong.
//
// The panel calls it: it sends a browser to an Attempt's Address, and asks for the Person with the code the browser brings
// back. The provider is looked up at the first call and not when the process starts, so that a provider that is down keeps
// nobody from starting. Cookies, pages and sessions are the panel's. Tokens stay in here: they are checked and forgotten.
package openid

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// What calls fail with. The text beside it is for the log; nothing secret is in it.
var (
	// ErrUnavailable says that the provider, or how the panel is known to it, could not be asked. It may pass.
	ErrUnavailable = errors.New("signing in is not available")
	// ErrRefused says that the provider does not accept what the browser brought back: too old, used, or not its own.
	ErrRefused = errors.New("the provider refused the code")
	// ErrUntrusted says that what the provider answered proves nothing.
	ErrUntrusted = errors.New("the provider's answer does not prove who somebody is")
)

const (
	// TenantClaim is where a tenant's id stands unless something else is said: an attribute of a Cognito user that the
	// template lets nobody but administrators write.
	TenantClaim = "custom:tenant"

	// patience is how long one call of the provider may take. The gateway in front of the panel waits 30 seconds.
	patience = 8 * time.Second
	// knownFor is how long what was looked up is used. Its keys are looked up again sooner, when one is unknown.
	knownFor = time.Hour
	// most is how long an answer may be.
	most = 1 << 20
)

// Options say who the provider is. Issuer, ClientID, HTTP and Now are required.
type Options struct {
	// Issuer is the provider's address, as it stands in its tokens; https, or on this machine http.
	Issuer string
	// ClientID returns the name under which the provider knows the panel. It is called at the first sign-in.
	ClientID func(ctx context.Context) (string, error)
	// Secret is what the panel shows the provider beside its name; empty for none.
	Secret string
	// TenantClaim names the claim a tenant's id stands in; empty for custom:tenant. Whoever can write it chooses the tenant.
	TenantClaim string
	HTTP        *http.Client
	Now         func() time.Time
}

// Provider is an OpenID Connect provider. It is safe for concurrent use.
type Provider struct {
	options Options
	http    *http.Client

	mu    sync.Mutex
	known *known
}

// known is what was looked up.
type known struct {
	login    oauth2.Config
	verifier *oidc.IDTokenVerifier
	logout   string // address; empty where the provider has none
	until    time.Time
}

// New returns a provider, or everything that is wrong with the options. It calls nobody.
func New(o Options) (*Provider, error) {
	var problems []error
	if err := permitted(o.Issuer, true); err != nil {
		problems = append(problems, fmt.Errorf("openid: the issuer %q: %w", o.Issuer, err))
	}
	need := func(there bool, name string) {
		if !there {
			problems = append(problems, errors.New("openid: "+name+" is missing"))
		}
	}
	need(o.ClientID != nil, "ClientID")
	need(o.HTTP != nil, "HTTP")
	need(o.Now != nil, "Now")
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	if o.TenantClaim == "" {
		o.TenantClaim = TenantClaim
	}
	next := o.HTTP.Transport
	if next == nil {
		next = http.DefaultTransport
	}
	client := &http.Client{Transport: bounded{next}, Timeout: patience, CheckRedirect: func(*http.Request, []*http.Request) error {
		return errors.New("the provider sends calls elsewhere") // the code and the secret go where they were meant to, or nowhere
	}}
	return &Provider{options: o, http: client}, nil
}

// permitted looks at an address that browsers or we are sent to. Without encryption it may be one of this machine only, and
// only where that is meant.
func permitted(address string, plain bool) error {
	u, err := url.Parse(address)
	if err != nil {
		return errors.New("it is no address")
	}
	here := u.Hostname() == "localhost" || net.ParseIP(u.Hostname()).IsLoopback()
	if u.Host == "" || u.User != nil || u.Fragment != "" || (u.Scheme != "https" && !(plain && u.Scheme == "http" && here)) {
		return errors.New("it has to be an https address; http is enough on this machine")
	}
	return nil
}

// look returns what is known of the provider, and looks it up where that is nothing or old.
func (p *Provider) look(ctx context.Context) (*known, error) {
	p.mu.Lock()
	k := p.known
	p.mu.Unlock()
	if k != nil && p.options.Now().Before(k.until) {
		return k, nil
	}
	k, err := p.discover(ctx) // several may at the same time; nobody waits for another's
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.known = k
	return k, nil
}

func (p *Provider) discover(ctx context.Context) (*known, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	id, err := p.options.ClientID(ctx)
	if err == nil && id == "" {
		err = errors.New("it is empty")
	}
	if err != nil {
		return nil, fmt.Errorf("the client id: %w", err)
	}
	found, err := oidc.NewProvider(p.calling(ctx), p.options.Issuer)
	if err != nil {
		return nil, fmt.Errorf("the description of %s: %s", p.options.Issuer, brief(err.Error()))
	}
	var more struct {
		JWKS    string   `json:"jwks_uri"`
		Logout  string   `json:"end_session_endpoint"`
		Methods []string `json:"token_endpoint_auth_methods_supported"`
	}
	if err := found.Claims(&more); err != nil {
		return nil, fmt.Errorf("the description of %s: %s", p.options.Issuer, brief(err.Error()))
	}
	endpoint := found.Endpoint()
	plain := strings.HasPrefix(p.options.Issuer, "http:")
	for _, address := range []string{endpoint.AuthURL, endpoint.TokenURL, more.JWKS} {
		if err := permitted(address, plain); err != nil {
			return nil, fmt.Errorf("the description of %s names %q: %w", p.options.Issuer, brief(address), err)
		}
	}
	if err := permitted(more.Logout, plain); err != nil {
		more.Logout = ""
	}
	// Said outright: trying both ways, as the library does by itself, would use the code up with the wrong one.
	endpoint.AuthStyle = oauth2.AuthStyleInParams
	if p.options.Secret != "" && (len(more.Methods) == 0 || slices.Contains(more.Methods, "client_secret_basic")) {
		endpoint.AuthStyle = oauth2.AuthStyleInHeader
	}
	return &known{
		// Nothing but openid: with it alone a Cognito token carries every attribute the client may read, the tenant too; with
		// email or profile beside it, those of these scopes only.
		login:    oauth2.Config{ClientID: id, ClientSecret: p.options.Secret, Endpoint: endpoint, Scopes: []string{oidc.ScopeOpenID}},
		verifier: found.VerifierContext(p.calling(context.Background()), &oidc.Config{ClientID: id, Now: p.options.Now}),
		logout:   more.Logout,
		until:    p.options.Now().Add(knownFor),
	}, nil
}

// calling makes the libraries use our client.
func (p *Provider) calling(ctx context.Context) context.Context {
	return oidc.ClientContext(ctx, p.http)
}

// SignOutAddress returns where a browser ends its session with the provider, which leads it back to the given address of the
// panel, one the provider knows. It is empty where the provider has no such place.
func (p *Provider) SignOutAddress(ctx context.Context, back string) (string, error) {
	k, err := p.look(ctx)
	if err != nil || k.logout == "" {
		return "", err
	}
	u, err := url.Parse(k.logout)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	query := u.Query()
	query.Set("client_id", k.login.ClientID)
	name := "post_logout_redirect_uri"
	if issuer, err := url.Parse(p.options.Issuer); err == nil && strings.HasPrefix(issuer.Host, "cognito-idp.") {
		// Cognito announces the place and calls the parameter otherwise:
		// https://docs.aws.amazon.com/cognito/latest/developerguide/logout-endpoint.html
		name = "logout_uri"
	}
	query.Set(name, back)
	u.RawQuery = query.Encode()
	return u.String(), nil
}

// bounded keeps a provider from filling the memory.
type bounded struct{ next http.RoundTripper }

// RoundTrip is of http.RoundTripper.
func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := b.next.RoundTrip(r)
	if err == nil {
		answer.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(answer.Body, most), answer.Body}
	}
	return answer, err
}

// brief is as much of somebody else's text as a log line needs.
func brief(text string) string {
	if len(text) > 300 {
		text = text[:300] + "…"
	}
	return strings.ToValidUTF8(text, "�")
}
