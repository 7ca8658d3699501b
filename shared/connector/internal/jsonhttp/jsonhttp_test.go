package jsonhttp_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	"apicenter/shared/connector/internal/jsonhttp"
	"apicenter/shared/fault"
)

const secret = "c2VjcmV0LXRva2Vu"

func client(base string, change func(*jsonhttp.Options)) *jsonhttp.Client {
	o := jsonhttp.Options{Base: base, Header: http.Header{"Authorization": {"AfasToken " + secret}}, Secrets: []string{secret},
		HTTP: &http.Client{Transport: &http.Transport{}}, Unreachable: "Check the environment number."}
	if change != nil {
		change(&o)
	}
	return jsonhttp.New(o)
}

func asFault(t *testing.T, err error) *fault.Error {
	t.Helper()
	var f *fault.Error
	if !errors.As(err, &f) {
		t.Fatalf("got error %v, want a *fault.Error", err)
	}
	return f
}

func TestAnswerIsKept(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if got := r.Header.Get("Authorization"); got != "AfasToken "+secret {
			t.Errorf("got authorization %q", got)
		}
		body, _ := io.ReadAll(r.Body)
		_, _ = w.Write([]byte(`{"echo":` + string(body) + `,"token":"` + secret + `"}`))
	}))
	defer s.Close()
	x, err := client(s.URL, nil).Do(t.Context(), jsonhttp.Request{Method: "POST", Path: "/a", Query: "b=c", Body: []byte(`{"x":1}`)})
	if err != nil {
		t.Fatal(err)
	}
	if !x.Reached || !x.Complete || x.Status != 200 || string(x.Sent) != `{"x":1}` {
		t.Errorf("got %+v", x)
	}
	if strings.Contains(string(x.Answer), secret) || !strings.Contains(string(x.Answer), `{"x":1}`) {
		t.Errorf("got answer %s", x.Answer)
	}
}

// A request that never left says so, whatever kept it.
func TestNotReached(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := l.Addr().String()
	_ = l.Close()
	tests := map[string]struct {
		dial func(ctx context.Context, network, addr string) (net.Conn, error)
		want string
	}{
		"refused": {nil, "refuses the connection"},
		"no such name": {func(context.Context, string, string) (net.Conn, error) {
			return nil, &net.DNSError{Err: "no such host", Name: "12345.rest.afas.online", IsNotFound: true}
		}, "cannot be found"},
		"dial timeout": {func(context.Context, string, string) (net.Conn, error) {
			return nil, &net.DNSError{Err: "i/o timeout", IsTimeout: true}
		}, "did not answer in time"},
		"strange": {func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("no route") }, "could not be reached"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c := client("http://"+closed, func(o *jsonhttp.Options) {
				o.HTTP = &http.Client{Transport: &http.Transport{DialContext: tt.dial}}
			})
			x, err := c.Do(t.Context(), jsonhttp.Request{Method: "POST", Path: "/x", Query: "filtervalues=anna@proef.example", Body: []byte(`{}`)})
			f := asFault(t, err)
			if x.Reached || x.Sent != nil {
				t.Errorf("got reached %v, sent %q, want neither", x.Reached, x.Sent)
			}
			if f.Class != fault.Retry || !f.Connection || !strings.Contains(f.Message, tt.want) || !strings.Contains(f.Message, closed) {
				t.Errorf("got %+v", f)
			}
			if f.Advice != "Check the environment number." {
				t.Errorf("got advice %q", f.Advice)
			}
			if strings.Contains(f.Error(), "anna@") {
				t.Errorf("the query is repeated in %q", f.Error())
			}
		})
	}
}

func TestBadCertificate(t *testing.T) {
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	s.StartTLS()
	defer s.Close()
	x, err := client(s.URL, nil).Do(t.Context(), jsonhttp.Request{Method: "POST", Path: "/", Body: []byte(`{}`)})
	if f := asFault(t, err); !strings.Contains(f.Message, "no safe connection") || !f.Connection || x.Reached {
		t.Errorf("got %+v, reached %v", f, x.Reached)
	}
}

