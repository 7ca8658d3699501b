package layers

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"
)

// table is who may import whom. Numbers rise from what knows nothing of ours to what knows all; imports point down, or to
// a neighbour named on the line. A new package gets its row in the commit that brings it.
//
// A folder stands for itself alone; with /* behind it, for every package below it.
func table() map[string][]string {
	ground := []string{"shared/model", "shared/fault", "shared/telemetry"}
	// What stages and the panel stand on: the ground, the ports and the rules, never an adapter.
	ports := append(slices.Clone(ground), "shared/message", "shared/integration", "shared/connector", "shared/store", "shared/queue",
		"shared/secret", "shared/events")
	stages := append(slices.Clone(ports), "shared/mapping", "shared/stage")
	mains := []string{"functions/internal/awsenv", "shared/model", "shared/queue"}
	connectors := []string{"shared/connector", "shared/model", "shared/fault", "shared/connector/internal/*"}
	return map[string][]string{
		// 0
		"shared/model":     nil,
		"shared/fault":     nil,
		"shared/telemetry": nil,
		// 1
		"shared/message":          {"shared/model", "shared/fault"},
		"shared/integration":      {"shared/model", "shared/fault"},
		"shared/mapping":          {"shared/model", "shared/fault", "shared/mapping/function"},
		"shared/mapping/function": {"shared/model", "shared/fault"},
		"shared/connector":        {"shared/model", "shared/fault"},
		"shared/store":            {"shared/model", "shared/message", "shared/integration", "shared/fault"},
		"shared/queue":            {"shared/model", "shared/message", "shared/fault"},
		"shared/secret":           {"shared/fault"},
		"shared/events":           {"shared/message", "shared/integration", "shared/fault"},
		// 2
		"shared/stage":         append(slices.Clone(ports), "shared/mapping"),
		"shared/stage/fetch":   stages,
		"shared/stage/mapper":  stages,
		"shared/stage/sender":  stages,
		"shared/stage/retry":   stages,
		"shared/stage/webhook": stages,
		"shared/stage/operate": append(slices.Clone(stages), "shared/stage/fetch", "shared/stage/retry"),
		"shared/panel":         append(slices.Clone(ports), "shared/mapping", "shared/panel/openid"),
		"shared/panel/openid":  nil,
		// 3
		"shared/sqlitefile":                  {"shared/fault"},
		"shared/store/storetest":             {"shared/store", "shared/model", "shared/message", "shared/integration", "shared/fault", "shared/secret"},
		"shared/store/sqlitestore":           {"shared/store", "shared/model", "shared/message", "shared/integration", "shared/fault", "shared/secret", "shared/sqlitefile"},
		"shared/queue/queuetest":             {"shared/queue", "shared/model", "shared/message", "shared/fault"},
		"shared/queue/sqlitequeue":           {"shared/queue", "shared/message", "shared/fault", "shared/sqlitefile"},
		"shared/queue/sqsqueue":              {"shared/queue", "shared/model", "shared/message", "shared/fault"},
		"shared/store/dynamostore":           {"shared/store", "shared/model", "shared/message", "shared/integration", "shared/fault", "shared/secret"},
		"shared/panel/openid/openidtest":     nil, // tests only: a provider to sign in with
		"shared/emulator":                    nil, // tests only: what the cloud adapters are asked against
		"shared/secret/kmssecret":            {"shared/secret", "shared/fault"},
		"shared/secret/filesecret":           {"shared/secret", "shared/fault"},
		"shared/events/eventstest":           {"shared/events", "shared/fault"},
		"shared/events/localbus":             {"shared/events", "shared/fault"},
		"shared/events/eventbridge":          {"shared/events", "shared/fault"},
		"shared/connector/internal/jsonhttp": {"shared/fault"},
		"shared/connector/internal/soap":     {"shared/fault"},
		"shared/connector/mpluskassa":        connectors,
		"shared/connector/afas":              connectors,
		"shared/connector/connectortest":     {"shared/connector", "shared/model", "shared/fault", "shared/mapping"},
		"shared/connector/all":               {"shared/connector", "shared/connector/mpluskassa", "shared/connector/afas"},
		// 4
		"functions/internal/lambdaevent": {"shared/queue", "shared/message", "shared/fault"},
		"functions/internal/signin":      {"shared/panel/openid"},
		"functions/internal/awsenv": append(slices.Clone(stages), "functions/internal/lambdaevent", "shared/stage/fetch", "shared/stage/retry",
			"shared/connector/all", "shared/store/dynamostore", "shared/queue/sqsqueue", "shared/secret/kmssecret", "shared/events/eventbridge"),
		"functions/orders":    mains,
		"functions/products":  mains,
		"functions/stock":     mains,
		"functions/customers": mains,
		"functions/prices":    mains,
		"functions/mapper":    append(slices.Clone(mains), "shared/stage/mapper"),
		"functions/sender":    append(slices.Clone(mains), "shared/stage/sender"),
		"functions/retry":     mains,
		"functions/webhook":   append(slices.Clone(mains), "shared/stage/webhook"),
		"functions/panel":     append(slices.Clone(mains), "functions/internal/signin", "shared/stage/operate", "shared/panel", "shared/connector/all"),
		"infra/local":         {"shared/*", "infra/sandbox/*", "infra/exam"},
		"infra/deploy":        {"shared/*", "infra/sandbox/*", "infra/exam"},
		"infra/exam":          append(slices.Clone(stages), "infra/sandbox/*"),
		"infra/layers":        nil,
		// The simulated systems, which know nothing of the platform.
		"infra/sandbox":                  {"infra/sandbox/*"},
		"infra/sandbox/internal/simhttp": nil,
		"infra/sandbox/shopdata":         nil,
		"infra/sandbox/mpluskassa":       {"infra/sandbox/internal/simhttp", "infra/sandbox/shopdata"},
		"infra/sandbox/afas":             {"infra/sandbox/internal/simhttp", "infra/sandbox/shopdata"},
	}
}

