package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"runtime/metrics"
	"runtime/pprof"
	"strings"
	"syscall"
	"time"

	"apicenter/infra/sandbox/mpluskassa"
	"apicenter/shared/connector"
)

// benchCommand measures the pipeline end to end over real HTTP, the simulated systems in processes of their own.
type benchCommand struct {
	Records []int  `default:"1000,20000" help:"How many orders each run has; every run is a process of its own."`
	Known   bool   `default:"true" negatable:"" help:"The target knows the customers, as after the first weeks."`
	Profile string `help:"Write a CPU profile of the last run to this file, and one of the memory held at its end beside it." type:"path"`
	Inner   int    `hidden:"" help:"Run one measurement in this process."`
	JSON    bool   `help:"Results are always JSON lines; kept for symmetry with the other commands."`
}

// measure is one run's result.
type measure struct {
	Bench           string  `json:"bench"`
	Records         int     `json:"records"`
	Delivered       int     `json:"delivered"`
	Seconds         float64 `json:"seconds"`
	OrdersPerSecond float64 `json:"orders_per_second"`
	TargetCallsPer  float64 `json:"target_calls_per_order"`
	// KnownCallsPer leaves the creation of customers out: what an order of a known customer costs.
	KnownCallsPer     float64 `json:"target_calls_per_order_of_a_known_customer"`
	StoreWritesPer    float64 `json:"store_and_queue_writes_per_order"`
	StoreReadsPer     float64 `json:"store_and_queue_reads_per_order"`
	CommitsPer        float64 `json:"commits_per_order"`
	CPUSecondsPer1000 float64 `json:"cpu_seconds_per_1000"`
	PeakMemoryMB      float64 `json:"peak_memory_mb"`
	PeakHeapMB        float64 `json:"peak_heap_mb"`
	// TargetCalls counts the calls by operation.
	TargetCalls map[string]int `json:"target_calls"`
}

// Run starts a process for each number of records, so that one run's memory does not count for the next.
func (c *benchCommand) Run(ctx context.Context) error {
	if c.Inner > 0 {
		return c.inner(ctx)
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	for _, n := range c.Records {
		args := []string{"bench", "--inner", fmt.Sprint(n)}
		if c.Profile != "" {
			args = append(args, "--profile", c.Profile)
		}
		if !c.Known {
			args = append(args, "--no-known")
		}
		cmd := exec.CommandContext(ctx, self, args...)
		cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("measuring %d orders: %w", n, err)
		}
	}
	return nil
}

func (c *benchCommand) inner(ctx context.Context) error {
	// So few customers that the first pass meets them all: afterwards the target knows them.
	run := &demoCommand{Records: c.Inner, Seed: 1, Apart: true, Timeout: time.Hour, blind: true, customers: max(20, c.Inner/20)}
	d, err := run.open(ctx)
	if err != nil {
		return err
	}
	defer d.close()
	inside, stop := context.WithCancel(ctx)
	pumped := make(chan struct{})
	go func() {
		d.app.pump(inside)
		close(pumped)
	}()
	defer func() {
		stop()
		<-pumped
	}()
	out := measure{Bench: "orders mpluskassa to afas", Records: c.Inner}
	delivered := 0
	if c.Known {
		// The customers come in with orders of their own first; what is measured are new orders of the same customers.
		out.Bench += ", known customers"
		if err := d.pass(ctx, connector.Incremental); err != nil {
			return err
		}
		if delivered, err = d.delivered(ctx); err != nil {
			return err
		}
		if err := d.source.Seed(ctx, mpluskassa.Seed{More: c.Inner}); err != nil {
			return err
		}
	}
	before, err := d.target.Stats(ctx)
	if err != nil {
		return err
	}
	if c.Profile != "" {
		stop, err := startProfile(c.Profile)
		if err != nil {
			return err
		}
		defer stop()
	}
	counts, cpu, started := d.app.file.Counts(), cpuTime(), time.Now()
	heap := watchHeap(inside)
	if err := d.pass(ctx, connector.Incremental); err != nil {
		return err
	}
	out.Seconds = time.Since(started).Seconds()
	spent := (cpuTime() - cpu).Seconds()
	after, err := d.target.Stats(ctx)
	if err != nil {
		return err
	}
	out.TargetCalls = map[string]int{}
	for name, n := range after.ByOperation {
		if n -= before.ByOperation[name]; n > 0 {
			out.TargetCalls[name] = n
		}
	}
	now := d.app.file.Counts()
	if out.Delivered, err = d.delivered(ctx); err != nil {
		return err
	}
	out.Delivered -= delivered
	n := float64(c.Inner)
	out.OrdersPerSecond = round(n / out.Seconds)
	out.TargetCallsPer = float64(after.Requests-before.Requests) / float64(max(out.Delivered, 1))
	created := 0
	for name, n := range out.TargetCalls {
		if strings.HasPrefix(name, "POST KnSalesRelation") {
			created += n
		}
	}
	out.KnownCallsPer = float64(after.Requests-before.Requests-created) / float64(max(out.Delivered, 1))
	out.StoreWritesPer = float64(now.Writes-counts.Writes) / n
	out.StoreReadsPer = float64(now.Reads-counts.Reads) / n
	out.CommitsPer = float64(now.Commits-counts.Commits) / n
	out.CPUSecondsPer1000 = round(spent / n * 1000)
	out.PeakMemoryMB, out.PeakHeapMB = round(peakMemory()), round(heap())
	return json.NewEncoder(os.Stdout).Encode(out)
}

func startProfile(path string) (stop func(), err error) {
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return func() {
		pprof.StopCPUProfile()
		_ = f.Close()
		if h, err := os.Create(path + ".heap"); err == nil {
			runtime.GC() // what is left is held, not garbage
			_ = pprof.WriteHeapProfile(h)
			_ = h.Close()
		}
	}, nil
}

// delivered counts the target's orders that the shop's generator says are to be delivered.
func (d *demo) delivered(ctx context.Context) (int, error) {
	runs, _, err := d.app.store.Runs(ctx, demoTenant, demoFlow, "", 100)
	n := 0
	for _, r := range runs {
		n += r.Counts["delivered"]
	}
	return n, err
}

// cpuTime is user and system time of this process.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// peakMemory is the most memory this process ever held, in MB.
func peakMemory() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return float64(u.Maxrss) / 1024
}

// watchHeap looks at the heap now and then; the function returned ends that and says the most it saw, in MB.
func watchHeap(ctx context.Context) func() float64 {
	ctx, stop := context.WithCancel(ctx)
	most := make(chan float64, 1)
	go func() {
		peak := 0.0
		sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		for ctx.Err() == nil {
			metrics.Read(sample)
			peak = max(peak, float64(sample[0].Value.Uint64())/(1<<20))
			pause(ctx, 20*time.Millisecond)
		}
		most <- peak
	}()
	return func() float64 {
		stop()
		return <-most
	}
}
