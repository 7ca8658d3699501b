package afas

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"apicenter/shared/connector"
	"apicenter/shared/fault"
	"apicenter/shared/model"
)

const (
	stepFindCustomers = "find customers"
	stepWriteCustomer = "write customer"

	// countryField is ours: an ISO code that becomes AFAS' own in CoId.
	countryField = "country"

	alwaysNewOrganisation = "6"
	alwaysNewPerson       = "7"
	theRelationsOwn       = "9"
)

// findCustomers looks debtors up by e-mail, number or the number another system gave them.
func (s *session) findCustomers(ctx context.Context, queries []connector.Query) ([]connector.Found, error) {
	out := make([]connector.Found, len(queries))
	c := s.o.debtors.columns
	by := map[string][]int{}
	for i, q := range queries {
		if strings.TrimSpace(q.Key) == "" {
			continue
		}
		by[q.By] = append(by[q.By], i)
	}
	for _, key := range []struct {
		names   []string
		columns []string
		normal  func(string) string
	}{
		{[]string{"email", ""}, []string{c["Email"], c["EmailWork"], c["EmailPrivate"]}, model.NormalEmail},
		{[]string{"number"}, []string{c["DebtorId"]}, strings.ToLower},
		{[]string{"external"}, []string{c["External"]}, strings.ToLower},
	} {
		var which []int
		for _, name := range key.names {
			which = append(which, by[name]...)
			delete(by, name)
		}
		columns := slices.DeleteFunc(key.columns, func(c string) bool { return c == "" })
		if len(which) > 0 && len(columns) == 0 {
			return nil, &fault.Error{Class: fault.Pause, Step: stepFindCustomers, Field: "debtorsColumns",
				Message: "customers are to be found by the number of another system, and no column of " + s.o.debtors.connector + " is named for it",
				Advice:  "Name it in \"Columns of the debtors look-up\", as in External=YourColumn."}
		}
		if err := s.answerCustomers(ctx, queries, which, columns, key.normal, out); err != nil {
			return nil, fault.As(err).WithStep(stepFindCustomers)
		}
	}
	for name := range by {
		return nil, fault.New(fault.Bug, "customers are not looked up by %q in AFAS", name)
	}
	return out, nil
}

func (s *session) answerCustomers(ctx context.Context, queries []connector.Query, which []int, columns []string,
	normal func(string) string, out []connector.Found) error {
	if len(which) == 0 {
		return nil
	}
	src := s.o.debtors
	c := src.columns
	values := make([]string, len(which))
	for i, w := range which {
		values[i] = normal(strings.TrimSpace(queries[w].Key))
	}
	rows, failed, err := s.lookup(ctx, src, columns, values, c["DebtorId"])
	if err != nil {
		return err
	}
	found := map[string][]connector.Match{}
	for _, r := range rows {
		m := connector.Match{ID: r.text(c["DebtorId"]), Blocked: r.yes(c["Blocked"]), Label: r.text(c["Name"]), Created: s.instant(r.text(c["CreateDate"]))}
		if m.ID == "" {
			continue
		}
		for _, column := range columns {
			v := normal(r.text(column))
			if v == "" || slices.ContainsFunc(found[v], func(k connector.Match) bool { return k.ID == m.ID }) {
				continue
			}
			found[v] = append(found[v], m)
		}
	}
	for i, w := range which {
		out[w] = connector.Found{Matches: found[values[i]], Err: failed[values[i]]}
	}
	return nil
}

// instant reads a time of AFAS: Dutch local time, in spite of the Z behind it.
func (s *session) instant(text string) time.Time {
	text = strings.TrimSuffix(text, "Z")
	for _, layout := range []string{"2006-01-02T15:04:05", time.DateOnly} {
		if t, err := time.ParseInLocation(layout, text, s.zone); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}

// writeCustomer creates a debtor, or changes one when the document has an id.
func (s *session) writeCustomer(ctx context.Context, d connector.Document) connector.Outcome {
	b := &builder{zone: s.zone}
	var name string
	var body element
	switch d.Type {
	case typeCompany:
		name, body = "KnSalesRelationOrg", b.company(d, s.today())
	case typePerson:
		name, body = "KnSalesRelationPer", b.person(d, s.today())
	default:
		return rejected(fault.New(fault.Bug, "a customer in AFAS is a company or a person, not %q", d.Type), nil)
	}
	if f := b.err(stepWriteCustomer); f != nil {
		return rejected(f, b.warnings)
	}
	method := "POST"
	if d.ID != "" {
		method = "PUT"
	}
	found, out := s.send(ctx, stepWriteCustomer, method, name, encode(name, body))
	out.Warnings = b.warnings
	if out.Err != nil {
		out.Err = s.explainCustomer(ctx, name, d, out)
		return out
	}
	if out.ID = d.ID; out.ID == "" {
		out.ID = found["dbid"]
	}
	if out.ID == "" {
		// Without a number no order can be written for the customer; a look-up by its key finds it.
		out.Unknown = true
		out.Err = &fault.Error{Class: fault.Retry, Step: stepWriteCustomer, Message: "AFAS confirmed the customer without telling its number",
			Advice: "It is looked up before anything else is sent."}
	}
	return out
}

func (s *session) explainCustomer(ctx context.Context, name string, d connector.Document, out connector.Outcome) error {
	f := *fault.As(out.Err)
	var what *said
	if errors.As(out.Err, &what) && what.label != "" && !out.Unknown {
		if _, known := s.labels.field(what.label); !known {
			s.learn(ctx, name)
			if place, ok := s.labels.field(what.label); ok {
				f.Field = place
			}
		}
	}
	return mask(&f, d.Fields)
}

func (s *session) today() string { return s.now().In(s.zone).Format(time.DateOnly) }
