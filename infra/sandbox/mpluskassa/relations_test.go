package mpluskassa

import (
	"strings"
	"testing"
)

func TestGetRelations(t *testing.T) {
	k := filled(t, Options{})
	r := k.call(`<getRelations><request><relationNumbers>10024</relationNumbers><relationNumbers>10023</relationNumbers><relationNumbers>1</relationNumbers></request></getRelations>`)
	got := r.all("relationList/relation")
	if len(got) != 2 {
		t.Fatalf("%d relations", len(got))
	}
	got[0].expect(t, map[string]string{
		"relationNumber": "10023", "syncMarker": "1", "active": "true", "name": "Jan de Vries", "address": "Kade 12A", "zipcode": "1234 AB", "city": "Utrecht",
		"country": "Nederland", "email": "jan@x.example", "mobile": "06-12345678", "companyName": "(absent)", "contact": "(absent)",
	})
	got[1].expect(t, map[string]string{
		"name": "Müller & Söhne GmbH", "companyName": "Müller & Söhne GmbH", "contact": "Jörg Müller", "vatNumber": "DE112345678", "country": "DE",
		"address": "Königsallee 5b", "telephone": "(absent)",
	})
	markers := k.call(`<getRelations><request><syncMarker>2</syncMarker><syncMarkerLimit>5</syncMarkerLimit></request></getRelations>`)
	if got := markers.list("relationList/relation", "relationNumber"); strings.Join(got, " ") != "10024" {
		t.Errorf("by marker: %v", got)
	}
	if n := len(k.call(`<getRelations></getRelations>`).all("relationList/relation")); n != 2 {
		t.Errorf("all: %d", n)
	}
	k.call(`<getRelation><relationNumber>10024</relationNumber></getRelation>`).expect(t, map[string]string{
		"result": "GET-RELATION-RESULT-OK", "relation/relationNumber": "10024",
	})
	k.call(`<getRelation><relationNumber>5</relationNumber></getRelation>`).expect(t, map[string]string{
		"result": "GET-RELATION-RESULT-NOT-FOUND", "relation": "(absent)",
	})
}

func TestFindRelation(t *testing.T) {
	k := filled(t, Options{})
	for _, c := range []struct{ body, want string }{
		// A part of the text is enough, so the wrong one is found first.
		{`<findRelation><relation><email>an@x.example</email></relation></findRelation>`, "10023"},
		{`<findRelation><relation><email>AN@X.EXAMPLE</email><city>düssel</city></relation></findRelation>`, "10024"},
		{`<findRelation><relation><city>nergens</city></relation></findRelation>`, "(absent)"},
		{`<findRelation><relation></relation></findRelation>`, "(absent)"},
		{`<findRelationV2><request><relation><email>An@X.example</email></relation><exactMatch>true</exactMatch></request></findRelationV2>`, "10024"},
		{`<findRelationV2><request><relation><email>n@x.example</email></relation><exactMatch>true</exactMatch></request></findRelationV2>`, "(absent)"},
		{`<findRelationV2><request><relation><email>n@x.example</email></relation></request></findRelationV2>`, "10023"},
	} {
		r := k.call(c.body)
		if got := r.get("relation/relationNumber"); got != c.want {
			t.Errorf("%s: %s, want %s", c.body, got, c.want)
		}
		result := "FIND-RELATION-RESULT-OK"
		if c.want == "(absent)" {
			result = "FIND-RELATION-RESULT-NOT-FOUND"
		}
		r.expect(t, map[string]string{"result": result})
	}
}

func TestCreateAndUpdateRelation(t *testing.T) {
	k := filled(t, Options{})
	r := k.call(`<createRelation><relation><extRelationId>E-1</extRelationId><name>Ann Peeters</name><email>ann@y.example</email><points>5</points></relation></createRelation>`)
	r.expect(t, map[string]string{
		"result": "CREATE-RELATION-RESULT-OK", "relationNumber": "10025", "syncMarker": "3", "errorMessage": "", "changeTimestamp/timezone": "120",
	})
	k.call(`<createRelation><relation><relationNumber>10025</relationNumber><name>x</name></relation></createRelation>`).
		expect(t, map[string]string{"result": "CREATE-RELATION-RESULT-FAILED-RELATION-NUMBER-ALREADY-TAKEN"})
	k.call(`<createRelation><relation></relation></createRelation>`).expect(t, map[string]string{"result": "CREATE-RELATION-RESULT-FAILED"})
	k.call(`<updateRelation><relation><relationNumber>10025</relationNumber><email>ANN@y.example</email><extRelationId></extRelationId><active>false</active></relation></updateRelation>`).
		expect(t, map[string]string{"result": "UPDATE-RELATION-RESULT-OK", "syncMarker": "4", "errorMessage": ""})
	k.call(`<getRelation><relationNumber>10025</relationNumber></getRelation>`).at("relation").expect(t, map[string]string{
		"name": "Ann Peeters", "email": "ANN@y.example", "extRelationId": "(absent)", "active": "false", "syncMarker": "4",
	})
	k.call(`<updateRelation><relation><relationNumber>7</relationNumber></relation></updateRelation>`).
		expect(t, map[string]string{"result": "UPDATE-RELATION-RESULT-NOT-FOUND"})
	if got := k.call(`<createRelation><relation><relationNumber>20000</relationNumber><name>Far</name></relation></createRelation>`).get("relationNumber"); got != "20000" {
		t.Errorf("given number: %s", got)
	}
	if got := k.call(`<createRelation><relation><name>Next</name></relation></createRelation>`).get("relationNumber"); got != "20001" {
		t.Errorf("next number: %s", got)
	}
}
