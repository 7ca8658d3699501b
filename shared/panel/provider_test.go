package panel

import (
	"context"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"apicenter/shared/panel/openid"
	"apicenter/shared/panel/openid/openidtest"
)

// The panel as the tests' requests reach it.
const (
	home     = "http://example.com"
	callback = home + "/signin/callback"
)

// withProvider is a panel that people sign in to with a provider, which knows somebody of the bakery.
func withProvider(t *testing.T, adjust ...func(o *Options)) (*bench, *openidtest.Provider) {
	t.Helper()
	var p *openidtest.Provider
	b := newBench(t, append([]func(o *Options){func(o *Options) {
		p = openidtest.Start(t, o.Now, openidtest.Behaviour{Callbacks: []string{callback}, Logouts: []string{home + "/signin"},
			Claims: map[string]any{"custom:tenant": bakery}})
		o.SignIn = asked(t, p, o.Now)
	}}, adjust...)...)
	return b, p
}

// asked is one process's view of the provider.
func asked(t *testing.T, p *openidtest.Provider, now func() time.Time) *openid.Provider {
	t.Helper()
	us, err := openid.New(openid.Options{Issuer: p.Issuer, HTTP: &http.Client{}, Now: now,
		ClientID: func(context.Context) (string, error) { return openidtest.Client, nil }})
	if err != nil {
		t.Fatal(err)
	}
	return us
}

func stranger(t *testing.T, b *bench) *visitor {
	return &visitor{t: t, handler: b, cookies: map[string]string{}}
}

// away follows an answer to the provider, as a browser does, and returns where that sends it.
func away(t *testing.T, answer *httptest.ResponseRecorder) string {
	t.Helper()
	if answer.Code != http.StatusSeeOther {
		t.Fatalf("starting to sign in answered %d: %s", answer.Code, answer.Body)
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	got, err := client.Get(answer.Header().Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	got.Body.Close()
	to := got.Header.Get("Location")
	if got.StatusCode != http.StatusFound || !strings.HasPrefix(to, callback) {
		t.Fatalf("the provider answered %s and leads to %q", got.Status, to)
	}
	return strings.TrimPrefix(to, home)
}

// signsIn goes the whole way and returns the last answer.
func (v *visitor) signsIn(t *testing.T, start string) *httptest.ResponseRecorder {
	t.Helper()
	return v.get(away(t, v.get(start)))
}

// refused wants a page that says so, and nobody signed in.
func refused(t *testing.T, v *visitor, got *httptest.ResponseRecorder, status int, texts ...string) {
	t.Helper()
	if got.Code != status {
		t.Errorf("it answered %d, want %d", got.Code, status)
	}
	has(t, html.UnescapeString(got.Body.String()), texts...)
	if v.cookies[sessionCookie] != "" {
		t.Error("somebody was signed in")
	}
	if after := v.get("/"); after.Code != http.StatusSeeOther {
		t.Errorf("the overview answers %d", after.Code)
	}
}

func TestSignInWithAProvider(t *testing.T) {
	b, _ := withProvider(t)
	v := stranger(t, b)
	got := v.get("/flows/orders?page=2")
	if to := got.Header().Get("Location"); got.Code != http.StatusSeeOther || to != "/signin?next=%2Fflows%2Forders%3Fpage%3D2" {
		t.Fatalf("a page without a session answered %d to %s", got.Code, to)
	}
	page := v.page("/signin?next=%2Fflows%2Forders%3Fpage%3D2")
	has(t, page, `href="/signin/start?next=%2Fflows%2Forders%3Fpage%3D2"`, "Sign in")
	lacks(t, page, "link that was printed")
	if len(v.cookies) != 0 {
		t.Errorf("looking at the page set cookies: %v", v.cookies)
	}
	got = v.signsIn(t, "/signin/start?next=%2Fflows%2Forders%3Fpage%3D2")
	if to := got.Header().Get("Location"); got.Code != http.StatusSeeOther || to != "/flows/orders?page=2" {
		t.Fatalf("coming back answered %d to %s: %s", got.Code, to, got.Body)
	}
	if _, there := v.cookies[attemptCookie]; there {
		t.Error("the attempt stays with the browser")
	}
	has(t, v.page("/"), "Bakkerij De Korenaar")
	s := b.sessionOf(t, v)
	if s.Tenant != bakery || s.Subject != "6f1b7d1e-person" || s.Until != b.clock.Add(sessionLife).Unix() {
		t.Errorf("the session is %+v", s)
	}
	if got := v.get("/signin?next=%2Fconnections"); got.Header().Get("Location") != "/connections" {
		t.Errorf("the sign-in page of somebody signed in leads to %q", got.Header().Get("Location"))
	}
	for name, secret := range map[string]string{"session": v.cookies[sessionCookie], "form token": s.Form} {
		if strings.Contains(b.log.String(), secret) {
			t.Errorf("the log holds the %s", name)
		}
	}
	has(t, b.log.String(), "somebody signed in", bakery)
}

// The panel as Lambda has it: every request is answered by another process, which shares nothing with the first but stores
// and keys. A real browser's cookie jar goes through all of it.
func TestSignInAcrossProcesses(t *testing.T) {
	b, p := withProvider(t)
	other := b.another(t, func(o *Options) { o.SignIn = asked(t, p, o.Now) })
	var turn atomic.Int64
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if turn.Add(1)%2 == 0 {
			b.ServeHTTP(w, r)
			return
		}
		other.ServeHTTP(w, r)
	}))
	defer front.Close()
	p.Change(func(b *openidtest.Behaviour) { b.Callbacks = []string{front.URL + "/signin/callback"} })
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Jar: jar}
	for range 3 { // so that each step falls to either process
		turn.Add(1)
		answer, err := client.Get(front.URL + "/signin/start?next=/flows/orders")
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if err != nil || answer.StatusCode != http.StatusOK || answer.Request.URL.Path != "/flows/orders" {
			t.Fatalf("it ends at %s with %s, %v", answer.Request.URL, answer.Status, err)
		}
		has(t, string(body), "Bakkerij De Korenaar", "Orders")
		for _, ask := range p.Asked() {
			if strings.Contains(ask, "code=") || strings.Contains(ask, "code_verifier") {
				t.Errorf("a secret stands in an address: %s", ask)
			}
		}
	}
}

