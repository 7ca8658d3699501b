package afas

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"apicenter/shared/connector"
	"apicenter/shared/connector/internal/jsonhttp"
	"apicenter/shared/fault"
	"apicenter/shared/model"
)

const (
	stepVerify = "test connection"
	// tokenWarning is how long before its end a token is spoken of.
	tokenWarning = 30 * 24 * time.Hour
)

// offered is what an app connector shows of itself.
type offered struct {
	UpdateConnectors []named `json:"updateConnectors"`
	GetConnectors    []named `json:"getConnectors"`
	Info             struct {
		EnvID       string  `json:"envid"`
		AppName     string  `json:"appName"`
		TokenExpiry *string `json:"tokenExpiry"`
	} `json:"info"`
}

type named struct {
	ID string `json:"id"`
}

func (o *offered) get(name string) bool    { return contains(o.GetConnectors, name) }
func (o *offered) update(name string) bool { return contains(o.UpdateConnectors, name) }

func contains(list []named, name string) bool {
	return slices.ContainsFunc(list, func(n named) bool { return strings.EqualFold(n.ID, name) })
}

// Verify implements connector.Session: one call proves host, token and address and tells what the app connector offers; one
// more for each look-up proves its columns.
func (s *session) Verify(ctx context.Context) (connector.Report, error) {
	o, err := s.offered(ctx)
	if err != nil {
		return connector.Report{}, fault.As(err).WithStep(stepVerify)
	}
	if f := s.checkEnvironment(o.Info.EnvID); f != nil {
		return connector.Report{}, f
	}
	var missing, optional []string
	for _, name := range []string{"FbSales", "KnSalesRelationOrg", "KnSalesRelationPer"} {
		if !o.update(name) {
			missing = append(missing, name)
		}
	}
	for _, src := range []source{s.o.orders, s.o.debtors, s.o.items} {
		if !o.get(src.connector) {
			missing = append(missing, src.connector)
		}
	}
	for _, name := range []string{"FbDirectInvoice", "FiEntries"} {
		if !o.update(name) {
			optional = append(optional, name)
		}
	}
	for _, src := range []source{s.o.transactions, s.o.administrations, s.o.accounts, s.o.conditions, s.o.vatGroups} {
		if !o.get(src.connector) {
			optional = append(optional, src.connector)
		}
	}
	if len(missing) > 0 {
		return connector.Report{}, &fault.Error{Class: fault.Pause, Step: stepVerify,
			Message: "these connectors are not on the app connector: " + strings.Join(missing, ", "),
			Advice:  "Put them on the app connector in AFAS; names must be spelled exactly so, or named in the settings as AFAS spells them."}
	}
	problems, err := s.checkColumns(ctx, o, "orders", "debtors", "items")
	if err != nil {
		return connector.Report{}, fault.As(err).WithStep(stepVerify)
	}
	if len(problems) > 0 {
		return connector.Report{}, &fault.Error{Class: fault.Pause, Step: stepVerify, Message: strings.Join(problems, "; "),
			Advice: "Add the columns in AFAS, or name yours in the settings of the connection."}
	}
	report := connector.Report{Summary: fmt.Sprintf("AFAS Profit, environment %s, app connector %q", o.Info.EnvID, o.Info.AppName)}
	if len(optional) > 0 {
		report.Warnings = append(report.Warnings, "Not on the app connector, so what needs them will not work: "+strings.Join(optional, ", "))
	}
	if o.Info.TokenExpiry != nil {
		report.Warnings = append(report.Warnings, s.tokenWarnings(*o.Info.TokenExpiry)...)
	}
	if o.update("FiEntries") {
		// Only who books financial mutations needs this one, so it stops nobody.
		problems, err := s.checkColumns(ctx, o, "transactions")
		if err != nil {
			return connector.Report{}, fault.As(err).WithStep(stepVerify)
		}
		report.Warnings = append(report.Warnings, problems...)
	}
	if o.get(s.o.vatGroups.connector) {
		report.Warnings = append(report.Warnings, s.vatWarnings(ctx)...)
	}
	return report, nil
}

func (s *session) offered(ctx context.Context) (*offered, error) {
	x, err := s.client.Do(ctx, jsonhttp.Request{Method: "GET", Path: "/metainfo"})
	if err != nil {
		return nil, err
	}
	var o offered
	if err := jsonhttp.Decode(x.Answer, &o); err != nil {
		return nil, &fault.Error{Class: fault.Retry, Connection: true, Err: err, Message: "what answers at this address does not speak like AFAS",
			Advice: "Check the environment number and type."}
	}
	return &o, nil
}

// checkEnvironment compares the environment the token opens with the one the settings name, so that trials never reach
// production.
func (s *session) checkEnvironment(id string) *fault.Error {
	if id == "" {
		return nil
	}
	letters := map[byte]string{'O': typeProduction, 'T': typeTest, 'A': typeAccept}
	kind, known := letters[strings.ToUpper(id)[0]]
	if known && kind != s.o.kind {
		return &fault.Error{Class: fault.Pause, Step: stepVerify, Field: "type",
			Message: fmt.Sprintf("the token opens %s, a %s environment, and the settings say %s", id, kind, s.o.kind),
			Advice:  "Correct the environment type, or use a token of the other environment."}
	}
	if m := fiveDigits.FindStringSubmatch(id); m != nil && m[1] != s.o.environment {
		return &fault.Error{Class: fault.Pause, Step: stepVerify, Field: "environment",
			Message: fmt.Sprintf("the token opens %s, and the settings say %s", id, s.o.environment),
			Advice:  "Correct the environment number, or use a token of the other environment."}
	}
	return nil
}

