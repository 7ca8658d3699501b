package dynamostore

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"apicenter/shared/store"
)

// An open incident is two rows, incident#… by its id and open#… by its subject; of a closed one the first is left.

// OpenIncident implements store.Incidents. Opening the same one again, after a reply was lost, tells again that it opened.
func (s *Store) OpenIncident(ctx context.Context, i store.Incident) (opened bool, err error) {
	i.Closed = time.Time{}
	doc, err := document(i)
	if err != nil {
		return false, fmt.Errorf("incident of %s: %w", i.Subject, err)
	}
	row := func(what, id string) item {
		return set(s.ofTenant(i.Tenant, what, id), item{"document": doc, "incident": text(i.ID)})
	}
	reasons, err := s.transact(ctx, []types.TransactWriteItem{
		putting(s.tables.Config, row("open", part(i.Subject)), "attribute_not_exists(#pk) OR #incident = :id", item{":id": text(i.ID)}),
		putting(s.tables.Config, row("incident", i.ID), "attribute_not_exists(#closed)", nil)})
	if err != nil {
		return false, fmt.Errorf("incident of %s: %w", i.Subject, err)
	}
	return reasons == nil, nil
}

// CloseIncident implements store.Incidents.
func (s *Store) CloseIncident(ctx context.Context, tenant, subject string, at time.Time) (closed bool, err error) {
	key := s.ofTenant(tenant, "open", part(subject))
	row, err := s.get(ctx, s.tables.Config, key)
	if err != nil {
		return false, fmt.Errorf("incident of %s: %w", subject, err)
	}
	if row == nil {
		return false, nil
	}
	r := reader{row: row}
	id := r.text("incident")
	if r.err != nil {
		return false, fmt.Errorf("incident of %s: %w", subject, r.err)
	}
	reasons, err := s.transact(ctx, []types.TransactWriteItem{
		removing(s.tables.Config, key, "#incident = :id", item{":id": text(id)}),
		changing(s.tables.Config, s.ofTenant(tenant, "incident", id), "SET #closed = :at", "", item{":at": moment(at)})})
	if err != nil {
		return false, fmt.Errorf("incident of %s: %w", subject, err)
	}
	return reasons == nil, nil // otherwise another closed it
}

// Incidents implements store.Incidents.
func (s *Store) Incidents(ctx context.Context, tenant string, onlyOpen bool, limit int) (list []store.Incident, err error) {
	q := s.listOf(tenant, "incident")
	q.backward, q.limit = true, limit
	if onlyOpen {
		q = s.listOf(tenant, "open") // as many as there are subjects: few
	}
	err = q.each(ctx, s, func(row item) (bool, error) {
		i, err := incidentOf(row)
		list = append(list, i)
		return onlyOpen || len(list) < limit, err
	})
	if err != nil {
		return nil, fmt.Errorf("listing incidents: %w", err)
	}
	slices.SortFunc(list, func(a, b store.Incident) int { return strings.Compare(b.ID, a.ID) })
	return list[:min(len(list), limit)], nil
}

func incidentOf(row item) (i store.Incident, err error) {
	r := reader{row: row}
	r.document("document", &i)
	i.Closed = r.moment("closed")
	return i, r.err
}
