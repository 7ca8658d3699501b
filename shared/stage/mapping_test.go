package stage_test

import (
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"apicenter/shared/connector"
	"apicenter/shared/integration"
	"apicenter/shared/message"
	"apicenter/shared/model"
	"apicenter/shared/queue"
	"apicenter/shared/store"
)

// A message that cannot be mapped for one of its records is split: the others are handled, the one ends as a dead letter.
func TestMapperSplitsWhatKeepsFailing(t *testing.T) {
	r := newRig(t)
	r.onlyOnce()
	for range 3 {
		r.source.add(&sale{email: "anna@proef.example", total: "99.00"}) // rejected, which asks the ledger
	}
	r.mapper.Ledger = chokes{Ledger: r.ports, on: "key-101"}
	if err := r.desk.RunNow(t.Context(), tenant, flowID, connector.Incremental); err != nil {
		t.Fatal(err)
	}
	r.run()
	got := r.failures()
	for _, number := range []string{"100", "102"} {
		if _, ok := got[number]; !ok {
			t.Errorf("order %s went with its neighbour", number)
		}
	}
	if n := r.dead(); n != 1 {
		t.Errorf("%d dead letters, want the one record's", n)
	}
	// Once the fault is mended the dead letter is sent again.
	r.mapper.Ledger = r.ports
	if _, err := r.queue.Redrive(t.Context(), queue.Map, 10); err != nil {
		t.Fatal(err)
	}
	r.run()
	if _, ok := r.failures()["101"]; !ok || r.dead() != 0 {
		t.Errorf("the record was lost: %d dead letters", r.dead())
	}
}

// chokes is a ledger that fails on one key.
type chokes struct {
	store.Ledger
	on string
}

func (c chokes) Entries(ctx context.Context, s store.Scope, keys []string) ([]store.Entry, error) {
	if slices.Contains(keys, c.on) {
		return nil, errors.New("no answer")
	}
	return c.Ledger.Entries(ctx, s, keys)
}

// A record no message can carry is an open failure that says so; its neighbours arrive.
func TestRecordTooLarge(t *testing.T) {
	for name, size := range map[string]func(*rig) int{
		"as it was read":     func(*rig) int { return 1 << 20 },
		"once it was mapped": largestRead,
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.source.add(&sale{email: "anna@proef.example"})
			big := r.source.add(&sale{email: "anna@proef.example", company: noise(size(r))})
			r.source.add(&sale{email: "anna@proef.example"})
			r.run()
			called := big.number
			if name == "as it was read" {
				called = big.key // its number was never read
			}
			f, ok := r.failures()[called]
			if !ok || !strings.Contains(f.Problem.Message, "too large") || f.Problem.Advice == "" {
				t.Errorf("the failure is %+v", f.Problem)
			}
			r.once(big.number, big.key)
		})
	}
}

// largestRead returns how long a company's name may be for its order to fit into a message as it was read.
func largestRead(r *rig) int {
	r.Helper()
	return sort.Search(1<<20, func(n int) bool {
		fields, err := json.Marshal(r.source.record(&sale{company: noise(n)}).Fields)
		if err != nil {
			r.Fatal(err)
		}
		body, err := message.Encode(r.Context(), r.codec, message.Header{Tenant: tenant}, []message.Source{{Fields: fields}})
		if err != nil {
			r.Fatal(err)
		}
		return len(body) > message.Limit-(8<<10) // header and customer
	}) - 1
}

// noise is text that cannot be packed.
func noise(n int) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	random := rand.New(rand.NewPCG(1, 2))
	out := make([]byte, n)
	for i := range out {
		out[i] = letters[random.IntN(len(letters))]
	}
	return string(out)
}

// What the flow leaves out is not checked: an order that waits to be paid, or came from the target, is no failure for a sum
// that does not add up.
func TestWhatIsLeftOutNeedsNotBeRight(t *testing.T) {
	r := newRig(t)
	r.change(func(f *integration.Flow) { f.Orders.OnlyPaid, f.Filter = true, `number != "101"` })
	r.source.add(&sale{email: "anna@proef.example", total: "99.00", unpaid: true})
	r.source.add(&sale{email: "anna@proef.example", total: "99.00"})
	for range 60 {
		r.step()
		r.now = r.now.Add(10 * time.Second)
		if _, err := r.fetch.Tick(t.Context(), model.Orders); err != nil {
			t.Fatal(err)
		}
	}
	for _, number := range []string{"100", "101"} {
		if list := r.told(number); len(list) == 0 || list[0].Outcome != model.Skipped || list[0].Reason != model.ReasonFiltered {
			t.Errorf("order %s: %s", number, summary(list))
		}
	}
	if n := len(r.failures()); n != 0 {
		t.Errorf("%d failures", n)
	}
}

// Messages of a flow that was removed are dropped, and count no longer as on their way.
func TestDroppedMessagesAreCountedOut(t *testing.T) {
	r := newRig(t)
	shop(r)
	if _, err := r.fetch.Tick(t.Context(), model.Orders); err != nil {
		t.Fatal(err)
	}
	for load := (store.Load{}); load.Queued == 0; {
		got, err := r.queue.Receive(t.Context(), queue.Fetch(model.Orders), 1, 0)
		if err != nil {
			t.Fatal(err)
		}
		r.hand(r.fetch.Handle, got)
		if load, err = r.store.Load(t.Context(), tenant, "to"); err != nil {
			t.Fatal(err)
		}
	}
	r.mapper.Plans.Flows = without{r.ports}
	for r.waiting() > 0 {
		r.step()
		r.now = r.now.Add(time.Second)
	}
	load, err := r.store.Load(t.Context(), tenant, "to")
	if err != nil || load.Queued != 0 || len(r.target.orders) != 0 {
		t.Errorf("%d messages still count as on their way, %d orders arrived, %v", load.Queued, len(r.target.orders), err)
	}
}

// without is a store from which every flow was removed.
type without struct{ store.Store }

func (without) Flow(context.Context, string, string) (integration.Flow, error) {
	return integration.Flow{}, store.ErrNotFound
}
