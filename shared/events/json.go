package events

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// form is the version of the JSON form. Fields may be added to it without a new number: readers skip what they do not know.
const form = 1

// ErrForm is a form that this code cannot read, of a newer version of the platform.
var ErrForm = errors.New("events: a form that is not known here")

// wire is the JSON form. Every field is always there: listeners pick fields by path, and what is missing breaks some of them.
type wire struct {
	Form       int       `json:"form"`
	ID         string    `json:"id"`
	Tenant     string    `json:"tenant"`
	Type       Type      `json:"type"`
	At         time.Time `json:"at"`
	Subject    string    `json:"subject"`
	Connection string    `json:"connection"`
	Flow       string    `json:"flow"`
	Run        string    `json:"run"`
	Problem    struct {
		Message string `json:"message"`
		Advice  string `json:"advice"`
	} `json:"problem"`
}

// Encode writes an event as JSON, its time in UTC.
func Encode(e Event) ([]byte, error) {
	w := wire{Form: form, ID: e.ID, Tenant: e.Tenant, Type: e.Type, At: e.At.UTC(), Subject: e.Subject, Connection: e.Connection,
		Flow: e.Flow, Run: e.Run}
	w.Problem.Message, w.Problem.Advice = e.Problem.Message, e.Problem.Advice
	return json.Marshal(w)
}

// Decode reads what Encode wrote. A type that is not known here is left as it is, for the listener to pass over.
func Decode(text []byte) (Event, error) {
	var w wire
	if err := json.Unmarshal(text, &w); err != nil {
		return Event{}, fmt.Errorf("event: %w", err)
	}
	if w.Form != form {
		return Event{}, fmt.Errorf("%w: form %d", ErrForm, w.Form)
	}
	return Event{ID: w.ID, Tenant: w.Tenant, Type: w.Type, At: w.At.UTC(), Subject: w.Subject, Connection: w.Connection, Flow: w.Flow,
		Run: w.Run, Problem: Problem{Message: w.Problem.Message, Advice: w.Problem.Advice}}, nil
}
