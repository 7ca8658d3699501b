package layers

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// noInit wants nothing to happen before main says so.
func noInit(t *tree) (problems []string) {
	for _, p := range t.packages {
		for _, f := range p.files {
			for _, d := range f.syntax.Decls {
				if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
					problems = append(problems, t.at(fn)+" is an init function; let the caller say when, or compute the value where it is needed")
				}
			}
		}
	}
	return problems
}

func TestNothingHappensBeforeMain(t *testing.T) { holds(t, noInit) }

func TestInitIsNoticed(t *testing.T) {
	breaks(t, noInit, map[string]string{
		"a/a.go": "package a\nfunc init() {}\ntype t int\nfunc (t) init() {}",
	}, "a/a.go:2 is an init function")
}

// repeatable are the packages a run must be repeatable in: clock, ids, randomness and concurrency come from outside, so that
// a simulation owns them and the same seed gives the same run.
func repeatable(folder string) bool {
	return within(folder, "shared/stage", "shared/mapping", "shared/message", "shared/integration") || folder == "shared/store"
}

// exports finds what the compiler wrote down about the packages that the repeatable ones import.
func exports(t *testing.T) types.Importer {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-export", "-deps", "-f", "{{with .Export}}{{$.ImportPath}}\t{{.}}{{end}}",
		"./shared/stage/...", "./shared/mapping/...", "./shared/message", "./shared/integration", "./shared/store", "math/rand/v2", "maps", "sync")
	cmd.Dir = "../.."
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	files := map[string]string{}
	for line := range strings.Lines(string(out)) {
		if name, file, ok := strings.Cut(strings.TrimSpace(line), "\t"); ok {
			files[name] = file
		}
	}
	return importer.ForCompiler(token.NewFileSet(), "gc", func(name string) (io.ReadCloser, error) {
		if files[name] == "" {
			return nil, errors.New("nothing is known of package " + name)
		}
		return os.Open(files[name])
	})
}

// repeats wants the repeatable packages to take nothing from the machine.
func repeats(known types.Importer) rule {
	return func(t *tree) (problems []string) {
		for _, p := range t.packages {
			if !repeatable(p.folder) {
				continue
			}
			var files []*ast.File
			for _, f := range p.files {
				if !f.test {
					files = append(files, f.syntax)
				}
			}
			info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Uses: map[*ast.Ident]types.Object{}, Defs: map[*ast.Ident]types.Object{}}
			config := types.Config{Importer: known}
			if _, err := config.Check(module+"/"+p.folder, t.fset, files, info); err != nil {
				problems = append(problems, fmt.Sprintf("%s cannot be looked at: %v", p.folder, err))
				continue
			}
			l := looker{tree: t, info: info, folder: p.folder}
			for _, f := range files {
				for _, d := range f.Decls {
					l.declaration(f, d)
				}
			}
			problems = append(problems, l.problems...)
		}
		return problems
	}
}

// looker goes through one package.
type looker struct {
	tree     *tree
	info     *types.Info
	folder   string
	problems []string
}

func (l *looker) note(n ast.Node, format string, args ...any) {
	l.problems = append(l.problems, l.tree.at(n)+" "+fmt.Sprintf(format, args...))
}

func (l *looker) declaration(f *ast.File, d ast.Decl) {
	fn, _ := d.(*ast.FuncDecl)
	// The one place where the pipeline makes goroutines: whoever wants others gives another World.Each.
	parallel := l.folder == "shared/stage" && fn != nil && fn.Name.Name == "Parallel"
	ast.Inspect(d, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			l.note(n, "starts a goroutine; take World.Each")
		case *ast.SelectorExpr:
			l.use(n, parallel)
		case *ast.RangeStmt:
			if l.isMap(n.X) && fn != nil && !l.excused(f, n) {
				if what := l.ordered(fn, n); what != "" {
					l.note(n, "goes through a map, whose order is another each time, and %s; sort, or say above why any order does", what)
				}
			}
		}
		return true
	})
}

