package integration_test

import (
	"testing"
	"time"

	"apicenter/shared/fault"
	"apicenter/shared/integration"
	"apicenter/shared/model"
)

func at(t *testing.T, s string) time.Time {
	t.Helper()
	v, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestIntervalKeepsItsPhaseAndRunsAMissedTimeOnce(t *testing.T) {
	s := integration.Schedule{Every: 5 * time.Minute}
	now := at(t, "2026-11-24T10:00:00Z")
	first, err := s.Next(now, "flow-a")
	if err != nil || !first.After(now) || first.Sub(now) > 5*time.Minute {
		t.Fatalf("first %s after %s, %v", first, now, err)
	}
	late, err := s.Next(first.Add(42*time.Minute+3*time.Second), "flow-a")
	if err != nil {
		t.Fatal(err)
	}
	if d := late.Sub(first); d%(5*time.Minute) != 0 || d != 45*time.Minute {
		t.Errorf("after a gap the next time is %s later, want 45m on the same grid", d)
	}
	spread := map[time.Time]bool{}
	for _, id := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
		next, err := s.Next(now, id)
		if err != nil {
			t.Fatal(err)
		}
		spread[next] = true
	}
	if len(spread) < 6 {
		t.Errorf("eight flows share %d times", len(spread))
	}
}

func TestCronKeepsLocalTimeOverTheChangeOfClocks(t *testing.T) {
	s := integration.Schedule{Cron: "30 6 * * *", Zone: "Europe/Amsterdam"}
	for now, want := range map[string]string{
		"2026-10-24T10:00:00Z": "2026-10-25T05:30:00Z", // first morning of winter time
		"2026-10-23T10:00:00Z": "2026-10-24T04:30:00Z",
		"2027-03-27T10:00:00Z": "2027-03-28T04:30:00Z",
	} {
		next, err := s.Next(at(t, now), "x")
		if err != nil || !next.Equal(at(t, want)) {
			t.Errorf("after %s: %s, want %s (%v)", now, next, want, err)
		}
	}
}

func TestScheduleCheck(t *testing.T) {
	for name, test := range map[string]struct {
		s  integration.Schedule
		ok bool
	}{
		"interval":      {integration.Schedule{Every: time.Minute}, true},
		"cron":          {integration.Schedule{Cron: "*/5 * * * *", Zone: "Europe/Brussels"}, true},
		"both":          {integration.Schedule{Every: time.Minute, Cron: "* * * * *"}, false},
		"nothing":       {integration.Schedule{}, false},
		"bad cron":      {integration.Schedule{Cron: "every day"}, false},
		"bad zone":      {integration.Schedule{Cron: "* * * * *", Zone: "Mars/Olympus"}, false},
		"too fast":      {integration.Schedule{Every: time.Millisecond}, false},
		"negative time": {integration.Schedule{Every: -time.Minute}, false},
	} {
		if err := test.s.Check(); (err == nil) != test.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestConnectionStateFollowsFailures(t *testing.T) {
	now := at(t, "2026-11-24T10:00:00Z")
	reset := &fault.Error{Class: fault.Retry, Message: "reset", Connection: true}
	var s integration.ConnectionState
	for i := range 4 {
		s = s.FailedWith(reset, now)
		if ok, _ := s.Usable(now); !ok {
			t.Fatalf("down after %d failures", i+1)
		}
	}
	s = s.FailedWith(&fault.Error{Class: fault.Reject, Message: "a record"}, now)
	if s.Failures != 4 {
		t.Errorf("a record's failure counted for the connection: %d", s.Failures)
	}
	s = s.FailedWith(reset, now)
	ok, until := s.Usable(now)
	if ok || s.Status != integration.Down || !until.After(now) {
		t.Fatalf("after five failures: %+v", s)
	}
	if ok, _ := s.Usable(until); !ok {
		t.Error("no probe is let through when the time has come")
	}
	if up := s.Succeeded(); up.Status != integration.Up || up.Failures != 0 || up.Reason != nil {
		t.Errorf("after a success: %+v", up)
	}
	waits := s.Succeeded().FailedWith(&fault.Error{Class: fault.Wait, After: time.Minute}, now)
	if ok, until := waits.Usable(now); ok || !until.Equal(now.Add(time.Minute)) || waits.Failures != 0 {
		t.Errorf("told to wait: %+v", waits)
	}
}

// Only a test that succeeds takes a pause away: not a success of a call that was under way, and no later failure.
func TestPauseStaysUntilATestSucceeds(t *testing.T) {
	now := at(t, "2026-11-24T10:00:00Z")
	s := integration.ConnectionState{}.FailedWith(&fault.Error{Class: fault.Pause, Message: "token refused"}, now)
	for name, next := range map[string]integration.ConnectionState{"success": s.Succeeded(),
		"wait":    s.FailedWith(&fault.Error{Class: fault.Wait, After: time.Second}, now),
		"failure": s.FailedWith(&fault.Error{Class: fault.Retry, Connection: true}, now)} {
		if ok, _ := next.Usable(now.Add(time.Hour)); ok || next.Status != integration.Halted {
			t.Errorf("after a %s: %+v", name, next)
		}
	}
	if r := s.Resumed(); r.Status != integration.Resuming || r.Reason != nil {
		t.Errorf("resumed: %+v", r)
	}
	if r := s.Resumed().Succeeded(); r.Status != integration.Resuming {
		t.Error("a success ended the resuming before its parked records were sent on")
	}
}

func TestCustomerKey(t *testing.T) {
	c := &model.Customer{Number: "7", External: "X7", Email: "  Anna@Proef.EXAMPLE "}
	for key, want := range map[integration.CustomerKey]string{"": "anna@proef.example", integration.ByEmail: "anna@proef.example",
		integration.ByNumber: "7", integration.ByExternal: "X7"} {
		if got := key.Of(c); got != want {
			t.Errorf("%q: got %q, want %q", key, got, want)
		}
		if got := key.Of(nil); got != "" {
			t.Errorf("%q of no customer: %q", key, got)
		}
	}
}
