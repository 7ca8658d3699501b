package afas

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// customers applies the update connectors of the customer side.
type customers struct {
	org, per, contact, relOrg, relPer *schema
}

func newCustomers() *customers {
	c := &customers{}
	c.org, c.per, c.contact, c.relOrg, c.relPer = customerSchemas()
	return c
}

// updateParty applies KnOrganisation or KnPerson on its own.
func (c *customers) updateParty(person bool) func(*tx, *record, bool) (result, *fault) {
	return func(t *tx, r *record, _ bool) (result, *fault) {
		p, bad := c.applyParty(t, r, person, nil)
		if bad != nil {
			return nil, bad
		}
		return result{{"BcCo", p.Code}, {"BcId", strconv.Itoa(p.ID)}}, nil
	}
}

// applyParty finds the organisation or person a record means, or makes it. The
// match decides which of the two, whatever the method or action.
func (c *customers) applyParty(t *tx, r *record, person bool, parent *Party) (*Party, *fault) {
	s, match := c.org, "MatchOga"
	if person {
		s, match = c.per, "MatchPer"
	}
	if bad := s.validate(t, r); bad != nil {
		return nil, bad
	}
	mf := s.byCode[match]
	if r.fields[match] == "" {
		return nil, missing(mf)
	}
	found, bad := t.match(mf, r, person, parent)
	if bad != nil {
		return nil, bad
	}
	if len(found) > 1 {
		return nil, ambiguous(mf)
	}
	var p *Party
	if len(found) == 1 {
		p = found[0]
		keep(t, p)
		p.Contacts = slices.Clone(p.Contacts)
	} else if p, bad = t.newParty(s, r, person); bad != nil {
		return nil, bad
	}
	p.setFields(r)
	p.Modified = t.now
	if bad := c.applyAddresses(t, s, r, &p.Visiting, &p.Postal); bad != nil {
		return nil, bad
	}
	for _, b := range r.all("KnBankAccount") {
		bs := s.sub("KnBankAccount")
		if bad := bs.validate(t, b); bad != nil {
			return nil, bad
		}
		if bad := bs.complete(b); bad != nil {
			return nil, bad
		}
		p.BankAccounts = append(slices.Clone(p.BankAccounts), BankAccount{b.fields["CoId"], b.fields["Iban"], b.fields["Bic"]})
	}
	for _, k := range r.all("KnContact") {
		if bad := c.applyContact(t, k, p); bad != nil {
			return nil, bad
		}
	}
	t.indexParty(p)
	return p, nil
}

// newParty makes an empty organisation or person with its number.
func (t *tx) newParty(s *schema, r *record, person bool) (*Party, *fault) {
	if bad := s.complete(r); bad != nil {
		return nil, bad
	}
	f := s.byCode["BcCo"]
	code := r.fields["BcCo"]
	switch {
	case r.fields["AutoNum"] == "true":
		code = t.nextParty()
	case code == "":
		return nil, missing(f)
	case t.parties[fold(code)] != nil:
		return nil, exists(f, code)
	}
	p := &Party{Code: code, ID: t.nextID(), ContactID: t.nextID(), Person: person, Created: t.now}
	put(t, t.parties, fold(code), p)
	push(t, &t.partyList, p)
	// Every organisation and person is a contact itself, too.
	self := &Contact{ID: p.ContactID, Kind: "ORG", owner: p, Created: t.now}
	if person {
		self.Kind, self.person = "PER", p
	}
	put(t, t.contacts, self.ID, self)
	push(t, &t.contactList, self)
	return p, nil
}

// match returns the organisations or persons that a record can mean.
func (t *tx) match(f *field, r *record, person bool, parent *Party) ([]*Party, *fault) {
	v := r.fields
	kind := v[f.code]
	switch {
	case kind == "9":
		if parent == nil {
			return nil, wrongValue(f)
		}
		return []*Party{parent}, nil
	case kind == "0":
		p := t.parties[fold(v["BcCo"])]
		if p == nil {
			return nil, nil
		}
		if p.Person != person {
			return nil, exists(&field{en: "Number of organisation/person", nl: "Nummer organisatie/persoon"}, p.Code)
		}
		return []*Party{p}, nil
	case person:
		return t.matchPerson(kind, v), nil
	}
	switch kind {
	case "1":
		return t.partyBy("chamber", v["CcNr"]), nil
	case "2":
		return t.partyBy("fiscal", v["FiNr"]), nil
	case "3":
		return t.partyBy("orgname", v["Nm"]), nil
	case "4", "5":
		column, name := "KnBasicAddressAdr", "KnBasicAddressAdr"
		if kind == "5" {
			column = "KnBasicAddressPad"
			if v["PadAdr"] != "true" { // else the one address is both
				name = column
			}
		}
		for _, a := range r.all(name) {
			return t.partyBy(column, addressKey(a.fields["CoId"], a.fields["Ad"], a.fields["HmNr"], a.fields["HmAd"], a.fields["ZpCd"])), nil
		}
	}
	return nil, nil
}

