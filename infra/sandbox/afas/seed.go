package afas

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/govalues/decimal"
)

// Seed is what an environment can be filled with. Items, debtors and stock are
// added, or replace those with the same code; a table of the master data that
// is given replaces the whole table, but items keep Profit's own "none" codes.
type Seed struct {
	Items             []SeedItem         `json:"items,omitempty"`
	Debtors           []SeedDebtor       `json:"debtors,omitempty"`
	Stock             []Stock            `json:"stock,omitempty"`
	Administrations   []Administration   `json:"administrations,omitempty"`
	PaymentConditions []PaymentCondition `json:"payment_conditions,omitempty"`
	PaymentTypes      []Code             `json:"payment_types,omitempty"`
	Accounts          []Account          `json:"accounts,omitempty"`
	Journals          []Journal          `json:"journals,omitempty"`
	Warehouses        []Warehouse        `json:"warehouses,omitempty"`
	Units             []string           `json:"units,omitempty"`
	VatGroups         []VatGroup         `json:"vat_groups,omitempty"`
	VatCodes          []VatCode          `json:"vat_codes,omitempty"`
	VatDuties         []VatDuty          `json:"vat_duties,omitempty"`
	SalesChannels     []Code             `json:"sales_channels,omitempty"`
	PriceLists        []Code             `json:"price_lists,omitempty"`
	ItemGroups        []Code             `json:"item_groups,omitempty"`
}

// SeedItem is an item to be loaded. Type is 2 (article) and Unit STK when
// empty, VatGroup 1.
type SeedItem struct {
	Type        string          `json:"type,omitempty"`
	Code        string          `json:"code"`
	Description string          `json:"description"`
	Unit        string          `json:"unit,omitempty"`
	VatGroup    string          `json:"vat_group,omitempty"`
	Group       string          `json:"group,omitempty"`
	Price       decimal.Decimal `json:"price"`
	Barcode     string          `json:"barcode,omitempty"`
	Blocked     bool            `json:"blocked,omitempty"`
	Stock       bool            `json:"stock,omitempty"` // stock is kept
}

// SeedDebtor is a debtor to be loaded: an organisation, or with Person a
// person.
type SeedDebtor struct {
	ID               string   `json:"id,omitempty"` // numbered when empty
	Person           bool     `json:"person,omitempty"`
	Name             string   `json:"name,omitempty"` // of an organisation
	FirstName        string   `json:"first_name,omitempty"`
	Prefix           string   `json:"prefix,omitempty"`
	LastName         string   `json:"last_name,omitempty"`
	Email            string   `json:"email,omitempty"` // for work
	EmailPrivate     string   `json:"email_private,omitempty"`
	Phone            string   `json:"phone,omitempty"`
	VatNr            string   `json:"vat_nr,omitempty"`
	ChamberNr        string   `json:"chamber_of_commerce_nr,omitempty"`
	Address          *Address `json:"address,omitempty"`
	Delivery         *Address `json:"delivery,omitempty"`
	PaymentCondition string   `json:"payment_condition,omitempty"`
	CollectAccount   string   `json:"collect_account,omitempty"`
	VatDuty          string   `json:"vat_duty,omitempty"`
	PricesInclVat    bool     `json:"prices_incl_vat,omitempty"`
	Blocked          bool     `json:"blocked,omitempty"`
}

// Seed loads a Seed as JSON.
func (s *Sandbox) Seed(body io.Reader) error {
	var seed Seed
	dec := json.NewDecoder(body)
	dec.DisallowUnknownFields()
	if err := dec.Decode(&seed); err != nil {
		return err
	}
	return s.Load(seed)
}

// Load fills the environment.
func (s *Sandbox) Load(seed Seed) error {
	now := s.local()
	s.mu.Lock()
	defer s.mu.Unlock()
	t := &tx{data: s.data, now: now, opt: &s.opt}
	if err := t.load(&seed); err != nil {
		t.rollback()
		return err
	}
	return nil
}

func (t *tx) load(seed *Seed) error {
	keep(t, &t.master)
	t.master.replace(seed)
	for _, i := range seed.Items {
		if err := t.seedItem(i); err != nil {
			return err
		}
	}
	c := newCustomers()
	for _, x := range seed.Debtors {
		if err := t.seedDebtor(c, x); err != nil {
			return err
		}
	}
	for _, st := range seed.Stock {
		if st.Item == "" || t.warehouse(st.Warehouse) == nil {
			return fmt.Errorf("stock of item %q: warehouse %q does not exist", st.Item, st.Warehouse)
		}
		p := t.stockOf(st.Item, st.Dim1, st.Dim2, st.Warehouse)
		keep(t, p)
		*p = st
		p.Modified = t.now
	}
	return nil
}

func replaceTable[T any](table *[]T, with []T) {
	if len(with) > 0 {
		*table = slices.Clone(with)
	}
}

