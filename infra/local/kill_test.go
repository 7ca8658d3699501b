package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"apicenter/infra/exam"
	"apicenter/infra/sandbox"
	"apicenter/infra/sandbox/afas"
	"apicenter/infra/sandbox/mpluskassa"
	"apicenter/infra/sandbox/shopdata"
)

// TestMain lets the test binary stand in for the command, so that tests can start and kill whole processes.
func TestMain(m *testing.M) {
	if os.Getenv("APICENTER_COMMAND") != "" {
		main()
		os.Exit(0)
	}
	if err := os.Setenv("APICENTER_COMMAND", "1"); err != nil { // for the processes that tests start
		panic(err)
	}
	os.Exit(m.Run())
}

// Promises 1 and 2: a process killed while writes are in flight, whose answers nobody hears, loses no order and doubles none.
func TestKillWhileWritesAreInFlight(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a minute: it waits until lost writes can no longer appear")
	}
	t.Parallel()
	ctx := t.Context()
	source, stop, err := spawnSandbox(ctx, "mpluskassa")
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	target, stop, err := spawnSandbox(ctx, "afas")
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	till, erp := sandbox.Control{Base: source}, sandbox.Control{Base: target}
	options := shopdata.Options{Seed: 3, Orders: 300}
	shop := shopdata.Generate(options)
	if err := till.Seed(ctx, mpluskassa.Seed{Generate: &options}); err != nil {
		t.Fatal(err)
	}
	if err := erp.Seed(ctx, exam.Seed(shop)); err != nil {
		t.Fatal(err)
	}
	if err := erp.SetFaults(ctx, sandbox.Faults{Latency: 40 * time.Millisecond}); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for kill := range 3 {
		p := startFlow(t, source, target, dir)
		awaitWrite(ctx, t, erp, 10*kill+3)
		if err := p.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = p.Wait()
	}
	if err := startFlow(t, source, target, dir).Wait(); err != nil {
		t.Fatalf("the last start did not end well: %v", err)
	}
	checkTarget(ctx, t, dir, shop, erp)
}

func startFlow(t *testing.T, source, target, dir string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := exec.CommandContext(t.Context(), self, "flow", "--source", source, "--target", target, "--data", dir, "--quick")
	p.Stderr = os.Stderr
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	return p
}

// awaitWrite waits until at least n writes of orders arrived at the target and one of them is being worked on.
func awaitWrite(ctx context.Context, t *testing.T, erp sandbox.Control, n int) {
	t.Helper()
	for range 3000 {
		requests, err := erp.Requests(ctx)
		if err != nil {
			t.Fatal(err)
		}
		writes, flying := 0, false
		for _, r := range requests {
			if r.Operation == "POST FbSales" {
				writes++
				flying = flying || !r.Done
			}
		}
		if writes >= n && flying {
			return
		}
		pause(ctx, 5*time.Millisecond)
	}
	t.Fatal("no write of an order was seen in flight")
}

func checkTarget(ctx context.Context, t *testing.T, dir string, shop *shopdata.Shop, erp sandbox.Control) {
	t.Helper()
	a, err := openApp(ctx, dir, newLog(nil, os.Stderr))
	if err != nil {
		t.Fatal(err)
	}
	defer a.close()
	d := &demo{demoCommand: &demoCommand{}, app: a, shop: shop}
	open, err := d.openFailures(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var state afas.State
	if err := erp.State(ctx, &state); err != nil {
		t.Fatal(err)
	}
	v := exam.Compare(shop.Orders, state, open)
	if v.Lost+v.Doubled+v.Wrong > 0 {
		t.Errorf("lost %d, doubled %d, wrong %d:\n%s", v.Lost, v.Doubled, v.Wrong, v.Problems)
	}
	for _, o := range shop.Orders {
		if want := exam.Expected(o) == exam.Reject; open[o.Number.String()] != want {
			t.Errorf("order %s (%s): open failure is %t, expected %t", o.Number, o.Fate, open[o.Number.String()], want)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "apicenter.db")); err != nil {
		t.Error(err)
	}
}
