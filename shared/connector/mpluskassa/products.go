package mpluskassa

import (
	"context"
	_ "embed" // the default mapping
	"slices"
	"time"

	"apicenter/shared/connector/internal/soap"
	"apicenter/shared/model"
)

//go:embed products.get.yaml
var productsMapping []byte

// productFields is the shape of what a products flow reads: an article, with its product beside it.
func productFields() model.Schema {
	fields := append(schema(articleShape, ""), model.Field{Path: "product", Type: model.Object, Doc: productShape.Doc})
	for _, f := range schema(productShape, "product.") {
		if f.Path == "product.articleList" {
			break // the articles are the records
		}
		fields = append(fields, f)
	}
	return fields
}

// products reads articles, each a record of its own. Nothing is ever removed: an article goes out of use, which is a field.
func (s *session) products() feed {
	return feed{
		entity: "Article",
		shared: true, // the articles of a product
		step:   "read products",
		page: func(ctx context.Context, step string, _ flow, behind int64, limit int) (page, error) {
			products, err := s.askProducts(ctx, step, func(w *soap.Writer) {
				w.Empty("pluNumbers")
				markers(w, behind, limit)
			})
			if err != nil {
				return page{}, err
			}
			p := page{empty: len(products) == 0, highest: reach(products, behind, limit)}
			for _, product := range products {
				p.found = append(p.found, foundArticles(product)...)
			}
			return p, nil
		},
		one: func(ctx context.Context, step string, _ flow, keys []string) ([]found, error) {
			products, err := s.productsOf(ctx, step, keys)
			var out []found
			for _, product := range products {
				for _, x := range foundArticles(product) {
					if slices.Contains(keys, x.key) { // a product comes with all its articles
						out = append(out, x)
					}
				}
			}
			return out, err
		},
	}
}

// reach is the marker up to which a page holds everything. A limit counts articles, but a product comes whole: its later
// articles may lie beyond others that did not fit. So a full page reaches only as far as is certain whichever way the
// server fills it, article by article or product by product.
func reach(products []model.Tree, behind int64, limit int) int64 {
	var all []int64
	var firsts int64 // the highest of the products' lowest markers
	for _, product := range products {
		lowest := int64(0)
		note := func(marker int64) {
			if marker <= behind {
				return
			}
			all = append(all, marker)
			if lowest == 0 || marker < lowest {
				lowest = marker
			}
		}
		for _, a := range list(product, "articleList", "article") {
			note(whole(a.(model.Tree)["syncMarker"]))
		}
		if lowest == 0 { // only the product itself changed
			note(whole(product["syncMarker"]))
		}
		firsts = max(firsts, lowest)
	}
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	if len(all) < limit {
		return all[len(all)-1]
	}
	return min(firsts, all[limit-1])
}

// foundArticles makes a record of each article of a product. A change of the product is a change of all its articles.
func foundArticles(product model.Tree) []found {
	head := model.Tree{}
	for name, value := range product {
		if name != "articleList" {
			head[name] = value
		}
	}
	var out []found
	for _, a := range list(product, "articleList", "article") {
		article := a.(model.Tree)
		key, ok := identity(article["articleNumber"])
		if !ok {
			continue // an article without a number cannot be on an order
		}
		article["product"] = head
		x := found{key: key, marker: whole(article["syncMarker"]), touched: moment(article["changeTimestamp"]), fields: article}
		if marker := whole(product["syncMarker"]); marker > x.marker {
			x.marker, x.touched = marker, time.Time{} // the product does not say when it changed
		}
		out = append(out, x)
	}
	return out
}

// articles returns articles by number.
func (s *session) articles(ctx context.Context, step string, numbers []string) ([]model.Tree, error) {
	products, err := s.productsOf(ctx, step, numbers)
	var out []model.Tree
	for _, product := range products {
		for _, a := range list(product, "articleList", "article") {
			out = append(out, a.(model.Tree))
		}
	}
	return out, err
}

// productsOf returns the products that have the articles. It asks for nothing when no number is given: without one
// MplusKASSA sends them all.
func (s *session) productsOf(ctx context.Context, step string, numbers []string) ([]model.Tree, error) {
	var out []model.Tree
	for chunk := range slices.Chunk(wholeNumbers(numbers), lookupSize) {
		products, err := s.askProducts(ctx, step, func(w *soap.Writer) {
			for _, n := range chunk {
				w.Int("articleNumbers", n)
			}
			w.Empty("pluNumbers")
		})
		if err != nil {
			return nil, err
		}
		out = append(out, products...)
	}
	return out, nil
}

func (s *session) askProducts(ctx context.Context, step string, request func(*soap.Writer)) ([]model.Tree, error) {
	answer, err := s.call(ctx, step, soap.Call{Operation: "getProducts", Reply: "GetProductsResponse", Shape: productsReply,
		Args: func(w *soap.Writer) { w.Object("request", func() { request(w) }) }})
	if err != nil {
		return nil, err
	}
	elements := list(answer, "productList", "product")
	out := make([]model.Tree, len(elements))
	for i, e := range elements {
		out[i] = e.(model.Tree)
	}
	return out, nil
}
