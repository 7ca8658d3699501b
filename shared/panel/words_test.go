package panel

import (
	"io/fs"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/govalues/decimal"
	"golang.org/x/text/feature/plural"

	"apicenter/shared/connector"
	"apicenter/shared/integration"
	"apicenter/shared/model"
)

func loaded(t testing.TB) []*words {
	t.Helper()
	list, err := loadWords(textFiles)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func inLanguage(t testing.TB, code string) *words {
	t.Helper()
	for _, w := range loaded(t) {
		if w.code() == code {
			return w
		}
	}
	t.Fatalf("the panel does not speak %s", code)
	return nil
}

// TestLanguagesAreComplete holds every language to the first one: the same keys, and the same places in each text.
func TestLanguagesAreComplete(t *testing.T) {
	list := loaded(t)
	places := regexp.MustCompile(`\{[a-z]+\}`)
	first := list[0]
	for _, w := range list[1:] {
		for key := range w.texts {
			if _, ok := first.texts[key]; !ok {
				t.Errorf("%s: %s is unknown in %s", w.code(), key, first.code())
			}
		}
		for key, texts := range first.texts {
			own, ok := w.texts[key]
			if !ok {
				t.Errorf("%s: %s is missing", w.code(), key)
				continue
			}
			want := slices.Sorted(slices.Values(places.FindAllString(texts[plural.Other], -1)))
			for form, text := range own {
				if got := slices.Sorted(slices.Values(places.FindAllString(text, -1))); !slices.Equal(got, want) {
					t.Errorf("%s: %s, form %v, has the places %v, want %v", w.code(), key, form, got, want)
				}
			}
		}
	}
}

// TestUsedTextsExist looks up every key that a template or the code names in full, and those made from closed lists.
func TestUsedTextsExist(t *testing.T) {
	w := loaded(t)[0]
	used := map[string]string{}
	literal := regexp.MustCompile(`(?:\bsay|\bcount|words\.say|words\.count|w\.say|w\.count)\(?\s*"([a-z][a-zA-Z0-9.-]*)"(\s*\+)?`)
	files, err := fs.Glob(os.DirFS("."), "*")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if !strings.HasSuffix(name, ".html") && !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			continue
		}
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, hit := range literal.FindAllStringSubmatch(string(raw), -1) {
			if hit[2] == "" {
				used[hit[1]] = name
			}
		}
	}
	if len(used) < 100 {
		t.Fatalf("found only %d keys in the sources", len(used))
	}
	for _, k := range model.Kinds() {
		used["kind."+string(k)], used["record."+string(k)] = "kinds", "kinds"
	}
	for _, o := range outcomes() {
		used["outcome."+string(o)] = "outcomes"
	}
	for _, r := range []string{model.ReasonExists, model.ReasonUnchanged, model.ReasonFiltered, model.ReasonStale, model.ReasonEcho} {
		used["reason."+r] = "reasons"
	}
	for _, s := range []integration.ConnectionStatus{integration.Down, integration.Halted} {
		used["connection.advice."+string(s)] = "connections"
	}
	for _, m := range []connector.Mode{connector.Incremental, connector.Full} {
		used["note.run-"+string(m)] = "modes"
	}
	for _, page := range []string{"403", "404", "500"} {
		for _, part := range []string{"heading", "sentence", "advice"} {
			used["failure."+page+"."+part] = "failures"
		}
	}
	for _, key := range slices.Sorted(maps.Keys(used)) {
		if !w.has(key) {
			t.Errorf("%s uses %s, which the catalogue lacks", used[key], key)
		}
	}
}

func TestFallsBackToTheFirstLanguage(t *testing.T) {
	list, err := loadWords(fstest.MapFS{
		"texts/en.yaml": {Data: []byte("hello: Hello\nonly: Only here\nbread: {one: \"{n} loaf\", other: \"{n} loaves\"}\nnumber: {thousands: \",\"}")},
		"texts/pl.yaml": {Data: []byte("hello: Cześć\nbread: {one: \"{n} chleb\", few: \"{n} chleby\", many: \"{n} chlebów\", other: \"{n} chleba\"}")},
	})
	if err != nil {
		t.Fatal(err)
	}
	polish := list[1]
	if got := polish.say("hello"); got != "Cześć" {
		t.Errorf("got %q", got)
	}
	if got := polish.say("only"); got != "Only here" {
		t.Errorf("a missing text reads %q, want the English one", got)
	}
	if got := polish.say("nowhere"); got != "nowhere" {
		t.Errorf("an unknown key reads %q, want itself", got)
	}
	for n, want := range map[int]string{1: "1 chleb", 3: "3 chleby", 5: "5 chlebów", 22: "22 chleby"} {
		if got := polish.count("bread", n); got != want {
			t.Errorf("%d: got %q, want %q", n, got, want)
		}
	}
}

func TestChoosesALanguage(t *testing.T) {
	p, err := newPages(func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		wishes []string
		want   string
	}{
		{nil, "en"}, {[]string{"", "nl"}, "nl"}, {[]string{"nl", "en"}, "nl"}, {[]string{"en", "nl"}, "en"},
		{[]string{"", "", "nl-BE,nl;q=0.8,en;q=0.5"}, "nl"}, {[]string{"ja"}, "en"}, {[]string{"ja", "nl"}, "nl"}, {[]string{"\x00;;"}, "en"},
	} {
		if got := p.choose(c.wishes...).code(); got != c.want {
			t.Errorf("%q: got %s, want %s", c.wishes, got, c.want)
		}
	}
}

func TestAmounts(t *testing.T) {
	en, nl := inLanguage(t, "en"), inLanguage(t, "nl")
	for _, c := range []struct{ plain, currency, en, nl string }{
		{"24.2", "EUR", "€24.20", "€ 24,20"},
		{"-1234567.891", "EUR", "−€1,234,567.891", "−€ 1.234.567,891"},
		{"0", "EUR", "€0.00", "€ 0,00"},
		{"1500", "JPY", "JPY1,500", "JPY 1.500"},
		{"9999999999999999.999", "EUR", "€9,999,999,999,999,999.999", "€ 9.999.999.999.999.999,999"},
		{"3.50", "", "3.50", "3,50"},
	} {
		d := decimal.MustParse(c.plain)
		if got := en.amount(d, c.currency); got != c.en {
			t.Errorf("%s %s in English: got %q, want %q", c.plain, c.currency, got, c.en)
		}
		if got := nl.amount(d, c.currency); got != c.nl {
			t.Errorf("%s %s in Dutch: got %q, want %q", c.plain, c.currency, got, c.nl)
		}
	}
	if got := nl.quantity(decimal.MustParse("2.500")); got != "2,5" {
		t.Errorf("a quantity reads %q, want 2,5", got)
	}
}

func TestRelativeTimes(t *testing.T) {
	w := inLanguage(t, "nl")
	for d, want := range map[time.Duration]string{
		-3 * time.Second: "nu", -30 * time.Second: "30 seconden geleden", -time.Minute: "1 minuut geleden", -119 * time.Minute: "1 uur geleden",
		-50 * time.Hour: "2 dagen geleden", 90 * time.Second: "over 1 minuut", 49 * time.Hour: "over 2 dagen",
	} {
		if got := w.relative(d); got != want {
			t.Errorf("%v: got %q, want %q", d, got, want)
		}
	}
}
