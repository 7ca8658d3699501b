package openid_test

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"apicenter/shared/panel/openid"
	"apicenter/shared/panel/openid/openidtest"
)

const callback = "https://panel.example/signin/callback"

// rig is a provider and us before it, with a clock that tests move.
type rig struct {
	*openidtest.Provider
	options openid.Options
	us      *openid.Provider
	clock   time.Time
	lookups int // of the client id
}

func newRig(t *testing.T, adjust ...func(o *openid.Options)) *rig {
	t.Helper()
	r := &rig{clock: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)}
	now := func() time.Time { return r.clock }
	r.Provider = openidtest.Start(t, now, openidtest.Behaviour{Callbacks: []string{callback}, Logouts: []string{"https://panel.example/signin"},
		Claims: map[string]any{"custom:tenant": "korenaar", "email": "anna@example.com", "email_verified": true}})
	r.options = openid.Options{Issuer: r.Issuer, HTTP: &http.Client{}, Now: now, ClientID: func(context.Context) (string, error) {
		r.lookups++
		return openidtest.Client, nil
	}}
	for _, a := range adjust {
		a(&r.options)
	}
	var err error
	if r.us, err = openid.New(r.options); err != nil {
		t.Fatal(err)
	}
	return r
}

func newAttempt() openid.Attempt {
	return openid.Attempt{State: rand.Text(), Nonce: rand.Text(), Verifier: rand.Text() + rand.Text(), Redirect: callback}
}

// code goes to the provider as a browser would, and returns what it brings back.
func (r *rig) code(t *testing.T, a openid.Attempt) url.Values {
	t.Helper()
	address, err := r.us.Address(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	to, err := url.Parse(answer.Header.Get("Location"))
	if err != nil || answer.StatusCode != http.StatusFound {
		t.Fatalf("the provider answered %s", answer.Status)
	}
	return to.Query()
}

func (r *rig) person(t *testing.T, a openid.Attempt) (openid.Person, error) {
	t.Helper()
	return r.us.Person(t.Context(), a, r.code(t, a).Get("code"))
}

func TestPerson(t *testing.T) {
	for name, test := range map[string]struct {
		adjust func(o *openid.Options)
		change func(b *openidtest.Behaviour)
	}{
		"a client without a secret": {func(*openid.Options) {}, func(*openidtest.Behaviour) {}},
		"a secret in the header":    {func(o *openid.Options) { o.Secret = "s/e=c" }, func(b *openidtest.Behaviour) { b.Secret = url.QueryEscape("s/e=c") }},
		"a secret in the form":      {func(o *openid.Options) { o.Secret = "s/e=c" }, func(b *openidtest.Behaviour) { b.Secret, b.InBody = "s/e=c", true }},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, test.adjust)
			r.Change(test.change)
			got, err := r.person(t, newAttempt())
			if want := (openid.Person{Subject: "6f1b7d1e-person", Tenant: "korenaar", Email: "anna@example.com"}); err != nil || got != want {
				t.Errorf("got %+v, %v; want %+v", got, err, want)
			}
		})
	}
}

// What a token says that is not genuine, not ours, not of now or not of this attempt, counts for nothing.
func TestForgedTokens(t *testing.T) {
	claim := func(name string, value any) func(b *openidtest.Behaviour) {
		return func(b *openidtest.Behaviour) { b.Forge = func(_, claims map[string]any) { claims[name] = value } }
	}
	header := func(name string, value any) func(b *openidtest.Behaviour) {
		return func(b *openidtest.Behaviour) { b.Forge = func(h, _ map[string]any) { h[name] = value } }
	}
	for name, change := range map[string]func(b *openidtest.Behaviour){
		"another nonce":     claim("nonce", "other"),
		"no nonce":          claim("nonce", ""),
		"another audience":  claim("aud", "other"),
		"no audience":       claim("aud", nil),
		"several audiences": claim("aud", []string{openidtest.Client, "other"}),
		"given to another": func(b *openidtest.Behaviour) {
			b.Forge = func(_, c map[string]any) { c["aud"], c["azp"] = []string{"other", openidtest.Client}, "other" }
		},
		"another issuer": claim("iss", "https://evil.example"),
		"the issuer with a slash": func(b *openidtest.Behaviour) {
			b.Forge = func(_, c map[string]any) { c["iss"] = c["iss"].(string) + "/" }
		},
		"expired":                   claim("exp", time.Date(2026, 3, 4, 5, 6, 6, 0, time.UTC).Unix()),
		"no expiry":                 claim("exp", nil),
		"not yet":                   claim("nbf", time.Date(2026, 3, 4, 6, 0, 0, 0, time.UTC).Unix()),
		"nobody":                    claim("sub", ""),
		"algorithm none":            header("alg", "none"),
		"signed with a public key":  header("alg", "HS256"),
		"signed with another key":   func(b *openidtest.Behaviour) { b.OtherKey = true },
		"signed by an unknown name": header("kid", "two"),
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.Change(change)
			if got, err := r.person(t, newAttempt()); !errors.Is(err, openid.ErrUntrusted) || got != (openid.Person{}) {
				t.Errorf("got %+v, %v; want ErrUntrusted", got, err)
			}
		})
	}
	t.Run("several audiences, given to us", func(t *testing.T) {
		r := newRig(t)
		r.Change(func(b *openidtest.Behaviour) {
			b.Forge = func(_, c map[string]any) {
				c["aud"], c["azp"] = []string{"other", openidtest.Client}, openidtest.Client
			}
		})
		if _, err := r.person(t, newAttempt()); err != nil {
			t.Error(err)
		}
	})
}

