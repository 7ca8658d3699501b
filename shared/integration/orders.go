package integration

import (
	"time"

	"github.com/govalues/decimal"

	"apicenter/shared/model"
)

// OrderRules are the choices of an orders flow that hold for every pair of systems.
type OrderRules struct {
	// OnlyPaid leaves out orders that are not fully paid; they are looked at again until they are, or until MaxWait.
	OnlyPaid bool `json:"onlyPaid"`
	// MaxWait is how long a waiting order is looked at again; zero means 30 days.
	MaxWait time.Duration `json:"maxWait,omitempty"`
	// Type is what an order becomes in the target: one of the types the target declares; empty for its default.
	Type string `json:"type,omitempty"`
	// CustomerKey is what identifies a customer in the target.
	CustomerKey CustomerKey `json:"customerKey,omitempty"`
	// UpdateCustomers lets an order change the customer it belongs to; off, existing customers are left as they are.
	UpdateCustomers bool `json:"updateCustomers"`
	// DefaultDebtor is the target's number of the customer for orders without one; ForceDebtor uses it for all orders.
	DefaultDebtor string `json:"defaultDebtor,omitempty"`
	ForceDebtor   bool   `json:"forceDebtor,omitempty"`
	// MissingProduct says what happens to an article the target does not know; Placeholder is the article used instead.
	MissingProduct MissingProduct `json:"missingProduct,omitempty"`
	Placeholder    string         `json:"placeholder,omitempty"`
	// ShippingSKU is the target's cost item for shipping; empty leaves shipping costs out as a line of their own.
	// ShippingArticles are the source's article codes that are shipping costs rather than goods.
	ShippingSKU      string   `json:"shippingSku,omitempty"`
	ShippingArticles []string `json:"shippingArticles,omitempty"`
	// Tolerance is the largest difference between lines and total that goes to a rounding line; nil means 0.05.
	Tolerance   *model.Decimal `json:"tolerance,omitempty"`
	RoundingSKU string         `json:"roundingSku,omitempty"`
}

// CustomerKey names the field that identifies a customer.
type CustomerKey string

// The customer keys; the empty one means ByEmail.
const (
	ByEmail    CustomerKey = "email"
	ByNumber   CustomerKey = "number"
	ByExternal CustomerKey = "external"
)

// Of returns the customer's key in normal form, or "" when the customer does not have that field.
func (k CustomerKey) Of(c *model.Customer) string {
	if c == nil {
		return ""
	}
	switch k {
	case ByNumber:
		return c.Number
	case ByExternal:
		return c.External
	case ByEmail, "":
		return model.NormalEmail(c.Email)
	}
	return ""
}

// Field returns the data-model path of the key, for messages.
func (k CustomerKey) Field() string {
	if k == "" {
		k = ByEmail
	}
	return "customer." + string(k)
}

// MissingProduct is what happens to a line whose article the target does not know.
type MissingProduct string

// The choices; the empty one means MissingFail.
const (
	MissingFail        MissingProduct = "fail"
	MissingPlaceholder MissingProduct = "placeholder"
)

// TotalTolerance returns the tolerance with its default.
func (r *OrderRules) TotalTolerance() model.Decimal {
	if r.Tolerance != nil {
		return *r.Tolerance
	}
	return decimal.MustNew(5, 2)
}

// WaitingTime returns MaxWait with its default.
func (r *OrderRules) WaitingTime() time.Duration {
	if r.MaxWait > 0 {
		return r.MaxWait
	}
	return 30 * 24 * time.Hour
}
