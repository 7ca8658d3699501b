package mapping

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/expr-lang/expr/ast"

	"apicenter/shared/mapping/function"
	"apicenter/shared/model"
)

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
	if n.Operator == "+" && left.shape.kind == model.Number && right.shape.kind == model.Number {
		kind = model.Number
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
		raise(env.(*frame).spend(1 + len(s)/8))
		return re.MatchString(s)
	}, frameNode(), left.node)
	return out
}
