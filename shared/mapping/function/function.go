// Package function holds the pure functions and operators an expression of a mapping may use, one family a file.
//
// The mapping engine calls them and the panel lists them. They know values only: no record, no path, no setting, no clock.
// Reading fields, value tables and the limits of a whole run are left to the engine.
//
// An empty value (nothing or "") given to a function gives an empty value back, unless the function says otherwise.
package function

import (
	"fmt"

	"apicenter/shared/model"
)

// Func is one function as expressions call it.
type Func struct {
	Name     string
	Family   string // the heading it stands under: text, numbers, lists, dates, addresses, people
	Args     string // the arguments as documentation writes them: "text, length"
	Min, Max int    // how many arguments it takes; Max below zero means any number
	Returns  model.Type
	Fields   []string // of an object it returns: all the names
	Doc      string
	Examples []Example
	// Aside is the number, from 1, of an argument that only steers how the others are read, such as the country of an
	// address; 0 for none. What the functions in it note is not about the result.
	Aside int
	// Notes says that the function may bend a value; its result can then be a Noted.
	Notes bool
	// Call works on evaluated arguments, of which there are Min to Max. It changes none of them and keeps none.
	Call func(args []any) (any, error)
}

// Example is a call as it may be written in a mapping and what it gives. The examples are run as tests.
type Example struct {
	Call string // an expression without input: cents(1995)
	Want string // the result as compact JSON: 19.95
	Note string // the warning that comes with it, if any
}

// Noted is a result that needs a word to the user: something was cut, or could not be understood and was kept as it was.
// The note never quotes the value, which may be personal data.
type Noted struct {
	Value any
	Note  string
}

// MaxText is the longest text, in bytes, that a function or operator makes.
const MaxText = 1 << 18

// MaxList is the longest list a function makes.
const MaxList = 10_000

// All returns every function, by family, in the order the documentation shows them.
func All() []Func {
	var all []Func
	for _, family := range [][]Func{textFuncs(), numberFuncs(), listFuncs(), dateFuncs(), addressFuncs(), countryFuncs(), personFuncs()} {
		all = append(all, family...)
	}
	return all
}

// whole reads a small whole number given as an argument.
func whole(name, what string, v any, high int) (int, error) {
	d, present, err := Number(v)
	if err != nil || !present || !d.IsInt() {
		return 0, fmt.Errorf("%s needs a whole number as its %s", name, what)
	}
	n, _, ok := d.Int64(0)
	if !ok || n < 0 || n > int64(high) {
		return 0, fmt.Errorf("%s needs a whole number from 0 to %d as its %s", name, high, what)
	}
	return int(n), nil
}

// textOf reads a text given as an argument and names the function when it is none.
func textOf(name string, v any) (string, error) {
	s, err := Text(v)
	if err != nil {
		return "", fmt.Errorf("%s needs a text but got %s", name, Describe(v))
	}
	return s, nil
}

// numberOf reads a number given as an argument and names the function when it is none.
func numberOf(name string, v any) (model.Decimal, bool, error) {
	d, present, err := Number(v)
	if err != nil {
		return d, false, fmt.Errorf("%s needs a number but got %s", name, Describe(v))
	}
	return d, present, nil
}

// onText makes a function of one text out of a plain Go one.
func onText(name string, f func(string) string) func([]any) (any, error) {
	return func(args []any) (any, error) {
		s, err := textOf(name, args[0])
		if err != nil || s == "" {
			return nil, err
		}
		return f(s), nil
	}
}
