package afas

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// ignoreUnexported compares states by what is in their JSON.
func ignoreUnexported() cmp.Option {
	return cmpopts.IgnoreUnexported(Party{}, Contact{}, Debtor{}, Line{}, EntryLine{})
}

// replace makes a body from another one.
func replace(body string, pairs ...string) string { return strings.NewReplacer(pairs...).Replace(body) }

func TestNewOrganisation(t *testing.T) {
	e := newEnv(t, Options{})
	a := e.call("POST", "connectors/KnSalesRelationOrg", relationOrg)
	id := e.result(a, "KnSalesRelationOrg", "DbId")
	if id != "10001" || e.result(a, "KnSalesRelationOrg", "BcCo") != "1000003" {
		t.Errorf("result %s", a.body)
	}
	x, ok := e.Debtor(id)
	if !ok || x.Party.Name != "Molen B.V." || x.CollectAccount != "1300" || x.Party.Visiting.Addition != "A" || x.Party.Postal.ID != x.Party.Visiting.ID {
		t.Errorf("debtor %+v", x)
	}
	rows := e.rows("Webshop_Debtors", "filterfieldids=ContactEmail&filtervalues=INKOOP@molen.example&operatortypes=1")
	if len(rows) != 1 {
		t.Fatalf("rows %v", rows)
	}
	for column, want := range map[string]any{
		"Type": "ORG", "Email": "info@molen.example", "ContactName": "Anna Bakker", "FirstName": "Anna", "LastName": "Bakker",
		"Street": "Dorpsstraat", "HouseNumberAddition": "A", "CountryId": "NL", "DeliveryStreet": nil, "Blocked": false, "PayCon": "14",
	} {
		if rows[0][column] != want {
			t.Errorf("%s: %v", column, rows[0][column])
		}
	}
	if n := len(e.rows("Profit_Contacts", "filterfieldids=OrgNumber,Type&filtervalues=1000003,PRS")); n != 1 {
		t.Errorf("%d contacts", n)
	}
}

func TestNewPerson(t *testing.T) {
	e := newEnv(t, Options{})
	id := e.result(e.call("POST", "connectors/KnSalesRelationPer", relationPer), "KnSalesRelationPer", "DbId")
	x, _ := e.Debtor(id)
	if x.Party.Name != "Jo van der Voorbeeld" || x.Currency != "EUR" || !x.PricesInclVat || x.Party.Visiting.Country != "B" {
		t.Errorf("debtor %+v", x)
	}
	rows := e.rows("Webshop_Debtors", "filterfieldids=Email&filtervalues=Jo@Voorbeeld.example&operatortypes=1")
	if len(rows) != 1 || rows[0]["DeliveryStreet"] != "Havenweg" || rows[0]["EmailWork"] != nil || rows[0]["Prefix"] != "van der" {
		t.Errorf("rows %v", rows)
	}
	if n := len(e.rows("Profit_Debtor", "filterfieldids=Email&filtervalues=jo@voorbeeld.example")); n != 0 {
		t.Errorf("the private address is in Profit_Debtor %d times", n)
	}
	if n := len(e.rows("Profit_Contacts", "filterfieldids=MailPrivate&filtervalues=jo@voorbeeld.example")); n != 1 {
		t.Errorf("the private address is in Profit_Contacts %d times", n)
	}
}

