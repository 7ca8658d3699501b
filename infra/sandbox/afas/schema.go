package afas

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/govalues/decimal"
)

// field is one field of an update connector.
type field struct {
	code     string
	kind     string // string, int, decimal, boolean, date, memo, guid, enum
	length   int
	values   []string // of an enum
	ref      string   // the table its value must be in
	key      bool
	required bool
	en, nl   string
}

// schema is one object of an update connector.
type schema struct {
	name   string
	fields []*field
	byCode map[string]*field
	must   []*field
	subs   []*schema
}

// newSchema reads a table of fields, one a line:
//
//	code type [key] [req] [ref:table] | English label | Dutch label
//
// with the types s<length>, int, dec, bool, date, memo, guid and e:<a,b,c>.
func newSchema(name, table string, subs ...*schema) *schema {
	s := &schema{name: name, byCode: map[string]*field{}, subs: subs}
	for line := range strings.Lines(table) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		parts := strings.Split(line, "|")
		words := strings.Fields(parts[0])
		f := &field{code: words[0], en: words[0]}
		if len(parts) > 1 {
			f.en = strings.TrimSpace(parts[1])
		}
		f.nl = f.en
		if len(parts) > 2 {
			f.nl = strings.TrimSpace(parts[2])
		}
		f.setType(words[1])
		for _, w := range words[2:] {
			switch {
			case w == "key":
				f.key = true
			case w == "req":
				f.required = true
			case strings.HasPrefix(w, "ref:"):
				f.ref = w[4:]
			default:
				panic(fmt.Sprintf("schema %s: %q", name, line))
			}
		}
		s.fields = append(s.fields, f)
		s.byCode[f.code] = f
		if f.required {
			s.must = append(s.must, f)
		}
	}
	return s
}

func (f *field) setType(w string) {
	switch {
	case strings.HasPrefix(w, "e:"):
		f.kind, f.values, f.length = "enum", strings.Split(w[2:], ","), 5
	case w == "int":
		f.kind, f.length = "int", 10
	case w == "dec":
		f.kind, f.length = "decimal", 15
	case w == "bool":
		f.kind, f.length = "boolean", 1
	case w == "date":
		f.kind, f.length = "date", 19
	case w == "memo":
		f.kind = "memo"
	case w == "guid":
		f.kind, f.length = "guid", 38
	default:
		f.kind = "string"
		f.length, _ = strconv.Atoi(strings.TrimPrefix(w, "s"))
	}
}

func (s *schema) sub(name string) *schema {
	for _, c := range s.subs {
		if c.name == name {
			return c
		}
	}
	return nil
}

// validate checks the values of a record and brings them into one form. It
// does not look below the record, other than at the names of its objects.
func (s *schema) validate(t *tx, r *record) *fault {
	for code, v := range r.fields {
		f := s.byCode[code]
		if f == nil {
			if !freeField(code) || !slices.Contains(t.opt.FreeFields, code) {
				return noField(code)
			}
			continue
		}
		if v == "" {
			continue
		}
		n, bad := f.normal(t, v)
		if bad != nil {
			return bad
		}
		if n != v {
			r.fields[code] = n
		}
	}
	for _, o := range r.objects {
		if s.sub(o.name) == nil {
			return noField(o.name)
		}
	}
	return nil
}

// complete checks that a new record has all it needs.
func (s *schema) complete(r *record) *fault {
	for _, f := range s.must {
		if r.fields[f.code] == "" {
			return missing(f)
		}
	}
	return nil
}

func freeField(code string) bool {
	if len(code) != 33 || code[0] != 'U' {
		return false
	}
	return strings.Trim(code[1:], "0123456789ABCDEFabcdef") == ""
}

// normal returns a value in the form in which it is kept.
func (f *field) normal(t *tx, v string) (string, *fault) {
	switch f.kind {
	case "string", "memo":
		if f.length > 0 && len(v) > f.length && utf8.RuneCountInString(v) > f.length {
			return "", tooLong(f)
		}
	case "int":
		n, err := strconv.Atoi(strings.TrimSpace(v))
		if err != nil {
			return "", wrongValue(f)
		}
		v = strconv.Itoa(n)
	case "decimal":
		if strings.ContainsAny(v, "eE") {
			return "", wrongValue(f)
		}
		if _, err := decimal.Parse(v); err != nil {
			return "", wrongValue(f)
		}
	case "boolean":
		switch v {
		case "true", "1", "True":
			v = "true"
		case "false", "0", "False":
			v = "false"
		default:
			return "", wrongValue(f)
		}
	case "date":
		if !validDate(v) {
			return "", wrongValue(f)
		}
	case "guid":
		if len(v) > f.length {
			return "", tooLong(f)
		}
		v = strings.ToUpper(v)
	case "enum":
		if !slices.Contains(f.values, v) {
			return "", unknownValue(f)
		}
	}
	if f.ref == "" {
		return v, nil
	}
	return t.resolve(f, v)
}

func validDate(v string) bool {
	layout := time.DateOnly
	if len(v) > len(layout) {
		layout = "2006-01-02T15:04:05"
	}
	_, err := time.Parse(layout, v)
	return err == nil
}

// resolve looks a code up and returns it as its table spells it.
func (t *tx) resolve(f *field, v string) (string, *fault) {
	spelled, blocked := "", false
	switch f.ref {
	case "debtor":
		if x := t.debtors[fold(v)]; x != nil {
			spelled = x.ID
		}
	case "currency":
		spelled = codeIn(t.currencies, v, textOf)
	case "payment":
		if p := t.paymentCondition(v); p != nil {
			spelled, blocked = p.Code, p.Blocked
		}
	case "paymenttype":
		spelled = codeIn(t.paymentTypes, v, codeOf)
	case "collective":
		if a := t.account(v); a != nil && a.Collective {
			spelled, blocked = a.Code, a.Blocked
		}
	case "account":
		if a := t.account(v); a != nil {
			spelled, blocked = a.Code, a.Blocked
		}
	case "warehouse":
		if w := t.warehouse(v); w != nil {
			spelled, blocked = w.Code, w.Blocked
		}
	case "unit":
		spelled = codeIn(t.units, v, textOf)
	case "vatgroup":
		spelled = codeIn(t.vatGroups, v, func(g *VatGroup) string { return g.Code })
	case "vatduty":
		spelled = codeIn(t.vatDuties, v, func(d *VatDuty) string { return d.Code })
	case "vatcode":
		if c := t.vatCode(v); c != nil {
			spelled, blocked = c.Code, c.Blocked
		}
	case "channel":
		spelled = codeIn(t.salesChannels, v, codeOf)
	case "pricelist":
		spelled = codeIn(t.priceLists, v, codeOf)
	case "itemgroup":
		spelled = codeIn(t.itemGroups, v, codeOf)
	case "country":
		spelled = countryCode(v)
	case "administration":
		if id, err := strconv.Atoi(v); err == nil && t.administration(id) != nil {
			spelled = v
		}
	case "contact":
		if id, err := strconv.Atoi(v); err == nil && t.contacts[id] != nil {
			spelled = v
		}
	case "none":
		if v == noneCode {
			spelled = v
		}
	default:
		panic("schema: no table " + f.ref)
	}
	if spelled == "" {
		return "", unknownValue(f)
	}
	if blocked {
		return "", blockedValue(f, spelled)
	}
	return spelled, nil
}

func codeIn[T any](list []T, v string, of func(*T) string) string {
	if c := find(list, v, of); c != nil {
		return of(c)
	}
	return ""
}
