package afas

import (
	"context"
	"strings"
	"sync"

	"apicenter/shared/connector/internal/jsonhttp"
)

// labels finds the field AFAS means by one of its labels. What the tables know is tried first; an environment may have
// labels of its own, which its description of a write object tells.
type labels struct {
	mu    sync.Mutex
	asked map[string]bool   // write objects whose description was read
	own   map[string]string // label in lower case to the place to look at
}

// tables are the fields of every write object, for labels and codes.
func tables() [][]field {
	return [][]field{orderFields, lineFields, relationFields, organisationFields, personFields, contactFields, addressFields,
		bookingFields, bookingTaxFields}
}

// place is where the owner should look: the data-model field or setting, or else AFAS' code.
func (f *field) place() string {
	if f.model != "" {
		return f.model
	}
	return f.code
}

// field returns the place a label points to.
func (l *labels) field(label string) (string, bool) {
	for _, table := range tables() {
		for i := range table {
			for _, known := range table[i].labels {
				if strings.EqualFold(known, label) {
					return table[i].place(), true
				}
			}
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	place, ok := l.own[strings.ToLower(label)]
	return place, ok
}

// described is AFAS' description of a write object.
type described struct {
	Fields []struct {
		ID    string `json:"fieldId"`
		Label string `json:"label"`
	} `json:"fields"`
	Objects []described `json:"objects"`
}

// learn reads the description of a write object once, so that its labels are known. Failing is no matter: the label itself
// stands in the message then.
func (s *session) learn(ctx context.Context, name string) {
	s.labels.mu.Lock()
	known := s.labels.asked[name]
	s.labels.mu.Unlock()
	if known {
		return
	}
	x, err := s.client.Do(ctx, jsonhttp.Request{Method: "GET", Path: "/metainfo/update/" + name})
	if err != nil {
		return
	}
	var d described
	if err := jsonhttp.Decode(x.Answer, &d); err != nil {
		return
	}
	s.labels.mu.Lock()
	defer s.labels.mu.Unlock()
	if s.labels.asked == nil {
		s.labels.asked, s.labels.own = map[string]bool{}, map[string]string{}
	}
	s.labels.asked[name] = true
	s.labels.take(d)
}

func (l *labels) take(d described) {
	for _, f := range d.Fields {
		key := strings.ToLower(strings.TrimSpace(f.Label))
		if key == "" {
			continue
		}
		if _, ok := l.own[key]; !ok {
			l.own[key] = placeOf(f.ID)
		}
	}
	for _, o := range d.Objects {
		l.take(o)
	}
}

func placeOf(code string) string {
	for _, table := range tables() {
		for i := range table {
			if table[i].code == code && table[i].model != "" {
				return table[i].model
			}
		}
	}
	return code
}
