package function

import (
	"regexp"
	"strings"
)

// postalForm is how a country writes its codes: a pattern over the code without spaces and signs, in capitals, and where the
// parts that it finds go.
type postalForm struct {
	pattern *regexp.Regexp
	written string
}

var (
	dutchForm = postalForm{regexp.MustCompile(`^(?:NL)?([1-9]\d{3})([A-Z]{2})$`), "$1 $2"}
	fourForm  = postalForm{regexp.MustCompile(`^[A-Z]{0,2}(\d{4})$`), "$1"}
	fiveForm  = postalForm{regexp.MustCompile(`^[A-Z]{0,2}(\d{5})$`), "$1"}
	threeTwo  = postalForm{regexp.MustCompile(`^(?:[A-Z]{2})?(\d{3})(\d{2})$`), "$1 $2"}
	british   = postalForm{regexp.MustCompile(`^([A-Z]{1,2}\d[A-Z\d]?)(\d[A-Z]{2})$`), "$1 $2"}
	irish     = postalForm{regexp.MustCompile(`^([A-Z]\d[\dW])([A-Z\d]{4})$`), "$1 $2"}
	polish    = postalForm{regexp.MustCompile(`^(?:PL)?(\d{2})(\d{3})$`), "$1-$2"}
	portugal  = postalForm{regexp.MustCompile(`^(?:PT)?(\d{4})(\d{3})$`), "$1-$2"}
	canada    = postalForm{regexp.MustCompile(`^([A-Z]\d[A-Z])(\d[A-Z]\d)$`), "$1 $2"}
)

func formOf(country string) (postalForm, bool) {
	switch country {
	case "NL", "":
		return dutchForm, true
	case "BE", "LU", "AT", "CH", "LI", "DK", "NO", "HU", "SI", "BG":
		return fourForm, true
	case "DE", "FR", "ES", "IT", "FI", "EE", "HR", "MC":
		return fiveForm, true
	case "SE", "GR", "CZ", "SK":
		return threeTwo, true
	case "GB":
		return british, true
	case "IE":
		return irish, true
	case "PL":
		return polish, true
	case "PT":
		return portugal, true
	case "CA":
		return canada, true
	}
	return postalForm{}, false
}

func postalCode(args []any) (any, error) {
	code, err := textOf("postalCode", args[0])
	if err != nil {
		return nil, err
	}
	country, err := countryArgument("postalCode", args, 1)
	if err != nil {
		return nil, err
	}
	code = strings.Join(strings.Fields(code), " ")
	if code == "" {
		return nil, nil
	}
	form, ok := formOf(country)
	if country == "" && len(args) > 1 && !Empty(args[1]) {
		ok = false // a country nobody knows is not the Netherlands
	}
	if ok {
		bare := strings.ToUpper(strings.NewReplacer(" ", "", "-", "", ".", "").Replace(code))
		if form.pattern.MatchString(bare) {
			return form.pattern.ReplaceAllString(bare, form.written), nil
		}
	}
	return code, nil
}
