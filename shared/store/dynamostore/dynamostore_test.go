package dynamostore_test

import (
	"context"
	"crypto/rand"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"apicenter/shared/emulator"
	"apicenter/shared/secret"
	"apicenter/shared/store"
	"apicenter/shared/store/dynamostore"
	"apicenter/shared/store/storetest"
)

// local returns a client of DynamoDB Local.
func local(t testing.TB) *dynamodb.Client {
	t.Helper()
	return dynamodb.New(dynamodb.Options{Region: "eu-west-1", BaseEndpoint: aws.String(emulator.DynamoDB(t)),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "test", SecretAccessKey: "test"}, nil
		})}, dynamostore.Options)
}

func create(t testing.TB, client *dynamodb.Client) dynamostore.Tables {
	t.Helper()
	tables, err := dynamostore.Create(t.Context(), client, rand.Text()[:10]+"-")
	if err != nil {
		t.Fatal(err)
	}
	return tables
}

func TestPromises(t *testing.T) {
	client := local(t)
	storetest.Run(t, func(t *testing.T, clock *storetest.Clock) (store.Store, secret.Keys) {
		s := dynamostore.Open(client, create(t, client), clock.Now)
		return s, s
	})
}
