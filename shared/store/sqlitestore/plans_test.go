package sqlitestore

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"apicenter/shared/model"
	"apicenter/shared/sqlitefile"
	"apicenter/shared/store"
)

// statements are all texts the store runs, apart from those that walk a whole table on purpose.
func statements() map[string]string {
	all := map[string]string{
		"putTenant": putTenant, "getTenant": getTenant,
		"putConnection": putConnection, "getConnection": getConnection, "listConnections": listConnections,
		"getState": getState, "saveState": saveState, "firstState": firstState, "stoppedStates": stoppedStates,
		"putIntegration": putIntegration, "getIntegration": getIntegration, "listIntegrations": listIntegrations,
		"flowVersion": flowVersion, "flowTwin": flowTwin, "putFlow": putFlow, "getFlow": getFlow, "listFlows": listFlows,
		"dueFlows": dueFlows, "moveDue": moveDue, "hookFlow": hookFlow,
		"getPosition": getPosition, "putPosition": putPosition,
		"dueRereads": dueRereads, "addRereads": addRereads(4), "removeRereads": removeRereads(4),
		"getScope": getScope, "newScope": newScope, "entriesByReference": entriesByReference, "getEntries": getEntries(8),
		"getRevisions": getRevisions(8), "putEntries": putEntries(4),
		"startRun": startRun, "addToRun": addToRun, "countRun": countRun, "getRun": getRun, "firstRuns": firstRuns, "moreRuns": moreRuns,
		"appendChunk": appendChunk, "countHour": countHour, "getChunk": getChunk, "listHours": listHours,
		"getFailure": getFailure, "countFailures": countFailures, "failureVersions": failureVersions(4), "putFailures": putFailures(4),
		"closeFailures": closeFailures(4),
		"openIncident":  openIncident, "closeIncident": closeIncident, "allIncidents": allIncidents, "openIncidents": openIncidents,
		"addLoad": addLoad, "getLoad": getLoad, "clearLoad": clearLoad,
		"getKeys": getKeys, "createKeys": createKeys,
	}
	for i, s := range prunes() {
		all[fmt.Sprint("prune ", i)] = s
	}
	for _, run := range []string{"", "r"} {
		for _, cursor := range []string{"", "c"} {
			for _, outcomes := range [][]model.Outcome{nil, {model.Failed}, {model.Rejected, model.Failed}} {
				text, _, err := listChunks(store.ChunkFilter{Tenant: "t", Flow: "f", Run: run, Outcomes: outcomes}, cursor, time.Now(), 10)
				if err != nil {
					panic(err)
				}
				all[fmt.Sprintf("chunks run=%q cursor=%q %v", run, cursor, outcomes)] = text
			}
		}
	}
	for bits := range 32 {
		pick := func(bit int) string {
			if bits>>bit&1 == 1 {
				return "x"
			}
			return ""
		}
		var after *failurePlace
		if pick(4) != "" {
			after = &failurePlace{}
		}
		f := store.FailureFilter{Tenant: "t", Flow: pick(0), Connection: pick(1), State: store.FailureState(pick(2)), Cause: pick(3)}
		text, _ := listFailures(f, after, 10)
		all[fmt.Sprintf("failures %+v after=%v", f, after != nil)] = text
	}
	return all
}

// A statement that reads a whole table, or sorts what it read, is quick in every test and slow in the shop that grew.
func TestStatementsUseIndexes(t *testing.T) {
	f, _ := openFile(t)
	for name, text := range statements() {
		var plan []string
		if err := f.Read(t.Context(), func(tx *sqlitefile.Tx) error {
			args := make([]any, strings.Count(text, "?"))
			for i := range args {
				args[i] = "1"
			}
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
				plan = append(plan, step)
			}
			return rows.Err()
		}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for _, step := range plan {
			whole := strings.HasPrefix(step, "SCAN") && !strings.HasSuffix(step, "VALUES CLAUSE") &&
				step != "SCAN connection_states USING COVERING INDEX connection_states_stopped" // it holds no others
			if whole || strings.Contains(step, "TEMP B-TREE") {
				t.Errorf("%s: %s\n%s", name, strings.Join(plan, "; "), text)
			}
		}
		if strings.HasPrefix(text, "SELECT") && len(plan) == 0 {
			t.Errorf("%s has no plan", name)
		}
	}
}

// Counting outcomes over a hundred thousand chunks must not read their payloads.
func TestChunksAreFilteredInTheIndex(t *testing.T) {
	f, _ := openFile(t)
	text, _, err := listChunks(store.ChunkFilter{Tenant: "t", Flow: "f", Outcomes: []model.Outcome{model.Failed}}, "", time.Now(), 10)
	if err != nil {
		t.Fatal(err)
	}
	text = strings.Replace(text, chunkColumns, "id, "+countColumns, 1)
	var step string
	if err := f.Read(t.Context(), func(tx *sqlitefile.Tx) error {
		var id, parent, unused int
		return tx.QueryRow("EXPLAIN QUERY PLAN "+text, "t", "f", 0, 10).Scan(&id, &parent, &unused, &step)
	}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(step, "COVERING INDEX chunks_outcome") {
		t.Errorf("the filter needs more than the index: %s", step)
	}
}
