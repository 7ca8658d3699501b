package panel

import (
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strings"

	"apicenter/shared/store"
)

// failureView is a page that could not be shown.
type failureView struct {
	Status   int
	Heading  string
	Sentence string
	Advice   string
	Line     string // where the log tells more
}

// fail answers with the page of an error.
func (p *Panel) fail(w http.ResponseWriter, r *http.Request, v *visit, err error) {
	machine := strings.HasSuffix(r.URL.Path, ".json")
	if errors.Is(err, errSignIn) {
		p.dismiss(w, r) // what does not count any more need not be sent again
		if machine {
			answerJSON(w, http.StatusUnauthorized, map[string]string{"problem": v.words.say("failure.signin")})
			return
		}
		http.Redirect(w, r, p.signInPath(r), http.StatusSeeOther)
		return
	}
	view, key := failureView{Status: http.StatusInternalServerError}, "failure.500."
	switch {
	case errors.Is(err, store.ErrNotFound):
		view.Status, key = http.StatusNotFound, "failure.404."
	case errors.Is(err, errForbidden):
		view.Status, key = http.StatusForbidden, "failure.403."
	default:
		view.Line = p.door.token()[:8]
		p.log.Error("the panel could not answer", slog.String("page", r.Pattern), slog.String("tenant", v.session.Tenant),
			slog.String("line", view.Line), slog.Any("error", err))
	}
	view.Heading, view.Sentence, view.Advice = v.words.say(key+"heading"), v.words.say(key+"sentence"), v.words.say(key+"advice")
	if machine {
		answerJSON(w, view.Status, map[string]string{"problem": view.Sentence})
		return
	}
	shown := p.show(w, r, v, view.Status, page{Name: "failure", Title: view.Heading, View: view})
	if shown != nil && !errors.Is(shown, errSaid) {
		p.log.Error("the failure page could not be shown", slog.Any("error", shown))
		http.Error(w, view.Sentence, view.Status)
	}
}

// showNothing answers for addresses there are none of.
func (p *Panel) showNothing(http.ResponseWriter, *http.Request, *visit) error {
	return store.ErrNotFound
}

func answerJSON(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value) // the browser has gone; there is nobody to tell
}
