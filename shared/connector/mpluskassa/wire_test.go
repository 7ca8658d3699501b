package mpluskassa

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"apicenter/shared/connector/internal/soap"
)

func moments(parts ...any) soap.Leaves {
	var l soap.Leaves
	for i := 0; i < len(parts); i += 2 {
		l = append(l, soap.Leaf{Name: parts[i].(string), Text: fmt.Sprint(parts[i+1])})
	}
	return l
}

func TestInstants(t *testing.T) {
	at := func(y, mo, d, h, mi, s int, more ...any) soap.Leaves {
		return moments(append([]any{"sec", s, "min", mi, "hour", h, "day", d, "mon", mo, "year", y}, more...)...)
	}
	cases := []struct {
		name   string
		leaves soap.Leaves
		want   any
	}{
		{"summer", at(2026, 7, 1, 14, 30, 12, "isdst", true, "timezone", 120), "2026-07-01T14:30:12+02:00"},
		{"winter", at(2026, 1, 5, 8, 0, 0, "isdst", false, "timezone", 60), "2026-01-05T08:00:00+01:00"},
		{"the offset decides, not isdst", at(2026, 7, 1, 14, 30, 12, "isdst", false, "timezone", 120), "2026-07-01T14:30:12+02:00"},
		{"the hour that comes twice, first", at(2026, 10, 25, 2, 30, 0, "isdst", true, "timezone", 120), "2026-10-25T02:30:00+02:00"},
		{"the hour that comes twice, second", at(2026, 10, 25, 2, 30, 0, "isdst", false, "timezone", 60), "2026-10-25T02:30:00+01:00"},
		{"twice, first, without an offset", at(2026, 10, 25, 2, 30, 0, "isdst", true), "2026-10-25T02:30:00+02:00"},
		{"twice, second, without an offset", at(2026, 10, 25, 2, 30, 0, "isdst", false), "2026-10-25T02:30:00+01:00"},
		{"no offset in summer, isdst wrong", at(2026, 7, 1, 14, 0, 0, "isdst", false), "2026-07-01T14:00:00+02:00"},
		{"no offset in winter", at(2026, 12, 1, 14, 0, 0), "2026-12-01T14:00:00+01:00"},
		{"an offset of zero is one", at(2026, 7, 1, 14, 0, 0, "timezone", 0), "2026-07-01T14:00:00Z"},
		{"west of Greenwich", at(2026, 7, 1, 14, 0, 0, "timezone", -210), "2026-07-01T14:00:00-03:30"},
		{"an impossible offset counts as none", at(2026, 7, 1, 14, 0, 0, "timezone", 7200), "2026-07-01T14:00:00+02:00"},
		{"midnight as 24", at(2026, 7, 1, 24, 0, 0, "timezone", 120), "2026-07-02T00:00:00+02:00"},
		{"zeros", at(0, 0, 0, 0, 0, 0, "isdst", false, "timezone", 0), nil},
		{"nothing", nil, nil},
		{"no such day", at(2026, 4, 31, 8, 0, 0, "timezone", 120), nil},
		{"no such hour", at(2026, 4, 30, 25, 0, 0, "timezone", 120), nil},
		{"letters", moments("year", "two", "mon", 1, "day", 1), nil},
	}
	for _, c := range cases {
		got := foldInstant(c.leaves)
		if got != c.want {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
		if text, ok := got.(string); ok {
			if _, err := time.Parse(time.RFC3339, text); err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
		}
	}
}

func TestDates(t *testing.T) {
	for _, c := range []struct {
		y, m, d int
		want    any
	}{{2026, 10, 4, "2026-10-04"}, {2024, 2, 29, "2024-02-29"}, {2026, 2, 29, nil}, {0, 0, 0, nil}, {2026, 13, 1, nil}, {26, 1, 1, "0026-01-01"}} {
		if got := foldDate(moments("day", c.d, "mon", c.m, "year", c.y)); got != c.want {
			t.Errorf("%d-%d-%d: got %v, want %v", c.y, c.m, c.d, got, c.want)
		}
	}
}

func jsonNumber(n int) json.Number { return json.Number(fmt.Sprint(n)) }
