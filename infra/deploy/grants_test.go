package deploy

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"apicenter/shared/model"
	"apicenter/shared/queue"
	"apicenter/shared/store/dynamostore"
)

// needed is what a function's code needs to be allowed, worked out from the code.
type needed struct {
	grants map[grant]string // with who asks for it
	// unclear is what the code does not tell.
	unclear []string
}

func (n *needed) add(why, action, resource string) {
	if n.grants[grant{action, resource}] == "" {
		n.grants[grant{action, resource}] = why
	}
}

// needs works out what a function needs.
func (s *stack) needs(p *program, function string) needed {
	n := needed{grants: map[grant]string{}}
	main := p.mains[folder(function)]
	if main == nil {
		n.unclear = append(n.unclear, function+" has no main under functions/")
		return n
	}
	w := p.walk(nil, main.Func("main"))
	logs := fmt.Sprint(s.attribute("FunctionLogs", "Arn"))
	n.add("logging", "logs:CreateLogStream", logs)
	n.add("logging", "logs:PutLogEvents", logs)
	for f := range w.reached {
		for _, operation := range asks(f) {
			if action, ok := strings.CutPrefix(operation, "kms:"); ok {
				n.add(f.Name(), "kms:"+action, fmt.Sprint(s.attribute("MasterKey", "Arn")))
			}
			if action, ok := strings.CutPrefix(operation, "eventbridge:"); ok { // the service calls itself events
				n.add(f.Name(), "events:"+action, fmt.Sprint(s.attribute("EventBus", "Arn")))
			}
			if action, ok := strings.CutPrefix(operation, "ssm:"); ok {
				// The only parameter there is: the one that the function is told by name.
				n.add(f.Name(), "ssm:"+action, "arn:aws:ssm:"+region+":"+account+":parameter"+s.text(function, "Environment", "Variables", "SIGN_IN_CLIENT"))
			}
		}
	}
	s.needsTables(&n, p.uses(w, p.store, "Store"))
	s.needsQueues(&n, function, w.queues())
	return n
}

// needsTables adds what the store's methods do with the tables they name.
func (s *stack) needsTables(n *needed, uses []useOf) {
	// A transaction is allowed by its parts.
	parts := map[string]string{"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem"}
	for _, u := range uses {
		if len(u.operations) > 0 && len(u.tables) == 0 {
			n.unclear = append(n.unclear, u.method+" works on a table that cannot be told")
		}
		var actions []string
		for _, operation := range u.operations {
			action := strings.TrimPrefix(operation, "dynamodb:")
			if action != "TransactWriteItems" {
				actions = append(actions, action)
				continue
			}
			if len(u.parts) == 0 {
				n.unclear = append(n.unclear, u.method+" writes in a transaction of what cannot be told")
			}
			for _, part := range u.parts {
				actions = append(actions, parts[part])
			}
		}
		for _, table := range u.tables {
			arn := fmt.Sprint(s.attribute(table+"Table", "Arn"))
			for _, action := range actions {
				n.add(u.method, "dynamodb:"+action, arn)
				if u.indexed && action == "Query" {
					n.add(u.method, "dynamodb:Query", arn+"/index/*")
				}
			}
		}
	}
}

// portActions is what each method of the queue port asks of SQS: of the queue itself, and of its dead-letter queue.
func portActions() map[string]struct{ queue, dead []string } {
	return map[string]struct{ queue, dead []string }{
		"Send":   {queue: []string{"SendMessage"}},
		"Extend": {queue: []string{"ChangeMessageVisibility"}},
		"Counts": {queue: []string{"GetQueueAttributes"}, dead: []string{"GetQueueAttributes"}},
		"Bury":   {queue: []string{"DeleteMessage"}, dead: []string{"SendMessage"}},
	}
}

