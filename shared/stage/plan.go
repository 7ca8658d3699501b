package stage

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"apicenter/shared/connector"
	"apicenter/shared/fault"
	"apicenter/shared/integration"
	"apicenter/shared/mapping"
	"apicenter/shared/model"
	"apicenter/shared/store"
)

// Plan is a flow put together: its two connections, its settings with defaults, its mappings compiled.
type Plan struct {
	Flow   integration.Flow
	Source integration.Connection
	Target integration.Connection
	// GetSettings and SendSettings are what mappings see as settings: connection and flow settings of their side, no secrets.
	GetSettings, SendSettings map[string]string
	Get, Send                 *mapping.Program
	// Customer makes the document of the customer an order belongs to; nil for other kinds.
	Customer *mapping.Program
	// Filter is nil when the flow has none.
	Filter *mapping.Filter
	// Type is the order type documents get.
	Type string
}

// Plans puts flows together and keeps the result while nothing it was made from changes. It is safe for concurrent use.
type Plans struct {
	Flows       store.Flows
	Connections store.Connections
	// Connector returns the connector of a system.
	Connector func(system string) (connector.Connector, bool)

	mu   sync.Mutex
	kept map[store.ConnectionRef]*Plan // by tenant and flow
}

// Plan returns the plan of a flow. A flow that does not exist is store.ErrNotFound; one that does not compile is a
// fault of class Reject that lists everything wrong: its records wait for the mapping or the settings to be mended.
func (p *Plans) Plan(ctx context.Context, tenant, id string) (*Plan, error) {
	flow, err := p.Flows.Flow(ctx, tenant, id)
	if err != nil {
		return nil, fmt.Errorf("flow %s: %w", id, err)
	}
	source, err := p.Connections.Connection(ctx, tenant, flow.Source)
	if err != nil {
		return nil, fmt.Errorf("source of flow %s: %w", id, err)
	}
	target, err := p.Connections.Connection(ctx, tenant, flow.Target)
	if err != nil {
		return nil, fmt.Errorf("target of flow %s: %w", id, err)
	}
	key := store.ConnectionRef{Tenant: tenant, ID: id}
	p.mu.Lock()
	kept := p.kept[key]
	p.mu.Unlock()
	if kept != nil && kept.Flow.Version == flow.Version && sameSettings(kept.Source, source) && sameSettings(kept.Target, target) {
		return kept, nil
	}
	made, err := p.compile(flow, source, target)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	if p.kept == nil {
		p.kept = map[store.ConnectionRef]*Plan{}
	}
	p.kept[key] = made
	p.mu.Unlock()
	return made, nil
}

// Check compiles a flow without keeping or storing anything: what saving it would complain about.
func (p *Plans) Check(flow integration.Flow, source, target integration.Connection) error {
	_, err := p.compile(flow, source, target)
	return err
}

func (p *Plans) compile(flow integration.Flow, source, target integration.Connection) (*Plan, error) {
	from, to, err := p.sides(flow, source, target)
	if err != nil {
		return nil, err
	}
	plan := &Plan{Flow: flow, Source: source, Target: target}
	get, send := from.Source[flow.Kind], to.Target[flow.Kind]
	customers := to.Target[model.Customers]
	sendSettings := slices.Clone(send.Settings)
	if flow.Kind == model.Orders {
		sendSettings = union(sendSettings, customers.Settings)
	}
	if plan.GetSettings, plan.SendSettings, err = settings(flow, source, target, from, to, get.Settings, sendSettings); err != nil {
		return nil, err
	}
	getNames, sendNames := names(from.Settings, get.Settings), names(to.Settings, sendSettings)
	var failed []error
	compile := func(title, text string, fallback []byte, o mapping.Options) *mapping.Program {
		if text == "" {
			text = string(fallback)
		}
		program, err := mapping.Compile(mapping.File{Name: title, Text: []byte(text)}, o)
		if err != nil {
			failed = append(failed, err)
		}
		return program
	}
	data := model.Fields(flow.Kind)
	plan.Get = compile(title(from, flow.Kind, "get"), flow.GetMapping, get.Mapping,
		mapping.Options{Input: get.Fields, Output: data, Settings: getNames})
	plan.Send = compile(title(to, flow.Kind, "send"), flow.SendMapping, send.Mapping,
		mapping.Options{Input: data, Output: send.Fields, Settings: sendNames})
	if flow.Kind == model.Orders {
		plan.Customer = compile(title(to, model.Customers, "send"), flow.CustomerMapping, customers.Mapping,
			mapping.Options{Input: model.Fields(model.Customers), Output: customers.Fields, Settings: sendNames})
		if plan.Type, err = orderType(flow, send); err != nil {
			failed = append(failed, err)
		}
	}
	if flow.Filter != "" {
		if plan.Filter, err = mapping.CompileFilter("filter", flow.Filter, mapping.Options{Input: data, Settings: getNames}); err != nil {
			failed = append(failed, err)
		}
	}
	if err := errors.Join(failed...); err != nil {
		return nil, &fault.Error{Class: fault.Reject, Step: "read mapping", Message: err.Error(), Cause: "flow:" + flow.ID,
			Advice: "Correct the mapping or go back to the default; the records wait until then.", Err: err}
	}
	return plan, nil
}

