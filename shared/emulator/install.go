package emulator

import (
	"bytes"
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"time"
)

//go:embed pom.xml
var pom []byte

//go:embed requirements.txt
var requirements []byte

// installTime is how long a download may take.
const installTime = 10 * time.Minute

// cache is a folder that keeps what was downloaded, for this process and later ones.
type cache struct{ folder string }

// userCache returns the cache in the user's cache directory.
func userCache() (cache, error) {
	user, err := os.UserCacheDir()
	if err != nil {
		return cache{}, missing{"emulators need a place to be kept in: set XDG_CACHE_HOME or HOME"}
	}
	c := cache{filepath.Join(user, "apicenter", "emulator")}
	return c, os.MkdirAll(c.folder, 0o750)
}

// jars returns a folder with the jars of a profile of the pom.
func (c cache) jars(profile string) (string, error) {
	if err := java(); err != nil {
		return "", err
	}
	return c.once(profile, pom, func(ctx context.Context, folder string) error {
		if _, err := exec.LookPath("mvn"); err != nil {
			return missing{"this test needs Maven to fetch an emulator: apt-get install maven"}
		}
		file := filepath.Join(folder, "pom.xml")
		if err := os.WriteFile(file, pom, 0o600); err != nil {
			return err
		}
		return run(ctx, "mvn", "-q", "-B", "-f", file, "-P", profile, "dependency:copy-dependencies",
			"-DincludeScope=runtime", "-DoutputDirectory="+folder)
	})
}

// java says what is wrong with the machine's Java.
func java() error {
	const advice = "this test needs Java 17 or newer: apt-get install openjdk-17-jre-headless"
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, "java", "-version").CombinedOutput()
	if err != nil {
		return missing{advice}
	}
	found := regexp.MustCompile(`version "(\d+)`).FindSubmatch(out)
	if found == nil {
		return missing{advice}
	}
	if version, err := strconv.Atoi(string(found[1])); err != nil || version < 17 {
		return missing{advice}
	}
	return nil
}

// environment returns a folder with a Python environment that has the requirements.
func (c cache) environment(name string) (string, error) {
	return c.once(name, requirements, func(ctx context.Context, folder string) error {
		if _, err := exec.LookPath("python3"); err != nil {
			return missing{"this test needs Python 3.11 or newer: apt-get install python3 python3-venv"}
		}
		if err := run(ctx, "python3", "-m", "venv", folder); err != nil {
			return missing{"this test needs Python's virtual environments: apt-get install python3-venv (" + err.Error() + ")"}
		}
		file := filepath.Join(folder, "requirements.txt")
		if err := os.WriteFile(file, requirements, 0o600); err != nil {
			return err
		}
		return run(ctx, filepath.Join(folder, "bin", "python"), "-m", "pip", "install", "-q", "--disable-pip-version-check", "-r", file)
	})
}

// once returns the folder of what the pins name, and fills it the first time. The folder's name follows from the pins: new
// ones never meet old files. A mark is written last, so that a half download is not taken for a whole one; a lock keeps
// processes that start at the same time from filling it twice.
func (c cache) once(name string, pins []byte, fill func(ctx context.Context, folder string) error) (string, error) {
	sum := sha256.Sum256(pins)
	folder := filepath.Join(c.folder, name+"-"+hex.EncodeToString(sum[:6]))
	mark := filepath.Join(folder, ".whole")
	if _, err := os.Stat(mark); err == nil {
		return folder, nil
	}
	unlock, err := lock(filepath.Join(c.folder, "lock"))
	if err != nil {
		return "", err
	}
	defer unlock()
	if _, err := os.Stat(mark); !errors.Is(err, fs.ErrNotExist) {
		return folder, err // another process was first
	}
	if err := os.RemoveAll(folder); err != nil {
		return "", err
	}
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(context.Background(), installTime)
	defer cancel()
	if err := fill(ctx, folder); err != nil {
		return "", err
	}
	return folder, os.WriteFile(mark, nil, 0o600)
}

// run runs a downloading command. That it fails is put down to the network: its pins were tried.
func run(ctx context.Context, name string, args ...string) error {
	out, err := exec.CommandContext(ctx, name, args...).CombinedOutput()
	if err != nil {
		return missing{fmt.Sprintf("this test's emulator could not be fetched; check the network (%s: %v: %s)", filepath.Base(name), err, end(out))}
	}
	return nil
}

// end returns the end of a log in one line.
func end(log []byte) string {
	const most = 600
	if len(log) > most {
		log = log[len(log)-most:]
	}
	return string(bytes.Join(bytes.Fields(log), []byte(" ")))
}