// cutAfter serves connections that are closed after the request was read and answer was written.
func cutAfter(t *testing.T, answer string) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.ReadAll(r.Body)
		c, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = io.WriteString(c, answer)
		_ = c.Close()
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func TestLostAnswer(t *testing.T) {
	for name, answer := range map[string]string{
		"nothing":     "",
		"half header": "HTTP/1.1 201 Cre",
		"half body":   "HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\n{\"results\":",
	} {
		t.Run(name, func(t *testing.T) {
			x, err := client(cutAfter(t, answer), nil).Do(t.Context(), jsonhttp.Request{Method: "POST", Path: "/", Body: []byte(`{"a":1}`)})
			f := asFault(t, err)
			if !x.Reached || x.Complete || string(x.Sent) != `{"a":1}` {
				t.Errorf("got reached %v complete %v sent %s", x.Reached, x.Complete, x.Sent)
			}
			if !strings.Contains(f.Message, "was lost") || f.Class != fault.Retry {
				t.Errorf("got %+v", f)
			}
		})
	}
}

func TestTimeoutIsReached(t *testing.T) {
	release := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.ReadAll(r.Body)
		<-release
	}))
	defer s.Close()
	defer close(release)
	c := client(s.URL, func(o *jsonhttp.Options) { o.Timeout = 30 * time.Millisecond })
	x, err := c.Do(t.Context(), jsonhttp.Request{Method: "POST", Path: "/", Body: []byte(`{}`)})
	if f := asFault(t, err); !strings.Contains(f.Message, "in time") || !x.Reached || x.Complete {
		t.Errorf("got %+v, reached %v, complete %v", f, x.Reached, x.Complete)
	}
}

func TestTooLargeAnswer(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte(strings.Repeat("x", 100)))
	}))
	defer s.Close()
	x, err := client(s.URL, func(o *jsonhttp.Options) { o.MaxAnswer = 99 }).Do(t.Context(), jsonhttp.Request{Method: "GET", Path: "/"})
	if f := asFault(t, err); !strings.Contains(f.Message, "too large") || x.Complete || len(x.Answer) != 99 {
		t.Errorf("got %+v, %d bytes", f, len(x.Answer))
	}
}

// The clock is asked when the first byte of the body would go out, not only when the call begins: dialling may have taken
// longer than the caller's promise holds.
func TestNotAfter(t *testing.T) {
	var got atomic.Int32
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.ReadAll(r.Body); err == nil {
			got.Add(1)
		}
	}))
	defer s.Close()
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for name, tt := range map[string]struct {
		passes time.Duration // while dialling
		limit  time.Duration
		sent   bool
	}{
		"in time":          {0, time.Second, true},
		"at the limit":     {0, 0, false},
		"past already":     {0, -time.Second, false},
		"past on dialling": {time.Second, time.Second, false},
	} {
		t.Run(name, func(t *testing.T) {
			got.Store(0)
			var mu sync.Mutex
			now := start
			clock := func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
			c := client(s.URL, func(o *jsonhttp.Options) {
				o.Now = clock
				o.HTTP = &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
					mu.Lock()
					now = now.Add(tt.passes)
					mu.Unlock()
					var d net.Dialer
					return d.DialContext(ctx, network, addr)
				}}}
			})
			x, err := c.Do(t.Context(), jsonhttp.Request{Method: "POST", Path: "/", Body: []byte(`{}`), NotAfter: start.Add(tt.limit)})
			if (err == nil) != tt.sent || x.Reached != tt.sent || (got.Load() == 1) != tt.sent {
				t.Errorf("got error %v, reached %v, %d requests; want sent %v", err, x.Reached, got.Load(), tt.sent)
			}
			if !tt.sent && !strings.Contains(asFault(t, err).Message, "was not sent") {
				t.Errorf("got %v", err)
			}
		})
	}
}

// A kept connection that the system closed meanwhile is replaced without the caller noticing.
func TestStaleConnection(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.ReadAll(r.Body) }))
	defer s.Close()
	c := client(s.URL, nil)
	for range 3 {
		if x, err := c.Do(t.Context(), jsonhttp.Request{Method: "POST", Path: "/", Body: []byte(`{}`)}); err != nil && x.Reached {
			t.Fatalf("got %v", err)
		}
		s.CloseClientConnections()
	}
}

