package connectortest

import (
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"

	"apicenter/shared/connector"
	"apicenter/shared/fault"
	"apicenter/shared/mapping"
	"apicenter/shared/model"
)

// declaration: what the connector says of itself holds together.
func (s Setup) declaration(t tester) {
	c := s.Connector
	if c.Name == "" || c.Title == "" || c.Category == "" || c.Open == nil || len(c.Prepare) == 0 {
		t.Errorf("the connector lacks a name, title, category, what to prepare, or how to open it")
	}
	if l := c.Limits; l.Concurrency < 1 || l.Timeout <= 0 || len(c.Source) > 0 && l.PageSize < 1 || len(c.Target) > 0 && (l.WriteBatch < 1 || l.FindBatch < 1 || l.LateEffect <= 0) {
		t.Errorf("a limit is missing: %+v", l)
	}
	readme, err := os.ReadFile(s.Readme)
	if err != nil {
		t.Fatalf("%v", err)
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
func (s Setup) mappings(t tester) {
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
		if source.LateWindow < 0 {
			t.Errorf("%s: the late window is negative", kind)
		}
		if len(source.Mapping) == 0 || len(source.Fields) == 0 {
			t.Errorf("%s: no default mapping or no fields on the get side", kind)
			continue
		}
		_, err := mapping.Compile(mapping.File{Name: s.Connector.Name + " " + string(kind) + " get", Text: source.Mapping},
			mapping.Options{Input: source.Fields, Output: model.Fields(kind), Settings: names(s.Connector.Settings, source.Settings)})
		if err != nil {
			t.Errorf("%v", err)
		}
	}
	for kind, target := range s.Connector.Target {
		if len(target.Mapping) == 0 {
			continue // only found, never written
		}
		_, err := mapping.Compile(mapping.File{Name: s.Connector.Name + " " + string(kind) + " send", Text: target.Mapping},
			mapping.Options{Input: model.Fields(kind), Output: target.Fields, Settings: names(s.Connector.Settings, target.Settings)})
		if err != nil {
			t.Errorf("%v", err)
		}
	}
}

// settings: every required one is asked for by name, unknown ones are refused, all problems come at once, values stay secret.
func (s Setup) settings(t tester) {
	open := func(settings map[string]string) error {
		_, err := s.Connector.Open(connector.Config{Settings: settings, HTTP: http.DefaultClient})
		return err
	}
	var required []string
	for _, setting := range s.Connector.Settings {
		if setting.Required && setting.Default == "" {
			required = append(required, setting.Name)
			settings := maps.Clone(s.Settings)
			delete(settings, setting.Name)
			if problem := fault.As(open(settings)); problem == nil || !strings.Contains(problem.Field, setting.Name) {
				t.Errorf("without the required setting %s: %v", setting.Name, problem)
			}
		}
		if setting.Kind == connector.Integer {
			settings := maps.Clone(s.Settings)
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
		t.Fatalf("a session opened without settings")
	}
	for _, name := range append(required, "colour") {
		if !strings.Contains(problem.Field, name) {
			t.Errorf("not all problems come at once: %s is missing in %q", name, problem.Field)
		}
	}
}
