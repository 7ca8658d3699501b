package mapping

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/expr-lang/expr/ast"

	"apicenter/shared/mapping/function"
	"apicenter/shared/model"
)

// node rewrites one node and all below it.
func (r *rewriter) node(n ast.Node) result {
	switch n := n.(type) {
	case *ast.NilNode:
		return result{node: n, shape: anything(), fixed: true}
	case *ast.BoolNode:
		return result{node: n, shape: newShape(model.Boolean), constant: n.Value, fixed: true}
	case *ast.StringNode:
		return result{node: n, shape: newShape(model.Text), constant: n.Value, fixed: true}
	case *ast.IntegerNode, *ast.FloatNode:
		return r.number(n)
	case *ast.IdentifierNode, *ast.MemberNode, *ast.ChainNode, *ast.PointerNode:
		return r.member(n)
	case *ast.SliceNode:
		return r.slice(n)
	case *ast.UnaryNode:
		return r.unary(n)
	case *ast.BinaryNode:
		return r.binary(n)
	case *ast.ConditionalNode:
		return r.conditional(n)
	case *ast.BuiltinNode:
		return r.builtin(n)
	case *ast.CallNode:
		callee, ok := n.Callee.(*ast.IdentifierNode)
		if !ok {
			r.problem(n.Location(), "values have no functions of their own here; write upper(name), not name.upper()", "")
			return result{node: n, shape: anything()}
		}
		return r.call(n, callee.Value, n.Arguments)
	case *ast.ArrayNode:
		for i := range n.Nodes {
			n.Nodes[i] = r.node(n.Nodes[i]).node
		}
		return result{node: n, shape: newShape(model.List)}
	case *ast.MapNode:
		return r.object(n)
	case *ast.VariableDeclaratorNode:
		value := r.node(n.Value)
		n.Value = value.node
		r.lets = append(r.lets, binding{n.Name, value.shape})
		body := r.node(n.Expr)
		r.lets = r.lets[:len(r.lets)-1]
		n.Expr = body.node
		return result{node: n, shape: body.shape}
	}
	r.problem(n.Location(), "this is not used in mappings", "")
	return result{node: n, shape: anything()}
}

// number makes a literal an exact decimal, read from what is written and never by way of a float.
func (r *rewriter) number(n ast.Node) result {
	loc := n.Location()
	text := []rune(r.source.text)
	written := strings.ReplaceAll(string(text[min(loc.From, len(text)):min(loc.To, len(text))]), "_", "")
	d, err := function.ParseNumber(strings.TrimPrefix(written, "+"))
	if err != nil {
		r.problem(loc, "the number "+written+" cannot be used: write digits with a point for the decimals, at most 19", "")
	}
	c := &ast.ConstantNode{Value: d}
	c.SetLocation(loc)
	return result{node: c, shape: newShape(model.Number), constant: d, fixed: true}
}

// member rewrites names and what is reached from them with . and [].
func (r *rewriter) member(n ast.Node) result {
	switch n := n.(type) {
	case *ast.ChainNode: // ?. means no more than . does here: absent parts are always empty
		return r.node(n.Node)
	case *ast.PointerNode:
		if len(r.elements) == 0 || n.Name != "" && n.Name != "index" {
			r.problem(n.Location(), "#"+n.Name+" has no meaning here", "")
			return result{node: n, shape: anything()}
		}
		if n.Name == "index" {
			return result{node: n, shape: newShape(model.Number)}
		}
		return result{node: n, shape: r.elements[len(r.elements)-1]}
	case *ast.IdentifierNode:
		for i := len(r.lets) - 1; i >= 0; i-- {
			if r.lets[i].name == n.Value {
				return result{node: n, shape: r.lets[i].shape}
			}
		}
		p, sh, ok := r.base(n.Value, n.Location(), []string{n.Value})
		if !ok {
			return result{node: n, shape: anything()}
		}
		return r.read(n, p, sh)
	}
	m := n.(*ast.MemberNode)
	if id, ok := m.Node.(*ast.IdentifierNode); ok && id.Value == "settings" && !r.shadowed("settings") {
		name, ok := m.Property.(*ast.StringNode)
		if !ok {
			r.problem(m.Location(), "the name of a setting has to be written out", "")
			return result{node: n, shape: anything()}
		}
		p, sh, ok := r.base("settings", name.Location(), []string{"settings", name.Value})
		if !ok {
			return result{node: n, shape: anything()}
		}
		return r.read(n, p, sh)
	}
	of := r.node(m.Node)
	s, fixed := r.stepOf(m.Property)
	if !fixed {
		return r.dynamic(m, of)
	}
	sh := of.shape.of()
	if s.name != "" {
		name := "the value"
		if of.path != nil {
			name = of.path.text
		}
		var ok bool
		if sh, ok = r.into(of.shape, s.name, name, m.Property.Location()); !ok {
			return result{node: n, shape: anything()}
		}
	}
	if of.path != nil && of.path.base != baseSettings {
		return r.read(n, of.path.then(s), sh)
	}
	return result{node: r.invoke(n, func(v any) any {
		v, err := s.from(v)
		raise(err)
		return v
	}, of.node), shape: sh}
}

