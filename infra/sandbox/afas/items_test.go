package afas

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestItems(t *testing.T) {
	e := newEnv(t, Options{})
	body := func(fields string) string { return `{"FbItemArticle":{"Element":{"Fields":{` + fields + `}}}}` }
	full := `"ItCd":"N1","Ds":"Nieuw","Grp":"100","BiUn":"STK","VaRc":"1","SaPrice":"9.95","BaCo":"8711"`
	if a := e.call("POST", "connectors/FbItemArticle", body(full)); e.result(a, "FbItemArticle", "ItCd") != "N1" {
		t.Fatal(a.body)
	}
	rows := e.rows("Profit_Article", "filterfieldids=ItemCode&filtervalues=n1")
	if len(rows) != 1 || rows[0]["Barcode"] != "8711" || rows[0]["VATGroup"] != "1" {
		t.Errorf("rows %v", rows)
	}
	e.fails(e.call("POST", "connectors/FbItemArticle", body(full)), 500, numberValidation, "The number 'N1' already exists for 'Item code'.")
	e.fails(e.call("POST", "connectors/FbItemArticle", body(`"ItCd":"N2","Ds":"x","BiUn":"STK","VaRc":"1"`)), 500, numberValidation, "'Article group' must be filled.")
	e.fails(e.call("PUT", "connectors/FbItemArticle", body(`"ItCd":"N3","Ds":"x"`)), 500, numberValidation, "The entered value for 'Item code' does not exist.")
	e.fails(e.call("POST", "connectors/FbItemArticle", body(strings.Replace(full, "Nieuw", strings.Repeat("n", 101), 1))), 500, numberValidation, "The value for 'Description' is too long (max. 100).")
	if a := e.call("PUT", "connectors/FbItemArticle", body(`"ItCd":"n1","Ds":"Anders"`)); e.result(a, "FbItemArticle", "ItCd") != "N1" {
		t.Error(a.body)
	}
	if rows := e.rows("Profit_Article", "filterfieldids=ItemCode&filtervalues=N1"); rows[0]["Description"] != "Anders" || rows[0]["Barcode"] != "8711" {
		t.Errorf("rows %v", rows)
	}
	if a := e.call("DELETE", "connectors/FbItemArticle/FbItemArticle/@ItCd/N1", ""); a.status != 200 || len(e.rows("Profit_Article", "filterfieldids=ItemCode&filtervalues=N1")) != 0 {
		t.Errorf("delete %s", a.body)
	}
}

func TestStockMutation(t *testing.T) {
	e := newEnv(t, Options{})
	post := func(kind, extra string) answer {
		return e.call("POST", "connectors/FbStockMutation", `{"FbStockMutation":{"Element":[{"Fields":{"VaOt":"`+kind+`","ReId":"6","VaIt":"2","ItCd":"A100","War":"01","Loc":"*****","BiUn":"STK","QuUn":3,"Qu":3`+extra+`}}]}}`)
	}
	for kind, want := range map[string]string{"42": "47", "41": "53", "32": "47", "31": "53"} {
		e.Sandbox = newEnv(t, Options{}).Sandbox
		if a := post(kind, ""); a.status != 201 || a.body != "" {
			t.Errorf("%s: %d %s", kind, a.status, a.body)
		}
		if got := e.Snapshot().Stock[0].Actual.String(); got != want {
			t.Errorf("%s: %s", kind, got)
		}
	}
	e.fails(post("42", `,"Loc":"A1"`), 500, numberValidation, "The entered value for 'Location' does not exist.")
	e.fails(post("50", ""), 500, numberValidation, "The entered value for 'Kind of mutation' does not exist.")
	if a := e.call("PUT", "connectors/FbStockMutation", "{}"); a.status != 400 {
		t.Errorf("PUT: %d", a.status)
	}
}

