package sqlitestore

import (
	"context"
	"fmt"
	"time"

	"apicenter/shared/sqlitefile"
	"apicenter/shared/store"
)

const incidentColumns = `tenant, id, subject, problem, opened, closed`

const (
	openIncident = `INSERT INTO incidents (` + incidentColumns + `) VALUES (?, ?, ?, ?, ?, 0)
		ON CONFLICT (tenant, subject) WHERE closed = 0 DO NOTHING`
	closeIncident = `UPDATE incidents SET closed = ? WHERE tenant = ? AND subject = ? AND closed = 0`
	allIncidents  = `SELECT ` + incidentColumns + ` FROM incidents WHERE tenant = ? ORDER BY id DESC LIMIT ? + 0`
	openIncidents = `SELECT ` + incidentColumns + ` FROM incidents INDEXED BY incidents_open
		WHERE tenant = ? AND closed = 0 ORDER BY id DESC LIMIT ? + 0`
)

// OpenIncident implements store.Incidents.
func (s *Store) OpenIncident(ctx context.Context, i store.Incident) (opened bool, err error) {
	problem, err := problemText(i.Problem)
	if err != nil {
		return false, fmt.Errorf("incident of %s: %w", i.Subject, err)
	}
	err = s.file.Write(ctx, func(tx *sqlitefile.Tx) error {
		n, err := tx.Exec(openIncident, i.Tenant, i.ID, i.Subject, problem, nanos(i.Opened))
		opened = n == 1
		return err
	})
	if err != nil {
		return false, fmt.Errorf("incident of %s: %w", i.Subject, err)
	}
	return opened, nil
}

// CloseIncident implements store.Incidents.
func (s *Store) CloseIncident(ctx context.Context, tenant, subject string, at time.Time) (closed bool, err error) {
	err = s.file.Write(ctx, func(tx *sqlitefile.Tx) error {
		n, err := tx.Exec(closeIncident, nanos(at), tenant, subject)
		closed = n == 1
		return err
	})
	if err != nil {
		return false, fmt.Errorf("incident of %s: %w", subject, err)
	}
	return closed, nil
}

// Incidents implements store.Incidents.
func (s *Store) Incidents(ctx context.Context, tenant string, onlyOpen bool, limit int) (list []store.Incident, err error) {
	query := allIncidents
	if onlyOpen {
		query = openIncidents
	}
	err = s.file.Read(ctx, func(tx *sqlitefile.Tx) error {
		rows, err := tx.Query(query, tenant, limit)
		list, err = scanAll(rows, err, scanIncident)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("listing incidents: %w", err)
	}
	return list, nil
}

func scanIncident(row scanner) (i store.Incident, err error) {
	var problem string
	var opened, closed int64
	if err := row.Scan(&i.Tenant, &i.ID, &i.Subject, &problem, &opened, &closed); err != nil {
		return i, err
	}
	i.Opened, i.Closed = instant(opened), instant(closed)
	i.Problem, err = problemOf(problem)
	return i, err
}
