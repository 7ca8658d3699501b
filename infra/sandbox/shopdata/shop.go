package shopdata

import (
	"math/rand/v2"
	"time"
	_ "time/tzdata" // the shop's clock must not depend on the machine
)

// Shop is a generated shop. It is not safe for concurrent use.
type Shop struct {
	Options Options // with the defaults filled in
	// Articles is the catalogue: the articles for sale and, last, the article
	// for shipping costs.
	Articles []*Article
	// Shipping is the article for shipping costs.
	Shipping *Article
	// TillOnly are the articles of the planted lines with an unknown product.
	// The shop's own till knows them, no target system should.
	TillOnly  []*Article
	Customers []*Customer
	Orders    []Order

	rng        *rand.Rand
	zone       *time.Location
	regions    []region
	emails     map[string]bool
	reachable  []*Customer // customers with an e-mail address
	mailless   []*Customer
	nextNumber int64 // of a customer
	nextPlaced time.Time
	nextExt    int64
	lastNumber OrderNumber
}

// Generate makes the shop that the options describe.
func Generate(o Options) *Shop {
	o = o.withDefaults()
	s := &Shop{
		Options:    o,
		rng:        rand.New(rand.NewPCG(uint64(o.Seed), 0x73686f7064617461)),
		zone:       Amsterdam(),
		regions:    regions(),
		emails:     make(map[string]bool, o.Customers),
		nextNumber: 10_001,
		nextPlaced: o.Start,
		nextExt:    100_001,
	}
	s.makeArticles(o.Articles)
	for range o.Customers {
		s.addCustomer(true)
	}
	for range max(1, o.Customers/100) {
		s.addCustomer(false)
	}
	s.Orders = make([]Order, 0, o.Orders)
	for _, fate := range o.Shares.plan(o.Orders, s.rng) {
		s.Orders = append(s.Orders, s.makeOrder(fate, s.anyCustomer(fate)))
	}
	return s
}

// More continues the stream of orders with n more, appends them to s.Orders
// and returns them. Most are placed by known customers, some by new ones,
// which are appended to s.Customers. The fates are drawn one by one, so a
// short run need not hold every kind. Calls add up: More(2) twice gives the
// same orders as More(4).
func (s *Shop) More(n int) []Order {
	from := len(s.Orders)
	for range n {
		fate := s.Options.Shares.draw(s.rng)
		customer := s.anyCustomer(fate)
		if customer != nil && s.chance(250) {
			customer = s.addCustomer(fate != NoEmail)
		}
		s.Orders = append(s.Orders, s.makeOrder(fate, customer))
	}
	return s.Orders[from:len(s.Orders):len(s.Orders)]
}

// Amsterdam returns the zone of the shop.
func Amsterdam() *time.Location {
	zone, err := time.LoadLocation("Europe/Amsterdam")
	if err != nil {
		panic("shopdata: " + err.Error()) // the zone data is compiled in
	}
	return zone
}

// chance reports true in the given number of cases out of a thousand.
func (s *Shop) chance(permille int) bool { return s.rng.IntN(1000) < permille }

// pick returns one element at random.
func pick[T any](rng *rand.Rand, from []T) T { return from[rng.IntN(len(from))] }