func TestPrices(t *testing.T) {
	e := newEnv(t, Options{})
	price := func(extra string) answer {
		return e.call("POST", "connectors/FbSalesPrice", `{"FbSalesPrice":{"Element":{"Fields":{"VaIt":"2","ItCd":"A100","BiUn":"STK","CuId":"EUR","DaBg":"2025-01-01"`+extra+`}}}}`)
	}
	e.fails(price(""), 500, numberValidation, "'Price' must be filled.")
	for _, p := range []string{`,"Pric":9`, `,"Pric":8,"CrPr":true,"Am":10`, `,"Pric":1,"DaBg":"2026-01-01"`} {
		if a := price(p); a.status != 201 {
			t.Fatal(a.body)
		}
	}
	sold := func(debtor, quantity string) string {
		o := e.sold(order(`"DbId":"`+debtor+`"`, line(`"VaIt":"2","ItCd":"A100","BiUn":"STK","QuUn":`+quantity)))
		return o.Lines[0].Price.String()
	}
	if one, many := sold("20001", "1"), sold("20001", "10"); one != "9" || many != "8" {
		t.Errorf("prices %s, %s", one, many)
	}
	if a := price(`,"Pric":5,"DbId":"20001"`); a.status != 201 {
		t.Fatal(a.body)
	}
	if own, counter := sold("20001", "10"), sold("10999", "1"); own != "5" || counter != "10.89" { // the counter pays with VAT
		t.Errorf("prices %s, %s", own, counter)
	}
	if n := len(e.rows("Webshop_SalesPrices", "filterfieldids=ItemCode&filtervalues=A100")); n != 4 {
		t.Errorf("%d prices", n)
	}
}

func TestSeed(t *testing.T) {
	s := New(Options{})
	err := s.Seed(strings.NewReader(`{
		"items":[{"code":"X","description":"x","unit":"L","vat_group":"H","group":"g","price":"1.50","barcode":"1"},{"type":"3","code":"TXT","description":"t","vat_group":"H"}],
		"debtors":[{"id":"1","name":"Een","email":"een@x.example","address":{"country":"D","street":"Weg","number":3,"zip_code":"50667","city":"Köln"}},
		           {"person":true,"first_name":"Jo","last_name":"Doe","email_private":"jo@x.example","payment_condition":"07"}],
		"payment_conditions":[{"code":"07","description":"7 dagen","days":7}],
		"vat_groups":[{"code":"H","description":"Hoog","vat_code":"1","rate":"21"},{"code":"3","vat_code":"3","rate":0}],
		"warehouses":[{"code":"09","description":"x"}],"journals":[{"code":"21","description":"v","type":"Verkoop"}],
		"administrations":[{"id":3,"name":"Drie"}],"accounts":[{"code":"1300","collective":true},{"code":"8000"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	st := s.Snapshot()
	if n := len(st.Debtors); n != 3 || st.Debtors[1].PaymentCondition != "07" || st.Debtors[1].Party.Visiting.City != "Köln" || st.Debtors[2].ID != "10001" {
		t.Errorf("debtors %+v", st.Debtors)
	}
	before := s.Snapshot()
	for _, bad := range []string{
		`{`, `{"nix":1}`, `{"items":[{"code":"","description":"x"}]}`, `{"items":[{"code":"Y","unit":"nix"}]}`,
		`{"items":[{"code":"Y","vat_group":"H"}],"debtors":[{"id":"9","name":"x","payment_condition":"nix"}]}`,
	} {
		if s.Seed(strings.NewReader(bad)) == nil {
			t.Errorf("%s accepted", bad)
		}
	}
	if d := cmp.Diff(before, s.Snapshot(), ignoreUnexported()); d != "" {
		t.Errorf("a refused seed stayed: %s", d)
	}
	s.Reset()
	if st := s.Snapshot(); len(st.Debtors) != 1 || st.Debtors[0].ID != "10999" || len(st.Items) != 3 {
		t.Errorf("after reset %+v", st)
	}
}

// TestParallel writes and reads at the same time, for the race detector.
func TestParallel(t *testing.T) {
	e := newEnv(t, Options{})
	t.Run("all", func(t *testing.T) {
		for w := range 4 {
			t.Run(fmt.Sprint(w), func(t *testing.T) {
				t.Parallel()
				sub := &env{e.Sandbox, t}
				for i := range 50 {
					o := sub.result(sub.call("POST", "connectors/FbSales", order(fmt.Sprintf(`"DbId":"20001","RfCs":"P-%d-%d"`, w, i), line(lineA))), "FbSales", "OrNu")
					sub.call("PUT", "connectors/FbSales", order(`"OrNu":"`+o+`"`, line(lineA)))
					sub.call("POST", "connectors/KnSalesRelationOrg", relationOrg)
					sub.rows("Webshop_Debtors", "filterfieldids=Email&filtervalues=info@molen.example&take=5")
					sub.rows("Webshop_Orders", "orderbyfieldids=-OrderNumber&take=5")
					if i%25 == 0 {
						e.Snapshot()
					}
				}
			})
		}
	})
	if n := len(e.Orders()); n != 200 {
		t.Errorf("%d orders", n)
	}
}
