// Command local runs the whole platform in one process on one machine: pipeline and queues on SQLite, the panel, and the
// simulated systems for trying it out. It is also what proves the platform: the demo compares what arrived with what should
// have.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

type commands struct {
	Serve   serveCommand   `cmd:"" help:"Run pipeline, panel and a demo shop with live orders until stopped."`
	Demo    demoCommand    `cmd:"" help:"Bring a generated shop's orders across once, and check every one of them in the target."`
	Sandbox sandboxCommand `cmd:"" help:"Run one simulated system as a process of its own."`
	Systems systemsCommand `cmd:"" help:"List the systems and what each can be read for and written with."`
	Flow    flowCommand    `cmd:"" help:"Run the demo flow between two systems that are running already, until nothing is on its way."`
	Bench   benchCommand   `cmd:"" help:"Measure the pipeline over real HTTP; prints JSON lines."`
}

// errFound says that a check found something wrong; the details are printed already.
var errFound = errors.New("the check found problems")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var c commands
	parser := kong.Parse(&c, kong.Name("local"), kong.Description("The platform in one process."), kong.UsageOnError(),
		kong.BindTo(ctx, (*context.Context)(nil)))
	if err := parser.Run(); err != nil {
		if !errors.Is(err, errFound) {
			fmt.Fprintln(os.Stderr, "error:", err)
		}
		os.Exit(1)
	}
}
