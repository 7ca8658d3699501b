package shopdata

import "time"

// Limits and defaults of [Options].
const (
	DefaultArticles  = 200
	DefaultInterval  = 5 * time.Minute
	MaxAutoCustomers = 20_000

	// PlantAllFrom is the number of orders from which on at least one order
	// of every planted kind exists.
	PlantAllFrom = 50
)

// Options says what shop to generate. The zero value is a usable shop without
// orders. It is plain data with JSON names, so that it can travel to a sandbox
// in another process.
type Options struct {
	Seed   int64 `json:"seed"`
	Orders int   `json:"orders"`
	// Start is the moment from which on orders are placed; the zero time
	// means Monday 5 January 2026, 08:00 in Amsterdam.
	Start time.Time `json:"start,omitzero"`
	// Interval is the mean time between two orders, in nanoseconds in JSON.
	Interval time.Duration `json:"interval,omitempty"`
	// Articles counts the articles for sale; the shipping article comes on top.
	Articles int `json:"articles,omitempty"`
	// Customers counts the customers that can be reached by e-mail. Zero means
	// two for every five orders, at least ten and at most [MaxAutoCustomers].
	// Customers without e-mail come on top.
	Customers int    `json:"customers,omitempty"`
	Shares    Shares `json:"shares,omitzero"`
}

// Shares are the parts of the orders that are planted with a defect, in
// thousandths. Zero means the default of the field, a negative value none.
type Shares struct {
	Cancelled      int `json:"cancelled,omitempty"`      // default 30
	Unpaid         int `json:"unpaid,omitempty"`         // default 40
	UnknownProduct int `json:"unknownProduct,omitempty"` // default 20
	Inconsistent   int `json:"inconsistent,omitempty"`   // default 10
	Guest          int `json:"guest,omitempty"`          // default 30
	NoEmail        int `json:"noEmail,omitempty"`        // default 10
}

// withDefaults returns the options with every open choice made.
func (o Options) withDefaults() Options {
	if o.Start.IsZero() {
		o.Start = time.Date(2026, time.January, 5, 8, 0, 0, 0, Amsterdam())
	}
	if o.Interval <= 0 {
		o.Interval = DefaultInterval
	}
	if o.Articles <= 0 {
		o.Articles = DefaultArticles
	}
	if o.Customers <= 0 {
		o.Customers = min(max(o.Orders*2/5, 10), MaxAutoCustomers)
	}
	o.Shares.Cancelled = share(o.Shares.Cancelled, 30)
	o.Shares.Unpaid = share(o.Shares.Unpaid, 40)
	o.Shares.UnknownProduct = share(o.Shares.UnknownProduct, 20)
	o.Shares.Inconsistent = share(o.Shares.Inconsistent, 10)
	o.Shares.Guest = share(o.Shares.Guest, 30)
	o.Shares.NoEmail = share(o.Shares.NoEmail, 10)
	return o
}

// share resolves one field of [Shares].
func share(given, standard int) int {
	switch {
	case given < 0:
		return 0
	case given == 0:
		return standard
	}
	return given
}
