package mpluskassa

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"apicenter/infra/sandbox/internal/simhttp"
	"github.com/govalues/decimal"
)

func dec(s string) decimal.Decimal { return decimal.MustParse(s) }

func TestGetApiVersion(t *testing.T) {
	k := newTill(t, Options{})
	// The action header lies; only the body counts.
	req, _ := http.NewRequest(http.MethodPost, k.url+"/?ident=demo-ident&secret=demo-secret",
		strings.NewReader(envelope("\n  <!-- hello -->\n<getApiVersion xmlns='urn:mplusqapi'/>")))
	req.Header.Set("SOAPAction", "getOrders")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	root, err := parseEnvelope(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if root.name != "getApiVersionResponse" {
		t.Errorf("answer %s", root.name)
	}
	root.expect(t, map[string]string{"majorNumber": "1", "serviceMajorNumber": "67", "serviceMinorNumber": "1", "inDebugMode": "false"})
	if got := res.Header.Get("mplus-service-version"); got != "67.1.3" {
		t.Errorf("service version %q", got)
	}
	if got := res.Header.Get("Content-Type"); got != "text/xml; charset=utf-8" {
		t.Errorf("content type %q", got)
	}
	stats, err := simhttp.Control{Base: k.url}.Stats(context.Background())
	if err != nil || stats.ByOperation["getApiVersion"] != 1 {
		t.Errorf("stats %+v, %v", stats, err)
	}
}

func TestGet(t *testing.T) {
	k := newTill(t, Options{})
	for path, want := range map[string]int{"/": 405, "/?wsdl": 200, "/orders": 404} {
		res, err := http.Get(k.url + path)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != want {
			t.Errorf("GET %s: %d, want %d", path, res.StatusCode, want)
		}
	}
}

func TestCredentials(t *testing.T) {
	k := newTill(t, Options{Ident: "us", Secret: "a&b"})
	for _, query := range []string{"", "ident=us", "ident=us&secret=wrong", "ident=demo-ident&secret=demo-secret", "ident=us&secret=a"} {
		code, _ := k.faultOf(k.post(query, envelope("<getApiVersion/>")))
		if code != "SOAP-ENV:Client.Authentication" {
			t.Errorf("%q: fault %s", query, code)
		}
	}
	if status, text := k.post("ident=us&secret=a%26b", envelope("<getApiVersion/>")); status != 200 {
		t.Errorf("right credentials: %d %s", status, text)
	}
}

func TestFaults(t *testing.T) {
	k := filled(t, Options{})
	for name, body := range map[string]string{
		"unknown operation": `<getEverything xmlns="urn:mplusqapi"/>`,
		"empty boolean":     `<getOrders><request><includeLineList></includeLineList></request></getOrders>`,
		"empty number":      `<getOrders><request><syncMarker></syncMarker></request></getOrders>`,
		"word for number":   `<getOrders><request><syncMarker>one</syncMarker></request></getOrders>`,
		"too big an int":    `<getOrders><request><syncMarker>1</syncMarker><syncMarkerLimit>9999999999</syncMarkerLimit></request></getOrders>`,
		"fraction":          `<getRelation><relationNumber>1.5</relationNumber></getRelation>`,
		"word for boolean":  `<payOrder><request><prepay>yes</prepay></request></payOrder>`,
	} {
		if code, text := k.fault(body); code != "SOAP-ENV:Client" || text == "" {
			t.Errorf("%s: %s %q", name, code, text)
		}
	}
	for name, body := range map[string]string{
		"bad XML":    `<SOAP-ENV:Envelope><SOAP-ENV:Body><getOrders>`,
		"no body":    `<Envelope></Envelope>`,
		"empty body": `<Envelope><Body></Body></Envelope>`,
		"nothing":    ``,
		"other root": `<getOrders/>`,
		"doctype":    `<!DOCTYPE x [<!ENTITY a "b">]><Envelope><Body><getOrder><orderId>&a;</orderId></getOrder></Body></Envelope>`,
	} {
		if code, _ := k.faultOf(k.post("ident=demo-ident&secret=demo-secret", body)); code != "SOAP-ENV:Client" {
			t.Errorf("%s: %s", name, code)
		}
	}
}

func TestBooleansAsDigits(t *testing.T) {
	k := filled(t, Options{})
	k.createdOrder("W1")
	r := k.call(`<getOrders><request><includeLineList>0</includeLineList></request></getOrders>`)
	if r.at("orderList/order/lineList") != nil {
		t.Error("lines although not asked for")
	}
}

func TestStrict(t *testing.T) {
	body := `<getOrders><request><surprise>1</surprise><syncMarker>1</syncMarker></request></getOrders>`
	filled(t, Options{}).call(body)
	if _, text := filled(t, Options{Strict: true}).fault(body); !strings.Contains(text, "surprise") {
		t.Errorf("fault %q", text)
	}
	// Everything the schema has passes.
	strict := filled(t, Options{Strict: true})
	strict.createdOrder("W1")
	strict.call(`<getOrders><request><syncMarker>1</syncMarker><syncMarkerLimit>5</syncMarkerLimit><articlePluNumbers></articlePluNumbers>` +
		`<articleBarcodes></articleBarcodes><orderTypeList><orderType>ORDER-TYPE-SALES-ORDER</orderType></orderTypeList>` +
		`<includeLastMailTimelineEvents>false</includeLastMailTimelineEvents></request></getOrders>`)
}

func TestInjectedFaults(t *testing.T) {
	s := New(Options{})
	for kind, want := range map[string]string{
		simhttp.FaultFail: "500 SOAP-ENV:Server", simhttp.FaultDeny: "500 SOAP-ENV:Client.Authentication", simhttp.FaultThrottle: "503 ",
	} {
		w := httptest.NewRecorder()
		s.WriteFault(w, nil, kind, 1500*time.Millisecond)
		code := ""
		if root, err := parseEnvelope(w.Body); err == nil {
			code = root.get("faultcode")
		}
		if got := strconv.Itoa(w.Code) + " " + code; got != want {
			t.Errorf("%s: %s, want %s", kind, got, want)
		}
		if kind == simhttp.FaultThrottle && w.Header().Get("Retry-After") != "2" {
			t.Errorf("retry after %q", w.Header().Get("Retry-After"))
		}
	}
}

func TestPeekOperation(t *testing.T) {
	for body, want := range map[string]string{
		envelope(`<ns:getOrders xmlns:ns="x"><ns:request>`):     "getOrders",
		envelope("<!-- Body --> <getOrder/>"):                   "getOrder",
		`<Envelope><Header><a/></Header><Body attr="1"><x:pay>`: "pay",
		`<Envelope><Body></Body></Envelope>`:                    "",
		`<Envelope><Bo`:                                         "",
		``:                                                      "",
		"<SOAP-ENV:Envelope>\n<SOAP-ENV:Body>\n\t<ns:cancelOrder\n xmlns:ns=''": "cancelOrder",
	} {
		if got := peekOperation([]byte(body)); got != want {
			t.Errorf("%q: %q, want %q", body, got, want)
		}
	}
}

func TestEscaping(t *testing.T) {
	if got := string(appendEscaped(nil, "a<b>&\"ü\x01\r\n\xff€")); got != "a&lt;b&gt;&amp;&quot;ü?&#xD;\n?€" {
		t.Errorf("%q", got)
	}
}

func TestMaxParallel(t *testing.T) {
	s := New(Options{MaxParallel: 1})
	s.workers <- struct{}{} // the only worker is busy
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	r := httptest.NewRequest(http.MethodPost, "/?ident=demo-ident&secret=demo-secret", strings.NewReader(envelope("<getApiVersion/>"))).WithContext(ctx)
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	if w.Body.Len() != 0 {
		t.Errorf("answered without a worker: %s", w.Body)
	}
	<-s.workers
	w = httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/?ident=demo-ident&secret=demo-secret", strings.NewReader(envelope("<getApiVersion/>"))))
	if w.Code != 200 || len(s.workers) != 0 {
		t.Errorf("status %d, %d workers busy", w.Code, len(s.workers))
	}
}
