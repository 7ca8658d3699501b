package emulator

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// double is a test that only remembers how it ended.
type double struct {
	testing.TB
	skipped, failed string
}

func (d *double) Helper()        {}
func (d *double) Cleanup(func()) {}
func (d *double) Skip(args ...any) {
	d.skipped = args[0].(string)
	runtime.Goexit()
}
func (d *double) Fatal(args ...any) {
	d.failed = args[0].(error).Error()
	runtime.Goexit()
}

// asked returns the double after it asked for the program's address.
func asked(p program, c cache) *double {
	d := &double{}
	done := make(chan struct{})
	go func() {
		defer close(done)
		address(d, func() (*server, error) { return c.begin(p) })
	}()
	<-done
	return d
}

func TestMissingToolsAreNamed(t *testing.T) {
	none := t.TempDir()
	onlyJava := t.TempDir()
	write(t, filepath.Join(onlyJava, "java"), "#!/bin/sh\necho 'openjdk version \"21.0.1\" 2023-10-17' >&2\n")
	oldJava := t.TempDir()
	write(t, filepath.Join(oldJava, "java"), "#!/bin/sh\necho 'java version \"1.8.0_392\"' >&2\n")
	for name, c := range map[string]struct {
		path    string
		program program
		says    string
	}{
		"no Java":   {none, elasticMQ(), "openjdk-17"},
		"old Java":  {oldJava, dynamoDBLocal(), "Java 17"},
		"no Maven":  {onlyJava, dynamoDBLocal(), "install maven"},
		"no Python": {none, motoServer(), "install python3"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("PATH", c.path)
			t.Setenv("CI", "")
			if d := asked(c.program, cache{t.TempDir()}); !strings.Contains(d.skipped, c.says) || d.failed != "" {
				t.Errorf("got skipped %q, failed %q, want skipped with %q", d.skipped, d.failed, c.says)
			}
			t.Setenv("CI", "true")
			if d := asked(c.program, cache{t.TempDir()}); !strings.Contains(d.failed, c.says) || d.skipped != "" {
				t.Errorf("in CI: got skipped %q, failed %q, want failed with %q", d.skipped, d.failed, c.says)
			}
		})
	}
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
}

func TestHalfDownloadIsNotUsed(t *testing.T) {
	c := cache{t.TempDir()}
	fills := 0
	fill := func(err error) func(context.Context, string) error {
		return func(_ context.Context, folder string) error {
			fills++
			if left, _ := os.ReadDir(folder); len(left) != 0 {
				t.Errorf("fill %d found %d files of the one before", fills, len(left))
			}
			write(t, filepath.Join(folder, "half"), "")
			return err
		}
	}
	broken := errors.New("the line went dead")
	if _, err := c.once("thing", []byte("1"), fill(broken)); !errors.Is(err, broken) {
		t.Fatalf("got error %v, want %v", err, broken)
	}
	first, err := c.once("thing", []byte("1"), fill(nil))
	if err != nil || fills != 2 {
		t.Fatalf("after a half download: got error %v after %d fills, want it filled again", err, fills)
	}
	again, err := c.once("thing", []byte("1"), fill(nil))
	if err != nil || fills != 2 || again != first {
		t.Errorf("after a whole one: got folder %s, error %v after %d fills, want %s as it is", again, err, fills, first)
	}
	other, err := c.once("thing", []byte("2"), fill(nil))
	if err != nil || fills != 3 || other == first {
		t.Errorf("with other pins: got folder %s, error %v after %d fills, want another folder", other, err, fills)
	}
}

func TestProcessesThatStartAtOnceDownloadOnce(t *testing.T) {
	folder := t.TempDir()
	var fills atomic.Int32
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			_, err := cache{folder}.once("thing", nil, func(context.Context, string) error {
				fills.Add(1)
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if n := fills.Load(); n != 1 {
		t.Errorf("got %d downloads, want 1", n)
	}
}

func TestServerThatDoesNotStartShowsItsLog(t *testing.T) {
	c := cache{t.TempDir()}
	old := filepath.Join(c.folder, "logs", "old.log")
	if err := os.MkdirAll(filepath.Dir(old), 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, old, "long ago")
	if err := os.Chtimes(old, time.Time{}, time.Unix(0, 0)); err != nil {
		t.Fatal(err)
	}
	t.Setenv("CI", "")
	d := asked(program{
		name:    "Broken",
		install: func(cache) (string, error) { return c.folder, nil },
		command: func(_, port string) []string { return []string{"sh", "-c", "echo no way to $0; exit 3", port} },
	}, c)
	if !strings.Contains(d.failed, "Broken did not start") || !strings.Contains(d.failed, "no way to") || d.skipped != "" {
		t.Errorf("got skipped %q, failed %q, want failed with the end of the log", d.skipped, d.failed)
	}
	logs, err := filepath.Glob(filepath.Join(c.folder, "logs", "*.log"))
	if err != nil || len(logs) != 3 {
		t.Errorf("got %d logs and error %v, want one of each of three attempts and the old one gone", len(logs), err)
	}
}
