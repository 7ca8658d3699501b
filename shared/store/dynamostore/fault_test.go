package dynamostore_test

import (
	"context"
	"errors"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"apicenter/shared/fault"
	"apicenter/shared/integration"
	"apicenter/shared/model"
	"apicenter/shared/store"
	"apicenter/shared/store/dynamostore"
)

func TestFailuresSayWhatHappensNext(t *testing.T) {
	t.Parallel()
	reply := func(status int, err error) error {
		return &smithy.OperationError{ServiceID: "DynamoDB", Err: &awshttp.ResponseError{ResponseError: &smithyhttp.ResponseError{
			Response: &smithyhttp.Response{Response: &http.Response{StatusCode: status}}, Err: err}}}
	}
	api := func(code, message string) error { return &smithy.GenericAPIError{Code: code, Message: message} }
	for name, c := range map[string]struct {
		err    error
		class  fault.Class
		says   string
		detail string
	}{
		"table missing":   {reply(400, &types.ResourceNotFoundException{Message: aws.String("Requested resource not found")}), fault.Bug, "missing", "ResourceNotFoundException"},
		"denied":          {reply(400, api("AccessDeniedException", "role/sender is not authorized to perform: dynamodb:PutItem")), fault.Bug, "refused", "dynamodb:PutItem"},
		"not understood":  {reply(400, api("ValidationException", "the key does not match")), fault.Bug, "refused", "the key does not match"},
		"expired session": {reply(400, api("ExpiredTokenException", "expired")), fault.Retry, "refused", "ExpiredTokenException"},
		"its own mistake": {reply(500, &types.InternalServerError{}), fault.Retry, "did not answer", "InternalServerError"},
		"line cut":        {errors.New("connection reset"), fault.Retry, "did not answer", "the-"},
	} {
		s := dynamostore.Open(failing(func(context.Context) error { return c.err }), named, atNine)
		for _, o := range operations(t) {
			err := o.call(t.Context(), s)
			e := fault.As(err)
			if e.Class != c.class || !strings.Contains(e.Message, c.says) || !strings.Contains(e.Detail, c.detail) || !strings.Contains(e.Detail, "the-") || e.Advice == "" {
				t.Errorf("%s, %s: got class %v, %q with advice %q and detail %q, want class %v, %q and detail with the table and %q",
					o.name, name, e.Class, e.Message, e.Advice, e.Detail, c.class, c.says, c.detail)
			}
			if !errors.Is(err, c.err) {
				t.Errorf("%s, %s: got %v, want it to lead to what DynamoDB said", o.name, name, err)
			}
		}
	}
}

// What is stored must not be told by an error: it may be a customer's.
func TestErrorsNameNoValues(t *testing.T) {
	t.Parallel()
	s := dynamostore.Open(failing(func(context.Context) error { return &types.ResourceNotFoundException{} }), named, atNine)
	f := aFailure("t")
	f.Key, f.Number, f.Payload = "jan@example.nl", "private number", []byte("private payload")
	f.Problem.Message = "private problem"
	c := integration.Connection{Tenant: "t", ID: "c", Settings: map[string]string{"user": "private user"}, Secrets: []byte("private")}
	_, saved := s.SaveEntries(t.Context(), store.FlowScope("t", "f"), []store.Entry{{Key: "jan@example.nl", Reference: "private", Fingerprint: "private"}})
	_, found := s.EntriesByReference(t.Context(), store.FlowScope("t", "f"), "private")
	_, hook := s.FlowByHook(t.Context(), "private")
	for what, err := range map[string]error{"failure": s.PutFailures(t.Context(), []store.Failure{f}), "connection": s.PutConnection(t.Context(), c),
		"entry": saved, "reference": found, "hook": hook,
		"closing": s.CloseFailures(t.Context(), "t", "f", []store.Closed{{Key: "jan@example.nl"}})} {
		if text := err.Error() + fault.As(err).Detail; strings.Contains(text, "private") || strings.Contains(text, "jan") {
			t.Errorf("%s: the error tells what is stored: %q", what, text)
		}
	}
}

