package eventbridge

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"apicenter/shared/events"
	"apicenter/shared/fault"
)

// breather is how long a throttled caller waits. EventBridge names no time.
const breather = 10 * time.Second

// failure says what became of a request that failed as a whole. The end of the caller's context stays what it is.
func (b *Bus) failure(ctx context.Context, err error) error {
	if ended := ctx.Err(); ended != nil {
		return fmt.Errorf("event bus %s: %w", b.bus, ended)
	}
	e := &fault.Error{Class: fault.Retry, Step: events.Step, Message: fmt.Sprintf("the event bus %s did not answer", b.bus), Detail: err.Error(), Err: err}
	var missing *types.ResourceNotFoundException
	var api smithy.APIError
	var answer *smithyhttp.ResponseError
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		e.Message = fmt.Sprintf("the event bus %s did not answer within %v", b.bus, events.Patience)
	case throttled(err):
		e.Class, e.After, e.Message = fault.Wait, breather, fmt.Sprintf("the event bus %s is given more than it takes at once", b.bus)
	case errors.As(err, &missing):
		e.Message, e.Advice = fmt.Sprintf("the event bus %s does not exist", b.bus), "Deploy the bus again, or set this function's name of it."
	case errors.As(err, &api) && denied(api.ErrorCode()), errors.As(err, &answer) && answer.HTTPStatusCode() == http.StatusForbidden:
		e.Message, e.Advice = fmt.Sprintf("the event bus %s may not be used by this function", b.bus), mayNot
	case errors.As(err, &api) && api.ErrorFault() == smithy.FaultClient, errors.As(err, &answer) && answer.HTTPStatusCode() == http.StatusBadRequest:
		e.Class, e.Message = fault.Bug, fmt.Sprintf("the event bus %s does not understand what it was asked", b.bus)
	}
	return e
}

const mayNot = "Give the function's role events:PutEvents on this bus."

// throttled reports whether EventBridge said to come back later.
func throttled(err error) bool {
	var answer *smithyhttp.ResponseError
	var api smithy.APIError
	if errors.As(err, &api) && throttleCode(api.ErrorCode()) {
		return true
	}
	return errors.As(err, &answer) && (answer.HTTPStatusCode() == http.StatusTooManyRequests || answer.HTTPStatusCode() == http.StatusServiceUnavailable)
}

func throttleCode(code string) bool {
	_, ok := retry.DefaultThrottleErrorCodes[code]
	return ok || code == "ServiceUnavailable"
}

func denied(code string) bool {
	return slices.Contains([]string{"AccessDenied", "AccessDeniedException", "NotAuthorizedForSourceException", "NotAuthorizedForDetailTypeException",
		"NotAuthorizedForSource", "NotAuthorizedForDetailType", "InvalidAccountIdException"}, code)
}

// refusal is what EventBridge said about one event of a request.
type refusal struct{ code, message string }

// final reports whether trying again helps nothing.
func (r refusal) final() bool { return denied(r.code) || r.ours() }

// ours reports whether the event is wrong.
func (r refusal) ours() bool {
	return slices.Contains([]string{"InvalidArgument", "MalformedDetail", "ValidationException"}, r.code)
}

// refusedAll makes one error of the events that were refused for good or too often. The worst class counts.
func (b *Bus) refusedAll(all int, some []refusal) error {
	e := &fault.Error{Class: fault.Wait, Step: events.Step, After: breather,
		Message: fmt.Sprintf("the event bus %s did not take %d of %d events", b.bus, len(some), all)}
	details := make([]string, 0, len(some))
	for _, r := range some {
		switch {
		case r.ours():
			e.Class, e.After = fault.Bug, 0
		case e.Class == fault.Wait && !throttleCode(r.code):
			e.Class, e.After = fault.Retry, 0
		}
		if denied(r.code) {
			e.Advice = mayNot
		}
		if text := strings.TrimSpace(r.code + " " + r.message); len(details) < 3 {
			details = append(details, text)
		}
	}
	e.Detail = strings.Join(details, "; ")
	return e
}
