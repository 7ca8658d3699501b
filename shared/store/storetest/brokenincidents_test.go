package storetest

import (
	"context"
	"errors"
	"time"

	"apicenter/shared/store"
)

func brokenIncidents() []breakage {
	return []breakage{
		breakStore("incidents", "opens a second", "a subject has one open incident", func(a adapter) store.Store { return opensSecond{a} }),
		breakStore("incidents", "everyone opened it", "of many that open at once exactly one does", func(a adapter) store.Store { return everyoneOpens{a} }),
		breakStore("incidents", "always closed", "closing tells whether one was open", func(a adapter) store.Store { return alwaysClosed{a} }),
		breakStore("incidents", "closed ones listed as open", "a closed subject can have an incident again", func(a adapter) store.Store { return listsClosed{a} }),
		breakStore("incidents", "limit before open", "incidents are listed newest first, as many as asked for", func(a adapter) store.Store { return limitsFirst{a} }),
	}
}

type opensSecond struct{ adapter }

func (b opensSecond) OpenIncident(ctx context.Context, i store.Incident) (bool, error) {
	if _, err := b.CloseIncident(ctx, i.Tenant, i.Subject, i.Opened); err != nil {
		return false, err
	}
	return b.Store.OpenIncident(ctx, i)
}

type everyoneOpens struct{ adapter }

func (b everyoneOpens) OpenIncident(ctx context.Context, i store.Incident) (bool, error) {
	open, err := b.Incidents(ctx, i.Tenant, true, 1000)
	if err != nil {
		return false, err
	}
	for _, o := range open {
		if o.Subject == i.Subject {
			return false, nil
		}
	}
	err = b.gap(ctx)
	_, again := b.Store.OpenIncident(ctx, i)
	return true, errors.Join(err, again)
}

type alwaysClosed struct{ adapter }

func (b alwaysClosed) CloseIncident(ctx context.Context, tenant, subject string, at time.Time) (bool, error) {
	_, err := b.Store.CloseIncident(ctx, tenant, subject, at)
	return true, err
}

type listsClosed struct{ adapter }

func (b listsClosed) Incidents(ctx context.Context, tenant string, _ bool, limit int) ([]store.Incident, error) {
	return b.Store.Incidents(ctx, tenant, false, limit)
}

// limitsFirst takes the newest and then leaves out the closed ones, as a filtered page of a database does.
type limitsFirst struct{ adapter }

func (b limitsFirst) Incidents(ctx context.Context, tenant string, onlyOpen bool, limit int) (list []store.Incident, err error) {
	all, err := b.Store.Incidents(ctx, tenant, false, limit)
	for _, i := range all {
		if !onlyOpen || i.Closed.IsZero() {
			list = append(list, i)
		}
	}
	return list, err
}
