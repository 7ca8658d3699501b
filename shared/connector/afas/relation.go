package afas

import (
	"unicode"
	"unicode/utf8"

	"apicenter/shared/connector"
	"apicenter/shared/model"
)

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
