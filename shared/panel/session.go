package panel

import (
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"apicenter/shared/integration"
	"apicenter/shared/store"
)

// sessionLife is how long a session lasts from the moment somebody signs in. Being used does not prolong it.
const sessionLife = 12 * time.Hour

// session is one browser that was let in. It lies with the browser, sealed with the tenant's keys: any process of the panel
// knows it again, nobody else can make, read, change, prolong or move one, and destroying the keys ends it. What cannot be
// done is to end a single one from here: signing out takes the cookie away, and a copy of it would work until Until.
type session struct {
	Tenant  string `json:"tenant"`
	Subject string `json:"subject"` // who, in the words of whoever let them in
	Form    string `json:"form"`    // token that every form of the session carries
	Until   int64  `json:"until"`   // Unix seconds
}

// holds reports whether a form sent the session's token.
func (s session) holds(token string) bool {
	return s.Form != "" && subtle.ConstantTimeCompare([]byte(s.Form), []byte(token)) == 1
}

// admit begins a session, in place of whichever the browser had.
func (p *Panel) admit(w http.ResponseWriter, r *http.Request, tenant, subject string) error {
	s := session{Tenant: tenant, Subject: subject, Form: p.door.token(), Until: p.now().Add(sessionLife).Unix()}
	sealed, err := p.seal(r.Context(), tenant, sessionPurpose, s)
	if err != nil {
		return err
	}
	// The tenant stands before the seal, to find the keys by. It is bound to them: under another name nothing opens.
	name := base64.RawURLEncoding.EncodeToString([]byte(tenant))
	p.setCookie(w, r, sessionCookie, name+"."+sealed, sessionLife)
	return nil
}

// session returns the browser's session and its tenant, and errSignIn when there is none that counts.
func (p *Panel) session(r *http.Request) (session, integration.Tenant, error) {
	name, sealed, found := strings.Cut(p.cookie(r, sessionCookie), ".")
	id, err := base64.RawURLEncoding.DecodeString(name)
	if !found || err != nil || len(id) == 0 {
		return session{}, integration.Tenant{}, errSignIn
	}
	// The tenant first: asking for the keys of a name makes keys, and a name anybody may send must not.
	tenant, err := p.store.Tenant(r.Context(), string(id))
	if errors.Is(err, store.ErrNotFound) {
		return session{}, integration.Tenant{}, errSignIn
	}
	if err != nil {
		return session{}, integration.Tenant{}, fmt.Errorf("tenant: %w", err)
	}
	var s session
	err = p.open(r.Context(), tenant.ID, sessionPurpose, sealed, &s)
	if errors.Is(err, errForeign) || err == nil && (s.Tenant != tenant.ID || p.now().Unix() >= s.Until) {
		return session{}, integration.Tenant{}, errSignIn
	}
	return s, tenant, err
}

// dismiss takes the session and what belongs to it away from the browser.
func (p *Panel) dismiss(w http.ResponseWriter, r *http.Request) {
	for _, name := range []string{sessionCookie, noteCookie} {
		if p.cookie(r, name) != "" {
			p.setCookie(w, r, name, "", -time.Second)
		}
	}
}
