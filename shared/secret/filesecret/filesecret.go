// Package filesecret keeps the master key in a file that only its owner may read: the key port for one machine.
package filesecret

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"

	"apicenter/shared/secret"
)

// Wrapper wraps keysets with the key in the file.
type Wrapper struct{ aead tink.AEAD }

var _ secret.Wrapper = (*Wrapper)(nil)

// Open reads the master key from path, or makes one there on the first start. A file that others can read is refused: the
// data would be as open as the file.
func Open(path string) (*Wrapper, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := create(path); err != nil {
			return nil, fmt.Errorf("making the master key %s: %w", path, err)
		}
		info, err = os.Stat(path)
	}
	if err != nil {
		return nil, fmt.Errorf("the master key: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("the master key %s can be read by others (mode %04o): run chmod 600 on it", path, info.Mode().Perm())
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("the master key: %w", err)
	}
	handle, err := insecurecleartextkeyset.Read(keyset.NewBinaryReader(bytes.NewReader(data)))
	if err != nil {
		return nil, fmt.Errorf("the master key %s is damaged; restore it from a copy, without it the stored data cannot be read", path)
	}
	primitive, err := aead.New(handle)
	if err != nil {
		return nil, fmt.Errorf("the master key %s: %w", path, err)
	}
	return &Wrapper{aead: primitive}, nil
}

func create(path string) error {
	handle, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return err
	}
	var buf bytes.Buffer
	if err := insecurecleartextkeyset.Write(handle, keyset.NewBinaryWriter(&buf)); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	// Written beside and linked into place: a crash leaves no half key, and of two processes that start at once the second
	// keeps the key of the first.
	temp, err := os.CreateTemp(filepath.Dir(path), ".master-*")
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name())
	if _, err := temp.Write(buf.Bytes()); err != nil {
		return errors.Join(err, temp.Close())
	}
	if err := errors.Join(temp.Sync(), temp.Close()); err != nil {
		return err
	}
	if err := os.Link(temp.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

// Wrap implements secret.Wrapper.
func (w *Wrapper) Wrap(_ context.Context, tenant string, plain []byte) ([]byte, error) {
	return w.aead.Encrypt(plain, []byte(tenant))
}

// Unwrap implements secret.Wrapper.
func (w *Wrapper) Unwrap(_ context.Context, tenant string, wrapped []byte) ([]byte, error) {
	return w.aead.Decrypt(wrapped, []byte(tenant))
}
