package afas

import (
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"apicenter/infra/sandbox/internal/simhttp"
)

func TestAuthorisation(t *testing.T) {
	e := newEnv(t, Options{})
	wrong := base64.StdEncoding.EncodeToString([]byte("<token><version>1</version><data>FFFF</data></token>"))
	for _, tc := range []struct {
		name, header string
		status       int
	}{
		{"right", e.Authorization(), 200},
		{"other case", strings.Replace(e.Authorization(), "AfasToken", "afastoken", 1), 200},
		{"with line ends", "AfasToken " + base64.StdEncoding.EncodeToString([]byte(e.Token()+"\r\n")), 200},
		{"none", "", 401},
		{"other scheme", "Bearer x", 401},
		{"unknown token", "AfasToken " + wrong, 401},
		{"no base64", "AfasToken ***", 401},
		{"raw XML", "AfasToken " + e.Token(), 500},
	} {
		if a := e.call("GET", "profitversion", "", "Authorization", tc.header); a.status != tc.status {
			t.Errorf("%s: %d %s", tc.name, a.status, a.body)
		}
	}
	e.RevokeToken(true)
	if a := e.call("GET", "profitversion", ""); a.status != 401 {
		t.Errorf("revoked: %d", a.status)
	}
}

func TestExpiryAndAddress(t *testing.T) {
	now := time.Date(2025, 6, 1, 0, 0, 0, 0, time.UTC)
	e := newEnv(t, Options{TokenExpiry: now.Add(-time.Hour), Now: func() time.Time { return now }})
	if a := e.call("GET", "profitversion", ""); a.status != 401 {
		t.Errorf("expired: %d", a.status)
	}
	for cidr, status := range map[string]int{"192.0.2.0/24": 200, "10.0.0.0/8": 403} {
		e := newEnv(t, Options{AllowedCIDRs: []netip.Prefix{netip.MustParsePrefix(cidr)}})
		if a := e.call("GET", "profitversion", ""); a.status != status {
			t.Errorf("%s: %d", cidr, a.status)
		}
	}
}

func TestPaths(t *testing.T) {
	e := newEnv(t, Options{})
	for path, status := range map[string]int{
		"MetaInfo": 200, "metainfo": 200, "ProfitVersion": 200, "Connectors/profit_debtor": 200,
		"metainfo/get/Profit_Debtor": 200, "metainfo/update/FbSales": 200, "metainfo/update/fiEntries": 200,
		"metainfo/get/None": 401, "metainfo/update/None": 401, "connectors/None": 401,
		"nothing": 404, "connectors": 404, "connectors/Profit_Debtor/x": 404,
	} {
		if a := e.call("GET", path, ""); a.status != status {
			t.Errorf("%s: %d", path, a.status)
		}
	}
	r := httptest.NewRequest("GET", "/profitrestservices/metainfo", nil)
	r.Header.Set("Authorization", e.Authorization())
	w := httptest.NewRecorder()
	e.ServeHTTP(w, r)
	for _, want := range []string{`"envid":"T12345AA"`, `"id":"FbDirectInvoice"`, `"id":"Webshop_Orders"`} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("no %s in %s", want, w.Body)
		}
	}
}

func TestMetaInfo(t *testing.T) {
	e := newEnv(t, Options{Environment: 54321, Type: "production", GetConnectors: []string{"Profit_Debtor"}, UpdateConnectors: []string{"FbSales"}})
	a := e.call("GET", "metainfo", "")
	if !strings.Contains(a.body, `"envid":"O54321AA"`) || strings.Contains(a.body, "FbItemArticle") || strings.Contains(a.body, "Profit_Article") {
		t.Errorf("metainfo %s", a.body)
	}
	if a := e.call("POST", "connectors/FbItemArticle", "{}"); a.status != 401 {
		t.Errorf("not exposed: %d", a.status)
	}
	a = e.call("GET", "metainfo/update/FbSales", "")
	for _, want := range []string{`{"fieldId":"OrNu","primaryKey":true,"dataType":"string","label":"Number","mandatory":false,"length":12,`,
		`"objects":[{"name":"FbSalesLines"`, `"values":[{"id":"0","description":"0"}`} {
		if !strings.Contains(a.body, want) {
			t.Errorf("no %s in %s", want, a.body)
		}
	}
	if a = e.call("GET", "metainfo/get/Profit_Debtor", ""); !strings.Contains(a.body, `{"id":"DebtorId","fieldId":"U001","dataType":"string"`) {
		t.Errorf("metainfo/get %s", a.body)
	}
}

