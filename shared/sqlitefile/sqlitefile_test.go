package sqlitefile_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"apicenter/shared/fault"
	"apicenter/shared/sqlitefile"
)

func open(t testing.TB) *sqlitefile.File {
	t.Helper()
	return openAt(t, filepath.Join(t.TempDir(), "data.db"))
}

func openAt(t testing.TB, path string) *sqlitefile.File {
	t.Helper()
	f, err := sqlitefile.Open(path)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	if err := f.Migrate(t.Context(), "test", []string{"CREATE TABLE numbers (n INTEGER PRIMARY KEY, who TEXT)"}); err != nil {
		t.Fatalf("Migrate: %v", err)
	}
	return f
}

func insert(n int, who string) func(*sqlitefile.Tx) error {
	return func(tx *sqlitefile.Tx) error {
		_, err := tx.Exec("INSERT INTO numbers (n, who) VALUES (?, ?)", n, who)
		return err
	}
}

func numbers(t testing.TB, f *sqlitefile.File) []int {
	t.Helper()
	var out []int
	if err := f.Read(t.Context(), func(tx *sqlitefile.Tx) error {
		rows, err := tx.Query("SELECT n FROM numbers ORDER BY n")
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var n int
			if err := rows.Scan(&n); err != nil {
				return err
			}
			out = append(out, n)
		}
		return rows.Err()
	}); err != nil {
		t.Fatalf("Read: %v", err)
	}
	return out
}

// together runs calls so that all but the first wait while the first still runs, and so share one commit.
func together(t *testing.T, f *sqlitefile.File, calls ...func(*sqlitefile.Tx) error) []error {
	t.Helper()
	errs := make([]error, len(calls))
	started, goOn := make(chan struct{}), make(chan struct{})
	var group sync.WaitGroup
	group.Go(func() {
		if err := f.Write(t.Context(), func(*sqlitefile.Tx) error {
			close(started)
			<-goOn
			return nil
		}); err != nil {
			t.Errorf("the call in front: %v", err)
		}
	})
	<-started
	queued := make(chan struct{}, len(calls))
	for i, do := range calls {
		group.Go(func() {
			errs[i] = f.Write(signalling{t.Context(), queued}, do)
		})
		<-queued
	}
	close(goOn)
	group.Wait()
	return errs
}

// signalling is a context that tells when its Done was asked for, which a call does once it is queued.
type signalling struct {
	context.Context
	asked chan struct{}
}

func (s signalling) Done() <-chan struct{} {
	s.asked <- struct{}{}
	return s.Context.Done()
}

func TestOneCallsErrorUndoesItsOwnChangesOnly(t *testing.T) {
	f := open(t)
	refused := errors.New("refused")
	before := f.Counts().Commits
	errs := together(t, f,
		insert(1, "a"),
		func(tx *sqlitefile.Tx) error {
			if err := insert(2, "b")(tx); err != nil {
				return err
			}
			return refused
		},
		insert(1, "twice the same number"),
		insert(3, "c"),
		func(tx *sqlitefile.Tx) error {
			if err := insert(4, "d")(tx); err != nil {
				return err
			}
			panic("a mistake")
		},
		insert(5, "e"),
	)
	if errs[0] != nil || errs[3] != nil || errs[5] != nil {
		t.Errorf("good calls failed: %v", errs)
	}
	if !errors.Is(errs[1], refused) {
		t.Errorf("error of the refused call: %v", errs[1])
	}
	if errs[2] == nil {
		t.Error("a repeated primary key was no error")
	}
	if fault.ClassOf(errs[4]) != fault.Bug {
		t.Errorf("class of a panic: got %v (%v), want bug", fault.ClassOf(errs[4]), errs[4])
	}
	if got, want := fmt.Sprint(numbers(t, f)), "[1 3 5]"; got != want {
		t.Errorf("numbers: got %s, want %s", got, want)
	}
	// One for the call in front, one for the six.
	if got := f.Counts().Commits - before; got != 2 {
		t.Errorf("commits: got %d, want 2", got)
	}
}

func TestErrorOfTheOnlyCallUndoesIt(t *testing.T) {
	f := open(t)
	if err := f.Write(t.Context(), func(tx *sqlitefile.Tx) error {
		if err := insert(1, "a")(tx); err != nil {
			return err
		}
		panic("a mistake")
	}); fault.ClassOf(err) != fault.Bug {
		t.Errorf("got %v, want a bug", err)
	}
	if got := numbers(t, f); len(got) != 0 {
		t.Errorf("left behind: %v", got)
	}
}