// allows reports whether a list of the table names a folder.
func allows(may []string, folder string) bool {
	return slices.ContainsFunc(may, func(m string) bool {
		if below, ok := strings.CutSuffix(m, "/*"); ok {
			return within(folder, below)
		}
		return m == folder
	})
}

// importTable holds a tree against a table, row by row.
func importTable(rows map[string][]string) rule {
	return func(t *tree) (problems []string) {
		seen := map[string]bool{}
		for _, p := range t.packages {
			seen[p.folder] = true
			may, ok := rows[p.folder]
			if !ok {
				problems = append(problems, fmt.Sprintf("%s is in no row of the import table; give it one in the commit that brings it", p.folder))
				continue
			}
			for _, f := range p.files {
				ours, _ := f.imports()
				for _, folder := range ours {
					if f.outside || folder == p.folder || allows(may, folder) || f.test && forTests(p.folder, folder) {
						continue
					}
					problems = append(problems, fmt.Sprintf("%s: %s may not import %s", f.path, p.folder, folder))
				}
			}
		}
		for folder := range rows {
			if !seen[folder] {
				problems = append(problems, fmt.Sprintf("%s has a row in the import table, but there is no such package", folder))
			}
		}
		slices.Sort(problems)
		return problems
	}
}

// forTests reports whether a test inside a package may import a folder beyond its row: simulated systems, suites of
// questions, and, where the package is a suite itself, the adapters it proves itself on.
func forTests(from, folder string) bool {
	return within(folder, "infra/sandbox") || isSuite(folder) || isSuite(from) && within(folder, "shared")
}

func isSuite(folder string) bool { return strings.HasSuffix(path.Base(folder), "test") }

func TestImportsPointDown(t *testing.T) { holds(t, importTable(table())) }

func TestImportTableNoticesWhatBreaksIt(t *testing.T) {
	rows := map[string][]string{"shared/model": nil, "shared/stage": {"shared/model"}, "infra/local": {"shared/*"}, "shared/gone": nil}
	breaks(t, importTable(rows), map[string]string{
		"shared/model/order.go":      `package model; import _ "apicenter/shared/stage"`,
		"shared/stage/stage.go":      `package stage; import _ "apicenter/shared/model"`,
		"shared/stage/in_test.go":    `package stage; import ( _ "apicenter/infra/local"; _ "apicenter/infra/sandbox/afas" )`,
		"shared/stage/out_test.go":   `package stage_test; import _ "apicenter/infra/local"`,
		"shared/new/new.go":          `package new`,
		"infra/local/main.go":        `package main; import _ "apicenter/shared/stage"`,
		"shared/model/testdata/x.go": `package broken; import _ "apicenter/infra/local"`,
	},
		"shared/gone has a row in the import table, but there is no such package",
		"shared/model/order.go: shared/model may not import shared/stage",
		"shared/new is in no row",
		"shared/stage/in_test.go: shared/stage may not import infra/local",
	)
}

