package afas

import (
	"fmt"
	"strings"
	"testing"
)

const direct = `{"FbDirectInvoice":{"Element":{
 "Fields":{"DbId":"10999","OrDa":"2025-06-01","RfCs":"POS-7781","Unit":1,"War":"01","InVa":true,"PaCd":"00"},
 "Objects":[{"FbDirectInvoiceLines":{"Element":[{"Fields":{"VaIt":"2","ItCd":"A100","BiUn":"STK","QuUn":1,"Upri":12.10}}]}}]}}}`

func TestDirectInvoice(t *testing.T) {
	e := newEnv(t, Options{})
	a := e.call("POST", "connectors/FbDirectInvoice", direct)
	if a.body != `{"results":{"FbDirectInvoice":{"OrNu":"V0000001","Liln":"V0000001"}}}` {
		t.Fatal(a.body)
	}
	rows := e.rows("Webshop_Orders", "filterfieldids=CustomerReference&filtervalues=POS-7781")
	if len(rows) != 1 || rows[0]["OrderType"] != "directinvoice" || rows[0]["TotalExcl"].(fmt.Stringer).String() != "10.0000000000" {
		t.Errorf("orders %v", rows)
	}
	rows = e.rows("Webshop_SalesInvoices", "filterfieldids=InvoiceNr&filtervalues=V0000001")
	if len(rows) != 1 || rows[0]["Outstanding"].(fmt.Stringer).String() != "12.1000000000" || rows[0]["DueDate"] != "2025-06-01T00:00:00Z" {
		t.Errorf("invoices %v", rows)
	}
	if rows = e.rows("Webshop_SalesInvoiceLines", "filterfieldids=InvoiceNr&filtervalues=V0000001"); len(rows) != 1 {
		t.Errorf("lines %v", rows)
	}
	if rows = e.rows("Profit_Debtor_Invoices", "filterfieldids=DebtorId&filtervalues=10999"); len(rows) != 1 {
		t.Errorf("open items %v", rows)
	}
	st := e.Snapshot()
	if got := st.Stock[0].Actual.String(); got != "49" {
		t.Errorf("stock %s", got)
	}
	if a := e.call("POST", "connectors/FbDirectInvoice", direct); e.result(a, "FbDirectInvoice", "OrNu") != "V0000002" {
		t.Errorf("again: %s", a.body)
	}
	own := strings.Replace(direct, `"Unit":1`, `"Unit":1,"OrNu":"K1","SinOrNu":"F1"`, 1)
	if a := e.call("POST", "connectors/FbDirectInvoice", own); e.result(a, "FbDirectInvoice", "Liln") != "F1" {
		t.Errorf("own: %s", a.body)
	}
	e.fails(e.call("POST", "connectors/FbDirectInvoice", own), 500, numberValidation, "The number 'K1' already exists for 'Number'.")
	e.fails(e.call("POST", "connectors/FbDirectInvoice", strings.Replace(own, "K1", "K2", 1)), 500, numberValidation, "The number 'F1' already exists for 'Invoice number'.")
	a = e.call("POST", "connectors/FbDirectInvoice", strings.Replace(direct, `"Unit":1`, `"BkOr":true`, 1))
	e.fails(a, 500, numberUnexpected, "Connector field 'BkOr' not found")
	if a := e.call("DELETE", "connectors/FbDirectInvoice/FbDirectInvoice/@OrNu/K1", ""); a.status != 200 {
		t.Errorf("delete %s", a.body)
	}
	if got := e.Snapshot().Stock[0].Actual.String(); got != "48" {
		t.Errorf("stock %s", got)
	}
}

func TestInvoiceOrder(t *testing.T) {
	e := newEnv(t, Options{})
	o := e.sold(order(head, line(lineA)))
	nr, err := e.InvoiceOrder(o.Number)
	if err != nil || nr != "V0000001" {
		t.Fatal(nr, err)
	}
	if _, err := e.InvoiceOrder(o.Number); err == nil {
		t.Error("invoiced twice")
	}
	st := e.Snapshot()
	if st.Stock[0].Actual.String() != "48" || !st.Stock[0].Reserved.IsZero() || st.OpenItems[0].Balance.String() != "24.20" || st.OpenItems[0].DueDate != "2025-06-15" {
		t.Errorf("%+v %+v", st.Stock, st.OpenItems)
	}
	if rows := e.rows("Profit_Salesorders", "filterfieldids=OrderNumber&filtervalues="+o.Number); rows[0]["Status"] != "Gefactureerd" {
		t.Errorf("%v", rows)
	}
}

