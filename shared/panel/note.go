package panel

import (
	"log/slog"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	// noteLife is how long a note waits for the next page, which follows at once.
	noteLife = 5 * time.Minute
	// maxNote is how long a note may be when sealed: browsers drop cookies of more than 4096 bytes, name included.
	maxNote = 3800
)

// note is a sentence for the next page: what an action did, or why it could not.
type note struct {
	Bad        bool     `json:"bad,omitempty"`
	Text       string   `json:"text,omitempty"`
	Advice     string   `json:"advice,omitempty"`
	Connection string   `json:"connection,omitempty"` // the connection a test was about; empty for notes of the whole page
	Details    []string `json:"details,omitempty"`
}

// waiting is a note on its way to the next page.
type waiting struct {
	Note  note  `json:"note"`
	Until int64 `json:"until"` // Unix seconds
}

// notePurposeOf binds a note to one session.
func notePurposeOf(s session) string { return notePurpose + " " + s.Form }

// say keeps a note for the session's next page. What does not fit into a cookie is cut, the details first; a note that
// cannot be kept is left out, because what it tells of has happened.
func (p *Panel) say(w http.ResponseWriter, r *http.Request, v *visit, n note) {
	for length := 2 * maxNote; length > 0; length /= 2 {
		kept := waiting{Note: n.within(length), Until: v.now.Add(noteLife).Unix()}
		sealed, err := p.seal(r.Context(), v.tenant.ID, notePurposeOf(v.session), kept)
		if err != nil {
			p.log.Error("a note for the next page could not be kept", slog.String("tenant", v.tenant.ID), slog.Any("error", err))
			return
		}
		if len(sealed) <= maxNote {
			p.setCookie(w, r, noteCookie, sealed, noteLife)
			return
		}
	}
}

// hear returns the note kept for the session, once.
func (p *Panel) hear(w http.ResponseWriter, r *http.Request, v *visit) *note {
	sealed := p.cookie(r, noteCookie)
	if sealed == "" {
		return nil
	}
	p.setCookie(w, r, noteCookie, "", -time.Second)
	var kept waiting
	if p.open(r.Context(), v.tenant.ID, notePurposeOf(v.session), sealed, &kept) != nil || v.now.Unix() >= kept.Until {
		return nil
	}
	return &kept.Note
}

// within returns the note with at most so many bytes of text, and a mark wherever some were cut.
func (n note) within(length int) note {
	take := func(text string) string {
		short := cut(text, length)
		length -= len(short)
		return short
	}
	n.Text, n.Advice = take(n.Text), take(n.Advice)
	details := n.Details
	n.Details = nil
	for _, d := range details {
		if length <= 0 {
			break
		}
		n.Details = append(n.Details, take(d))
	}
	return n
}

// cut shortens a text to at most so many bytes, between letters, and marks it.
func cut(text string, length int) string {
	const mark = "…"
	if len(text) <= length {
		return text
	}
	if length < len(mark) {
		return ""
	}
	end := length - len(mark)
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return strings.TrimRight(text[:end], " ") + mark
}
