package mpluskassa_test

import (
	"net/url"
	"strings"
	"testing"

	sandbox "apicenter/infra/sandbox/mpluskassa"
	"apicenter/infra/sandbox/shopdata"
	"apicenter/shared/connector/connectortest"
	"apicenter/shared/connector/mpluskassa"
	"apicenter/shared/model"
)

func TestContract(t *testing.T) {
	till := sandbox.New(sandbox.Options{ShufflePages: true})
	till.Load(shopdata.Generate(shopdata.Options{Seed: 2, Orders: 65}))
	address, stop, err := till.Sim().Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	connectortest.Run(t, connectortest.Setup{
		Connector: mpluskassa.Connector,
		Settings: map[string]string{"host": u.Hostname(), "port": u.Port(), "tls": "false",
			"ident": sandbox.DefaultIdent, "secret": sandbox.DefaultSecret},
		Wrong:  map[string]string{"secret": "not-the-secret"},
		Readme: "README.md",
		Sources: []connectortest.Source{{
			Kind: model.Orders, Page: 20,
			Keys: func() []string {
				var keys []string
				for _, o := range till.Orders() {
					keys = append(keys, strings.ReplaceAll(o.ID, "-", ""))
				}
				return keys
			},
			Change: func(t *testing.T, key string) {
				t.Helper()
				for _, o := range till.Orders() {
					if strings.ReplaceAll(o.ID, "-", "") == key {
						if err := till.Touch(o.ID); err != nil {
							t.Fatal(err)
						}
					}
				}
			},
		}},
	})
}
