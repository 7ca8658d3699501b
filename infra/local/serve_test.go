package main

import (
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"apicenter/infra/exam"
	"apicenter/shared/panel/openid/openidtest"
)

// Any provider will do, and a claim of any name; its secret comes by the environment.
func TestServeWithAProvider(t *testing.T) {
	provider := openidtest.Start(t, time.Now, openidtest.Behaviour{Secret: "hush", Claims: map[string]any{"shop": demoTenant}})
	c := serveCommand{SignInIssuer: provider.Issuer, SignInClient: openidtest.Client, SignInClaim: "shop"}
	people, err := c.provider("hush")
	if err != nil {
		t.Fatal(err)
	}
	a, err := openApp(t.Context(), t.TempDir(), newLog(slog.LevelInfo, t.Output()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.close() })
	if err := a.createTenant(t.Context(), exam.Setup{Source: "http://127.0.0.1:1", Target: "http://127.0.0.1:1", Every: time.Hour}); err != nil {
		t.Fatal(err)
	}
	handler, link, err := a.handler(people)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	provider.Change(func(b *openidtest.Behaviour) { b.Callbacks = []string{server.URL + "/signin/callback"} })
	for name, start := range map[string]string{"the provider": "/signin/start", "the link": link(demoTenant)} {
		jar, err := cookiejar.New(nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := (&http.Client{Jar: jar}).Get(server.URL + start)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != http.StatusOK || answer.Request.URL.Path != "/" {
			t.Errorf("with %s it ends at %s with %s", name, answer.Request.URL.Path, answer.Status)
		}
	}
}

func TestServeWithoutAProvider(t *testing.T) {
	if people, err := (&serveCommand{}).provider(""); people != nil || err != nil {
		t.Errorf("with nothing said: %v, %v", people, err)
	}
	for _, c := range []serveCommand{{SignInIssuer: "https://login.example"}, {SignInClient: "x"}} {
		if _, err := c.provider(""); err == nil || !strings.Contains(err.Error(), "go together") {
			t.Errorf("with half of it said: %v", err)
		}
	}
	if _, err := (&serveCommand{SignInIssuer: "http://login.example", SignInClient: "x"}).provider(""); err == nil {
		t.Error("a provider without encryption is accepted")
	}
}
