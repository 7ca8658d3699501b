package mapping

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/expr-lang/expr/vm"

	"apicenter/shared/fault"
	"apicenter/shared/mapping/function"
	"apicenter/shared/model"
)

// Bounds on one run. Real records stay far below; a mapping that loops over itself does not get far above.
const (
	maxSteps  = 200_000 // elements looked at, by each and in expressions
	maxValues = 100_000 // values written
	maxBytes  = 8 << 20 // of text written
	vmMemory  = 100_000 // elements of lists an expression may make
)

var errTooMuch = errors.New("working this out takes more steps than a mapping may use; look for a list that is gone through for every element of another")

// frame is one run: what it reads, where it is, and what it noticed.
type frame struct {
	record   model.Tree
	settings map[string]string
	update   bool
	slots    []any
	indexes  []int // of the output lists around the rule
	notes    []string
	warnings []Warning
	vm       *vm.VM
	steps    int
	values   int
	bytes    int
	current  *rule
}

// machines keeps the stacks of the expression machine between runs; they hold no data of their own.
var machines = sync.Pool{New: func() any { return &vm.VM{MemoryBudget: vmMemory} }}

func newFrame(in Input, slots int) *frame {
	f := &frame{record: in.Record, settings: in.Settings, update: in.Update}
	if slots > 0 {
		f.slots = make([]any, slots)
	}
	return f
}

func (f *frame) machine() *vm.VM {
	if f.vm == nil {
		f.vm = machines.Get().(*vm.VM)
	}
	return f.vm
}

func (f *frame) release() {
	if f.vm != nil {
		clear(f.vm.Stack[:cap(f.vm.Stack)])
		clear(f.vm.Variables)
		machines.Put(f.vm)
		f.vm = nil
	}
}

func (f *frame) spend(n int) error {
	if f.steps += n; f.steps > maxSteps {
		return errTooMuch
	}
	return nil
}

func (f *frame) note(text string) { f.notes = append(f.notes, text) }

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

func (f *frame) holds(e *expression) (bool, error) {
	v, err := e.eval(f)
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
	if r.fixed && r.def == nil && r.table == nil {
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
	if len(f.notes) > 0 {
		f.warn(r)
	}
	if function.Empty(v) {
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

// warn turns the notes of the rule at hand into warnings.
func (f *frame) warn(r *rule) {
	field := f.place(r.field)
	for _, note := range f.notes {
		w := Warning{Field: field, Message: note}
		if n := len(f.warnings); n < maxWarnings && (n == 0 || f.warnings[n-1] != w) {
			f.warnings = append(f.warnings, w)
		}
	}
	f.notes = f.notes[:0]
}

// maxWarnings bounds the list of one run.
const maxWarnings = 100

// list works out a field with each.
func (f *frame) list(r *rule, into model.Tree) (any, *fault.Error) {
	v, err := r.each.eval(f)
	if err != nil {
		return nil, f.reject(r, "the list cannot be worked out", err)
	}
	in := function.List(v)
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

// place puts the positions of the run into a display path: lines[].sku becomes lines[2].sku.
func (f *frame) place(field string) string {
	if len(f.indexes) == 0 {
		return field
	}
	var b strings.Builder
	for _, i := range f.indexes {
		before, after, ok := strings.Cut(field, "[]")
		if !ok {
			break
		}
		b.WriteString(before)
		b.WriteByte('[')
		b.WriteString(strconv.Itoa(i))
		b.WriteByte(']')
		field = after
	}
	b.WriteString(field)
	return b.String()
}

// reject makes the failure of a field.
func (f *frame) reject(r *rule, what string, err error) *fault.Error {
	e := &fault.Error{Class: fault.Reject, Field: f.place(r.field), Message: what + ": " + err.Error(),
		Advice: "Correct the value in the source, or change the rule of this field in the mapping.", Err: err}
	var lacks *unmapped
	var misfit *misfitError
	var broken *brokenError
	switch {
	case errors.As(err, &lacks):
		e.Message = lacks.Error()
		e.Advice = fmt.Sprintf("Add the value to the table %s, or choose what happens with values it lacks (unmapped).", lacks.table)
	case errors.As(err, &misfit):
		e.Message = misfit.Error()
	case errors.As(err, &broken):
		e.Detail = detail(broken.err)
	}
	return e
}

// detail keeps the first line of an error of the machine: further lines quote the expression.
func detail(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}

// crashed turns a panic into the failure of the rule at hand. The text of a panic may hold a value, so only its type goes on.
func (f *frame) crashed(v any) *fault.Error {
	e := &fault.Error{Class: fault.Reject, Message: "the mapping stopped halfway through this record",
		Advice: "Report this with the name of the field; meanwhile a simpler rule for the field may help.",
		Detail: fmt.Sprintf("panic of type %T", v)}
	if f.current != nil {
		e.Field = f.place(f.current.field)
	}
	return e
}
