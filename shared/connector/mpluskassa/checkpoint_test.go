package mpluskassa

import (
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"

	"apicenter/shared/fault"
)

// A counter is drawn at stamped, its row can be read from visible on.
type row struct {
	marker           int64
	stamped, visible time.Time
}

// reader drives a checkpoint over rows as Read does, without a server.
type reader struct {
	c     checkpoint
	late  time.Duration
	rows  []row
	reads map[int64]time.Time // when each marker was last read
	rng   *rand.Rand
}

// counter is the highest marker given out by a time, whether its row is visible or not.
func (r *reader) counter(now time.Time) int64 {
	var high int64
	for _, x := range r.rows {
		if !x.stamped.After(now) {
			high = max(high, x.marker)
		}
	}
	return high
}

// page returns the highest of the lowest limit visible markers behind a marker, 0 for none.
func (r *reader) page(now time.Time, behind int64, limit int) (highest int64) {
	for _, x := range r.rows { // rows are in order of their markers
		if x.marker > behind && !x.visible.After(now) && limit > 0 {
			highest = x.marker
			r.reads[x.marker] = now
			limit--
		}
	}
	return highest
}

// run reads from checkpoint to end; every request takes step and is served somewhere on the way. It may be stopped after a number of pages, as a crash does;
// with lose the last page's checkpoint was not saved.
func (r *reader) run(now time.Time, step time.Duration, limit, pages int, lose, known bool) time.Time {
	served := func() time.Time { return now.Add(time.Duration(r.rng.Int64N(int64(step) + 1))) }
	counter := r.counter(served())
	now = now.Add(step)
	r.c.begin(now, r.late, counter, known)
	for range pages {
		before := r.c
		before.Seen = append([]seen(nil), r.c.Seen...)
		asked := now
		highest := r.page(served(), r.c.Marker, limit)
		now = now.Add(step)
		if highest == 0 {
			r.c.end()
			return now
		}
		r.c.read(asked, now, r.late, highest)
		if lose {
			r.c, lose = before, false
			continue
		}
		c, _, err := decodeCheckpoint(r.c.encode(), r.c.Entity) // what is not written is not known
		if err != nil {
			panic(err)
		}
		r.c = c
	}
	return now
}

// Promise 1: whatever appears late, and whenever runs start, stop or crash, every row has been read while it was visible
// once two runs went to their end after it appeared.
func TestCheckpointLosesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		late := time.Duration(rapid.IntRange(0, 300).Draw(t, "late")) * time.Second
		seed := rapid.Uint64().Draw(t, "seed")
		rng := rand.New(rand.NewPCG(seed, 1))
		start := time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC)
		r := &reader{c: checkpoint{Format: 1, Entity: "Order"}, late: late, reads: map[int64]time.Time{}, rng: rng}
		at, marker := start, int64(0)
		for range rapid.IntRange(0, 120).Draw(t, "rows") {
			at = at.Add(time.Duration(rng.IntN(90)) * time.Second)
			marker += 1 + rng.Int64N(3)
			x := row{marker: marker, stamped: at, visible: at}
			if late > 0 && rng.IntN(3) == 0 {
				x.visible = at.Add(time.Duration(rng.Int64N(int64(late) + 1)))
			}
			r.rows = append(r.rows, x)
		}
		r.c.start(1, time.Time{})
		now := start.Add(time.Duration(rng.IntN(600)) * time.Second)
		for range rapid.IntRange(1, 30).Draw(t, "runs") {
			pages := 1000
			if rng.IntN(4) == 0 {
				pages = rng.IntN(4) // cut off
			}
			now = r.run(now, time.Duration(rng.IntN(90_000))*time.Millisecond, 1+rng.IntN(10), pages, rng.IntN(5) == 0, rng.IntN(10) > 0)
			// Whatever is called safe has been read after it became visible.
			for _, x := range r.rows {
				if read, ok := r.reads[x.marker]; x.marker <= r.c.Safe && (!ok || read.Before(x.visible)) {
					t.Fatalf("marker %d is called safe (up to %d) but was not read", x.marker, r.c.Safe)
				}
			}
			now = now.Add(time.Duration(rng.IntN(600)) * time.Second)
		}
		if r.c.Safe > r.c.Marker {
			t.Fatalf("certain of %d beyond what was read, %d", r.c.Safe, r.c.Marker)
		}
		now = later(now, at).Add(late + time.Second)
		now = r.run(now, time.Second, 10, 1000, false, true).Add(late + time.Second)
		r.run(now, time.Second, 10, 1000, false, true)
		for _, x := range r.rows {
			if read, ok := r.reads[x.marker]; !ok || read.Before(x.visible) {
				t.Fatalf("marker %d, visible from %s, was never read", x.marker, x.visible)
			}
		}
		if n := len(r.c.Seen); n > 12 {
			t.Fatalf("the trail has grown to %d", n)
		}
	})
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// Reading again has to end: without changes nothing is read twice once the late window has passed.
func TestCheckpointComesToRest(t *testing.T) {
	now := time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC)
	r := &reader{c: checkpoint{Format: 1, Entity: "Order"}, late: 2 * time.Minute,
		reads: map[int64]time.Time{}, rng: rand.New(rand.NewPCG(1, 1))}
	for i := range int64(5000) {
		r.rows = append(r.rows, row{marker: i + 1, stamped: now.Add(-time.Hour), visible: now.Add(-time.Hour)})
	}
	r.c.start(1, time.Time{})
	r.run(now, time.Second/100, 100, 1000, false, true)
	clear(r.reads)
	r.run(now.Add(time.Second*30), time.Second/100, 100, 1000, false, true)
	if got := len(r.reads); got > settled {
		t.Errorf("half a minute after the first run %d rows were read again, want at most %d", got, settled)
	}
	r.run(now.Add(5*time.Minute), time.Second/100, 100, 1000, false, true)
	clear(r.reads)
	r.run(now.Add(10*time.Minute), time.Second/100, 100, 1000, false, true)
	if got := len(r.reads); got != 0 {
		t.Errorf("ten minutes later %d rows were read again, want none", got)
	}
}

