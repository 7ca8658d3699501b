package afas

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
)

func itoa(n int) string { return strconv.Itoa(n) }

const head = `"DbId":"20001","RfCs":"WEB-1","Unit":1,"War":"01"`

// sold posts an order and returns it.
func (e *env) sold(body string) Order {
	e.t.Helper()
	n := e.result(e.call("POST", "connectors/FbSales", body), "FbSales", "OrNu")
	for _, o := range e.Orders() {
		if o.Number == n {
			return o
		}
	}
	e.t.Fatalf("no order %s", n)
	return Order{}
}

func TestNewOrder(t *testing.T) {
	e := newEnv(t, Options{})
	o := e.sold(order(head+`,"OrDa":"2025-06-01","InVa":true,"Re":"Betaald"`,
		line(`"VaIt":"2","ItCd":"a100","BiUn":"stk","QuUn":2,"Upri":24.95`),
		line(`"VaIt":"2","ItCd":"B200","BiUn":"STK","QuUn":"1","Upri":"10.00","PRDc":5`),
		line(`"VaIt":"6","ItCd":"VERZEND","BiUn":"*****","QuUn":1,"Upri":4.95`),
		line(`"VaIt":"3","ItCd":"T","BiUn":"*****","QuUn":1,"Ds":"Kortingscode ZOMER"`)))
	if o.Number != "60000001" || o.Reference != "WEB-1" || o.PaymentCondition != "14" || o.Currency != "EUR" || len(o.Lines) != 4 {
		t.Errorf("order %+v", o)
	}
	if l := o.Lines[0]; l.ItemCode != "A100" || l.Unit != "STK" || l.Description != "Artikel honderd" || len(l.ID) != 38 {
		t.Errorf("line %+v", l)
	}
	rows := e.rows("Profit_SalesorderLines", "filterfieldids=OrderNumber&filtervalues=60000001&orderbyfieldids=-SeqNo")
	if len(rows) != 4 || rows[0]["Description"] != "Kortingscode ZOMER" || rows[3]["AmtTotal"].(fmt.Stringer).String() != "49.9000000000" || rows[3]["ItemTypeCode"] != "Art" {
		t.Errorf("lines %v", rows)
	}
	rows = e.rows("Profit_SalesorderLines", "filterfieldids=LineGuid&filtervalues="+o.Lines[1].ID)
	if len(rows) != 1 || rows[0]["ItemCodeId"] != "B200" {
		t.Errorf("by guid %v", rows)
	}
	rows = e.rows("Webshop_Stock", "filterfieldids=ItemCode&filtervalues=A100")
	if len(rows) != 1 || rows[0]["StockReserved"].(fmt.Stringer).String() != "2.0000000000" || rows[0]["StockAvailable"].(fmt.Stringer).String() != "48.0000000000" {
		t.Errorf("stock %v", rows)
	}
}

