package panel

import (
	"encoding/base64"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"apicenter/shared/connector"
	"apicenter/shared/integration"
	"apicenter/shared/secret"
)

// asks gets the overview with a session cookie of the given value.
func (b *bench) asks(t testing.TB, value string) *httptest.ResponseRecorder {
	t.Helper()
	return (&visitor{t: t, handler: b, cookies: map[string]string{sessionCookie: value}}).get("/")
}

func named(tenant, sealed string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(tenant)) + "." + sealed
}

// Promise 6: a session is of one tenant. Whatever else is handed in is nobody's: signed out, and never a failure page.
func TestOddSessions(t *testing.T) {
	b := newBench(t)
	v, other := b.visitor(t, bakery), b.visitor(t, mill)
	whole := v.cookies[sessionCookie]
	_, sealed, _ := strings.Cut(whole, ".")
	_, foreign, _ := strings.Cut(other.cookies[sessionCookie], ".")
	seal := func(tenant, purpose string, value any) string {
		text, err := b.seal(t.Context(), tenant, purpose, value)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	mine := b.sessionOf(t, v)
	moved := mine
	moved.Tenant = mill
	flipped := []byte(sealed)
	flipped[len(flipped)/2] ^= 1
	for name, value := range map[string]string{
		"nothing":                            "",
		"a guess":                            "guess",
		"a name alone":                       named(bakery, ""),
		"a seal alone":                       "." + sealed,
		"no seal":                            sealed,
		"no base64":                          "!!." + sealed,
		"a seal that is no base64":           named(bakery, "!!"),
		"the mill's seal, the bakery's name": named(bakery, foreign),
		"the bakery's seal, the mill's name": named(mill, sealed),
		"a tenant there is none of":          named("nobody", sealed),
		"whose keys seal sign-ins":           named(attemptKeys, seal(attemptKeys, sessionPurpose, session{Tenant: attemptKeys, Form: "x", Until: 1 << 40})),
		"cut off":                            whole[:len(whole)-1],
		"cut in half":                        whole[:len(whole)/2],
		"longer":                             whole + "A",
		"padded":                             whole + "=",
		"changed":                            named(bakery, string(flipped)),
		"sealed for something else":          named(bakery, seal(bakery, notePurpose, mine)),
		"sealed as a sign-in":                named(bakery, seal(bakery, attemptPurpose, mine)),
		"says another tenant inside":         named(bakery, seal(bakery, sessionPurpose, moved)),
		"of another release":                 named(bakery, seal(bakery, sessionPurpose, "words")),
		"of nobody and never":                named(bakery, seal(bakery, sessionPurpose, session{})),
		"very long":                          named(bakery, strings.Repeat("A", 100_000)),
		"with a space":                       whole + " ",
	} {
		t.Run(name, func(t *testing.T) {
			if got := b.asks(t, value); got.Code != http.StatusSeeOther || got.Header().Get("Location") != "/signin" {
				t.Errorf("it answered %d to %q, want 303 to /signin", got.Code, got.Header().Get("Location"))
			}
		})
	}
	if got := b.asks(t, whole); got.Code != http.StatusOK {
		t.Errorf("the session itself answered %d", got.Code)
	}
	for tenant := range b.keys.tenants() {
		if tenant != bakery && tenant != mill && tenant != attemptKeys {
			t.Errorf("a made-up name got keys: %s", tenant)
		}
	}
}

// Any text at all is answered with the sign-in page.
func TestSessionsOfAnyText(t *testing.T) {
	b := newBench(t)
	rapid.Check(t, func(r *rapid.T) {
		value := rapid.StringMatching(`[!#-+\--:<-\[\]-~]{0,300}`).Draw(r, "cookie")
		if rapid.Bool().Draw(r, "named") {
			value = named(bakery, value)
		}
		if got := b.asks(t, value); got.Code != http.StatusSeeOther {
			r.Errorf("%q answered %d", value, got.Code)
		}
	})
}

// A cookie that does not count is taken away; one that cannot be looked at just now is kept.
func TestKeysThatCannotBeReached(t *testing.T) {
	b := newBench(t)
	v := b.visitor(t, bakery)
	cookie := v.cookies[sessionCookie]
	cold := b.another(t)
	b.keys.broken = errors.New("the key service does not answer")
	v.handler = cold
	if got := v.get("/"); got.Code != http.StatusInternalServerError || v.cookies[sessionCookie] != cookie {
		t.Errorf("without the key service: %d, the cookie is %q", got.Code, v.cookies[sessionCookie])
	}
	b.keys.broken = nil
	v.page("/")
	v.cookies[sessionCookie] = "guess"
	v.get("/")
	if _, there := v.cookies[sessionCookie]; there {
		t.Error("a cookie that does not count stays with the browser")
	}
}

// Another process knows a session again, and ends it at the same moment.
func TestSessionsAreOfNoProcess(t *testing.T) {
	b := newBench(t)
	v := b.visitor(t, bakery)
	v.handler = b.another(t)
	has(t, v.page("/"), "Bakkerij De Korenaar")
	if got := v.post("/flows/orders/run", nil); got.Code != http.StatusSeeOther {
		t.Errorf("a form in another process answered %d", got.Code)
	}
	v.handler = b // and its note is heard in the first
	has(t, v.page("/flows/orders"), "A run is queued.")
	lacks(t, v.page("/flows/orders"), "A run is queued.")
	late := b.another(t)
	late.clock = late.clock.Add(sessionLife)
	v.handler = late
	if got := v.get("/"); got.Code != http.StatusSeeOther {
		t.Errorf("after its time it answered %d", got.Code)
	}
}

// Being used does not prolong a session: nothing but signing in sets its cookie.
func TestSessionsAreNotProlonged(t *testing.T) {
	b := newBench(t)
	v := b.visitor(t, bakery)
	cookie := v.cookies[sessionCookie]
	for range 12 {
		b.clock = b.clock.Add(time.Hour - time.Second)
		v.page("/")
		v.post("/flows/orders/pause", nil)
	}
	if v.cookies[sessionCookie] != cookie {
		t.Error("using the session changed its cookie")
	}
	b.clock = b.clock.Add(12 * time.Second)
	if got := v.get("/"); got.Code != http.StatusSeeOther {
		t.Errorf("twelve hours after signing in it answered %d", got.Code)
	}
}

// Signing in gives a new session, whatever the browser brought.
func TestSessionsAreNotFixed(t *testing.T) {
	b := newBench(t)
	planted := b.visitor(t, mill).cookies[sessionCookie]
	victim := &visitor{t: t, handler: b, cookies: map[string]string{sessionCookie: planted}}
	victim.get(b.SignInLink(bakery))
	if victim.cookies[sessionCookie] == planted {
		t.Fatal("the planted session stays")
	}
	has(t, victim.page("/"), "Bakkerij De Korenaar")
	if a, c := b.sessionOf(t, victim), b.sessionOf(t, b.visitor(t, bakery)); a.Form == c.Form || a.Form == "" {
		t.Error("two sessions share a form token")
	}
}

// Promise 7: destroying the keys ends the tenant's sessions, here at once and elsewhere when what was read of them is old.
func TestErasedTenantIsSignedOut(t *testing.T) {
	b := newBench(t)
	v, other := b.visitor(t, bakery), b.visitor(t, mill)
	vault := secret.NewVault(b.keys, b.keys, b.now)
	if err := vault.Erase(t.Context(), bakery); err != nil {
		t.Fatal(err)
	}
	for name, panel := range map[string]*bench{"a new process": b.another(t), "a warm one, later": b} {
		panel.clock = panel.clock.Add(6 * time.Minute)
		v := &visitor{t: t, handler: panel, cookies: map[string]string{sessionCookie: v.cookies[sessionCookie]}}
		if got := v.get("/"); got.Code != http.StatusSeeOther || got.Header().Get("Location") != "/signin" {
			t.Errorf("%s: an erased tenant's session answered %d", name, got.Code)
		}
		if got := panel.asks(t, other.cookies[sessionCookie]); got.Code != http.StatusOK {
			t.Errorf("%s: the other tenant's session answered %d", name, got.Code)
		}
	}
}

// A note fits into a cookie however much it has to say, and belongs to one session.
func TestNotes(t *testing.T) {
	b := newBench(t)
	v := b.visitor(t, bakery)
	hard := func(n int) string { // does not compress
		var out strings.Builder
		for out.Len() < n {
			out.WriteString(b.door.token())
		}
		return out.String()[:n]
	}
	for name, report := range map[string]connector.Report{
		"short":             {Summary: "It works.", Warnings: []string{"One right is missing."}},
		"many details":      {Summary: "It works.", Warnings: []string{hard(3000), hard(3000), hard(3000)}},
		"a long sentence":   {Summary: "It works. " + hard(20_000)},
		"letters of others": {Summary: "It works. " + strings.Repeat("ğ日\x80<\x01", 5000)},
	} {
		t.Run(name, func(t *testing.T) {
			b.actions.test = func() (connector.Report, error) { return report, nil }
			if got := v.post("/connections/till/test", nil); got.Code != http.StatusSeeOther {
				t.Fatalf("the test answered %d", got.Code)
			}
			if n := len(noteCookie) + len(v.cookies[noteCookie]); n > 4000 || n < 100 {
				t.Errorf("the cookie has %d bytes", n)
			}
			page := v.page("/connections")
			has(t, page, "It works.")
			if name != "short" {
				has(t, page, "…")
			}
			lacks(t, v.page("/connections"), "It works.")
		})
	}
	v.post("/flows/orders/run", nil)
	stolen := v.cookies[noteCookie]
	for name, who := range map[string]*visitor{"another session": b.visitor(t, bakery), "another tenant": b.visitor(t, mill)} {
		who.cookies[noteCookie] = stolen
		lacks(t, who.page("/connections"), "A run is queued.")
		if who.cookies[noteCookie] != "" {
			t.Errorf("%s keeps the note", name)
		}
	}
	b.clock = b.clock.Add(noteLife)
	lacks(t, v.page("/"), "A run is queued.")
}

// What an action did has happened, also when there is no way to say so.
func TestNotesThatCannotBeKept(t *testing.T) {
	b := newBench(t)
	v := b.visitor(t, bakery)
	token := b.sessionOf(t, v).Form
	b.clock = b.clock.Add(6 * time.Minute) // the keys are read again
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodPost, "/flows/orders/run", nil)
	b.keys.broken = errors.New("the key service does not answer")
	b.say(w, r, &visit{session: session{Tenant: bakery, Form: token}, tenant: integration.Tenant{ID: bakery}, now: b.clock}, note{Text: "Done."})
	if w.Code != http.StatusOK || len(w.Result().Cookies()) != 0 || !strings.Contains(b.log.String(), "could not be kept") {
		t.Errorf("status %d, cookies %v, log %s", w.Code, w.Result().Cookies(), b.log)
	}
}

