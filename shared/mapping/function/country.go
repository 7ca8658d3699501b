package function

import (
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
	"golang.org/x/text/unicode/norm"

	"apicenter/shared/model"
)

func countryFuncs() []Func {
	return []Func{
		{Name: "country", Family: "addresses", Args: "text", Min: 1, Max: 1, Returns: model.Text, Notes: true, Call: country,
			Doc: "The ISO code of two letters of a country given as a code of two or three letters, or by its name in Dutch, English, German, French, Spanish, " +
				"Italian, Polish or Turkish. Capitals, accents and punctuation do not matter. A text that names no country stays whole, with a warning.",
			Examples: []Example{{`country("Nederland")`, `"NL"`, ""}, {`country("be")`, `"BE"`, ""}, {`country("DEU")`, `"DE"`, ""}, {`country("ALLEMAGNE")`, `"DE"`, ""},
				{`country("Reino Unido")`, `"GB"`, ""}, {`country("Utopia")`, `"Utopia"`, "the text is not the name or the code of a country"}}},
	}
}

// names in use that are no language's official one, by their folded form.
func moreNames() map[string]string {
	return map[string]string{
		"holland": "NL", "the netherlands": "NL", "the nederlands": "NL",
		"uk": "GB", "u k": "GB", "great britain": "GB", "britain": "GB", "england": "GB", "scotland": "GB", "wales": "GB", "northern ireland": "GB",
		"groot brittannie": "GB", "engeland": "GB", "schotland": "GB", "noord ierland": "GB", "grossbritannien": "GB", "grande bretagne": "GB", "gran bretana": "GB",
		"usa": "US", "u s a": "US", "u s": "US", "united states of america": "US", "verenigde staten van amerika": "US",
		"vereinigte staaten von amerika": "US", "etats unis d amerique": "US", "amerika": "US",
		"brd": "DE", "bundesrepublik deutschland": "DE", "luxembourg": "LU", "groothertogdom luxemburg": "LU",
		"tsjechie": "CZ", "tsjechische republiek": "CZ", "czech republic": "CZ", "czechia": "CZ", "tschechische republik": "CZ", "republique tcheque": "CZ",
		"slowakije": "SK", "slovak republic": "SK", "macedonia": "MK", "turkey": "TR", "turkije": "TR", "turkiye": "TR", "ireland": "IE", "republic of ireland": "IE",
		"vaticaanstad": "VA", "south korea": "KR", "zuid korea": "KR", "russia": "RU", "moldova": "MD", "moldavie": "MD", "hongkong": "HK", "el": "GR",
	}
}

// countryNames holds the names of all countries in the languages of the platform, folded. It is made when first needed and
// says what the language data says, never what a record does.
var countryNames = sync.OnceValue(func() map[string]string {
	names := make(map[string]string, 2500)
	for _, tag := range []language.Tag{language.Dutch, language.English, language.German, language.French, language.Spanish, language.Italian, language.Polish, language.Turkish} {
		namer := display.Regions(tag)
		for a := 'A'; a <= 'Z'; a++ {
			for b := 'A'; b <= 'Z'; b++ {
				code := string([]rune{a, b})
				region, err := language.ParseRegion(code)
				if err != nil || !region.IsCountry() || region.Canonicalize().String() != code {
					continue
				}
				if name := fold(namer.Name(region)); name != "" {
					if _, taken := names[name]; !taken {
						names[name] = code
					}
				}
			}
		}
	}
	for name, code := range moreNames() {
		names[name] = code
	}
	return names
})

// fold brings a name to the form in which it is compared: small letters without accents, other signs as one space.
func fold(s string) string {
	var b strings.Builder
	space := false
	for _, r := range norm.NFD.String(strings.ToLower(s)) {
		switch {
		case unicode.Is(unicode.Mn, r):
		case r == 'ß':
			b.WriteString("ss")
			space = false
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			if space && b.Len() > 0 {
				b.WriteByte(' ')
			}
			space = false
			if r == 'ı' { // the Turkish i without a dot
				r = 'i'
			}
			b.WriteRune(r)
		default:
			space = true
		}
	}
	return b.String()
}

// countryCode returns the code of a country, or false when the text names none.
func countryCode(s string) (string, bool) {
	folded := fold(s)
	if code, ok := countryNames()[folded]; ok {
		return code, true
	}
	if len(folded) == 2 || len(folded) == 3 {
		if region, err := language.ParseRegion(folded); err == nil && region.IsCountry() {
			return region.Canonicalize().String(), true
		}
	}
	return "", false
}

func country(args []any) (any, error) {
	s, err := textOf("country", args[0])
	if err != nil {
		return nil, err
	}
	s = strings.TrimSpace(s)
	if s == "" {
		return nil, nil
	}
	if code, ok := countryCode(s); ok {
		return code, nil
	}
	return Noted{s, "the text is not the name or the code of a country"}, nil
}

// countryArgument reads an optional argument that names a country; one that names none counts as not given.
func countryArgument(name string, args []any, i int) (string, error) {
	if len(args) <= i {
		return "", nil
	}
	s, err := textOf(name, args[i])
	if err != nil || s == "" {
		return "", err
	}
	code, _ := countryCode(s)
	return code, nil
}
