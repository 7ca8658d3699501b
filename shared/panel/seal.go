package panel

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"

	"apicenter/shared/message"
	"apicenter/shared/secret"
)

// What the panel knows of a browser, the browser keeps, sealed: a panel of many processes shares nothing but the keys. Each
// kind of content has a purpose of its own, which is bound to it, so that none can be handed in as another.
const (
	sessionPurpose = "panel session"
	notePurpose    = "panel note"
	attemptPurpose = "panel sign-in"
)

// errForeign says that something handed in was not sealed here, for this, or was changed.
var errForeign = errors.New("this was not sealed here")

// seal writes a value as text that only this panel reads and nobody changes.
func (p *Panel) seal(ctx context.Context, tenant, purpose string, value any) (string, error) {
	plain, err := json.Marshal(value)
	if err != nil {
		return "", fmt.Errorf("%s: %w", purpose, err)
	}
	sealed, err := p.codec.SealBytes(ctx, tenant, purpose, plain)
	if err != nil {
		return "", fmt.Errorf("%s: %w", purpose, err)
	}
	return base64.RawURLEncoding.EncodeToString(sealed), nil
}

// open undoes seal for the same tenant and purpose. It returns errForeign for whatever else is handed in, also once the
// tenant's keys were destroyed, and for what another release sealed and this one does not understand; other errors mean that
// nobody can tell right now.
func (p *Panel) open(ctx context.Context, tenant, purpose, text string, value any) error {
	sealed, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return errForeign
	}
	plain, err := p.codec.OpenBytes(ctx, tenant, purpose, sealed)
	for _, final := range []error{secret.ErrForeign, secret.ErrErased, message.ErrUnreadable} {
		if errors.Is(err, final) {
			return errForeign
		}
	}
	if err != nil {
		return fmt.Errorf("%s: %w", purpose, err)
	}
	if json.Unmarshal(plain, value) != nil {
		return errForeign
	}
	return nil
}
