package afas_test

import (
	"context"
	"maps"
	"strings"
	"testing"
	"time"

	sandbox "apicenter/infra/sandbox/afas"
	"apicenter/shared/connector"
	"apicenter/shared/fault"
	"apicenter/shared/model"
)

func TestVerify(t *testing.T) {
	w := connect(t, sandbox.Options{}, nil)
	report, err := w.Verify(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(report.Summary, "T12345") || len(report.Warnings) > 0 {
		t.Errorf("got %+v", report)
	}
}

func TestVerifyNamesWhatIsMissing(t *testing.T) {
	w := connect(t, sandbox.Options{GetConnectors: []string{"Profit_Article", "Webshop_Orders"}, UpdateConnectors: []string{"FbSales", "KnSalesRelationPer"}}, nil)
	_, err := w.Verify(t.Context())
	f := fault.As(err)
	if f == nil || f.Class != fault.Pause || !strings.Contains(f.Message, "KnSalesRelationOrg, Webshop_Debtors") || strings.Contains(f.Message, "FbSales,") {
		t.Fatalf("got %v", err)
	}
	w = connect(t, sandbox.Options{}, map[string]string{"debtorsColumns": "External=Nummer_elders"})
	if _, err := w.Verify(t.Context()); err == nil || !strings.Contains(err.Error(), "Webshop_Debtors has no column Nummer_elders") {
		t.Errorf("got %v", err)
	}
}

func TestVerifyKnowsTheEnvironment(t *testing.T) {
	for name, tt := range map[string]struct {
		settings map[string]string
		field    string
	}{
		"type":   {map[string]string{"type": "production"}, "type"},
		"number": {map[string]string{"environment": "54321"}, "environment"},
	} {
		_, err := connect(t, sandbox.Options{}, tt.settings).Verify(t.Context())
		if f := fault.As(err); f == nil || f.Class != fault.Pause || f.Field != tt.field {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestVerifyWarnsBeforeTheTokenEnds(t *testing.T) {
	for days, want := range map[int]bool{10: true, 200: false} {
		report, err := connect(t, sandbox.Options{TokenExpiry: time.Now().AddDate(0, 0, days)}, nil).Verify(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(strings.Join(report.Warnings, " "), "token expires"); got != want {
			t.Errorf("%d days before: got warnings %q", days, report.Warnings)
		}
	}
}

type flowVerifier interface {
	VerifyFlow(context.Context, model.Kind, map[string]string) (connector.Report, error)
}

func TestVerifyFlow(t *testing.T) {
	w := connect(t, sandbox.Options{}, nil)
	v := w.Session.(flowVerifier)
	good := map[string]string{"administration": "1", "controlAccount": "1300", "paymentTerms": "14"}
	if report, err := v.VerifyFlow(t.Context(), model.Orders, good); err != nil || len(report.Warnings) > 0 {
		t.Fatalf("got %+v, %v", report, err)
	}
	for field, bad := range map[string]string{"administration": "99", "controlAccount": "9999", "paymentTerms": "XX"} {
		settings := maps.Clone(good)
		settings[field] = bad
		if _, err := v.VerifyFlow(t.Context(), model.Orders, settings); err == nil || fault.As(err).Field != field || !strings.Contains(err.Error(), bad) {
			t.Errorf("%s = %s: got %v", field, bad, err)
		}
	}
	settings := maps.Clone(good)
	settings["controlAccount"] = "8000"
	if _, err := v.VerifyFlow(t.Context(), model.Orders, settings); err == nil || !strings.Contains(err.Error(), "collective") {
		t.Errorf("an account that is not collective: got %v", err)
	}
}
