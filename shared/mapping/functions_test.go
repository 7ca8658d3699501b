package mapping_test

import (
	"os"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"apicenter/shared/mapping"
	"apicenter/shared/mapping/function"
)

// evaluate works out one expression and returns the result as JSON and the warning that came with it.
func evaluate(t *testing.T, expression string) (result, note string) {
	t.Helper()
	text, err := yaml.Marshal(map[string]any{"rules": []any{map[string]any{"to": "x", "from": expression}}})
	if err != nil {
		t.Fatal(err)
	}
	program, err := mapping.Compile(mapping.File{Name: "example", Text: text}, mapping.Options{})
	if err != nil {
		t.Fatalf("%s: %v", expression, err)
	}
	out, err := program.Run(mapping.Input{})
	if err != nil {
		t.Fatalf("%s: %v", expression, err)
	}
	if len(out.Warnings) > 0 {
		note = out.Warnings[0].Message
	}
	result = string(mapping.Canonical(out.Tree))
	if result == "{}" {
		return "null", note
	}
	return strings.TrimSuffix(strings.TrimPrefix(result, `{"x":`), "}"), note
}

func TestFunctionExamples(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range function.All() {
		if seen[f.Name] {
			t.Errorf("%s is there twice", f.Name)
		}
		seen[f.Name] = true
		if f.Doc == "" || f.Family == "" || f.Returns == "" || len(f.Examples) == 0 {
			t.Errorf("%s lacks documentation, a family, a type or an example", f.Name)
		}
		for _, e := range f.Examples {
			if !strings.Contains(e.Call, f.Name+"(") {
				t.Errorf("%s: the example %s does not show it", f.Name, e.Call)
			}
			got, note := evaluate(t, e.Call)
			if got != e.Want || note != e.Note {
				t.Errorf("%s: got %s %q, want %s %q", e.Call, got, note, e.Want, e.Note)
			}
		}
	}
}

// The manual shows every function with its arguments, and every example as it is run above.
func TestManualIsComplete(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	manual := string(text)
	for _, f := range function.All() {
		if want := "`" + f.Name + "(" + f.Args + ")`"; !strings.Contains(manual, want) {
			t.Errorf("the manual lacks %s", want)
		}
		if !strings.Contains(manual, f.Doc) {
			t.Errorf("the manual does not say of %s: %s", f.Name, f.Doc)
		}
		for _, e := range f.Examples {
			if want := "`" + e.Call + "` → `" + e.Want + "`"; !strings.Contains(manual, want) {
				t.Errorf("the manual lacks the example %s", want)
			}
		}
	}
}

// Every mapping in the manual compiles.
func TestManualCompiles(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(string(text), "```yaml\n")[1:]
	if len(blocks) < 3 {
		t.Fatalf("found %d mappings", len(blocks))
	}
	for _, block := range blocks {
		block, _, _ = strings.Cut(block, "```")
		compile(t, block, mapping.Options{Settings: []string{"paymentTerms", "forcePaymentTerms"}})
	}
}
