package mapping_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"apicenter/shared/fault"
	"apicenter/shared/mapping"
	"apicenter/shared/model"
)

func compile(t testing.TB, text string, o mapping.Options) *mapping.Program {
	t.Helper()
	program, err := mapping.Compile(mapping.File{Name: "test", Text: []byte(text)}, o)
	if err != nil {
		t.Fatal(err)
	}
	return program
}

// rule makes a mapping of one rule that fills x.
func rule(expression string) string {
	return "rules:\n- to: x\n  from: " + "'" + strings.ReplaceAll(expression, "'", "''") + "'\n"
}

func ExampleCompile() {
	program, err := mapping.Compile(mapping.File{Name: "till orders get", Text: []byte(`
rules:
  - {to: number, from: orderNumber}
  - to: lines
    each: articles
    as: article
    rules:
      - {to: sku, from: article.code}
      - {to: price, from: cents(article.price)}
`)}, mapping.Options{Output: model.Fields(model.Orders)})
	if err != nil {
		fmt.Println(err)
		return
	}
	result, err := program.Run(mapping.Input{Record: model.Tree{
		"orderNumber": "2026.318",
		"articles":    []any{model.Tree{"code": "00123", "price": "1995"}},
	}})
	fmt.Println(string(mapping.Canonical(result.Tree)), err)
	// Output: {"lines":[{"price":19.95,"sku":"00123"}],"number":"2026.318"} <nil>
}

func ExampleProblems() {
	_, err := mapping.Compile(mapping.File{Name: "afas orders send", Text: []byte(`rules:
  - to: lines
    each: lines
    as: line
    rules:
      - {to: Upri, from: cent(line.price)}
      - {to: ItCod, from: line.sku}
`)}, mapping.Options{
		Input:  model.Fields(model.Orders),
		Output: model.Schema{{Path: "lines[].Upri", Type: model.Number}, {Path: "lines[].ItCd", Type: model.Text}},
	})
	fmt.Println(err)
	// Output:
	// afas orders send:6:26: field lines.Upri: unknown function cent (did you mean cents?)
	// afas orders send:7:14: field lines.ItCod: unknown output field lines.ItCod (did you mean lines.ItCd?)
}

func ExampleCompileFilter() {
	filter, err := mapping.CompileFilter("filter of orders", `paid and total.gross >= 25 and status != "cancelled"`,
		mapping.Options{Input: model.Fields(model.Orders)})
	if err != nil {
		fmt.Println(err)
		return
	}
	passes, err := filter.Match(model.Tree{"paid": true, "total": model.Tree{"gross": "25.00"}}, nil)
	fmt.Println(passes, err)
	// Output: true <nil>
}

