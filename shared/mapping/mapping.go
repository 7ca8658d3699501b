// Package mapping compiles and runs mappings: the rules, written as YAML, that fill one shape from another.
//
// A get-side mapping fills the data model from a source's record, a send-side mapping fills a target's document from the
// data model; both are the same thing here. The stages compile a mapping version once and run it for every record, the panel
// compiles what a user typed and shows all its problems, connectors bring their default mappings as files of this form.
// README.md describes the form. What a record means, whether it may be sent, and where versions are kept is left to others.
//
// Running is a function of its input alone: no clock, no chance, no network, bounded in time and memory. Numbers are exact
// decimals throughout; no value is cut, rounded or guessed without a warning in the result.
package mapping

import (
	"apicenter/shared/model"
)

// File is the text of a mapping. The name appears in problems and reads like "afas orders send".
type File struct {
	Name string
	Text []byte
}

// Options say what the mapping is compiled against.
type Options struct {
	Input    model.Schema     // what expressions may read; nil when the shape is not known: then anything may be read
	Output   model.Schema     // what may be filled; nil when the shape is not known: then anything may be filled
	Settings []string         // the names allowed under settings
	Tables   map[string]Table // shared value tables; they take the place of tables of the same name in the file
}

// Program is a compiled mapping. It may be run by several goroutines at a time.
type Program struct {
	name   string
	rules  []rule
	fields []FieldInfo
	slots  int
}

// Compile checks the mapping and prepares it for running. The error is a *Problems that lists everything that is wrong with
// the file, not only what comes first.
func Compile(f File, o Options) (program *Program, err error) {
	c := newCompiler(f.Name, f.Text, o)
	defer func() {
		if r := recover(); r != nil {
			program, err = nil, c.crashed()
		}
	}()
	doc := c.readDocument(f.Text)
	c.compileTables(doc.tables)
	p := &Program{name: f.Name}
	root := &scope{written: &leaves{}, out: c.output}
	p.rules = c.compileRules(doc.rules, root)
	if c.failed() {
		return nil, c.err()
	}
	p.fields, p.slots = c.fields, c.slots
	return p, nil
}

// Input is what a run reads.
type Input struct {
	Record   model.Tree
	Settings map[string]string // values of the settings named at compile time; absent ones are empty
	Update   bool              // the target has the record already: rules with on: update apply instead of on: create
}

// Result is what a run made. The tree shares nothing with the input.
type Result struct {
	Tree     model.Tree
	Warnings []Warning
}

// Warning says what was bent to make a value fit. It never quotes the value.
type Warning struct {
	Field   string `json:"field"` // output path with positions: lines[2].description
	Message string `json:"message"`
}

// Run fills the output from one record. The error is a *fault.Error of class Reject that names the output field, says what
// is wrong with the value and what to change; it carries no value of the record beyond short codes a value table lacks.
func (p *Program) Run(in Input) (result Result, err error) {
	f := newFrame(in, p.slots)
	defer f.release()
	defer func() {
		if r := recover(); r != nil {
			result, err = Result{}, f.crashed(r)
		}
	}()
	tree := make(model.Tree, len(p.rules))
	if fe := f.fill(p.rules, tree); fe != nil {
		return Result{}, fe
	}
	return Result{Tree: tree, Warnings: f.warnings}, nil
}
