// Package kmssecret wraps tenants' keysets with a key that never leaves AWS KMS: the key port for the cloud.
//
// Functions open it for secret.Vault, which unwraps a tenant's keys once in five minutes and works with them in memory; what
// encrypts each single message with KMS would cost a request for it. Whose keyset it is, is bound to the ciphertext as KMS's
// encryption context, which also stands in the account's audit trail. Where wrapped keysets lie it leaves to the store.
package kmssecret

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"apicenter/shared/fault"
	"apicenter/shared/secret"
)

// Client is what is used of *kms.Client.
type Client interface {
	Encrypt(ctx context.Context, in *kms.EncryptInput, opts ...func(*kms.Options)) (*kms.EncryptOutput, error)
	Decrypt(ctx context.Context, in *kms.DecryptInput, opts ...func(*kms.Options)) (*kms.DecryptOutput, error)
}

var _ Client = (*kms.Client)(nil)

// Wrapper wraps keysets with one KMS key. It is safe for concurrent use.
type Wrapper struct {
	client Client
	key    string
}

var _ secret.Wrapper = (*Wrapper)(nil)

// Open returns a wrapper over the symmetric key with this id, ARN or alias. When KMS rotates the key's material by itself, old
// keysets stay readable; an alias that is pointed at another key makes them unreadable.
func Open(client Client, key string) *Wrapper { return &Wrapper{client: client, key: key} }

// mostPlain is the longest text KMS encrypts itself; a keyset is some hundred bytes.
const mostPlain = 4096

// Wrap implements secret.Wrapper.
func (w *Wrapper) Wrap(ctx context.Context, tenant string, plain []byte) ([]byte, error) {
	if err := w.check(tenant); err != nil {
		return nil, err
	}
	if len(plain) == 0 || len(plain) > mostPlain {
		return nil, mistake("a keyset to wrap has %d bytes; KMS takes 1 to %d", len(plain), mostPlain)
	}
	out, err := w.client.Encrypt(ctx, &kms.EncryptInput{KeyId: aws.String(w.key), Plaintext: plain, EncryptionContext: bound(tenant)})
	if err != nil {
		return nil, failure(ctx, err)
	}
	return out.CiphertextBlob, nil
}

// Unwrap implements secret.Wrapper. The key is named although the ciphertext names it too: a keyset that somebody wrapped
// with a key of their own is refused.
func (w *Wrapper) Unwrap(ctx context.Context, tenant string, wrapped []byte) ([]byte, error) {
	if err := w.check(tenant); err != nil {
		return nil, err
	}
	if len(wrapped) == 0 {
		return nil, mistake("there is no wrapped keyset to unwrap")
	}
	out, err := w.client.Decrypt(ctx, &kms.DecryptInput{KeyId: aws.String(w.key), CiphertextBlob: wrapped, EncryptionContext: bound(tenant)})
	if err != nil {
		return nil, failure(ctx, err)
	}
	return out.Plaintext, nil
}

func (w *Wrapper) check(tenant string) error {
	switch {
	case w.key == "":
		return mistake("the id of the KMS key is not set")
	case tenant == "":
		return mistake("a keyset is wrapped for a tenant, and none was named")
	}
	return nil
}

// bound is the encryption context: KMS decrypts only for who names the same.
func bound(tenant string) map[string]string { return map[string]string{"tenant": tenant} }

// breather is how long a throttled caller waits. KMS names no time, and counts requests by the second.
const breather = 5 * time.Second

const step = "use the tenant's keys"

// failure says what became of a request. The end of the caller's context stays what it is.
func failure(ctx context.Context, err error) error {
	if ended := ctx.Err(); ended != nil {
		return fmt.Errorf("KMS: %w", ended)
	}
	e := &fault.Error{Class: fault.Retry, Step: step, Message: "KMS did not answer", Detail: err.Error(), Err: err}
	var damaged *types.InvalidCiphertextException
	var foreign *types.IncorrectKeyException
	var disabled *types.DisabledException
	var state *types.KMSInvalidStateException
	var missing *types.NotFoundException
	var api smithy.APIError
	switch {
	case throttled(err):
		e.Class, e.After, e.Message = fault.Wait, retryAfter(err), "KMS is asked for more than it gives at once"
	case errors.As(err, &damaged), errors.As(err, &foreign):
		e.Class, e.Message = fault.Bug, "the wrapped keyset is damaged, or belongs to another tenant or key"
	case errors.As(err, &disabled), errors.As(err, &state), errors.As(err, &missing):
		// The owner of the account can undo each within the key's waiting time; until then trying again loses nothing.
		e.Message, e.Advice = "the KMS key is disabled, waiting to be deleted, or not there", "Enable the key, or cancel its deletion, or set its right id."
	case errors.As(err, &api) && api.ErrorCode() == "AccessDeniedException":
		e.Message, e.Advice = "the KMS key may not be used by this function", "Allow the function's role kms:Encrypt and kms:Decrypt on the key."
	case errors.As(err, &api) && api.ErrorFault() == smithy.FaultClient:
		e.Class, e.Message = fault.Bug, "KMS does not understand what it was asked"
	}
	return e
}

func throttled(err error) bool {
	var api smithy.APIError
	if errors.As(err, &api) {
		if _, ok := retry.DefaultThrottleErrorCodes[api.ErrorCode()]; ok {
			return true
		}
	}
	var answer *smithyhttp.ResponseError
	return errors.As(err, &answer) && (answer.HTTPStatusCode() == http.StatusTooManyRequests || answer.HTTPStatusCode() == http.StatusServiceUnavailable)
}

// retryAfter returns the seconds that an answer names, or the usual ones.
func retryAfter(err error) time.Duration {
	var answer *smithyhttp.ResponseError
	if errors.As(err, &answer) && answer.Response != nil && answer.Response.Response != nil {
		if s, err := strconv.Atoi(answer.Response.Header.Get("Retry-After")); err == nil && s > 0 {
			return time.Duration(s) * time.Second
		}
	}
	return breather
}

// mistake is an error of the calling code or the deployment, which no trying again mends.
func mistake(format string, args ...any) error {
	e := fault.New(fault.Bug, format, args...)
	e.Step = step
	return e
}
