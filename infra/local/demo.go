package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"apicenter/infra/exam"
	"apicenter/infra/sandbox"
	"apicenter/infra/sandbox/afas"
	"apicenter/infra/sandbox/mpluskassa"
	"apicenter/infra/sandbox/shopdata"
	"apicenter/shared/connector"
	"apicenter/shared/message"
	"apicenter/shared/model"
	"apicenter/shared/store"
)

// demoCommand is the proof in one command: a generated shop, its orders brought across from empty state, every one of them
// compared with what the generator itself expects, and then everything read once more.
type demoCommand struct {
	Records int           `default:"500" help:"How many orders the shop has."`
	Seed    int64         `default:"1" help:"Which shop is generated."`
	Chaos   bool          `help:"The target fails 5 % of all requests, throttles 5 %, drops 2 % and times out after committing 2 %."`
	Apart   bool          `help:"Run the simulated systems as processes of their own."`
	Data    string        `help:"Data folder; a new one for each run when empty." type:"path"`
	Timeout time.Duration `default:"30m" help:"Longest time for the whole demo."`
	Verbose bool          `short:"v" help:"Log what the pipeline does."`
	JSON    bool          `help:"The result is always printed as JSON; kept for symmetry with the other commands."`

	// blind keeps the generated shop out of this process, whose memory is being measured.
	blind bool
	// customers is how many customers the shop has; zero lets the generator choose.
	customers int
}

// result is the demo's last line.
type result struct {
	Flow            string         `json:"flow"`
	SourceSystem    string         `json:"source_system"`
	TargetSystem    string         `json:"target_system"`
	Source          int            `json:"source"`
	Delivered       int            `json:"delivered"`
	Skipped         int            `json:"skipped"`
	Rejected        int            `json:"rejected"`
	Pending         int            `json:"pending"`
	Lost            int            `json:"lost"`
	Doubled         int            `json:"doubled"`
	Wrong           int            `json:"wrong"`
	SecondDelivered int            `json:"second_delivered"`
	SecondSkipped   int            `json:"second_skipped"`
	TargetCalls     int            `json:"target_calls"`
	Faults          map[string]int `json:"faults"`
	Seconds         float64        `json:"seconds"`
}

// chaosFaults is how the target misbehaves in the chaos demo.
var chaosFaults = sandbox.Faults{Fail: 0.05, Throttle: 0.05, RetryAfter: 200 * time.Millisecond, Drop: 0.02, LateCommit: 0.02,
	CommitDelay: 2 * time.Second, Seed: 7}

// Run runs the demo and prints its result.
func (c *demoCommand) Run(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	d, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer d.close()
	out, v, err := d.run(ctx)
	if err != nil {
		return err
	}
	for _, p := range v.Problems {
		fmt.Fprintln(os.Stderr, "found:", p)
	}
	line, err := json.Marshal(out)
	if err != nil {
		return err
	}
	fmt.Println(string(line))
	if len(v.Problems) > 0 || out.Lost+out.Doubled+out.Wrong+out.Pending+out.SecondDelivered > 0 {
		return errFound
	}
	return nil
}

// demo is one run of the command.
type demo struct {
	*demoCommand
	app            *app
	source, target sandbox.Control
	shop           *shopdata.Shop
	say            io.Writer
	stops          []func()
}

func (c *demoCommand) open(ctx context.Context) (*demo, error) {
	d := &demo{demoCommand: c, say: os.Stderr}
	level := slog.LevelError
	if c.Verbose {
		level = slog.LevelInfo
	}
	if err := d.start(ctx, newLog(level, os.Stderr)); err != nil {
		d.close()
		return nil, err
	}
	return d, nil
}

