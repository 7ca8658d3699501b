package afas

import (
	"maps"
	"slices"
	"strconv"
)

// applyAddresses sets visiting and postal address from the objects of a record.
// An address is never changed: the new one is a new record.
func (c *customers) applyAddresses(t *tx, s *schema, r *record, visiting, postal **Address) *fault {
	visit, bad := newAddress(t, s.sub("KnBasicAddressAdr"), r)
	if bad != nil {
		return bad
	}
	post, bad := newAddress(t, s.sub("KnBasicAddressPad"), r)
	if bad != nil {
		return bad
	}
	followed := *postal == nil || *postal == *visiting
	if visit != nil {
		*visiting = visit
	}
	switch {
	case r.fields["PadAdr"] == "true":
		*postal = *visiting
	case post != nil:
		*postal = post
	case r.fields["PadAdr"] == "" && followed:
		*postal = *visiting
	}
	return nil
}

func newAddress(t *tx, s *schema, r *record) (*Address, *fault) {
	records := r.all(s.name)
	if len(records) == 0 {
		return nil, nil
	}
	if len(records) > 1 {
		return nil, unexpected()
	}
	a := records[0]
	if bad := s.validate(t, a); bad != nil {
		return nil, bad
	}
	if bad := s.complete(a); bad != nil {
		return nil, bad
	}
	number, _ := strconv.Atoi(a.fields["HmNr"])
	return &Address{
		ID: t.nextID(), Country: a.fields["CoId"], PoBox: a.fields["PbAd"] == "true",
		Before: a.fields["StAd"], Street: a.fields["Ad"], Number: number, Addition: a.fields["HmAd"],
		ZipCode: a.fields["ZpCd"], City: a.fields["Rs"], After: a.fields["AdAd"],
	}, nil
}

// applyContact makes or changes a contact of a party. A contact without its
// number is a new one.
func (c *customers) applyContact(t *tx, r *record, owner *Party) *fault {
	if bad := c.contact.validate(t, r); bad != nil {
		return bad
	}
	var k *Contact
	if r.insert(r.fields["CdId"] == "") {
		if bad := c.contact.complete(r); bad != nil {
			return bad
		}
		k = &Contact{ID: t.nextID(), owner: owner, Created: t.now}
		put(t, t.contacts, k.ID, k)
		push(t, &t.contactList, k)
		owner.Contacts = append(owner.Contacts, k) // the caller cloned and kept it
	} else {
		id, _ := strconv.Atoi(r.fields["CdId"])
		k = t.contacts[id]
		if k == nil || k.owner != owner || id == owner.ContactID {
			return unknownValue(c.contact.byCode["CdId"])
		}
		keep(t, k)
		if r.action == "delete" {
			return t.deleteContact(k)
		}
	}
	return c.fillContact(t, r, k)
}

func (c *customers) fillContact(t *tx, r *record, k *Contact) *fault {
	other := maps.Clone(k.Other)
	for code, v := range r.fields {
		switch code {
		case "CdId", "PadAdr", "BcCoOga", "BcCoPer":
		case "ViKc":
			k.Kind = v
		case "ExAd":
			k.Name = v
		case "EmAd":
			k.Email = v
		case "TeNr":
			k.Phone = v
		case "MbNr":
			k.Mobile = v
		case "FuDs":
			k.Function = v
		case "Bl":
			k.Blocked = v == "true"
		default:
			setOther(&other, code, v)
		}
	}
	k.Other = other
	k.Modified = t.now
	if bad := c.applyAddresses(t, c.contact, r, &k.Visiting, &k.Postal); bad != nil {
		return bad
	}
	persons := r.all("KnPerson")
	switch {
	case len(persons) > 1:
		return unexpected()
	case len(persons) == 1:
		p, bad := c.applyParty(t, persons[0], true, k.person)
		if bad != nil {
			return bad
		}
		k.person, k.Person = p, p.Code
	case k.Kind == "PRS" && k.person == nil:
		return missing(&field{en: "Person", nl: "Persoon"})
	}
	t.indexContact(k)
	return nil
}

func (t *tx) deleteContact(k *Contact) *fault {
	drop(t, t.contacts, k.ID)
	pull(t, &t.contactList, k)
	reindex(t, t.contactsBy, k, k.keys, nil)
	k.keys = nil
	k.owner.Contacts = slices.DeleteFunc(k.owner.Contacts, func(x *Contact) bool { return x == k })
	return nil
}

// updateContact applies KnContact on its own, which only changes contacts.
func (c *customers) updateContact(t *tx, r *record, _ bool) (result, *fault) {
	f := c.contact.byCode["CdId"]
	id, err := strconv.Atoi(r.fields["CdId"])
	if err != nil {
		return nil, missing(f)
	}
	k := t.contacts[id]
	if k == nil || id == k.owner.ContactID {
		return nil, unknownValue(f)
	}
	for code, p := range map[string]*Party{"BcCoOga": k.owner, "BcCoPer": k.person} {
		if v := r.fields[code]; v != "" && (p == nil || fold(p.Code) != fold(v)) {
			return nil, unknownValue(c.contact.byCode[code])
		}
	}
	keep(t, k.owner)
	k.owner.Contacts = slices.Clone(k.owner.Contacts)
	if bad := c.applyContact(t, r, k.owner); bad != nil {
		return nil, bad
	}
	t.indexParty(k.owner)
	return nil, nil
}

// workMail is the address a contact shows: its own, else its person's.
func (k *Contact) workMail() string {
	switch {
	case k.Email != "":
		return k.Email
	case k.person != nil:
		return k.person.EmailWork
	case k.isSelf():
		return k.owner.EmailWork
	}
	return ""
}

func (k *Contact) isSelf() bool { return k.ID == k.owner.ContactID }

// fullName is the person's name, else the contact's own, else the owner's.
func (k *Contact) fullName() string {
	switch {
	case k.person != nil:
		return k.person.Name
	case k.Name != "":
		return k.Name
	}
	return k.owner.Name
}

func (t *tx) indexContact(k *Contact) {
	keys := []string{indexKey("contactid", strconv.Itoa(k.ID)), indexKey("orgnumber", k.orgNumber()), indexKey("pernumber", k.perNumber())}
	if m := k.workMail(); m != "" {
		keys = append(keys, indexKey("mailwork", m))
	}
	if k.person != nil && k.person.EmailPrivate != "" {
		keys = append(keys, indexKey("mailprivate", k.person.EmailPrivate))
	}
	reindex(t, t.contactsBy, k, k.keys, keys)
	keep(t, k)
	k.keys = keys
}

func (k *Contact) orgNumber() string {
	if k.owner.Person {
		return ""
	}
	return k.owner.Code
}

func (k *Contact) perNumber() string {
	if k.person != nil {
		return k.person.Code
	}
	if k.owner.Person {
		return k.owner.Code
	}
	return ""
}
