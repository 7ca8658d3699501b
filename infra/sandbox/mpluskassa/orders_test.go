package mpluskassa

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"apicenter/infra/sandbox/shopdata"
)

func TestCreateAndGetOrder(t *testing.T) {
	k := filled(t, Options{})
	id := k.createdOrder("WEB-1")
	for name, r := range map[string]*node{
		"getOrder":  k.call(`<getOrder><orderId>` + strings.ToUpper(strings.ReplaceAll(id, "-", "")) + `</orderId></getOrder>`),
		"findOrder": k.call(`<findOrder><extOrderId>WEB-1</extOrderId></findOrder>`),
	} {
		if r.name != "GetOrderResponse" || r.get("result") != "GET-ORDER-RESULT-OK" {
			t.Fatalf("%s: %s %s", name, r.name, r.get("result"))
		}
		r.at("order").expect(t, map[string]string{
			"orderId": id, "extOrderId": "WEB-1", "syncMarker": "1", "orderType": "ORDER-TYPE-SALES-ORDER", "relationNumber": "10023",
			"relationName": "Jan de Vries", "deliveryAddress/address": "Kade 12", "reference": "Webshop WEB-1",
			"financialDate/day": "1", "financialDate/mon": "7", "financialDate/year": "2026",
			"entryTimestamp/hour": "14", "entryTimestamp/min": "30", "entryTimestamp/sec": "12", "entryTimestamp/isdst": "true", "entryTimestamp/timezone": "120",
			// 24.20 at 21 %, and 0.530 × 17.45 − 10 % = 8.32365 at 9 %.
			"totalInclAmount": "3252", "totalExclAmount": "2763", "vatMethod": "VAT-METHOD-INCLUSIVE",
			"changeCounter": "1", "versionNumber": "1", "prepaidAmount": "0", "fullyPaid": "false",
			"deliveryState": "ORDER-DELIVERY-STATE-NOTHING", "cancelState": "ORDER-CANCEL-STATE-NOTHING", "completeState": "ORDER-COMPLETE-STATE-NOTHING",
			"orderNumber/year": "2026", "orderNumber/number": "1", "paymentList": "(absent)",
		})
		order := r.at("order")
		if diff := cmp.Diff([]string{"2100", "900"}, order.list("vatGroupList/vatGroup", "vatPercentage")); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]string{"420", "69"}, order.list("vatGroupList/vatGroup", "vatAmount")); diff != "" {
			t.Error(diff)
		}
		lines := order.all("lineList/line")
		if len(lines) != 2 {
			t.Fatalf("%d lines", len(lines))
		}
		lines[1].expect(t, map[string]string{
			"articleNumber": "5002", "text": "Cheese <old>", "data/quantity": "530", "data/decimalPlaces": "3", "data/price": "1745",
			"data/vatCode": "2", "data/vatPercentage": "900", "data/discountPercentage": "1000", "data/totalInclAmount": "832", "data/totalExclAmount": "763",
		})
	}
	r := k.call(`<getOrder><orderId>nonsense</orderId></getOrder>`)
	r.expect(t, map[string]string{"result": "GET-ORDER-RESULT-NOT-FOUND", "order": "(absent)"})
	r = k.call(`<findOrder><extOrderId></extOrderId></findOrder>`)
	r.expect(t, map[string]string{"result": "GET-ORDER-RESULT-NOT-FOUND"})
}

