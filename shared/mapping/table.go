package mapping

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"apicenter/shared/mapping/function"
	"apicenter/shared/model"
)

// Table translates values of one system into values of another.
type Table struct {
	// Unmapped says what becomes of a value the table does not have: keep, default, empty or fail. Nothing means fail.
	Unmapped string `json:"unmapped,omitempty"`
	Default  string `json:"default,omitempty"` // with Unmapped default: what the value becomes
	// Values by source value. Keys are compared as text, numbers in normal form: 21.00 is 21, but 021 is not.
	Values map[string]string `json:"values"`
}

// The choices of Table.Unmapped.
const (
	UnmappedKeep    = "keep"
	UnmappedDefault = "default"
	UnmappedEmpty   = "empty"
	UnmappedFail    = "fail"
)

func unmappedChoices() []string {
	return []string{UnmappedKeep, UnmappedDefault, UnmappedEmpty, UnmappedFail}
}

// table is a Table made ready for look-ups.
type table struct {
	name     string
	unmapped string
	fallback string
	values   map[string]string
}

// compileTable checks a table; positions come from the file, or are zero for a shared table.
func (c *compiler) compileTable(name string, t Table, pos position, keyPos map[string]position) *table {
	field := "tables." + name
	out := &table{name: name, unmapped: t.Unmapped, fallback: t.Default, values: make(map[string]string, len(t.Values))}
	switch t.Unmapped {
	case "":
		out.unmapped = UnmappedFail
	case UnmappedKeep, UnmappedDefault, UnmappedEmpty, UnmappedFail:
	default:
		c.unknown(pos, field, fmt.Sprintf("unmapped cannot be %q; choose keep, default, empty or fail", t.Unmapped), t.Unmapped, unmappedChoices())
	}
	if t.Unmapped == UnmappedDefault && t.Default == "" {
		c.at(pos, field, "unmapped: default needs the default to use")
	}
	if t.Unmapped != UnmappedDefault && t.Default != "" {
		c.at(pos, field, "a default is given but unmapped is not default, so it would never be used")
	}
	for _, key := range slices.Sorted(maps.Keys(t.Values)) {
		normal := normalNumber(key)
		if other, double := out.values[normal]; double && other != t.Values[key] {
			at := pos
			if p, ok := keyPos[key]; ok {
				at = p
			}
			c.at(at, field, "the value %s is there twice with different results", normal)
		}
		out.values[normal] = t.Values[key]
	}
	return out
}

// normalNumber takes the zeros behind the decimals off a text that is a plain number and leaves any other text as it is.
// Leading zeros stay: they belong to codes.
func normalNumber(s string) string {
	unsigned := strings.TrimPrefix(s, "-")
	whole, fraction, decimals := strings.Cut(unsigned, ".")
	switch {
	case whole == "" || whole[0] == '0' && whole != "0", strings.Trim(whole, "0123456789") != "",
		decimals && (fraction == "" || strings.Trim(fraction, "0123456789") != ""):
		return s
	}
	if decimals {
		unsigned = strings.TrimRight(strings.TrimRight(unsigned, "0"), ".")
	}
	if unsigned == "0" || s[0] != '-' {
		return unsigned
	}
	return "-" + unsigned
}

// look translates a value. An empty value is looked up too, but when the table has no entry for it stays empty.
func (t *table) look(f *frame, v any) (any, error) {
	text, err := function.Text(v)
	if err != nil {
		return nil, fmt.Errorf("the value table %s translates texts and numbers, but got %s", t.name, function.Describe(v))
	}
	key := normalNumber(text)
	if to, ok := t.values[key]; ok {
		return to, nil
	}
	if text == "" {
		return nil, nil
	}
	switch t.unmapped {
	case UnmappedKeep:
		return v, nil
	case UnmappedDefault:
		return t.fallback, nil
	case UnmappedEmpty:
		f.note(note{text: fmt.Sprintf("the value table %s has no entry for %s, so the field was left empty", t.name, code(v)), absent: true})
		return nil, nil
	}
	return nil, &unmapped{table: t.name, code: code(v)}
}

// unmapped is the error of a value a table lacks.
type unmapped struct{ table, code string }

func (e *unmapped) Error() string {
	return fmt.Sprintf("the value table %s has no entry for %s", e.table, e.code)
}

// code shows a value a table lacks, because nobody can add the entry without knowing it. Only numbers and short codes are
// shown; a text that could be about a person is described instead.
func code(v any) string {
	switch v := v.(type) {
	case model.Decimal, json.Number, int, bool:
		text, _ := function.Text(v)
		return text
	case string:
		if len(v) <= 24 && !strings.ContainsAny(v, " @\n\r\t") {
			return fmt.Sprintf("%q", v)
		}
	}
	return function.Describe(v)
}
