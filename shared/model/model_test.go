package model_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/govalues/decimal"
	"github.com/invopop/jsonschema"
	"pgregory.net/rapid"

	"apicenter/shared/model"
)

var update = flag.Bool("update", false, "write the golden files anew")

// order is an order with every field filled, for golden files.
func order() model.Order {
	d := decimal.MustParse
	return model.Order{
		ID: "6f0e3a52", Number: "2026.318", Type: "order", Status: "open", Reference: "Webshop 100045", External: "WEB-100045",
		Placed: time.Date(2026, 10, 24, 12, 30, 12, 0, time.UTC), Zone: "Europe/Amsterdam", Date: "2026-10-24", Currency: "EUR",
		Channel: "1", Employee: "999999", IncludesTax: true, Paid: true, PaidAmount: d("24.20"), Comment: "Aan de zij-ingang",
		Customer: &model.Customer{ID: "10023", Number: "10023", Company: "Bakkerij De Proef B.V.", Name: "Anna van der Berg",
			FirstName: "Anna", Prefix: "van der", LastName: "Berg", Email: "anna@proef.example", Phone: "0301234567",
			Billing: &model.Address{Street: "Dorpsstraat", Number: "12", Addition: "A", PostalCode: "1234 AB", City: "Proefdorp", Country: "NL"}},
		Billing:  &model.Address{Street: "Dorpsstraat", Number: "12", Addition: "A", PostalCode: "1234 AB", City: "Proefdorp", Country: "NL"},
		Shipping: &model.Address{Street: "Kerkstraat", Number: "5", Addition: "bis", PostalCode: "2000", City: "Antwerpen", Country: "BE"},
		Lines: []model.Line{{ID: "1", SKU: "005001", Description: "Mok, blauw", Unit: "STK", Quantity: d("2"), Price: d("12.10"),
			DiscountPercent: d("10"), TaxRate: d("21"), TaxCode: "1", Total: d("21.78")}},
		Charges:  []model.Charge{{Kind: model.ChargeShipping, SKU: "VERZEND", Description: "Verzendkosten", Amount: d("4.95"), TaxRate: d("21")}},
		Payment:  model.Payment{Method: "PIN", Terms: "14"},
		Delivery: model.Delivery{Method: "BEZORGEN", Date: "2026-10-26"},
		Taxes:    []model.Tax{{Code: "1", Rate: d("21"), Net: d("22.09"), Amount: d("4.64")}},
		Total:    model.Total{Net: d("22.09"), Tax: d("4.64"), Gross: d("26.73")},
	}
}

// What was stored by an earlier release is read by this one: the golden file is never rewritten once released.
func TestStoredOrderIsRead(t *testing.T) {
	want := order()
	path := filepath.Join("testdata", "order.v1.json")
	if *update {
		writeJSON(t, path, want)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var got model.Order
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the stored order reads differently (-want +got):\n%s", diff)
	}
}

