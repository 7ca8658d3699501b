// Package telemetry is how the platform tells its operators what it does: the names that log lines use, and metrics inside
// them.
//
// Whoever runs a stage calls it. A metric is a log line of a certain form (CloudWatch's embedded metric format), which costs
// no call; where nobody reads that form it is still a readable line. Nothing of a record and nothing of a person may be
// logged: ids, counts and durations only. It imports nothing of ours and does not decide what is worth telling.
package telemetry

import (
	"io"
	"log/slog"
	"time"
)

// NewLog returns a log of JSON lines. Time, level and message bear the names by which AWS Lambda filters.
func NewLog(w io.Writer, level slog.Leveler) *slog.Logger {
	return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level, ReplaceAttr: rename}))
}

func rename(groups []string, a slog.Attr) slog.Attr {
	if len(groups) > 0 {
		return a
	}
	switch a.Key {
	case slog.TimeKey:
		a.Key = "timestamp"
	case slog.MessageKey:
		a.Key = "text" // "message" is the queue message a line is about
	}
	return a
}

// Stage names the step of the pipeline a line is about.
func Stage(name string) slog.Attr { return slog.String("stage", name) }

// Tenant names a tenant.
func Tenant(id string) slog.Attr { return slog.String("tenant", id) }

// Flow names a flow.
func Flow(id string) slog.Attr { return slog.String("flow", id) }

// Run names a run of a flow.
func Run(id string) slog.Attr { return slog.String("run", id) }

// Kind names a kind of records; empty for what concerns all of them.
func Kind(name string) slog.Attr { return slog.String("kind", name) }

// Took is how long something took, in milliseconds.
func Took(d time.Duration) slog.Attr { return slog.Int64("took_ms", d.Milliseconds()) }
