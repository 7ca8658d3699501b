package afas_test

import (
	"strings"
	"testing"
	"time"

	system "apicenter/infra/sandbox"
	sandbox "apicenter/infra/sandbox/afas"
	"apicenter/shared/connector"
	"apicenter/shared/fault"
	"apicenter/shared/model"
)

func TestUnknownArticleIsNamed(t *testing.T) {
	for _, language := range []string{"en-us", "nl-nl"} {
		t.Run(language, func(t *testing.T) {
			w := connect(t, sandbox.Options{}, map[string]string{"language": language})
			w.item(t, "5001")
			d := simple("POS-1", "10999", "5001", "1.00")
			lines := d.Fields["lines"].([]any)
			d.Fields["lines"] = append(lines, text("VaIt", "2", "ItCd", "5002", "BiUn", "STK", "QuUn", dec("1")))
			out := w.write(t, model.Orders, d)
			f := fault.As(out.Err)
			if f == nil || f.Class != fault.Reject || f.Field != "lines[].sku" || f.Cause != "product:5002" || !strings.Contains(f.Message, "5002") || strings.Contains(f.Message, "5001") {
				t.Fatalf("got %+v", f)
			}
			if !strings.Contains(f.Detail, "Profit log") || out.Unknown || len(w.env.Orders()) != 0 {
				t.Errorf("got detail %q, unknown %v, %d orders", f.Detail, out.Unknown, len(w.env.Orders()))
			}
		})
	}
}

// Each refusal of AFAS points to the field or setting that has to change.
func TestRefusalsPointToTheirField(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*connector.Document)
		field  string
	}{
		"payment terms":  {func(d *connector.Document) { d.Fields["PaCd"] = "XX" }, "paymentTerms"},
		"administration": {func(d *connector.Document) { d.Fields["Unit"] = dec("77") }, "administration"},
		"warehouse":      {func(d *connector.Document) { d.Fields["War"] = "NOWHERE" }, "warehouse"},
		"customer":       {func(d *connector.Document) { d.Customer = "55555" }, "customer"},
		"unit": {func(d *connector.Document) {
			d.Fields["lines"].([]any)[0].(model.Tree)["BiUn"] = "XX"
		}, "lines[].unit"},
		"VAT group": {func(d *connector.Document) {
			d.Fields["lines"].([]any)[0].(model.Tree)["VaRc"] = "XX"
		}, "lines[].taxRate"},
		"cost item": {func(d *connector.Document) {
			d.Fields["costs"] = []any{text("ItCd", "NOTHING", "Upri", dec("1"))}
		}, "charges[].sku"},
	} {
		for _, language := range []string{"en-us", "nl-nl"} {
			t.Run(name+" "+language, func(t *testing.T) {
				w := connect(t, sandbox.Options{}, map[string]string{"language": language})
				w.item(t, "5001")
				d := simple("POS-1", "10999", "5001", "1.00")
				tt.change(&d)
				out := w.write(t, model.Orders, d)
				f := fault.As(out.Err)
				if f == nil || f.Class != fault.Reject || f.Field != tt.field {
					t.Errorf("got %+v, want field %s", f, tt.field)
				}
			})
		}
	}
}

func TestFailuresBecomeClasses(t *testing.T) {
	for name, tt := range map[string]struct {
		options sandbox.Options
		prepare func(*world)
		class   fault.Class
		says    string
	}{
		"token revoked":    {sandbox.Options{}, func(w *world) { w.env.RevokeToken(true) }, fault.Pause, "token"},
		"address":          {sandbox.Options{}, func(w *world) { w.sim.SetFaults(system.Faults{Deny: true}) }, fault.Pause, "address"},
		"not offered, 401": {sandbox.Options{UpdateConnectors: []string{"FiEntries"}}, nil, fault.Pause, "FbSales"},
		"not offered, 500": {sandbox.Options{UpdateConnectors: []string{"FiEntries"}, ShowConnectorError500: true}, nil, fault.Pause, "FbSales"},
		"throttled":        {sandbox.Options{}, func(w *world) { w.sim.SetFaults(system.Faults{Throttle: 1, RetryAfter: 30 * time.Second}) }, fault.Wait, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := connect(t, tt.options, nil)
			w.item(t, "5001")
			if tt.prepare != nil {
				tt.prepare(w)
			}
			out := w.write(t, model.Orders, simple("POS-1", "10999", "5001", "1.00"))
			f := fault.As(out.Err)
			if f == nil || f.Class != tt.class || !strings.Contains(f.Message, tt.says) || out.Unknown || out.NotStarted || f.Advice == "" {
				t.Fatalf("got %+v, unknown %v", f, out.Unknown)
			}
			if tt.class == fault.Wait && f.After != 30*time.Second {
				t.Errorf("got wait of %v", f.After)
			}
			if strings.Contains(f.Error(), sandbox.DefaultToken) {
				t.Errorf("the token is shown: %v", f)
			}
		})
	}
}

// The order was written and its answer lost: the outcome is unknown, and a look-up finds it once.
func TestLostAnswerIsUnknownAndFound(t *testing.T) {
	w := connect(t, sandbox.Options{}, nil)
	w.item(t, "5001")
	w.sim.SetFaults(system.Faults{LateCommit: 1, Operations: []string{"POST FbSales"}, Limit: 1})
	out := w.write(t, model.Orders, simple("POS-1", "10999", "5001", "12.10"))
	if !out.Unknown || out.NotStarted || out.Err == nil || len(out.Sent) == 0 {
		t.Fatalf("got %+v", out)
	}
	if w.sim.Stats().Faults["late_commit"] != 1 {
		t.Fatal("the fault was not injected")
	}
	if m := w.find(t, model.Orders, connector.Query{Reference: "POS-1"}); len(m) != 1 {
		t.Errorf("got %d orders, want 1", len(m))
	}
}

func TestBlockedLookUpPauses(t *testing.T) {
	w := connect(t, sandbox.Options{}, nil)
	w.env.BlockConnector("Webshop_Orders", true)
	_, err := w.Find(t.Context(), model.Orders, []connector.Query{{Reference: "POS-1"}})
	if f := fault.As(err); f == nil || f.Class != fault.Pause || !strings.Contains(f.Message, "Webshop_Orders") || f.Step == "" {
		t.Errorf("got %v", err)
	}
}