func TestRelationErrors(t *testing.T) {
	e := newEnv(t, Options{})
	before := e.Snapshot()
	for _, tc := range []struct{ name, old, new, text string }{
		{"payment condition", `"PaCd":"14"`, `"PaCd":"99"`, "The entered value for 'Payment condition' does not exist."},
		{"no payment condition", `"PaCd":"14",`, ``, "'Payment condition' must be filled."},
		{"no currency", `"CuId":"EUR",`, ``, "'Currency' must be filled."},
		{"not collective", `"ColA":"1300"`, `"ColA":"8000"`, "The entered value for 'Collective account' does not exist."},
		{"VAT duty", `"VaDu":"1"`, `"VaDu":"9"`, "The entered value for 'VAT duty' does not exist."},
		{"enum", `"InPv":"E"`, `"InPv":"Z"`, "The entered value for 'Sending of invoice' does not exist."},
		{"ISO country", `"CoId":"NL"`, `"CoId":"BE"`, "The entered value for 'Country' does not exist."},
		{"house number", `"HmNr":12`, `"HmNr":"12A"`, "The entered value for 'House number' is not valid."},
		{"search name", `"SeNm":"MOLEN"`, `"SeNm":"MOLENMOLENM"`, "The value for 'Search name' is too long (max. 10)."},
		{"no name", `"Nm":"Molen B.V.",`, ``, "'Name' must be filled."},
		{"no match", `"MatchOga":"6",`, ``, "'Match organisation' must be filled."},
		{"parent of a new one", `"MatchOga":"6"`, `"MatchOga":"9"`, "The entered value for 'Match organisation' is not valid."},
		{"no number", `"AutoNum":true,"MatchOga"`, `"MatchOga"`, "'Number of organisation/person' must be filled."},
		{"contact without person", `"ViKc":"PRS"`, `"ViKc":"XYZ"`, "The entered value for 'Kind of contact' does not exist."},
		{"unknown field", `"CuId":"EUR"`, `"CuId":"EUR","Nope":1`, "Connector field 'Nope' not found"},
		{"unknown object", `KnBasicAddressAdr`, `KnAddress`, "Connector field 'KnAddress' not found"},
		{"free field", `"CuId":"EUR"`, `"CuId":"EUR","U0123456789ABCDEF0123456789ABCDEF":"x"`, "Connector field 'U0123456789ABCDEF0123456789ABCDEF' not found"},
		{"no organisation", `"KnOrganisation"`, `"KnPerson"`, "Connector field 'KnPerson' not found"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			number := numberValidation
			if strings.HasPrefix(tc.text, "Connector") {
				number = numberUnexpected
			}
			sub := &env{e.Sandbox, t}
			sub.fails(e.call("POST", "connectors/KnSalesRelationOrg", replace(relationOrg, tc.old, tc.new)), 500, number, tc.text)
		})
	}
	if d := cmp.Diff(before, e.Snapshot(), ignoreUnexported()); d != "" {
		t.Errorf("left behind: %s", d)
	}
	if id := e.result(e.call("POST", "connectors/KnSalesRelationOrg", relationOrg), "KnSalesRelationOrg", "DbId"); id != "10001" {
		t.Errorf("failures took numbers: %s", id)
	}
	a := e.call("POST", "connectors/KnSalesRelationOrg", replace(relationOrg, `"PaCd":"14"`, `"PaCd":"99"`), "Accept-Language", "nl-nl")
	e.fails(a, 500, numberValidation, "De ingevoerde waarde bij 'Betalingsvoorwaarde' bestaat niet.")
}

func TestMatchOrganisation(t *testing.T) {
	match := func(body, kind string) string { return replace(body, `"MatchOga":"6"`, `"MatchOga":"`+kind+`"`) }
	body := func(extra string) string {
		return `{"KnOrganisation":{"Element":{"Fields":{"MatchOga":"6","PadAdr":true,"AutoNum":true,"Nm":"Molen B.V.","CcNr":"123","FiNr":"456"` + extra + `},
			"Objects":{"KnBasicAddressAdr":{"Element":{"Fields":{"CoId":"NL","PbAd":false,"Ad":"Weg","HmNr":1,"ZpCd":"1234AB","Rs":"X","ResZip":false}}}}}}}`
	}
	for _, kind := range []string{"1", "2", "3", "4", "5"} {
		e := newEnv(t, Options{})
		first := e.result(e.call("POST", "connectors/KnOrganisation", body("")), "KnOrganisation", "BcCo")
		second := e.result(e.call("POST", "connectors/KnOrganisation", match(body(`,"TeNr":"`+kind+`"`), kind)), "KnOrganisation", "BcCo")
		if first != second {
			t.Errorf("match %s made a new one", kind)
		}
		third := e.result(e.call("PUT", "connectors/KnOrganisation", body("")), "KnOrganisation", "BcCo")
		if third == first {
			t.Errorf("match 6 found the old one")
		}
		e.fails(e.call("POST", "connectors/KnOrganisation", match(body(""), kind)), 500, numberValidation, "More than one record matches for 'Match organisation'.")
		// A match that finds nothing makes a new one, even with PUT.
		other := replace(match(body(""), kind), "Molen", "Ander", `"123"`, `"x"`, `"456"`, `"y"`, `"Weg"`, `"Laan"`)
		if n := e.result(e.call("PUT", "connectors/KnOrganisation", other), "KnOrganisation", "BcCo"); n == first || n == third {
			t.Errorf("match %s found %s", kind, n)
		}
	}
}

