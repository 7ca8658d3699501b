package mapping

import (
	"fmt"
	"slices"

	"github.com/expr-lang/expr/ast"

	"apicenter/shared/mapping/function"
	"apicenter/shared/model"
)

// builtin rewrites what the parser takes for a function of the expression language: the few that work on each element of a
// list are kept, all others are looked up among ours.
func (r *rewriter) builtin(n *ast.BuiltinNode) result {
	switch n.Name {
	case "all", "any", "none", "one", "filter", "map", "find":
	case "count", "sum":
		if len(n.Arguments) == 1 {
			return r.call(n, n.Name, n.Arguments)
		}
	default:
		return r.call(n, n.Name, n.Arguments)
	}
	list := r.node(n.Arguments[0])
	switch list.shape.kind {
	case model.Text, model.Number, model.Boolean, model.Instant:
		r.problem(n.Arguments[0].Location(), fmt.Sprintf("%s needs a list, but this is %s", n.Name, words(list.shape.kind)), "")
	}
	each := 0 // what an element costs, known when the predicate is rewritten
	n.Arguments[0] = r.invoke(n.Arguments[0], func(env, v any) []any {
		list := function.List(v)
		raise(env.(*frame).spend(1 + each*len(list)))
		return list
	}, frameNode(), list.node)

	element, before := list.shape.of(), r.parts
	r.elements = append(r.elements, element)
	predicate := n.Arguments[1].(*ast.PredicateNode)
	out := result{node: n}
	switch n.Name {
	case "map", "sum":
		value := r.node(predicate.Node)
		predicate.Node = value.node
		out.shape = &shape{kind: model.List, element: value.shape}
		if n.Name == "sum" {
			n.Name = "map"
			sum, _ := r.function("sum")
			out = result{node: r.invoke(n, caller(sum, false), n), shape: newShape(model.Number)}
		}
	case "filter":
		predicate.Node = r.truth(predicate.Node)
		out.shape = &shape{kind: model.List, element: element}
	case "find":
		predicate.Node = r.truth(predicate.Node)
		out.shape = element
	case "count":
		predicate.Node = r.truth(predicate.Node)
		out.shape = newShape(model.Number)
	default:
		predicate.Node = r.truth(predicate.Node)
		out.shape = newShape(model.Boolean)
	}
	r.elements = r.elements[:len(r.elements)-1]
	each = weight(r.parts - before)
	return out
}

// call rewrites a call of one of our functions.
func (r *rewriter) call(n ast.Node, name string, arguments []ast.Node) result {
	args := make([]ast.Node, len(arguments), len(arguments)+1)
	var values []result
	f, ok := r.function(name)
	quiet := r.quiet
	for i, argument := range arguments {
		r.quiet = quiet || ok && f.Aside == i+1
		values = append(values, r.node(argument))
		args[i] = values[i].node
	}
	r.quiet = quiet
	out := result{node: n, shape: anything()}
	if name == "lookup" {
		return r.lookup(n, values)
	}
	if !ok {
		r.problem(n.Location(), "unknown function "+name, nearest(name, r.functionNames()))
		return out
	}
	if len(args) < f.Min || f.Max >= 0 && len(args) > f.Max {
		r.problem(n.Location(), fmt.Sprintf("%s(%s) takes %s, not %d", f.Name, f.Args, argumentCount(f), len(args)), "")
		return out
	}
	out.shape = resultShape(f)
	out.node = r.invoke(n, caller(f, quiet), append([]ast.Node{frameNode()}, args...)...)
	return out
}

// caller makes the call of a function: it counts the work, takes the note off the result and raises the error. A quiet call
// drops the note.
func caller(f function.Func, quiet bool) func(args ...any) any {
	return func(args ...any) any {
		fr, ok := args[0].(*frame)
		if ok {
			args = args[1:]
			work := 1
			for _, arg := range args {
				if s, ok := arg.(string); ok {
					work += len(s) >> 8
				}
			}
			raise(fr.spend(work))
		}
		v, err := f.Call(args)
		raise(err)
		if noted, ok := v.(function.Noted); ok {
			if !quiet {
				fr.note(note{text: noted.Note, shared: f.Fields != nil})
			}
			return noted.Value
		}
		return v
	}
}

func resultShape(f function.Func) *shape {
	sh := newShape(f.Returns)
	for _, name := range f.Fields {
		sh.child(name).kind = model.Text
	}
	return sh
}

func argumentCount(f function.Func) string {
	switch {
	case f.Max < 0:
		return fmt.Sprintf("%d or more arguments", f.Min)
	case f.Min == f.Max && f.Min == 1:
		return "1 argument"
	case f.Min == f.Max:
		return fmt.Sprintf("%d arguments", f.Min)
	}
	return fmt.Sprintf("%d to %d arguments", f.Min, f.Max)
}

// lookup rewrites lookup("table", value).
func (r *rewriter) lookup(n ast.Node, values []result) result {
	out := result{node: n, shape: anything()}
	if len(values) != 2 {
		r.problem(n.Location(), fmt.Sprintf("lookup(table, value) takes 2 arguments, not %d", len(values)), "")
		return out
	}
	name, ok := values[0].constant.(string)
	if !ok || !values[0].fixed {
		r.problem(n.Location(), `the name of the table has to be written out: lookup("vat", rate)`, "")
		return out
	}
	t := r.tables[name]
	if t == nil {
		r.problem(values[0].node.Location(), "unknown table "+name, nearest(name, r.tableNames()))
		return out
	}
	out.node = r.invoke(n, func(env, v any) any {
		v, err := t.look(env.(*frame), v)
		raise(err)
		return v
	}, frameNode(), values[1].node)
	return out
}

func (c *compiler) function(name string) (function.Func, bool) {
	i := slices.IndexFunc(c.functions, func(f function.Func) bool { return f.Name == name })
	if i < 0 {
		return function.Func{}, false
	}
	return c.functions[i], true
}

func (c *compiler) functionNames() []string {
	names := []string{"lookup", "all", "any", "none", "one", "filter", "map", "find", "count"}
	for _, f := range c.functions {
		names = append(names, f.Name)
	}
	return names
}
