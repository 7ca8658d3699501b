package deploy

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"apicenter/shared/emulator"
	"apicenter/shared/panel/openid/openidtest"
)

// cloud is the stack brought up on this machine: tables, queues and key in emulators, functions as processes.
type cloud struct {
	*stack
	config    aws.Config
	endpoints map[string]string // service → address
	tables    *dynamodb.Client
	queues    *sqs.Client
	keys      *kms.Client
	news      *listeners
	hosts     map[string]*host // by id in the template
	people    *openidtest.Provider

	down func() // takes it all down; by itself when the test ends

	mu  sync.Mutex
	log []string // what functions logged
}

// credentials that emulators accept.
func credentials() aws.CredentialsProvider {
	return aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: "test", SecretAccessKey: "test"}, nil
	})
}

// bringUp makes everything the template describes that the functions work on; it is gone when the test ends.
func bringUp(ctx context.Context, t testing.TB, parameters map[string]string) *cloud {
	t.Helper()
	c := &cloud{endpoints: map[string]string{"DYNAMODB": emulator.DynamoDB(t), "SQS": emulator.SQS(t), "KMS": emulator.Moto(t), "EVENTBRIDGE": emulator.Moto(t),
		"SSM": emulator.Moto(t)},
		hosts: map[string]*host{}, config: aws.Config{Region: region, Credentials: credentials()}}
	c.tables = dynamodb.NewFromConfig(c.config, func(o *dynamodb.Options) { o.BaseEndpoint = aws.String(c.endpoints["DYNAMODB"]) })
	c.queues = sqs.NewFromConfig(c.config, func(o *sqs.Options) { o.BaseEndpoint = aws.String(c.endpoints["SQS"]) })
	c.keys = kms.NewFromConfig(c.config, func(o *kms.Options) { o.BaseEndpoint = aws.String(c.endpoints["KMS"]) })
	plan, err := read(written(t), parameters, nil)
	if err != nil {
		t.Fatal(err)
	}
	refs := map[string]string{}
	for _, id := range plan.of("AWS::DynamoDB::Table") {
		if err := c.makeTable(ctx, plan.resources[id].Properties); err != nil {
			t.Fatalf("table %s: %v", id, err)
		}
	}
	made := map[string]string{} // ARN in AWS → ARN in the emulator
	ids := plan.of("AWS::SQS::Queue")
	slices.SortStableFunc(ids, func(a, b string) int { // dead-letter queues first
		return boolOrder(plan.at(a, "RedrivePolicy") != nil) - boolOrder(plan.at(b, "RedrivePolicy") != nil)
	})
	for _, id := range ids {
		if refs[id], err = c.makeQueue(ctx, plan, id, made); err != nil {
			t.Fatalf("queue %s: %v", id, err)
		}
	}
	key, err := c.keys.CreateKey(ctx, &kms.CreateKeyInput{})
	if err != nil {
		t.Fatalf("key: %v", err)
	}
	refs["MasterKey"] = aws.ToString(key.KeyMetadata.KeyId)
	if c.news, err = c.listen(ctx, plan); err != nil {
		t.Fatalf("event bus: %v", err)
	}
	c.people = openidtest.Start(t, time.Now, openidtest.Behaviour{})
	refs["Users.ProviderURL"], refs["PanelClient"] = c.people.Issuer, openidtest.Client
	if c.stack, err = read(written(t), parameters, refs); err != nil {
		t.Fatal(err)
	}
	c.makeSignIn(ctx, t)
	c.down = sync.OnceFunc(func() {
		ctx := context.WithoutCancel(ctx)
		c.news.takeDown(ctx, t)
		c.takeDown(ctx, t, plan, refs)
	})
	t.Cleanup(c.down)
	return c
}

