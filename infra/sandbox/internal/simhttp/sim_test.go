package simhttp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// notes is a system that keeps every body posted to it.
type notes struct {
	mu   sync.Mutex
	kept []string
}

func (n *notes) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	n.mu.Lock()
	if r.Method == http.MethodPost {
		n.kept = append(n.kept, string(b))
	}
	n.mu.Unlock()
	w.WriteHeader(http.StatusCreated)
	fmt.Fprintf(w, "%d", len(b))
}

func (n *notes) Operation(r *http.Request) string {
	if body := Peek(r); len(body) > 2 && body[0] == '<' {
		return string(body[1:3])
	}
	return r.Method + " note"
}

func (n *notes) WriteFault(w http.ResponseWriter, _ *http.Request, kind string, after time.Duration) {
	w.Header().Set("Retry-After", fmt.Sprint(after.Seconds()))
	http.Error(w, kind, map[string]int{FaultFail: 500, FaultThrottle: 429, FaultDeny: 403}[kind])
}

func (n *notes) State() any {
	n.mu.Lock()
	defer n.mu.Unlock()
	return append([]string{}, n.kept...)
}

func (n *notes) Seed(r io.Reader) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	return json.NewDecoder(r).Decode(&n.kept)
}

func (n *notes) Reset() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.kept = nil
}

func start(t *testing.T) (*Sim, *notes, string, Control) {
	t.Helper()
	n := &notes{}
	s := New(n)
	url, stop, err := s.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return s, n, url, Control{Base: url}
}

func post(url, body string) (int, string, error) {
	res, err := http.Post(url+"/a?secret=1", "text/plain", strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return res.StatusCode, string(b), err
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("never: %s", what)
}

func TestPassThroughAndLog(t *testing.T) {
	_, n, url, c := start(t)
	big := strings.Repeat("x", 10_000)
	for _, body := range []string{"", "hello", big, "<op>"} {
		if status, got, err := post(url, body); err != nil || status != 201 || got != fmt.Sprint(len(body)) {
			t.Fatalf("post of %d bytes: %d %q %v", len(body), status, got, err)
		}
	}
	if n.kept[2] != big {
		t.Error("big body arrived changed")
	}
	st, err := c.Stats(context.Background())
	if err != nil || st.Requests != 4 || st.ByOperation["POST note"] != 3 || st.ByOperation["op"] != 1 || st.MaxInFlight != 1 {
		t.Errorf("stats %+v, %v", st, err)
	}
	rs, err := c.Requests(context.Background())
	if err != nil || len(rs) != 4 {
		t.Fatalf("requests %d, %v", len(rs), err)
	}
	eventually(t, "all done", func() bool {
		rs, _ = c.Requests(context.Background())
		return rs[3].Done
	})
	if r := rs[1]; r.Path != "/a" || r.Status != 201 || r.Body != "hello" || r.Method != "POST" {
		t.Errorf("entry %+v", r)
	}
	if len(rs[2].Body) != peekSize {
		t.Errorf("logged %d bytes of a big body", len(rs[2].Body))
	}
}

func TestChunkedBody(t *testing.T) {
	_, n, url, _ := start(t)
	for _, size := range []int{0, 5, peekSize, peekSize + 1, 3 * peekSize} {
		body := strings.Repeat("y", size)
		res, err := http.Post(url, "text/plain", io.MultiReader(strings.NewReader(body)))
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if got := n.kept[len(n.kept)-1]; got != body {
			t.Errorf("chunked body of %d arrived with %d", size, len(got))
		}
	}
}

func TestFaults(t *testing.T) {
	for _, tc := range []struct {
		name   string
		faults Faults
		status int // 0 means no answer
		kept   int
	}{
		{"fail", Faults{Fail: 1}, 500, 0},
		{"throttle", Faults{Throttle: 1, RetryAfter: 3 * time.Second}, 429, 0},
		{"deny", Faults{Deny: true}, 403, 0},
		{"drop", Faults{Drop: 1}, 0, 0},
		{"late_commit", Faults{LateCommit: 1}, 0, 1},
		{"none", Faults{Latency: time.Millisecond}, 201, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, n, url, c := start(t)
			if err := c.SetFaults(context.Background(), tc.faults); err != nil {
				t.Fatal(err)
			}
			status, _, err := post(url, "x")
			if (err != nil) != (tc.status == 0) || status != tc.status {
				t.Errorf("status %d, err %v", status, err)
			}
			if got := n.State().([]string); len(got) != tc.kept {
				t.Errorf("kept %d", len(got))
			}
			st, _ := c.Stats(context.Background())
			if tc.name != "none" && st.Faults[tc.name] != 1 {
				t.Errorf("faults %v", st.Faults)
			}
		})
	}
}

