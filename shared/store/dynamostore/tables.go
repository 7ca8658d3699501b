package dynamostore

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Tables are the names of the five tables.
type Tables struct{ Config, Ledger, Activity, Failures, Keys string }

// Definition is how a table has to be made. All are billed by request, and all key attributes are strings except where Numbers
// names them.
type Definition struct {
	Name      string // the field of Tables
	Partition string
	Sort      string // empty: the partition key alone is the key
	Numbers   []string
	// Local indexes lie inside a partition, so that they can be read strongly consistent. They are made with the table or
	// never, and hold a partition to 10 GB.
	Local []Index
	// Global indexes lag.
	Global []Index
	// TimeToLive is the attribute by which rows expire; empty when none do.
	TimeToLive string
	// RestoreDays is how far back the table may be restored; 0 where nothing depends on it.
	RestoreDays int
}

// Index is an index of a table. It holds the keys and the attributes named.
type Index struct {
	Name      string
	Partition string // of a global one
	Sort      string
	Includes  []string
}

// The indexes. Each is named after what it finds.
const (
	indexListed     = "listed"     // config: due flows and stopped connections, by when
	indexReference  = "reference"  // ledger: entries by our reference in the target
	indexRun        = "run"        // activity: chunks of a run
	indexWaiting    = "waiting"    // failures: the longest waiting first
	indexFlow       = "flow"       // failures: of a flow
	indexConnection = "connection" // failures: of a connection
	indexCause      = "cause"      // failures: with a cause
)

// Definitions returns how the tables have to be made, for whoever makes them and for a test that compares the template.
func Definitions() []Definition {
	narrow := []string{"flow", "connection", "state", "cause"}
	return []Definition{
		{Name: "Config", Partition: pk, Sort: sk, Numbers: []string{"due"},
			Global: []Index{{Name: indexListed, Partition: "list", Sort: "due"}}},
		{Name: "Ledger", Partition: pk, Global: []Index{{Name: indexReference, Partition: "ref"}}},
		{Name: "Activity", Partition: pk, Sort: sk, TimeToLive: "expires",
			Local: []Index{{Name: indexRun, Sort: "by_run", Includes: chunkHead()}}},
		{Name: "Failures", Partition: pk, Sort: sk, Local: []Index{
			{Name: indexWaiting, Sort: "waiting", Includes: append(narrow, "since", "next", "tries", "key")},
			{Name: indexFlow, Sort: "by_flow", Includes: narrow},
			{Name: indexConnection, Sort: "by_connection", Includes: narrow},
			{Name: indexCause, Sort: "by_cause", Includes: narrow},
		}},
		// Erasing a tenant's keys means erasing: no backup may bring them back later than this.
		{Name: "Keys", Partition: pk, RestoreDays: 7},
	}
}

// TableMaker is what Create needs of a *dynamodb.Client.
type TableMaker interface {
	CreateTable(context.Context, *dynamodb.CreateTableInput, ...func(*dynamodb.Options)) (*dynamodb.CreateTableOutput, error)
	UpdateTimeToLive(context.Context, *dynamodb.UpdateTimeToLiveInput, ...func(*dynamodb.Options)) (*dynamodb.UpdateTimeToLiveOutput, error)
	DescribeTable(context.Context, *dynamodb.DescribeTableInput, ...func(*dynamodb.Options)) (*dynamodb.DescribeTableOutput, error)
}

// Create makes the tables for tests, each named by the prefix and its own name, and waits until they can be used. Tables
// that exist are left as they are.
func Create(ctx context.Context, client TableMaker, prefix string) (Tables, error) {
	var made Tables
	for _, d := range Definitions() {
		name := prefix + d.Name
		*made.field(d.Name) = name
		_, err := client.CreateTable(ctx, d.input(name))
		var exists *types.ResourceInUseException
		if err != nil && !errors.As(err, &exists) {
			return Tables{}, fmt.Errorf("making the table %s: %w", name, err)
		}
		if err := ready(ctx, client, name); err != nil {
			return Tables{}, fmt.Errorf("waiting for the table %s: %w", name, err)
		}
		if d.TimeToLive == "" || exists != nil {
			continue
		}
		if _, err := client.UpdateTimeToLive(ctx, &dynamodb.UpdateTimeToLiveInput{TableName: &name,
			TimeToLiveSpecification: &types.TimeToLiveSpecification{AttributeName: &d.TimeToLive, Enabled: aws.Bool(true)}}); err != nil {
			return Tables{}, fmt.Errorf("letting rows of %s expire: %w", name, err)
		}
	}
	return made, nil
}

func ready(ctx context.Context, client TableMaker, name string) error {
	for attempt := 0; ; attempt++ {
		out, err := client.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &name})
		if err != nil {
			return err
		}
		if out.Table.TableStatus == types.TableStatusActive {
			return nil
		}
		if err := pause(ctx, attempt); err != nil {
			return err
		}
	}
}

func (t *Tables) field(name string) *string { return t.fields()[name] }

func (t *Tables) fields() map[string]*string {
	return map[string]*string{"Config": &t.Config, "Ledger": &t.Ledger, "Activity": &t.Activity, "Failures": &t.Failures, "Keys": &t.Keys}
}

func (d Definition) input(name string) *dynamodb.CreateTableInput {
	in := &dynamodb.CreateTableInput{TableName: &name, BillingMode: types.BillingModePayPerRequest, KeySchema: keySchema(d.Partition, d.Sort)}
	attributes := map[string]bool{}
	attribute := func(names ...string) {
		for _, n := range names {
			if n == "" || attributes[n] {
				continue
			}
			attributes[n] = true
			kind := types.ScalarAttributeTypeS
			for _, number := range d.Numbers {
				if n == number {
					kind = types.ScalarAttributeTypeN
				}
			}
			in.AttributeDefinitions = append(in.AttributeDefinitions, types.AttributeDefinition{AttributeName: aws.String(n), AttributeType: kind})
		}
	}
	attribute(d.Partition, d.Sort)
	for _, i := range d.Local {
		attribute(i.Sort)
		in.LocalSecondaryIndexes = append(in.LocalSecondaryIndexes, types.LocalSecondaryIndex{IndexName: aws.String(i.Name),
			KeySchema: keySchema(d.Partition, i.Sort), Projection: i.projection()})
	}
	for _, i := range d.Global {
		attribute(i.Partition, i.Sort)
		in.GlobalSecondaryIndexes = append(in.GlobalSecondaryIndexes, types.GlobalSecondaryIndex{IndexName: aws.String(i.Name),
			KeySchema: keySchema(i.Partition, i.Sort), Projection: i.projection()})
	}
	return in
}

func keySchema(partition, sort string) []types.KeySchemaElement {
	keys := []types.KeySchemaElement{{AttributeName: &partition, KeyType: types.KeyTypeHash}}
	if sort != "" {
		keys = append(keys, types.KeySchemaElement{AttributeName: &sort, KeyType: types.KeyTypeRange})
	}
	return keys
}

func (i Index) projection() *types.Projection {
	if len(i.Includes) == 0 {
		return &types.Projection{ProjectionType: types.ProjectionTypeKeysOnly}
	}
	return &types.Projection{ProjectionType: types.ProjectionTypeInclude, NonKeyAttributes: i.Includes}
}
