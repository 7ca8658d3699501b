package function

import (
	"slices"
	"strings"

	"apicenter/shared/model"
)

const (
	titleLeftOut = "the title in front of the name was left out"
	notAPerson   = "the name does not look like that of a person; check how it was split"
)

func personFuncs() []Func {
	return []Func{
		{Name: "person", Family: "people", Args: "name", Min: 1, Max: 1, Returns: model.Object, Notes: true, Call: splitPerson,
			Fields: []string{"first", "prefix", "last"},
			Doc: "First name, prefix and last name of a full name: person(name).last. Prefixes are the Dutch, Flemish, German and French ones (van, van der, in 't, ten, " +
				"vanden, von, zu, de la, du …), in small letters or capitals; without one the last word is the last name. \"Berg, Anna van der\" and \"van der Berg, Anna\" are " +
				"read the other way round. Titles in front (dhr., mevr., Herr, Mme …) are left out, with a warning. A single word is a last name.",
			Examples: []Example{
				{`person("Anna van der Berg")`, `{"first":"Anna","last":"Berg","prefix":"van der"}`, ""},
				{`person("Berg, Anna van der")`, `{"first":"Anna","last":"Berg","prefix":"van der"}`, ""},
				{`person("Jan De Smet")`, `{"first":"Jan","last":"Smet","prefix":"De"}`, ""},
				{`person("Jürgen von der Großmann")`, `{"first":"Jürgen","last":"Großmann","prefix":"von der"}`, ""},
				{`person("Anne Marie Jansen")`, `{"first":"Anne Marie","last":"Jansen"}`, ""},
				{`person("Balieverkoop")`, `{"last":"Balieverkoop"}`, ""},
				{`person("Dhr. J. de Vries")`, `{"first":"J.","last":"Vries","prefix":"de"}`, titleLeftOut},
			}},
		{Name: "email", Family: "people", Args: "text", Min: 1, Max: 1, Returns: model.Text,
			Call:     onText("email", model.NormalEmail),
			Doc:      "The e-mail address without white space and in small letters, as it is compared.",
			Examples: []Example{{`email(" Anna@Proef.Example ")`, `"anna@proef.example"`, ""}}},
	}
}

// prefixes of last names, those of more words before those of fewer.
var prefixes = [][]string{
	{"van", "de", "der"}, {"von", "und", "zu"}, {"von", "und", "zum"}, {"van", "op", "den"},
	{"uit", "de"}, {"uit", "den"}, {"uit", "het"}, {"uit", "'t"}, {"over", "de"}, {"onder", "de"}, {"bij", "de"}, {"aan", "de"}, {"aan", "den"},
	{"aan", "het"}, {"aan", "'t"}, {"voor", "de"}, {"voor", "den"}, {"van", "der"}, {"van", "den"}, {"van", "de"}, {"van", "het"}, {"van", "'t"}, {"van", "ter"},
	{"van", "ten"}, {"van", "la"}, {"van", "le"}, {"in", "'t"}, {"in", "het"}, {"in", "de"}, {"in", "den"}, {"in", "der"}, {"op", "de"}, {"op", "den"}, {"op", "het"}, {"op", "'t"},
	{"op", "ten"}, {"von", "der"}, {"von", "dem"}, {"von", "den"}, {"von", "zu"}, {"auf", "der"}, {"auf", "dem"}, {"zu", "der"}, {"an", "der"}, {"aus", "der"}, {"aus", "dem"},
	{"de", "la"}, {"de", "las"}, {"de", "los"}, {"de", "le"}, {"da", "la"},
	{"van"}, {"vanden"}, {"vander"}, {"vande"}, {"de"}, {"den"}, {"der"}, {"het"}, {"'t"}, {"te"}, {"ten"}, {"ter"},
	{"von"}, {"vom"}, {"zu"}, {"zum"}, {"zur"}, {"du"}, {"des"}, {"le"}, {"la"}, {"el"}, {"al"}, {"da"}, {"di"}, {"do"}, {"del"}, {"della"}, {"dos"}, {"das"},
}

