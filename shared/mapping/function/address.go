package function

import (
	"regexp"
	"strings"

	"apicenter/shared/model"
)

const (
	noHouseNumber = "the address was not split: no house number could be told from the rest"
	twoReadings   = "the address was not split: its number may stand in front or behind, and no country says which"
)

func addressFuncs() []Func {
	return []Func{
		{Name: "address", Family: "addresses", Args: "line, country", Min: 1, Max: 2, Returns: model.Object, Notes: true, Aside: 2, Call: splitAddress,
			Fields: []string{"street", "number", "addition"},
			Doc: "Street, house number and addition of one line of text: address(line, country).street. The number is the first one that nothing but an addition " +
				"follows: letters (A), a Roman number, a second number, the words houses use (bis, hs, huis, rood, Hinterhaus, boven) or bus, bte, app with a number. " +
				"A year before another number belongs to the street, and nr, no or n° may stand before the number. In France, Luxembourg, Britain, Ireland, America, " +
				"Australia and New Zealand the number stands in front, elsewhere only when none stands behind. What cannot be taken apart stays whole in street, with a warning.",
			Examples: []Example{
				{`address("Dorpsstraat 12 A", "NL")`, `{"addition":"A","number":"12","street":"Dorpsstraat"}`, ""},
				{`address("Kerkstraat 5 bis")`, `{"addition":"bis","number":"5","street":"Kerkstraat"}`, ""},
				{`address("Keizersgracht 101-III", "NL")`, `{"addition":"III","number":"101","street":"Keizersgracht"}`, ""},
				{`address("12 Rue de la Paix", "FR")`, `{"number":"12","street":"Rue de la Paix"}`, ""},
				{`address("Musterstr. 7b", "DE")`, `{"addition":"b","number":"7","street":"Musterstr."}`, ""},
				{`address("Plein 1944 nr 3", "NL")`, `{"number":"3","street":"Plein 1944"}`, ""},
				{`address("2e Hugo de Grootstraat 15 hs", "NL")`, `{"addition":"hs","number":"15","street":"2e Hugo de Grootstraat"}`, ""},
				{`address("Laan 1940-1945 66")`, `{"number":"66","street":"Laan 1940-1945"}`, ""},
				{`address("Meir 5 bus 4", "BE")`, `{"addition":"bus 4","number":"5","street":"Meir"}`, ""},
				{`address("De Hoeve")`, `{"street":"De Hoeve"}`, noHouseNumber},
			}},
		{Name: "postalCode", Family: "addresses", Args: "text, country", Min: 1, Max: 2, Returns: model.Text, Aside: 2, Call: postalCode,
			Doc: "The postal code as its country writes it: 1234 AB in the Netherlands, SW1A 1AA in Britain, 00-950 in Poland, 123 45 in Sweden, " +
				"digits only where a code is digits. Without a country a Dutch code is still known by its form. A code of another form stays as it is.",
			Examples: []Example{{`postalCode("1234ab", "NL")`, `"1234 AB"`, ""}, {`postalCode("B-2000", "BE")`, `"2000"`, ""}, {`postalCode("sw1a1aa", "GB")`, `"SW1A 1AA"`, ""},
				{`postalCode("2000", "Utopia")`, `"2000"`, ""}}},
	}
}

func splitAddress(args []any) (any, error) {
	line, err := textOf("address", args[0])
	if err != nil {
		return nil, err
	}
	country, err := countryArgument("address", args, 1)
	if err != nil {
		return nil, err
	}
	words := strings.Fields(line)
	if len(words) == 0 {
		return nil, nil
	}
	behind, hasBehind := numberBehind(words)
	front, hasFront := numberInFront(words)
	switch {
	case hasFront && (!hasBehind || frontCountry(country) || streetFirst(front.street)):
		return front.tree(), nil
	case hasFront && hasBehind && country == "":
		return Noted{model.Tree{"street": strings.Join(words, " ")}, twoReadings}, nil
	case hasBehind:
		return behind.tree(), nil
	}
	return Noted{model.Tree{"street": strings.Join(words, " ")}, noHouseNumber}, nil
}

// house is an address line taken apart.
type house struct{ street, number, addition string }

func (h house) tree() model.Tree {
	t := model.Tree{"street": strings.Trim(h.street, " ,"), "number": h.number}
	if addition := strings.Trim(h.addition, " ,-/–"); addition != "" {
		t["addition"] = addition
	}
	return t
}

// frontCountry tells whether house numbers stand before the street there.
func frontCountry(code string) bool {
	switch code {
	case "FR", "LU", "MC", "GB", "IE", "US", "CA", "AU", "NZ":
		return true
	}
	return false
}

// streetFirst tells whether a street begins with a word that only follows a number in front: rue, avenue, place.
func streetFirst(street string) bool {
	word, _, _ := strings.Cut(fold(street), " ")
	switch word {
	case "rue", "avenue", "av", "boulevard", "bd", "place", "chemin", "allee", "impasse", "quai", "route", "cours", "square", "passage":
		return true
	}
	return false
}

