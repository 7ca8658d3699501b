package function

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/govalues/decimal"

	"apicenter/shared/model"
)

// Empty reports whether v counts as not filled: nothing, "", the zero instant, a list without elements, an object without
// fields.
func Empty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case time.Time:
		return v.IsZero()
	case []any:
		return len(v) == 0
	case model.Tree:
		return len(v) == 0
	}
	return false
}

// Text returns v as text. Numbers keep their digits: a number read from a source is copied as it was written (00123 stays
// 00123); a decimal loses the zeros behind its decimals (2.50 becomes 2.5) and nothing else. Instants become RFC 3339 in
// UTC, yes and no become true and false, nothing becomes "".
func Text(v any) (string, error) {
	switch v := v.(type) {
	case nil:
		return "", nil
	case string:
		return v, nil
	case json.Number:
		return v.String(), nil
	case model.Decimal:
		return v.Trim(0).String(), nil
	case int:
		return strconv.Itoa(v), nil
	case bool:
		return strconv.FormatBool(v), nil
	case time.Time:
		return v.UTC().Format(time.RFC3339Nano), nil
	}
	return "", fmt.Errorf("%s is not a text", Describe(v))
}

// Number returns v as a decimal; present is false when v is empty. A text counts when it is nothing but a number written
// with a point for the decimals: "12.50", never "12,50" or "1.000,00" (see number for those).
func Number(v any) (d model.Decimal, present bool, err error) {
	switch v := v.(type) {
	case nil:
		return d, false, nil
	case model.Decimal:
		return v, true, nil
	case int:
		return decimal.MustNew(int64(v), 0), true, nil
	case json.Number:
		d, err = ParseNumber(v.String())
		return d, err == nil, err
	case string:
		if v == "" {
			return d, false, nil
		}
		d, err = ParseNumber(v)
		return d, err == nil, err
	}
	return d, false, fmt.Errorf("%s is not a number", Describe(v))
}

var errDigits = errors.New("the number has more than 19 digits")

// ParseNumber reads a number exactly or not at all: digits that would be lost are an error.
func ParseNumber(s string) (model.Decimal, error) {
	d, err := decimal.Parse(s)
	if err != nil {
		if isNumeric(s) {
			return d, errDigits
		}
		return d, fmt.Errorf("%s is not a number", Describe(s))
	}
	if (len(s) > decimal.MaxPrec || strings.ContainsAny(s, "eE")) && places(s) > d.Scale() {
		return d, errDigits
	}
	return d, nil
}

// places counts the decimals that the text of a number needs, without zeros at the end.
func places(s string) int {
	mantissa, exponent, _ := strings.Cut(strings.ToLower(s), "e")
	_, fraction, _ := strings.Cut(mantissa, ".")
	n := len(strings.TrimRight(fraction, "0"))
	if e, err := strconv.Atoi(exponent); err == nil {
		n -= e
	}
	return n
}

func isNumeric(s string) bool {
	s = strings.TrimPrefix(s, "-")
	return s != "" && strings.Trim(s, "0123456789.") == "" && strings.Count(s, ".") <= 1
}

// Truth returns v as yes or no: true, false, the texts "true" and "false"; empty is no. Anything else is an error, so that
// a condition never passes by accident.
func Truth(v any) (bool, error) {
	switch v := v.(type) {
	case nil:
		return false, nil
	case bool:
		return v, nil
	case string:
		switch v {
		case "true":
			return true, nil
		case "false", "":
			return false, nil
		}
	}
	return false, fmt.Errorf("%s is not yes or no", Describe(v))
}

// List returns v as a list: nothing is an empty list, anything that is no list is a list of one. (Systems that speak XML
// send a single element as an object, not as a list.)
func List(v any) []any {
	if list, ok := v.([]any); ok {
		return list
	}
	if Empty(v) {
		return nil
	}
	return []any{v}
}

// Describe names a value for an error without quoting it: it may be personal data. Of a text it shows the shape, in which
// 9 stands for a digit and a for a letter, because the shape is usually what is wrong.
func Describe(v any) string {
	switch v := v.(type) {
	case nil:
		return "nothing"
	case string:
		return describeText(v)
	case bool:
		return "yes or no"
	case model.Decimal, json.Number, int:
		return "a number"
	case time.Time:
		return "a point in time"
	case []any:
		return "a list"
	case model.Tree:
		return "an object"
	}
	return fmt.Sprintf("a value of type %T", v)
}

func describeText(s string) string {
	if s == "" {
		return "an empty text"
	}
	var b strings.Builder
	n := 0
	for _, r := range s {
		if n++; n > 20 {
			b.WriteString("…")
			break
		}
		switch {
		case unicode.IsLetter(r):
			b.WriteByte('a')
		case unicode.IsDigit(r):
			b.WriteByte('9')
		case unicode.IsControl(r):
			b.WriteByte('?')
		default:
			b.WriteRune(r)
		}
	}
	return fmt.Sprintf("a text of the form %q", b.String())
}
