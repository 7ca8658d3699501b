package sqlitefile

import (
	"fmt"
	"os"
	"strings"
)

// inUse names the process that wrote its number into the lock file.
func inUse(path string, file *os.File) error {
	number := make([]byte, 20)
	n, _ := file.ReadAt(number, 0) // empty while the holder is just starting
	pid := strings.TrimSpace(string(number[:n]))
	if pid == "" {
		return fmt.Errorf("the data file %s is in use by another process; stop it first", path)
	}
	return fmt.Errorf("the data file %s is in use by another process (pid %s); stop it first", path, pid)
}

func writeHolder(file *os.File) error {
	if err := file.Truncate(0); err != nil {
		return fmt.Errorf("the lock of the data file: %w", err)
	}
	if _, err := file.WriteAt(fmt.Appendf(nil, "%d\n", os.Getpid()), 0); err != nil {
		return fmt.Errorf("the lock of the data file: %w", err)
	}
	return nil
}
