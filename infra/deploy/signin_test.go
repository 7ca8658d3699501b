package deploy

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"apicenter/infra/exam"
	"apicenter/shared/panel/openid"
	"apicenter/shared/panel/openid/openidtest"
)

// signInIsClosed looks at who may sign in, and what a stranger who knows the client, as everybody may, can do with it.
func signInIsClosed(s *stack) (problems []string) {
	complain := func(format string, parts ...any) { problems = append(problems, fmt.Sprintf(format, parts...)) }
	schema := func(pool, claim string) bool {
		list, _ := s.at(pool, "Schema").([]any)
		return slices.ContainsFunc(list, func(a any) bool {
			return "custom:"+fmt.Sprint(a.(map[string]any)["Name"]) == claim
		})
	}
	for _, pool := range s.of("AWS::Cognito::UserPool") {
		if s.at(pool, "AdminCreateUserConfig", "AllowAdminCreateUserOnly") != true {
			complain("%s lets people sign up by themselves", pool)
		}
		if s.text(pool, "DeletionProtection") != "ACTIVE" {
			complain("%s can be deleted by a slip", pool)
		}
		if !schema(pool, openid.TenantClaim) {
			complain("%s has no attribute for the claim %s that the panel reads", pool, openid.TenantClaim)
		}
		if s.number(pool, "Policies", "PasswordPolicy", "MinimumLength") < 12 {
			complain("%s accepts passwords of fewer than 12 letters", pool)
		}
	}
	home := "https://" + gateway
	for _, client := range s.of("AWS::Cognito::UserPoolClient") {
		if writes := listOf(s.at(client, "WriteAttributes")); len(writes) == 0 || slices.Contains(writes, openid.TenantClaim) {
			complain("%s lets people choose their tenant: its WriteAttributes are %v", client, writes)
		}
		if !slices.Contains(listOf(s.at(client, "ReadAttributes")), openid.TenantClaim) {
			complain("%s does not put the tenant into tokens", client)
		}
		if flows := listOf(s.at(client, "ExplicitAuthFlows")); len(flows) == 0 || slices.ContainsFunc(flows, func(f string) bool {
			return strings.Contains(f, "PASSWORD") || strings.Contains(f, "CUSTOM") || f == "ALLOW_USER_AUTH"
		}) {
			complain("%s allows more ways to sign in than are needed: %v", client, flows)
		}
		for property, want := range map[string][]string{"AllowedOAuthFlows": {"code"}, "AllowedOAuthScopes": {"openid"},
			"CallbackURLs": {home + "/signin/callback"}, "LogoutURLs": {home + "/signin"}} {
			if got := listOf(s.at(client, property)); !slices.Equal(got, want) {
				complain("%s has %s %v, want %v", client, property, got, want)
			}
		}
		if s.at(client, "GenerateSecret") == true {
			complain("%s has a secret, which the panel does not know", client)
		}
		for _, token := range []string{"IdToken", "AccessToken"} {
			if n := s.number(client, token+"Validity"); n < 5 || n > 60 || s.text(client, "TokenValidityUnits", token) != "minutes" {
				complain("%s makes an %s for long, and the panel reads it once", client, token)
			}
		}
	}
	told := func(name string) string { return s.text("PanelFunction", "Environment", "Variables", name) }
	if told("SIGN_IN_ISSUER") != fmt.Sprint(s.attribute("Users", "ProviderURL")) {
		complain("the panel is told another issuer than the user pool: %s", told("SIGN_IN_ISSUER"))
	}
	if told("SIGN_IN_CLIENT") != s.text("PanelClientName", "Name") || s.text("PanelClientName", "Value") != fmt.Sprint(s.ref("PanelClient")) {
		complain("the parameter %s that the panel reads does not hold its client id", told("SIGN_IN_CLIENT"))
	}
	return problems
}

func TestSignInIsClosed(t *testing.T) { holds(t, signInIsClosed) }

func TestAnOpenSignInIsNoticed(t *testing.T) {
	breaks(t, signInIsClosed,
		spoilt{id: "Users", path: "AdminCreateUserConfig.AllowAdminCreateUserOnly", value: false, want: "sign up by themselves"},
		spoilt{id: "Users", path: "AdminCreateUserConfig", value: nil, want: "sign up by themselves"},
		spoilt{id: "Users", path: "DeletionProtection", value: "INACTIVE", want: "deleted by a slip"},
		spoilt{id: "Users", path: "Schema", value: nil, want: "no attribute for the claim custom:tenant"},
		spoilt{id: "Users", path: "Policies", value: nil, want: "fewer than 12"},
		spoilt{id: "PanelClient", path: "WriteAttributes", value: nil, want: "choose their tenant"},
		spoilt{id: "PanelClient", path: "WriteAttributes", value: []any{}, want: "choose their tenant"},
		spoilt{id: "PanelClient", path: "WriteAttributes", value: []any{"name", "custom:tenant"}, want: "choose their tenant"},
		spoilt{id: "PanelClient", path: "ReadAttributes", value: []any{"email"}, want: "does not put the tenant into tokens"},
		spoilt{id: "PanelClient", path: "ExplicitAuthFlows", value: nil, want: "more ways to sign in"},
		spoilt{id: "PanelClient", path: "ExplicitAuthFlows", value: []any{"ALLOW_USER_PASSWORD_AUTH"}, want: "more ways to sign in"},
		spoilt{id: "PanelClient", path: "AllowedOAuthFlows", value: []any{"code", "implicit"}, want: "AllowedOAuthFlows [code implicit]"},
		spoilt{id: "PanelClient", path: "AllowedOAuthScopes", value: []any{"openid", "email"}, want: "AllowedOAuthScopes [openid email]"},
		spoilt{id: "PanelClient", path: "CallbackURLs", value: []any{"https://evil.example/"}, want: "CallbackURLs [https://evil.example/]"},
		spoilt{id: "PanelClient", path: "LogoutURLs", value: nil, want: "LogoutURLs []"},
		spoilt{id: "PanelClient", path: "GenerateSecret", value: true, want: "has a secret"},
		spoilt{id: "PanelClient", path: "IdTokenValidity", value: nil, want: "an IdToken for long"},
		spoilt{id: "PanelFunction", path: "Environment.Variables.SIGN_IN_ISSUER", value: "https://evil.example", want: "another issuer"},
		spoilt{id: "PanelFunction", path: "Environment.Variables.SIGN_IN_CLIENT", value: "/other", want: "parameter /other"},
		spoilt{id: "PanelClientName", path: "Value", value: "abc", want: "does not hold its client id"},
	)
}

