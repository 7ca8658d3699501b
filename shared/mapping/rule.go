package mapping

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"apicenter/shared/mapping/function"
	"apicenter/shared/model"
)

// compiler holds what is known while one file is compiled.
type compiler struct {
	name      string
	lines     [][]rune
	options   Options
	input     *shape
	output    *shape
	functions []function.Func
	tables    map[string]*table
	problems  []Problem
	fields    []FieldInfo
	slots     int // how many the frame needs
}

func newCompiler(name string, text []byte, o Options) *compiler {
	c := &compiler{name: name, options: o, functions: function.All(), tables: map[string]*table{}}
	c.input, c.output = shapeOf(o.Input), shapeOf(o.Output)
	if len(text) <= maxFile {
		for _, line := range strings.Split(string(text), "\n") {
			c.lines = append(c.lines, []rune(line))
		}
	}
	return c
}

func (c *compiler) compileTables(texts []tableText) {
	for _, t := range texts {
		if _, shared := c.options.Tables[t.name]; !shared {
			c.tables[t.name] = c.compileTable(t.name, t.Table, t.pos, t.keys)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.options.Tables)) {
		c.tables[name] = c.compileTable(name, c.options.Tables[name], position{}, nil)
	}
}

func (c *compiler) tableNames() []string { return slices.Sorted(maps.Keys(c.tables)) }

// applies says for which records a rule is.
type applies int

const (
	always applies = iota
	onCreate
	onUpdate
	never // a rule for creates inside one for updates, or the other way round
)

func (a applies) and(b applies) applies {
	switch {
	case a == always:
		return b
	case b == always || a == b:
		return a
	}
	return never
}

func (a applies) meets(b applies) bool { return a.and(b) != never }

// scope is where a rule stands: at the top, or inside the elements of a list.
type scope struct {
	parent  *scope
	field   string // path of the object the rules fill, without positions: lines
	display string // the same with the marks of lists: lines[]
	steps   []string
	out     *shape
	on      applies
	when    []string
	written *leaves

	// Of the elements of a list:
	as      string
	slot    int // of the element; its position is in the next slot
	element *shape
}

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

// fallback is a compiled default.
type fallback struct {
	from  *expression
	value any
	force *expression
}

// leaves remembers which paths of one object are filled already.
type leaves struct{ list []leaf }

type leaf struct {
	steps []string
	on    applies
	line  int
	list  bool
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
		if !c.reported(t) {
			c.at(t.pos, sc.field, "the rule does not say which field it fills (to)")
		}
		return rule{}, false
	}
	field := joinField(sc.field, t.to.text)
	r := rule{field: joinField(sc.display, t.to.text), slot: -1}
	r.on = c.applies(t.on, sc.on, field)
	r.when = c.condition(t.when, sc, field)
	steps, out := c.target(t, sc, field)
	r.steps, r.out = append(sc.steps[:len(sc.steps):len(sc.steps)], steps...), out
	c.shapeOfRule(t, field, out)
	if t.table != nil {
		if r.table = c.tables[t.table.text]; r.table == nil {
			c.unknown(t.table.pos, field, "unknown table "+t.table.text, t.table.text, c.tableNames())
		}
	}
	when := sc.when
	if t.when != nil {
		when = append(when[:len(when):len(when)], t.when.text)
	}
	switch {
	case t.nested && t.each == nil:
		r.group = true
		inner := *sc
		inner.field, inner.display, inner.steps, inner.out = field, r.field, r.steps, out
		inner.on, inner.when = r.on, when
		r.rules = c.compileRules(t.rules, &inner)
		return r, len(c.problems) == before
	case t.each != nil:
		c.claim(t, sc, r, field)
		c.compileList(t, sc, &r, field, when)
	default:
		c.claim(t, sc, r, field)
		c.compileValue(t, sc, &r, field)
		c.describe(t, r, when)
	}
	return r, len(c.problems) == before
}

