package panel

import (
	"net/http"
	"strings"
	"time"
)

// signInView is the page before the panel.
type signInView struct {
	// Refused is set when a link was used, too old or never given.
	Refused bool
}

// showSignIn tells how to get in.
func (p *Panel) showSignIn(w http.ResponseWriter, r *http.Request, v *visit) error {
	if v.id != "" {
		return back(w, r, "/")
	}
	return p.show(w, r, v, http.StatusOK, page{Name: "signin", Title: v.words.say("signin.title"), View: signInView{}})
}

// signIn uses a link up. A browser that only looks ahead does not.
func (p *Panel) signIn(w http.ResponseWriter, r *http.Request, v *visit) error {
	if r.Method != http.MethodGet || strings.Contains(r.Header.Get("Sec-Purpose"), "prefetch") {
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	id, ok := p.door.use(r.PathValue("token"))
	if !ok {
		return p.show(w, r, v, http.StatusForbidden,
			page{Name: "signin", Title: v.words.say("signin.title"), View: signInView{Refused: true}})
	}
	p.setCookie(w, r, sessionCookie, id, sessionLife)
	return back(w, r, "/")
}

func (p *Panel) signOut(w http.ResponseWriter, r *http.Request, v *visit) error {
	p.door.leave(v.id)
	p.setCookie(w, r, sessionCookie, "", -time.Second)
	return back(w, r, "/signin")
}

// chooseLanguage remembers a language in the browser.
func (p *Panel) chooseLanguage(w http.ResponseWriter, r *http.Request, _ *visit) error {
	if chosen := r.PostFormValue("language"); p.pages.speaks(chosen) {
		p.setCookie(w, r, languageCookie, chosen, 365*24*time.Hour)
	}
	return back(w, r, r.PostFormValue("back"))
}
