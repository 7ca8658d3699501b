package stage

import (
	"errors"

	"apicenter/shared/message"
	"apicenter/shared/secret"
)

// readsUntilBuried is how often a message that cannot be read may come before it is given up: long enough for a newer release
// to arrive everywhere, whose messages an older one does not know.
const readsUntilBuried = 10

// GiveUpReading reports whether a message that could not be read for the reason err never will be. Queues whose messages come
// again for good reasons would give it up after a thousand receives only, which takes days.
func GiveUpReading(err error, receives int) bool {
	forever := errors.Is(err, message.ErrUnreadable) || errors.Is(err, secret.ErrForeign)
	return forever && receives >= readsUntilBuried
}