func TestClaims(t *testing.T) {
	for name, test := range map[string]struct {
		claims map[string]any
		want   openid.Person
	}{
		"no tenant":               {map[string]any{}, openid.Person{}},
		"a tenant that is a list": {map[string]any{"custom:tenant": []string{"korenaar"}}, openid.Person{}},
		"a tenant that is none":   {map[string]any{"custom:tenant": nil}, openid.Person{}},
		"another claim":           {map[string]any{"tenant": "korenaar"}, openid.Person{}},
		"an address not verified": {map[string]any{"email": "anna@example.com", "email_verified": false}, openid.Person{}},
		"verified in letters":     {map[string]any{"email": "anna@example.com", "email_verified": "true"}, openid.Person{Email: "anna@example.com"}},
		"nothing about verified":  {map[string]any{"email": "anna@example.com"}, openid.Person{}},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.Change(func(b *openidtest.Behaviour) { b.Claims = test.claims })
			got, err := r.person(t, newAttempt())
			test.want.Subject = "6f1b7d1e-person"
			if err != nil || got != test.want {
				t.Errorf("got %+v, %v; want %+v", got, err, test.want)
			}
		})
	}
	r := newRig(t, func(o *openid.Options) { o.TenantClaim = "https://example.com/shop" })
	r.Change(func(b *openidtest.Behaviour) { b.Claims["https://example.com/shop"] = "dehoop" })
	if got, err := r.person(t, newAttempt()); err != nil || got.Tenant != "dehoop" {
		t.Errorf("by a claim of another name: %+v, %v", got, err)
	}
}

// A code is worth nothing to whoever caught it, and nothing twice.
func TestCodesAreOfOneAttempt(t *testing.T) {
	r := newRig(t)
	a := newAttempt()
	code := r.code(t, a).Get("code")
	thief := newAttempt()
	if _, err := r.us.Person(t.Context(), thief, code); !errors.Is(err, openid.ErrRefused) {
		t.Errorf("somebody else's code: %v, want ErrRefused", err)
	}
	code = r.code(t, a).Get("code")
	if _, err := r.us.Person(t.Context(), a, code); err != nil {
		t.Fatal(err)
	}
	if _, err := r.us.Person(t.Context(), a, code); !errors.Is(err, openid.ErrRefused) {
		t.Errorf("a code used before: %v, want ErrRefused", err)
	}
	if _, err := r.us.Person(t.Context(), a, ""); !errors.Is(err, openid.ErrRefused) {
		t.Errorf("no code: %v, want ErrRefused", err)
	}
}

// Nobody is called before somebody signs in, and then once; after an hour again.
func TestLooksUpOnce(t *testing.T) {
	r := newRig(t)
	if len(r.Asked()) != 0 || r.lookups != 0 {
		t.Errorf("before anybody signs in: %v, %d lookups of the client id", r.Asked(), r.lookups)
	}
	count := func(path string) (n int) {
		for _, ask := range r.Asked() {
			if strings.Contains(ask, path) {
				n++
			}
		}
		return n
	}
	for range 3 {
		if _, err := r.person(t, newAttempt()); err != nil {
			t.Fatal(err)
		}
	}
	if count("openid-configuration") != 1 || count("/keys") != 1 || r.lookups != 1 {
		t.Errorf("for three sign-ins: %v, %d lookups of the client id", r.Asked(), r.lookups)
	}
	r.clock = r.clock.Add(time.Hour)
	if _, err := r.person(t, newAttempt()); err != nil || count("openid-configuration") != 2 || r.lookups != 2 {
		t.Errorf("an hour later: %v, %v, %d lookups of the client id", err, r.Asked(), r.lookups)
	}
}

