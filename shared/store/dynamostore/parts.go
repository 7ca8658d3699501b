package dynamostore

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"apicenter/shared/fault"
	"apicenter/shared/store"
)

// A payload too large for a row lies in parts beside it. A row and its parts are written and deleted by one transaction, so
// that none is left behind; each part carries the row's revision, so that a reader between two writers notices.

// mostParts keeps a transaction below the 4 MB it takes. A record has to fit into a message, which is far less.
const mostParts = 11

// partsOf cuts a payload; nil when it fits into its row.
func partsOf(payload []byte) (parts [][]byte) {
	if len(payload) <= wholePayload {
		return nil
	}
	return pieces(payload)
}

func tooLarge(n int) error {
	return &fault.Error{Class: fault.Reject, Field: "payload",
		Message: fmt.Sprintf("this record is %d KB when packed, and our database takes %d KB at most", n>>10, mostParts*wholePayload>>10),
		Advice:  "Make it smaller at the source: pictures are mostly what is large."}
}

func failureParts(tenant, flow, key string) string { return "part#" + join(tenant, flow, key) }

func partKey(tenant, flow, key string, i int) item {
	return at(failureParts(tenant, flow, key), fmt.Sprintf("%02d", i))
}

// partWrites are the writes of a failure's parts, in place of those that were there before.
func (s *Store) partWrites(tenant, flow, key string, parts [][]byte, revision int64, before int) (writes []types.TransactWriteItem) {
	for i, p := range parts {
		row := partKey(tenant, flow, key, i)
		row["payload"], row["revision"] = data(p), number(revision)
		writes = append(writes, putting(s.tables.Failures, row, "", nil))
	}
	for i := len(parts); i < before; i++ {
		writes = append(writes, removing(s.tables.Failures, partKey(tenant, flow, key, i), "", nil))
	}
	return writes
}

// wholeFailure adds the payload that lies in parts. Found is false when the failure was closed while it was read.
func (s *Store) wholeFailure(ctx context.Context, tenant string, row item) (f store.Failure, found bool, err error) {
	for attempt := range tries {
		if f, err = failureOf(tenant, row); err != nil {
			return f, false, err
		}
		r := reader{row: row}
		n, revision := r.parts(), r.number("revision")
		if n == 0 || r.err != nil {
			return f, r.err == nil, r.err
		}
		parts, err := search{table: s.tables.Failures, where: "#pk = :pk",
			values: item{":pk": text(failureParts(tenant, f.Flow, f.Key))}}.all(ctx, s)
		if err != nil {
			return f, false, err
		}
		for _, p := range parts {
			r := reader{row: p}
			if r.number("revision") == revision {
				f.Payload = append(f.Payload, r.data("payload")...)
				n--
			}
			if r.err != nil {
				return f, false, r.err
			}
		}
		if n == 0 {
			return f, true, nil
		}
		if err := pause(ctx, attempt); err != nil { // it is being replaced
			return f, false, err
		}
		if row, err = s.get(ctx, s.tables.Failures, failureKey(tenant, f.Flow, f.Key)); err != nil || row == nil {
			return f, false, err
		}
	}
	return f, false, fault.New(fault.Retry, "the failure was replaced each time it was read")
}
