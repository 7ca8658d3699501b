package connectortest

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"apicenter/shared/connector"
	"apicenter/shared/fault"
)

// reading goes through the pages of a source.
type reading struct {
	*line
	reader     connector.Reader
	source     Source
	checkpoint string
}

func (s Setup) reading(t *testing.T, source Source) *reading {
	t.Helper()
	l := s.open(t, nil)
	reader, ok := l.session.(connector.Reader)
	if !ok {
		t.Fatal("the session cannot be read")
	}
	return &reading{line: l, reader: reader, source: source}
}

func (r *reading) ask(begin bool) connector.ReadRequest {
	return connector.ReadRequest{Kind: r.source.Kind, Mode: connector.Incremental, Checkpoint: r.checkpoint, Begin: begin,
		Limit: r.source.Page, Settings: r.source.Settings}
}

// run reads to the end of data, or for so many pages, and returns how often each key came.
func (r *reading) run(t *testing.T, begin bool, pages int) map[string]int {
	t.Helper()
	seen := map[string]int{}
	for range pages {
		page, err := r.reader.Read(t.Context(), r.ask(begin))
		if err != nil {
			t.Fatalf("reading: %v", err)
		}
		begin = false
		for _, record := range page.Records {
			if record.Key == "" || record.Version.IsZero() || len(record.Fields) == 0 {
				t.Errorf("a record lacks key, version or fields: %q", record.Key)
			}
			if _, err := json.Marshal(record.Fields); err != nil {
				t.Errorf("record %s cannot be stored: %v", record.Key, err)
			}
			seen[record.Key]++
		}
		if page.Next == "" {
			t.Fatal("a page has no checkpoint")
		}
		r.checkpoint = page.Next
		if !page.More {
			return seen
		}
	}
	return seen
}

const allPages = 10_000

// whole fails the test unless every key was seen.
func whole(t *testing.T, keys []string, seen ...map[string]int) {
	t.Helper()
	for _, key := range keys {
		if !slices.ContainsFunc(seen, func(m map[string]int) bool { return m[key] > 0 }) {
			t.Errorf("record %s was not read", key)
		}
	}
}

func (s Setup) read(t *testing.T, source Source) {
	t.Run("every page without a gap", func(t *testing.T) {
		r := s.reading(t, source)
		seen := r.run(t, true, allPages)
		whole(t, source.Keys(), seen)
		for key, n := range seen {
			if n > 1 {
				t.Errorf("record %s came %d times though nothing changed", key, n)
			}
		}
	})
	t.Run("goes on from a checkpoint after a crash", func(t *testing.T) {
		r := s.reading(t, source)
		before := r.run(t, true, 2)
		again := s.reading(t, source) // another process
		again.checkpoint = r.checkpoint
		whole(t, source.Keys(), before, again.run(t, true, allPages))
	})
	t.Run("what changes while it is read comes again", func(t *testing.T) {
		r := s.reading(t, source)
		before := r.run(t, true, 1)
		var early string
		for key := range before {
			early = key
			break
		}
		if early == "" {
			t.Fatal("the first page is empty")
		}
		source.Change(t, early)
		after := r.run(t, false, allPages)
		whole(t, source.Keys(), before, after)
		if after[early] == 0 {
			t.Errorf("record %s changed behind the checkpoint and did not come again", early)
		}
	})
	t.Run("a run without news ends at once and misses nothing later", func(t *testing.T) {
		r := s.reading(t, source)
		r.run(t, true, allPages)
		r.run(t, true, allPages)
		key := source.Keys()[0]
		source.Change(t, key)
		if seen := r.run(t, true, allPages); seen[key] == 0 {
			t.Errorf("the change of record %s was missed", key)
		}
	})
	t.Run("versions grow", func(t *testing.T) {
		r := s.reading(t, source)
		key := source.Keys()[0]
		one := r.one(t, key)
		source.Change(t, key)
		two := r.one(t, key)
		if one.Version.Compare(two.Version) >= 0 {
			t.Errorf("after a change the version went from %+v to %+v", one.Version, two.Version)
		}
	})
	t.Run("single records", func(t *testing.T) {
		r := s.reading(t, source)
		keys := source.Keys()
		keys = append(keys[:min(3, len(keys)):min(3, len(keys))], "nobody-has-this")
		records, err := r.reader.ReadOne(t.Context(), source.Kind, source.Settings, keys)
		if err != nil || len(records) != len(keys)-1 {
			t.Errorf("%d of %d records, %v", len(records), len(keys)-1, err)
		}
	})
	t.Run("failures", func(t *testing.T) { s.readFailures(t, source) })
}

func (r *reading) one(t *testing.T, key string) connector.Record {
	t.Helper()
	records, err := r.reader.ReadOne(t.Context(), r.source.Kind, r.source.Settings, []string{key})
	if err != nil || len(records) != 1 {
		t.Fatalf("record %s: %d records, %v", key, len(records), err)
	}
	return records[0]
}

func (s Setup) readFailures(t *testing.T, source Source) {
	r := s.reading(t, source)
	r.wire.with(cut)
	_, err := r.reader.Read(t.Context(), r.ask(true))
	r.fails(t, err, fault.Retry)
	r.wire.with(answer(401, nil, ""))
	_, err = r.reader.Read(t.Context(), r.ask(true))
	r.fails(t, err, fault.Pause)
	r.wire.with(answer(429, map[string]string{"Retry-After": "3"}, ""))
	_, err = r.reader.Read(t.Context(), r.ask(true))
	if problem := r.fails(t, err, fault.Wait); problem.After != 3*time.Second {
		t.Errorf("waits %s, told to wait 3s", problem.After)
	}
	r.wire.with(silent)
	_, err = r.reader.Read(soon(t), r.ask(true))
	r.fails(t, err, fault.Retry)
	r.wire.with(nil)
	whole(t, source.Keys(), r.run(t, true, allPages)) // a failure moves nothing
	r.checkpoint = "rubbish"
	if _, err := r.reader.Read(t.Context(), r.ask(true)); err == nil {
		t.Error("a checkpoint that is none was accepted")
	}
}
