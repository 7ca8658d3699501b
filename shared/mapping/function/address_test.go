package function

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"apicenter/shared/model"
)

func TestAddress(t *testing.T) {
	for _, c := range []struct{ line, country, street, number, addition string }{
		{"Dorpsstraat 12", "NL", "Dorpsstraat", "12", ""},
		{"Dorpsstraat 12 A", "NL", "Dorpsstraat", "12", "A"},
		{"Dorpsstraat 12a", "", "Dorpsstraat", "12", "a"},
		{"Dorpsstraat 12-A", "NL", "Dorpsstraat", "12", "A"},
		{"Dorpsstraat 12 - A", "NL", "Dorpsstraat", "12", "A"},
		{"Dorpsstraat 12/3", "NL", "Dorpsstraat", "12", "3"},
		{"Dorpsstraat 12-14", "NL", "Dorpsstraat", "12", "14"},
		{"Dorpsstraat, 12", "NL", "Dorpsstraat", "12", ""},
		{"  Dorpsstraat \t 12\n", "NL", "Dorpsstraat", "12", ""},
		{"Kerkstraat 5 bis", "NL", "Kerkstraat", "5", "bis"},
		{"Kerkstraat 5bis", "NL", "Kerkstraat", "5", "bis"},
		{"Keizersgracht 101-III", "NL", "Keizersgracht", "101", "III"},
		{"Keizersgracht 101 III", "NL", "Keizersgracht", "101", "III"},
		{"Keizersgracht 101-3", "NL", "Keizersgracht", "101", "3"},
		{"Keizersgracht 101-3 hoog", "NL", "Keizersgracht", "101", "3 hoog"},
		{"Oudegracht 8 1e verdieping", "NL", "Oudegracht", "8", "1e verdieping"},
		{"Plein 1944 nr 3", "NL", "Plein 1944", "3", ""},
		{"Plein 1944 3", "NL", "Plein 1944", "3", ""},
		{"Plein 1944 nr. 3 A", "NL", "Plein 1944", "3", "A"},
		{"2e Hugo de Grootstraat 15 hs", "NL", "2e Hugo de Grootstraat", "15", "hs"},
		{"1e Constantijn Huygensstraat 20-2", "", "1e Constantijn Huygensstraat", "20", "2"},
		{"Laan 1940-1945 66", "NL", "Laan 1940-1945", "66", ""},
		{"Laan 1940-1945 66 b", "", "Laan 1940-1945", "66", "b"},
		{"Laan van Nieuw Oost-Indië 123", "NL", "Laan van Nieuw Oost-Indië", "123", ""},
		{"Postbus 123", "NL", "Postbus", "123", ""},
		{"A.J. Ernststraat 595 H", "NL", "A.J. Ernststraat", "595", "H"},
		{"'t Hoenstraat 9", "NL", "'t Hoenstraat", "9", ""},
		{"Herengracht 500 rood", "NL", "Herengracht", "500", "rood"},
		{"Rijksweg 2000 A", "NL", "Rijksweg", "2000", "A"},
		{"Meir 5 bus 4", "BE", "Meir", "5", "bus 4"},
		{"Rue de la Loi 16 bte 3", "BE", "Rue de la Loi", "16", "bte 3"},
		{"Avenue Louise 231", "BE", "Avenue Louise", "231", ""},
		{"Musterstr. 7b", "DE", "Musterstr.", "7", "b"},
		{"Straße des 17. Juni 135", "DE", "Straße des 17. Juni", "135", ""},
		{"Hauptstraße 5 Hinterhaus", "DE", "Hauptstraße", "5", "Hinterhaus"},
		{"C4 12", "DE", "C4", "12", ""},
		{"12 Rue de la Paix", "FR", "Rue de la Paix", "12", ""},
		{"12 Rue de la Paix", "", "Rue de la Paix", "12", ""},
		{"12, Rue de la Paix", "Frankrijk", "Rue de la Paix", "12", ""},
		{"12 bis Rue de la Paix", "FR", "Rue de la Paix", "12", "bis"},
		{"12B Rue de la Paix", "FR", "Rue de la Paix", "12", "B"},
		{"12 Rue du 8 Mai 1945", "FR", "Rue du 8 Mai 1945", "12", ""},
		{"12 Rue du 8 Mai 1945", "", "Rue du 8 Mai 1945", "12", ""},
		{"221B Baker Street", "GB", "Baker Street", "221", "B"},
		{"10 Downing Street", "", "Downing Street", "10", ""},
		{"1600 Pennsylvania Avenue NW", "US", "Pennsylvania Avenue NW", "1600", ""},
		{"Calle Mayor, 5, 2º B", "ES", "Calle Mayor", "5", "2º B"},
		{"Via Roma 5/A", "IT", "Via Roma", "5", "A"},
		{"1 Meiplein 5", "NL", "1 Meiplein", "5", ""},
		// Kept whole, with a warning:
		{"De Hoeve", "NL", "De Hoeve", "", ""},
		{"Plein 1944", "NL", "Plein 1944", "", ""},
		{"Laan 1940-1945", "NL", "Laan 1940-1945", "", ""},
		{"Dorpsstraat 12 achterom bij de buren", "NL", "Dorpsstraat 12 achterom bij de buren", "", ""},
		{"Flat 3, 12 High Street", "GB", "Flat 3, 12 High Street", "", ""},
		{"1 Meiplein 5", "", "1 Meiplein 5", "", ""},
		{"123", "NL", "123", "", ""},
	} {
		got, err := splitAddress([]any{c.line, c.country})
		if err != nil {
			t.Errorf("%s: %v", c.line, err)
			continue
		}
		noted, warned := got.(Noted)
		if warned {
			got = noted.Value
		}
		want := model.Tree{"street": c.street}
		if c.number != "" {
			want["number"] = c.number
		}
		if c.addition != "" {
			want["addition"] = c.addition
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("address(%q, %q) (-want +got):\n%s", c.line, c.country, diff)
		}
		if warned != (c.number == "") {
			t.Errorf("address(%q, %q): warned is %v", c.line, c.country, warned)
		}
	}
}

