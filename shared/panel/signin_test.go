package panel

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestLinkWorksOnce(t *testing.T) {
	b := newBench(t)
	link := b.SignInLink(bakery)
	stranger := &visitor{t: t, handler: b, cookies: map[string]string{}}
	prefetch := httptest.NewRequest(http.MethodGet, link, nil)
	prefetch.Header.Set("Sec-Purpose", "prefetch;prerender")
	if got := stranger.do(prefetch); got.Code != http.StatusNoContent || len(stranger.cookies) != 0 {
		t.Errorf("looking ahead answered %d and cookies %v, want 204 and none", got.Code, stranger.cookies)
	}
	if got := stranger.get(link); got.Code != http.StatusSeeOther || got.Header().Get("Location") != "/" {
		t.Fatalf("the link answered %d to %s, want 303 to /", got.Code, got.Header().Get("Location"))
	}
	has(t, stranger.page("/"), "Bakkerij De Korenaar")
	second := &visitor{t: t, handler: b, cookies: map[string]string{}}
	if got := second.get(link); got.Code != http.StatusForbidden || len(second.cookies) != 0 {
		t.Errorf("the second use answered %d and cookies %v, want 403 and none", got.Code, second.cookies)
	}
}

func TestLinkAndSessionEnd(t *testing.T) {
	b := newBench(t)
	late := b.SignInLink(bakery)
	b.clock = b.clock.Add(linkLife)
	someone := &visitor{t: t, handler: b, cookies: map[string]string{}}
	if got := someone.get(late); got.Code != http.StatusForbidden {
		t.Errorf("a link of ten minutes ago answered %d, want 403", got.Code)
	}
	v := b.visitor(t, bakery)
	b.clock = b.clock.Add(sessionLife - time.Second)
	v.page("/")
	b.clock = b.clock.Add(time.Second)
	if got := v.get("/"); got.Code != http.StatusSeeOther || got.Header().Get("Location") != "/signin" {
		t.Errorf("an old session answered %d, want 303 to /signin", got.Code)
	}
}

func TestSignOutTakesTheSessionAway(t *testing.T) {
	b := newBench(t)
	v := b.visitor(t, bakery)
	v.cookies[noteCookie] = "left over"
	if got := v.post("/signout", nil); got.Code != http.StatusSeeOther || got.Header().Get("Location") != "/signin" || len(v.cookies) != 0 {
		t.Errorf("signing out answered %d to %s, cookies %v", got.Code, got.Header().Get("Location"), v.cookies)
	}
	if got := v.get("/"); got.Code != http.StatusSeeOther {
		t.Errorf("after signing out the overview answered %d, want 303", got.Code)
	}
}

func TestSessionCookie(t *testing.T) {
	for _, https := range []bool{false, true} {
		b := newBench(t, func(o *Options) { o.HTTPS = https })
		w := httptest.NewRecorder()
		b.ServeHTTP(w, httptest.NewRequest(http.MethodGet, b.SignInLink(bakery), nil))
		cookies := w.Result().Cookies()
		if len(cookies) != 1 {
			t.Fatalf("got %d cookies, want 1", len(cookies))
		}
		c := cookies[0]
		if !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Secure != https || c.MaxAge != int(sessionLife/time.Second) || c.Path != "/" || c.Domain != "" {
			t.Errorf("https %v: got %+v", https, c)
		}
		if strings.HasPrefix(c.Name, "__Host-") != https || len(c.Value) > 1000 {
			t.Errorf("https %v: it is called %s and has %d characters", https, c.Name, len(c.Value))
		}
		// Under the other name it does not count: what somebody plants over http is not looked at.
		for _, name := range []string{sessionCookie, "__Host-" + sessionCookie} {
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.AddCookie(&http.Cookie{Name: name, Value: c.Value})
			w := httptest.NewRecorder()
			b.ServeHTTP(w, r)
			if (w.Code == http.StatusOK) != (name == c.Name) {
				t.Errorf("https %v: as %s the session answers %d", https, name, w.Code)
			}
		}
	}
}

// concrete replaces the places of a pattern by things the bakery has.
func concrete(pattern string) (method, path string) {
	method, path, ok := strings.Cut(pattern, " ")
	if !ok {
		method, path = http.MethodGet, "/nowhere"
	}
	return method, strings.NewReplacer("{$}", "", "{flow}", "orders", "{chunk}", "c9-send", "{connection}", "till", "{name}", "panel.css",
		"{token}", "guess", "{record}", recordName("c9-send", "6f0e3a52-91c4-11ef-8f11-0242ac120002")).Replace(path)
}

