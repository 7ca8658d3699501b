package soap

import (
	"encoding/json"
	"strings"
)

// Kind says what a leaf becomes.
type Kind int

// The kinds. Instant describes the result of a Fold only.
const (
	TextKind    Kind = iota // string
	NumberKind              // json.Number
	BoolKind                // bool; reads true, false, 1 and 0
	ObjectKind              // map[string]any
	InstantKind             // RFC 3339 text, made by a Fold
)

// Shape says how an element of an answer becomes a value of a tree. Elements that no shape names are passed over, so a
// service may add to its answers. Shapes are made once and not changed after.
type Shape struct {
	Name string
	Kind Kind
	// Many is set for an element that may come more than once: its value is always a []any.
	Many bool
	// Fields are the elements inside an object.
	Fields []*Shape
	// Fold makes one value of an element whose children are plain leaves, such as a date in parts; nil leaves it out.
	Fold func(Leaves) any
	// Doc and Example describe the element to people.
	Doc, Example string

	byName map[string]*Shape
}

// Text describes an element with a text.
func Text(name, doc, example string) *Shape {
	return &Shape{Name: name, Kind: TextKind, Doc: doc, Example: example}
}

// Number describes an element with a number, kept digit by digit as a json.Number. A text that is no plain number stays a
// text, so that one odd value spoils one record and not the answer; an empty one is left out.
func Number(name, doc, example string) *Shape {
	return &Shape{Name: name, Kind: NumberKind, Doc: doc, Example: example}
}

// Bool describes an element with true or false; an empty one is left out.
func Bool(name, doc, example string) *Shape {
	return &Shape{Name: name, Kind: BoolKind, Doc: doc, Example: example}
}

// Object describes an element with elements inside.
func Object(name, doc string, fields ...*Shape) *Shape {
	s := &Shape{Name: name, Kind: ObjectKind, Doc: doc, Fields: fields, byName: make(map[string]*Shape, len(fields))}
	for _, f := range fields {
		s.byName[f.Name] = f
	}
	return s
}

// Folded describes an element that fold makes one value of.
func Folded(name string, kind Kind, doc, example string, fold func(Leaves) any) *Shape {
	return &Shape{Name: name, Kind: kind, Doc: doc, Example: example, Fold: fold}
}

// List returns a copy of s that may come more than once.
func List(s *Shape) *Shape {
	c := *s
	c.Many = true
	return &c
}

// Leaves are the children of a folded element, in the order they came.
type Leaves []Leaf

// Leaf is one of them.
type Leaf struct{ Name, Text string }

// Get returns the text of the leaf with the name, "" when there is none.
func (l Leaves) Get(name string) string {
	for i := range l {
		if l[i].Name == name {
			return l[i].Text
		}
	}
	return ""
}

// value makes the value of a leaf; ok is false when it is to be left out.
func (k Kind) value(text string) (value any, ok bool) {
	switch k {
	case NumberKind:
		return number(text)
	case BoolKind:
		switch text = trim(text); text {
		case "true", "1":
			return true, true
		case "false", "0":
			return false, true
		case "":
			return nil, false
		}
		switch {
		case strings.EqualFold(text, "true"):
			return true, true
		case strings.EqualFold(text, "false"):
			return false, true
		}
	case TextKind, ObjectKind, InstantKind:
	}
	return text, true
}

// digitValues holds the commonest numbers, so that they need no memory of their own.
var digitValues = [10]any{
	json.Number("0"), json.Number("1"), json.Number("2"), json.Number("3"), json.Number("4"),
	json.Number("5"), json.Number("6"), json.Number("7"), json.Number("8"), json.Number("9"),
}

// number reads a plain decimal number and brings it to the form JSON allows: no plus sign, no leading zeros. Trailing
// zeros stay, they may say how exact a number is.
func number(text string) (any, bool) {
	if len(text) == 1 && text[0] >= '0' && text[0] <= '9' {
		return digitValues[text[0]-'0'], true
	}
	text = trim(text)
	if text == "" {
		return nil, false
	}
	negative, digits := text[0] == '-', text
	if negative || text[0] == '+' {
		digits = text[1:]
	}
	whole, fraction, point := strings.Cut(digits, ".")
	if !allDigits(whole) || point && !allDigits(fraction) {
		return text, true
	}
	if significant := strings.TrimLeft(whole, "0"); significant == "" {
		digits = "0" + digits[len(whole):]
	} else {
		digits = digits[len(whole)-len(significant):]
	}
	if !negative {
		return json.Number(digits), true
	}
	if len(digits)+1 == len(text) {
		return json.Number(text), true
	}
	return json.Number("-" + digits), true
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// trim takes XML's white space off both ends.
func trim(s string) string { return strings.Trim(s, " \t\r\n") }
