// Package dynamostore keeps the store and the wrapped keys of the cloud in five DynamoDB tables.
//
// The Lambda mains make a client, name the tables and pass the Store on as ports. Every promise that two writers could break
// is a condition of the write itself; nothing is read, decided upon and written blindly. What a port does not allow to lag is
// read strongly consistent: from the table or from an index inside a partition, never from a global index. Global indexes
// serve what may lag: due flows, stopped connections, entries by reference.
//
// A reply can be lost after its write was done, and the client then repeats it. So each conditional write leaves a random
// token (for the ledger and for connection states the revision is one), and a repeat that is refused finds its own there.
//
// Capacity is what the cloud bills. Single conditional writes are preferred to transactions, which cost double, and Counts
// tells what was used. Making tables is for tests; deployed ones come from a template that follows Definitions.
package dynamostore

import (
	"context"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"apicenter/shared/secret"
	"apicenter/shared/store"
)

var (
	_ store.Store = (*Store)(nil)
	_ secret.Keys = (*Store)(nil)
	_ Client      = (*dynamodb.Client)(nil)
)

// Client is what the store needs of a *dynamodb.Client.
type Client interface {
	GetItem(context.Context, *dynamodb.GetItemInput, ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error)
	PutItem(context.Context, *dynamodb.PutItemInput, ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error)
	UpdateItem(context.Context, *dynamodb.UpdateItemInput, ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error)
	DeleteItem(context.Context, *dynamodb.DeleteItemInput, ...func(*dynamodb.Options)) (*dynamodb.DeleteItemOutput, error)
	Query(context.Context, *dynamodb.QueryInput, ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error)
	BatchGetItem(context.Context, *dynamodb.BatchGetItemInput, ...func(*dynamodb.Options)) (*dynamodb.BatchGetItemOutput, error)
	BatchWriteItem(context.Context, *dynamodb.BatchWriteItemInput, ...func(*dynamodb.Options)) (*dynamodb.BatchWriteItemOutput, error)
	TransactWriteItems(context.Context, *dynamodb.TransactWriteItemsInput, ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error)
}

// Store is the store in DynamoDB. It is safe for concurrent use.
type Store struct {
	client Client
	tables Tables
	fields map[string]string // the field of tables, by name
	now    func() time.Time
	used   meter
}

// Open returns the store over tables that exist. Make the client with Options.
func Open(client Client, tables Tables, now func() time.Time) *Store {
	s := &Store{client: client, tables: tables, fields: map[string]string{}, now: now}
	for field, name := range tables.fields() {
		s.fields[*name] = field
	}
	return s
}

// Limits of one call as the client repeats it. A lane must not stand still longer than two seconds, so there are few tries
// with short pauses between; whoever still gets no answer is told to wait and comes back by its queue.
const (
	callTries    = 4
	longestPause = 500 * time.Millisecond
	callTime     = 10 * time.Second
)

// Options sets up a client for the store: dynamodb.NewFromConfig(config, dynamostore.Options). The retry mode is standard and
// not adaptive, because the adaptive one slows every tenant of the process down for the hot partition of one.
func Options(o *dynamodb.Options) {
	o.RetryMode = aws.RetryModeStandard
	o.RetryMaxAttempts = callTries
	o.Retryer = retry.AddWithErrorCodes(retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts, o.MaxBackoff = callTries, longestPause
	}), codeConflict)
	o.HTTPClient = awshttp.NewBuildableClient().WithTimeout(callTime).WithTransportOptions(func(t *http.Transport) {
		t.MaxIdleConnsPerHost = atOnce // or most of the parallel writes would each open a connection of their own
	})
}

// atOnce bounds the calls one call of a port makes at the same time: enough to write a message's records in a few round
// trips, and few enough that a small function does not choke on its own connections.
const atOnce = 16

// each calls do for 0 to n-1, some at the same time. After the first error no more are begun; it waits for those under way.
func each(ctx context.Context, n int, do func(ctx context.Context, i int) error) error {
	if n == 1 {
		return do(ctx, 0)
	}
	var group sync.WaitGroup
	var next atomic.Int64
	var stopped atomic.Bool
	errs := make([]error, min(n, atOnce))
	for worker := range errs {
		group.Go(func() {
			for !stopped.Load() {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				if errs[worker] = do(ctx, i); errs[worker] != nil {
					stopped.Store(true)
				}
			}
		})
	}
	group.Wait()
	for _, err := range errs {
		if err != nil {
			return err // one says enough: they mostly are the same
		}
	}
	return nil
}

// pause waits before a call is made again: longer each time, and never as long as a neighbour that failed at the same moment.
func pause(ctx context.Context, attempt int) error {
	most := min(longestPause, 20*time.Millisecond<<min(attempt, 10))
	timer := time.NewTimer(most/2 + rand.N(most/2)) //nolint:gosec // G404: jitter keeps no secret
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}
