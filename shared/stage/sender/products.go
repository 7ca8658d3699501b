package sender

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"apicenter/shared/connector"
	"apicenter/shared/fault"
	"apicenter/shared/integration"
	"apicenter/shared/model"
)

// Known remembers which articles targets know, for a while: articles appear and disappear rarely, orders name them all day.
// It is safe for concurrent use.
type Known struct {
	// Now is the clock.
	Now func() time.Time

	mu    sync.Mutex
	known map[article]knownArticle
}

type knownArticle struct {
	until time.Time
	unit  string
}

type article struct{ tenant, connection, sku string }

const (
	// knownLife is how long an article that was found counts as known.
	knownLife = 10 * time.Minute
	// knownMost bounds the memory; when it is reached everything is asked again.
	knownMost = 200_000
)

// unknown returns the codes not known, each once, in order.
func (k *Known) unknown(tenant, connection string, skus []string) []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := k.Now()
	var out []string
	for _, sku := range skus {
		if !k.known[article{tenant, connection, sku}].until.After(now) && !slices.Contains(out, sku) {
			out = append(out, sku)
		}
	}
	return out
}

func (k *Known) add(tenant, connection string, units map[string]string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.known == nil || len(k.known) > knownMost {
		k.known = map[article]knownArticle{}
	}
	until := k.Now().Add(knownLife)
	for sku, unit := range units {
		k.known[article{tenant, connection, sku}] = knownArticle{until: until, unit: unit}
	}
}

// unit returns the unit the target keeps an article in, "" when it is not known.
func (k *Known) unit(tenant, connection, sku string) string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.known[article{tenant, connection, sku}].unit
}

// products checks that the target knows every article, and returns the orders that can be written. What it does not know
// rejects the order or is replaced by the placeholder, as the flow says.
func (l *lane) products(list []*order) []*order {
	rules := l.flow.Orders
	field := l.session.Connector.Target[model.Orders].Lines
	if field.List == "" {
		return list // a target without articles
	}
	var skus []string
	for _, o := range list {
		for _, line := range o.record.Lines {
			skus = append(skus, line.SKU)
		}
	}
	if rules.MissingProduct == integration.MissingPlaceholder {
		skus = append(skus, rules.Placeholder)
	}
	missing, problem := l.missing(skus)
	if problem != nil {
		for _, o := range list {
			l.failed(o.item, problem)
		}
		return nil
	}
	ready := list[:0:0]
	for _, o := range list {
		if problem := l.place(o, missing, field); problem != nil {
			l.failed(o.item, problem)
			continue
		}
		ready = append(ready, o)
	}
	return ready
}

// missing returns the articles the target does not have, or has blocked, with the sentence that says so.
func (l *lane) missing(skus []string) (map[string]string, *fault.Error) {
	ask := l.Products.unknown(l.header.Tenant, l.header.Connection, skus)
	if len(ask) == 0 {
		return nil, nil
	}
	queries := make([]connector.Query, len(ask))
	for i, sku := range ask {
		queries[i] = connector.Query{Key: sku}
	}
	found, problem := l.find("find articles", model.Products, queries)
	if problem != nil {
		return nil, problem
	}
	missing := map[string]string{}
	known := map[string]string{}
	for i, sku := range ask {
		usable := slices.IndexFunc(found[i].Matches, func(m connector.Match) bool { return !m.Blocked })
		switch {
		case found[i].Err != nil:
			return nil, fault.As(found[i].Err).WithStep("find articles")
		case usable >= 0:
			known[sku] = found[i].Matches[usable].Unit
		case len(found[i].Matches) > 0:
			missing[sku] = "is blocked"
		default:
			missing[sku] = "does not exist"
		}
	}
	l.Products.add(l.header.Tenant, l.header.Connection, known)
	return missing, nil
}

// place checks the lines of one order against what is missing.
func (l *lane) place(o *order, missing map[string]string, field connector.LineFields) *fault.Error {
	rules := l.flow.Orders
	for i, line := range o.record.Lines {
		why, bad := missing[line.SKU]
		if !bad {
			if line.Unit == "" {
				// The source does not say by what it sells; the target knows what it keeps the article in.
				field.SetUnit(o.fields, line.SKU, l.Products.unit(l.header.Tenant, l.header.Connection, line.SKU))
			}
			continue
		}
		title := l.session.Connection.Title
		if _, gone := missing[rules.Placeholder]; rules.MissingProduct == integration.MissingPlaceholder && !gone && rules.Placeholder != "" {
			if field.Replace(o.fields, line.SKU, rules.Placeholder) {
				field.SetUnit(o.fields, rules.Placeholder, l.Products.unit(l.header.Tenant, l.header.Connection, rules.Placeholder))
				o.warnings = append(o.warnings, fmt.Sprintf("article %s %s in %s; the placeholder %s was used instead", line.SKU, why, title, rules.Placeholder))
				continue
			}
		}
		return &fault.Error{Class: fault.Reject, Step: "find articles", Field: fmt.Sprintf("lines[%d].sku", i), Cause: "product:" + line.SKU,
			Message: fmt.Sprintf("article %s (%s) %s in %s", line.SKU, line.Description, why, title),
			Advice:  fmt.Sprintf("Create the article in %s under exactly this code and retry, or choose a placeholder article in the flow's settings.", title)}
	}
	return nil
}
