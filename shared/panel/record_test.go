package panel

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"time"

	"apicenter/shared/model"
	"apicenter/shared/store"
)

func TestRecord(t *testing.T) {
	b := newBench(t)
	v := b.visitor(t, bakery)
	got := v.page(recordURL("orders", "c9-send", "6f0e3a52-91c4-11ef-8f11-0242ac120002"))
	has(t, got, "Order 2026.318", "Delivered", "60001234", "MK-2026.318", "Webhook", "24 Oct 2026, 14:29:20",
		"articleNumber", "VAT-METHOD-INCLUSIVE", // the source
		"Lunchroom Het Vijfde Seizoen", "Molenstraat 12 A", "3512 PN Utrecht", "Croissant, roomboter", "10 % discount", "€52.20", "€186.50", "Achterom afleveren", // in between
		"Create the customer", "Write the order", "FbSales", "OrNu") // the target
	lacks(t, got, "Retry", "What is wrong", "later outcome")
	dutch := v.post("/language", url.Values{"language": {"nl"}, "back": {"/"}})
	if dutch.Header().Get("Location") != "/" {
		t.Errorf("choosing a language led to %q", dutch.Header().Get("Location"))
	}
	has(t, v.page(recordURL("orders", "c9-send", "6f0e3a52-91c4-11ef-8f11-0242ac120002")), "€ 186,50", "Order schrijven", "24 okt 2026, 14:22", `<html lang="nl">`)
}

func TestRejectedRecord(t *testing.T) {
	b := newBench(t)
	got := b.visitor(t, bakery).page(recordURL("orders", "c7-send", "7a11"))
	has(t, got, "Rejected", "AFAS Profit does not know article 5014", "lines[1].sku", "Create article 5014", "GET Profit_Article: 0 rows",
		`name="key" value="7a11"`, "Retry", "Nothing was sent.")
	marked := strings.Split(got, `<tr class="marked`)
	if len(marked) != 2 || !strings.Contains(marked[1][:300], "Croissant") {
		t.Errorf("the line of the problem is not the one that is marked")
	}
}

func TestHostileRecord(t *testing.T) {
	record := model.Order{Number: hostile, Comment: hostile, Currency: hostile, Customer: &model.Customer{Name: hostile, Email: hostile},
		Lines: []model.Line{{SKU: hostile, Description: hostile, Unit: hostile}}}
	raw, err := json.Marshal(record)
	if err != nil {
		t.Fatal(err)
	}
	v := &visit{now: saturday(), zone: time.UTC, words: inLanguage(t, "en")}
	view := v.recordView(flowHead{Title: hostile}, model.Orders, store.Chunk{At: saturday()}, store.RecordActivity{Key: hostile, Number: hostile,
		Outcome: hostile, Reason: hostile, Reference: hostile, TargetID: hostile, Warnings: []string{hostile}, Source: raw, Record: raw,
		Steps: []store.StepActivity{{Name: hostile, Sent: hostile, Answer: `{"` + "a" + `":"` + `<img src=x onerror=alert(1)>` + `"}`}, {Name: "x", Sent: "plain " + hostile}}})
	got := rendered(t, "en", page{Name: "record", Title: hostile, View: view})
	lacks(t, got, "<script>alert", "<img src=x")
	has(t, got, "&lt;script&gt;alert", "&lt;img src=x onerror=alert(1)&gt;")
}

func TestRecordWithoutContents(t *testing.T) {
	b := newBench(t)
	has(t, b.visitor(t, bakery).page(recordURL("orders", "c9-send", "7b01")), "The contents of this record were not kept.", "It was there already")
}

func TestRecordKnowsItsLaterOutcome(t *testing.T) {
	b := newBench(t)
	scope := store.FlowScope(bakery, "orders")
	b.store.entries[scope] = append(b.store.entries[scope], store.Entry{Key: "7a14", State: store.Delivered, Activity: "c9-send", TargetID: "60001235"})
	got := b.visitor(t, bakery).page(recordURL("orders", "c8-send", "7a14"))
	has(t, got, "There is a later outcome", recordURL("orders", "c9-send", "7a14"), "Failed tries")
}

func TestKeysStandInNoAddress(t *testing.T) {
	if got := recordURL("customers", "c1", "anna@proef.example"); strings.Contains(got, "anna") || strings.Contains(got, "@") {
		t.Errorf("the address is %s", got)
	}
	if recordName("c1", "a") == recordName("c2", "a") {
		t.Error("one key has the same name in two chunks")
	}
}

func TestOrderOfOtherShapes(t *testing.T) {
	v := &visit{now: saturday(), zone: time.UTC, words: inLanguage(t, "en")}
	for name, raw := range map[string]string{"none": "", "null": "null", "list": `[]`, "wrong type": `{"lines":"many"}`} {
		if got := v.orderView(json.RawMessage(raw), ""); got != nil {
			t.Errorf("%s: got %+v, want nil", name, got)
		}
	}
	passer := v.orderView(json.RawMessage(`{"number":"1","currency":"EUR","total":{"gross":"1"}}`), "customer.email")
	if passer == nil || !passer.Customer.Marked || passer.Marked != "" {
		t.Errorf("got %+v", passer)
	}
	if odd := v.orderView(json.RawMessage(`{"number":"1"}`), "employee"); odd == nil || odd.Marked != "employee" {
		t.Errorf("a field that is shown nowhere is not named: %+v", odd)
	}
	if one := v.orderView(json.RawMessage(`{"lines":[{"sku":"a"},{"sku":"b"},{"sku":"c"},{"sku":"d"},{"sku":"e"},{"sku":"f"},{"sku":"g"},{"sku":"h"},{"sku":"i"},{"sku":"j"},{"sku":"k"}]}`), "lines[1].sku"); one.Lines[10].Marked || !one.Lines[1].Marked {
		t.Error("line 11 is taken for line 2")
	}
}
