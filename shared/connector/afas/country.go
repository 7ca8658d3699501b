package afas

import "strings"

// ownCountry holds the countries whose code in AFAS is not the one of ISO 3166-1: AFAS goes by the plates of cars.
// Countries that are not here have the same code in both.
var ownCountry = map[string]string{
	"AT": "A", "BE": "B", "DE": "D", "ES": "E", "FI": "FIN", "FR": "F", "HU": "H", "IT": "I", "LI": "FL", "LU": "L",
	"NO": "N", "PT": "P", "SE": "S", "SI": "SLO", "RU": "RUS", "US": "USA", "JP": "J", "IN": "RI", "TW": "RC",
	"KR": "ROK", "KP": "KO", "CL": "RCH", "EG": "ET", "ET": "ETH", "VE": "YV", "SR": "SME", "PH": "RP", "LK": "CL",
	"SA": "AS", "CM": "TC", "LB": "RL", "SY": "SYR", "NA": "SWA", "AN": "NA", "HT": "RH", "JM": "JA", "LR": "LB",
	"MU": "MS", "MS": "MSR", "BH": "BRN", "BZ": "BH", "BI": "RU", "BJ": "DY", "BF": "BU", "BW": "RB", "NE": "RN",
	"SC": "SY", "SD": "SUD", "SO": "SP", "SV": "EL", "SZ": "SD", "DM": "WD", "GD": "WG", "GQ": "CQ", "LC": "WL",
	"VC": "WV", "AS": "ASM", "TC": "TCA",
}

// countryCode returns AFAS' code of an ISO 3166-1 alpha-2 code, and false for what is no such code.
func countryCode(iso string) (string, bool) {
	iso = strings.ToUpper(strings.TrimSpace(iso))
	if len(iso) != 2 || iso[0] < 'A' || iso[0] > 'Z' || iso[1] < 'A' || iso[1] > 'Z' {
		return "", false
	}
	if code, ok := ownCountry[iso]; ok {
		return code, true
	}
	return iso, true
}
