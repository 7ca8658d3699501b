package panel

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"apicenter/shared/integration"
)

// Names of the cookies.
const (
	sessionCookie  = "apicenter_session"
	noteCookie     = "apicenter_note"
	attemptCookie  = "apicenter_signin"
	languageCookie = "apicenter_language"
)

// maxForm bounds what a form may send.
const maxForm = 64 << 10

// The errors handlers return beside those of the store; the failure page says what each means.
var (
	errForbidden = errors.New("the form is not of this session")
	errSignIn    = errors.New("there is no session")
	errSaid      = errors.New("the answer was written already")
)

// visit is one request: who asks, in which language, at what time.
type visit struct {
	session session // empty without one
	tenant  integration.Tenant
	words   *words
	zone    *time.Location
	now     time.Time
}

// handle wraps a route: session, form token, failure pages.
func (p *Panel) handle(rt route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := &visit{now: p.now(), zone: time.UTC}
		v.words = p.pages.choose(p.cookie(r, languageCookie), r.Header.Get("Accept-Language"))
		defer func() {
			if reason := recover(); reason != nil {
				p.fail(w, r, v, fmt.Errorf("panic: %v", reason))
			}
		}()
		err := p.enter(w, r, rt, v)
		if err == nil {
			err = rt.serve(w, r, v)
		}
		if err != nil && !errors.Is(err, errSaid) {
			p.fail(w, r, v, err)
		}
	})
}

// enter finds the session and checks that the visitor may pass.
func (p *Panel) enter(w http.ResponseWriter, r *http.Request, rt route, v *visit) error {
	if rt.open {
		return nil
	}
	s, tenant, err := p.session(r)
	if err != nil {
		return err
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		if !s.holds(r.PostFormValue("token")) {
			return errForbidden
		}
	}
	v.session, v.tenant = s, tenant
	v.words = p.pages.choose(p.cookie(r, languageCookie), tenant.Language, r.Header.Get("Accept-Language"))
	if zone, err := time.LoadLocation(tenant.Zone); err == nil {
		v.zone = zone
	}
	return nil
}

// cookieName is a cookie's name in the browser. Behind https it has the prefix that browsers accept from this host alone and
// over https alone, so that neither a neighbouring host nor somebody on the line plants a cookie here.
func (p *Panel) cookieName(r *http.Request, name string) string {
	if p.encrypted(r) {
		return "__Host-" + name
	}
	return name
}

func (p *Panel) encrypted(r *http.Request) bool { return p.https || r.TLS != nil }

func (p *Panel) cookie(r *http.Request, name string) string {
	c, err := r.Cookie(p.cookieName(r, name))
	if err != nil {
		return ""
	}
	return c.Value
}

// setCookie sets a cookie that scripts cannot read and that other sites' forms do not send along. It is sent along when
// somebody follows a link to here: that is how people come back from the sign-in service.
func (p *Panel) setCookie(w http.ResponseWriter, r *http.Request, name, value string, life time.Duration) {
	http.SetCookie(w, &http.Cookie{Name: p.cookieName(r, name), Value: value, Path: "/", MaxAge: int(life / time.Second), HttpOnly: true,
		SameSite: http.SameSiteLaxMode, Secure: p.encrypted(r)})
}

// back sends the browser to one of our own pages after a form.
func back(w http.ResponseWriter, r *http.Request, path string) error {
	http.Redirect(w, r, local(path), http.StatusSeeOther)
	return nil
}

// local returns path if it is an address of this panel whatever a browser makes of it, and the overview otherwise. Browsers
// read a backslash as a slash and skip tabs and line breaks, so that /\evil.example leads away.
func local(path string) string {
	odd := func(c rune) bool { return c <= ' ' || c == '\\' || c == 0x7f }
	if len(path) > 1000 || !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.ContainsFunc(path, odd) {
		return "/"
	}
	return path
}

// recordURL is the address of what a chunk says of a record. A key may be an e-mail address, and addresses end up in
// histories and access logs: the record is named by a hash that means something inside its chunk only.
func recordURL(flow, chunk, key string) string {
	return flowURL(flow, "records", chunk, recordName(chunk, key))
}

func recordName(chunk, key string) string {
	sum := sha256.Sum256([]byte(chunk + "\x00" + key))
	return hex.EncodeToString(sum[:8])
}
