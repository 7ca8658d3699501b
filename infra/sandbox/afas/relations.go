package afas

import (
	"maps"

	"github.com/govalues/decimal"
)

// updateRelation applies KnSalesRelationOrg or KnSalesRelationPer.
func (c *customers) updateRelation(person bool) func(*tx, *record, bool) (result, *fault) {
	return func(t *tx, r *record, insert bool) (result, *fault) {
		x, bad := c.applyRelation(t, r, person, insert)
		if bad != nil {
			return nil, bad
		}
		return result{{"DbId", x.ID}, {"BcCo", x.party.Code}}, nil
	}
}

func (c *customers) applyRelation(t *tx, r *record, person, insert bool) (*Debtor, *fault) {
	s, sub := c.relOrg, c.org
	if person {
		s, sub = c.relPer, c.per
	}
	if bad := s.validate(t, r); bad != nil {
		return nil, bad
	}
	parties := r.all(sub.name)
	if len(parties) == 0 {
		return nil, missing(&field{en: "Organisation/person", nl: "Organisatie/persoon"})
	}
	if len(parties) > 1 {
		return nil, unexpected()
	}
	f := s.byCode["DbId"]
	id := r.fields["DbId"]
	if !insert {
		if id == "" {
			return nil, missing(f)
		}
		x := t.debtors[fold(id)]
		if x == nil || x.party.Person != person {
			return nil, unknownValue(f)
		}
		p, bad := c.applyParty(t, parties[0], person, x.party)
		if bad != nil {
			return nil, bad
		}
		if p != x.party { // a relation stays with its organisation or person
			return nil, wrongValue(sub.fields[0])
		}
		keep(t, x)
		return x, t.fillDebtor(s, r, x)
	}
	if bad := s.complete(r); bad != nil {
		return nil, bad
	}
	if id != "" && t.debtors[fold(id)] != nil {
		return nil, exists(f, id)
	}
	p, bad := c.applyParty(t, parties[0], person, nil)
	if bad != nil {
		return nil, bad
	}
	if p.debtor != nil { // has one relation at most
		return nil, exists(f, p.debtor.ID)
	}
	if id == "" {
		id = t.nextDebtor()
	}
	x := &Debtor{ID: id, VatDuty: "1", CollectAccount: t.defaultCollective(), Created: t.now, party: p}
	put(t, t.debtors, fold(id), x)
	push(t, &t.debtorList, x)
	keep(t, p)
	p.debtor = x
	return x, t.fillDebtor(s, r, x)
}

func (t *tx) defaultCollective() string {
	for _, a := range t.accounts {
		if a.Collective {
			return a.Code
		}
	}
	return ""
}

// fillDebtor takes over the fields that are given.
func (t *tx) fillDebtor(s *schema, r *record, x *Debtor) *fault {
	other := maps.Clone(x.Other)
	for code, v := range r.fields {
		switch code {
		case "DbId":
		case "CuId":
			x.Currency = v
		case "PaCd":
			x.PaymentCondition = v
		case "VaDu":
			x.VatDuty = v
		case "VaId":
			x.VatNr = v
		case "Iban":
			x.IBAN = v
		case "ColA":
			x.CollectAccount = v
		case "PrLs":
			x.PriceList = v
		case "FaTo":
			x.InvoiceTo = v
		case "VkMa":
			x.Warehouse = v
		case "InPv":
			x.SendInvoiceBy = v
		case "Rm":
			x.Remark = v
		case "VtIn":
			x.PricesInclVat = v == "true"
		case "MnOr":
			x.ReferenceNeeded = v == "true"
		case "AuPa":
			x.AutoPayment = v == "true"
		case "Bl":
			x.Blocked = v == "true"
		case "BlTl":
			x.BlockedWholly = v == "true"
		case "Krli":
			x.CreditLimit = number(v)
		case "PrLi":
			x.LineDiscount = number(v)
		default:
			setOther(&other, code, v)
		}
	}
	x.Other = other
	x.Modified = t.now
	switch {
	case x.Currency == "":
		return missing(s.byCode["CuId"])
	case x.PaymentCondition == "" && x.Other["IsDb"] == "true":
		return missing(s.byCode["PaCd"])
	}
	t.indexDebtor(x)
	return nil
}

// number reads a decimal that was validated; empty is zero.
func number(v string) decimal.Decimal {
	d, err := decimal.Parse(v)
	if err != nil {
		return decimal.Zero
	}
	return d
}

// email is the address a debtor is known by: for work, else private.
func (x *Debtor) email() string {
	if x.party.EmailWork != "" {
		return x.party.EmailWork
	}
	return x.party.EmailPrivate
}

// contactPerson is the first person at the organisation, or nil.
func (x *Debtor) contactPerson() *Contact {
	for _, k := range x.party.Contacts {
		if k.Kind == "PRS" {
			return k
		}
	}
	return nil
}

func (x *Debtor) contactEmail() string {
	if k := x.contactPerson(); k != nil {
		return k.workMail()
	}
	return ""
}

// delivery is the first delivery address, or nil.
func (x *Debtor) delivery() *Address {
	for _, k := range x.party.Contacts {
		if k.Kind == "AFL" && k.Visiting != nil {
			return k.Visiting
		}
	}
	return nil
}

func (t *tx) indexDebtor(x *Debtor) {
	keys := make([]string, 0, 8)
	keys = append(keys, indexKey("debtorid", x.ID), indexKey("bcco", x.party.Code), indexKey("name", x.party.Name))
	for _, c := range [...][2]string{
		{"email", x.email()}, {"emailwork", x.party.EmailWork}, {"emailprivate", x.party.EmailPrivate}, {"contactemail", x.contactEmail()},
	} {
		if c[1] != "" {
			keys = append(keys, indexKey(c[0], c[1]))
		}
	}
	reindex(t, t.debtorsBy, x, x.keys, keys)
	keep(t, x)
	x.keys = keys
}