func TestTotals(t *testing.T) {
	l := func(item, qty, price, extra string) string {
		unit := map[string]string{"K300": "KG"}[item]
		return line(`"VaIt":"2","ItCd":"` + item + `","BiUn":"` + or(unit, "STK") + `","QuUn":` + qty + `,"Upri":` + price + extra)
	}
	for _, tc := range []struct {
		name, head             string
		lines                  []string
		excl, vat, incl, gross string
	}{
		{"inclusive", `,"InVa":true`, []string{l("A100", "1", "121", "")}, "100.00", "21.00", "121.00", "121.00"},
		{"exclusive", ``, []string{l("A100", "1", "100", "")}, "100.00", "21.00", "121.00", "100.00"},
		{"half away from zero", ``, []string{l("A100", "1", "0.50", "")}, "0.50", "0.11", "0.61", "0.50"}, // 0.105
		{"half away below zero", ``, []string{l("A100", "-1", "0.50", "")}, "-0.50", "-0.11", "-0.61", "-0.50"},
		{"line half", ``, []string{l("K300", "0.5", "0.05", "")}, "0.03", "0.00", "0.03", "0.03"}, // 0.025
		{"sum, not lines", ``, []string{l("A100", "1", "0.02", ""), l("A100", "1", "0.02", ""), l("A100", "1", "0.02", "")}, "0.06", "0.01", "0.07", "0.06"},
		{"two rates", `,"InVa":true`, []string{l("A100", "1", "1.21", ""), l("B200", "2", "1.09", "")}, "3.00", "0.39", "3.39", "3.39"},
		{"percentage", ``, []string{l("A100", "3", "9.99", `,"PRDc":"12.5"`)}, "26.22", "5.51", "31.73", "29.97"}, // discount 3.74625
		{"amount by hand", ``, []string{l("A100", "2", "10", `,"ARDc":1.5,"MaAD":true`)}, "18.50", "3.89", "22.39", "20.00"},
		{"amount not by hand", ``, []string{l("A100", "2", "10", `,"ARDc":1.5`)}, "20.00", "4.20", "24.20", "20.00"},
		{"invoice discount", `,"InPc":10`, []string{l("A100", "1", "100", ""), l("B200", "1", "50", `,"VaAD":"2"`)}, "140.00", "23.40", "163.40", "150.00"},
		{"not charged", `,"VaDu":"4"`, []string{l("A100", "1", "100", "")}, "100.00", "0.00", "100.00", "100.00"},
		{"other group", ``, []string{l("A100", "1", "100", `,"VaRc":"2"`)}, "100.00", "9.00", "109.00", "100.00"},
		{"credit line", `,"InVa":true`, []string{l("A100", "2", "10", ""), l("A100", "-1", "10", "")}, "8.26", "1.74", "10.00", "10.00"},
		{"no price given", ``, []string{line(lineA)}, "20.00", "4.20", "24.20", "20.00"},
		{"no price given, inclusive", `,"InVa":true`, []string{line(lineA)}, "20.00", "4.20", "24.20", "24.20"},
		{"weight", `,"InVa":true`, []string{l("K300", "0.375", "12.95", "")}, "4.46", "0.40", "4.86", "4.86"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			e := newEnv(t, Options{})
			o := e.sold(order(head+tc.head, tc.lines...))
			got := []string{o.TotalExcl.String(), o.Vat.String(), o.TotalIncl.String(), o.Gross.String()}
			if want := []string{tc.excl, tc.vat, tc.incl, tc.gross}; strings.Join(got, " ") != strings.Join(want, " ") {
				t.Errorf("got %v, want %v; %+v", got, want, o.VatTotals)
			}
		})
	}
}

func TestOrderErrors(t *testing.T) {
	e := newEnv(t, Options{})
	e.BlockItem("2", "K300", true)
	if err := e.AddDebtor(SeedDebtor{ID: "66", Name: "Dicht", Blocked: true}); err != nil {
		t.Fatal(err)
	}
	unknown := func(label string) string { return "The entered value for '" + label + "' does not exist." }
	for _, tc := range []struct{ name, body, text string }{
		{"no debtor", order(`"RfCs":"1"`, line(lineA)), "'Sales relation' must be filled."},
		{"unknown debtor", order(`"DbId":"404"`, line(lineA)), unknown("Sales relation")},
		{"blocked debtor", order(`"DbId":"66"`, line(lineA)), "The value '66' for 'Sales relation' is blocked."},
		{"unit", order(head+`,"Unit":7`, line(lineA)), unknown("Administration")},
		{"payment condition", order(head+`,"PaCd":"xx"`, line(lineA)), unknown("Payment condition")},
		{"warehouse", order(`"DbId":"20001","War":"77"`, line(lineA)), unknown("Warehouse")},
		{"delivery address", order(head+`,"DlAd":1`, line(lineA)), unknown("Delivery address")},
		{"journal", order(head+`,"JoCo":"55"`, line(lineA)), unknown("Journal")},
		{"long reference", order(`"DbId":"20001","RfCs":"`+strings.Repeat("é", 101)+`"`, line(lineA)), "The value for 'Order reference' is too long (max. 100)."},
		{"date with Z", order(head+`,"OrDa":"2025-06-01T00:00:00Z"`, line(lineA)), "The entered value for 'Date' is not valid."},
		{"boolean", order(head+`,"InVa":"yes"`, line(lineA)), "The entered value for 'Including VAT' is not valid."},
		{"enum", order(head+`,"OrPr":"9"`, line(lineA)), unknown("Processing of order")},
		{"item", order(head, line(lineA), line(`"VaIt":"2","ItCd":"NIX","BiUn":"STK","QuUn":1`)), unknown("Item code")},
		{"item of other type", order(head, line(`"VaIt":"6","ItCd":"A100","BiUn":"STK","QuUn":1`)), unknown("Item code")},
		{"blocked item", order(head, line(`"VaIt":"2","ItCd":"K300","BiUn":"KG","QuUn":1`)), "The value 'K300' for 'Item code' is blocked."},
		{"item type", order(head, line(`"VaIt":"99","ItCd":"A100","BiUn":"STK","QuUn":1`)), unknown("Item type")},
		{"no quantity", order(head, line(`"VaIt":"2","ItCd":"A100","BiUn":"STK"`)), "'Number of units' must be filled."},
		{"unknown unit", order(head, line(`"VaIt":"2","ItCd":"A100","BiUn":"DOOS","QuUn":1`)), unknown("Unit")},
		{"unit of another item", order(head, line(`"VaIt":"2","ItCd":"A100","BiUn":"KG","QuUn":1`)), unknown("Unit")},
		{"cost item with a unit", order(head, line(`"VaIt":"6","ItCd":"VERZEND","BiUn":"STK","QuUn":1`)), unknown("Unit")},
		{"VAT group", order(head, line(lineA+`,"VaRc":"8"`)), unknown("VAT tariff group")},
		{"decimal comma", order(head, line(lineA+`,"Upri":"1,50"`)), "The entered value for 'Price per unit' is not valid."},
		{"long description", order(head, line(lineA+`,"Ds":"`+strings.Repeat("x", 256)+`"`)), "The value for 'Description' is too long (max. 255)."},
	} {
		t.Run(tc.name, func(t *testing.T) {
			sub := &env{e.Sandbox, t}
			sub.fails(sub.call("POST", "connectors/FbSales", tc.body), 500, numberValidation, tc.text)
		})
	}
	if st := e.Snapshot(); len(st.Orders) != 0 || !st.Stock[0].Reserved.IsZero() {
		t.Errorf("left behind: %+v %+v", st.Orders, st.Stock)
	}
	if o := e.sold(order(head, line(lineA))); o.Number != "60000001" {
		t.Errorf("failures took numbers: %s", o.Number)
	}
}

