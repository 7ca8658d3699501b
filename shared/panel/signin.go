package panel

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"apicenter/shared/integration"
	"apicenter/shared/panel/openid"
	"apicenter/shared/store"
)

// attemptLife is how long somebody may take with the provider, password and second factor included.
const attemptLife = 10 * time.Minute

// attemptKeys is whose keys seal attempts: nobody's, since who it is comes out at their end. No tenant's id begins so.
const attemptKeys = "@sign-in"

// linkSubject is who came by a link: whoever was given it.
const linkSubject = "link"

// attempt is what the browser keeps while it is with the provider. It ties the answer to the browser that asked: an address
// with somebody else's answer signs nobody in.
type attempt struct {
	openid.Attempt
	Next  string `json:"next"`  // where to go afterwards
	Until int64  `json:"until"` // Unix seconds
}

// signInView is the page before the panel.
type signInView struct {
	Problem string
	Said    string // what the provider says, in its own words
	Advice  string
	Start   string // where signing in begins; empty where there is only the link
	Other   string // where the provider forgets who somebody was
	Line    string // where the log tells more
}

// showSignIn tells how to get in.
func (p *Panel) showSignIn(w http.ResponseWriter, r *http.Request, v *visit) error {
	if _, _, err := p.session(r); err == nil {
		return back(w, r, nextOf(r))
	}
	return p.signInPage(w, r, v, http.StatusOK, signInView{})
}

// signInPage shows how to get in, and perhaps why the last try did not work.
func (p *Panel) signInPage(w http.ResponseWriter, r *http.Request, v *visit, status int, view signInView) error {
	if p.people != nil {
		view.Start = "/signin/start"
		if next := nextOf(r); next != "/" {
			view.Start += "?next=" + url.QueryEscape(next)
		}
	}
	return p.show(w, r, v, status, page{Name: "signin", Title: v.words.say("signin.title"), View: view})
}

// signInPath is where somebody without a session is sent, with the page they wanted where that can be kept.
func (p *Panel) signInPath(r *http.Request) string {
	if wanted := local(r.URL.RequestURI()); p.people != nil && r.Method == http.MethodGet && wanted != "/" {
		return "/signin?next=" + url.QueryEscape(wanted)
	}
	return "/signin"
}

// nextOf is the page an address asks for, one of our own. Signing in does not lead to signing in.
func nextOf(r *http.Request) string {
	next := local(r.URL.Query().Get("next"))
	if next == "/signin" || strings.HasPrefix(next, "/signin/") || strings.HasPrefix(next, "/signin?") {
		return "/"
	}
	return next
}

// ahead reports whether a browser only looks ahead, and answers it: that uses nothing up.
func ahead(w http.ResponseWriter, r *http.Request) bool {
	if r.Method == http.MethodGet && !strings.Contains(r.Header.Get("Sec-Purpose"), "prefetch") {
		return false
	}
	w.WriteHeader(http.StatusNoContent)
	return true
}

// signIn uses a link up.
func (p *Panel) signIn(w http.ResponseWriter, r *http.Request, v *visit) error {
	if ahead(w, r) {
		return nil
	}
	tenant, ok := p.door.use(r.PathValue("token"))
	if !ok {
		return p.signInPage(w, r, v, http.StatusForbidden, signInView{Problem: v.words.say("signin.refused")})
	}
	if err := p.admit(w, r, tenant, linkSubject); err != nil {
		return err
	}
	return back(w, r, "/")
}

