package mpluskassa

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"apicenter/shared/connector"
)

const (
	testIdent  = "ident-for-tests"
	testSecret = "s3cr3t/for+tests"
)

// till is a server that answers each operation with what a test put there. It records the bodies it was sent.
type till struct {
	url     string
	mu      sync.Mutex
	answers map[string]func(w http.ResponseWriter, body string)
	bodies  map[string][]string
}

var operationName = regexp.MustCompile(`<(\w+) xmlns="urn:mplusqapi">`)

func newTill(t *testing.T) *till {
	t.Helper()
	m := &till{answers: map[string]func(http.ResponseWriter, string){}, bodies: map[string][]string{}}
	server := httptest.NewServer(m)
	t.Cleanup(server.Close)
	m.url = server.URL
	m.reply("getCurrentSyncMarkersV2", `<ns:GetCurrentSyncMarkersV2Response/>`)
	m.reply("getApiVersion", `<ns:getApiVersionResponse><ns:majorNumber>1</ns:majorNumber><ns:minorNumber>0</ns:minorNumber><ns:revisionNumber>0</ns:revisionNumber>
		<ns:serviceMajorNumber>67</ns:serviceMajorNumber><ns:serviceMinorNumber>1</ns:serviceMinorNumber><ns:serviceRevisionNumber>3</ns:serviceRevisionNumber>
		<ns:serviceMaxWorkerThreads>8</ns:serviceMaxWorkerThreads><ns:inDebugMode>false</ns:inDebugMode></ns:getApiVersionResponse>`)
	return m
}

func (m *till) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	operation := operationName.FindStringSubmatch(string(body))[1]
	m.mu.Lock()
	m.bodies[operation] = append(m.bodies[operation], string(body))
	answer := m.answers[operation]
	m.mu.Unlock()
	if answer == nil {
		http.Error(w, "no answer for "+operation, http.StatusTeapot)
		return
	}
	answer(w, string(body))
}

func (m *till) on(operation string, answer func(w http.ResponseWriter, body string)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.answers[operation] = answer
}

// reply answers an operation with the same body every time.
func (m *till) reply(operation, inside string) {
	m.on(operation, func(w http.ResponseWriter, _ string) { _, _ = io.WriteString(w, envelope(inside)) })
}

func (m *till) fault(operation, code, text string) {
	m.on(operation, func(w http.ResponseWriter, _ string) {
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = io.WriteString(w, envelope("<SOAP-ENV:Fault><faultcode>SOAP-ENV:"+code+"</faultcode><faultstring>"+text+"</faultstring></SOAP-ENV:Fault>"))
	})
}

func (m *till) asked(operation string) []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.bodies[operation]
}

// session opens a session with the till; settings are added to what is needed to reach it.
func (m *till) session(t *testing.T, settings ...string) *session {
	t.Helper()
	return openAt(t, m.url, time.Now, settings...)
}

func openAt(t *testing.T, address string, now func() time.Time, settings ...string) *session {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	given := map[string]string{"host": u.Hostname(), "port": u.Port(), "ident": testIdent, "secret": testSecret, "tls": "false"}
	if u.Scheme == "https" {
		given["tls"] = "true"
	}
	for i := 0; i < len(settings); i += 2 {
		given[settings[i]] = settings[i+1]
	}
	s, err := Connector.Open(connector.Config{Settings: given, HTTP: &http.Client{Transport: &http.Transport{}}, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	return s.(*session)
}

// envelope wraps an answer as the service does.
func envelope(inside string) string {
	return `<?xml version="1.0" encoding="UTF-8"?>` + "\n" +
		`<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/" xmlns:ns="urn:mplusqapi"><SOAP-ENV:Body>` +
		inside + `</SOAP-ENV:Body></SOAP-ENV:Envelope>`
}

// noSecret fails when a text holds ident or secret in any spelling.
func noSecret(t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		for _, secret := range []string{testIdent, testSecret, url.QueryEscape(testSecret), url.PathEscape(testSecret), "s3cr3t"} {
			if strings.Contains(text, secret) {
				t.Errorf("the secret is in %q", text)
			}
		}
	}
}
