package mapping

import (
	"maps"
	"slices"
	"strings"

	"apicenter/shared/mapping/function"
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

// crashed reports a panic in a parser that is not ours: a file that breaks it is reported like any other.
func (c *compiler) crashed() error {
	c.at(position{1, 1}, "", "the text cannot be read: it breaks the parser")
	return c.err()
}

func (c *compiler) tableNames() []string { return slices.Sorted(maps.Keys(c.tables)) }
