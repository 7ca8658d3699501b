package deploy

import (
	"go/constant"
	"go/types"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/tools/go/packages"
	"golang.org/x/tools/go/ssa"
	"golang.org/x/tools/go/ssa/ssautil"
)

// What a function's code can do, worked out from the code: which methods of the ports it can come to call, on which queues,
// and what those methods ask of AWS. A call through an interface leads to every type of ours that was put into an interface
// on a way that can be reached.

const module = "apicenter"

// program is all of our code in a form that can be followed.
type program struct {
	ssa   *ssa.Program
	mains map[string]*ssa.Package // by folder below functions/
	// store and queue are the adapters' packages.
	store, queue *ssa.Package
}

// code loads our packages once. Those of others are known by their types alone: they do not call back into the adapters
// except through what is handed to them.
var code = sync.OnceValues(func() (*program, error) {
	config := &packages.Config{Dir: root, Mode: packages.NeedName | packages.NeedFiles | packages.NeedCompiledGoFiles | packages.NeedImports |
		packages.NeedTypes | packages.NeedTypesSizes | packages.NeedSyntax | packages.NeedTypesInfo}
	loaded, err := packages.Load(config, "./functions/...", "./shared/...")
	if err != nil {
		return nil, err
	}
	for _, p := range loaded {
		if len(p.Errors) > 0 {
			return nil, p.Errors[0]
		}
	}
	out := &program{mains: map[string]*ssa.Package{}}
	var made []*ssa.Package
	out.ssa, made = ssautil.Packages(loaded, ssa.InstantiateGenerics)
	out.ssa.Build()
	for i, p := range loaded {
		switch {
		case p.Name == "main":
			out.mains[path.Base(p.PkgPath)] = made[i]
		case p.PkgPath == module+"/shared/store/dynamostore":
			out.store = made[i]
		case p.PkgPath == module+"/shared/queue/sqsqueue":
			out.queue = made[i]
		}
	}
	return out, nil
})

