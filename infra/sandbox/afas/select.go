package afas

import (
	"iter"
	"math/rand/v2"
	"slices"
)

// rows selects, sorts and writes.
func (t *table[T]) rows(d *data, q *query, b []byte) ([]byte, *fault) {
	f, bad := t.compile(q.filter)
	if bad != nil {
		return b, bad
	}
	keys := make([]sortKey, len(q.order))
	for i, o := range q.order {
		c, bad := t.column(o.column)
		if bad != nil {
			return b, bad
		}
		keys[i] = sortKey{c, o.desc}
	}
	var found []T
	enough := -1 // rows that are needed when the order they are in is right
	if _, to := q.limits(1 << 40); len(keys) == 0 && q.shuffle == 0 && q.take >= 0 {
		enough = to
	}
	for row := range t.candidates(d, f) {
		if t.holds(d, f, row) {
			found = append(found, row)
			if len(found) == enough {
				break
			}
		}
	}
	switch {
	case len(keys) > 0:
		found = t.sort(d, found, keys)
	case q.shuffle > 0:
		found = slices.Clone(found)
		rng := rand.New(rand.NewPCG(q.shuffle, 1))
		rng.Shuffle(len(found), func(i, j int) { found[i], found[j] = found[j], found[i] })
	}
	from, to := q.limits(len(found))
	for i, row := range found[from:to] {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '{')
		for j := range t.columns {
			c := &t.columns[j]
			if j > 0 {
				b = append(b, ',')
			}
			b = append(b, '"')
			b = append(b, c.id...)
			b = append(b, '"', ':')
			b = c.get(d, row).appendJSON(b)
		}
		b = append(b, '}')
	}
	return b, nil
}

type sortKey struct {
	column int
	desc   bool
}

// sort orders rows, with the values to sort by taken out once.
func (t *table[T]) sort(d *data, rows []T, keys []sortKey) []T {
	if len(rows) < 2 {
		return rows
	}
	type entry struct {
		row    T
		values []value
	}
	list := make([]entry, len(rows))
	cells := make([]value, len(rows)*len(keys))
	for i, r := range rows {
		vs := cells[i*len(keys) : (i+1)*len(keys) : (i+1)*len(keys)]
		for j, k := range keys {
			vs[j] = t.columns[k.column].get(d, r)
			vs[j].text = fold(vs[j].text)
		}
		list[i] = entry{r, vs}
	}
	compare := func(a, b entry) int {
		for j, k := range keys {
			if c := a.values[j].compare(b.values[j]); c != 0 {
				if k.desc {
					return -c
				}
				return c
			}
		}
		return 0
	}
	if !slices.IsSortedFunc(list, compare) {
		slices.SortStableFunc(list, compare)
	}
	out := make([]T, len(list))
	for i := range list {
		out[i] = list[i].row
	}
	return out
}

// candidates are the rows that a filter can hold for: those of an index where
// every alternative has a comparison that an index answers, else all.
func (t *table[T]) candidates(d *data, f *filter) iter.Seq[T] {
	if len(f.alternatives) == 0 || t.look == nil {
		return t.all(d)
	}
	var keys []string
	for _, alt := range f.alternatives {
		key := ""
		for _, c := range alt {
			if name, ok := t.indexed[t.columns[c.column].id]; ok && c.operator == 1 && c.want.kind == textKind {
				key = indexKey(name, c.want.text)
				if name != "debtorid" { // one debtor can have very many rows
					break
				}
			}
		}
		if key == "" {
			return t.all(d)
		}
		if !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	if len(keys) == 1 {
		return t.look(d, keys[0])
	}
	return func(yield func(T) bool) {
		seen := map[any]bool{}
		for _, k := range keys {
			for row := range t.look(d, k) {
				if seen[any(row)] {
					continue
				}
				seen[any(row)] = true
				if !yield(row) {
					return
				}
			}
		}
	}
}
