package deploy

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"apicenter/shared/events"
	"apicenter/shared/events/eventbridge"
)

// way is one way from the bus to a listener: a rule's target.
type way struct {
	rule   string
	target map[string]any
}

// led lists the ways that rules lead events of the bus.
func (s *stack) led() []way {
	var out []way
	for _, id := range s.of("AWS::Events::Rule") {
		if s.at(id, "EventBusName") == nil {
			continue // the clock's
		}
		targets, _ := s.at(id, "Targets").([]any)
		for _, target := range targets {
			out = append(out, way{id, target.(map[string]any)})
		}
	}
	return out
}

// value is what lies at a path below something, nil where nothing does.
func value(v any, path ...string) any {
	for _, name := range path {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[name]
	}
	return v
}

// admits lists what a resource's policies let others do with it, and under which condition: "service action condition".
func (s *stack) admits(policy, of string, resource any) []string {
	var out []string
	for _, id := range s.of(policy) {
		about, _ := s.at(id, of).([]any)
		if !slices.Contains(about, resource) {
			continue
		}
		statements, _ := s.at(id, "PolicyDocument", "Statement").([]any)
		for _, statement := range statements {
			out = append(out, fmt.Sprint(value(statement, "Effect"), " ", value(statement, "Principal"), " ", value(statement, "Action"), " ", value(statement, "Condition")))
		}
	}
	return out
}

// admitted is the one thing a rule's target lets be done with it: by EventBridge, for this rule.
func (s *stack) admitted(action, rule string) []string {
	return []string{fmt.Sprint("Allow ", map[string]any{"Service": "events.amazonaws.com"}, " ", action, " ",
		map[string]any{"ArnEquals": map[string]any{"aws:SourceArn": s.attribute(rule, "Arn")}})}
}

// eventsAreLed follows events from the functions to who listens.
func eventsAreLed(s *stack) (problems []string) {
	buses := s.of("AWS::Events::EventBus")
	if len(buses) != 1 || s.text(buses[0], "Description") == "" {
		return []string{fmt.Sprintf("there are %d buses, and one that says what it is for is wanted", len(buses))}
	}
	told := map[string]bool{} // types that reach the topic of incidents
	for _, l := range s.led() {
		say := func(format string, args ...any) { problems = append(problems, l.rule+" "+fmt.Sprintf(format, args...)) }
		if s.text(l.rule, "EventBusName") != s.text(buses[0], "Name") {
			say("listens to another bus")
		}
		if from := listOf(s.at(l.rule, "EventPattern", "source")); !slices.Equal(from, []string{eventbridge.Source}) {
			say("listens to events of %v, ours are of %s", from, eventbridge.Source)
		}
		types := listOf(s.at(l.rule, "EventPattern", "detail-type"))
		for _, kind := range types {
			if !slices.Contains(events.Types(), events.Type(kind)) {
				say("waits for events of type %q, which there are none of", kind)
			}
			told[kind] = told[kind] || l.target["Arn"] == s.ref("Incidents")
		}
		if got := s.admits("AWS::SNS::TopicPolicy", "Topics", l.target["Arn"]); !slices.Equal(got, s.admitted("sns:Publish", l.rule)) {
			say("and it alone may publish to its topic; the topic's policy is %v", got)
		}
		dead := s.byARN(fmt.Sprint(value(l.target, "DeadLetterConfig", "Arn")))
		switch {
		case dead == "":
			say("has no dead-letter queue: what cannot be handed over would be gone")
		case s.at(dead, "SqsManagedSseEnabled") != true:
			say("has a dead-letter queue that is not encrypted")
		case s.number(dead, "MessageRetentionPeriod") != 1209600:
			say("has a dead-letter queue that does not keep messages for 14 days")
		default:
			if got := s.admits("AWS::SQS::QueuePolicy", "Queues", s.ref(dead)); !slices.Equal(got, s.admitted("sqs:SendMessage", l.rule)) {
				say("and it alone may send to its dead-letter queue; the queue's policy is %v", got)
			}
		}
		for _, problem := range transformProblems(l.target) {
			say("%s", problem)
		}
	}
	for _, kind := range []events.Type{events.IncidentOpened, events.IncidentClosed} {
		if !told[string(kind)] {
			problems = append(problems, fmt.Sprintf("no rule tells the topic of incidents of %q", kind))
		}
	}
	mailed := slices.ContainsFunc(s.of("AWS::SNS::Subscription"), func(id string) bool { return s.at(id, "TopicArn") == s.ref("Incidents") })
	if mailed != (s.parameters["IncidentEmail"] != "") {
		problems = append(problems, fmt.Sprintf("incidents are mailed: %t, though IncidentEmail is %q", mailed, s.parameters["IncidentEmail"]))
	}
	return problems
}

// line is a line of an input template as EventBridge takes it for text: in quotation marks, with none inside.
var line = regexp.MustCompile(`^"[^"]*"$`)

