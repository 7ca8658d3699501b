package deploy

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"apicenter/shared/model"
	"apicenter/shared/queue"
)

// schedulesAreValid looks at what runs by the clock: one look a minute for each kind, and for what waits.
func schedulesAreValid(s *stack) (problems []string) {
	minutely := map[string]bool{}
	for _, id := range s.of("AWS::Events::Rule") {
		expression := s.text(id, "ScheduleExpression")
		if expression == "" {
			continue
		}
		if problem := scheduleProblem(expression); problem != "" {
			problems = append(problems, fmt.Sprintf("%s has the schedule %q: %s", id, expression, problem))
		}
		targets, _ := s.at(id, "Targets").([]any)
		for _, target := range targets {
			f := s.functionID(fmt.Sprint(target.(map[string]any)["Arn"]))
			minutely[f] = expression == "rate(1 minute)"
		}
	}
	want := []string{"RetryFunction"}
	for _, k := range model.Kinds() {
		want = append(want, strings.ToUpper(string(k[:1]))+string(k[1:])+"Function")
	}
	for _, f := range want {
		if !minutely[f] {
			problems = append(problems, f+" is not woken every minute")
		}
		if s.text(f+"EventInvokeConfig", "MaximumRetryAttempts") != "0" {
			problems = append(problems, f+" tries a tick again that failed, beside the next one")
		}
	}
	return problems
}

// scheduleProblem says what EventBridge would refuse.
func scheduleProblem(expression string) string {
	if m := regexp.MustCompile(`^rate\((\d+) (minutes?|hours?|days?)\)$`).FindStringSubmatch(expression); m != nil {
		n, err := strconv.Atoi(m[1])
		if err != nil || n < 1 {
			return "a rate is at least 1"
		}
		if (n == 1) == strings.HasSuffix(m[2], "s") {
			return "1 stands with the singular, more with the plural"
		}
		return ""
	}
	cron := regexp.MustCompile(`^cron\((.*)\)$`).FindStringSubmatch(expression)
	if cron == nil {
		return "it is neither rate(…) nor cron(…)"
	}
	fields := strings.Fields(cron[1])
	if len(fields) != 6 {
		return "cron has six fields: minutes, hours, day of month, month, day of week, year"
	}
	if (fields[2] == "?") == (fields[4] == "?") {
		return "one of day of month and day of week has to be ?"
	}
	return ""
}

func TestSchedulesAreValid(t *testing.T) { holds(t, schedulesAreValid) }

func TestInvalidSchedulesAreNoticed(t *testing.T) {
	at := "ScheduleExpression"
	breaks(t, schedulesAreValid,
		spoilt{id: "OrdersFunctionTick", path: at, value: "rate(1 minutes)", want: "1 stands with the singular"},
		spoilt{id: "OrdersFunctionTick", path: at, value: "rate(5 minute)", want: "more with the plural"},
		spoilt{id: "OrdersFunctionTick", path: at, value: "rate(0 minutes)", want: "at least 1"},
		spoilt{id: "OrdersFunctionTick", path: at, value: "every minute", want: "neither rate"},
		spoilt{id: "OrdersFunctionTick", path: at, value: "cron(* * * * *)", want: "six fields"},
		spoilt{id: "OrdersFunctionTick", path: at, value: "cron(* * * * * *)", want: "has to be ?"},
		spoilt{id: "OrdersFunctionTick", path: at, value: "rate(5 minutes)", want: "OrdersFunction is not woken every minute"},
		spoilt{id: "RetryFunctionEventInvokeConfig", path: "MaximumRetryAttempts", value: 2, want: "RetryFunction tries a tick again"},
	)
	for _, good := range []string{"rate(1 minute)", "rate(5 minutes)", "cron(0 3 * * ? *)", "cron(0/5 8-17 ? * MON-FRI *)"} {
		if problem := scheduleProblem(good); problem != "" {
			t.Errorf("%s: %s", good, problem)
		}
	}
}

// metricNames are the metrics the code can write, read from where they are named.
func metricNames() []string {
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, "shared/telemetry/metric.go"), nil, 0)
	if err != nil {
		panic(err)
	}
	var out []string
	for _, d := range file.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.CONST {
			continue
		}
		for _, spec := range g.Specs {
			if v := spec.(*ast.ValueSpec); v.Type == nil {
				name, err := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
				if err != nil {
					panic(err)
				}
				out = append(out, name)
			}
		}
	}
	return out
}

