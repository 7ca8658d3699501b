package function

import (
	"encoding/json"
	"math/big"
	"testing"

	"github.com/govalues/decimal"
	"pgregory.net/rapid"

	"apicenter/shared/model"
)

// rat is the exact value of a decimal, for checking against arithmetic that cannot round.
func rat(t *rapid.T, v any) *big.Rat {
	d, ok := v.(model.Decimal)
	if !ok {
		t.Fatalf("%v is a %T, not a decimal", v, v)
	}
	r, ok := new(big.Rat).SetString(d.String())
	if !ok {
		t.Fatalf("%s is no number", d)
	}
	return r
}

func drawDecimal(t *rapid.T, name string, digits int64, places int) model.Decimal {
	return decimal.MustNew(rapid.Int64Range(-digits, digits).Draw(t, name), rapid.IntRange(0, places).Draw(t, name+" places"))
}

func power(n int) *big.Rat {
	return new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil))
}

func TestScaleIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawDecimal(t, "number", 999_999_999_999, 4)
		places := rapid.IntRange(0, 12).Draw(t, "places")
		got, err := scale([]any{d, decimal.MustNew(int64(places), 0)})
		if err != nil {
			t.Fatal(err)
		}
		if want := new(big.Rat).Quo(rat(t, d), power(places)); rat(t, got).Cmp(want) != 0 {
			t.Fatalf("scale(%s, %d): got %s", d, places, got)
		}
		back, err := Multiply(got, decimal.MustNew(1, 0))
		if err != nil || rat(t, back).Cmp(rat(t, got)) != 0 {
			t.Fatalf("1 * %s: got %v, %v", got, back, err)
		}
	})
}

func TestCentsIsExact(t *testing.T) {
	cents := shift("cents", 2)
	rapid.Check(t, func(t *rapid.T) {
		d := drawDecimal(t, "cents", 9_999_999_999_999, 3)
		for _, arg := range []any{d, json.Number(d.String()), d.String()} {
			got, err := cents([]any{arg})
			if err != nil {
				t.Fatal(err)
			}
			if want := new(big.Rat).Quo(rat(t, d), power(2)); rat(t, got).Cmp(want) != 0 {
				t.Fatalf("cents(%s): got %s", d, got)
			}
		}
	})
}

func TestSumsAndProductsAreExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawDecimal(t, "a", 99_999_999, 4), drawDecimal(t, "b", 99_999_999, 4)
		x, y := rat(t, a), rat(t, b)
		for _, c := range []struct {
			name string
			f    func(a, b any) (any, error)
			want *big.Rat
		}{
			{"+", Add, new(big.Rat).Add(x, y)},
			{"-", Subtract, new(big.Rat).Sub(x, y)},
			{"*", Multiply, new(big.Rat).Mul(x, y)},
		} {
			got, err := c.f(a, b)
			if err != nil || rat(t, got).Cmp(c.want) != 0 {
				t.Fatalf("%s %s %s: got %v, %v", a, c.name, b, got, err)
			}
		}
		order, ok, err := Compare(a, json.Number(b.String()))
		if !ok || err != nil || order != x.Cmp(y) {
			t.Fatalf("compare %s with %s: got %d", a, b, order)
		}
		if Equal(a, b) != (x.Cmp(y) == 0) {
			t.Fatalf("%s == %s: got %v", a, b, Equal(a, b))
		}
	})
}

// Rounding never moves a number by more than half of the last place, and at exactly half moves it away from zero.
func TestRoundGoesHalfAwayFromZero(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawDecimal(t, "number", 9_999_999_999, 6)
		places := rapid.IntRange(0, 6).Draw(t, "places")
		got, err := round([]any{d, decimal.MustNew(int64(places), 0)})
		if err != nil {
			t.Fatal(err)
		}
		x, r := rat(t, d), rat(t, got)
		if !new(big.Rat).Mul(r, power(places)).IsInt() {
			t.Fatalf("round(%s, %d) has more decimals: %s", d, places, got)
		}
		half := new(big.Rat).Quo(big.NewRat(1, 2), power(places))
		moved := new(big.Rat).Sub(r, x)
		switch new(big.Rat).Abs(moved).Cmp(half) {
		case 1:
			t.Fatalf("round(%s, %d) went too far: %s", d, places, got)
		case 0:
			if moved.Sign() != x.Sign() {
				t.Fatalf("round(%s, %d) went towards zero: %s", d, places, got)
			}
		}
	})
}

