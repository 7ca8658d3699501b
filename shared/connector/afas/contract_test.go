package afas_test

import (
	"fmt"
	"strings"
	"testing"

	sandbox "apicenter/infra/sandbox/afas"
	"apicenter/shared/connector"
	"apicenter/shared/connector/afas"
	"apicenter/shared/connector/connectortest"
	"apicenter/shared/model"
)

// odd is what people put into texts and what is easily spoiled on the way.
const odd = `Zoë "de" O'Brien <& Söhne> – 1/2 😀`

func TestContract(t *testing.T) {
	erp := sandbox.New(sandbox.Options{})
	for _, code := range []string{"A100", "B;1,2 & %", "0042"} {
		if err := erp.AddItem(sandbox.SeedItem{Code: code, Description: "Mug", Unit: "STK", VatGroup: "1"}); err != nil {
			t.Fatal(err)
		}
	}
	address, stop, err := erp.Sim().Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	connectortest.Run(t, connectortest.Setup{
		Connector: afas.Connector,
		Settings:  map[string]string{"environment": "12345", "type": "test", "baseURL": address, "token": sandbox.DefaultToken},
		Wrong:     map[string]string{"token": strings.Repeat("AB", 32)},
		Secrets:   []string{erp.Token(), erp.Authorization(), strings.TrimPrefix(erp.Authorization(), "AfasToken ")},
		Readme:    "README.md",
		Targets: []connectortest.Target{
			orderTarget(erp),
			customerTarget(erp),
			{
				Kind:   model.Products,
				There:  []connector.Query{{Key: "A100"}, {Key: "B;1,2 & %"}, {Key: "0042"}},
				Absent: func(n int) connector.Query { return connector.Query{Key: fmt.Sprintf("none;%d, & %% \"ü\"", n)} },
			},
		},
	})
}

func orderTarget(erp *sandbox.Sandbox) connectortest.Target {
	return connectortest.Target{
		Kind: model.Orders,
		Document: func(n int) connector.Document {
			reference := fmt.Sprintf("T;1, %d & 50%% \"ü\"", n) // what shops put into order numbers
			d := simple(reference, "10999", "A100", "12.3457")
			d.Fields["Re"] = odd + "\n\x00" + odd // what no system keeps is left out
			line := d.Fields["lines"].([]any)[0].(model.Tree)
			line["QuUn"], line["Ds"] = dec("1.125"), odd
			return d
		},
		Query: func(d connector.Document) connector.Query {
			return connector.Query{Reference: d.Reference, Type: d.Type}
		},
		Count: func(d connector.Document) int { return len(erp.OrdersByReference(d.Reference)) },
		Differs: func(d connector.Document) string {
			o := erp.OrdersByReference(d.Reference)[0]
			line := o.Lines[0]
			return difference(
				[3]string{"customer", o.DebtorID, d.Customer},
				[3]string{"remark", o.Remark, odd + "\n" + odd},
				[3]string{"text", line.Description, odd},
				[3]string{"quantity", line.Quantity.String(), "1.125"},
				[3]string{"price", line.Price.String(), "12.3457"},
			)
		},
	}
}

func customerTarget(erp *sandbox.Sandbox) connectortest.Target {
	held := func(d connector.Document) []sandbox.Debtor {
		var out []sandbox.Debtor
		for _, debtor := range erp.Debtors() {
			if strings.EqualFold(debtor.Party.EmailPrivate, d.Key) {
				out = append(out, debtor)
			}
		}
		return out
	}
	return connectortest.Target{
		Kind: model.Customers,
		Document: func(n int) connector.Document {
			key := fmt.Sprintf("o'brien+%d@proef.example", n)
			return connector.Document{Kind: model.Customers, Type: connector.Person, Key: key, Fields: model.Tree{"CuId": "EUR", "PaCd": "14",
				"ColA": "1300", "VaDu": "1", "person": model.Tree{"LaNm": odd, "FiNm": "Łukasz", "EmAd": key, "EmA2": key},
				"address": model.Tree{"country": "NL", "Ad": "Dorpsstraat", "HmNr": "12", "ZpCd": "1234 AB", "Rs": odd}}}
		},
		Query: func(d connector.Document) connector.Query { return connector.Query{Key: d.Key, By: "email"} },
		Count: func(d connector.Document) int { return len(held(d)) },
		Differs: func(d connector.Document) string {
			p := held(d)[0].Party
			person, where := d.Fields["person"].(model.Tree), d.Fields["address"].(model.Tree)
			return difference(
				[3]string{"last name", p.LastName, person["LaNm"].(string)},
				[3]string{"first name", p.FirstName, person["FiNm"].(string)},
				[3]string{"street", p.Visiting.Street, where["Ad"].(string)},
				[3]string{"city", p.Visiting.City, where["Rs"].(string)},
			)
		},
		Update: func(d connector.Document) connector.Document {
			d.Fields = model.Tree{"CuId": "EUR", "PaCd": "14", "ColA": "1300", "VaDu": "1",
				"person":  model.Tree{"LaNm": "Ångström", "FiNm": "Łukasz", "EmAd": d.Key, "EmA2": d.Key},
				"address": model.Tree{"country": "NL", "Ad": "Kerkweg", "HmNr": "9", "ZpCd": "1234 AB", "Rs": odd}}
			return d
		},
	}
}

// difference names the first field that is not what it should be: name, what is there, what was sent.
func difference(fields ...[3]string) string {
	for _, f := range fields {
		if f[1] != f[2] {
			return fmt.Sprintf("%s is %q, want %q", f[0], f[1], f[2])
		}
	}
	return ""
}
