package emulator_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"apicenter/shared/emulator"
)

func TestServersAnswer(t *testing.T) {
	for name, c := range map[string]struct {
		address    func(testing.TB) string
		path, says string
	}{
		"DynamoDB": {emulator.DynamoDB, "/", "com.amazonaws.dynamodb"},
		"SQS":      {emulator.SQS, "/?Action=ListQueues", "ListQueuesResult"},
		"Moto":     {emulator.Moto, "/moto-api/data.json", "{"},
	} {
		t.Run(name, func(t *testing.T) {
			url := c.address(t)
			if again := c.address(t); again != url {
				t.Errorf("got the address %s and then %s, want one server in a process", url, again)
			}
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+c.path, nil)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			body, err := io.ReadAll(resp.Body)
			if err != nil || !strings.Contains(string(body), c.says) {
				t.Errorf("got %q and error %v, want an answer with %q", body, err, c.says)
			}
		})
	}
}

// childKey in the environment makes this test binary a process that starts a server, tells its address, and is then killed.
const childKey = "APICENTER_EMULATOR_CHILD"

func TestServerDiesWithItsProcess(t *testing.T) {
	if os.Getenv(childKey) != "" {
		os.Stdout.WriteString("address " + emulator.SQS(t) + "\n")
		select {}
	}
	emulator.SQS(t) // here the machine is asked whether it can
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	child := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestServerDiesWithItsProcess$")
	child.Env = append(os.Environ(), childKey+"=yes")
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	var host string
	for lines := bufio.NewScanner(out); host == "" && lines.Scan(); {
		if _, url, ok := strings.Cut(lines.Text(), "address http://"); ok {
			host = url
		}
	}
	if host == "" {
		t.Fatalf("the process told no address: %v", child.Wait())
	}
	if !listens(ctx, host) {
		t.Fatal("the server of the process does not listen")
	}
	if err := child.Process.Kill(); err != nil { // by SIGKILL, which runs no handler
		t.Fatal(err)
	}
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for limit := time.After(20 * time.Second); listens(ctx, host); {
		select {
		case <-again.C:
		case <-limit:
			t.Fatal("the server listens on 20 seconds after its process was killed")
		}
	}
	if err := child.Wait(); err == nil {
		t.Error("the process ended well, want it killed")
	}
}

func listens(ctx context.Context, host string) bool {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", host)
	if err != nil {
		return false
	}
	conn.Close()
	return true
}