// takeDown removes tables and queues: the next test of this process brings up a stack of the same name.
func (c *cloud) takeDown(ctx context.Context, t testing.TB, plan *stack, urls map[string]string) {
	t.Helper()
	for _, id := range plan.of("AWS::DynamoDB::Table") {
		if _, err := c.tables.DeleteTable(ctx, &dynamodb.DeleteTableInput{TableName: aws.String(plan.text(id, "TableName"))}); err != nil {
			t.Errorf("removing table %s: %v", id, err)
		}
	}
	for _, id := range plan.of("AWS::SQS::Queue") {
		if _, err := c.queues.DeleteQueue(ctx, &sqs.DeleteQueueInput{QueueUrl: aws.String(urls[id])}); err != nil {
			t.Errorf("removing queue %s: %v", id, err)
		}
	}
}

func boolOrder(b bool) int {
	if b {
		return 1
	}
	return 0
}

// makeTable makes a table as the template has it: the two speak of tables in the same words.
func (c *cloud) makeTable(ctx context.Context, properties map[string]any) error {
	text, err := json.Marshal(properties)
	if err != nil {
		return err
	}
	var both struct {
		dynamodb.CreateTableInput
		TimeToLiveSpecification                            *types.TimeToLiveSpecification
		SSESpecification, PointInTimeRecoverySpecification any // the emulator has neither
	}
	if err := json.Unmarshal(text, &both); err != nil {
		return err
	}
	in := both.CreateTableInput
	in.DeletionProtectionEnabled = nil
	if _, err := c.tables.CreateTable(ctx, &in); err != nil {
		return err
	}
	if both.TimeToLiveSpecification != nil {
		_, err = c.tables.UpdateTimeToLive(ctx, &dynamodb.UpdateTimeToLiveInput{TableName: in.TableName, TimeToLiveSpecification: both.TimeToLiveSpecification})
	}
	return err
}

func (c *cloud) makeQueue(ctx context.Context, plan *stack, id string, made map[string]string) (url string, err error) {
	attributes := map[string]string{}
	for name, value := range plan.resources[id].Properties {
		switch name {
		case "QueueName", "SqsManagedSseEnabled":
		case "RedrivePolicy":
			policy, err := json.Marshal(map[string]string{"deadLetterTargetArn": made[plan.text(id, "RedrivePolicy", "deadLetterTargetArn")],
				"maxReceiveCount": plan.text(id, "RedrivePolicy", "maxReceiveCount")})
			if err != nil {
				return "", err
			}
			attributes[name] = string(policy)
		default:
			attributes[name] = fmt.Sprint(value)
		}
	}
	out, err := c.queues.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String(plan.name(id)), Attributes: attributes})
	if err != nil {
		return "", err
	}
	arn, err := c.queues.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: out.QueueUrl, AttributeNames: []sqstypes.QueueAttributeName{"QueueArn"}})
	if err != nil {
		return "", err
	}
	made[fmt.Sprint(plan.attribute(id, "Arn"))] = arn.Attributes["QueueArn"]
	return aws.ToString(out.QueueUrl), nil
}

// environment is what the template gives a function, and what Lambda adds.
func (c *cloud) environment(function string) []string {
	env := []string{"AWS_REGION=" + region, "AWS_DEFAULT_REGION=" + region, "AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test",
		"AWS_SESSION_TOKEN=test", "AWS_LAMBDA_FUNCTION_NAME=" + c.text(function, "FunctionName"), "AWS_LAMBDA_FUNCTION_VERSION=$LATEST",
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE=" + c.text(function, "MemorySize"), "AWS_LAMBDA_LOG_FORMAT=" + c.text(function, "LoggingConfig", "LogFormat"),
		"AWS_LAMBDA_LOG_LEVEL=" + c.text(function, "LoggingConfig", "ApplicationLogLevel"), "_HANDLER=" + c.text(function, "Handler"), "TZ=:UTC"}
	variables, _ := c.at(function, "Environment", "Variables").(map[string]any)
	for name, value := range variables {
		env = append(env, name+"="+fmt.Sprint(value))
	}
	for service, url := range c.endpoints {
		env = append(env, "AWS_ENDPOINT_URL_"+service+"="+url)
	}
	return env
}

// perFunction is how many processes of a function there are at most on this machine, whatever the template allows.
const perFunction = 4