func TestConcurrencyIsBounded(t *testing.T) {
	var now, most atomic.Int32
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := now.Add(1)
		for {
			m := most.Load()
			if n <= m || most.CompareAndSwap(m, n) {
				break
			}
		}
		_, _ = io.ReadAll(r.Body)
		now.Add(-1)
	}))
	defer s.Close()
	c := client(s.URL, func(o *jsonhttp.Options) { o.Concurrency = 2 })
	var wg sync.WaitGroup
	for range 40 {
		wg.Go(func() { _, _ = c.Do(t.Context(), jsonhttp.Request{Method: "POST", Path: "/", Body: []byte(`{}`)}) })
	}
	wg.Wait()
	if most.Load() > 2 {
		t.Errorf("got %d calls at a time, want at most 2", most.Load())
	}
}

func TestStoppedWhileWaitingForASlot(t *testing.T) {
	entered, release := make(chan struct{}), make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.ReadAll(r.Body)
		close(entered)
		<-release
	}))
	defer s.Close()
	c := client(s.URL, func(o *jsonhttp.Options) { o.Concurrency = 1 })
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = c.Do(context.WithoutCancel(t.Context()), jsonhttp.Request{Method: "POST", Path: "/", Body: []byte(`{}`)})
	}()
	<-entered
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	x, err := c.Do(ctx, jsonhttp.Request{Method: "POST", Path: "/", Body: []byte(`{}`)})
	if f := asFault(t, err); x.Reached || f.Connection || !strings.Contains(f.Message, "stopped") {
		t.Errorf("got %+v, reached %v", f, x.Reached)
	}
	close(release)
	<-done
}

func TestRedirectIsNotFollowed(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			t.Error("the redirect was followed")
		}
		http.Redirect(w, r, "/elsewhere", http.StatusFound)
	}))
	defer s.Close()
	if x, err := client(s.URL, nil).Do(t.Context(), jsonhttp.Request{Method: "GET", Path: "/"}); err != nil || x.Status != http.StatusFound {
		t.Errorf("got %d, %v", x.Status, err)
	}
}

func TestClassify(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(418) }))
	defer s.Close()
	c := client(s.URL, func(o *jsonhttp.Options) {
		o.Classify = func(x jsonhttp.Exchange) *fault.Error {
			return fault.New(fault.Skip, "status %d of %s", x.Status, x.Path)
		}
	})
	x, err := c.Do(t.Context(), jsonhttp.Request{Method: "GET", Path: "/tea"})
	if f := asFault(t, err); f.Class != fault.Skip || f.Message != "status 418 of /tea" || !x.Complete {
		t.Errorf("got %+v", f)
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	for text, want := range map[string]time.Duration{
		"120": 2 * time.Minute, " 7200 ": 2 * time.Hour, "0": 0, "1.5": 1500 * time.Millisecond, "99999999999999999999": 24 * time.Hour,
		"Wed, 04 Mar 2026 05:06:37 GMT": 30 * time.Second, "Wed, 04 Mar 2026 05:06:00 GMT": 0, "Wed, 04 Mar 2037 05:06:00 GMT": 24 * time.Hour,
	} {
		if got, ok := jsonhttp.RetryAfter(http.Header{"Retry-After": {text}}, now); !ok || got != want {
			t.Errorf("RetryAfter(%q) = %v, %v, want %v", text, got, ok, want)
		}
	}
	for _, text := range []string{"", "soon", "-5", "NaN"} {
		if got, ok := jsonhttp.RetryAfter(http.Header{"Retry-After": {text}}, now); ok || got != 0 {
			t.Errorf("RetryAfter(%q) = %v, %v, want nothing", text, got, ok)
		}
	}
}

func TestDecode(t *testing.T) {
	var v map[string]any
	if err := jsonhttp.Decode([]byte("\xef\xbb\xbf{\"n\":1.0000000000}\r\n"), &v); err != nil || v["n"] != json.Number("1.0000000000") {
		t.Errorf("got %v, %v", v, err)
	}
	for _, bad := range []string{"", "{", "{} x", "<html>"} {
		if err := jsonhttp.Decode([]byte(bad), &v); err == nil {
			t.Errorf("Decode(%q) gave no error", bad)
		}
	}
}

func FuzzAppendString(f *testing.F) {
	for _, s := range []string{"", "é\"\\\n\r\t\x00\x1f", "\xff\xfea", "</script>\u2028"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var got string
		if err := json.Unmarshal(jsonhttp.AppendString(nil, s), &got); err != nil {
			t.Fatal(err)
		}
		if want := strings.ToValidUTF8(s, "\ufffd"); utf8.ValidString(s) && got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}
