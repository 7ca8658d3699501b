//go:build unix

package sqlitefile

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// takeLock locks the file beside path until it is closed or the process ends. The lock lies on a file of its own because
// SQLite puts its own locks on the data file, and the same process must not have two kinds there.
func takeLock(path string) (*os.File, error) {
	file, err := os.OpenFile(path+".lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("the data file cannot be locked: %w", err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		defer file.Close()
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("the data file %s cannot be locked: %w", path, err)
		}
		return nil, inUse(path, file)
	}
	if err := writeHolder(file); err != nil {
		_ = file.Close()
		return nil, err
	}
	return file, nil
}
