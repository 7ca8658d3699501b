package dynamostore

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"apicenter/shared/store"
)

// Failures implements store.Failures. The cursor is the place of the last failure listed. A page is short only at the end:
// whoever empties the list page by page takes a short one for the last.
func (s *Store) Failures(ctx context.Context, f store.FailureFilter, cursor string, limit int) (list []store.Failure, next string, err error) {
	after, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || cursor != "" && (len(after) < 17 || after[16] != '#' || string(after) > afterAll) {
		return nil, "", errors.New("the list of failures cannot go on from there; start it anew")
	}
	for len(list) < limit {
		found, more, err := s.failurePlaces(ctx, f, string(after), limit-len(list))
		if err != nil {
			return nil, "", fmt.Errorf("listing failures: %w", err)
		}
		whole, err := s.failuresAt(ctx, f, found)
		if err != nil {
			return nil, "", fmt.Errorf("listing failures: %w", err)
		}
		list = append(list, whole...)
		if !more {
			return list, "", nil
		}
		after = []byte(found[len(found)-1].waiting)
	}
	return list, base64.RawURLEncoding.EncodeToString(after), nil
}

// failurePlace is a failure as an index has it.
type failurePlace struct {
	waiting string
	key     item
}

// failurePlaces returns the first failures behind a place, by the narrowest index: a cause has few, a connection or flow some,
// a tenant all. Every shard is asked, at the same time.
func (s *Store) failurePlaces(ctx context.Context, f store.FailureFilter, after string, limit int) (found []failurePlace, more bool, err error) {
	index, attribute, prefix := indexWaiting, "waiting", ""
	values := item{}
	var filters []string
	narrow := func(name, value, by, column string) {
		if value == "" {
			return
		}
		filters = append(filters, fmt.Sprintf("#%s = :%s", name, name))
		values[":"+name] = text(value)
		if by != "" {
			index, attribute, prefix = by, column, part(value)+"#"
		}
	}
	narrow("state", string(f.State), "", "")
	narrow("connection", f.Connection, indexConnection, "by_connection")
	narrow("flow", f.Flow, indexFlow, "by_flow")
	narrow("cause", f.Cause, indexCause, "by_cause")
	from := prefix + "0" // every place begins with a number
	if after != "" {
		from = prefix + after + "\x00" // the least that is greater
	}
	values[":from"], values[":to"] = text(from), text(prefix+afterAll)

	var mu sync.Mutex
	err = each(ctx, shards, func(ctx context.Context, i int) error {
		mine := 0
		own := item{":pk": text(failuresOf(f.Tenant, i))}
		for name, value := range values {
			own[name] = value
		}
		q := search{table: s.tables.Failures, index: index, where: "#pk = :pk AND #" + attribute + " BETWEEN :from AND :to",
			filter: strings.Join(filters, " AND "), only: "#pk, #sk, #" + attribute, values: own, limit: limit + 1}
		return q.each(ctx, s, func(row item) (bool, error) {
			r := reader{row: row}
			p := failurePlace{waiting: strings.TrimPrefix(r.text(attribute), prefix), key: item{pk: row[pk], sk: row[sk]}}
			mu.Lock()
			defer mu.Unlock()
			found = append(found, p)
			mine++
			return mine <= limit, r.err
		})
	})
	slices.SortFunc(found, func(a, b failurePlace) int { return strings.Compare(a.waiting, b.waiting) })
	more = len(found) > limit
	return found[:min(len(found), limit)], more, err
}

// failuresAt reads failures with their payloads. One that was closed or changed since the index was read, so that it no
// longer belongs to the list, is left out.
func (s *Store) failuresAt(ctx context.Context, f store.FailureFilter, places []failurePlace) ([]store.Failure, error) {
	keys := make([]item, len(places))
	for i, p := range places {
		keys[i] = p.key
	}
	rows, err := s.getMany(ctx, s.tables.Failures, keys, false)
	if err != nil {
		return nil, err
	}
	var list []store.Failure
	for _, p := range places {
		row := rows[placeOf(p.key)]
		if row == nil {
			continue
		}
		failure, found, err := s.wholeFailure(ctx, f.Tenant, row)
		if err != nil {
			return nil, err
		}
		if found && matches(f, failure) && waitingOf(failure) == p.waiting {
			list = append(list, failure)
		}
	}
	return list, nil
}

func matches(f store.FailureFilter, failure store.Failure) bool {
	is := func(want, got string) bool { return want == "" || want == got }
	return is(f.Flow, failure.Flow) && is(f.Connection, failure.Connection) && is(string(f.State), string(failure.State)) && is(f.Cause, failure.Cause)
}

// CountFailures implements store.Failures. It reads the index of everything that waits: a few hundred bytes for each.
func (s *Store) CountFailures(ctx context.Context, tenant string) (map[string]store.FailureCount, error) {
	var mu sync.Mutex
	counts := map[string]store.FailureCount{}
	err := each(ctx, shards, func(ctx context.Context, i int) error {
		q := search{table: s.tables.Failures, index: indexWaiting, where: "#pk = :pk", only: "#flow, #state",
			values: item{":pk": text(failuresOf(tenant, i))}}
		return q.each(ctx, s, func(row item) (bool, error) {
			r := reader{row: row}
			mu.Lock()
			defer mu.Unlock()
			c := counts[r.text("flow")]
			if store.FailureState(r.text("state")) == store.FailureParked {
				c.Parked++
			} else {
				c.Open++
			}
			counts[r.text("flow")] = c
			return true, r.err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("counting failures: %w", err)
	}
	return counts, nil
}
