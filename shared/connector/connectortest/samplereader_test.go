package connectortest

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"apicenter/shared/connector"
	"apicenter/shared/fault"
	"apicenter/shared/model"
)

const sampleWindow = time.Minute

// sampleCheckpoint is a place in the sample system: everything up to Safe was read after it could no longer change behind
// our back, Pass is the place in the pass that began at Begun.
type sampleCheckpoint struct {
	Safe, Pass, Begun int64
	Seen              [][2]int64 // when a marker was the highest
	Done              bool       // for one that is broken
}

// Read pages by marker and begins each run behind what is certain.
func (s *sampleSession) Read(ctx context.Context, r connector.ReadRequest) (connector.Page, error) {
	var c sampleCheckpoint
	switch {
	case r.Checkpoint == "", s.bend == "any checkpoint will do" && json.Unmarshal([]byte(r.Checkpoint), &c) != nil:
		c = sampleCheckpoint{}
	case json.Unmarshal([]byte(r.Checkpoint), &c) != nil:
		return connector.Page{}, fault.New(fault.Bug, "the place up to which Sample was read cannot be understood")
	}
	if r.Begin || c.Begun == 0 {
		if c.Begun = s.now().UnixNano(); s.bend != "never steps back" {
			c.Pass = c.Safe
		}
	}
	if c.Done {
		return connector.Page{Next: r.Checkpoint}, nil
	}
	q := sampleQuery{After: c.Pass, Limit: r.Limit}
	switch s.bend {
	case "remembers its place itself", "failures move on":
		q.After = s.place.Load()
	case "full mode goes on":
		if r.Mode == connector.Full {
			q.After = s.place.Load()
		}
	case "pages by number":
		q.After, q.Skip = 0, c.Pass
	case "pages of any size":
		q.Limit = 3 * r.Limit
	}
	asked := s.now()
	rows, _, err := s.call(ctx, "list", q)
	if err != nil {
		if s.bend == "failures move on" {
			s.place.Add(int64(r.Limit))
		}
		if s.bend == "failures end the data" {
			return connector.Page{Next: r.Checkpoint + "{}"}, nil
		}
		return connector.Page{}, err
	}
	page := connector.Page{More: len(rows) > 0}
	for _, x := range rows {
		page.Records = append(page.Records, s.record(x, asked))
	}
	s.advance(&c, rows, asked)
	text, err := json.Marshal(c)
	if err != nil {
		return connector.Page{}, fault.New(fault.Bug, "%v", err)
	}
	page.Next = string(text)
	if s.bend == "a checkpoint of bytes" {
		page.Next = "\xff" + page.Next
	}
	if s.bend == "one page too few" && len(rows) < r.Limit {
		page.Records = nil
	}
	if s.bend == "the last row again" && len(rows) > 1 {
		page.Records = append(page.Records[1:], page.Records[0], page.Records[0])
	}
	return page, nil
}

// advance moves the checkpoint behind a page; at the end of a pass what was seen a window before it began is safe.
func (s *sampleSession) advance(c *sampleCheckpoint, rows []row, asked time.Time) {
	if len(rows) > 0 {
		c.Pass = rows[len(rows)-1].Marker
		if s.bend == "leaves one out" {
			c.Pass++
		}
		if s.bend == "pages by number" {
			c.Pass = c.Safe + int64(len(rows))
			c.Safe = c.Pass
		}
		s.place.Store(rows[len(rows)-1].Marker)
		return
	}
	if s.bend == "pages by number" {
		c.Pass, c.Safe = 0, 0
		return
	}
	c.Done = s.bend == "the end is for ever"
	c.Seen = append(c.Seen, [2]int64{asked.UnixNano(), c.Pass})
	for _, seen := range c.Seen {
		if seen[0] <= c.Begun-sampleWindow.Nanoseconds() {
			c.Safe = max(c.Safe, seen[1])
		}
	}
	if s.bend == "trusts the clock" {
		c.Safe = c.Pass
	}
}

func (s *sampleSession) record(x row, asked time.Time) connector.Record {
	out := connector.Record{Key: x.Key, Version: model.Version{Marker: x.Marker, Read: asked},
		Fields: model.Tree{"key": x.Key, "text": x.Text, "amount": x.Amount}}
	switch s.bend {
	case "amounts as floats":
		f, _ := x.Amount.Float64()
		out.Fields["amount"] = json.Number(strconv.FormatFloat(f, 'f', -1, 64))
	case "letters of one byte":
		var b []byte
		for _, r := range x.Text {
			b = append(b, byte(r))
		}
		out.Fields["text"] = string(b)
	case "one version for ever":
		out.Version = model.Version{Marker: 1, Read: time.Unix(1, 0)}
	}
	return out
}

// ReadOne looks rows up by key.
func (s *sampleSession) ReadOne(ctx context.Context, _ model.Kind, _ map[string]string, keys []string) ([]connector.Record, error) {
	asked := s.now()
	path := "find"
	if len(keys) == 0 && s.bend == "no keys mean all" {
		path = "list"
	}
	rows, _, err := s.call(ctx, path, sampleQuery{Keys: keys})
	if err != nil {
		return nil, err
	}
	if len(rows) < len(keys) && s.bend == "unknown keys are errors" {
		return nil, fault.New(fault.Reject, "Sample does not know a key")
	}
	var out []connector.Record
	for _, x := range rows {
		out = append(out, s.record(x, asked))
	}
	return out, nil
}
