// Package exam is what the platform is examined with: a demo tenant whose till sells to an AFAS, and what a careful person who
// knows the shop would find in that AFAS afterwards.
//
// The local runner's demo and the test of the deployed functions set both up alike and compare alike. The expectation comes
// from the generator of the shop alone; nothing of the pipeline helps to work it out. Running anything is left to them.
package exam

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"apicenter/infra/sandbox/afas"
	"apicenter/infra/sandbox/mpluskassa"
	"apicenter/infra/sandbox/shopdata"
	"apicenter/shared/integration"
	"apicenter/shared/message"
	"apicenter/shared/model"
	"apicenter/shared/stage"
	"apicenter/shared/store"
)

// The ids of the demo tenant.
const (
	Tenant      = "demo"
	Source      = "till"
	Target      = "erp"
	Integration = "till-erp"
	Flow        = "orders"
)

// What the tenant's AFAS has beside the shop's articles, and what the tenant set.
const (
	ShippingItem   = "VERZEND"
	RoundingItem   = "AFRONDING"
	CounterDebtor  = "10999"
	Administration = "1"
	ControlAccount = "1300"
	PaymentTerms   = "14"
	Prefix         = "MP-"
)

// Setup is what varies in the demo tenant.
type Setup struct {
	Source, Target string // addresses of the sandboxes
	Every          time.Duration
	// Quick sets what the chaos demo needs to end in minutes: a short late effect and back-off, by the connection settings
	// that exist for it.
	Quick bool
	// Hook is the hash of the token of the orders flow's webhook; empty when it has none.
	Hook string
}

// Platform is where the tenant is stored.
type Platform struct {
	Store  store.Store
	Sealer message.Sealer
	// Plans check that the flow can be run before it is stored.
	Plans *stage.Plans
	Now   func() time.Time
}

// Create stores the demo tenant, or updates its connections to where the sandboxes are now.
func (p Platform) Create(ctx context.Context, s Setup) error {
	err := p.Store.PutTenant(ctx, integration.Tenant{ID: Tenant, Name: "Demo shop", Language: "en", Zone: "Europe/Amsterdam"})
	if err != nil {
		return err
	}
	source, err := p.sourceConnection(ctx, s)
	if err != nil {
		return err
	}
	target, err := p.targetConnection(ctx, s)
	if err != nil {
		return err
	}
	for _, c := range []integration.Connection{source, target} {
		if err := p.Store.PutConnection(ctx, c); err != nil {
			return err
		}
	}
	err = p.Store.PutIntegration(ctx, integration.Integration{Tenant: Tenant, ID: Integration,
		Title: "MplusKASSA – AFAS", A: Source, B: Target})
	if err != nil {
		return err
	}
	flow := ordersFlow(s)
	if old, err := p.Store.Flow(ctx, Tenant, Flow); err == nil {
		flow.Version, flow.Status = old.Version+1, old.Status
	}
	if err := p.Plans.Check(flow, source, target); err != nil {
		return err
	}
	return p.Store.PutFlow(ctx, flow, p.Now())
}

func (p Platform) sourceConnection(ctx context.Context, s Setup) (integration.Connection, error) {
	u, err := url.Parse(s.Source)
	if err != nil {
		return integration.Connection{}, fmt.Errorf("address of the till: %w", err)
	}
	secrets, err := stage.SealSecrets(ctx, p.Sealer, Tenant, map[string]string{
		"ident": mpluskassa.DefaultIdent, "secret": mpluskassa.DefaultSecret})
	return integration.Connection{Tenant: Tenant, ID: Source, System: "mpluskassa", Title: "MplusKASSA", Prefix: Prefix,
		Settings: map[string]string{"host": u.Hostname(), "port": u.Port(), "tls": "false", "pageSize": "200"}, Secrets: secrets}, err
}

func (p Platform) targetConnection(ctx context.Context, s Setup) (integration.Connection, error) {
	secrets, err := stage.SealSecrets(ctx, p.Sealer, Tenant, map[string]string{"token": afas.DefaultToken})
	c := integration.Connection{Tenant: Tenant, ID: Target, System: "afas", Title: "AFAS", Secrets: secrets,
		Settings: map[string]string{"environment": "12345", "type": "test", "baseURL": s.Target}}
	if s.Quick {
		c.Settings["lateEffect"], c.Settings["timeout"] = "15s", "10s"
		c.Backoff = 0.01
	}
	return c, err
}

func ordersFlow(s Setup) integration.Flow {
	return integration.Flow{Tenant: Tenant, ID: Flow, Integration: Integration, Kind: model.Orders,
		Source: Source, Target: Target, Status: integration.Active, Hook: s.Hook, Schedule: integration.Schedule{Every: s.Every}, Version: 1,
		Options: map[string]string{"administration": Administration, "controlAccount": ControlAccount, "paymentTerms": PaymentTerms,
			"warehouse": "01"},
		Orders: &integration.OrderRules{OnlyPaid: true, CustomerKey: integration.ByEmail, DefaultDebtor: CounterDebtor,
			ShippingSKU: ShippingItem, ShippingArticles: []string{shippingArticle()}, RoundingSKU: RoundingItem}}
}

// shippingArticle is the code under which the till sells shipping.
func shippingArticle() string {
	return fmt.Sprint(shopdata.Generate(shopdata.Options{}).Shipping.Number)
}

// Seed is the target as its owner prepared it: every article of the shop, but none that only the till knows.
func Seed(shop *shopdata.Shop) afas.Seed {
	seed := afas.Seed{}
	for _, a := range shop.Articles {
		if a.Number == shop.Shipping.Number {
			continue
		}
		seed.Items = append(seed.Items, afas.SeedItem{Code: fmt.Sprint(a.Number), Description: a.Description, Unit: a.Unit,
			VatGroup: VATGroup(a.VATRate), Price: shopdata.ExclOf(a.Price, a.VATRate), Barcode: a.EAN})
	}
	return seed
}
