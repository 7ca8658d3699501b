package mapping_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"

	"apicenter/shared/fault"
	"apicenter/shared/mapping"
	"apicenter/shared/model"
)

// mappingCase is one file of testdata/cases. A new file is a new case.
type mappingCase struct {
	About string `yaml:"about"`
	// Input and Output are a kind of the data model (orders) or a list of fields: "lines[].sku text". Left out: anything goes.
	Input    any                      `yaml:"input"`
	Output   any                      `yaml:"output"`
	Settings []string                 `yaml:"settings"`
	Tables   map[string]mapping.Table `yaml:"tables"`
	Mapping  string                   `yaml:"mapping"`
	// Problems are the lines that compiling reports, without the name of the file.
	Problems []string  `yaml:"problems"`
	Runs     []caseRun `yaml:"runs"`
}

type caseRun struct {
	Record   string            `yaml:"record"` // JSON
	Settings map[string]string `yaml:"settings"`
	Update   bool              `yaml:"update"`
	Tree     string            `yaml:"tree"` // JSON
	Warnings []string          `yaml:"warnings"`
	// Field, Message and Advice are those of the failure; of message and advice a part is enough.
	Field   string `yaml:"field"`
	Message string `yaml:"message"`
	Advice  string `yaml:"advice"`
}

func TestCases(t *testing.T) {
	files, err := filepath.Glob("testdata/cases/*.yaml")
	if err != nil || len(files) < 10 {
		t.Fatalf("found %d cases: %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var c mappingCase
			if err := yaml.UnmarshalWithOptions(text, &c, yaml.Strict()); err != nil {
				t.Fatal(err)
			}
			c.run(t)
		})
	}
}

func (c *mappingCase) run(t *testing.T) {
	program, err := mapping.Compile(mapping.File{Name: "case", Text: []byte(c.Mapping)},
		mapping.Options{Input: schema(t, c.Input), Output: schema(t, c.Output), Settings: c.Settings, Tables: c.Tables})
	var got []string
	if err != nil {
		var problems *mapping.Problems
		if !errors.As(err, &problems) {
			t.Fatalf("the error is a %T", err)
		}
		for line := range strings.Lines(problems.Error()) {
			got = append(got, strings.TrimPrefix(strings.TrimSuffix(line, "\n"), "case:"))
		}
	}
	if diff := cmp.Diff(c.Problems, got); diff != "" {
		t.Fatalf("problems (-want +got):\n%s", diff)
	}
	if len(c.Problems) == 0 && len(c.Runs) == 0 {
		t.Fatal("the case expects nothing")
	}
	for i, run := range c.Runs {
		result, err := program.Run(mapping.Input{Record: tree(t, run.Record), Settings: run.Settings, Update: run.Update})
		if run.Field != "" {
			run.fails(t, i, err)
			continue
		}
		if err != nil {
			t.Errorf("run %d: %v", i+1, err)
			continue
		}
		if diff := cmp.Diff(indented(mapping.Canonical(tree(t, run.Tree))), indented(mapping.Canonical(result.Tree))); diff != "" {
			t.Errorf("run %d: tree (-want +got):\n%s", i+1, diff)
		}
		var warnings []string
		for _, w := range result.Warnings {
			warnings = append(warnings, w.Field+": "+w.Message)
		}
		if diff := cmp.Diff(run.Warnings, warnings); diff != "" {
			t.Errorf("run %d: warnings (-want +got):\n%s", i+1, diff)
		}
	}
}

func (run *caseRun) fails(t *testing.T, i int, err error) {
	t.Helper()
	var e *fault.Error
	if !errors.As(err, &e) {
		t.Errorf("run %d: got %v, want a failure of %s", i+1, err, run.Field)
		return
	}
	if e.Class != fault.Reject || e.Field != run.Field || !strings.Contains(e.Message, run.Message) || !strings.Contains(e.Advice, run.Advice) {
		t.Errorf("run %d: got %v of %q: %s %s\nwant reject of %q: %s %s", i+1, e.Class, e.Field, e.Message, e.Advice, run.Field, run.Message, run.Advice)
	}
}

func schema(t *testing.T, v any) model.Schema {
	t.Helper()
	switch v := v.(type) {
	case nil:
		return nil
	case string:
		kind, err := model.ParseKind(v)
		if err != nil {
			t.Fatal(err)
		}
		return model.Fields(kind)
	case []any:
		var out model.Schema
		for _, line := range v {
			path, kind, _ := strings.Cut(line.(string), " ")
			out = append(out, model.Field{Path: path, Type: model.Type(kind)})
		}
		return out
	}
	t.Fatalf("a schema cannot be a %T", v)
	return nil
}

// tree reads JSON as a connector does: numbers keep their digits.
func tree(t testing.TB, text string) model.Tree {
	t.Helper()
	if text == "" {
		return nil
	}
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var out model.Tree
	if err := decoder.Decode(&out); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return out
}

func indented(canonical []byte) string {
	var b bytes.Buffer
	if err := json.Indent(&b, canonical, "", "  "); err != nil {
		return string(canonical)
	}
	return b.String()
}
