package mpluskassa

import "apicenter/shared/model"

// addAddresses puts the addresses that apply to a document beside those it has: a document names an address only where it
// differs from the customer's card.
func addAddresses(e model.Tree) {
	card, _ := e["relation"].(model.Tree)
	billTo := first(own(e, "invoiceAddress"), onCard(card, "address", "zipcode", "city", "country"))
	shipTo := first(own(e, "deliveryAddress"), onCard(card, "deliveryAddress", "deliveryZipcode", "deliveryCity", "deliveryCountry"), billTo)
	if billTo != nil {
		e["billTo"] = billTo
	}
	if shipTo != nil {
		e["shipTo"] = shipTo
	}
}

// own is an address of the document itself, nil when it says nowhere.
func own(e model.Tree, name string) model.Tree {
	a, _ := e[name].(model.Tree)
	if filled(a["address"]) || filled(a["zipcode"]) || filled(a["city"]) {
		return a
	}
	return nil
}

// onCard is an address of the customer's card, nil when it says nowhere.
func onCard(card model.Tree, street, zipcode, city, country string) model.Tree {
	if !filled(card[street]) && !filled(card[zipcode]) && !filled(card[city]) {
		return nil
	}
	a := model.Tree{}
	for name, value := range map[string]any{
		"name": card["name"], "companyName": card["companyName"], "contact": card["contact"],
		"address": card[street], "zipcode": card[zipcode], "city": card[city], "country": card[country],
	} {
		if value != nil {
			a[name] = value
		}
	}
	return a
}

func filled(value any) bool {
	text, _ := value.(string)
	return text != ""
}

func first(addresses ...model.Tree) model.Tree {
	for _, a := range addresses {
		if a != nil {
			return a
		}
	}
	return nil
}