func TestDelayedCommitIsVisibleInFlight(t *testing.T) {
	s, n, url, c := start(t)
	s.SetFaults(Faults{LateCommit: 1, CommitDelay: 400 * time.Millisecond, Limit: 1})
	if _, _, err := post(url, "late"); err == nil {
		t.Fatal("got an answer")
	}
	rs, err := c.Requests(context.Background())
	if err != nil || len(rs) != 1 || rs[0].Done || rs[0].Body != "late" || rs[0].Fault != FaultLateCommit {
		t.Fatalf("log %+v, %v", rs, err)
	}
	if st := s.Stats(); st.InFlight != 1 {
		t.Errorf("in flight %d", st.InFlight)
	}
	if status, _, err := post(url, "next"); err != nil || status != 201 {
		t.Errorf("limit not respected: %d %v", status, err)
	}
	eventually(t, "commit", func() bool { return s.Requests()[0].Done })
	if got := n.State().([]string); len(got) != 2 || got[1] != "late" {
		t.Errorf("kept %v", got)
	}
}

func TestHangEndsWithTheClient(t *testing.T) {
	s, n, url, _ := start(t)
	s.SetFaults(Faults{Hang: 1, Operations: []string{"POST note"}})
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	req, _ := http.NewRequestWithContext(ctx, "POST", url, strings.NewReader(strings.Repeat("z", 9000)))
	if _, err := http.DefaultClient.Do(req); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("err %v", err)
	}
	eventually(t, "handler ended", func() bool { return s.Requests()[0].Done })
	if len(n.State().([]string)) != 0 {
		t.Error("work was done")
	}
	if res, err := http.Get(url); err != nil || res.StatusCode != 201 {
		t.Errorf("other operation: %v", err)
	}
}

func TestSeededDrawsRepeat(t *testing.T) {
	draw := func() (out []string) {
		d := newDice(Faults{Fail: .2, Drop: .2, LateCommit: .2, Seed: 7})
		for range 200 {
			_, kind := d.draw("x")
			out = append(out, kind)
		}
		return out
	}
	a, b := draw(), draw()
	seen := map[string]int{}
	for i := range a {
		if a[i] != b[i] {
			t.Fatal("draws differ")
		}
		seen[a[i]]++
	}
	for _, k := range []string{"", FaultFail, FaultDrop, FaultLateCommit} {
		if seen[k] < 20 {
			t.Errorf("%q only %d times", k, seen[k])
		}
	}
}

func TestControl(t *testing.T) {
	s, _, url, c := start(t)
	ctx := context.Background()
	if err := c.Seed(ctx, []string{"a", "b"}); err != nil {
		t.Fatal(err)
	}
	var state []string
	if err := c.State(ctx, &state); err != nil || len(state) != 2 {
		t.Errorf("state %v, %v", state, err)
	}
	if err := c.Seed(ctx, []byte("nonsense")); err == nil {
		t.Error("bad seed accepted")
	}
	s.SetFaults(Faults{Drop: 1})
	if _, _, err := post(url, "x"); err == nil {
		t.Error("not dropped")
	}
	if err := c.Reset(ctx); err != nil {
		t.Fatal(err)
	}
	if st, err := c.Stats(ctx); err != nil || st.Requests != 0 || st.InFlight != 0 {
		t.Errorf("after reset %+v, %v", st, err)
	}
	if status, _, err := post(url, "x"); err != nil || status != 201 {
		t.Errorf("faults outlive a reset: %d %v", status, err)
	}
}

func TestRingWraps(t *testing.T) {
	s := New(&notes{})
	var first, last ticket
	for i := range ringSize + 5 {
		tk, _, _ := s.arrive("op", "GET", fmt.Sprint("/", i), nil)
		if i == 0 {
			first = tk
		}
		last = tk
	}
	s.leave(first, 200)
	s.leave(last, 204)
	rs := s.Requests()
	if len(rs) != ringSize || rs[0].Path != "/5" || rs[ringSize-1].Status != 204 || rs[0].Done {
		t.Errorf("len %d, first %+v, last %+v", len(rs), rs[0], rs[len(rs)-1])
	}
}

func TestOnlyLoopback(t *testing.T) {
	for _, addr := range []string{":0", "0.0.0.0:0", "10.0.0.1:80", "example.org:80", "nonsense"} {
		if _, _, err := New(&notes{}).Start(addr); err == nil {
			t.Errorf("%s accepted", addr)
		}
	}
}

func TestFaultsJSON(t *testing.T) {
	b, err := json.Marshal(Faults{Latency: 1500 * time.Microsecond, RetryAfter: 2 * time.Second, LateCommit: .5})
	if err != nil || !strings.Contains(string(b), `"latency_ms":1.5`) || !strings.Contains(string(b), `"retry_after_ms":2000`) {
		t.Errorf("%s, %v", b, err)
	}
	var f Faults
	if err := json.Unmarshal(b, &f); err != nil || f.Latency != 1500*time.Microsecond || f.LateCommit != .5 {
		t.Errorf("%+v, %v", f, err)
	}
}

func BenchmarkServe(b *testing.B) {
	s := New(&notes{})
	body := strings.Repeat("b", 1000)
	b.ReportAllocs()
	for b.Loop() {
		r, _ := http.NewRequest("PUT", "/x", strings.NewReader(body))
		s.ServeHTTP(discard{}, r)
	}
}
