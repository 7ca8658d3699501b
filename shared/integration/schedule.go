package integration

import (
	"fmt"
	"hash/fnv"
	"time"

	"github.com/adhocore/gronx"
)

// Schedule says when a flow runs: every so often, or at the times of a cron expression in a time zone.
type Schedule struct {
	Every time.Duration `json:"every,omitempty"`
	Cron  string        `json:"cron,omitempty"` // five fields
	Zone  string        `json:"zone,omitempty"` // IANA name; UTC when empty
}

// DefaultSchedule is every five minutes.
var DefaultSchedule = Schedule{Every: 5 * time.Minute}

// Check returns what is wrong with the schedule as a sentence, nil when nothing is.
func (s Schedule) Check() error {
	switch {
	case s.Cron != "" && s.Every != 0:
		return fmt.Errorf("a schedule has either an interval or cron times, not both")
	case s.Cron != "":
		if !gronx.New().IsValid(s.Cron) {
			return fmt.Errorf("%q is not a cron expression; an example is \"30 6 * * 1-5\"", s.Cron)
		}
		if _, err := time.LoadLocation(s.Zone); err != nil {
			return fmt.Errorf("%q is not a time zone; an example is Europe/Amsterdam", s.Zone)
		}
	case s.Every < time.Second:
		return fmt.Errorf("the shortest interval is one second")
	}
	return nil
}

// Next returns the first time after now, never in the past: a flow that was missed runs once, not as often as it was
// missed. Intervals keep their phase: due times lie on a grid that starts at an offset of id, so that many flows with one
// interval spread evenly and a late tick does not shift them.
func (s Schedule) Next(now time.Time, id string) (time.Time, error) {
	if s.Cron != "" {
		zone, err := time.LoadLocation(s.Zone)
		if err != nil {
			return time.Time{}, fmt.Errorf("time zone %q: %w", s.Zone, err)
		}
		next, err := gronx.NextTickAfter(s.Cron, now.In(zone), false)
		if err != nil {
			return time.Time{}, fmt.Errorf("cron %q: %w", s.Cron, err)
		}
		return next.UTC(), nil
	}
	every := s.Every
	if every <= 0 {
		every = DefaultSchedule.Every
	}
	hash := fnv.New64a()
	hash.Write([]byte(id))
	phase := time.Duration(hash.Sum64() % uint64(every))
	return now.Add(-phase).Truncate(every).Add(every).Add(phase).UTC(), nil
}
