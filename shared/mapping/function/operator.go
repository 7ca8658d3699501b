package function

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"apicenter/shared/model"
)

// Add is the operator +. Two numbers are added; a text with anything is joined to one text, in which an empty side adds
// nothing; a number with nothing stays as it is; nothing with nothing is nothing.
func Add(a, b any) (any, error) {
	if isText(a) || isText(b) {
		return concat(a, b)
	}
	if a == nil || b == nil {
		if a == nil {
			a = b
		}
		if a == nil {
			return nil, nil
		}
		if _, _, err := operand("+", a); err != nil {
			return nil, err
		}
		return a, nil
	}
	x, _, err := operand("+", a)
	if err != nil {
		return nil, err
	}
	y, _, err := operand("+", b)
	if err != nil {
		return nil, err
	}
	return fit(x.Add(y))
}

func concat(a, b any) (any, error) {
	x, err := Text(a)
	if err != nil {
		return nil, fmt.Errorf("+ cannot join %s to a text", Describe(a))
	}
	y, err := Text(b)
	if err != nil {
		return nil, fmt.Errorf("+ cannot join %s to a text", Describe(b))
	}
	if len(x)+len(y) > MaxText {
		return nil, errTooLong
	}
	return x + y, nil
}

var errTooLong = errors.New("the text becomes too long")

// Subtract is the operator -. An empty side counts as 0; nothing with nothing is nothing. Texts that are numbers count as
// numbers, here and in the operators below.
func Subtract(a, b any) (any, error) {
	x, hasX, err := operand("-", a)
	if err != nil {
		return nil, err
	}
	y, hasY, err := operand("-", b)
	if err != nil || !hasX && !hasY {
		return nil, err
	}
	return fit(x.Sub(y))
}

// Multiply is the operator *; with an empty side the result is nothing.
func Multiply(a, b any) (any, error) {
	x, y, ok, err := operands("*", a, b)
	if err != nil || !ok {
		return nil, err
	}
	return fit(x.Mul(y))
}

// Divide is the operator /; with an empty side the result is nothing. A result that does not end is rounded at the 19th
// digit. Dividing by zero is an error.
func Divide(a, b any) (any, error) {
	x, y, ok, err := operands("/", a, b)
	if err != nil || !ok {
		return nil, err
	}
	if y.IsZero() {
		return nil, errors.New("a division by zero has no result")
	}
	return fit(x.Quo(y))
}

// Modulo is the operator %, the rest of a division; it has the sign of the left side.
func Modulo(a, b any) (any, error) {
	x, y, ok, err := operands("%", a, b)
	if err != nil || !ok {
		return nil, err
	}
	if y.IsZero() {
		return nil, errors.New("a division by zero has no result")
	}
	_, rest, err := x.QuoRem(y)
	return fit(rest, err)
}

// Negate is the sign - before a number.
func Negate(v any) (any, error) {
	d, present, err := operand("-", v)
	if err != nil || !present {
		return nil, err
	}
	return d.Neg(), nil
}

func fit(d model.Decimal, err error) (any, error) {
	if err != nil {
		return nil, errDigits
	}
	return d, nil
}

func operand(operator string, v any) (model.Decimal, bool, error) {
	d, present, err := Number(v)
	if err != nil {
		return d, false, fmt.Errorf("%s needs numbers but got %s", operator, Describe(v))
	}
	return d, present, nil
}

func operands(operator string, a, b any) (x, y model.Decimal, ok bool, err error) {
	x, hasX, err := operand(operator, a)
	if err != nil {
		return x, y, false, err
	}
	y, hasY, err := operand(operator, b)
	return x, y, hasX && hasY && err == nil, err
}

func isText(v any) bool {
	_, ok := v.(string)
	return ok
}

func isNumber(v any) bool {
	switch v.(type) {
	case model.Decimal, json.Number, int:
		return true
	}
	return false
}

// Equal is the operator ==. Nothing equals "" and nothing else. Numbers are equal when their values are (2.50 == 2.5); a
// text equals a number when it is that number, yes or no when it is "true" or "false", an instant when it is that instant
// in RFC 3339. Two texts are equal when every character is: "007" is not "7". Lists and objects are equal to nothing.
func Equal(a, b any) bool {
	emptyA, emptyB := a == nil || a == "", b == nil || b == ""
	if emptyA || emptyB {
		return emptyA && emptyB
	}
	if isText(a) && isText(b) {
		return a == b
	}
	switch {
	case isNumber(a) || isNumber(b):
		x, _, errX := Number(a)
		y, _, errY := Number(b)
		return errX == nil && errY == nil && x.Cmp(y) == 0
	case isBool(a) || isBool(b):
		x, errX := Truth(a)
		y, errY := Truth(b)
		return errX == nil && errY == nil && x == y
	case isTime(a) || isTime(b):
		x, okX := model.ToTime(a)
		y, okY := model.ToTime(b)
		return okX && okY && x.Equal(y)
	}
	return false
}

func isBool(v any) bool {
	_, ok := v.(bool)
	return ok
}

func isTime(v any) bool {
	_, ok := v.(time.Time)
	return ok
}

// Compare orders a and b for <, <=, > and >=. ok is false when a side is empty: such a comparison does not hold. Two texts
// are compared letter by letter (so "10" comes before "9", and dates written 2026-10-24 come in order); a number with a
// text that is a number as numbers; an instant with RFC 3339 text as instants.
func Compare(a, b any) (order int, ok bool, err error) {
	switch {
	case a == nil || a == "" || b == nil || b == "":
		return 0, false, nil
	case isText(a) && isText(b):
		return strings.Compare(a.(string), b.(string)), true, nil
	case isTime(a) || isTime(b):
		x, okX := model.ToTime(a)
		y, okY := model.ToTime(b)
		if okX && okY {
			return x.Compare(y), true, nil
		}
	case isNumber(a) || isNumber(b):
		x, _, errX := Number(a)
		y, _, errY := Number(b)
		if errX == nil && errY == nil {
			return x.Cmp(y), true, nil
		}
	}
	return 0, false, fmt.Errorf("%s cannot be compared with %s", Describe(a), Describe(b))
}

// In is the operator in: whether a list holds an element equal to v, or an object has a field named v. A single value
// counts as a list of one; nothing holds nothing.
func In(v, list any) bool {
	if tree, ok := list.(model.Tree); ok {
		name, err := Text(v)
		_, has := tree[name]
		return err == nil && has
	}
	if l, ok := list.([]any); ok {
		for _, element := range l {
			if Equal(v, element) {
				return true
			}
		}
		return false
	}
	return list != nil && Equal(v, list)
}

// Contains reports whether b stands in a; an empty text contains nothing but "".
func Contains(a, b any) (bool, error) { return onTexts("contains", a, b, strings.Contains) }

// StartsWith reports whether a begins with b.
func StartsWith(a, b any) (bool, error) { return onTexts("startsWith", a, b, strings.HasPrefix) }

// EndsWith reports whether a ends with b.
func EndsWith(a, b any) (bool, error) { return onTexts("endsWith", a, b, strings.HasSuffix) }

func onTexts(name string, a, b any, f func(s, part string) bool) (bool, error) {
	x, err := textOf(name, a)
	if err != nil {
		return false, err
	}
	y, err := textOf(name, b)
	return err == nil && f(x, y), err
}
