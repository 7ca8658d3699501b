package sqlitefile_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"apicenter/shared/sqlitefile"
)

// childPath tells a re-executed test binary which file to write to.
const childPath = "SQLITEFILE_CHILD"

func TestMain(m *testing.M) {
	if path := os.Getenv(childPath); path != "" {
		child(path)
	}
	os.Exit(m.Run())
}

// child writes numbers from several goroutines for ever and prints each one after it was confirmed.
func child(path string) {
	f, err := sqlitefile.Open(path)
	if err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
	var out sync.Mutex
	var group sync.WaitGroup
	for who := range 4 {
		group.Go(func() {
			for n := who; ; n += 4 {
				if err := f.Write(ctx(), insert(n, "child")); err != nil {
					fmt.Println("error:", err)
					os.Exit(1)
				}
				out.Lock()
				fmt.Println(n)
				out.Unlock()
			}
		})
	}
	group.Wait()
}

func TestConfirmedWritesSurviveAKill(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data.db")
	f := openAt(t, path)
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	command, lines := startChild(t, path)
	var confirmed []int
	for lines.Scan() {
		n, err := strconv.Atoi(lines.Text())
		if err != nil {
			t.Fatalf("the child says %q", lines.Text())
		}
		if confirmed = append(confirmed, n); len(confirmed) == 200 {
			break
		}
	}
	if err := command.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	for lines.Scan() { // confirmed between the last line and the kill
		if n, err := strconv.Atoi(lines.Text()); err == nil {
			confirmed = append(confirmed, n)
		}
	}
	_ = command.Wait() // it was killed, which is an error
	stored := numbers(t, openAt(t, path))
	for _, n := range confirmed {
		if _, found := slices.BinarySearch(stored, n); !found {
			t.Errorf("%d was confirmed and is lost", n)
		}
	}
}

func TestSecondProcessIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data.db")
	f := openAt(t, path)
	_, lines := startChild(t, path)
	lines.Scan()
	want := fmt.Sprintf("in use by another process (pid %d); stop it first", os.Getpid())
	if !strings.Contains(lines.Text(), want) {
		t.Errorf("the second process: got %q, want %q", lines.Text(), want)
	}
	if _, err := sqlitefile.Open(path); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("a second Open: %v", err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	openAt(t, path)
}

func startChild(t *testing.T, path string) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	command := exec.Command(os.Args[0], "-test.run=^$")
	command.Env = append(os.Environ(), childPath+"="+path)
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
	})
	return command, bufio.NewScanner(out)
}

func TestDamagedFileIsRefusedAndLeftAsItIs(t *testing.T) {
	good := filepath.Join(t.TempDir(), "good.db")
	f := openAt(t, good)
	for n := range 2000 {
		if err := f.Write(t.Context(), insert(n, strings.Repeat("x", 100))); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	database, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	overwrite := func(from, to int) []byte {
		data := bytes.Clone(database)
		for i := from; i < to; i++ {
			data[i] = 0xA5
		}
		return data
	}
	for name, data := range map[string][]byte{
		"text":        []byte("dear diary"),
		"long text":   bytes.Repeat([]byte("dear diary\n"), 1000),
		"zeros":       make([]byte, 8192),
		"first page":  overwrite(100, 4096),
		"header":      overwrite(16, 100),
		"cut off":     database[:len(database)/2],
		"one letter":  []byte("S"),
		"half a name": database[:8],
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "data.db")
			if err := os.WriteFile(path, data, 0o600); err != nil {
				t.Fatal(err)
			}
			f, err := sqlitefile.Open(path)
			if err == nil {
				_ = f.Close()
				t.Fatal("it was opened")
			}
			if !strings.Contains(err.Error(), "is damaged") || !strings.Contains(err.Error(), path) {
				t.Errorf("not a sentence for an owner: %v", err)
			}
			after, err := os.ReadFile(path)
			if err != nil || !bytes.Equal(after, data) {
				t.Errorf("the file was changed (%v)", err)
			}
		})
	}
	t.Run("page in the middle", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "data.db")
		if err := os.WriteFile(path, overwrite(8192, len(database)), 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := sqlitefile.Open(path) // the first pages are good, so it opens
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		for what, use := range map[string]func() error{
			"Read": func() error {
				return f.Read(t.Context(), func(tx *sqlitefile.Tx) error {
					var n int
					return tx.QueryRow("SELECT count(who) FROM numbers").Scan(&n)
				})
			},
			"Write": func() error {
				return f.Write(t.Context(), func(tx *sqlitefile.Tx) error {
					_, err := tx.Exec("UPDATE numbers SET who = 'new'")
					return err
				})
			},
		} {
			if err := use(); err == nil || strings.Count(err.Error(), "is damaged; restore it from a copy") != 1 {
				t.Errorf("%s: %v", what, err)
			}
		}
	})
}