// checkColumns proves that look-ups have the columns they are asked for; it returns a sentence for each that has not.
func (s *session) checkColumns(ctx context.Context, o *offered, settings ...string) ([]string, error) {
	var problems []string
	for _, spec := range sources(&s.o) {
		src := *spec.into
		if !slices.Contains(settings, spec.setting) || !o.get(src.connector) {
			continue
		}
		x, err := s.client.Do(ctx, jsonhttp.Request{Method: "GET", Path: "/metainfo/get/" + escape(src.connector)})
		if err != nil {
			return nil, err
		}
		var d struct {
			Fields []named `json:"fields"`
		}
		if err := jsonhttp.Decode(x.Answer, &d); err != nil {
			return nil, &fault.Error{Class: fault.Retry, Err: err, Message: "the description of " + src.connector + " cannot be read",
				Advice: "Test the connection again."}
		}
		var lacking []string
		for _, ours := range spec.columns {
			if theirs := src.columns[ours]; theirs != "" && !contains(d.Fields, theirs) {
				lacking = append(lacking, theirs)
			}
		}
		if len(lacking) > 0 {
			problems = append(problems, src.connector+" has no column "+strings.Join(lacking, ", "))
		}
	}
	return problems, nil
}

func (s *session) tokenWarnings(expiry string) []string {
	if expiry = strings.TrimSpace(expiry); expiry == "" {
		return nil
	}
	for _, layout := range []string{"2006-01-02T15:04:05", time.DateOnly, "02-01-2006"} {
		end, err := time.ParseInLocation(layout, strings.TrimSuffix(expiry, "Z"), s.zone)
		if err != nil {
			continue
		}
		switch left := end.Sub(s.now()); {
		case left <= 0:
			return []string{"The token has expired on " + end.Format(time.DateOnly) + ": generate a new one in the app connector."}
		case left <= tokenWarning:
			return []string{"The token expires on " + end.Format(time.DateOnly) + ": generate a new one before that day."}
		}
		return nil
	}
	return []string{"The token expires: " + shorten(expiry, 40) + "."}
}

// vatWarnings compares the environment's VAT tariff groups with the value table of the default mapping.
func (s *session) vatWarnings(ctx context.Context) []string {
	rows, err := s.rows(ctx, s.o.vatGroups, "take=1000&orderbyfieldids="+escape(s.o.vatGroups.columns["VatGroup"]))
	if err != nil {
		return []string{"The VAT tariff groups could not be read, so the value table \"vat\" was not checked."}
	}
	var out []string
	expected := map[string]string{"1": "21", "2": "9", "3": "0"} // as the table in orders.send.yaml
	for _, r := range rows {
		group := r.text(s.o.vatGroups.columns["VatGroup"])
		rate := r.decimal(s.o.vatGroups.columns["VatPerc"])
		want, ok := expected[group]
		if !ok || rate == nil || rateText(*rate) == want {
			continue
		}
		out = append(out, fmt.Sprintf("VAT tariff group %s is %s %% in this environment, and the default mapping uses it for %s %%: adapt the value table \"vat\" of the mapping.",
			group, rateText(*rate), want))
	}
	return out
}

// VerifyFlow checks the settings of a flow against the environment: whether administration, control account and payment
// terms exist. What the app connector does not let us look up is a warning.
func (s *session) VerifyFlow(ctx context.Context, kind model.Kind, settings map[string]string) (connector.Report, error) {
	declared := Connector.Target[kind].Settings
	values, err := connector.Values(declared, settings)
	if err != nil {
		return connector.Report{}, err
	}
	o, err := s.offered(ctx)
	if err != nil {
		return connector.Report{}, fault.As(err).WithStep(stepVerify)
	}
	var report connector.Report
	var problems []connector.Problem
	for _, check := range []struct {
		setting, what string
		src           source
		column        string
		also          func(row) string
	}{
		{setting: "administration", what: "administration", src: s.o.administrations, column: "AdminId"},
		{setting: "paymentTerms", what: "payment condition", src: s.o.conditions, column: "Code"},
		{setting: "controlAccount", what: "ledger account", src: s.o.accounts, column: "Account", also: func(r row) string {
			if r.value(s.o.accounts.columns["CollectAccount"]) != nil && !r.yes(s.o.accounts.columns["CollectAccount"]) {
				return "is not marked as a collective account in AFAS, which a control account must be"
			}
			return ""
		}},
	} {
		value, ok := values[check.setting]
		if !ok {
			continue
		}
		if !o.get(check.src.connector) {
			report.Warnings = append(report.Warnings, fmt.Sprintf("%s is not on the app connector, so the %s could not be checked.", check.src.connector, check.what))
			continue
		}
		column := check.src.columns[check.column]
		rows, failed, err := s.lookup(ctx, check.src, []string{column}, []string{value}, column)
		if err == nil {
			err = failed[value]
		}
		if err != nil {
			return connector.Report{}, fault.As(err).WithStep(stepVerify)
		}
		i := slices.IndexFunc(rows, func(r row) bool { return strings.EqualFold(r.text(column), value) })
		if i < 0 {
			problems = append(problems, connector.Problem{Setting: check.setting, Message: fmt.Sprintf("AFAS has no %s %s", check.what, value)})
		} else if check.also != nil {
			if message := check.also(rows[i]); message != "" {
				problems = append(problems, connector.Problem{Setting: check.setting, Message: fmt.Sprintf("the %s %s %s", check.what, value, message)})
			}
		}
	}
	report.Summary = "The settings agree with AFAS."
	return report, connector.SettingsError(problems)
}