func TestFilter(t *testing.T) {
	if _, err := mapping.CompileFilter("filter", "paid and\n totl.gross > 1 and cent(1) > 2", mapping.Options{Input: model.Fields(model.Orders)}); err == nil ||
		err.Error() != "filter:2:2: unknown input field totl (did you mean total?)\nfilter:2:21: unknown function cent (did you mean cents?)" {
		t.Errorf("got %v", err)
	}
	for _, bad := range []string{"", "1 + 1", "number +", `"text"`} {
		if _, err := mapping.CompileFilter("filter", bad, mapping.Options{Input: model.Fields(model.Orders)}); err == nil {
			t.Errorf("the filter %q was accepted", bad)
		}
	}
	f, err := mapping.CompileFilter("filter", "number", mapping.Options{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.Match(model.Tree{"number": "secret text"}, nil)
	if fault.ClassOf(err) != fault.Reject || strings.Contains(err.Error(), "secret") {
		t.Errorf("got %v", err)
	}
	f, err = mapping.CompileFilter("filter", `settings.all or channel == settings.channel`, mapping.Options{Settings: []string{"all", "channel"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		settings map[string]string
		want     bool
	}{{nil, true}, {map[string]string{"channel": "1"}, false}, {map[string]string{"channel": "1", "all": "true"}, true}} {
		if got, err := f.Match(model.Tree{}, c.settings); err != nil || got != c.want {
			t.Errorf("%v: got %v, %v, want %v", c.settings, got, err, c.want)
		}
	}
}

func TestFields(t *testing.T) {
	program := compile(t, `rules:
  - {to: a, from: x + 1, on: create, when: y}
  - {to: b, value: "c", default: {from: settings.s, force: true}, table: t}
  - to: o
    when: z
    rules:
      - to: l
        each: list
        as: e
        where: e.ok
        rules:
          - {to: n, from: e.n, when: q}
tables:
  t: {unmapped: keep, values: {}}
`, mapping.Options{Settings: []string{"s"}})
	want := []mapping.FieldInfo{
		{Field: "a", From: "x + 1", On: "create", When: "y", Line: 2},
		{Field: "b", Constant: "c", Default: "settings.s", Force: "true", Table: "t", Line: 3},
		{Field: "o.l", Each: "list", As: "e", Where: "e.ok", When: "z", Line: 7},
		{Field: "o.l[].n", From: "e.n", When: "z and q", Line: 12},
	}
	if diff := cmp.Diff(want, program.Fields()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A program is shared by all goroutines of a stage, and gives the same for the same record every time.
func TestRunsAtTheSameTime(t *testing.T) {
	program, in := getSide(t)
	first, err := program.Run(in)
	if err != nil {
		t.Fatal(err)
	}
	want := string(mapping.Canonical(first.Tree))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				result, err := program.Run(in)
				if err != nil || string(mapping.Canonical(result.Tree)) != want {
					t.Errorf("got another result: %v", err)
					return
				}
			}
		})
	}
	wg.Wait()
}

func TestResultSharesNothingWithTheRecord(t *testing.T) {
	record := model.Tree{"o": model.Tree{"a": "1", "l": []any{"x", model.Tree{"b": "2"}}}}
	program := compile(t, "rules:\n- {to: copy, from: o}\n- {to: list, from: concat(o.l)}\n", mapping.Options{})
	before := string(mapping.Canonical(record))
	result, err := program.Run(mapping.Input{Record: record})
	if err != nil {
		t.Fatal(err)
	}
	copied := result.Tree["copy"].(model.Tree)
	copied["a"] = "changed"
	copied["l"].([]any)[1].(model.Tree)["b"] = "changed"
	result.Tree["list"].([]any)[0] = "changed"
	if after := string(mapping.Canonical(record)); after != before {
		t.Errorf("the record changed from %s to %s", before, after)
	}
}

func TestTypesOfTheDataModel(t *testing.T) {
	order := model.Order{ID: "1", Number: "2026.1", Placed: time.Date(2026, 10, 24, 22, 30, 0, 0, time.UTC), Zone: "Europe/Amsterdam",
		Lines: []model.Line{{SKU: "00123"}}, Customer: &model.Customer{Email: " A@B.example"}}
	program := compile(t, `rules:
  - {to: day, from: 'date(placed, zone)'}
  - {to: at, from: placed}
  - {to: late, from: 'placed > "2026-10-24T00:00:00Z"'}
  - {to: mail, from: email(customer.email)}
  - {to: noBilling, from: billing == nil}
  - {to: sku, from: 'lines[0].sku'}
  - {to: free, from: 'lines[0].price == 0'}
  - {to: remark, from: comment}
`, mapping.Options{Input: model.Fields(model.Orders)})
	result, err := program.Run(mapping.Input{Record: model.ToTree(&order)})
	if err != nil {
		t.Fatal(err)
	}
	want := `{"at":"2026-10-24T22:30:00Z","day":"2026-10-25","free":true,"late":true,"mail":"a@b.example","noBilling":true,"sku":"00123"}`
	if got := string(mapping.Canonical(result.Tree)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// Shared tables stand in for those of the file and bring their problems with them.
func TestSharedTables(t *testing.T) {
	text := "rules:\n- {to: x, from: rate, table: vat}\ntables:\n  vat: {values: {\"21\": file}}\n"
	program := compile(t, text, mapping.Options{Tables: map[string]mapping.Table{"vat": {Values: map[string]string{"21.0": "shared"}}}})
	result, err := program.Run(mapping.Input{Record: model.Tree{"rate": 21}})
	if err != nil || result.Tree["x"] != "shared" {
		t.Errorf("got %v, %v", result.Tree, err)
	}
	_, err = mapping.Compile(mapping.File{Name: "test", Text: []byte(text)}, mapping.Options{Tables: map[string]mapping.Table{
		"vat": {Unmapped: "default", Values: map[string]string{"1": "a", "1.0": "b"}}}})
	want := "test:0:0: field tables.vat: unmapped: default needs the default to use\ntest:0:0: field tables.vat: the value 1 is there twice with different results"
	if err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
}

// No text of a failure or a warning quotes what may be about a person.
func TestFailuresQuoteNoValue(t *testing.T) {
	const secret = "Geheimstraat"
	for _, expression := range []string{
		`number(v)`, `v * 2`, `v - 1`, `-v`, `date(v)`, `instant(v, "Europe/Amsterdam")`, `date("2026-10-24T00:00:00Z", v)`, `v.field`, `not v`, `v ? 1 : 2`, `v > 5`,
		`round(v)`, `cut("x", v)`, `pad("x", v, "0")`, `sum([v])`, `scale(1, v)`, `lookup("t", v)`, `[1][v].a`, `number(v, ",")`, `{a: v} + 1`, `v[1:v]`,
	} {
		text := "rules:\n- to: x\n  from: '" + strings.ReplaceAll(expression, "'", "''") + "'\ntables:\n  t: {values: {}}\n"
		program := compile(t, text, mapping.Options{})
		_, err := program.Run(mapping.Input{Record: model.Tree{"v": secret + " 12, te Dorp"}})
		var e *fault.Error
		if expression == "[1][v].a" && err == nil {
			continue
		}
		if !errors.As(err, &e) || e.Class != fault.Reject || e.Field != "x" || e.Advice == "" {
			t.Errorf("%s: got %v", expression, err)
			continue
		}
		if strings.Contains(e.Error()+e.Advice+e.Detail, "heimstraat") {
			t.Errorf("%s quotes the value: %v", expression, e)
		}
	}
}