// A row holds 400 KB. What is larger is refused in words, with the field, before anything is sent: DynamoDB's own refusal
// would pass for a mistake of ours.
func TestRowsTooLargeAreRefused(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 500<<10)
	flow, problem := aFlow("t", "f"), aProblem()
	flow.GetMapping, problem.Message = long, long
	failure, huge := aFailure("t"), aFailure("t")
	failure.Problem = problem
	huge.Payload = make([]byte, 4<<20)
	parts := failure
	parts.Payload = make([]byte, 500<<10)
	for name, c := range map[string]struct {
		field string
		call  func(context.Context, *dynamostore.Store) error
	}{
		"connection": {"document", func(ctx context.Context, s *dynamostore.Store) error {
			return s.PutConnection(ctx, integration.Connection{Tenant: "t", ID: "c", Settings: map[string]string{"note": long}})
		}},
		"connection state": {"document", func(ctx context.Context, s *dynamostore.Store) error {
			_, err := s.SaveConnectionState(ctx, "t", "c", integration.ConnectionState{Reason: problem})
			return err
		}},
		"flow": {"document", func(ctx context.Context, s *dynamostore.Store) error { return s.PutFlow(ctx, flow, nine) }},
		"entry": {"target_id", func(ctx context.Context, s *dynamostore.Store) error {
			_, err := s.SaveEntries(ctx, store.FlowScope("t", "f"), []store.Entry{{Key: "k", TargetID: long}})
			return err
		}},
		"run": {"problem", func(ctx context.Context, s *dynamostore.Store) error {
			return s.AddToRun(ctx, "t", "f", "r", 1, 1, nine, problem)
		}},
		"checkpoint": {"checkpoint", func(ctx context.Context, s *dynamostore.Store) error {
			return s.SaveCheckpoint(ctx, store.PositionKey{Tenant: "t"}, "o", long, nine)
		}},
		"incident": {"document", func(ctx context.Context, s *dynamostore.Store) error {
			_, err := s.OpenIncident(ctx, store.Incident{Tenant: "t", ID: "i", Problem: problem})
			return err
		}},
		"failure": {"problem", func(ctx context.Context, s *dynamostore.Store) error {
			return s.PutFailures(ctx, []store.Failure{failure})
		}},
		"failure in parts": {"problem", func(ctx context.Context, s *dynamostore.Store) error {
			return s.PutFailures(ctx, []store.Failure{parts})
		}},
		"failure of too many": {"payload", func(ctx context.Context, s *dynamostore.Store) error {
			return s.PutFailures(ctx, []store.Failure{huge})
		}},
		"failure among others": {"payload", func(ctx context.Context, s *dynamostore.Store) error {
			return s.PutFailures(ctx, []store.Failure{huge, huge})
		}},
	} {
		err := c.call(t.Context(), dynamostore.Open(&fake{}, named, atNine)) // which must not be asked
		if e := fault.As(err); e.Class != fault.Reject || e.Field != c.field || e.Advice == "" || len(e.Message) > 200 {
			t.Errorf("%s: got %v of class %v, field %q, want class reject, field %q and advice", name, err, e.Class, e.Field, c.field)
		}
	}
}

// What is larger than a row and fits into a few is kept whole, at every border.
func TestLargePayloadsAreKeptWhole(t *testing.T) {
	t.Parallel()
	client, tables := common(t)
	s := dynamostore.Open(client, tables, atNine)
	const row = 340 << 10
	for _, n := range []int{row, row + 1, 2 * row, 2*row + 1, 11 * row} {
		f, c := aFailure("large"), aChunk("large")
		f.Payload = make([]byte, n)
		for i := range f.Payload {
			f.Payload[i] = byte(i*31 + i>>8)
		}
		f.Version.Marker, c.ID, c.Payload = int64(n), time.Duration(n).String(), f.Payload
		if err := s.PutFailures(t.Context(), []store.Failure{f}); err != nil {
			t.Fatalf("failure of %d bytes: %v", n, err)
		}
		if err := s.AppendChunk(t.Context(), c); err != nil {
			t.Fatalf("chunk of %d bytes: %v", n, err)
		}
		got, err := s.Failure(t.Context(), "large", "f", "k")
		if err != nil || string(got.Payload) != string(f.Payload) {
			t.Errorf("failure of %d bytes: got %d bytes and %v", n, len(got.Payload), err)
		}
		chunk, err := s.Chunk(t.Context(), "large", "f", c.ID)
		if err != nil || string(chunk.Payload) != string(f.Payload) {
			t.Errorf("chunk of %d bytes: got %d bytes and %v", n, len(chunk.Payload), err)
		}
	}
	// A smaller one leaves no parts behind, and closing neither.
	rest := func() int {
		out, err := client.Query(t.Context(), &dynamodb.QueryInput{TableName: &tables.Failures, KeyConditionExpression: aws.String("pk = :pk"),
			ExpressionAttributeValues: map[string]types.AttributeValue{":pk": &types.AttributeValueMemberS{Value: "part#large#f#k"}}})
		if err != nil {
			t.Fatal(err)
		}
		return len(out.Items)
	}
	f := aFailure("large")
	f.Version.Marker, f.Payload = 12*row, make([]byte, row+1)
	ok(s.PutFailures(t.Context(), []store.Failure{f}))
	if n := rest(); n != 2 {
		t.Errorf("got %d parts, want the 2 of the last payload", n)
	}
	ok(s.CloseFailures(t.Context(), "large", "f", []store.Closed{{Key: "k", Version: f.Version}}))
	if n := rest(); n != 0 {
		t.Errorf("got %d parts of a closed failure, want none", n)
	}
}

