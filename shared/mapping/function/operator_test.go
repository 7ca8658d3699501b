package function

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/govalues/decimal"

	"apicenter/shared/model"
)

func dec(s string) model.Decimal { return decimal.MustParse(s) }

func TestArithmetic(t *testing.T) {
	large := dec("9999999999999999999")
	for _, c := range []struct {
		name string
		f    func(a, b any) (any, error)
		a, b any
		want any // an error when it is errors.ErrUnsupported
	}{
		{"+", Add, dec("0.1"), dec("0.2"), dec("0.3")},
		{"+", Add, json.Number("2"), json.Number("3"), dec("5")},
		{"+", Add, 1, dec("0.5"), dec("1.5")},
		{"+", Add, "a", "b", "ab"},
		{"+", Add, "2", dec("3.50"), "23.5"},
		{"+", Add, json.Number("00123"), "-x", "00123-x"},
		{"+", Add, nil, "b", "b"},
		{"+", Add, "", nil, ""},
		{"+", Add, nil, dec("5"), dec("5")},
		{"+", Add, dec("5"), nil, dec("5")},
		{"+", Add, nil, nil, nil},
		{"+", Add, true, dec("1"), errors.ErrUnsupported},
		{"+", Add, nil, []any{}, errors.ErrUnsupported},
		{"+", Add, "a", model.Tree{}, errors.ErrUnsupported},
		{"+", Add, large, large, errors.ErrUnsupported},
		{"-", Subtract, dec("1"), dec("0.9"), dec("0.1")},
		{"-", Subtract, "10", "3", dec("7")},
		{"-", Subtract, dec("5"), nil, dec("5")},
		{"-", Subtract, nil, dec("5"), dec("-5")},
		{"-", Subtract, "", nil, nil},
		{"-", Subtract, "ten", dec("1"), errors.ErrUnsupported},
		{"*", Multiply, dec("19.99"), dec("0.05"), dec("0.9995")},
		{"*", Multiply, dec("19.99"), nil, nil},
		{"*", Multiply, large, large, errors.ErrUnsupported},
		{"/", Divide, dec("10"), dec("4"), dec("2.5")},
		{"/", Divide, dec("1"), dec("3"), dec("0.3333333333333333333")},
		{"/", Divide, nil, dec("0"), nil},
		{"/", Divide, dec("1"), dec("0.00"), errors.ErrUnsupported},
		{"%", Modulo, dec("-7"), dec("3"), dec("-1")},
		{"%", Modulo, dec("7.5"), dec("2"), dec("1.5")},
		{"%", Modulo, dec("7"), "0", errors.ErrUnsupported},
	} {
		got, err := c.f(c.a, c.b)
		if want, ok := c.want.(error); ok && errors.Is(want, errors.ErrUnsupported) {
			if err == nil {
				t.Errorf("%v %s %v: got %v, want an error", c.a, c.name, c.b, got)
			}
			continue
		}
		if err != nil || isNumber(got) != isNumber(c.want) || !Equal(got, c.want) {
			t.Errorf("%v %s %v: got %v, %v, want %v", c.a, c.name, c.b, got, err, c.want)
		}
	}
}

func TestEqual(t *testing.T) {
	noon := time.Date(2026, 10, 24, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		a, b any
		want bool
	}{
		{nil, "", true}, {nil, nil, true}, {"", dec("0"), false}, {nil, false, false}, {nil, []any{}, false},
		{dec("2.50"), json.Number("2.5"), true}, {dec("2"), 2, true}, {dec("2"), "2.0", true}, {dec("2"), "two", false},
		{"007", "7", false}, {"a", "a", true}, {"a", "A", false}, {json.Number("007"), dec("7"), true},
		{true, "true", true}, {true, "yes", false}, {true, dec("1"), false},
		{noon, "2026-10-24T14:00:00+02:00", true}, {noon, "noon", false}, {noon, noon.Add(1), false},
		{[]any{"a"}, []any{"a"}, false}, {model.Tree{}, model.Tree{}, false},
	} {
		if got := Equal(c.a, c.b); got != c.want {
			t.Errorf("%v == %v: got %v", c.a, c.b, got)
		}
		if got := Equal(c.b, c.a); got != c.want {
			t.Errorf("%v == %v: got %v", c.b, c.a, got)
		}
	}
}

