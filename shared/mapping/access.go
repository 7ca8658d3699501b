package mapping

import (
	"fmt"
	"slices"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"

	"apicenter/shared/mapping/function"
	"apicenter/shared/model"
)

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
		name := ""
		if of.path != nil {
			name = of.path.text
		}
		next, ok := of.shape.field(s.name)
		switch {
		case ok:
		case name == "":
			r.problem(m.Property.Location(), fmt.Sprintf("this is %s and has no field %s", words(of.shape.kind), s.name), nearest(s.name, of.shape.names))
			return result{node: n, shape: anything()}
		default:
			r.into(of.shape, s.name, name, m.Property.Location())
			return result{node: n, shape: anything()}
		}
		sh = next
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
		if s.name, s.secret = name, true; name == "" {
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

// walk resolves a plain path.
func (r *rewriter) walk(names []string) (*path, *shape) {
	p, sh, ok := r.base(names[0], file.Location{}, names)
	if !ok {
		return nil, nil
	}
	rest := names[1:]
	if p.base == baseSettings {
		rest = nil // base took the name of the setting too
		if len(names) > 2 {
			r.problem(file.Location{}, "a setting is a text and has no fields", "")
			return nil, nil
		}
	}
	for _, name := range rest {
		next, ok := r.into(sh, name, p.text, file.Location{})
		if !ok {
			return nil, nil
		}
		p, sh = p.then(step{name: name}), next
	}
	return p, sh
}

// base resolves the first name of a path: a name given with as, index, settings, $record or a field of the input.
func (r *rewriter) base(name string, loc file.Location, names []string) (*path, *shape, bool) {
	for sc := r.scope; sc != nil; sc = sc.parent {
		if sc.as != "" && name == sc.as {
			return &path{base: sc.slot, text: name}, sc.element, true
		}
	}
	for sc := r.scope; sc != nil && name == "index"; sc = sc.parent {
		if sc.as != "" {
			return &path{base: sc.slot + 1, text: name}, newShape(model.Number), true
		}
	}
	switch name {
	case "settings":
		if len(names) < 2 {
			r.problem(loc, "settings is not a value by itself; name one: settings.<name>", "")
			return nil, nil, false
		}
		setting := names[1]
		if !slices.Contains(r.options.Settings, setting) {
			r.problem(loc, "unknown setting "+setting, nearest(setting, r.options.Settings))
			return nil, nil, false
		}
		return &path{base: baseSettings, steps: []step{{name: setting}}, text: "settings." + setting}, newShape(model.Text), true
	case "$record":
		return &path{base: baseRecord, text: name}, r.input, true
	}
	sh, ok := r.into(r.input, name, "", loc)
	if !ok {
		return nil, nil, false
	}
	return &path{base: baseRecord, steps: []step{{name: name}}, text: name}, sh, true
}

// into steps into a field of a known shape, reporting when there is no such field.
func (r *rewriter) into(sh *shape, name, of string, loc file.Location) (*shape, bool) {
	if next, ok := sh.field(name); ok {
		return next, true
	}
	full := joinField(of, name)
	switch sh.kind {
	case model.List:
		r.problem(loc, fmt.Sprintf("%s is a list, so %s needs to say of which element: use each, or %s[0].%s", of, full, of, name), "")
	case model.Object:
		known := sh.names
		if of == "" {
			known = append(r.scopeNames(), known...)
		}
		suggestion := nearest(name, known)
		if suggestion != "" && slices.Contains(sh.names, suggestion) {
			suggestion = joinField(of, suggestion)
		} else if suggestion == "" {
			if same := sh.named(name, "", nil); len(same) == 1 {
				suggestion = joinField(of, same[0])
			}
		}
		r.problem(loc, "unknown input field "+full, suggestion)
	default:
		r.problem(loc, fmt.Sprintf("%s is %s and has no field %s", of, words(sh.kind), name), "")
	}
	return nil, false
}

func (r *rewriter) scopeNames() []string {
	names := []string{"settings"}
	for sc := r.scope; sc != nil; sc = sc.parent {
		if sc.as != "" {
			names = append(names, sc.as)
		}
	}
	return names
}
