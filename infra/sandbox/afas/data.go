package afas

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"
)

// data is everything an environment holds. The Sandbox's lock guards it.
type data struct {
	master

	items    map[string]*Item // by type and code
	itemList []*Item
	itemsBy  index[*Item] // by column and value

	parties     map[string]*Party
	partyList   []*Party
	partiesBy   index[*Party]
	contacts    map[int]*Contact // also one for each party
	contactList []*Contact
	contactsBy  index[*Contact]

	debtors    map[string]*Debtor
	debtorList []*Debtor
	debtorsBy  index[*Debtor]

	orders      map[string]*Order
	orderList   []*Order
	ordersBy    index[*Order]
	invoices    map[string]*Order // direct invoices
	invoiceList []*Order
	invoicesBy  index[*Order]
	invoiced    []*Order      // everything with an invoice number, in order of it
	invoicedBy  index[*Order] // by invoice number and the keys of orders
	lines       map[string]*Order

	entryList []*Entry
	entriesBy index[*Entry]
	openItems map[string]*OpenItem
	openList  []*OpenItem
	openBy    index[*OpenItem]

	stock     map[string]*Stock
	stockList []*Stock
	stockBy   index[*Stock]
	prices    []*Price
	pricesBy  index[*Price]

	lastOrder, lastDebtor, lastParty, lastInvoice int
	lastID, lastEntry, lastAdministration         int
	rng                                           *rand.Rand
}

func newData() *data {
	return &data{
		master: defaultMaster(),
		items:  map[string]*Item{}, itemsBy: index[*Item]{},
		parties: map[string]*Party{}, partiesBy: index[*Party]{},
		contacts: map[int]*Contact{}, contactsBy: index[*Contact]{},
		debtors: map[string]*Debtor{}, debtorsBy: index[*Debtor]{},
		orders: map[string]*Order{}, ordersBy: index[*Order]{},
		invoices: map[string]*Order{}, invoicesBy: index[*Order]{},
		invoicedBy: index[*Order]{}, lines: map[string]*Order{},
		entriesBy: index[*Entry]{},
		openItems: map[string]*OpenItem{}, openBy: index[*OpenItem]{},
		stock: map[string]*Stock{}, stockBy: index[*Stock]{},
		pricesBy: index[*Price]{},
		lastID:   1000, lastEntry: 4710, lastAdministration: 1,
		rng: rand.New(rand.NewPCG(1, 2)),
	}
}

// fold makes codes and texts comparable the way Profit compares them: without
// regard to case and to spaces at the end.
func fold(s string) string {
	for i := range len(s) {
		if c := s[i]; c >= 0x80 || (c >= 'A' && c <= 'Z') || c == ' ' {
			return strings.TrimRight(strings.ToLower(s), " ")
		}
	}
	return s
}

// index finds records by "column|folded value".
type index[T comparable] map[string][]T

func indexKey(column, value string) string { return column + "|" + fold(value) }

func (x index[T]) add(key string, v T) { x[key] = append(x[key], v) }

func (x index[T]) remove(key string, v T) {
	list := x[key]
	for i := len(list) - 1; i >= 0; i-- { // the latest is the likeliest to go
		if list[i] == v {
			if len(list) == 1 {
				delete(x, key)
			} else {
				x[key] = slices.Delete(list, i, i+1)
			}
			return
		}
	}
}

// tx collects how to take back what one body did.
type tx struct {
	*data
	now  time.Time // Dutch local time
	undo []func()
	opt  *Options
}

func (t *tx) onUndo(f func()) { t.undo = append(t.undo, f) }

func (t *tx) rollback() {
	for _, f := range slices.Backward(t.undo) {
		f()
	}
}

func (t *tx) today() string { return t.now.Format(time.DateOnly) }

// keep remembers a record as it is, so that it can be changed.
func keep[T any](t *tx, p *T) {
	old := *p
	t.onUndo(func() { *p = old })
}

// reindex replaces the keys under which a record is found.
func reindex[T comparable](t *tx, x index[T], v T, old, now []string) {
	if slices.Equal(old, now) {
		return
	}
	for _, k := range old {
		x.remove(k, v)
	}
	for _, k := range now {
		x.add(k, v)
	}
	t.onUndo(func() {
		for _, k := range now {
			x.remove(k, v)
		}
		for _, k := range old {
			x.add(k, v)
		}
	})
}

func put[K comparable, V any](t *tx, m map[K]V, k K, v V) {
	old, had := m[k]
	m[k] = v
	t.onUndo(func() {
		if had {
			m[k] = old
		} else {
			delete(m, k)
		}
	})
}

func drop[K comparable, V any](t *tx, m map[K]V, k K) {
	old, had := m[k]
	if !had {
		return
	}
	delete(m, k)
	t.onUndo(func() { m[k] = old })
}

func push[T any](t *tx, list *[]T, v T) {
	*list = append(*list, v)
	t.onUndo(func() { *list = (*list)[:len(*list)-1] })
}

func pull[T comparable](t *tx, list *[]T, v T) {
	i := slices.Index(*list, v)
	if i < 0 {
		return
	}
	*list = slices.Delete(*list, i, i+1)
	t.onUndo(func() { *list = slices.Insert(*list, i, v) })
}

// next counts a number series on, past the numbers that are in use.
func (t *tx) next(last *int, format func(int) string, used func(string) bool) string {
	old := *last
	t.onUndo(func() { *last = old })
	for {
		*last++
		if s := format(*last); !used(s) {
			return s
		}
	}
}

func (t *tx) nextOrder() string {
	return t.next(&t.lastOrder, func(n int) string { return strconv.Itoa(60_000_000 + n) },
		func(s string) bool { return t.orders[s] != nil })
}

func (t *tx) nextInvoice() string {
	return t.next(&t.lastInvoice, func(n int) string { return fmt.Sprintf("V%07d", n) },
		func(s string) bool {
			return t.invoices[fold(s)] != nil || len(t.invoicedBy[indexKey("invoicenr", s)]) > 0
		})
}

func (t *tx) nextDebtor() string {
	return t.next(&t.lastDebtor, func(n int) string { return strconv.Itoa(10_000 + n) },
		func(s string) bool { return t.debtors[s] != nil })
}

func (t *tx) nextParty() string {
	return t.next(&t.lastParty, func(n int) string { return strconv.Itoa(1_000_000 + n) },
		func(s string) bool { return t.parties[s] != nil })
}

// nextID numbers contacts, addresses and organisations/persons inside.
func (t *tx) nextID() int {
	old := t.lastID
	t.lastID++
	t.onUndo(func() { t.lastID = old })
	return t.lastID
}

// guid makes up an identification in braces.
func (t *tx) guid() string {
	a, b := t.rng.Uint64(), t.rng.Uint64()
	const hex = "0123456789ABCDEF"
	out := make([]byte, 0, 38)
	out = append(out, '{')
	for i := range 32 {
		if i == 8 || i == 12 || i == 16 || i == 20 {
			out = append(out, '-')
		}
		w := a
		if i >= 16 {
			w = b
		}
		out = append(out, hex[w>>(60-4*(i%16))&15])
	}
	return string(append(out, '}'))
}

func itemKey(kind, code string) string { return kind + "|" + fold(code) }

// setOther keeps a field that has no place of its own.
func setOther(m *map[string]string, code, v string) {
	c := make(map[string]string, len(*m)+1) // a new map: the old one may be needed to go back
	for k, o := range *m {
		c[k] = o
	}
	if v == "" {
		delete(c, code)
	} else {
		c[code] = v
	}
	*m = c
}