func (d *demo) start(ctx context.Context, log *slog.Logger) error {
	dir := d.Data
	if dir == "" {
		temp, err := os.MkdirTemp("", "apicenter-demo-")
		if err != nil {
			return err
		}
		dir = temp
		d.stops = append(d.stops, func() { _ = os.RemoveAll(temp) })
	} else if _, err := os.Stat(filepath.Join(dir, "apicenter.db")); err == nil {
		return fmt.Errorf("%s holds data already; the demo starts from an empty state", dir)
	}
	addresses := map[string]string{}
	for _, name := range []string{"mpluskassa", "afas"} {
		url, stop, err := startSandbox(ctx, name, d.Apart)
		if err != nil {
			return err
		}
		addresses[name] = url
		d.stops = append(d.stops, stop)
	}
	d.source, d.target = sandbox.Control{Base: addresses["mpluskassa"]}, sandbox.Control{Base: addresses["afas"]}
	options := shopdata.Options{Seed: d.Seed, Orders: d.Records, Customers: d.customers}
	shown := options
	if d.blind {
		shown.Orders = 0 // the articles are the same; the orders are in the till's own process only
	}
	d.shop = shopdata.Generate(shown)
	if err := d.source.Seed(ctx, mpluskassa.Seed{Generate: &options}); err != nil {
		return fmt.Errorf("filling the till: %w", err)
	}
	if err := d.target.Seed(ctx, exam.Seed(d.shop)); err != nil {
		return fmt.Errorf("filling AFAS: %w", err)
	}
	if d.Chaos {
		if err := d.target.SetFaults(ctx, chaosFaults); err != nil {
			return err
		}
		fmt.Fprintln(d.say, "chaos: the target fails 5 % of all requests, throttles 5 %, drops 2 % and times out after committing 2 %;")
		fmt.Fprintln(d.say, "the connection settings lateEffect=15s, timeout=10s and a back-off of a hundredth make up for the missing hours")
	}
	var err error
	if d.app, err = openApp(ctx, dir, log); err != nil {
		return err
	}
	d.stops = append(d.stops, func() { _ = d.app.close() })
	return d.app.createTenant(ctx, exam.Setup{Source: addresses["mpluskassa"], Target: addresses["afas"], Every: time.Minute, Quick: d.Chaos})
}

func (d *demo) close() {
	for i := len(d.stops) - 1; i >= 0; i-- {
		d.stops[i]()
	}
}

// run brings the orders across twice and compares.
func (d *demo) run(ctx context.Context) (result, exam.Verdict, error) {
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
	started := time.Now()
	fmt.Fprintf(d.say, "bringing %d orders from MplusKASSA to AFAS …\n", d.Records)
	if err := d.pass(ctx, connector.Incremental); err != nil {
		return result{}, exam.Verdict{}, err
	}
	seconds := time.Since(started).Seconds()
	first, err := d.outcomes(ctx, "")
	if err != nil {
		return result{}, exam.Verdict{}, err
	}
	stats, err := d.target.Stats(ctx)
	if err != nil {
		return result{}, exam.Verdict{}, err
	}
	fmt.Fprintln(d.say, "once more, everything from the start …")
	if err := d.pass(ctx, connector.Full); err != nil {
		return result{}, exam.Verdict{}, err
	}
	second, err := d.outcomes(ctx, string(connector.Full))
	if err != nil {
		return result{}, exam.Verdict{}, err
	}
	out := result{Flow: demoFlow, SourceSystem: "mpluskassa", TargetSystem: "afas", Source: len(d.shop.Orders), Seconds: round(seconds),
		TargetCalls: stats.Requests, Faults: stats.Faults}
	if out.Faults == nil {
		out.Faults = map[string]int{}
	}
	v, err := d.judge(ctx, first, second, &out)
	return out, v, err
}

func round(seconds float64) float64 { return float64(int(seconds*100+0.5)) / 100 }

