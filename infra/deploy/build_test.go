package deploy

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// binaries are the functions, built for this machine, once for all tests of the process.
var binaries struct {
	once sync.Once
	dir  string
	err  error
}

func TestMain(m *testing.M) {
	if os.Getenv(actsAsFunction) != "" {
		beFunction() // never returns
	}
	status := m.Run()
	if binaries.dir != "" {
		_ = os.RemoveAll(binaries.dir)
	}
	os.Exit(status)
}

// folder is where a function's main lies: OrdersFunction is functions/orders, as the Makefile has it.
func folder(function string) string { return strings.ToLower(strings.TrimSuffix(function, "Function")) }

// bootstraps builds the functions of the template and returns where they are, by their id in it.
func bootstraps(t testing.TB) map[string]string {
	t.Helper()
	s, err := read(written(t), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	ids := s.of("AWS::Lambda::Function")
	binaries.once.Do(func() {
		if binaries.dir, binaries.err = os.MkdirTemp("", "apicenter-functions-"); binaries.err != nil {
			return
		}
		// As the Makefile builds them, but for this machine; all in one go, which shares the work.
		args := []string{"build", "-trimpath", "-tags", "lambda.norpc", "-ldflags", "-s -w", "-o", binaries.dir + "/"}
		for _, id := range ids {
			args = append(args, "./functions/"+folder(id))
		}
		cmd := exec.Command("go", args...)
		cmd.Dir = root
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			binaries.err = fmt.Errorf("building the functions: %w\n%s", err, out)
		}
	})
	if binaries.err != nil {
		t.Fatal(binaries.err)
	}
	out := map[string]string{}
	for _, id := range ids {
		out[id] = filepath.Join(binaries.dir, folder(id))
	}
	return out
}
