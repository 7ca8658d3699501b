package secret_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"apicenter/shared/secret"
	"apicenter/shared/secret/filesecret"
)

// keys is a key store in memory that counts its reads.
type keys struct {
	mu     sync.Mutex
	stored map[string]secret.Stored
	reads  int
}

func (k *keys) Keys(_ context.Context, tenant string) (secret.Stored, bool, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.reads++
	s, ok := k.stored[tenant]
	return s, ok, nil
}

func (k *keys) CreateKeys(_ context.Context, tenant string, s secret.Stored) (secret.Stored, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if old, ok := k.stored[tenant]; ok {
		return old, nil
	}
	k.stored[tenant] = s
	return s, nil
}

func (k *keys) EraseKeys(_ context.Context, tenant string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.stored[tenant] = secret.Stored{Erased: true}
	return nil
}

type clock struct{ now time.Time }

func (c *clock) Now() time.Time { return c.now }

func vault(t *testing.T) (*secret.Vault, *keys, *clock) {
	t.Helper()
	w, err := filesecret.Open(filepath.Join(t.TempDir(), "master.key"))
	if err != nil {
		t.Fatal(err)
	}
	k, c := &keys{stored: map[string]secret.Stored{}}, &clock{now: time.Unix(1_000_000, 0)}
	return secret.NewVault(k, w, c.Now), k, c
}

// Promise 7: a ciphertext belongs to one tenant and one purpose and cannot be replayed as another.
func TestSealedIsBoundToTenantAndPurpose(t *testing.T) {
	ctx := t.Context()
	v, _, _ := vault(t)
	plain := []byte("anna@proef.example")
	sealed, err := v.Seal(ctx, "acme", "queue message", plain)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(sealed, plain) {
		t.Error("the plain text stands in the sealed one")
	}
	got, err := v.Open(ctx, "acme", "queue message", sealed)
	if err != nil || !bytes.Equal(got, plain) {
		t.Fatalf("got %q, %v", got, err)
	}
	for _, other := range [][2]string{{"other", "queue message"}, {"acme", "activity"}, {"acm", "equeue message"}} {
		if _, err := v.Open(ctx, other[0], other[1], sealed); !errors.Is(err, secret.ErrForeign) {
			t.Errorf("as %v: got %v, want ErrForeign", other, err)
		}
	}
	sealed[len(sealed)-1] ^= 1
	if _, err := v.Open(ctx, "acme", "queue message", sealed); !errors.Is(err, secret.ErrForeign) {
		t.Errorf("a changed ciphertext: got %v, want ErrForeign", err)
	}
}

func TestKeysAreReadOnceInFiveMinutes(t *testing.T) {
	ctx := t.Context()
	v, k, c := vault(t)
	for range 1000 {
		if _, err := v.Seal(ctx, "acme", "p", []byte("x")); err != nil {
			t.Fatal(err)
		}
	}
	if k.reads != 1 {
		t.Errorf("the key store was read %d times, want 1", k.reads)
	}
	c.now = c.now.Add(6 * time.Minute)
	if _, err := v.Seal(ctx, "acme", "p", []byte("x")); err != nil || k.reads != 2 {
		t.Errorf("after the cache's life: %d reads, %v", k.reads, err)
	}
}

// Two processes that meet a new tenant at once end up with one keyset.
func TestFirstUseRace(t *testing.T) {
	ctx := t.Context()
	v, k, c := vault(t)
	var wait sync.WaitGroup
	sealed := make([][]byte, 16)
	for i := range sealed {
		wait.Go(func() { sealed[i], _ = v.Seal(ctx, "new", "p", []byte("x")) })
	}
	wait.Wait()
	c.now = c.now.Add(time.Hour) // everybody reads the stored keyset now
	for i, s := range sealed {
		if got, err := v.Open(ctx, "new", "p", s); err != nil || string(got) != "x" {
			t.Errorf("ciphertext %d of %d: %q, %v (%d keysets)", i, len(sealed), got, err, len(k.stored))
		}
	}
}

func TestErasedTenantIsUnreadable(t *testing.T) {
	ctx := t.Context()
	v, _, _ := vault(t)
	sealed, err := v.Seal(ctx, "acme", "p", []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	if err := v.Erase(ctx, "acme"); err != nil {
		t.Fatal(err)
	}
	if _, err := v.Open(ctx, "acme", "p", sealed); !errors.Is(err, secret.ErrErased) {
		t.Errorf("open: %v, want ErrErased", err)
	}
	if _, err := v.Seal(ctx, "acme", "p", []byte("x")); !errors.Is(err, secret.ErrErased) {
		t.Errorf("seal: %v, want ErrErased", err)
	}
}

func TestIndexIsStableAndApart(t *testing.T) {
	ctx := t.Context()
	v, _, c := vault(t)
	one, err := v.Index(ctx, "acme", "customer", "anna@proef.example")
	if err != nil {
		t.Fatal(err)
	}
	c.now = c.now.Add(24 * time.Hour)
	if again, err := v.Index(ctx, "acme", "customer", "anna@proef.example"); err != nil || again != one {
		t.Errorf("index changed from %s to %s, %v", one, again, err)
	}
	for _, other := range [][3]string{{"other", "customer", "anna@proef.example"}, {"acme", "reference", "anna@proef.example"}, {"acme", "customer", "jo@proef.example"}} {
		if got, err := v.Index(ctx, other[0], other[1], other[2]); err != nil || got == one {
			t.Errorf("%v has the same index, %v", other, err)
		}
	}
}

func TestMasterKeyFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys", "master.key")
	w, err := filesecret.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	wrapped, err := w.Wrap(t.Context(), "acme", []byte("keyset"))
	if err != nil {
		t.Fatal(err)
	}
	again, err := filesecret.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := again.Unwrap(t.Context(), "acme", wrapped); err != nil || string(got) != "keyset" {
		t.Errorf("after opening again: %q, %v", got, err)
	}
	if _, err := again.Unwrap(t.Context(), "other", wrapped); err == nil {
		t.Error("a keyset was unwrapped for another tenant")
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := filesecret.Open(path); err == nil {
		t.Error("a key that everybody can read was accepted")
	}
	if err := os.WriteFile(path, []byte("rubbish"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := filesecret.Open(path); err == nil {
		t.Error("a damaged key was accepted")
	}
	if left, _ := os.ReadFile(path); string(left) != "rubbish" {
		t.Error("a damaged key was overwritten")
	}
}
