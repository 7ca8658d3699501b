// Package afas connects AFAS Profit, an ERP: it writes sales orders, direct invoices, journal entries and debtors, and asks
// for orders, debtors and articles before anything is written.
//
// The pipeline opens a session and calls Find and Write; the panel draws its forms from Connector. Reading and writing go
// over the vendor's REST interface: GetConnectors (queries the environment's administrator offers) and UpdateConnectors
// (write objects). What to write is decided by the send-side mappings beside this file; whether and when to write is the
// pipeline's. README.md says what the owner prepares in AFAS.
package afas

import (
	_ "embed"
	"time"
	_ "time/tzdata" // AFAS keeps Dutch local time, also where the machine has no zone files

	"apicenter/shared/connector"
	"apicenter/shared/model"
)

//go:embed orders.send.yaml
var ordersMapping []byte

//go:embed customers.send.yaml
var customersMapping []byte

const (
	// serverLimit is how long AFAS works on one request before it gives up by itself.
	serverLimit = 900 * time.Second
	// answerTimeout is how long we listen by default; a write takes a second or two.
	answerTimeout = 2 * time.Minute
)

// The order types.
const (
	typeOrder         = "order"         // FbSales
	typeInvoice       = "invoice"       // FbDirectInvoice
	typeDirectInvoice = "directinvoice" // FbDirectInvoice
	typeMutation      = "mutation"      // FiEntries
)

// The customer types.
const (
	typeCompany = "company" // KnSalesRelationOrg
	typePerson  = "person"  // KnSalesRelationPer
)

// Connector is AFAS Profit as the rest of the platform knows it.
var Connector = connector.Connector{
	Name:     "afas",
	Title:    "AFAS Profit",
	Category: "ERP",
	Settings: connectionSettings(),
	Target: map[model.Kind]connector.Target{
		model.Orders: {
			Fields:   orderSchema(),
			Mapping:  ordersMapping,
			Types:    []string{typeOrder, typeInvoice, typeDirectInvoice, typeMutation},
			Settings: orderSettings(),
			Lines:    connector.LineFields{List: "lines", Code: "ItCd", Unit: "BiUn", Where: map[string]string{"VaIt": itemArticle}},
		},
		model.Customers: {
			Fields:   customerSchema(),
			Mapping:  customersMapping,
			Settings: customerSettings(),
		},
		// Articles are looked up and never written, so there is nothing to map.
		model.Products: {},
	},
	Limits: connector.Limits{Concurrency: 2, FindBatch: 50, WriteBatch: 1, Timeout: answerTimeout, LateEffect: serverLimit},
	Prepare: []string{
		"Add an app connector under General, Management, App connector, with a user group whose rights cover orders and debtors.",
		"Put the UpdateConnectors FbSales, KnSalesRelationOrg and KnSalesRelationPer on it; FbDirectInvoice for invoices, FiEntries for financial mutations.",
		"Create the GetConnectors Webshop_Orders and Webshop_Debtors as our page on AFAS describes them, and put them and Profit_Article on it.",
		"Add Profit_Administrations, Profit_Accounts, Webshop_PaymentConditions and Webshop_VatGroups to have your settings checked, and Profit_Transactions for financial mutations.",
		"If the app connector has a list of addresses, add this platform's outgoing address to it.",
		"Generate a user token and copy it at once: AFAS shows it only once.",
	},
	Open: open,
}

func orderSchema() model.Schema {
	out := withFree("", orderFields)
	out = append(out, model.Field{Path: "lines", Type: model.List, Doc: "The articles."})
	out = append(out, withFree("lines[].", lineFields)...)
	out = append(out, model.Field{Path: "costs", Type: model.List, Doc: "Shipping, payment and rounding as lines of cost items."})
	out = append(out, withFree("costs[].", lineFields)...)
	out = append(out, model.Field{Path: "discount", Type: model.Object, Doc: "Discount on the whole order as a line of a cost item."})
	out = append(out, withFree("discount.", lineFields)...)
	out = append(out, model.Field{Path: "booking", Type: model.Object, Doc: "What a financial mutation is made from; other types leave it unused."})
	out = append(out, schemaOf("booking.", bookingFields)...)
	out = append(out, model.Field{Path: "booking.taxes", Type: model.List, Doc: "Totals for each VAT rate."})
	return append(out, schemaOf("booking.taxes[].", bookingTaxFields)...)
}

func customerSchema() model.Schema {
	out := withFree("", relationFields)
	for _, part := range []struct {
		name, doc string
		fields    []field
		country   bool
	}{
		{"organisation", "The company of a company debtor.", organisationFields, false},
		{"person", "The person of a person debtor, or the contact person of a company.", personFields, false},
		{"contact", "How to reach the contact person of a company at work.", contactFields, false},
		{"address", "Where the customer lives or works, and invoices go.", addressFields, true},
		{"delivery", "Where goods go, when that is elsewhere.", append(contactFields[:len(contactFields):len(contactFields)], addressFields...), true},
	} {
		out = append(out, model.Field{Path: part.name, Type: model.Object, Doc: part.doc})
		out = append(out, withFree(part.name+".", part.fields)...)
		if part.country {
			out = append(out, model.Field{Path: part.name + "." + countryField, Type: model.Text,
				Doc: "Country (ISO 3166-1 alpha-2); becomes AFAS' own code.", Example: "NL"})
		}
	}
	return out
}
