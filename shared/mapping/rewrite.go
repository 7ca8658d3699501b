package mapping

import (
	"strings"

	"github.com/expr-lang/expr/ast"

	"apicenter/shared/mapping/function"
	"apicenter/shared/model"
)

// node rewrites one node and all below it.
func (r *rewriter) node(n ast.Node) result {
	r.parts++
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

func frameNode() ast.Node { return &ast.IdentifierNode{Value: "$env"} }

// invoke makes a call of a Go function in the place of n. Its type has to be one the machine calls without reflection:
// func(any) any, func(any) bool, func(any, any) any, func(any, any) bool, func(any, any) []any or func(...any) any.
func (r *rewriter) invoke(n ast.Node, f any, args ...ast.Node) ast.Node {
	call := &ast.CallNode{Callee: &ast.ConstantNode{Value: f}, Arguments: args}
	call.SetLocation(n.Location())
	return call
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
