package afas

import (
	"maps"
	"strconv"
)

// catalogue applies the update connectors of items, stock and prices.
type catalogue struct{ item, mutation, price *schema }

func newCatalogue() *catalogue {
	return &catalogue{
		newSchema("FbItemArticle", itemFields, newSchema("FbArticleCustom", "")),
		newSchema("FbStockMutation", mutationFields), newSchema("FbSalesPrice", priceFields),
	}
}

func (c *catalogue) applyItem(t *tx, r *record, insert bool) (result, *fault) {
	if bad := c.item.validate(t, r); bad != nil {
		return nil, bad
	}
	f := c.item.byCode["ItCd"]
	code := r.fields["ItCd"]
	if code == "" && r.fields["AuId"] == "true" && insert {
		old := t.lastID
		code = "A" + strconv.Itoa(t.nextID())
		t.onUndo(func() { t.lastID = old })
	}
	if code == "" {
		return nil, missing(f)
	}
	item := t.items[itemKey("2", code)]
	switch {
	case insert && item != nil:
		return nil, exists(f, code)
	case insert:
		if bad := c.item.complete(r); bad != nil {
			return nil, bad
		}
		if r.fields["BiSt"] == "true" && r.fields["CsGc"] == "" {
			return nil, missing(c.item.byCode["CsGc"])
		}
		item = &Item{Type: "2", Code: code, Created: t.now}
		t.addItem(item)
	case item == nil:
		return nil, unknownValue(f)
	default:
		keep(t, item)
	}
	item.setFields(r)
	item.Modified = t.now
	return result{{"ItCd", item.Code}}, nil
}

func (t *tx) addItem(i *Item) {
	put(t, t.items, itemKey(i.Type, i.Code), i)
	push(t, &t.itemList, i)
	reindex(t, t.itemsBy, i, nil, i.keys())
}

func (i *Item) keys() []string { return []string{indexKey("itemcode", i.Code)} }

func (i *Item) setFields(r *record) {
	other := maps.Clone(i.Other)
	for code, v := range r.fields {
		switch code {
		case "ItCd", "AuId", "FileStream":
		case "Ds":
			i.Description = v
		case "DsEx":
			i.ExtraDescription = v
		case "Grp":
			i.Group = v
		case "BiUn":
			i.Unit = v
		case "BiDc":
			i.QuantityDecimals, _ = strconv.Atoi(v)
		case "BiSt":
			i.Stock = v == "true"
		case "VaRc":
			i.VatGroup = v
		case "SaPrice":
			i.Price = number(v)
		case "CoPrice":
			i.CostPrice = number(v)
		case "BaCo":
			i.Barcode = v
		case "Bl":
			i.Blocked = v == "true"
		default:
			setOther(&other, code, v)
		}
	}
	i.Other = other
}

func (c *catalogue) removeItem(t *tx, path []level) *fault {
	i := t.items[itemKey("2", path[0].keys["ItCd"])]
	if i == nil || len(path) > 1 {
		return unknownValue(c.item.byCode["ItCd"])
	}
	drop(t, t.items, itemKey("2", i.Code))
	pull(t, &t.itemList, i)
	reindex(t, t.itemsBy, i, i.keys(), nil)
	return nil
}

func (c *catalogue) applyMutation(t *tx, r *record, _ bool) (result, *fault) {
	if bad := c.mutation.validate(t, r); bad != nil {
		return nil, bad
	}
	if bad := c.mutation.complete(r); bad != nil {
		return nil, bad
	}
	i, bad := c.itemOf(t, c.mutation, r)
	if bad != nil {
		return nil, bad
	}
	st := t.stockOf(i.Code, r.fields["StL1"], r.fields["StL2"], r.fields["War"])
	keep(t, st)
	q := number(r.fields["Qu"])
	if v := r.fields["VaOt"]; v == "32" || v == "42" {
		q = q.Neg()
	}
	s := &sums{}
	st.Actual, st.Modified = s.add(st.Actual, q), t.now
	if s.err != nil {
		return nil, unexpected()
	}
	return nil, nil
}

// itemOf finds the item of a stock mutation or price.
func (c *catalogue) itemOf(t *tx, s *schema, r *record) (*Item, *fault) {
	kind := itemType(r.fields["VaIt"])
	if kind == "" {
		return nil, unknownValue(s.byCode["VaIt"])
	}
	i := t.items[itemKey(kind, r.fields["ItCd"])]
	if i == nil {
		return nil, unknownValue(s.byCode["ItCd"])
	}
	if !i.hasUnit(r.fields["BiUn"]) {
		return nil, unknownValue(s.byCode["BiUn"])
	}
	return i, nil
}

func (c *catalogue) applyPrice(t *tx, r *record, _ bool) (result, *fault) {
	if bad := c.price.validate(t, r); bad != nil {
		return nil, bad
	}
	if bad := c.price.complete(r); bad != nil {
		return nil, bad
	}
	i, bad := c.itemOf(t, c.price, r)
	if bad != nil {
		return nil, bad
	}
	v := r.fields
	if v["PrLi"] != "" && v["DbId"] != "" {
		return nil, wrongValue(c.price.byCode["DbId"])
	}
	if v["Pric"] == "" && v["CaPr"] != "true" {
		return nil, missing(c.price.byCode["Pric"])
	}
	p := &Price{
		ItemType: i.Type, ItemCode: i.Code, Unit: v["BiUn"], PriceList: v["PrLi"], DebtorID: v["DbId"],
		Currency: v["CuId"], From: v["DaBg"], To: v["DaEn"], Price: number(v["Pric"]), Modified: t.now,
	}
	if v["CrPr"] == "true" {
		p.QuantityFrom = number(v["Am"])
	}
	push(t, &t.prices, p)
	reindex(t, t.pricesBy, p, nil, []string{indexKey("itemcode", i.Code)})
	return nil, nil
}
