// Package webhook is the stage that is called from outside: an address with a secret token that starts a flow at once.
//
// The call is a hint, not data: what changed is read from the source. It answers before anything is read.
package webhook

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"apicenter/shared/connector"
	"apicenter/shared/integration"
	"apicenter/shared/message"
	"apicenter/shared/store"
)

// Stage answers calls. Every field is required.
type Stage struct {
	Flows store.Flows
	// Enqueue queues a fetch job (fetch.Stage.Enqueue).
	Enqueue func(ctx context.Context, f integration.Flow, job message.Job, after time.Duration) error
	Log     *slog.Logger
}

// maxBody bounds what a caller may send; it is not looked at.
const maxBody = 1 << 20

// settle is how long the fetch waits, so that calls in quick succession share one run.
const settle = 2 * time.Second

// ServeHTTP answers POST /hooks/{token}. A token nobody has is 404, as is an address that does not exist: a guesser learns
// nothing.
func (s *Stage) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "use POST", http.StatusMethodNotAllowed)
		return
	}
	status := s.Trigger(r.Context(), r.PathValue("token"))
	_, _ = io.Copy(io.Discard, http.MaxBytesReader(w, r.Body, maxBody)) // read to the end, so that the connection can be kept
	if status != http.StatusAccepted {
		http.Error(w, http.StatusText(status), status)
		return
	}
	w.WriteHeader(status)
}

// Trigger queues a run of the flow the token belongs to, and returns the HTTP status to answer.
func (s *Stage) Trigger(ctx context.Context, token string) int {
	if token == "" {
		return http.StatusNotFound
	}
	flow, err := s.Flows.FlowByHook(ctx, Hash(token))
	switch {
	case errors.Is(err, store.ErrNotFound):
		return http.StatusNotFound
	case err != nil:
		s.Log.ErrorContext(ctx, "a webhook could not be looked up", "error", err)
		return http.StatusServiceUnavailable
	case flow.Status != integration.Active:
		return http.StatusConflict
	}
	job := message.Job{Mode: string(connector.Incremental), Trigger: message.Webhook}
	if err := s.Enqueue(ctx, flow, job, settle); err != nil {
		s.Log.ErrorContext(ctx, "a webhook could not start its flow", "flow", flow.ID, "error", err)
		return http.StatusServiceUnavailable
	}
	return http.StatusAccepted
}

// NewToken returns a new token for a flow's address; only its hash is stored.
func NewToken() (token, hash string, err error) {
	var raw [32]byte
	if _, err := rand.Read(raw[:]); err != nil {
		return "", "", fmt.Errorf("webhook token: %w", err)
	}
	token = base64.RawURLEncoding.EncodeToString(raw[:])
	return token, Hash(token), nil
}

// Hash returns what is stored of a token.
func Hash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}
