package sqlitefile

import (
	"errors"
	"fmt"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// trouble is an error of SQLite with a sentence for the owner before it.
type trouble struct {
	sentence string
	err      error
}

func (t *trouble) Error() string { return t.sentence + ": " + t.err.Error() }

func (t *trouble) Unwrap() error { return t.err }

// explain puts a sentence before an error of SQLite that only the owner can do something about.
func (f *File) explain(err error) error {
	var e *sqlite.Error
	var explained *trouble
	if !errors.As(err, &e) || errors.As(err, &explained) {
		return err
	}
	sentence := ""
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_FULL:
		sentence = "the disk is full, nothing was saved in %s: free some space"
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		sentence = "the data file %s is damaged; restore it from a copy"
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM:
		sentence = "the data file %s may not be written; check the rights of the file and its folder"
	case sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN:
		sentence = "the disk does not read or write the data file %s; check the disk"
	default:
		return err
	}
	return &trouble{sentence: fmt.Sprintf(sentence, f.path), err: err}
}
