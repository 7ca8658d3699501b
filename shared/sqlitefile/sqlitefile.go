// Package sqlitefile is one SQLite database file shared by the adapters of one process: one writer with group commit, many
// readers.
//
// The store, the queue and the keys of one machine lie in one such file; whoever wires the process opens it and passes it
// to their adapters. Each adapter brings its own tables (Migrate) and its own statements; this package knows neither. What
// it promises them: a Write that returned nil survives a power cut, one call's error never touches another call's changes,
// and no second process works on the same file.
package sqlitefile

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"

	_ "modernc.org/sqlite" // the driver named "sqlite"
)

// readers is how many read transactions run at a time; more callers wait.
const readers = 4

// File is an open database file. It is safe for concurrent use.
type File struct {
	path string
	lock *os.File

	writeDB, readDB *sql.DB
	pool            chan *Tx // idle reader connections; one that was never opened has no connection yet

	mu      sync.Mutex
	waiting []*call
	closed  bool
	wake    chan struct{} // holds one signal while calls wait; closed by Close
	stopped chan struct{} // closed when the writer has ended

	writes, commits, reads atomic.Int64
}

// Counts says how often a file was used since it was opened.
type Counts struct {
	Writes  int64 // calls of Write and Erase that were run
	Commits int64 // transactions they shared
	Reads   int64 // calls of Read
}

// Open opens the file at path, or makes it with its folders, readable by its owner only. The file stays locked until Close
// or the end of the process: a second process is told who holds it. A file that is not a database of SQLite, or a damaged
// one, is refused and left as it is.
func Open(path string) (*File, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("data file: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("the folder of the data file cannot be made: %w", err)
	}
	lock, err := takeLock(path)
	if err != nil {
		return nil, err
	}
	f := &File{path: path, lock: lock, pool: make(chan *Tx, readers),
		wake: make(chan struct{}, 1), stopped: make(chan struct{})}
	if err := f.open(); err != nil {
		if f.writeDB != nil {
			_ = f.writeDB.Close() // the reason to give up is the error that counts
		}
		_ = lock.Close()
		return nil, err
	}
	return f, nil
}

func (f *File) open() error {
	if err := prepareFile(f.path); err != nil {
		return err
	}
	var err error
	if f.writeDB, err = sql.Open("sqlite", address(f.path,
		"busy_timeout(10000)",
		"journal_mode(WAL)",
		"synchronous(FULL)", // in WAL mode NORMAL loses the last commits when power fails
		"fullfsync(1)",      // macOS: an ordinary fsync stops at the drive's cache
		"foreign_keys(0)",
		"secure_delete(FAST)", // deleted rows are zeroed where that costs no further page; see Erase
		"temp_store(MEMORY)",
		"cache_size(-2000)",
		"wal_autocheckpoint(4000)",
		"journal_size_limit(67108864)",
	)); err != nil {
		return fmt.Errorf("the data file %s cannot be opened: %w", f.path, err)
	}
	f.writeDB.SetMaxOpenConns(1)
	if f.readDB, err = sql.Open("sqlite", address(f.path,
		"busy_timeout(10000)", "query_only(1)", "temp_store(MEMORY)", "cache_size(-500)")); err != nil {
		return fmt.Errorf("the data file %s cannot be opened: %w", f.path, err)
	}
	f.readDB.SetMaxOpenConns(readers)
	f.readDB.SetMaxIdleConns(readers)
	for range readers {
		f.pool <- &Tx{}
	}
	conn, err := f.writeDB.Conn(context.Background())
	if err != nil {
		return f.explain(fmt.Errorf("the data file %s cannot be opened: %w", f.path, err))
	}
	tx := &Tx{conn: conn}
	var mode string
	if err := tx.QueryRow("PRAGMA journal_mode").Scan(&mode); err != nil {
		return f.explain(err)
	}
	if mode != "wal" {
		return fmt.Errorf("the disk of the data file %s cannot keep a write-ahead log; network disks cannot, choose a local one", f.path)
	}
	var tables int // reads the first pages, so that a damaged file is noticed now
	if err := tx.QueryRow("SELECT count(*) FROM sqlite_schema").Scan(&tables); err != nil {
		return f.explain(err)
	}
	go f.write(tx)
	return nil
}

// Close waits for calls that were made before it, moves the log into the file and gives the lock back. Later calls fail.
func (f *File) Close() error {
	f.mu.Lock()
	if f.closed {
		f.mu.Unlock()
		<-f.stopped
		return nil
	}
	f.closed = true
	close(f.wake)
	f.mu.Unlock()
	<-f.stopped
	var errs []error
	for range readers {
		errs = append(errs, (<-f.pool).close())
	}
	errs = append(errs, f.readDB.Close())
	// Readers are gone by now: with the last connection SQLite moves the whole log into the file and deletes it.
	errs = append(errs, f.writeDB.Close(), f.lock.Close())
	return f.explain(errors.Join(errs...))
}

// Counts returns how often the file was used.
func (f *File) Counts() Counts {
	return Counts{Writes: f.writes.Load(), Commits: f.commits.Load(), Reads: f.reads.Load()}
}

// prepareFile makes an absent file with the rights SQLite's side files then inherit, and looks at the first bytes of one
// that exists: SQLite itself would take a short file for an empty database.
func prepareFile(path string) error {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("the data file cannot be opened: %w", err)
	}
	head := make([]byte, len(magic))
	n, _ := file.ReadAt(head, 0) // a short read is judged by what was read
	if n > 0 && string(head[:n]) != magic {
		_ = file.Close()
		return fmt.Errorf("the data file %s is damaged or not a data file of this program; it was left as it is: "+
			"restore it from a copy, or move it away to start empty", path)
	}
	if err := file.Close(); err != nil {
		return fmt.Errorf("the data file: %w", err)
	}
	return syncFolder(filepath.Dir(path))
}

// magic is how every database of SQLite starts.
const magic = "SQLite format 3\x00"

// syncFolder makes the name of a new file durable, as fsync of the file does for its content.
func syncFolder(path string) error {
	if runtime.GOOS == "windows" {
		return nil // folders cannot be opened there, and need not be
	}
	folder, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("the folder of the data file: %w", err)
	}
	err = folder.Sync()
	if err := errors.Join(err, folder.Close()); err != nil {
		return fmt.Errorf("the folder of the data file: %w", err)
	}
	return nil
}

func address(path string, pragmas ...string) string {
	slashed := filepath.ToSlash(path)
	if slashed[0] != '/' { // C:/…
		slashed = "/" + slashed
	}
	u := url.URL{Scheme: "file", Path: slashed, RawQuery: url.Values{"_pragma": pragmas}.Encode()}
	return u.String()
}