// A browser that did not begin is not signed in, whatever answer it is sent with: nobody is made to work in somebody else's
// account, and nobody uses an answer that was caught.
func TestAnswersBelongToTheBrowserThatAsked(t *testing.T) {
	const stale = "This sign-in was begun in another browser"
	b, _ := withProvider(t)
	attacker, victim := stranger(t, b), stranger(t, b)
	mine := away(t, attacker.get("/signin/start"))
	refused(t, victim, victim.get(mine), http.StatusForbidden, stale)

	// Also when it is on its way itself; and that way stays open.
	own := away(t, victim.get("/signin/start"))
	begun := victim.cookies[attemptCookie]
	refused(t, victim, victim.get(mine), http.StatusForbidden, stale)
	if victim.cookies[attemptCookie] != begun {
		t.Error("somebody else's answer ended the attempt")
	}
	for name, change := range map[string]func(q url.Values){
		"another state": func(q url.Values) { q.Set("state", "guess") }, "no state": func(q url.Values) { q.Del("state") },
		"an error of another state": func(q url.Values) {
			q.Set("state", "guess")
			q.Set("error", "x")
			q.Set("error_description", "call 0900")
		},
	} {
		u, err := url.Parse(own)
		if err != nil {
			t.Fatal(err)
		}
		q := u.Query()
		change(q)
		got := victim.get(u.Path + "?" + q.Encode())
		t.Run(name, func(t *testing.T) { refused(t, victim, got, http.StatusForbidden, stale) })
		lacks(t, got.Body.String(), "call 0900")
	}
	if got := victim.get(own); got.Code != http.StatusSeeOther {
		t.Errorf("its own answer answered %d", got.Code)
	}

	// A browser that only looks ahead uses nothing up.
	ahead := httptest.NewRequest(http.MethodGet, mine, nil)
	ahead.Header.Set("Sec-Purpose", "prefetch")
	if got := attacker.do(ahead); got.Code != http.StatusNoContent {
		t.Errorf("looking ahead answered %d", got.Code)
	}
	if got := attacker.do(httptest.NewRequest(http.MethodHead, mine, nil)); got.Code != http.StatusNoContent {
		t.Errorf("HEAD answered %d", got.Code)
	}
	if got := attacker.get(mine); got.Code != http.StatusSeeOther {
		t.Errorf("the attacker's own answer answered %d", got.Code)
	}
}