// use looks at a name of another package.
func (l *looker) use(sel *ast.SelectorExpr, parallel bool) {
	fn, ok := l.info.Uses[sel.Sel].(*types.Func)
	if !ok || fn.Pkg() == nil {
		return
	}
	method := fn.Signature().Recv() != nil
	switch from := fn.Pkg().Path(); {
	case from == "time" && !method && slices.Contains([]string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker"}, fn.Name()):
		l.note(sel, "asks the machine for the time (time.%s); take Now", fn.Name())
	case (from == "math/rand" || from == "math/rand/v2") && !method && !strings.HasPrefix(fn.Name(), "New"):
		l.note(sel, "takes the machine's randomness (rand.%s); take World.Rand", fn.Name())
	case method && fn.Name() == "Go" && (from == "sync" || strings.HasSuffix(from, "/errgroup")) && !parallel:
		l.note(sel, "starts a goroutine; take World.Each")
	}
}

func (l *looker) isMap(x ast.Expr) bool {
	if t := l.info.TypeOf(x); t != nil {
		_, ok := t.Underlying().(*types.Map)
		return ok
	}
	return false
}

// excused looks for a comment in the loop's own line or the two above it that gives the reason.
func (l *looker) excused(f *ast.File, n ast.Node) bool {
	line := l.tree.fset.Position(n.Pos()).Line
	return slices.ContainsFunc(f.Comments, func(c *ast.CommentGroup) bool {
		first, last := l.tree.fset.Position(c.Pos()).Line, l.tree.fset.Position(c.End()).Line
		return first <= line && last >= line-2 && strings.Contains(c.Text(), "any order")
	})
}

// ordered says what makes the result of a loop over a map depend on the order; "" when nothing does that can be seen here.
func (l *looker) ordered(fn *ast.FuncDecl, loop *ast.RangeStmt) (what string) {
	ast.Inspect(loop.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SendStmt:
			what = "sends on a channel"
		case *ast.ReturnStmt:
			if l.mentions(loop, n) {
				what = "returns what it comes upon first"
			}
		case *ast.CallExpr:
			if id, ok := n.Fun.(*ast.Ident); ok && id.Name == "append" && l.info.Uses[id] == types.Universe.Lookup("append") && !l.sorted(fn, loop) {
				what = "appends without sorting afterwards"
			}
			if len(n.Args) > 0 {
				if t := l.info.TypeOf(n.Args[0]); t != nil && t.String() == "context.Context" {
					what = "calls outside"
				}
			}
		}
		return what == ""
	})
	return what
}

// mentions reports whether a return hands out the loop's key or value.
func (l *looker) mentions(loop *ast.RangeStmt, ret *ast.ReturnStmt) (found bool) {
	ast.Inspect(ret, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && l.info.Uses[id] != nil {
			for _, x := range []ast.Expr{loop.Key, loop.Value} {
				if v, ok := x.(*ast.Ident); ok && l.info.Defs[v] == l.info.Uses[id] {
					found = true
				}
			}
		}
		return !found
	})
	return found
}

// sorted reports whether the function sorts something behind the loop, itself or through SettingsError, which lists
// problems by the name of their setting.
func (l *looker) sorted(fn *ast.FuncDecl, loop *ast.RangeStmt) (found bool) {
	ast.Inspect(fn, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok && sel.Pos() > loop.End() {
			if f, ok := l.info.Uses[sel.Sel].(*types.Func); ok && f.Pkg() != nil {
				from := f.Pkg().Path()
				found = found || from == "sort" || from == "slices" && strings.HasPrefix(f.Name(), "Sort") ||
					from == module+"/shared/connector" && f.Name() == "SettingsError"
			}
		}
		return !found
	})
	return found
}

func TestThePipelineIsRepeatable(t *testing.T) { holds(t, repeats(exports(t))) }

func TestWhatCannotBeRepeatedIsNoticed(t *testing.T) {
	breaks(t, repeats(exports(t)), map[string]string{
		"shared/stage/stage.go": `package stage
import ( "context"; "math/rand/v2"; "slices"; "sync"; "time" )
func Parallel(do func()) { var w sync.WaitGroup; w.Go(do); w.Wait() }
func other(do func()) { var w sync.WaitGroup; w.Go(do); w.Wait() }
func bare(do func()) { go do() }
func now() time.Time { return time.Now() }
func after(t time.Time) bool { return t.After(time.Unix(0, 0)) }
func dice(r *rand.Rand) int { return r.IntN(6) + rand.IntN(6) }
func keys(m map[string]int) (out []string) {
	for k := range m { out = append(out, k) }
	return out
}
func sorted(m map[string]int) (out []string) {
	for k := range m { out = append(out, k) }
	slices.Sort(out)
	return out
}
func excused(m map[string]int) (out []string) {
	// The caller puts them into a set: any order does.
	for k := range m { out = append(out, k) }
	return out
}
func first(m map[string]int) string {
	for k := range m { return k }
	return ""
}
func has(m map[string]int) bool {
	for _, n := range m { if n > 3 { return true } }
	return false
}
func tell(ctx context.Context, m map[string]int, do func(context.Context, string)) {
	for k := range m { do(ctx, k) }
}
func list(s []string, c chan string) {
	for _, k := range s { c <- k }
}
func send(m map[string]int, c chan string) {
	for k := range m { c <- k }
}
`,
		"shared/stage/stage_test.go": "package stage\nimport \"time\"\nvar _ = time.Now()",
		"shared/store/store.go":      "package store\nimport \"time\"\nfunc wait() { time.Sleep(1) }",
		"shared/store/other/s.go":    "package other\nimport \"time\"\nfunc wait() { time.Sleep(1) }",
		"shared/mapping/broken.go":   "package mapping\nvar x int = \"a\"",
	},
		"shared/mapping cannot be looked at",
		"stage.go:4 starts a goroutine", "stage.go:5 starts a goroutine", "stage.go:6 asks the machine for the time (time.Now)",
		"stage.go:8 takes the machine's randomness (rand.IntN)", "stage.go:10 goes through a map, whose order is another each time, and appends",
		"stage.go:24 goes through a map, whose order is another each time, and returns", "stage.go:32 goes through a map, whose order is another each time, and calls outside",
		"stage.go:38 goes through a map, whose order is another each time, and sends",
		"shared/store/store.go:3 asks the machine for the time (time.Sleep)",
	)
}
