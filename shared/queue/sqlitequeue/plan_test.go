package sqlitequeue

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"apicenter/shared/sqlitefile"
)

// What runs for every message must find its rows by an index in their order: a statement that reads or sorts a whole queue
// is fast in a test and stops the pipeline on the day the backlog comes.
func TestHotStatementsNeitherScanNorSort(t *testing.T) {
	f, err := sqlitefile.Open(filepath.Join(t.TempDir(), "queue.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := Open(t.Context(), f, time.Now, Options{}); err != nil {
		t.Fatal(err)
	}
	for text, parameters := range map[string]int{
		lookReady: 4, lookBehind: 4, giveOut: 3, lookDue: 3, minDue: 2, nextOfGroup: 3, selectBusy: 2, deleteHead: 4, deleteBody: 1,
	} {
		plan := planOf(t, f, text, parameters)
		for _, bad := range []string{"SCAN queue_", "SCAN m", "SCAN b", "TEMP B-TREE"} {
			if strings.Contains(plan, bad) {
				t.Errorf("%s\nruns as\n%swant no %s", text, plan, bad)
			}
		}
		if !strings.Contains(plan, "SEARCH") {
			t.Errorf("%s\nruns as\n%swant a search by index", text, plan)
		}
	}
}

func planOf(t *testing.T, f *sqlitefile.File, text string, parameters int) (plan string) {
	t.Helper()
	args := make([]any, parameters)
	for i := range args {
		args[i] = 1
	}
	err := f.Read(t.Context(), func(tx *sqlitefile.Tx) error {
		rows, err := tx.Query("EXPLAIN QUERY PLAN "+text, args...)
		if err != nil {
			return err
		}
		for rows.Next() {
			var id, parent, unused int
			var step string
			if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
				return err
			}
			plan += step + "\n"
		}
		return rows.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	return plan
}
