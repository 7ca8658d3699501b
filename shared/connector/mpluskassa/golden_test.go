package mpluskassa

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"apicenter/shared/connector/internal/soap"
	"apicenter/shared/model"
)

var update = flag.Bool("update", false, "write the golden files anew")

// answers are the kinds of answer that lie in testdata.
func answers() map[string]*soap.Shape {
	return map[string]*soap.Shape{"getOrders": ordersReply, "getInvoices": invoicesReply, "getRelations": relationsReply, "getProducts": productsReply}
}

func readFile(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestGoldenAnswers(t *testing.T) {
	for operation, shape := range answers() {
		t.Run(operation, func(t *testing.T) {
			tree, repaired, err := soap.Decode(readFile(t, operation+".xml"), operation+"Response", shape)
			if err != nil || repaired != 0 {
				t.Fatalf("Decode: %v, %d repaired", err, repaired)
			}
			golden(t, operation+".golden.json", tree)
		})
	}
}

// golden compares a value with the file of the name, as JSON.
func golden(t *testing.T, name string, value any) {
	t.Helper()
	got, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	if *update {
		if err := os.WriteFile(filepath.Join("testdata", name), got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(readFile(t, name), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

// Every path and type of the declared schema is what records have: a field that the schema does not know cannot be mapped,
// one that records never have misleads.
func TestRecordsFitTheirSchema(t *testing.T) {
	check := func(name string, fields model.Schema, records []any) {
		for _, r := range records {
			for _, path := range leaves(r.(model.Tree), "") {
				if !slices.ContainsFunc(fields, func(f model.Field) bool { return f.Path == path }) {
					t.Errorf("%s: the schema has no %s", name, path)
				}
			}
		}
		seen := map[string]bool{}
		for _, f := range fields {
			if seen[f.Path] {
				t.Errorf("%s: the schema has %s twice", name, f.Path)
			}
			seen[f.Path] = true
			if f.Doc == "" && f.Path != "articleList" {
				t.Errorf("%s: %s is not explained", name, f.Path)
			}
		}
	}
	decode := func(operation, wrapper, element string) []any {
		tree, _, err := soap.Decode(readFile(t, operation+".xml"), operation+"Response", answers()[operation])
		if err != nil {
			t.Fatal(err)
		}
		return list(tree, wrapper, element)
	}
	check("orders", Connector.Source[model.Orders].Fields, decode("getOrders", "orderList", "order"))
	check("invoices", Connector.Source[model.Orders].Fields, decode("getInvoices", "invoiceList", "invoice"))
	check("customers", Connector.Source[model.Customers].Fields, decode("getRelations", "relationList", "relation"))
	var articles []any
	for _, p := range decode("getProducts", "productList", "product") {
		for _, x := range foundArticles(p.(model.Tree)) {
			articles = append(articles, x.fields)
		}
	}
	check("products", Connector.Source[model.Products].Fields, articles)
}

func leaves(tree model.Tree, prefix string) []string {
	var out []string
	for name, value := range tree {
		switch v := value.(type) {
		case model.Tree:
			out = append(out, prefix+name)
			out = append(out, leaves(v, prefix+name+".")...)
		case []any:
			out = append(out, prefix+name)
			for _, e := range v {
				if sub, ok := e.(model.Tree); ok {
					out = append(out, leaves(sub, prefix+name+"[].")...)
				}
			}
		default:
			out = append(out, prefix+name)
		}
	}
	return out
}

// What is not needed is not read, so that it cannot leak: the files hold a card number, a birth date and a loyalty card.
func TestSensitivePartsAreNotRead(t *testing.T) {
	for operation := range answers() {
		xml, decoded := readFile(t, operation+".xml"), readFile(t, operation+".golden.json")
		for _, part := range []string{"************1234", "cardNumber", "birthDate", "2900000000001"} {
			if strings.Contains(decoded, part) {
				t.Errorf("%s: %s was read", operation, part)
			}
			if operation == "getRelations" && part == "birthDate" && !strings.Contains(xml, part) {
				t.Errorf("%s.xml no longer has %s; this test proves nothing", operation, part)
			}
		}
	}
}