// entry is a body of FiEntries.
func entry(head string, lines ...string) string {
	return `{"FiEntryPar":{"Element":{"Fields":{` + head + `},"Objects":[{"FiEntries":{"Element":[` + strings.Join(lines, ",") + `]}}]}}}`
}

const entryHead = `"Year":2025,"Peri":6,"UnId":1,"JoCo":"20"`

func entryLine(kind, account, debit, credit, extra string) string {
	return line(`"VaAs":"` + kind + `","AcNr":"` + account + `","EnDa":"2025-06-01","BpDa":"2025-06-01","AmDe":` + debit + `,"AmCr":` + credit + extra)
}

func sale(invoice string) string {
	id := `,"InId":"` + invoice + `"`
	return entry(entryHead, entryLine("2", "20001", "121.00", "0", id+`,"DaEx":"2025-06-15","BpNr":"`+invoice+`"`),
		entryLine("1", "8010", "0", "100", id+`,"VaId":"1"`), entryLine("1", "1510", "0", "21.00", id+`,"VaId":"1"`))
}

func TestEntries(t *testing.T) {
	e := newEnv(t, Options{})
	a := e.call("POST", "connectors/FiEntries", sale("W250045"))
	if a.status != 201 || a.body != `{"results":{"FiEntries":{"EnNo":"4711","UnId":"1","InID":"W250045"}}}` {
		t.Fatalf("%d %s", a.status, a.body)
	}
	rows := e.rows("Profit_Transactions", "filterfieldids=InvoiceId&filtervalues=w250045&orderbyfieldids=SeqNo")
	if len(rows) != 3 || rows[2]["AccountNo"] != "1510" || rows[2]["AmtCredit"].(fmt.Stringer).String() != "21.0000000000" {
		t.Errorf("transactions %v", rows)
	}
	rows = e.rows("Profit_Debtor_Invoices", "filterfieldids=InvoiceNr&filtervalues=W250045")
	if len(rows) != 1 || rows[0]["Balance"].(fmt.Stringer).String() != "121.0000000000" || rows[0]["ExpDate"] != "2025-06-15T00:00:00Z" {
		t.Errorf("open items %v", rows)
	}
	pay := func(amount string) answer {
		return e.call("POST", "connectors/FiEntries", entry(strings.Replace(entryHead, `"20"`, `"70"`, 1),
			entryLine("1", "1100", amount, "0", ""), entryLine("2", "20001", "0", amount, `,"InId":"W250045"`)))
	}
	if a := pay("21"); a.status != 201 {
		t.Fatal(a.body)
	}
	if i := e.Snapshot().OpenItems[0]; i.Amount.String() != "121.00" || i.Balance.String() != "100.00" {
		t.Errorf("open item %+v", i)
	}
	pay("100")
	if n := len(e.rows("Profit_Debtor_Invoices", "filterfieldids=InvoiceNr&filtervalues=W250045")); n != 0 {
		t.Errorf("%d open items after payment", n)
	}
	if a := e.call("DELETE", "connectors/FiEntries/FiEntryPar/UnId,JoCo/1,70/FiEntries/@EnNo/4713", ""); a.status != 200 {
		t.Errorf("delete: %s", a.body)
	}
	if n := len(e.rows("Profit_Debtor_Invoices", "filterfieldids=InvoiceNr&filtervalues=W250045")); n != 1 {
		t.Errorf("%d open items without the payment", n)
	}
	if a := newEnv(t, Options{BareResults: true}).call("POST", "connectors/FiEntries", sale("V1")); a.body != `{"FiEntryPar":{"EnNo":"4711","UnId":"1","InId":"V1"}}` {
		t.Errorf("bare: %s", a.body)
	}
}

