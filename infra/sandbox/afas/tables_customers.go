package afas

import (
	"iter"
	"strconv"
	"strings"
	"time"

	"github.com/govalues/decimal"
)

func customerTables() []getter {
	return []getter{debtorTable(), webshopDebtorTable(), partyTable(), contactTable()}
}

func debtors(d *data) iter.Seq[*Debtor] { return slice(d.debtorList) }

func debtorsBy(d *data, key string) iter.Seq[*Debtor] { return slice(d.debtorsBy[key]) }

// addressLine is a line of a formatted address.
func addressLine(a *Address, n int) string {
	if a == nil {
		return ""
	}
	switch n {
	case 1:
		s := a.Street
		if a.Number != 0 {
			s += " " + strconv.Itoa(a.Number)
		}
		if a.Addition != "" {
			s += " " + a.Addition
		}
		return s
	case 3:
		return strings.TrimSpace(a.ZipCode + "  " + a.City)
	}
	return strings.ToUpper(countryName(a.Country))
}

func debtorTable() getter {
	line := func(n int) column[*Debtor] {
		return textCol("AdressLine"+strconv.Itoa(n), func(x *Debtor) string { return addressLine(x.party.Visiting, n) })
	}
	return &table[*Debtor]{
		id: "Profit_Debtor", description: "Debiteuren (Profit)", all: debtors, look: debtorsBy,
		indexed: map[string]string{"DebtorId": "debtorid", "BcCo": "bcco", "DebtorName": "name", "Email": "emailwork"},
		columns: []column[*Debtor]{
			textCol("DebtorId", func(x *Debtor) string { return x.ID }),
			textCol("DebtorName", func(x *Debtor) string { return x.party.Name }),
			textCol("BcCo", func(x *Debtor) string { return x.party.Code }),
			textCol("SearchName", func(x *Debtor) string { return x.party.SearchName }),
			line(1), line(3), line(4),
			textCol("TelNr", func(x *Debtor) string { return x.party.PhoneWork }),
			textCol("Email", func(x *Debtor) string { return x.party.EmailWork }),
			textCol("IBAN", func(x *Debtor) string { return x.IBAN }),
			textCol("VatNr", func(x *Debtor) string { return x.VatNr }),
			textCol("ChOfCommNr", func(x *Debtor) string { return x.party.ChamberNr }),
			textCol("CollectAccount", func(x *Debtor) string { return x.CollectAccount }),
			textCol("PayCon", func(x *Debtor) string { return x.PaymentCondition }),
			textCol("VatDuty", func(x *Debtor) string { return x.VatDuty }),
			boolCol("Blocked", func(x *Debtor) bool { return x.Blocked || x.BlockedWholly }),
			decCol("CreditLimit", func(x *Debtor) decimal.Decimal { return x.CreditLimit }),
			textCol("CurrencyId", func(x *Debtor) string { return x.Currency }),
			boolCol("AutoPayment", func(x *Debtor) bool { return x.AutoPayment }),
			timeCol("CreateDate", func(x *Debtor) time.Time { return x.Created }),
			timeCol("ModifiedDate", func(x *Debtor) time.Time { return x.Modified }),
		},
	}
}

// addressCols are the columns of an address, with a prefix before their names.
func addressCols(prefix string, of func(*Debtor) *Address) []column[*Debtor] {
	part := func(id string, get func(*Address) string) column[*Debtor] {
		return textCol(prefix+id, func(x *Debtor) string {
			if a := of(x); a != nil {
				return get(a)
			}
			return ""
		})
	}
	number := col(prefix+"HouseNumber", intKind, func(_ *data, x *Debtor) value {
		if a := of(x); a != nil && a.Number != 0 {
			return whole(a.Number)
		}
		return value{}
	})
	return []column[*Debtor]{
		part("Street", func(a *Address) string { return a.Street }),
		number,
		part("HouseNumberAddition", func(a *Address) string { return a.Addition }),
		part("ZipCode", func(a *Address) string { return a.ZipCode }),
		part("City", func(a *Address) string { return a.City }),
		part("CountryId", func(a *Address) string { return a.Country }),
	}
}

func webshopDebtorTable() getter {
	// person is the debtor's own person, or the contact person's.
	person := func(id string, get func(*Party) string) column[*Debtor] {
		return textCol(id, func(x *Debtor) string {
			if x.party.Person {
				return get(x.party)
			}
			if k := x.contactPerson(); k != nil && k.person != nil {
				return get(k.person)
			}
			return ""
		})
	}
	columns := []column[*Debtor]{
		textCol("DebtorId", func(x *Debtor) string { return x.ID }),
		textCol("BcCo", func(x *Debtor) string { return x.party.Code }),
		textCol("Type", func(x *Debtor) string { return x.party.kind() }),
		textCol("Name", func(x *Debtor) string { return x.party.Name }),
		textCol("Email", (*Debtor).email),
		textCol("EmailWork", func(x *Debtor) string { return x.party.EmailWork }),
		textCol("EmailPrivate", func(x *Debtor) string { return x.party.EmailPrivate }),
		textCol("ContactEmail", (*Debtor).contactEmail),
		boolCol("Blocked", func(x *Debtor) bool { return x.Blocked || x.BlockedWholly }),
		timeCol("CreateDate", func(x *Debtor) time.Time { return x.Created }),
		timeCol("ModifiedDate", func(x *Debtor) time.Time { return x.Modified }),
	}
	columns = append(columns, addressCols("", func(x *Debtor) *Address { return x.party.Visiting })...)
	columns = append(columns, addressCols("Delivery", (*Debtor).delivery)...)
	columns = append(columns,
		textCol("ContactName", func(x *Debtor) string {
			if k := x.contactPerson(); k != nil {
				return k.fullName()
			}
			return ""
		}),
		person("FirstName", func(p *Party) string { return p.FirstName }),
		person("Prefix", func(p *Party) string { return p.Prefix }),
		person("LastName", func(p *Party) string { return p.LastName }),
		textCol("VatNr", func(x *Debtor) string { return x.VatNr }),
		textCol("ChOfCommNr", func(x *Debtor) string { return x.party.ChamberNr }),
		textCol("CollectAccount", func(x *Debtor) string { return x.CollectAccount }),
		textCol("PayCon", func(x *Debtor) string { return x.PaymentCondition }),
		textCol("VatDuty", func(x *Debtor) string { return x.VatDuty }),
		textCol("CurrencyId", func(x *Debtor) string { return x.Currency }),
	)
	return &table[*Debtor]{
		id: "Webshop_Debtors", description: "Debiteuren webshop", all: debtors, look: debtorsBy, columns: columns,
		indexed: map[string]string{
			"DebtorId": "debtorid", "BcCo": "bcco", "Name": "name", "Email": "email",
			"EmailWork": "emailwork", "EmailPrivate": "emailprivate", "ContactEmail": "contactemail",
		},
	}
}

