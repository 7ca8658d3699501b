// Package openidtest plays an OpenID Connect provider over real HTTP, for tests.
//
// It is written from the specifications and from how Cognito differs from them, not from package openid: it checks what a
// provider checks (the client, registered addresses, the code used once, the proof of the code's owner) and can be told to
// answer what no honest provider would.
package openidtest

import (
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"
)

// Client is the panel's name with every provider of this package.
const Client = "4c1p0panel"

// Provider is a provider with one client and one person.
type Provider struct {
	// Issuer is its address.
	Issuer string

	server     *httptest.Server
	now        func() time.Time
	key, other *rsa.PrivateKey

	mu        sync.Mutex
	behaviour Behaviour
	codes     map[string]grant
	asked     []string
}

// Behaviour is how a provider answers.
type Behaviour struct {
	// Callbacks and Logouts are the addresses it sends browsers to.
	Callbacks, Logouts []string
	// Secret is what the client has to show; empty for none. InBody says that it is wanted in the form.
	Secret string
	InBody bool
	// Claims is what it knows of the person, beside who they are.
	Claims map[string]any
	// Page makes it ask before it answers, as people see it.
	Page bool
	// Error and Description are what it answers in place of a code.
	Error, Description string
	// Forge changes a token before it is signed.
	Forge func(header, claims map[string]any)
	// OtherKey signs with a key that is not published.
	OtherKey bool
	// Exchange, where not 0, is the status of every exchange.
	Exchange int
	// Describe changes its description.
	Describe func(map[string]any)
}

type grant struct {
	redirect, challenge, nonce, scope string
}

// Start starts a provider on this machine.
func Start(t testing.TB, now func() time.Time, b Behaviour) *Provider {
	t.Helper()
	p := &Provider{now: now, behaviour: b, codes: map[string]grant{}}
	for _, key := range []**rsa.PrivateKey{&p.key, &p.other} {
		made, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			t.Fatal(err)
		}
		*key = made
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /pool/.well-known/openid-configuration", p.description)
	mux.HandleFunc("GET /pool/keys", p.keys)
	mux.HandleFunc("GET /oauth2/authorize", p.authorize)
	mux.HandleFunc("POST /oauth2/token", p.token)
	mux.HandleFunc("GET /logout", p.logout)
	p.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		p.asked = append(p.asked, r.Method+" "+r.URL.String())
		p.mu.Unlock()
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(p.server.Close)
	p.Issuer = p.server.URL + "/pool"
	return p
}

// Change changes how it answers.
func (p *Provider) Change(do func(b *Behaviour)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	do(&p.behaviour)
}

// Stop takes it off the network.
func (p *Provider) Stop() { p.server.Close() }

// Asked lists the calls it got, as method and address.
func (p *Provider) Asked() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.asked)
}

// as is how it behaves just now.
func (p *Provider) as() Behaviour {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.behaviour
}

func answer(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(value); err != nil {
		panic(err)
	}
}

func (p *Provider) description(w http.ResponseWriter, _ *http.Request) {
	d := map[string]any{
		"issuer": p.Issuer, "authorization_endpoint": p.server.URL + "/oauth2/authorize", "token_endpoint": p.server.URL + "/oauth2/token",
		"jwks_uri": p.Issuer + "/keys", "end_session_endpoint": p.server.URL + "/logout", "id_token_signing_alg_values_supported": []string{"RS256"},
		"token_endpoint_auth_methods_supported": []string{"client_secret_basic", "client_secret_post"},
	}
	b := p.as()
	if b.InBody {
		d["token_endpoint_auth_methods_supported"] = []string{"client_secret_post"}
	}
	if b.Describe != nil {
		b.Describe(d)
	}
	answer(w, http.StatusOK, d)
}

func (p *Provider) keys(w http.ResponseWriter, _ *http.Request) {
	public := p.key.PublicKey
	answer(w, http.StatusOK, map[string]any{"keys": []map[string]string{{"kty": "RSA", "kid": "one", "use": "sig", "alg": "RS256",
		"n": encode(public.N.Bytes()), "e": encode(big.NewInt(int64(public.E)).Bytes())}}})
}