func TestUnavailable(t *testing.T) {
	nobody := errors.New("there is no parameter")
	for name, test := range map[string]struct {
		adjust func(o *openid.Options)
		change func(b *openidtest.Behaviour)
		says   string
	}{
		"no client id": {adjust: func(o *openid.Options) { o.ClientID = func(context.Context) (string, error) { return "", nobody } }, says: "there is no parameter"},
		"an empty one": {adjust: func(o *openid.Options) { o.ClientID = func(context.Context) (string, error) { return "", nil } }, says: "empty"},
		"no provider":  {adjust: func(o *openid.Options) { o.Issuer = "http://127.0.0.1:1/pool" }, says: "127.0.0.1:1"},
		"another provider": {change: func(b *openidtest.Behaviour) {
			b.Describe = func(d map[string]any) { d["issuer"] = "https://evil.example" }
		}, says: "evil.example"},
		"tokens over plain http": {change: func(b *openidtest.Behaviour) {
			b.Describe = func(d map[string]any) { d["token_endpoint"] = "http://token.example" }
		}, says: "http://token.example"},
		"keys over plain http": {change: func(b *openidtest.Behaviour) {
			b.Describe = func(d map[string]any) { d["jwks_uri"] = "http://keys.example" }
		}, says: "http://keys.example"},
		"no place to sign in": {change: func(b *openidtest.Behaviour) {
			b.Describe = func(d map[string]any) { delete(d, "authorization_endpoint") }
		}, says: "names"},
		"an endless description": {change: func(b *openidtest.Behaviour) {
			b.Describe = func(d map[string]any) { d["more"] = strings.Repeat("x", 2<<20) }
		}, says: "description"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			if test.adjust != nil {
				r = newRig(t, test.adjust)
			}
			if test.change != nil {
				r.Change(test.change)
			}
			_, err := r.us.Address(t.Context(), newAttempt())
			if !errors.Is(err, openid.ErrUnavailable) || !strings.Contains(err.Error(), test.says) || len(err.Error()) > 600 {
				t.Errorf("got %v, want ErrUnavailable with %q", err, test.says)
			}
		})
	}
	t.Run("it comes back", func(t *testing.T) {
		broken := true
		r := newRig(t, func(o *openid.Options) {
			o.ClientID = func(context.Context) (string, error) {
				if broken {
					return "", nobody
				}
				return openidtest.Client, nil
			}
		})
		if _, err := r.us.Address(t.Context(), newAttempt()); err == nil {
			t.Error("it works without a client id")
		}
		broken = false
		if _, err := r.person(t, newAttempt()); err != nil {
			t.Errorf("after the trouble: %v", err)
		}
	})
}

// Errors go to the log: what a provider answers to a code, which may be anything, does not.
func TestErrorsHoldNoSecrets(t *testing.T) {
	r := newRig(t)
	a := newAttempt()
	code := r.code(t, a).Get("code")
	for status, want := range map[int]error{http.StatusBadGateway: openid.ErrUnavailable, http.StatusBadRequest: openid.ErrRefused} {
		r.Change(func(b *openidtest.Behaviour) { b.Exchange = status })
		_, err := r.us.Person(t.Context(), a, code)
		if !errors.Is(err, want) {
			t.Errorf("status %d: %v, want %v", status, err, want)
		}
		for _, secret := range []string{code, a.Verifier, a.State, a.Nonce} {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("the error holds a secret: %v", err)
			}
		}
	}
}

// The code and the secret are for the provider: not for wherever it sends the call.
func TestCallsAreNotSentElsewhere(t *testing.T) {
	elsewhere := 0
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere++ }))
	defer other.Close()
	redirects := httptest.NewServer(http.RedirectHandler(other.URL, http.StatusTemporaryRedirect))
	defer redirects.Close()
	r := newRig(t)
	r.Change(func(b *openidtest.Behaviour) {
		b.Describe = func(d map[string]any) { d["token_endpoint"] = redirects.URL }
	})
	if _, err := r.person(t, newAttempt()); !errors.Is(err, openid.ErrUnavailable) || elsewhere != 0 {
		t.Errorf("got %v, and %d calls elsewhere", err, elsewhere)
	}
}

