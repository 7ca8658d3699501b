package afas

import (
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/govalues/decimal"
)

// rowsOf makes a sequence over a list of the master data.
func rowsOf[T any](list func(d *data) []T) func(d *data) iter.Seq[*T] {
	return func(d *data) iter.Seq[*T] {
		l := list(d)
		return func(yield func(*T) bool) {
			for i := range l {
				if !yield(&l[i]) {
					return
				}
			}
		}
	}
}

func codeTable(id, description, code, name string, list func(d *data) []Code) getter {
	return &table[*Code]{id: id, description: description, all: rowsOf(list), columns: []column[*Code]{
		textCol(code, func(c *Code) string { return c.Code }),
		textCol(name, func(c *Code) string { return c.Description }),
	}}
}

func masterTables() []getter {
	return []getter{
		&table[*Administration]{
			id: "Profit_Administrations", description: "Administraties (Profit)",
			all: rowsOf(func(d *data) []Administration { return d.administrations }),
			columns: []column[*Administration]{
				intCol("AdminId", func(a *Administration) int { return a.ID }),
				textCol("AdminNm", func(a *Administration) string { return a.Name }),
				textCol("AdminCd", func(a *Administration) string { return strconv.Itoa(a.ID) }),
			},
		},
		&table[*VatCode]{
			id: "Profit_VAT_code", description: "Btw-codes (Profit)",
			all: rowsOf(func(d *data) []VatCode { return d.vatCodes }),
			columns: []column[*VatCode]{
				textCol("VatCode", func(c *VatCode) string { return c.Code }),
				textCol("Description", func(c *VatCode) string { return c.Description }),
				textCol("AccountNr", func(c *VatCode) string { return c.Account }),
				decCol("VatPerc", func(c *VatCode) decimal.Decimal { return c.Rate }),
				textCol("VatDuty", func(c *VatCode) string { return c.Duty }),
				boolCol("Blocked", func(c *VatCode) bool { return c.Blocked }),
				textCol("VatMethod", func(*VatCode) string { return "Normaal" }),
				textCol("VatType", func(*VatCode) string { return "Verkoop" }),
			},
		},
		accountTable(),
		&table[*Journal]{
			id: "Profit_Journals", description: "Dagboeken (Profit)",
			all: rowsOf(func(d *data) []Journal { return d.journals }),
			columns: []column[*Journal]{
				intCol("UnitId", func(j *Journal) int { return j.Administration }),
				textCol("JournalId", func(j *Journal) string { return j.Code }),
				textCol("Description", func(j *Journal) string { return j.Description }),
				textCol("JournalType", func(j *Journal) string { return j.Type }),
				boolCol("Blocked", func(j *Journal) bool { return j.Blocked }),
			},
		},
		&table[*Warehouse]{
			id: "Profit_Warehouses", description: "Magazijnen (Profit)",
			all: rowsOf(func(d *data) []Warehouse { return d.warehouses }),
			columns: []column[*Warehouse]{
				textCol("Warehouse", func(w *Warehouse) string { return w.Code }),
				textCol("Description", func(w *Warehouse) string { return w.Description }),
				intCol("UnitIdFin", func(w *Warehouse) int { return w.Administration }),
				boolCol("Blocked", func(w *Warehouse) bool { return w.Blocked }),
				nothing[*Warehouse]("Barcode"), nothing[*Warehouse]("BasicContactCode"), nothing[*Warehouse]("Name"),
				nothing[*Warehouse]("AdressLine1"), nothing[*Warehouse]("AdressLine2"), nothing[*Warehouse]("AdressLine3"),
				nothing[*Warehouse]("CountryId"), nothingOf[*Warehouse]("CreateDate", dateKind), nothingOf[*Warehouse]("ModifiedDate", dateKind),
			},
		},
		&table[*PaymentCondition]{
			id: "Webshop_PaymentConditions", description: "Betalingsvoorwaarden",
			all: rowsOf(func(d *data) []PaymentCondition { return d.paymentConditions }),
			columns: []column[*PaymentCondition]{
				textCol("Code", func(p *PaymentCondition) string { return p.Code }),
				textCol("Description", func(p *PaymentCondition) string { return p.Description }),
				intCol("Days", func(p *PaymentCondition) int { return p.Days }),
				boolCol("Blocked", func(p *PaymentCondition) bool { return p.Blocked }),
			},
		},
		&table[*VatGroup]{
			id: "Webshop_VatGroups", description: "Btw-tariefgroepen",
			all: rowsOf(func(d *data) []VatGroup { return d.vatGroups }),
			columns: []column[*VatGroup]{
				textCol("VatGroup", func(g *VatGroup) string { return g.Code }),
				textCol("Description", func(g *VatGroup) string { return g.Description }),
				textCol("VatCode", func(g *VatGroup) string { return g.VatCode }),
				decCol("VatPerc", func(g *VatGroup) decimal.Decimal { return g.Rate }),
			},
		},
		codeTable("Webshop_PaymentTypes", "Betaalwijzen", "Code", "Description", func(d *data) []Code { return d.paymentTypes }),
		codeTable("Profit_ArticleGroups", "Artikelgroepen (Profit)", "Artikelgroep", "Omschrijving", func(d *data) []Code { return d.itemGroups }),
		codeTable("ProfitCountries", "Landen (Profit)", "CoId", "Co", func(*data) []Code { return countries() }),
	}
}

