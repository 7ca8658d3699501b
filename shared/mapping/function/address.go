package function

import (
	"regexp"
	"strings"

	"apicenter/shared/model"
)

func addressFuncs() []Func {
	address := func(f Func) Func {
		f.Family = "addresses"
		return f
	}
	return []Func{
		address(Func{Name: "address", Args: "line, country", Min: 1, Max: 2, Returns: model.Object, Notes: true, Call: splitAddress,
			Fields: []string{"street", "number", "addition"},
			Doc: "Street, house number and addition of one line of text, as in address(line, country).street. The number is the last one " +
				"that only an addition follows: a letter or up to three (A, A3), a Roman number, a second number behind - or /, a word that " +
				"buildings use (bis, hs, rood, Hinterhaus), or bus, bte, box, app with its own number. Before it may stand nr or no. In France, Luxembourg, Britain, " +
				"Ireland and America, and where nothing else fits, a number may stand in front. What cannot be taken apart stays whole in street, with a warning.",
			Examples: []Example{
				{`address("Dorpsstraat 12 A", "NL")`, `{"addition":"A","number":"12","street":"Dorpsstraat"}`, ""},
				{`address("Keizersgracht 101-III", "NL")`, `{"addition":"III","number":"101","street":"Keizersgracht"}`, ""},
				{`address("Plein 1944 nr 3", "NL")`, `{"addition":"","number":"3","street":"Plein 1944"}`, ""},
				{`address("Laan 1940-1945 66")`, `{"addition":"","number":"66","street":"Laan 1940-1945"}`, ""},
				{`address("2e Hugo de Grootstraat 15 hs", "NL")`, `{"addition":"hs","number":"15","street":"2e Hugo de Grootstraat"}`, ""},
				{`address("Meir 5 bus 4", "BE")`, `{"addition":"bus 4","number":"5","street":"Meir"}`, ""},
				{`address("Musterstr. 7b", "DE")`, `{"addition":"b","number":"7","street":"Musterstr."}`, ""},
				{`address("12 bis Rue de la Paix", "FR")`, `{"addition":"bis","number":"12","street":"Rue de la Paix"}`, ""},
				{`address("Postbus")`, `{"addition":"","number":"","street":"Postbus"}`, "the address was not split: no house number was found"},
			}}),
		address(Func{Name: "postalCode", Args: "text, country", Min: 1, Max: 2, Returns: model.Text, Call: postalCode,
			Doc: "The postal code as its country writes it: 1234 AB in the Netherlands, digits only elsewhere in the Low Countries and Germany. " +
				"A code of another form stays as it is.",
			Examples: []Example{{`postalCode("1234ab", "NL")`, `"1234 AB"`, ""}, {`postalCode("B-2000", "BE")`, `"2000"`, ""}, {`postalCode("SW1A 1AA", "GB")`, `"SW1A 1AA"`, ""}}}),
	}
}

// additionForms is what may follow a house number.
const additionForms = `(?:` +
	`[ ,]*[-/][ ]*[\p{L}\d]{1,6}(?:[-/ ]\d{1,4})?` + // 101-III, 12/3, 12-14
	`|[ ,]*\d{1,2}/\d{1,2}` + // 5 1/2
	`|[ ,]*(?:bus|bte|boîte|boite|box|app|apt|appt|appartement|kamer|k|unit|m|d|daire|kat|et|étage)\.?:? ?\d[\p{L}\d]{0,4}` +
	`|[ ,]*(?:bis|ter|quater|hs|huis|hoog|boven|beneden|rood|zwart|rd|zw|achter|a/b|hinterhaus|vorderhaus|seitenflügel|hh|vh|[1-4](?:e|ste|de)? ?hoog)` +
	`|[ ,]*[\p{L}]{1,3}\d{0,3}` + // A, A3, III
	`)`

var (
	numberBehind = regexp.MustCompile(`(?i)^(.*?[\p{L}\d.'’)])[ ,]+(?:(?:nr|no|n°|num|numéro|huisnr|huisnummer|hausnr)\.?:? ?)?(\d{1,5})(` + additionForms + `)?$`)
	numberBefore = regexp.MustCompile(`(?i)^(\d{1,5}) ?(bis|ter|quater|[a-df-z])?,? +(\p{L}.*)$`)
	spaces       = regexp.MustCompile(`\s+`)
)

// frontCountries write the house number before the street.
const frontCountries = " FR LU GB IE US CA AU NZ "

func splitAddress(args []any) (any, error) {
	line, err := textOf("address", args[0])
	if err != nil || strings.TrimSpace(line) == "" {
		return nil, err
	}
	country := ""
	if len(args) > 1 {
		if country, err = textOf("address", args[1]); err != nil {
			return nil, err
		}
	}
	line = strings.Trim(spaces.ReplaceAllString(line, " "), " ,")
	behind, before := numberBehind.FindStringSubmatch(line), numberBefore.FindStringSubmatch(line)
	if before != nil && (behind == nil || country != "" && strings.Contains(frontCountries, " "+country+" ")) {
		return parts(before[3], before[1], before[2]), nil
	}
	if behind != nil {
		return parts(behind[1], behind[2], behind[3]), nil
	}
	return Noted{parts(line, "", ""), "the address was not split: no house number was found"}, nil
}

func parts(street, number, addition string) model.Tree {
	return model.Tree{"street": strings.Trim(street, " ,"), "number": number, "addition": strings.Trim(addition, " ,-/")}
}

var (
	dutchCode = regexp.MustCompile(`^(?i:NL)?[- ]?(\d{4}) ?([A-Za-z]{2})$`)
	digitCode = regexp.MustCompile(`^[A-Za-z]{0,2}[- ]*(\d{4,5})$`)
)

func postalCode(args []any) (any, error) {
	code, err := textOf("postalCode", args[0])
	if err != nil {
		return nil, err
	}
	country := ""
	if len(args) > 1 {
		if country, err = textOf("postalCode", args[1]); err != nil {
			return nil, err
		}
	}
	code = strings.TrimSpace(spaces.ReplaceAllString(code, " "))
	switch country {
	case "NL", "":
		if m := dutchCode.FindStringSubmatch(code); m != nil {
			return m[1] + " " + strings.ToUpper(m[2]), nil
		}
	case "BE", "DE", "LU", "AT", "CH", "DK", "FR", "ES", "IT":
		if m := digitCode.FindStringSubmatch(code); m != nil {
			return m[1], nil
		}
	}
	return code, nil
}