// pass runs the flow until nothing is on its way.
func (d *demo) pass(ctx context.Context, mode connector.Mode) error {
	flow, err := d.app.store.Flow(ctx, demoTenant, demoFlow)
	if err != nil {
		return err
	}
	job := message.Job{Mode: string(mode), Trigger: message.Manual}
	if err := d.app.fetch.Enqueue(ctx, flow, job, 0); err != nil {
		return err
	}
	stop := d.progress(ctx)
	defer stop()
	if err := d.app.untilQuiet(ctx); err != nil {
		return errors.Join(err, ctx.Err())
	}
	return nil
}

// outcomes returns what became of each order number over the runs of a mode ("" for all so far): delivered counts over
// everything that came before or after it.
func (d *demo) outcomes(ctx context.Context, mode string) (map[string]model.Outcome, error) {
	rank := map[model.Outcome]int{model.Delivered: 5, model.Failed: 4, model.Rejected: 3, model.Skipped: 2, model.Pending: 1}
	out := map[string]model.Outcome{}
	runs := map[string]string{}
	cursor := ""
	for {
		chunks, next, err := d.app.store.Chunks(ctx, store.ChunkFilter{Tenant: demoTenant, Flow: demoFlow}, cursor, 100)
		if err != nil {
			return nil, err
		}
		for _, chunk := range chunks {
			if mode != "" {
				if _, known := runs[chunk.Run]; !known {
					run, err := d.app.store.Run(ctx, demoTenant, demoFlow, chunk.Run)
					if err != nil {
						return nil, err
					}
					runs[chunk.Run] = run.Mode
				}
				if runs[chunk.Run] != mode {
					continue
				}
			}
			records, err := store.OpenRecords(ctx, d.app.codec, demoTenant, chunk.Payload)
			if err != nil {
				return nil, err
			}
			for _, r := range records {
				if rank[r.Outcome] > rank[out[r.Number]] {
					out[r.Number] = r.Outcome
				}
			}
		}
		if next == "" {
			return out, nil
		}
		cursor = next
	}
}

// judge compares target and outcomes with the expectation.
func (d *demo) judge(ctx context.Context, first, second map[string]model.Outcome, out *result) (exam.Verdict, error) {
	var state afas.State
	if err := d.target.State(ctx, &state); err != nil {
		return exam.Verdict{}, fmt.Errorf("reading the target: %w", err)
	}
	open, err := d.openFailures(ctx)
	if err != nil {
		return exam.Verdict{}, err
	}
	v := exam.Compare(d.shop.Orders, state, open)
	for _, o := range d.shop.Orders {
		number := o.Number.String()
		want := model.Outcome(exam.Expected(o))
		switch first[number] {
		case model.Delivered:
			out.Delivered++
		case model.Skipped:
			out.Skipped++
		case model.Rejected, model.Failed:
			out.Rejected++
		default:
			out.Pending++
		}
		if first[number] != want {
			v.Note("order %s (%s) is %q in the activity, expected %q", number, o.Fate, first[number], want)
		}
		if open[number] != (want == model.Rejected) {
			v.Note("order %s (%s): open failure is %t, expected %t", number, o.Fate, open[number], want == model.Rejected)
		}
		switch second[number] {
		case model.Delivered:
			out.SecondDelivered++
		case model.Skipped:
			out.SecondSkipped++
		case model.Rejected, model.Failed, model.Pending:
		}
		if want != model.Rejected && second[number] != model.Skipped {
			v.Note("order %s (%s) is %q when read again, expected skipped", number, o.Fate, second[number])
		}
	}
	out.Lost, out.Doubled, out.Wrong = v.Lost, v.Doubled, v.Wrong
	return v, nil
}

func (d *demo) openFailures(ctx context.Context) (map[string]bool, error) {
	out := map[string]bool{}
	cursor := ""
	for {
		list, next, err := d.app.store.Failures(ctx, store.FailureFilter{Tenant: demoTenant, Flow: demoFlow}, cursor, 500)
		if err != nil {
			return nil, err
		}
		for _, f := range list {
			out[f.Number] = true
		}
		if next == "" {
			return out, nil
		}
		cursor = next
	}
}