func TestCreateOrderRefusals(t *testing.T) {
	k := filled(t, Options{})
	k.createdOrder("WEB-1")
	order := func(parts string) string { return `<createOrder><order>` + parts + `</order></createOrder>` }
	const line = `<lineList><line><articleNumber>5001</articleNumber></line></lineList>`
	const who = `<employeeNumber>999999</employeeNumber><relationNumber>10023</relationNumber>`
	for _, c := range []struct{ name, parts, result string }{
		{"external id again", `<extOrderId>WEB-1</extOrderId>` + who + line, "EXT-ORDER-ID-ALREADY-EXISTS"},
		{"no relation", `<employeeNumber>1</employeeNumber>` + line, "FAILED"},
		{"unknown relation", `<employeeNumber>1</employeeNumber><relationNumber>4</relationNumber>` + line, "FAILED"},
		{"no employee", `<relationNumber>10023</relationNumber>` + line, "FAILED"},
		{"no lines", who, "FAILED"},
		{"unknown article", who + `<lineList><line><articleNumber>1</articleNumber></line></lineList>`, "FAILED"},
		{"unknown VAT code", who + `<lineList><line><articleNumber>5001</articleNumber><data><quantity>1</quantity><vatCode>9</vatCode></data></line></lineList>`, "FAILED"},
		{"unknown delivery", who + `<deliveryMethod>RAKET</deliveryMethod>` + line, "FAILED"},
		{"delivery switched off", who + `<deliveryMethod>FIETSKOERIER</deliveryMethod>` + line, "FAILED"},
		{"unknown branch", who + `<entryBranchNumber>7</entryBranchNumber>` + line, "FAILED"},
		{"no workplace", who + `<entryBranchNumber>2</entryBranchNumber>` + line, "FAILED"},
		{"payment switched off", who + line + `<paymentList><payment><method>CHEQUE</method><amount>5</amount></payment></paymentList>`, "PAYMENT-FAILED"},
	} {
		r := k.call(order(c.parts))
		r.expect(t, map[string]string{"result": "CREATE-ORDER-RESULT-" + c.result, "info/orderId": "", "info/orderString": ""})
		if r.get("errorMessage") == "" {
			t.Errorf("%s: no text", c.name)
		}
	}
	r := k.call(order(who + line + `<paymentList><payment><method>IDEAL</method><amount>1210</amount></payment></paymentList>`))
	r.expect(t, map[string]string{"result": "CREATE-ORDER-RESULT-OK", "info/orderString": "2026.2", "errorMessage": ""})
	paid := k.call(`<getOrder><orderId>` + r.get("info/orderId") + `</orderId></getOrder>`).at("order")
	paid.expect(t, map[string]string{"prepaidAmount": "1210", "fullyPaid": "true", "paymentMethod": "IDEAL", "paymentList/payment/amount": "1210", "extOrderId": "(absent)"})
}

func TestExclusiveOrder(t *testing.T) {
	k := filled(t, Options{})
	r := k.call(`<createOrder><order><employeeNumber>1</employeeNumber><relationNumber>10024</relationNumber><vatMethod>VAT-METHOD-EXCLUSIVE</vatMethod>
		<lineList><line><articleNumber>5002</articleNumber><data><quantity>3</quantity><price>55</price><discountAmount>15</discountAmount></data></line>
		<line><articleNumber>5001</articleNumber></line></lineList></order></createOrder>`)
	o := k.call(`<getOrder><orderId>` + r.get("info/orderId") + `</orderId></getOrder>`).at("order")
	// 1.50 at 9 % (VAT 0.135 → 0.14) and 10.00 at 21 %.
	o.expect(t, map[string]string{"vatMethod": "VAT-METHOD-EXCLUSIVE", "totalExclAmount": "1150", "totalInclAmount": "1374", "relationVatNumber": "DE112345678"})
	lines := o.all("lineList/line")
	lines[0].expect(t, map[string]string{"data/price": "55", "data/discountAmount": "15", "data/totalExclAmount": "150", "data/totalInclAmount": "164"})
	lines[1].expect(t, map[string]string{"data/price": "1000", "data/quantity": "1", "data/totalInclAmount": "1210"})
}

