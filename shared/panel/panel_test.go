package panel

import (
	"strings"
	"testing"
)

func TestOptionsAreCheckedTogether(t *testing.T) {
	_, err := New(Options{})
	if err == nil {
		t.Fatal("a panel without anything was made")
	}
	for _, name := range []string{"Store", "Codec", "Connectors", "Actions", "Now", "Log", "Rand"} {
		if !strings.Contains(err.Error(), name+" is missing") {
			t.Errorf("the error does not name %s: %v", name, err)
		}
	}
}

func TestHealth(t *testing.T) {
	b := newBench(t)
	if got := (&visitor{t: t, handler: b, cookies: map[string]string{}}).page("/healthz"); got != "ok\n" {
		t.Errorf("got %q", got)
	}
}
