package mpluskassa

import (
	"strings"
	"testing"
)

func (k *till) order(id string) *node {
	k.t.Helper()
	return k.call(`<getOrder><orderId>` + id + `</orderId></getOrder>`).at("order")
}

func (k *till) pay(id, prepay, method, amount string) *node {
	return k.call(`<payOrder><request><orderId>` + id + `</orderId><prepay>` + prepay + `</prepay><paymentList><payment><method>` + method +
		`</method><amount>` + amount + `</amount></payment></paymentList></request></payOrder>`)
}

func TestPayOrder(t *testing.T) {
	k := filled(t, Options{})
	id := k.createdOrder("W1")
	k.pay(id, "true", "IDEAL", "1000").expect(t, map[string]string{"result": "PAY-ORDER-RESULT-OK", "invoiceId": "(absent)", "errorMessage": ""})
	k.order(id).expect(t, map[string]string{"prepaidAmount": "1000", "fullyPaid": "false", "syncMarker": "2", "changeCounter": "2"})
	k.pay(id, "true", "PIN", "2252").expect(t, map[string]string{"result": "PAY-ORDER-RESULT-OK"})
	k.order(id).expect(t, map[string]string{"prepaidAmount": "3252", "fullyPaid": "true", "syncMarker": "3", "deliveryState": "ORDER-DELIVERY-STATE-NOTHING"})
	if n := len(k.order(id).all("paymentList/payment")); n != 2 {
		t.Errorf("%d payments", n)
	}

	two := k.createdOrder("W2")
	k.pay(two, "false", "IDEAL", "3251").expect(t, map[string]string{"result": "PAY-ORDER-RESULT-PAYMENT-INSUFFICIENT"})
	k.order(two).expect(t, map[string]string{"prepaidAmount": "0", "syncMarker": "4"})
	r := k.pay(two, "false", "IDEAL", "3252")
	r.expect(t, map[string]string{"result": "PAY-ORDER-RESULT-OK"})
	k.order(two).expect(t, map[string]string{
		"deliveryState": "ORDER-DELIVERY-STATE-COMPLETE", "completeState": "ORDER-COMPLETE-STATE-COMPLETE", "invoiceIds/id": r.get("invoiceId"),
	})
	k.pay(two, "false", "IDEAL", "1").expect(t, map[string]string{"result": "PAY-ORDER-RESULT-ORDER-ALREADY-INVOICED"})
	k.pay(id, "true", "CHEQUE", "1").expect(t, map[string]string{"result": "PAY-ORDER-RESULT-FAILED"})
	k.pay("x", "true", "IDEAL", "1").expect(t, map[string]string{"result": "PAY-ORDER-RESULT-FAILED"})

	inv := k.call(`<getInvoice><invoiceId>` + r.get("invoiceId") + `</invoiceId></getInvoice>`)
	inv.expect(t, map[string]string{
		"result": "GET-INVOICE-RESULT-OK", "invoice/orderIds/id": two, "invoice/extOrderIds/id": "W2", "invoice/invoiceNumber/number": "1",
		"invoice/totalInclAmount": "3252", "invoice/paidAmount": "3252", "invoice/state": "INVOICE-STATE-PAID", "invoice/syncMarker": "1",
		"invoice/dueDate/day": "15", "invoice/invoiceType": "INVOICE-TYPE-INVOICE",
	})
	list := k.call(`<getInvoices><request><syncMarker>1</syncMarker><syncMarkerLimit>10</syncMarkerLimit><includeLineList>false</includeLineList></request></getInvoices>`)
	list.at("invoiceList/invoice").expect(t, map[string]string{"syncMarker": "1", "lineList": "(absent)", "orderIds": "(absent)"})
	if n := len(k.call(`<getInvoices><request><syncMarker>2</syncMarker></request></getInvoices>`).all("invoiceList/invoice")); n != 0 {
		t.Errorf("%d invoices beyond the last", n)
	}
	k.call(`<findInvoice><extInvoiceId>x</extInvoiceId></findInvoice>`).expect(t, map[string]string{"result": "GET-INVOICE-RESULT-NOT-FOUND"})
}