// Whoever gives up is told by the context's own error, from wherever the call was.
func TestContextEndsCalls(t *testing.T) {
	reason := errors.New("the function is shutting down")
	gone := func(ctx context.Context) error {
		return &smithy.OperationError{Err: &smithy.CanceledError{Err: ctx.Err()}}
	}
	for _, o := range operations(t) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := o.call(ctx, dynamostore.Open(failing(gone), named, atNine)); !errors.Is(err, context.Canceled) || fault.ClassOf(err) != fault.Unclassified {
			t.Errorf("%s, cancelled before: got %v of class %v, want context.Canceled", o.name, err, fault.ClassOf(err))
		}
		why, stop := context.WithCancelCause(t.Context())
		during := failing(func(ctx context.Context) error {
			stop(reason)
			return gone(ctx)
		})
		if err := o.call(why, dynamostore.Open(during, named, atNine)); !errors.Is(err, reason) {
			t.Errorf("%s, cancelled during: got %v, want the reason", o.name, err)
		}
	}
}

// The end of the context cuts pauses short, and nothing goes on behind the caller's back.
func TestDeadlineIsKeptInPauses(t *testing.T) {
	calls := transactional()
	calls["batch read"] = func(ctx context.Context, s *dynamostore.Store) error {
		_, err := s.Entries(ctx, store.FlowScope("t", "f"), []string{"k"})
		return err
	}
	calls["batch removal"] = func(ctx context.Context, s *dynamostore.Store) error {
		return s.RemoveRereads(ctx, "t", "f", []string{"k"})
	}
	for name, call := range calls {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := answering(map[string]bool{}, cancelled("TransactionConflict"))
				f.getMany = func(_ context.Context, in *dynamodb.BatchGetItemInput) (*dynamodb.BatchGetItemOutput, error) {
					return &dynamodb.BatchGetItemOutput{UnprocessedKeys: in.RequestItems}, nil
				}
				f.setMany = func(_ context.Context, in *dynamodb.BatchWriteItemInput) (*dynamodb.BatchWriteItemOutput, error) {
					return &dynamodb.BatchWriteItemOutput{UnprocessedItems: in.RequestItems}, nil
				}
				const limit = 70 * time.Millisecond
				ctx, cancel := context.WithTimeout(t.Context(), limit)
				defer cancel()
				began := time.Now()
				err := call(ctx, dynamostore.Open(f, named, atNine))
				if took := time.Since(began); !errors.Is(err, context.DeadlineExceeded) || took > limit {
					t.Errorf("got %v after %v, want context.DeadlineExceeded at %v", err, took, limit)
				}
			})
		})
	}
}

// A call that is done at several places at a time waits for all of them, and begins none after the first failed.
func TestNoGoroutineIsLeftBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		begun := 0
		entered := make(chan struct{}, 1000)
		f := &fake{put: func(ctx context.Context, _ *dynamodb.PutItemInput) (*dynamodb.PutItemOutput, error) {
			entered <- struct{}{}
			<-ctx.Done()
			time.Sleep(time.Second) // the line takes a moment to close
			return nil, ctx.Err()
		}}
		entries := make([]store.Entry, 500)
		for i := range entries {
			entries[i] = store.Entry{Key: time.Duration(i).String(), Version: model.Version{Marker: 1}}
		}
		before := runtime.NumGoroutine()
		go func() {
			for range entered {
				if begun++; begun == 10 {
					cancel()
				}
			}
		}()
		_, err := dynamostore.Open(f, named, atNine).SaveEntries(ctx, store.FlowScope("t", "f"), entries)
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want context.Canceled", err)
		}
		close(entered)
		synctest.Wait()
		if after := runtime.NumGoroutine(); after > before {
			t.Errorf("got %d goroutines afterwards, want the %d of before", after, before)
		}
		if begun < 10 || begun > 50 {
			t.Errorf("%d writes were begun, want no more after the end than were under way", begun)
		}
	})
}
