package deploy

import (
	"fmt"
	"testing"

	"github.com/govalues/decimal"

	"apicenter/shared/queue"
)

// load is what has to be carried and kept of a run, whoever does it: what a floor is worked out from.
type load struct {
	records int
	// mapBytes and sendBytes are the bodies of the two hops, activityBytes what activity keeps.
	mapBytes, sendBytes, activityBytes int
	// writes, indexed and reads are what each record needs of the ledger: units of 1 KB written, and of 4 KB read.
	writes, indexed, reads int
}

// What one request of SQS and one unit of DynamoDB hold.
const (
	requestBytes   = 64 << 10
	requestEntries = 10
	writeBytes     = 1 << 10
)

// floor is the least the services bill for a load: full requests, ten messages a time, nothing read to find the way.
func (l load) floor() bill {
	var b bill
	hop := func(name queue.Name, bytes int, prices ...string) {
		full := pieces(bytes, requestBytes)
		for _, id := range prices {
			b = append(b, use{partQueues, string(name) + " SendMessageBatch", id, int64(full), whole(full)},
				use{partQueues, string(name) + " ReceiveMessage", id, int64(full), whole(full)},
				use{partQueues, string(name) + " DeleteMessageBatch", id, int64(pieces(full, requestEntries)), whole(pieces(full, requestEntries))})
		}
		calls := pieces(full, requestEntries)
		b = append(b, use{partCalls, string(name), "lambda-request", int64(calls), whole(calls)})
	}
	hop(queue.Map, l.mapBytes, "sqs-standard", "sqs-fair")
	hop(queue.Send, l.sendBytes, "sqs-fifo")
	kept := pieces(l.activityBytes, writeBytes)
	return append(b,
		use{partLedger, "Ledger BatchGetItem", "dynamodb-read", int64(pieces(l.records, 100)), whole(l.records * l.reads)},
		use{partLedger, "Ledger PutItem", "dynamodb-write", int64(l.records * l.writes), whole(l.records * l.writes)},
		use{partIndex, "Ledger reference", "dynamodb-write", 0, whole(l.records * l.indexed)},
		use{partActivity, "Activity PutItem", "dynamodb-write", int64(kept), whole(kept)}).merged()
}

// pieces is how many of a size it takes.
func pieces(n, size int) int { return (n + size - 1) / size }

// String says how large a record is on its way.
func (l load) String() string {
	return fmt.Sprintf("bytes of a record: %d to map, %d to send, %d of activity", l.mapBytes/l.records, l.sendBytes/l.records, l.activityBytes/l.records)
}

// carried is what the rig's functions were handed, and what they keep, since a mark.
type carried struct{ mapBytes, sendBytes, activityBytes int }

func (r *rig) carried() (c carried) {
	for _, f := range r.functions {
		switch f.queue {
		case queue.Map:
			c.mapBytes += f.bodies
		case queue.Send:
			c.sendBytes += f.bodies
		}
		c.activityBytes += f.store.payload
	}
	return c
}

func (c carried) load(before carried, records, writes, indexed int) load {
	return load{records: records, mapBytes: c.mapBytes - before.mapBytes, sendBytes: c.sendBytes - before.sendBytes,
		activityBytes: c.activityBytes - before.activityBytes, writes: writes, indexed: indexed, reads: 1}
}

func TestFloors(t *testing.T) {
	list := priceList(t)
	for name, c := range map[string]struct {
		load load
		want string // us-east-1
	}{
		// One record: a send, a receive and a delete of each queue, a call of each function.
		"the ledger is read": {load{records: 1, mapBytes: 1, sendBytes: 1, reads: 1}, "0.000003525"}, // 3 × 0.5 + 3 × 0.5 + 2 × 0.2 + 0.125 millionths
		// A thousand creates in a body of 1 MB on each hop: 16 requests to send, 16 to receive, 2 to delete, 2 calls.
		"creates": {load{records: 1000, mapBytes: 1 << 20, sendBytes: 1 << 20, activityBytes: 500 << 10, writes: 2, indexed: 1, reads: 1},
			"0.0023473"}, // 34 × 0.5 + 34 × 0.5 + 4 × 0.2 + 125 + 1250 + 625 + 312.5 millionths
	} {
		if got := c.load.floor().amount(list, "us-east-1", ""); got.Cmp(decimal.MustParse(c.want)) != 0 {
			t.Errorf("%s: got %s, want %s", name, got, c.want)
		}
	}
}

func TestBillsAddUpAndDiffer(t *testing.T) {
	a := bill{{partLedger, "put", "dynamodb-write", 2, whole(3)}, {partLedger, "put", "dynamodb-write", 1, whole(1)}, {partKeys, "KMS", "kms-request", 5, whole(5)}}
	b := bill{{partLedger, "put", "dynamodb-write", 1, whole(2)}, {partKeys, "KMS", "kms-request", 5, whole(5)}}
	got := a.merged().since(b.merged())
	if len(got) != 1 || got[0].Requests != 2 || got[0].Units.Cmp(whole(2)) != 0 {
		t.Errorf("got %+v, want 2 requests of 2 units of the ledger and nothing else", got)
	}
	r := row{Records: 4, Used: got}
	if million := r.million(priceList(t), "us-east-1", r.Used, ""); million.Cmp(decimal.MustParse("0.3125")) != 0 {
		t.Errorf("a million costs %s, want 0.3125: half a unit each", million)
	}
	if part := r.binds(priceList(t), "us-east-1"); part != partLedger {
		t.Errorf("%q costs most, want the ledger", part)
	}
}