// exists says why a metric will never have a value.
func (s *stack) exists(namespace, metric string, dimensions map[string]string) string {
	known := map[string][]string{
		"AWS/SQS":      {"ApproximateNumberOfMessagesVisible", "ApproximateAgeOfOldestMessage", "NumberOfMessagesSent"},
		"AWS/Lambda":   {"Errors", "Throttles", "Duration", "Invocations"},
		"AWS/DynamoDB": {"ConsumedWriteCapacityUnits", "ConsumedReadCapacityUnits"},
		stackName:      metricNames(),
	}
	if !slices.Contains(known[namespace], metric) {
		return fmt.Sprintf("there is no metric %s in %s", metric, namespace)
	}
	switch namespace {
	case "AWS/SQS":
		for _, id := range s.of("AWS::SQS::Queue") {
			if s.text(id, "QueueName") == dimensions["QueueName"] {
				return ""
			}
		}
		return fmt.Sprintf("there is no queue %q", dimensions["QueueName"])
	case "AWS/Lambda":
		if s.functionID(dimensions["FunctionName"]) == "" {
			return fmt.Sprintf("there is no function %q", dimensions["FunctionName"])
		}
	case "AWS/DynamoDB":
		for _, id := range s.of("AWS::DynamoDB::Table") {
			if s.text(id, "TableName") == dimensions["TableName"] {
				return ""
			}
		}
		return fmt.Sprintf("there is no table %q", dimensions["TableName"])
	default:
		// The code sums up in all, and by stage and kind.
		if len(dimensions) != 0 && (len(dimensions) != 2 || dimensions["stage"] == "" || dimensions["kind"] == "") {
			return fmt.Sprintf("%s is not summed up by %v", metric, dimensions)
		}
	}
	return ""
}

// drawn are the metrics a dashboard has to show, of what there is in the stack: how much and how fast, what waits, what goes
// wrong, and what the bill is made of.
func (s *stack) drawn() (want []string) {
	for _, id := range s.of("AWS::SQS::Queue") {
		name := s.text(id, "QueueName")
		want = append(want, "AWS/SQS ApproximateNumberOfMessagesVisible "+name) // dead letters as well
		if s.at(id, "RedrivePolicy") != nil {
			want = append(want, "AWS/SQS ApproximateAgeOfOldestMessage "+name, "AWS/SQS NumberOfMessagesSent "+name)
		}
	}
	for _, id := range s.of("AWS::Lambda::Function") {
		name := s.text(id, "FunctionName")
		want = append(want, "AWS/Lambda Errors "+name, "AWS/Lambda Duration "+name)
	}
	for _, id := range s.of("AWS::DynamoDB::Table") {
		name := s.text(id, "TableName")
		want = append(want, "AWS/DynamoDB ConsumedWriteCapacityUnits "+name, "AWS/DynamoDB ConsumedReadCapacityUnits "+name)
	}
	for _, k := range model.Kinds() {
		want = append(want, stackName+" RecordsDelivered send "+string(k), stackName+" DeliveryTime send "+string(k))
	}
	return want
}

// dashboardIsReadable wants one dashboard of valid JSON, with metrics that exist, on the grid CloudWatch draws on, and with
// everything somebody on duty has to see.
func dashboardIsReadable(s *stack) (problems []string) {
	ids := s.of("AWS::CloudWatch::Dashboard")
	if len(ids) != 1 {
		return []string{fmt.Sprintf("there are %d dashboards", len(ids))}
	}
	var body struct {
		Widgets []struct {
			Type                string
			X, Y, Width, Height int
			Properties          struct {
				Title   string
				Region  string
				Metrics [][]any
			}
		}
	}
	if err := json.Unmarshal([]byte(s.text(ids[0], "DashboardBody")), &body); err != nil {
		return []string{"the dashboard is not JSON: " + err.Error()}
	}
	if len(body.Widgets) == 0 {
		return []string{"the dashboard is empty"}
	}
	shown := map[string]bool{}
	for _, w := range body.Widgets {
		title := w.Properties.Title
		if w.Width < 1 || w.Height < 1 || w.X < 0 || w.X+w.Width > 24 {
			problems = append(problems, fmt.Sprintf("widget %q does not fit into the 24 columns", title))
		}
		if w.Properties.Region == "" || len(w.Properties.Metrics) == 0 {
			problems = append(problems, fmt.Sprintf("widget %q has no region or no metrics", title))
		}
		for _, m := range w.Properties.Metrics {
			text := make([]string, len(m))
			for i, part := range m {
				text[i] = fmt.Sprint(part)
			}
			if len(text) < 2 || len(text)%2 != 0 {
				problems = append(problems, fmt.Sprintf("widget %q has a metric of %d parts", title, len(text)))
				continue
			}
			dimensions, key := map[string]string{}, text[0]+" "+text[1]
			for i := 2; i < len(text); i += 2 {
				dimensions[text[i]] = text[i+1]
				key += " " + text[i+1]
			}
			shown[key] = true
			if why := s.exists(text[0], text[1], dimensions); why != "" {
				problems = append(problems, fmt.Sprintf("widget %q: %s", title, why))
			}
		}
	}
	for _, want := range s.drawn() {
		if !shown[want] {
			problems = append(problems, "the dashboard does not show "+want)
		}
	}
	return problems
}

