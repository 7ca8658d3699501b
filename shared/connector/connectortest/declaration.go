package connectortest

import (
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"

	"apicenter/shared/connector"
	"apicenter/shared/fault"
	"apicenter/shared/mapping"
	"apicenter/shared/model"
)

// declaration: what the connector says of itself holds together.
func (s Setup) declaration(t *testing.T) {
	c := s.Connector
	if c.Name == "" || c.Title == "" || c.Category == "" || c.Open == nil || len(c.Prepare) == 0 {
		t.Errorf("the connector lacks a name, title, category, what to prepare, or how to open it")
	}
	if l := c.Limits; l.Concurrency < 1 || l.Timeout <= 0 || len(c.Source) > 0 && l.PageSize < 1 || len(c.Target) > 0 && (l.WriteBatch < 1 || l.FindBatch < 1 || l.LateEffect <= 0) {
		t.Errorf("a limit is missing: %+v", l)
	}
	readme, err := os.ReadFile(s.Readme)
	if err != nil {
		t.Fatal(err)
	}
	lists := [][]connector.Setting{c.Settings}
	for _, source := range c.Source {
		lists = append(lists, source.Settings)
	}
	for _, target := range c.Target {
		lists = append(lists, target.Settings)
	}
	for _, list := range lists {
		for i, setting := range list {
			if setting.Help == "" {
				t.Errorf("setting %s has no help", setting.Name)
			}
			if !strings.Contains(string(readme), "`"+setting.Name+"`") {
				t.Errorf("%s does not list the setting `%s`", s.Readme, setting.Name)
			}
			if slices.ContainsFunc(list[:i], func(o connector.Setting) bool { return o.Name == setting.Name }) {
				t.Errorf("setting %s is declared twice", setting.Name)
			}
			if setting.Default != "" {
				if _, err := connector.Values([]connector.Setting{setting}, nil); err != nil {
					t.Errorf("the default of setting %s does not fit: %v", setting.Name, err)
				}
			}
			if setting.Secret && setting.Default != "" {
				t.Errorf("the secret setting %s has a default", setting.Name)
			}
		}
	}
	s.mappings(t)
}

// mappings: the defaults compile against the declared shapes.
func (s Setup) mappings(t *testing.T) {
	names := func(lists ...[]connector.Setting) []string {
		var out []string
		for _, list := range lists {
			for _, setting := range list {
				if !setting.Secret {
					out = append(out, setting.Name)
				}
			}
		}
		return out
	}
	for kind, source := range s.Connector.Source {
		if len(source.Mapping) == 0 || len(source.Fields) == 0 {
			t.Errorf("%s: no default mapping or no fields on the get side", kind)
			continue
		}
		_, err := mapping.Compile(mapping.File{Name: s.Connector.Name + " " + string(kind) + " get", Text: source.Mapping},
			mapping.Options{Input: source.Fields, Output: model.Fields(kind), Settings: names(s.Connector.Settings, source.Settings)})
		if err != nil {
			t.Error(err)
		}
	}
	for kind, target := range s.Connector.Target {
		if len(target.Mapping) == 0 {
			continue // only found, never written
		}
		_, err := mapping.Compile(mapping.File{Name: s.Connector.Name + " " + string(kind) + " send", Text: target.Mapping},
			mapping.Options{Input: model.Fields(kind), Output: target.Fields, Settings: names(s.Connector.Settings, target.Settings)})
		if err != nil {
			t.Error(err)
		}
	}
}

