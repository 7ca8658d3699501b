package function

import (
	"strings"
	"testing"

	"apicenter/shared/model"
)

func TestPerson(t *testing.T) {
	for _, c := range []struct{ name, first, prefix, last, note string }{
		{"Anna Berg", "Anna", "", "Berg", ""},
		{"Anna van der Berg", "Anna", "van der", "Berg", ""},
		{"A.B. van den Broek", "A.B.", "van den", "Broek", ""},
		{"Berg, Anna van der", "Anna", "van der", "Berg", ""},
		{"Berg, Anna", "Anna", "", "Berg", ""},
		{"van der Berg, Anna", "Anna", "van der", "Berg", ""},
		{"Jan de Vries", "Jan", "de", "Vries", ""},
		{"Jan van 't Hof", "Jan", "van 't", "Hof", ""},
		{"Jan van ’t Hof", "Jan", "van ’t", "Hof", ""},
		{"Jan in 't Veld", "Jan", "in 't", "Veld", ""},
		{"Jan 't Hart", "Jan", "'t", "Hart", ""},
		{"Jan ter Braak", "Jan", "ter", "Braak", ""},
		{"Jan ten Brink", "Jan", "ten", "Brink", ""},
		{"Jan op den Akker", "Jan", "op den", "Akker", ""},
		{"Jan De Smet", "Jan", "De", "Smet", ""},
		{"Jan Van den Bossche", "Jan", "Van den", "Bossche", ""},
		{"Jan Vanden Borre", "Jan", "Vanden", "Borre", ""},
		{"Ludwig von Mises", "Ludwig", "von", "Mises", ""},
		{"Karl von und zu Guttenberg", "Karl", "von und zu", "Guttenberg", ""},
		{"Jürgen von der Großmann", "Jürgen", "von der", "Großmann", ""},
		{"Jean de la Fontaine", "Jean", "de la", "Fontaine", ""},
		{"Jean du Pont", "Jean", "du", "Pont", ""},
		{"Anna de Boer-van Dijk", "Anna", "de", "Boer-van Dijk", ""},
		{"Anne Marie Jansen", "Anne Marie", "", "Jansen", ""},
		{"Jan Smit jr.", "Jan", "", "Smit jr.", ""},
		{"van Dijk", "", "van", "Dijk", ""},
		{"De Vries", "", "De", "Vries", ""},
		{"La Toya Jackson", "La Toya", "", "Jackson", ""},
		{"Al Pacino", "Al", "", "Pacino", ""},
		{"Vincent van", "Vincent", "", "van", ""},
		{"Balieverkoop", "", "", "Balieverkoop", ""},
		{"M. Jansen", "M.", "", "Jansen", ""},
		{"  Anna   van\tder  Berg ", "Anna", "van der", "Berg", ""},
		{"Dhr. J. de Vries", "J.", "de", "Vries", titleLeftOut},
		{"De heer J. Jansen", "J.", "", "Jansen", titleLeftOut},
		{"Mevr. dr. Anna Berg", "Anna", "", "Berg", titleLeftOut},
		{"Frau Müller", "", "", "Müller", titleLeftOut},
		{"Jan & Marie de Vries", "Jan & Marie", "de", "Vries", notAPerson},
		{"Kassa 2", "Kassa", "", "2", notAPerson},
	} {
		got, err := splitPerson([]any{c.name})
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		note := ""
		if noted, ok := got.(Noted); ok {
			got, note = noted.Value, noted.Note
		}
		tree := got.(model.Tree)
		part := func(name string) string { s, _ := tree[name].(string); return s }
		if part("first") != c.first || part("prefix") != c.prefix || part("last") != c.last || note != c.note {
			t.Errorf("person(%q): got %q, %q, %q, note %q", c.name, part("first"), part("prefix"), part("last"), note)
		}
	}
}

// However odd a name is, splitting keeps every word of it (but for a title, which is noted) and always gives a last name.
func FuzzPerson(f *testing.F) {
	for _, s := range []string{"Anna van der Berg", "Berg, Anna van der", "van", "de de de", ",", ", ,", "a,", "'t", "Dhr.", "jr.", "de heer X"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		got, err := splitPerson([]any{name})
		if err != nil {
			t.Fatal(err)
		}
		titled := false
		if noted, ok := got.(Noted); ok {
			got, titled = noted.Value, true
		}
		if got == nil {
			if strings.TrimSpace(name) != "" {
				t.Fatalf("%q gave nothing", name)
			}
			return
		}
		tree := got.(model.Tree)
		if tree["last"] == "" {
			t.Fatalf("%q has no last name: %v", name, tree)
		}
		count := 0
		for _, part := range tree {
			count += len(strings.Fields(part.(string)))
		}
		if want := len(strings.Fields(name)); count != want && !titled {
			t.Fatalf("%q: %d words became %d: %v", name, want, count, tree)
		}
	})
}
