package mapping_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"apicenter/shared/fault"
	"apicenter/shared/mapping"
	"apicenter/shared/model"
)

// Whatever is typed, compiling gives a program or problems with places inside the file, and running gives a document or a
// failure that names a field: never a panic.
func FuzzCompile(f *testing.F) {
	files, err := filepath.Glob("testdata/cases/*.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		var c mappingCase
		if err := yaml.Unmarshal(text, &c); err != nil {
			f.Fatal(err)
		}
		f.Add(c.Mapping)
	}
	for _, s := range []string{"rules: [{to: x, from: \"a\\u0041\\\n  b\"}]", "rules:\n- to: x\n  from: |+\n    a\n\n", "rules: [{to: x, each: l, as: l, rules: [{to: y, from: index}]}]", "\r\nrules:\r\n- {to: x, from: y}\r\n"} {
		f.Add(s)
	}
	record := tree(f, `{"a": "1", "b": 2.5, "l": [{"x": 1}, {"x": "2"}], "lines": {"line": {"sku": "1"}}, "n": null, "t": true}`)
	f.Fuzz(func(t *testing.T, text string) {
		for _, o := range []mapping.Options{{}, {Input: model.Fields(model.Orders), Output: model.Fields(model.Orders), Settings: []string{"a"}}} {
			program, err := mapping.Compile(mapping.File{Name: "fuzz", Text: []byte(text)}, o)
			if err != nil {
				checkPlaces(t, text, err)
				continue
			}
			for _, update := range []bool{false, true} {
				result, err := program.Run(mapping.Input{Record: record, Update: update})
				var e *fault.Error
				if err != nil && (!errors.As(err, &e) || e.Class != fault.Reject || e.Field == "" || strings.HasPrefix(e.Detail, "panic")) {
					t.Fatalf("%v", err)
				}
				mapping.Fingerprint(result.Tree)
			}
			program.Fields()
		}
	})
}

func checkPlaces(t *testing.T, text string, err error) {
	t.Helper()
	var problems *mapping.Problems
	if !errors.As(err, &problems) || len(problems.List) == 0 {
		t.Fatalf("the error is %T %v", err, err)
	}
	lines := strings.Count(text, "\n") + strings.Count(text, "\r") + 2
	for _, p := range problems.List {
		if p.Line < 1 || p.Line > lines || p.Column < 1 || p.Message == "" || strings.Contains(p.Message, "breaks the parser") {
			t.Fatalf("%v of %d lines", p, lines)
		}
	}
}

// Expressions alone get further than whole files do.
func FuzzExpression(f *testing.F) {
	for _, s := range []string{"a + b", "l[0].x", "filter(l, .x > 1)[0]", "a ? b : t", "let q = a; q ?? b", "cents(b) * 0.05", "lookup(\"t\", a)", "a in [1, \"x\"]", "b[-1:]",
		"{x: a}.x", "map(l, {#.x})", "sum(l, .x)", "person(a).last", "-(-a)", "not t and a matches \"^a\"", "$record[a]", "a | upper()", "l?.[0]?.x", "1e5", "0x1F", "1_0.5", "if t {a} else {b}"} {
		f.Add(s)
	}
	record := tree(f, `{"a": "1", "b": 2.5, "l": [{"x": 1}, {"x": "2"}], "n": null, "t": true}`)
	f.Fuzz(func(t *testing.T, expression string) {
		filter, err := mapping.CompileFilter("fuzz", expression, mapping.Options{Tables: map[string]mapping.Table{"t": {Unmapped: "keep"}}})
		if err != nil {
			checkPlaces(t, expression, err)
			return
		}
		_, err = filter.Match(record, nil)
		var e *fault.Error
		if err != nil && (!errors.As(err, &e) || e.Class != fault.Reject || strings.HasPrefix(e.Detail, "panic")) {
			t.Fatalf("%v", err)
		}
		if e != nil && e.Detail != "" && !strings.Contains(e.Detail, "memory") {
			t.Fatalf("the machine failed by itself: %v", e)
		}
	})
}
