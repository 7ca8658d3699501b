package main

import (
	"context"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"

	"apicenter/shared/store"
)

// progress shows on a terminal how many records have an outcome. It returns how to end it.
func (d *demo) progress(ctx context.Context) (stop func()) {
	info, err := os.Stderr.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return func() {}
	}
	bar := progressbar.NewOptions(d.Records, progressbar.OptionSetWriter(os.Stderr), progressbar.OptionClearOnFinish(),
		progressbar.OptionSetDescription("orders"), progressbar.OptionShowCount())
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for ctx.Err() == nil {
			if runs, _, err := d.app.store.Runs(ctx, demoTenant, demoFlow, "", 1); err == nil && len(runs) > 0 {
				_ = bar.Set(min(counted(runs[0]), d.Records))
			}
			pause(ctx, 200*time.Millisecond)
		}
		_ = bar.Finish()
	}()
	return func() {
		cancel()
		<-ended
	}
}

func counted(r store.Run) int {
	n := 0
	for _, count := range r.Counts {
		n += count
	}
	return n
}
