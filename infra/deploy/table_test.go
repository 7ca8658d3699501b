package deploy

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"

	"apicenter/shared/store/dynamostore"
)

// tablesAreAsTheStoreNeeds compares the template with what package dynamostore says of each table.
func tablesAreAsTheStoreNeeds(s *stack) (problems []string) {
	known := map[string]bool{}
	for _, d := range dynamostore.Definitions() {
		id := d.Name + "Table"
		known[id] = true
		say := func(format string, args ...any) {
			problems = append(problems, "table "+d.Name+" "+fmt.Sprintf(format, args...))
		}
		if s.resources[id] == nil || s.resources[id].Type != "AWS::DynamoDB::Table" {
			say("is missing")
			continue
		}
		var have struct {
			BillingMode            string
			AttributeDefinitions   []types.AttributeDefinition
			KeySchema              []types.KeySchemaElement
			LocalSecondaryIndexes  []types.LocalSecondaryIndex
			GlobalSecondaryIndexes []types.GlobalSecondaryIndex
		}
		text, err := json.Marshal(s.resources[id].Properties)
		if err == nil {
			err = json.Unmarshal(text, &have)
		}
		if err != nil {
			say("cannot be read: %v", err)
			continue
		}
		if have.BillingMode != "PAY_PER_REQUEST" {
			say("is not billed by request")
		}
		if diff := cmp.Diff(shape(d), shapeOf(have.AttributeDefinitions, have.KeySchema, have.LocalSecondaryIndexes, have.GlobalSecondaryIndexes)); diff != "" {
			say("has other keys or indexes than the store (-store +template):\n%s", diff)
		}
		ttl := s.at(id, "TimeToLiveSpecification", "Enabled") == true
		if got := s.text(id, "TimeToLiveSpecification", "AttributeName"); got != d.TimeToLive || ttl != (d.TimeToLive != "") {
			say("lets rows expire by %q (%t), the store by %q", got, ttl, d.TimeToLive)
		}
		if s.at(id, "PointInTimeRecoverySpecification", "PointInTimeRecoveryEnabled") != true {
			say("cannot be restored")
		}
		if got := s.number(id, "PointInTimeRecoverySpecification", "RecoveryPeriodInDays"); got != d.RestoreDays {
			say("can be restored for %d days, the store wants %d (0: as long as there is)", got, d.RestoreDays)
		}
		if s.at(id, "SSESpecification", "SSEEnabled") != true {
			say("is not encrypted with a key of the account")
		}
		// Runs and activity expire anyway; the rest is what the platform knows.
		if protected := s.at(id, "DeletionProtectionEnabled") == true; protected != (d.TimeToLive == "") {
			say("has deletion protection %t", protected)
		}
	}
	for _, id := range s.of("AWS::DynamoDB::Table") {
		if !known[id] {
			problems = append(problems, id+" is none of the store's tables")
		}
	}
	return problems
}

// form is a table's keys and indexes in one form, whoever describes them.
type form struct {
	Key     string
	Types   map[string]string
	Indexes map[string]string
}

// shape is the form the store wants.
func shape(d dynamostore.Definition) form {
	f := form{Key: d.Partition + " " + d.Sort, Types: map[string]string{}, Indexes: map[string]string{}}
	typed := func(names ...string) {
		for _, n := range names {
			switch {
			case n == "":
			case slices.Contains(d.Numbers, n):
				f.Types[n] = "N"
			default:
				f.Types[n] = "S"
			}
		}
	}
	typed(d.Partition, d.Sort)
	for _, i := range d.Local {
		typed(i.Sort)
		f.Indexes["local "+i.Name] = fmt.Sprint(d.Partition+" "+i.Sort, includes(i.Includes))
	}
	for _, i := range d.Global {
		typed(i.Partition, i.Sort)
		f.Indexes["global "+i.Name] = fmt.Sprint(i.Partition+" "+i.Sort, includes(i.Includes))
	}
	return f
}

func includes(names []string) string {
	if len(names) == 0 {
		return " KEYS_ONLY"
	}
	names = slices.Clone(names)
	slices.Sort(names)
	return fmt.Sprint(" INCLUDE ", names)
}

// shapeOf is the form the template has.
func shapeOf(attributes []types.AttributeDefinition, key []types.KeySchemaElement, local []types.LocalSecondaryIndex, global []types.GlobalSecondaryIndex) form {
	f := form{Key: keyOf(key), Types: map[string]string{}, Indexes: map[string]string{}}
	for _, a := range attributes {
		f.Types[aws.ToString(a.AttributeName)] = string(a.AttributeType)
	}
	for _, i := range local {
		f.Indexes["local "+aws.ToString(i.IndexName)] = fmt.Sprint(keyOf(i.KeySchema), projected(i.Projection))
	}
	for _, i := range global {
		f.Indexes["global "+aws.ToString(i.IndexName)] = fmt.Sprint(keyOf(i.KeySchema), projected(i.Projection))
	}
	return f
}

func keyOf(key []types.KeySchemaElement) string {
	partition, sort := "", ""
	for _, k := range key {
		if k.KeyType == types.KeyTypeHash {
			partition = aws.ToString(k.AttributeName)
		} else {
			sort = aws.ToString(k.AttributeName)
		}
	}
	return partition + " " + sort
}

func projected(p *types.Projection) string {
	if p == nil || p.ProjectionType != types.ProjectionTypeInclude {
		if p == nil {
			return " none"
		}
		return " " + string(p.ProjectionType)
	}
	return includes(p.NonKeyAttributes)
}

func TestTablesAreAsTheStoreNeeds(t *testing.T) { holds(t, tablesAreAsTheStoreNeeds) }

func TestTablesThatAreNotAreNoticed(t *testing.T) {
	breaks(t, tablesAreAsTheStoreNeeds,
		spoilt{id: "ConfigTable", path: "BillingMode", value: "PROVISIONED", want: "Config is not billed by request"},
		spoilt{id: "ConfigTable", path: "GlobalSecondaryIndexes", value: nil, want: "Config has other keys or indexes"},
		spoilt{id: "ConfigTable", path: "AttributeDefinitions", value: []any{map[string]any{"AttributeName": "pk", "AttributeType": "S"}}, want: "Config has other keys"},
		spoilt{id: "LedgerTable", path: "KeySchema", value: []any{map[string]any{"AttributeName": "id", "KeyType": "HASH"}}, want: "Ledger has other keys"},
		spoilt{id: "LedgerTable", path: "DeletionProtectionEnabled", value: nil, want: "Ledger has deletion protection false"},
		spoilt{id: "ActivityTable", path: "TimeToLiveSpecification", value: nil, want: `Activity lets rows expire by ""`},
		spoilt{id: "ActivityTable", path: "LocalSecondaryIndexes", value: nil, want: "Activity has other keys or indexes"},
		spoilt{id: "FailuresTable", path: "PointInTimeRecoverySpecification", value: nil, want: "Failures cannot be restored"},
		spoilt{id: "FailuresTable", path: "SSESpecification", value: nil, want: "Failures is not encrypted"},
		spoilt{id: "KeysTable", path: "PointInTimeRecoverySpecification.RecoveryPeriodInDays", value: 35, want: "Keys can be restored for 35 days"},
		spoilt{id: "OtherTable", value: &resource{Type: "AWS::DynamoDB::Table"}, want: "OtherTable is none of the store's"},
		spoilt{id: "KeysTable", value: &resource{Type: "AWS::SQS::Queue"}, want: "Keys is missing"},
	)
}
