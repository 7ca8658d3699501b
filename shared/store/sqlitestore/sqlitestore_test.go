package sqlitestore_test

import (
	"path/filepath"
	"testing"
	"time"

	"apicenter/shared/secret"
	"apicenter/shared/sqlitefile"
	"apicenter/shared/store"
	"apicenter/shared/store/sqlitestore"
	"apicenter/shared/store/storetest"
)

func open(t testing.TB, now func() time.Time) *sqlitestore.Store {
	t.Helper()
	return openAt(t, filepath.Join(t.TempDir(), "data.db"), now)
}

func openAt(t testing.TB, path string, now func() time.Time) *sqlitestore.Store {
	t.Helper()
	f, err := sqlitefile.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	s, err := sqlitestore.Open(t.Context(), f, now)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestPromises(t *testing.T) {
	storetest.Run(t, func(t *testing.T, clock *storetest.Clock) (store.Store, secret.Keys) {
		s := open(t, clock.Now)
		return s, s
	})
}
