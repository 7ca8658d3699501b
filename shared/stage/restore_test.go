package stage_test

import (
	"fmt"
	"strings"
	"testing"

	"apicenter/shared/connector"
	"apicenter/shared/sqlitefile"
)

// forget empties a table, as one that was restored to a time before the first order.
func (r *rig) forget(table string) {
	r.Helper()
	err := r.file.Write(r.Context(), func(tx *sqlitefile.Tx) error {
		_, err := tx.Exec("DELETE FROM " + table)
		return err
	})
	if err != nil {
		r.Fatal(err)
	}
}

// A table that was lost and restored as it was some time ago loses nothing and doubles nothing: what the ledger no longer
// knows is asked of the target, what the positions no longer know is read again, and failures come back by a full pass.
func TestRestoredTables(t *testing.T) {
	for _, lost := range [][]string{{"ledger"}, {"positions"}, {"failures"}, {"chunks", "runs", "hours"}, {"ledger", "positions", "failures", "loads"}} {
		t.Run(strings.Join(lost, " and "), func(t *testing.T) {
			r := newRig(t)
			for i := range 40 {
				r.source.add(&sale{email: fmt.Sprintf("klant%d@proef.example", i%7)})
			}
			bad := r.source.add(&sale{}) // without a customer: an open failure
			r.run()
			r.once(bad.number)
			for _, table := range lost {
				r.forget(table)
			}
			for range 5 {
				r.source.add(&sale{email: "klant1@proef.example"})
			}
			if err := r.desk.RunNow(t.Context(), tenant, flowID, connector.Full); err != nil {
				t.Fatal(err)
			}
			r.run()
			r.once(bad.number)
			if _, open := r.failures()[bad.number]; !open {
				t.Error("the order that was an open failure is none any more")
			}
		})
	}
}
