package mapping

import (
	"errors"
	"fmt"
	"strings"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/checker"
	exprcompiler "github.com/expr-lang/expr/compiler"
	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/file"
	exprparser "github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/vm"
)

// Bounds on one expression.
const (
	maxNodes  = 1_000
	maxLength = 8_000
)

// expression is a compiled text of a rule. A plain path is walked, a constant is kept; only the rest goes through the
// machine of the expression language.
type expression struct {
	text     string
	path     *path
	constant any
	fixed    bool // constant holds the value
	program  *vm.Program
	cost     int
	shape    *shape // what is known of the result
}

// eval returns the value. An error is written for the user and does not name the field.
func (e *expression) eval(f *frame) (any, error) {
	switch {
	case e.path != nil:
		return e.path.get(f)
	case e.fixed:
		return e.constant, nil
	}
	if err := f.spend(e.cost); err != nil {
		return nil, err
	}
	v, err := f.machine().Run(e.program, f)
	if err == nil {
		return v, nil
	}
	var raised *raisedError
	if errors.As(err, &raised) {
		return nil, raised.err
	}
	var fe *file.Error
	if errors.As(err, &fe) && strings.Contains(fe.Message, "memory budget") {
		return nil, errTooMuch
	}
	return nil, &brokenError{err}
}

// raisedError carries an error of ours through the machine, which knows panics only.
type raisedError struct{ err error }

func (e *raisedError) Error() string { return e.err.Error() }

func raise(err error) {
	if err != nil {
		panic(&raisedError{err})
	}
}

// brokenError is a failure of the machine that none of our functions raised.
type brokenError struct{ err error }

func (e *brokenError) Error() string { return "the expression cannot be worked out for this record" }
func (e *brokenError) Unwrap() error { return e.err }

// compileExpression compiles the text of a rule; nil when it has problems, which are reported.
func (c *compiler) compileExpression(s *scalar, sc *scope, field string) *expression {
	if s == nil {
		return nil
	}
	before := len(c.problems)
	r := &rewriter{compiler: c, scope: sc, source: s, field: field}
	e := r.compile()
	if e == nil && len(c.problems) == before {
		c.at(s.pos, field, "the expression cannot be read")
	}
	return e
}

func (r *rewriter) compile() *expression {
	text := strings.TrimSpace(r.source.text)
	if len(text) > maxLength {
		r.at(r.source.pos, r.field, "the expression is longer than %d characters", maxLength)
		return nil
	}
	if names, ok := parsePlain(r.source.text); ok {
		p, sh := r.walk(names)
		if p == nil {
			return nil
		}
		return &expression{text: text, path: p, shape: sh}
	}
	config := conf.CreateNew()
	config.MaxNodes = maxNodes
	config.Optimize = false
	tree, err := exprparser.ParseWithConfig(r.source.text, config)
	if err != nil {
		var fe *file.Error
		if errors.As(err, &fe) {
			r.at(r.source.at(fe.From), r.field, "the expression cannot be read: %s", readable(fe.Message))
		} else {
			r.at(r.source.pos, r.field, "the expression cannot be read: %v", err)
		}
		return nil
	}
	before := len(r.problems)
	root := r.node(tree.Node)
	if len(r.problems) > before {
		return nil
	}
	e := &expression{text: text, shape: root.shape, cost: weight(r.parts)}
	switch {
	case root.path != nil:
		e.path = root.path
		return e
	case root.fixed:
		e.constant, e.fixed = root.constant, true
		return e
	}
	tree.Node = root.node
	if _, err = checker.Check(tree, config); err == nil {
		e.program, err = exprcompiler.Compile(tree, config)
	}
	if err != nil {
		message, _, _ := strings.Cut(err.Error(), "\n")
		r.at(r.source.pos, r.field, "the expression cannot be compiled: %s", message)
		return nil
	}
	return e
}

// readable turns the parser's words for tokens into what a reader sees in the file.
func readable(message string) string {
	if rest, ok := strings.CutPrefix(message, "unexpected token "); ok {
		if rest == "EOF" {
			return "it ends too early"
		}
		if _, value, ok := strings.Cut(strings.TrimSuffix(rest, ")"), "("); ok {
			return "unexpected " + value
		}
	}
	if strings.Contains(message, "maximum allowed nodes") {
		return fmt.Sprintf("it is too long (more than %d parts)", maxNodes)
	}
	return message
}

// problem reports a problem at a place in the expression.
func (r *rewriter) problem(loc file.Location, message, suggestion string) {
	pos := r.source.at(loc.From)
	r.report(Problem{Line: pos.line, Column: pos.column, Field: r.field, Message: message, Suggestion: suggestion})
}

// rewriter turns the tree of an expression as it was written into one in which every operator, path and function is ours:
// exact decimals, absent parts that are empty, notes that reach the result, and names that are known to exist.
type rewriter struct {
	*compiler
	scope    *scope
	source   *scalar
	field    string
	lets     []binding
	elements []*shape // of the predicates around the node, the innermost last
	parts    int      // how many nodes were rewritten so far
	quiet    bool     // the node only steers how another value is read, so what it notes is not passed on
}

// binding is a variable made with let.
type binding struct {
	name  string
	shape *shape
}

// result is a rewritten node with what is known of it.
type result struct {
	node     ast.Node
	shape    *shape
	path     *path // set when the node is a path from the frame
	constant any
	fixed    bool // constant holds its value
}
