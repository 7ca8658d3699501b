package shopdata

import (
	"fmt"
	"strconv"

	"github.com/govalues/decimal"
)

// Numbers of articles outside the ordinary range.
const (
	firstArticle    = 5_001
	firstProduct    = 2_001
	shippingArticle = 990_000
	firstTillOnly   = 990_101
	tillOnlyCount   = 5
)

// kind is a family of articles with a common unit, VAT rate and price range.
type kind struct {
	code     string
	names    []string
	variants []string // put behind the name
	sizes    []string // one article each; nil = no sizes
	unit     string
	vat      int64 // per cent
	min, max int64 // cents including VAT
}

func kinds() []kind {
	colours := []string{"blauw", "grijs", "terracotta", "wit", "zwart", "olijfgroen"}
	return []kind{
		{"MOK", []string{"Mok", "Theeglas", "Beker", "Kom"}, colours, nil, "STK", 21, 495, 2495},
		{"TEX", []string{"T-shirt", "Trui", "Schort", "Regenjas"}, colours, []string{"S", "M", "L"}, "STK", 21, 1495, 8995},
		{"KAAS", []string{"Boerenkaas", "Geitenkaas", "Crème brûlée-kaas", "Schapenkaas"}, []string{"jong", "belegen", "oud"}, nil, "KG", 9, 1195, 3495},
		{"BOEK", []string{"Kookboek", "Reisgids", "Notitieboek", "Prentenboek"}, []string{"Noordzee", "Ardennen", "Côte d'Opale", "Süddeutschland", "Ærø"}, nil, "STK", 9, 795, 4995},
		{"KOF", []string{"Koffiebonen", "Thee", "Façonthee"}, []string{"mild", "donker", "cafeïnevrij"}, nil, "KG", 9, 1450, 4250},
		{"STOF", []string{"Gordijnstof", "Elektrokabel 3×1,5 mm²", "Lint"}, colours, nil, "M", 21, 85, 3995},
		{"LAMP", []string{"Tafellamp", "Hanglamp", "Vloerlamp", "Bureaustoel", "Bijzettafel"}, colours, nil, "STK", 21, 2995, 39900},
		{"BON", []string{"Cadeaubon", "Statiegeldkrat"}, []string{"klein", "groot"}, nil, "STK", 0, 500, 5000},
		{"GER", []string{"Snijplank", "Koksmes", "Pan \"Gusto\"", "Vork & mes <set>"}, colours, nil, "STK", 21, 995, 12995},
	}
}

// makeArticles fills the catalogue with n articles for sale.
func (s *Shop) makeArticles(n int) {
	families := kinds()
	product := int64(firstProduct)
	for len(s.Articles) < n {
		k := families[int(product)%len(families)]
		price := s.price(k.min, k.max)
		name := pick(s.rng, k.names) + " " + pick(s.rng, k.variants)
		sizes := k.sizes
		if sizes == nil {
			sizes = []string{""}
		}
		for _, size := range sizes {
			if len(s.Articles) == n {
				break
			}
			number := int64(firstArticle + len(s.Articles))
			a := newArticle(number, product, k.code, name, k.unit, price, k.vat)
			if size != "" {
				a.Size = size
				a.Description += " " + size
			}
			s.Articles = append(s.Articles, a)
		}
		product++
	}
	s.Shipping = newArticle(shippingArticle, product, "VERZ", "Verzendkosten", "STK", 495, 21)
	s.Shipping.EAN = ""
	s.Articles = append(s.Articles, s.Shipping)
	for i := range int64(tillOnlyCount) {
		s.TillOnly = append(s.TillOnly, newArticle(firstTillOnly+i, product+1+i, "KASSA",
			"Kassa-artikel "+strconv.FormatInt(i+1, 10), "STK", s.price(500, 3000), 21))
	}
}

func newArticle(number, product int64, code, name, unit string, cents, vat int64) *Article {
	return &Article{
		Number: number, Product: product,
		PLU:         fmt.Sprintf("%d", 100_000+number),
		ExtID:       fmt.Sprintf("%s-%05d", code, number),
		EAN:         ean13(number),
		Description: name, Unit: unit,
		Price: FromCents(cents), VATRate: decimal.MustNew(vat, 0),
	}
}

// price draws an amount of cents that ends like prices in shops do.
func (s *Shop) price(lo, hi int64) int64 {
	cents := lo + s.rng.Int64N(hi-lo+1)
	switch s.rng.IntN(4) {
	case 0:
		return cents // any cent, so that VAT does not divide evenly
	case 1:
		return max(lo, cents/50*50)
	}
	return max(lo, cents/100*100+95)
}

// ean13 makes a bar code in the range for use inside a shop.
func ean13(number int64) string {
	code := fmt.Sprintf("20%010d", number)
	digits := 0
	for i, c := range code {
		digits += int(c-'0') * (1 + 2*(i%2))
	}
	return code + strconv.Itoa((10-digits%10)%10)
}
