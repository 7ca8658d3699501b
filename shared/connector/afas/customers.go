package afas

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

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

// relation builds the sales relation around an organisation or a person.
func (b *builder) relation(d connector.Document, below object) element {
	e := element{fields: b.pairs("", d.Fields, relationFields, "organisation", "person", "contact", "address", "delivery"),
		objects: []object{below}}
	if d.ID != "" {
		e.attributes = []pair{{"@DbId", d.ID}}
		return e
	}
	e.fields = append([]pair{{"IsDb", true}}, e.fields...)
	for _, want := range [...]struct{ code, path, message string }{
		{"CuId", "currency", "a new customer needs a currency"},
		{"PaCd", "paymentTerms", "a new customer needs payment terms; fill them in the settings of the flow"},
		{"ColA", "controlAccount", "a new customer needs a control account; fill it in the settings of the flow"},
	} {
		if !has(e.fields, want.code) {
			b.bad(want.path, "%s", want.message)
		}
	}
	return e
}

func (b *builder) company(d connector.Document, today string) element {
	tree, _ := b.object(d.Fields, "organisation")
	own := b.pairs("organisation.", tree, organisationFields)
	if d.ID != "" {
		o := element{fields: append([]pair{{"MatchOga", theRelationsOwn}}, own...), objects: b.address(d, today)}
		return b.relation(d, object{"KnOrganisation", []element{o}})
	}
	if !has(own, "Nm") {
		b.bad("company", "a company needs a name")
	}
	o := element{fields: append([]pair{{"PadAdr", true}, {"AutoNum", true}, {"MatchOga", alwaysNewOrganisation}}, own...),
		objects: b.address(d, "")}
	contacts := object{name: "KnContact"}
	if c, ok := b.contactPerson(d); ok {
		contacts.elements = append(contacts.elements, c)
	}
	if c, ok := b.delivery(d); ok {
		contacts.elements = append(contacts.elements, c)
	}
	if len(contacts.elements) > 0 {
		o.objects = append(o.objects, contacts)
	}
	return b.relation(d, object{"KnOrganisation", []element{o}})
}

// contactPerson builds the person one asks for at a company, when there is one with a name.
func (b *builder) contactPerson(d connector.Document) (element, bool) {
	tree, _ := b.object(d.Fields, "person")
	person := b.newPerson(tree)
	reach, _ := b.object(d.Fields, "contact")
	fields := b.pairs("contact.", reach, contactFields)
	if !has(person, "LaNm") {
		return element{}, false
	}
	return element{
		fields:  append([]pair{{"PadAdr", true}, {"ViKc", "PRS"}}, fields...),
		objects: []object{{"KnPerson", []element{{fields: person}}}},
	}, true
}

func (b *builder) newPerson(tree model.Tree) []pair {
	own := b.pairs("person.", tree, personFields)
	if first, ok := valueOf(own, "FiNm").(string); ok && !has(own, "In") {
		if r, _ := utf8.DecodeRuneInString(first); unicode.IsLetter(r) {
			own = append(own, pair{"In", string(unicode.ToUpper(r)) + "."})
		}
	}
	if !has(own, "ViGe") {
		own = append(own, pair{"ViGe", "O"}) // unknown
	}
	return append([]pair{{"PadAdr", true}, {"AutoNum", true}, {"MatchPer", alwaysNewPerson}, {"SpNm", false}, {"Corr", false},
		{"AddToPortal", false}}, own...)
}

func (b *builder) person(d connector.Document, today string) element {
	tree, _ := b.object(d.Fields, "person")
	if d.ID != "" {
		p := element{fields: append([]pair{{"MatchPer", theRelationsOwn}}, b.pairs("person.", tree, personFields)...),
			objects: b.address(d, today)}
		return b.relation(d, object{"KnPerson", []element{p}})
	}
	p := element{fields: b.newPerson(tree), objects: b.address(d, "")}
	if !has(p.fields, "LaNm") {
		b.bad("lastName", "a person needs a last name")
	}
	if c, ok := b.delivery(d); ok {
		p.objects = append(p.objects, object{"KnContact", []element{c}})
	}
	return b.relation(d, object{"KnPerson", []element{p}})
}

