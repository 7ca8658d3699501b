package signin_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"apicenter/functions/internal/signin"
	"apicenter/shared/panel/openid"
	"apicenter/shared/panel/openid/openidtest"
)

// parameters is the parameter store. It notes the names it is asked for.
type parameters struct {
	values map[string]string
	asked  []string
}

func (p *parameters) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var in struct{ Name string }
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil || r.Header.Get("X-Amz-Target") != "AmazonSSM.GetParameter" {
		http.Error(w, "what?", http.StatusBadRequest)
		return
	}
	p.asked = append(p.asked, in.Name)
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	value, ok := p.values[in.Name]
	if !ok {
		w.Header().Set("X-Amzn-ErrorType", "ParameterNotFound")
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"__type":"ParameterNotFound"}`)
		return
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"Parameter": map[string]string{"Name": in.Name, "Value": value}})
}

// function is the surroundings of a function.
type function struct {
	variables map[string]string
	missing   []string
	problem   error
}

func (f *function) Optional(name string) string { return f.variables[name] }
func (f *function) Check(err error)             { f.problem = err }

func (f *function) Need(name string) string {
	if f.variables[name] == "" {
		f.missing = append(f.missing, name)
	}
	return f.variables[name]
}

func (f *function) AWS() aws.Config {
	return aws.Config{Region: "eu-central-1", BaseEndpoint: aws.String(f.variables["endpoint"]),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "x", SecretAccessKey: "x"}, nil
		})}
}

// open opens the provider in a function with the variables, some of them changed.
func open(t *testing.T, adjust map[string]string) (us *openid.Provider, store *parameters, f *function) {
	t.Helper()
	store = &parameters{values: map[string]string{"/apicenter/panel/client-id": openidtest.Client}}
	server := httptest.NewServer(store)
	t.Cleanup(server.Close)
	provider := openidtest.Start(t, time.Now, openidtest.Behaviour{})
	f = &function{variables: map[string]string{"endpoint": server.URL, "SIGN_IN_ISSUER": provider.Issuer, "SIGN_IN_CLIENT": "/apicenter/panel/client-id"}}
	maps.Copy(f.variables, adjust)
	us = signin.Open(f, time.Now)
	if len(store.asked) > 0 || len(provider.Asked()) > 0 {
		t.Errorf("opening asked for %v and called %v", store.asked, provider.Asked())
	}
	return us, store, f
}

// The client id is read from the parameter that the template names, at the first sign-in and once.
func TestClientIDIsAParameter(t *testing.T) {
	us, store, f := open(t, nil)
	if f.problem != nil || len(f.missing) > 0 {
		t.Fatalf("%v, missing are %v", f.problem, f.missing)
	}
	for range 2 {
		address, err := us.Address(t.Context(), openid.Attempt{State: "s", Nonce: "n", Verifier: "v", Redirect: "https://panel.example/signin/callback"})
		if err != nil {
			t.Fatal(err)
		}
		if u, err := url.Parse(address); err != nil || u.Query().Get("client_id") != openidtest.Client {
			t.Errorf("people are sent to %s", address)
		}
	}
	if len(store.asked) != 1 || store.asked[0] != "/apicenter/panel/client-id" {
		t.Errorf("asked for the parameters %v", store.asked)
	}
}

func TestClientIDIsMissing(t *testing.T) {
	us, _, _ := open(t, map[string]string{"SIGN_IN_CLIENT": "/elsewhere"})
	if _, err := us.Address(t.Context(), openid.Attempt{}); !errors.Is(err, openid.ErrUnavailable) || !strings.Contains(err.Error(), "/elsewhere") ||
		!strings.Contains(err.Error(), "ParameterNotFound") {
		t.Errorf("got %v, want ErrUnavailable that names the parameter", err)
	}
}

func TestVariables(t *testing.T) {
	if _, _, f := open(t, map[string]string{"SIGN_IN_CLIENT": "", "SIGN_IN_ISSUER": ""}); !slices.Equal(f.missing, []string{"SIGN_IN_CLIENT", "SIGN_IN_ISSUER"}) {
		t.Errorf("missing are %v", f.missing)
	}
	if _, _, f := open(t, map[string]string{"SIGN_IN_ISSUER": "http://login.example"}); f.problem == nil || !strings.Contains(f.problem.Error(), "https") {
		t.Errorf("an issuer without encryption: %v", f.problem)
	}
}
