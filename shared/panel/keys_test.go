package panel

import (
	"context"
	"maps"
	"sync"
	"testing"
	"time"

	"apicenter/shared/message"
	"apicenter/shared/secret"
)

// fakeKeys is where keysets lie, and the master key, which leaves them as they are. It counts the keysets made.
type fakeKeys struct {
	mu     sync.Mutex
	stored map[string]secret.Stored
	// broken, where set, is what reading keysets fails with.
	broken error
}

func (k *fakeKeys) Keys(_ context.Context, tenant string) (secret.Stored, bool, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	s, ok := k.stored[tenant]
	return s, ok, k.broken
}

func (k *fakeKeys) CreateKeys(_ context.Context, tenant string, s secret.Stored) (secret.Stored, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if old, ok := k.stored[tenant]; ok {
		return old, nil
	}
	k.stored[tenant] = s
	return s, nil
}

func (k *fakeKeys) EraseKeys(_ context.Context, tenant string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.stored[tenant] = secret.Stored{Erased: true}
	return nil
}

func (k *fakeKeys) tenants() map[string]secret.Stored {
	k.mu.Lock()
	defer k.mu.Unlock()
	return maps.Clone(k.stored)
}

func (k *fakeKeys) Wrap(_ context.Context, _ string, plain []byte) ([]byte, error) { return plain, nil }
func (k *fakeKeys) Unwrap(_ context.Context, _ string, wrapped []byte) ([]byte, error) {
	return wrapped, nil
}

// codec is one process's view of the keys: what it has read it keeps for a while.
func (k *fakeKeys) codec(t testing.TB, now func() time.Time) *message.Codec {
	t.Helper()
	codec, err := message.NewCodec(secret.NewVault(k, k, now))
	if err != nil {
		t.Fatal(err)
	}
	return codec
}

func newKeys() *fakeKeys { return &fakeKeys{stored: map[string]secret.Stored{}} }
