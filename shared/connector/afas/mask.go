package afas

import (
	"slices"
	"strings"

	"apicenter/shared/fault"
	"apicenter/shared/model"
)

// mask takes the personal data of a document out of the texts of a failure, since AFAS repeats values now and then.
func mask(f *fault.Error, tree model.Tree) *fault.Error {
	var pairs []string
	collect(tree, "", &pairs)
	if len(pairs) == 0 {
		return f
	}
	r := strings.NewReplacer(pairs...)
	f.Message, f.Detail, f.Advice = r.Replace(f.Message), r.Replace(f.Detail), r.Replace(f.Advice)
	return f
}

// personal are the fields that hold personal data, over all write objects.
var personal = []string{"Nm", "SeNm", "LaNm", "FiNm", "CaNm", "TeNr", "TeN2", "MbNr", "MbN2", "EmAd", "EmA2", "HoPa", "DaBi",
	"Ad", "ZpCd", "StAd", "AdAd", "ExAd", "Re", "Rm", "VaId", "CcNr", "FiNr"}

func collect(v any, name string, pairs *[]string) {
	switch t := v.(type) {
	case model.Tree:
		for k, inner := range t {
			collect(inner, k, pairs)
		}
	case []any:
		for _, inner := range t {
			collect(inner, name, pairs)
		}
	case string:
		if t = strings.TrimSpace(t); len(t) > 2 && slices.Contains(personal, name) {
			*pairs = append(*pairs, t, "…")
		}
	}
}
