package mapping

import (
	"errors"

	"apicenter/shared/fault"
	"apicenter/shared/mapping/function"
	"apicenter/shared/model"
)

// Filter is a compiled condition on a record. It may be used by several goroutines at a time.
type Filter struct {
	name      string
	condition *expression
}

// CompileFilter compiles an expression that is yes or no. The error is a *Problems; its lines and columns are those of the
// expression itself.
func CompileFilter(name, text string, o Options) (filter *Filter, err error) {
	c := newCompiler(name, []byte(text), o)
	defer func() {
		if r := recover(); r != nil {
			filter, err = nil, c.crashed()
		}
	}()
	c.compileTables(nil)
	s := &scalar{text: text, style: plain, pos: position{line: 1, column: 1}, lines: c.lines}
	e := c.condition(s, &scope{out: c.output}, "")
	if c.failed() {
		return nil, c.err()
	}
	return &Filter{name: name, condition: e}, nil
}

// Match reports whether the record passes. The error is a *fault.Error of class Reject.
func (f *Filter) Match(record model.Tree, settings map[string]string) (passes bool, err error) {
	fr := newFrame(Input{Record: record, Settings: settings}, 0)
	defer fr.release()
	defer func() {
		if r := recover(); r != nil {
			passes, err = false, fr.crashed(r)
		}
	}()
	v, err := f.condition.eval(fr)
	if err == nil {
		passes, err = function.Truth(v)
	}
	if err != nil {
		e := &fault.Error{Class: fault.Reject, Message: f.name + " cannot be worked out: " + err.Error(),
			Advice: "Correct the value in the source, or change the filter.", Err: err}
		var broken *brokenError
		if errors.As(err, &broken) {
			e.Detail = detail(broken.err)
		}
		return false, e
	}
	return passes, nil
}
