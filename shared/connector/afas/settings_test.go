package afas

import (
	"encoding/base64"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"apicenter/shared/connector"
	"apicenter/shared/fault"
	"apicenter/shared/model"
)

const digits64 = "0123456789ABCDEF0123456789abcdef0123456789ABCDEF0123456789ABCDEF"

func TestToken(t *testing.T) {
	xml := "<token><version>1</version><data>" + digits64 + "</data></token>"
	packed := base64.StdEncoding.EncodeToString([]byte(xml))
	for name, given := range map[string]string{
		"XML": xml, "data alone": digits64, "Base64": packed, "header": "AfasToken " + packed, "with line end": xml + "\r\n",
		"Base64 without padding": strings.TrimRight(packed, "="), "Base64 broken over lines": packed[:40] + "\n" + packed[40:],
		"indented XML": "<token>\n  <version>1</version>\n  <data>" + digits64 + "</data>\n</token>",
	} {
		got, err := parseToken(given)
		if err != nil || got.header() != "AfasToken "+packed {
			t.Errorf("%s: got %v, want the canonical header", name, err)
		}
	}
	for name, given := range map[string]string{
		"short": digits64[1:], "not hex": "G" + digits64[1:], "empty element": "<token><version>1</version><data></data></token>",
		"other Base64": base64.StdEncoding.EncodeToString([]byte("hello")), "a password": "hunter2!",
	} {
		_, err := parseToken(given)
		if err == nil {
			t.Errorf("%s: got no error", name)
		} else if strings.Contains(err.Error(), given) {
			t.Errorf("%s: the error repeats the token: %v", name, err)
		}
	}
	if text := fmt.Sprintf("%v %s %#v", token{digits64}, token{digits64}, token{digits64}); strings.Contains(text, "0123") {
		t.Errorf("a token shows itself: %s", text)
	}
}

func TestOptions(t *testing.T) {
	for given, want := range map[string]string{
		"12345": "12345", " 12345 ": "12345", "https://12345.rest.afas.online/ProfitRestServices": "12345", "O12345AA": "12345",
		"1234": "", "123456": "", "": "", "01234": "", "12345 and 54321": "",
	} {
		o, err := parseOptions(map[string]string{"environment": given, "token": digits64})
		if (err == nil) != (want != "") || err == nil && o.environment != want {
			t.Errorf("environment %q: got %q, %v, want %q", given, o.environment, err, want)
		}
	}
	for kind, host := range map[string]string{"": "rest", "production": "rest", "test": "resttest", "accept": "restaccept"} {
		o, err := parseOptions(map[string]string{"environment": "12345", "token": digits64, "type": kind})
		if want := "https://12345." + host + ".afas.online/ProfitRestServices"; err != nil || o.base != want {
			t.Errorf("type %q: got %q, %v, want %q", kind, o.base, err, want)
		}
	}
	for given, want := range map[string]string{
		"http://127.0.0.1:8080": "http://127.0.0.1:8080/ProfitRestServices", "http://localhost:1/x/": "http://localhost:1/x",
		"12345.afasonlineconnector.nl/profitrestservices": "https://12345.afasonlineconnector.nl/profitrestservices",
		"https://12345.rest.afas.online":                  "https://12345.rest.afas.online/ProfitRestServices",
		"http://12345.rest.afas.online":                   "", "https://afas.online.evil.example": "", "https://evilafas.online": "",
		"http://10.0.0.1": "", "https://me:secret@12345.rest.afas.online": "", "ftp://127.0.0.1": "",
	} {
		o, err := parseOptions(map[string]string{"environment": "12345", "token": digits64, "baseURL": given})
		if (err == nil) != (want != "") || err == nil && o.base != want {
			t.Errorf("baseURL %q: got %q, %v, want %q", given, o.base, err, want)
		}
	}
}

