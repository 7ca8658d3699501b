package mpluskassa_test

import (
	"context"
	"encoding/json"
	"flag"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	till "apicenter/infra/sandbox/mpluskassa"
	"apicenter/infra/sandbox/shopdata"
	"apicenter/shared/connector"
	"apicenter/shared/connector/mpluskassa"
	"apicenter/shared/mapping"
	"apicenter/shared/model"
)

// compile compiles the default mapping of a kind against what the connector declares and what the data model has.
func compile(t testing.TB, kind model.Kind) *mapping.Program {
	t.Helper()
	source := mpluskassa.Connector.Source[kind]
	var names []string
	for _, s := range append(append([]connector.Setting(nil), mpluskassa.Connector.Settings...), source.Settings...) {
		if !s.Secret {
			names = append(names, s.Name)
		}
	}
	p, err := mapping.Compile(mapping.File{Name: "mpluskassa " + string(kind) + " get", Text: source.Mapping},
		mapping.Options{Input: source.Fields, Output: model.Fields(kind), Settings: names})
	if err != nil {
		t.Fatalf("%s: %v", kind, err)
	}
	return p
}

// file serves the answers that lie in testdata, each until its last marker was read.
func file(t *testing.T) connector.Session {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		operation := strings.Trim(r.Header.Get("SOAPAction"), `"`)
		text, err := os.ReadFile(filepath.Join("testdata", operation+".xml"))
		if err != nil {
			text = []byte(`<e:Envelope xmlns:e="x"><e:Body><` + operation + `Response/></e:Body></e:Envelope>`)
		}
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = w.Write(text)
	}))
	t.Cleanup(server.Close)
	u, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	s, err := mpluskassa.Connector.Open(connector.Config{Now: time.Now, Settings: map[string]string{
		"host": u.Hostname(), "port": u.Port(), "tls": "false", "ident": "i", "secret": "s"}})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Records as they come from the wire, through the default mapping, into the data model: what the files mapped.*.json say.
func TestDefaultMappings(t *testing.T) {
	cases := []struct {
		name     string
		kind     model.Kind
		settings map[string]string
		into     func() any
	}{
		{"orders", model.Orders, map[string]string{"sku": "articleNumber", "currency": "EUR"}, func() any { return &model.Order{} }},
		{"orders-by-code", model.Orders, map[string]string{"sku": "extArticleId"}, func() any { return &model.Order{} }},
		{"invoices", model.Orders, map[string]string{"documents": "invoices"}, func() any { return &model.Order{} }},
		{"customers", model.Customers, nil, func() any { return &model.Customer{} }},
		{"products", model.Products, map[string]string{"sku": "pluNumber"}, func() any { return &model.Product{} }},
	}
	s := file(t)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			p := compile(t, c.kind)
			flow := map[string]string{}
			for name, value := range c.settings {
				if name != "currency" { // a setting of the connection
					flow[name] = value
				}
			}
			page, err := s.(connector.Reader).Read(context.Background(), connector.ReadRequest{Kind: c.kind, Settings: flow})
			if err != nil {
				t.Fatal(err)
			}
			type mapped struct {
				Key      string
				Record   any
				Warnings []mapping.Warning `json:",omitempty"`
			}
			var got []mapped
			for _, r := range page.Records {
				out, err := p.Run(mapping.Input{Record: r.Fields, Settings: c.settings})
				if err != nil {
					t.Fatalf("%s: %v", r.Key, err)
				}
				record := c.into()
				if err := model.FromTree(out.Tree, record); err != nil {
					t.Fatalf("%s: %v", r.Key, err)
				}
				got = append(got, mapped{r.Key, record, out.Warnings})
			}
			golden(t, "mapped."+c.name+".json", got)
		})
	}
}

