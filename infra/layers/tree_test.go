// Package layers guards the building: who may import whom, whether every package introduces itself, and the few habits that
// keep the pipeline repeatable. It holds tests only and nobody calls it.
//
// Rules are functions from a source tree to sentences about what breaks them. The tests ask each rule about this module and
// about a small tree made to break it, so that a rule that has gone blind is noticed. What only a reader can judge is left
// to readers, what a linter finds to the linter.
package layers

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
)

const module = "apicenter"

// tree is a module's source.
type tree struct {
	fsys     fs.FS
	fset     *token.FileSet
	packages []*pkg // by folder
}

// pkg is one folder with Go files in it.
type pkg struct {
	folder string // slash-separated, from the module's root
	files  []*file
}

// file is one Go file.
type file struct {
	path   string
	syntax *ast.File
	// test: it is compiled for tests only; outside: into a package of its own, which may reach further.
	test, outside bool
}

// load reads all Go files below the root of fsys.
func load(fsys fs.FS) (*tree, error) {
	t := &tree{fsys: fsys, fset: token.NewFileSet()}
	byFolder := map[string]*pkg{}
	err := walk(fsys, func(name string) error {
		if path.Ext(name) != ".go" {
			return nil
		}
		source, err := fs.ReadFile(fsys, name)
		if err != nil {
			return err
		}
		syntax, err := parser.ParseFile(t.fset, name, source, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		p := byFolder[path.Dir(name)]
		if p == nil {
			p = &pkg{folder: path.Dir(name)}
			byFolder[p.folder] = p
			t.packages = append(t.packages, p)
		}
		test := strings.HasSuffix(name, "_test.go")
		p.files = append(p.files, &file{path: name, syntax: syntax, test: test,
			outside: test && strings.HasSuffix(syntax.Name.Name, "_test")})
		return nil
	})
	return t, err
}

// walk visits the files that belong to the module's source: not what git ignores, not the data of tests.
func walk(fsys fs.FS, visit func(name string) error) error {
	return fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata") {
				return fs.SkipDir
			}
			return nil
		}
		return visit(name)
	})
}

// imports lists what a file imports of ours, as folders from the module's root, and of others, as paths.
func (f *file) imports() (ours, others []string) {
	for _, spec := range f.syntax.Imports {
		p, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue // the parser has let no such import through
		}
		if rest, ok := strings.CutPrefix(p, module+"/"); ok {
			ours = append(ours, rest)
		} else {
			others = append(others, p)
		}
	}
	return ours, others
}

// within reports whether a folder is one of the roots or below one.
func within(folder string, roots ...string) bool {
	return slices.ContainsFunc(roots, func(root string) bool { return folder == root || strings.HasPrefix(folder, root+"/") })
}

// rule names what a tree does wrong, one sentence each.
type rule func(*tree) []string

// holds asks a rule about this module.
func holds(t *testing.T, r rule) {
	t.Helper()
	// The tests run in the package's folder: the module's root lies two above.
	whole, err := load(os.DirFS("../.."))
	if err != nil {
		t.Fatal(err)
	}
	if len(whole.packages) < 20 {
		t.Fatalf("only %d packages were found; the rule would pass without looking", len(whole.packages))
	}
	for _, problem := range r(whole) {
		t.Error(problem)
	}
}

// breaks asks a rule about a made-up tree (file → source) and wants exactly the problems that contain these words, in order.
func breaks(t *testing.T, r rule, source map[string]string, want ...string) {
	t.Helper()
	fsys := fstest.MapFS{}
	for name, text := range source {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	small, err := load(fsys)
	if err != nil {
		t.Fatal(err)
	}
	got := r(small)
	ok := len(got) == len(want)
	for i := 0; ok && i < len(got); i++ {
		ok = strings.Contains(got[i], want[i])
	}
	if !ok {
		t.Errorf("got problems\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

// at says where a node stands.
func (t *tree) at(n ast.Node) string {
	p := t.fset.Position(n.Pos())
	return fmt.Sprintf("%s:%d", p.Filename, p.Line)
}
