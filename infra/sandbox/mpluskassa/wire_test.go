package mpluskassa

import (
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"apicenter/infra/sandbox/shopdata"
)

// clock is what the till under test takes for the time.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func summer() *clock {
	return &clock{time.Date(2026, 7, 1, 12, 30, 12, 0, time.UTC)}
}

// till is a sandbox behind an HTTP server.
type till struct {
	*Sandbox
	t   *testing.T
	url string
}

func newTill(t *testing.T, o Options) *till {
	t.Helper()
	if o.Now == nil {
		o.Now = summer().now
	}
	s := New(o)
	srv := httptest.NewServer(s.Sim())
	t.Cleanup(srv.Close)
	return &till{s, t, srv.URL}
}

// filled is a till with two articles, a weighed one and two relations.
func filled(t *testing.T, o Options) *till {
	k := newTill(t, o)
	shop := &shopdata.Shop{
		Articles: []*shopdata.Article{
			{Number: 5001, Product: 1, PLU: "A1", ExtID: "SKU-1", EAN: "2000000005001", Description: "Mug, blue", Unit: "STK", Price: dec("12.10"), VATRate: dec("21")},
			{Number: 5002, Product: 2, PLU: "A2", EAN: "2000000005002", Description: "Cheese <old>", Unit: "KG", Price: dec("17.45"), VATRate: dec("9")},
			{Number: 5003, Product: 3, PLU: "S", Description: "Shirt S", Size: "S", Unit: "STK", Price: dec("30"), VATRate: dec("21")},
			{Number: 5004, Product: 3, PLU: "M", Description: "Shirt M", Size: "M", Unit: "STK", Price: dec("30"), VATRate: dec("21")},
		},
		Customers: []*shopdata.Customer{
			{Number: 10023, First: "Jan", Prefix: "de", Last: "Vries", Email: "jan@x.example", Phone: "06-12345678",
				Address: shopdata.Address{Street: "Kade", HouseNumber: 12, Addition: "A", PostalCode: "1234 AB", City: "Utrecht", Country: "NL"}},
			{Number: 10024, Company: "Müller & Söhne GmbH", First: "Jörg", Last: "Müller", Email: "an@x.example", VATNumber: "DE112345678",
				Address: shopdata.Address{Street: "Königsallee", HouseNumber: 5, Addition: "b", PostalCode: "40210", City: "Düsseldorf", Country: "DE"}},
		},
	}
	k.Load(shop)
	return k
}

// post sends a body as it is.
func (k *till) post(query, body string) (int, string) {
	k.t.Helper()
	res, err := http.Post(k.url+"/?"+query, contentType, strings.NewReader(body))
	if err != nil {
		k.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		k.t.Fatal(err)
	}
	return res.StatusCode, string(text)
}

// call sends the content of a SOAP body and returns the element in the answer.
func (k *till) call(body string) *node {
	k.t.Helper()
	status, text := k.post("ident=demo-ident&secret=demo-secret", envelope(body))
	if status != http.StatusOK {
		k.t.Fatalf("status %d: %s", status, text)
	}
	checkForm(k.t, text)
	root, err := parseEnvelope(strings.NewReader(text))
	if err != nil {
		k.t.Fatalf("%v in %s", err, text)
	}
	return root
}

// fault sends the content of a SOAP body and returns code and text of the
// fault in the answer.
func (k *till) fault(body string) (code, text string) {
	k.t.Helper()
	return k.faultOf(k.post("ident=demo-ident&secret=demo-secret", envelope(body)))
}

func (k *till) faultOf(status int, text string) (code, reason string) {
	k.t.Helper()
	root, err := parseEnvelope(strings.NewReader(text))
	if status != http.StatusInternalServerError || err != nil || root.name != "Fault" {
		k.t.Fatalf("not a fault: status %d: %s", status, text)
	}
	return root.get("faultcode"), root.get("faultstring")
}

