package afas

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/govalues/decimal"
)

// filterEnv has the items A100, B200, K300 and these.
func filterEnv(t *testing.T) *env {
	e := newEnv(t, Options{})
	err := e.Load(Seed{Items: []SeedItem{
		{Code: "ab-1", Description: "Appel, rood", Barcode: "871", Price: decimal.MustParse("1.10"), Blocked: true},
		{Code: "ab-2", Description: "Peer", Barcode: "872", Price: decimal.MustParse("0.50")},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func codes(rows []map[string]any) string {
	var out []string
	for _, r := range rows {
		if c := r["ItemCode"].(string); !slices.Contains([]string{"T", "VERZEND", "AFRONDING"}, c) {
			out = append(out, c)
		}
	}
	return strings.Join(out, " ")
}

func TestFilters(t *testing.T) {
	e := filterEnv(t)
	for _, tc := range []struct{ fields, values, operators, want string }{
		{"ItemCode", "a100", "1", "A100"},
		{"ItemCode", "A100", "", "A100"},
		{"ItemCode", "none", "1", ""},
		{"BasicSalesPrice", "2.5", "2", "A100 B200 K300"},
		{"BasicSalesPrice", "2.5", "3", "ab-1 ab-2 B200"},
		{"BasicSalesPrice", "2.5", "4", "A100 K300"},
		{"BasicSalesPrice,ItemCode", "2.5,ab", "5,10", "ab-1 ab-2"},
		{"Description", "PPEL", "6", "ab-1"},
		{"ItemCode,ItemCode", "ab-1,A100", "7,7", "ab-2 B200 K300"},
		{"ItemCode", "AB", "10", "ab-1 ab-2"},
		{"ItemCode", "0", "11", "ab-1 ab-2"},
		{"ItemCode", "ab", "12", "A100 B200 K300"},
		{"ItemCode", "00", "13", "A100 B200 K300"},
		{"ItemCode", "00", "14", "ab-1 ab-2"},
		{"Description", "rood app", "15", "ab-1"},
		{"Blocked", "true", "1", "ab-1"},
		{"Blocked", "1", "1", "ab-1"},
		{"ItemCode;ItemCode", "A100;B200", "1;1", "A100 B200"},
		{"ItemCode;ItemCode", "A100;a100", "1;1", "A100"},
		{"Blocked,UnitId;ItemCode", "false,KG;ab-1", "1,1;1", "ab-1 K300"},
		{"ItemCode;Blocked", "A100;true", "1;1", "A100 ab-1"},
	} {
		q := "filterfieldids=" + tc.fields + "&filtervalues=" + tc.values + "&orderbyfieldids=ItemCode"
		if tc.operators != "" {
			q += "&operatortypes=" + tc.operators
		}
		if got := codes(e.rows("Profit_Article_Basic", q)); got != tc.want {
			t.Errorf("%s %s %s: got %q, want %q", tc.fields, tc.values, tc.operators, got, tc.want)
		}
	}
	for op, want := range map[string]string{"8": "A100 B200 K300", "9": "ab-1 ab-2"} {
		for _, v := range []string{"", `""`} {
			q := "filterfieldids=Barcode,ItemTypeCode&filtervalues=" + v + ",Art&operatortypes=" + op + ",1&orderbyfieldids=ItemCode"
			if got := codes(e.rows("Profit_Article", q)); got != want {
				t.Errorf("operator %s: %q", op, got)
			}
		}
	}
}

func TestFilterJSON(t *testing.T) {
	e := filterEnv(t)
	get := func(filter string) string {
		return codes(e.rows("Profit_Article_Basic", "orderbyfieldids=ItemCode&filterjson="+filter))
	}
	got := get(`{"Filters":{"Filter":[
		{"@FilterId":"f1","Field":[{"@FieldId":"Blocked","@OperatorType":"1","#text":"false"},{"@FieldId":"UnitId","@OperatorType":"1","#text":"KG"}]},
		{"@FilterId":"f2","Field":[{"@FieldId":"Description","@OperatorType":"1","#text":"appel, rood"}]}]}}`)
	if got != "ab-1 K300" {
		t.Errorf("got %q", got)
	}
	if got := get(`{"Filters":{"Filter":{"@FilterId":"f","Field":{"@FieldId":"ItemCode","@OperatorType":1,"#text":"B200"}}}}`); got != "B200" {
		t.Errorf("single: %q", got)
	}
}

func TestRawSeparators(t *testing.T) {
	e := filterEnv(t)
	for _, q := range []string{
		"filterfieldids=ItemCode;ItemCode&filtervalues=A100;B200&operatortypes=1;1",
		"filterfieldids=ItemCode%3BItemCode&filtervalues=A100%3bB200&operatortypes=1%3B1",
		"FilterFieldIds=ItemCode;ItemCode&filtervalues=A100%3BB200&operatortypes=1;1",
	} {
		a := e.call("GET", "connectors/Profit_Article_Basic?"+q, "")
		if a.status != 200 || strings.Count(a.body, `"ItemCode"`) != 2 {
			t.Errorf("%s: %d %s", q, a.status, a.body)
		}
	}
	a := e.call("GET", "connectors/Profit_Debtor?filterfieldids=DebtorName&filtervalues=Bakkerij+De%20Proef", "")
	if !strings.Contains(a.body, "20001") {
		t.Errorf("spaces: %s", a.body)
	}
}

func TestBadQueries(t *testing.T) {
	e := filterEnv(t)
	const unexpected = "An unexpected error has occurred."
	for _, tc := range []struct{ query, text string }{
		{"skip=2&take=-1", unexpected},
		{"take=-1", unexpected},
		{"skip=-1&take=5", unexpected},
		{"take=many", unexpected},
		{"filterfieldids=ItemCode,Blocked&filtervalues=A100&operatortypes=1,1", unexpected},
		{"filterfieldids=ItemCode,Blocked&filtervalues=A100;false&operatortypes=1,1", unexpected},
		{"filterfieldids=ItemCode,Blocked&filtervalues=A100,false&operatortypes=1;1", unexpected},
		{"filterfieldids=Description&filtervalues=Appel, rood&operatortypes=1", unexpected},
		{"filterfieldids=ItemCode&filtervalues=A100&operatortypes=16", unexpected},
		{"filterfieldids=Blocked&filtervalues=maybe", unexpected},
		{"filterfieldids=DateModified&filtervalues=2025-06-01T00:00:00Z&operatortypes=2", unexpected},
		{"filterfieldids=BasicSalesPrice&filtervalues=1x", unexpected},
		{"filterjson={", unexpected},
		{"filterfieldids=Nix&filtervalues=1", "Connector field 'Nix' not found"},
		{"orderbyfieldids=-Nix", "Connector field 'Nix' not found"},
	} {
		a := e.call("GET", "connectors/Profit_Article_Basic?"+strings.ReplaceAll(strings.ReplaceAll(tc.query, " ", "%20"), "{", "%7B"), "")
		e.fails(a, 500, numberUnexpected, tc.text)
	}
	a := e.call("GET", "connectors/Profit_Debtor?orderbyfieldids=x", "", "Accept-Language", "nl-nl")
	e.fails(a, 500, numberUnexpected, "Connectorveld 'x' niet gevonden")
	a = e.call("GET", "connectors/Profit_Debtor?take=-3", "", "Accept-Language", "")
	e.fails(a, 500, numberUnexpected, "Er is een onverwachte fout opgetreden.")
}

func TestPaging(t *testing.T) {
	e := newEnv(t, Options{})
	var seed Seed
	for i := range 250 {
		seed.Items = append(seed.Items, SeedItem{Code: fmt.Sprintf("P%03d", i), Description: "p"})
	}
	if err := e.Load(seed); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		query string
		n     int
		first string
	}{
		{"", 100, ""}, {"take=7", 7, ""}, {"take=0", 1, ""}, {"skip=-1&take=-1", 256, ""},
		{"orderbyfieldids=ItemCode&skip=250&take=100", 6, "P246"},
		{"orderbyfieldids=-ItemCode&take=2", 2, "VERZEND"},
		{"orderbyfieldids=UnitId,-ItemCode&skip=3&take=1", 1, "K300"},
		{"skip=9999", 0, ""},
	} {
		rows := e.rows("Profit_Article", tc.query)
		if len(rows) != tc.n || (tc.first != "" && rows[0]["ItemCode"] != tc.first) {
			t.Errorf("%s: %d rows, %v", tc.query, len(rows), rows)
		}
	}
	if a := e.call("GET", "connectors/Profit_Article?skip=3&take=2", ""); !strings.HasPrefix(a.body, `{"skip":3,"take":2,"rows":[{"ItemCode":"`) {
		t.Errorf("echo: %s", a.body)
	}
}

func TestShuffledPages(t *testing.T) {
	e := newEnv(t, Options{ShuffleUnsorted: true})
	a, b := e.call("GET", "connectors/ProfitCountries", ""), e.call("GET", "connectors/ProfitCountries", "")
	if a.body == b.body {
		t.Error("the same order twice")
	}
	a, b = e.call("GET", "connectors/ProfitCountries?orderbyfieldids=CoId", ""), e.call("GET", "connectors/ProfitCountries?orderbyfieldids=CoId", "")
	if a.body != b.body {
		t.Error("asked for an order and got two")
	}
}

func TestValuesOnTheWire(t *testing.T) {
	e := newEnv(t, Options{})
	a := e.call("GET", "connectors/Profit_Debtor?filterfieldids=DebtorId&filtervalues=20001", "")
	for _, want := range []string{
		`"Email":"info@proef.example"`, `"IBAN":null`, `"Blocked":false`, `"CreditLimit":0.0`, `"PayCon":"14"`,
		`"ModifiedDate":"2025-06-01T12:00:00Z"`, // Dutch summer time, whatever the Z says
	} {
		if !strings.Contains(a.body, want) {
			t.Errorf("no %s in %s", want, a.body)
		}
	}
	a = e.call("GET", "connectors/Profit_Article_Basic?filterfieldids=ItemCode&filtervalues=K300", "")
	if !strings.Contains(a.body, `"BasicSalesPrice":12.3450000000`) {
		t.Errorf("decimals: %s", a.body)
	}
	a = e.call("GET", "connectors/Profit_Administrations", "")
	if !strings.Contains(a.body, `{"AdminId":1,"AdminNm":"Voorbeeld B.V.","AdminCd":"1"}`) {
		t.Errorf("administrations: %s", a.body)
	}
}

// TestChangedSince needs the fractions of a second that are kept inside.
func TestChangedSince(t *testing.T) {
	e := newEnv(t, Options{})
	for q, n := range map[string]int{
		"filtervalues=2025-06-01T12:00:00&operatortypes=2": 2,
		"filtervalues=2025-06-01T12:00:00&operatortypes=4": 2, // inside it is .123456789 later
		"filtervalues=2025-06-01T12:00:01&operatortypes=2": 0,
		"filtervalues=2025-06-01&operatortypes=2":          2,
		"filtervalues=2025-06-02&operatortypes=5":          2,
	} {
		if rows := e.rows("Profit_Debtor", "filterfieldids=ModifiedDate&"+q); len(rows) != n {
			t.Errorf("%s: %d rows", q, len(rows))
		}
	}
}

func TestAllTablesCanBeRead(t *testing.T) {
	e := newEnv(t, Options{})
	e.call("POST", "connectors/KnSalesRelationOrg", relationOrg)
	e.call("POST", "connectors/KnSalesRelationPer", relationPer)
	a := e.call("POST", "connectors/FbSales", order(`"DbId":"20001","RfCs":"R","Unit":1`, line(lineA)))
	if _, err := e.InvoiceOrder(e.result(a, "FbSales", "OrNu")); err != nil {
		t.Fatal(err)
	}
	for _, g := range e.getters {
		var order []string
		for _, c := range g.infos() {
			order = append(order, c.id)
		}
		q := url.Values{"orderbyfieldids": {strings.Join(order, ",")}, "skip": {"-1"}, "take": {"-1"}}
		if a := e.call("GET", "connectors/"+g.name()+"?"+q.Encode(), ""); a.status != 200 {
			t.Errorf("%s: %d %s", g.name(), a.status, a.body)
		}
	}
}

// TestIndexedLookup holds many orders: finding one by its reference must not
// depend on how many there are.
func TestIndexedLookup(t *testing.T) {
	e := newEnv(t, Options{})
	const n = 20_000
	for i := range n {
		a := e.call("POST", "connectors/FbSales", order(fmt.Sprintf(`"DbId":"20001","RfCs":"WEB-%d","Unit":1`, i), line(lineA)))
		if a.status != 201 {
			t.Fatal(a.body)
		}
	}
	// measure looks references up; the operator "contains" cannot use an index.
	measure := func(connector, operator string, times int) time.Duration {
		started := time.Now()
		for i := range times {
			q := fmt.Sprintf("filterfieldids=CustomerReference&filtervalues=web-1%04d&operatortypes=%s&orderbyfieldids=OrderNumber", i*97, operator)
			if rows := e.rows(connector, q); len(rows) != 1 {
				t.Fatalf("%d rows", len(rows))
			}
		}
		return time.Since(started) / time.Duration(times)
	}
	if rows := e.rows("Webshop_Orders", "filterfieldids=DebtorId,CustomerReference&filtervalues=20001,WEB-5&operatortypes=1,1"); len(rows) != 1 {
		t.Errorf("%d rows by debtor and reference", len(rows))
	}
	for _, c := range []string{"Profit_Salesorders", "Webshop_Orders", "Profit_SalesorderLines"} {
		found, scanned := measure(c, "1", 100), measure(c, "6", 5)
		t.Logf("%s: %v a look-up, %v a scan", c, found, scanned)
		if found*5 > scanned {
			t.Errorf("%s: a look-up takes %v, a scan %v", c, found, scanned)
		}
	}
}
