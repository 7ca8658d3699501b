package deploy

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/govalues/decimal"

	"apicenter/infra/exam"
	"apicenter/infra/sandbox"
	"apicenter/infra/sandbox/afas"
	"apicenter/infra/sandbox/mpluskassa"
	"apicenter/infra/sandbox/shopdata"
	"apicenter/shared/connector"
	"apicenter/shared/message"
	"apicenter/shared/model"
	"apicenter/shared/queue/sqsqueue"
	"apicenter/shared/stage"
	"apicenter/shared/stage/fetch"
)

type sqsUsage = sqsqueue.Usage

var ordersToCost = flag.Int("orders", 1000, "how many orders the cost bench brings across")

// shop is the systems of the rig and what is expected of them.
type costShop struct {
	*rig
	till, erp sandbox.Control
	shop      *shopdata.Shop
	jobs      *fetch.Stage
}

// openShop sets up a shop of which every order is plain: paid, with a customer, right to the cent. There are few customers, so
// that nearly every order is one of a customer the target knows.
func openShop(ctx context.Context, t testing.TB, orders int) *costShop {
	t.Helper()
	s := &costShop{rig: newRig(ctx, t)}
	s.orders(ctx, t)
	s.till, s.erp = sandbox.Control{Base: serve(t, "mpluskassa")}, sandbox.Control{Base: serve(t, "afas")}
	options := shopdata.Options{Seed: 5, Orders: orders, Customers: max(5, orders/50),
		Shares: shopdata.Shares{Cancelled: -1, Unpaid: -1, UnknownProduct: -1, Inconsistent: -1, Guest: -1, NoEmail: -1}}
	s.shop = shopdata.Generate(options)
	if err := s.till.Seed(ctx, mpluskassa.Seed{Generate: &options}); err != nil {
		t.Fatal(err)
	}
	if err := s.erp.Seed(ctx, exam.Seed(s.shop)); err != nil {
		t.Fatal(err)
	}
	now := world().Now
	platform := exam.Platform{Store: s.desk.store, Sealer: s.desk.vault, Plans: s.desk.plans, Now: now}
	if err := platform.Create(ctx, exam.Setup{Source: s.till.Base, Target: s.erp.Base, Every: time.Hour}); err != nil {
		t.Fatal(err)
	}
	f := s.functions[len(s.functions)-1] // a tick queues its jobs by the function's own adapters
	s.jobs = &fetch.Stage{Queue: f.queues, Codec: f.codec, World: stage.World{Now: now, ID: world().ID}}
	return s
}

