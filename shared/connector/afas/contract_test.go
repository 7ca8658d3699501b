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

func TestContract(t *testing.T) {
	erp := sandbox.New(sandbox.Options{})
	if err := erp.AddItem(sandbox.SeedItem{Code: "A100", Description: "Mug", Unit: "STK", VatGroup: "1"}); err != nil {
		t.Fatal(err)
	}
	address, stop, err := erp.Sim().Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	email := func(d connector.Document) string { return d.Key }
	connectortest.Run(t, connectortest.Setup{
		Connector: afas.Connector,
		Settings:  map[string]string{"environment": "12345", "type": "test", "baseURL": address, "token": sandbox.DefaultToken},
		Wrong:     map[string]string{"token": strings.Repeat("AB", 32)},
		Readme:    "README.md",
		Targets: []connectortest.Target{
			{
				Kind: model.Orders,
				Document: func(n int) connector.Document {
					reference := fmt.Sprintf("T;1, %d & 50%% \"ü\"", n) // what shops put into order numbers
					return connector.Document{Kind: model.Orders, Type: "order", Key: reference, Reference: reference, Customer: "10999",
						Fields: model.Tree{"OrDa": "2026-10-24", "CuId": "EUR", "InVa": true, "PaCd": "14", "Unit": "1", "lines": []any{
							model.Tree{"VaIt": "2", "ItCd": "A100", "BiUn": "STK", "QuUn": "2", "Upri": "12.10", "VaRc": "1"}}}}
				},
				Query: func(d connector.Document) connector.Query {
					return connector.Query{Reference: d.Reference, Type: d.Type}
				},
				Count: func(d connector.Document) int { return len(erp.OrdersByReference(d.Reference)) },
			},
			{
				Kind: model.Customers,
				Document: func(n int) connector.Document {
					key := fmt.Sprintf("o'brien+%d@proef.example", n)
					return connector.Document{Kind: model.Customers, Type: connector.Person, Key: key, Fields: model.Tree{"CuId": "EUR", "PaCd": "14",
						"ColA": "1300", "VaDu": "1", "person": model.Tree{"LaNm": "O'Brien – Müller", "FiNm": "Zoë", "EmAd": key, "EmA2": key},
						"address": model.Tree{"country": "NL", "Ad": "Dorpsstraat", "HmNr": "12", "ZpCd": "1234 AB", "Rs": "Proefdorp"}}}
				},
				Query: func(d connector.Document) connector.Query { return connector.Query{Key: email(d), By: "email"} },
				Count: func(d connector.Document) int {
					n := 0
					for _, debtor := range erp.Debtors() {
						if strings.EqualFold(debtor.Party.EmailPrivate, email(d)) {
							n++
						}
					}
					return n
				},
			},
		},
	})
}
