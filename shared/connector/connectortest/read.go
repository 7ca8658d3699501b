package connectortest

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"apicenter/shared/connector"
	"apicenter/shared/model"
)

// reading goes through the pages of a source.
type reading struct {
	*line
	setup      Setup
	reader     connector.Reader
	source     Source
	mode       connector.Mode
	checkpoint string
	pages      int // read so far
}

func (s Setup) reading(t tester, source Source) *reading {
	t.Helper()
	return s.readingAt(t, source, nil, time.Now)
}

func (s Setup) readingAt(t tester, source Source, change map[string]string, now func() time.Time) *reading {
	t.Helper()
	l := s.openAt(t, change, now)
	reader, ok := l.session.(connector.Reader)
	if !ok {
		t.Fatalf("the session cannot be read")
	}
	return &reading{line: l, setup: s, reader: reader, source: source, mode: connector.Incremental}
}

func (r *reading) ask(begin bool) connector.ReadRequest {
	return connector.ReadRequest{Kind: r.source.Kind, Mode: r.mode, Checkpoint: r.checkpoint, Begin: begin,
		Limit: r.source.Page, Settings: r.source.Settings}
}

const allPages = 10_000

// run reads to the end of data, or for so many pages, and returns how often each key came.
func (r *reading) run(t tester, begin bool, pages int) map[string]int {
	t.Helper()
	seen := map[string]int{}
	for range pages {
		page, err := r.reader.Read(t.Context(), r.ask(begin))
		if err != nil {
			t.Fatalf("reading: %v", err)
		}
		begin = false
		r.pages++
		if len(page.Records) > r.source.Page {
			t.Errorf("a page has %d records, asked for %d", len(page.Records), r.source.Page)
		}
		for _, record := range page.Records {
			if record.Key == "" || record.Version.IsZero() || len(record.Fields) == 0 {
				t.Errorf("a record lacks key, version or fields: %q", record.Key)
			}
			if _, err := json.Marshal(record.Fields); err != nil {
				t.Errorf("record %s cannot be stored: %v", record.Key, err)
			}
			seen[record.Key]++
		}
		r.checkpoint = stored(t, page.Next)
		if !page.More {
			return seen
		}
	}
	if pages == allPages {
		t.Fatalf("the end of data never came")
	}
	return seen
}

// stored is a checkpoint after it was kept as JSON.
func stored(t tester, checkpoint string) string {
	t.Helper()
	if checkpoint == "" || !utf8.ValidString(checkpoint) {
		t.Fatalf("a page has no checkpoint that can be stored: %q", checkpoint)
	}
	text, err := json.Marshal(checkpoint)
	if err != nil {
		t.Fatalf("%v", err)
	}
	var out string
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatalf("%v", err)
	}
	return out
}

// whole fails the test unless every key was seen.
func whole(t tester, keys []string, seen ...map[string]int) {
	t.Helper()
	for _, key := range keys {
		if !slices.ContainsFunc(seen, func(m map[string]int) bool { return m[key] > 0 }) {
			t.Errorf("record %s was not read", key)
		}
	}
}

// change has the system change a record.
func (r *reading) change(t tester, key string) {
	t.Helper()
	if err := r.source.Change(key); err != nil {
		t.Fatalf("changing record %s: %v", key, err)
	}
}

func (s Setup) read(t tester, source Source) {
	for _, q := range slices.Concat(readQuestions(), readFailures()) {
		t.Run(q.says, func(t tester) { q.ask(t, s.reading(t, source)) })
	}
}

