package lambdaevent

import (
	"encoding/base64"
	"fmt"
)

// EncodeBody returns the text that carries an envelope through SQS, which takes no bytes that XML cannot hold. It is a
// third longer than the envelope: 64 KB of text are 48 KB of envelope.
func EncodeBody(envelope []byte) string { return base64.StdEncoding.EncodeToString(envelope) }

// DecodeBody returns the envelope that EncodeBody packed.
func DecodeBody(body string) ([]byte, error) {
	envelope, err := base64.StdEncoding.Strict().DecodeString(body)
	if err != nil {
		return nil, fmt.Errorf("the body of a queue message is not base64: %w", err)
	}
	return envelope, nil
}
