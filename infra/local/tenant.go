package main

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"apicenter/infra/sandbox/afas"
	"apicenter/infra/sandbox/mpluskassa"
	"apicenter/infra/sandbox/shopdata"
	"apicenter/shared/integration"
	"apicenter/shared/model"
	"apicenter/shared/stage"
)

// Ids of the demo tenant.
const (
	demoTenant      = "demo"
	demoSource      = "till"
	demoTarget      = "erp"
	demoIntegration = "till-erp"
	demoFlow        = "orders"
)

// What the demo's target has beside the shop's articles.
const (
	shippingItem   = "VERZEND"
	roundingItem   = "AFRONDING"
	counterDebtor  = "10999"
	administration = "1"
	controlAccount = "1300"
	paymentTerms   = "14"
	prefix         = "MP-"
)

// setup is what varies in the demo tenant.
type setup struct {
	source, target string // addresses of the sandboxes
	every          time.Duration
	// quick sets what the chaos demo needs to end in minutes: a short late effect and back-off, by the connection settings
	// that exist for it.
	quick bool
}

// createTenant stores the demo tenant, or updates its connections to where the sandboxes are now.
func (a *app) createTenant(ctx context.Context, s setup) error {
	err := a.store.PutTenant(ctx, integration.Tenant{ID: demoTenant, Name: "Demo shop", Language: "en", Zone: "Europe/Amsterdam"})
	if err != nil {
		return err
	}
	source, err := a.sourceConnection(ctx, s)
	if err != nil {
		return err
	}
	target, err := a.targetConnection(ctx, s)
	if err != nil {
		return err
	}
	for _, c := range []integration.Connection{source, target} {
		if err := a.store.PutConnection(ctx, c); err != nil {
			return err
		}
	}
	err = a.store.PutIntegration(ctx, integration.Integration{Tenant: demoTenant, ID: demoIntegration,
		Title: "MplusKASSA – AFAS", A: demoSource, B: demoTarget})
	if err != nil {
		return err
	}
	flow := ordersFlow(s)
	if old, err := a.store.Flow(ctx, demoTenant, demoFlow); err == nil {
		flow.Version, flow.Status = old.Version+1, old.Status
	}
	if err := a.plans.Check(flow, source, target); err != nil {
		return err
	}
	return a.store.PutFlow(ctx, flow, a.world.Now())
}

func (a *app) sourceConnection(ctx context.Context, s setup) (integration.Connection, error) {
	u, err := url.Parse(s.source)
	if err != nil {
		return integration.Connection{}, fmt.Errorf("address of the till: %w", err)
	}
	secrets, err := stage.SealSecrets(ctx, a.vault, demoTenant, map[string]string{
		"ident": mpluskassa.DefaultIdent, "secret": mpluskassa.DefaultSecret})
	return integration.Connection{Tenant: demoTenant, ID: demoSource, System: "mpluskassa", Title: "MplusKASSA", Prefix: prefix,
		Settings: map[string]string{"host": u.Hostname(), "port": u.Port(), "tls": "false", "pageSize": "200"}, Secrets: secrets}, err
}

func (a *app) targetConnection(ctx context.Context, s setup) (integration.Connection, error) {
	secrets, err := stage.SealSecrets(ctx, a.vault, demoTenant, map[string]string{"token": afas.DefaultToken})
	c := integration.Connection{Tenant: demoTenant, ID: demoTarget, System: "afas", Title: "AFAS", Secrets: secrets,
		Settings: map[string]string{"environment": "12345", "type": "test", "baseURL": s.target}}
	if s.quick {
		c.Settings["lateEffect"], c.Settings["timeout"] = "15s", "10s"
		c.Backoff = 0.01
	}
	return c, err
}

func ordersFlow(s setup) integration.Flow {
	return integration.Flow{Tenant: demoTenant, ID: demoFlow, Integration: demoIntegration, Kind: model.Orders,
		Source: demoSource, Target: demoTarget, Status: integration.Active, Schedule: integration.Schedule{Every: s.every}, Version: 1,
		Options: map[string]string{"administration": administration, "controlAccount": controlAccount, "paymentTerms": paymentTerms,
			"warehouse": "01"},
		Orders: &integration.OrderRules{OnlyPaid: true, CustomerKey: integration.ByEmail, DefaultDebtor: counterDebtor,
			ShippingSKU: shippingItem, ShippingArticles: []string{shippingArticle()}, RoundingSKU: roundingItem}}
}

// shippingArticle is the code under which the till sells shipping.
func shippingArticle() string {
	return fmt.Sprint(shopdata.Generate(shopdata.Options{}).Shipping.Number)
}

// afasSeed is the target as its owner prepared it: every article of the shop, but none that only the till knows.
func afasSeed(shop *shopdata.Shop) afas.Seed {
	seed := afas.Seed{}
	for _, a := range shop.Articles {
		if a.Number == shop.Shipping.Number {
			continue
		}
		seed.Items = append(seed.Items, afas.SeedItem{Code: fmt.Sprint(a.Number), Description: a.Description, Unit: a.Unit,
			VatGroup: vatGroup(a.VATRate), Price: shopdata.ExclOf(a.Price, a.VATRate), Barcode: a.EAN})
	}
	return seed
}
