package function

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/govalues/decimal"
)

func TestDates(t *testing.T) {
	evening := time.Date(2026, 10, 24, 22, 30, 0, 0, time.UTC)
	const amsterdam = "Europe/Amsterdam"
	date, datetime, year := formatted("date", "2006-01-02"), formatted("datetime", "2006-01-02T15:04:05"), part("year", time.Time.Year)
	for _, c := range []struct {
		f    func([]any) (any, error)
		args []any
		want any // nil for nothing; an error when it is "error"
	}{
		{date, []any{evening, amsterdam}, "2026-10-25"},
		{date, []any{evening, "America/New_York"}, "2026-10-24"},
		{date, []any{evening}, "error"}, // which day it is depends on the zone
		{date, []any{evening, ""}, "error"},
		{date, []any{evening, "Europe/Nowhere"}, "error"},
		{date, []any{evening, "Local"}, "error"}, // it would differ between machines
		{date, []any{"2026-10-24T22:30:00Z", amsterdam}, "2026-10-25"},
		{date, []any{"2026-10-24T22:30:00+02:00", amsterdam}, "2026-10-24"},
		{date, []any{"2026-10-24 23:30:00", amsterdam}, "2026-10-24"},
		{date, []any{"2026-10-24 23:30"}, "2026-10-24"},
		{date, []any{" 2026-10-24 "}, "2026-10-24"},
		{date, []any{"24-10-2026"}, "2026-10-24"},
		{date, []any{json.Number("20261024")}, "2026-10-24"},
		{date, []any{"10/24/2026"}, "error"},
		{date, []any{"2026-02-30"}, "error"},
		{date, []any{"soon"}, "error"},
		{date, []any{true}, "error"},
		{date, []any{nil, amsterdam}, nil},
		{date, []any{" ", amsterdam}, nil},
		{date, []any{time.Time{}, amsterdam}, nil},
		{datetime, []any{evening, amsterdam}, "2026-10-25T00:30:00"},
		{datetime, []any{"2026-10-24"}, "2026-10-24T00:00:00"},
		{year, []any{"2026-12-31T23:30:00Z", amsterdam}, decimal.MustNew(2027, 0)},
		{asInstant, []any{"2026-07-01 14:00:00", amsterdam}, time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)},
		{asInstant, []any{"2026-01-01 14:00:00", amsterdam}, time.Date(2026, 1, 1, 13, 0, 0, 0, time.UTC)},
		{asInstant, []any{"2026-10-25 02:30:00", amsterdam}, time.Date(2026, 10, 25, 0, 30, 0, 0, time.UTC)}, // comes twice
		{asInstant, []any{"2026-03-29 02:30:00", amsterdam}, time.Date(2026, 3, 29, 1, 30, 0, 0, time.UTC)},  // does not come
		{asInstant, []any{"2026-10-24T12:30:12.5+02:00"}, time.Date(2026, 10, 24, 10, 30, 12, 5e8, time.UTC)},
		{asInstant, []any{"2026-10-24 12:30:12"}, "error"},
		{asInstant, []any{""}, nil},
	} {
		got, err := c.f(c.args)
		switch want := c.want.(type) {
		case nil:
			if got != nil || err != nil {
				t.Errorf("%v: got %v, %v, want nothing", c.args, got, err)
			}
		case string:
			if want == "error" != (err != nil) || err == nil && got != want {
				t.Errorf("%v: got %v, %v, want %s", c.args, got, err, want)
			}
		default:
			if err != nil || !Equal(got, want) {
				t.Errorf("%v: got %v, %v, want %v", c.args, got, err, want)
			}
		}
	}
}
