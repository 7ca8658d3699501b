// Package signin opens the provider that people sign in to the panel with: the stack's user pool.
//
// The panel's main calls it, and no other. It is not in awsenv because what it takes to read a parameter would lie in every
// function's binary and lengthen its start.
package signin

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"apicenter/shared/panel/openid"
)

// Env is the part of the function's surroundings that is needed.
type Env interface {
	Need(name string) string
	Optional(name string) string
	AWS() aws.Config
	Check(err error)
}

// Open returns the provider and calls nobody. Under which name the provider knows the panel stands in a parameter, which is
// read when somebody first signs in: the name is made after the gateway, and the gateway after the function, so that the
// template cannot hand it over.
func Open(e Env, now func() time.Time) *openid.Provider {
	parameter, issuer := e.Need("SIGN_IN_CLIENT"), e.Need("SIGN_IN_ISSUER")
	parameters := ssm.NewFromConfig(e.AWS())
	p, err := openid.New(openid.Options{
		Issuer: issuer,
		ClientID: func(ctx context.Context) (string, error) {
			got, err := parameters.GetParameter(ctx, &ssm.GetParameterInput{Name: aws.String(parameter)})
			if err != nil {
				return "", fmt.Errorf("the parameter %s: %w", parameter, err)
			}
			return aws.ToString(got.Parameter.Value), nil
		},
		TenantClaim: e.Optional("SIGN_IN_TENANT_CLAIM"),
		HTTP:        &http.Client{}, // whoever deploys names the address, not a tenant: REACH is not about it
		Now:         now,
	})
	e.Check(err)
	return p
}
