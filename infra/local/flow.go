package main

import (
	"context"
	"log/slog"
	"os"
	"time"

	"apicenter/infra/exam"
	"apicenter/shared/connector"
	"apicenter/shared/message"
)

// flowCommand runs the pipeline against systems in other processes. It can be killed at any moment and started again on the
// same data: it goes on from where it was.
type flowCommand struct {
	Source string     `required:"" help:"Address of the simulated till."`
	Target string     `required:"" help:"Address of the simulated AFAS."`
	Data   string     `required:"" help:"Data folder." type:"path"`
	Quick  bool       `help:"Short late effect and back-off, by the connection settings lateEffect, timeout and the back-off factor."`
	Level  slog.Level `default:"WARN" help:"What is logged: DEBUG, INFO, WARN or ERROR."`
}

// Run runs the flow once, with whatever an earlier run left on its way.
func (c *flowCommand) Run(ctx context.Context) error {
	a, err := openApp(ctx, c.Data, newLog(c.Level, os.Stderr))
	if err != nil {
		return err
	}
	defer a.close()
	if err := a.createTenant(ctx, exam.Setup{Source: c.Source, Target: c.Target, Every: time.Minute, Quick: c.Quick}); err != nil {
		return err
	}
	flow, err := a.store.Flow(ctx, demoTenant, demoFlow)
	if err != nil {
		return err
	}
	job := message.Job{Mode: string(connector.Incremental), Trigger: message.Manual}
	if err := a.fetch.Enqueue(ctx, flow, job, 0); err != nil {
		return err
	}
	inside, stop := context.WithCancel(ctx)
	pumped := make(chan struct{})
	go func() {
		a.pump(inside)
		close(pumped)
	}()
	err = a.untilQuiet(ctx)
	stop()
	<-pumped
	return err
}