// makeSignIn puts the parameters where the template has them, and tells the provider what the template tells Cognito.
func (c *cloud) makeSignIn(ctx context.Context, t testing.TB) {
	t.Helper()
	client := ssm.NewFromConfig(c.config, func(o *ssm.Options) { o.BaseEndpoint = aws.String(c.endpoints["SSM"]) })
	for _, id := range c.of("AWS::SSM::Parameter") {
		if _, err := client.PutParameter(ctx, &ssm.PutParameterInput{Name: aws.String(c.text(id, "Name")), Value: aws.String(c.text(id, "Value")),
			Type: types.ParameterType(c.text(id, "Type")), Overwrite: aws.Bool(true)}); err != nil {
			t.Fatalf("parameter %s: %v", id, err)
		}
	}
	c.people.Change(func(b *openidtest.Behaviour) {
		b.Callbacks, b.Logouts = listOf(c.at("PanelClient", "CallbackURLs")), listOf(c.at("PanelClient", "LogoutURLs"))
		b.Claims = map[string]any{openid.TenantClaim: exam.Tenant}
	})
}

// signIn goes through the gateway as a browser does: to the provider, back to a process that has just started, and into the
// panel. Somebody of no tenant ends before it.
func (c *cloud) signIn(ctx context.Context, t *testing.T) {
	t.Helper()
	cookies := map[string]string{}
	get := func(target string, status int) (body, to string) {
		t.Helper()
		var sent []string
		for name, value := range cookies {
			sent = append(sent, name+"="+value)
		}
		answer, err := c.request(ctx, http.MethodGet, target, sent...)
		if err != nil {
			t.Fatal(err)
		}
		path, _, _ := strings.Cut(target, "?")
		if answer.StatusCode != status {
			t.Fatalf("%s: status %d, want %d: %s", path, answer.StatusCode, status, answer.Body)
		}
		for _, text := range answer.Cookies {
			set, err := http.ParseSetCookie(text)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(set.Name, "__Host-") || !set.Secure || !set.HttpOnly {
				t.Errorf("%s sets the cookie %s, secure %t, for the server alone %t", path, set.Name, set.Secure, set.HttpOnly)
			}
			cookies[set.Name] = set.Value
			if set.MaxAge < 0 {
				delete(cookies, set.Name)
			}
		}
		return answer.Body, answer.Headers["Location"]
	}
	// there asks the provider, and returns where it sends the browser.
	there := func(address string) string {
		t.Helper()
		client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		answer, err := client.Get(address)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		to := answer.Header.Get("Location")
		if !strings.HasPrefix(to, "https://"+gateway+"/") {
			t.Fatalf("the provider answered %s and leads to %q", answer.Status, to)
		}
		return strings.TrimPrefix(to, "https://"+gateway)
	}
	if body, _ := get("/signin", http.StatusOK); !strings.Contains(body, `href="/signin/start"`) {
		t.Errorf("the sign-in page has no button: %s", body)
	}
	_, to := get("/signin/start?next=/connections", http.StatusSeeOther)
	u, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	// The parameter's value, which the function was never told.
	if got := u.Query().Get("client_id"); got != openidtest.Client || !strings.HasPrefix(to, strings.TrimSuffix(c.people.Issuer, "/pool")) {
		t.Errorf("people are sent to %s", to)
	}
	back := there(to)
	c.hosts["PanelFunction"].stop() // whoever comes back meets a process that knows nothing of them
	if _, to := get(back, http.StatusSeeOther); to != "/connections" {
		t.Errorf("coming back leads to %q", to)
	}
	if body, _ := get("/", http.StatusOK); !strings.Contains(body, "MplusKASSA") || !strings.Contains(body, `action="/signout"`) {
		t.Errorf("the overview shows no connection: %s", body)
	}
	c.hosts["PanelFunction"].stop()
	get("/connections", http.StatusOK)

	cookies = map[string]string{}
	c.people.Change(func(b *openidtest.Behaviour) { b.Claims = nil })
	_, to = get("/signin/start", http.StatusSeeOther)
	if body, _ := get(there(to), http.StatusForbidden); !strings.Contains(body, "belongs to no shop") || len(cookies) != 0 {
		t.Errorf("somebody of no tenant has cookies %v and sees %s", cookies, body)
	}
}