func TestDuplicates(t *testing.T) {
	e := newEnv(t, Options{})
	first, second := e.sold(order(head, line(lineA))), e.sold(order(head, line(lineA)))
	if first.Number == second.Number {
		t.Error("one number for two orders")
	}
	if rows := e.rows("Webshop_Orders", "filterfieldids=CustomerReference&filtervalues=web-1"); len(rows) != 2 {
		t.Errorf("%d orders with the reference", len(rows))
	}
	if o := e.sold(order(head+`,"OrNu":"W-1"`, line(lineA))); o.Number != "W-1" {
		t.Errorf("own number became %s", o.Number)
	}
	e.fails(e.call("POST", "connectors/FbSales", order(head+`,"OrNu":"w-1"`, line(lineA))), 500, numberValidation, "The number 'w-1' already exists for 'Number'.")
	// An own number in the way of the automatic ones is passed over.
	e.sold(order(head+`,"OrNu":"60000003"`, line(lineA)))
	if o := e.sold(order(head, line(lineA))); o.Number != "60000004" {
		t.Errorf("number %s", o.Number)
	}
}

func TestChangeOrder(t *testing.T) {
	e := newEnv(t, Options{})
	o := e.sold(order(head, line(lineA+`,"Upri":10`), line(`"VaIt":"2","ItCd":"B200","BiUn":"STK","QuUn":1,"Upri":5`)))
	put := func(fields string, lines ...string) answer {
		return e.call("PUT", "connectors/FbSales", order(`"OrNu":"`+o.Number+`"`+fields, lines...))
	}
	now := func() Order { return e.OrdersByReference("WEB-2")[0] }
	if a := put(`,"RfCs":"WEB-2"`); e.result(a, "FbSales", "OrNu") != o.Number {
		t.Error(a.body)
	}
	if len(e.OrdersByReference("WEB-1")) != 0 || len(now().Lines) != 2 || now().TotalExcl.String() != "25.00" {
		t.Errorf("head: %+v", now())
	}
	if a := put("", line(`"GuLi":"`+o.Lines[0].ID+`","QuUn":3`)); a.status != 201 || now().TotalExcl.String() != "35.00" {
		t.Errorf("by guid: %s %+v", a.body, now())
	}
	if a := put("", line(`"VaIt":"2","ItCd":"B200","Upri":"6"`)); a.status != 201 || now().TotalExcl.String() != "36.00" {
		t.Errorf("by item: %s %+v", a.body, now())
	}
	if a := put("", line(lineA+`,"Upri":1`)); a.status != 201 || len(now().Lines) != 3 {
		t.Errorf("a complete line is new: %s %+v", a.body, now())
	}
	e.fails(put("", line(`"VaIt":"2","ItCd":"A100","Upri":1`)), 500, numberValidation, "More than one record matches for 'Item code'.")
	e.fails(put("", line(`"GuLi":"{NO}","Upri":1`)), 500, numberValidation, "The entered value for 'Line' does not exist.")
	e.fails(put(`,"RfCs":"WEB-3"`, line(`"VaIt":"2","ItCd":"NIX","BiUn":"STK","QuUn":1`)), 500, numberValidation, "The entered value for 'Item code' does not exist.")
	if len(e.OrdersByReference("WEB-3")) != 0 || now().TotalExcl.String() != "38.00" {
		t.Errorf("a refused change stayed: %+v", now())
	}
	if a := put("", line(`"@Action":"delete","GuLi":"`+now().Lines[2].ID+`"`)); a.status != 201 || len(now().Lines) != 2 {
		t.Errorf("delete: %s %+v", a.body, now())
	}
	if got := e.Snapshot().Stock[0].Reserved.String(); got != "3" {
		t.Errorf("reserved %s", got)
	}
	a := e.call("POST", "connectors/FbSales/FbSalesLines", order(`"OrNu":"`+o.Number+`"`, line(lineA+`,"Upri":0`)))
	if a.status != 201 || len(now().Lines) != 3 || now().Lines[2].Seq != 3 {
		t.Errorf("sub-object: %s %+v", a.body, now())
	}
	a = e.call("PUT", "connectors/FbSales", order(`"OrNu":"404"`))
	e.fails(a, 500, numberValidation, "The entered value for 'Number' does not exist.")
}

