package dynamostore

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"apicenter/shared/fault"
	"apicenter/shared/message"
	"apicenter/shared/model"
	"apicenter/shared/store"
)

func failuresOf(tenant string, shard int) string { return fmt.Sprintf("failure#%d#%s", shard, tenant) }

func failureKey(tenant, flow, key string) item {
	return at(failuresOf(tenant, shardOf(flow, key)), join(flow, key))
}

// PutFailures implements store.Failures. Promise 3: versions are compared as model.Version does, and a row is replaced only
// while it is the one that was compared with.
func (s *Store) PutFailures(ctx context.Context, list []store.Failure) error {
	type record struct{ tenant, flow, key string }
	newest := map[record]int{}
	var once []store.Failure
	for _, f := range list {
		r := record{f.Tenant, f.Flow, f.Key}
		i, again := newest[r]
		switch {
		case !again:
			newest[r] = len(once)
			once = append(once, f)
		case f.Version.Compare(once[i].Version) >= 0:
			f.Since = once[i].Since
			once[i] = f
		}
	}
	err := each(ctx, len(once), func(ctx context.Context, i int) error { return s.putFailure(ctx, once[i]) })
	if err != nil {
		return fmt.Errorf("saving failures: %w", err)
	}
	return nil
}

// mostRivals bounds how often a failure is compared anew because another was put in between.
const mostRivals = 50

// putFailure takes it that the record has no failure yet, which is mostly so; the refusal brings the one that stands there.
func (s *Store) putFailure(ctx context.Context, f store.Failure) error {
	since, revision := f.Since, newRevision()
	var stood item
	for range mostRivals {
		next, done, err := s.replaceFailure(ctx, f, revision, stood)
		if err != nil || done {
			return err
		}
		r := reader{row: next}
		before, mine := r.version(), r.number("revision") == revision
		f.Since = since
		if next != nil {
			f.Since = r.moment("since")
		}
		if r.err != nil || mine || next != nil && f.Version.Compare(before) < 0 {
			return r.err
		}
		stood = next
	}
	return fault.New(fault.Retry, "too many were changing the same failure at once")
}

// replaceFailure writes f in place of the row that stood there, nil for none. When another stands there by now, it returns
// that one.
func (s *Store) replaceFailure(ctx context.Context, f store.Failure, revision int64, stood item) (next item, done bool, err error) {
	row, err := failureRow(f, revision)
	if err != nil {
		return nil, false, err
	}
	condition, values := "attribute_not_exists(#pk)", item(nil)
	if stood != nil {
		condition, values = "#revision = :before", item{":before": stood["revision"]}
	}
	parts := partsOf(f.Payload)
	if len(parts) > mostParts {
		return nil, false, tooLarge(len(f.Payload))
	}
	r := reader{row: stood}
	surplus := r.parts()
	if r.err != nil {
		return nil, false, r.err
	}
	if len(parts) > 0 || surplus > 0 {
		if len(parts) > 0 {
			delete(row, "payload")
			row["parts"] = number(int64(len(parts)))
		}
		writes := append([]types.TransactWriteItem{putting(s.tables.Failures, row, condition, values)},
			s.partWrites(f.Tenant, f.Flow, f.Key, parts, revision, surplus)...)
		reasons, err := s.transact(ctx, writes)
		if err != nil || reasons == nil {
			return nil, err == nil, err
		}
		return reasons[0].Item, false, nil
	}
	return s.put(ctx, s.tables.Failures, row, condition, values)
}

// Failure implements store.Failures.
func (s *Store) Failure(ctx context.Context, tenant, flow, key string) (f store.Failure, err error) {
	row, err := s.get(ctx, s.tables.Failures, failureKey(tenant, flow, key))
	found := false
	if err == nil && row != nil {
		f, found, err = s.wholeFailure(ctx, tenant, row)
	}
	if err == nil && !found {
		err = store.ErrNotFound
	}
	if err != nil {
		return store.Failure{}, fmt.Errorf("failure of a record of flow %q: %w", flow, err)
	}
	return f, nil
}

