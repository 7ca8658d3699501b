package panel

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"apicenter/shared/connector"
	"apicenter/shared/integration"
	"apicenter/shared/store"
)

// fakeStore is the store ports over plain lists. Every method notes the tenant it was asked for; a function field, where
// set, answers in a method's place.
type fakeStore struct {
	tenants      []integration.Tenant
	connections  []integration.Connection
	states       map[string]integration.ConnectionState // tenant/id
	integrations []integration.Integration
	flows        []integration.Flow
	runs         []store.Run   // newest first
	chunks       []store.Chunk // newest first
	hours        map[string][]store.Hour
	entries      map[store.Scope][]store.Entry
	failures     []store.Failure

	chunksFunc func(f store.ChunkFilter, cursor string, limit int) ([]store.Chunk, string, error)
	flowsFunc  func() ([]integration.Flow, error)

	mu    sync.Mutex
	asked []string // tenants
}

var _ Store = (*fakeStore)(nil)

// ask notes the tenant and holds the lists until the method that asks is done.
func (f *fakeStore) ask(tenant string) (done func()) {
	f.mu.Lock()
	f.asked = append(f.asked, tenant)
	return f.mu.Unlock
}

// change changes the lists while a server reads them.
func (f *fakeStore) change(do func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	do()
}

func (f *fakeStore) others(tenant string) []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(f.asked), func(s string) bool { return s == tenant })
}

func one[T any](list []T, is func(T) bool) (T, error) {
	for _, t := range list {
		if is(t) {
			return t, nil
		}
	}
	var zero T
	return zero, store.ErrNotFound
}

func some[T any](list []T, is func(T) bool) []T {
	var out []T
	for _, t := range list {
		if is(t) {
			out = append(out, t)
		}
	}
	return out
}

// after cuts a page out of a list; the cursor is an index.
func after[T any](list []T, cursor string, limit int) ([]T, string, error) {
	from := 0
	if cursor != "" {
		var err error
		if from, err = strconv.Atoi(cursor); err != nil || from < 0 || from > len(list) {
			return nil, "", errors.New("there is no such cursor")
		}
	}
	to := min(from+limit, len(list))
	if to == len(list) {
		return list[from:to], "", nil
	}
	return list[from:to], strconv.Itoa(to), nil
}

func (f *fakeStore) Tenant(_ context.Context, id string) (integration.Tenant, error) {
	defer f.ask(id)()
	return one(f.tenants, func(t integration.Tenant) bool { return t.ID == id })
}

func (f *fakeStore) Connection(_ context.Context, tenant, id string) (integration.Connection, error) {
	defer f.ask(tenant)()
	return one(f.connections, func(c integration.Connection) bool { return c.Tenant == tenant && c.ID == id })
}

func (f *fakeStore) Connections(_ context.Context, tenant string) ([]integration.Connection, error) {
	defer f.ask(tenant)()
	return some(f.connections, func(c integration.Connection) bool { return c.Tenant == tenant }), nil
}

func (f *fakeStore) ConnectionState(_ context.Context, tenant, id string) (integration.ConnectionState, error) {
	defer f.ask(tenant)()
	return f.states[tenant+"/"+id], nil
}

func (f *fakeStore) Integrations(_ context.Context, tenant string) ([]integration.Integration, error) {
	defer f.ask(tenant)()
	return some(f.integrations, func(i integration.Integration) bool { return i.Tenant == tenant }), nil
}

func (f *fakeStore) Flow(_ context.Context, tenant, id string) (integration.Flow, error) {
	defer f.ask(tenant)()
	return one(f.flows, func(w integration.Flow) bool { return w.Tenant == tenant && w.ID == id })
}

func (f *fakeStore) Flows(_ context.Context, tenant string) ([]integration.Flow, error) {
	defer f.ask(tenant)()
	if f.flowsFunc != nil {
		return f.flowsFunc()
	}
	return some(f.flows, func(w integration.Flow) bool { return w.Tenant == tenant }), nil
}

func (f *fakeStore) Run(_ context.Context, tenant, flow, id string) (store.Run, error) {
	defer f.ask(tenant)()
	return one(f.runs, func(r store.Run) bool { return r.Tenant == tenant && r.Flow == flow && r.ID == id })
}