// checkForm asserts what old clients rely on: prefixes, no attributes, no
// self-closing elements, no CDATA.
func checkForm(t *testing.T, text string) {
	t.Helper()
	if !strings.HasPrefix(text, envelopeOpen+"<ns:") {
		t.Errorf("the answer begins with %.200s", text)
	}
	rest := strings.TrimPrefix(text, envelopeOpen)
	rest = regexp.MustCompile(`</?(ns|SOAP-ENV):\w+>`).ReplaceAllString(rest, "")
	if at := strings.IndexByte(rest, '<'); at >= 0 {
		t.Fatalf("element %.80s", rest[at:])
	}
}

// get returns the text at a path of names.
func (n *node) get(path string) string {
	if at := n.at(path); at != nil {
		return at.text
	}
	return "(absent)"
}

func (n *node) at(path string) *node {
	for _, name := range strings.Split(path, "/") {
		var next *node
		for _, kid := range n.kids {
			if kid.name == name {
				next = kid
				break
			}
		}
		if next == nil {
			return nil
		}
		n = next
	}
	return n
}

// list returns a text of every element at a path.
func (n *node) list(path, field string) []string {
	out := []string{}
	for _, e := range n.all(path) {
		out = append(out, e.get(field))
	}
	return out
}

func (n *node) all(path string) []*node {
	parent, name := n, path
	if cut := strings.LastIndex(path, "/"); cut >= 0 {
		parent, name = n.at(path[:cut]), path[cut+1:]
	}
	var out []*node
	if parent == nil {
		return nil
	}
	for _, kid := range parent.kids {
		if kid.name == name {
			out = append(out, kid)
		}
	}
	return out
}

// expect compares texts at paths.
func (n *node) expect(t *testing.T, want map[string]string) {
	t.Helper()
	for path, text := range want {
		if got := n.get(path); got != text {
			t.Errorf("%s: %s = %q, want %q", n.name, path, got, text)
		}
	}
}

// createdOrder writes an order with an external number and returns its id.
func (k *till) createdOrder(ext string) string {
	k.t.Helper()
	r := k.call(`<ns:createOrder xmlns:ns="urn:mplusqapi"><ns:order>
  <ns:orderId></ns:orderId>
  <ns:extOrderId>` + ext + `</ns:extOrderId>
  <ns:orderType>ORDER-TYPE-SALES-ORDER</ns:orderType>
  <ns:entryBranchNumber>1</ns:entryBranchNumber>
  <ns:employeeNumber>999999</ns:employeeNumber>
  <ns:relationNumber>10023</ns:relationNumber>
  <ns:deliveryAddress><ns:name>J. de Vries</ns:name><ns:address>Kade 12</ns:address><ns:zipcode>1234 AB</ns:zipcode><ns:city>Utrecht</ns:city><ns:country>NL</ns:country></ns:deliveryAddress>
  <ns:financialDate><ns:day>1</ns:day><ns:mon>7</ns:mon><ns:year>2026</ns:year></ns:financialDate>
  <ns:financialBranchNumber>1</ns:financialBranchNumber>
  <ns:reference>Webshop ` + ext + `</ns:reference>
  <ns:vatMethod>VAT-METHOD-INCLUSIVE</ns:vatMethod>
  <ns:deliveryMethod>BEZORGEN_MET_AUTO</ns:deliveryMethod>
  <ns:lineList>
    <ns:line><ns:employeeNumber>999999</ns:employeeNumber><ns:articleNumber>5001</ns:articleNumber><ns:text>Mug, blue</ns:text>
      <ns:data><ns:quantity>2</ns:quantity><ns:decimalPlaces>0</ns:decimalPlaces><ns:price>1210</ns:price></ns:data></ns:line>
    <ns:line><ns:articleNumber>5002</ns:articleNumber><ns:data><ns:quantity>530</ns:quantity><ns:decimalPlaces>3</ns:decimalPlaces><ns:discountPercentage>1000</ns:discountPercentage></ns:data></ns:line>
  </ns:lineList>
</ns:order></ns:createOrder>`)
	if got := r.get("result"); got != "CREATE-ORDER-RESULT-OK" {
		k.t.Fatalf("createOrder %s: %s %s", ext, got, r.get("errorMessage"))
	}
	return r.get("info/orderId")
}