func TestAddressOfNothing(t *testing.T) {
	for _, line := range []any{nil, "", "  "} {
		if got, err := splitAddress([]any{line}); got != nil || err != nil {
			t.Errorf("address(%q): got %v, %v", line, got, err)
		}
	}
}

// Whatever is typed, no letter or digit of it may disappear: the parts together hold them all, in some order.
func FuzzAddress(f *testing.F) {
	for _, s := range []string{"Dorpsstraat 12 A", "12 bis Rue de la Paix", "Plein 1944 nr 3", "1 1", "a 1 - 2 / 3", "Laan 1940-1945", "# 1", "a nr 5"} {
		f.Add(s, "NL")
		f.Add(s, "FR")
		f.Add(s, "")
	}
	f.Fuzz(func(t *testing.T, line, country string) {
		got, err := splitAddress([]any{line, country})
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if noted, ok := got.(Noted); ok {
			if tree := noted.Value.(model.Tree); tree["street"] != strings.Join(strings.Fields(line), " ") {
				t.Fatalf("%q was not split, yet not kept whole: %v", line, tree)
			}
			return
		}
		tree, ok := got.(model.Tree)
		if !ok {
			return
		}
		number, _ := tree["number"].(string)
		if number == "" || digits(number) != number {
			t.Fatalf("%q: number %q is no number", line, number)
		}
		all := tree["street"].(string) + number
		if addition, ok := tree["addition"].(string); ok {
			all += addition
		}
		want := letters(line)
		for marker := range strings.FieldsSeq(line) {
			if isMarker(marker) && len(letters(all)) < len(want) {
				want = strings.Replace(want, letters(marker), "", 1)
			}
		}
		if len(letters(all)) != len(want) {
			t.Fatalf("%q: letters were lost in %v", line, tree)
		}
	})
}

// letters keeps the letters and digits of a text that is valid, and drops signs.
func letters(s string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(" \t\n\r\v\f\u0085\u00a0,.;:-–/()#№+", r) {
			return -1
		}
		return r
	}, s)
}

