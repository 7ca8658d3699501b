package function

import (
	"slices"
	"strings"

	"apicenter/shared/model"
)

func personFuncs() []Func {
	return []Func{
		{Name: "person", Family: "people", Args: "name", Min: 1, Max: 1, Returns: model.Object, Notes: true, Call: splitPerson,
			Fields: []string{"first", "prefix", "last"},
			Doc: "First name, prefix and last name of a full name, as in person(name).last. Titles in front (dhr., mevr., Herr, Mme …) are left out. " +
				"Prefixes are the Dutch, Flemish, German and French ones (van, van der, in 't, ten, Vanden, von, zu, de la …), in small letters or capitals; " +
				"without one the last word is the last name. \"Berg, Anna van der\" is read the other way round. A single word is a last name.",
			Examples: []Example{
				{`person("Anna van der Berg")`, `{"first":"Anna","last":"Berg","prefix":"van der"}`, ""},
				{`person("Berg, Anna van der")`, `{"first":"Anna","last":"Berg","prefix":"van der"}`, ""},
				{`person("Dhr. J. de Vries")`, `{"first":"J.","last":"Vries","prefix":"de"}`, ""},
				{`person("Jürgen von der Großmann")`, `{"first":"Jürgen","last":"Großmann","prefix":"von der"}`, ""},
				{`person("Anne Marie Jansen")`, `{"first":"Anne Marie","last":"Jansen","prefix":""}`, ""},
				{`person("Balieverkoop")`, `{"first":"","last":"Balieverkoop","prefix":""}`, ""},
			}},
		{Name: "email", Family: "people", Args: "text", Min: 1, Max: 1, Returns: model.Text,
			Call:     onText("email", model.NormalEmail),
			Doc:      "The e-mail address without white space and in small letters, as it is compared.",
			Examples: []Example{{`email(" Anna@Proef.Example ")`, `"anna@proef.example"`, ""}}},
	}
}

// prefixes of last names, the longer ones first.
var prefixes = [][]string{
	{"van", "de", "der"}, {"uit", "de"}, {"uit", "den"}, {"uit", "het"}, {"uit", "'t"}, {"over", "de"}, {"onder", "de"}, {"bij", "de"}, {"aan", "de"}, {"aan", "den"},
	{"van", "der"}, {"van", "den"}, {"van", "de"}, {"van", "het"}, {"van", "'t"}, {"van", "ter"}, {"van", "ten"}, {"in", "'t"}, {"in", "het"}, {"in", "de"}, {"in", "den"},
	{"op", "de"}, {"op", "den"}, {"op", "het"}, {"op", "'t"}, {"von", "der"}, {"von", "dem"}, {"von", "den"}, {"von", "und", "zu"}, {"von", "zu"}, {"auf", "der"}, {"zu", "der"}, {"zum"}, {"zur"},
	{"de", "la"}, {"de", "las"}, {"de", "los"}, {"de", "le"}, {"de", "l'"},
	{"van"}, {"vanden"}, {"vander"}, {"vande"}, {"de"}, {"den"}, {"der"}, {"het"}, {"'t"}, {"’t"}, {"te"}, {"ten"}, {"ter"}, {"von"}, {"vom"}, {"zu"}, {"du"}, {"des"}, {"le"}, {"la"}, {"el"}, {"al"}, {"d'"}, {"da"}, {"di"}, {"del"}, {"della"}, {"dos"},
}

var titles = []string{"dhr", "heer", "mevr", "mevrouw", "mw", "mr", "mrs", "ms", "dr", "drs", "ir", "ing", "prof", "herr", "frau", "hr", "fr", "monsieur", "madame", "mme", "m", "mlle"}

func splitPerson(args []any) (any, error) {
	name, err := textOf("person", args[0])
	if err != nil || strings.TrimSpace(name) == "" {
		return nil, err
	}
	first, prefix, last := personOf(name)
	tree := model.Tree{"first": first, "prefix": prefix, "last": last}
	if strings.ContainsAny(name, "0123456789@/&") {
		return Noted{tree, "the name does not look like that of a person; check how it was split"}, nil
	}
	return tree, nil
}

func personOf(name string) (first, prefix, last string) {
	if before, after, ok := strings.Cut(name, ","); ok {
		words := strings.Fields(after)
		for i := range words {
			if n := prefixAt(words[i:]); n > 0 && i+n == len(words) {
				return strings.Join(words[:i], " "), strings.Join(words[i:], " "), strings.TrimSpace(before)
			}
		}
		return strings.Join(words, " "), "", strings.TrimSpace(before)
	}
	words := strings.Fields(name)
	for len(words) > 1 && slices.Contains(titles, strings.TrimSuffix(strings.ToLower(words[0]), ".")) && (strings.HasSuffix(words[0], ".") || len(words[0]) > 2) {
		words = words[1:]
	}
	for i := range words {
		// A prefix needs a last name behind it; in front of it may stand a first name or none.
		if n := prefixAt(words[i:]); n > 0 && i+n < len(words) {
			return strings.Join(words[:i], " "), strings.Join(words[i:i+n], " "), strings.Join(words[i+n:], " ")
		}
	}
	at := len(words) - 1
	return strings.Join(words[:at], " "), "", words[at]
}

// prefixAt returns how many of the first words are a prefix.
func prefixAt(words []string) int {
	for _, p := range prefixes {
		if len(p) <= len(words) && slices.EqualFunc(p, words[:len(p)], strings.EqualFold) {
			return len(p)
		}
	}
	return 0
}