func TestCallsOfOneGoroutineKeepTheirOrder(t *testing.T) {
	f := open(t)
	if err := f.Migrate(t.Context(), "order", []string{
		"CREATE TABLE sequence (id INTEGER PRIMARY KEY AUTOINCREMENT, who INTEGER, step INTEGER)"}); err != nil {
		t.Fatal(err)
	}
	const goroutines, steps = 8, 50
	var group sync.WaitGroup
	for who := range goroutines {
		group.Go(func() {
			for step := range steps {
				if err := f.Write(t.Context(), func(tx *sqlitefile.Tx) error {
					_, err := tx.Exec("INSERT INTO sequence (who, step) VALUES (?, ?)", who, step)
					return err
				}); err != nil {
					t.Errorf("Write: %v", err)
				}
				// What was written can be read at once.
				var seen int
				if err := f.Read(t.Context(), func(tx *sqlitefile.Tx) error {
					return tx.QueryRow("SELECT count(*) FROM sequence WHERE who = ?", who).Scan(&seen)
				}); err != nil || seen != step+1 {
					t.Errorf("after step %d: read %d rows, %v", step, seen, err)
				}
			}
		})
	}
	group.Wait()
	var wrong int
	if err := f.Read(t.Context(), func(tx *sqlitefile.Tx) error {
		return tx.QueryRow(`SELECT count(*) FROM sequence a JOIN sequence b
			ON a.who = b.who AND a.id < b.id AND a.step >= b.step`).Scan(&wrong)
	}); err != nil || wrong != 0 {
		t.Errorf("%d pairs out of order, %v", wrong, err)
	}
}

func TestEndedContextIsNotRun(t *testing.T) {
	f := open(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	ran := false
	do := func(*sqlitefile.Tx) error { ran = true; return nil }
	if err := f.Write(ctx, do); !errors.Is(err, context.Canceled) || ran {
		t.Errorf("Write: %v, ran %v", err, ran)
	}
	if err := f.Read(ctx, do); !errors.Is(err, context.Canceled) || ran {
		t.Errorf("Read: %v, ran %v", err, ran)
	}
}

func TestContextThatEndsWhileQueuedIsNotRun(t *testing.T) {
	f := open(t)
	started, goOn := make(chan struct{}), make(chan struct{})
	front := make(chan error, 1)
	go func() {
		front <- f.Write(t.Context(), func(*sqlitefile.Tx) error {
			close(started)
			<-goOn
			return nil
		})
	}()
	<-started
	ctx, cancel := context.WithCancel(t.Context())
	asked := make(chan struct{}, 1)
	ran := false
	behind := make(chan error, 1)
	go func() {
		behind <- f.Write(signalling{ctx, asked}, func(*sqlitefile.Tx) error { ran = true; return nil })
	}()
	<-asked
	cancel()
	if err := <-behind; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want canceled", err)
	}
	close(goOn)
	if err := <-front; err != nil {
		t.Errorf("the call in front: %v", err)
	}
	if err := f.Write(t.Context(), insert(1, "")); err != nil || ran {
		t.Errorf("afterwards: %v; the call taken back ran: %v", err, ran)
	}
}

func TestGoroutineEndedInsideACallDoesNotStopTheOthers(t *testing.T) {
	f := open(t)
	errs := together(t, f, insert(1, ""), func(*sqlitefile.Tx) error { runtime.Goexit(); return nil })
	if errs[0] == nil || errs[1] == nil {
		t.Errorf("both shared the stopped transaction: %v", errs)
	}
	if err := f.Write(t.Context(), insert(2, "")); err != nil {
		t.Errorf("the next call: %v", err)
	}
	if got := fmt.Sprint(numbers(t, f)); got != "[2]" {
		t.Errorf("numbers: %s", got)
	}
}

