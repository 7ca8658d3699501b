// Package lambdaevent translates what AWS Lambda hands a function into the words of the pipeline, and the answer back.
//
// The mains under functions/ call it: Decode says what woke the function, Batch.Response tells SQS which messages have to
// come again, and Serve lets an http.Handler answer API Gateway. EncodeBody and DecodeBody are the two ends of one agreement
// on what a queue message looks like as text, for the SQS adapter too. It opens no envelope, calls no AWS and decides
// nothing: that is the work of the stages.
package lambdaevent

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"
)

// Event is what woke a function: a Batch, a Tick, a Notice or a Call.
type Event interface{ event() }

// Tick is a schedule that came due, of EventBridge rules and of the EventBridge Scheduler alike.
type Tick struct {
	ID string
	// At is the time the schedule meant, in UTC; the function may start later.
	At time.Time
	// Schedule is the name of the rule or schedule.
	Schedule string
}

// Notice is something that happened in the platform, told over the EventBridge bus.
type Notice struct {
	ID     string
	At     time.Time
	Source string
	Type   string
	Detail json.RawMessage
}

// Call is an HTTP request that came through API Gateway (HTTP API, payload format 2.0).
type Call struct {
	request events.APIGatewayV2HTTPRequest
}

func (Batch) event()  {}
func (Tick) event()   {}
func (Notice) event() {}
func (Call) event()   {}

// shape holds the fields by which the events differ from each other.
type shape struct {
	Records        json.RawMessage `json:"Records"`
	DetailType     string          `json:"detail-type"`
	Version        string          `json:"version"`
	RequestContext struct {
		HTTP *struct {
			Method string `json:"method"`
		} `json:"http"`
	} `json:"requestContext"`
}

// Decode says what woke the function. One function may be woken in several ways: a fetch Lambda gets ticks of its schedule
// and batches of its queue. An event of another shape is an error that says what was seen, without its contents.
func Decode(raw json.RawMessage) (Event, error) {
	var s shape
	if err := json.Unmarshal(raw, &s); err != nil {
		return nil, fmt.Errorf("the event is not a JSON object this function knows: %w", shapeError(err))
	}
	switch {
	case s.Records != nil:
		return decodeBatch(raw)
	case s.DetailType != "":
		return decodeBridge(raw)
	case s.RequestContext.HTTP != nil:
		return decodeCall(raw, s)
	}
	return nil, errors.New("the event is none this function knows: not a batch of queue messages, not an EventBridge event, " +
		"not an HTTP API request of payload format 2.0" + seen(raw))
}

func decodeBridge(raw json.RawMessage) (Event, error) {
	var e events.EventBridgeEvent
	if err := json.Unmarshal(raw, &e); err != nil {
		return nil, fmt.Errorf("the EventBridge event cannot be read: %w", shapeError(err))
	}
	at := e.Time.UTC()
	switch {
	case e.DetailType == "Scheduled Event" && (e.Source == "aws.events" || e.Source == "aws.scheduler"):
		return Tick{ID: e.ID, At: at, Schedule: scheduleName(e.Resources)}, nil
	case e.Source == "" || strings.HasPrefix(e.Source, "aws."):
		return nil, fmt.Errorf("the EventBridge event %q of source %q is not for this function", e.DetailType, e.Source)
	}
	return Notice{ID: e.ID, At: at, Source: e.Source, Type: e.DetailType, Detail: e.Detail}, nil
}

// scheduleName is the last part of …:rule/name and …:schedule/group/name.
func scheduleName(arns []string) string {
	if len(arns) == 0 {
		return ""
	}
	return arns[0][strings.LastIndex(arns[0], "/")+1:]
}

// shapeError keeps where a decoding failed and leaves out what stood there: events hold personal data.
func shapeError(err error) error {
	var kind *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &kind):
		return fmt.Errorf("field %q is not a %s", kind.Field, kind.Type)
	case errors.As(err, &syntax):
		return fmt.Errorf("it is not JSON from byte %d on", syntax.Offset)
	}
	return errors.New("it has another form")
}

// seen names the few marks an operator can recognize a foreign event by.
func seen(raw json.RawMessage) string {
	var other struct {
		HTTPMethod     string `json:"httpMethod"`
		Type           string `json:"type"`
		RequestContext struct {
			Balancer json.RawMessage `json:"elb"`
		} `json:"requestContext"`
	}
	if err := json.Unmarshal(raw, &other); err != nil {
		return ""
	}
	switch {
	case other.RequestContext.Balancer != nil:
		return " (it looks like a load balancer's request)"
	case other.HTTPMethod != "":
		return " (it looks like a request of payload format 1.0; set the integration's format to 2.0)"
	case other.Type != "":
		return " (it looks like an authorizer's or a connector's call)"
	}
	return ""
}
