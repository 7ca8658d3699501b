package layers

import (
	"fmt"
	"go/ast"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strings"
	"testing"
)

// introduced wants every package to open by saying what it is for.
func introduced(t *tree) (problems []string) {
	for _, p := range t.packages {
		doc, name, onlyOutside := "", "", true
		for _, f := range p.files {
			onlyOutside = onlyOutside && f.outside
			if !f.outside {
				name = f.syntax.Name.Name
				doc += f.syntax.Doc.Text()
			}
		}
		if onlyOutside {
			continue
		}
		opening := "Package " + name + " "
		if name == "main" {
			opening = "Command " + path.Base(p.folder) + " "
		}
		sentence, _, ended := strings.Cut(strings.ReplaceAll(doc, "\n", " ")+" ", ". ")
		switch {
		case doc == "":
			problems = append(problems, p.folder+" has no package comment")
		case !strings.HasPrefix(doc, opening):
			problems = append(problems, fmt.Sprintf("%s: the package comment does not open with %q", p.folder, opening))
		case !ended && !strings.Contains(sentence, ": "), len(strings.Fields(sentence)) < 6:
			problems = append(problems, p.folder+": the package comment is no sentence that says what the package is for")
		}
	}
	return problems
}

func TestEveryPackageIntroducesItself(t *testing.T) { holds(t, introduced) }

func TestPackagesThatDoNotAreNoticed(t *testing.T) {
	breaks(t, introduced, map[string]string{
		"a/a.go":      "// Package a counts what others would forget about.\npackage a",
		"a/b.go":      "package a",
		"b/b.go":      "package b",
		"c/c.go":      "// Package c.\npackage c",
		"ca/c.go":     "// Package ca is useful.\npackage ca",
		"d/d.go":      "// Things we need.\npackage d",
		"e/main.go":   "// Command e prints what it was told to print.\npackage main",
		"f/main.go":   "// Package main prints what it was told to print.\npackage main",
		"g/g_test.go": "package g_test",
		"h/h_test.go": "package h",
	}, "b has no package comment", "c: the package comment does not open", "ca: the package comment is no sentence", "d: the package comment does not open", "f: the package comment does not open",
		"h has no package comment")
}

// attics are names that say nothing, so that everything ends up behind them.
func attics(t *tree) (problems []string) {
	for _, p := range t.packages {
		for _, name := range []string{path.Base(p.folder), p.files[0].syntax.Name.Name} {
			if slices.Contains([]string{"util", "utils", "common", "helper", "helpers", "types", "misc", "base", "shared", "lib"}, name) {
				problems = append(problems, fmt.Sprintf("%s: %q says nothing; name the package after its one idea", p.folder, name))
				break
			}
		}
	}
	return problems
}

func TestThereIsNoAttic(t *testing.T) { holds(t, attics) }

func TestAtticsAreNoticed(t *testing.T) {
	breaks(t, attics, map[string]string{
		"shared/model/a.go": "package model", "shared/util/a.go": "package util", "shared/money/a.go": "package helpers",
	}, `shared/money: "helpers"`, `shared/util: "util"`)
}

// topLevel is fixed, so that a newcomer finds three doors and not thirty.
func topLevel(t *tree) (problems []string) {
	entries, err := fs.ReadDir(t.fsys, ".")
	if err != nil {
		return []string{err.Error()}
	}
	known := []string{"functions", "shared", "infra", "template.yaml", "samconfig.toml", "go.mod", "go.sum", "Makefile", "README.md"}
	for _, e := range entries {
		name := e.Name()
		ignored := strings.HasPrefix(name, ".") || slices.Contains([]string{".test", ".prof"}, path.Ext(name))
		if !ignored && !slices.Contains(known, name) {
			problems = append(problems, fmt.Sprintf("%s stands at the top; it belongs in functions, shared or infra", name))
		}
	}
	return problems
}

func TestTheTopLevelIsFixed(t *testing.T) { holds(t, topLevel) }

func TestStrayTopLevelEntriesAreNoticed(t *testing.T) {
	breaks(t, topLevel, map[string]string{
		"go.mod": "", ".gitignore": "", "shared/model/a.go": "package model", "docs/a.md": "", "main.go": "package main", "cpu.prof": "",
	}, "docs stands at the top", "main.go stands at the top")
}