func TestEntryErrors(t *testing.T) {
	e := newEnv(t, Options{})
	e.BlockPeriod(1, 2025, 5, true)
	err := e.Load(Seed{Accounts: []Account{{Code: "1300", Collective: true}, {Code: "1100"}, {Code: "4000", Axes: []int{2}}, {Code: "8010", Blocked: true}}})
	if err != nil {
		t.Fatal(err)
	}
	unknown := func(label string) string { return "The entered value for '" + label + "' does not exist." }
	a, b := entryLine("1", "1100", "5", "0", ""), entryLine("2", "20001", "0", "5", "")
	for _, tc := range []struct{ name, body, text string }{
		{"unbalanced", entry(entryHead, a, entryLine("2", "20001", "0", "4.99", "")), "The entry is not balanced."},
		{"journal", entry(strings.Replace(entryHead, `"20"`, `"21"`, 1), a, b), unknown("Journal")},
		{"period", entry(strings.Replace(entryHead, `"Peri":6`, `"Peri":13`, 1), a, b), unknown("Period")},
		{"no period", entry(strings.Replace(entryHead, `"Peri":6,`, ``, 1), a, b), "'Period' must be filled."},
		{"blocked period", entry(strings.Replace(entryHead, `"Peri":6`, `"Peri":5`, 1), a, b), "Date '2025-06-01' belongs to a blocked period"},
		{"account", entry(entryHead, entryLine("1", "9999", "5", "0", ""), b), unknown("Account number")},
		{"blocked account", entry(entryHead, entryLine("1", "8010", "5", "0", ""), b), "The value '8010' for 'Account number' is blocked."},
		{"debtor", entry(entryHead, a, entryLine("2", "404", "0", "5", "")), unknown("Account number")},
		{"creditor", entry(entryHead, a, entryLine("3", "20001", "0", "5", "")), unknown("Account number")},
		{"VAT code", entry(entryHead, entryLine("1", "1100", "5", "0", `,"VaId":"77"`), b), unknown("VAT code")},
		{"allocation", entry(entryHead, entryLine("1", "4000", "5", "0", ""), b), "Allocation code for axis 2 must be filled"},
		{"no date", entry(entryHead, line(`"VaAs":"1","AcNr":"1100","BpDa":"2025-06-01"`)), "'Entry date' must be filled."},
		{"long invoice number", entry(entryHead, entryLine("1", "1100", "5", "0", `,"InId":"1234567890123"`), b), "The value for 'Invoice number' is too long (max. 12)."},
	} {
		t.Run(tc.name, func(t *testing.T) {
			sub := &env{e.Sandbox, t}
			sub.fails(sub.call("POST", "connectors/FiEntries", tc.body), 500, numberValidation, tc.text)
		})
	}
	e.LockJournal("20", true)
	e.fails(e.call("POST", "connectors/FiEntries", entry(entryHead, a, b)), 500, numberValidation, "The booking layout is in use by another user.")
	e.LockJournal("20", false)
	with := `{"Fields":{"VaAs":"1","AcNr":"4000","EnDa":"2025-06-01","BpDa":"2025-06-01","AmDe":5},"Objects":[{"FiDimEntries":{"Element":{"Fields":{"DiC2":"X","AmDe":5}}}}]}`
	if a := e.call("POST", "connectors/FiEntries", entry(entryHead, with, b)); a.status != 201 {
		t.Errorf("with allocation: %s", a.body)
	}
	if n := len(e.Snapshot().JournalEntries); n != 1 {
		t.Errorf("%d entries", n)
	}
	if a := e.call("POST", "connectors/FiEntries", strings.Replace(sale("x"), "FiEntryPar", "FiEntries", 1)); a.status != 400 {
		t.Errorf("root: %d", a.status)
	}
}

// TestAdministration: without one, the last used counts.
func TestAdministration(t *testing.T) {
	e := newEnv(t, Options{})
	if err := e.Load(Seed{Administrations: []Administration{{1, "Een"}, {2, "Twee"}}}); err != nil {
		t.Fatal(err)
	}
	e.sold(order(`"DbId":"20001","Unit":2`, line(lineA)))
	if o := e.sold(order(`"DbId":"20001"`, line(lineA))); o.Administration != 2 {
		t.Errorf("administration %d", o.Administration)
	}
}
