package deploy

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/govalues/decimal"

	"apicenter/shared/queue"
)

// use is a quantity of something billed.
type use struct {
	// Part is what it was for, as the table has it; Operation the request.
	Part      string `json:"part"`
	Operation string `json:"operation"`
	Price     string `json:"price"`
	// Requests is how many requests it was, Units what is billed for them.
	Requests int64           `json:"requests"`
	Units    decimal.Decimal `json:"units"`
}

// The parts of a bill.
const (
	partQueues   = "queues"
	partLedger   = "ledger"
	partIndex    = "index by reference"
	partActivity = "activity"
	partState    = "places and states" // the config and failures tables
	partKeys     = "keys"
	partCalls    = "function calls"
	partTime     = "function time" // without waiting for connected systems
	partLogs     = "logs"
)

func parts() []string {
	return []string{partQueues, partLedger, partIndex, partActivity, partState, partKeys, partCalls, partTime, partLogs}
}

func whole(n int) decimal.Decimal { return must(decimal.New(int64(n), 0)) }

// halves is exact for units, of which every figure is a multiple of a half.
func halves(units float64) decimal.Decimal {
	return must(must(decimal.New(int64(units*2), 0)).Quo(decimal.Two))
}

// platformLine is what Lambda itself logs of an invocation in JSON (start, done, report), about; ours are counted.
const platformLine = 700

// spent is what a function used, by now.
func (f *costed) spent() []use {
	var out []use
	add := func(u use) { out = append(out, u) }
	for of, c := range f.tables.Usage() {
		part := map[string]string{"Ledger": partLedger, "Activity": partActivity, "Keys": partKeys}[of.Table]
		switch {
		case of.Table == "Ledger" && of.Index != "":
			part = partIndex
		case part == "":
			part = partState
		}
		operation := strings.Join(strings.Fields(of.Table+" "+of.Index+" "+of.Operation), " ")
		if c.ReadUnits > 0 || strings.HasPrefix(of.Operation, "Get") {
			add(use{part, operation, "dynamodb-read", c.Requests, halves(c.ReadUnits)})
		} else {
			add(use{part, operation, "dynamodb-write", c.Requests, halves(c.WriteUnits)})
		}
	}
	for i, usage := range []map[queue.Name]map[string]sqsUsage{f.queues.UsageByQueue(), f.poller.UsageByQueue()} {
		for name, by := range usage {
			for operation, u := range by {
				if i == 1 && operation == "ReceiveMessage" { // what brought nothing is part of idling
					u.Requests, u.Billed = u.Requests-f.empty, u.Billed-f.empty
				}
				if queue.SettingsOf(name).FIFO {
					add(use{partQueues, string(name) + " " + operation, "sqs-fifo", int64(u.Requests), whole(u.Billed)})
					continue
				}
				add(use{partQueues, string(name) + " " + operation, "sqs-standard", int64(u.Requests), whole(u.Billed)})
				if operation != "GetQueueAttributes" {
					add(use{partQueues, string(name) + " group of a tenant", "sqs-fair", 0, whole(u.Billed)})
				}
			}
		}
	}
	short := strings.ToLower(strings.TrimSuffix(f.id, "Function"))
	add(use{partKeys, "KMS", "kms-request", int64(f.keys.requests), whole(f.keys.requests)})
	add(use{partCalls, short, "lambda-request", int64(f.invocations), whole(f.invocations)})
	add(use{partTime, short, "lambda-gb-second", 0, gbSeconds(f.took-f.waited, f.memory)})
	logged := f.lines.bytes + f.invocations*platformLine
	add(use{partLogs, short, "logs-ingested", 0, must(must(decimal.New(int64(logged), 9)).Mul(decimal.One))})
	return out
}

func gbSeconds(d time.Duration, mb int) decimal.Decimal {
	return must(must(must(decimal.New(d.Microseconds(), 6)).Mul(whole(mb))).Quo(whole(1024)))
}

// spent is what all functions used by now, sorted.
func (r *rig) spent() bill {
	var all bill
	for _, f := range r.functions {
		all = append(all, f.spent()...)
	}
	return all.merged()
}

// bill is what was used.
type bill []use

// merged adds up what is alike.
func (b bill) merged() bill {
	at := map[[3]string]*use{}
	for _, u := range b {
		key := [3]string{u.Part, u.Operation, u.Price}
		if at[key] == nil {
			at[key] = &use{Part: u.Part, Operation: u.Operation, Price: u.Price}
		}
		at[key].Requests += u.Requests
		at[key].Units = must(at[key].Units.Add(u.Units))
	}
	out := make(bill, 0, len(at))
	for _, u := range at {
		if u.Requests != 0 || !u.Units.IsZero() {
			out = append(out, *u)
		}
	}
	slices.SortFunc(out, func(a, b use) int {
		return cmp.Or(slices.Index(parts(), a.Part)-slices.Index(parts(), b.Part), strings.Compare(a.Operation, b.Operation), strings.Compare(a.Price, b.Price))
	})
	return out
}

// since is what was used after another bill was taken.
func (b bill) since(before bill) bill {
	all := slices.Clone(b)
	for _, u := range before {
		u.Requests, u.Units = -u.Requests, u.Units.Neg()
		all = append(all, u)
	}
	return all.merged()
}

