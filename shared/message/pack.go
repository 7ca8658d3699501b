package message

import (
	"context"
	"fmt"
)

// Packed is one envelope and which of the records it holds.
type Packed struct {
	Body       []byte
	From, To   int // records[From:To]
	Attributes Header
}

// Pack encodes records into as few envelopes as keep each within Budget and at most most records, in order. newID gives
// each its own id. The index of a record that exceeds Limit alone is returned in tooLarge and the record left out.
func Pack[T any](ctx context.Context, c *Codec, h Header, records []T, most int, newID func() string) (out []Packed, tooLarge []int, err error) {
	for from := 0; from < len(records); {
		to := min(from+most, len(records))
		for {
			h.ID = newID()
			body, err := Encode(ctx, c, h, records[from:to])
			if err != nil {
				return nil, nil, fmt.Errorf("packing records %d to %d: %w", from, to, err)
			}
			if len(body) <= Budget || (to-from == 1 && len(body) <= Limit) {
				h.Records = to - from
				out = append(out, Packed{Body: body, From: from, To: to, Attributes: h})
				break
			}
			if to-from == 1 {
				tooLarge = append(tooLarge, from)
				break
			}
			// Shrink to what should fit, judging by how well this batch was compressed, and at least by one.
			fit := (to - from) * Budget / len(body)
			to = from + max(1, min(fit, to-from-1))
		}
		from = to
	}
	return out, tooLarge, nil
}