func TestAnswersWorkOnceAndForTenMinutes(t *testing.T) {
	b, _ := withProvider(t)
	v := stranger(t, b)
	to := away(t, v.get("/signin/start"))
	begun := v.cookies[attemptCookie]
	if got := v.get(to); got.Code != http.StatusSeeOther {
		t.Fatalf("coming back answered %d", got.Code)
	}
	again := stranger(t, b)
	refused(t, again, again.get(to), http.StatusForbidden, "another browser")
	again.cookies[attemptCookie] = begun // somebody kept both
	refused(t, again, again.get(to), http.StatusForbidden, "could not be used", "Line in the log")

	late := stranger(t, b)
	to = away(t, late.get("/signin/start"))
	b.clock = b.clock.Add(attemptLife)
	refused(t, late, late.get(to), http.StatusForbidden, "more than ten minutes ago")
}

// What stands in for an attempt: nothing that was not made for it.
func TestOddAttempts(t *testing.T) {
	b, _ := withProvider(t)
	v := stranger(t, b)
	to := away(t, v.get("/signin/start"))
	whole := v.cookies[attemptCookie]
	for name, value := range map[string]string{"nothing": "", "a guess": "guess", "cut off": whole[:len(whole)-1], "longer": whole + "A",
		"a session": b.visitor(t, bakery).cookies[sessionCookie]} {
		t.Run(name, func(t *testing.T) {
			v := stranger(t, b)
			v.cookies[attemptCookie] = value
			refused(t, v, v.get(to), http.StatusForbidden, "another browser")
		})
	}
}

// TestProviderAnswers gives the panel answers that prove nothing; what each token may say is the business of package openid.
func TestProviderAnswers(t *testing.T) {
	for name, test := range map[string]struct {
		change func(b *openidtest.Behaviour)
		status int
		says   []string
		logs   string
	}{
		"another nonce": {func(b *openidtest.Behaviour) { b.Forge = func(_, c map[string]any) { c["nonce"] = "x" } }, http.StatusForbidden,
			[]string{"could not be used"}, "another attempt"},
		"another key": {func(b *openidtest.Behaviour) { b.OtherKey = true }, http.StatusForbidden, []string{"could not be used"}, "signature"},
		"no signature": {func(b *openidtest.Behaviour) { b.Forge = func(h, _ map[string]any) { h["alg"] = "none" } }, http.StatusForbidden,
			[]string{"could not be used"}, "none"},
		"it fails": {func(b *openidtest.Behaviour) { b.Exchange = http.StatusBadGateway }, http.StatusServiceUnavailable,
			[]string{"not available just now", "Line in the log"}, "502"},
		"no tenant":         {func(b *openidtest.Behaviour) { b.Claims = nil }, http.StatusForbidden, []string{"belongs to no shop", "Ask whoever runs"}, "no tenant"},
		"an unknown tenant": {func(b *openidtest.Behaviour) { b.Claims = map[string]any{"custom:tenant": "elsewhere"} }, http.StatusForbidden, []string{"belongs to no shop"}, "elsewhere"},
		"whose keys seal sign-ins": {func(b *openidtest.Behaviour) { b.Claims = map[string]any{"custom:tenant": attemptKeys} }, http.StatusForbidden,
			[]string{"belongs to no shop"}, attemptKeys},
		"a tenant in a claim people write": {func(b *openidtest.Behaviour) { b.Claims = map[string]any{"tenant": bakery, "profile": bakery} }, http.StatusForbidden,
			[]string{"belongs to no shop"}, "no tenant"},
		"no tenant, with an address": {func(b *openidtest.Behaviour) {
			b.Claims = map[string]any{"email": "jo@example.com", "email_verified": true}
		}, http.StatusForbidden, []string{"You signed in as jo@example.com."}, "no tenant"},
		"somebody cancels": {func(b *openidtest.Behaviour) { b.Error, b.Description = "access_denied", "The user said <b>no</b>." }, http.StatusForbidden,
			[]string{"You were not signed in.", "The sign-in service says: “The user said <b>no</b>.”"}, "access_denied"},
		"an error without a word": {func(b *openidtest.Behaviour) { b.Error = "server_error" }, http.StatusForbidden, []string{"You were not signed in."}, "server_error"},
	} {
		t.Run(name, func(t *testing.T) {
			b, p := withProvider(t)
			p.Change(test.change)
			v := stranger(t, b)
			got := v.signsIn(t, "/signin/start?next=/connections")
			refused(t, v, got, test.status, append(test.says, `href="/signin/start`)...)
			lacks(t, got.Body.String(), "<b>no</b>", "says: “”")
			has(t, b.log.String(), test.logs)
			if slices.Contains(b.store.asked, "") {
				t.Error("a tenant without a name was looked for")
			}
			if _, there := v.cookies[attemptCookie]; there {
				t.Error("the attempt stays with the browser")
			}
			if strings.Contains(b.log.String(), "jo@example.com") || strings.Contains(b.log.String(), "secret in here") {
				t.Errorf("the log holds what it must not: %s", b.log)
			}
		})
	}
}

