package stage

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"sync"

	"apicenter/shared/connector"
	"apicenter/shared/fault"
	"apicenter/shared/integration"
	"apicenter/shared/message"
	"apicenter/shared/store"
)

// Sessions opens connections and keeps them open while their settings stay the same. It is safe for concurrent use.
type Sessions struct {
	Connections store.Connections
	Sealer      message.Sealer
	Connectors  []connector.Connector
	HTTP        *http.Client
	World       World
	Log         *slog.Logger

	mu   sync.Mutex
	open map[store.ConnectionRef]*Session
}

// Session is an open connection.
type Session struct {
	connector.Session
	Connection integration.Connection
	Connector  connector.Connector
	// Public are the connection's settings without secrets, defaults filled in.
	Public map[string]string
	Limits connector.Limits
}

const secretsPurpose = "connection secrets"

// SealSecrets seals a connection's secret settings for storing.
func SealSecrets(ctx context.Context, s message.Sealer, tenant string, secrets map[string]string) ([]byte, error) {
	plain, err := json.Marshal(secrets)
	if err != nil {
		return nil, fmt.Errorf("secrets: %w", err)
	}
	return s.Seal(ctx, tenant, secretsPurpose, plain)
}

// Open returns the session of a connection. Its errors are faults: a connection that does not exist, a system nobody here
// knows, settings that do not fit.
func (s *Sessions) Open(ctx context.Context, tenant, id string) (*Session, error) {
	c, err := s.Connections.Connection(ctx, tenant, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, &fault.Error{Class: fault.Pause, Step: "open connection", Message: "the connection was removed",
			Advice: "Choose another connection for this flow.", Err: err}
	}
	if err != nil {
		return nil, fmt.Errorf("connection %s: %w", id, err)
	}
	ref := store.ConnectionRef{Tenant: tenant, ID: id}
	s.mu.Lock()
	known := s.open[ref]
	s.mu.Unlock()
	if known != nil && sameSettings(known.Connection, c) {
		return known, nil
	}
	opened, err := s.connect(ctx, c)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	if s.open == nil {
		s.open = map[store.ConnectionRef]*Session{}
	}
	s.open[ref] = opened
	s.mu.Unlock()
	return opened, nil
}

func sameSettings(a, b integration.Connection) bool {
	return a.System == b.System && a.Prefix == b.Prefix && a.Backoff == b.Backoff &&
		maps.Equal(a.Settings, b.Settings) && bytes.Equal(a.Secrets, b.Secrets)
}

func (s *Sessions) connect(ctx context.Context, c integration.Connection) (*Session, error) {
	system, ok := s.Connector(c.System)
	if !ok {
		return nil, &fault.Error{Class: fault.Pause, Step: "open connection",
			Message: fmt.Sprintf("the system %q is not known to this release", c.System)}
	}
	all := maps.Clone(c.Settings)
	if all == nil {
		all = map[string]string{}
	}
	if len(c.Secrets) > 0 {
		plain, err := s.Sealer.Open(ctx, c.Tenant, secretsPurpose, c.Secrets)
		if err != nil {
			return nil, fmt.Errorf("secrets of connection %s: %w", c.ID, err)
		}
		var secrets map[string]string
		if err := json.Unmarshal(plain, &secrets); err != nil {
			return nil, fmt.Errorf("secrets of connection %s: %w", c.ID, err)
		}
		maps.Copy(all, secrets)
	}
	session, err := system.Open(connector.Config{Settings: all, HTTP: s.HTTP, Now: s.World.Now, Log: s.Log})
	if err != nil {
		// Settings that do not fit stop the connection, not a record.
		problem := *fault.As(err)
		problem.Class = fault.Pause
		return nil, &problem
	}
	values, err := connector.Values(system.Settings, all)
	if err != nil {
		return nil, err
	}
	limits := system.Limits
	if limited, ok := session.(connector.Limited); ok {
		limits = limited.Limits()
	}
	return &Session{Session: session, Connection: c, Connector: system, Limits: limits,
		Public: connector.Public(system.Settings, values)}, nil
}

// Connector returns the connector of a system.
func (s *Sessions) Connector(system string) (connector.Connector, bool) {
	for _, c := range s.Connectors {
		if c.Name == system {
			return c, true
		}
	}
	return connector.Connector{}, false
}