// matchPerson compares names, and for some kinds one thing more.
func (t *tx) matchPerson(kind string, v map[string]string) []*Party {
	if kind == "1" || kind == "7" { // the citizen number cannot be given here
		return nil
	}
	var out []*Party
	for _, p := range t.partyBy("lastname", v["LaNm"]) {
		same := fold(p.Prefix) == fold(v["Is"]) && fold(p.Initials) == fold(v["In"]) && p.Gender == v["ViGe"]
		switch kind {
		case "3":
			same = same && fold(p.EmailWork) == fold(v["EmAd"])
		case "4":
			same = same && p.MobWork == v["MbNr"]
		case "5":
			same = same && p.PhoneWork == v["TeNr"]
		case "6":
			same = same && p.BirthDate == v["DaBi"]
		}
		if same {
			out = append(out, p)
		}
	}
	return out
}

func (t *tx) partyBy(column, value string) []*Party {
	if value == "" {
		return nil
	}
	return t.partiesBy[indexKey(column, value)]
}

// indexParty renews the keys of a party and of all that shows its data.
func (t *tx) indexParty(p *Party) {
	keys := []string{indexKey("bcco", p.Code), indexKey("name", p.Name)}
	add := func(column, value string) {
		if value != "" {
			keys = append(keys, indexKey(column, value))
		}
	}
	if p.Person {
		add("lastname", p.LastName)
	} else {
		add("orgname", p.Name)
		add("chamber", p.ChamberNr)
		add("fiscal", p.FiscalNr)
		add("KnBasicAddressAdr", p.Visiting.key())
		add("KnBasicAddressPad", p.Postal.key())
	}
	reindex(t, t.partiesBy, p, p.keys, keys)
	p.keys = keys
	if self := t.contacts[p.ContactID]; self != nil {
		t.indexContact(self)
	}
	for _, c := range p.Contacts {
		t.indexContact(c)
	}
	for _, c := range slices.Clone(t.contactsBy[indexKey("pernumber", p.Code)]) { // as a person elsewhere
		t.indexContact(c)
		if x := c.owner.debtor; x != nil && x != p.debtor {
			t.indexDebtor(x)
		}
	}
	if p.debtor != nil {
		t.indexDebtor(p.debtor)
	}
}

func (a *Address) key() string {
	if a == nil {
		return ""
	}
	n := ""
	if a.Number != 0 {
		n = strconv.Itoa(a.Number)
	}
	return addressKey(a.Country, a.Street, n, a.Addition, a.ZipCode)
}

func addressKey(country, street, number, addition, zip string) string {
	return strings.Join([]string{country, street, number, addition, strings.ReplaceAll(zip, " ", "")}, "/")
}

// setFields takes over the fields that are given.
func (p *Party) setFields(r *record) {
	other := maps.Clone(p.Other)
	for code, v := range r.fields {
		switch code {
		case "MatchOga", "MatchPer", "PadAdr", "AutoNum", "BcCo", "BcId", "FileStream":
		case "Nm":
			p.Name = v
		case "SeNm":
			p.SearchName = v
		case "CcNr":
			p.ChamberNr = v
		case "FiNr":
			p.FiscalNr = v
		case "LaNm":
			p.LastName = v
		case "FiNm":
			p.FirstName = v
		case "In":
			p.Initials = v
		case "Is":
			p.Prefix = v
		case "ViGe":
			p.Gender = v
		case "DaBi":
			p.BirthDate = v
		case "EmAd":
			p.EmailWork = v
		case "EmA2":
			p.EmailPrivate = v
		case "TeNr":
			p.PhoneWork = v
		case "TeN2":
			p.PhonePrivate = v
		case "MbNr":
			p.MobWork = v
		case "MbN2":
			p.MobPrivate = v
		case "HoPa":
			p.Homepage = v
		case "Re":
			p.Remark = v
		default:
			setOther(&other, code, v)
		}
	}
	p.Other = other
	if p.Person {
		first := p.Other["CaNm"]
		if first == "" {
			first = p.FirstName
		}
		if first == "" {
			first = p.Initials
		}
		p.Name = strings.Join(strings.Fields(first+" "+p.Prefix+" "+p.LastName), " ")
	}
}
