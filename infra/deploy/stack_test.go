// Package deploy holds template.yaml to the code, and runs what it describes on this machine.
//
// Rules are functions from the stack to sentences about what is wrong with it. The tests ask each rule about the template
// and about the template with one thing spoilt, so that a rule that has gone blind is noticed. They find what linters do
// not know: what a queue has to be for its stage, what a function may do and does, which functions lie on a cycle. It holds
// tests only and nobody calls it; README.md beside it says how to deploy.
package deploy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// root is the module's root, seen from this folder.
const root = "../.."

// What a stack is filled in with.
const (
	stackName = "apicenter-test"
	region    = "eu-central-1"
	account   = "123456789012"
)

// template is what CloudFormation works on.
type template struct {
	Parameters map[string]struct{ Default any }
	Conditions map[string]any
	Resources  map[string]*resource
	Outputs    map[string]struct{ Value any }
}

type resource struct {
	Type       string
	Condition  string
	Properties map[string]any
}

// tools returns the Python of the environment that the linters live in too; `make venv` makes it.
func tools(t testing.TB) string {
	t.Helper()
	made := toolsOnce()
	if made != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(made)
		}
		t.Skip(made)
	}
	return filepath.Join(root, ".tools", "venv", "bin", "python")
}

var toolsOnce = sync.OnceValue(func() error {
	cmd := exec.Command("make", "-s", "venv")
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("the serverless translator is missing; it needs Python 3.10 with venv, and the network once: %w\n%s", err, out)
	}
	return nil
})