// startFunctions makes a host for each function of the template.
func (c *cloud) startFunctions(t *testing.T) {
	t.Helper()
	binaries := bootstraps(t)
	for _, id := range c.of("AWS::Lambda::Function") {
		timeout := time.Duration(c.number(id, "Timeout")) * time.Second
		c.hosts[id] = newHost(c.text(id, "FunctionName"), binaries[id], c.environment(id), timeout, perFunction, func(line []byte) {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.log = append(c.log, string(line))
		})
	}
	t.Cleanup(func() {
		for _, h := range c.hosts {
			h.stop()
		}
	})
}

// poll does for every event source of the template what Lambda does: receives batches, hands them to the function, and
// deletes what it does not call failed. It returns when ctx ends and all handlers have.
func (c *cloud) poll(ctx context.Context, problem func(error)) {
	var wait sync.WaitGroup
	for _, s := range c.sources() {
		for range min(perFunction, c.number(s.id, "ScalingConfig", "MaximumConcurrency")) {
			wait.Go(func() {
				for ctx.Err() == nil {
					if err := c.pollOnce(ctx, s); err != nil && ctx.Err() == nil {
						problem(err)
						pause(ctx, 100*time.Millisecond)
					}
				}
			})
		}
	}
	wait.Wait()
}

func (c *cloud) pollOnce(ctx context.Context, s source) error {
	url := aws.String(fmt.Sprint(c.ref(s.queue)))
	got, err := c.queues.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: url, MaxNumberOfMessages: int32(min(c.number(s.id, "BatchSize"), 10)),
		WaitTimeSeconds: 1, MessageSystemAttributeNames: []sqstypes.MessageSystemAttributeName{"All"}})
	if err != nil || len(got.Messages) == 0 {
		return err
	}
	event, err := json.Marshal(c.batch(s, got.Messages))
	if err != nil {
		return err
	}
	// A stop lets what is under way end, as Lambda does.
	answer, err := answerTo[events.SQSEventResponse](c.hosts[s.function].invoke(context.WithoutCancel(ctx), event))
	if err != nil {
		return err // nothing is deleted: the batch comes again
	}
	failed := map[string]bool{}
	for _, f := range answer.BatchItemFailures {
		failed[f.ItemIdentifier] = true
	}
	var gone []sqstypes.DeleteMessageBatchRequestEntry
	for i, m := range got.Messages {
		if !failed[aws.ToString(m.MessageId)] {
			gone = append(gone, sqstypes.DeleteMessageBatchRequestEntry{Id: aws.String(fmt.Sprint(i)), ReceiptHandle: m.ReceiptHandle})
		}
	}
	if len(gone) == 0 {
		return nil
	}
	_, err = c.queues.DeleteMessageBatch(context.WithoutCancel(ctx), &sqs.DeleteMessageBatchInput{QueueUrl: url, Entries: gone})
	return err
}

func (c *cloud) batch(s source, messages []sqstypes.Message) events.SQSEvent {
	var e events.SQSEvent
	for _, m := range messages {
		e.Records = append(e.Records, events.SQSMessage{MessageId: aws.ToString(m.MessageId), ReceiptHandle: aws.ToString(m.ReceiptHandle),
			Body: aws.ToString(m.Body), Attributes: m.Attributes, MessageAttributes: map[string]events.SQSMessageAttribute{},
			EventSource: "aws:sqs", EventSourceARN: fmt.Sprint(c.attribute(s.queue, "Arn")), AWSRegion: region})
	}
	return e
}

// tick fires every schedule once.
func (c *cloud) tick(ctx context.Context) error {
	for _, id := range c.of("AWS::Events::Rule") {
		if c.at(id, "ScheduleExpression") == nil {
			continue // it waits for events
		}
		targets, _ := c.at(id, "Targets").([]any)
		for _, target := range targets {
			event, err := json.Marshal(events.EventBridgeEvent{Version: "0", ID: "6d7c4ac5-2f4b-4d9a-9c1c-2a3b4c5d6e7f", DetailType: "Scheduled Event",
				Source: "aws.events", AccountID: account, Time: time.Now().UTC(), Region: region,
				Resources: []string{"arn:aws:events:" + region + ":" + account + ":rule/" + stackName + "-" + id}, Detail: json.RawMessage("{}")})
			if err != nil {
				return err
			}
			function := c.functionID(fmt.Sprint(target.(map[string]any)["Arn"]))
			if _, err := c.hosts[function].invoke(ctx, event); err != nil {
				return fmt.Errorf("the schedule %s: %w", id, err)
			}
		}
	}
	return nil
}