func TestBareIDs(t *testing.T) {
	k := filled(t, Options{BareIDs: true})
	id := k.createdOrder("W1")
	if len(id) != 32 || k.order(id).get("orderId") != id {
		t.Errorf("order %s", id)
	}
	if dashed := k.Orders()[0].ID; k.order(dashed).get("orderId") != id {
		t.Errorf("order %s is not found as %s", id, dashed)
	}
}

func TestCancelOrder(t *testing.T) {
	k := filled(t, Options{})
	id := k.createdOrder("W1")
	cancel := func(id string) string {
		r := k.call(`<cancelOrder><orderId>` + id + `</orderId><request><branchNumber>1</branchNumber></request></cancelOrder>`)
		return r.name + " " + r.get("result")
	}
	for _, c := range []struct{ id, want string }{
		{"x", "NOT-FOUND"}, {id, "OK"}, {id, "ALREADY-CANCELLED"},
	} {
		if got := cancel(c.id); got != "CancelOrderResponse CANCEL-ORDER-RESULT-"+c.want {
			t.Errorf("cancel %s: %s", c.id, got)
		}
	}
	k.order(id).expect(t, map[string]string{
		"cancelState": "ORDER-CANCEL-STATE-COMPLETE", "completeState": "ORDER-COMPLETE-STATE-COMPLETE", "deliveryState": "ORDER-DELIVERY-STATE-NOTHING",
		"syncMarker": "2", "versionNumber": "2",
	})
	k.pay(id, "true", "IDEAL", "1").expect(t, map[string]string{"result": "PAY-ORDER-RESULT-FAILED"})
	if k.Pay(id) == nil || k.Invoice(id) == nil || k.Cancel(id) == nil {
		t.Error("a cancelled order was paid, invoiced or cancelled")
	}
	k.call(`<createOrder><order><extOrderId>W1</extOrderId></order></createOrder>`).
		expect(t, map[string]string{"result": "CREATE-ORDER-RESULT-EXT-ORDER-ID-ALREADY-EXISTS"})
	done := k.createdOrder("W2")
	if err := k.Invoice(done); err != nil {
		t.Fatal(err)
	}
	if got := cancel(done); !strings.HasSuffix(got, "FAILED") {
		t.Errorf("cancel a delivered order: %s", got)
	}
}

