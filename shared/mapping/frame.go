package mapping

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/expr-lang/expr/vm"

	"apicenter/shared/fault"
	"apicenter/shared/model"
)

// Bounds on one run. Real records stay far below; a mapping that loops over itself does not get far above.
const (
	maxSteps  = 500_000 // elements looked at, and expressions worked out, long ones counting for more
	maxValues = 100_000 // values written
	maxBytes  = 8 << 20 // of text written
	vmMemory  = 100_000 // elements of lists an expression may make
)

// weight is what working out so many parts of an expression costs.
func weight(parts int) int { return 1 + parts/16 }

var errTooMuch = errors.New("working this out takes more steps than a mapping may use; look for a list that is gone through for every element of another")

// frame is one run: what it reads, where it is, and what it noticed.
type frame struct {
	record   model.Tree
	settings map[string]string
	update   bool
	slots    []any
	indexes  []int // of the output lists around the rule
	notes    []note
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

// note is something a value's user should know; warn makes a warning of it once the value is placed.
type note struct {
	text   string
	shared bool // several fields come from the one value it is about: one warning in an object is enough
	absent bool // it stands also when the field is left empty
}

func (f *frame) note(n note) { f.notes = append(f.notes, n) }

// warn turns the notes of the rule at hand into warnings. What was noted about a value that left the field empty is nobody's
// concern: nothing bent was written.
func (f *frame) warn(r *rule, empty bool) {
	if len(f.notes) == 0 {
		return
	}
	field := f.place(r.field)
	for _, n := range f.notes {
		w := Warning{Field: field, Message: n.text}
		if empty && !n.absent || len(f.warnings) >= maxWarnings || n.shared && f.warnedBeside(w) || slices.Contains(f.warnings, w) {
			continue
		}
		f.warnings = append(f.warnings, w)
	}
	f.notes = f.notes[:0]
}

// warnedBeside tells whether another field of the same object carries the warning.
func (f *frame) warnedBeside(w Warning) bool {
	object := w.Field[:strings.LastIndexByte(w.Field, '.')+1]
	return slices.ContainsFunc(f.warnings, func(o Warning) bool {
		return o.Message == w.Message && o.Field[:strings.LastIndexByte(o.Field, '.')+1] == object
	})
}

// maxWarnings bounds the list of one run.
const maxWarnings = 100

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
