package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"

	"apicenter/infra/sandbox"
)

// sandboxCommand runs one simulated system as a process of its own: kill tests and memory measurements need it apart from
// the pipeline.
type sandboxCommand struct {
	System string `arg:"" help:"Which system: mpluskassa or afas."`
	Addr   string `default:"127.0.0.1:0" help:"Loopback address to listen on."`
	JSON   bool   `help:"Print the address as JSON."`
}

// Run serves until the process is told to stop, or its standard input ends: a parent that dies takes it along.
func (c *sandboxCommand) Run(ctx context.Context) error {
	sim, err := newSandbox(c.System)
	if err != nil {
		return err
	}
	url, stop, err := sim.Start(c.Addr)
	if err != nil {
		return err
	}
	defer stop()
	if c.JSON {
		line, err := json.Marshal(map[string]string{"system": c.System, "url": url})
		if err != nil {
			return err
		}
		fmt.Println(string(line))
	} else {
		fmt.Printf("%s listens on %s\n", c.System, url)
	}
	gone := make(chan struct{})
	if os.Getenv("APICENTER_PARENT") != "" {
		go func() {
			_, _ = io.Copy(io.Discard, os.Stdin)
			close(gone)
		}()
	}
	select {
	case <-ctx.Done():
	case <-gone:
	}
	return nil
}

func newSandbox(name string) (*sandbox.Sim, error) {
	names := make([]string, 0, len(sandbox.All))
	for _, e := range sandbox.All {
		if e.Name == name {
			return e.New(), nil
		}
		names = append(names, e.Name)
	}
	return nil, fmt.Errorf("there is no simulated system %q; there are %s", name, strings.Join(names, ", "))
}

// startSandbox starts a simulated system, in this process or in one of its own, and returns its address.
func startSandbox(ctx context.Context, name string, apart bool) (url string, stop func(), err error) {
	if apart {
		return spawnSandbox(ctx, name)
	}
	sim, err := newSandbox(name)
	if err != nil {
		return "", nil, err
	}
	return sim.Start("127.0.0.1:0")
}

func spawnSandbox(ctx context.Context, name string) (url string, stop func(), err error) {
	self, err := os.Executable()
	if err != nil {
		return "", nil, err
	}
	cmd := exec.CommandContext(ctx, self, "sandbox", name, "--json")
	cmd.Env = append(os.Environ(), "APICENTER_PARENT=1")
	cmd.Stderr = os.Stderr
	cmd.WaitDelay = 5 * time.Second
	in, err := cmd.StdinPipe() // closed by the system when we die, however we die
	if err != nil {
		return "", nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", nil, err
	}
	if err := cmd.Start(); err != nil {
		return "", nil, err
	}
	stop = func() {
		_ = in.Close()
		_ = cmd.Wait()
	}
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil {
		stop()
		return "", nil, fmt.Errorf("the simulated %s did not start: %w", name, err)
	}
	var started struct{ URL string }
	if err := json.Unmarshal(line, &started); err != nil || started.URL == "" {
		stop()
		return "", nil, errors.Join(fmt.Errorf("the simulated %s did not say where it listens", name), err)
	}
	return started.URL, stop, nil
}
