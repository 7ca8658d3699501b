package mpluskassa

import (
	"bytes"
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"apicenter/shared/connector"
	"apicenter/shared/fault"
	"apicenter/shared/model"
)

// readOrders makes one call that reads.
func readOrders(ctx context.Context, s *session) error {
	_, err := s.Read(ctx, connector.ReadRequest{Kind: model.Orders, Mode: connector.Incremental, Begin: true})
	return err
}

func TestAnswersBecomeClasses(t *testing.T) {
	status := func(code int, header ...string) func(http.ResponseWriter, string) {
		return func(w http.ResponseWriter, _ string) {
			for i := 0; i < len(header); i += 2 {
				w.Header().Set(header[i], header[i+1])
			}
			w.WriteHeader(code)
			_, _ = io.WriteString(w, "<html>"+testSecret+"</html>")
		}
	}
	text := func(body string) func(http.ResponseWriter, string) {
		return func(w http.ResponseWriter, _ string) { _, _ = io.WriteString(w, body) }
	}
	faulty := func(code, said string) func(http.ResponseWriter, string) {
		return func(w http.ResponseWriter, _ string) {
			w.WriteHeader(500)
			_, _ = io.WriteString(w, envelope("<SOAP-ENV:Fault><faultcode>SOAP-ENV:"+code+"</faultcode><faultstring>"+said+"</faultstring></SOAP-ENV:Fault>"))
		}
	}
	cases := []struct {
		name       string
		answer     func(http.ResponseWriter, string)
		class      fault.Class
		connection bool
		message    string
		after      time.Duration
	}{
		{"wrong secret", faulty("Client.Authentication", "Unknown ident "+testIdent+" or wrong secret"), fault.Pause, true, "does not accept ident and secret", 0},
		{"a request it does not like", faulty("Client", "no such thing as "+url.QueryEscape(testSecret)), fault.Reject, false, "no such thing as •••", 0},
		{"its own error", faulty("Server.Database", "locked"), fault.Retry, false, `"locked"`, 0},
		{"a code nobody knows", faulty("VersionMismatch", "?"), fault.Retry, false, "error of its own", 0},
		{"401", status(401), fault.Pause, true, "does not accept ident and secret", 0},
		{"403", status(403), fault.Pause, true, "does not accept ident and secret", 0},
		{"429 with a time", status(429, "Retry-After", "9"), fault.Wait, false, "wait", 9 * time.Second},
		{"429 without", status(429), fault.Wait, false, "wait", waitUnnamed},
		{"429 at once", status(429, "Retry-After", "0"), fault.Wait, false, "wait", time.Second},
		{"503 with a time", status(503, "Retry-After", "120"), fault.Wait, false, "wait", 2 * time.Minute},
		{"503 without", status(503), fault.Retry, true, "out of order", 0},
		{"502", status(502), fault.Retry, true, "out of order", 0},
		{"404", status(404), fault.Retry, true, "is not MplusKASSA", 0},
		{"a redirect", status(302, "Location", "https://elsewhere.example/"), fault.Retry, true, "is not MplusKASSA", 0},
		{"a page of HTML", text("<html><body>Log in</body></html>"), fault.Retry, false, "is not SOAP", 0},
		{"no XML", text("OK"), fault.Retry, false, "is not XML", 0},
		{"a cut answer", text(strings.TrimSuffix(envelope("<ns:GetOrdersResponse><ns:orderList>"), "</SOAP-ENV:Body></SOAP-ENV:Envelope>")), fault.Retry, true, "cut short", 0},
		{"another answer", text(envelope("<ns:GetInvoicesResponse/>")), fault.Retry, false, "another question", 0},
		{"a dropped connection", func(http.ResponseWriter, string) { panic(http.ErrAbortHandler) }, fault.Retry, true, "was broken", 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			m := newTill(t)
			m.on("getOrders", c.answer)
			err := readOrders(context.Background(), m.session(t))
			f := fault.As(err)
			if f == nil || f.Class != c.class || f.Connection != c.connection || f.After != c.after || !strings.Contains(f.Message, c.message) {
				t.Fatalf("got %+v, want class %s (connection %v, after %s) with %q", f, c.class, c.connection, c.after, c.message)
			}
			if f.Step != "read orders" || !strings.Contains(f.Detail, "getOrders, request ") {
				t.Errorf("step %q, detail %q: want what was done, with the request's id", f.Step, f.Detail)
			}
			checkQuiet(t, f)
		})
	}
}

func TestUnreachable(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = closed.Close()
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	secure.StartTLS()
	defer secure.Close()
	cases := []struct{ name, address, message, field string }{
		{"refused", "http://" + closed.Addr().String(), "nothing answers at " + closed.Addr().String() + ": check the port MplusKASSA gave you", "port"},
		{"no TLS there", strings.Replace(plain.URL, "http:", "https:", 1), "does not speak TLS", "port"},
		{"a certificate nobody signed", secure.URL, "not trusted", "fingerprint"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			f := fault.As(readOrders(context.Background(), openAt(t, c.address, time.Now)))
			if f == nil || f.Class != fault.Retry || !f.Connection || f.Field != c.field || !strings.Contains(f.Message, c.message) {
				t.Fatalf("got %+v, want retry of the connection with %q", f, c.message)
			}
			checkQuiet(t, f)
		})
	}
}

