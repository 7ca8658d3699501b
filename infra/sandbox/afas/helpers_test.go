package afas

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/govalues/decimal"
)

// env is a sandbox with items and a debtor, called without a network.
type env struct {
	*Sandbox
	t testing.TB
}

func newEnv(t testing.TB, o Options) *env {
	t.Helper()
	if o.Now == nil {
		o.Now = func() time.Time { return time.Date(2025, 6, 1, 10, 0, 0, 123456789, time.UTC) }
	}
	e := &env{New(o), t}
	err := e.Load(Seed{
		Items: []SeedItem{
			{Code: "A100", Description: "Artikel honderd", Price: decimal.MustParse("10"), Stock: true},
			{Code: "B200", Description: "Brood", VatGroup: "2", Price: decimal.MustParse("2.50")},
			{Code: "K300", Description: "Kaas", Unit: "KG", VatGroup: "2", Price: decimal.MustParse("12.345")},
		},
		Debtors: []SeedDebtor{{ID: "20001", Name: "Bakkerij De Proef", Email: "info@proef.example"}},
		Stock:   []Stock{{Item: "A100", Warehouse: "01", Actual: decimal.MustParse("50")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

type answer struct {
	status int
	body   string
	header http.Header
}

// call makes a request; path is below the base path.
func (e *env) call(method, path, body string, header ...string) answer {
	e.t.Helper()
	r := httptest.NewRequest(method, "/ProfitRestServices/"+path, strings.NewReader(body))
	r.Header.Set("Authorization", e.Authorization())
	r.Header.Set("Accept-Language", "en-us")
	r.Header.Set("Content-Type", "application/json;charset=utf-8")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	e.ServeHTTP(w, r)
	return answer{w.Code, w.Body.String(), w.Header()}
}

// rows reads rows of a get connector; the query is given unescaped.
func (e *env) rows(connector, query string) []map[string]any {
	e.t.Helper()
	var parts []string
	for p := range strings.SplitSeq(query, "&") {
		k, v, _ := strings.Cut(p, "=")
		parts = append(parts, k+"="+url.QueryEscape(v))
	}
	a := e.call("GET", "connectors/"+connector+"?"+strings.Join(parts, "&"), "")
	if a.status != 200 {
		e.t.Fatalf("GET %s?%s: %d %s", connector, query, a.status, a.body)
	}
	var body struct {
		Rows []map[string]any `json:"rows"`
	}
	dec := json.NewDecoder(strings.NewReader(a.body))
	dec.UseNumber()
	if err := dec.Decode(&body); err != nil {
		e.t.Fatalf("%v in %s", err, a.body)
	}
	return body.Rows
}

// result is a key of a success.
func (e *env) result(a answer, connector, key string) string {
	e.t.Helper()
	var body struct {
		Results map[string]map[string]string `json:"results"`
	}
	if err := json.Unmarshal([]byte(a.body), &body); err != nil || a.status != 201 {
		e.t.Fatalf("answer %d %s: %v", a.status, a.body, err)
	}
	return body.Results[connector][key]
}

// fails checks an error body.
func (e *env) fails(a answer, status, number int, text string) {
	e.t.Helper()
	var body struct {
		ExternalMessage    string
		ErrorNumber        int
		ProfitLogReference string
	}
	if err := json.Unmarshal([]byte(a.body), &body); err != nil {
		e.t.Fatalf("%d %q: %v", a.status, a.body, err)
	}
	if a.status != status || body.ErrorNumber != number || body.ExternalMessage != text || len(body.ProfitLogReference) != 32 {
		e.t.Errorf("got %d %s\nwant %d %d %q", a.status, a.body, status, number, text)
	}
}

const relationOrg = `{"KnSalesRelationOrg":{"Element":{
 "Fields":{"IsDb":true,"CuId":"EUR","PaCd":"14","VaDu":"1","VaId":"NL000000000B01","ColA":"1300","InPv":"E"},
 "Objects":[{"KnOrganisation":{"Element":{
  "Fields":{"PadAdr":true,"AutoNum":true,"MatchOga":"6","Nm":"Molen B.V.","SeNm":"MOLEN","CcNr":"00000000","EmAd":"info@molen.example","TeNr":"0300000000"},
  "Objects":[
   {"KnBasicAddressAdr":{"Element":{"Fields":{"CoId":"NL","PbAd":false,"Ad":"Dorpsstraat","HmNr":12,"HmAd":"A","ZpCd":"1234 AB","Rs":"Proefdorp","ResZip":false}}}},
   {"KnContact":{"Element":[{"Fields":{"PadAdr":true,"ViKc":"PRS","EmAd":"inkoop@molen.example"},
     "Objects":[{"KnPerson":{"Element":{"Fields":{"PadAdr":true,"AutoNum":true,"MatchPer":"7","In":"A.","CaNm":"Anna","FiNm":"Anna","LaNm":"Bakker","ViGe":"O"}}}}]}]}}
  ]}}}]}}}`

const relationPer = `{"KnSalesRelationPer":{"Element":{
 "Fields":{"IsDb":"1","CuId":"eur","PaCd":"00","VtIn":true},
 "Objects":{"KnPerson":{"Element":{
  "Fields":{"PadAdr":true,"AutoNum":true,"MatchPer":"7","In":"J.","FiNm":"Jo","Is":"van der","LaNm":"Voorbeeld","ViGe":"O","EmA2":"jo@voorbeeld.example","AddToPortal":false},
  "Objects":[
   {"KnBasicAddressAdr":{"Element":{"Fields":{"CoId":"B","PbAd":false,"Ad":"Kerkstraat","HmNr":"5","ZpCd":"2000","Rs":"Antwerpen","ResZip":false}}}},
   {"KnContact":{"Element":[{"Fields":{"PadAdr":true,"ViKc":"AFL","ExAd":"Werkadres"},
     "Objects":[{"KnBasicAddressAdr":{"Element":{"Fields":{"CoId":"NL","PbAd":false,"Ad":"Havenweg","HmNr":1,"ZpCd":"4321 BA","Rs":"Proefstad","ResZip":false}}}}]}]}}
  ]}}}}}}`

// order is a body of FbSales with the given fields and lines.
func order(fields string, lines ...string) string {
	return `{"FbSales":{"Element":{"Fields":{` + fields + `},"Objects":[{"FbSalesLines":{"Element":[` + strings.Join(lines, ",") + `]}}]}}}`
}

// line is a line with the given fields.
func line(fields string) string { return `{"Fields":{` + fields + `}}` }

const lineA = `"VaIt":"2","ItCd":"A100","BiUn":"STK","QuUn":2`
