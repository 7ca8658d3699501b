// Package mpluskassa is the connector for MplusKASSA, a till system with a SOAP interface (also known as Mplus Q-line).
//
// The list of connectors takes its Connector; stages open sessions through it. It reads orders or invoices, customers and
// articles along MplusKASSA's change counters and hands them on in the vendor's own spelling; what the fields mean to other
// systems is left to the mappings beside it. MplusKASSA is not written to.
package mpluskassa

import (
	"apicenter/shared/connector"
	"apicenter/shared/model"
)

// Connector is MplusKASSA as the rest of the platform knows it.
var Connector = connector.Connector{
	Name:     "mpluskassa",
	Title:    "MplusKASSA",
	Category: "POS",
	Settings: connectionSettings,
	Source: map[model.Kind]connector.Source{
		model.Orders:    {Fields: orderFields(), Mapping: ordersMapping, LateWindow: lateWindow, Settings: orderSettings},
		model.Customers: {Fields: schema(relationShape, ""), Mapping: customersMapping, LateWindow: lateWindow, Settings: customerSettings},
		model.Products:  {Fields: productFields(), Mapping: productsMapping, LateWindow: lateWindow, Settings: productSettings},
	},
	Limits: connector.Limits{Concurrency: concurrency, PageSize: defaultPageSize, Timeout: timeout},
	Prepare: []string{
		"Ask Mplus support, or your MplusKASSA dealer, for access to the API of your installation. You receive a port number, an ident and a secret.",
		"Ask for an ident of its own for this connection, so that it can be withdrawn without touching others.",
		"Fill in port, ident and secret and test the connection.",
		"Choose whether orders or invoices are read, and which code of an article the other system knows.",
	},
	Open: open,
}