// vendorWords are names only one system uses. Elsewhere they would mean that its shape has leaked out of its package.
func vendorWords(t *tree) (problems []string) {
	homes := []struct {
		words   []string
		folders []string
	}{
		{[]string{"FbSales", "KnSalesRelation", "FbItemArticle", "KnOrganisation"}, []string{"shared/connector/afas", "infra/sandbox/afas"}},
		{[]string{"getOrders", "GetOrdersResponse", "getRelations", "syncMarker"}, []string{"shared/connector/mpluskassa", "infra/sandbox/mpluskassa"}},
	}
	err := walk(t.fsys, func(name string) error {
		// The demo compares the two systems' own states, and a test may show a real document.
		if strings.HasSuffix(name, "_test.go") || within(name, "infra/local", "infra/sandbox/internal") ||
			!slices.Contains([]string{".go", ".yaml", ".html", ".js"}, path.Ext(name)) {
			return nil
		}
		source, err := fs.ReadFile(t.fsys, name)
		if err != nil {
			return err
		}
		for _, home := range homes {
			for _, word := range home.words {
				if strings.Contains(string(source), word) && !within(name, home.folders...) {
					problems = append(problems, fmt.Sprintf("%s says %s, which is %s's own word", name, word, path.Base(home.folders[0])))
				}
			}
		}
		return nil
	})
	if err != nil {
		problems = append(problems, err.Error())
	}
	return problems
}

func TestVendorsWordsStayInTheirPackages(t *testing.T) { holds(t, vendorWords) }

func TestLeakedWordsAreNoticed(t *testing.T) {
	breaks(t, vendorWords, map[string]string{
		"shared/connector/afas/wire.go":          `package afas; const name = "FbSales"`,
		"shared/stage/sender/orders.go":          `package sender; const name = "FbSales"`,
		"shared/stage/sender/orders_test.go":     `package sender; const name = "FbSales"`,
		"shared/stage/mapper/default.yaml":       `from: KnSalesRelation`,
		"shared/connector/afas/orders.send.yaml": `from: GetOrdersResponse`,
	}, "shared/connector/afas/orders.send.yaml says GetOrdersResponse, which is mpluskassa's",
		"shared/stage/mapper/default.yaml says KnSalesRelation", "shared/stage/sender/orders.go says FbSales, which is afas's")
}

// noFloats wants money and quantities to be decimals all the way. Where a float is something else, the place and what it is
// stand in the list.
func noFloats(t *tree) (problems []string) {
	measures := map[string]string{
		"shared/connector/internal/jsonhttp": "seconds to wait",
		"shared/connector/afas/answers.go":   "seconds to wait",
		"shared/integration":                 "factor of a pause, calls at a time",
		"shared/queue/sqlitequeue/chaos.go":  "chances",
		"shared/store/dynamostore/meter.go":  "halves of a unit that is billed",
		"shared/stage/stage.go":              "chances",
		"shared/stage/sender/lane.go":        "factor of a pause",
		"shared/stage/sender/pace.go":        "calls at a time",
	}
	for _, p := range t.packages {
		for _, f := range p.files {
			if f.test || isSuite(p.folder) || !within(p.folder, "shared") || measures[p.folder] != "" || measures[f.path] != "" {
				continue
			}
			ast.Inspect(f.syntax, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.Ident:
					if slices.Contains([]string{"float32", "float64", "NewFromFloat64", "ParseFloat"}, n.Name) {
						problems = append(problems, fmt.Sprintf("%s uses %s; money and quantities are decimals", t.at(n), n.Name))
					}
				case *ast.BasicLit:
					if n.Kind == token.FLOAT {
						problems = append(problems, fmt.Sprintf("%s has the float %s; money and quantities are decimals", t.at(n), n.Value))
					}
				}
				return true
			})
		}
	}
	return problems
}

func TestMoneyIsNeverAFloat(t *testing.T) { holds(t, noFloats) }

func TestFloatsAreNoticed(t *testing.T) {
	breaks(t, noFloats, map[string]string{
		"shared/model/order.go":       "package model\ntype Order struct{ Total float64 }\n",
		"shared/model/order_test.go":  "package model\nvar x float64\n",
		"shared/stage/sender/a.go":    "package sender\nvar rate = 1.21\n",
		"shared/stage/sender/pace.go": "package sender\nvar found float64\n",
		"infra/local/bench.go":        "package main\nvar seconds float64\n",
	}, "shared/model/order.go:2 uses float64", "shared/stage/sender/a.go:2 has the float 1.21")
}
