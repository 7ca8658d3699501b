package deploy

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"

	"github.com/govalues/decimal"

	"apicenter/shared/connector"
	"apicenter/shared/telemetry"
)

// What the stack costs when nothing happens, for a month of 730 hours.

const (
	monthHours   = 730
	monthMinutes = monthHours * 60
	// pollers is how many of Lambda's pollers wait at a queue, each for as long as SQS lets it. AWS names five to begin with,
	// which it reduces to two where no maximum concurrency is set; the template sets one everywhere.
	pollers         = 5
	pollsPerMinute  = 3 // a long poll takes 20 seconds
	ticksToMeasure  = 20
	fetchesWithTick = 5 // one for each kind
	runEvery        = 5 // minutes, as a flow has it by default
)

// idleLine is a part of the month's bill.
type idleLine struct {
	what, how string
	used      bill
}

// idle works out the month from the template, and from ticks that were measured.
func (s *costShop) idle(ctx context.Context, t testing.TB) []idleLine {
	t.Helper()
	r := s.rig
	one := func(part, operation, id string, units decimal.Decimal) bill {
		return bill{{Part: part, Operation: operation, Price: id, Units: units}}
	}
	count := func(kind string) decimal.Decimal { return whole(len(r.of(kind))) }
	var polls bill
	for _, s := range r.sources() {
		id := "sqs-standard"
		if strings.HasSuffix(r.text(s.queue, "QueueName"), ".fifo") {
			id = "sqs-fifo"
		}
		polls = append(polls, one(partQueues, s.queue, id, whole(pollers*pollsPerMinute*monthMinutes))...)
	}
	var ticks bill
	for _, f := range r.functions {
		if f.tick == nil {
			continue
		}
		before := r.spent()
		for range ticksToMeasure {
			if err := f.look(ctx); err != nil {
				t.Fatal(err)
			}
		}
		times := monthMinutes / ticksToMeasure
		if f.stage == "fetch" {
			times *= fetchesWithTick
		}
		for _, u := range r.spent().since(before) {
			u.Units = must(u.Units.Mul(whole(times)))
			ticks = append(ticks, u)
		}
	}
	var nothing bill
	for _, u := range s.pass(ctx, t, connector.Incremental) {
		u.Units = must(u.Units.Mul(whole(monthMinutes / runEvery)))
		nothing = append(nothing, u)
	}
	metrics := map[string]bool{}
	for _, f := range r.functions {
		maps.Copy(metrics, f.lines.metrics)
	}
	silent, working := 0, 0
	for m := range metrics {
		switch name, dimensions, _ := strings.Cut(m, " "); {
		case name == telemetry.FlowsDue && dimensions != "":
			silent += fetchesWithTick
		case name == telemetry.FlowsDue, name == telemetry.Paused:
			silent++
		default:
			working++
		}
	}
	fixed, err := read(written(t), map[string]string{"OutgoingAddress": "fixed"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	gateways := len(fixed.of("AWS::EC2::NatGateway"))
	return []idleLine{
		{"pollers at the queues", fmt.Sprintf("reckoned: %d queues, %d pollers each", len(r.sources()), pollers), polls},
		{"ticks every minute", "measured on one kind and the retry function, and multiplied", ticks},
		{"metrics of ticks", fmt.Sprintf("%d metrics", silent), one(partLogs, "metrics", "metric", whole(silent))},
		{"metrics of one kind at work", fmt.Sprintf("%d metrics, for the hours there is work", working), one(partLogs, "metrics", "metric", whole(working))},
		{"a flow that finds nothing new", fmt.Sprintf("measured, for each flow that runs every %d minutes", runEvery), nothing},
		{"alarms", count("AWS::CloudWatch::Alarm").String() + " alarms", one(partLogs, "alarms", "alarm", count("AWS::CloudWatch::Alarm"))},
		{"dashboard", "free for the first three of an account", one(partLogs, "dashboards", "dashboard", count("AWS::CloudWatch::Dashboard"))},
		{"master key", "", one(partKeys, "key", "kms-key", count("AWS::KMS::Key"))},
		{"fixed address", "only with OutgoingAddress=fixed; every GB on top", append(one("network", "gateway", "nat-hour", whole(gateways*monthHours)),
			one("network", "address", "address-hour", whole(gateways*monthHours))...)},
	}
}

func printIdle(w io.Writer, list *prices, lines []idleLine) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "\nUSD a month when nothing happens\t%s\t\n", strings.Join(list.Regions, "\t"))
	sums := make([]decimal.Decimal, len(list.Regions))
	for _, l := range lines {
		fmt.Fprintf(t, "%s", l.what)
		for i, region := range list.Regions {
			amount := l.used.amount(list, region, "")
			fmt.Fprintf(t, "\t%s", cents(amount))
			if !slices.Contains([]string{"fixed address", "metrics of one kind at work", "a flow that finds nothing new"}, l.what) {
				sums[i] = must(sums[i].Add(amount))
			}
		}
		fmt.Fprintf(t, "\t%s\n", l.how)
	}
	fmt.Fprint(t, "together, without flows and without the address")
	for _, s := range sums {
		fmt.Fprintf(t, "\t%s", cents(s))
	}
	fmt.Fprintln(t, "\t")
	return t.Flush()
}
