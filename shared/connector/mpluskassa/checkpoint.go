package mpluskassa

import (
	"encoding/json"
	"math"
	"slices"
	"time"

	"apicenter/shared/fault"
)

// settled is how many of the newest markers are read again when nothing is known yet of when they were given out: at the
// first run, and when a server was put back to an older copy. It is more changes than the tills of one installation make
// in a late window.
const settled = 1000

// A checkpoint is a place in the sequence of one entity's change counter.
//
// The counter is drawn when a change is made, but the change can be read only once its transaction is done, so a row may
// appear behind rows with higher markers. It does so within the late window. Whether everything up to a marker has been
// read is therefore a matter of time: a marker that was seen to exist a late window before a page was asked for cannot hide
// anything on that page. Safe is the highest marker of which that is certain; a new run begins behind it and reads again
// what lies between Safe and Marker. Of that it passes on what it has not passed on before: Have says which markers it has.
type checkpoint struct {
	Format   int    `json:"v"`
	Entity   string `json:"of"`     // Order, Invoice, Article, Relation: counters of their own
	Marker   int64  `json:"marker"` // highest marker read
	Safe     int64  `json:"safe"`   // everything up to here has been read for certain
	Seen     []seen `json:"seen,omitempty"`
	Have     []span `json:"have,omitempty"`     // markers above Safe whose records were passed on, lowest first
	From     int64  `json:"from,omitempty"`     // leave out what was last touched before (Unix seconds) …
	FromUpTo int64  `json:"fromUpTo,omitempty"` // … up to this marker; what comes after changed after the start
}

// seen notes that a marker existed at a time.
type seen struct {
	At     int64 `json:"t"` // Unix milliseconds
	Marker int64 `json:"m"`
}

// span is markers from the first to the last, both included.
type span [2]int64

// mostSpans bounds the checkpoint. A marker that is forgotten is passed on once more, which is harmless.
const mostSpans = 500

const checkpointFormat = 1

// decodeCheckpoint reads a checkpoint; fresh is set for an empty one.
func decodeCheckpoint(text, entity string) (c checkpoint, fresh bool, err error) {
	if text == "" {
		return checkpoint{Format: checkpointFormat, Entity: entity}, true, nil
	}
	if err := json.Unmarshal([]byte(text), &c); err != nil || c.Format < 1 || c.Entity == "" {
		return c, false, &fault.Error{Class: fault.Bug, Message: "the place up to which MplusKASSA was read cannot be understood",
			Advice: "Start the flow again from a date.", Detail: "checkpoint is not of a known form"}
	}
	if c.Format > checkpointFormat {
		return c, false, &fault.Error{Class: fault.Bug, Message: "the place up to which MplusKASSA was read was written by a newer version",
			Detail: "checkpoint has a newer format"}
	}
	if c.Entity != entity {
		return c, false, &fault.Error{Class: fault.Reject, Field: "documents",
			Message: "this flow has been reading the other kind of document; orders and invoices are counted apart, so it cannot go on where it was",
			Advice:  "Set the choice back, or make a new flow for the other kind of document."}
	}
	return c, false, nil
}

func (c *checkpoint) encode() string {
	b, err := json.Marshal(c)
	if err != nil {
		panic("mpluskassa: " + err.Error()) // numbers and texts only
	}
	return string(b)
}

// start sets a fresh checkpoint: the first marker to read, and what is to be left out.
func (c *checkpoint) start(first int64, from time.Time) {
	c.Marker = max(first-1, 0)
	c.Safe = c.Marker
	if !from.IsZero() {
		c.From, c.FromUpTo = from.Unix(), math.MaxInt64
	}
}

