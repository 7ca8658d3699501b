package panel

import (
	"cmp"
	"time"

	"apicenter/shared/model"
	"apicenter/shared/store"
)

// outcomes lists the outcomes in the order pages show them.
func outcomes() []model.Outcome {
	return []model.Outcome{model.Delivered, model.Skipped, model.Pending, model.Rejected, model.Failed}
}

// chip is an outcome as a small label.
type chip struct {
	Outcome model.Outcome // the name of its style
	Text    string
}

func (v *visit) chip(o model.Outcome) chip { return chip{o, v.words.or("outcome.", string(o))} }

// tally is how many records had an outcome.
type tally struct {
	chip
	Count int
}

// tallies lists all outcomes with their counts.
func (v *visit) tallies(counts map[model.Outcome]int) []tally {
	out := make([]tally, 0, 5)
	for _, o := range outcomes() {
		out = append(out, tally{v.chip(o), counts[o]})
	}
	return out
}

// midnight is when the tenant's day began.
func (v *visit) midnight() time.Time {
	y, m, d := v.now.In(v.zone).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, v.zone)
}

// sum adds the hours that begin at or after a time.
func sum(hours []store.Hour, from time.Time) map[model.Outcome]int {
	total := map[model.Outcome]int{}
	for _, h := range hours {
		if h.Start.Before(from) {
			continue
		}
		for o, n := range h.Counts {
			total[o] += n
		}
	}
	return total
}

// Measures of a chart, in its own units.
const (
	chartHours  = 24
	chartHeight = 64
	barWidth    = 9
	barStep     = 12
	partHeight  = 2 // the least that can be seen
)

// chart is the outcomes per hour of the last day, ready to draw.
type chart struct {
	Width, Height int
	Bars          []bar
	Empty         bool
	Summary       string // for whoever does not see it
}

// bar is one hour.
type bar struct {
	X, Width int
	Parts    []barPart
	Title    string
}

// barPart is one outcome of an hour.
type barPart struct {
	Y, Height int
	Outcome   model.Outcome
}

// chartFrom is the first hour a chart shows.
func chartFrom(now time.Time) time.Time {
	return now.Truncate(time.Hour).Add(-(chartHours - 1) * time.Hour)
}

// chart draws hours. The tallest bar fills the height; an outcome that happened at all is at least two units high.
func (v *visit) chart(hours []store.Hour) chart {
	from := chartFrom(v.now)
	byHour := make([]map[model.Outcome]int, chartHours)
	highest, total := 0, 0
	for _, h := range hours {
		i := int(h.Start.Sub(from) / time.Hour)
		if h.Start.Before(from) || i >= chartHours {
			continue
		}
		byHour[i] = h.Counts
		n := 0
		for _, count := range h.Counts {
			n += count
		}
		highest, total = max(highest, n), total+n
	}
	c := chart{Width: chartHours*barStep - (barStep - barWidth), Height: chartHeight, Empty: total == 0,
		Summary: v.words.count("chart.summary", total)}
	for i, counts := range byHour {
		at := from.Add(time.Duration(i) * time.Hour).In(v.zone)
		b := bar{X: i * barStep, Width: barWidth, Title: at.Format("15:04"), Parts: stack(counts, cmp.Or(highest, 1))}
		for _, o := range outcomes() {
			if n := counts[o]; n > 0 {
				b.Title += " · " + v.words.number(n) + " " + v.chip(o).Text
			}
		}
		c.Bars = append(c.Bars, b)
	}
	return c
}

// stack puts the outcomes of an hour on top of each other. What is too small to see takes its height from the tallest.
func stack(counts map[model.Outcome]int, highest int) []barPart {
	var parts []barPart
	total, tallest := 0, 0
	for _, o := range outcomes() {
		if counts[o] == 0 {
			continue
		}
		part := barPart{Height: max(partHeight, counts[o]*chartHeight/highest), Outcome: o}
		total += part.Height
		parts = append(parts, part)
		if part.Height > parts[tallest].Height {
			tallest = len(parts) - 1
		}
	}
	if total > chartHeight {
		parts[tallest].Height -= total - chartHeight
	}
	y := chartHeight
	for i := range parts {
		y -= parts[i].Height
		parts[i].Y = y
	}
	return parts
}