// needsQueues adds what the stages do with queues, and what Lambda does to bring their messages.
func (s *stack) needsQueues(n *needed, function string, calls []about) {
	own := ""
	for _, e := range s.sources() {
		if e.function == function {
			own = e.queue
			for _, action := range []string{"ReceiveMessage", "DeleteMessage", "GetQueueAttributes"} {
				n.add("the event source", "sqs:"+action, fmt.Sprint(s.attribute(own, "Arn")))
			}
		}
	}
	for _, call := range calls {
		actions, known := portActions()[call.method]
		if !known {
			n.unclear = append(n.unclear, fmt.Sprintf("%s calls %s of the queue port, which nothing here allows", function, call.method))
			continue
		}
		var ids []string
		switch call.queue {
		case "own":
			ids = []string{own}
		case "fetch-*":
			for _, k := range model.Kinds() {
				id := s.queueID(queue.Fetch(k))
				// A function that reads flows of a kind asks for flows of that kind alone.
				if !slices.Contains(model.Kinds(), model.Kind(folder(function))) || id == own {
					ids = append(ids, id)
				}
			}
		default:
			ids = []string{s.queueID(queue.Name(call.queue))}
		}
		for _, id := range ids {
			if id == "" {
				n.unclear = append(n.unclear, fmt.Sprintf("%s calls %s on a queue that cannot be told (%s)", function, call.method, call.queue))
				continue
			}
			for _, action := range actions.queue {
				n.add(call.method, "sqs:"+action, fmt.Sprint(s.attribute(id, "Arn")))
			}
			for _, action := range actions.dead {
				n.add(call.method, "sqs:"+action, s.text(id, "RedrivePolicy", "deadLetterTargetArn"))
			}
		}
	}
}

// grantsAreWhatCodeNeeds compares each function's role with what its code does: what is missing fails in production, and
// what is too much is there for whoever breaks in.
func grantsAreWhatCodeNeeds(p *program) rule {
	return func(s *stack) (problems []string) {
		for _, f := range s.of("AWS::Lambda::Function") {
			need := s.needs(p, f)
			problems = append(problems, need.unclear...)
			have := map[grant]bool{}
			for _, g := range s.grants(f) {
				have[g] = true
				if need.grants[g] == "" && !strings.HasPrefix(g.action, "ec2:") {
					problems = append(problems, fmt.Sprintf("%s may %s on %s and never does", f, g.action, g.resource))
				}
			}
			for g, why := range need.grants {
				if !have[g] {
					problems = append(problems, fmt.Sprintf("%s calls %s on %s (%s) and may not", f, g.action, g.resource, why))
				}
			}
		}
		slices.Sort(problems)
		return problems
	}
}

func TestGrantsAreWhatCodeNeeds(t *testing.T) {
	p := followed(t)
	holds(t, grantsAreWhatCodeNeeds(p))
	// What the rule takes for granted of the adapter: the operations behind each method of the port.
	operations := map[string][]string{"SendMessage": {"sqs:SendMessageBatch"}, "ChangeMessageVisibility": {"sqs:ChangeMessageVisibilityBatch"},
		"GetQueueAttributes": {"sqs:GetQueueAttributes"}, "DeleteMessage": {"sqs:DeleteMessageBatch"}}
	w := p.walk(nil, p.mains["sender"].Func("main"), p.mains["orders"].Func("main"))
	seen := 0
	for _, u := range p.uses(w, p.queue, "Queue") {
		actions, ok := portActions()[u.method]
		if !ok {
			continue
		}
		seen++
		var want []string
		for _, action := range append(slices.Clone(actions.queue), actions.dead...) {
			want = append(want, operations[action]...)
		}
		slices.Sort(want)
		if want = slices.Compact(want); !slices.Equal(u.operations, want) {
			t.Errorf("%s asks SQS for %v, the rule reckons with %v", u.method, u.operations, want)
		}
	}
	if seen != len(portActions()) {
		t.Errorf("the sender and the reader of orders use %d of the %d methods the rule knows", seen, len(portActions()))
	}
}