func (r *rewriter) shadowed(name string) bool {
	for _, let := range r.lets {
		if let.name == name {
			return true
		}
	}
	return false
}

// stepOf returns the step of a property that is written out: a name, or the number of an element.
func (r *rewriter) stepOf(n ast.Node) (step, bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		return step{name: n.Value}, n.Value != ""
	case *ast.IntegerNode:
		return step{index: n.Value}, true
	case *ast.UnaryNode:
		if i, ok := n.Node.(*ast.IntegerNode); ok && n.Operator == "-" {
			return step{index: -i.Value}, true
		}
	}
	return step{}, false
}

// dynamic rewrites value[expression].
func (r *rewriter) dynamic(m *ast.MemberNode, of result) result {
	key := r.node(m.Property)
	return result{node: r.invoke(m, func(v, key any) any {
		var s step
		if d, present, err := function.Number(key); err == nil && present && d.IsInt() {
			if _, isTree := v.(model.Tree); !isTree {
				i, _, ok := d.Int64(0)
				if !ok || i > function.MaxList || i < -function.MaxList {
					return nil
				}
				s.index = int(i)
				v, err := s.from(v)
				raise(err)
				return v
			}
		}
		name, err := function.Text(key)
		raise(err)
		if s.name = name; name == "" {
			return nil
		}
		v, err = s.from(v)
		raise(err)
		return v
	}, of.node, key.node), shape: anything()}
}

// read makes the node of a path.
func (r *rewriter) read(n ast.Node, p *path, sh *shape) result {
	node := r.invoke(n, func(env any) any {
		v, err := p.get(env.(*frame))
		raise(err)
		return v
	}, frameNode())
	return result{node: node, shape: sh, path: p}
}

func frameNode() ast.Node { return &ast.IdentifierNode{Value: "$env"} }

// invoke makes a call of a Go function in the place of n. Its type has to be one the machine calls without reflection:
// func(any) any, func(any) bool, func(any, any) any, func(any, any) bool, func(any, any) []any or func(...any) any.
func (r *rewriter) invoke(n ast.Node, f any, args ...ast.Node) ast.Node {
	call := &ast.CallNode{Callee: &ast.ConstantNode{Value: f}, Arguments: args}
	call.SetLocation(n.Location())
	return call
}

func (r *rewriter) slice(n *ast.SliceNode) result {
	of := r.node(n.Node)
	args := []ast.Node{of.node, &ast.NilNode{}, &ast.NilNode{}}
	if n.From != nil {
		args[1] = r.node(n.From).node
	}
	if n.To != nil {
		args[2] = r.node(n.To).node
	}
	return result{node: r.invoke(n, func(args ...any) any {
		v, err := function.Slice(args[0], args[1], args[2])
		raise(err)
		return v
	}, args...), shape: of.shape}
}

func (r *rewriter) object(n *ast.MapNode) result {
	sh := &shape{kind: model.Object, fields: map[string]*shape{}}
	for _, p := range n.Pairs {
		pair := p.(*ast.PairNode)
		name, ok := pair.Key.(*ast.StringNode)
		if !ok {
			r.problem(pair.Location(), "the names of an object's fields have to be written out", "")
			continue
		}
		value := r.node(pair.Value)
		pair.Value = value.node
		if _, double := sh.fields[name.Value]; double {
			r.problem(name.Location(), "the field "+name.Value+" is there twice", "")
		}
		sh.names = append(sh.names, name.Value)
		sh.fields[name.Value] = value.shape
	}
	return result{node: n, shape: sh}
}

func (r *rewriter) conditional(n *ast.ConditionalNode) result {
	n.Cond = r.truth(n.Cond)
	a, b := r.node(n.Exp1), r.node(n.Exp2)
	n.Exp1, n.Exp2 = a.node, b.node
	sh := anything()
	if a.shape.kind == b.shape.kind && a.shape.kind != model.Object && a.shape.kind != model.List {
		sh = a.shape
	}
	return result{node: n, shape: sh}
}

// truth rewrites a node whose value is used as yes or no.
func (r *rewriter) truth(n ast.Node) ast.Node {
	v := r.node(n)
	switch v.shape.kind {
	case model.Number, model.Instant, model.Object, model.List:
		r.problem(n.Location(), fmt.Sprintf("a condition has to be yes or no, but this is %s", words(v.shape.kind)), "")
	}
	if text, ok := v.constant.(string); ok {
		if _, err := function.Truth(text); err != nil {
			r.problem(n.Location(), "a condition has to be yes or no, but this is a text", "")
		}
	}
	return r.invoke(n, isTrue, v.node)
}

func isTrue(v any) bool {
	ok, err := function.Truth(v)
	raise(err)
	return ok
}

