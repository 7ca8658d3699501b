package mpluskassa

import (
	"maps"
	"net/http"
	"slices"
	"time"
)

// serviceVersion is the version that the simulation follows.
const serviceVersion = "67.1.3"

// operation is one call of the service. Response elements are named
// irregularly, so each is written out.
type operation struct {
	response string
	run      func(*call)
}

// call is one call being answered. An operation first reads its arguments,
// then asks ok, and only then writes: a problem with the arguments becomes a
// fault.
type call struct {
	*reader
	s   *Sandbox
	in  *args
	out *response
	now time.Time
}

func operations() map[string]operation {
	return map[string]operation{
		"getApiVersion":           {"getApiVersionResponse", getAPIVersion},
		"getDatabaseVersion":      {"getDatabaseVersionResponse", getDatabaseVersion},
		"getCurrentSyncMarkers":   {"getCurrentSyncMarkersResponse", getCurrentSyncMarkers},
		"getCurrentSyncMarkersV2": {"GetCurrentSyncMarkersV2Response", getCurrentSyncMarkersV2},

		"getBranches":         {"getBranchesResponse", getBranches},
		"getVatGroupList":     {"getVatGroupListResponse", getVatGroupList},
		"getPaymentMethods":   {"GetPaymentMethodsResponse", getPaymentMethods},
		"getPaymentMethodsV2": {"GetPaymentMethodsResponse", getPaymentMethodsV2},
		"getDeliveryMethods":  {"GetDeliveryMethodsResponse", getDeliveryMethods},
		"getTurnoverGroups":   {"GetTurnoverGroupsResponse", getTurnoverGroups},

		"getProducts": {"GetProductsResponse", getProducts},

		"getRelations":   {"GetRelationsResponse", getRelations},
		"getRelation":    {"GetRelationResponse", getRelation},
		"findRelation":   {"FindRelationResponse", findRelation},
		"findRelationV2": {"FindRelationV2Response", findRelationV2},
		"createRelation": {"CreateRelationResponse", createRelation},
		"updateRelation": {"UpdateRelationResponse", updateRelation},

		"getOrders":              {"GetOrdersResponse", getOrders},
		"getOrder":               {"GetOrderResponse", getOrder},
		"findOrder":              {"GetOrderResponse", findOrder},
		"getOrdersByExtOrderIds": {"GetOrdersByExtOrderIdsResponse", getOrdersByExtOrderIDs},
		"createOrder":            {"CreateOrderResponse", createOrder},
		"updateOrder":            {"UpdateOrderResponse", updateOrder},
		"payOrder":               {"PayOrderResponse", payOrder},
		"cancelOrder":            {"CancelOrderResponse", cancelOrder},
		"deliverOrder":           {"DeliverOrderResponse", deliverOrder},
		"deliverOrderV2":         {"DeliverOrderV2Response", deliverOrderV2},

		"getInvoices": {"GetInvoicesResponse", getInvoices},
		"getInvoice":  {"GetInvoiceResponse", getInvoice},
		"findInvoice": {"GetInvoiceResponse", findInvoice},
	}
}

func getAPIVersion(c *call) {
	if !c.ok() {
		return
	}
	o := c.out
	o.long("majorNumber", 1)
	o.long("minorNumber", 0)
	o.long("revisionNumber", 0)
	o.long("serviceMajorNumber", 67)
	o.long("serviceMinorNumber", 1)
	o.long("serviceRevisionNumber", 3)
	o.long("serviceMinWorkerThreads", 2)
	threads := int64(8)
	if c.s.opts.MaxParallel > 0 {
		threads = int64(c.s.opts.MaxParallel)
	}
	o.long("serviceMaxWorkerThreads", max(2, threads))
	o.boolean("inDebugMode", false)
}

func getDatabaseVersion(c *call) {
	if !c.ok() {
		return
	}
	c.out.long("majorNumber", 1)
	c.out.long("minorNumber", 0)
	c.out.long("revisionNumber", 0)
}

// counters returns the highest marker of each kind by the name of its element,
// in the sequence of the schema. Kinds that the simulation lacks stay zero.
func (s *Sandbox) counters() []counter {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return []counter{
		{"articleSyncMarker", s.products.counter, true}, {"articleGroupSyncMarker", 0, false},
		{"relationSyncMarker", s.relations.counter, true}, {"employeeSyncMarker", 1, true},
		{"invoiceSyncMarker", s.invoices.counter, true}, {"receiptSyncMarker", 0, true},
		{"orderSyncMarker", s.orders.counter, true}, {"proposalSyncMarker", 0, false}, {"stockId", 0, false},
	}
}

type counter struct {
	name   string
	value  int64
	always bool // in the answer of the first version
}

func getCurrentSyncMarkers(c *call) {
	if !c.ok() {
		return
	}
	for _, m := range c.s.counters() {
		if m.always || m.value > 0 {
			c.out.long(m.name, m.value)
		}
	}
}

// getCurrentSyncMarkersV2 answers the counters that were asked for only.
func getCurrentSyncMarkersV2(c *call) {
	in := c.in.sub("request")
	var asked []counter
	for _, m := range c.s.counters() {
		if in.flag("include" + string(m.name[0]-'a'+'A') + m.name[1:]) {
			asked = append(asked, m)
		}
	}
	in.ignore("includeTicketCounterSaleSyncMarker", "includePurchaseOrderSyncMarker", "includePurchaseDeliverySyncMarker",
		"includeRelationPointsSyncMarker", "includeCashDrawerBalancingSyncMarker", "includeActivitySyncMarker", "includePackingSlipSyncMarker",
		"includeDayStockConfigurationSyncMarker", "includePreparationMethodGroupSyncMarker", "includeArticleAlterationsGroupsSyncMarker",
		"includeArticleNutritionalCharacteristicsSyncMarker", "includeRelationNutritionalCharacteristicsSyncMarker", "includeBranchGroupSyncMarker")
	if !c.ok() {
		return
	}
	for _, m := range asked {
		c.out.long(m.name, m.value)
	}
}

// writeDescription answers a short description of the service: its names, not
// its types.
func (s *Sandbox) writeDescription(w http.ResponseWriter) {
	b := []byte(`<?xml version="1.0" encoding="UTF-8"?>` + "\n" +
		`<definitions name="MplusQapi" targetNamespace="urn:mplusqapi" xmlns="http://schemas.xmlsoap.org/wsdl/">` +
		`<portType name="MplusQapiPortType">`)
	for _, name := range slices.Sorted(maps.Keys(s.operations)) {
		b = append(b, `<operation name="`+name+`"/>`...)
	}
	b = append(b, `</portType></definitions>`...)
	w.Header().Set("Content-Type", contentType)
	_, _ = w.Write(b)
}
