package dynamostore_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"

	"apicenter/shared/fault"
	"apicenter/shared/store"
	"apicenter/shared/store/dynamostore"
)

// A table that is asked for too much names no time; whoever asked waits and uses no attempt up, whatever the call was.
func TestThrottledCallsWait(t *testing.T) {
	t.Parallel()
	for name, err := range map[string]error{
		"table":   &types.ProvisionedThroughputExceededException{},
		"service": &types.ThrottlingException{},
		"account": &types.RequestLimitExceeded{},
		"by name": &smithy.GenericAPIError{Code: "ThrottlingException"},
	} {
		s := dynamostore.Open(failing(func(context.Context) error { return err }), named, atNine)
		for _, o := range operations(t) {
			got := o.call(t.Context(), s)
			if e := fault.As(got); e.Class != fault.Wait || e.After <= 0 || !errors.Is(got, err) {
				t.Errorf("%s, %s: got %v of class %v after %v, want class wait with a time", name, o.name, got, e.Class, e.After)
			}
		}
	}
}

// refusing is a DynamoDB that refuses every request with a code.
type refusing struct {
	code     string
	mu       sync.Mutex
	requests []time.Time
}

func (r *refusing) RoundTrip(req *http.Request) (*http.Response, error) {
	r.mu.Lock()
	r.requests = append(r.requests, time.Now())
	r.mu.Unlock()
	io.Copy(io.Discard, req.Body)
	return &http.Response{StatusCode: http.StatusBadRequest, Header: http.Header{"Content-Type": {"application/x-amz-json-1.0"}}, Request: req,
		Body: io.NopCloser(strings.NewReader(fmt.Sprintf(`{"__type":"com.amazonaws.dynamodb.v20120810#%s","message":"no"}`, r.code)))}, nil
}

// The client itself tries four times with short pauses, and no more: a lane stands still for two seconds at most. That a
// process met many throttles before changes nothing in what the caller is told.
func TestClientTriesAgainAsSet(t *testing.T) {
	const longest = 2 * time.Second
	for code, want := range map[string]struct {
		requests int
		class    fault.Class
	}{
		"ProvisionedThroughputExceededException": {4, fault.Wait},
		"ThrottlingException":                    {4, fault.Wait},
		"RequestLimitExceeded":                   {4, fault.Wait},
		"TransactionConflictException":           {4, fault.Retry},
		"TransactionInProgressException":         {4, fault.Retry},
		"ValidationException":                    {1, fault.Bug},
		"ResourceNotFoundException":              {1, fault.Bug},
	} {
		t.Run(code, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := &refusing{code: code}
				s := dynamostore.Open(over(r, "http://dynamodb.example"), named, atNine)
				call := func() error { return s.AddLoad(t.Context(), "t", "c", 1, 1) }
				began := time.Now()
				err := call()
				if n := len(r.requests); n != want.requests || fault.ClassOf(err) != want.class {
					t.Errorf("got %d requests and %v of class %v, want %d and class %v", n, err, fault.ClassOf(err), want.requests, want.class)
				}
				if took := time.Since(began); took > longest {
					t.Errorf("it took %v, want at most %v", took, longest)
				}
				for range 60 { // more than the client's allowance for repeats
					err = call()
				}
				if fault.ClassOf(err) != want.class {
					t.Errorf("after many: got %v of class %v, want class %v", err, fault.ClassOf(err), want.class)
				}
			})
		})
	}
}

