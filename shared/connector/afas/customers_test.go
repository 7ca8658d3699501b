package afas_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	sandbox "apicenter/infra/sandbox/afas"
	"apicenter/shared/connector"
	"apicenter/shared/fault"
	"apicenter/shared/model"
)

func company() connector.Document {
	return connector.Document{Kind: model.Customers, Type: "company", Key: "anna@proef.example", Fields: text(
		"CuId", "EUR", "PaCd", "14", "ColA", "1300", "VaDu", "1", "VaId", "NL000000000B01",
		"organisation", text("Nm", "Bakkerij De Proef B.V.", "EmAd", "anna@proef.example", "TeNr", "0301234567"),
		"person", text("LaNm", "Berg", "Is", "van der", "FiNm", "Anna", "CaNm", "Anna"),
		"contact", text("EmAd", "anna@proef.example"),
		"address", text("country", "NL", "Ad", "Dorpsstraat", "HmNr", "12", "HmAd", "A", "ZpCd", "1234 AB", "Rs", "Proefdorp"),
		"delivery", text("ExAd", "Magazijn", "country", "DE", "Ad", "Hafenweg", "HmNr", "1", "ZpCd", "12345", "Rs", "Probestadt"))}
}

func person() connector.Document {
	return connector.Document{Kind: model.Customers, Type: "person", Key: "jo@voorbeeld.example", Fields: text(
		"CuId", "EUR", "PaCd", "14", "ColA", "1300", "VaDu", "1",
		"person", text("LaNm", "Voorbeeld", "FiNm", "Jo", "EmAd", "jo@voorbeeld.example", "EmA2", "jo@voorbeeld.example", "MbN2", "0612345678"),
		"address", text("country", "BE", "Ad", "Kerkstraat", "HmNr", "5 bus 3", "ZpCd", "2000", "Rs", "Antwerpen"))}
}

func TestCompanyIsWrittenFoundAndChanged(t *testing.T) {
	w := connect(t, sandbox.Options{}, nil)
	out := w.write(t, model.Customers, company())
	if out.Err != nil || out.ID == "" {
		t.Fatalf("got %+v", out)
	}
	d, ok := w.env.Debtor(out.ID)
	if !ok || d.Party.Name != "Bakkerij De Proef B.V." || d.Party.Person || d.CollectAccount != "1300" || d.PaymentCondition != "14" || d.VatNr != "NL000000000B01" {
		t.Fatalf("got %+v", d)
	}
	if a := d.Party.Visiting; a == nil || a.Street != "Dorpsstraat" || a.Number != 12 || a.Addition != "A" || a.ZipCode != "1234 AB" || a.City != "Proefdorp" || a.Country != "NL" {
		t.Errorf("got address %+v", a)
	}
	kinds := map[string]*sandbox.Contact{}
	for _, c := range d.Party.Contacts {
		kinds[c.Kind] = c
	}
	if c := kinds["PRS"]; c == nil || c.Email != "anna@proef.example" || c.Person == "" {
		t.Errorf("got contact person %+v", c)
	}
	if c := kinds["AFL"]; c == nil || c.Visiting == nil || c.Visiting.Country != "D" || c.Visiting.City != "Probestadt" {
		t.Errorf("got delivery contact %+v", c)
	}
	for _, q := range []connector.Query{{Key: "ANNA@proef.example", By: "email"}, {Key: "anna@proef.example"}, {Key: out.ID, By: "number"}} {
		if m := w.find(t, model.Customers, q); len(m) != 1 || m[0].ID != out.ID || m[0].Created.IsZero() || m[0].Blocked || time.Since(m[0].Created) > time.Hour {
			t.Errorf("%+v: got %+v", q, m)
		}
	}
	change := company()
	change.ID = out.ID
	change.Fields = text("organisation", text("Nm", "Bakkerij De Nieuwe Proef B.V."), "address", text("country", "NL", "Ad", "Havenweg", "HmNr", "1", "ZpCd", "4321 BA", "Rs", "Proefstad"),
		"person", text("LaNm", "Berg"), "contact", text("EmAd", "anna@proef.example"), "delivery", text("country", "NL", "Ad", "Elders", "Rs", "Verweg"))
	if out := w.write(t, model.Customers, change); out.Err != nil || out.ID != change.ID {
		t.Fatalf("got %+v", out)
	}
	d, _ = w.env.Debtor(out.ID)
	if d.Party.Name != "Bakkerij De Nieuwe Proef B.V." || d.Party.Visiting.Street != "Havenweg" || d.CollectAccount != "1300" || len(d.Party.Contacts) != 2 {
		t.Errorf("after the change: got %+v with %d contacts", d.Party, len(d.Party.Contacts))
	}
	if len(w.env.Debtors()) != 2 {
		t.Errorf("got %d debtors, want the first one and the company", len(w.env.Debtors()))
	}
}

func TestPersonIsWrittenFoundAndChanged(t *testing.T) {
	w := connect(t, sandbox.Options{}, nil)
	out := w.write(t, model.Customers, person())
	if out.Err != nil || out.ID == "" {
		t.Fatalf("got %+v", out)
	}
	d, _ := w.env.Debtor(out.ID)
	if !d.Party.Person || d.Party.LastName != "Voorbeeld" || d.Party.Initials != "J." || d.Party.EmailPrivate != "jo@voorbeeld.example" || d.Party.MobPrivate != "0612345678" {
		t.Errorf("got %+v", d.Party)
	}
	if a := d.Party.Visiting; a == nil || a.Number != 5 || a.Addition != "bus 3" || a.Country != "B" {
		t.Errorf("got address %+v", a)
	}
	if len(out.Warnings) != 1 || !strings.Contains(out.Warnings[0], "address.HmNr") {
		t.Errorf("got warnings %q", out.Warnings)
	}
	change := person()
	change.ID = out.ID
	change.Fields = text("person", text("LaNm", "Voorbeeld-Nieuw"), "ColA", "1300")
	if out := w.write(t, model.Customers, change); out.Err != nil {
		t.Fatal(out.Err)
	}
	if d, _ := w.env.Debtor(out.ID); d.Party.LastName != "Voorbeeld-Nieuw" || d.Party.EmailPrivate != "jo@voorbeeld.example" {
		t.Errorf("got %+v", d.Party)
	}
}

// All hits are told, with what the caller needs to choose.
func TestFindCustomersTellsEveryHit(t *testing.T) {
	now := time.Date(2026, 5, 6, 7, 8, 9, 0, time.UTC)
	w := connect(t, sandbox.Options{Now: func() time.Time { return now }}, nil)
	first := w.write(t, model.Customers, person())
	now = now.Add(time.Hour)
	second := w.write(t, model.Customers, person())
	w.env.BlockDebtor(first.ID, true)
	m := w.find(t, model.Customers, connector.Query{Key: "Jo@Voorbeeld.example", By: "email"})
	slices.SortFunc(m, func(a, b connector.Match) int { return a.Created.Compare(b.Created) })
	if len(m) != 2 || m[0].ID != first.ID || !m[0].Blocked || m[1].ID != second.ID || m[1].Blocked {
		t.Fatalf("got %+v", m)
	}
	if !m[0].Created.Equal(time.Date(2026, 5, 6, 7, 8, 9, 0, time.UTC)) {
		t.Errorf("made at %v: the time AFAS shows is Dutch local time", m[0].Created)
	}
	if _, err := w.Find(t.Context(), model.Customers, []connector.Query{{Key: "C-77", By: "external"}}); err == nil || fault.As(err).Field != "debtorsColumns" {
		t.Errorf("without a column for it: got %v", err)
	}
}