var (
	numbered  = regexp.MustCompile(`^(\d{1,5})([\p{L}]{0,3}\d{0,3}(?:[-/–+][\p{L}\d]{1,6}){0,2}|bis|ter|quater|huis|hoog|rood|zwart|boven)$`)
	yearRange = regexp.MustCompile(`^(1[5-9]|20)\d\d(?:[-/–]\d{2,4})?$`)
	extra     = regexp.MustCompile(`^(?:\p{L}{1,2}\d{0,4}|[IVXivx]{1,5}|\d{1,4}(?:º|ª|°|e|er|re|ère|ème|ste|de)?\p{L}?|\p{L}{1,2}[-/]\d{1,4}|\d{1,4}[-/]\p{L}{1,2}|\d{1,3}[-/]\d{1,3})$`)
	inFront   = regexp.MustCompile(`^(\d{1,5})([A-DF-Za-df-z]?),?$`) // 2e is a second street, not house 2, addition e
)

// numberBehind reads a line whose number follows the street.
func numberBehind(words []string) (house, bool) {
	for i := 1; i < len(words); i++ {
		h, ok := at(words, i)
		if !ok {
			continue
		}
		if !yearRange.MatchString(strings.TrimRight(words[i], ",")) {
			return h, true
		}
		// A year is part of the street's name when a number follows: Plein 1944 nr 3, Laan 1940-1945 66.
		for j := i + 1; j < len(words); j++ {
			if later, ok := at(words, j); ok {
				return later, true
			}
		}
		if len(words[i]) > 5 || h.addition == "" && i == 1 && genericStreet(words[0]) {
			return house{}, false // Laan 1940-1945, Plein 1944: a street without a number
		}
		return h, true
	}
	return house{}, false
}

// at reads the line with words[i] as its number.
func at(words []string, i int) (house, bool) {
	word := strings.TrimRight(words[i], ",;:")
	if i == len(words)-1 {
		word = strings.TrimRight(word, ".") // elsewhere a point makes it the 17. Juni
	}
	m := numbered.FindStringSubmatch(word)
	if m == nil || !isAddition(words[i+1:]) {
		return house{}, false
	}
	street := words[:i]
	if len(street) > 1 && isMarker(street[len(street)-1]) {
		street = street[:len(street)-1]
	} else if isMarker(street[0]) {
		return house{}, false
	}
	addition := m[2]
	if rest := strings.Join(words[i+1:], " "); rest != "" {
		addition = strings.TrimSpace(addition + " " + strings.TrimLeft(rest, "-–/ "))
	}
	return house{strings.Join(street, " "), m[1], addition}, true
}

// isMarker tells whether a word says that a number follows.
func isMarker(word string) bool {
	switch strings.TrimRight(strings.ToLower(word), ".:") {
	case "nr", "no", "n°", "nº", "num", "numéro", "numero", "nummer", "huisnr", "huisnummer", "hausnr", "hausnummer", "#", "№":
		return true
	}
	return false
}

func genericStreet(word string) bool {
	switch fold(word) {
	case "plein", "laan", "straat", "weg", "dreef", "singel", "kade", "park", "platz", "strasse", "allee", "rue", "place":
		return true
	}
	return false
}

// isAddition tells whether the words can follow a house number and nothing else.
func isAddition(words []string) bool {
	if len(words) > 4 {
		return false
	}
	for _, word := range words {
		word = strings.Trim(word, ",.;:-–/()")
		if word != "" && !extra.MatchString(word) && !houseWord(word) {
			return false
		}
	}
	return true
}

func houseWord(word string) bool {
	switch strings.ToLower(word) {
	case "bis", "ter", "quater", "huis", "hoog", "hoogte", "boven", "beneden", "rood", "zwart", "achter", "voor", "links", "rechts", "verdieping", "begane", "grond",
		"bus", "bte", "boîte", "boite", "box", "app", "apt", "appt", "appartement", "apartment", "kamer", "room", "unit", "suite", "etage", "étage", "floor", "stock", "og", "eg", "dg",
		"hinterhaus", "vorderhaus", "seitenflügel", "gauche", "droite", "a/b", "t/o", "souterrain", "sous", "toren", "hal", "gebouw", "daire", "kat", "whg", "wohnung":
		return true
	}
	return false
}

// numberInFront reads a line that begins with its number.
func numberInFront(words []string) (house, bool) {
	m := inFront.FindStringSubmatch(words[0])
	if m == nil {
		return house{}, false
	}
	number, addition, street := m[1], m[2], words[1:]
	if len(street) > 1 && addition == "" {
		switch strings.ToLower(strings.TrimRight(street[0], ",.")) {
		case "bis", "ter", "quater":
			addition, street = strings.TrimRight(street[0], ",."), street[1:]
		}
	}
	if len(street) == 0 || isAddition(street) {
		return house{}, false
	}
	return house{strings.Join(street, " "), number, addition}, true
}
