package afas

import (
	"github.com/govalues/decimal"
)

// master is the environment's master data: small tables that only an
// administrator changes.
type master struct {
	administrations   []Administration
	paymentConditions []PaymentCondition
	paymentTypes      []Code
	accounts          []Account
	journals          []Journal
	warehouses        []Warehouse
	units             []string
	vatGroups         []VatGroup
	vatDuties         []VatDuty
	vatCodes          []VatCode
	salesChannels     []Code
	priceLists        []Code
	itemGroups        []Code
	currencies        []string
	creditors         []string
	blockedPeriods    map[[3]int]bool // administration, year, period
	lockedJournals    map[string]bool
}

// Administration is a set of books.
type Administration struct {
	ID   int    `json:"id"`
	Name string `json:"name"`
}

// PaymentCondition says when an invoice is due.
type PaymentCondition struct {
	Code        string `json:"code"`
	Description string `json:"description"`
	Days        int    `json:"days"`
	Blocked     bool   `json:"blocked,omitempty"`
}

// Code is a value of a small table.
type Code struct {
	Code        string `json:"code"`
	Description string `json:"description"`
}

// Account is a ledger account.
type Account struct {
	Code        string `json:"code"`
	Description string `json:"description"`
	Type        string `json:"type"` // 1 assets, 2 liabilities, 3 revenue, 4 costs
	Collective  bool   `json:"collective"`
	Blocked     bool   `json:"blocked,omitempty"`
	VatCode     string `json:"vat_code,omitempty"`
	Axes        []int  `json:"axes,omitempty"` // on which an allocation is needed
}

// Journal is a book of entries of one administration.
type Journal struct {
	Code           string `json:"code"`
	Administration int    `json:"administration"`
	Description    string `json:"description"`
	Type           string `json:"type"`
	Blocked        bool   `json:"blocked,omitempty"`
}

// Warehouse is a place where stock is kept.
type Warehouse struct {
	Code           string `json:"code"`
	Description    string `json:"description"`
	Administration int    `json:"administration"`
	Blocked        bool   `json:"blocked,omitempty"`
}

// VatGroup is a VAT tariff group, as items and lines have it.
type VatGroup struct {
	Code        string          `json:"code"`
	Description string          `json:"description"`
	VatCode     string          `json:"vat_code"`
	Rate        decimal.Decimal `json:"rate"`
}

// VatDuty says whether VAT is charged to a debtor.
type VatDuty struct {
	Code        string `json:"code"`
	Description string `json:"description"`
	Charged     bool   `json:"charged"`
}

// VatCode is what ledger lines have.
type VatCode struct {
	Code        string          `json:"code"`
	Description string          `json:"description"`
	Account     string          `json:"account"`
	Rate        decimal.Decimal `json:"rate"`
	Duty        string          `json:"duty"`
	Blocked     bool            `json:"blocked,omitempty"`
}

// noneCode is Profit's own record "none" or "default" of several tables.
const noneCode = "*****"

