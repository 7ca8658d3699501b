package mpluskassa_test

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/govalues/decimal"

	sandbox "apicenter/infra/sandbox/mpluskassa"
	"apicenter/infra/sandbox/shopdata"
	"apicenter/shared/connector/connectortest"
	"apicenter/shared/connector/mpluskassa"
	"apicenter/shared/model"
)

// odd is what people put into texts and what is easily spoiled on the way.
const odd = `Zoë "de" O'Brien <& Söhne> – 1/2 😀 Łódź`

func TestContract(t *testing.T) {
	shop := shopdata.Generate(shopdata.Options{Seed: 2, Orders: 65})
	first, customer := &shop.Orders[0], shop.Customers[0]
	first.Reference, first.Lines[0].Text, first.Lines[0].Quantity = odd, odd, decimal.MustParse("1.125")
	customer.Address.City = odd
	till := sandbox.New(sandbox.Options{ShufflePages: true})
	till.Load(shop)
	host, port := serveTill(t, till)
	connectortest.Run(t, connectortest.Setup{
		Connector: mpluskassa.Connector,
		Settings: map[string]string{"host": host, "port": port, "tls": "false",
			"ident": sandbox.DefaultIdent, "secret": sandbox.DefaultSecret},
		Wrong:  map[string]string{"secret": "not-the-secret"},
		Readme: "README.md",
		Sources: []connectortest.Source{
			{
				Kind: model.Orders, Page: 9, Keys: func() []string { return orderKeys(till) },
				Change: func(key string) error {
					i := slices.IndexFunc(till.Orders(), func(o sandbox.OrderState) bool { return bareID(o.ID) == key })
					return till.Touch(till.Orders()[i].ID)
				},
				Holds: map[string]map[string]string{bareID(first.ID): {"reference": odd, "lineList.line.0.text": odd,
					"lineList.line.0.data.quantity": "1125", "lineList.line.0.data.decimalPlaces": "3"}},
				Late: lateTill(t),
			},
			{
				Kind: model.Customers, Page: 7,
				Keys: func() []string {
					var keys []string
					for _, r := range till.Relations() {
						keys = append(keys, strconv.FormatInt(r.Number, 10))
					}
					return keys
				},
				Change: func(key string) error {
					i := slices.IndexFunc(shop.Customers, func(c *shopdata.Customer) bool { return fmt.Sprint(c.Number) == key })
					if i < 0 {
						return fmt.Errorf("the shop has no customer %s", key)
					}
					till.Load(&shopdata.Shop{Customers: shop.Customers[i : i+1]})
					return nil
				},
				Holds: map[string]map[string]string{fmt.Sprint(customer.Number): {"city": odd}},
			},
			{
				// The articles of a product share a change counter.
				Kind: model.Products, Page: 8,
				Keys: func() []string {
					var keys []string
					for _, a := range slices.Concat(shop.Articles, shop.TillOnly) {
						keys = append(keys, strconv.FormatInt(a.Number, 10))
					}
					return keys
				},
				Change: func(key string) error {
					i := slices.IndexFunc(shop.Articles, func(a *shopdata.Article) bool { return fmt.Sprint(a.Number) == key })
					if i < 0 {
						return fmt.Errorf("the shop has no article %s", key)
					}
					till.Load(&shopdata.Shop{Articles: slices.DeleteFunc(slices.Clone(shop.Articles),
						func(a *shopdata.Article) bool { return a.Product != shop.Articles[i].Product })})
					return nil
				},
			},
		},
	})
}

func serveTill(t *testing.T, till *sandbox.Sandbox) (host, port string) {
	t.Helper()
	address, stop, err := till.Sim().Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u.Hostname(), u.Port()
}

func orderKeys(till *sandbox.Sandbox) []string {
	var keys []string
	for _, o := range till.Orders() {
		keys = append(keys, bareID(o.ID))
	}
	return keys
}

func bareID(id string) string { return strings.ReplaceAll(id, "-", "") }

// lateTill shows every third change most of the late window after it was made.
func lateTill(t *testing.T) *connectortest.Late {
	t.Helper()
	hands := &clock{now: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
	till := sandbox.New(sandbox.Options{Now: hands.Now, ShufflePages: true, LateEvery: 3,
		LateVisible: mpluskassa.Connector.Source[model.Orders].LateWindow * 7 / 8})
	till.Load(shopdata.Generate(shopdata.Options{Seed: 3, Orders: 40}))
	host, port := serveTill(t, till)
	return &connectortest.Late{Settings: map[string]string{"host": host, "port": port}, Now: hands.Now, Advance: hands.pass,
		Keys: func() []string { return orderKeys(till) }}
}
