package function

import (
	"strings"
	"sync"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"apicenter/shared/model"
)

func countryFuncs() []Func {
	return []Func{
		{Name: "country", Family: "addresses", Args: "text", Min: 1, Max: 1, Returns: model.Text, Notes: true, Call: country,
			Doc: "The ISO code of two letters of a country given as a code of two or three letters, or by its name in Dutch, English, German, French, Spanish, " +
				"Polish or Turkish. A text that names no country stays whole, with a warning.",
			Examples: []Example{{`country("Nederland")`, `"NL"`, ""}, {`country("be")`, `"BE"`, ""}, {`country("DEU")`, `"DE"`, ""}, {`country("Allemagne")`, `"DE"`, ""},
				{`country("Utopia")`, `"Utopia"`, "the text is not the name or the code of a country"}}},
	}
}

// moreNames are names in use that are not a language's official one.
var moreNames = map[string]string{
	"holland": "NL", "the netherlands": "NL", "pays bas": "NL", "les pays-bas": "NL", "engeland": "GB", "england": "GB", "great britain": "GB",
	"groot-brittannië": "GB", "schotland": "GB", "wales": "GB", "uk": "GB", "verenigd koninkrijk": "GB", "usa": "US", "u.s.a.": "US", "verenigde staten": "US",
	"duitsland": "DE", "brd": "DE", "belgie": "BE", "belgië": "BE", "la belgique": "BE", "luxembourg": "LU", "tsjechië": "CZ", "czech republic": "CZ",
	"oostenrijk": "AT", "zwitserland": "CH",
}

// countryNames holds the names of all countries in the languages of the platform. It is made when first needed: a function
// that maps no countries does not pay for it.
var countryNames = sync.OnceValue(func() map[string]string {
	names := make(map[string]string, 2500)
	for _, tag := range []language.Tag{language.Dutch, language.English, language.German, language.French, language.Spanish, language.Polish, language.Turkish} {
		namer := display.Regions(tag)
		for a := 'A'; a <= 'Z'; a++ {
			for b := 'A'; b <= 'Z'; b++ {
				region, err := language.ParseRegion(string([]rune{a, b}))
				if err != nil || !region.IsCountry() || region.String() != string([]rune{a, b}) {
					continue
				}
				if name := strings.ToLower(namer.Name(region)); name != "" {
					if _, taken := names[name]; !taken {
						names[name] = region.String()
					}
				}
			}
		}
	}
	for name, code := range moreNames {
		names[name] = code
	}
	return names
})

func country(args []any) (any, error) {
	s, err := textOf("country", args[0])
	if err != nil {
		return nil, err
	}
	s = strings.TrimSpace(s)
	if s == "" {
		return nil, nil
	}
	if len(s) == 2 || len(s) == 3 {
		if region, err := language.ParseRegion(s); err == nil && region.IsCountry() {
			return region.Canonicalize().String(), nil
		}
	}
	if code, ok := countryNames()[strings.ToLower(s)]; ok {
		return code, nil
	}
	return Noted{s, "the text is not the name or the code of a country"}, nil
}
