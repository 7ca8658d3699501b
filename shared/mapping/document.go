package mapping

import (
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// document is a mapping file as it was written, before anything is known about names.
type document struct {
	rules  []ruleText
	tables []tableText
}

// ruleText is one rule as written.
type ruleText struct {
	pos                             position
	to, from, each, as, where, when *scalar
	value, table, on, add           *scalar
	def                             *defaultText
	rules                           []ruleText
	nested                          bool // has a rules key
	unclear                         bool // something of it could not be read, which is reported
}

type defaultText struct {
	pos                position
	value, from, force *scalar
	unclear            bool
}

type tableText struct {
	name string
	pos  position
	Table
	keys map[string]position
}

// Bounds on a mapping file.
const (
	maxFile  = 256 << 10
	maxRules = 5_000
	maxDepth = 12

	maxBrackets = 200 // the time the YAML parser takes grows with the square of it
)

// tooDeep tells whether brackets are nested deeper than any mapping nests them. It does not look at quotes: a text with that
// many open brackets is no mapping either.
func tooDeep(text []byte) bool {
	depth := 0
	for _, c := range text {
		switch c {
		case '[', '{':
			if depth++; depth > maxBrackets {
				return true
			}
		case ']', '}':
			depth = max(0, depth-1)
		}
	}
	return false
}

// reader turns the YAML tree into a document.
type reader struct {
	*compiler
	count int
}

func (c *compiler) readDocument(text []byte) document {
	r := &reader{compiler: c}
	var doc document
	if len(text) > maxFile {
		r.at(position{1, 1}, "", "the mapping is longer than %d KB", maxFile>>10)
		return doc
	}
	if tooDeep(text) {
		r.at(position{1, 1}, "", "the mapping has brackets in brackets more than %d deep", maxBrackets)
		return doc
	}
	file, err := parser.ParseBytes(text, 0)
	if err != nil {
		r.syntax(err)
		return doc
	}
	if len(file.Docs) > 1 {
		r.at(position{1, 1}, "", "the file holds %d documents; a mapping is one (take out the lines ---)", len(file.Docs))
		return doc
	}
	var body ast.Node
	if len(file.Docs) == 1 {
		body = file.Docs[0].Body
	}
	if body == nil {
		r.at(position{1, 1}, "", "the mapping is empty; it needs rules")
		return doc
	}
	hasRules := false
	r.fields(body, "", "the mapping", []string{"rules", "tables"}, func(key string, pos position, value ast.Node) {
		switch key {
		case "rules":
			hasRules = true
			doc.rules = r.rules(value, "", 0)
		case "tables":
			doc.tables = r.tables(value)
		}
	})
	if !hasRules && !r.failed() {
		r.at(placeOf(body), "", "the mapping has no rules")
	}
	return doc
}

func ruleKeys() []string {
	return []string{"to", "from", "value", "default", "table", "on", "when", "each", "as", "where", "append", "rules"}
}

func (r *reader) rules(n ast.Node, parent string, depth int) []ruleText {
	list, ok := n.(*ast.SequenceNode)
	if !ok {
		r.at(placeOf(n), parent, "rules has to be a list: each rule begins with a dash (- to: ...)")
		return nil
	}
	if depth > maxDepth {
		r.at(placeOf(n), parent, "the rules are nested more than %d deep", maxDepth)
		return nil
	}
	var out []ruleText
	for _, element := range list.Values {
		if r.count++; r.count > maxRules {
			r.at(placeOf(element), parent, "the mapping has more than %d rules", maxRules)
			return out
		}
		out = append(out, r.rule(element, parent, depth))
	}
	return out
}

func (r *reader) rule(n ast.Node, parent string, depth int) ruleText {
	rt := ruleText{pos: placeOf(n)}
	field := parent
	// The name comes first, so that every problem of the rule can name it wherever it is written.
	r.quietly(func() {
		r.fields(n, parent, "a rule", nil, func(key string, _ position, value ast.Node) {
			if s := r.scalar(value, parent); key == "to" && s != nil {
				field = joinField(parent, s.text)
			}
		})
	})
	known := r.fields(n, field, "a rule", ruleKeys(), func(key string, pos position, value ast.Node) {
		switch key {
		case "rules":
			rt.nested = true
			rt.rules = r.rules(value, field, depth+1)
			return
		case "default":
			rt.def = r.defaults(value, field)
			return
		}
		s := r.scalar(value, field)
		if s == nil {
			rt.unclear = true
			return
		}
		if s.null || s.text == "" && key != "value" {
			rt.unclear = true
			r.at(pos, field, "%s has no value", key)
			return
		}
		switch key {
		case "to":
			rt.to = s
		case "from":
			rt.from = s
		case "value":
			rt.value = s
		case "table":
			rt.table = s
		case "on":
			rt.on = s
		case "when":
			rt.when = s
		case "each":
			rt.each = s
		case "as":
			rt.as = s
		case "where":
			rt.where = s
		case "append":
			rt.add = s
		}
	})
	rt.unclear = rt.unclear || !known
	return rt
}

func (r *reader) defaults(n ast.Node, field string) *defaultText {
	d := &defaultText{pos: placeOf(n)}
	switch n.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
	default: // default: "14" is short for default: {value: "14"}
		d.value = r.scalar(n, field)
		if d.value != nil && d.value.null {
			r.at(d.pos, field, "default has no value")
			d.value, d.unclear = nil, true
		}
		return d
	}
	known := r.fields(n, field, "default", []string{"value", "from", "force"}, func(key string, pos position, value ast.Node) {
		s := r.scalar(value, field)
		if s == nil {
			d.unclear = true
			return
		}
		if s.null || s.text == "" && key != "value" {
			d.unclear = true
			r.at(pos, field, "%s of default has no value", key)
			return
		}
		switch key {
		case "value":
			d.value = s
		case "from":
			d.from = s
		case "force":
			d.force = s
		}
	})
	d.unclear = d.unclear || !known
	return d
}

func (r *reader) tables(n ast.Node) []tableText {
	var out []tableText
	r.fields(n, "tables", "tables", nil, func(name string, pos position, value ast.Node) {
		field := "tables." + name
		t := tableText{name: name, pos: pos, Table: Table{Values: map[string]string{}}, keys: map[string]position{}}
		r.fields(value, field, "a value table", []string{"unmapped", "default", "values"}, func(key string, pos position, value ast.Node) {
			if key == "values" {
				r.fields(value, field, "values", nil, func(key string, pos position, value ast.Node) {
					if s := r.scalar(value, field); s != nil {
						t.keys[key] = pos
						t.Values[key] = s.text
					}
				})
				return
			}
			s := r.scalar(value, field)
			switch {
			case s == nil:
			case s.null:
				r.at(pos, field, "%s has no value", key)
			case key == "unmapped":
				t.Unmapped = s.text
			case key == "default":
				t.Default = s.text
			}
		})
		out = append(out, t)
	})
	return out
}
