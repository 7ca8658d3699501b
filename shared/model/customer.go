package model

import "strings"

// Customer is a buyer: a company with a contact person, or a person.
type Customer struct {
	ID        string    `json:"id,omitempty" doc:"The source's identity of the customer." example:"10023"`
	Number    string    `json:"number,omitempty" doc:"Customer number people use." example:"10023"`
	External  string    `json:"external,omitempty" doc:"Number another system gave the customer." example:"C-77"`
	Company   string    `json:"company,omitempty" doc:"Company name; when present the customer is a company." example:"Bakkerij De Proef B.V."`
	Name      string    `json:"name,omitempty" doc:"Full name of the person or contact as the source has it." example:"Anna van der Berg"`
	FirstName string    `json:"firstName,omitempty" doc:"First name or initials." example:"Anna"`
	Prefix    string    `json:"prefix,omitempty" doc:"Prefix of the last name." example:"van der"`
	LastName  string    `json:"lastName,omitempty" doc:"Last name without prefix." example:"Berg"`
	Email     string    `json:"email,omitempty" doc:"E-mail address; the usual key of a customer." example:"anna@proef.example"`
	Phone     string    `json:"phone,omitempty" doc:"Telephone number." example:"0301234567"`
	Mobile    string    `json:"mobile,omitempty" doc:"Mobile number." example:"0612345678"`
	Website   string    `json:"website,omitempty" doc:"Web site." example:"proef.example"`
	VATNumber string    `json:"vatNumber,omitempty" doc:"VAT identification number." example:"NL000000000B01"`
	Registry  string    `json:"registry,omitempty" doc:"Chamber of commerce number." example:"00000000"`
	Language  string    `json:"language,omitempty" doc:"Language of the customer (ISO 639-1)." example:"nl"`
	Group     string    `json:"group,omitempty" doc:"Customer or price group." example:"2"`
	Discount  Decimal   `json:"discount" doc:"General discount in per cent." example:"0"`
	Terms     string    `json:"terms,omitempty" doc:"Payment terms code." example:"14"`
	Blocked   bool      `json:"blocked,omitempty" doc:"Whether the customer may not buy." example:"false"`
	Billing   *Address  `json:"billing,omitempty" doc:"Invoice address."`
	Shipping  *Address  `json:"shipping,omitempty" doc:"Delivery address."`
	Currency  string    `json:"currency,omitempty" doc:"Currency the customer pays in (ISO 4217)." example:"EUR"`
	Contacts  []Contact `json:"contacts,omitempty" doc:"Further contact persons."`
}

// IsCompany reports whether the customer is to be kept as a company with a contact person.
func (c *Customer) IsCompany() bool { return strings.TrimSpace(c.Company) != "" }

// Contact is a further person of a company.
type Contact struct {
	Name  string `json:"name,omitempty" doc:"Full name." example:"Jo Voorbeeld"`
	Email string `json:"email,omitempty" doc:"E-mail address." example:"jo@proef.example"`
	Phone string `json:"phone,omitempty" doc:"Telephone number." example:"0301234567"`
}

// Address is a postal address with the street, number and addition apart.
type Address struct {
	Name       string `json:"name,omitempty" doc:"Who lives or works there." example:"Bakkerij De Proef B.V."`
	Contact    string `json:"contact,omitempty" doc:"Person to ask for." example:"Anna Bakker"`
	Street     string `json:"street,omitempty" doc:"Street without number; the whole line when it could not be split." example:"Dorpsstraat"`
	Number     string `json:"number,omitempty" doc:"House number, digits only." example:"12"`
	Addition   string `json:"addition,omitempty" doc:"Addition to the house number." example:"A"`
	PostalCode string `json:"postalCode,omitempty" doc:"Postal code as the country writes it." example:"1234 AB"`
	City       string `json:"city,omitempty" doc:"City." example:"Proefdorp"`
	Region     string `json:"region,omitempty" doc:"State or province." example:""`
	Country    string `json:"country,omitempty" doc:"Country (ISO 3166-1 alpha-2)." example:"NL"`
}

// IsZero reports whether nothing of the address is filled.
func (a *Address) IsZero() bool { return a == nil || *a == Address{} }

// NormalEmail returns e-mail as a key: trimmed and in lower case. The local part is case-sensitive by the letter of
// RFC 5321, but no mail system in practice keeps two boxes that differ in case only, while customers do type both.
func NormalEmail(email string) string { return strings.ToLower(strings.TrimSpace(email)) }