// address builds the visiting address, which is the postal one as well. An existing customer gets it from the day begin on:
// AFAS keeps the old one for history and recognises an equal one.
func (b *builder) address(d connector.Document, begin string) []object {
	tree, ok := b.object(d.Fields, "address")
	if !ok {
		return nil
	}
	fields := b.addressPairs("address.", tree, addressFields)
	if begin != "" && len(fields) > 0 && !has(fields, "BeginDate") {
		fields = append(fields, pair{"BeginDate", begin})
	}
	return addressObject(fields)
}

func addressObject(fields []pair) []object {
	if len(fields) == 0 {
		return nil
	}
	return []object{{"KnBasicAddressAdr", []element{{fields: fields}}}}
}

// delivery builds the delivery address of a new customer. An existing one gets none: without a key AFAS would add another
// copy at every change.
func (b *builder) delivery(d connector.Document) (element, bool) {
	tree, ok := b.object(d.Fields, "delivery")
	if !ok {
		return element{}, false
	}
	contact, place := model.Tree{}, model.Tree{}
	for name, v := range tree {
		if slices.ContainsFunc(contactFields, func(f field) bool { return f.code == name }) {
			contact[name] = v
		} else {
			place[name] = v
		}
	}
	where := addressObject(b.addressPairs("delivery.", place, addressFields))
	if where == nil {
		return element{}, false
	}
	return element{fields: append([]pair{{"PadAdr", true}, {"ViKc", "AFL"}}, b.pairs("delivery.", contact, contactFields)...),
		objects: where}, true
}

// addressPairs builds an address: AFAS' country code from the ISO one, and a house number that is a number.
func (b *builder) addressPairs(path string, tree model.Tree, fields []field) []pair {
	t := make(model.Tree, len(tree)+4)
	for k, v := range tree {
		t[k] = v
	}
	delete(t, countryField)
	if iso, _ := plain(tree[countryField]); strings.TrimSpace(iso) != "" && (t["CoId"] == nil || t["CoId"] == "") {
		own, ok := countryCode(iso)
		if !ok {
			b.bad(path+countryField, "%s must be a country code of two letters, such as NL", path+countryField)
			return nil
		}
		t["CoId"] = own
	}
	b.houseNumber(path, t)
	out := b.pairs(path, t, fields)
	switch {
	case !slices.ContainsFunc(out, func(p pair) bool { return p.code != "CoId" && p.code != "BeginDate" && p.code != "PbAd" }):
		return nil // a country alone is no address
	case !has(out, "CoId"):
		b.bad(path+countryField, "an address needs a country")
	}
	if !has(out, "PbAd") {
		out = append(out, pair{"PbAd", false})
	}
	return append(out, pair{"ResZip", false}) // the city is given; AFAS need not look it up
}

// houseNumber keeps the digits a number begins with as the number and moves the rest before the addition; what begins with no
// digit joins the street.
func (b *builder) houseNumber(path string, t model.Tree) {
	raw, _ := plain(t["HmNr"])
	if raw = strings.TrimSpace(raw); raw == "" {
		return
	}
	digits := raw[:len(raw)-len(strings.TrimLeft(raw, "0123456789"))]
	rest := strings.TrimSpace(raw[len(digits):])
	if rest == "" && len(digits) < 10 {
		return
	}
	if digits == "" || len(digits) >= 10 {
		street, _ := plain(t["Ad"])
		t["Ad"] = strings.TrimSpace(street + " " + raw)
		delete(t, "HmNr")
		b.warn("%sHmNr does not begin with a number and was put behind the street", path)
		return
	}
	addition, _ := plain(t["HmAd"])
	t["HmNr"], t["HmAd"] = digits, strings.TrimSpace(rest+" "+addition)
	b.warn("%sHmNr is not only a number; the rest was put in the addition", path)
}
