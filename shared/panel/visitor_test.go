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
)

// bench is a panel over the prepared store, with a clock that tests move.
type bench struct {
	*Panel
	store   *fakeStore
	actions *fakeActions
	clock   time.Time
	log     *bytes.Buffer
}

func newBench(t testing.TB) *bench {
	t.Helper()
	codec := newCodec(t)
	b := &bench{store: prepared(t, codec), actions: &fakeActions{}, clock: saturday(), log: &bytes.Buffer{}}
	p, err := New(Options{Store: b.store, Codec: codec, Connectors: testConnectors(), Actions: b.actions,
		Now: func() time.Time { return b.clock }, Log: slog.New(slog.NewTextHandler(b.log, nil)), Rand: rand.Reader})
	if err != nil {
		t.Fatal(err)
	}
	b.Panel = p
	return b
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
