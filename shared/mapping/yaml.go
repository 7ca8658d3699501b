package mapping

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// syntax reports what the YAML parser could not read.
func (r *reader) syntax(err error) {
	var e yaml.Error
	if !errors.As(err, &e) || e.GetToken() == nil {
		r.at(position{1, 1}, "", "the file is not valid YAML: %v", err)
		return
	}
	p := e.GetToken().Position
	message := "the file is not valid YAML: " + e.GetMessage()
	for _, sign := range []string{"mapping value is not allowed", "value is not allowed in this context", "must be specified", "reserved character"} {
		if strings.Contains(message, sign) {
			message += `; an expression that begins with a quote, or holds ": ", or a comma or brackets inside { }, has to stand in single quotes`
			break
		}
	}
	r.at(position{p.Line, max(1, p.Column)}, "", "%s", message)
}

// fields calls f for every key of a mapping and reports keys that are not in known; an empty known allows all. ok is false
// when something was reported.
func (r *reader) fields(n ast.Node, field, what string, known []string, f func(key string, pos position, value ast.Node)) (ok bool) {
	var values []*ast.MappingValueNode
	switch m := n.(type) {
	case *ast.MappingNode:
		values = m.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{m}
	default:
		r.at(placeOf(n), field, "%s has to be written as names with values (name: value)", what)
		return false
	}
	ok = true
	for _, value := range values {
		key := r.scalar(value.Key, field)
		if key == nil {
			ok = false
			continue
		}
		if len(known) > 0 && !slices.Contains(known, key.text) {
			r.unknown(key.pos, field, fmt.Sprintf("%s has no %s; it can have %s", what, key.text, strings.Join(known, ", ")), key.text, known)
			ok = false
			continue
		}
		f(key.text, key.pos, value.Value)
	}
	return ok
}

// quietly runs f and forgets the problems it reports.
func (r *reader) quietly(f func()) {
	before := len(r.problems)
	f()
	r.problems = r.problems[:before]
}

// scalar reads a single value as the text it was written with: 0010 stays 0010.
func (r *reader) scalar(n ast.Node, field string) *scalar {
	s := &scalar{pos: placeOf(n), lines: r.lines}
	switch n := n.(type) {
	case *ast.StringNode:
		s.text = n.Value
		switch n.Token.Type {
		case token.SingleQuoteType:
			s.style, s.quoted = singleQuoted, true
		case token.DoubleQuoteType:
			s.style, s.quoted = doubleQuoted, true
		}
	case *ast.LiteralNode:
		s.text, s.style, s.quoted = n.Value.Value, block, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		s.text = n.GetToken().Value
	case *ast.NullNode:
		s.null = true
	case *ast.AnchorNode, *ast.AliasNode, *ast.MergeKeyNode, *ast.TagNode:
		r.at(s.pos, field, "anchors, aliases and tags (&, *, <<, !) are not used in mappings; write the value out")
		return nil
	default:
		r.at(s.pos, field, "a single value is expected here")
		return nil
	}
	return s
}

// placeOf returns where a node begins. A block of names and values carries the token of its first colon, so its first key
// is asked instead.
func placeOf(n ast.Node) position {
	switch m := n.(type) {
	case nil:
		return position{1, 1}
	case *ast.MappingNode:
		if !m.IsFlowStyle && len(m.Values) > 0 {
			return placeOf(m.Values[0].Key)
		}
	case *ast.MappingValueNode:
		return placeOf(m.Key)
	}
	t := n.GetToken()
	if t == nil || t.Position == nil {
		return position{1, 1}
	}
	return position{t.Position.Line, max(1, t.Position.Column)}
}

func joinField(parent, name string) string {
	if parent == "" || name == "" {
		return parent + name
	}
	return parent + "." + name
}
