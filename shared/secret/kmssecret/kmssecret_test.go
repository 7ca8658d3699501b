package kmssecret_test

import (
	"bytes"
	"context"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"apicenter/shared/emulator"
	"apicenter/shared/fault"
	"apicenter/shared/secret"
	"apicenter/shared/secret/kmssecret"
)

func client(t *testing.T) *kms.Client {
	t.Helper()
	return kms.NewFromConfig(aws.Config{Region: "eu-west-1", BaseEndpoint: aws.String(emulator.Moto(t)),
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", "")})
}

// newKey makes a key of the test's own and returns its id.
func newKey(t *testing.T, c *kms.Client) string {
	t.Helper()
	out, err := c.CreateKey(t.Context(), &kms.CreateKeyInput{})
	if err != nil {
		t.Fatal(err)
	}
	return aws.ToString(out.KeyMetadata.KeyId)
}

// Promise 7: a keyset belongs to one tenant.
func TestWrappedKeysetIsBoundToItsTenant(t *testing.T) {
	c := client(t)
	w := kmssecret.Open(c, newKey(t, c))
	plain := []byte("keyset \x00\xff")
	wrapped, err := w.Wrap(t.Context(), "acme", plain)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(wrapped, plain) {
		t.Error("the keyset stands in clear in the wrapped one")
	}
	if got, err := w.Unwrap(t.Context(), "acme", wrapped); err != nil || !bytes.Equal(got, plain) {
		t.Errorf("got %q and error %v, want %q", got, err, plain)
	}
	for name, unwrap := range map[string]func() ([]byte, error){
		"for another tenant":       func() ([]byte, error) { return w.Unwrap(t.Context(), "other", wrapped) },
		"after a change":           func() ([]byte, error) { return w.Unwrap(t.Context(), "acme", changed(wrapped)) },
		"what KMS did not encrypt": func() ([]byte, error) { return w.Unwrap(t.Context(), "acme", []byte("anything")) },
	} {
		if got, err := unwrap(); err == nil || fault.ClassOf(err) != fault.Bug {
			t.Errorf("unwrapped %s: got %q and error %v of class %v, want one of class bug", name, got, err, fault.ClassOf(err))
		}
	}
}

func changed(b []byte) []byte {
	b = bytes.Clone(b)
	b[len(b)-1] ^= 1
	return b
}

func TestKeyIsFoundByItsAlias(t *testing.T) {
	c := client(t)
	id := newKey(t, c)
	if _, err := c.CreateAlias(t.Context(), &kms.CreateAliasInput{AliasName: aws.String("alias/apicenter"), TargetKeyId: aws.String(id)}); err != nil {
		t.Fatal(err)
	}
	byAlias, byID := kmssecret.Open(c, "alias/apicenter"), kmssecret.Open(c, id)
	wrapped, err := byAlias.Wrap(t.Context(), "acme", []byte("keyset"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := byID.Unwrap(t.Context(), "acme", wrapped); err != nil || string(got) != "keyset" {
		t.Errorf("got %q and error %v, want what was wrapped by the alias", got, err)
	}
}

// counting counts the requests that reach KMS.
type counting struct {
	kmssecret.Client
	mu                 sync.Mutex
	encrypts, decrypts int
}

func (c *counting) Encrypt(ctx context.Context, in *kms.EncryptInput, opts ...func(*kms.Options)) (*kms.EncryptOutput, error) {
	c.mu.Lock()
	c.encrypts++
	c.mu.Unlock()
	return c.Client.Encrypt(ctx, in, opts...)
}

func (c *counting) Decrypt(ctx context.Context, in *kms.DecryptInput, opts ...func(*kms.Options)) (*kms.DecryptOutput, error) {
	c.mu.Lock()
	c.decrypts++
	c.mu.Unlock()
	return c.Client.Decrypt(ctx, in, opts...)
}

// keys is a store of one tenant's keys.
type keys struct {
	stored secret.Stored
	found  bool
}

func (k *keys) Keys(context.Context, string) (secret.Stored, bool, error) {
	return k.stored, k.found, nil
}
func (k *keys) CreateKeys(_ context.Context, _ string, s secret.Stored) (secret.Stored, error) {
	k.stored, k.found = s, true
	return s, nil
}
func (k *keys) EraseKeys(context.Context, string) error { return nil }

// What a thousand seals cost: the two keysets of a tenant, data and index, are unwrapped once in five minutes.
func TestThousandSealsAskKMSTwice(t *testing.T) {
	c := client(t)
	counted := &counting{Client: c}
	now := time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC)
	k := &keys{}
	vault := secret.NewVault(k, kmssecret.Open(counted, newKey(t, c)), func() time.Time { return now })
	seal := func(n int) {
		t.Helper()
		for range n {
			if _, err := vault.Seal(t.Context(), "acme", "queue message", []byte("an order")); err != nil {
				t.Fatal(err)
			}
		}
	}
	sealed, err := vault.Seal(t.Context(), "acme", "queue message", []byte("the first order"))
	if err != nil {
		t.Fatal(err)
	}
	if counted.encrypts != 2 || counted.decrypts != 2 {
		t.Errorf("a tenant's first seal: got %d encrypts and %d decrypts, want 2 and 2", counted.encrypts, counted.decrypts)
	}
	for round := 1; round <= 3; round++ {
		counted.encrypts, counted.decrypts = 0, 0
		now = now.Add(5 * time.Minute)
		seal(500)
		now = now.Add(4 * time.Minute)
		seal(500)
		if counted.encrypts != 0 || counted.decrypts != 2 {
			t.Errorf("a thousand seals, round %d: got %d encrypts and %d decrypts, want 0 and 2", round, counted.encrypts, counted.decrypts)
		}
	}
	// Another process reads the same keys.
	other := secret.NewVault(k, kmssecret.Open(counted, "alias/none-is-needed-to-name-the-wrong-key"), func() time.Time { return now })
	if _, err := other.Open(t.Context(), "acme", "queue message", sealed); err == nil {
		t.Error("keys were unwrapped with a key that does not exist")
	}
	if got, err := vault.Open(t.Context(), "acme", "queue message", sealed); err != nil || string(got) != "the first order" {
		t.Errorf("got %q and error %v, want the first order", got, err)
	}
}