// nothing is a column that is always empty here.
func nothing[T any](id string) column[T] { return nothingOf[T](id, textKind) }

func nothingOf[T any](id string, k kind) column[T] {
	return col(id, k, func(*data, T) value { return value{} })
}

func accountTable() getter {
	axis := func(n int) column[*Account] {
		return boolCol("DimAx"+strconv.Itoa(n), func(a *Account) bool { return slices.Contains(a.Axes, n) })
	}
	return &table[*Account]{
		id: "Profit_Accounts", description: "Grootboekrekeningen (Profit)",
		all: rowsOf(func(d *data) []Account { return d.accounts }),
		columns: []column[*Account]{
			textCol("Account", func(a *Account) string { return a.Code }),
			textCol("Description", func(a *Account) string { return a.Description }),
			textCol("Type", func(a *Account) string { return a.Type }),
			textCol("Sort", func(a *Account) string {
				if a.Type == "1" || a.Type == "2" {
					return "Balans"
				}
				return "Exploitatie"
			}),
			boolCol("Blocked", func(a *Account) bool { return a.Blocked }),
			boolCol("CollectAccount", func(a *Account) bool { return a.Collective }),
			textCol("CollectAccountType", func(a *Account) string {
				switch {
				case !a.Collective:
					return ""
				case strings.HasPrefix(a.Code, "16"):
					return "Crediteur"
				}
				return "Debiteur"
			}),
			nothing[*Account]("Feature"), nothing[*Account]("CollectOn"),
			boolCol("VatAllowed", func(a *Account) bool { return a.VatCode != "" || a.Type == "3" }),
			textCol("VatCode", func(a *Account) string { return a.VatCode }),
			nothing[*Account]("Budget"), boolCol("ToProject", func(*Account) bool { return false }),
			axis(1), axis(2), axis(3), axis(4), axis(5),
		},
	}
}