// reported tells whether a problem of this rule's line is known already, so that one mistake is not told twice.
func (c *compiler) reported(t *ruleText) bool {
	return slices.ContainsFunc(c.problems, func(p Problem) bool { return p.Line == t.pos.line })
}

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

// target finds the field a rule fills in the output schema.
func (c *compiler) target(t *ruleText, sc *scope, field string) ([]string, *shape) {
	steps := strings.Split(t.to.text, ".")
	out := sc.out
	for i, name := range steps {
		if name == "" || strings.ContainsAny(name, "[] \t") {
			c.at(t.to.pos, field, "%q is not a path: write names joined by dots; lists are filled with each", t.to.text)
			return steps, anything()
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
		return steps, anything()
	}
	return steps, out
}

// shapeOfRule checks which keys go together.
func (c *compiler) shapeOfRule(t *ruleText, field string, out *shape) {
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
		for name, s := range map[string]*scalar{"as": t.as, "where": t.where, "append": t.add} {
			if s != nil {
				c.at(s.pos, field, "%s has no meaning without each", name)
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

// claim notes that a path is filled and reports when another rule that may apply at the same time fills it too.
func (c *compiler) claim(t *ruleText, sc *scope, r rule, field string) {
	l := leaf{steps: r.steps, on: r.on, line: t.pos.line, list: t.each != nil}
	adds := t.add != nil && t.add.text == "true"
	if adds && !slices.ContainsFunc(sc.written.list, func(o leaf) bool { return o.list && slices.Equal(o.steps, l.steps) }) {
		c.at(t.add.pos, field, "append adds to the list of an earlier rule, but no rule before this one fills %s", field)
	}
	for _, o := range sc.written.list {
		n := min(len(o.steps), len(l.steps))
		if !slices.Equal(o.steps[:n], l.steps[:n]) || !o.on.meets(l.on) || adds && o.list && len(o.steps) == len(l.steps) {
			continue
		}
		if len(o.steps) == len(l.steps) {
			c.at(t.to.pos, field, "the field is filled twice: line %d fills it too", o.line)
		} else {
			c.at(t.to.pos, field, "the field is filled twice: line %d fills it as part of %s", o.line, joinField("", strings.Join(o.steps[:n], ".")))
		}
		return
	}
	sc.written.list = append(sc.written.list, l)
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

// slotsBelow returns the first slot that no scope around uses.
func (c *compiler) slotsBelow(sc *scope) int {
	for ; sc != nil; sc = sc.parent {
		if sc.as != "" {
			return sc.slot + 2
		}
	}
	return 0
}

func (c *compiler) checkName(as *scalar, sc *scope, field string) {
	names, ok := parsePlain(as.text)
	switch {
	case !ok || len(names) != 1 || strings.ContainsAny(as.text, "@$:"):
		c.at(as.pos, field, "as needs a simple name, such as line")
		return
	case as.text == "index" || as.text == "settings":
		c.at(as.pos, field, "%s has a meaning of its own; choose another name for as", as.text)
	}
	for ; sc != nil; sc = sc.parent {
		if sc.as == as.text {
			c.at(as.pos, field, "the name %s is used for the list around this one; choose another", as.text)
			return
		}
	}
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
	default:
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

func (c *compiler) describe(t *ruleText, r rule, when []string) {
	text := func(s *scalar) string {
		if s == nil {
			return ""
		}
		return strings.TrimSpace(s.text)
	}
	info := FieldInfo{Field: r.field, From: text(t.from), Constant: text(t.value), Each: text(t.each), As: text(t.as), Where: text(t.where),
		When: strings.Join(when, " and "), Table: text(t.table), Line: t.pos.line}
	switch r.on {
	case onCreate:
		info.On = "create"
	case onUpdate:
		info.On = "update"
	}
	if t.def != nil {
		if info.Default = text(t.def.value); t.def.from != nil {
			info.Default = text(t.def.from)
		}
		info.Force = text(t.def.force)
	}
	c.fields = append(c.fields, info)
}
