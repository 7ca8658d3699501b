package mapping

import (
	"fmt"
	"slices"

	"apicenter/shared/model"
)

// rule is a compiled rule.
type rule struct {
	field   string // display path
	steps   []string
	out     *shape
	on      applies
	when    *expression
	from    *expression
	value   any // a constant, already in its output form
	fixed   bool
	def     *fallback
	table   *table
	each    *expression
	where   *expression
	slot    int
	add     bool
	rules   []rule // of an object, or of the elements of a list
	scalars bool   // elements of a list that are single values: rules holds one rule
	group   bool   // an object: rules fill fields of the same tree
}

func (c *compiler) compileRules(texts []ruleText, sc *scope) []rule {
	var out []rule
	for i := range texts {
		if r, ok := c.compileRule(&texts[i], sc); ok {
			out = append(out, r)
		}
	}
	return out
}

func (c *compiler) compileRule(t *ruleText, sc *scope) (rule, bool) {
	before := len(c.problems)
	if t.to == nil {
		if !t.unclear {
			c.at(t.pos, sc.field, "the rule does not say which field it fills (to)")
		}
		return rule{}, false
	}
	field := joinField(sc.field, t.to.text)
	r := rule{field: joinField(sc.display, t.to.text), slot: -1}
	r.on = c.applies(t.on, sc.on, field)
	r.when = c.condition(t.when, sc, field)
	steps, out, found := c.target(t, sc, field)
	r.steps, r.out = slices.Concat(sc.steps, steps), out
	if !t.unclear {
		c.checkKeys(t, field, out)
	}
	if t.table != nil {
		if r.table = c.tables[t.table.text]; r.table == nil {
			c.unknown(t.table.pos, field, "unknown table "+t.table.text, t.table.text, c.tableNames())
		}
	}
	when := sc.when
	if t.when != nil {
		when = append(when[:len(when):len(when)], t.when.text)
	}
	if found && (!t.nested || t.each != nil) {
		c.claim(t, sc, r, field)
	}
	switch {
	case t.nested && t.each == nil && !out.holdsFields():
		return r, false // reported; what the rules inside would say of it is said
	case t.nested && t.each == nil:
		r.group = true
		inner := *sc
		inner.field, inner.display, inner.steps, inner.out = field, r.field, r.steps, out
		inner.on, inner.when = r.on, when
		r.rules = c.compileRules(t.rules, &inner)
		return r, len(c.problems) == before
	case t.each != nil:
		c.compileList(t, sc, &r, field, when)
	default:
		c.compileValue(t, sc, &r, field)
		c.describe(t, r, when)
	}
	return r, len(c.problems) == before
}

// applies reads on, within the on of the rules around.
func (c *compiler) applies(s *scalar, around applies, field string) applies {
	if s == nil {
		return around
	}
	var on applies
	switch s.text {
	case "both":
	case "create":
		on = onCreate
	case "update":
		on = onUpdate
	default:
		c.unknown(s.pos, field, fmt.Sprintf("on cannot be %s; choose create, update or both", s.text), s.text, []string{"create", "update", "both"})
		return around
	}
	both := on.and(around)
	if both == never {
		c.at(s.pos, field, "the rule never applies: it is for on: %s inside rules for the opposite", s.text)
		return around
	}
	return both
}

// compileList compiles a rule with each.
func (c *compiler) compileList(t *ruleText, sc *scope, r *rule, field string, when []string) {
	r.each = c.compileExpression(t.each, sc, field)
	if t.add != nil {
		switch t.add.text {
		case "true":
			r.add = true
		case "false":
		default:
			c.at(t.add.pos, field, "append is true or false")
		}
	}
	element := anything()
	if r.each != nil {
		switch r.each.shape.kind {
		case model.Text, model.Number, model.Boolean, model.Instant:
			c.at(t.each.pos, field, "each needs a list, but this is %s", words(r.each.shape.kind))
		}
		element = r.each.shape.of()
	}
	out := anything()
	if r.out.kind == model.List {
		out = r.out.element
	}
	inner := &scope{parent: sc, field: field, display: r.field + "[]", out: out, on: r.on, when: when,
		written: &leaves{}, slot: c.slotsBelow(sc), element: element, as: "?"}
	if t.as != nil {
		inner.as = t.as.text
		c.checkName(t.as, sc, field)
	}
	c.slots = max(c.slots, inner.slot+2)
	r.slot = inner.slot
	r.where = c.condition(t.where, inner, field)
	c.describe(t, *r, when)
	if t.nested {
		if out.kind != model.Any && out.kind != model.Object {
			c.at(t.pos, field, "the elements of %s are %s and cannot have rules inside", field, words(out.kind))
		}
		r.rules = c.compileRules(t.rules, inner)
		return
	}
	r.scalars = true
	element1 := rule{field: r.field + "[]", out: out, slot: -1, table: r.table}
	c.compileValue(t, inner, &element1, field)
	r.rules = []rule{element1}
}
