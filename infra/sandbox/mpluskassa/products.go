package mpluskassa

import (
	"iter"
	"slices"
)

// product groups the sizes of one thing.
type product struct {
	number      int64
	description string
	articles    []*article
}

// article is what is sold. Neither changes once it is stored.
type article struct {
	number, product              int64
	marker                       int64
	ext, plu, barcode            string
	description, size, unit      string
	sequence, vatCode, priceIncl int64
	webshop                      bool
}

// priceExcl takes the VAT out of the price.
func (a *article) priceExcl() int64 {
	rate, _ := vatRate(a.vatCode)
	return roundDiv(a.priceIncl*10_000, 10_000+rate)
}

// storeProduct gives each article of a product the next marker and the product
// the last of them.
func (s *Sandbox) storeProduct(p *product) {
	for i, a := range p.articles {
		a.marker = s.products.counter + int64(i) + 1
		s.articles[a.number] = a
		if a.plu != "" {
			s.plus[a.plu] = a.number
		}
		if a.barcode != "" {
			s.barcodes[a.barcode] = a.number
		}
	}
	s.products.skip(len(p.articles) - 1)
	s.products.put(p.number, p, s.opts.Now())
}

// chosen is a product with those of its articles that are part of an answer.
type chosen struct {
	v        *version[*product]
	articles []*article
}

// getProducts lists products by number, PLU or marker. With a marker a product
// comes with its changed articles only, unless all were asked for. The limit
// counts articles; the first product is complete even beyond it.
func getProducts(c *call) {
	in := c.in.sub("request")
	var f filter
	c.markers(in, &f)
	numbers, products, plus := in.longs("articleNumbers"), in.longs("productNumbers"), in.textList("pluNumbers")
	all := in.flag("includeAllArticlesOfSelectedProducts")
	onlyWebshop, groups := in.flag("onlyWebshop"), in.longs("groupNumbers")
	in.ignore("onlyActive", "syncMarkerExcludePreparationMethods", "changedSinceTimestamp", "changedSinceBranchNumber")
	if !c.ok() {
		return
	}
	wanted := func(a *article) bool {
		return a.marker >= value(f.marker) && (a.webshop || !onlyWebshop) &&
			(len(numbers) == 0 || slices.Contains(numbers, a.number)) &&
			(len(products) == 0 || slices.Contains(products, a.product)) &&
			(len(plus) == 0 || slices.Contains(plus, a.plu))
	}
	c.s.mu.RLock()
	from := c.s.products.from(value(f.marker), c.now)
	if len(groups) > 0 { // nothing here is in a group
		from = func(func(*version[*product]) bool) {}
	}
	found := choose(from, f.limit, all, wanted)
	c.s.mu.RUnlock()
	c.shuffle(f.marker, len(found), func(i, j int) { found[i], found[j] = found[j], found[i] })
	c.out.open("productList")
	for _, p := range found {
		c.out.product(p)
		c.out.breathe()
	}
	c.out.close("productList")
}

func choose(from iter.Seq[*version[*product]], limit int64, all bool, wanted func(*article) bool) []chosen {
	var out []chosen
	count := int64(0)
	for v := range from {
		p := chosen{v: v}
		for _, a := range v.value.articles {
			if wanted(a) {
				p.articles = append(p.articles, a)
			}
		}
		if len(p.articles) == 0 {
			continue
		}
		if all {
			p.articles = v.value.articles
		}
		count += int64(len(p.articles))
		if limit > 0 && count > limit && len(out) > 0 {
			break
		}
		out = append(out, p)
	}
	return out
}

func (o *response) product(p chosen) {
	o.open("product")
	o.long("productNumber", p.v.value.number)
	o.long("syncMarker", p.v.marker)
	o.text("description", p.v.value.description)
	o.open("articleList")
	for _, a := range p.articles {
		o.article(a)
	}
	o.close("articleList")
	o.close("product")
}

func (o *response) article(a *article) {
	o.open("article")
	o.long("articleNumber", a.number)
	o.optional("extArticleId", a.ext)
	o.text("pluNumber", a.plu)
	o.long("syncMarker", a.marker)
	o.boolean("active", true)
	o.text("description", a.description)
	if a.size != "" {
		o.text("size", a.size)
		o.long("sizeSequenceNumber", a.sequence)
	}
	o.optional("barcode", a.barcode)
	o.long("turnoverGroup", turnoverGroup)
	o.long("vatCode", a.vatCode)
	rate, _ := vatRate(a.vatCode)
	o.long("vatPercentage", rate)
	o.long("priceIncl", a.priceIncl)
	o.long("priceExcl", a.priceExcl())
	o.text("unit", a.unit)
	o.boolean("webshop", a.webshop)
	o.boolean("stockArticle", false)
	o.close("article")
}
