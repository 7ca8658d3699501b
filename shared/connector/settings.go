package connector

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/govalues/decimal"

	"apicenter/shared/fault"
)

// Problem is one thing wrong with a setting.
type Problem struct {
	Setting string
	Message string
}

// Values returns settings with defaults filled in, or all their problems as one error of class Reject: unknown names,
// missing required ones, values of the wrong form. Values themselves are never repeated in the error: they may be secret.
func Values(declared []Setting, given map[string]string) (map[string]string, error) {
	out := make(map[string]string, len(declared))
	var problems []Problem
	for _, s := range declared {
		value, ok := given[s.Name]
		value = strings.TrimSpace(value)
		if !ok || value == "" {
			value = s.Default
		}
		if value == "" {
			if s.Required {
				problems = append(problems, Problem{s.Name, fmt.Sprintf("%q is required: %s", s.label(), s.Help)})
			}
			continue
		}
		if message := s.check(value); message != "" {
			problems = append(problems, Problem{s.Name, message})
			continue
		}
		out[s.Name] = value
	}
	for name := range given {
		if !slices.ContainsFunc(declared, func(s Setting) bool { return s.Name == name }) {
			problems = append(problems, Problem{name, fmt.Sprintf("there is no setting %q", name)})
		}
	}
	return out, SettingsError(problems)
}

// SettingsError joins problems into one error, nil when there are none.
func SettingsError(problems []Problem) error {
	if len(problems) == 0 {
		return nil
	}
	slices.SortFunc(problems, func(a, b Problem) int { return strings.Compare(a.Setting, b.Setting) })
	messages := make([]string, len(problems))
	fields := make([]string, len(problems))
	for i, p := range problems {
		messages[i], fields[i] = p.Message, p.Setting
	}
	return &fault.Error{Class: fault.Reject, Step: "check settings", Field: strings.Join(fields, ", "),
		Message: strings.Join(messages, "; "), Advice: "Correct the settings and test the connection again."}
}

func (s Setting) label() string {
	if s.Title != "" {
		return s.Title
	}
	return s.Name
}

func (s Setting) check(value string) string {
	switch s.Kind {
	case Integer:
		if _, err := strconv.ParseInt(value, 10, 64); err != nil {
			return fmt.Sprintf("%q must be a whole number", s.label())
		}
	case Switch:
		if value != "true" && value != "false" {
			return fmt.Sprintf("%q must be true or false", s.label())
		}
	case Choice:
		if !slices.Contains(s.Choices, value) {
			return fmt.Sprintf("%q must be one of %s", s.label(), strings.Join(s.Choices, ", "))
		}
	case Amount:
		if _, err := decimal.Parse(value); err != nil {
			return fmt.Sprintf("%q must be a number such as 0.05", s.label())
		}
	case Duration:
		if _, err := time.ParseDuration(value); err != nil {
			return fmt.Sprintf("%q must be a duration such as 90s or 15m", s.label())
		}
	case Text:
	}
	return ""
}

// Public returns the values that are not secret, for mappings, panels and logs.
func Public(declared []Setting, values map[string]string) map[string]string {
	out := make(map[string]string, len(values))
	for _, s := range declared {
		if v, ok := values[s.Name]; ok && !s.Secret {
			out[s.Name] = v
		}
	}
	return out
}