// A long sentence of the provider's is cut.
func TestProviderSaysALot(t *testing.T) {
	b, p := withProvider(t)
	p.Change(func(b *openidtest.Behaviour) {
		b.Error, b.Description = strings.Repeat("e", 5000), strings.Repeat("no ", 5000)
	})
	v := stranger(t, b)
	if got := v.signsIn(t, "/signin/start"); got.Body.Len() > 5000 || b.log.Len() > 1000 {
		t.Errorf("the page has %d bytes, the log %d", got.Body.Len(), b.log.Len())
	}
}

func TestProviderIsDown(t *testing.T) {
	b, p := withProvider(t)
	v := stranger(t, b)
	p.Stop()
	has(t, v.page("/signin"), "Sign in") // the page itself asks nobody
	got := v.get("/signin/start")
	refused(t, v, got, http.StatusServiceUnavailable, "Signing in is not available just now.", "Your data is not affected.")
	line := regexp.MustCompile(`<code>([^<]+)</code>`).FindStringSubmatch(got.Body.String())
	if line == nil || !strings.Contains(b.log.String(), "line="+line[1]) || !strings.Contains(b.log.String(), p.Issuer) {
		t.Errorf("the page names %v, the log says %s", line, b.log)
	}
	// A link still lets in, and what runs goes on.
	has(t, b.visitor(t, bakery).page("/"), "Bakkerij De Korenaar")
}

// Nothing leads away from the panel, before or after signing in.
func TestNextIsOneOfOurs(t *testing.T) {
	b, _ := withProvider(t)
	for next, want := range map[string]string{
		"https://evil.example/": "/", "//evil.example": "/", `/\evil.example`: "/", "/\t/evil.example": "/", "javascript:alert(1)": "/",
		"/signin": "/", "/signin/start": "/", "/signin?next=/": "/", "/signing": "/signing", "/connections#till": "/connections#till", "": "/",
	} {
		query := "?" + url.Values{"next": {next}}.Encode()
		v := stranger(t, b)
		lacks(t, v.page("/signin"+query), "evil", "javascript:")
		if got := v.signsIn(t, "/signin/start"+query).Header().Get("Location"); got != want {
			t.Errorf("next %q leads to %q, want %q", next, got, want)
		}
		if got := v.get("/signin" + query).Header().Get("Location"); got != want {
			t.Errorf("signed in, next %q leads to %q, want %q", next, got, want)
		}
	}
	// Forms and machines have no page to go back to.
	for path, want := range map[string]string{"POST /flows/orders/run": "/signin", "GET /": "/signin", "GET //evil.example/x": "/signin"} {
		method, path, _ := strings.Cut(path, " ")
		r := httptest.NewRequest(method, "/", nil)
		r.RequestURI, r.URL.Path = path, path
		w := httptest.NewRecorder()
		b.fail(w, r, &visit{words: b.pages.list[0]}, errSignIn)
		if got := w.Header().Get("Location"); got != want {
			t.Errorf("%s leads to %q, want %q", path, got, want)
		}
	}
}

