// Package secret encrypts what is stored and queued, with a key of its own per tenant.
//
// Vault is the whole of it; its two ports are Keys, where wrapped keysets lie, and Wrapper, the one master key that wraps
// them (a file on one machine, KMS in the cloud). Destroying a tenant's keyset destroys its data. Callers name a purpose;
// it becomes associated data, so that a ciphertext made for one purpose or tenant cannot be opened as another.
package secret

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// ErrForeign says that something was not sealed for this tenant and purpose, or was changed since: trying again does not help.
var ErrForeign = errors.New("this was not sealed for this tenant and purpose, or it was changed")

// ErrErased says that the tenant's keys are gone: what was sealed with them is unreadable for ever. Messages of such a
// tenant are dropped.
var ErrErased = errors.New("the tenant's keys were destroyed")

// Stored is a tenant's wrapped keyset as it lies in a store.
type Stored struct {
	// Wrapped is the keyset, wrapped by the master key.
	Wrapped []byte
	// Index is the wrapped key that personal data in indexes is hashed with; it never rotates.
	Index []byte
	// Created is when the keyset was made.
	Created time.Time
	// Erased marks a keyset that was destroyed; the other fields are empty then.
	Erased bool
}

// Keys is where wrapped keysets lie.
type Keys interface {
	// Keys returns the tenant's keyset; found is false when there is none yet.
	Keys(ctx context.Context, tenant string) (stored Stored, found bool, err error)
	// CreateKeys saves a tenant's first keyset unless one exists (or existed); the one that counts is returned.
	CreateKeys(ctx context.Context, tenant string, stored Stored) (Stored, error)
	// EraseKeys destroys the tenant's keyset and leaves a mark, so that none is made again by accident.
	EraseKeys(ctx context.Context, tenant string) error
}

// Wrapper is the master key.
type Wrapper interface {
	// Wrap encrypts a keyset; the tenant is bound to it.
	Wrap(ctx context.Context, tenant string, plain []byte) ([]byte, error)
	// Unwrap undoes Wrap for the same tenant.
	Unwrap(ctx context.Context, tenant string, wrapped []byte) ([]byte, error)
}

// cacheLife is how long an unwrapped keyset is used before it is read again.
const cacheLife = 5 * time.Minute

// Vault seals and opens. It is safe for concurrent use.
type Vault struct {
	keys    Keys
	wrapper Wrapper
	now     func() time.Time

	mu    sync.Mutex
	cache map[string]unwrapped
}

type unwrapped struct {
	aead  tink.AEAD
	index []byte
	until time.Time
}

// NewVault returns a vault over the two ports.
func NewVault(keys Keys, wrapper Wrapper, now func() time.Time) *Vault {
	return &Vault{keys: keys, wrapper: wrapper, now: now, cache: map[string]unwrapped{}}
}

// Seal encrypts plain for the tenant and purpose. The tenant's first call makes its keyset.
func (v *Vault) Seal(ctx context.Context, tenant, purpose string, plain []byte) ([]byte, error) {
	k, err := v.open(ctx, tenant)
	if err != nil {
		return nil, err
	}
	return k.aead.Encrypt(plain, associated(tenant, purpose))
}

// Open decrypts what Seal made for the same tenant and purpose; anything else is ErrForeign.
func (v *Vault) Open(ctx context.Context, tenant, purpose string, sealed []byte) ([]byte, error) {
	k, err := v.open(ctx, tenant)
	if err != nil {
		return nil, err
	}
	plain, err := k.aead.Decrypt(sealed, associated(tenant, purpose))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrForeign, err)
	}
	return plain, nil
}

// Index returns a stable keyed hash of value, so that personal data can stand in a key or an index.
func (v *Vault) Index(ctx context.Context, tenant, purpose, value string) (string, error) {
	k, err := v.open(ctx, tenant)
	if err != nil {
		return "", err
	}
	mac := hmac.New(sha256.New, k.index)
	mac.Write(associated(tenant, purpose))
	mac.Write([]byte(value))
	return hex.EncodeToString(mac.Sum(nil)[:16]), nil
}

// Erase destroys the tenant's keys: everything sealed for it is unreadable from then on, here at once and in other
// processes when their cache ends.
func (v *Vault) Erase(ctx context.Context, tenant string) error {
	v.mu.Lock()
	delete(v.cache, tenant)
	v.mu.Unlock()
	return v.keys.EraseKeys(ctx, tenant)
}

func (v *Vault) open(ctx context.Context, tenant string) (unwrapped, error) {
	if tenant == "" {
		return unwrapped{}, errors.New("sealing needs a tenant")
	}
	v.mu.Lock()
	k, ok := v.cache[tenant]
	v.mu.Unlock()
	if ok && v.now().Before(k.until) {
		return k, nil
	}
	stored, found, err := v.keys.Keys(ctx, tenant)
	if err != nil {
		return unwrapped{}, fmt.Errorf("reading the tenant's keys: %w", err)
	}
	if !found {
		if stored, err = v.create(ctx, tenant); err != nil {
			return unwrapped{}, fmt.Errorf("making the tenant's keys: %w", err)
		}
	}
	if stored.Erased {
		return unwrapped{}, ErrErased
	}
	if k, err = v.unwrap(ctx, tenant, stored); err != nil {
		return unwrapped{}, fmt.Errorf("unwrapping the tenant's keys: %w", err)
	}
	v.mu.Lock()
	v.cache[tenant] = k
	v.mu.Unlock()
	return k, nil
}

func (v *Vault) create(ctx context.Context, tenant string) (Stored, error) {
	plain, err := newKeyset()
	if err != nil {
		return Stored{}, err
	}
	index, err := newKeyset()
	if err != nil {
		return Stored{}, err
	}
	s := Stored{Created: v.now()}
	if s.Wrapped, err = v.wrapper.Wrap(ctx, tenant, plain); err != nil {
		return Stored{}, err
	}
	if s.Index, err = v.wrapper.Wrap(ctx, tenant, index); err != nil {
		return Stored{}, err
	}
	return v.keys.CreateKeys(ctx, tenant, s)
}

func (v *Vault) unwrap(ctx context.Context, tenant string, s Stored) (unwrapped, error) {
	plain, err := v.wrapper.Unwrap(ctx, tenant, s.Wrapped)
	if err != nil {
		return unwrapped{}, err
	}
	handle, err := insecurecleartextkeyset.Read(keyset.NewBinaryReader(bytes.NewReader(plain)))
	if err != nil {
		return unwrapped{}, err
	}
	primitive, err := aead.New(handle)
	if err != nil {
		return unwrapped{}, err
	}
	index, err := v.wrapper.Unwrap(ctx, tenant, s.Index)
	if err != nil {
		return unwrapped{}, err
	}
	return unwrapped{aead: primitive, index: index, until: v.now().Add(cacheLife)}, nil
}

// newKeyset returns a keyset in clear; it leaves this package wrapped only.
func newKeyset() ([]byte, error) {
	handle, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return nil, err
	}
	var buf bytes.Buffer
	if err := insecurecleartextkeyset.Write(handle, keyset.NewBinaryWriter(&buf)); err != nil {
		return nil, err
	}
	return buf.Bytes(), nil
}

// associated joins tenant and purpose so that no two pairs give the same bytes.
func associated(tenant, purpose string) []byte {
	out := binary.AppendUvarint(nil, uint64(len(tenant)))
	out = append(out, tenant...)
	return append(out, purpose...)
}