func readQuestions() []question[*reading] {
	return []question[*reading]{
		{"every page without a gap", func(t tester, r *reading) {
			seen := r.run(t, true, allPages)
			if r.pages < 3 {
				t.Errorf("%d pages show nothing: the system needs more records, or the setup a smaller page", r.pages)
			}
			whole(t, r.source.Keys(), seen)
			for key, n := range seen {
				if n > 1 {
					t.Errorf("record %s came %d times though nothing changed", key, n)
				}
			}
		}},
		{"everything once more in full mode", func(t tester, r *reading) {
			r.run(t, true, allPages)
			r.mode, r.checkpoint = connector.Full, ""
			whole(t, r.source.Keys(), r.run(t, true, allPages))
		}},
		{"goes on after a crash", func(t tester, r *reading) {
			before := r.run(t, true, 1)
			kept := r.checkpoint
			r.run(t, false, 1) // the process dies with these in hand
			again := r.setup.reading(t, r.source)
			again.checkpoint = kept
			whole(t, r.source.Keys(), before, again.run(t, true, allPages))
		}},
		{"what changes while it is read comes again", func(t tester, r *reading) {
			before := r.run(t, true, 1)
			after := map[string]int{}
			var early []string
			for range 3 {
				for _, key := range slices.Sorted(maps.Keys(before))[:1] {
					early = append(early, key)
					r.change(t, key)
				}
				for _, key := range r.source.Keys() { // and one that was not read yet
					if before[key]+after[key] == 0 {
						r.change(t, key)
						break
					}
				}
				for key, n := range r.run(t, false, 1) {
					after[key] += n
				}
			}
			for key, n := range r.run(t, false, allPages) {
				after[key] += n
			}
			whole(t, r.source.Keys(), before, after)
			for _, key := range early {
				if after[key] == 0 {
					t.Errorf("record %s changed behind the checkpoint and did not come again", key)
				}
			}
		}},
		{"a run without news misses nothing later", func(t tester, r *reading) {
			r.run(t, true, allPages)
			r.run(t, true, allPages)
			key := r.source.Keys()[0]
			r.change(t, key)
			if seen := r.run(t, true, allPages); seen[key] == 0 {
				t.Errorf("the change of record %s was missed", key)
			}
		}},
		{"what shows behind newer ones is found", late},
		{"versions grow", func(t tester, r *reading) {
			key := r.source.Keys()[0]
			one := r.one(t, key)
			r.change(t, key)
			if two := r.one(t, key); one.Version.Compare(two.Version) >= 0 {
				t.Errorf("after a change the version went from %+v to %+v", one.Version, two.Version)
			}
		}},
		{"single records", func(t tester, r *reading) {
			keys := slices.Clone(r.source.Keys())
			keys = keys[:min(3, len(keys))]
			records, err := r.reader.ReadOne(t.Context(), r.source.Kind, r.source.Settings, append(slices.Clone(keys), "nobody-has-this"))
			if err != nil {
				t.Fatalf("%v", err)
			}
			got := map[string]int{}
			for _, record := range records {
				got[record.Key]++
			}
			whole(t, keys, got)
			if len(got) != len(keys) {
				t.Errorf("%d records came, asked for %d that exist", len(got), len(keys))
			}
			for _, none := range [][]string{nil, {"nobody-has-this"}} {
				if records, err := r.reader.ReadOne(t.Context(), r.source.Kind, r.source.Settings, none); err != nil || len(records) != 0 {
					t.Errorf("asked for %v: %d records, %v", none, len(records), err)
				}
			}
		}},
		{"texts and amounts arrive as they are", func(t tester, r *reading) {
			for key, fields := range r.source.Holds {
				record := r.one(t, key)
				for path, want := range fields {
					if got := leaf(record.Fields, path); got != want {
						t.Errorf("record %s: %s is %q, want %q", key, path, got, want)
					}
				}
			}
		}},
		{"several at a time", func(t tester, r *reading) {
			keys := r.source.Keys()
			parallel(func(i int) {
				if _, err := r.reader.Read(t.Context(), r.ask(true)); err != nil {
					t.Errorf("%v", err)
				}
				if records, err := r.reader.ReadOne(t.Context(), r.source.Kind, r.source.Settings, keys[i:i+1]); err != nil || len(records) != 1 {
					t.Errorf("%d records, %v", len(records), err)
				}
			})
		}},
	}
}

func (r *reading) one(t tester, key string) connector.Record {
	t.Helper()
	records, err := r.reader.ReadOne(t.Context(), r.source.Kind, r.source.Settings, []string{key})
	if err != nil || len(records) != 1 {
		t.Fatalf("record %s: %d records, %v", key, len(records), err)
	}
	return records[0]
}

// late: a record whose change shows only after newer ones were read is found by a later run, however often runs came between.
func late(t tester, r *reading) {
	l := r.source.Late
	if l == nil {
		return
	}
	window := r.setup.Connector.Source[r.source.Kind].LateWindow
	held := r.setup.readingAt(t, r.source, l.Settings, l.Now)
	seen := held.run(t, true, allPages)
	if len(seen) == 0 || len(seen) == len(l.Keys()) {
		t.Fatalf("%d of %d records showed at once: the system shows nothing late", len(seen), len(l.Keys()))
	}
	for range 4 {
		l.Advance(window / 4)
		maps.Copy(seen, held.run(t, true, allPages))
	}
	whole(t, l.Keys(), seen)
}

// leaf returns the value at a path such as "lines.0.text" as text.
func leaf(tree model.Tree, path string) string {
	var v any = tree
	for part := range strings.SplitSeq(path, ".") {
		switch inner := v.(type) {
		case model.Tree:
			v = inner[part]
		case []any:
			i, err := strconv.Atoi(part)
			if err != nil || i >= len(inner) {
				return ""
			}
			v = inner[i]
		default:
			return ""
		}
	}
	return fmt.Sprint(v)
}