func TestSignOutAddress(t *testing.T) {
	r := newRig(t)
	got, err := r.us.SignOutAddress(t.Context(), "https://panel.example/signin")
	want := strings.TrimSuffix(r.Issuer, "/pool") + "/logout?client_id=" + openidtest.Client + "&post_logout_redirect_uri=https%3A%2F%2Fpanel.example%2Fsignin"
	if err != nil || got != want {
		t.Errorf("got %s, %v; want %s", got, err, want)
	}
	for _, place := range []any{nil, "", "javascript:alert(1)", "http://logout.example"} {
		r := newRig(t)
		r.Change(func(b *openidtest.Behaviour) {
			b.Describe = func(d map[string]any) { d["end_session_endpoint"] = place }
		})
		if got, err := r.us.SignOutAddress(t.Context(), "https://panel.example/signin"); got != "" || err != nil {
			t.Errorf("with the place %v: %q, %v", place, got, err)
		}
	}
}

// Cognito's own words, from https://docs.aws.amazon.com/cognito/latest/developerguide/logout-endpoint.html.
func TestSignOutAddressOfCognito(t *testing.T) {
	const issuer, domain = "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Ab12", "https://shop.auth.eu-central-1.amazoncognito.com"
	us, err := openid.New(openid.Options{Issuer: issuer, Now: time.Now, ClientID: func(context.Context) (string, error) { return "abc", nil },
		HTTP: &http.Client{Transport: canned(`{"issuer":"` + issuer + `","authorization_endpoint":"` + domain + `/oauth2/authorize","token_endpoint":"` +
			domain + `/oauth2/token","jwks_uri":"` + issuer + `/.well-known/jwks.json","end_session_endpoint":"` + domain + `/logout"}`)}})
	if err != nil {
		t.Fatal(err)
	}
	got, err := us.SignOutAddress(t.Context(), "https://panel.example/signin")
	if want := domain + "/logout?client_id=abc&logout_uri=https%3A%2F%2Fpanel.example%2Fsignin"; err != nil || got != want {
		t.Errorf("got %s, %v; want %s", got, err, want)
	}
}

// canned answers every call.
type canned string

func (c canned) RoundTrip(*http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	w.Header().Set("Content-Type", "application/json")
	_, err := w.WriteString(string(c))
	return w.Result(), err
}

func TestOptions(t *testing.T) {
	_, err := openid.New(openid.Options{})
	for _, name := range []string{"issuer", "ClientID", "HTTP", "Now"} {
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("the error does not name %s: %v", name, err)
		}
	}
	client := func(context.Context) (string, error) { return "", nil }
	for issuer, fine := range map[string]bool{
		"https://login.example/realm": true, "http://localhost:8080": true, "http://127.0.0.1:8080/x": true, "http://[::1]:8080": true,
		"http://login.example": false, "login.example": false, "https://": false, "ftp://login.example": false, "https://a:b@login.example": false,
		"http://localhost.evil.example": false, "https://login.example/#x": false, ":": false,
	} {
		if _, err := openid.New(openid.Options{Issuer: issuer, ClientID: client, HTTP: &http.Client{}, Now: time.Now}); (err == nil) != fine {
			t.Errorf("issuer %q: %v", issuer, err)
		}
	}
}

// The address asks for nothing but who it is: with more scopes Cognito leaves the tenant out of the token.
func TestAddress(t *testing.T) {
	r := newRig(t)
	a := newAttempt()
	address, err := r.us.Address(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	for name, want := range map[string]string{"scope": "openid", "response_type": "code", "client_id": openidtest.Client, "state": a.State, "nonce": a.Nonce,
		"redirect_uri": callback, "code_challenge_method": "S256"} {
		if q.Get(name) != want {
			t.Errorf("%s is %q, want %q", name, q.Get(name), want)
		}
	}
	if q.Get("code_challenge") == "" || strings.Contains(address, a.Verifier) || slices.Contains(q["code_challenge"], a.Verifier) {
		t.Errorf("the verifier is not kept back: %s", address)
	}
}