func isTitle(word string) bool {
	switch strings.TrimSuffix(strings.ToLower(word), ".") {
	case "dhr", "heer", "hr", "mevr", "mevrouw", "mw", "mr", "mrs", "ms", "mej", "dr", "drs", "ir", "ing", "prof", "fam", "familie", "family",
		"herr", "frau", "fr", "monsieur", "madame", "mme", "mlle", "señor", "señora", "sra":
		return true
	}
	return false
}

func splitPerson(args []any) (any, error) {
	name, err := textOf("person", args[0])
	if err != nil {
		return nil, err
	}
	words := strings.Fields(name)
	if len(words) == 0 {
		return nil, nil
	}
	note := ""
	if len(words) > 2 && strings.EqualFold(words[0], "de") && strings.EqualFold(words[1], "heer") {
		words, note = words[2:], titleLeftOut
	}
	for len(words) > 1 && isTitle(words[0]) && !strings.HasSuffix(words[0], ",") {
		words, note = words[1:], titleLeftOut
	}
	if strings.ContainsAny(name, "0123456789@/&") {
		note = notAPerson
	}
	first, prefix, last := personOf(words)
	tree := model.Tree{"last": strings.Join(last, " ")}
	if len(first) > 0 {
		tree["first"] = strings.Join(first, " ")
	}
	if len(prefix) > 0 {
		tree["prefix"] = strings.Join(prefix, " ")
	}
	if note != "" {
		return Noted{tree, note}, nil
	}
	return tree, nil
}

// personOf splits the words of a name; last is never empty.
func personOf(words []string) (first, prefix, last []string) {
	for i, word := range words {
		if strings.HasSuffix(word, ",") && i < len(words)-1 && len(word) > 1 {
			return turned(append(words[:i:i], strings.TrimSuffix(word, ",")), words[i+1:])
		}
	}
	for i := range words {
		// A prefix needs a last name behind it; in front of it may stand a first name or none.
		if n := prefixAt(words[i:]); n > 0 && i+n < len(words) && (i > 0 || opens(words[0])) {
			return words[:i], words[i : i+n], words[i+n:]
		}
	}
	at := len(words) - 1
	if at > 0 && isJunior(words[at]) {
		at-- // Jan Smit jr.
	}
	return words[:at], nil, words[at:]
}

// turned splits a name written last name first: Berg, Anna van der.
func turned(before, after []string) (first, prefix, last []string) {
	if n := prefixAt(before); n > 0 && n < len(before) {
		return after, before[:n], before[n:]
	}
	for i := range after {
		if n := prefixAt(after[i:]); n > 0 && i+n == len(after) {
			return after[:i], after[i:], before
		}
	}
	return after, nil, before
}

// opens tells whether a name that begins with this word begins with its prefix: van Dijk, De Vries. With a capital most
// prefixes are first names too (Al, La, Di), the Dutch ones are not.
func opens(word string) bool {
	if word == strings.ToLower(word) {
		return true
	}
	switch strings.ToLower(word) {
	case "van", "de", "den", "ten", "ter", "vanden", "vander", "vande", "von", "het", "in", "op", "uit":
		return true
	}
	return false
}

func isJunior(word string) bool {
	switch strings.TrimSuffix(strings.ToLower(word), ".") {
	case "jr", "jnr", "junior", "sr", "snr", "senior", "ii", "iii":
		return true
	}
	return false
}

// prefixAt returns how many of the first words are a prefix.
func prefixAt(words []string) int {
	for _, p := range prefixes {
		if len(p) <= len(words) && slices.EqualFunc(p, words[:len(p)], samePrefix) {
			return len(p)
		}
	}
	return 0
}

func samePrefix(prefix, word string) bool {
	if rest, ok := strings.CutPrefix(prefix, "'"); ok {
		for _, apostrophe := range [...]string{"'", "’", "‘", "`"} {
			if bare, ok := strings.CutPrefix(word, apostrophe); ok {
				return strings.EqualFold(rest, bare)
			}
		}
		return false
	}
	return strings.EqualFold(prefix, word)
}