func TestCut(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		text, length := rapid.String().Draw(r, "text"), rapid.IntRange(0, 40).Draw(r, "length")
		got := cut(text, length)
		if len(got) > length && len(text) > length || len(text) <= length && got != text || strings.ToValidUTF8(got, "") != got {
			r.Errorf("cut(%q, %d) = %q", text, length, got)
		}
	})
	n := note{Text: "a", Details: []string{"b", "c"}}.within(2)
	if n.Text != "a" || len(n.Details) != 1 {
		t.Errorf("got %+v", n)
	}
}

// Addresses that a browser, which skips line breaks and takes a backslash for a slash, would leave this host for.
func TestLocal(t *testing.T) {
	for path, want := range map[string]string{
		"/": "/", "/flows/orders?x=1#y": "/flows/orders?x=1#y", "": "/", "flows": "/", "//evil.example": "/", "https://evil.example": "/",
		`/\evil.example`: "/", "/\t/evil.example": "/", "/\n/evil.example": "/", " //evil.example": "/", "javascript:alert(1)": "/",
		"/" + strings.Repeat("a", 2000): "/", "/%2f%2fevil.example": "/%2f%2fevil.example",
	} {
		if got := local(path); got != want {
			t.Errorf("local(%q) = %q, want %q", path, got, want)
		}
	}
}

func FuzzLocal(f *testing.F) {
	for _, seed := range []string{"/", "//x", "/\\x", "/\t/x", "/a/..//x", "/.//x", "/?//x", "http://x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, path string) {
		w := httptest.NewRecorder()
		if err := back(w, httptest.NewRequest(http.MethodGet, "http://panel.example/signin", nil), path); err != nil {
			t.Fatal(err)
		}
		// As browsers read it: tabs and line breaks skipped, a backslash for a slash.
		to := strings.NewReplacer("\t", "", "\n", "", "\r", "", `\`, "/").Replace(w.Header().Get("Location"))
		if strings.HasPrefix(to, "//") || !strings.HasPrefix(to, "/") {
			t.Fatalf("%q leads to %q", path, to)
		}
		base, err := url.Parse("http://panel.example/signin")
		if err != nil {
			t.Fatal(err)
		}
		if u, err := base.Parse(to); err == nil && u.Host != "panel.example" {
			t.Fatalf("%q leads to %s", path, u)
		}
	})
}
