package mpluskassa

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// reader collects the first problem while the arguments of a call are read.
type reader struct {
	strict  bool
	problem *fault
	all     []*args
}

// args are the children of one element. A nil node reads as having none.
type args struct {
	r     *reader
	n     *node
	known []string // names that were asked for
}

func (r *reader) of(n *node) *args {
	a := &args{r: r, n: n}
	r.all = append(r.all, a)
	return a
}

func (r *reader) fail(format string, values ...any) {
	if r.problem == nil {
		r.problem = &fault{"Client", fmt.Sprintf(format, values...)}
	}
}

// ok ends the reading of arguments: it reports whether the call may go on.
func (r *reader) ok() bool {
	if r.strict {
		for _, a := range r.all {
			a.checkKnown()
		}
	}
	return r.problem == nil
}

func (a *args) checkKnown() {
	if a.n == nil {
		return
	}
	for _, kid := range a.n.kids {
		if !slices.Contains(a.known, kid.name) {
			a.r.fail("Validation constraint violation: element '%s' is not expected in '%s'", kid.name, a.n.name)
		}
	}
}

// here reports whether the element itself was sent.
func (a *args) here() bool { return a.n != nil }

// ignore accepts fields that have no meaning here.
func (a *args) ignore(names ...string) { a.known = append(a.known, names...) }

func (a *args) each(name string, do func(*node)) {
	a.known = append(a.known, name)
	if a.n == nil {
		return
	}
	for _, kid := range a.n.kids {
		if kid.name == name {
			do(kid)
		}
	}
}

func (a *args) find(name string) *node {
	var found *node
	a.each(name, func(n *node) {
		if found == nil {
			found = n
		}
	})
	return found
}

// sub enters a child element, sent or not.
func (a *args) sub(name string) *args { return a.r.of(a.find(name)) }

// subs enters all children of that name.
func (a *args) subs(name string) []*args {
	var out []*args
	a.each(name, func(n *node) { out = append(out, a.r.of(n)) })
	return out
}

// text reads a string; nil means not sent.
func (a *args) text(name string) *string {
	if n := a.find(name); n != nil {
		return &n.text
	}
	return nil
}

// str reads a string, empty when not sent.
func (a *args) str(name string) string {
	if n := a.find(name); n != nil {
		return n.text
	}
	return ""
}

// long reads a whole number of 64 bits; nil means not sent.
func (a *args) long(name string) *int64 { return a.number(a.find(name), 64) }

// int reads a whole number of 32 bits; nil means not sent.
func (a *args) int(name string) *int64 { return a.number(a.find(name), 32) }

// longs reads a repeated number.
func (a *args) longs(name string) []int64 {
	var out []int64
	a.each(name, func(n *node) {
		if v := a.number(n, 64); v != nil {
			out = append(out, *v)
		}
	})
	return out
}

func (a *args) number(n *node, bits int) *int64 {
	if n == nil {
		return nil
	}
	v, err := strconv.ParseInt(strings.TrimSpace(n.text), 10, bits)
	if err != nil || len(n.kids) > 0 {
		a.r.fail("Validation constraint violation: data type mismatch in element '%s'", n.name)
		return nil
	}
	return &v
}

// boolean reads true, false, 1 or 0; nil means not sent.
func (a *args) boolean(name string) *bool {
	n := a.find(name)
	if n == nil {
		return nil
	}
	switch strings.TrimSpace(n.text) {
	case "true", "1":
		return new(true)
	case "false", "0":
		return new(false)
	}
	a.r.fail("Validation constraint violation: data type mismatch in element '%s'", name)
	return nil
}

// flag reads a boolean that is false when not sent.
func (a *args) flag(name string) bool {
	v := a.boolean(name)
	return v != nil && *v
}

// strs reads a repeated string.
func (a *args) strs(name string) []string {
	var out []string
	a.each(name, func(n *node) { out = append(out, n.text) })
	return out
}

// textList reads a list whose entries are wrapped twice. Empty texts are left
// out: an empty element stands for no filter.
func (a *args) textList(name string) []string {
	var out []string
	for _, entry := range a.sub(name).subs("text") {
		if t := entry.str("text"); t != "" {
			out = append(out, t)
		}
	}
	return out
}

// value returns what p points at, or zero.
func value[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}
