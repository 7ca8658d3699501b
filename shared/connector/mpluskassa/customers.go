package mpluskassa

import (
	"context"
	_ "embed" // the default mapping
	"slices"
	"strconv"

	"apicenter/shared/connector/internal/soap"
	"apicenter/shared/model"
)

//go:embed customers.get.yaml
var customersMapping []byte

// customers reads the cards of customers and suppliers. A card that is no longer in use is MplusKASSA's way of deleting it.
func (s *session) customers() feed {
	return feed{
		entity: "Relation",
		step:   "read customers",
		page: func(ctx context.Context, step string, _ flow, behind int64, limit int) (page, error) {
			cards, err := s.askRelations(ctx, step, func(w *soap.Writer) { markers(w, behind, limit) })
			p := page{empty: len(cards) == 0, found: foundCards(cards)}
			for _, card := range cards {
				p.highest = max(p.highest, whole(card["syncMarker"]))
			}
			return p, err
		},
		one: func(ctx context.Context, step string, _ flow, keys []string) ([]found, error) {
			cards, err := s.relations(ctx, step, keys)
			if err != nil {
				return nil, err
			}
			var out []model.Tree
			for _, card := range cards {
				out = append(out, card)
			}
			return foundCards(out), nil
		},
	}
}

func foundCards(cards []model.Tree) []found {
	out := make([]found, 0, len(cards))
	for _, card := range cards {
		key, ok := identity(card["relationNumber"])
		if !ok {
			continue // a card without a number cannot be asked for, nor named in an order
		}
		out = append(out, found{key: key, marker: whole(card["syncMarker"]), deleted: card["active"] == false,
			touched: moment(card["changeTimestamp"]), fields: card})
	}
	return out
}

// relations returns cards by number. It asks for nothing when no number is given: without one MplusKASSA sends them all.
func (s *session) relations(ctx context.Context, step string, numbers []string) (map[string]model.Tree, error) {
	out := make(map[string]model.Tree, len(numbers))
	for chunk := range slices.Chunk(wholeNumbers(numbers), lookupSize) {
		cards, err := s.askRelations(ctx, step, func(w *soap.Writer) {
			for _, n := range chunk {
				w.Int("relationNumbers", n)
			}
		})
		if err != nil {
			return nil, err
		}
		for _, card := range cards {
			if n, ok := identity(card["relationNumber"]); ok {
				out[n] = card
			}
		}
	}
	return out, nil
}

func (s *session) askRelations(ctx context.Context, step string, request func(*soap.Writer)) ([]model.Tree, error) {
	answer, err := s.call(ctx, step, soap.Call{Operation: "getRelations", Reply: "GetRelationsResponse", Shape: relationsReply,
		Args: func(w *soap.Writer) { w.Object("request", func() { request(w) }) }})
	if err != nil {
		return nil, err
	}
	elements := list(answer, "relationList", "relation")
	out := make([]model.Tree, len(elements))
	for i, e := range elements {
		out[i] = e.(model.Tree)
	}
	return out, nil
}

// wholeNumbers keeps what can be asked for: positive whole numbers.
func wholeNumbers(texts []string) []int64 {
	out := make([]int64, 0, len(texts))
	for _, text := range texts {
		if n, err := strconv.ParseInt(text, 10, 64); err == nil && n > 0 {
			out = append(out, n)
		}
	}
	return out
}