// gateway is the host that the template lets people come back to.
const gateway = "Api.execute-api." + region + ".amazonaws.com"

// request asks the gateway for an address, which it leads to a function as the template's routes say.
func (c *cloud) request(ctx context.Context, method, target string, cookies ...string) (events.APIGatewayV2HTTPResponse, error) {
	path, query, _ := strings.Cut(target, "?")
	function, key, parameters := "", "", map[string]string{}
	for _, r := range c.routes() {
		if values, ok := r.matches(method, path); ok && (function == "" || key == "$default") {
			function, parameters = r.function, values
			if key = r.method + " " + r.path; r.path == "$default" {
				key = r.path
			}
		}
	}
	e := events.APIGatewayV2HTTPRequest{Version: "2.0", RouteKey: key, RawPath: path, RawQueryString: query, Cookies: cookies,
		Headers: map[string]string{"host": gateway, "accept": "text/html"}, PathParameters: parameters}
	e.RequestContext = events.APIGatewayV2HTTPRequestContext{RouteKey: key, AccountID: account, Stage: "$default", RequestID: "id", DomainName: gateway,
		HTTP: events.APIGatewayV2HTTPRequestContextHTTPDescription{Method: method, Path: path, Protocol: "HTTP/1.1", SourceIP: "192.0.2.1"}}
	event, err := json.Marshal(e)
	if err != nil {
		return events.APIGatewayV2HTTPResponse{}, err
	}
	if function == "" {
		return events.APIGatewayV2HTTPResponse{StatusCode: http.StatusNotFound}, nil
	}
	return answerTo[events.APIGatewayV2HTTPResponse](c.hosts[function].invoke(ctx, event))
}

// matches compares a request with a route and returns the values of its {names}.
func (r route) matches(method, path string) (map[string]string, bool) {
	if r.path == "$default" {
		return nil, true
	}
	want, have := strings.Split(r.path, "/"), strings.Split(path, "/")
	if (r.method != "ANY" && r.method != method) || len(want) != len(have) {
		return nil, false
	}
	values := map[string]string{}
	for i, part := range want {
		name, named := strings.CutPrefix(part, "{")
		if !named && part != have[i] {
			return nil, false
		}
		if named {
			values[strings.TrimSuffix(name, "}")] = have[i]
		}
	}
	return values, true
}

// untilQuiet waits until no queue holds a message, delayed ones included.
func (c *cloud) untilQuiet(ctx context.Context) error {
	for calm := 0; calm < 4; {
		n := 0
		for _, s := range c.sources() {
			out, err := c.queues.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: aws.String(fmt.Sprint(c.ref(s.queue))),
				AttributeNames: queueCounts()})
			if err != nil {
				return err
			}
			for _, value := range out.Attributes {
				if value != "0" {
					n++
				}
			}
		}
		if calm++; n > 0 {
			calm = 0
		}
		pause(ctx, 100*time.Millisecond)
		if ctx.Err() != nil {
			return fmt.Errorf("the queues did not become empty in time: %w", context.Cause(ctx))
		}
	}
	return nil
}

// queueCounts are the attributes that tell what a queue holds.
func queueCounts() []sqstypes.QueueAttributeName {
	return []sqstypes.QueueAttributeName{"ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed"}
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// held is how many messages a queue holds.
func (c *cloud) held(ctx context.Context, t *testing.T, id string) int {
	t.Helper()
	out, err := c.queues.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: aws.String(fmt.Sprint(c.ref(id))),
		AttributeNames: []sqstypes.QueueAttributeName{"ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"}})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, value := range out.Attributes {
		held, err := strconv.Atoi(value)
		if err != nil {
			t.Fatal(err)
		}
		n += held
	}
	return n
}