// units adds up the units of a price, of a part or of all.
func (b bill) units(part, id string) decimal.Decimal {
	sum := decimal.Zero
	for _, u := range b {
		if u.Price == id && (part == "" || u.Part == part) {
			sum = must(sum.Add(u.Units))
		}
	}
	return sum
}

// amount is what a part costs in a region; all of it when part is empty.
func (b bill) amount(list *prices, region, part string) decimal.Decimal {
	sum := decimal.Zero
	for _, u := range b {
		if part == "" || u.Part == part {
			sum = must(sum.Add(list.of(region, u.Price, u.Units)))
		}
	}
	return sum
}

// row is a line of the table.
type row struct {
	Name string `json:"row"`
	// How says whether it was measured through the stages, on the ports only, or reckoned.
	How     string `json:"how"`
	Records int    `json:"records"`
	Used    bill   `json:"used"`
	// Floor is the least the services allow for the same payloads.
	Floor bill `json:"floor"`
	// Aim is what it may cost in us-east-1; empty for none.
	Aim  string `json:"aim,omitempty"`
	Note string `json:"note,omitempty"`
}

// million is what a million records cost.
func (r row) million(list *prices, region string, b bill, part string) decimal.Decimal {
	return must(must(b.amount(list, region, part).Mul(whole(1_000_000))).Quo(whole(r.Records)))
}

// requests is what a part costs for requests, units and calls alone: what a floor can be told of.
func (b bill) requests() bill {
	return slices.DeleteFunc(slices.Clone(b), func(u use) bool { return u.Part == partTime || u.Part == partLogs })
}

// binds is the part that costs most.
func (r row) binds(list *prices, region string) string {
	most, name := decimal.Zero, ""
	for _, p := range parts() {
		if a := r.Used.amount(list, region, p); a.Cmp(most) > 0 {
			most, name = a, p
		}
	}
	return name
}

// cents is an amount as people read it.
func cents(d decimal.Decimal) string { return d.Round(2).Pad(2).String() }

// print writes the table, then a JSON line for each row with everything that was counted.
func printRows(w io.Writer, list *prices, rows []row) error {
	for _, region := range list.Regions {
		fmt.Fprintf(w, "\nUSD for a million records, list prices of %s in %s\n", list.Date, region)
		t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		fmt.Fprintln(t, "\tall\t"+strings.Join(parts(), "\t")+"\trequests\tfloor\tratio\taim\tmost\thow")
		for _, r := range rows {
			fmt.Fprintf(t, "%s\t%s", r.Name, cents(r.million(list, region, r.Used, "")))
			for _, p := range parts() {
				fmt.Fprintf(t, "\t%s", cents(r.million(list, region, r.Used, p)))
			}
			had, least := r.million(list, region, r.Used.requests(), ""), r.million(list, region, r.Floor, "")
			ratio := "-"
			if least.IsPos() {
				ratio = cents(must(had.Quo(least)))
			}
			aim := cmp.Or(r.Aim, "-")
			if region != list.Regions[0] {
				aim = "-"
			}
			fmt.Fprintf(t, "\t%s\t%s\t%s\t%s\t%s\t%s\n", cents(had), cents(least), ratio, aim, r.binds(list, region), r.How)
		}
		if err := t.Flush(); err != nil {
			return err
		}
	}
	fmt.Fprintln(w)
	for _, r := range rows {
		if err := printRow(w, list, r); err != nil {
			return err
		}
	}
	return nil
}

func printRow(w io.Writer, list *prices, r row) error {
	type per struct {
		Part      string `json:"part"`
		Operation string `json:"operation"`
		Price     string `json:"price"`
		Requests  string `json:"requests_per_1000"`
		Units     string `json:"units_per_1000"`
		Million   string `json:"usd_per_million"`
	}
	region := list.Regions[0]
	line := struct {
		Bench   string            `json:"bench"`
		Row     string            `json:"row"`
		How     string            `json:"how"`
		Records int               `json:"records"`
		Region  string            `json:"region"`
		Million string            `json:"usd_per_million"`
		Floor   string            `json:"floor_usd_per_million"`
		Aim     string            `json:"aim,omitempty"`
		Binds   string            `json:"binds,omitempty"`
		Parts   map[string]string `json:"usd_per_million_by_part"`
		Note    string            `json:"note,omitempty"`
		Used    []per             `json:"used"`
	}{Bench: "cost", Row: r.Name, How: r.How, Records: r.Records, Region: region, Million: r.million(list, region, r.Used, "").Trim(0).String(),
		Floor: r.million(list, region, r.Floor, "").Trim(0).String(), Aim: r.Aim, Binds: r.binds(list, region), Parts: map[string]string{}, Note: r.Note}
	thousand := func(d decimal.Decimal) string {
		return must(must(d.Mul(whole(1000))).Quo(whole(r.Records))).Round(9).Trim(0).String()
	}
	for _, p := range parts() {
		line.Parts[p] = r.million(list, region, r.Used, p).Round(6).Trim(0).String()
	}
	for _, u := range r.Used {
		line.Used = append(line.Used, per{u.Part, u.Operation, u.Price, thousand(whole(int(u.Requests))), thousand(u.Units),
			r.million(list, region, bill{u}, "").Round(6).Trim(0).String()})
	}
	text, err := json.Marshal(line)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(w, string(text))
	return err
}
