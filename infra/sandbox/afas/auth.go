package afas

import (
	"encoding/base64"
	"net/http"
	"net/netip"
	"strings"
)

// DefaultToken is the data part of the token of an environment for which none
// was set.
const DefaultToken = "0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF"

// Token returns the token as the administrator gets it: an XML fragment.
func (s *Sandbox) Token() string {
	return "<token><version>1</version><data>" + s.opt.Token + "</data></token>"
}

// Authorization returns the header value that goes with the token.
func (s *Sandbox) Authorization() string {
	return "AfasToken " + base64.StdEncoding.EncodeToString([]byte(s.Token()))
}

// RevokeToken makes every call fail with 401, until it is taken back.
func (s *Sandbox) RevokeToken(revoked bool) { s.revoked.Store(revoked) }

// authorised checks token and address and answers when they fail.
func (s *Sandbox) authorised(w http.ResponseWriter, r *http.Request) bool {
	if status := s.checkToken(r.Header.Get("Authorization")); status == http.StatusInternalServerError {
		s.refuse(w, r, unexpected())
		return false
	} else if status != 0 {
		w.WriteHeader(status)
		return false
	}
	if len(s.opt.AllowedCIDRs) == 0 {
		return true
	}
	if ap, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
		for _, p := range s.opt.AllowedCIDRs {
			if p.Contains(ap.Addr().Unmap()) {
				return true
			}
		}
	}
	w.WriteHeader(http.StatusForbidden)
	return false
}

// checkToken returns the status a header value earns, 0 when it is right.
func (s *Sandbox) checkToken(header string) int {
	if header != s.authorization {
		scheme, value, ok := strings.Cut(header, " ")
		if !ok || !strings.EqualFold(scheme, "AfasToken") {
			return http.StatusUnauthorized
		}
		value = strings.TrimSpace(value)
		if strings.HasPrefix(value, "<token>") {
			return http.StatusInternalServerError // must be Base64
		}
		text, err := base64.StdEncoding.DecodeString(value)
		if err != nil || strings.Join(strings.Fields(string(text)), "") != s.Token() {
			return http.StatusUnauthorized
		}
	}
	if s.revoked.Load() || (!s.opt.TokenExpiry.IsZero() && s.opt.Now().After(s.opt.TokenExpiry)) {
		return http.StatusUnauthorized
	}
	return 0
}

// notOnConnector answers a call for a connector that the token does not give,
// or that does not exist, which looks the same.
func (s *Sandbox) notOnConnector(w http.ResponseWriter, r *http.Request, get bool) {
	if !s.opt.ShowConnectorError500 {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	f := &fault{http.StatusInternalServerError, numberNotAllowed,
		"General message: UpdateConnector not supported for this app or the user is not authorized",
		"General message: Deze UpdateConnector wordt niet ondersteund of de gebruiker is niet geautoriseerd."}
	if get {
		f.en = "GetConnector not supported for this app or the user is not authorized"
		f.nl = "Deze GetConnector wordt niet ondersteund of de gebruiker is niet geautoriseerd."
	}
	s.refuse(w, r, f)
}