// written is template.yaml with the serverless shorthands written out, as JSON.
func written(t testing.TB) []byte {
	t.Helper()
	python := tools(t)
	out, err := translated(python)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// translated asks the translator once for all tests.
func translated(python string) ([]byte, error) {
	translation.once.Do(func() {
		source, err := os.ReadFile(filepath.Join(root, "template.yaml"))
		if err != nil {
			translation.err = err
			return
		}
		cmd := exec.Command(python, "transform.py")
		cmd.Stdin = bytes.NewReader(source)
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		if translation.out, err = cmd.Output(); err != nil {
			translation.err = fmt.Errorf("translating template.yaml: %w\n%s", err, stderr.String())
		}
	})
	return translation.out, translation.err
}

var translation struct {
	once sync.Once
	out  []byte
	err  error
}

// stack is the template filled in.
type stack struct {
	template
	parameters map[string]string
	conditions map[string]bool
	// refs are what resources are called where they were made; the rest is called as AWS would.
	refs map[string]string
	// resources have all references filled in; those whose condition does not hold are left out.
	resources map[string]*resource
}

// read parses a written-out template and fills it in.
func read(written []byte, parameters, refs map[string]string) (*stack, error) {
	s := &stack{parameters: parameters, refs: refs, conditions: map[string]bool{}, resources: map[string]*resource{}}
	decoder := json.NewDecoder(bytes.NewReader(written))
	decoder.UseNumber() // as it is written: 1209600, not 1.2096e+06
	if err := decoder.Decode(&s.template); err != nil {
		return nil, err
	}
	for name, c := range s.Conditions {
		s.conditions[name] = s.fill(c) == true
	}
	for id, r := range s.Resources {
		if r.Condition != "" && !s.conditions[r.Condition] {
			continue
		}
		filled, _ := s.fill(r.Properties).(map[string]any)
		s.resources[id] = &resource{Type: r.Type, Properties: filled}
	}
	return s, nil
}

// absent is AWS::NoValue.
type absent struct{}

// fill works out the functions of the template language.
func (s *stack) fill(v any) any {
	switch v := v.(type) {
	case []any:
		out := make([]any, 0, len(v))
		for _, item := range v {
			if filled := s.fill(item); filled != (absent{}) {
				out = append(out, filled)
			}
		}
		return out
	case map[string]any:
		if len(v) == 1 {
			for name, argument := range v {
				if name == "Ref" || name == "Condition" || strings.HasPrefix(name, "Fn::") {
					return s.call(name, argument)
				}
			}
		}
		out := make(map[string]any, len(v))
		for name, item := range v {
			if filled := s.fill(item); filled != (absent{}) {
				out[name] = filled
			}
		}
		return out
	}
	return v
}

func (s *stack) call(name string, argument any) any {
	list, _ := argument.([]any)
	switch name {
	case "Ref":
		return s.ref(argument.(string))
	case "Condition":
		return s.conditions[argument.(string)]
	case "Fn::GetAtt":
		if text, ok := argument.(string); ok {
			id, attribute, _ := strings.Cut(text, ".")
			return s.attribute(id, attribute)
		}
		return s.attribute(list[0].(string), list[1].(string))
	case "Fn::Sub":
		return s.substitute(argument)
	case "Fn::If":
		if s.fill(map[string]any{"Condition": list[0]}) == true {
			return s.fill(list[1])
		}
		return s.fill(list[2])
	case "Fn::Equals":
		return fmt.Sprint(s.fill(list[0])) == fmt.Sprint(s.fill(list[1]))
	case "Fn::Not":
		return s.fill(list[0]) != true
	case "Fn::GetAZs":
		return []any{region + "a", region + "b", region + "c"}
	case "Fn::Select":
		at, _ := strconv.Atoi(fmt.Sprint(list[0]))
		return s.fill(list[1]).([]any)[at]
	}
	panic("the template uses " + name + ", which these tests do not know yet")
}

func (s *stack) ref(id string) any {
	switch id {
	case "AWS::StackName":
		return stackName
	case "AWS::Region":
		return region
	case "AWS::AccountId":
		return account
	case "AWS::Partition":
		return "aws"
	case "AWS::URLSuffix":
		return "amazonaws.com"
	case "AWS::NoValue":
		return absent{}
	}
	if p, ok := s.Parameters[id]; ok {
		if value, ok := s.parameters[id]; ok {
			return value
		}
		return p.Default
	}
	if value, ok := s.refs[id]; ok {
		return value
	}
	if s.Resources[id] == nil {
		panic("the template refers to " + id + ", which is not in it")
	}
	if s.Resources[id].Type == "AWS::SQS::Queue" {
		return "https://sqs." + region + ".amazonaws.com/" + account + "/" + s.name(id)
	}
	return s.name(id)
}

// name is what a resource is called: as it says, or as in the template.
func (s *stack) name(id string) string {
	for _, property := range []string{"QueueName", "TableName", "FunctionName", "LogGroupName", "TopicName"} {
		if named, ok := s.Resources[id].Properties[property]; ok {
			return fmt.Sprint(s.fill(named))
		}
	}
	if r := s.Resources[id]; r.Type == "AWS::Events::EventBus" {
		return fmt.Sprint(s.fill(r.Properties["Name"]))
	}
	return id
}

// attribute is what it is where the resource was made, an ARN or address in AWS's form, or a made-up value that says what it is.
func (s *stack) attribute(id, attribute string) any {
	if value, ok := s.refs[id+"."+attribute]; ok {
		return value
	}
	r := s.Resources[id]
	if r == nil {
		panic("the template refers to " + id + ", which is not in it")
	}
	services := map[string]string{"AWS::SQS::Queue": "sqs", "AWS::DynamoDB::Table": "dynamodb", "AWS::Lambda::Function": "lambda",
		"AWS::KMS::Key": "kms", "AWS::Logs::LogGroup": "logs", "AWS::Events::EventBus": "events"}
	between := map[string]string{"dynamodb": "table/", "lambda": "function:", "kms": "key/", "logs": "log-group:", "events": "event-bus/"}
	switch service := services[r.Type]; {
	case attribute == "Arn" && service != "":
		return "arn:aws:" + service + ":" + region + ":" + account + ":" + between[service] + s.name(id)
	case attribute == "QueueName":
		return s.name(id)
	case attribute == "ProviderURL":
		return "https://cognito-idp." + region + ".amazonaws.com/" + region + "_" + s.name(id)
	}
	return id + "." + attribute
}

func (s *stack) substitute(argument any) any {
	text, values := argument, map[string]any{}
	if list, ok := argument.([]any); ok {
		text, values = list[0], list[1].(map[string]any)
	}
	var out strings.Builder
	rest := text.(string)
	for {
		before, after, found := strings.Cut(rest, "${")
		out.WriteString(before)
		if !found {
			return out.String()
		}
		name, after, _ := strings.Cut(after, "}")
		rest = after
		switch {
		case strings.HasPrefix(name, "!"):
			out.WriteString("${" + name[1:] + "}")
		case values[name] != nil:
			fmt.Fprint(&out, s.fill(values[name]))
		case strings.Contains(name, "."):
			id, attribute, _ := strings.Cut(name, ".")
			fmt.Fprint(&out, s.attribute(id, attribute))
		default:
			fmt.Fprint(&out, s.ref(name))
		}
	}
}

// of lists the resources of a type, by id.
func (s *stack) of(kind string) []string {
	var out []string
	for _, id := range slices.Sorted(maps.Keys(s.resources)) {
		if s.resources[id].Type == kind {
			out = append(out, id)
		}
	}
	return out
}

// at returns what lies at a path of property names, nil where nothing does.
func (s *stack) at(id string, path ...string) any {
	var v any = s.resources[id].Properties
	for _, name := range path {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[name]
	}
	return v
}

func (s *stack) text(id string, path ...string) string {
	if v := s.at(id, path...); v != nil {
		return fmt.Sprint(v)
	}
	return ""
}

// number returns 0 where there is none.
func (s *stack) number(id string, path ...string) int {
	n, _ := strconv.Atoi(s.text(id, path...))
	return n
}

// byARN finds a resource.
func (s *stack) byARN(arn string) string {
	for id := range s.resources {
		if s.attribute(id, "Arn") == arn {
			return id
		}
	}
	return ""
}

// rule names what is wrong with a stack, one sentence each.
type rule func(*stack) []string

// holds asks a rule about the template, with and without what its conditions add.
func holds(t *testing.T, r rule) {
	t.Helper()
	for _, parameters := range []map[string]string{nil, {"OutgoingAddress": "fixed", "AlarmEmail": "somebody@example.com"},
		{"OutgoingAddress": "fixed-in-two-zones", "IncidentEmail": "somebody@example.com"}} {
		s, err := read(written(t), parameters, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, problem := range r(s) {
			t.Error(problem)
		}
	}
}

// spoilt is one thing changed: the value at a path below a resource's properties, nil to take it away. A path of a type
// alone (Type) changes that, and a value of *resource adds or replaces a whole resource.
type spoilt struct {
	id    string
	path  string // dots between names; empty with a *resource
	value any
	want  string // in the problem found
}

// breaks spoils the template in each way and wants the rule to say so.
func breaks(t *testing.T, r rule, ways ...spoilt) {
	t.Helper()
	breaksWith(t, nil, r, ways...)
}

// breaksWith is breaks for what parameters add.
func breaksWith(t *testing.T, parameters map[string]string, r rule, ways ...spoilt) {
	t.Helper()
	whole := written(t)
	for _, way := range ways {
		var raw template
		if err := json.Unmarshal(whole, &raw); err != nil {
			t.Fatal(err)
		}
		way.spoil(t, &raw)
		changed, err := json.Marshal(raw)
		if err != nil {
			t.Fatal(err)
		}
		s, err := read(changed, parameters, nil)
		if err != nil {
			t.Fatal(err)
		}
		got := r(s)
		if !slices.ContainsFunc(got, func(p string) bool { return strings.Contains(p, way.want) }) {
			t.Errorf("%s %s = %v: got problems %q, want one with %q", way.id, way.path, way.value, got, way.want)
		}
	}
}

func (way spoilt) spoil(t *testing.T, raw *template) {
	t.Helper()
	if whole, ok := way.value.(*resource); ok {
		raw.Resources[way.id] = whole
		return
	}
	r := raw.Resources[way.id]
	if r == nil {
		t.Fatalf("the template has no %s to spoil", way.id)
	}
	names := strings.Split(way.path, ".")
	at := r.Properties
	for _, name := range names[:len(names)-1] {
		next, ok := at[name].(map[string]any)
		if !ok {
			next = map[string]any{}
			at[name] = next
		}
		at = next
	}
	last := names[len(names)-1]
	if way.value == nil {
		if _, ok := at[last]; !ok {
			t.Fatalf("%s has no %s to take away", way.id, way.path)
		}
		delete(at, last)
		return
	}
	at[last] = way.value
}