// The JSON schemas beside this test are what integrators validate against; they follow from the types.
func TestSchemasAreUpToDate(t *testing.T) {
	reflector := jsonschema.Reflector{DoNotReference: true, Anonymous: true, AllowAdditionalProperties: true,
		Mapper: func(t reflect.Type) *jsonschema.Schema {
			if t == reflect.TypeFor[model.Decimal]() {
				return &jsonschema.Schema{Type: "string", Pattern: `^-?[0-9]+(\.[0-9]+)?$`}
			}
			return nil
		},
		LookupComment: func(t reflect.Type, name string) string {
			if t.Kind() != reflect.Struct || name == "" {
				return ""
			}
			f, _ := t.FieldByName(name)
			return f.Tag.Get("doc")
		}}
	for name, record := range map[string]any{"order": &model.Order{}, "customer": &model.Customer{}, "product": &model.Product{}} {
		path := filepath.Join("schema", name+".json")
		var got bytes.Buffer
		encoder := json.NewEncoder(&got)
		encoder.SetIndent("", "  ")
		schema := reflector.Reflect(record)
		if err := encoder.Encode(schema); err != nil {
			t.Fatal(err)
		}
		if *update {
			if err := os.MkdirAll("schema", 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, got.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got.String()); diff != "" {
			t.Errorf("%s is out of date; run go test ./shared/model -update (-file +types):\n%s", path, diff)
		}
	}
}

// Every field of a record is in its schema with a meaning, so that a mapping screen can explain it.
func TestFieldsExplainThemselves(t *testing.T) {
	for _, kind := range []model.Kind{model.Orders, model.Customers, model.Products} {
		fields := model.Fields(kind)
		if len(fields) < 10 {
			t.Errorf("%s has %d fields only", kind, len(fields))
		}
		for _, f := range fields {
			if f.Path == "" || strings.Contains(f.Path, "..") || strings.HasSuffix(f.Path, ".") || f.Doc == "" {
				t.Errorf("%s: field %q has no meaning or no proper path", kind, f.Path)
			}
		}
	}
	paths := map[string]model.Type{}
	for _, f := range model.Fields(model.Orders) {
		paths[f.Path] = f.Type
	}
	want := map[string]model.Type{"number": model.Text, "lines": model.List, "lines[].quantity": model.Number,
		"customer": model.Object, "customer.billing.street": model.Text, "placed": model.Instant, "paid": model.Boolean}
	for path, kind := range want {
		if paths[path] != kind {
			t.Errorf("field %s is %q, want %q", path, paths[path], kind)
		}
	}
}

func TestTreeThereAndBack(t *testing.T) {
	want := order()
	var got model.Order
	if err := model.FromTree(model.ToTree(&want), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestFromTreeReportsEveryMisfitAndNoValue(t *testing.T) {
	tree := model.Tree{"number": []any{}, "colour": "blue", "paid": "perhaps-secret", "lines": []any{model.Tree{"quantity": "many-secret"}},
		"total": "secret", "placed": "yesterday-secret"}
	err := model.FromTree(tree, &model.Order{})
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"number", "colour", "paid", "lines[0].quantity", "total", "placed"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not named in: %v", want, err)
		}
	}
	if strings.Contains(err.Error(), "secret") {
		t.Errorf("a value stands in the error: %v", err)
	}
}

func TestVersionOrder(t *testing.T) {
	early, late := time.Unix(100, 0), time.Unix(200, 0)
	tests := []struct {
		name string
		a, b model.Version
		want int
	}{
		{"marker first", model.Version{Marker: 5, Read: late}, model.Version{Marker: 6, Read: early}, -1},
		{"then read time", model.Version{Marker: 5, Read: early}, model.Version{Marker: 5, Read: late}, -1},
		{"no marker on one side: read time alone", model.Version{Read: late}, model.Version{Marker: 6, Read: early}, 1},
		{"equal", model.Version{Marker: 5, Read: early}, model.Version{Marker: 5, Read: early}, 0},
		{"anything is newer than nothing", model.Version{Marker: 1, Read: early}, model.Version{}, 1},
	}
	for _, test := range tests {
		if got := test.a.Compare(test.b); got != test.want {
			t.Errorf("%s: got %d, want %d", test.name, got, test.want)
		}
		if got := test.b.Compare(test.a); got != -test.want {
			t.Errorf("%s, turned round: got %d, want %d", test.name, got, -test.want)
		}
	}
}

func TestRoundHalfAway(t *testing.T) {
	for in, want := range map[string]string{"1.005": "1.01", "1.004": "1.00", "-1.005": "-1.01", "2.5": "2.5", "0.125": "0.13",
		"0.995": "1.00", "-0.004": "0.00", "12.345678": "12.35"} {
		got := model.RoundHalfAway(decimal.MustParse(in), 2)
		if !got.Equal(decimal.MustParse(want)) {
			t.Errorf("RoundHalfAway(%s, 2) = %s, want %s", in, got, want)
		}
	}
}

func TestRoundHalfAwayIsSymmetricAndNear(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := decimal.MustNew(rapid.Int64Range(-1e12, 1e12).Draw(t, "coefficient"), rapid.IntRange(0, 6).Draw(t, "scale"))
		got := model.RoundHalfAway(d, 2)
		if back := model.RoundHalfAway(d.Neg(), 2).Neg(); !back.Equal(got) {
			t.Fatalf("%s rounds to %s, its opposite to %s", d, got, back)
		}
		off, err := got.SubAbs(d)
		if err != nil || off.Cmp(decimal.MustNew(5, 3)) > 0 {
			t.Fatalf("%s rounds to %s, %s off", d, got, off)
		}
	})
}

func writeJSON(t *testing.T, path string, v any) {
	t.Helper()
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, append(data, '\n'), 0o600); err != nil {
		t.Fatal(err)
	}
}