func defaultMaster() master {
	high, low := decimal.MustNew(21, 0), decimal.MustNew(9, 0)
	return master{
		administrations: []Administration{{1, "Voorbeeld B.V."}},
		paymentConditions: []PaymentCondition{
			{Code: "14", Description: "14 dagen", Days: 14},
			{Code: "30", Description: "30 dagen", Days: 30},
			{Code: "00", Description: "Direct voldaan"},
		},
		paymentTypes: []Code{{"00", "Op rekening"}, {"01", "Contant"}, {"02", "Online"}},
		accounts: []Account{
			{Code: "1000", Description: "Kas", Type: "1"},
			{Code: "1100", Description: "Bank", Type: "1"},
			{Code: "1200", Description: "Kruisposten", Type: "1"},
			{Code: "1300", Description: "Debiteuren", Type: "1", Collective: true},
			{Code: "1510", Description: "Af te dragen btw hoog", Type: "2", VatCode: "1"},
			{Code: "1520", Description: "Af te dragen btw laag", Type: "2", VatCode: "2"},
			{Code: "1600", Description: "Crediteuren", Type: "2", Collective: true},
			{Code: "4900", Description: "Betalingsverschillen", Type: "4"},
			{Code: "8000", Description: "Omzet", Type: "3"},
			{Code: "8010", Description: "Omzet hoog", Type: "3", VatCode: "1"},
			{Code: "8020", Description: "Omzet laag", Type: "3", VatCode: "2"},
		},
		journals: []Journal{
			{Code: "20", Administration: 1, Description: "Verkoop", Type: "Verkoop"},
			{Code: "70", Administration: 1, Description: "Bank", Type: "Bank"},
			{Code: "90", Administration: 1, Description: "Memoriaal", Type: "Memoriaal"},
		},
		warehouses: []Warehouse{
			{Code: noneCode, Description: "Standaard", Administration: 1},
			{Code: "01", Description: "Hoofdmagazijn", Administration: 1},
		},
		units: []string{"STK", "KG", "M", "L", "UUR", noneCode},
		vatGroups: []VatGroup{
			{"1", "Hoog", "1", high}, {"2", "Laag", "2", low}, {"3", "Nul", "3", decimal.Zero},
		},
		vatDuties: []VatDuty{
			{"1", "Binnenland, belast", true}, {"2", "Binnen de EU, verlegd", false},
			{"3", "Vrijgesteld", false}, {"4", "Buiten de EU", false},
		},
		vatCodes: []VatCode{
			{Code: "1", Description: "Verkoop hoog", Account: "1510", Rate: high, Duty: "1"},
			{Code: "2", Description: "Verkoop laag", Account: "1520", Rate: low, Duty: "1"},
			{Code: "3", Description: "Verkoop nul", Account: "1510", Duty: "1"},
			{Code: "4", Description: "Niet belast", Account: "1510", Duty: "4"},
		},
		salesChannels:  []Code{{"1", "Website"}, {"2", "Winkel"}},
		priceLists:     []Code{{noneCode, "Standaard"}},
		itemGroups:     []Code{{"100", "Handelsartikelen"}, {"200", "Kosten"}, {"300", "Teksten"}},
		currencies:     []string{"EUR", "USD", "GBP", "CHF", "DKK", "SEK", "NOK", "PLN"},
		blockedPeriods: map[[3]int]bool{},
		lockedJournals: map[string]bool{},
	}
}

// find returns the record whose code is the given one.
func find[T any](list []T, code string, of func(*T) string) *T {
	for i := range list {
		if c := of(&list[i]); c == code || fold(c) == fold(code) {
			return &list[i]
		}
	}
	return nil
}

func (m *master) paymentCondition(code string) *PaymentCondition {
	return find(m.paymentConditions, code, func(p *PaymentCondition) string { return p.Code })
}

func (m *master) account(code string) *Account {
	return find(m.accounts, code, func(a *Account) string { return a.Code })
}

func (m *master) warehouse(code string) *Warehouse {
	return find(m.warehouses, code, func(w *Warehouse) string { return w.Code })
}

func (m *master) vatGroup(code string) *VatGroup {
	return find(m.vatGroups, code, func(g *VatGroup) string { return g.Code })
}

func (m *master) vatCode(code string) *VatCode {
	return find(m.vatCodes, code, func(c *VatCode) string { return c.Code })
}

// charged reports whether VAT is charged under a duty.
func (m *master) charged(duty string) bool {
	d := find(m.vatDuties, duty, func(d *VatDuty) string { return d.Code })
	return d != nil && d.Charged
}

func (m *master) journal(administration int, code string) *Journal {
	for i := range m.journals {
		if j := &m.journals[i]; j.Administration == administration && fold(j.Code) == fold(code) {
			return j
		}
	}
	return nil
}

func (m *master) administration(id int) *Administration {
	for i := range m.administrations {
		if m.administrations[i].ID == id {
			return &m.administrations[i]
		}
	}
	return nil
}

func codeOf(c *Code) string { return c.Code }

func textOf(s *string) string { return *s }
