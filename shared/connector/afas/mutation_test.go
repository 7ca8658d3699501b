package afas_test

import (
	"strings"
	"testing"

	sandbox "apicenter/infra/sandbox/afas"
	"apicenter/shared/connector"
	"apicenter/shared/fault"
	"apicenter/shared/model"
)

func mutation(reference string) connector.Document {
	return connector.Document{Kind: model.Orders, Type: "mutation", Key: reference, Reference: reference, Customer: "10999", Fields: text(
		"OrDa", "2026-10-24", "CuId", "EUR", "InVa", true, "Unit", dec("1"), "PaCd", "14", "lines", []any{text("ItCd", "5001")},
		"booking", text("journal", "20", "gross", dec("33.20"), "revenueAccounts", "21=8000, 9=8010", "vatAccounts", "1510", "vatCodes", "21=1, 9=2",
			"taxes", []any{text("rate", dec("21"), "net", dec("20.00"), "amount", dec("4.20")), text("rate", dec("9"), "net", dec("8.26"), "amount", dec("0.74"))}))}
}

func TestMutationIsWrittenAndFound(t *testing.T) {
	w := connect(t, sandbox.Options{}, nil)
	if _, err := w.Verify(t.Context()); err != nil {
		t.Fatal(err)
	}
	out := w.write(t, model.Orders, mutation("POS-318"))
	if out.Err != nil || out.ID == "" {
		t.Fatalf("got %+v", out)
	}
	m := w.find(t, model.Orders, connector.Query{Reference: "POS-318", Type: "mutation"})
	if len(m) != 1 || m[0].ID != out.ID || m[0].Date != "2026-10-24" || m[0].Total == nil || m[0].Total.Cmp(dec("33.20")) != 0 {
		t.Fatalf("got %+v", m)
	}
	if m := w.find(t, model.Orders, connector.Query{Reference: "pos-318", Type: "mutation"}); len(m) != 0 {
		t.Errorf("got %+v", m)
	}
	long := w.write(t, model.Orders, mutation("POS-2026.000318"))
	if long.Err != nil || len(long.Warnings) != 1 || !strings.Contains(string(long.Sent), `"AuNu":true`) || strings.Contains(string(long.Sent), "InId") {
		t.Errorf("got %+v, sent %s", long, long.Sent)
	}
	w.env.BlockPeriod(1, 2026, 10, true)
	if out := w.write(t, model.Orders, mutation("POS-319")); fault.ClassOf(out.Err) != fault.Reject || !strings.Contains(out.Err.Error(), "period") {
		t.Errorf("blocked period: got %v", out.Err)
	}
	w.env.BlockPeriod(1, 2026, 10, false)
	w.env.LockJournal("20", true)
	if out := w.write(t, model.Orders, mutation("POS-319")); fault.ClassOf(out.Err) != fault.Retry || out.Unknown {
		t.Errorf("locked journal: got %v", out.Err)
	}
}