func TestTaxComesOffAsItWentOn(t *testing.T) {
	add, remove := tax("addTax", false), tax("removeTax", true)
	rapid.Check(t, func(t *rapid.T) {
		net := decimal.MustNew(rapid.Int64Range(-9_999_999, 9_999_999).Draw(t, "cents"), 2)
		rate := decimal.MustNew(rapid.Int64Range(0, 30).Draw(t, "rate"), 0)
		six, two := decimal.MustNew(6, 0), decimal.MustNew(2, 0)
		gross, err := add([]any{net, rate, six})
		if err != nil {
			t.Fatal(err)
		}
		again, err := remove([]any{gross, rate, two})
		if err != nil || !Equal(again, net) {
			t.Fatalf("%s with %s per cent is %s, without it %v, %v", net, rate, gross, again, err)
		}
	})
}

func TestNumber(t *testing.T) {
	for _, c := range []struct {
		args []any
		want string // "" for nothing, "error" for an error
	}{
		{[]any{"12.50"}, "12.50"}, {[]any{"-3"}, "-3"}, {[]any{json.Number("007")}, "7"}, {[]any{nil}, ""}, {[]any{""}, ""},
		{[]any{"12,50"}, "error"}, {[]any{"1.000,50"}, "error"}, {[]any{"twelve"}, "error"}, {[]any{true}, "error"}, {[]any{"12 "}, "error"}, {[]any{"NaN"}, "error"}, {[]any{"Inf"}, "error"},
		{[]any{"12345678901234567890.1"}, "error"}, {[]any{"0.12345678901234567891"}, "error"}, {[]any{"1e-25"}, "error"}, {[]any{"1.10000000000000000000000"}, "1.1"},
		{[]any{"1.234,50", ","}, "1234.50"}, {[]any{"1234,50", ","}, "1234.50"}, {[]any{"1 234,5", ","}, "1234.5"}, {[]any{"1'234.5", "."}, "1234.5"},
		{[]any{"1.234.567", ","}, "1234567"}, {[]any{"-1.234,5", ","}, "-1234.5"}, {[]any{"12,", ","}, "error"}, {[]any{"12.34,5", ","}, "error"}, {[]any{"1,2,3", ","}, "error"},
		{[]any{".234,5", ","}, "error"}, {[]any{",5", ","}, "error"}, {[]any{"1.234", ","}, "1234"}, {[]any{" 5,5 ", ","}, "5.5"}, {[]any{"5", ";"}, "error"}, {[]any{"1e5", ","}, "error"},
		{[]any{" ", ","}, ""}, {[]any{json.Number("1.5"), ","}, "1.5"},
	} {
		got, err := asNumber(c.args)
		switch {
		case c.want == "error":
			if err == nil {
				t.Errorf("number(%q): got %v, want an error", c.args, got)
			}
		case err != nil || c.want == "" && got != nil || c.want != "" && !Equal(got, decimal.MustParse(c.want)):
			t.Errorf("number(%q): got %v, %v, want %s", c.args, got, err, c.want)
		}
	}
}

// Anything that is read as a number prints as the same number.
func FuzzParseNumber(f *testing.F) {
	for _, s := range []string{"1", "-0.0", "1e5", "1E-5", "00012", ".5", "5.", "+5", "9999999999999999999", "0.0000000000000000001", "1e-25", "1e400"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := ParseNumber(s)
		if err != nil {
			return
		}
		want, ok := new(big.Rat).SetString(s)
		if !ok {
			t.Fatalf("%q is no number, yet it was read as %s", s, d)
		}
		got, _ := new(big.Rat).SetString(d.String())
		if got.Cmp(want) != 0 {
			t.Fatalf("%q was read as %s", s, d)
		}
	})
}