// CloseFailures implements store.Failures. The version is compared by the condition of the deletion, which a repeat finds
// done.
func (s *Store) CloseFailures(ctx context.Context, tenant, flow string, closed []store.Closed) error {
	err := each(ctx, len(closed), func(ctx context.Context, i int) error { return s.closeFailure(ctx, tenant, flow, closed[i]) })
	if err != nil {
		return fmt.Errorf("closing failures of flow %q: %w", flow, err)
	}
	return nil
}

func (s *Store) closeFailure(ctx context.Context, tenant, flow string, c store.Closed) error {
	// What model.Version.Compare says, of a row that is not newer.
	condition, values := "#read <= :read", item{":read": moment(c.Version.Read)}
	if c.Version.Marker != 0 {
		condition = "attribute_not_exists(#marker) AND #read <= :read OR #marker < :marker OR #marker = :marker AND #read <= :read"
		values[":marker"] = number(c.Version.Marker)
	}
	key := failureKey(tenant, flow, c.Key)
	for range mostRivals {
		stood, done, err := s.remove(ctx, s.tables.Failures, key, "attribute_not_exists(#parts) AND ("+condition+")", values)
		if err != nil || done || stood == nil {
			return err
		}
		r := reader{row: stood}
		parts, before := r.parts(), r.version()
		if r.err != nil || parts == 0 || before.Compare(c.Version) > 0 {
			return r.err
		}
		writes := append([]types.TransactWriteItem{removing(s.tables.Failures, key, "#revision = :revision", item{":revision": stood["revision"]})},
			s.partWrites(tenant, flow, c.Key, nil, 0, parts)...)
		if reasons, err := s.transact(ctx, writes); err != nil || reasons == nil {
			return err
		}
	}
	return fault.New(fault.Retry, "too many were changing the same failure at once")
}

func failureRow(f store.Failure, revision int64) (item, error) {
	row := set(failureKey(f.Tenant, f.Flow, f.Key), item{
		"revision": number(revision), "flow": text(f.Flow), "key": text(f.Key), "number": text(f.Number),
		"connection": text(f.Connection), "state": text(string(f.State)), "outcome": text(string(f.Outcome)), "cause": text(f.Cause),
		"marker": number(f.Version.Marker), "since": moment(f.Since), "last": moment(f.Last), "run": text(f.Run),
		"activity": text(f.Activity), "content": text(string(f.Content)), "payload": data(f.Payload),
	})
	row["read"] = moment(f.Version.Read) // also when zero: conditions compare it
	waiting := waitingOf(f)
	row["waiting"] = text(waiting)
	row["by_flow"] = text(part(f.Flow) + "#" + waiting)
	row["by_connection"] = text(part(f.Connection) + "#" + waiting)
	if f.Cause != "" {
		row["by_cause"] = text(part(f.Cause) + "#" + waiting)
	}
	if f.Problem != nil {
		problem, err := document(f.Problem)
		if err != nil {
			return nil, err
		}
		row["problem"] = problem
	}
	return row, nil
}

// waitingOf is a failure's place in the list, the longest waiting first; no two have the same.
func waitingOf(f store.Failure) string { return sorted(f.Since) + "#" + join(f.Flow, f.Key) }

func failureOf(tenant string, row item) (store.Failure, error) {
	r := reader{row: row}
	f := store.Failure{Tenant: tenant, Flow: r.text("flow"), Key: r.text("key"), Number: r.text("number"), Connection: r.text("connection"),
		State: store.FailureState(r.text("state")), Outcome: model.Outcome(r.text("outcome")), Problem: r.problem("problem"),
		Cause: r.text("cause"), Version: r.version(), Since: r.moment("since"), Last: r.moment("last"), Run: r.text("run"),
		Activity: r.text("activity"), Content: message.Content(r.text("content")), Payload: r.data("payload")}
	return f, r.err
}