// A batch is cut into what one call takes. What a reply leaves undone is asked for again until all is done.
func TestBatchesAreFinished(t *testing.T) {
	const rows = 130
	for name, most := range map[string]int{"all at once": 100, "some at a time": 37, "one at a time": 1} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var mu sync.Mutex
				removed, read := map[string]int{}, map[string]int{}
				s := dynamostore.Open(&fake{
					getMany: func(_ context.Context, in *dynamodb.BatchGetItemInput) (*dynamodb.BatchGetItemOutput, error) {
						mu.Lock()
						defer mu.Unlock()
						keys := in.RequestItems[named.Ledger]
						if n := len(keys.Keys); n == 0 || n > 100 || keys.ConsistentRead == nil || !*keys.ConsistentRead {
							t.Errorf("asked for %d rows, consistent %v, want 1 to 100 and consistent", n, keys.ConsistentRead)
						}
						out := &dynamodb.BatchGetItemOutput{Responses: map[string][]map[string]types.AttributeValue{}}
						n := min(most, len(keys.Keys))
						for _, key := range keys.Keys[:n] {
							pk := key["pk"].(*types.AttributeValueMemberS).Value
							read[pk]++
							out.Responses[named.Ledger] = append(out.Responses[named.Ledger], map[string]types.AttributeValue{
								"pk": key["pk"], "target_id": &types.AttributeValueMemberS{Value: pk[strings.LastIndex(pk, "#")+1:]}})
						}
						slices.Reverse(out.Responses[named.Ledger]) // DynamoDB promises no order
						if left := keys.Keys[n:]; len(left) > 0 {
							out.UnprocessedKeys = map[string]types.KeysAndAttributes{named.Ledger: {Keys: left}}
						}
						return out, nil
					},
					setMany: func(_ context.Context, in *dynamodb.BatchWriteItemInput) (*dynamodb.BatchWriteItemOutput, error) {
						mu.Lock()
						defer mu.Unlock()
						list := in.RequestItems[named.Failures]
						if n := len(list); n == 0 || n > 25 {
							t.Errorf("asked to delete %d rows, want 1 to 25", n)
						}
						n := min(most, len(list))
						for _, w := range list[:n] {
							removed[w.DeleteRequest.Key["sk"].(*types.AttributeValueMemberS).Value]++
						}
						out := &dynamodb.BatchWriteItemOutput{}
						if left := list[n:]; len(left) > 0 {
							out.UnprocessedItems = map[string][]types.WriteRequest{named.Failures: left}
						}
						return out, nil
					},
				}, named, atNine)
				var keys []string
				for i := range rows {
					keys = append(keys, fmt.Sprint(i))
				}
				asked := append(slices.Clone(keys), keys[:10]...) // some twice
				got, err := s.Entries(t.Context(), store.FlowScope("t", "f"), asked)
				if err != nil {
					t.Fatal(err)
				}
				for i, e := range got {
					if e.Key != asked[i] || e.TargetID != asked[i] {
						t.Errorf("entry %d: got %q with %q, want %q", i, e.Key, e.TargetID, asked[i])
					}
				}
				if err := s.RemoveRereads(t.Context(), "t", "f", asked); err != nil {
					t.Fatal(err)
				}
				for what, done := range map[string]map[string]int{"read": read, "removed": removed} {
					if len(done) != rows {
						t.Errorf("%d rows were %s, want %d", len(done), what, rows)
					}
					for key, n := range done {
						if n != 1 {
							t.Errorf("row %s was %s %d times", key, what, n)
						}
					}
				}
			})
		})
	}
}

// A batch that does not go on is given up in time, and its caller waits.
func TestBatchesThatDoNotGoOnWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		s := dynamostore.Open(&fake{
			getMany: func(_ context.Context, in *dynamodb.BatchGetItemInput) (*dynamodb.BatchGetItemOutput, error) {
				calls++
				return &dynamodb.BatchGetItemOutput{UnprocessedKeys: in.RequestItems}, nil
			},
			setMany: func(_ context.Context, in *dynamodb.BatchWriteItemInput) (*dynamodb.BatchWriteItemOutput, error) {
				calls++
				return &dynamodb.BatchWriteItemOutput{UnprocessedItems: in.RequestItems}, nil
			},
		}, named, atNine)
		_, read := s.Entries(t.Context(), store.FlowScope("t", "f"), []string{"a", "b"})
		for what, err := range map[string]error{"read": read, "remove": s.RemoveRereads(t.Context(), "t", "f", []string{"a", "b"})} {
			if e := fault.As(err); e.Class != fault.Wait || e.After <= 0 {
				t.Errorf("%s: got %v of class %v, want class wait with a time", what, err, e.Class)
			}
		}
		if calls < 4 || calls > 20 {
			t.Errorf("got %d calls, want some tries and not many", calls)
		}
		if took := time.Since(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)); took > 4*time.Second { // where a bubble's time begins
			t.Errorf("both took %v, want two seconds each at most", took)
		}
	})
}