// outsiders bounds the libraries that would tie a package to one cloud or one database.
func outsiders(t *tree) (problems []string) {
	bounds := []struct {
		library string
		folders []string
	}{
		{"github.com/aws", []string{"functions", "infra/deploy", "shared/store/dynamostore", "shared/queue/sqsqueue", "shared/secret/kmssecret", "shared/events/eventbridge"}},
		{"modernc.org/sqlite", []string{"shared/sqlitefile"}},
		{"database/sql", []string{"shared/sqlitefile", "shared/store/sqlitestore", "shared/queue/sqlitequeue"}},
	}
	for _, p := range t.packages {
		for _, f := range p.files {
			_, others := f.imports()
			for _, library := range others {
				for _, b := range bounds {
					if within(library, b.library) && !within(p.folder, b.folders...) {
						problems = append(problems, fmt.Sprintf("%s imports %s, which belongs in %s", f.path, library, strings.Join(b.folders, ", ")))
					}
				}
			}
		}
	}
	return problems
}

func TestCloudAndDatabaseStayInTheirAdapters(t *testing.T) { holds(t, outsiders) }

func TestOutsidersAreNoticed(t *testing.T) {
	breaks(t, outsiders, map[string]string{
		"functions/internal/lambdaevent/event.go": `package lambdaevent; import _ "github.com/aws/aws-lambda-go/events"`,
		"shared/queue/sqsqueue/queue.go":          `package sqsqueue; import _ "github.com/aws/aws-sdk-go-v2/service/sqs"`,
		"shared/sqlitefile/file.go":               `package sqlitefile; import _ "modernc.org/sqlite"`,
		"shared/stage/stage.go":                   `package stage; import _ "github.com/aws/aws-sdk-go-v2/service/sqs"`,
		"shared/store/sqlitestore/a_test.go":      `package sqlitestore_test; import _ "modernc.org/sqlite/lib"`,
		"shared/store/other.go":                   `package store; import _ "github.com/awsome/thing"`,
	},
		"shared/stage/stage.go imports github.com/aws/aws-sdk-go-v2/service/sqs",
		"shared/store/sqlitestore/a_test.go imports modernc.org/sqlite/lib",
	)
}

// strangers keeps apart what must not know each other, whatever the table says: simulated systems from the platform, so
// that a misread page is not wrong the same way on both sides; connectors from each other; adapters of one port likewise.
func strangers(t *tree) (problems []string) {
	for _, p := range t.packages {
		for _, f := range p.files {
			ours, _ := f.imports()
			for _, folder := range ours {
				why := ""
				switch {
				case within(p.folder, "infra/sandbox") && within(folder, "shared"):
					why = "a simulated system knows nothing of the platform"
				case f.test:
				case isConnector(p.folder) && isConnector(folder) && p.folder != folder:
					why = "connectors do not know each other"
				case isAdapter(p.folder) && isAdapter(folder) && p.folder != folder:
					why = "adapters never meet"
				}
				if why != "" {
					problems = append(problems, fmt.Sprintf("%s imports %s, but %s", f.path, folder, why))
				}
			}
		}
	}
	return problems
}

func isConnector(folder string) bool {
	rest, ok := strings.CutPrefix(folder, "shared/connector/")
	return ok && !within(rest, "internal", "all", "connectortest")
}

func isAdapter(folder string) bool {
	port := path.Base(path.Dir(folder))
	if within(folder, "shared/events/localbus", "shared/events/eventbridge") { // named after what they stand on
		return true
	}
	return within(folder, "shared/store", "shared/queue", "shared/secret") && strings.HasSuffix(path.Base(folder), port)
}

func TestStrangersStayStrangers(t *testing.T) { holds(t, strangers) }

func TestStrangersAreNoticed(t *testing.T) {
	breaks(t, strangers, map[string]string{
		"infra/sandbox/afas/a_test.go":       `package afas_test; import _ "apicenter/shared/model"`,
		"shared/connector/afas/afas.go":      `package afas; import ( _ "apicenter/shared/connector/rest"; _ "apicenter/shared/connector/internal/soap" )`,
		"shared/connector/all/all.go":        `package all; import _ "apicenter/shared/connector/afas"`,
		"shared/queue/sqlitequeue/queue.go":  `package sqlitequeue; import ( _ "apicenter/shared/queue"; _ "apicenter/shared/store/sqlitestore" )`,
		"shared/queue/sqlitequeue/q_test.go": `package sqlitequeue_test; import _ "apicenter/shared/store/sqlitestore"`,
		"shared/events/localbus/bus.go":      `package localbus; import ( _ "apicenter/shared/events"; _ "apicenter/shared/events/eventbridge" )`,
	},
		"infra/sandbox/afas/a_test.go imports shared/model, but a simulated system knows nothing",
		"shared/connector/afas/afas.go imports shared/connector/rest, but connectors do not know each other",
		"shared/events/localbus/bus.go imports shared/events/eventbridge, but adapters never meet",
		"shared/queue/sqlitequeue/queue.go imports shared/store/sqlitestore, but adapters never meet",
	)
}
