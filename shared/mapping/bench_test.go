package mapping_test

import (
	"os"
	"testing"

	"apicenter/shared/mapping"
	"apicenter/shared/model"
)

// benchmark returns a mapping of testdata/bench with the record it is measured on: an order of three lines and about 45
// fields.
func benchmark(t testing.TB, name string, o mapping.Options) (*mapping.Program, model.Tree) {
	t.Helper()
	text, err := os.ReadFile("testdata/bench/" + name + ".yaml")
	if err != nil {
		t.Fatal(err)
	}
	program, err := mapping.Compile(mapping.File{Name: name, Text: text}, o)
	if err != nil {
		t.Fatal(err)
	}
	record, err := os.ReadFile("testdata/bench/order.json")
	if err != nil {
		t.Fatal(err)
	}
	return program, tree(t, string(record))
}

func getSide(t testing.TB) (*mapping.Program, mapping.Input) {
	program, record := benchmark(t, "get", mapping.Options{Output: model.Fields(model.Orders), Settings: []string{"currency"}})
	return program, mapping.Input{Record: record, Settings: map[string]string{"currency": "EUR"}}
}

func sendSide(t testing.TB) (*mapping.Program, mapping.Input) {
	get, in := getSide(t)
	result, err := get.Run(in)
	if err != nil {
		t.Fatal(err)
	}
	var order model.Order
	if err := model.FromTree(result.Tree, &order); err != nil {
		t.Fatal(err)
	}
	program, _ := benchmark(t, "send", mapping.Options{Input: model.Fields(model.Orders), Settings: []string{"warehouse", "terms", "forceTerms", "unit"}})
	return program, mapping.Input{Record: model.ToTree(&order), Settings: map[string]string{"warehouse": "*****", "terms": "14", "unit": "STK"}}
}

// The mappings that are measured fill what they seem to.
func TestBenchmarkMappings(t *testing.T) {
	for _, c := range []struct {
		name string
		side func(testing.TB) (*mapping.Program, mapping.Input)
	}{{"get", getSide}, {"send", sendSide}} {
		program, in := c.side(t)
		result, err := program.Run(in)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if n := leaves(result.Tree); n < 40 || len(result.Tree["lines"].([]any)) != 3 {
			t.Errorf("%s: the document has %d fields: %s", c.name, n, indented(mapping.Canonical(result.Tree)))
		}
	}
}

func leaves(v any) int {
	n := 0
	switch v := v.(type) {
	case model.Tree:
		for _, field := range v {
			n += leaves(field)
		}
	case []any:
		for _, element := range v {
			n += leaves(element)
		}
	default:
		n = 1
	}
	return n
}

func BenchmarkGetSide(b *testing.B) { run(b, getSide) }

func BenchmarkSendSide(b *testing.B) { run(b, sendSide) }

func run(b *testing.B, side func(testing.TB) (*mapping.Program, mapping.Input)) {
	program, in := side(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := program.Run(in); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkFingerprint(b *testing.B) {
	program, in := sendSide(b)
	result, err := program.Run(in)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		mapping.Fingerprint(result.Tree)
	}
}

func BenchmarkCompile(b *testing.B) {
	text, err := os.ReadFile("testdata/bench/get.yaml")
	if err != nil {
		b.Fatal(err)
	}
	o := mapping.Options{Output: model.Fields(model.Orders), Settings: []string{"currency"}}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := mapping.Compile(mapping.File{Name: "get", Text: text}, o); err != nil {
			b.Fatal(err)
		}
	}
}
