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
	"apicenter/shared/store"
)

// Names of the cookies.
const (
	sessionCookie  = "apicenter_session"
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
	id      string // of the session; empty without one
	session session
	tenant  integration.Tenant
	words   *words
	zone    *time.Location
	now     time.Time
}

// handle wraps a route: session, form token, failure pages.
func (p *Panel) handle(rt route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := &visit{now: p.now(), zone: time.UTC}
		v.words = p.pages.choose(cookie(r, languageCookie), r.Header.Get("Accept-Language"))
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
	id := cookie(r, sessionCookie)
	s, ok := p.door.session(id)
	if !ok {
		if rt.open {
			return nil
		}
		return errSignIn
	}
	v.id, v.session = id, s
	if rt.open {
		return nil
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		if !s.holds(r.PostFormValue("token")) {
			return errForbidden
		}
	}
	tenant, err := p.store.Tenant(r.Context(), s.tenant)
	if errors.Is(err, store.ErrNotFound) {
		p.door.leave(id)
		return errSignIn
	}
	if err != nil {
		return fmt.Errorf("tenant: %w", err)
	}
	v.tenant = tenant
	v.words = p.pages.choose(cookie(r, languageCookie), tenant.Language, r.Header.Get("Accept-Language"))
	if zone, err := time.LoadLocation(tenant.Zone); err == nil {
		v.zone = zone
	}
	return nil
}

func cookie(r *http.Request, name string) string {
	c, err := r.Cookie(name)
	if err != nil {
		return ""
	}
	return c.Value
}

// setCookie sets a cookie that scripts cannot read and that other sites' forms do not send along.
func (p *Panel) setCookie(w http.ResponseWriter, r *http.Request, name, value string, life time.Duration) {
	http.SetCookie(w, &http.Cookie{Name: name, Value: value, Path: "/", MaxAge: int(life / time.Second), HttpOnly: true,
		SameSite: http.SameSiteLaxMode, Secure: p.https || r.TLS != nil})
}

// back sends the browser to one of our own pages after a form.
func back(w http.ResponseWriter, r *http.Request, path string) error {
	if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.ContainsAny(path, "\\\r\n") {
		path = "/"
	}
	http.Redirect(w, r, path, http.StatusSeeOther)
	return nil
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