func TestConnectorError500(t *testing.T) {
	e := newEnv(t, Options{ShowConnectorError500: true})
	e.fails(e.call("GET", "connectors/None", ""), 500, numberNotAllowed, "GetConnector not supported for this app or the user is not authorized")
	a := e.call("POST", "connectors/None", "{}", "Accept-Language", "nl-nl")
	e.fails(a, 500, numberNotAllowed, "General message: Deze UpdateConnector wordt niet ondersteund of de gebruiker is niet geautoriseerd.")
}

func TestQueryLength(t *testing.T) {
	e := newEnv(t, Options{})
	base := "filterfieldids=DebtorId&filtervalues="
	for n, status := range map[int]int{2048: 200, 2049: 404} { // the question mark counts
		if a := e.call("GET", "connectors/Profit_Debtor?"+base+strings.Repeat("1", n-len(base)), ""); a.status != status {
			t.Errorf("%d characters: %d", n, a.status)
		}
	}
}

func TestBlockedConnector(t *testing.T) {
	e := newEnv(t, Options{})
	e.BlockConnector("profit_debtor", true)
	e.fails(e.call("GET", "connectors/Profit_Debtor", ""), 500, numberUnexpected, "This GetConnector (definition) is blocked")
	e.BlockConnector("Profit_Debtor", false)
	if a := e.call("GET", "connectors/Profit_Debtor", ""); a.status != 200 {
		t.Errorf("released: %d", a.status)
	}
}

func TestFaultForms(t *testing.T) {
	e := newEnv(t, Options{})
	fault := func(kind string) answer {
		w := httptest.NewRecorder()
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Accept-Language", "en-us")
		e.WriteFault(w, r, kind, 1500*time.Millisecond)
		return answer{w.Code, w.Body.String(), w.Header()}
	}
	e.fails(fault(simhttp.FaultFail), 500, numberUnexpected, "An unexpected error has occurred.")
	e.fails(fault(simhttp.FaultFail), 500, numberUnexpected, "The maximum duration for performing the assignment has been exceeded.")
	if a := fault(simhttp.FaultFail); a.status != 503 || a.header.Get("Retry-After") != "2" || !strings.Contains(a.body, `"retry_after":2`) {
		t.Errorf("maintenance %+v", a)
	}
	if a := fault(simhttp.FaultThrottle); a.status != 429 || a.header.Get("Retry-After") != "2" {
		t.Errorf("throttle %+v", a)
	}
	if a := fault(simhttp.FaultDeny); a.status != 403 {
		t.Errorf("deny %+v", a)
	}
}

// TestLostAnswer posts an order whose answer never comes: it is there all the
// same, and posting it again makes a second one.
func TestLostAnswer(t *testing.T) {
	e := newEnv(t, Options{})
	sim := simhttp.New(e.Sandbox)
	base, stop, err := sim.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	sim.SetFaults(simhttp.Faults{LateCommit: 1, Limit: 1, Operations: []string{"POST FbSales"}})
	post := func() error {
		body := order(`"DbId":"20001","RfCs":"WEB-1","Unit":1`, line(lineA))
		r, _ := http.NewRequest("POST", base+"/ProfitRestServices/connectors/FbSales", strings.NewReader(body))
		r.Header.Set("Authorization", e.Authorization())
		res, err := http.DefaultClient.Do(r)
		if err == nil {
			res.Body.Close()
		}
		return err
	}
	if post() == nil {
		t.Error("an answer came")
	}
	if n := len(e.OrdersByReference("web-1")); n != 1 {
		t.Fatalf("%d orders", n)
	}
	if err := post(); err != nil {
		t.Fatal(err)
	}
	if n := len(e.OrdersByReference("WEB-1")); n != 2 {
		t.Errorf("%d orders", n)
	}
	if st := sim.Stats(); st.ByOperation["POST FbSales"] != 2 || st.Faults["late_commit"] != 1 {
		t.Errorf("stats %+v", st)
	}
}