func TestDashboardIsReadable(t *testing.T) { holds(t, dashboardIsReadable) }

func TestAnUnreadableDashboardIsNoticed(t *testing.T) {
	body := func(metric string, x int) string {
		return fmt.Sprintf(`{"widgets":[{"type":"metric","x":%d,"y":0,"width":12,"height":6,"properties":{"title":"w","region":"x","metrics":[%s]}}]}`, x, metric)
	}
	at := "DashboardBody"
	breaks(t, dashboardIsReadable,
		spoilt{id: "Dashboard", path: at, value: `{"widgets": [},]}`, want: "not JSON"},
		spoilt{id: "Dashboard", path: at, value: `{"widgets": []}`, want: "empty"},
		spoilt{id: "Dashboard", path: at, value: body(`["apicenter-test","Messages"]`, 13), want: "24 columns"},
		spoilt{id: "Dashboard", path: at, value: body(``, 0), want: "no metrics"},
		spoilt{id: "Dashboard", path: at, value: body(`["apicenter-test","Nothing"]`, 0), want: "no metric Nothing"},
		spoilt{id: "Dashboard", path: at, value: body(`["apicenter-test","Messages","stage","map"]`, 0), want: "not summed up by"},
		spoilt{id: "Dashboard", path: at, value: body(`["apicenter-test"]`, 0), want: "a metric of 1 parts"},
		spoilt{id: "Dashboard", path: at, value: body(`["AWS/SQS","ApproximateAgeOfOldestMessage","QueueName","other"]`, 0), want: `no queue "other"`},
		spoilt{id: "Dashboard", path: at, value: body(`["AWS/DynamoDB","ConsumedReadCapacityUnits","TableName","other"]`, 0), want: `no table "other"`},
		spoilt{id: "Dashboard", path: at, value: body(`["apicenter-test","Messages"]`, 0), want: "does not show AWS/DynamoDB ConsumedWriteCapacityUnits"},
		spoilt{id: "Dashboard", path: at, value: body(`["apicenter-test","Messages"]`, 0), want: "does not show apicenter-test DeliveryTime send stock"},
		spoilt{id: "Other", value: &resource{Type: "AWS::CloudWatch::Dashboard"}, want: "2 dashboards"},
	)
}

// alarmsWatch wants an alarm for everything that somebody has to know, on metrics that exist.
func alarmsWatch(s *stack) (problems []string) {
	watched := map[string]bool{}
	topic := s.ref("Alarms")
	for _, id := range s.of("AWS::CloudWatch::Alarm") {
		metric, dimensions, about := s.text(id, "MetricName"), map[string]string{}, ""
		list, _ := s.at(id, "Dimensions").([]any)
		for _, d := range list {
			m := d.(map[string]any)
			dimensions[fmt.Sprint(m["Name"])] = fmt.Sprint(m["Value"])
			about += " " + fmt.Sprint(m["Value"])
		}
		if why := s.exists(s.text(id, "Namespace"), metric, dimensions); why != "" {
			problems = append(problems, fmt.Sprintf("%s can never go off: %s", id, why))
		}
		if actions, _ := s.at(id, "AlarmActions").([]any); !slices.Contains(actions, topic) {
			problems = append(problems, id+" tells nobody")
		}
		if s.text(id, "AlarmDescription") == "" {
			problems = append(problems, id+" does not say what to do")
		}
		watched[metric+about] = true
	}
	want := []string{"RunsFailed", "PausedConnections retry none"}
	for _, q := range queue.All() {
		id := s.queueID(q)
		if id == "" {
			continue // another rule's
		}
		dead := s.byARN(s.text(id, "RedrivePolicy", "deadLetterTargetArn"))
		if dead == "" {
			continue
		}
		want = append(want, "ApproximateNumberOfMessagesVisible "+s.text(dead, "QueueName"), "ApproximateAgeOfOldestMessage "+s.text(id, "QueueName"))
	}
	for _, l := range s.led() {
		if dead := s.byARN(fmt.Sprint(value(l.target, "DeadLetterConfig", "Arn"))); dead != "" { // else another rule complains
			want = append(want, "ApproximateNumberOfMessagesVisible "+s.text(dead, "QueueName"))
		}
	}
	for _, f := range s.of("AWS::Lambda::Function") {
		want = append(want, "Errors "+s.text(f, "FunctionName"), "Throttles "+s.text(f, "FunctionName"))
	}
	for _, w := range want {
		if !watched[w] {
			problems = append(problems, "no alarm watches "+w)
		}
	}
	return problems
}

