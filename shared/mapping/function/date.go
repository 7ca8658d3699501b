package function

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
	_ "time/tzdata" // zones must mean the same on every machine, also where none are installed

	"github.com/govalues/decimal"

	"apicenter/shared/model"
)

func dateFuncs() []Func {
	date := func(f Func) Func {
		f.Family = "dates"
		return f
	}
	return []Func{
		date(Func{Name: "date", Args: "moment, zone", Min: 1, Max: 2, Returns: model.Text, Call: formatted("date", "2006-01-02"),
			Doc: "The day as 2026-10-24. An instant needs the zone in which the day is meant; a text without a zone of its own is taken as it is. " +
				"Understood are RFC 3339 (2026-10-24T12:30:12Z), 2026-10-24 12:30:12, 2026-10-24, 20261024 and 24-10-2026.",
			Examples: []Example{{`date("2026-10-24T22:30:00Z", "Europe/Amsterdam")`, `"2026-10-25"`, ""}, {`date("24-10-2026")`, `"2026-10-24"`, ""}}}),
		date(Func{Name: "datetime", Args: "moment, zone", Min: 1, Max: 2, Returns: model.Text, Call: formatted("datetime", "2006-01-02T15:04:05"),
			Doc:      "Day and time as 2026-10-24T14:30:12, for systems that keep local time. Understands what date understands.",
			Examples: []Example{{`datetime("2026-10-24T12:30:12Z", "Europe/Amsterdam")`, `"2026-10-24T14:30:12"`, ""}}}),
		date(Func{Name: "instant", Args: "moment, zone", Min: 1, Max: 2, Returns: model.Instant, Call: asInstant,
			Doc: "The point in time. A text without a zone of its own needs the zone it was written in. " +
				"In the hour that comes twice when summer time ends, the first one is taken.",
			Examples: []Example{{`instant("2026-10-24 14:30:12", "Europe/Amsterdam")`, `"2026-10-24T12:30:12Z"`, ""},
				{`instant("2026-10-24T12:30:12+02:00")`, `"2026-10-24T10:30:12Z"`, ""}}}),
		date(Func{Name: "year", Args: "moment, zone", Min: 1, Max: 2, Returns: model.Number,
			Call:     part("year", func(t time.Time) int { return t.Year() }),
			Doc:      "The year. Understands what date understands.",
			Examples: []Example{{`year("2026-10-24")`, `2026`, ""}}}),
		date(Func{Name: "month", Args: "moment, zone", Min: 1, Max: 2, Returns: model.Number,
			Call:     part("month", func(t time.Time) int { return int(t.Month()) }),
			Doc:      "The month, 1 to 12. Understands what date understands.",
			Examples: []Example{{`month("2026-12-31T23:30:00Z", "Europe/Amsterdam")`, `1`, ""}}}),
	}
}

// moment is a point in time or, when local, only what a clock and a calendar on the wall showed.
type moment struct {
	time.Time
	local bool
}

// local layouts; those with an offset of their own are left to RFC 3339.
var layouts = [...]string{"2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02", "20060102", "02-01-2006"}

func readMoment(name string, v any) (moment, bool, error) {
	switch v := v.(type) {
	case nil:
		return moment{}, false, nil
	case time.Time:
		return moment{Time: v}, !v.IsZero(), nil
	case string, json.Number:
		s, _ := Text(v)
		if s = strings.TrimSpace(s); s == "" {
			return moment{}, false, nil
		}
		if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
			return moment{Time: t}, true, nil
		}
		for _, layout := range layouts {
			if t, err := time.Parse(layout, s); err == nil {
				return moment{Time: t, local: true}, true, nil
			}
		}
	}
	return moment{}, false, fmt.Errorf("%s needs a date or a time but got %s", name, Describe(v))
}

// zones keeps what the zone database says, never data: loading a zone parses a file.
var zones sync.Map // name to *time.Location

func zone(name string, args []any) (*time.Location, error) {
	if len(args) < 2 || Empty(args[1]) {
		return nil, nil
	}
	s, err := textOf(name, args[1])
	if err != nil {
		return nil, err
	}
	if l, ok := zones.Load(s); ok {
		return l.(*time.Location), nil
	}
	l, err := time.LoadLocation(s)
	if err != nil || s == "Local" {
		return nil, errors.New(name + " needs a time zone such as Europe/Amsterdam")
	}
	zones.Store(s, l)
	return l, nil
}

// wall returns what the clock in the zone showed.
func wall(name string, args []any) (time.Time, bool, error) {
	l, err := zone(name, args)
	if err != nil {
		return time.Time{}, false, err
	}
	m, present, err := readMoment(name, args[0])
	if err != nil || !present || m.local {
		return m.Time, present, err
	}
	if l == nil {
		return m.Time, false, errors.New(name + " needs a time zone for a point in time, such as Europe/Amsterdam")
	}
	return m.In(l), true, nil
}

func formatted(name, layout string) func([]any) (any, error) {
	return func(args []any) (any, error) {
		t, present, err := wall(name, args)
		if err != nil || !present {
			return nil, err
		}
		return t.Format(layout), nil
	}
}

func part(name string, of func(time.Time) int) func([]any) (any, error) {
	return func(args []any) (any, error) {
		t, present, err := wall(name, args)
		if err != nil || !present {
			return nil, err
		}
		return decimal.MustNew(int64(of(t)), 0), nil
	}
}

func asInstant(args []any) (any, error) {
	l, err := zone("instant", args)
	if err != nil {
		return nil, err
	}
	m, present, err := readMoment("instant", args[0])
	if err != nil || !present {
		return nil, err
	}
	if !m.local {
		return m.UTC(), nil
	}
	if l == nil {
		return nil, errors.New("instant needs the time zone of a time that has none, such as Europe/Amsterdam")
	}
	t := time.Date(m.Year(), m.Month(), m.Day(), m.Hour(), m.Minute(), m.Second(), m.Nanosecond(), l)
	// time.Date does not say which of two equal wall times it takes; take the first.
	for _, step := range [...]time.Duration{30 * time.Minute, time.Hour, 2 * time.Hour} {
		if earlier := t.Add(-step); earlier.Format(time.DateTime) == t.Format(time.DateTime) {
			t = earlier
			break
		}
	}
	return t.UTC(), nil
}
