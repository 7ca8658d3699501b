package mapping

import (
	"slices"
	"strings"
)

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

// leaves remembers which paths of one object are filled already.
type leaves struct{ list []leaf }

type leaf struct {
	steps []string
	on    applies
	line  int
	list  bool
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
