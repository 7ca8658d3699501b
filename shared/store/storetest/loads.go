package storetest

import (
	"fmt"
	"sync/atomic"
	"time"

	"apicenter/shared/store"
)

func loads() []promise {
	return []promise{
		{"a connection never counted has no load", func(w *world) { w.load("c", store.Load{}) }},
		{"the load is what was queued and not finished", func(w *world) {
			w.addLoad("c", 5, 0)
			w.load("c", store.Load{Queued: 5})
			w.addLoad("c", 2, 3)
			w.load("c", store.Load{Queued: 4, Finished: start})
			w.addLoad("c", 0, 4)
			w.load("c", store.Load{Finished: start})
		}},
		{"the time is when something was last finished", func(w *world) {
			w.addLoad("c", 5, 1)
			w.clock.Advance(time.Minute + 1)
			w.addLoad("c", 1, 0)
			w.load("c", store.Load{Queued: 5, Finished: start})
			w.addLoad("c", 0, 1)
			w.load("c", store.Load{Queued: 4, Finished: start.Add(time.Minute + 1)})
		}},
		{"the load is never below zero", func(w *world) {
			w.addLoad("c", 1, 4)
			w.load("c", store.Load{Finished: start})
		}},
		{"a message counted as finished before it was counted as queued leaves nothing", func(w *world) {
			w.addLoad("c", 0, 1)
			w.addLoad("c", 1, 0)
			w.load("c", store.Load{Finished: start})
		}},
		{"counts made at the same time add up", func(w *world) {
			var failed atomic.Int64
			together(8, func(i int) {
				for range 10 {
					if w.store.AddLoad(w.ctx(), w.tenant, "c", 3, 1) != nil {
						failed.Add(1)
					}
				}
			})
			w.equal("failed calls", failed.Load(), int64(0))
			w.load("c", store.Load{Queued: 160, Finished: start})
		}},
		{"a cleared load starts from none", func(w *world) {
			w.must(w.store.ClearLoad(w.ctx(), w.tenant, "never counted"))
			for _, before := range [][2]int{{9, 2}, {2, 9}} {
				w.addLoad("c", before[0], before[1])
				w.must(w.store.ClearLoad(w.ctx(), w.tenant, "c"))
				got, err := w.store.Load(w.ctx(), w.tenant, "c")
				w.must(err)
				w.equal("load after clearing", got.Queued, 0)
				w.addLoad("c", 3, 0)
				got, err = w.store.Load(w.ctx(), w.tenant, "c")
				w.must(err)
				w.equal("load after clearing and three more", got.Queued, 3)
			}
		}},
		{"tenants and connections have loads of their own", func(w *world) {
			pairs := append(lookalikes(w.tenant), [2][2]string{{w.tenant + "1", "c"}, {w.tenant + "2", "c"}}, [2][2]string{{w.tenant, "c"}, {w.tenant, "d"}})
			for _, pair := range pairs {
				for i, p := range pair {
					w.must(w.store.AddLoad(w.ctx(), p[0], p[1], i+1, 0))
				}
				for i, p := range pair {
					got, err := w.store.Load(w.ctx(), p[0], p[1])
					w.must(err)
					w.equal(fmt.Sprintf("load of %q", p), got, store.Load{Queued: i + 1})
				}
				w.must(w.store.ClearLoad(w.ctx(), pair[0][0], pair[0][1]))
				got, err := w.store.Load(w.ctx(), pair[1][0], pair[1][1])
				w.must(err)
				w.equal(fmt.Sprintf("load of %q after that of %q was cleared", pair[1], pair[0]), got, store.Load{Queued: 2})
			}
		}},
	}
}

func (w *world) addLoad(connection string, queued, finished int) {
	w.Helper()
	w.must(w.store.AddLoad(w.ctx(), w.tenant, connection, queued, finished))
}

func (w *world) load(connection string, want store.Load) {
	w.Helper()
	got, err := w.store.Load(w.ctx(), w.tenant, connection)
	w.must(err)
	w.equal("load", got, want)
}