// begin opens a run. The counter, if known, was answered to stand at counter by now. It reports whether the counter went back, as
// it does when a server is put back to an older copy.
func (c *checkpoint) begin(now time.Time, late time.Duration, counter int64, known bool) (wentBack bool) {
	if known && counter < c.Marker {
		// Markers given out since then lie below ours and would never be asked for.
		wentBack = true
		c.Marker, c.Seen, c.Have = max(counter-settled, 0), nil, nil
		c.Safe = min(c.Safe, c.Marker)
	}
	c.Marker = min(c.Marker, c.Safe)
	if !known {
		return wentBack
	}
	if len(c.Seen) == 0 && counter > settled {
		c.Seen = append(c.Seen, seen{At: now.Add(-late).UnixMilli(), Marker: counter - settled})
	}
	c.note(now, late, counter)
	if c.FromUpTo == math.MaxInt64 {
		c.FromUpTo = counter
	}
	return wentBack
}

// note remembers that marker exists at now. Forgetting an observation is always safe, so only a few are kept: the newest
// that is older than the late window, and some within it.
func (c *checkpoint) note(now time.Time, late time.Duration, marker int64) {
	at := now.UnixMilli()
	old := -1
	for i, s := range c.Seen {
		if s.At <= at-late.Milliseconds() {
			old = i
		}
	}
	if old > 0 {
		c.Seen = append(c.Seen[:0], c.Seen[old:]...)
	}
	if n := len(c.Seen); n > 0 && (c.Seen[n-1].Marker >= marker || at-c.Seen[n-1].At < late.Milliseconds()/8) {
		return
	}
	c.Seen = append(c.Seen, seen{At: at, Marker: marker})
}

// read notes a page: asked for and answered at the times, behind Marker, it held everything visible up to highest. What it
// shows was visible when it was asked for or later; a marker on it existed when it was answered or earlier.
func (c *checkpoint) read(asked, answered time.Time, late time.Duration, highest int64) {
	certain := c.Marker
	for _, s := range c.Seen {
		if s.At <= asked.UnixMilli()-late.Milliseconds() {
			certain = max(certain, s.Marker)
		}
	}
	if c.Safe >= c.Marker { // nothing uncertain lies before this page
		c.Safe = max(c.Safe, min(highest, certain))
	}
	c.Marker = max(c.Marker, highest)
	c.note(answered, late, highest)
}

// pass notes that the record of a marker is passed on, and reports whether it was before. A record that changes gets
// another marker, so one marker is one state of one record.
func (c *checkpoint) pass(marker int64) (before bool) {
	i, found := slices.BinarySearchFunc(c.Have, marker, func(s span, m int64) int {
		switch {
		case s[1] < m:
			return -1
		case s[0] > m:
			return 1
		}
		return 0
	})
	if found {
		return true
	}
	joinsLeft := i > 0 && c.Have[i-1][1] == marker-1
	joinsRight := i < len(c.Have) && c.Have[i][0] == marker+1
	switch {
	case joinsLeft && joinsRight:
		c.Have[i-1][1] = c.Have[i][1]
		c.Have = slices.Delete(c.Have, i, i+1)
	case joinsLeft:
		c.Have[i-1][1] = marker
	case joinsRight:
		c.Have[i][0] = marker
	default:
		c.Have = slices.Insert(c.Have, i, span{marker, marker})
	}
	return false
}

// forget drops from Have what a next run does not read again, and the oldest beyond the bound.
func (c *checkpoint) forget() {
	c.Have = slices.DeleteFunc(c.Have, func(s span) bool { return s[1] <= c.Safe })
	if n := len(c.Have); n > mostSpans {
		c.Have = slices.Delete(c.Have, 0, n-mostSpans)
	}
}

// end notes that nothing lies behind Marker.
func (c *checkpoint) end() {
	if c.FromUpTo == math.MaxInt64 {
		c.FromUpTo = c.Marker
	}
}

// leavesOut reports whether a record is older than the flow wants. touched is the latest time known of it, zero for none.
func (c *checkpoint) leavesOut(marker int64, touched time.Time) bool {
	return c.From != 0 && marker <= c.FromUpTo && !touched.IsZero() && touched.Unix() < c.From
}