// pass reads the flow once, brings everything across, and returns what that used.
func (s *costShop) pass(ctx context.Context, t testing.TB, mode connector.Mode) bill {
	t.Helper()
	before := s.spent()
	flow, err := s.desk.store.Flow(ctx, exam.Tenant, exam.Flow)
	if err == nil {
		err = s.jobs.Enqueue(ctx, flow, message.Job{Mode: string(mode), Trigger: message.Schedule}, 0)
	}
	if err == nil {
		err = s.settle(ctx)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range s.functions {
		if len(f.lines.trouble) > 0 {
			t.Fatalf("%s complains, so this run has no price: %s", f.id, f.lines.trouble[0])
		}
	}
	return s.spent().since(before)
}

// check holds the target against the shop: a run that lost or doubled an order has no price.
func (s *costShop) check(ctx context.Context, t testing.TB, want map[model.Outcome]int) (debtors int) {
	t.Helper()
	var state afas.State
	if err := s.erp.State(ctx, &state); err != nil {
		t.Fatal(err)
	}
	if v := exam.Compare(s.shop.Orders, state, nil); v.Lost+v.Doubled+v.Wrong > 0 {
		t.Fatalf("a wrong run has no price: lost %d, doubled %d, wrong %d:\n%s", v.Lost, v.Doubled, v.Wrong, strings.Join(v.Problems, "\n"))
	}
	if want == nil {
		return len(state.Debtors)
	}
	runs, _, err := s.desk.store.Runs(ctx, exam.Tenant, exam.Flow, "", 1)
	if err != nil || len(runs) == 0 {
		t.Fatalf("no run can be read: %v", err)
	}
	if got := runs[0].Counts; !maps.Equal(got, want) {
		t.Fatalf("a wrong run has no price: the run says %v, expected %v", got, want)
	}
	return len(state.Debtors)
}

// created is what creating the shop's orders costs, and reading them all once more.
func (s *costShop) created(ctx context.Context, t testing.TB, orders int) []row {
	t.Helper()
	mark := s.carried()
	used := s.pass(ctx, t, connector.Incremental)
	customers := s.check(ctx, t, map[model.Outcome]int{model.Delivered: orders}) - 1 // but the one for sales over the counter
	carried := s.carried().load(mark, orders, 2, 1)
	first := row{Name: "created order", How: "measured", Records: orders, Used: used, Floor: carried.floor(), Aim: "1.75",
		Note: fmt.Sprintf("with %d new customers among them, of two ledger writes each; %s", customers, carried)}
	byEmail := first
	byEmail.Name, byEmail.How, byEmail.Aim = "created order, search by e-mail switched on", "reckoned", "3.00"
	byEmail.Note = "there is no such switch yet: the row above and one more index write for each order"
	more := use{partIndex, "Ledger e-mail PutItem, reckoned", "dynamodb-write", 0, whole(orders)}
	byEmail.Used, byEmail.Floor = append(slices.Clone(first.Used), more), append(slices.Clone(first.Floor), more)

	mark = s.carried()
	again := s.pass(ctx, t, connector.Full)
	s.check(ctx, t, map[model.Outcome]int{model.Skipped: orders})
	carried = s.carried().load(mark, orders, 0, 0)
	return []row{first, byEmail, {Name: "unchanged order, read again", How: "measured", Records: orders, Used: again, Floor: carried.floor(), Note: carried.String()}}
}

// alone is what an order costs that comes by itself, as in a shop that sells one every few minutes.
func (s *costShop) alone(ctx context.Context, t testing.TB, orders int) row {
	t.Helper()
	mark := s.carried()
	var used bill
	for range orders {
		s.shop.More(1)
		if err := s.till.Seed(ctx, mpluskassa.Seed{More: 1}); err != nil {
			t.Fatal(err)
		}
		used = append(used, s.pass(ctx, t, connector.Incremental)...)
	}
	s.check(ctx, t, nil)
	return row{Name: "created order, alone in its message", How: "measured", Records: orders, Used: used.merged(),
		Floor: s.carried().load(mark, orders, 2, 1).floor(), Note: "a run for each; a quarter are of new customers"}
}

// rows of stock: a level unchanged, and changed.
func stockRows(ctx context.Context, t testing.TB, levels, perMessage int) []row {
	t.Helper()
	s := openStock(ctx, t, levels, perMessage)
	defer s.down()
	s.pass(ctx, t, true)
	how := fmt.Sprintf("ports only, %d in a message", perMessage)
	var rows []row
	for _, r := range []row{{Name: "unchanged stock level", Aim: "0.20"}, {Name: "changed stock level", Aim: "0.95"}} {
		changed, mark := r.Name == "changed stock level", s.carried()
		r.How, r.Records, r.Used = how, levels, s.pass(ctx, t, changed)
		writes := 0
		if changed {
			writes = 1
		}
		carried := s.carried().load(mark, levels, writes, 0)
		r.Floor, r.Note = carried.floor(), carried.String()
		rows = append(rows, r)
	}
	return rows
}

// BenchmarkCost counts what records cost on AWS: the stages and adapters as deployed, on the template's tables and queues in
// emulators. It prints the table, then everything that was counted as lines of JSON. A run that loses or doubles an order
// fails: it has no price.
func BenchmarkCost(b *testing.B) {
	list := priceList(b)
	for b.Loop() {
		s := openShop(b.Context(), b, *ordersToCost)
		rows := append(s.created(b.Context(), b, *ordersToCost), s.alone(b.Context(), b, 20))
		month := s.idle(b.Context(), b)
		s.down()
		for _, perMessage := range []int{stage.MaxRecords(), 10 * stage.MaxRecords()} {
			rows = append(rows, stockRows(b.Context(), b, 2**ordersToCost, perMessage)...)
		}
		if err := errors.Join(printRows(os.Stdout, list, rows), printIdle(os.Stdout, list, month)); err != nil {
			b.Fatal(err)
		}
	}
}

// What a created order needs of the ledger, and what one that was delivered before does not.
func TestCostsAreCounted(t *testing.T) {
	if testing.Short() {
		t.Skip("starts the emulators")
	}
	const orders = 100
	s := openShop(t.Context(), t, orders)
	mark := s.carried()
	rows := s.created(t.Context(), t, orders)
	created, again := rows[0].Used, rows[2].Used
	var state afas.State
	if err := s.erp.State(t.Context(), &state); err != nil {
		t.Fatal(err)
	}
	customers := len(state.Debtors) - 1
	for _, c := range []struct {
		what      string
		got, want decimal.Decimal
	}{
		{"ledger writes of created orders", created.units(partLedger, "dynamodb-write"), whole(2 * (orders + customers))},
		{"index writes of created orders", created.units(partIndex, "dynamodb-write"), whole(orders)},
		{"ledger writes of unchanged orders", again.units(partLedger, "dynamodb-write"), whole(0)},
		{"index writes of unchanged orders", again.units(partIndex, "dynamodb-write"), whole(0)},
		{"ledger reads of unchanged orders", again.units(partLedger, "dynamodb-read"), whole(orders)},
	} {
		if c.got.Cmp(c.want) != 0 {
			t.Errorf("%s: %s units, want %s", c.what, c.got, c.want)
		}
	}
	// Fifty to a message: a send, a receive and a delete for each on its lane.
	if got := created.units("", "sqs-fifo"); got.Cmp(whole(6)) != 0 {
		t.Errorf("%s requests to the lane, want 6", got)
	}
	list := priceList(t)
	for _, r := range rows {
		if had, least := r.Used.requests().amount(list, region, ""), r.Floor.amount(list, region, ""); had.Cmp(least) < 0 {
			t.Errorf("%s: %s is less than the least there can be, %s", r.Name, had, least)
		}
	}
	if now := s.carried(); now.mapBytes == mark.mapBytes || now.activityBytes == mark.activityBytes {
		t.Error("nothing was carried")
	}
}