func TestReadSeesOneMoment(t *testing.T) {
	f := open(t)
	if err := f.Read(t.Context(), func(tx *sqlitefile.Tx) error {
		var before, after int
		if err := tx.QueryRow("SELECT count(*) FROM numbers").Scan(&before); err != nil {
			return err
		}
		if err := f.Write(t.Context(), insert(1, "")); err != nil {
			return err
		}
		if err := tx.QueryRow("SELECT count(*) FROM numbers").Scan(&after); err != nil {
			return err
		}
		if before != 0 || after != 0 {
			t.Errorf("counted %d, then %d", before, after)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if err := f.Read(t.Context(), func(tx *sqlitefile.Tx) error {
		_, err := tx.Exec("DELETE FROM numbers")
		return err
	}); err == nil {
		t.Error("a read was let change the file")
	}
	if got := len(numbers(t, f)); got != 1 {
		t.Errorf("afterwards: %d numbers", got)
	}
}

func TestMigrationsRunOnceAndNewerFilesAreRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "folder", "a file?with #odd 100% name.db")
	f, err := sqlitefile.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	steps := []string{"CREATE TABLE a (x)", "INSERT INTO a VALUES (1)", "INSERT INTO a VALUES (2)"}
	for n := range len(steps) + 1 {
		if err := f.Migrate(t.Context(), "store", steps[:n]); err != nil {
			t.Fatalf("first %d: %v", n, err)
		}
	}
	if err := f.Migrate(t.Context(), "queue", []string{"CREATE TABLE b (x)"}); err != nil {
		t.Fatalf("another component: %v", err)
	}
	if err := f.Migrate(t.Context(), "store", append(steps, "INSERT INTO a VALUES (3)", "INSERT INTO nowhere VALUES (1)")); err == nil {
		t.Error("a wrong statement was no error")
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if f, err = sqlitefile.Open(path); err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Migrate(t.Context(), "store", steps); err != nil {
		t.Errorf("again: %v", err)
	}
	var rows int
	if err := f.Read(t.Context(), func(tx *sqlitefile.Tx) error {
		return tx.QueryRow("SELECT count(*) FROM a").Scan(&rows)
	}); err != nil || rows != 2 {
		t.Errorf("rows: got %d (%v), want 2", rows, err)
	}
	err = f.Migrate(t.Context(), "store", steps[:2])
	if err == nil || !strings.Contains(err.Error(), "newer release") {
		t.Errorf("a file of a newer release: %v", err)
	}
	info, err := os.Stat(path)
	if err != nil || (runtime.GOOS != "windows" && info.Mode().Perm() != 0o600) {
		t.Errorf("rights of the file: %v, %v", info.Mode(), err)
	}
}

func TestClosedFile(t *testing.T) {
	f, err := sqlitefile.Open(filepath.Join(t.TempDir(), "data.db"))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := f.Close(); err != nil {
			t.Fatalf("Close: %v", err)
		}
	}
	do := func(*sqlitefile.Tx) error { t.Error("ran"); return nil }
	if err := f.Write(t.Context(), do); err == nil || !strings.Contains(err.Error(), "was closed") {
		t.Errorf("Write: %v", err)
	}
	if err := f.Read(t.Context(), do); err == nil || !strings.Contains(err.Error(), "was closed") {
		t.Errorf("Read: %v", err)
	}
}

func TestCloseWaitsForWrites(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data.db")
	f := openAt(t, path)
	started, goOn := make(chan struct{}), make(chan struct{})
	done := make(chan error, 1)
	go func() {
		done <- f.Write(t.Context(), func(tx *sqlitefile.Tx) error {
			close(started)
			<-goOn
			return insert(1, "")(tx)
		})
	}()
	<-started
	closed := make(chan error, 1)
	go func() { closed <- f.Close() }()
	close(goOn)
	if err := errors.Join(<-done, <-closed); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path + "-wal"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the log is still there: %v", err)
	}
	if got := fmt.Sprint(numbers(t, openAt(t, path))); got != "[1]" {
		t.Errorf("numbers: %s", got)
	}
}

func TestCommitsWaitForTheDisk(t *testing.T) {
	f := open(t)
	var synchronous int
	var journal string
	if err := f.Write(t.Context(), func(tx *sqlitefile.Tx) error {
		return errors.Join(tx.QueryRow("PRAGMA synchronous").Scan(&synchronous), tx.QueryRow("PRAGMA journal_mode").Scan(&journal))
	}); err != nil {
		t.Fatal(err)
	}
	if synchronous != 2 || journal != "wal" {
		t.Errorf("got synchronous %d and journal %s, want 2 (full) and wal", synchronous, journal)
	}
}

func TestForgottenResultsAreClosed(t *testing.T) {
	f := open(t)
	for n := range 3 {
		if err := f.Write(t.Context(), insert(n, "")); err != nil {
			t.Fatal(err)
		}
	}
	forget := func(tx *sqlitefile.Tx) error {
		rows, err := tx.Query("SELECT n FROM numbers")
		if err != nil {
			return err
		}
		rows.Next()
		return rows.Err()
	}
	for range 10 {
		if err := errors.Join(f.Write(t.Context(), forget), f.Read(t.Context(), forget)); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Erase(t.Context(), func(tx *sqlitefile.Tx) error { // fails while a read is left open
		_, err := tx.Exec("DELETE FROM numbers")
		return err
	}); err != nil {
		t.Error(err)
	}
}
