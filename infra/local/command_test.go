package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// run starts the command as people do and returns what it says and its exit status.
func run(t *testing.T, args ...string) (out, says string, status int) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, self, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	var exit *exec.ExitError
	if err := cmd.Run(); errors.As(err, &exit) {
		status = exit.ExitCode()
	} else if err != nil {
		t.Fatal(err)
	}
	return stdout.String(), stderr.String(), status
}

// The command says in a sentence what is wrong with how it was called, or with what it found, and ends with a status that
// scripts see.
func TestCommandSaysWhatIsWrong(t *testing.T) {
	held := newWorld(t, 0)
	damaged := t.TempDir()
	if err := os.WriteFile(filepath.Join(damaged, "apicenter.db"), bytes.Repeat([]byte("this is no database\n"), 500), 0o600); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "a-file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	flow := func(dir string) []string {
		return []string{"flow", "--source", "http://127.0.0.1:1", "--target", "http://127.0.0.1:1", "--data", dir}
	}
	for name, test := range map[string]struct {
		args  []string
		words []string
	}{
		"unknown command":     {[]string{"dance"}, []string{"dance"}},
		"unknown flag":        {[]string{"demo", "--recrods", "5"}, []string{"--recrods", "--records"}},
		"text for a number":   {[]string{"demo", "--records", "many"}, []string{"--records", "many"}},
		"missing flag":        {[]string{"flow", "--source", "http://127.0.0.1:1"}, []string{"missing flags", "--target", "--data"}},
		"unknown system":      {[]string{"sandbox", "sap"}, []string{`no simulated system "sap"`, "mpluskassa", "afas"}},
		"address of others":   {[]string{"sandbox", "afas", "--addr", "0.0.0.0:0"}, []string{"not a loopback address"}},
		"data folder in use":  {flow(held.dir), []string{"in use by another process"}},
		"damaged database":    {flow(damaged), []string{"apicenter.db", "damaged", "left as it is"}},
		"folder that is none": {flow(filepath.Join(file, "data")), []string{file}},
		"demo over old data":  {[]string{"demo", "--records", "5", "--data", held.dir}, []string{held.dir, "holds data already"}},
	} {
		t.Run(name, func(t *testing.T) {
			out, says, status := run(t, test.args...)
			if status == 0 {
				t.Errorf("it ended as if all were well: %s", out)
			}
			for _, word := range test.words {
				if !strings.Contains(says, word) {
					t.Errorf("it does not say %q:\n%s", word, says)
				}
			}
			if strings.Contains(says, "goroutine ") || strings.Contains(says, "panic") {
				t.Errorf("it shows its innards:\n%s", says)
			}
		})
	}
}
