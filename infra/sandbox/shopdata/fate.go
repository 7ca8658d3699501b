package shopdata

import (
	"fmt"
	"math/rand/v2"
)

// Fate says what an order is planted for: what a careful reader of the shop
// should do with it. Every order has exactly one fate.
type Fate int

const (
	// Deliver marks a sound order: paid, consistent, with a customer that can
	// be reached and articles that are in the catalogue.
	Deliver Fate = iota
	// Cancelled marks an order that was cancelled.
	Cancelled
	// Unpaid marks an order that is not paid, or only in part.
	Unpaid
	// UnknownProduct marks an order with a line for an article that is only
	// in the till and in no catalogue of a target.
	UnknownProduct
	// Inconsistent marks an order whose stored total is not that of its lines.
	Inconsistent
	// Guest marks an order without any customer.
	Guest
	// NoEmail marks an order whose customer has no e-mail address.
	NoEmail
)

var fateNames = [...]string{"deliver", "cancelled", "unpaid", "unknown-product", "inconsistent", "guest", "no-email"}

// Fates lists all fates in a fixed order.
func Fates() []Fate {
	return []Fate{Deliver, Cancelled, Unpaid, UnknownProduct, Inconsistent, Guest, NoEmail}
}

// String names the fate in lower case with hyphens.
func (f Fate) String() string {
	if f < 0 || int(f) >= len(fateNames) {
		return fmt.Sprintf("fate(%d)", int(f))
	}
	return fateNames[f]
}

// MarshalText writes the name of the fate.
func (f Fate) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// UnmarshalText reads the name of a fate.
func (f *Fate) UnmarshalText(text []byte) error {
	for i, name := range fateNames {
		if name == string(text) {
			*f = Fate(i)
			return nil
		}
	}
	return fmt.Errorf("shopdata: unknown fate %q", text)
}

// planted lists the shares of the planted fates in the order of [Fates].
func (s Shares) planted() []int {
	return []int{s.Cancelled, s.Unpaid, s.UnknownProduct, s.Inconsistent, s.Guest, s.NoEmail}
}

// plan deals the fates of n orders: the exact share of every kind, rounded
// half up, at least one from [PlantAllFrom] orders on, in random places.
func (s Shares) plan(n int, rng *rand.Rand) []Fate {
	fates := make([]Fate, n)
	next := 0
	for i, permille := range s.planted() {
		count := (n*permille + 500) / 1000
		if count == 0 && permille > 0 && n >= PlantAllFrom {
			count = 1
		}
		for ; count > 0 && next < n; count-- {
			fates[next] = Fate(i + 1)
			next++
		}
	}
	rng.Shuffle(n, func(i, j int) { fates[i], fates[j] = fates[j], fates[i] })
	return fates
}

// draw deals the fate of one more order at random.
func (s Shares) draw(rng *rand.Rand) Fate {
	at := rng.IntN(1000)
	for i, permille := range s.planted() {
		if at < permille {
			return Fate(i + 1)
		}
		at -= permille
	}
	return Deliver
}
