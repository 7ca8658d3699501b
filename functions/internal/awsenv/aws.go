package awsenv

import (
	"context"
	"errors"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// aws is how clients find and sign in to AWS. Lambda puts all of it into the environment; the SDK's own loader, which looks
// for it in a dozen more places, makes every binary larger and every cold start slower.
func (e *Env) aws() aws.Config {
	return aws.Config{
		Region: e.need("AWS_REGION"),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			c := aws.Credentials{AccessKeyID: e.variable("AWS_ACCESS_KEY_ID"), SecretAccessKey: e.variable("AWS_SECRET_ACCESS_KEY"),
				SessionToken: e.variable("AWS_SESSION_TOKEN"), Source: "the function's environment"}
			if c.AccessKeyID == "" || c.SecretAccessKey == "" {
				return c, errors.New("the function has no credentials in its environment")
			}
			return c, nil
		}),
		ConfigSources: []any{endpoints(e.variable)},
	}
}

// endpoints finds services that are elsewhere: AWS_ENDPOINT_URL_SQS and the like, as the SDK's own loader would.
type endpoints func(variable string) string

// GetServiceBaseEndpoint is what the SDK's clients look for in a configuration's sources.
func (e endpoints) GetServiceBaseEndpoint(_ context.Context, service string) (string, bool, error) {
	url := e("AWS_ENDPOINT_URL_" + strings.ToUpper(strings.ReplaceAll(service, " ", "_")))
	return url, url != "", nil
}
