package openid

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// Attempt is one try of one browser to sign in. State, Nonce and Verifier are random texts of 256 bits. The browser keeps it,
// sealed, while it is with the provider; the verifier goes to the provider at the very end, so that a code that was caught on
// the way is worth nothing.
type Attempt struct {
	State    string `json:"state"`
	Nonce    string `json:"nonce"`
	Verifier string `json:"verifier"`
	// Redirect is where the provider sends the browser with its answer. Providers send it to addresses only that were
	// registered with them.
	Redirect string `json:"redirect"`
}

// Person is somebody the provider vouches for.
type Person struct {
	// Subject is the provider's name for them; it never changes.
	Subject string
	// Tenant is what stands in the claim; empty where nothing does. Whether there is such a tenant is not known here.
	Tenant string
	// Email is their address if the provider has verified it; for showing, not for deciding anything.
	Email string
}

// Address is where the browser signs in.
func (p *Provider) Address(ctx context.Context, a Attempt) (string, error) {
	k, err := p.look(ctx)
	if err != nil {
		return "", err
	}
	login := k.login
	login.RedirectURL = a.Redirect
	return login.AuthCodeURL(a.State, oidc.Nonce(a.Nonce), oauth2.S256ChallengeOption(a.Verifier)), nil
}

// Person exchanges the code that the browser brought back for what the provider knows, and checks that it is the provider
// who says so, to us, now, and about this very attempt.
func (p *Provider) Person(ctx context.Context, a Attempt, code string) (Person, error) {
	k, err := p.look(ctx)
	if err != nil {
		return Person{}, err
	}
	login := k.login
	login.RedirectURL = a.Redirect
	tokens, err := login.Exchange(p.calling(ctx), code, oauth2.VerifierOption(a.Verifier))
	if err != nil {
		return Person{}, exchangeError(err)
	}
	raw, _ := tokens.Extra("id_token").(string)
	if raw == "" {
		return Person{}, fmt.Errorf("%w: there is no ID token in it", ErrUntrusted)
	}
	token, err := k.verifier.Verify(ctx, raw) // signature, algorithm, issuer, audience, expiry
	if err != nil {
		return Person{}, fmt.Errorf("%w: %s", ErrUntrusted, brief(err.Error()))
	}
	if a.Nonce == "" || subtle.ConstantTimeCompare([]byte(token.Nonce), []byte(a.Nonce)) != 1 {
		return Person{}, fmt.Errorf("%w: it was made for another attempt", ErrUntrusted)
	}
	return p.person(token, login.ClientID)
}

// person reads the claims of a token that is genuine.
func (p *Provider) person(token *oidc.IDToken, client string) (Person, error) {
	var claims map[string]json.RawMessage
	if err := token.Claims(&claims); err != nil {
		return Person{}, fmt.Errorf("%w: its claims cannot be read", ErrUntrusted)
	}
	// One made for several parties has to say that we are the one it was given to.
	if len(token.Audience) > 1 && text(claims["azp"]) != client {
		return Person{}, fmt.Errorf("%w: it was given to another party", ErrUntrusted)
	}
	if token.Subject == "" {
		return Person{}, fmt.Errorf("%w: it says nothing of who it is about", ErrUntrusted)
	}
	who := Person{Subject: token.Subject, Tenant: text(claims[p.options.TenantClaim])}
	if verified := string(claims["email_verified"]); verified == "true" || verified == `"true"` {
		who.Email = text(claims["email"])
	}
	return who, nil
}

// text is a claim that is one text; empty for all others.
func text(claim json.RawMessage) string {
	var s string
	if json.Unmarshal(claim, &s) != nil {
		return ""
	}
	return s
}

// exchangeError says what became of an exchange, without the provider's answer, of which nobody knows what is in it.
func exchangeError(err error) error {
	var answered *oauth2.RetrieveError
	if !errors.As(err, &answered) || answered.Response == nil {
		return fmt.Errorf("%w: the exchange of the code: %s", ErrUnavailable, brief(err.Error()))
	}
	class := ErrRefused
	if answered.Response.StatusCode >= http.StatusInternalServerError {
		class = ErrUnavailable
	}
	return fmt.Errorf("%w: it answered %d %q", class, answered.Response.StatusCode, brief(answered.ErrorCode))
}
