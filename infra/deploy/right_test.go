package deploy

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// grant is one action on one resource, or on what a pattern matches.
type grant struct{ action, resource string }

// grants are what a function's role allows.
func (s *stack) grants(function string) []grant {
	role, _, _ := strings.Cut(s.text(function, "Role"), ".")
	r := s.resources[role]
	if r == nil {
		return nil
	}
	var out []grant
	policies, _ := r.Properties["Policies"].([]any)
	for _, p := range policies {
		document, _ := p.(map[string]any)["PolicyDocument"].(map[string]any)
		statements, _ := document["Statement"].([]any)
		for _, statement := range statements {
			m := statement.(map[string]any)
			for _, action := range listOf(m["Action"]) {
				for _, on := range listOf(m["Resource"]) {
					out = append(out, grant{action, on})
				}
			}
		}
	}
	return out
}

// listOf reads what may stand alone or in a list.
func listOf(v any) []string {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		out := make([]string, len(v))
		for i, item := range v {
			out[i] = fmt.Sprint(item)
		}
		return out
	}
	return []string{fmt.Sprint(v)}
}

// rolesAreNarrow wants each function to have a role of its own, without wildcards and without policies that others write.
func rolesAreNarrow(s *stack) (problems []string) {
	taken := map[string]string{}
	for _, f := range s.of("AWS::Lambda::Function") {
		role, _, _ := strings.Cut(s.text(f, "Role"), ".")
		if s.resources[role] == nil {
			problems = append(problems, f+" has no role in this template")
			continue
		}
		if other := taken[role]; other != "" {
			problems = append(problems, f+" shares its role with "+other)
		}
		taken[role] = f
		if managed := listOf(s.at(role, "ManagedPolicyArns")); len(managed) > 0 {
			problems = append(problems, fmt.Sprintf("%s has policies that are not written here: %v", role, managed))
		}
		for _, g := range s.grants(f) {
			network := strings.HasPrefix(g.action, "ec2:") // Lambda asks for these, and they know no resources
			if strings.Contains(g.action, "*") || (!network && (g.resource == "*" || strings.HasSuffix(g.resource, ":*"))) {
				problems = append(problems, fmt.Sprintf("%s allows %s on %s", role, g.action, g.resource))
			}
		}
	}
	return problems
}

func TestRolesAreNarrow(t *testing.T) { holds(t, rolesAreNarrow) }

func TestWideRolesAreNoticed(t *testing.T) {
	policies := func(action, resource string) []any {
		return []any{map[string]any{"PolicyDocument": map[string]any{"Statement": []any{map[string]any{"Action": action, "Resource": resource}}}}}
	}
	breaks(t, rolesAreNarrow,
		spoilt{id: "MapperFunction", path: "Role", value: "arn:aws:iam::1:role/other", want: "MapperFunction has no role"},
		spoilt{id: "MapperFunction", path: "Role", value: map[string]any{"Fn::GetAtt": []any{"SenderRole", "Arn"}}, want: "shares its role with MapperFunction"},
		spoilt{id: "MapperRole", path: "ManagedPolicyArns", value: []any{"arn:aws:iam::aws:policy/AdministratorAccess"}, want: "not written here"},
		spoilt{id: "MapperRole", path: "Policies", value: policies("dynamodb:*", "arn:x"), want: "MapperRole allows dynamodb:*"},
		spoilt{id: "MapperRole", path: "Policies", value: policies("sqs:SendMessage", "*"), want: "MapperRole allows sqs:SendMessage on *"},
	)
}

// cyclesAreAllowed finds functions whose messages can come back to them. Lambda stops such a cycle after some 16 rounds
// unless it is told that the cycle is meant, and records that wait would vanish into the dead-letter queue.
func cyclesAreAllowed(s *stack) (problems []string) {
	next := map[string][]string{} // functions woken by what a function sends
	for _, f := range s.of("AWS::Lambda::Function") {
		for _, g := range s.grants(f) {
			if g.action != "sqs:SendMessage" {
				continue
			}
			for _, e := range s.sources() {
				if e.queue == s.byARN(g.resource) {
					next[f] = append(next[f], e.function)
				}
			}
		}
	}
	for _, f := range s.of("AWS::Lambda::Function") {
		reached, todo := map[string]bool{}, slices.Clone(next[f])
		for len(todo) > 0 {
			at := todo[0]
			todo = todo[1:]
			if !reached[at] {
				reached[at] = true
				todo = append(todo, next[at]...)
			}
		}
		allowed := s.text(f, "RecursiveLoop") == "Allow"
		if reached[f] && !allowed {
			problems = append(problems, f+" lies on a cycle of queues and does not say RecursiveLoop: Allow")
		}
		if !reached[f] && allowed {
			problems = append(problems, f+" says RecursiveLoop: Allow and lies on no cycle of queues")
		}
	}
	return problems
}

func TestCyclesAreAllowed(t *testing.T) { holds(t, cyclesAreAllowed) }

func TestCyclesThatAreNotAllowedAreNoticed(t *testing.T) {
	breaks(t, cyclesAreAllowed,
		spoilt{id: "RetryFunction", path: "RecursiveLoop", value: nil, want: "RetryFunction lies on a cycle"},
		spoilt{id: "MapperFunction", path: "RecursiveLoop", value: "Terminate", want: "MapperFunction lies on a cycle"},
		spoilt{id: "OrdersFunction", path: "RecursiveLoop", value: nil, want: "OrdersFunction lies on a cycle"},
		spoilt{id: "WebhookFunction", path: "RecursiveLoop", value: "Allow", want: "WebhookFunction says RecursiveLoop: Allow and lies on no cycle"},
	)
}