// transformProblems says what is wrong with how a target turns an event into text.
func transformProblems(target map[string]any) (problems []string) {
	paths, _ := value(target, "InputTransformer", "InputPathsMap").(map[string]any)
	template, _ := value(target, "InputTransformer", "InputTemplate").(string)
	event, err := sample()
	if err != nil {
		return []string{err.Error()}
	}
	for name, path := range paths {
		if !strings.Contains(template, "<"+name+">") {
			problems = append(problems, "takes "+name+" from the event and does not use it")
		}
		steps := strings.Split(strings.TrimPrefix(fmt.Sprint(path), "$."), ".")
		if text, ok := value(event, steps...).(string); !ok || text == "" {
			problems = append(problems, fmt.Sprintf("takes %s from %s, which events do not have", name, path))
		}
	}
	for _, match := range regexp.MustCompile(`<([^>]*)>`).FindAllStringSubmatch(template, -1) {
		if paths[match[1]] == nil {
			problems = append(problems, "uses "+match[1]+" and takes it from nowhere")
		}
	}
	for _, text := range strings.Split(strings.TrimSpace(template), "\n") {
		if !line.MatchString(text) {
			problems = append(problems, fmt.Sprintf("has the line %s, which is not one text in quotation marks", text))
		}
	}
	slices.Sort(problems)
	return problems
}

// sample is an event as rules see it, from what the port stores.
func sample() (any, error) {
	detail, err := os.ReadFile(root + "/shared/events/testdata/form1-opened.json")
	if err != nil {
		return nil, err
	}
	var out any
	return out, json.Unmarshal(fmt.Appendf(nil, `{"source":%q,"detail":%s}`, eventbridge.Source, detail), &out)
}

func TestEventsAreLed(t *testing.T) { holds(t, eventsAreLed) }

func TestEventsThatAreNotLedAreNoticed(t *testing.T) {
	targets := func(change func(map[string]any)) []any {
		raw := []byte(`{"Id":"x","Arn":{"Ref":"Incidents"},"DeadLetterConfig":{"Arn":{"Fn::GetAtt":["IncidentsDead","Arn"]}},
			"InputTransformer":{"InputPathsMap":{"tenant":"$.detail.tenant"},"InputTemplate":"\"of <tenant>\"\n"}}`)
		var target map[string]any
		if err := json.Unmarshal(raw, &target); err != nil {
			t.Fatal(err)
		}
		change(target)
		return []any{target}
	}
	transformed := func(path, template string) []any {
		return targets(func(m map[string]any) {
			m["InputTransformer"] = map[string]any{"InputPathsMap": map[string]any{"tenant": path}, "InputTemplate": template}
		})
	}
	anybody := map[string]any{"Statement": []any{map[string]any{"Effect": "Allow", "Principal": "*", "Action": "sns:Publish"}}}
	service := map[string]any{"Statement": []any{map[string]any{"Effect": "Allow", "Principal": map[string]any{"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage"}}}
	breaks(t, eventsAreLed,
		spoilt{id: "EventBus", path: "Description", value: nil, want: "one that says what it is for"},
		spoilt{id: "Other", value: &resource{Type: "AWS::Events::EventBus"}, want: "there are 2 buses"},
		spoilt{id: "IncidentRule", path: "EventBusName", value: "default", want: "listens to another bus"},
		spoilt{id: "IncidentRule", path: "EventBusName", value: nil, want: `no rule tells the topic of incidents of "incident opened"`},
		spoilt{id: "IncidentRule", path: "EventPattern.source", value: []any{"aws.events"}, want: "ours are of apicenter"},
		spoilt{id: "IncidentRule", path: "EventPattern.detail-type", value: []any{"incident opened"}, want: `no rule tells the topic of incidents of "incident closed"`},
		spoilt{id: "IncidentRule", path: "EventPattern.detail-type", value: []any{"incident reopened"}, want: "which there are none of"},
		spoilt{id: "IncidentRule", path: "Targets", value: targets(func(m map[string]any) { m["Arn"] = "arn:other" }), want: "no rule tells the topic"},
		spoilt{id: "IncidentRule", path: "Targets", value: targets(func(m map[string]any) { delete(m, "DeadLetterConfig") }), want: "has no dead-letter queue"},
		spoilt{id: "IncidentRule", path: "Targets", value: transformed("$.detail.tenant", `"of somebody"`), want: "takes tenant from the event and does not use it"},
		spoilt{id: "IncidentRule", path: "Targets", value: transformed("$.detail.owner", `"of <tenant>"`), want: "which events do not have"},
		spoilt{id: "IncidentRule", path: "Targets", value: transformed("$.detail.tenant", `"of <tenant>: <what>"`), want: "uses what and takes it from nowhere"},
		spoilt{id: "IncidentRule", path: "Targets", value: transformed("$.detail.tenant", `of <tenant>`), want: "not one text in quotation marks"},
		spoilt{id: "IncidentsPolicy", path: "PolicyDocument", value: anybody, want: "it alone may publish to its topic"},
		spoilt{id: "IncidentsPolicy", path: "Topics", value: []any{"other"}, want: "it alone may publish to its topic"},
		spoilt{id: "IncidentsDeadPolicy", path: "PolicyDocument", value: service, want: "it alone may send to its dead-letter queue"},
		spoilt{id: "IncidentsDead", path: "SqsManagedSseEnabled", value: nil, want: "is not encrypted"},
		spoilt{id: "IncidentsDead", path: "MessageRetentionPeriod", value: 60, want: "for 14 days"},
		spoilt{id: "Other", value: &resource{Type: "AWS::SNS::Subscription", Properties: map[string]any{"TopicArn": map[string]any{"Ref": "Incidents"}}}, want: "incidents are mailed: true"},
	)
}