func TestDeleteOrder(t *testing.T) {
	e := newEnv(t, Options{})
	o := e.sold(order(head, line(lineA), line(lineA)))
	path := "connectors/FbSales/FbSales/@OrNu/" + o.Number
	a := e.call("DELETE", path+"/FbSalesLines/@GuLi/"+strings.NewReplacer("{", "%7B", "}", "%7D").Replace(o.Lines[0].ID), "")
	if a.status != 200 || len(e.Orders()[0].Lines) != 1 {
		t.Errorf("line: %d %s", a.status, a.body)
	}
	if a := e.call("DELETE", strings.Replace(path, "@", "", 1), ""); a.status != 200 || len(e.Orders()) != 0 {
		t.Errorf("order: %d %s", a.status, a.body)
	}
	if got := e.Snapshot().Stock[0].Reserved; !got.IsZero() {
		t.Errorf("reserved %s", got)
	}
	if len(e.rows("Webshop_Orders", "filterfieldids=CustomerReference&filtervalues=WEB-1")) != 0 {
		t.Error("still found")
	}
	e.fails(e.call("DELETE", path, ""), 500, numberValidation, "The entered value for 'Number' does not exist.")
}

func TestBodyGrammar(t *testing.T) {
	for name, body := range map[string]string{
		"first forms":       `{"FbSales":{"Element":{"Fields":{"DbId":"20001"},"Objects":[{"FbSalesLines":{"Element":[{"Fields":{"VaIt":"2","ItCd":"A100","BiUn":"STK","QuUn":"1"}}]}}]}}}`,
		"array of elements": `{"FbSales":{"Element":[{"Fields":{"DbId":"20001"},"Objects":[{"FbSalesLines":{"Element":[{"Fields":{"VaIt":2,"ItCd":"A100","BiUn":"STK","QuUn":1}}]}}]}]}}`,
		"objects as object": `{"FbSales":{"Element":{"Fields":{"DbId":"20001"},"Objects":{"FbSalesLines":{"Element":{"Fields":{"VaIt":"2","ItCd":"A100","BiUn":"STK","QuUn":1.0}}}}}}}`,
		"keys as attribute": `{"FbSales":{"Element":{"@DbId":20001,"Fields":"","Objects":[{"FbSalesLines":{"Element":{"@VaIt":"art","@ItCd":"A100","Fields":{"BiUn":"STK","QuUn":1}}}}]}}}`,
		"actions":           `{"FbSales":{"Element":{"@action":"insert","Fields":{"DbId":"20001"},"Objects":[{"FbSalesLines":{"Element":{"Fields":{"@Action":"insert","VaIt":"2","ItCd":"A100","BiUn":"STK","QuUn":1}}}}]}}}`,
	} {
		e := newEnv(t, Options{})
		if a := e.call("POST", "connectors/FbSales", body); a.status != 201 || a.body != `{"results":{"FbSales":{"OrNu":"60000001"}}}` {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		} else if o := e.Orders()[0]; len(o.Lines) != 1 || o.Lines[0].ItemType != "2" {
			t.Errorf("%s: %+v", name, o)
		}
	}
	e := newEnv(t, Options{})
	if a := e.call("POST", "connectors/FbSales", `{"FbSales":`); a.status != 400 || a.body != `{"message":"Invalid json"}` {
		t.Errorf("malformed JSON: %d %s", a.status, a.body)
	}
	for _, body := range []string{
		`{}`, `{"FbOther":{"Element":{"Fields":{}}}}`, `{"FbSales":{"Fields":{}}}`, `{"FbSales":{"Element":{"Fields":[1]}}}`,
		`{"FbSales":{"Element":{"Fields":{"DbId":{"a":1}}}}}`, `{"FbSales":{"Element":{"Felds":{}}}}`, `{"FbSales":{"Element":{"Objects":[1]}}}`,
	} {
		e.fails(e.call("POST", "connectors/FbSales", body), 400, numberUnexpected, "An unexpected error has occurred.")
	}
}