func itemTables() []getter {
	byCode := func(d *data, key string) iter.Seq[*Item] { return slice(d.itemsBy[key]) }
	all := func(d *data) iter.Seq[*Item] { return slice(d.itemList) }
	indexed := map[string]string{"ItemCode": "itemcode"}
	created := timeCol("CreateDate", func(i *Item) time.Time { return i.Created })
	code := textCol("ItemCode", func(i *Item) string { return i.Code })
	description := textCol("Description", func(i *Item) string { return i.Description })
	unit := textCol("UnitId", func(i *Item) string { return i.Unit })
	group := textCol("ArtGroup", func(i *Item) string { return i.Group })
	blocked := boolCol("Blocked", func(i *Item) bool { return i.Blocked })
	return []getter{
		&table[*Item]{
			id: "Profit_Article", description: "Artikelen (Profit)", all: all, indexed: indexed, look: byCode,
			columns: []column[*Item]{
				code, description, textCol("ExtraDescription", func(i *Item) string { return i.ExtraDescription }),
				unit, intCol("Factor", func(*Item) int { return 1 }), group, blocked,
				textCol("Barcode", func(i *Item) string { return i.Barcode }),
				textCol("VATGroup", func(i *Item) string { return i.VatGroup }),
				textCol("ItemSortCode", func(*Item) string { return "0" }),
				textCol("ItemTypeCode", func(i *Item) string { return typeName(i.Type) }),
				boolCol("Stock", func(i *Item) bool { return i.Stock }),
				intCol("BitDecimals", func(i *Item) int { return i.QuantityDecimals }),
				textCol("PriceGroup", func(i *Item) string { return i.Other["PrGr"] }),
				nothing[*Item]("StockCode"),
				textCol("StockDimId1", func(i *Item) string { return i.Other["StD1"] }),
				textCol("StockDimId2", func(i *Item) string { return i.Other["StD2"] }),
				created, timeCol("ModifiedDate", func(i *Item) time.Time { return i.Modified }),
			},
		},
		&table[*Item]{
			id: "Profit_Article_Basic", description: "Artikelen basis (Profit)", all: all, indexed: indexed, look: byCode,
			columns: []column[*Item]{
				code, description, unit, group, blocked,
				textCol("VATgroup", func(i *Item) string { return i.VatGroup }),
				decCol("BasicSalesPrice", func(i *Item) decimal.Decimal { return i.Price }),
				col("StockActual", decKind, func(d *data, i *Item) value {
					s := &sums{}
					total := decimal.Zero
					for _, st := range d.stockBy[indexKey("itemcode", i.Code)] {
						total = s.add(total, st.Actual)
					}
					return dec(total)
				}),
				created, timeCol("DateModified", func(i *Item) time.Time { return i.Modified }),
			},
		},
		&table[*Stock]{
			id: "Webshop_Stock", description: "Voorraad per magazijn",
			all:     func(d *data) iter.Seq[*Stock] { return slice(d.stockList) },
			indexed: indexed, look: func(d *data, key string) iter.Seq[*Stock] { return slice(d.stockBy[key]) },
			columns: []column[*Stock]{
				textCol("ItemCode", func(s *Stock) string { return s.Item }),
				textCol("DimCode1", func(s *Stock) string { return s.Dim1 }),
				textCol("DimCode2", func(s *Stock) string { return s.Dim2 }),
				textCol("Warehouse", func(s *Stock) string { return s.Warehouse }),
				decCol("StockActual", func(s *Stock) decimal.Decimal { return s.Actual }),
				decCol("StockReserved", func(s *Stock) decimal.Decimal { return s.Reserved }),
				decCol("StockAvailable", func(s *Stock) decimal.Decimal { return (&sums{}).sub(s.Actual, s.Reserved) }),
				decCol("StockOrdered", func(s *Stock) decimal.Decimal { return s.Ordered }),
				timeCol("ModifiedDate", func(s *Stock) time.Time { return s.Modified }),
			},
		},
		priceTable(),
	}
}

func priceTable() getter {
	return &table[*Price]{
		id: "Webshop_SalesPrices", description: "Verkoopprijzen",
		all:     func(d *data) iter.Seq[*Price] { return slice(d.prices) },
		indexed: map[string]string{"ItemCode": "itemcode"},
		look:    func(d *data, key string) iter.Seq[*Price] { return slice(d.pricesBy[key]) },
		columns: []column[*Price]{
			textCol("ItemCode", func(p *Price) string { return p.ItemCode }),
			nothing[*Price]("DimCode1"), nothing[*Price]("DimCode2"),
			textCol("PriceList", func(p *Price) string { return p.PriceList }),
			textCol("DebtorId", func(p *Price) string { return p.DebtorID }),
			textCol("UnitId", func(p *Price) string { return p.Unit }),
			textCol("CurrencyId", func(p *Price) string { return p.Currency }),
			dateCol("DateFrom", func(p *Price) string { return p.From }),
			dateCol("DateTo", func(p *Price) string { return p.To }),
			decCol("QuantityFrom", func(p *Price) decimal.Decimal { return p.QuantityFrom }),
			decCol("Price", func(p *Price) decimal.Decimal { return p.Price }),
			boolCol("InclVat", func(*Price) bool { return false }),
			timeCol("ModifiedDate", func(p *Price) time.Time { return p.Modified }),
		},
	}
}

// typeName is the old code of an item type, which get connectors still give.
func typeName(kind string) string {
	switch kind {
	case "1":
		return "Wst"
	case "2":
		return "Art"
	case "3":
		return "Txt"
	case "4":
		return "Sub"
	case "5":
		return "Tsl"
	case "6":
		return "Kst"
	case "7":
		return "Sam"
	case "8":
		return "Crs"
	}
	return kind
}
