package mpluskassa

import (
	"iter"
	"math/rand/v2"
	"slices"
)

// filter is what a list of orders or invoices is narrowed by. Every filter
// that was sent must match.
type filter struct {
	marker  *int64
	limit   int64
	ids     []uuid
	byID    bool
	numbers []yearNumber

	types, relations, branches, employees, articles set
	from, through                                   date
	lines                                           bool
	nothing                                         bool // asks for something the till has none of
}

// set is a filter by value; the empty set matches everything.
type set struct {
	texts   []string
	numbers []int64
}

func (s set) has(n int64) bool { return len(s.numbers) == 0 || slices.Contains(s.numbers, n) }

func (s set) hasText(t string) bool { return len(s.texts) == 0 || slices.Contains(s.texts, t) }

// list reads the filters that orders and invoices share. Without a value for
// includeLineList the lines are part of the answer.
func (c *call) list(in *args, ids, numbers string) filter {
	f := filter{
		from: in.date("fromFinancialDate"), through: in.date("throughFinancialDate"),
		branches: set{numbers: in.longs("branchNumbers")}, employees: set{numbers: in.longs("employeeNumbers")},
		relations: set{numbers: in.longs("relationNumbers")}, articles: set{numbers: in.longs("articleNumbers")},
		lines: true,
	}
	c.markers(in, &f)
	if v := in.boolean("includeLineList"); v != nil {
		f.lines = *v
	}
	f.addIDs(in.strs(ids))
	for _, n := range in.subs(numbers) {
		f.numbers = append(f.numbers, n.yearNumber())
	}
	f.nothing = len(in.longs("supplierRelationNumbers")) > 0 || in.str("activityId") != ""
	if groups := in.longs("articleTurnoverGroups"); len(groups) > 0 && !slices.Contains(groups, turnoverGroup) {
		f.nothing = true
	}
	c.addArticles(&f, in.textList("articlePluNumbers"), func() map[string]int64 { return c.s.plus })
	c.addArticles(&f, in.textList("articleBarcodes"), func() map[string]int64 { return c.s.barcodes })
	in.ignore("ownerFilter", "branchGroupFilter", "contractFrequencyFilter", "includeLastMailTimelineEvents", "lastMailTimelineEventsFilter",
		"includeSigningTimelineEvents", "signingTimelineEventsFilter", "includeOtherTimelineEvents", "otherTimelineEventsFilter",
		"includeDirectDebitTimelineEvents", "directDebitTimelineEventsFilter")
	return f
}

// markers reads the arguments of incremental reading. A limit means something
// only together with a marker, and only when positive.
func (c *call) markers(in *args, f *filter) {
	f.marker = in.long("syncMarker")
	if limit := in.int("syncMarkerLimit"); limit != nil && f.marker != nil && *limit > 0 {
		f.limit = *limit
	}
}

func (f *filter) addIDs(texts []string) {
	for _, text := range texts {
		f.byID = true
		if id, ok := parseUUID(text); ok {
			f.ids = append(f.ids, id)
		}
	}
}

// addArticles turns texts into article numbers by an index of the till.
func (c *call) addArticles(f *filter, texts []string, index func() map[string]int64) {
	if len(texts) == 0 {
		return
	}
	c.s.mu.RLock()
	defer c.s.mu.RUnlock()
	before := len(f.articles.numbers)
	for _, text := range texts {
		if number, ok := index()[text]; ok {
			f.articles.numbers = append(f.articles.numbers, number)
		}
	}
	f.nothing = f.nothing || len(f.articles.numbers) == before
}

func (f *filter) match(d *document) bool {
	switch {
	case f.nothing,
		!f.types.hasText(d.kind),
		!f.relations.has(d.relation),
		!f.branches.has(d.branch),
		!f.employees.has(d.employee),
		len(f.numbers) > 0 && !slices.Contains(f.numbers, d.number),
		!f.from.isZero() && d.financial.compare(f.from) < 0,
		!f.through.isZero() && d.financial.compare(f.through) > 0:
		return false
	case len(f.articles.numbers) == 0:
		return true
	}
	return slices.ContainsFunc(d.lines, func(l line) bool { return f.articles.has(l.article) })
}

// find lists the documents of a store that match. The caller holds no lock.
func (c *call) find(which func(*data) *store[uuid, *document], f *filter) []*version[*document] {
	c.s.mu.RLock()
	defer c.s.mu.RUnlock()
	st := which(&c.s.data)
	var from iter.Seq[*version[*document]]
	if f.byID {
		from = pick(st, f.ids, c.now)
	} else {
		from = st.from(value(f.marker), c.now)
	}
	found := page(from, f.limit, func(v *version[*document]) bool { return v.marker >= value(f.marker) && f.match(v.value) })
	c.shuffle(f.marker, len(found), func(i, j int) { found[i], found[j] = found[j], found[i] })
	return found
}

// shuffle mixes a page when the till is set to do so, in the same way each
// time it is asked for.
func (c *call) shuffle(marker *int64, n int, swap func(i, j int)) {
	if c.s.opts.ShufflePages {
		rand.New(rand.NewPCG(uint64(value(marker)), uint64(n))).Shuffle(n, swap)
	}
}

// date reads a SoapMplusDate; all zeros or nothing sent is no date.
func (a *args) date(name string) date {
	in := a.sub(name)
	return date{int(value(in.int("day"))), int(value(in.int("mon"))), int(value(in.int("year")))}
}

func (a *args) yearNumber() yearNumber {
	return yearNumber{int(value(a.int("year"))), value(a.long("number"))}
}
