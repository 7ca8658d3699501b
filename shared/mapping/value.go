package mapping

import (
	"apicenter/shared/mapping/function"
	"apicenter/shared/model"
)

// fallback is a compiled default.
type fallback struct {
	from  *expression
	value any
	force *expression
}

// condition compiles an expression that has to give yes or no.
func (c *compiler) condition(s *scalar, sc *scope, field string) *expression {
	if s == nil {
		return nil
	}
	e := c.compileExpression(s, sc, field)
	if e == nil {
		return nil
	}
	switch e.shape.kind {
	case model.Number, model.Instant, model.Object, model.List:
		c.at(s.pos, field, "a condition has to be yes or no, but this is %s", words(e.shape.kind))
		return nil
	}
	if e.fixed {
		if _, err := function.Truth(e.constant); err != nil {
			c.at(s.pos, field, "a condition has to be yes or no, but this is a text")
			return nil
		}
	}
	return e
}

// compileValue compiles where a single value comes from.
func (c *compiler) compileValue(t *ruleText, sc *scope, r *rule, field string) {
	switch {
	case t.value != nil:
		r.value = c.constant(t.value, r, field)
		r.fixed = true
	case t.from != nil:
		r.from = c.compileExpression(t.from, sc, field)
		c.fits(t.from.pos, r.from, r, field)
	}
	if t.def == nil {
		return
	}
	d := &fallback{}
	switch {
	case t.def.value != nil && t.def.from != nil:
		c.at(t.def.pos, field, "default has both value and from; use one of them")
	case t.def.value != nil:
		d.value = c.constant(t.def.value, r, field)
	case t.def.from != nil:
		d.from = c.compileExpression(t.def.from, sc, field)
		c.fits(t.def.from.pos, d.from, r, field)
	case !t.def.unclear:
		c.at(t.def.pos, field, "default does not say what to use: give value or from")
	}
	d.force = c.condition(t.def.force, sc, field)
	r.def = d
}

// constant reads a literal; without a table in between it has to fit the field already.
func (c *compiler) constant(s *scalar, r *rule, field string) any {
	if r.table != nil {
		return s.text
	}
	v, err := literal(s, r.out)
	if err != nil {
		c.at(s.pos, field, "%v", err)
	}
	return v
}

// fits reports an expression whose result is known not to fit the field.
func (c *compiler) fits(pos position, e *expression, r *rule, field string) {
	if e == nil || r.table != nil {
		return
	}
	if e.fixed && !function.Empty(e.constant) {
		if _, err := (&frame{}).convert(e.constant, r.out); err != nil {
			c.at(pos, field, "%v", err)
		}
		return
	}
	if !convertible(e.shape.kind, r.out.kind) {
		c.at(pos, field, "the field is %s, but this gives %s", words(r.out.kind), words(e.shape.kind))
	}
}
