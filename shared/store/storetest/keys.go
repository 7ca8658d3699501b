package storetest

import (
	"bytes"
	"fmt"
	"sync/atomic"
	"time"

	"apicenter/shared/secret"
)

func keys() []promise {
	return []promise{
		{"a tenant without keys has none", func(w *world) {
			_, found, err := w.keys.Keys(w.ctx(), w.tenant)
			w.must(err)
			w.equal("found", found, false)
		}},
		{"a keyset comes back as it was created", func(w *world) {
			want := keyset("a")
			want.Wrapped = append(want.Wrapped, big()[:4000]...)
			got, err := w.keys.CreateKeys(w.ctx(), w.tenant, want)
			w.must(err)
			w.equal("returned keys", got, want)
			w.hasKeys(w.tenant, want)
		}},
		{"a keyset is never replaced, and its second maker gets the first", func(w *world) {
			_, err := w.keys.CreateKeys(w.ctx(), w.tenant, keyset("a"))
			w.must(err)
			got, err := w.keys.CreateKeys(w.ctx(), w.tenant, keyset("b"))
			w.must(err)
			w.equal("returned keys", got, keyset("a"))
			w.hasKeys(w.tenant, keyset("a"))
		}},
		{"makers at the same time all get the same keyset", keysRace},
		{"an erased keyset leaves a mark and nothing else", keysErased},
		{"erasing a tenant without keys leaves the mark as well", func(w *world) {
			w.must(w.keys.EraseKeys(w.ctx(), w.tenant))
			w.hasKeys(w.tenant, secret.Stored{Erased: true})
			got, err := w.keys.CreateKeys(w.ctx(), w.tenant, keyset("a"))
			w.must(err)
			w.equal("returned keys", got, secret.Stored{Erased: true})
		}},
		{"tenants have keys of their own", func(w *world) {
			tenants := []string{w.tenant, w.tenant + "2", w.tenant + "#", w.tenant + " "}
			for _, tenant := range tenants {
				_, err := w.keys.CreateKeys(w.ctx(), tenant, keyset(tenant))
				w.must(err)
			}
			w.must(w.keys.EraseKeys(w.ctx(), w.tenant))
			for _, tenant := range tenants[1:] {
				w.hasKeys(tenant, keyset(tenant))
			}
		}},
	}
}

func keyset(name string) secret.Stored {
	return secret.Stored{Wrapped: []byte("wrapped\x00\xff" + name), Index: []byte("index\x00" + name), Created: start.Add(-time.Hour - 1)}
}

func (w *world) hasKeys(tenant string, want secret.Stored) {
	w.Helper()
	got, found, err := w.keys.Keys(w.ctx(), tenant)
	w.must(err)
	w.equal(fmt.Sprintf("keys of %q found", tenant), found, true)
	w.equal(fmt.Sprintf("keys of %q", tenant), got, want)
}

func keysRace(w *world) {
	for round := range 10 {
		tenant := fmt.Sprint(w.tenant, round)
		got := make([]secret.Stored, 16)
		var failed atomic.Int64
		together(len(got), func(i int) {
			var err error
			if got[i], err = w.keys.CreateKeys(w.ctx(), tenant, keyset(fmt.Sprint(i))); err != nil {
				failed.Add(1)
			}
		})
		w.equal("failed calls", failed.Load(), int64(0))
		for i := range got {
			if !bytes.Equal(got[i].Wrapped, got[0].Wrapped) || !bytes.Equal(got[i].Index, got[0].Index) {
				w.Fatalf("round %d: two makers got different keys", round)
			}
		}
		w.hasKeys(tenant, got[0])
	}
}

func keysErased(w *world) {
	_, err := w.keys.CreateKeys(w.ctx(), w.tenant, keyset("a"))
	w.must(err)
	for range 2 {
		w.must(w.keys.EraseKeys(w.ctx(), w.tenant))
		w.hasKeys(w.tenant, secret.Stored{Erased: true})
	}
	got, err := w.keys.CreateKeys(w.ctx(), w.tenant, keyset("b"))
	w.must(err)
	w.equal("returned keys", got, secret.Stored{Erased: true})
	w.hasKeys(w.tenant, secret.Stored{Erased: true})
}