func followed(t testing.TB) *program {
	t.Helper()
	p, err := code()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func ours(p *types.Package) bool {
	return p != nil && strings.HasPrefix(p.Path(), module+"/")
}

// walk is what can be reached from somewhere.
type walk struct {
	program *ssa.Program
	// stop keeps the walk from going into a function, which is then reached but not followed.
	stop    func(*ssa.Function) bool
	reached map[*ssa.Function]bool
	todo    []*ssa.Function
	live    []types.Type    // types put into interfaces
	seen    map[string]bool // by name, of live
	invoked []*types.Func   // methods called through interfaces
	asked   map[*types.Func]bool
}

func (p *program) walk(stop func(*ssa.Function) bool, from ...*ssa.Function) *walk {
	w := &walk{program: p.ssa, stop: stop, reached: map[*ssa.Function]bool{}, seen: map[string]bool{}, asked: map[*types.Func]bool{}}
	for _, f := range from {
		w.add(f)
	}
	for len(w.todo) > 0 {
		f := w.todo[0]
		w.todo = w.todo[1:]
		w.follow(f)
	}
	return w
}

func (w *walk) add(f *ssa.Function) {
	if f != nil && !w.reached[f] {
		w.reached[f] = true
		w.todo = append(w.todo, f)
	}
}

func (w *walk) follow(f *ssa.Function) {
	if w.stop != nil && w.stop(f) {
		return
	}
	for _, block := range f.Blocks {
		for _, instruction := range block.Instrs {
			var operands [16]*ssa.Value
			for _, operand := range instruction.Operands(operands[:0]) {
				if g, ok := (*operand).(*ssa.Function); ok {
					w.add(g) // named, so perhaps called
				}
			}
			switch i := instruction.(type) {
			case *ssa.MakeInterface:
				w.boxed(i.X.Type(), i.Type())
			case ssa.CallInstruction:
				if call := i.Common(); call.IsInvoke() {
					w.invoke(call.Method)
				}
			}
		}
	}
	// What a package prepares before main.
	if f.Pkg != nil && ours(f.Pkg.Pkg) {
		w.add(f.Pkg.Func("init"))
	}
}

// boxed notes a type that was put into an interface. Whoever takes an interface of others may call all of its methods.
func (w *walk) boxed(t, into types.Type) {
	if i, ok := into.Underlying().(*types.Interface); ok && i.NumMethods() > 0 {
		named, _ := types.Unalias(into).(*types.Named)
		if named == nil || !ours(named.Obj().Pkg()) {
			for m := range i.Methods() {
				w.method(t, m)
			}
		}
	}
	if key := t.String(); !w.seen[key] {
		w.seen[key] = true
		w.live = append(w.live, t)
		for _, m := range w.invoked {
			w.method(t, m)
		}
	}
}

func (w *walk) invoke(m *types.Func) {
	if w.asked[m] {
		return
	}
	w.asked[m] = true
	w.invoked = append(w.invoked, m)
	for _, t := range w.live {
		w.method(t, m)
	}
}

// method adds a type's method of the name, if the type fulfils the interface the name is of.
func (w *walk) method(t types.Type, m *types.Func) {
	if types.IsInterface(t) {
		return
	}
	if receiver := m.Signature().Recv(); receiver != nil {
		if i, ok := receiver.Type().Underlying().(*types.Interface); ok && !types.Implements(t, i) {
			return
		}
	}
	if selection := w.program.MethodSets.MethodSet(t).Lookup(m.Pkg(), m.Name()); selection != nil {
		w.add(w.program.MethodValue(selection))
	}
}

// asks are the operations of AWS that a function calls itself, as service and operation.
func asks(f *ssa.Function) []string {
	var out []string
	for _, block := range f.Blocks {
		for _, instruction := range block.Instrs {
			call, ok := instruction.(ssa.CallInstruction)
			if !ok {
				continue
			}
			signature := call.Common().Signature()
			for p := range signature.Params().Variables() {
				pointer, ok := p.Type().(*types.Pointer)
				if !ok {
					continue
				}
				named, ok := pointer.Elem().(*types.Named)
				if !ok || named.Obj().Pkg() == nil {
					continue
				}
				service, found := strings.CutPrefix(named.Obj().Pkg().Path(), "github.com/aws/aws-sdk-go-v2/service/")
				operation, input := strings.CutSuffix(named.Obj().Name(), "Input")
				if found && input && !strings.Contains(service, "/") {
					out = append(out, service+":"+operation)
				}
			}
		}
	}
	return out
}

// useOf is one method of a port adapter that can be reached, with what it asks of AWS and what it asks it about.
type useOf struct {
	method     string
	operations []string
	tables     []string // fields of dynamostore.Tables
	indexed    bool     // it sets an index to search by
	parts      []string // what its transactions are made of
}

// uses lists the methods of an adapter's type that a walk reached.
func (p *program) uses(w *walk, adapter *ssa.Package, of string) []useOf {
	var out []useOf
	for f := range w.reached {
		if f.Pkg != adapter || f.Signature.Recv() == nil || !f.Object().Exported() || !strings.HasSuffix(f.Signature.Recv().Type().String(), "."+of) {
			continue
		}
		u := useOf{method: f.Name()}
		inside := p.walk(func(g *ssa.Function) bool { return owner(g) != adapter }, f)
		for g := range inside.reached {
			if owner(g) == adapter {
				u.operations = append(u.operations, asks(g)...)
				named := names(g)
				u.tables, u.indexed, u.parts = append(u.tables, named.tables...), u.indexed || named.indexed, append(u.parts, named.parts...)
			}
		}
		slices.Sort(u.operations)
		slices.Sort(u.tables)
		slices.Sort(u.parts)
		u.operations, u.tables, u.parts = slices.Compact(u.operations), slices.Compact(u.tables), slices.Compact(u.parts)
		out = append(out, u)
	}
	slices.SortFunc(out, func(a, b useOf) int { return strings.Compare(a.method, b.method) })
	return out
}

// owner is the package a function was written in, of closures and instances too.
func owner(f *ssa.Function) *ssa.Package {
	for f.Parent() != nil {
		f = f.Parent()
	}
	if f.Origin() != nil {
		f = f.Origin()
	}
	return f.Pkg
}

// names lists what a function itself says of tables: their names, whether it sets an index to search by, and of what it makes
// transactions.
func names(f *ssa.Function) (u useOf) {
	field := func(of types.Type, at int, set bool) {
		if pointer, ok := of.Underlying().(*types.Pointer); ok {
			of = pointer.Elem()
		}
		named, ok := of.(*types.Named)
		if !ok {
			return
		}
		name := named.Underlying().(*types.Struct).Field(at).Name()
		switch {
		case named.Obj().Name() == "Tables" && ours(named.Obj().Pkg()):
			u.tables = append(u.tables, name)
		case name == "index" && set:
			u.indexed = true
		case named.Obj().Name() == "TransactWriteItem" && set:
			u.parts = append(u.parts, name)
		}
	}
	for _, block := range f.Blocks {
		for _, instruction := range block.Instrs {
			switch i := instruction.(type) {
			case *ssa.FieldAddr:
				field(i.X.Type(), i.Field, stored(i))
			case *ssa.Field:
				field(i.X.Type(), i.Field, false)
			}
		}
	}
	return u
}

// stored reports whether a field is written to.
func stored(field *ssa.FieldAddr) bool {
	return slices.ContainsFunc(*field.Referrers(), func(i ssa.Instruction) bool {
		s, ok := i.(*ssa.Store)
		return ok && s.Addr == field
	})
}

// about is a call of a queue port's method on a queue. The queue is "own" where a delivery says it, "fetch-*" where a flow
// does, and "?" where the code does not tell.
type about struct{ method, queue string }

// queues lists what the code that was reached asks of which queue.
func (w *walk) queues() []about {
	var out []about
	for f := range w.reached {
		if !ours(pkgOf(f)) || strings.HasSuffix(pkgOf(f).Path(), "/sqsqueue") {
			continue
		}
		for _, block := range f.Blocks {
			for _, instruction := range block.Instrs {
				call, ok := instruction.(ssa.CallInstruction)
				if !ok || !call.Common().IsInvoke() || call.Common().Method.Pkg() == nil || call.Common().Method.Pkg().Path() != module+"/shared/queue" {
					continue
				}
				a := about{method: call.Common().Method.Name(), queue: "own"}
				if a.method == "Send" || a.method == "Counts" {
					a.queue = nameOf(call.Common().Args[1])
				}
				out = append(out, a)
			}
		}
	}
	slices.SortFunc(out, func(a, b about) int { return strings.Compare(a.method+a.queue, b.method+b.queue) })
	return slices.Compact(out)
}

func pkgOf(f *ssa.Function) *types.Package {
	if o := owner(f); o != nil {
		return o.Pkg
	}
	return nil
}

func nameOf(v ssa.Value) string {
	switch v := v.(type) {
	case *ssa.Const:
		return constant.StringVal(v.Value)
	case *ssa.Call:
		if f := v.Common().StaticCallee(); f != nil && f.Name() == "Fetch" && f.Pkg.Pkg.Path() == module+"/shared/queue" {
			return "fetch-*"
		}
	}
	return "?"
}
