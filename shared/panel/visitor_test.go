package panel

import (
	"bytes"
	"crypto/rand"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"apicenter/shared/message"
)

// bench is a panel over the prepared store, with a clock that tests move.
type bench struct {
	*Panel
	store   *fakeStore
	keys    *fakeKeys
	actions *fakeActions
	clock   time.Time
	log     *bytes.Buffer
}

func newBench(t testing.TB, adjust ...func(o *Options)) *bench {
	t.Helper()
	b := &bench{keys: newKeys(), actions: &fakeActions{}, clock: saturday(), log: &bytes.Buffer{}}
	codec := b.keys.codec(t, b.now)
	b.store = prepared(t, codec)
	b.begin(t, codec, adjust...)
	return b
}

// another is a second process of the same panel: it shares the stores and the keys, and nothing else.
func (b *bench) another(t testing.TB, adjust ...func(o *Options)) *bench {
	t.Helper()
	c := &bench{store: b.store, keys: b.keys, actions: b.actions, clock: b.clock, log: &bytes.Buffer{}}
	c.begin(t, b.keys.codec(t, c.now), adjust...)
	return c
}

func (b *bench) now() time.Time { return b.clock }

func (b *bench) begin(t testing.TB, codec *message.Codec, adjust ...func(o *Options)) {
	t.Helper()
	o := Options{Store: b.store, Codec: codec, Connectors: testConnectors(), Actions: b.actions, Now: b.now,
		Log: slog.New(slog.NewTextHandler(b.log, nil)), Rand: rand.Reader}
	for _, a := range adjust {
		a(&o)
	}
	p, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	b.Panel = p
}

// visitor is a browser of the test: it keeps cookies and fills form tokens in.
type visitor struct {
	t       testing.TB
	handler http.Handler
	cookies map[string]string
}

// visitor signs somebody of the tenant in.
func (b *bench) visitor(t testing.TB, tenant string) *visitor {
	t.Helper()
	v := &visitor{t: t, handler: b, cookies: map[string]string{}}
	if got := v.get(b.SignInLink(tenant)); got.Code != http.StatusSeeOther {
		t.Fatalf("signing in answered %d, want 303", got.Code)
	}
	return v
}

// sessionOf is what a visitor's cookie holds.
func (b *bench) sessionOf(t testing.TB, v *visitor) session {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.AddCookie(&http.Cookie{Name: sessionCookie, Value: v.cookies[sessionCookie]})
	s, _, err := b.session(r)
	if err != nil {
		t.Fatalf("the visitor has no session: %v", err)
	}
	return s
}

func (v *visitor) do(r *http.Request) *httptest.ResponseRecorder {
	v.t.Helper()
	for name, value := range v.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	w := httptest.NewRecorder()
	v.handler.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		v.cookies[c.Name] = c.Value
		if c.MaxAge < 0 {
			delete(v.cookies, c.Name)
		}
	}
	return w
}

func (v *visitor) get(path string) *httptest.ResponseRecorder {
	v.t.Helper()
	return v.do(httptest.NewRequest(http.MethodGet, path, nil))
}

// page gets a page and wants it to be there.
func (v *visitor) page(path string) string {
	v.t.Helper()
	w := v.get(path)
	if w.Code != http.StatusOK {
		v.t.Fatalf("GET %s answered %d, want 200", path, w.Code)
	}
	return w.Body.String()
}

// post sends a form with the session's token.
func (v *visitor) post(path string, form url.Values) *httptest.ResponseRecorder {
	v.t.Helper()
	token := regexp.MustCompile(`name="token" value="([^"]+)"`).FindStringSubmatch(v.page("/connections"))
	if token == nil {
		v.t.Fatal("no form on the page carries a token")
	}
	if form == nil {
		form = url.Values{}
	}
	form.Set("token", token[1])
	return v.send(path, form)
}

func (v *visitor) send(path string, form url.Values) *httptest.ResponseRecorder {
	v.t.Helper()
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return v.do(r)
}

// has checks that a page shows texts, and lacks that it does not.
func has(t testing.TB, page string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(page, text) {
			t.Errorf("the page lacks %q", text)
		}
	}
}

func lacks(t testing.TB, page string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if strings.Contains(page, text) {
			t.Errorf("the page shows %q", text)
		}
	}
}
