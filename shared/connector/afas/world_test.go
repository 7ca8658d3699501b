package afas_test

import (
	"maps"
	"net/http"
	"testing"
	"time"

	"github.com/govalues/decimal"

	system "apicenter/infra/sandbox"
	sandbox "apicenter/infra/sandbox/afas"
	"apicenter/shared/connector"
	"apicenter/shared/connector/afas"
	"apicenter/shared/model"
)

// world is a simulated environment and a session with it.
type world struct {
	connector.Session
	connector.Finder
	connector.Writer
	env *sandbox.Sandbox
	sim *system.Sim
}

func connect(t testing.TB, o sandbox.Options, change map[string]string) *world {
	t.Helper()
	env := sandbox.New(o)
	sim := env.Sim()
	base, stop, err := sim.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	settings := map[string]string{"environment": "12345", "type": "test", "token": sandbox.DefaultToken, "baseURL": base}
	maps.Copy(settings, change)
	s, err := afas.Connector.Open(connector.Config{Settings: settings, HTTP: &http.Client{Transport: &http.Transport{}}, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	return &world{Session: s, Finder: s.(connector.Finder), Writer: s.(connector.Writer), env: env, sim: sim}
}

func (w *world) write(t testing.TB, kind model.Kind, d connector.Document) connector.Outcome {
	t.Helper()
	out, err := w.Write(t.Context(), kind, []connector.Document{d})
	if err != nil || len(out) != 1 {
		t.Fatalf("got %d outcomes, %v", len(out), err)
	}
	return out[0]
}

func (w *world) find(t testing.TB, kind model.Kind, q connector.Query) []connector.Match {
	t.Helper()
	found, err := w.Find(t.Context(), kind, []connector.Query{q})
	if err != nil || len(found) != 1 || found[0].Err != nil {
		t.Fatalf("got %v, %v", found, err)
	}
	return found[0].Matches
}

func (w *world) item(t testing.TB, code string) {
	t.Helper()
	if err := w.env.AddItem(sandbox.SeedItem{Code: code, Description: "Mug", Unit: "STK", VatGroup: "1"}); err != nil {
		t.Fatal(err)
	}
}

func text(line ...any) model.Tree {
	out := model.Tree{}
	for i := 0; i < len(line); i += 2 {
		out[line[i].(string)] = line[i+1]
	}
	return out
}

func dec(s string) model.Decimal { return decimal.MustParse(s) }

// simple is an order of one article as a mapping makes it.
func simple(reference, customer, item, price string) connector.Document {
	return connector.Document{Kind: model.Orders, Type: "order", Key: reference, Reference: reference, Customer: customer, Fields: text(
		"OrDa", "2026-10-24", "CuId", "EUR", "InVa", true, "PaCd", "14", "Unit", dec("1"),
		"lines", []any{text("VaIt", "2", "ItCd", item, "BiUn", "STK", "QuUn", dec("2"), "Upri", dec(price))})}
}
