package sqlitefile

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/windows"
)

// takeLock locks the file beside path until it is closed or the process ends. Windows keeps others from reading what is
// locked, so the locked byte lies far behind the holder's number.
func takeLock(path string) (*os.File, error) {
	file, err := os.OpenFile(path+".lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("the data file cannot be locked: %w", err)
	}
	err = windows.LockFileEx(windows.Handle(file.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY,
		0, 1, 0, &windows.Overlapped{Offset: 1 << 20})
	if err != nil {
		defer file.Close()
		if !errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
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
