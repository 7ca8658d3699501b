package afas_test

import (
	"testing"

	sandbox "apicenter/infra/sandbox/afas"
	"apicenter/shared/connector"
	"apicenter/shared/model"
)

func TestProducts(t *testing.T) {
	w := connect(t, sandbox.Options{}, nil)
	w.item(t, "00123")
	w.item(t, "ab-1")
	w.env.BlockItem("2", "ab-1", true)
	found, err := w.Find(t.Context(), model.Products, []connector.Query{{Key: "00123"}, {Key: "123"}, {Key: "AB-1"}, {Key: ""}})
	if err != nil {
		t.Fatal(err)
	}
	if m := found[0].Matches; len(m) != 1 || m[0].ID != "00123" || m[0].Blocked || m[0].Unit != "STK" {
		t.Errorf("got %+v", m)
	}
	if len(found[1].Matches) != 0 || len(found[3].Matches) != 0 {
		t.Errorf("got %+v", found)
	}
	if m := found[2].Matches; len(m) != 1 || m[0].ID != "ab-1" || !m[0].Blocked {
		t.Errorf("got %+v", m)
	}
}