func TestPagesByMarker(t *testing.T) {
	k := filled(t, Options{})
	var ids []string
	for i := range 5 {
		ids = append(ids, k.createdOrder(fmt.Sprint("W", i)))
	}
	markers := func(filters string) []string {
		t.Helper()
		return k.call(`<getOrders><request>`+filters+`</request></getOrders>`).list("orderList/order", "syncMarker")
	}
	check := func(name string, got []string, want ...string) {
		t.Helper()
		if want == nil {
			want = []string{}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	check("first page", markers(`<syncMarker>1</syncMarker><syncMarkerLimit>2</syncMarkerLimit>`), "1", "2")
	check("inclusive", markers(`<syncMarker>3</syncMarker><syncMarkerLimit>2</syncMarkerLimit>`), "3", "4")
	check("last page", markers(`<syncMarker>5</syncMarker><syncMarkerLimit>2</syncMarkerLimit>`), "5")
	check("beyond", markers(`<syncMarker>6</syncMarker><syncMarkerLimit>2</syncMarkerLimit>`))
	check("from zero", markers(`<syncMarker>0</syncMarker>`), "1", "2", "3", "4", "5")
	check("from minus one", markers(`<syncMarker>-1</syncMarker><syncMarkerLimit>0</syncMarkerLimit>`), "1", "2", "3", "4", "5")
	check("limit without marker", markers(`<syncMarkerLimit>2</syncMarkerLimit>`), "1", "2", "3", "4", "5")
	if err := k.Touch(ids[0]); err != nil {
		t.Fatal(err)
	}
	if err := k.Cancel(ids[2]); err != nil {
		t.Fatal(err)
	}
	check("changes leave gaps", markers(`<syncMarker>1</syncMarker><syncMarkerLimit>3</syncMarkerLimit>`), "2", "4", "5")
	check("changes come last", markers(`<syncMarker>6</syncMarker>`), "6", "7")
	check("empty page", markers(`<syncMarker>8</syncMarker>`))
	r := k.call(`<getCurrentSyncMarkers></getCurrentSyncMarkers>`)
	r.expect(t, map[string]string{"orderSyncMarker": "7", "articleSyncMarker": "4", "relationSyncMarker": "2", "invoiceSyncMarker": "0"})
	r = k.call(`<getCurrentSyncMarkersV2><request><includeOrderSyncMarker>true</includeOrderSyncMarker><includeRelationSyncMarker>false</includeRelationSyncMarker></request></getCurrentSyncMarkersV2>`)
	r.expect(t, map[string]string{"orderSyncMarker": "7", "relationSyncMarker": "(absent)", "articleSyncMarker": "(absent)"})
}

func TestOrderFilters(t *testing.T) {
	k := filled(t, Options{})
	a, b := k.createdOrder("A"), k.createdOrder("B")
	third := k.call(`<createOrder><order><extOrderId>C</extOrderId><employeeNumber>7</employeeNumber><relationNumber>10024</relationNumber><entryBranchNumber>2</entryBranchNumber><workplaceNumber>1</workplaceNumber>
		<orderType>ORDER-TYPE-TABLE-ORDER</orderType><financialDate><day>31</day><mon>12</mon><year>2025</year></financialDate>
		<lineList><line><articleNumber>5003</articleNumber></line></lineList></order></createOrder>`).get("info/orderId")
	const all = `<orderTypeList><orderType>ORDER-TYPE-SALES-ORDER</orderType><orderType>ORDER-TYPE-TABLE-ORDER</orderType></orderTypeList>`
	for _, c := range []struct{ name, filters, want string }{
		{"table orders must be asked for", ``, "A B"},
		{"by type", `<orderTypeList><orderType>ORDER-TYPE-TABLE-ORDER</orderType></orderTypeList>`, "C"},
		{"unknown type", `<orderTypeList><orderType>ORDER-TYPE-X</orderType></orderTypeList>`, ""},
		{"ids", `<orderIds>` + b + `</orderIds><orderIds>` + strings.ToUpper(strings.ReplaceAll(a, "-", "")) + `</orderIds>`, "A B"},
		{"id twice", `<orderIds>` + b + `</orderIds><orderIds>` + b + `</orderIds>`, "B"},
		{"unknown id", `<orderIds>00000000-0000-0000-0000-000000000000</orderIds>`, ""},
		{"bad id", `<orderIds>x</orderIds>`, ""},
		{"ids and marker", `<syncMarker>2</syncMarker><orderIds>` + b + `</orderIds><orderIds>` + a + `</orderIds>`, "B"},
		{"ids, marker and limit", `<syncMarker>2</syncMarker><syncMarkerLimit>1</syncMarkerLimit><orderIds>` + a + `</orderIds><orderIds>` + b + `</orderIds>`, "B"},
		{"numbers", `<orderNumbers><year>2026</year><number>2</number></orderNumbers><orderNumbers><year>2020</year><number>1</number></orderNumbers>`, "B"},
		{"relation", all + `<relationNumbers>10024</relationNumbers>`, "C"},
		{"branch", all + `<branchNumbers>2</branchNumbers><branchNumbers>3</branchNumbers>`, "C"},
		{"branches", all + `<branchNumbers>1</branchNumbers><branchNumbers>2</branchNumbers>`, "A B C"},
		{"employee", all + `<employeeNumbers>7</employeeNumbers>`, "C"},
		{"article", all + `<articleNumbers>5003</articleNumbers>`, "C"},
		{"PLU", all + `<articlePluNumbers><text><text>S</text></text></articlePluNumbers>`, "C"},
		{"unknown PLU", all + `<articlePluNumbers><text><text>ZZ</text></text></articlePluNumbers>`, ""},
		{"bar code", all + `<articleBarcodes><text><text>2000000005001</text></text></articleBarcodes>`, "A B"},
		{"empty lists", `<articlePluNumbers></articlePluNumbers><articleBarcodes/>`, "A B"},
		{"supplier", `<supplierRelationNumbers>1</supplierRelationNumbers>`, ""},
		{"from", all + `<fromFinancialDate><day>1</day><mon>7</mon><year>2026</year></fromFinancialDate>`, "A B"},
		{"through", all + `<throughFinancialDate><day>31</day><mon>12</mon><year>2025</year></throughFinancialDate>`, "C"},
		{"no date", all + `<fromFinancialDate><day>0</day><mon>0</mon><year>0</year></fromFinancialDate>`, "A B C"},
		{"fields in any order", `<includeLineList>false</includeLineList>` + all + `<syncMarker>3</syncMarker>`, "C"},
	} {
		got := k.call(`<getOrders><request>`+c.filters+`</request></getOrders>`).list("orderList/order", "extOrderId")
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %v, want %s", c.name, got, c.want)
		}
	}
	r := k.call(`<getOrdersByExtOrderIds><request><syncMarker>2</syncMarker><extOrderIds><id>A</id><id>C</id><id>Z</id></extOrderIds></request></getOrdersByExtOrderIds>`)
	if r.name != "GetOrdersByExtOrderIdsResponse" || strings.Join(r.list("orderList/order", "orderId"), " ") != third {
		t.Errorf("by external ids: %v", r.list("orderList/order", "orderId"))
	}
	if r = k.call(`<getOrders><request><syncMarker>99</syncMarker></request></getOrders>`); r.at("orderList") == nil {
		t.Error("an empty page has no list element")
	}
}

func TestSummerTimeEnds(t *testing.T) {
	c := &clock{}
	k := filled(t, Options{Now: c.now})
	for i, s := range []struct {
		utc          string
		hour, minute string
		isdst, zone  string
	}{
		{"2026-10-25T00:30:00Z", "2", "30", "true", "120"},
		{"2026-10-25T01:30:00Z", "2", "30", "false", "60"}, // the same wall clock an hour later
		{"2026-03-29T00:59:00Z", "1", "59", "false", "60"},
		{"2026-03-29T01:00:00Z", "3", "0", "true", "120"},
	} {
		c.at, _ = time.Parse(time.RFC3339, s.utc)
		id := k.createdOrder(fmt.Sprint("W", i))
		k.call(`<getOrder><orderId>`+id+`</orderId></getOrder>`).at("order/entryTimestamp").expect(t, map[string]string{
			"hour": s.hour, "min": s.minute, "isdst": s.isdst, "timezone": s.zone,
		})
	}
}

func TestShuffledPages(t *testing.T) {
	shuffled := newTill(t, Options{ShufflePages: true})
	shuffled.Load(shopdata.Generate(shopdata.Options{Orders: 200}))
	const body = `<getOrders><request><syncMarker>21</syncMarker><syncMarkerLimit>50</syncMarkerLimit></request></getOrders>`
	got := shuffled.call(body).list("orderList/order", "syncMarker")
	sorted := true
	seen := map[string]bool{}
	for i, m := range got {
		seen[m] = true
		sorted = sorted && m == fmt.Sprint(21+i)
	}
	if sorted {
		t.Error("the page is sorted")
	}
	for m := 21; m <= 70; m++ {
		if !seen[fmt.Sprint(m)] {
			t.Errorf("marker %d is missing", m)
		}
	}
	if diff := cmp.Diff(got, shuffled.call(body).list("orderList/order", "syncMarker")); diff != "" {
		t.Errorf("asked again: %s", diff)
	}
}
