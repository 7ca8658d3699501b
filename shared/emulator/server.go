package emulator

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// program is an emulator as it is installed and started.
type program struct {
	name    string
	install func(cache) (folder string, err error)
	command func(folder, port string) []string
}

// server is a program that runs and answers.
type server struct {
	name, url, log string
	hold           io.Closer // the program ends when this is closed, or forgotten
}

// leash becomes the program given to it, and kills that program once its own standard input ends. The other end of that
// pipe is held by this process alone, so that the program ends with it however it ends, by SIGKILL too. The watch shrugs off
// what a terminal sends to all processes at once: it has to outlive this one.
const leash = `exec 3<&0
(trap "" HUP INT TERM; cat <&3 >/dev/null; kill -9 $$) &
exec "$@" </dev/null 3<&-`

const (
	startTime = 2 * time.Minute // the machine may be busy with other tests
	askAgain  = 50 * time.Millisecond
	keepLogs  = 24 * time.Hour
)

// begin installs a program unless it is, and starts it.
func begin(p program) (*server, error) {
	c, err := userCache()
	if err != nil {
		return nil, err
	}
	return c.begin(p)
}

func (c cache) begin(p program) (*server, error) {
	folder, err := p.install(c)
	if err != nil {
		return nil, err
	}
	logs := filepath.Join(c.folder, "logs")
	if err := os.MkdirAll(logs, 0o750); err != nil {
		return nil, err
	}
	if err := sweep(logs, time.Now().Add(-keepLogs)); err != nil { //nolint:forbidigo // ages of files are told by the machine's clock
		return nil, err
	}
	// The port is free when asked for and may be taken a moment later by another test; the program ends then.
	for range 3 {
		var s *server
		if s, err = start(p, folder, logs); err == nil {
			return s, nil
		}
	}
	return nil, err
}

// sweep removes logs from before a time.
func sweep(logs string, before time.Time) error {
	entries, err := os.ReadDir(logs)
	if err != nil {
		return err
	}
	for _, e := range entries {
		info, err := e.Info()
		if err == nil && info.ModTime().Before(before) {
			err = os.Remove(filepath.Join(logs, e.Name()))
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) { // another process sweeps as well
			return err
		}
	}
	return nil
}

// start starts the program once, on a free port of this machine.
func start(p program, folder, logs string) (*server, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	log, err := os.CreateTemp(logs, filepath.Base(folder)+"-*.log")
	if err != nil {
		return nil, err
	}
	defer log.Close()
	s := &server{name: p.name, url: "http://" + net.JoinHostPort("127.0.0.1", port), log: log.Name()}

	ctx, cancel := context.WithTimeout(context.Background(), startTime)
	defer cancel()
	cmd := exec.Command("sh", append([]string{"-c", leash, "sh"}, p.command(folder, port)...)...) //nolint:noctx // it lives as long as this process
	cmd.Stdout, cmd.Stderr = log, log
	hold, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", p.name, err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	s.hold = hold
	if err := ready(ctx, s.url, ended); err != nil {
		hold.Close()
		out, _ := os.ReadFile(s.log)
		return nil, fmt.Errorf("%s did not start: %w; its log is in %s and ends: %s", p.name, err, s.log, end(out))
	}
	return s, nil
}

// ready returns once the server answers, whatever it says. Whether it still runs is looked at after that: the answer may be
// of another that was faster to take the port.
func ready(ctx context.Context, url string, ended <-chan error) error {
	again := time.NewTicker(askAgain)
	defer again.Stop()
	client := http.Client{Timeout: 5 * time.Second}
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		resp, err := client.Do(req)
		if err == nil {
			resp.Body.Close()
		}
		select {
		case err := <-ended:
			return fmt.Errorf("it ended by itself: %w", err)
		default:
		}
		if err == nil {
			return nil
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return fmt.Errorf("it did not answer within %v", startTime)
		}
	}
}

// freePort returns a port of this machine that nobody listens on.
func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it returns at once
	if err != nil {
		return "", err
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, err
}