func TestSignOutThere(t *testing.T) {
	b, p := withProvider(t)
	v := stranger(t, b)
	v.signsIn(t, "/signin/start")
	got := v.post("/signout", nil)
	page := html.UnescapeString(got.Body.String())
	refresh, ok := strings.CutPrefix(got.Header().Get("Refresh"), "0; url=")
	if got.Code != http.StatusOK || !ok || len(v.cookies) != 0 {
		t.Fatalf("signing out answered %d with %v, cookies %v", got.Code, got.Header(), v.cookies)
	}
	has(t, page, "You are signed out", `href="`+refresh+`"`)
	lacks(t, page, "Korenaar", `action="/signout"`)
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Get(refresh)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if to := answer.Header.Get("Location"); to != home+"/signin" {
		t.Errorf("the provider answered %s and leads to %q", answer.Status, to)
	}

	// Whoever came by a link has no session elsewhere.
	if got := b.visitor(t, bakery).post("/signout", nil); got.Header().Get("Location") != "/signin" {
		t.Errorf("with a link, signing out leads to %q", got.Header().Get("Location"))
	}

	// Where there is no such place, or nobody answers, it ends here.
	for _, spoil := range []func(){
		func() {
			p.Change(func(b *openidtest.Behaviour) {
				b.Describe = func(d map[string]any) { delete(d, "end_session_endpoint") }
			})
		},
		p.Stop,
	} {
		v := stranger(t, b)
		v.signsIn(t, "/signin/start")
		b.clock = b.clock.Add(2 * time.Hour) // what was known of the provider is old
		spoil()
		if got := v.post("/signout", nil); got.Code != http.StatusSeeOther || got.Header().Get("Location") != "/signin" || len(v.cookies) != 0 {
			t.Errorf("signing out answered %d to %q, cookies %v", got.Code, got.Header().Get("Location"), v.cookies)
		}
	}
}

