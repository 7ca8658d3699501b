package dynamostore_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"apicenter/shared/fault"
	"apicenter/shared/store"
	"apicenter/shared/store/dynamostore"
)

// transactional are the calls that write in a transaction, and how often they pause for it at most.
func transactional() map[string]func(context.Context, *dynamostore.Store) error {
	return map[string]func(context.Context, *dynamostore.Store) error{
		"flow":  func(ctx context.Context, s *dynamostore.Store) error { return s.PutFlow(ctx, aFlow("t", "f"), nine) },
		"chunk": func(ctx context.Context, s *dynamostore.Store) error { return s.AppendChunk(ctx, aChunk("t")) },
		"incident": func(ctx context.Context, s *dynamostore.Store) error {
			_, err := s.OpenIncident(ctx, store.Incident{Tenant: "t", ID: "1"})
			return err
		},
		"failure in parts": func(ctx context.Context, s *dynamostore.Store) error {
			f := aFailure("t")
			f.Payload = make([]byte, 400<<10)
			return s.PutFailures(ctx, []store.Failure{f})
		},
	}
}

// answering is a DynamoDB whose transactions end one after the other as told; the last ending stays.
func answering(tokens map[string]bool, endings ...error) *fake {
	calls := 0
	return &fake{
		get: func(context.Context, *dynamodb.GetItemInput) (*dynamodb.GetItemOutput, error) {
			return &dynamodb.GetItemOutput{}, nil
		},
		put: func(context.Context, *dynamodb.PutItemInput) (*dynamodb.PutItemOutput, error) {
			return &dynamodb.PutItemOutput{}, nil
		},
		transact: func(_ context.Context, in *dynamodb.TransactWriteItemsInput) (*dynamodb.TransactWriteItemsOutput, error) {
			tokens[aws.ToString(in.ClientRequestToken)] = true
			err := endings[min(calls, len(endings)-1)]
			calls++
			if err != nil {
				return nil, err
			}
			return &dynamodb.TransactWriteItemsOutput{}, nil
		},
	}
}

// A transaction that met another, or a busy table, was done by nobody: it is tried again, under a token of its own, and then
// left to the caller's class.
func TestCancelledTransactionsAreTriedAgain(t *testing.T) {
	const met, busy, throttle = "TransactionConflict", "ProvisionedThroughputExceeded", "ThrottlingError"
	for name, c := range map[string]struct {
		endings []error
		calls   int // 0: several
		class   fault.Class
		says    string
	}{
		"met another once":    {[]error{cancelled("None", met), nil}, 2, fault.Unclassified, ""},
		"met others for long": {[]error{cancelled(met, "None"), cancelled("None", met), cancelled(busy, met), cancelled("None", throttle), nil}, 5, fault.Unclassified, ""},
		"met others for ever": {[]error{cancelled("None", met)}, 0, fault.Retry, "somebody else"},
		"table busy":          {[]error{cancelled("None", busy)}, 0, fault.Wait, "more than it gives"},
		"service busy":        {[]error{cancelled(throttle, met)}, 0, fault.Wait, "more than it gives"},
		"not understood":      {[]error{cancelled("None", "ValidationError")}, 1, fault.Bug, "ValidationError"},
		"partition full":      {[]error{cancelled("ItemCollectionSizeLimitExceeded", "None")}, 1, fault.Retry, "ItemCollectionSize"},
		"line cut":            {[]error{errors.New("connection reset")}, 1, fault.Retry, "did not answer"},
	} {
		for what, call := range transactional() {
			t.Run(name+"/"+what, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					tokens := map[string]bool{}
					err := call(t.Context(), dynamostore.Open(answering(tokens, c.endings...), named, atNine))
					if c.says == "" != (err == nil) || fault.ClassOf(err) != c.class || err != nil && !strings.Contains(err.Error(), c.says) {
						t.Errorf("got %v of class %v, want class %v with %q", err, fault.ClassOf(err), c.class, c.says)
					}
					if n := len(tokens); tokens[""] || n != c.calls && (c.calls != 0 || n < 3 || n > 10) {
						t.Errorf("got %d transactions with tokens of their own, one without: %v; want %d", n, tokens[""], c.calls)
					}
				})
			})
		}
	}
}

// A condition that did not hold is an answer of the port, and the last word: it is not tried again.
func TestRefusedTransactionsAnswerAsPromised(t *testing.T) {
	const refused, none, met = "ConditionalCheckFailed", "None", "TransactionConflict"
	ctx := t.Context()
	flow := func(err error) func(*dynamostore.Store) error {
		return func(s *dynamostore.Store) error {
			if got := s.PutFlow(ctx, aFlow("t", "f"), nine); !errors.Is(got, err) {
				return errors.Join(errors.New("want "+err.Error()), got)
			}
			return nil
		}
	}
	for name, c := range map[string]struct {
		codes []string
		calls int
		call  func(*dynamostore.Store) error
	}{ // the rows of a new flow are itself, its twin, its hook, its due time
		"flow like another":            {[]string{none, refused, none, none}, 1, flow(store.ErrDuplicate)},
		"hook of another":              {[]string{none, none, refused, none}, 1, flow(store.ErrDuplicate)},
		"flow like another, in a race": {[]string{none, refused, met, met}, 1, flow(store.ErrDuplicate)},
		"flow changed meanwhile":       {[]string{refused, refused, none, none}, 8, flow(store.ErrConflict)},
		"chunk that is there":          {[]string{refused, none, none}, 1, func(s *dynamostore.Store) error { return s.AppendChunk(ctx, aChunk("t")) }},
		"incident that is open": {[]string{refused, none}, 1, func(s *dynamostore.Store) error {
			opened, err := s.OpenIncident(ctx, store.Incident{Tenant: "t", ID: "2"})
			if opened {
				err = errors.New("it tells that it opened")
			}
			return err
		}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tokens := map[string]bool{}
				f := answering(tokens, cancelled(c.codes...))
				f.setMany = func(context.Context, *dynamodb.BatchWriteItemInput) (*dynamodb.BatchWriteItemOutput, error) {
					return &dynamodb.BatchWriteItemOutput{}, nil
				}
				ctx = t.Context()
				if err := c.call(dynamostore.Open(f, named, atNine)); err != nil {
					t.Error(err)
				}
				if len(tokens) != c.calls {
					t.Errorf("got %d transactions, want %d", len(tokens), c.calls)
				}
			})
		})
	}
}