func TestAlarmsWatch(t *testing.T) { holds(t, alarmsWatch) }

func TestMissingAlarmsAreNoticed(t *testing.T) {
	breaks(t, alarmsWatch,
		spoilt{id: "MapDeadAlarm", path: "MetricName", value: "NumberOfMessages", want: "MapDeadAlarm can never go off"},
		spoilt{id: "MapDeadAlarm", path: "Dimensions", value: []any{map[string]any{"Name": "QueueName", "Value": stackName + "-map"}}, want: "no alarm watches ApproximateNumberOfMessagesVisible apicenter-test-map-dead"},
		spoilt{id: "IncidentsDeadAlarm", path: "Dimensions", value: []any{map[string]any{"Name": "QueueName", "Value": stackName + "-map"}}, want: "no alarm watches ApproximateNumberOfMessagesVisible apicenter-test-incidents-dead"},
		spoilt{id: "RetryAgeAlarm", path: "AlarmActions", value: nil, want: "RetryAgeAlarm tells nobody"},
		spoilt{id: "RetryAgeAlarm", path: "AlarmDescription", value: nil, want: "does not say what to do"},
		spoilt{id: "RunAlarm", path: "MetricName", value: "RunsLost", want: "RunAlarm can never go off"},
		spoilt{id: "PausedAlarm", path: "Dimensions", value: []any{map[string]any{"Name": "stage", "Value": "retry"}}, want: "PausedAlarm can never go off"},
		spoilt{id: "StockErrorAlarm", path: "MetricName", value: "Throttles", want: "no alarm watches Errors apicenter-test-stock"},
	)
}

// logsExpire wants every log to be deleted some day.
func logsExpire(s *stack) (problems []string) {
	for _, id := range s.of("AWS::Logs::LogGroup") {
		if s.number(id, "RetentionInDays") < 1 {
			problems = append(problems, id+" is kept for ever")
		}
	}
	for _, f := range s.of("AWS::Lambda::Function") {
		if group := s.text(f, "LoggingConfig", "LogGroup"); !slices.ContainsFunc(s.of("AWS::Logs::LogGroup"), func(id string) bool { return s.text(id, "LogGroupName") == group }) {
			problems = append(problems, f+" logs to a group that is not here, which would be kept for ever")
		}
		if s.text(f, "LoggingConfig", "LogFormat") != "JSON" {
			problems = append(problems, f+" does not log JSON")
		}
		if level := s.text(f, "LoggingConfig", "ApplicationLogLevel"); level != "INFO" && level != "DEBUG" {
			problems = append(problems, f+" logs above INFO, where the metrics are lost")
		}
	}
	return problems
}

func TestLogsExpire(t *testing.T) { holds(t, logsExpire) }

func TestLogsForEverAreNoticed(t *testing.T) {
	breaks(t, logsExpire,
		spoilt{id: "ApiLogs", path: "RetentionInDays", value: nil, want: "ApiLogs is kept for ever"},
		spoilt{id: "MapperFunction", path: "LoggingConfig.LogGroup", value: nil, want: "MapperFunction logs to a group that is not here"},
		spoilt{id: "MapperFunction", path: "LoggingConfig.LogFormat", value: "Text", want: "MapperFunction does not log JSON"},
		spoilt{id: "MapperFunction", path: "LoggingConfig.ApplicationLogLevel", value: "WARN", want: "metrics are lost"},
	)
}
