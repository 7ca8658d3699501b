package dynamostore

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"apicenter/shared/model"
	"apicenter/shared/store"
)

// A chunk is a head and a body. Heads of a flow lie together, newest last, and are small: lists and filters read them and
// nothing else. Each body is a partition of its own, so that a busy flow's payloads are spread over the table however many
// there are; by day they would not be, and a list would have to look into every empty day.
//
// The body is written first. Head and counts follow in one transaction: a chunk is counted exactly when it is there, whatever
// is repeated or broken off. They are three small rows, so its double price is little beside the body's.

func chunksOf(tenant, flow string) string { return "chunk#" + join(tenant, flow) }

func hoursOf(tenant, flow string) string { return "hour#" + join(tenant, flow) }

func bodyKey(body string, part int) item { return at("body#"+body, fmt.Sprintf("%02d", part)) }

// chunkHead are the attributes of a head, for the index by run.
func chunkHead() []string {
	head := []string{"run", "at", "until", "body", "parts"}
	for _, o := range outcomes() {
		head = append(head, string(o))
	}
	return head
}

// AppendChunk implements store.Activity.
func (s *Store) AppendChunk(ctx context.Context, c store.Chunk) error {
	if err := s.appendChunk(ctx, c); err != nil {
		return fmt.Errorf("activity %q: %w", c.ID, err)
	}
	return nil
}

