package sqsqueue

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"apicenter/shared/fault"
	"apicenter/shared/queue"
)

// breather is how long a throttled caller waits. SQS names no time; the client has tried for a few seconds before.
const breather = 10 * time.Second

// failure says what became of a request that failed as a whole. The end of the caller's context stays what it is.
func failure(ctx context.Context, name queue.Name, err error) error {
	if ended := ctx.Err(); ended != nil {
		return fmt.Errorf("queue %s: %w", name, ended)
	}
	e := &fault.Error{Class: fault.Retry, Step: step, Message: fmt.Sprintf("the queue %s did not answer", name), Detail: err.Error(), Err: err}
	var missing *types.QueueDoesNotExist
	var api smithy.APIError
	var answer *smithyhttp.ResponseError
	switch {
	case throttled(err):
		e.Class, e.After, e.Message = fault.Wait, retryAfter(err), fmt.Sprintf("the queue %s is asked for more than it gives at once", name)
	case errors.As(err, &missing):
		// A deployment under way may bring it: until then nothing is lost by trying again.
		e.Message, e.Advice = fmt.Sprintf("the queue %s does not exist", name), "Deploy the queues again, or set this function's address of it."
	case errors.As(err, &answer) && answer.HTTPStatusCode() == http.StatusForbidden:
		e.Message, e.Advice = fmt.Sprintf("the queue %s may not be used by this function", name), "Give the function's role the actions it uses on this queue."
	case errors.As(err, &api) && api.ErrorFault() == smithy.FaultClient, errors.As(err, &answer) && answer.HTTPStatusCode() == http.StatusBadRequest:
		e.Class, e.Message = fault.Bug, fmt.Sprintf("the queue %s does not understand what it was asked", name)
	}
	return e
}

// throttled reports whether SQS, or KMS behind it, said to come back later.
func throttled(err error) bool {
	var over *types.OverLimit // too many messages in flight: no request is wrong, and deleting some helps
	var answer *smithyhttp.ResponseError
	var api smithy.APIError
	if errors.As(err, &over) || errors.As(err, &api) && throttleCode(api.ErrorCode()) {
		return true
	}
	return errors.As(err, &answer) && (answer.HTTPStatusCode() == http.StatusTooManyRequests || answer.HTTPStatusCode() == http.StatusServiceUnavailable)
}

func throttleCode(code string) bool {
	if _, ok := retry.DefaultThrottleErrorCodes[code]; ok {
		return true
	}
	return code == "KmsThrottled" || code == "KMS.ThrottlingException" || code == "OverLimit" || code == "ServiceUnavailable"
}

// retryAfter returns the seconds that an answer names, or the usual ones.
func retryAfter(err error) time.Duration {
	var answer *smithyhttp.ResponseError
	if errors.As(err, &answer) && answer.Response != nil && answer.Response.Response != nil {
		if s, err := strconv.Atoi(answer.Response.Header.Get("Retry-After")); err == nil && s > 0 {
			return time.Duration(s) * time.Second
		}
	}
	return breather
}

// refusal is what SQS said about one message of a batch.
type refusal struct {
	code, message string
	ours          bool // the fault is the request's, so that trying again does not help
}

// refusedAll makes one error of the messages that were refused for good or too often.
func refusedAll(name queue.Name, what string, all int, some []refusal) error {
	e := &fault.Error{Class: fault.Wait, Step: step, After: breather,
		Message: fmt.Sprintf("the queue %s did not %s %d of %d messages", name, what, len(some), all)}
	details := make([]string, 0, len(some))
	for _, r := range some {
		switch {
		case r.ours:
			e.Class, e.After = fault.Bug, 0
		case e.Class == fault.Wait && !throttleCode(r.code):
			e.Class, e.After = fault.Retry, 0
		}
		if text := strings.TrimSpace(r.code + " " + r.message); len(details) < 3 {
			details = append(details, text)
		}
	}
	e.Detail = strings.Join(details, "; ")
	return e
}