func TestCompare(t *testing.T) {
	noon := time.Date(2026, 10, 24, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		a, b  any
		order int
		ok    bool
		err   bool
	}{
		{dec("9"), dec("10"), -1, true, false}, {"9", dec("10"), -1, true, false}, {"9", "10", 1, true, false},
		{"2026-10-24", "2026-09-30", 1, true, false}, {noon, "2026-10-24T12:00:01Z", -1, true, false},
		{nil, dec("1"), 0, false, false}, {"", "a", 0, false, false},
		{dec("1"), "one", 0, false, true}, {true, false, 0, false, true}, {noon, dec("1"), 0, false, true}, {[]any{"x"}, dec("1"), 0, false, true},
	} {
		order, ok, err := Compare(c.a, c.b)
		if order != c.order || ok != c.ok || (err != nil) != c.err {
			t.Errorf("%v with %v: got %d, %v, %v", c.a, c.b, order, ok, err)
		}
	}
}

func TestTextKeepsDigits(t *testing.T) {
	for _, c := range []struct {
		v    any
		want string
	}{
		{json.Number("00123"), "00123"}, {json.Number("2.50"), "2.50"}, {dec("2.50"), "2.5"}, {dec("2.00"), "2"}, {dec("100"), "100"}, {dec("-0.10"), "-0.1"},
		{7, "7"}, {true, "true"}, {nil, ""}, {time.Date(2026, 10, 24, 14, 0, 0, 0, time.FixedZone("", 7200)), "2026-10-24T12:00:00Z"},
	} {
		if got, err := Text(c.v); err != nil || got != c.want {
			t.Errorf("%v: got %q, %v, want %q", c.v, got, err, c.want)
		}
	}
}

func TestSlice(t *testing.T) {
	list := []any{"a", "b", "c"}
	for _, c := range []struct {
		v, from, to any
		want        string
	}{
		{"Café", dec("0"), dec("4"), "Café"}, {"Café", dec("3"), nil, "é"}, {"Café", nil, dec("-1"), "Caf"}, {"Café", dec("9"), dec("12"), ""}, {"Café", dec("3"), dec("1"), ""},
		{nil, dec("0"), dec("2"), ""}, {json.Number("00123"), dec("0"), dec("2"), "00"}, {"abc", dec("-9"), dec("9999999999999999999"), "abc"},
	} {
		if got, err := Slice(c.v, c.from, c.to); err != nil || got != c.want {
			t.Errorf("%v[%v:%v]: got %v, %v, want %q", c.v, c.from, c.to, got, err, c.want)
		}
	}
	got, err := Slice(list, dec("1"), dec("-1"))
	if part, ok := got.([]any); err != nil || !ok || len(part) != 1 || part[0] != "b" {
		t.Errorf("got %v, %v", got, err)
	}
	if _, err := Slice("abc", "x", nil); err == nil {
		t.Error("a place that is no number was accepted")
	}
}

// The description of a value shows what is wrong with it and nothing of what it says.
func TestDescribe(t *testing.T) {
	for _, c := range []struct {
		v    any
		want string
	}{
		{"Anna@proef.example", `a text of the form "aaaa@aaaaa.aaaaaaa"`}, {"12,50", `a text of the form "99,99"`}, {"", "an empty text"}, {nil, "nothing"},
		{"a\x00é", `a text of the form "a?a"`}, {"0123456789012345678901", `a text of the form "99999999999999999999…"`}, {[]any{"x"}, "a list"}, {model.Tree{"x": 1}, "an object"},
	} {
		if got := Describe(c.v); got != c.want {
			t.Errorf("%v: got %s, want %s", c.v, got, c.want)
		}
	}
}
