package sqlitestore

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"apicenter/shared/model"
	"apicenter/shared/sqlitefile"
	"apicenter/shared/store"
)

func openFile(t testing.TB) (*sqlitefile.File, *Store) {
	t.Helper()
	f, err := sqlitefile.Open(filepath.Join(t.TempDir(), "data.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	s, err := Open(t.Context(), f, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return f, s
}

func benchEntries(from int) []store.Entry {
	list := make([]store.Entry, 50)
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	for i := range list {
		key := fmt.Sprintf("order-%07d", from+i)
		list[i] = store.Entry{Key: key, State: store.Delivered, Version: model.Version{Marker: 7, Read: at}, FirstTried: at,
			Fingerprint: "0123456789abcdef0123456789abcdef", TargetID: key, Reference: "W1-" + key, Activity: "01JC0000000000000000000000"}
	}
	return list
}

// BenchmarkLedger is what the ledger costs a message of 50 records, the disk apart: many batches share one commit.
func BenchmarkLedger(b *testing.B) {
	f, s := openFile(b)
	scope := store.FlowScope("tenant-01JC0000000000000000000000", "flow-01JC0000000000000000000000")
	for from := 0; from < 20_000; from += 50 { // a table that is no longer small
		if _, err := s.SaveEntries(b.Context(), scope, benchEntries(from)); err != nil {
			b.Fatal(err)
		}
	}
	keys := make([]string, 50)
	for i, e := range benchEntries(10_000) {
		keys[i] = e.Key
	}
	b.Run("Entries of 50", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := s.Entries(b.Context(), scope, keys); err != nil {
				b.Fatal(err)
			}
		}
	})
	save := func(b *testing.B, next func(n int) []store.Entry) {
		b.ReportAllocs()
		if err := f.Write(b.Context(), func(tx *sqlitefile.Tx) error {
			scope, err := s.scopeNumber(tx, scope)
			if err != nil {
				return err
			}
			for n := 0; b.Loop(); n++ {
				revisions, err := saveEntries(tx, scope, next(n))
				if err != nil || revisions[49] == 0 {
					return fmt.Errorf("saved %v: %w", revisions, err)
				}
			}
			return nil
		}); err != nil {
			b.Fatal(err)
		}
	}
	created := 1_000_000
	b.Run("SaveEntries of 50 new", func(b *testing.B) {
		save(b, func(int) []store.Entry { created += 50; return benchEntries(created) })
	})
	b.Run("SaveEntries of 50 known", func(b *testing.B) {
		var list []store.Entry
		save(b, func(n int) []store.Entry {
			if n == 0 {
				var err error
				if list, err = s.Entries(b.Context(), scope, keys); err != nil {
					b.Fatal(err)
				}
				return list
			}
			for i := range list {
				list[i].Revision++
			}
			return list
		})
	})
}

// BenchmarkMessage is all that a message of 50 records asks of the store, with its commits, from 8 lanes at a time.
func BenchmarkMessage(b *testing.B) {
	f, s := openFile(b)
	payload := make([]byte, 30<<10)
	before := f.Counts()
	b.SetParallelism(4)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		id := fmt.Sprintf("%p", pb)
		scope := store.FlowScope("tenant", id)
		for n := 0; pb.Next(); n++ {
			entries := benchEntries(n * 50)
			for range 2 { // noted as unsure, then as delivered
				revisions, err := s.SaveEntries(b.Context(), scope, entries)
				if err != nil {
					b.Error(err)
					return
				}
				for i := range entries {
					entries[i].Revision = revisions[i]
				}
			}
			at := time.Now()
			if err := s.AppendChunk(b.Context(), store.Chunk{Tenant: "tenant", Flow: id, Run: "run", ID: fmt.Sprintf("%08d", n), At: at,
				Expires: at.Add(time.Hour), Counts: map[model.Outcome]int{model.Delivered: 50}, Payload: payload}); err != nil {
				b.Error(err)
			}
		}
	})
	b.ReportMetric(float64(f.Counts().Commits-before.Commits)/float64(b.N), "commits/op")
}
