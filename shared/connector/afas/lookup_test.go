package afas

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// asked reads back which column = value pairs a packed query asks for, from the protocol's own description.
func asked(t interface {
	Fatalf(format string, args ...any)
}, query string) [][2]string {
	params := map[string]string{}
	for part := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(part, "=")
		plain, err := url.PathUnescape(value)
		if err != nil {
			t.Fatalf("%v in %s", err, part)
		}
		if name == "filterfieldids" || name == "filtervalues" || name == "operatortypes" {
			plain = value // split before unescaping
		}
		params[name] = plain
	}
	if params["take"] == "" || params["orderbyfieldids"] == "" {
		t.Fatalf("no take or order in %s", query)
	}
	var out [][2]string
	if text, ok := params["filterjson"]; ok {
		var f struct {
			Filters struct {
				Filter []struct {
					Field []map[string]string
				}
			}
		}
		if err := json.Unmarshal([]byte(text), &f); err != nil {
			t.Fatalf("%v in %s", err, text)
		}
		for _, filter := range f.Filters.Filter {
			if len(filter.Field) != 1 || filter.Field[0]["@OperatorType"] != "1" {
				t.Fatalf("got %v", filter)
			}
			out = append(out, [2]string{filter.Field[0]["@FieldId"], filter.Field[0]["#text"]})
		}
		return out
	}
	fields, values := strings.Split(params["filterfieldids"], ";"), strings.Split(params["filtervalues"], ";")
	operators := strings.Split(params["operatortypes"], ";")
	if len(fields) != len(values) || len(fields) != len(operators) {
		t.Fatalf("the lists differ in length: %s", query)
	}
	for i := range fields {
		if operators[i] != "1" {
			t.Fatalf("operator %s", operators[i])
		}
		f, err1 := url.PathUnescape(fields[i])
		v, err2 := url.PathUnescape(values[i])
		if err1 != nil || err2 != nil {
			t.Fatalf("%v, %v", err1, err2)
		}
		out = append(out, [2]string{f, v})
	}
	return out
}

// Whatever the values hold, every one of them is asked for exactly once in every column, and no query is too long.
func TestPackAsksForEverything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.StringN(1, 60, 240), 0, 80).Draw(t, "values")
		columns := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"Email", "EmailWork", "Naam (2)", "CustomerReference"}), 1, 3, rapid.ID).Draw(t, "columns")
		batches, tooLong := pack(columns, values, "DebtorId")
		got := map[[2]string]int{}
		for _, b := range batches {
			if n := len("?" + b.query + "&skip=1000000"); n > maxQuery {
				t.Fatalf("a query of %d characters", n)
			}
			pairs := asked(t, b.query)
			if len(pairs) != len(b.values)*len(columns) {
				t.Fatalf("%d pairs for %d values", len(pairs), len(b.values))
			}
			for _, p := range pairs {
				got[p]++
			}
		}
		for _, v := range tooLong {
			for _, c := range columns {
				got[[2]string{c, v}]++
			}
		}
		want := map[[2]string]int{}
		for _, v := range values {
			for _, c := range columns {
				want[[2]string{c, strings.ToValidUTF8(v, "\ufffd")}] = 1
			}
		}
		for p, n := range got {
			if n != want[p] {
				t.Fatalf("%q was asked for %d times, want %d", p, n, want[p])
			}
		}
		if len(got) != len(want) {
			t.Fatalf("%d pairs were asked for, want %d", len(got), len(want))
		}
	})
}

// A message of fifty orders costs a handful of look-ups.
func TestPackIsTight(t *testing.T) {
	var references, emails, items []string
	for i := range 50 {
		references = append(references, fmt.Sprintf("POS-2026.%03d", 300+i))
		emails = append(emails, fmt.Sprintf("customer.number%02d@example.example", i))
		items = append(items, fmt.Sprintf("ART-%05d", i))
	}
	for _, tt := range []struct {
		name    string
		columns []string
		values  []string
		most    int
	}{
		{"references", []string{"CustomerReference"}, references, 1},
		{"e-mail addresses", []string{"Email", "EmailWork", "EmailPrivate"}, emails, 4},
		{"e-mail addresses in one column", []string{"Email"}, emails, 2},
		{"items", []string{"ItemCode"}, items, 1},
	} {
		batches, _ := pack(tt.columns, tt.values, "Key")
		if len(batches) > tt.most {
			t.Errorf("%s: got %d calls, want at most %d", tt.name, len(batches), tt.most)
		}
	}
}

func TestPackUsesListsWherePossible(t *testing.T) {
	batches, _ := pack([]string{"Email"}, []string{"a@b.example", "a@b.example", "x;y@b.example", ""}, "DebtorId")
	if len(batches) != 2 {
		t.Fatalf("got %d calls, want 2", len(batches))
	}
	if want := "take=1000&orderbyfieldids=DebtorId&filterfieldids=Email&filtervalues=a@b.example&operatortypes=1"; batches[0].query != want {
		t.Errorf("got  %s\nwant %s", batches[0].query, want)
	}
	if !strings.Contains(batches[1].query, "filterjson=") {
		t.Errorf("got %s", batches[1].query)
	}
}

func TestColumnsAreRenamed(t *testing.T) {
	o, err := parseOptions(map[string]string{"environment": "12345", "token": digits64, "ordersConnector": "Profit_Salesorders",
		"debtorsConnector": "Mijn_Debiteuren", "debtorsColumns": "External=Webshopnr, EmailWork= , Email=E-mail"})
	if err != nil {
		t.Fatal(err)
	}
	if o.orders.columns["TotalIncl"] != "" || o.orders.columns["OrderDate"] != "OrderDate" {
		t.Errorf("got %v", o.orders.columns)
	}
	if c := o.debtors.columns; c["External"] != "Webshopnr" || c["EmailWork"] != "" || c["Email"] != "E-mail" || c["DebtorId"] != "DebtorId" {
		t.Errorf("got %v", c)
	}
	if _, err := parseOptions(map[string]string{"environment": "12345", "token": digits64, "ordersColumns": "CustomerReference="}); err == nil {
		t.Error("a look-up without its key column was accepted")
	}
}

func TestRowReadsWhatEnvironmentsGive(t *testing.T) {
	r := row{"DebtorId": json.Number("10001"), "blocked": "1", "CreateDate": "2025-02-03T09:08:07Z", "Total": ".5", "Long": json.Number("2500.0000000000")}
	if r.text("DebtorId") != "10001" || !r.yes("Blocked") || r.day("CreateDate") != "2025-02-03" {
		t.Errorf("got %q %v %q", r.text("DebtorId"), r.yes("Blocked"), r.day("CreateDate"))
	}
	if d := r.decimal("Long"); d == nil || d.Trim(0).String() != "2500" {
		t.Errorf("got %v", d)
	}
	if d := r.decimal("Total"); d == nil || d.String() != "0.5" {
		t.Errorf("got %v", d)
	}
	if r.decimal("Nothing") != nil || r.day("Nothing") != "" || r.yes("") {
		t.Error("an absent column gave a value")
	}
}
