package sqlitefile_test

import (
	"context"
	"sync/atomic"
	"testing"

	"apicenter/shared/sqlitefile"
)

func ctx() context.Context { return context.Background() }

// BenchmarkWrite has callers insert one row each; "commits/op" shows how many share a commit.
func BenchmarkWrite(b *testing.B) {
	for _, callers := range []struct {
		name string
		n    int
	}{{"1 caller", 1}, {"8 callers", 8}, {"64 callers", 64}} {
		b.Run(callers.name, func(b *testing.B) {
			f := open(b)
			var n atomic.Int64
			before := f.Counts().Commits
			b.ReportAllocs()
			b.ResetTimer()
			run(b, callers.n, func() error { return f.Write(ctx(), insert(int(n.Add(1)), "somebody")) })
			b.ReportMetric(float64(f.Counts().Commits-before)/float64(b.N), "commits/op")
		})
	}
}

// BenchmarkCall is what a call costs apart from the disk: it changes nothing, so that nothing is made durable.
func BenchmarkCall(b *testing.B) {
	f := open(b)
	nothing := func(tx *sqlitefile.Tx) error {
		var n int
		return tx.QueryRow("SELECT 1").Scan(&n)
	}
	b.Run("write", func(b *testing.B) {
		b.ReportAllocs()
		run(b, 8, func() error { return f.Write(ctx(), nothing) })
	})
	b.Run("read", func(b *testing.B) {
		b.ReportAllocs()
		run(b, 8, func() error { return f.Read(ctx(), nothing) })
	})
}

// run spreads b.N calls over callers goroutines.
func run(b *testing.B, callers int, call func() error) {
	b.Helper()
	var left atomic.Int64
	left.Store(int64(b.N))
	errs := make(chan error, callers)
	for range callers {
		go func() {
			for left.Add(-1) >= 0 {
				if err := call(); err != nil {
					errs <- err
					return
				}
			}
			errs <- nil
		}()
	}
	for range callers {
		if err := <-errs; err != nil {
			b.Fatal(err)
		}
	}
}