func (p *Plans) sides(flow integration.Flow, source, target integration.Connection) (from, to connector.Connector, err error) {
	from, ok := p.Connector(source.System)
	if !ok {
		return from, to, fault.New(fault.Reject, "the system %q is not known to this release", source.System)
	}
	if to, ok = p.Connector(target.System); !ok {
		return from, to, fault.New(fault.Reject, "the system %q is not known to this release", target.System)
	}
	if _, ok := from.Source[flow.Kind]; !ok {
		return from, to, fault.New(fault.Reject, "%s cannot be read for %s", from.Title, flow.Kind)
	}
	if _, ok := to.Target[flow.Kind]; !ok {
		return from, to, fault.New(fault.Reject, "%s cannot be written with %s", to.Title, flow.Kind)
	}
	return from, to, nil
}

func title(c connector.Connector, k model.Kind, side string) string {
	return c.Name + " " + string(k) + " " + side
}

// settings splits a flow's options between the two sides, checks them, and joins each with its connection's settings.
func settings(flow integration.Flow, source, target integration.Connection, from, to connector.Connector,
	get, send []connector.Setting,
) (getValues, sendValues map[string]string, err error) {
	pick := func(declared []connector.Setting) map[string]string {
		out := map[string]string{}
		for _, s := range declared {
			if v, ok := flow.Options[s.Name]; ok {
				out[s.Name] = v
			}
		}
		return out
	}
	var problems []error
	side := func(c integration.Connection, system connector.Connector, declared []connector.Setting) map[string]string {
		// A connection's own settings are checked when it is opened; here they only lend their values and defaults.
		out := map[string]string{}
		for _, s := range system.Settings {
			if s.Secret {
				continue
			}
			if out[s.Name] = s.Default; c.Settings[s.Name] != "" {
				out[s.Name] = c.Settings[s.Name]
			}
		}
		values, err := connector.Values(declared, pick(declared))
		if err != nil {
			problems = append(problems, err)
		}
		for _, s := range declared {
			delete(out, s.Name) // a flow setting hides a connection setting of the same name, also when it is empty
		}
		maps.Copy(out, values)
		return out
	}
	getValues, sendValues = side(source, from, get), side(target, to, send)
	var unknown []connector.Problem
	for name := range flow.Options {
		if !declares(get, name) && !declares(send, name) {
			unknown = append(unknown, connector.Problem{Setting: name, Message: fmt.Sprintf("there is no setting %q", name)})
		}
	}
	if err := connector.SettingsError(unknown); err != nil {
		problems = append(problems, err)
	}
	return getValues, sendValues, errors.Join(problems...)
}

func declares(list []connector.Setting, name string) bool {
	return slices.ContainsFunc(list, func(s connector.Setting) bool { return s.Name == name })
}

func union(a, b []connector.Setting) []connector.Setting {
	for _, s := range b {
		if !declares(a, s.Name) {
			a = append(a, s)
		}
	}
	return a
}

func names(lists ...[]connector.Setting) []string {
	var out []string
	for _, list := range lists {
		for _, s := range list {
			if !s.Secret && !slices.Contains(out, s.Name) {
				out = append(out, s.Name)
			}
		}
	}
	return out
}

func orderType(flow integration.Flow, send connector.Target) (string, error) {
	wanted := ""
	if flow.Orders != nil {
		wanted = flow.Orders.Type
	}
	if len(send.Types) == 0 {
		return wanted, nil
	}
	if wanted == "" {
		return send.Types[0], nil
	}
	if !slices.Contains(send.Types, wanted) {
		return "", fault.New(fault.Reject, "orders cannot be sent as %q; choose one of %v", wanted, send.Types)
	}
	return wanted, nil
}
