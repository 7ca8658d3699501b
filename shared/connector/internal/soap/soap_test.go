package soap

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

const secret = "s3cr3t%2Fvalue"

// serve answers every call with handler and returns a client whose address holds a secret.
func serve(t *testing.T, handler http.HandlerFunc) *Client {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return &Client{HTTP: Direct(server.Client()), URL: server.URL + "/?secret=" + secret, Namespace: "urn:shelf"}
}

var getShelf = Call{Operation: "getShelf", Reply: "GetShelfResponse", Shape: shelf}

func TestDoSendsOneEnvelope(t *testing.T) {
	var got, action, id, contentType string
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got, action, id, contentType = string(body), r.Header.Get("SOAPAction"), r.Header.Get("X-Request-Id"), r.Header.Get("Content-Type")
		_, _ = io.WriteString(w, wrap(`<ns:GetShelfResponse><ns:name>x</ns:name></ns:GetShelfResponse>`))
	})
	call := getShelf
	call.Args = func(w *Writer) {
		w.Object("request", func() {
			w.Int("from", -12)
			w.Bool("all", true)
			w.Text("name", "a<b>&\"c\"\x1d\x00\xff\r\n\té\ufffe")
			w.Empty("filter")
		})
	}
	reply, err := c.Do(context.Background(), call)
	if err != nil || reply.Fields["name"] != "x" {
		t.Fatalf("Do: %v, %v", reply.Fields, err)
	}
	want := `<getShelf xmlns="urn:shelf"><request><from>-12</from><all>true</all>` +
		"<name>a&lt;b&gt;&amp;&quot;c&quot;&#13;\n\té</name><filter></filter></request></getShelf>"
	if !strings.Contains(got, want) {
		t.Errorf("body %q does not hold %q", got, want)
	}
	if err := xml.Unmarshal([]byte(got), new(struct{})); err != nil {
		t.Errorf("the body is not XML: %v", err)
	}
	if action != `"getShelf"` || id == "" || id != reply.RequestID || !strings.HasPrefix(contentType, "text/xml") {
		t.Errorf("headers: action %q, id %q (reply says %q), type %q", action, id, reply.RequestID, contentType)
	}
}

func TestDoFailures(t *testing.T) {
	fault := wrap(`<SOAP-ENV:Fault><faultcode>SOAP-ENV:Server</faultcode><faultstring>busy</faultstring></SOAP-ENV:Fault>`)
	answer := wrap(`<GetShelfResponse><name>x</name></GetShelfResponse>`)
	cases := []struct {
		name    string
		handler http.HandlerFunc
		check   func(error) bool
	}{
		{"a fault with status 500", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(500)
			_, _ = io.WriteString(w, fault)
		}, func(err error) bool {
			var f *Fault
			return errors.As(err, &f) && f.Code == "Server" && f.Text == "busy" && f.HTTP != nil && f.HTTP.Status == 500 && f.RequestID != ""
		}},
		{"a fault with status 200", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, fault) }, func(err error) bool {
			var f *Fault
			return errors.As(err, &f) && f.HTTP == nil && f.RequestID != ""
		}},
		{"429 with seconds", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(429)
		}, func(err error) bool {
			var s *StatusError
			return errors.As(err, &s) && s.Status == 429 && s.HasRetryAfter && s.RetryAfter == 7*time.Second
		}},
		{"503 with a date", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Date", "Mon, 05 Jan 2026 08:00:00 GMT")
			w.Header().Set("Retry-After", "Mon, 05 Jan 2026 08:02:00 GMT")
			w.WriteHeader(503)
		}, func(err error) bool {
			var s *StatusError
			return errors.As(err, &s) && s.RetryAfter == 2*time.Minute
		}},
		{"a page of HTML with status 502", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(502)
			_, _ = io.WriteString(w, "<html>Bad gateway</html>")
		}, func(err error) bool {
			var s *StatusError
			return errors.As(err, &s) && s.Status == 502 && !s.HasRetryAfter
		}},
		{"a redirect is not followed", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://elsewhere.example/"+r.URL.RawQuery, http.StatusTemporaryRedirect)
		}, func(err error) bool {
			var s *StatusError
			return errors.As(err, &s) && s.Status == 307
		}},
		{"a page of HTML with status 200", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>Login</html>") }, func(err error) bool {
			var f *FormatError
			return errors.As(err, &f) && !f.Cut && f.Status == 200
		}},
		{"a cut answer of known length", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", fmt.Sprint(len(answer)))
			_, _ = io.WriteString(w, answer[:len(answer)/2])
		}, func(err error) bool {
			var f *FormatError
			return errors.As(err, &f) && f.Cut
		}},
		{"a cut answer in chunks", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, answer[:len(answer)/2])
			_ = http.NewResponseController(w).Flush()
		}, func(err error) bool {
			var f *FormatError
			return errors.As(err, &f) && f.Cut
		}},
		{"a dropped connection", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, func(err error) bool {
			var e *TransportError
			return errors.As(err, &e)
		}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := serve(t, c.handler).Do(context.Background(), getShelf)
			if err == nil || !c.check(err) {
				t.Fatalf("got %T %+v", err, err)
			}
			noSecret(t, err)
		})
	}
}

func TestDoBoundsTheAnswer(t *testing.T) {
	c := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, wrap("<GetShelfResponse><name>"+strings.Repeat("x", 3<<20)+"</name></GetShelfResponse>"))
	})
	c.MaxReply = 2 << 20
	_, err := c.Do(context.Background(), getShelf)
	var f *FormatError
	if !errors.As(err, &f) || !f.TooLarge || !strings.Contains(f.Error(), "2 MB") {
		t.Errorf("got %v, want a *FormatError about 2 MB", err)
	}
}

func TestDoKeepsTheAddressOutOfErrors(t *testing.T) {
	c := serve(t, func(http.ResponseWriter, *http.Request) {})
	for _, address := range []string{
		"http://127.0.0.1:1/?secret=" + secret,              // refused
		"http://127.0.0.1:1/\x7f?secret=" + secret,          // no address at all
		"https://" + c.URL[len("http://"):],                 // no TLS there
		strings.Replace(c.URL, "http", "gopher", 1),         // no such protocol
		"http://user:" + secret + "@[::1/?secret=" + secret, // a broken address
	} {
		c.URL = address
		_, err := c.Do(context.Background(), getShelf)
		var e *TransportError
		if !errors.As(err, &e) || e.RequestID == "" {
			t.Errorf("got %T %v, want a *TransportError", err, err)
		}
		noSecret(t, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := c.Do(ctx, getShelf)
	noSecret(t, err)
}

func noSecret(t *testing.T, err error) {
	t.Helper()
	for e := err; e != nil; e = errors.Unwrap(e) {
		if strings.Contains(e.Error(), "s3cr3t") || strings.Contains(fmt.Sprintf("%+v", e), "s3cr3t") {
			t.Errorf("the error holds the secret: %v", e)
		}
	}
}
