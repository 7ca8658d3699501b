package afas

import (
	"context"
	"strings"

	"apicenter/shared/connector"
	"apicenter/shared/fault"
)

const stepFindProducts = "find products"

// findProducts looks articles up by their code, which AFAS compares without case when it stands on an order line.
func (s *session) findProducts(ctx context.Context, queries []connector.Query) ([]connector.Found, error) {
	src := s.o.items
	c := src.columns
	codes := make([]string, len(queries))
	for i, q := range queries {
		codes[i] = strings.TrimSpace(q.Key)
	}
	rows, failed, err := s.lookup(ctx, src, []string{c["ItemCode"]}, codes, c["ItemCode"])
	if err != nil {
		return nil, fault.As(err).WithStep(stepFindProducts)
	}
	found := map[string][]connector.Match{}
	for _, r := range rows {
		code := r.text(c["ItemCode"])
		key := strings.ToLower(code)
		if code == "" || len(found[key]) > 0 && found[key][0].ID == code {
			continue
		}
		found[key] = append(found[key], connector.Match{ID: code, Blocked: r.yes(c["Blocked"]), Unit: r.text(c["UnitId"]), Label: r.text(c["Description"])})
	}
	out := make([]connector.Found, len(queries))
	for i, code := range codes {
		if code != "" {
			out[i] = connector.Found{Matches: found[strings.ToLower(code)], Err: failed[code]}
		}
	}
	return out, nil
}