func TestMatchByNumber(t *testing.T) {
	e := newEnv(t, Options{})
	a := e.call("POST", "connectors/KnOrganisation", `{"KnOrganisation":{"Element":{"Fields":{"MatchOga":"0","BcCo":"77","PadAdr":true,"AutoNum":false,"Nm":"X"}}}}`)
	if e.result(a, "KnOrganisation", "BcCo") != "77" || e.result(a, "KnOrganisation", "BcId") == "" {
		t.Errorf("own number: %s", a.body)
	}
	// An existing organisation becomes a debtor, once.
	debtor := `{"KnSalesRelationOrg":{"Element":{"@DbId":"5000","Fields":{"CuId":"EUR","PaCd":"14","IsDb":true},"Objects":[{"KnOrganisation":{"Element":{"Fields":{"MatchOga":"0","BcCo":"77"}}}}]}}}`
	if a := e.call("POST", "connectors/KnSalesRelationOrg", debtor); e.result(a, "KnSalesRelationOrg", "DbId") != "5000" {
		t.Errorf("debtor: %s", a.body)
	}
	e.fails(e.call("POST", "connectors/KnSalesRelationOrg", debtor), 500, numberValidation, "The number '5000' already exists for 'Debtor number'.")
	e.fails(e.call("POST", "connectors/KnOrganisation", `{"KnOrganisation":{"Element":{"Fields":{"MatchOga":"6","BcCo":"77","PadAdr":true,"Nm":"X"}}}}`),
		500, numberValidation, "The number '77' already exists for 'Number of organisation/person'.")
}

func TestMatchPerson(t *testing.T) {
	person := func(kind, extra string) string {
		return `{"KnPerson":{"Element":{"Fields":{"MatchPer":"` + kind + `","PadAdr":true,"AutoNum":true,"LaNm":"Jansen","In":"P.","ViGe":"M"` + extra + `}}}}`
	}
	e := newEnv(t, Options{})
	code := func(body string) string {
		return e.result(e.call("POST", "connectors/KnPerson", body), "KnPerson", "BcCo")
	}
	first := code(person("7", `,"EmAd":"p@x.example","TeNr":"1","MbNr":"2","DaBi":"1980-01-02"`))
	for kind, extra := range map[string]string{"2": "", "3": `,"EmAd":"P@x.example"`, "4": `,"MbNr":"2"`, "5": `,"TeNr":"1"`, "6": `,"DaBi":"1980-01-02"`} {
		if code(person(kind, extra)) != first {
			t.Errorf("match %s made a new one", kind)
		}
	}
	if code(person("3", `,"EmAd":"other@x.example"`)) == first {
		t.Error("match 3 with another address found the first")
	}
	if code(replace(person("2", ""), "P.", "Q.")) == first {
		t.Error("match 2 with other initials found the first")
	}
}

func TestChangeRelation(t *testing.T) {
	e := newEnv(t, Options{})
	id := e.result(e.call("POST", "connectors/KnSalesRelationOrg", relationOrg), "KnSalesRelationOrg", "DbId")
	put := func(fields, org string) answer {
		return e.call("PUT", "connectors/KnSalesRelationOrg", `{"KnSalesRelationOrg":{"Element":{"@DbId":"`+id+`","Fields":{`+fields+`},"Objects":[{"KnOrganisation":{"Element":{`+org+`}}}]}}}`)
	}
	if a := put(`"PaCd":"30"`, `"Fields":{"MatchOga":"9","EmAd":"new@molen.example"}`); a.status != 201 {
		t.Fatal(a.body)
	}
	x, _ := e.Debtor(id)
	if x.PaymentCondition != "30" || x.Party.EmailWork != "new@molen.example" || x.VatNr != "NL000000000B01" || x.Party.Visiting == nil || len(x.Party.Contacts) != 1 {
		t.Errorf("debtor %+v", x)
	}
	for mail, n := range map[string]int{"info@molen.example": 0, "NEW@molen.example": 1} {
		if rows := e.rows("Profit_Debtor", "filterfieldids=Email&filtervalues="+mail); len(rows) != n {
			t.Errorf("%s: %d rows", mail, len(rows))
		}
	}
	// A new address is a new record; a contact without its number is a new one.
	a := put(`"VaId":""`, `"Fields":{"MatchOga":"0","BcCo":"`+x.Party.Code+`"},"Objects":{
		"KnBasicAddressAdr":{"Element":{"Fields":{"CoId":"NL","PbAd":"0","Ad":"Nieuweweg","HmNr":"3","ZpCd":"1111AA","Rs":"Y","ResZip":"0"}}},
		"KnContact":{"Element":{"Fields":{"ViKc":"AFL","PadAdr":"1","ExAd":"Magazijn"},"Objects":[{"KnBasicAddressAdr":{"Element":{"Fields":{"CoId":"D","PbAd":false,"Ad":"Weg","HmNr":9,"ZpCd":"50667","Rs":"Köln","ResZip":false}}}}]}}}`)
	y, _ := e.Debtor(id)
	if a.status != 201 || y.VatNr != "" || y.Party.Visiting.ID == x.Party.Visiting.ID || y.Party.Visiting.Street != "Nieuweweg" || len(y.Party.Contacts) != 2 {
		t.Errorf("%s: debtor %+v", a.body, y)
	}
	if x.Party.Visiting.Street != "Dorpsstraat" {
		t.Error("an earlier copy changed")
	}
	e.fails(put(`"PaCd":"14"`, `"Fields":{"PadAdr":true}`), 500, numberValidation, "'Match organisation' must be filled.")
	e.fails(put(`"PaCd":"14"`, `"Fields":{"MatchOga":"0","BcCo":"1000001"}`), 500, numberValidation, "The entered value for 'Match organisation' is not valid.")
	a = e.call("PUT", "connectors/KnSalesRelationOrg", `{"KnSalesRelationOrg":{"Element":{"@DbId":"`+id+`","Fields":{"PaCd":"14"}}}}`)
	e.fails(a, 500, numberValidation, "'Organisation/person' must be filled.")
	a = e.call("PUT", "connectors/KnSalesRelationOrg", replace(relationOrg, `"Fields":{"IsDb"`, `"@DbId":"404","Fields":{"IsDb"`))
	e.fails(a, 500, numberValidation, "The entered value for 'Debtor number' does not exist.")
	if z, _ := e.Debtor(id); z.PaymentCondition != "30" {
		t.Error("a refused change stayed")
	}
}

