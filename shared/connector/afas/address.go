package afas

import (
	"slices"
	"strings"

	"apicenter/shared/connector"
	"apicenter/shared/model"
)

// address builds the visiting address, which is the postal one as well. An existing customer gets it from the day begin on:
// AFAS keeps the old one for history and recognises an equal one.
func (b *builder) address(d connector.Document, begin string) []object {
	tree, ok := b.object(d.Fields, "address")
	if !ok {
		return nil
	}
	fields := b.addressPairs("address.", tree, addressFields)
	if begin != "" && len(fields) > 0 && !has(fields, "BeginDate") {
		fields = append(fields, pair{"BeginDate", begin})
	}
	return addressObject(fields)
}

func addressObject(fields []pair) []object {
	if len(fields) == 0 {
		return nil
	}
	return []object{{"KnBasicAddressAdr", []element{{fields: fields}}}}
}

// delivery builds the delivery address of a new customer. An existing one gets none: without a key AFAS would add another
// copy at every change.
func (b *builder) delivery(d connector.Document) (element, bool) {
	tree, ok := b.object(d.Fields, "delivery")
	if !ok {
		return element{}, false
	}
	contact, place := model.Tree{}, model.Tree{}
	for name, v := range tree {
		if slices.ContainsFunc(contactFields, func(f field) bool { return f.code == name }) {
			contact[name] = v
		} else {
			place[name] = v
		}
	}
	where := addressObject(b.addressPairs("delivery.", place, addressFields))
	if where == nil {
		return element{}, false
	}
	return element{fields: append([]pair{{"PadAdr", true}, {"ViKc", "AFL"}}, b.pairs("delivery.", contact, contactFields)...),
		objects: where}, true
}

// addressPairs builds an address: AFAS' country code from the ISO one, and a house number that is a number.
func (b *builder) addressPairs(path string, tree model.Tree, fields []field) []pair {
	t := make(model.Tree, len(tree)+4)
	for k, v := range tree {
		t[k] = v
	}
	delete(t, countryField)
	if iso, _ := plain(tree[countryField]); strings.TrimSpace(iso) != "" && (t["CoId"] == nil || t["CoId"] == "") {
		own, ok := countryCode(iso)
		if !ok {
			b.bad(path+countryField, "%s must be a country code of two letters, such as NL", path+countryField)
			return nil
		}
		t["CoId"] = own
	}
	b.houseNumber(path, t)
	out := b.pairs(path, t, fields)
	switch {
	case !slices.ContainsFunc(out, func(p pair) bool { return p.code != "CoId" && p.code != "BeginDate" && p.code != "PbAd" }):
		return nil // a country alone is no address
	case !has(out, "CoId"):
		b.bad(path+countryField, "an address needs a country")
	}
	if !has(out, "PbAd") {
		out = append(out, pair{"PbAd", false})
	}
	return append(out, pair{"ResZip", false}) // the city is given; AFAS need not look it up
}

// houseNumber keeps the digits a number begins with as the number and moves the rest before the addition; what begins with no
// digit joins the street.
func (b *builder) houseNumber(path string, t model.Tree) {
	raw, _ := plain(t["HmNr"])
	if raw = strings.TrimSpace(raw); raw == "" {
		return
	}
	digits := raw[:len(raw)-len(strings.TrimLeft(raw, "0123456789"))]
	rest := strings.TrimSpace(raw[len(digits):])
	if rest == "" && len(digits) < 10 {
		return
	}
	if digits == "" || len(digits) >= 10 {
		street, _ := plain(t["Ad"])
		t["Ad"] = strings.TrimSpace(street + " " + raw)
		delete(t, "HmNr")
		b.warn("%sHmNr does not begin with a number and was put behind the street", path)
		return
	}
	addition, _ := plain(t["HmAd"])
	t["HmNr"], t["HmAd"] = digits, strings.TrimSpace(rest+" "+addition)
	b.warn("%sHmNr is not only a number; the rest was put in the addition", path)
}
