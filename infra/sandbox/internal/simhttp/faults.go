package simhttp

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"time"
)

// Kinds of fault as they appear in Stats.Faults and Request.Fault. The first
// three are also the kinds handed to System.WriteFault.
const (
	FaultFail       = "fail"
	FaultThrottle   = "throttle"
	FaultDeny       = "deny"
	FaultDrop       = "drop"
	FaultLateCommit = "late_commit"
	FaultHang       = "hang"
)

// Faults says how a simulated system misbehaves. Probabilities are 0..1 and
// one number is drawn per request from a seeded generator; the ranges of the
// probabilities are laid end to end in the order of the fields, so each has
// exactly its own chance as long as their sum is at most one.
type Faults struct {
	Latency     time.Duration // added to every request ("latency_ms")
	Fail        float64       // answer a server error made by the system, work not done
	Throttle    float64       // answer 429 (or the system's form) with Retry-After, work not done
	RetryAfter  time.Duration // what Throttle says; default 1 s ("retry_after_ms")
	Drop        float64       // close the connection, work not done
	LateCommit  float64       // do the work, then close the connection without an answer
	CommitDelay time.Duration // with LateCommit: close at once, do the work this much later ("commit_delay_ms")
	Hang        float64       // never answer until the client goes away, work not done
	Deny        bool          // answer as for a refused address
	Seed        int64         // seed of the generator

	// Operations limits all of the above to the named operations; empty means
	// every request.
	Operations []string
	// Limit ends the faults (latency excepted) after this many requests were
	// hit; zero means no end.
	Limit int
}

// wireFaults is Faults as JSON, durations in milliseconds.
type wireFaults struct {
	LatencyMS     float64  `json:"latency_ms"`
	Fail          float64  `json:"fail"`
	Throttle      float64  `json:"throttle"`
	RetryAfterMS  float64  `json:"retry_after_ms"`
	Drop          float64  `json:"drop"`
	LateCommit    float64  `json:"late_commit"`
	CommitDelayMS float64  `json:"commit_delay_ms"`
	Hang          float64  `json:"hang"`
	Deny          bool     `json:"deny"`
	Seed          int64    `json:"seed"`
	Operations    []string `json:"operations,omitempty"`
	Limit         int      `json:"limit,omitempty"`
}

// MarshalJSON writes durations as milliseconds.
func (f Faults) MarshalJSON() ([]byte, error) {
	return json.Marshal(wireFaults{
		LatencyMS: milliseconds(f.Latency), Fail: f.Fail, Throttle: f.Throttle,
		RetryAfterMS: milliseconds(f.RetryAfter), Drop: f.Drop, LateCommit: f.LateCommit,
		CommitDelayMS: milliseconds(f.CommitDelay), Hang: f.Hang, Deny: f.Deny, Seed: f.Seed,
		Operations: f.Operations, Limit: f.Limit,
	})
}

// UnmarshalJSON reads durations as milliseconds.
func (f *Faults) UnmarshalJSON(b []byte) error {
	var w wireFaults
	if err := json.Unmarshal(b, &w); err != nil {
		return err
	}
	*f = Faults{
		Latency: duration(w.LatencyMS), Fail: w.Fail, Throttle: w.Throttle,
		RetryAfter: duration(w.RetryAfterMS), Drop: w.Drop, LateCommit: w.LateCommit,
		CommitDelay: duration(w.CommitDelayMS), Hang: w.Hang, Deny: w.Deny, Seed: w.Seed,
		Operations: w.Operations, Limit: w.Limit,
	}
	return nil
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func duration(ms float64) time.Duration { return time.Duration(ms * float64(time.Millisecond)) }

// active reports whether any request could be treated differently.
func (f Faults) active() bool {
	return f.Latency > 0 || f.Deny || f.Fail > 0 || f.Throttle > 0 || f.Drop > 0 || f.LateCommit > 0 || f.Hang > 0
}

// retryAfter is RetryAfter with its default.
func (f Faults) retryAfter() time.Duration {
	if f.RetryAfter <= 0 {
		return time.Second
	}
	return f.RetryAfter
}

// dice draws faults; the Sim's mutex guards it.
type dice struct {
	faults Faults
	rng    *rand.Rand
	hits   int
}

func newDice(f Faults) *dice {
	return &dice{faults: f, rng: rand.New(rand.NewPCG(uint64(f.Seed), 0x9e3779b97f4a7c15))}
}

// draw says what befalls one request of the operation: the latency and the
// kind of fault, empty for none.
func (d *dice) draw(operation string) (time.Duration, string) {
	f := &d.faults
	if len(f.Operations) > 0 && !slices.Contains(f.Operations, operation) {
		return 0, ""
	}
	if f.Limit > 0 && d.hits >= f.Limit {
		return f.Latency, ""
	}
	kind := d.kind()
	if kind != "" {
		d.hits++
	}
	return f.Latency, kind
}

func (d *dice) kind() string {
	f := &d.faults
	if f.Deny {
		return FaultDeny
	}
	u := d.rng.Float64()
	for _, c := range [...]struct {
		p    float64
		kind string
	}{
		{f.Fail, FaultFail}, {f.Throttle, FaultThrottle}, {f.Drop, FaultDrop},
		{f.LateCommit, FaultLateCommit}, {f.Hang, FaultHang},
	} {
		if u < c.p {
			return c.kind
		}
		u -= c.p
	}
	return ""
}
