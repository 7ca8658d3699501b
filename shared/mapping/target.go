package mapping

import (
	"strings"

	"apicenter/shared/model"
)

// target finds the field a rule fills in the output schema; ok is false when there is none, which is reported.
func (c *compiler) target(t *ruleText, sc *scope, field string) (steps []string, out *shape, ok bool) {
	steps, out = strings.Split(t.to.text, "."), sc.out
	for i, name := range steps {
		if name == "" || strings.ContainsAny(name, "[] \t") {
			c.at(t.to.pos, field, "%q is not a path: write names joined by dots; lists are filled with each", t.to.text)
			return steps, anything(), false
		}
		next, ok := out.field(name)
		if ok {
			out = next
			continue
		}
		at := joinField(sc.field, strings.Join(steps[:i], "."))
		switch out.kind {
		case model.Object:
			suggestion := nearest(name, out.names)
			if suggestion != "" {
				suggestion = joinField(at, suggestion)
			} else if same := c.output.named(steps[len(steps)-1], "", nil); len(same) == 1 {
				suggestion = same[0]
			}
			c.report(Problem{Line: t.to.pos.line, Column: t.to.pos.column, Field: field, Message: "unknown output field " + joinField(at, name), Suggestion: suggestion})
		case model.List:
			c.at(t.to.pos, field, "%s is a list; fill its elements with each and rules of their own", at)
		default:
			c.at(t.to.pos, field, "%s is %s and has no field %s", at, words(out.kind), name)
		}
		return steps, anything(), false
	}
	return steps, out, true
}

// checkKeys checks which keys go together, and whether they suit the field.
func (c *compiler) checkKeys(t *ruleText, field string, out *shape) {
	var sources []string
	for _, s := range []struct {
		name string
		has  bool
	}{{"from", t.from != nil}, {"value", t.value != nil}, {"rules", t.nested}} {
		if s.has {
			sources = append(sources, s.name)
		}
	}
	list := t.each != nil
	switch {
	case len(sources) > 1:
		c.at(t.pos, field, "the rule has both %s; use one of them", strings.Join(sources, " and "))
	case len(sources) == 0 && list:
		c.at(t.pos, field, "the rule has each but does not say what an element becomes: give rules, or from for single values")
	case len(sources) == 0 && t.def == nil:
		c.at(t.pos, field, "the rule does not say what the field is filled with: give from, value, default or rules")
	}
	if list && t.as == nil {
		c.at(t.each.pos, field, "each needs as: the name of an element in the rules inside")
	}
	if !list {
		for _, key := range []struct {
			name string
			*scalar
		}{{"as", t.as}, {"where", t.where}, {"append", t.add}} {
			if key.scalar != nil {
				c.at(key.pos, field, "%s has no meaning without each", key.name)
			}
		}
	}
	if t.nested || list && t.from == nil && t.value == nil {
		if t.def != nil {
			c.at(t.def.pos, field, "an object or list with rules has no default of its own; give defaults to the rules inside")
		}
		if t.table != nil {
			c.at(t.table.pos, field, "a value table translates single values; give it to a rule inside")
		}
	}
	switch out.kind {
	case model.Any:
	case model.List:
		if t.nested && !list {
			c.at(t.pos, field, "%s is a list: the rule needs each and as", field)
		}
	case model.Object:
		if list {
			c.at(t.each.pos, field, "%s is one object, not a list; use rules without each", field)
		}
	default:
		if t.nested {
			c.at(t.pos, field, "%s is %s and cannot have rules inside", field, words(out.kind))
		} else if list {
			c.at(t.each.pos, field, "%s is %s, not a list", field, words(out.kind))
		}
	}
}