// The orders of a generated shop, through the till, the wire and the default mapping, are the shop's orders again.
func TestSandboxOrdersInTheDataModel(t *testing.T) {
	shop := shopdata.Generate(shopdata.Options{Seed: 11, Orders: 300})
	sb := till.New(till.Options{ShufflePages: true})
	sb.Load(shop)
	_, s := start(t, sb, time.Now)
	records, _ := run(t, s, connector.ReadRequest{Kind: model.Orders})
	p, got := compile(t, model.Orders), byKey(records)
	for i := range shop.Orders {
		want := &shop.Orders[i]
		out, err := p.Run(mapping.Input{Record: got[bare(want.ID)].Fields})
		if err != nil {
			t.Fatalf("order %s: %v", want.Number, err)
		}
		var o model.Order
		if err := model.FromTree(out.Tree, &o); err != nil {
			t.Fatalf("order %s: %v", want.Number, err)
		}
		check := func(what string, got, want any) {
			t.Helper()
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("order %s, %s (-want +got):\n%s", o.Number, what, diff)
			}
		}
		equal := func(what string, got, want model.Decimal) {
			t.Helper()
			if got.Cmp(want) != 0 {
				t.Errorf("order %s, %s: got %s, want %s", o.Number, what, got, want)
			}
		}
		check("number", o.Number, want.Number.String())
		check("placed", o.Placed, want.Placed.Truncate(time.Second).UTC())
		check("external", o.External, want.ExtID)
		check("reference", o.Reference, want.Reference)
		check("includesTax", o.IncludesTax, want.PricesIncludeVAT)
		check("paid", o.Paid, want.IsPaid())
		check("cancelled", o.Cancelled, want.Cancelled)
		check("currency", o.Currency, "EUR")
		equal("gross", o.Total.Gross, want.Totals.Incl)
		equal("net", o.Total.Net, want.Totals.Excl)
		if len(o.Lines) != len(want.Lines) {
			t.Errorf("order %s has %d lines, want %d", o.Number, len(o.Lines), len(want.Lines))
			continue
		}
		for j, l := range o.Lines {
			w := want.Lines[j]
			check("sku", l.SKU, strconv.FormatInt(w.ArticleNumber, 10))
			check("text", l.Description, w.Text)
			equal("quantity", l.Quantity, w.Quantity)
			equal("price", l.Price, w.UnitPrice)
			equal("discount", l.DiscountPercent, w.DiscountPercent)
			equal("discount amount", l.DiscountAmount, w.DiscountAmount)
			equal("rate", l.TaxRate, w.VATRate)
			equal("line total", l.Total, w.Total)
		}
		if c := want.Customer; c != nil && o.Customer != nil {
			check("company", o.Customer.Company, c.Company)
			check("person", o.Customer.FirstName+"|"+o.Customer.Prefix+"|"+o.Customer.LastName, c.First+"|"+c.Prefix+"|"+c.Last)
			check("email", o.Customer.Email, model.NormalEmail(want.Email))
			check("vat number", o.Customer.VATNumber, c.VATNumber)
		} else if c != nil {
			t.Errorf("order %s has no customer", o.Number)
		}
		if a := want.ShippingAddress; a != nil {
			check("shipping", o.Shipping.Street+"|"+o.Shipping.Number+"|"+o.Shipping.Addition+"|"+o.Shipping.City+"|"+o.Shipping.Country,
				a.Street+"|"+strconv.Itoa(a.HouseNumber)+"|"+a.Addition+"|"+a.City+"|"+a.Country)
		}
	}
}

// BenchmarkMapping maps one order.
func BenchmarkMapping(b *testing.B) {
	sb := till.New(till.Options{})
	sb.Load(shopdata.Generate(shopdata.Options{Seed: 11, Orders: 50}))
	_, s := start(b, sb, time.Now)
	records, _ := run(b, s, connector.ReadRequest{Kind: model.Orders})
	p := compile(b, model.Orders)
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		if _, err := p.Run(mapping.Input{Record: records[i%len(records)].Fields}); err != nil {
			b.Fatal(err)
		}
		i++
	}
}

func golden(t *testing.T, name string, value any) {
	t.Helper()
	got, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	path := filepath.Join("testdata", name)
	if f := flag.Lookup("update"); f.Value.String() == "true" {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}