func (s *Store) appendChunk(ctx context.Context, c store.Chunk) error {
	ofRun := item{":expires": timeToLive(later(c.Expires, c.At.Add(keptRuns)))}
	counts, err := countsOf(c.Counts, ofRun)
	if err != nil {
		return err
	}
	ofHour := item{":expires": timeToLive(c.Expires)}
	_, _ = countsOf(c.Counts, ofHour) // as above

	body, parts := newToken(), pieces(c.Payload)
	if err := s.putBody(ctx, body, parts, c.Expires); err != nil {
		return err
	}
	head := set(at(chunksOf(c.Tenant, c.Flow), c.ID), item{"run": text(c.Run), "at": moment(c.At), "until": moment(c.Expires),
		"expires": timeToLive(c.Expires), "body": text(body), "parts": number(int64(len(parts)))})
	for _, o := range outcomes() {
		set(head, item{string(o): number(int64(c.Counts[o]))})
	}
	change := "SET #expires = :expires" + counts
	hour := at(hoursOf(c.Tenant, c.Flow), sorted(c.At.UTC().Truncate(time.Hour)))
	writes := []types.TransactWriteItem{
		putting(s.tables.Activity, head, "attribute_not_exists(#pk)", nil),
		changing(s.tables.Activity, hour, change, "", ofHour)}
	if c.Run != "" {
		head["by_run"] = text(part(c.Run) + "#" + c.ID)
		writes = append(writes, changing(s.tables.Activity, runKey(c.Tenant, c.Flow, c.Run), change, "", ofRun))
	}
	reasons, err := s.transact(ctx, writes)
	if err != nil || reasons == nil {
		return err
	}
	stood := reader{row: reasons[0].Item}
	if stood.text("body") == body {
		return nil // by this call: the client repeated it when DynamoDB no longer knew its token
	}
	// It was there before. The body written for nothing goes at once, or by its expiry when this fails.
	_ = s.removeMany(ctx, s.tables.Activity, bodyKeys(body, len(parts)))
	return nil
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func (s *Store) putBody(ctx context.Context, body string, parts [][]byte, expires time.Time) error {
	return each(ctx, len(parts), func(ctx context.Context, i int) error {
		row := set(bodyKey(body, i), item{"payload": data(parts[i]), "expires": timeToLive(expires)})
		_, _, err := s.put(ctx, s.tables.Activity, row, "", nil)
		return err
	})
}

func bodyKeys(body string, parts int) []item {
	keys := make([]item, parts)
	for i := range keys {
		keys[i] = bodyKey(body, i)
	}
	return keys
}

// Chunk implements store.Activity.
func (s *Store) Chunk(ctx context.Context, tenant, flow, id string) (c store.Chunk, err error) {
	row, err := s.get(ctx, s.tables.Activity, at(chunksOf(tenant, flow), id))
	var list []store.Chunk
	if err == nil && row != nil {
		list, err = s.wholeChunks(ctx, tenant, flow, []item{row})
	}
	if err == nil && (len(list) == 0 || !s.now().Before(list[0].Expires)) {
		err = store.ErrNotFound
	}
	if err != nil {
		return store.Chunk{}, fmt.Errorf("activity %q: %w", id, err)
	}
	return list[0], nil
}

// mostHeads bounds the heads one call looks at. When the outcomes asked for are rare it returns a short page, or an empty
// one, and a cursor to go on from.
const mostHeads = 10_000

// Chunks implements store.Activity. The cursor is the id of the last chunk looked at.
func (s *Store) Chunks(ctx context.Context, f store.ChunkFilter, cursor string, limit int) (chunks []store.Chunk, next string, err error) {
	q := search{table: s.tables.Activity, where: "#pk = :pk", values: item{":pk": text(chunksOf(f.Tenant, f.Flow))}, backward: true}
	switch prefix := part(f.Run) + "#"; {
	case f.Run != "":
		q.index, q.where = indexRun, q.where+" AND #by_run BETWEEN :from AND :to"
		q.values[":from"], q.values[":to"] = text(prefix), text(prefix+"\U0010ffff")
		if cursor != "" {
			q.values[":to"] = text(prefix + cursor) // and the cursor's own is passed over
		}
	case cursor != "":
		q.where += " AND #sk < :after"
		q.values[":after"] = text(cursor)
	}
	if len(f.Outcomes) == 0 {
		q.limit = limit + 2
	}
	var heads []item
	looked, last := 0, cursor
	err = q.each(ctx, s, func(row item) (bool, error) {
		r := reader{row: row}
		id, seen := r.text(sk), s.now().Before(r.moment("until")) && holds(r.counts(), f.Outcomes)
		if id == cursor || r.err != nil {
			return true, r.err
		}
		if looked++; len(heads) == limit || looked > mostHeads {
			next = last // there is more
			return false, nil
		}
		if last = id; seen {
			heads = append(heads, row)
		}
		return true, nil
	})
	if err == nil {
		chunks, err = s.wholeChunks(ctx, f.Tenant, f.Flow, heads)
	}
	if err != nil {
		return nil, "", fmt.Errorf("activity of flow %q: %w", f.Flow, err)
	}
	return chunks, next, nil
}

// holds reports that counts hold one of the outcomes, or that none is asked for.
func holds(counts map[model.Outcome]int, wanted []model.Outcome) bool {
	return len(wanted) == 0 || slices.ContainsFunc(wanted, func(o model.Outcome) bool { return counts[o] > 0 })
}

// wholeChunks joins heads with their bodies. One whose body is gone expired meanwhile, and is left out.
func (s *Store) wholeChunks(ctx context.Context, tenant, flow string, heads []item) (list []store.Chunk, err error) {
	var keys []item
	for _, head := range heads {
		r := reader{row: head}
		keys = append(keys, bodyKeys(r.text("body"), r.parts())...)
		if r.err != nil {
			return nil, r.err
		}
	}
	bodies, err := s.getMany(ctx, s.tables.Activity, keys, false)
	if err != nil {
		return nil, err
	}
	for _, head := range heads {
		r := reader{row: head}
		c := store.Chunk{Tenant: tenant, Flow: flow, Run: r.text("run"), ID: r.text(sk), At: r.moment("at"), Expires: r.moment("until"), Counts: r.counts()}
		gone := false
		for _, key := range bodyKeys(r.text("body"), r.parts()) {
			row := bodies[placeOf(key)]
			b := reader{row: row, err: r.err}
			c.Payload = append(c.Payload, b.data("payload")...)
			gone, r.err = gone || row == nil, b.err
		}
		if r.err != nil {
			return nil, r.err
		}
		if !gone {
			list = append(list, c)
		}
	}
	return list, nil
}

// Hours implements store.Activity.
func (s *Store) Hours(ctx context.Context, tenant, flow string, from time.Time) (list []store.Hour, err error) {
	q := search{table: s.tables.Activity, where: "#pk = :pk AND #sk >= :from",
		values: item{":pk": text(hoursOf(tenant, flow)), ":from": text(sorted(from))}}
	err = q.each(ctx, s, func(row item) (bool, error) {
		if s.expired(row) {
			return true, nil
		}
		r := reader{row: row}
		start, err := unsorted(r.text(sk))
		if err != nil {
			return false, err
		}
		list = append(list, store.Hour{Start: start, Counts: r.counts()})
		return true, r.err
	})
	if err != nil {
		return nil, fmt.Errorf("counts of flow %q: %w", flow, err)
	}
	return list, nil
}
