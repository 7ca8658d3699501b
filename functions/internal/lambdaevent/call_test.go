package lambdaevent_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"apicenter/functions/internal/lambdaevent"
)

func serve(t *testing.T, raw json.RawMessage, h http.HandlerFunc) events.APIGatewayV2HTTPResponse {
	t.Helper()
	out, err := lambdaevent.Serve(t.Context(), h, decode(t, raw).(lambdaevent.Call))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func get(path string) json.RawMessage {
	return json.RawMessage(fmt.Sprintf(`{"version":"2.0","rawPath":%q,"requestContext":{"stage":"$default","domainName":"shop.example","http":{"method":"GET"}}}`, path))
}

func TestWebhookCallArrivesWhole(t *testing.T) {
	called := false
	out := serve(t, read(t, "webhook", "event.json"), func(w http.ResponseWriter, r *http.Request) {
		called = true
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		ip, _, err := net.SplitHostPort(r.RemoteAddr)
		if err != nil {
			t.Error(err)
		}
		got := map[string]string{"method": r.Method, "path": r.URL.Path, "token": r.PathValue("token"), "body": string(body), "ip": ip,
			"host": r.Host, "type": r.Header.Get("Content-Type"), "length": fmt.Sprint(r.ContentLength), "events": strings.Join(r.URL.Query()["event"], "|"),
			"uri": r.RequestURI}
		want := map[string]string{"method": "POST", "path": "/hooks/example-token-of-no-flow", "token": "example-token-of-no-flow",
			"body": `{"order":"1001"}`, "ip": "203.0.113.7", "host": "a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com", "type": "application/json",
			"length": "16", "events": "order.created|order.paid",
			"uri": "/hooks/example-token-of-no-flow?event=order.created&event=order.paid"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		w.WriteHeader(http.StatusAccepted)
	})
	if !called || out.StatusCode != http.StatusAccepted || out.Body != "" {
		t.Errorf("called %t, got %+v, want 202 and nothing more", called, out)
	}
}

func TestBrowsersRequestArrivesWhole(t *testing.T) {
	serve(t, read(t, "panel", "event.json"), func(_ http.ResponseWriter, r *http.Request) {
		for name, want := range map[string]string{"session": "example", "lang": "nl"} {
			if c, err := r.Cookie(name); err != nil || c.Value != want {
				t.Errorf("cookie %s: got %v, %v, want %q", name, c, err, want)
			}
		}
		if got := r.URL.Query()["q"]; !cmp.Equal(got, []string{"1001", "café"}) {
			t.Errorf("query: got %q", got)
		}
		// A comma inside a value is none between values.
		if got := r.Header.Values("If-Modified-Since"); len(got) != 1 || got[0] != "Sat, 24 Oct 2026 11:00:00 GMT" {
			t.Errorf("date: got %q", got)
		}
		if r.Header.Get("Host") != "" {
			t.Error("the Host header is there, which a server takes out")
		}
	})
}

func TestSignatureWithCommasStaysWhole(t *testing.T) {
	raw := json.RawMessage(`{"version":"2.0","rawPath":"/","headers":{"x-signature":"t=1,v1=abc"},"requestContext":{"http":{"method":"GET"}}}`)
	serve(t, raw, func(_ http.ResponseWriter, r *http.Request) {
		if got := r.Header.Get("X-Signature"); got != "t=1,v1=abc" {
			t.Errorf("got %q", got)
		}
	})
}

func TestPaths(t *testing.T) {
	for _, c := range []struct{ raw, stage, path, escaped string }{
		{"", "$default", "/", "/"},
		{"/a b", "$default", "/a b", "/a%20b"},
		{"/a%20b", "$default", "/a b", "/a%20b"},
		{"/a%2Fb", "$default", "/a/b", "/a%2Fb"},
		{"/100%", "$default", "/100%", "/100%25"},
		{"/prod/flows", "prod", "/flows", "/flows"},
		{"/prod", "prod", "/", "/"},
		{"/products", "prod", "/products", "/products"},
		{"/prod/flows", "", "/prod/flows", "/prod/flows"},
	} {
		raw := fmt.Sprintf(`{"version":"2.0","rawPath":%q,"requestContext":{"stage":%q,"http":{"method":"GET"}}}`, c.raw, c.stage)
		serve(t, json.RawMessage(raw), func(_ http.ResponseWriter, r *http.Request) {
			if r.URL.Path != c.path || r.URL.EscapedPath() != c.escaped {
				t.Errorf("%q in stage %q: got %q (%q), want %q (%q)", c.raw, c.stage, r.URL.Path, r.URL.EscapedPath(), c.path, c.escaped)
			}
		})
	}
}

func TestRoutesOfAMuxAreFound(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /hooks/{token}", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "token "+r.PathValue("token")) })
	if got := serve(t, read(t, "webhook", "event.json"), mux.ServeHTTP).Body; got != "token example-token-of-no-flow" {
		t.Errorf("got %q", got)
	}
	if got := serve(t, get("/nowhere"), mux.ServeHTTP).StatusCode; got != http.StatusNotFound {
		t.Errorf("got %d, want 404", got)
	}
}

func TestAnswers(t *testing.T) {
	picture := []byte{0x89, 'P', 'N', 'G', 0xff, 0xfe}
	for _, c := range []struct {
		name   string
		handle http.HandlerFunc
		want   events.APIGatewayV2HTTPResponse
	}{
		{"nothing written", func(http.ResponseWriter, *http.Request) {}, events.APIGatewayV2HTTPResponse{StatusCode: 200, Headers: map[string]string{}}},
		{"text", func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, "<p>café")
		}, events.APIGatewayV2HTTPResponse{StatusCode: 200, Headers: map[string]string{"Content-Type": "text/html; charset=utf-8"}, Body: "<p>café"}},
		{"picture", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "image/png")
			_, _ = w.Write(picture)
		}, events.APIGatewayV2HTTPResponse{StatusCode: 200, Headers: map[string]string{"Content-Type": "image/png"},
			Body: base64.StdEncoding.EncodeToString(picture), IsBase64Encoded: true}},
		{"cookies and repeated headers", func(w http.ResponseWriter, _ *http.Request) {
			http.SetCookie(w, &http.Cookie{Name: "a", Value: "1"})
			http.SetCookie(w, &http.Cookie{Name: "b", Value: "2"})
			w.Header().Add("Vary", "Cookie")
			w.Header().Add("Vary", "Accept-Language")
			w.WriteHeader(http.StatusSeeOther)
			w.WriteHeader(http.StatusTeapot) // too late
			w.Header().Set("X-Late", "1")    // too late as well
		}, events.APIGatewayV2HTTPResponse{StatusCode: 303, Headers: map[string]string{"Vary": "Cookie, Accept-Language"}, Cookies: []string{"a=1", "b=2"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, serve(t, get("/"), c.handle)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestHeadIsAnsweredWithoutABody(t *testing.T) {
	raw := json.RawMessage(`{"version":"2.0","rawPath":"/","requestContext":{"http":{"method":"HEAD"}}}`)
	out := serve(t, raw, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "hello") })
	if out.Body != "" || out.Headers["Content-Type"] == "" {
		t.Errorf("got %+v, want the headers alone", out)
	}
}

func TestTooLargeAnAnswerIsAnError(t *testing.T) {
	large := strings.Repeat("x", 6<<20)
	_, err := lambdaevent.Serve(t.Context(), http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, large) }),
		decode(t, get("/")).(lambdaevent.Call))
	if err == nil || !strings.Contains(err.Error(), "a function may return") {
		t.Errorf("got %v", err)
	}
}

func TestRequestsThatCannotBeAreAnsweredByStatus(t *testing.T) {
	for _, raw := range []string{
		`{"version":"2.0","body":"%","isBase64Encoded":true,"requestContext":{"http":{"method":"POST"}}}`,
		`{"version":"2.0","requestContext":{"http":{"method":"GE T"}}}`,
	} {
		out := serve(t, json.RawMessage(raw), func(http.ResponseWriter, *http.Request) { t.Error("the handler was called") })
		if out.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: got %d, want 400", raw, out.StatusCode)
		}
	}
}

func TestContextEndsBeforeTheInvocation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		start := time.Now()
		out, err := lambdaevent.Serve(ctx, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			<-r.Context().Done()
			http.Error(w, "too slow", http.StatusServiceUnavailable)
		}), decode(t, get("/")).(lambdaevent.Call))
		if err != nil {
			t.Fatal(err)
		}
		if left := 10*time.Second - time.Since(start); left != 500*time.Millisecond || out.StatusCode != http.StatusServiceUnavailable {
			t.Errorf("answered %d with %v left, want 503 with 500ms left", out.StatusCode, left)
		}
	})
}
