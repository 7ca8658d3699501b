package mpluskassa

import (
	"net/url"
	"os"
	"strings"
	"testing"

	"apicenter/shared/connector"
	"apicenter/shared/fault"
)

func TestHostIsReadAsPeoplePasteIt(t *testing.T) {
	cases := []struct{ given, host, port string }{
		{"api.mpluskassa.nl", "api.mpluskassa.nl", ""},
		{" https://api.mpluskassa.nl/ ", "api.mpluskassa.nl", ""},
		{"https://api.mpluskassa.nl:49504/?ident=a&secret=b", "api.mpluskassa.nl", "49504"},
		{"//API.MplusKASSA.nl:49504", "api.mpluskassa.nl", "49504"},
		{"api.mpluskassa.nl?wsdl", "api.mpluskassa.nl", ""},
		{"user:pass@kassa.example", "kassa.example", ""},
		{"127.0.0.1:4711", "127.0.0.1", "4711"},
		{"[::1]:4711", "::1", "4711"},
		{"::1", "::1", ""},
		{"kassa.example.", "kassa.example", ""},
	}
	for _, c := range cases {
		host, port, ok := cleanHost(c.given)
		if !ok || host != c.host || port != c.port {
			t.Errorf("cleanHost(%q) = %q, %q, %v; want %q, %q", c.given, host, port, ok, c.host, c.port)
		}
	}
	for _, bad := range []string{"", "https://", "two words", "host:port:more", "kassa.example:abc"} {
		if host, port, ok := cleanHost(bad); ok {
			t.Errorf("cleanHost(%q) = %q, %q, want it refused", bad, host, port)
		}
	}
}

func TestOpenReportsEveryProblemAtOnce(t *testing.T) {
	_, err := Connector.Open(connector.Config{Settings: map[string]string{
		"host": "kassa.example:5000", "port": "70000", "ident": testIdent, "secret": testSecret, "tls": "false",
		"fingerprint": "12:34", "pageSize": "0", "timeout": "1s", "concurrency": "99", "lateWindow": "-1m",
	}})
	f := fault.As(err)
	if f == nil || f.Class != fault.Reject {
		t.Fatalf("got %v, want a refusal", err)
	}
	for _, setting := range []string{"host", "port", "tls", "fingerprint", "pageSize", "timeout", "concurrency", "lateWindow"} {
		if !strings.Contains(f.Field, setting) {
			t.Errorf("field %q does not name %s", f.Field, setting)
		}
	}
	noSecret(t, f.Error())
}

func TestOpenNeedsEachRequiredSetting(t *testing.T) {
	full := map[string]string{"port": "49504", "ident": testIdent, "secret": testSecret}
	if _, err := Connector.Open(connector.Config{Settings: full}); err != nil {
		t.Fatalf("with all that is required: %v", err)
	}
	for name := range full {
		given := map[string]string{}
		for n, v := range full {
			if n != name {
				given[n] = v
			}
		}
		_, err := Connector.Open(connector.Config{Settings: given})
		if f := fault.As(err); f == nil || f.Class != fault.Reject || f.Field != name {
			t.Errorf("without %s: got %v, want a refusal that names it", name, err)
		} else {
			noSecret(t, f.Error())
		}
	}
}

func TestAddress(t *testing.T) {
	c, err := parse(map[string]string{"host": "https://kassa.example:49504/", "port": "49504", "ident": "a&b", "secret": "c d=é/+"})
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(c.address())
	if err != nil {
		t.Fatal(err)
	}
	if u.Scheme != "https" || u.Host != "kassa.example:49504" || u.Path != "/" || u.Query().Get("ident") != "a&b" || u.Query().Get("secret") != "c d=é/+" {
		t.Errorf("address %s does not carry what was set", u)
	}
}

func TestFlowSettings(t *testing.T) {
	f, err := parseFlow(orderSettings, map[string]string{"branches": "1, 2;3", "sku": "pluNumber", "sendAs": "invoice"})
	if err != nil || len(f.branches) != 3 || f.branches[2] != 3 || f.sku != skuPLUNumber || f.documents != documentsOrders || f.start != 1 {
		t.Errorf("got %+v, %v", f, err)
	}
	_, err = parseFlow(orderSettings, map[string]string{"branches": "1, x", "syncMarker": "-3"})
	if f := fault.As(err); f == nil || f.Field != "branches, syncMarker" {
		t.Errorf("got %v, want both problems", err)
	}
}

func TestReadmeListsEverySetting(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	all := append([]connector.Setting(nil), Connector.Settings...)
	for _, source := range Connector.Source {
		all = append(all, source.Settings...)
	}
	for _, s := range all {
		row := "| `" + s.Name + "` | " + s.Title + " |"
		if !strings.Contains(string(text), row) {
			t.Errorf("README.md has no row %q", row)
		}
		if s.Default != "" && !strings.Contains(string(text), row+" "+s.Default+" |") {
			t.Errorf("README.md does not give %s the default %s", s.Name, s.Default)
		}
	}
}
