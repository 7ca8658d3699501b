package deploy

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// route is one address of the gateway.
type route struct {
	method, path string
	function     string
	guarded      bool // an authorizer decides who may call
}

// routes reads the gateway's description.
func (s *stack) routes() []route {
	var out []route
	for _, api := range s.of("AWS::ApiGatewayV2::Api") {
		paths, _ := s.at(api, "Body", "paths").(map[string]any)
		whole := s.at(api, "Body", "security") != nil
		for _, path := range slices.Sorted(maps.Keys(paths)) {
			methods, _ := paths[path].(map[string]any)
			for _, method := range slices.Sorted(maps.Keys(methods)) {
				m, ok := methods[method].(map[string]any)
				if !ok {
					continue
				}
				integration, _ := m["x-amazon-apigateway-integration"].(map[string]any)
				arn := strings.TrimSuffix(fmt.Sprint(integration["uri"]), "/invocations")
				r := route{method: strings.ToUpper(method), path: path, function: s.functionID(arn), guarded: whole || m["security"] != nil}
				if method == "x-amazon-apigateway-any-method" {
					r.method = "ANY"
				}
				out = append(out, r)
			}
		}
	}
	return out
}

// open are the functions that let callers in by themselves: by the token in a webhook's address, and by the panel's door.
func open() []string { return []string{"WebhookFunction", "PanelFunction"} }

// frontIsGuarded looks at what can be called from outside.
func frontIsGuarded(s *stack) (problems []string) {
	routes := s.routes()
	for _, r := range routes {
		if r.function == "" {
			problems = append(problems, fmt.Sprintf("%s %s leads to no function of this stack", r.method, r.path))
		} else if !r.guarded && !slices.Contains(open(), r.function) {
			problems = append(problems, fmt.Sprintf("%s %s leads to %s without an authorizer", r.method, r.path, r.function))
		}
	}
	for _, want := range []route{{method: "POST", path: "/hooks/{token}", function: "WebhookFunction"}, {method: "ANY", path: "$default", function: "PanelFunction"}} {
		if !slices.ContainsFunc(routes, func(r route) bool {
			return r.method == want.method && r.path == want.path && r.function == want.function
		}) {
			problems = append(problems, fmt.Sprintf("%s %s does not lead to %s", want.method, want.path, want.function))
		}
	}
	for _, f := range open() {
		if s.number(f, "ReservedConcurrentExecutions") < 1 {
			problems = append(problems, f+" has no reserved concurrency: the pipeline could starve it, and its callers the pipeline")
		}
		if s.number(f, "Timeout") > 30 {
			problems = append(problems, f+" may take longer than the 30 s the gateway waits")
		}
	}
	for _, stage := range s.of("AWS::ApiGatewayV2::Stage") {
		for _, limit := range []string{"ThrottlingRateLimit", "ThrottlingBurstLimit"} {
			if s.number(stage, "DefaultRouteSettings", limit) < 1 {
				problems = append(problems, stage+" has no "+limit)
			}
		}
		problems = append(problems, logsNoSecrets(stage, s.text(stage, "AccessLogSettings", "Format"))...)
	}
	return problems
}

// logsNoSecrets wants an access log that names the route and not the path, which holds tokens, and no caller.
func logsNoSecrets(stage, format string) (problems []string) {
	var line map[string]string
	if err := json.Unmarshal([]byte(format), &line); err != nil {
		return []string{stage + " has an access log whose lines are not JSON"}
	}
	for name, value := range line {
		for _, secret := range []string{"path", "Path", "identity", "authorizer", "resourcePath"} {
			if strings.Contains(value, secret) {
				problems = append(problems, fmt.Sprintf("%s logs %s (%s), which may hold a token or say who called", stage, name, value))
				break
			}
		}
	}
	return problems
}

func TestFrontIsGuarded(t *testing.T) { holds(t, frontIsGuarded) }

func TestAnOpenFrontIsNoticed(t *testing.T) {
	to := func(function string) map[string]any {
		return map[string]any{"x-amazon-apigateway-integration": map[string]any{"uri": map[string]any{
			"Fn::Sub": "arn:aws:apigateway:x:lambda:path/2015-03-31/functions/${" + function + ".Arn}/invocations"}}}
	}
	breaks(t, frontIsGuarded,
		spoilt{id: "Api", path: "Body.paths./run", value: map[string]any{"post": to("OrdersFunction")}, want: "POST /run leads to OrdersFunction without an authorizer"},
		spoilt{id: "Api", path: "Body.paths./run", value: map[string]any{"post": map[string]any{}}, want: "POST /run leads to no function"},
		spoilt{id: "Api", path: "Body.paths.$default", value: nil, want: "ANY $default does not lead to PanelFunction"},
		spoilt{id: "WebhookFunction", path: "ReservedConcurrentExecutions", value: nil, want: "WebhookFunction has no reserved concurrency"},
		spoilt{id: "PanelFunction", path: "ReservedConcurrentExecutions", value: nil, want: "PanelFunction has no reserved concurrency"},
		spoilt{id: "PanelFunction", path: "Timeout", value: 60, want: "longer than the 30 s"},
		spoilt{id: "ApiApiGatewayDefaultStage", path: "DefaultRouteSettings.ThrottlingRateLimit", value: nil, want: "has no ThrottlingRateLimit"},
		spoilt{id: "ApiApiGatewayDefaultStage", path: "AccessLogSettings.Format", value: `{"p":"$context.path"}`, want: "may hold a token"},
		spoilt{id: "ApiApiGatewayDefaultStage", path: "AccessLogSettings.Format", value: `{"ip":"$context.identity.sourceIp"}`, want: "say who called"},
		spoilt{id: "ApiApiGatewayDefaultStage", path: "AccessLogSettings.Format", value: `$context.requestId`, want: "not JSON"},
	)
}