func TestDeliverOrder(t *testing.T) {
	k := filled(t, Options{})
	id := k.createdOrder("W1")
	deliver := func(line, quantity, places string) *node {
		return k.call(`<deliverOrderV2><request><orderDelivery><orderId>` + id + `</orderId><lineList><line><lineId>` + line + `</lineId><quantity>` + quantity +
			`</quantity><decimalPlaces>` + places + `</decimalPlaces></line></lineList></orderDelivery></request></deliverOrderV2>`)
	}
	lines := k.order(id).list("lineList/line", "lineId")
	deliver(lines[0], "3", "0").expect(t, map[string]string{"result": "DELIVER-ORDER-V2-RESULT-FAILED"})
	deliver("x", "1", "0").expect(t, map[string]string{"result": "DELIVER-ORDER-V2-RESULT-FAILED"})
	deliver(lines[0], "2", "0").expect(t, map[string]string{"result": "DELIVER-ORDER-V2-RESULT-OK"})
	k.order(id).expect(t, map[string]string{"deliveryState": "ORDER-DELIVERY-STATE-PARTIAL", "lineList/line/data/deliveredQuantity": "2"})
	k.call(`<updateOrder><order><orderId>`+id+`</orderId><reference>late</reference></order></updateOrder>`).
		expect(t, map[string]string{"result": "UPDATE-ORDER-RESULT-FAILED"})
	deliver(lines[1], "5", "1").expect(t, map[string]string{"result": "DELIVER-ORDER-V2-RESULT-OK"})
	deliver(lines[1], "3", "2").expect(t, map[string]string{"result": "DELIVER-ORDER-V2-RESULT-OK"})
	k.order(id).expect(t, map[string]string{"deliveryState": "ORDER-DELIVERY-STATE-COMPLETE", "completeState": "ORDER-COMPLETE-STATE-PARTIAL"})
	deliver(lines[0], "1", "0").expect(t, map[string]string{"result": "DELIVER-ORDER-V2-RESULT-ALREADY-DELIVERED"})

	id = k.createdOrder("W2")
	r := k.call(`<deliverOrder><request><orderId>` + id + `</orderId><turnoverType>DELIVER-ORDER-TURNOVER-TYPE-INVOICE</turnoverType></request></deliverOrder>`)
	r.expect(t, map[string]string{"result": "DELIVER-ORDER-RESULT-OK", "errorMessage": ""})
	k.order(id).expect(t, map[string]string{"completeState": "ORDER-COMPLETE-STATE-COMPLETE", "invoiceIds/id": r.get("invoiceId")})
	k.call(`<getInvoice><invoiceId>`+r.get("invoiceId")+`</invoiceId></getInvoice>`).expect(t, map[string]string{"invoice/state": "INVOICE-STATE-OUTSTANDING"})
	if code, _ := k.fault(`<deliverOrderV2><request><orderDelivery><lineList><line><quantity>1</quantity><decimalPlaces>2000000000</decimalPlaces></line></lineList></orderDelivery></request></deliverOrderV2>`); code != "SOAP-ENV:Client" {
		t.Errorf("fault %s", code)
	}
}

func TestUpdateOrder(t *testing.T) {
	k := filled(t, Options{})
	id := k.createdOrder("W1")
	update := func(parts string) *node {
		return k.call(`<updateOrder><order><orderId>` + id + `</orderId>` + parts + `</order></updateOrder>`)
	}
	update(`<reference>Webshop W1</reference>`).expect(t, map[string]string{
		"result": "UPDATE-ORDER-RESULT-NO-CHANGES", "errorMessage": "Order not saved because there were no changes in the order.",
	})
	update(`<changeCounter>7</changeCounter><reference>new</reference>`).expect(t, map[string]string{"result": "UPDATE-ORDER-RESULT-ORDER-HAS-CHANGED"})
	update(`<relationNumber>4</relationNumber>`).expect(t, map[string]string{"result": "UPDATE-ORDER-RESULT-FAILED"})
	update(`<changeCounter>1</changeCounter><versionNumber>1</versionNumber><reference>new</reference><relationNumber>10024</relationNumber>`).
		expect(t, map[string]string{"result": "UPDATE-ORDER-RESULT-OK", "info/orderId": id})
	o := k.order(id)
	o.expect(t, map[string]string{
		"reference": "new", "relationName": "Müller & Söhne GmbH", "changeCounter": "2", "versionNumber": "2", "syncMarker": "2", "totalInclAmount": "3252",
	})
	lines := o.list("lineList/line", "lineId")
	update(`<lineList><line><lineId>`+lines[0]+`</lineId><articleNumber>5001</articleNumber><data><quantity>1</quantity></data></line>`+
		`<line><articleNumber>5003</articleNumber></line></lineList>`).expect(t, map[string]string{"result": "UPDATE-ORDER-RESULT-OK"})
	o = k.order(id)
	o.expect(t, map[string]string{"totalInclAmount": "4210"})
	if got := o.list("lineList/line", "lineId"); len(got) != 2 || got[0] != lines[0] || got[1] == lines[1] {
		t.Errorf("lines %v", got)
	}
	update(`<lineList><line><lineId>`+lines[1]+`</lineId></line></lineList>`).expect(t, map[string]string{"result": "UPDATE-ORDER-RESULT-FAILED"})
	id = "x"
	update(`<reference>new</reference>`).expect(t, map[string]string{"result": "UPDATE-ORDER-RESULT-NOT-FOUND", "info/orderId": ""})
}