// Behind https everything about signing in is so too, whatever scheme the gateway used towards us.
func TestSignInBehindHTTPS(t *testing.T) {
	b, p := withProvider(t, func(o *Options) { o.HTTPS = true })
	p.Change(func(b *openidtest.Behaviour) { b.Callbacks = []string{"https://example.com/signin/callback"} })
	v := stranger(t, b)
	got := v.get("/signin/start")
	to, err := url.Parse(got.Header().Get("Location"))
	if err != nil || to.Query().Get("redirect_uri") != "https://example.com/signin/callback" {
		t.Errorf("it leads to %s, %v", to, err)
	}
	for _, c := range got.Result().Cookies() {
		if c.Name != "__Host-"+attemptCookie || !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.MaxAge != int(attemptLife/time.Second) || c.Path != "/" {
			t.Errorf("the cookie is %+v", c)
		}
	}
	// Somebody who says to be another host gets no answer sent there: the provider does not know it.
	r := httptest.NewRequest(http.MethodGet, "/signin/start", nil)
	r.Host = "evil.example"
	answer, err := http.Get(v.do(r).Header().Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusBadRequest {
		t.Errorf("the provider answered %s", answer.Status)
	}
}

// Without a provider its addresses are not there.
func TestNoProvider(t *testing.T) {
	b := newBench(t)
	for _, path := range []string{"/signin/start", "/signin/callback?code=x&state=y"} {
		if got := stranger(t, b).get(path); got.Code != http.StatusNotFound {
			t.Errorf("%s answered %d, want 404", path, got.Code)
		}
	}
	page := stranger(t, b).page("/signin")
	has(t, page, "link that was printed")
	lacks(t, page, "/signin/start")
}

func TestSignInPageInDutch(t *testing.T) {
	b, _ := withProvider(t)
	r := httptest.NewRequest(http.MethodGet, "/signin", nil)
	r.Header.Set("Accept-Language", "nl")
	has(t, stranger(t, b).do(r).Body.String(), "Inloggen", `lang="nl"`, "Bekijk wat er tussen")
}

// Somebody signs in and out in a browser, with its rules about forms, cookies and where they may lead.
func TestSignInInABrowser(t *testing.T) {
	ctx, complaints := newTab(t)
	b, p := withProvider(t)
	server := httptest.NewServer(b)
	t.Cleanup(server.Close)
	p.Change(func(b *openidtest.Behaviour) {
		b.Page, b.Callbacks, b.Logouts = true, []string{server.URL + "/signin/callback"}, []string{server.URL + "/signin"}
	})
	at := func(want string) {
		t.Helper()
		there, until := false, time.Now().Add(20*time.Second)
		for !there && time.Now().Before(until) { // a page that goes away takes the question with it
			there, _ = chromedp.Run(ctx, chromedp.Evaluate[bool](`location.href.startsWith("`+want+`") && document.readyState === "complete"`))
		}
		if !there {
			t.Fatalf("the browser is at %s, want %s", evaluate[string](t, ctx, "location.href"), want)
		}
	}
	settled := func() { // colours change in steps
		t.Helper()
		if _, err := chromedp.Run(ctx, chromedp.Poll[bool](`document.getAnimations().length === 0`, chromedp.WithPollingTimeout(20*time.Second))); err != nil {
			t.Fatal(err)
		}
	}
	if err := chromedp.Do(ctx, chromedp.Navigate(server.URL+"/flows/orders")); err != nil {
		t.Fatal(err)
	}
	at(server.URL + "/signin?next=%2Fflows%2Forders")
	for _, theme := range []string{"light", "dark"} {
		for _, width := range []int64{1440, 390} {
			look(t, ctx, width, theme)
			settled()
			for _, text := range evaluate[[]string](t, ctx, dim) {
				t.Errorf("hard to read: %s", text)
			}
			keep(t, ctx, "signin", theme, width)
		}
	}
	click := func(what string) {
		t.Helper()
		if err := chromedp.Do(ctx, chromedp.Click(what)); err != nil {
			t.Fatal(err)
		}
	}
	click("a.main")
	at(strings.TrimSuffix(p.Issuer, "/pool"))
	click("#go")
	at(server.URL + "/flows/orders")
	if got := evaluate[string](t, ctx, `document.querySelector(".tenant").textContent + document.cookie`); got != "Bakkerij De Korenaar" {
		t.Errorf("tenant, and what scripts see of cookies: %q", got)
	}
	click(`form[action="/signout"] button`)
	at(server.URL + "/signin") // by way of the provider
	out := false
	for _, ask := range p.Asked() {
		out = out || strings.HasPrefix(ask, "GET /logout?client_id="+openidtest.Client)
	}
	if !out {
		t.Errorf("the browser did not sign out there: %v", p.Asked())
	}

	// Somebody who belongs to no shop sees why.
	p.Change(func(b *openidtest.Behaviour) {
		b.Page, b.Claims = false, map[string]any{"email": "jo@example.com", "email_verified": true}
	})
	if err := chromedp.Do(ctx, chromedp.Navigate(server.URL+"/signin/start")); err != nil {
		t.Fatal(err)
	}
	at(server.URL + "/signin/callback")
	for _, theme := range []string{"light", "dark"} {
		look(t, ctx, 390, theme)
		settled()
		for _, text := range evaluate[[]string](t, ctx, dim) {
			t.Errorf("hard to read: %s", text)
		}
		keep(t, ctx, "homeless", theme, 390)
	}
	for _, complaint := range complaints() {
		if !strings.Contains(complaint, "403") { // the browser notes the status of the last page
			t.Errorf("the console says %q", complaint)
		}
	}
}