// The rule sees searches by index only where the store sets one in the way it knows. Every table with indexes is searched
// by somebody; were none seen, the rule would have gone blind.
func TestSearchesByIndexAreSeen(t *testing.T) {
	p := followed(t)
	s, err := read(written(t), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, f := range s.of("AWS::Lambda::Function") {
		for g := range s.needs(p, f).grants {
			seen[g.resource] = true
		}
	}
	for _, d := range dynamostore.Definitions() {
		arn := fmt.Sprint(s.attribute(d.Name+"Table", "Arn"))
		if !seen[arn] {
			t.Errorf("nobody is seen to use the table %s", d.Name)
		}
		if indexed := len(d.Local)+len(d.Global) > 0; seen[arn+"/index/*"] != indexed {
			t.Errorf("table %s: somebody is seen to search an index: %t, it has indexes: %t", d.Name, !indexed, indexed)
		}
	}
}

func TestGrantsThatAreNotNeededAreNoticed(t *testing.T) {
	policies := func(statements ...map[string]any) []any {
		list := make([]any, len(statements))
		for i, statement := range statements {
			list[i] = statement
		}
		return []any{map[string]any{"PolicyDocument": map[string]any{"Statement": list}}}
	}
	arn := func(id string) map[string]any { return map[string]any{"Fn::GetAtt": []any{id, "Arn"}} }
	breaks(t, grantsAreWhatCodeNeeds(followed(t)),
		spoilt{id: "WebhookRole", path: "Policies", value: policies(), want: "WebhookFunction calls sqs:SendMessage"},
		spoilt{id: "WebhookRole", path: "Policies", value: policies(), want: "WebhookFunction calls kms:Decrypt"},
		spoilt{id: "PanelRole", path: "Policies", value: policies(), want: "PanelFunction calls ssm:GetParameter on arn:aws:ssm:eu-central-1:123456789012:parameter/apicenter-test/panel/client-id"},
		spoilt{id: "PanelRole", path: "Policies", value: policies(map[string]any{"Action": "ssm:GetParameter", "Resource": "arn:aws:ssm:eu-central-1:123456789012:parameter/apicenter-test/*"}),
			want: "PanelFunction may ssm:GetParameter on arn:aws:ssm:eu-central-1:123456789012:parameter/apicenter-test/* and never does"},
		spoilt{id: "MapperRole", path: "Policies", value: policies(map[string]any{"Action": "ssm:GetParameter", "Resource": "arn:x"}), want: "MapperFunction may ssm:GetParameter"},
		spoilt{id: "SenderRole", path: "Policies", value: policies(), want: "SenderFunction calls sqs:ChangeMessageVisibility"},
		spoilt{id: "OrdersRole", path: "Policies", value: policies(), want: "OrdersFunction calls sqs:GetQueueAttributes"},
		spoilt{id: "MapperRole", path: "Policies", value: policies(), want: "MapperFunction calls sqs:ReceiveMessage"},
		spoilt{id: "MapperRole", path: "Policies", value: policies(), want: "on arn:aws:dynamodb:eu-central-1:123456789012:table/apicenter-test-ledger"},
		spoilt{id: "StockRole", path: "Policies", value: policies(), want: "StockFunction calls events:PutEvents on arn:aws:events:eu-central-1:123456789012:event-bus/apicenter-test"},
		spoilt{id: "SenderRole", path: "Policies", value: policies(), want: "SenderFunction calls events:PutEvents"},
		spoilt{id: "RetryRole", path: "Policies", value: policies(), want: "RetryFunction calls events:PutEvents"},
		spoilt{id: "PanelRole", path: "Policies", value: policies(), want: "PanelFunction calls events:PutEvents"},
		spoilt{id: "RetryRole", path: "Policies", value: policies(map[string]any{"Action": "events:PutEvents", "Resource": "arn:aws:events:eu-central-1:123456789012:event-bus/default"}), want: "RetryFunction may events:PutEvents on arn:aws:events:eu-central-1:123456789012:event-bus/default and never does"},
		spoilt{id: "MapperRole", path: "Policies", value: policies(map[string]any{"Action": "events:PutEvents", "Resource": arn("EventBus")}), want: "MapperFunction may events:PutEvents"},
		spoilt{id: "WebhookRole", path: "Policies", value: policies(map[string]any{"Action": "events:PutEvents", "Resource": arn("EventBus")}), want: "WebhookFunction may events:PutEvents"},
		spoilt{id: "SenderRole", path: "Policies", value: policies(map[string]any{"Action": "events:PutRule", "Resource": arn("EventBus")}), want: "SenderFunction may events:PutRule"},
		spoilt{id: "MapperRole", path: "Policies", value: policies(map[string]any{"Action": "sqs:PurgeQueue", "Resource": arn("MapQueue")}), want: "MapperFunction may sqs:PurgeQueue"},
		spoilt{id: "OrdersRole", path: "Policies", value: policies(map[string]any{"Action": "sqs:SendMessage", "Resource": arn("SendQueue")}), want: "OrdersFunction may sqs:SendMessage on arn:aws:sqs:eu-central-1:123456789012:apicenter-test-send.fifo and never does"},
	)
}
