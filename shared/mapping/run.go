package mapping

import (
	"fmt"

	"apicenter/shared/fault"
	"apicenter/shared/mapping/function"
	"apicenter/shared/model"
)

// fill runs rules into a tree.
func (f *frame) fill(rules []rule, into model.Tree) *fault.Error {
	for i := range rules {
		r := &rules[i]
		if r.on == onCreate && f.update || r.on == onUpdate && !f.update {
			continue
		}
		f.current = r
		if r.when != nil {
			ok, err := f.holds(r.when)
			if err != nil {
				return f.reject(r, "the condition of the field cannot be worked out", err)
			}
			if !ok {
				continue
			}
		}
		if r.group {
			if err := f.fill(r.rules, into); err != nil {
				return err
			}
			continue
		}
		v, fe := f.value(r, into)
		if fe != nil {
			return fe
		}
		if v != nil {
			put(into, r.steps, v)
		}
	}
	return nil
}

// put writes a value, making the objects on the way.
func put(into model.Tree, steps []string, v any) {
	last := len(steps) - 1
	for _, name := range steps[:last] {
		next, ok := into[name].(model.Tree)
		if !ok {
			next = make(model.Tree, 4)
			into[name] = next
		}
		into = next
	}
	into[steps[last]] = v
}

func get(from model.Tree, steps []string) any {
	last := len(steps) - 1
	for _, name := range steps[:last] {
		from, _ = from[name].(model.Tree)
	}
	return from[steps[last]]
}

// holds works out a condition. What its functions note is dropped: nothing of it is written.
func (f *frame) holds(e *expression) (bool, error) {
	v, err := e.eval(f)
	f.notes = f.notes[:0]
	if err != nil {
		return false, err
	}
	return function.Truth(v)
}

// value works out one field; nil leaves it out.
func (f *frame) value(r *rule, into model.Tree) (any, *fault.Error) {
	if r.each != nil {
		return f.list(r, into)
	}
	if _, list := r.value.([]any); r.fixed && !list && r.def == nil && r.table == nil {
		if err := f.grow(r.value); err != nil {
			return nil, f.reject(r, cannot, err)
		}
		return r.value, nil
	}
	f.notes = f.notes[:0]
	v, err := f.source(r)
	if err == nil && r.table != nil {
		v, err = r.table.look(f, v)
	}
	if err == nil && !function.Empty(v) {
		v, err = f.convert(v, r.out)
	}
	if err != nil {
		return nil, f.reject(r, cannot, err)
	}
	empty := function.Empty(v)
	f.warn(r, empty)
	if empty {
		return nil, nil
	}
	return v, nil
}

const cannot = "the value of the field cannot be worked out"

// source returns the value before the table and the field's type: what the rule reads, or its default.
func (f *frame) source(r *rule) (v any, err error) {
	if d := r.def; d != nil && d.force != nil {
		force, err := f.holds(d.force)
		if err != nil {
			return nil, err
		}
		if force {
			return f.fallback(d)
		}
	}
	switch {
	case r.fixed:
		v = r.value
	case r.from != nil:
		v, err = r.from.eval(f)
	}
	if err == nil && r.def != nil && function.Empty(v) {
		f.notes = f.notes[:0]
		return f.fallback(r.def)
	}
	return v, err
}

func (f *frame) fallback(d *fallback) (any, error) {
	if d.from != nil {
		return d.from.eval(f)
	}
	return d.value, nil
}

// list works out a field with each.
func (f *frame) list(r *rule, into model.Tree) (any, *fault.Error) {
	f.notes = f.notes[:0]
	v, err := r.each.eval(f)
	if err != nil {
		return nil, f.reject(r, "the list cannot be worked out", err)
	}
	in := function.List(v)
	f.warn(r, len(in) == 0)
	var out []any
	if r.add {
		out, _ = get(into, r.steps).([]any)
	}
	if len(in) == 0 {
		return nil, nil
	}
	if out == nil {
		out = make([]any, 0, len(in))
	}
	depth := len(f.indexes)
	f.indexes = append(f.indexes, 0)
	for i, element := range in {
		f.slots[r.slot], f.slots[r.slot+1] = element, i
		f.indexes[depth] = len(out)
		f.current = r
		if err := f.spend(1); err != nil {
			return nil, f.reject(r, "the list cannot be worked out", err)
		}
		if r.where != nil {
			ok, err := f.holds(r.where)
			if err != nil {
				return nil, f.reject(r, "the condition where of the list cannot be worked out", err)
			}
			if !ok {
				continue
			}
		}
		if len(out) >= function.MaxList {
			return nil, f.reject(r, cannot, fmt.Errorf("the list has more than %d elements", function.MaxList))
		}
		if r.scalars {
			v, fe := f.value(&r.rules[0], nil)
			if fe != nil {
				return nil, fe
			}
			if v != nil {
				out = append(out, v)
			}
			continue
		}
		tree := make(model.Tree, len(r.rules))
		if fe := f.fill(r.rules, tree); fe != nil {
			return nil, fe
		}
		out = append(out, tree)
	}
	f.indexes = f.indexes[:depth]
	f.slots[r.slot], f.slots[r.slot+1] = nil, nil
	if len(out) == 0 {
		return nil, nil
	}
	return out, nil
}
