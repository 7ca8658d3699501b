package mpluskassa

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"apicenter/infra/sandbox/shopdata"
)

// Seed is what a till in another process is told over its control endpoint.
// The parts are done in the sequence of the fields; ids are order ids.
type Seed struct {
	// Generate empties the till and loads a generated shop.
	Generate *shopdata.Options `json:"generate,omitempty"`
	// More adds the next orders of the generated shop.
	More int `json:"more,omitempty"`
	// Pay, Cancel, Touch and Invoice do what the methods of that name do.
	Pay     []string `json:"pay,omitempty"`
	Cancel  []string `json:"cancel,omitempty"`
	Touch   []string `json:"touch,omitempty"`
	Invoice []string `json:"invoice,omitempty"`
	// FullState says whether the state lists all orders and relations from
	// now on.
	FullState *bool `json:"fullState,omitempty"`
}

// Seed reads a [Seed] and applies it. Unknown fields are refused.
func (s *Sandbox) Seed(body io.Reader) error {
	dec := json.NewDecoder(body)
	dec.DisallowUnknownFields()
	var seed Seed
	if err := dec.Decode(&seed); err != nil {
		return fmt.Errorf("mpluskassa: %w", err)
	}
	return s.Apply(seed)
}

// Apply does what a seed says.
func (s *Sandbox) Apply(seed Seed) error {
	if seed.Generate != nil {
		s.Generate(*seed.Generate)
	}
	if seed.More > 0 {
		if _, err := s.More(seed.More); err != nil {
			return err
		}
	}
	var problems []error
	for _, step := range []struct {
		ids []string
		do  func(string) error
	}{{seed.Pay, s.Pay}, {seed.Cancel, s.Cancel}, {seed.Touch, s.Touch}, {seed.Invoice, s.Invoice}} {
		for _, id := range step.ids {
			problems = append(problems, step.do(id))
		}
	}
	if seed.FullState != nil {
		s.mu.Lock()
		s.fullState = *seed.FullState
		s.mu.Unlock()
	}
	return errors.Join(problems...)
}

// Generate empties the till and loads a generated shop, whose stream of orders
// [Sandbox.More] continues.
func (s *Sandbox) Generate(o shopdata.Options) {
	shop := shopdata.Generate(o)
	s.Reset()
	s.Load(shop)
	shop.Orders = nil // the till has its own form of them
	s.mu.Lock()
	s.shop = shop
	s.mu.Unlock()
}

// More adds the next orders of the generated shop and returns them.
func (s *Sandbox) More(n int) ([]shopdata.Order, error) {
	s.mu.Lock()
	shop := s.shop
	if shop == nil {
		s.mu.Unlock()
		return nil, errors.New("mpluskassa: more orders without a generated shop")
	}
	orders := shop.More(n)
	shop.Orders = nil
	s.mu.Unlock()
	s.AddOrders(orders)
	return orders, nil
}