func TestEverythingElseNeedsASession(t *testing.T) {
	b := newBench(t)
	open := map[string]bool{"GET /healthz": true, "GET /static/{name}": true, "GET /signin": true, "GET /signin/{token}": true,
		"GET /signin/start": true, "GET /signin/callback": true}
	for _, rt := range b.routes() {
		if rt.open != open[rt.pattern] {
			t.Errorf("%s: open is %v, want %v", rt.pattern, rt.open, open[rt.pattern])
		}
		if rt.open {
			continue
		}
		method, path := concrete(rt.pattern)
		stranger := &visitor{t: t, handler: b, cookies: map[string]string{sessionCookie: "guess"}}
		got := stranger.do(httptest.NewRequest(method, path, nil))
		want := http.StatusSeeOther
		if strings.HasSuffix(path, ".json") {
			want = http.StatusUnauthorized
		}
		if got.Code != want {
			t.Errorf("%s without a session answered %d, want %d", rt.pattern, got.Code, want)
		}
		if strings.Contains(got.Body.String(), "Korenaar") {
			t.Errorf("%s tells a stranger whose panel it is", rt.pattern)
		}
	}
	if len(b.store.asked) != 0 {
		t.Errorf("strangers made the panel read of %v", b.store.asked)
	}
	if len(b.actions.calls) != 0 {
		t.Errorf("strangers made the panel do %v", b.actions.calls)
	}
}

func TestFormsNeedTheSessionsToken(t *testing.T) {
	b := newBench(t)
	v, other := b.visitor(t, bakery), b.visitor(t, bakery)
	foreign := b.sessionOf(t, other)
	for _, rt := range b.routes() {
		method, path := concrete(rt.pattern)
		if method != http.MethodPost {
			continue
		}
		for _, form := range []url.Values{{}, {"token": {""}}, {"token": {foreign.Form}}} {
			form.Set("key", "7a11")
			if got := v.send(path, form); got.Code != http.StatusForbidden {
				t.Errorf("%s with token %q answered %d, want 403", rt.pattern, form.Get("token"), got.Code)
			}
		}
		cross := httptest.NewRequest(method, path, nil)
		cross.Header.Set("Sec-Fetch-Site", "cross-site")
		if got := v.do(cross); got.Code != http.StatusForbidden {
			t.Errorf("%s from another site answered %d, want 403", rt.pattern, got.Code)
		}
	}
	if len(b.actions.calls) != 0 {
		t.Errorf("forms without the token did %v", b.actions.calls)
	}
}

func TestHeaders(t *testing.T) {
	b := newBench(t)
	v := b.visitor(t, bakery)
	for _, path := range []string{"/", "/flows/orders", "/nowhere", "/live.json", "/signin"} {
		h := v.get(path).Header()
		if got := h.Get("Cache-Control"); got != "no-store" {
			t.Errorf("%s: Cache-Control is %q, want no-store", path, got)
		}
		if got := h.Get("Content-Security-Policy"); !strings.Contains(got, "default-src 'none'") || strings.Contains(got, "unsafe") {
			t.Errorf("%s: policy is %q", path, got)
		}
		if h.Get("X-Content-Type-Options") != "nosniff" || h.Get("X-Frame-Options") != "DENY" || h.Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("%s: headers are %v", path, h)
		}
	}
	if got := v.get(b.assetURL("panel.css")); !strings.Contains(got.Header().Get("Cache-Control"), "immutable") || got.Header().Get("Content-Type") != "text/css; charset=utf-8" {
		t.Errorf("the stylesheet came with %v", got.Header())
	}
	if got := v.get("/static/panel.css?v=old").Header().Get("Cache-Control"); got != "no-cache" {
		t.Errorf("a stale address of the stylesheet came with %q, want no-cache", got)
	}
}

func TestTokensAreNotInTheLog(t *testing.T) {
	b := newBench(t)
	link := b.SignInLink(bakery)
	b.visitor(t, bakery)
	(&visitor{t: t, handler: b, cookies: map[string]string{}}).get(link)
	(&visitor{t: t, handler: b, cookies: map[string]string{}}).get(link)
	if strings.Contains(b.log.String(), strings.TrimPrefix(link, "/signin/")) {
		t.Error("the log holds a sign-in token")
	}
}