// startSignIn sends the browser to the provider.
func (p *Panel) startSignIn(w http.ResponseWriter, r *http.Request, v *visit) error {
	if p.people == nil {
		return store.ErrNotFound
	}
	if ahead(w, r) {
		return nil
	}
	a := attempt{Next: nextOf(r), Until: v.now.Add(attemptLife).Unix(), Attempt: openid.Attempt{State: p.door.token(), Nonce: p.door.token(),
		Verifier: p.door.token(), Redirect: p.address(r) + "/signin/callback"}}
	to, err := p.people.Address(r.Context(), a.Attempt)
	if err != nil {
		return p.notSignedIn(w, r, v, err)
	}
	sealed, err := p.seal(r.Context(), attemptKeys, attemptPurpose, a)
	if err != nil {
		return err
	}
	p.setCookie(w, r, attemptCookie, sealed, attemptLife)
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

// address is how the browser reaches the panel. The host is what the browser, or whoever plays one, says it is. Nothing is
// won by saying something else: a provider sends people back to addresses only that were registered with it.
func (p *Panel) address(r *http.Request) string {
	if p.encrypted(r) {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

// finishSignIn takes the provider's answer, which the browser brings.
func (p *Panel) finishSignIn(w http.ResponseWriter, r *http.Request, v *visit) error {
	if p.people == nil {
		return store.ErrNotFound
	}
	if ahead(w, r) {
		return nil
	}
	query := r.URL.Query()
	a, ok, err := p.attempt(r, query.Get("state"))
	if err != nil {
		return err
	}
	if !ok {
		return p.signInPage(w, r, v, http.StatusForbidden, signInView{Problem: v.words.say("signin.stale"), Advice: v.words.say("signin.stale-advice")})
	}
	p.setCookie(w, r, attemptCookie, "", -time.Second)
	if code := query.Get("error"); code != "" {
		p.log.Info("the provider let somebody not in", slog.String("error", cut(code, 100)))
		view := signInView{Problem: v.words.say("signin.cancelled")}
		if said := cut(query.Get("error_description"), 300); said != "" {
			view.Said = v.words.say("signin.said", "text", said)
		}
		return p.signInPage(w, r, v, http.StatusForbidden, view)
	}
	who, err := p.people.Person(r.Context(), a.Attempt, query.Get("code"))
	if err != nil {
		return p.notSignedIn(w, r, v, err)
	}
	tenant, err := p.tenantOf(r.Context(), who)
	if errors.Is(err, store.ErrNotFound) {
		return p.showHomeless(w, r, v, who)
	}
	if err != nil {
		return err
	}
	if err := p.admit(w, r, tenant, who.Subject); err != nil {
		return err
	}
	p.log.Info("somebody signed in", slog.String("tenant", tenant), slog.String("subject", who.Subject))
	return back(w, r, a.Next)
}

// attempt returns the attempt that the browser began; ok is false unless the answer with the state belongs to it.
func (p *Panel) attempt(r *http.Request, state string) (a attempt, ok bool, err error) {
	sealed := p.cookie(r, attemptCookie)
	if sealed == "" {
		return a, false, nil
	}
	err = p.open(r.Context(), attemptKeys, attemptPurpose, sealed, &a)
	if errors.Is(err, errForeign) {
		return a, false, nil
	}
	if err != nil {
		return a, false, err
	}
	same := a.State != "" && subtle.ConstantTimeCompare([]byte(a.State), []byte(state)) == 1
	return a, same && p.now().Unix() < a.Until, nil
}

// tenantOf returns the tenant somebody belongs to, and store.ErrNotFound where there is none: without it nobody gets in.
func (p *Panel) tenantOf(ctx context.Context, who openid.Person) (string, error) {
	if who.Tenant == "" {
		return "", store.ErrNotFound
	}
	tenant, err := p.store.Tenant(ctx, who.Tenant)
	if err != nil {
		return "", fmt.Errorf("tenant: %w", err)
	}
	return tenant.ID, nil
}

// showHomeless tells somebody whom the provider knows and no tenant does.
func (p *Panel) showHomeless(w http.ResponseWriter, r *http.Request, v *visit, who openid.Person) error {
	p.log.Info("somebody signed in who belongs to no tenant", slog.String("subject", who.Subject), slog.String("claim", cut(who.Tenant, 100)))
	view := signInView{Problem: v.words.say("signin.homeless"), Advice: v.words.say("signin.homeless-advice"), Other: p.providerExit(r)}
	if who.Email != "" {
		view.Said = v.words.say("signin.homeless-who", "email", cut(who.Email, 200))
	}
	return p.signInPage(w, r, v, http.StatusForbidden, view)
}

// notSignedIn tells why signing in did not work. The log says more than the page: what a provider answers is for whoever
// runs the panel.
func (p *Panel) notSignedIn(w http.ResponseWriter, r *http.Request, v *visit, err error) error {
	view := signInView{Problem: v.words.say("signin.unproven"), Advice: v.words.say("signin.unproven-advice"), Line: p.door.token()[:8]}
	status := http.StatusForbidden
	if errors.Is(err, openid.ErrUnavailable) {
		view.Problem, view.Advice, status = v.words.say("signin.unavailable"), v.words.say("signin.unavailable-advice"), http.StatusServiceUnavailable
	}
	p.log.Error("somebody could not sign in", slog.String("page", r.Pattern), slog.String("line", view.Line), slog.Any("error", err))
	return p.signInPage(w, r, v, status, view)
}

// signedOutView is the page after the panel.
type signedOutView struct {
	Other string
}

// signOut ends the session here, and where the provider has a place for it, there. The form's own answer cannot lead there:
// the policy keeps forms, and what they redirect to, on this host. The page that follows it can.
func (p *Panel) signOut(w http.ResponseWriter, r *http.Request, v *visit) error {
	p.dismiss(w, r)
	to := ""
	if v.session.Subject != linkSubject {
		to = p.providerExit(r)
	}
	if to == "" {
		return back(w, r, "/signin")
	}
	w.Header().Set("Refresh", "0; url="+to)
	v.session, v.tenant = session{}, integration.Tenant{}
	return p.show(w, r, v, http.StatusOK, page{Name: "signedout", Title: v.words.say("signin.out-title"), View: signedOutView{Other: to}})
}

// providerExit is where the provider ends its own session; empty where there is no such place, or nobody can tell.
func (p *Panel) providerExit(r *http.Request) string {
	if p.people == nil {
		return ""
	}
	to, err := p.people.SignOutAddress(r.Context(), p.address(r)+"/signin")
	if err != nil {
		p.log.Warn("signed out here only", slog.Any("error", err))
	}
	return to
}

// chooseLanguage remembers a language in the browser.
func (p *Panel) chooseLanguage(w http.ResponseWriter, r *http.Request, _ *visit) error {
	if chosen := r.PostFormValue("language"); p.pages.speaks(chosen) {
		p.setCookie(w, r, languageCookie, chosen, 365*24*time.Hour)
	}
	return back(w, r, r.PostFormValue("back"))
}
