package mapping_test

import (
	"errors"
	"strings"
	"testing"

	"apicenter/shared/fault"
	"apicenter/shared/mapping"
	"apicenter/shared/model"
)

func numbers(n int) []any {
	list := make([]any, n)
	for i := range list {
		list[i] = i
	}
	return list
}

// A mapping that would run for hours or fill the memory is stopped with a failure that names its field.
func TestRunIsBounded(t *testing.T) {
	big := strings.Repeat("x", 1<<17)
	doubled := "let a = t + t; let b = a + a; let c = b + b; let d = c + c; d + d"
	for _, c := range []struct {
		name, text string
		record     model.Tree
		message    string
	}{
		{"lists in lists", "rules:\n- {to: x, each: l, as: a, rules: [{to: y, each: l, as: b, rules: [{to: z, from: b}]}]}\n", model.Tree{"l": numbers(1000)}, "too big"},
		{"an expression over a list in a list", rule("sum(l, sum(l, sum(l, 1)))"), model.Tree{"l": numbers(1000)}, "more steps"},
		{"a filter in a rule of each", "rules:\n- {to: x, each: l, as: a, rules: [{to: n, from: 'count(l, # == a)'}]}\n", model.Tree{"l": numbers(5000)}, "more steps"},
		{"a list that is too long", "rules:\n- {to: x, each: l, as: a, from: a}\n", model.Tree{"l": numbers(10_001)}, "more than 10000 elements"},
		{"a list that is copied", rule("l"), model.Tree{"l": numbers(10_001)}, "more than 10000 elements"},
		{"lists put together", rule("concat(l, l, l)"), model.Tree{"l": numbers(5000)}, "more than 10000 elements"},
		{"a text that doubles", rule(doubled), model.Tree{"t": big}, "the text becomes too long"},
		{"a text that grows by replacing", rule(`replace(t, "x", "1234567890")`), model.Tree{"t": big}, "the text becomes too long"},
		{"texts joined", rule(`join([t, t, t], "")`), model.Tree{"t": big}, "the text becomes too long"},
		{"a text cut to pieces", rule(`split(t, "x")`), model.Tree{"t": big}, "more than 10000 elements"},
		{"padding", rule(`pad("x", 1000000, "0")`), nil, "from 0 to 1000"},
		{"a long text in every element", "rules:\n- {to: x, each: l, as: a, rules: [{to: t, from: t}]}\n", model.Tree{"l": numbers(1000), "t": big}, "too big"},
		{"a pattern on a long text for every element", rule(`filter(l, t matches "(x+)+y")`), model.Tree{"l": numbers(10_000), "t": big}, "more steps"},
		{"lists made in a loop", rule(`map(l, map(l, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]))`), model.Tree{"l": numbers(440)}, "steps"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := compile(t, c.text, mapping.Options{}).Run(mapping.Input{Record: c.record})
			if fault.ClassOf(err) != fault.Reject || !strings.Contains(err.Error(), c.message) || !strings.HasPrefix(fault.As(err).Field, "x") {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestCompileIsBounded(t *testing.T) {
	for _, c := range []struct{ name, text, message string }{
		{"a long file", "rules:\n" + strings.Repeat("# comment\n", 30_000), "longer than"},
		{"many rules", "rules:\n" + strings.Repeat("- {}\n", 6000), "more than 5000 rules"},
		{"deep rules", "rules:\n" + nest(20), "nested more than"},
		{"deep brackets", "rules: " + strings.Repeat("[", 200_000), "more than 200 deep"},
		{"deep blocks", "rules:" + deepBlocks(400), ""},
		{"a long expression", rule(strings.Repeat("a + ", 3000) + "a"), "longer than"},
		{"an expression of many parts", rule(strings.Repeat("1+", 1500) + "1"), "too long"},
		{"deep parentheses", rule(strings.Repeat("(", 3900) + "1" + strings.Repeat(")", 3900)), ""},
		{"many mistakes", "rules:\n" + strings.Repeat("- {to: a, from: x}\n", 500), "filled twice"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := mapping.Compile(mapping.File{Name: "test", Text: []byte(c.text)}, mapping.Options{})
			if c.message != "" && (err == nil || !strings.Contains(err.Error(), c.message)) {
				t.Errorf("got %.300v", err)
			}
			var problems *mapping.Problems
			if errors.As(err, &problems) && len(problems.List) > 200 {
				t.Errorf("%d problems are listed", len(problems.List))
			}
		})
	}
}

func nest(n int) string {
	if n == 0 {
		return "[]\n"
	}
	var b strings.Builder
	for i := range n {
		indent := strings.Repeat("  ", i)
		b.WriteString(indent + "- to: a\n" + indent + "  rules:\n")
	}
	b.WriteString(strings.Repeat("  ", n) + "- {to: x, from: y}\n")
	return b.String()
}

func deepBlocks(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString("\n" + strings.Repeat(" ", i) + "a:")
	}
	return b.String()
}