// A bound on the number of pages makes SQLite answer as it does on a full disk, whole transaction lost included.
func TestFullDiskFailsEveryCallThatLostItsChanges(t *testing.T) {
	f := open(t)
	if err := f.Write(t.Context(), insert(1, "before")); err != nil {
		t.Fatal(err)
	}
	if err := f.Write(t.Context(), func(tx *sqlitefile.Tx) error {
		var pages int
		return tx.QueryRow("PRAGMA max_page_count = 20").Scan(&pages)
	}); err != nil {
		t.Fatal(err)
	}
	huge := func(tx *sqlitefile.Tx) error {
		_, err := tx.Exec("INSERT INTO numbers (n, who) VALUES (2, hex(zeroblob(200000)))")
		return err
	}
	swallows := func(tx *sqlitefile.Tx) error {
		_ = huge(tx)
		return nil
	}
	for name, middle := range map[string]func(*sqlitefile.Tx) error{"reported": huge, "swallowed": swallows} {
		errs := together(t, f, insert(3, ""), middle, insert(4, ""))
		stored := numbers(t, f)
		for i, n := range []int{3, 2, 4} {
			if saved := slices.Contains(stored, n); saved && errs[i] != nil {
				t.Errorf("%s: call %d is stored but got %v", name, i, errs[i])
			} else if !saved && errs[i] == nil && i != 1 {
				t.Errorf("%s: call %d was confirmed and is lost", name, i)
			}
		}
		if name == "reported" && (errs[1] == nil || !strings.Contains(errs[1].Error(), "the disk is full")) {
			t.Errorf("%s: %v", name, errs[1])
		}
		if err := f.Write(t.Context(), func(tx *sqlitefile.Tx) error {
			_, err := tx.Exec("DELETE FROM numbers WHERE n > 1")
			return err
		}); err != nil {
			t.Errorf("%s: the next call: %v", name, err)
		}
		if got := fmt.Sprint(numbers(t, f)); got != "[1]" {
			t.Errorf("%s: left %s", name, got)
		}
	}
}

func TestWriterEndingItsTransactionIsNoticed(t *testing.T) {
	f := open(t)
	ends := func(tx *sqlitefile.Tx) error {
		_, err := tx.Exec("ROLLBACK")
		return err
	}
	errs := together(t, f, insert(1, ""), ends, insert(2, ""))
	for i, err := range errs {
		if err == nil {
			t.Errorf("call %d was confirmed and is lost", i)
		}
	}
	if err := f.Write(t.Context(), ends); err == nil {
		t.Error("alone: no error")
	}
	if err := f.Write(t.Context(), insert(3, "")); err != nil {
		t.Errorf("the next call: %v", err)
	}
	if got := fmt.Sprint(numbers(t, f)); got != "[3]" {
		t.Errorf("numbers: %s", got)
	}
}

func TestErasedRowsLeaveNoTrace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data.db")
	f := openAt(t, path)
	const rows = 300
	marker := func(n int) string { return fmt.Sprintf("nobody may read line %04d again", n) }
	// Rows of all lengths in no order make SQLite split pages and move rows; deleting alone leaves traces of some then.
	random := rand.New(rand.NewPCG(1, 1))
	for _, n := range random.Perm(rows) {
		if err := f.Write(t.Context(), insert(n, marker(n)+strings.Repeat("y", random.IntN(900)))); err != nil {
			t.Fatal(err)
		}
	}
	if !onDisk(t, path, marker(7)) {
		t.Fatal("the rows are not on the disk: this test proves nothing")
	}
	for _, n := range random.Perm(rows)[:60] {
		if err := f.Erase(t.Context(), func(tx *sqlitefile.Tx) error {
			for _, s := range []string{
				"CREATE TEMP TABLE remaining AS SELECT * FROM numbers WHERE n <> " + strconv.Itoa(n),
				"DELETE FROM numbers",
				"INSERT INTO numbers SELECT * FROM remaining",
				"DROP TABLE remaining",
			} {
				if _, err := tx.Exec(s); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if onDisk(t, path, marker(n)) {
			t.Errorf("the erased row %d can still be read", n)
		}
	}
	if got := len(numbers(t, f)); got != rows-60 {
		t.Errorf("%d others are left, want %d", got, rows-60)
	}
}

func onDisk(t *testing.T, path, marker string) bool {
	t.Helper()
	for _, name := range []string{path, path + "-wal"} {
		data, err := os.ReadFile(name)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		if bytes.Contains(data, []byte(marker)) {
			return true
		}
	}
	return false
}