func TestFingerprint(t *testing.T) {
	m := newTill(t)
	secure := httptest.NewUnstartedServer(m)
	secure.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	secure.StartTLS()
	defer secure.Close()
	m.reply("getOrders", "<ns:GetOrdersResponse><ns:orderList></ns:orderList></ns:GetOrdersResponse>")
	der := secure.Certificate().Raw
	short, long := sha1.Sum(der), sha256.Sum256(der)
	for _, fingerprint := range []string{hex.EncodeToString(short[:]), strings.ToUpper(hex.EncodeToString(long[:])), colons(short[:])} {
		if err := readOrders(context.Background(), openAt(t, secure.URL, time.Now, "fingerprint", fingerprint)); err != nil {
			t.Errorf("with the right fingerprint: %v", err)
		}
	}
	calls := len(m.asked("getOrders"))
	long[0] ^= 1
	f := fault.As(readOrders(context.Background(), openAt(t, secure.URL, time.Now, "fingerprint", hex.EncodeToString(long[:]))))
	if f == nil || f.Class != fault.Pause || f.Field != "fingerprint" || !strings.Contains(f.Message, "not the one in the settings") {
		t.Fatalf("with another fingerprint: got %+v, want a pause", f)
	}
	if len(m.asked("getOrders")) != calls {
		t.Error("the secret was sent to a server that is not the pinned one")
	}
	checkQuiet(t, f)
}

func colons(b []byte) string {
	parts := make([]string, len(b))
	for i, c := range b {
		parts[i] = fmt.Sprintf("%02X", c)
	}
	return strings.Join(parts, ":")
}

// transportFunc is a transport that is no *http.Transport.
type transportFunc func(*http.Request) (*http.Response, error)

func (f transportFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestUnknownHost(t *testing.T) {
	s := openAt(t, "https://nowhere.invalid:49504", time.Now)
	s.soap.HTTP.Transport = transportFunc(func(*http.Request) (*http.Response, error) {
		return nil, &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: "nowhere.invalid", IsNotFound: true}}
	})
	f := fault.As(readOrders(context.Background(), s))
	if f == nil || f.Class != fault.Retry || !f.Connection || f.Field != "host" || f.Message != "there is no server called nowhere.invalid" {
		t.Fatalf("got %+v, want retry of the connection that names the host", f)
	}
	checkQuiet(t, f)
}

// The platform's dialer refuses some addresses; its own words are better than "the connection was broken".
func TestTheDialersWordsAreKept(t *testing.T) {
	refused := fault.New(fault.Reject, "this address is not on the internet")
	s := openAt(t, "http://127.0.0.1:1", time.Now)
	s.soap.HTTP.Transport = transportFunc(func(*http.Request) (*http.Response, error) {
		return nil, &net.OpError{Op: "dial", Err: refused}
	})
	f := fault.As(readOrders(context.Background(), s))
	if f == nil || f.Class != fault.Reject || f.Message != refused.Message || f.Step == "" || refused.Step != "" {
		t.Errorf("got %+v, want the dialer's refusal, with the step", f)
	}
}

func TestFingerprintIsNeverIgnored(t *testing.T) {
	_, err := Connector.Open(connector.Config{HTTP: &http.Client{Transport: transportFunc(nil)}, Settings: map[string]string{
		"port": "49504", "ident": testIdent, "secret": testSecret, "fingerprint": strings.Repeat("ab", 20)}})
	if fault.ClassOf(err) != fault.Bug {
		t.Errorf("got %v, want a refusal to open", err)
	}
}

func TestTimeout(t *testing.T) {
	m := newTill(t)
	release := make(chan struct{})
	m.on("getOrders", func(http.ResponseWriter, string) { <-release })
	defer close(release)
	s := m.session(t)
	s.timeout = 20 * time.Millisecond
	f := fault.As(readOrders(context.Background(), s))
	if f == nil || f.Class != fault.Retry || !f.Connection || !strings.Contains(f.Message, "did not answer within 20ms") {
		t.Fatalf("got %+v, want a retry", f)
	}
	checkQuiet(t, f)

	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	f = fault.As(readOrders(ctx, s))
	if f == nil || f.Class != fault.Retry || f.Connection || !errors.Is(f, context.Canceled) {
		t.Fatalf("got %+v, want a retry that says nothing against the connection", f)
	}
}

// Some servers word a wrong secret as a plain refusal. What is asked decides then: the version can be asked by everybody.
func TestPlainRefusalMayBeCredentials(t *testing.T) {
	m := newTill(t)
	m.fault("getOrders", "Client", "not for you")
	m.fault("getApiVersion", "Client", "not for you")
	if f := fault.As(readOrders(context.Background(), m.session(t))); f == nil || f.Class != fault.Pause || f.Step != "read orders" {
		t.Errorf("got %+v, want a pause", f)
	}
}

func TestLogsHoldNoSecret(t *testing.T) {
	m := newTill(t)
	m.reply("getOrders", "<ns:GetOrdersResponse><ns:orderList><ns:order><ns:orderId>a</ns:orderId><ns:syncMarker>1</ns:syncMarker><ns:reference>\x1dx</ns:reference></ns:order></ns:orderList></ns:GetOrdersResponse>")
	var out bytes.Buffer
	s := m.session(t)
	s.log = slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
	if err := readOrders(context.Background(), s); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "characters=1") {
		t.Errorf("log %q does not tell of the character that was dropped", out.String())
	}
	noSecret(t, out.String())
}

// checkQuiet looks for the secret in everything an error may be printed, logged or stored as.
func checkQuiet(t *testing.T, f *fault.Error) {
	t.Helper()
	stored, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	noSecret(t, string(stored), f.Error())
	for e := error(f); e != nil; e = errors.Unwrap(e) {
		noSecret(t, e.Error(), fmt.Sprintf("%+v", e), fmt.Sprintf("%#v", e))
	}
	var out bytes.Buffer
	slog.New(slog.NewJSONHandler(&out, nil)).Error("failed", slog.Any("error", f))
	noSecret(t, out.String())
}