func TestContacts(t *testing.T) {
	e := newEnv(t, Options{})
	a := e.call("POST", "connectors/KnSalesRelationOrg", relationOrg)
	x, _ := e.Debtor(e.result(a, "KnSalesRelationOrg", "DbId"))
	k := x.Party.Contacts[0]
	body := func(id, fields string) string {
		return `{"KnContact":{"Element":{"@CdId":` + id + `,"Fields":{` + fields + `}}}}`
	}
	id := itoa(k.ID)
	if a := e.call("PUT", "connectors/KnContact", body(id, `"EmAd":"anders@molen.example","BcCoOga":"`+x.Party.Code+`"`)); a.status != 201 || a.body != "" {
		t.Errorf("contact: %d %q", a.status, a.body)
	}
	if n := len(e.rows("Webshop_Debtors", "filterfieldids=ContactEmail&filtervalues=anders@molen.example")); n != 1 {
		t.Errorf("%d rows", n)
	}
	e.fails(e.call("PUT", "connectors/KnContact", body("1", "")), 500, numberValidation, "The entered value for 'Contact' does not exist.")
	e.fails(e.call("POST", "connectors/KnContact", body(id, "")), 400, numberUnexpected, "An unexpected error has occurred.")
	// The person's own change shows at the organisation.
	k2 := `{"KnPerson":{"Element":{"Fields":{"MatchPer":"0","BcCo":"` + k.Person + `","FiNm":"An","CaNm":"An"}}}}`
	if a := e.call("PUT", "connectors/KnPerson", k2); a.status != 201 {
		t.Fatal(a.body)
	}
	if rows := e.rows("Webshop_Debtors", "filterfieldids=DebtorId&filtervalues="+x.ID); rows[0]["ContactName"] != "An Bakker" {
		t.Errorf("rows %v", rows)
	}
	// A contact below the organisation is new.
	sub := `{"KnOrganisation":{"Element":{"Fields":{"MatchOga":"0","BcCo":"` + x.Party.Code + `"},"Objects":[{"KnContact":{"Element":{"Fields":{"ViKc":"AFD","PadAdr":true,"ExAd":"Inkoop"}}}}]}}}`
	if a := e.call("POST", "connectors/KnOrganisation/KnContact", sub); a.status != 201 {
		t.Fatal(a.body)
	}
	if y, _ := e.Debtor(x.ID); len(y.Party.Contacts) != 2 || y.Party.Contacts[1].Name != "Inkoop" {
		t.Errorf("contacts %+v", y.Party.Contacts)
	}
}

func TestCountries(t *testing.T) {
	seen := map[string]string{}
	for _, c := range countries() {
		if seen[c.Code] != "" || c.Description == "" || len(c.Code) > 3 {
			t.Errorf("%q twice, empty or long: %s, %s", c.Code, seen[c.Code], c.Description)
		}
		seen[c.Code] = c.Description
	}
	for code, name := range map[string]string{"NL": "Nederland", "B": "België", "D": "Duitsland", "CL": "Sri Lanka", "ROK": "Zuid-Korea", "GB": "Verenigd Koninkrijk"} {
		if seen[code] != name {
			t.Errorf("%s is %q", code, seen[code])
		}
	}
	if len(seen) < 245 || countryCode("de") != "" || countryCode("fin") != "FIN" {
		t.Errorf("%d countries", len(seen))
	}
}