func (m *master) replace(seed *Seed) {
	replaceTable(&m.administrations, seed.Administrations)
	replaceTable(&m.paymentConditions, seed.PaymentConditions)
	replaceTable(&m.paymentTypes, seed.PaymentTypes)
	replaceTable(&m.accounts, seed.Accounts)
	replaceTable(&m.journals, seed.Journals)
	replaceTable(&m.warehouses, seed.Warehouses)
	replaceTable(&m.units, seed.Units)
	replaceTable(&m.vatGroups, seed.VatGroups)
	replaceTable(&m.vatCodes, seed.VatCodes)
	replaceTable(&m.vatDuties, seed.VatDuties)
	replaceTable(&m.salesChannels, seed.SalesChannels)
	replaceTable(&m.priceLists, seed.PriceLists)
	replaceTable(&m.itemGroups, seed.ItemGroups)
	for i := range m.journals {
		if m.journals[i].Administration == 0 {
			m.journals[i].Administration = 1
		}
	}
	if m.warehouse(noneCode) == nil {
		m.warehouses = append(m.warehouses, Warehouse{Code: noneCode, Description: "Standaard", Administration: 1})
	}
	if !slices.Contains(m.units, noneCode) {
		m.units = append(m.units, noneCode)
	}
}

func (t *tx) seedItem(in SeedItem) error {
	i := &Item{
		Type: or(in.Type, "2"), Code: in.Code, Description: in.Description, Unit: in.Unit, VatGroup: or(in.VatGroup, "1"),
		Group: or(in.Group, "100"), Price: in.Price, Barcode: in.Barcode, Blocked: in.Blocked, Stock: in.Stock,
		Created: t.now, Modified: t.now,
	}
	if i.Unit == "" {
		i.Unit = "STK"
		if i.Type != "2" {
			i.Unit = noneCode
		}
	}
	switch {
	case i.Code == "" || itemType(i.Type) != i.Type:
		return fmt.Errorf("item %q of type %q is not valid", i.Code, i.Type)
	case codeIn(t.units, i.Unit, textOf) == "":
		return fmt.Errorf("item %q: unit %q does not exist", i.Code, i.Unit)
	case t.vatGroup(i.VatGroup) == nil:
		return fmt.Errorf("item %q: VAT group %q does not exist", i.Code, i.VatGroup)
	}
	if old := t.items[itemKey(i.Type, i.Code)]; old != nil {
		keep(t, old)
		i.Created = old.Created
		*old = *i
		return nil
	}
	t.addItem(i)
	return nil
}

// seedDebtor loads a debtor through the update connector, so that it is made
// the way any other is.
func (t *tx) seedDebtor(c *customers, in SeedDebtor) error {
	if in.ID != "" && t.debtors[fold(in.ID)] != nil {
		return nil
	}
	party := map[string]string{
		"PadAdr": "true", "AutoNum": "true", "EmAd": in.Email, "TeNr": in.Phone, "CcNr": in.ChamberNr,
	}
	name := "KnOrganisation"
	if in.Person {
		name = "KnPerson"
		delete(party, "CcNr")
		party["MatchPer"], party["ViGe"], party["EmA2"] = "7", "O", in.EmailPrivate
		party["FiNm"], party["Is"], party["LaNm"] = in.FirstName, in.Prefix, in.LastName
	} else {
		party["MatchOga"], party["Nm"] = "6", in.Name
	}
	sub := &record{fields: party}
	if in.Address != nil {
		sub.objects = append(sub.objects, object{"KnBasicAddressAdr", []*record{in.Address.record()}})
	}
	if in.Delivery != nil {
		sub.objects = append(sub.objects, object{"KnContact", []*record{{
			fields:  map[string]string{"ViKc": "AFL", "PadAdr": "true"},
			objects: []object{{"KnBasicAddressAdr", []*record{in.Delivery.record()}}},
		}}})
	}
	r := &record{
		fields: map[string]string{
			"DbId": in.ID, "IsDb": "true", "CuId": "EUR", "PaCd": or(in.PaymentCondition, t.paymentConditions[0].Code),
			"VaId": in.VatNr, "VtIn": strconv.FormatBool(in.PricesInclVat), "Bl": strconv.FormatBool(in.Blocked),
		},
		objects: []object{{name, []*record{sub}}},
	}
	if in.CollectAccount != "" {
		r.fields["ColA"] = in.CollectAccount
	}
	if in.VatDuty != "" {
		r.fields["VaDu"] = in.VatDuty
	}
	if _, bad := c.applyRelation(t, r, in.Person, true); bad != nil {
		return fmt.Errorf("debtor %q: %w", or(in.ID, or(in.Name, in.LastName)), bad)
	}
	return nil
}

func (a *Address) record() *record {
	r := &record{fields: map[string]string{
		"CoId": or(a.Country, "NL"), "PbAd": strconv.FormatBool(a.PoBox), "StAd": a.Before, "Ad": a.Street, "HmAd": a.Addition,
		"ZpCd": a.ZipCode, "Rs": a.City, "AdAd": a.After, "ResZip": "false",
	}}
	if a.Number != 0 {
		r.fields["HmNr"] = strconv.Itoa(a.Number)
	}
	return r
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// defaultSeed is what every environment has from the start.
func defaultSeed() Seed {
	return Seed{
		Items: []SeedItem{
			{Type: "3", Code: "T", Description: "Tekst", Group: "300"},
			{Type: "6", Code: "VERZEND", Description: "Verzendkosten", Group: "200"},
			{Type: "6", Code: "AFRONDING", Description: "Afronding", Group: "200", VatGroup: "3"},
		},
		Debtors: []SeedDebtor{{ID: "10999", Name: "Balieverkoop", PaymentCondition: "00", PricesInclVat: true}},
	}
}
