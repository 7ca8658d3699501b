package afas

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/govalues/decimal"

	"apicenter/shared/connector"
	"apicenter/shared/model"
)

// entry builds a mutation and returns its lines, or its problems.
func entry(t *testing.T, gross string, booking model.Tree, taxes ...[3]string) (lines []map[string]any, b *builder) {
	t.Helper()
	tree := model.Tree{"journal": "20", "gross": gross, "revenueAccounts": "21=8000 9%=8010", "vatAccounts": "1510", "vatCodes": "21.00=1;9=2"}
	for k, v := range booking {
		tree[k] = v
	}
	var list []any
	for _, tax := range taxes {
		list = append(list, model.Tree{"rate": tax[0], "net": tax[1], "amount": tax[2]})
	}
	tree["taxes"] = list
	b = &builder{zone: time.UTC}
	body := b.mutation(connector.Document{Reference: "POS-1", Customer: "10280", Fields: model.Tree{"OrDa": "2026-10-24", "Unit": "1", "CuId": "EUR", "booking": tree}})
	if len(b.problems) > 0 {
		return nil, b
	}
	var wire struct {
		FiEntryPar struct {
			Element []struct {
				Objects []struct {
					FiEntries struct {
						Element []struct{ Fields map[string]any }
					}
				}
			}
		}
	}
	d := json.NewDecoder(strings.NewReader(string(body)))
	d.UseNumber()
	if err := d.Decode(&wire); err != nil {
		t.Fatal(err)
	}
	for _, l := range wire.FiEntryPar.Element[0].Objects[0].FiEntries.Element {
		lines = append(lines, l.Fields)
	}
	return lines, b
}

// balance adds debit less credit over the lines.
func balance(t *testing.T, lines []map[string]any) model.Decimal {
	t.Helper()
	total := decimal.Zero
	for _, l := range lines {
		debit, ok1 := model.ToDecimal(l["AmDe"])
		credit, ok2 := model.ToDecimal(l["AmCr"])
		if !ok1 || !ok2 || debit.IsNeg() || credit.IsNeg() || !debit.IsZero() && !credit.IsZero() {
			t.Errorf("got line %v", l)
		}
		d, err := debit.Sub(credit)
		if err != nil {
			t.Fatal(err)
		}
		if total, err = total.Add(d); err != nil {
			t.Fatal(err)
		}
	}
	return total
}

func TestMutationBalances(t *testing.T) {
	for name, tt := range map[string]struct {
		gross   string
		booking model.Tree
		taxes   [][3]string
		lines   int
		warns   int
	}{
		"one rate":        {"24.20", nil, [][3]string{{"21", "20.00", "4.20"}}, 3, 0},
		"two rates":       {"35.10", nil, [][3]string{{"21", "20.00", "4.20"}, {"9.00", "10.00", "0.90"}}, 5, 0},
		"credit":          {"-24.20", nil, [][3]string{{"21", "-20.00", "-4.20"}}, 3, 0},
		"zero rate":       {"10.00", model.Tree{"revenueAccounts": "8000"}, [][3]string{{"0", "10.00", "0"}}, 2, 0},
		"mixed":           {"-2.10", nil, [][3]string{{"21", "-10.00", "-2.10"}, {"9", "9.17", "0.83"}}, 5, 0},
		"rounding":        {"24.21", model.Tree{"roundingAccount": "8990"}, [][3]string{{"21", "20.00", "4.20"}}, 4, 1},
		"rounding beyond": {"24.15", model.Tree{"roundingAccount": "8990"}, [][3]string{{"21", "20.00", "4.20"}}, 4, 1},
	} {
		t.Run(name, func(t *testing.T) {
			lines, b := entry(t, tt.gross, tt.booking, tt.taxes...)
			if len(lines) != tt.lines || len(b.warnings) != tt.warns || len(b.problems) > 0 {
				t.Fatalf("got %d lines, warnings %q, problems %v", len(lines), b.warnings, b.problems)
			}
			if d := balance(t, lines); !d.IsZero() {
				t.Errorf("the entry is off by %s", d)
			}
			if lines[0]["AcNr"] != "10280" || lines[0]["VaAs"] != "2" {
				t.Errorf("got first line %v, want the debtor's", lines[0])
			}
		})
	}
}

func TestMutationSaysWhatIsMissing(t *testing.T) {
	for name, tt := range map[string]struct {
		gross   string
		booking model.Tree
		taxes   [][3]string
		field   string
	}{
		"no VAT totals":         {"24.20", nil, nil, "taxes"},
		"no revenue account":    {"22.00", nil, [][3]string{{"6", "20.00", "0"}, {"21", "2.00", "0"}}, "revenueAccounts"},
		"no VAT code":           {"21.20", model.Tree{"revenueAccounts": "8000"}, [][3]string{{"6", "20.00", "1.20"}}, "vatCodes"},
		"no VAT account":        {"24.20", model.Tree{"vatAccounts": "9=1511"}, [][3]string{{"21", "20.00", "4.20"}}, "vatAccounts"},
		"difference":            {"25.20", model.Tree{"roundingAccount": "8990"}, [][3]string{{"21", "20.00", "4.20"}}, "total.gross"},
		"no rounding account":   {"24.21", nil, [][3]string{{"21", "20.00", "4.20"}}, "total.gross"},
		"no journal":            {"24.20", model.Tree{"journal": ""}, [][3]string{{"21", "20.00", "4.20"}}, "journal"},
		"bad accounts":          {"24.20", model.Tree{"revenueAccounts": "high=8000"}, [][3]string{{"21", "20.00", "4.20"}}, "revenueAccounts"},
		"the same rate twice":   {"24.20", model.Tree{"vatAccounts": "21=1,21.0=2"}, [][3]string{{"21", "20.00", "4.20"}}, "vatAccounts"},
		"an amount in words":    {"24.20", nil, [][3]string{{"21", "twenty", "4.20"}}, "booking.taxes[].net"},
		"a total that is empty": {"", nil, [][3]string{{"21", "20.00", "4.20"}}, "total.gross"},
	} {
		t.Run(name, func(t *testing.T) {
			_, b := entry(t, tt.gross, tt.booking, tt.taxes...)
			f := b.err(stepWriteOrder)
			if f == nil || !strings.Contains(f.Field, tt.field) {
				t.Errorf("got %+v, want field %s", f, tt.field)
			}
		})
	}
}

// threeLines is an order as it comes out of the queue.
func threeLines() connector.Document {
	line := func(item string) model.Tree {
		return model.Tree{"VaIt": "2", "ItCd": item, "BiUn": "STK", "QuUn": json.Number("2"), "Ds": "Mug, blue", "Upri": json.Number("12.10"), "VaRc": "1"}
	}
	return connector.Document{Kind: model.Orders, Type: typeOrder, Reference: "POS-2026.318", Customer: "10280", Fields: model.Tree{
		"OrDa": "2026-10-24", "CuId": "EUR", "InVa": true, "PaCd": "14", "Unit": json.Number("1"), "War": "01", "Re": "Please ring the bell",
		"lines": []any{line("5001"), line("5002"), line("5003")}}}
}

func BenchmarkBuildAndEncode(b *testing.B) {
	d := threeLines()
	b.ReportAllocs()
	for b.Loop() {
		made := &builder{zone: time.UTC}
		if body := made.sale("FbSales", d, false); len(made.problems) > 0 || len(body) == 0 {
			b.Fatal(made.problems)
		}
	}
}