func (r *rewriter) unary(n *ast.UnaryNode) result {
	switch n.Operator {
	case "!", "not":
		return result{node: r.invoke(n, func(v any) bool { return !isTrue(v) }, r.node(n.Node).node), shape: newShape(model.Boolean)}
	case "-":
		v := r.node(n.Node)
		if d, ok := v.constant.(model.Decimal); ok && v.fixed {
			c := &ast.ConstantNode{Value: d.Neg()}
			return result{node: c, shape: v.shape, constant: d.Neg(), fixed: true}
		}
		return result{node: r.invoke(n, func(v any) any { return must(function.Negate(v)) }, v.node), shape: newShape(model.Number)}
	case "+":
		return r.node(n.Node)
	}
	r.problem(n.Location(), "the operator "+n.Operator+" is not used in mappings", "")
	return result{node: n, shape: anything()}
}

func must(v any, err error) any {
	raise(err)
	return v
}

func (r *rewriter) binary(n *ast.BinaryNode) result {
	switch n.Operator {
	case "and", "&&", "or", "||":
		n.Left, n.Right = r.truth(n.Left), r.truth(n.Right)
		return result{node: n, shape: newShape(model.Boolean)}
	case "matches":
		return r.matches(n)
	}
	f, kind := operator(n.Operator)
	left, right := r.node(n.Left), r.node(n.Right)
	if n.Operator == "??" {
		// Empty texts count as absent too; the right side is worked out only when it is needed.
		n.Left = r.invoke(n, func(v any) any {
			if function.Empty(v) {
				return nil
			}
			return v
		}, left.node)
		n.Right = right.node
		return result{node: n, shape: anything()}
	}
	if f == nil {
		r.problem(n.Location(), "the operator "+n.Operator+" is not used in mappings", "")
		return result{node: n, shape: anything()}
	}
	if n.Operator == "+" && (left.shape.kind == model.Text || right.shape.kind == model.Text) {
		kind = model.Text
	}
	r.operands(n, left, right)
	return result{node: r.invoke(n, f, left.node, right.node), shape: newShape(kind)}
}

// operands reports arithmetic with what is known not to be a number.
func (r *rewriter) operands(n *ast.BinaryNode, sides ...result) {
	if !strings.Contains("- * / %", n.Operator) {
		return
	}
	for _, side := range sides {
		switch side.shape.kind {
		case model.Boolean, model.Instant, model.Object, model.List:
			r.problem(n.Location(), fmt.Sprintf("%s needs numbers, but one side is %s", n.Operator, words(side.shape.kind)), "")
		}
		if text, ok := side.constant.(string); ok {
			if _, _, err := function.Number(text); err != nil {
				r.problem(n.Location(), n.Operator+" needs numbers, but one side is a text", "")
			}
		}
	}
}

// operator returns what an operator does and the type it gives; Any when that depends on the sides.
func operator(name string) (any, model.Type) {
	switch name {
	case "+":
		return func(a, b any) any { return must(function.Add(a, b)) }, model.Any
	case "-":
		return func(a, b any) any { return must(function.Subtract(a, b)) }, model.Number
	case "*":
		return func(a, b any) any { return must(function.Multiply(a, b)) }, model.Number
	case "/":
		return func(a, b any) any { return must(function.Divide(a, b)) }, model.Number
	case "%":
		return func(a, b any) any { return must(function.Modulo(a, b)) }, model.Number
	case "==":
		return function.Equal, model.Boolean
	case "!=":
		return func(a, b any) bool { return !function.Equal(a, b) }, model.Boolean
	case "<":
		return ordered(func(order int) bool { return order < 0 }), model.Boolean
	case "<=":
		return ordered(func(order int) bool { return order <= 0 }), model.Boolean
	case ">":
		return ordered(func(order int) bool { return order > 0 }), model.Boolean
	case ">=":
		return ordered(func(order int) bool { return order >= 0 }), model.Boolean
	case "in":
		return function.In, model.Boolean
	case "contains":
		return holds(function.Contains), model.Boolean
	case "startsWith":
		return holds(function.StartsWith), model.Boolean
	case "endsWith":
		return holds(function.EndsWith), model.Boolean
	}
	return nil, model.Any
}

func ordered(test func(int) bool) func(a, b any) bool {
	return func(a, b any) bool {
		order, ok, err := function.Compare(a, b)
		raise(err)
		return ok && test(order)
	}
}

func holds(test func(a, b any) (bool, error)) func(a, b any) bool {
	return func(a, b any) bool {
		ok, err := test(a, b)
		raise(err)
		return ok
	}
}

func (r *rewriter) matches(n *ast.BinaryNode) result {
	left := r.node(n.Left)
	out := result{node: n, shape: newShape(model.Boolean)}
	pattern, ok := n.Right.(*ast.StringNode)
	if !ok {
		r.problem(n.Right.Location(), "the pattern behind matches has to be written out as a text", "")
		return out
	}
	re, err := regexp.Compile(pattern.Value)
	if err != nil {
		r.problem(pattern.Location(), fmt.Sprintf("the pattern behind matches cannot be read: %v", err), "")
		return out
	}
	out.node = r.invoke(n, func(env, v any) bool {
		s, err := function.Text(v)
		raise(err)
		raise(env.(*frame).spend(1 + len(s)/64))
		return re.MatchString(s)
	}, frameNode(), left.node)
	return out
}
