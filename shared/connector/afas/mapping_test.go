package afas_test

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	sandbox "apicenter/infra/sandbox/afas"
	"apicenter/shared/connector"
	"apicenter/shared/connector/afas"
	"apicenter/shared/fault"
	"apicenter/shared/mapping"
	"apicenter/shared/model"
)

// settingNames lists what a mapping of the kind may read under settings.
func settingNames(kind model.Kind) []string {
	var out []string
	for _, s := range append(afas.Connector.Settings, afas.Connector.Target[kind].Settings...) {
		if !s.Secret {
			out = append(out, s.Name)
		}
	}
	return out
}

func program(t testing.TB, kind model.Kind) *mapping.Program {
	t.Helper()
	target := afas.Connector.Target[kind]
	p, err := mapping.Compile(mapping.File{Name: "afas " + string(kind) + " send", Text: target.Mapping},
		mapping.Options{Input: model.Fields(kind), Output: target.Fields, Settings: settingNames(kind)})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// flow returns the values of the flow settings, defaults filled in.
func flow(t testing.TB, kind model.Kind, more map[string]string) map[string]string {
	t.Helper()
	given := map[string]string{"controlAccount": "1300", "paymentTerms": "14"}
	if kind == model.Orders {
		given["administration"] = "1"
	}
	maps.Copy(given, more)
	values, err := connector.Values(afas.Connector.Target[kind].Settings, given)
	if err != nil {
		t.Fatal(err)
	}
	return values
}

func mapped(t testing.TB, kind model.Kind, record any, settings map[string]string, update bool) model.Tree {
	t.Helper()
	r, err := program(t, kind).Run(mapping.Input{Record: model.ToTree(record), Settings: flow(t, kind, settings), Update: update})
	if err != nil {
		t.Fatal(err)
	}
	return r.Tree
}

func TestMappingsCompile(t *testing.T) {
	program(t, model.Orders)
	program(t, model.Customers)
}

// fullOrder is an order with everything a source can give.
func fullOrder() *model.Order {
	return &model.Order{
		ID: "6f0e3a52", Number: "2026.318", Type: "order", Status: "open", Reference: "Webshop 100045",
		Placed: time.Date(2026, 10, 24, 22, 30, 12, 0, time.UTC), Zone: "Europe/Amsterdam", Date: "2026-10-25", Currency: "EUR",
		Channel: "1", IncludesTax: true, Paid: true, PaidAmount: dec("66.38"), Comment: "Please ring the bell",
		Customer: &model.Customer{ID: "10023", Number: "10023", Company: "Bakkerij De Proef B.V.", Name: "Anna van der Berg", FirstName: "Anna",
			Prefix: "van der", LastName: "Berg", Email: "anna@proef.example", Phone: "0301234567", Mobile: "0612345678", Website: "proef.example",
			VATNumber: "NL000000000B01", Registry: "00000000", Language: "nl", Discount: dec("5"), Currency: "EUR",
			Billing: billing(), Shipping: shipping()},
		Billing: billing(), Shipping: shipping(),
		Lines: []model.Line{
			{SKU: "05001", Description: "Mug, blue", Unit: "STK", Quantity: dec("2"), Price: dec("12.10"), TaxRate: dec("21"), Total: dec("24.20")},
			{SKU: "5002", Description: "Bread", Quantity: dec("1.5"), Price: dec("10.00"), DiscountPercent: dec("10"), TaxRate: dec("9.00"), Total: dec("13.50")},
			{SKU: "5003", Description: "Saucer", Unit: "STK", Quantity: dec("3"), Price: dec("10.00"), DiscountPercent: dec("10"), DiscountAmount: dec("1.00"), TaxRate: dec("21"), Total: dec("26.00")},
		},
		Charges: []model.Charge{
			{Kind: model.ChargeShipping, SKU: "VERZEND", Description: "Shipping costs", Amount: dec("4.95"), TaxRate: dec("21")},
			{Kind: model.ChargePayment, SKU: "BETAAL", Amount: dec("0"), TaxRate: dec("21")},
			{Kind: model.ChargeRounding, SKU: "AFRONDING", Description: "Rounding difference", Amount: dec("-0.01")},
		},
		Discount: dec("2.26"), Payment: model.Payment{Method: "PIN", Terms: "30"}, Delivery: model.Delivery{Method: "BEZORGEN", Date: "2026-10-27"},
		Taxes: []model.Tax{{Rate: dec("21"), Net: dec("43.70"), Amount: dec("9.18")}, {Rate: dec("9"), Net: dec("12.39"), Amount: dec("1.11")}},
		Total: model.Total{Net: dec("56.09"), Tax: dec("10.29"), Gross: dec("66.38")},
	}
}

func billing() *model.Address {
	return &model.Address{Name: "Bakkerij De Proef B.V.", Street: "Dorpsstraat", Number: "12", Addition: "A", PostalCode: "1234 AB", City: "Proefdorp", Country: "NL"}
}

func shipping() *model.Address {
	return &model.Address{Name: "Filiaal Haven", Contact: "Jo Bakker", Street: "Hafenweg", Number: "1", PostalCode: "12345", City: "Probestadt", Country: "DE"}
}

// recorder plays AFAS with one answer and keeps what it was sent.
type recorder struct {
	connector.Writer
	method, path string
	header       http.Header
	body         []byte
}

func record(t testing.TB, status int, answer string) *recorder {
	t.Helper()
	r := &recorder{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, _ := io.ReadAll(q.Body)
		if q.Method != http.MethodGet {
			r.method, r.path, r.header, r.body = q.Method, q.URL.Path, q.Header, body
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(s.Close)
	session, err := afas.Connector.Open(connector.Config{HTTP: &http.Client{Transport: &http.Transport{}},
		Now:      func() time.Time { return time.Date(2026, 10, 25, 23, 30, 0, 0, time.UTC) },
		Settings: map[string]string{"environment": "12345", "type": "test", "token": sandbox.DefaultToken, "baseURL": s.URL, "integrationId": "12345_678"}})
	if err != nil {
		t.Fatal(err)
	}
	r.Writer = session.(connector.Writer)
	return r
}

// queued is a document's fields after their way through the queue.
func queued(t testing.TB, tree model.Tree) model.Tree {
	t.Helper()
	out, err := connector.DecodeTree(mapping.Canonical(tree))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// golden compares JSON with a file of testdata; UPDATE=1 writes the file.
func golden(t testing.TB, name string, got []byte) {
	t.Helper()
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, got, "", "  "); err != nil {
		t.Fatalf("%v in %s", err, got)
	}
	pretty.WriteByte('\n')
	path := filepath.Join("testdata", name)
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(path, pretty.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), pretty.String()); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

// Everything of a full order arrives in AFAS with the default mapping alone.
func TestFullOrderOnTheWire(t *testing.T) {
	for _, tt := range []struct{ kind, path, file string }{
		{"order", "/ProfitRestServices/connectors/FbSales", "order.request.json"},
		{"invoice", "/ProfitRestServices/connectors/FbDirectInvoice", "invoice.request.json"},
		{"mutation", "/ProfitRestServices/connectors/FiEntries", "mutation.request.json"},
	} {
		t.Run(tt.kind, func(t *testing.T) {
			r := record(t, 201, `{"results":{"FbSales":{"OrNu":"60001234"},"FbDirectInvoice":{"OrNu":"V0003001"},"FiEntries":{"EnNo":4711}}}`)
			fields := mapped(t, model.Orders, fullOrder(), map[string]string{"forcePaymentTerms": "false", "warehouse": "01", "salesChannel": "1",
				"discountItem": "KORTING", "journal": "20", "revenueAccounts": "21=8000, 9=8010", "vatAccounts": "1510", "vatCodes": "21=1, 9=2"}, false)
			out, err := r.Write(t.Context(), model.Orders, []connector.Document{{Kind: model.Orders, Type: tt.kind, Key: "POS-2026.318",
				Reference: "POS-2026.318", Customer: "10280", Fields: queued(t, fields)}})
			if err != nil || out[0].Err != nil || out[0].ID == "" {
				t.Fatalf("got %+v, %v", out, err)
			}
			if r.method != "POST" || r.path != tt.path || len(out[0].Warnings) > 0 {
				t.Errorf("got %s %s, warnings %q", r.method, r.path, out[0].Warnings)
			}
			if !bytes.Equal(r.body, out[0].Sent) {
				t.Error("the outcome shows another body than was sent")
			}
			golden(t, tt.file, r.body)
		})
	}
}

func TestHeadersOnTheWire(t *testing.T) {
	r := record(t, 201, `{"results":{"FbSales":{"OrNu":"60001234"}}}`)
	if _, err := r.Write(t.Context(), model.Orders, []connector.Document{simple("A", "10999", "5001", "1")}); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"Accept": "application/json", "Accept-Language": "en-us", "IntegrationId": "12345_678",
		"Content-Type": "application/json;charset=utf-8", "Connection": ""} {
		if got := r.header.Get(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	if got := r.header.Get("Authorization"); !strings.HasPrefix(got, "AfasToken PHRva2VuPjx2ZXJzaW9uPjE8L3ZlcnNpb24+") {
		t.Errorf("got authorization %q", got)
	}
}

func TestFullCustomerOnTheWire(t *testing.T) {
	company := fullOrder().Customer
	person := fullOrder().Customer
	person.Company, person.VATNumber, person.Registry = "", "", ""
	for _, tt := range []struct {
		file, kind, id string
		record         *model.Customer
	}{
		{"company.request.json", "company", "", company}, {"company-update.request.json", "company", "10280", company},
		{"person.request.json", "person", "", person}, {"person-update.request.json", "person", "10281", person},
	} {
		t.Run(tt.file, func(t *testing.T) {
			r := record(t, 201, `{"results":{"KnSalesRelationOrg":{"DbId":"10280","BcCo":"1000601"},"KnSalesRelationPer":{"DbId":"10281"}}}`)
			fields := mapped(t, model.Customers, tt.record, nil, tt.id != "")
			out, err := r.Write(t.Context(), model.Customers, []connector.Document{{Kind: model.Customers, Type: tt.kind, ID: tt.id, Key: "anna@proef.example", Fields: queued(t, fields)}})
			if err != nil || out[0].Err != nil || out[0].ID == "" {
				t.Fatalf("got %+v, %v", out, err)
			}
			if want := map[bool]string{true: "PUT", false: "POST"}[tt.id != ""]; r.method != want {
				t.Errorf("got %s, want %s", r.method, want)
			}
			golden(t, tt.file, r.body)
		})
	}
}

func TestOrderMappingChoices(t *testing.T) {
	run := func(change func(*model.Order), settings map[string]string) model.Tree {
		o := fullOrder()
		change(o)
		return mapped(t, model.Orders, o, settings, false)
	}
	none := func(*model.Order) {}
	if got := run(none, nil)["PaCd"]; got != "14" {
		t.Errorf("forced payment terms: got %v", got)
	}
	if got := run(none, map[string]string{"forcePaymentTerms": "false"})["PaCd"]; got != "30" {
		t.Errorf("the order's own payment terms: got %v", got)
	}
	if got := run(func(o *model.Order) { o.Shipping = billing() }, nil)["ExAd"]; got != nil {
		t.Errorf("the same address twice: got ExAd %v", got)
	}
	if got := run(func(o *model.Order) { o.Shipping = nil }, nil)["ExAd"]; got != nil {
		t.Errorf("no shipping address: got ExAd %v", got)
	}
	if got, want := run(none, map[string]string{"customerInRemark": "true"})["Re"],
		"Please ring the bell\nBakkerij De Proef B.V., Anna van der Berg, Dorpsstraat 12 A, 1234 AB Proefdorp, NL, 0301234567, anna@proef.example"; got != want {
		t.Errorf("got remark %q, want %q", got, want)
	}
	if got, want := run(func(o *model.Order) { o.Customer = nil; o.Comment = "" }, nil)["Re"], "Dorpsstraat 12 A, 1234 AB Proefdorp, NL"; got != want {
		t.Errorf("a passer-by: got remark %q, want %q", got, want)
	}
	lines := run(none, map[string]string{"sendVatGroup": "false", "forceUnit": "true", "unit": "PCS"})["lines"].([]any)
	if line := lines[0].(model.Tree); line["VaRc"] != nil || line["BiUn"] != "PCS" {
		t.Errorf("got %v", line)
	}
	for name, tt := range map[string]struct {
		line          model.Line
		percent, each string // as sent
	}{
		"whole cents":           {model.Line{Quantity: dec("2"), Price: dec("5.00"), DiscountPercent: dec("10"), Total: dec("9.00")}, "10", ""},
		"a fraction of a cent":  {model.Line{Quantity: dec("1"), Price: dec("9.99"), DiscountPercent: dec("5"), Total: dec("9.50")}, "", "0.49"},
		"rounded the other way": {model.Line{Quantity: dec("1"), Price: dec("9.99"), DiscountPercent: dec("5"), Total: dec("9.49")}, "", "0.5"},
		"no total of the line":  {model.Line{Quantity: dec("1"), Price: dec("9.99"), DiscountPercent: dec("5")}, "", "0.5"},
		"an amount, no total":   {model.Line{Quantity: dec("3"), Price: dec("10.00"), DiscountAmount: dec("2.50")}, "", "2.5"},
		"a return":              {model.Line{Quantity: dec("-1"), Price: dec("9.99"), DiscountPercent: dec("5"), Total: dec("-9.49")}, "", "-0.5"},
		"all off":               {model.Line{Quantity: dec("1"), Price: dec("9.99"), DiscountAmount: dec("9.99")}, "", "9.99"},
	} {
		tt.line.SKU, tt.line.TaxRate = "5001", dec("21")
		line := run(func(o *model.Order) { o.Lines = []model.Line{tt.line} }, nil)["lines"].([]any)[0].(model.Tree)
		show := func(v any) string {
			if d, ok := v.(model.Decimal); ok {
				return d.Trim(0).String()
			}
			return ""
		}
		if p, a := show(line["PRDc"]), show(line["ARDc"]); p != tt.percent || a != tt.each {
			t.Errorf("discount, %s: got %q per cent and %q, want %q and %q", name, p, a, tt.percent, tt.each)
		}
	}
	if _, err := program(t, model.Orders).Run(mapping.Input{Settings: flow(t, model.Orders, nil),
		Record: model.ToTree(func() *model.Order { o := fullOrder(); o.Lines[0].TaxRate = dec("6"); return o }())}); err == nil {
		t.Error("a VAT rate without a tariff group was accepted")
	}
}

func TestCustomerMappingChoices(t *testing.T) {
	run := func(change func(*model.Customer), settings map[string]string, update bool) model.Tree {
		c := fullOrder().Customer
		change(c)
		return mapped(t, model.Customers, c, settings, update)
	}
	part := func(tree model.Tree, name string) model.Tree { p, _ := tree[name].(model.Tree); return p }
	whole := func(c *model.Customer) { c.Company, c.FirstName, c.Prefix, c.LastName = "", "", "", "" }
	if p := part(run(whole, nil, false), "person"); p["LaNm"] != "Berg" || p["Is"] != "van der" || p["FiNm"] != "Anna" {
		t.Errorf("a name in one piece: got %v", p)
	}
	noContact := func(c *model.Customer) { c.FirstName, c.Prefix, c.LastName, c.Name = "", "", "", c.Company }
	if p := part(run(noContact, nil, false), "person"); p["LaNm"] != nil {
		t.Errorf("a company without a contact: got %v", p)
	}
	deliveryOnly := func(c *model.Customer) { c.Billing = nil }
	if tree := run(deliveryOnly, nil, false); part(tree, "address")["Ad"] != "Hafenweg" || tree["delivery"] != nil {
		t.Errorf("a delivery address alone: got %v, %v", tree["address"], tree["delivery"])
	}
	noCountry := func(c *model.Customer) { c.Billing.Country = "" }
	if a := part(run(noCountry, map[string]string{"country": "BE"}, false), "address"); a["country"] != "BE" {
		t.Errorf("no country: got %v", a)
	}
	keep := map[string]string{"forceControlAccount": "false", "forcePaymentTerms": "false"}
	if tree := run(func(*model.Customer) {}, keep, true); tree["ColA"] != nil || tree["PaCd"] != nil || tree["VaDu"] != nil {
		t.Errorf("an existing debtor is given %v %v %v", tree["ColA"], tree["PaCd"], tree["VaDu"])
	}
	if tree := run(func(c *model.Customer) { c.Terms = "30" }, keep, false); tree["PaCd"] != "30" {
		t.Errorf("the customer's own terms: got %v", tree["PaCd"])
	}
}

// What a default mapping leaves to settings is missed aloud.
func TestOrderWithoutWhatItNeeds(t *testing.T) {
	r := record(t, 201, `{}`)
	fields := mapped(t, model.Orders, fullOrder(), nil, false)
	fields["lines"].([]any)[1].(model.Tree)["ItCd"] = strings.Repeat("x", 41)
	out, err := r.Write(t.Context(), model.Orders, []connector.Document{{Kind: model.Orders, Type: "order", Reference: "POS-1", Customer: "10280", Fields: queued(t, fields)}})
	if err != nil || !out[0].NotStarted || fault.ClassOf(out[0].Err) != fault.Reject || r.body != nil {
		t.Fatalf("got %+v, %v", out, err)
	}
	for _, want := range []string{"lines[1].ItCd", "discount.ItCd"} {
		if !strings.Contains(fault.As(out[0].Err).Field, want) {
			t.Errorf("%s is not named in %q", want, fault.As(out[0].Err).Field)
		}
	}
}

func BenchmarkOrder(b *testing.B) {
	r := record(b, 201, `{"results":{"FbSales":{"OrNu":"60001234"}}}`)
	fields := queued(b, mapped(b, model.Orders, fullOrder(), map[string]string{"discountItem": "KORTING"}, false))
	docs := []connector.Document{{Kind: model.Orders, Type: "order", Reference: "POS-1", Customer: "10280", Fields: fields}}
	for b.Loop() {
		if out, err := r.Write(b.Context(), model.Orders, docs); err != nil || out[0].Err != nil {
			b.Fatal(out, err)
		}
	}
}

// A full order and its customer, through the default mappings into an environment: every field a shop expects to find is there.
func TestFullOrderArrives(t *testing.T) {
	w := connect(t, sandbox.Options{}, nil)
	for _, code := range []string{"05001", "5002", "5003"} {
		w.item(t, code)
	}
	if err := w.env.AddItem(sandbox.SeedItem{Type: "6", Code: "KORTING", Description: "Discount", Unit: "*****", VatGroup: "1"}); err != nil {
		t.Fatal(err)
	}
	order := fullOrder()
	customer := w.write(t, model.Customers, connector.Document{Kind: model.Customers, Type: "company", Key: "anna@proef.example",
		Fields: queued(t, mapped(t, model.Customers, order.Customer, nil, false))})
	if customer.Err != nil || len(customer.Warnings) > 0 {
		t.Fatalf("got %+v", customer)
	}
	fields := mapped(t, model.Orders, order, map[string]string{"discountItem": "KORTING"}, false)
	out := w.write(t, model.Orders, connector.Document{Kind: model.Orders, Type: "order", Key: "POS-2026.318", Reference: "POS-2026.318",
		Customer: customer.ID, Fields: queued(t, fields)})
	if out.Err != nil {
		t.Fatal(out.Err)
	}
	o := w.env.Orders()[0]
	if o.Reference != "POS-2026.318" || o.InvoiceReference != "Webshop 100045" || o.Remark != "Please ring the bell" || o.Date != "2026-10-25" ||
		o.Administration != 1 || o.Currency != "EUR" || !o.InclVat || o.DeliveryDate != "2026-10-27" || o.Other["ExAd"] != "Filiaal Haven, Jo Bakker, Hafenweg 1, 12345 Probestadt, DE" {
		t.Errorf("got %+v", o)
	}
	if o.TotalIncl.Cmp(dec("66.38")) != 0 {
		t.Errorf("got total %s, want 66.38", o.TotalIncl)
	}
	if l := o.Lines[0]; l.ItemCode != "05001" || l.Quantity.Cmp(dec("2")) != 0 || l.Price.Cmp(dec("12.10")) != 0 || l.Description != "Mug, blue" || l.VatRate.Cmp(dec("21")) != 0 {
		t.Errorf("got line %+v", l)
	}
	if l := o.Lines[1]; l.VatRate.Cmp(dec("9")) != 0 || l.Amount.Cmp(dec("13.50")) != 0 {
		t.Errorf("got line %+v", l)
	}
	d, _ := w.env.Debtor(o.DebtorID)
	if p := d.Party; p.Name != "Bakkerij De Proef B.V." || p.EmailWork != "anna@proef.example" || p.PhoneWork != "0301234567" || p.Visiting.Street != "Dorpsstraat" {
		t.Errorf("got %+v", p)
	}
	m := w.find(t, model.Orders, connector.Query{Reference: "POS-2026.318"})
	if len(m) != 1 || m[0].Total.Cmp(order.Total.Gross) != 0 || m[0].Date != order.Date || m[0].Customer != customer.ID {
		t.Errorf("got %+v", m)
	}
}

// A field the administrator added is filled by a rule of the owner's.
func TestFreeFields(t *testing.T) {
	const code = "U0123456789ABCDEF0123456789ABCDEF"
	w := connect(t, sandbox.Options{FreeFields: []string{code}}, nil)
	w.item(t, "5001")
	target := afas.Connector.Target[model.Orders]
	text := strings.Replace(string(target.Mapping), "rules:\n", "rules:\n  - {to: free."+code+", from: paid}\n", 1)
	p, err := mapping.Compile(mapping.File{Name: "own", Text: []byte(text)}, mapping.Options{Input: model.Fields(model.Orders), Output: target.Fields, Settings: settingNames(model.Orders)})
	if err != nil {
		t.Fatal(err)
	}
	order := fullOrder()
	order.Lines, order.Charges, order.Discount = order.Lines[:1], nil, dec("0")
	order.Lines[0].SKU = "5001"
	r, err := p.Run(mapping.Input{Record: model.ToTree(order), Settings: flow(t, model.Orders, nil)})
	if err != nil {
		t.Fatal(err)
	}
	out := w.write(t, model.Orders, connector.Document{Kind: model.Orders, Type: "order", Reference: "POS-1", Customer: "10999", Fields: queued(t, r.Tree)})
	if out.Err != nil || !strings.Contains(string(out.Sent), `"`+code+`":true`) {
		t.Errorf("got %+v, sent %s", out.Err, out.Sent)
	}
}