func TestPostalCode(t *testing.T) {
	for _, c := range []struct{ code, country, want string }{
		{"1234AB", "NL", "1234 AB"}, {"1234 ab", "NL", "1234 AB"}, {"NL-1234AB", "NL", "1234 AB"}, {"1234AB", "", "1234 AB"},
		{"0123AB", "NL", "0123AB"}, {"B-2000", "BE", "2000"}, {"2000", "België", "2000"}, {"D-10115", "DE", "10115"}, {"01067", "DE", "01067"},
		{"75 001", "FR", "75001"}, {"sw1a1aa", "GB", "SW1A 1AA"}, {"M1 1AE", "UK", "M1 1AE"}, {"00950", "PL", "00-950"}, {"1000123", "PT", "1000-123"},
		{"11455", "SE", "114 55"}, {"D02X285", "IE", "D02 X285"}, {"k1a0b1", "CA", "K1A 0B1"}, {"1234AB", "DE", "1234AB"}, {"1234AB", "Utopia", "1234AB"},
		{" 1234  AB ", "US", "1234 AB"}, {"90210-1234", "US", "90210-1234"},
	} {
		got, err := postalCode([]any{c.code, c.country})
		if err != nil || got != c.want {
			t.Errorf("postalCode(%q, %q): got %v, %v, want %q", c.code, c.country, got, err, c.want)
		}
	}
}

func TestCountry(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"NL", "NL"}, {"nl", "NL"}, {"NLD", "NL"}, {"Nederland", "NL"}, {"The Netherlands", "NL"}, {"Holland", "NL"}, {"Niederlande", "NL"}, {"Pays-Bas", "NL"},
		{"Países Bajos", "NL"}, {"België", "BE"}, {"Belgie", "BE"}, {"BELGIQUE", "BE"}, {"Belgien", "BE"}, {"Bélgica", "BE"}, {"Duitsland", "DE"}, {"Deutschland", "DE"},
		{"DEU", "DE"}, {"Alemania", "DE"}, {"Frankrijk", "FR"}, {"FRA", "FR"}, {"UK", "GB"}, {"U.K.", "GB"}, {"Great Britain", "GB"}, {"Verenigd Koninkrijk", "GB"},
		{"Royaume-Uni", "GB"}, {"Vereinigtes Königreich", "GB"}, {"U.S.A.", "US"}, {"USA", "US"}, {"Verenigde Staten", "US"}, {"Vereinigte Staaten", "US"},
		{"États-Unis", "US"}, {"Estados Unidos", "US"}, {"Luxemburg", "LU"}, {"Luxembourg", "LU"}, {"Österreich", "AT"}, {"Oostenrijk", "AT"}, {"Zwitserland", "CH"},
		{"Schweiz", "CH"}, {"Suisse", "CH"}, {"Spanje", "ES"}, {"España", "ES"}, {"Italië", "IT"}, {"Polen", "PL"}, {"Polska", "PL"}, {"Tsjechië", "CZ"}, {"Czechia", "CZ"},
		{"Türkiye", "TR"}, {"Turkije", "TR"}, {"Denemarken", "DK"}, {"Zweden", "SE"}, {"Schweden", "SE"}, {"Ierland", "IE"}, {"Griekenland", "GR"}, {"Grèce", "GR"}, {"EL", "GR"},
		{"Portugal", "PT"}, {"Hongarije", "HU"}, {"Ungarn", "HU"}, {"Roemenië", "RO"}, {"Bulgarije", "BG"}, {"Kroatië", "HR"}, {"Finland", "FI"}, {"Noorwegen", "NO"},
		{"Slovenië", "SI"}, {"Slowakije", "SK"}, {"Estland", "EE"}, {"Letland", "LV"}, {"Litouwen", "LT"}, {"Malta", "MT"}, {"Cyprus", "CY"}, {"IJsland", "IS"},
		{"China", "CN"}, {"Japan", "JP"}, {"Canada", "CA"}, {"Australië", "AU"}, {"Suriname", "SR"}, {"Curaçao", "CW"},
	} {
		if got, err := country([]any{c.text}); err != nil || got != c.want {
			t.Errorf("country(%q): got %v, %v, want %s", c.text, got, err, c.want)
		}
	}
	for _, text := range []string{"XX", "ZZZ", "Utopia", "150", "EU"} {
		got, err := country([]any{text})
		if noted, ok := got.(Noted); err != nil || !ok || noted.Value != text {
			t.Errorf("country(%q): got %v, %v, want it kept with a note", text, got, err)
		}
	}
}
