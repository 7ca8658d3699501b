package mapping

import (
	"fmt"
	"slices"
	"strings"
)

// Problem is one thing that is wrong with a mapping, at its place.
type Problem struct {
	File       string `json:"file"`
	Line       int    `json:"line"` // from 1; 0 when the problem is not in the file itself
	Column     int    `json:"column"`
	Field      string `json:"field,omitempty"` // the output field of the rule
	Message    string `json:"message"`
	Suggestion string `json:"suggestion,omitempty"` // a name that was probably meant
}

// String returns the problem on one line: afas orders send:12:9: field lines.Upri: unknown function cent (did you mean cents?)
func (p Problem) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s:%d:%d: ", p.File, p.Line, p.Column)
	if p.Field != "" {
		fmt.Fprintf(&b, "field %s: ", p.Field)
	}
	b.WriteString(p.Message)
	if p.Suggestion != "" {
		fmt.Fprintf(&b, " (did you mean %s?)", p.Suggestion)
	}
	return b.String()
}

// Problems is everything that is wrong with a mapping, in the order of the file.
type Problems struct{ List []Problem }

// Error returns one line per problem.
func (p *Problems) Error() string {
	lines := make([]string, len(p.List))
	for i, problem := range p.List {
		lines[i] = problem.String()
	}
	return strings.Join(lines, "\n")
}

// maxProblems bounds the list; a file that is wrong in more places is wrong as a whole.
const maxProblems = 200

func (c *compiler) report(p Problem) {
	p.File = c.name
	if len(c.problems) < maxProblems && !slices.Contains(c.problems, p) {
		c.problems = append(c.problems, p)
	}
}

// at reports a problem at a place of the file.
func (c *compiler) at(pos position, field, format string, args ...any) {
	c.report(Problem{Line: pos.line, Column: pos.column, Field: field, Message: fmt.Sprintf(format, args...)})
}

// unknown reports a name that does not exist, with the name that was probably meant.
func (c *compiler) unknown(pos position, field, message, name string, known []string) {
	c.report(Problem{Line: pos.line, Column: pos.column, Field: field, Message: message, Suggestion: nearest(name, known)})
}

func (c *compiler) failed() bool { return len(c.problems) > 0 }

func (c *compiler) err() error {
	slices.SortStableFunc(c.problems, func(a, b Problem) int {
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return a.Column - b.Column
	})
	return &Problems{List: c.problems}
}

// nearest returns the known name that is most like name, or "" when none is like it.
func nearest(name string, known []string) string {
	best, bestDistance := "", 1+max(1, len(name)/3)
	for _, k := range known {
		d := 0
		if !strings.EqualFold(name, k) {
			d = distance(strings.ToLower(name), strings.ToLower(k))
		}
		if d < bestDistance {
			best, bestDistance = k, d
		}
	}
	return best
}

// distance counts the letters to insert, drop, replace or swap to make b of a.
func distance(a, b string) int {
	if len(a) > 64 || len(b) > 64 {
		return 64
	}
	var before, row, next [65]int
	for j := range len(b) + 1 {
		row[j] = j
	}
	for i := range len(a) {
		next[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			next[j+1] = min(row[j+1]+1, next[j]+1, row[j]+cost)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				next[j+1] = min(next[j+1], before[j-1]+1)
			}
		}
		before, row = row, next
	}
	return row[len(b)]
}