// All problems are told at once, and none repeats a value that may be secret.
func TestOpenReportsAllProblems(t *testing.T) {
	_, err := open(connector.Config{Settings: map[string]string{"environment": "x", "token": "secret-text", "concurrency": "9",
		"integrationId": "y", "ordersColumns": "Nonsense=1", "timeout": "1h"}})
	f := fault.As(err)
	if f.Class != fault.Reject {
		t.Fatalf("got %v", err)
	}
	for _, field := range []string{"concurrency", "environment", "integrationId", "ordersColumns", "timeout", "token"} {
		if !strings.Contains(f.Field, field) {
			t.Errorf("the problem of %s is not told: %s", field, f.Field)
		}
	}
	if strings.Contains(err.Error(), "secret-text") {
		t.Errorf("the error repeats the token: %v", err)
	}
	for _, required := range []string{"environment", "token"} {
		given := map[string]string{"environment": "12345", "token": digits64}
		delete(given, required)
		if _, err := open(connector.Config{Settings: given}); err == nil || !strings.Contains(fault.As(err).Field, required) {
			t.Errorf("without %s: got %v", required, err)
		}
	}
	if _, err := open(connector.Config{Settings: map[string]string{"environment": "12345", "token": digits64, "tokn": "x"}}); err == nil {
		t.Error("an unknown setting was accepted")
	}
}

func TestLimitsFollowSettings(t *testing.T) {
	s, err := open(connector.Config{Settings: map[string]string{"environment": "12345", "token": digits64, "concurrency": "5",
		"timeout": "30s", "lateEffect": "10s"}})
	if err != nil {
		t.Fatal(err)
	}
	l := s.(connector.Limited).Limits()
	if l.Concurrency != 5 || l.Timeout != 30*time.Second || l.LateEffect != 10*time.Second || l.WriteBatch != 1 {
		t.Errorf("got %+v", l)
	}
}

func TestSettingsAreDeclaredWell(t *testing.T) {
	for _, list := range [][]connector.Setting{Connector.Settings, Connector.Target[model.Orders].Settings, Connector.Target[model.Customers].Settings} {
		seen := map[string]bool{}
		for _, s := range list {
			if seen[s.Name] || s.Title == "" || s.Help == "" || s.Secret && s.Default != "" {
				t.Errorf("setting %q is declared twice, has no title or help, or a secret default", s.Name)
			}
			seen[s.Name] = true
		}
	}
	for _, name := range []string{"administration", "controlAccount", "paymentTerms"} {
		values := map[string]string{"administration": "1", "controlAccount": "1300", "paymentTerms": "14"}
		delete(values, name)
		if _, err := connector.Values(Connector.Target[model.Orders].Settings, values); err == nil {
			t.Errorf("orders need no %s", name)
		}
	}
}

func TestReadmeListsEverySetting(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range append(append([]connector.Setting(nil), Connector.Settings...), Connector.Target[model.Orders].Settings...) {
		if !strings.Contains(string(text), "| `"+s.Name+"` |") {
			t.Errorf("README.md does not list the setting %s", s.Name)
		}
	}
}

func TestCountryCode(t *testing.T) {
	for iso, want := range map[string]string{"NL": "NL", "be": "B", "DE": "D", " fr ": "F", "GB": "GB", "US": "USA", "PL": "PL", "SI": "SLO", "CL": "RCH", "LK": "CL"} {
		if got, ok := countryCode(iso); !ok || got != want {
			t.Errorf("countryCode(%q) = %q, %v, want %q", iso, got, ok, want)
		}
	}
	for _, bad := range []string{"", "D", "NLD", "N1", "Nederland"} {
		if got, ok := countryCode(bad); ok {
			t.Errorf("countryCode(%q) = %q, want none", bad, got)
		}
	}
	// No two countries may end up under one code.
	seen := map[string]string{}
	for a := 'A'; a <= 'Z'; a++ {
		for b := 'A'; b <= 'Z'; b++ {
			iso := string(a) + string(b)
			if !assigned(iso) {
				continue
			}
			own, _ := countryCode(iso)
			if other, twice := seen[own]; twice {
				t.Errorf("%s and %s are both %s", other, iso, own)
			}
			seen[own] = iso
		}
	}
}

// assigned reports whether a code is one of ISO 3166-1, as far as codes of AFAS' could be mistaken for it.
func assigned(iso string) bool {
	if _, ok := ownCountry[iso]; ok {
		return true
	}
	return strings.Contains(" NL DK CH GB IE PL CZ GR BG HR RO SK EE LV LT CY MT TR UA AL BA BY IS MD ME MK RS XK AD MC SM VA CA MX BR AR AU NZ CN HK SG TH VN ID MY ZA MA TN DZ IL AE QA KW OM ", " "+iso+" ")
}
