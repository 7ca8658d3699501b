package simhttp

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// Control drives a sandbox that runs in another process (or this one) through
// its control endpoints.
type Control struct {
	Base string       // address of the sandbox, such as "http://127.0.0.1:4711"
	HTTP *http.Client // nil means a client with a time-out of a minute
}

// Stats returns the counters.
func (c Control) Stats(ctx context.Context) (Stats, error) {
	var st Stats
	err := c.call(ctx, http.MethodGet, "stats", nil, &st)
	return st, err
}

// Requests returns the log, oldest first.
func (c Control) Requests(ctx context.Context) ([]Request, error) {
	var rs []Request
	err := c.call(ctx, http.MethodGet, "requests", nil, &rs)
	return rs, err
}

// SetFaults replaces the faults.
func (c Control) SetFaults(ctx context.Context, f Faults) error {
	return c.call(ctx, http.MethodPut, "faults", f, nil)
}

// State decodes everything the system holds into the given value.
func (c Control) State(ctx context.Context, into any) error {
	return c.call(ctx, http.MethodGet, "state", nil, into)
}

// Seed loads data: an io.Reader or []byte with JSON as it is, any other value
// encoded as JSON.
func (c Control) Seed(ctx context.Context, v any) error {
	return c.call(ctx, http.MethodPost, "seed", v, nil)
}

// Reset empties the system, the log and the counters and ends all faults.
func (c Control) Reset(ctx context.Context) error {
	return c.call(ctx, http.MethodPost, "reset", nil, nil)
}

func (c Control) call(ctx context.Context, method, name string, in, out any) error {
	var body io.Reader
	switch v := in.(type) {
	case nil:
	case io.Reader:
		body = v
	case []byte:
		body = bytes.NewReader(v)
	default:
		b, err := json.Marshal(v)
		if err != nil {
			return fmt.Errorf("sandbox %s: %w", name, err)
		}
		body = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, strings.TrimRight(c.Base, "/")+controlPrefix+name, body)
	if err != nil {
		return fmt.Errorf("sandbox %s: %w", name, err)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	client := c.HTTP
	if client == nil {
		client = &http.Client{Timeout: time.Minute}
	}
	res, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("sandbox %s: %w", name, err)
	}
	defer res.Body.Close()
	if res.StatusCode/100 != 2 {
		text, _ := io.ReadAll(io.LimitReader(res.Body, 1000))
		return fmt.Errorf("sandbox %s: status %d: %s", name, res.StatusCode, strings.TrimSpace(string(text)))
	}
	if out == nil {
		return nil
	}
	if err := json.NewDecoder(res.Body).Decode(out); err != nil {
		return fmt.Errorf("sandbox %s: %w", name, err)
	}
	return nil
}
