package kmssecret_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"apicenter/shared/fault"
	"apicenter/shared/secret/kmssecret"
)

// fake is a KMS that does what a test says.
type fake struct {
	encrypt func(context.Context, *kms.EncryptInput) (*kms.EncryptOutput, error)
	decrypt func(context.Context, *kms.DecryptInput) (*kms.DecryptOutput, error)
}

func (f fake) Encrypt(ctx context.Context, in *kms.EncryptInput, _ ...func(*kms.Options)) (*kms.EncryptOutput, error) {
	return f.encrypt(ctx, in)
}

func (f fake) Decrypt(ctx context.Context, in *kms.DecryptInput, _ ...func(*kms.Options)) (*kms.DecryptOutput, error) {
	return f.decrypt(ctx, in)
}

// answer is an error as the SDK returns it for an answer of KMS.
func answer(status int, header http.Header, err error) error {
	return &smithy.OperationError{ServiceID: "KMS", OperationName: "Decrypt", Err: &smithyhttp.ResponseError{
		Response: &smithyhttp.Response{Response: &http.Response{StatusCode: status, Header: header}}, Err: err}}
}

func TestFailuresSayWhatHappensNext(t *testing.T) {
	for name, c := range map[string]struct {
		err   error
		class fault.Class
		after time.Duration
		says  string
	}{
		"throttled":             {answer(400, nil, &smithy.GenericAPIError{Code: "ThrottlingException", Fault: smithy.FaultClient}), fault.Wait, 5 * time.Second, "more than it gives"},
		"throttled with a time": {answer(503, http.Header{"Retry-After": {"7"}}, errors.New("busy")), fault.Wait, 7 * time.Second, "more than it gives"},
		"too many requests":     {answer(429, nil, errors.New("slow down")), fault.Wait, 5 * time.Second, "more than it gives"},
		"damaged":               {answer(400, nil, &types.InvalidCiphertextException{}), fault.Bug, 0, "damaged"},
		"another key":           {answer(400, nil, &types.IncorrectKeyException{}), fault.Bug, 0, "another tenant or key"},
		"disabled":              {answer(400, nil, &types.DisabledException{}), fault.Retry, 0, "disabled"},
		"to be deleted":         {answer(400, nil, &types.KMSInvalidStateException{}), fault.Retry, 0, "deleted"},
		"no such key":           {answer(400, nil, &types.NotFoundException{}), fault.Retry, 0, "not there"},
		"denied":                {answer(400, nil, &smithy.GenericAPIError{Code: "AccessDeniedException", Fault: smithy.FaultClient}), fault.Retry, 0, "may not be used"},
		"not understood":        {answer(400, nil, &smithy.GenericAPIError{Code: "ValidationException", Fault: smithy.FaultClient}), fault.Bug, 0, "does not understand"},
		"its own mistake":       {answer(500, nil, &types.KMSInternalException{}), fault.Retry, 0, "did not answer"},
		"line cut":              {errors.New("connection reset"), fault.Retry, 0, "did not answer"},
	} {
		t.Run(name, func(t *testing.T) {
			w := kmssecret.Open(fake{
				encrypt: func(context.Context, *kms.EncryptInput) (*kms.EncryptOutput, error) { return nil, c.err },
				decrypt: func(context.Context, *kms.DecryptInput) (*kms.DecryptOutput, error) { return nil, c.err },
			}, "key")
			_, wrap := w.Wrap(t.Context(), "acme", []byte("the keyset"))
			_, unwrap := w.Unwrap(t.Context(), "acme", []byte("wrapped"))
			for _, err := range []error{wrap, unwrap} {
				e := fault.As(err)
				if e.Class != c.class || e.After != c.after || !strings.Contains(e.Message, c.says) {
					t.Errorf("got class %v, after %v, %q, want %v, %v and %q", e.Class, e.After, e.Message, c.class, c.after, c.says)
				}
				if !errors.Is(err, c.err) {
					t.Errorf("got %v, want it to lead to what KMS said", err)
				}
				if strings.Contains(err.Error(), "the keyset") {
					t.Errorf("the keyset stands in the error %q", err)
				}
			}
		})
	}
}

func TestEndOfContextStaysWhatItIs(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	w := kmssecret.Open(fake{decrypt: func(ctx context.Context, _ *kms.DecryptInput) (*kms.DecryptOutput, error) {
		cancel()
		return nil, &smithy.CanceledError{Err: ctx.Err()}
	}}, "key")
	if _, err := w.Unwrap(ctx, "acme", []byte("wrapped")); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}

func TestMistakesAreNotSent(t *testing.T) {
	w, unnamed := kmssecret.Open(fake{}, "key"), kmssecret.Open(fake{}, "") // a request would panic
	for name, call := range map[string]func() ([]byte, error){
		"wrap for nobody":      func() ([]byte, error) { return w.Wrap(t.Context(), "", []byte("x")) },
		"unwrap for nobody":    func() ([]byte, error) { return w.Unwrap(t.Context(), "", []byte("x")) },
		"wrap nothing":         func() ([]byte, error) { return w.Wrap(t.Context(), "acme", nil) },
		"wrap too much":        func() ([]byte, error) { return w.Wrap(t.Context(), "acme", make([]byte, 4097)) },
		"unwrap nothing":       func() ([]byte, error) { return w.Unwrap(t.Context(), "acme", nil) },
		"wrap without a key":   func() ([]byte, error) { return unnamed.Wrap(t.Context(), "acme", []byte("x")) },
		"unwrap without a key": func() ([]byte, error) { return unnamed.Unwrap(t.Context(), "acme", []byte("x")) },
	} {
		if _, err := call(); fault.ClassOf(err) != fault.Bug {
			t.Errorf("%s: got %v, want an error of class bug", name, err)
		}
	}
}

// The tenant is bound, and the key is named when unwrapping, too.
func TestRequestsNameTenantAndKey(t *testing.T) {
	w := kmssecret.Open(fake{
		encrypt: func(_ context.Context, in *kms.EncryptInput) (*kms.EncryptOutput, error) {
			if *in.KeyId != "key" || len(in.EncryptionContext) != 1 || in.EncryptionContext["tenant"] != "acme" {
				t.Errorf("encrypt: got key %q and context %v", *in.KeyId, in.EncryptionContext)
			}
			return &kms.EncryptOutput{CiphertextBlob: []byte("wrapped")}, nil
		},
		decrypt: func(_ context.Context, in *kms.DecryptInput) (*kms.DecryptOutput, error) {
			if in.KeyId == nil || *in.KeyId != "key" || in.EncryptionContext["tenant"] != "acme" {
				t.Errorf("decrypt: got key %v and context %v", in.KeyId, in.EncryptionContext)
			}
			return &kms.DecryptOutput{Plaintext: []byte("keyset")}, nil
		},
	}, "key")
	if got, err := w.Wrap(t.Context(), "acme", []byte("keyset")); err != nil || string(got) != "wrapped" {
		t.Errorf("wrap: got %q, %v", got, err)
	}
	if got, err := w.Unwrap(t.Context(), "acme", []byte("wrapped")); err != nil || string(got) != "keyset" {
		t.Errorf("unwrap: got %q, %v", got, err)
	}
}