func (f *fakeStore) Runs(_ context.Context, tenant, flow, cursor string, limit int) ([]store.Run, string, error) {
	defer f.ask(tenant)()
	return after(some(f.runs, func(r store.Run) bool { return r.Tenant == tenant && r.Flow == flow }), cursor, limit)
}

func (f *fakeStore) Chunk(_ context.Context, tenant, flow, id string) (store.Chunk, error) {
	defer f.ask(tenant)()
	return one(f.chunks, func(c store.Chunk) bool { return c.Tenant == tenant && c.Flow == flow && c.ID == id })
}

func (f *fakeStore) Chunks(_ context.Context, w store.ChunkFilter, cursor string, limit int) ([]store.Chunk, string, error) {
	defer f.ask(w.Tenant)()
	if f.chunksFunc != nil {
		return f.chunksFunc(w, cursor, limit)
	}
	return after(some(f.chunks, func(c store.Chunk) bool {
		has := len(w.Outcomes) == 0
		for _, o := range w.Outcomes {
			has = has || c.Counts[o] > 0
		}
		return c.Tenant == w.Tenant && c.Flow == w.Flow && (w.Run == "" || w.Run == c.Run) && has
	}), cursor, limit)
}

func (f *fakeStore) Hours(_ context.Context, tenant, flow string, from time.Time) ([]store.Hour, error) {
	defer f.ask(tenant)()
	return some(f.hours[tenant+"/"+flow], func(h store.Hour) bool { return !h.Start.Before(from) }), nil
}

func (f *fakeStore) Entries(_ context.Context, s store.Scope, keys []string) ([]store.Entry, error) {
	defer f.ask(s.Tenant)()
	out := make([]store.Entry, len(keys))
	for i, key := range keys {
		out[i].Key = key
		if e, err := one(f.entries[s], func(e store.Entry) bool { return e.Key == key }); err == nil {
			out[i] = e
		}
	}
	return out, nil
}

func (f *fakeStore) EntriesByReference(_ context.Context, s store.Scope, reference string) ([]store.Entry, error) {
	defer f.ask(s.Tenant)()
	return some(f.entries[s], func(e store.Entry) bool { return e.Reference == reference }), nil
}

func (f *fakeStore) Failure(_ context.Context, tenant, flow, key string) (store.Failure, error) {
	defer f.ask(tenant)()
	return one(f.failures, func(x store.Failure) bool { return x.Tenant == tenant && x.Flow == flow && x.Key == key })
}

func (f *fakeStore) Failures(_ context.Context, w store.FailureFilter, cursor string, limit int) ([]store.Failure, string, error) {
	defer f.ask(w.Tenant)()
	return after(some(f.failures, func(x store.Failure) bool { return x.Tenant == w.Tenant && x.Flow == w.Flow }), cursor, limit)
}

func (f *fakeStore) CountFailures(_ context.Context, tenant string) (map[string]store.FailureCount, error) {
	defer f.ask(tenant)()
	out := map[string]store.FailureCount{}
	for _, x := range f.failures {
		if x.Tenant != tenant {
			continue
		}
		n := out[x.Flow]
		if x.State == store.FailureParked {
			n.Parked++
		} else {
			n.Open++
		}
		out[x.Flow] = n
	}
	return out, nil
}

// fakeActions notes what was asked and answers with its function, or with success.
type fakeActions struct {
	calls []string
	fail  func(call string) error
	test  func() (connector.Report, error)
}

func (f *fakeActions) call(parts ...string) error {
	call := strings.Join(parts, " ")
	f.calls = append(f.calls, call)
	if f.fail != nil {
		return f.fail(call)
	}
	return nil
}

func (f *fakeActions) RunNow(_ context.Context, tenant, flow string, mode connector.Mode) error {
	return f.call("run", tenant, flow, string(mode))
}

func (f *fakeActions) RetryFailures(_ context.Context, tenant, flow string, keys []string) (int, error) {
	return max(1, len(keys)), f.call("retry", tenant, flow, strings.Join(keys, ","))
}

func (f *fakeActions) PauseFlow(_ context.Context, tenant, flow string) error {
	return f.call("pause", tenant, flow)
}

func (f *fakeActions) ResumeFlow(_ context.Context, tenant, flow string) error {
	return f.call("resume", tenant, flow)
}

func (f *fakeActions) TestConnection(_ context.Context, tenant, connection string) (connector.Report, error) {
	err := f.call("test", tenant, connection)
	if f.test != nil {
		return f.test()
	}
	return connector.Report{}, err
}