func TestOneTransaction(t *testing.T) {
	e := newEnv(t, Options{})
	el := func(ref, item string) string {
		return `{"Fields":{"DbId":"20001","RfCs":"` + ref + `"},"Objects":[{"FbSalesLines":{"Element":{"Fields":{"VaIt":"2","ItCd":"` + item + `","BiUn":"STK","QuUn":1}}}}]}`
	}
	a := e.call("POST", "connectors/FbSales", `{"FbSales":{"Element":[`+el("1", "A100")+`,`+el("2", "NIX")+`]}}`)
	if a.status != 500 || len(e.Orders()) != 0 {
		t.Errorf("%d, %d orders", a.status, len(e.Orders()))
	}
	a = e.call("POST", "connectors/FbSales", `{"FbSales":{"Element":[`+el("1", "A100")+`,`+el("2", "A100")+`]}}`)
	if a.body != `{"results":{"FbSales":[{"OrNu":"60000001"},{"OrNu":"60000002"}]}}` {
		t.Errorf("two records: %s", a.body)
	}
}

func TestResultForms(t *testing.T) {
	body := order(head, line(lineA))
	if a := newEnv(t, Options{BareResults: true}).call("POST", "connectors/FbSales", body); a.status != 201 || a.body != `{"FbSales":{"OrNu":"60000001"}}` {
		t.Errorf("bare: %s", a.body)
	}
	if a := newEnv(t, Options{EmptyResults: true}).call("POST", "connectors/FbSales", body); a.status != 201 || a.body != "" {
		t.Errorf("empty: %s", a.body)
	}
}

func TestCodePage(t *testing.T) {
	e := newEnv(t, Options{})
	body := order(`"DbId":"20001","RfCs":"x","Re":"café € Łódź"`)
	e.call("POST", "connectors/FbSales", body)
	e.call("POST", "connectors/FbSales", body, "Content-Type", "application/json")
	if o := e.Orders(); o[0].Remark != "café € Łódź" || o[1].Remark != "café € ?ód?" {
		t.Errorf("remarks %q, %q", o[0].Remark, o[1].Remark)
	}
}

func TestFreeFields(t *testing.T) {
	free := "U0123456789ABCDEF0123456789ABCDEF"
	e := newEnv(t, Options{FreeFields: []string{free}})
	if o := e.sold(order(head+`,"`+free+`":"web"`, line(lineA))); o.Other[free] != "web" {
		t.Errorf("other %v", o.Other)
	}
}

func BenchmarkPostOrder(b *testing.B) {
	e := newEnv(b, Options{})
	body := order(head, line(lineA+`,"Upri":24.95`), line(`"VaIt":"2","ItCd":"B200","BiUn":"STK","QuUn":1,"Upri":10.00,"PRDc":5`),
		line(`"VaIt":"6","ItCd":"VERZEND","BiUn":"*****","QuUn":1,"Upri":4.95`))
	b.ReportAllocs()
	for b.Loop() {
		if a := e.call("POST", "connectors/FbSales", body); a.status != 201 {
			b.Fatal(a.body)
		}
	}
}