func TestCheckpointAfterTheServerWentBack(t *testing.T) {
	now := time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC)
	c := checkpoint{Format: 1, Entity: "Order", Marker: 9000, Safe: 9000}
	if !c.begin(now, time.Minute, 8500, true) || c.Marker != 8500-settled || c.Safe != c.Marker {
		t.Errorf("got %+v, want to begin behind %d", c, 8500-settled)
	}
	c = checkpoint{Format: 1, Entity: "Order", Marker: 9000, Safe: 9000}
	if c.begin(now, time.Minute, 9000, true) || c.Marker != 9000 {
		t.Errorf("got %+v, want nothing read again", c)
	}
}

// What was stored can still be read: this is the first form, and it stays readable.
func TestCheckpointForms(t *testing.T) {
	c, fresh, err := decodeCheckpoint(`{"v":1,"of":"Order","marker":4718,"safe":4711,"seen":[{"t":1767600000000,"m":4715}],"from":1767225600,"fromUpTo":4000}`, "Order")
	if err != nil || fresh || c.Marker != 4718 || c.Safe != 4711 || len(c.Seen) != 1 || c.Seen[0].Marker != 4715 || c.From != 1767225600 || c.FromUpTo != 4000 {
		t.Errorf("got %+v, %v, %v", c, fresh, err)
	}
	if _, fresh, err := decodeCheckpoint("", "Order"); !fresh || err != nil {
		t.Errorf("an empty one: %v, %v, want fresh", fresh, err)
	}
	for text, class := range map[string]fault.Class{
		"4718":                              fault.Bug,
		`{"v":2,"of":"Order","marker":1}`:   fault.Bug,
		`{"v":1,"of":"Invoice","marker":1}`: fault.Reject,
	} {
		if _, _, err := decodeCheckpoint(text, "Order"); fault.ClassOf(err) != class {
			t.Errorf("%s: got %v, want class %s", text, err, class)
		}
	}
}

// What lies in the late window is read in every run but passed on once; a row that becomes visible late fills a gap and is
// passed on then.
func TestLateWindowPassesOnOnce(t *testing.T) {
	var c checkpoint
	for _, m := range []int64{5, 1, 2, 4} {
		if c.pass(m) {
			t.Errorf("marker %d was not passed on before", m)
		}
	}
	for _, m := range []int64{1, 2, 4, 5} {
		if !c.pass(m) {
			t.Errorf("marker %d was passed on before", m)
		}
	}
	if c.pass(3) || !c.pass(3) {
		t.Error("the late marker 3 was not passed on exactly once")
	}
	if len(c.Have) != 1 || c.Have[0] != (span{1, 5}) {
		t.Errorf("markers are kept as %v, want one span from 1 to 5", c.Have)
	}
	c.Safe = 5
	if c.forget(); len(c.Have) != 0 {
		t.Errorf("what is certain is still kept: %v", c.Have)
	}
	for m := int64(10); m < 10+4*mostSpans; m += 2 {
		c.pass(m)
	}
	if c.forget(); len(c.Have) != mostSpans {
		t.Errorf("%d spans are kept, want %d", len(c.Have), mostSpans)
	}
}
