package dynamostore

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"

	"apicenter/shared/fault"
)

// Codes of DynamoDB that are acted upon.
const (
	codeCondition = "ConditionalCheckFailed"       // a reason of a cancelled transaction
	codeMet       = "TransactionConflict"          // likewise: it met another
	codeInvalid   = "ValidationError"              // likewise: a write of it made no sense
	codeConflict  = "TransactionConflictException" // a single write that met a transaction
)

// busyTime is how long whoever met a throttled table is asked to wait.
const busyTime = 10 * time.Second

// throttled are the codes by which DynamoDB says that it is asked for too much, of calls and of reasons.
func throttled(code string) bool {
	return slices.Contains([]string{"ProvisionedThroughputExceededException", "ProvisionedThroughputExceeded", "ThrottlingException",
		"ThrottlingError", "Throttling", "RequestLimitExceeded", "LimitExceededException"}, code)
}

// passing reports that a cancelled transaction may well succeed when it is tried again.
func passing(reasons []types.CancellationReason) bool {
	return !slices.ContainsFunc(reasons, func(r types.CancellationReason) bool {
		code := aws.ToString(r.Code)
		return code != "" && code != "None" && code != codeMet && !throttled(code)
	})
}

// codes are the reasons for which a transaction was cancelled, as DynamoDB names them.
func codes(reasons []types.CancellationReason) string {
	list := make([]string, len(reasons))
	for i, r := range reasons {
		list[i] = aws.ToString(r.Code)
	}
	return strings.Join(list, ", ")
}

func busy(doing, table string, err error) error {
	return &fault.Error{Class: fault.Wait, After: busyTime, Err: err,
		Message: "our database is asked for more than it gives at the moment", Advice: "It goes on by itself.",
		Detail: doing + " " + table + ": throttled"}
}

// refusal is DynamoDB's answer to what it cannot make sense of. Its words name tables, attributes and roles, never values.
func refusal(detail string, err error) *fault.Error {
	return &fault.Error{Class: fault.Bug, Err: err, Message: "our database refused what we asked of it",
		Advice: "We were told; there is nothing to do for you.", Detail: detail}
}

// failure puts what DynamoDB answered into a class. The end of the context stays what it is.
func failure(ctx context.Context, doing, table string, err error) error {
	if done := context.Cause(ctx); done != nil {
		return fmt.Errorf("%s %s: %w", doing, table, done)
	}
	var cancelled *types.TransactionCanceledException
	if errors.As(err, &cancelled) {
		for _, r := range cancelled.CancellationReasons {
			switch code := aws.ToString(r.Code); {
			case throttled(code):
				return busy(doing, table, err)
			case code == codeInvalid:
				return refusal(doing+" "+table+": "+code+": "+aws.ToString(r.Message), err)
			}
		}
		if passing(cancelled.CancellationReasons) {
			return &fault.Error{Class: fault.Retry, Err: err, Message: "somebody else was changing the same entry in our database",
				Advice: "It is tried again by itself.", Detail: doing + " " + table + ": transaction conflict"}
		}
		return &fault.Error{Class: fault.Retry, Err: err, Message: "our database refused what we asked of it",
			Advice: "It is tried again by itself.", Detail: doing + " " + table + ": " + codes(cancelled.CancellationReasons)}
	}
	e := &fault.Error{Class: fault.Retry, Err: err, Message: "our database did not answer", Advice: "It is tried again by itself.",
		Detail: doing + " " + table}
	var answer smithy.APIError
	if !errors.As(err, &answer) {
		return e
	}
	code := answer.ErrorCode()
	e.Detail += ": " + code
	var reply *awshttp.ResponseError
	switch {
	case throttled(code):
		return busy(doing, table, err)
	case code == "ResourceNotFoundException":
		e.Class, e.Message, e.Advice = fault.Bug, "a table of our database is missing", "We were told; there is nothing to do for you."
	case code == "AccessDeniedException" || code == "ValidationException":
		return refusal(e.Detail+": "+answer.ErrorMessage(), err)
	case code == codeConflict:
		e.Message = "somebody else was changing the same entry in our database"
	case errors.As(err, &reply) && reply.HTTPStatusCode() < http.StatusInternalServerError:
		e.Message = "our database refused what we asked of it"
	}
	return e
}

// largest is the most bytes of a row; DynamoDB takes 400 KB, and its way of counting numbers is not quite known.
const largest = 399 << 10

// size is what DynamoDB counts of a row, names included; 0 for none.
func size(row item) (n int) {
	for name, value := range row {
		n += len(name)
		switch v := value.(type) {
		case *types.AttributeValueMemberS:
			n += len(v.Value)
		case *types.AttributeValueMemberB:
			n += len(v.Value)
		case *types.AttributeValueMemberN:
			n += len(v.Value)/2 + 2
		default:
			n++
		}
	}
	return n
}

// fits refuses a row that DynamoDB would, in words.
func fits(row item) error {
	n := size(row)
	if n <= largest {
		return nil
	}
	name, most := "", 0
	for attribute, value := range row { // any order: the largest is looked for
		if m := size(item{attribute: value}); m > most {
			name, most = attribute, m
		}
	}
	return &fault.Error{Class: fault.Reject, Field: strings.TrimPrefix(name, ":"),
		Message: fmt.Sprintf("this is %d KB, and one entry of our database takes %d KB at most", (n+1023)/1024, largest/1024),
		Advice:  "Make it shorter, or split it."}
}