// authorize lets the person in without a question, or after one.
func (p *Provider) authorize(w http.ResponseWriter, r *http.Request) {
	b, q := p.as(), r.URL.Query()
	back := q.Get("redirect_uri")
	switch {
	case q.Get("client_id") != Client:
		http.Error(w, "unknown client", http.StatusBadRequest)
		return
	case !slices.Contains(b.Callbacks, back):
		http.Error(w, "redirect_mismatch", http.StatusBadRequest)
		return
	case q.Get("response_type") != "code" || q.Get("code_challenge_method") != "S256" || q.Get("code_challenge") == "":
		http.Error(w, "invalid_request", http.StatusBadRequest)
		return
	}
	reply := url.Values{"state": {q.Get("state")}}
	if b.Error != "" {
		reply.Set("error", b.Error)
		reply.Set("error_description", b.Description)
	} else {
		code := rand.Text()
		p.mu.Lock()
		p.codes[code] = grant{redirect: back, challenge: q.Get("code_challenge"), nonce: q.Get("nonce"), scope: q.Get("scope")}
		p.mu.Unlock()
		reply.Set("code", code)
	}
	to := back + "?" + reply.Encode()
	if !b.Page {
		http.Redirect(w, r, to, http.StatusFound)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	page := template.Must(template.New("").Parse(`<!doctype html><title>Provider</title><link rel="icon" href="data:,"><h1>Who are you?</h1><a id="go" href="{{.}}">It is me</a>`))
	if err := page.Execute(w, to); err != nil {
		panic(err)
	}
}

// token exchanges a code, once.
func (p *Provider) token(w http.ResponseWriter, r *http.Request) {
	b := p.as()
	if b.Exchange != 0 {
		answer(w, b.Exchange, map[string]string{"error": "server_error", "error_description": "secret in here: " + r.PostFormValue("code")})
		return
	}
	id, secret, basic := r.BasicAuth()
	if !basic {
		id, secret = r.PostFormValue("client_id"), r.PostFormValue("client_secret")
	}
	if id != Client || secret != b.Secret || b.InBody && basic {
		answer(w, http.StatusUnauthorized, map[string]string{"error": "invalid_client"})
		return
	}
	code := r.PostFormValue("code")
	p.mu.Lock()
	g, ok := p.codes[code]
	delete(p.codes, code)
	p.mu.Unlock()
	proof := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	if !ok || r.PostFormValue("grant_type") != "authorization_code" || r.PostFormValue("redirect_uri") != g.redirect ||
		subtle.ConstantTimeCompare([]byte(encode(proof[:])), []byte(g.challenge)) != 1 {
		answer(w, http.StatusBadRequest, map[string]string{"error": "invalid_grant"})
		return
	}
	now := p.now()
	claims := map[string]any{"iss": p.Issuer, "sub": "6f1b7d1e-person", "aud": Client, "nonce": g.nonce, "token_use": "id",
		"iat": now.Unix(), "exp": now.Add(5 * time.Minute).Unix()}
	if g.scope == "openid" { // Cognito: with other scopes beside it, the claims of those alone
		maps.Copy(claims, b.Claims)
	}
	header := map[string]any{"alg": "RS256", "kid": "one", "typ": "JWT"}
	if b.Forge != nil {
		b.Forge(header, claims)
	}
	key := p.key
	if b.OtherKey {
		key = p.other
	}
	token, err := sign(header, claims, key)
	if err != nil {
		panic(err)
	}
	answer(w, http.StatusOK, map[string]any{"access_token": "access-" + rand.Text(), "id_token": token, "token_type": "Bearer", "expires_in": 300})
}

// logout ends the person's session and sends the browser back, as Cognito or as the specification has it.
func (p *Provider) logout(w http.ResponseWriter, r *http.Request) {
	b, q := p.as(), r.URL.Query()
	to := q.Get("post_logout_redirect_uri")
	if q.Get("client_id") != Client || !slices.Contains(b.Logouts, to) {
		http.Error(w, "unknown client or address", http.StatusBadRequest)
		return
	}
	http.Redirect(w, r, to, http.StatusFound)
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// sign makes a token of a header and claims. The header's algorithm is followed also where that is folly.
func sign(header, claims map[string]any, key *rsa.PrivateKey) (string, error) {
	h, err := json.Marshal(header)
	if err != nil {
		return "", err
	}
	c, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	text := encode(h) + "." + encode(c)
	switch header["alg"] {
	case "none":
		return text + ".", nil
	case "HS256": // with what everybody knows for a secret
		mac := hmac.New(sha256.New, key.PublicKey.N.Bytes())
		mac.Write([]byte(text))
		return text + "." + encode(mac.Sum(nil)), nil
	}
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	if err != nil {
		return "", fmt.Errorf("signing: %w", err)
	}
	return text + "." + encode(signature), nil
}