// settings: every required one is asked for by name, unknown ones are refused, all problems come at once, values stay secret.
func (s Setup) settings(t *testing.T) {
	open := func(settings map[string]string) error {
		_, err := s.Connector.Open(connector.Config{Settings: settings, HTTP: http.DefaultClient})
		return err
	}
	var required []string
	for _, setting := range s.Connector.Settings {
		if setting.Required && setting.Default == "" {
			required = append(required, setting.Name)
			settings := copyOf(s.Settings)
			delete(settings, setting.Name)
			if problem := fault.As(open(settings)); problem == nil || !strings.Contains(problem.Field, setting.Name) {
				t.Errorf("without the required setting %s: %v", setting.Name, problem)
			}
		}
		if setting.Kind == connector.Integer {
			settings := copyOf(s.Settings)
			settings[setting.Name] = "many-secret"
			problem := fault.As(open(settings))
			if problem == nil || !strings.Contains(problem.Field, setting.Name) {
				t.Errorf("with a text in the number %s: %v", setting.Name, problem)
			} else if strings.Contains(problem.Error(), "many-secret") {
				t.Errorf("the value of setting %s is repeated in the error", setting.Name)
			}
		}
	}
	problem := fault.As(open(map[string]string{"colour": "blue"}))
	if problem == nil {
		t.Fatal("a session opened without settings")
	}
	for _, name := range append(required, "colour") {
		if !strings.Contains(problem.Field, name) {
			t.Errorf("not all problems come at once: %s is missing in %q", name, problem.Field)
		}
	}
}

func copyOf(m map[string]string) map[string]string {
	out := make(map[string]string, len(m))
	for name, value := range m {
		out[name] = value
	}
	return out
}

// verify: the test of a connection tells the failures apart.
func (s Setup) verify(t *testing.T) {
	t.Run("works", func(t *testing.T) {
		report, err := s.open(t, nil).session.Verify(t.Context())
		if err != nil || report.Summary == "" {
			t.Errorf("%+v, %v", report, err)
		}
	})
	t.Run("wrong credentials", func(t *testing.T) {
		l := s.open(t, s.Wrong)
		_, err := l.session.Verify(t.Context())
		if problem := l.fails(t, err, fault.Pause); problem.Advice == "" {
			t.Error("no advice")
		}
	})
	refused := &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	unknown := &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: "nowhere.test", IsNotFound: true}}
	for name, test := range map[string]struct {
		spoil      spoiler
		classes    []fault.Class
		connection bool
	}{
		"connection refused": {func(*http.Request, http.RoundTripper) (*http.Response, error) { return nil, refused }, []fault.Class{fault.Retry}, true},
		"unknown host":       {func(*http.Request, http.RoundTripper) (*http.Response, error) { return nil, unknown }, []fault.Class{fault.Retry, fault.Pause}, false},
		"connection reset": {func(r *http.Request, _ http.RoundTripper) (*http.Response, error) {
			sent(r)
			return nil, &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}
		}, []fault.Class{fault.Retry}, true},
		"401":           {answer(401, nil, ""), []fault.Class{fault.Pause}, false},
		"403":           {answer(403, nil, "<h1>Forbidden</h1>"), []fault.Class{fault.Pause}, false},
		"502":           {answer(502, nil, "<h1>Bad gateway</h1>"), []fault.Class{fault.Retry}, false},
		"no known form": {answer(200, nil, "<<<not what was asked for"), []fault.Class{fault.Retry, fault.Pause, fault.Reject}, false},
		"answer cut":    {cut, []fault.Class{fault.Retry}, false},
	} {
		t.Run(name, func(t *testing.T) {
			l := s.open(t, nil)
			l.wire.with(test.spoil)
			_, err := l.session.Verify(t.Context())
			problem := l.fails(t, err, test.classes...)
			if test.connection && !problem.Connection {
				t.Errorf("it does not count for the connection: %v", err)
			}
		})
	}
	t.Run("told to wait", func(t *testing.T) {
		for _, status := range []int{429, 503} {
			l := s.open(t, nil)
			l.wire.with(answer(status, map[string]string{"Retry-After": "7"}, ""))
			_, err := l.session.Verify(t.Context())
			if problem := l.fails(t, err, fault.Wait); problem.After.Seconds() != 7 {
				t.Errorf("status %d: waits %s, told to wait 7s", status, problem.After)
			}
		}
	})
	t.Run("no answer", func(t *testing.T) {
		l := s.open(t, nil)
		l.wire.with(silent)
		_, err := l.session.Verify(soon(t))
		l.fails(t, err, fault.Retry)
	})
}