// kind is the code of an organisation or person.
func (p *Party) kind() string {
	if p.Person {
		return "PER"
	}
	return "ORG"
}

func partyTable() getter {
	line := func(n int) column[*Party] {
		return textCol("AdressLine"+strconv.Itoa(n), func(p *Party) string { return addressLine(p.Visiting, n) })
	}
	return &table[*Party]{
		id: "Profit_OrgPer", description: "Organisaties/personen (Profit)",
		all:     func(d *data) iter.Seq[*Party] { return slice(d.partyList) },
		indexed: map[string]string{"BcCo": "bcco", "Name": "name"},
		look:    func(d *data, key string) iter.Seq[*Party] { return slice(d.partiesBy[key]) },
		columns: []column[*Party]{
			textCol("BcCo", func(p *Party) string { return p.Code }),
			textCol("Type", (*Party).kind),
			textCol("SearchName", func(p *Party) string { return p.SearchName }),
			textCol("Name", func(p *Party) string { return p.Name }),
			line(1), line(3), line(4),
			textCol("TelWork", func(p *Party) string { return p.PhoneWork }),
			textCol("MailWork", func(p *Party) string { return p.EmailWork }),
			textCol("Homepage", func(p *Party) string { return p.Homepage }),
			textCol("Note", func(p *Party) string { return p.Remark }),
			textCol("ChOfCommNr", func(p *Party) string { return p.ChamberNr }),
			dateCol("DateBirth", func(p *Party) string { return p.BirthDate }),
			nothing[*Party]("BSN"),
		},
	}
}

func contactTable() getter {
	line := func(n int) column[*Contact] {
		return textCol("AddressLine"+strconv.Itoa(n), func(k *Contact) string { return addressLine(k.address(), n) })
	}
	// person is a column of the person behind the contact.
	person := func(id string, get func(*Party) string) column[*Contact] {
		return textCol(id, func(k *Contact) string {
			if k.person == nil {
				return ""
			}
			return get(k.person)
		})
	}
	return &table[*Contact]{
		id: "Profit_Contacts", description: "Contacten (Profit)",
		all: func(d *data) iter.Seq[*Contact] { return slice(d.contactList) },
		indexed: map[string]string{
			"OrgNumber": "orgnumber", "PerNumber": "pernumber", "MailWork": "mailwork", "MailPrivate": "mailprivate",
		},
		look: func(d *data, key string) iter.Seq[*Contact] { return slice(d.contactsBy[key]) },
		columns: []column[*Contact]{
			textCol("Type", func(k *Contact) string { return k.Kind }),
			intCol("ContactId", func(k *Contact) int { return k.ID }),
			textCol("Name", func(k *Contact) string { return k.owner.Name }),
			textCol("OrgNumber", (*Contact).orgNumber),
			textCol("PerNumber", (*Contact).perNumber),
			textCol("Department", func(k *Contact) string { return k.Name }),
			boolCol("Blocked", func(k *Contact) bool { return k.Blocked }),
			line(1), line(3), line(4),
			textCol("TelWork", func(k *Contact) string { return k.Phone }),
			textCol("MobWork", func(k *Contact) string { return k.Mobile }),
			textCol("MailWork", (*Contact).workMail),
			nothing[*Contact]("Note"),
			textCol("Function", func(k *Contact) string { return k.Function }),
			textCol("FunctionCard", func(k *Contact) string { return k.Other["ViFu"] }),
			textCol("FullName", (*Contact).fullName),
			person("Gender", func(p *Party) string { return p.Gender }),
			person("TelPrivate", func(p *Party) string { return p.PhonePrivate }),
			person("MobPrivate", func(p *Party) string { return p.MobPrivate }),
			person("MailPrivate", func(p *Party) string { return p.EmailPrivate }),
			timeCol("CreateDate", func(k *Contact) time.Time { return k.Created }),
			timeCol("ModifiedDate", func(k *Contact) time.Time {
				if k.isSelf() {
					return k.owner.Modified
				}
				return k.Modified
			}),
		},
	}
}

func (k *Contact) address() *Address {
	if k.Visiting == nil {
		return k.owner.Visiting
	}
	return k.Visiting
}
