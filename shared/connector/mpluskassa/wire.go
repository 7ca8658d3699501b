package mpluskassa

import (
	"strconv"
	"sync"
	"time"
	_ "time/tzdata" // the till's clock must not depend on the machine this runs on

	"apicenter/shared/connector/internal/soap"
	"apicenter/shared/model"
)

// namespace is the namespace of every element of the interface.
const namespace = "urn:mplusqapi"

// amsterdam is the zone of every installation.
var amsterdam = sync.OnceValue(func() *time.Location {
	zone, err := time.LoadLocation("Europe/Amsterdam")
	if err != nil {
		panic("mpluskassa: " + err.Error()) // the zone data is compiled in
	}
	return zone
})

// date describes a SoapMplusDate. It becomes 2026-10-24; a date of zeros is no date and is left out.
func date(name, doc, example string) *soap.Shape {
	return soap.Folded(name, soap.TextKind, doc, example, foldDate)
}

// instant describes a SoapMplusDateTime. It becomes RFC 3339 text in the till's own wall-clock time with the offset beside
// it, so that both the instant and the hour on the till's clock can be read from it.
func instant(name, doc, example string) *soap.Shape {
	return soap.Folded(name, soap.InstantKind, doc, example, foldInstant)
}

func foldDate(l soap.Leaves) any {
	year, month, day, ok := dateParts(l)
	if !ok {
		return nil
	}
	return string(appendDate(make([]byte, 0, 10), year, month, day))
}

func foldInstant(l soap.Leaves) any {
	year, month, day, ok := dateParts(l)
	hour, okHour := part(l, "hour", 0, 24)
	minute, okMinute := part(l, "min", 0, 59)
	second, okSecond := part(l, "sec", 0, 60)
	if !ok || !okHour || !okMinute || !okSecond {
		return nil
	}
	offset, known := part(l, "timezone", -14*60, 14*60)
	if !known || l.Get("timezone") == "" {
		offset = localOffset(time.Date(year, time.Month(month), day, hour, minute, second, 0, amsterdam()), l.Get("isdst"))
	}
	if hour == 24 || second == 60 { // written by some clocks; the time library carries them over
		t := time.Date(year, time.Month(month), day, hour, minute, second, 0, time.FixedZone("", offset*60))
		return t.Format(time.RFC3339)
	}
	b := appendDate(make([]byte, 0, 25), year, month, day)
	b = append(b, 'T')
	b = appendTwo(append(appendTwo(append(appendTwo(b, hour), ':'), minute), ':'), second)
	if offset == 0 {
		return string(append(b, 'Z'))
	}
	sign := byte('+')
	if offset < 0 {
		sign, offset = '-', -offset
	}
	return string(appendTwo(append(appendTwo(append(b, sign), offset/60), ':'), offset%60))
}

// localOffset is the offset of Amsterdam in minutes. In the hour that autumn has twice, isdst decides; it is not to be
// trusted at other times.
func localOffset(wall time.Time, isdst string) int {
	_, seconds := wall.Zone()
	for _, shift := range []time.Duration{-time.Hour, time.Hour} {
		other := wall.Add(shift)
		if other.Hour() == wall.Hour() && other.Minute() == wall.Minute() { // the same time on the clock, an hour apart
			if summer := isdst == "true" || isdst == "1"; other.IsDST() == summer {
				_, seconds = other.Zone()
			}
		}
	}
	return seconds / 60
}

func dateParts(l soap.Leaves) (year, month, day int, ok bool) {
	year, okYear := part(l, "year", 1, 9999)
	month, okMonth := part(l, "mon", 1, 12)
	day, okDay := part(l, "day", 1, 31)
	ok = okYear && okMonth && okDay
	// 31 April does not exist; the time library would make 1 May of it.
	return year, month, day, ok && (day <= 28 || time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC).Day() == day)
}

func part(l soap.Leaves, name string, low, high int) (int, bool) {
	text := l.Get(name)
	if text == "" {
		return 0, low <= 0
	}
	n, err := strconv.Atoi(text)
	return n, err == nil && n >= low && n <= high
}

func appendDate(b []byte, year, month, day int) []byte {
	b = appendTwo(appendTwo(b, year/100), year%100)
	return appendTwo(append(appendTwo(append(b, '-'), month), '-'), day)
}

func appendTwo(b []byte, n int) []byte { return append(b, byte('0'+n/10), byte('0'+n%10)) }

func yearNumber(name, doc string) *soap.Shape {
	return soap.Object(name, doc,
		soap.Number("year", "Year the number belongs to.", "2026"),
		soap.Number("number", "Number within the year.", "318"))
}

func address(name, doc string) *soap.Shape {
	return soap.Object(name, doc,
		soap.Text("name", "Name on the address.", "J. Voorbeeld"),
		soap.Text("companyName", "Company on the address.", "Bakkerij De Proef B.V."),
		soap.Text("contact", "Person to ask for.", "Anna Bakker"),
		soap.Text("address", "Street and number in one text.", "Dorpsstraat 12 A"),
		soap.Text("zipcode", "Postal code.", "1234 AB"),
		soap.Text("city", "City.", "Proefdorp"),
		soap.Text("country", "Country as it was typed: a name or a code.", "Nederland"),
		soap.Text("label", "What the address is called in MplusKASSA.", "Magazijn"))
}

func customFields() *soap.Shape {
	return soap.Object("customFieldList", "Fields the shop added itself.",
		soap.List(soap.Object("customField", "One field the shop added.",
			soap.Text("fieldName", "Name of the field.", "costCentre"),
			soap.Text("dataType", "Which of the values is filled.", "DATA-TYPE-STRING"),
			soap.Text("strValue", "Text.", "North"),
			soap.Number("intValue", "Number, to be divided by ten to the power of decimalPlaces.", "12"),
			soap.Number("decimalPlaces", "Decimals of intValue.", "0"),
			soap.Bool("boolValue", "Yes or no.", "true"),
			date("dateValue", "Day.", "2026-10-24"),
			instant("dateTimeValue", "Moment.", "2026-10-24T14:30:12+02:00"))))
}

// schema lists the fields of a shape, in its order.
func schema(s *soap.Shape, prefix string) model.Schema {
	var out model.Schema
	for _, f := range s.Fields {
		field := model.Field{Path: prefix + f.Name, Type: types[f.Kind], Doc: f.Doc, Example: f.Example}
		below := field.Path + "."
		if f.Many {
			field.Type, below = model.List, field.Path+"[]."
		}
		out = append(out, field)
		if f.Kind == soap.ObjectKind {
			out = append(out, schema(f, below)...)
		}
	}
	return out
}

var types = map[soap.Kind]model.Type{
	soap.TextKind: model.Text, soap.NumberKind: model.Number, soap.BoolKind: model.Boolean,
	soap.ObjectKind: model.Object, soap.InstantKind: model.Instant,
}
