package mpluskassa

import (
	"fmt"
	"strings"
	"time"
)

// relation is a customer. Like a document it does not change once it is
// stored. Its texts are kept by the name of their element.
type relation struct {
	number           int64
	active           bool
	created, changed time.Time
	texts            []namedText // in the sequence of relationTexts, none empty
}

type namedText struct{ name, value string }

// relationTexts lists the text fields of a relation in the sequence of the
// schema.
func relationTexts() []string {
	return []string{
		"extRelationId", "name", "address", "zipcode", "city", "country", "deliveryAddress", "deliveryZipcode", "deliveryCity", "deliveryCountry",
		"contact", "telephone", "mobile", "email", "website", "relationCode", "cardNumber", "bankAccountNumber", "vatNumber", "commerceNumber",
		"extraText", "companyName", "reminderEmail",
	}
}

// searchable lists the fields that a search compares.
func searchable() []string {
	return []string{
		"extRelationId", "name", "address", "zipcode", "city", "country", "deliveryAddress", "deliveryZipcode", "deliveryCity", "deliveryCountry",
		"contact", "telephone", "mobile", "email", "website", "relationCode", "cardNumber", "bankAccountNumber",
	}
}

func (r *relation) text(name string) string {
	for _, t := range r.texts {
		if t.name == name {
			return t.value
		}
	}
	return ""
}

// with returns the texts after some were changed. An empty text clears one.
func (r *relation) with(changed map[string]string) []namedText {
	var out []namedText
	for _, name := range relationTexts() {
		v, ok := changed[name]
		if !ok {
			v = r.text(name)
		}
		if v != "" {
			out = append(out, namedText{name, v})
		}
	}
	return out
}

// relationInput is a relation as a client sends it.
type relationInput struct {
	number *int64
	active *bool
	texts  map[string]string // those that were sent
}

func (a *args) relation() relationInput {
	in := relationInput{number: a.long("relationNumber"), active: a.boolean("active"), texts: map[string]string{}}
	for _, name := range relationTexts() {
		if t := a.text(name); t != nil {
			in.texts[name] = *t
		}
	}
	a.ignore("syncMarker", "createTimestamp", "changeTimestamp", "birthDate", "points", "balance", "priceGroupNumber", "discountPercentage",
		"categoryId", "categoryIds", "creditLimit", "paymentWithinDays", "defaultVatMethod", "customFieldList", "directDebit")
	return in
}

// relation writes a relation in the sequence of the schema.
func (o *response) relation(v *version[*relation]) {
	r := v.value
	o.open("relation")
	o.long("relationNumber", r.number)
	o.optional("extRelationId", r.text("extRelationId"))
	o.long("syncMarker", v.marker)
	o.time("createTimestamp", r.created)
	o.time("changeTimestamp", r.changed)
	o.boolean("active", r.active)
	for _, t := range r.texts {
		if t.name != "extRelationId" {
			o.text(t.name, t.value)
		}
	}
	o.close("relation")
}

// getRelations lists relations by number or by marker.
func getRelations(c *call) {
	in := c.in.sub("request")
	var f filter
	c.markers(in, &f)
	numbers := in.longs("relationNumbers")
	category := in.int("categoryId")
	if !c.ok() {
		return
	}
	c.s.mu.RLock()
	from := c.s.relations.from(value(f.marker), c.now)
	if len(numbers) > 0 {
		from = pick(c.s.relations, numbers, c.now)
	}
	found := page(from, f.limit, func(v *version[*relation]) bool {
		return v.marker >= value(f.marker) && category == nil // nothing here has a category
	})
	c.s.mu.RUnlock()
	c.shuffle(f.marker, len(found), func(i, j int) { found[i], found[j] = found[j], found[i] })
	c.out.open("relationList")
	for _, v := range found {
		c.out.relation(v)
		c.out.breathe()
	}
	c.out.close("relationList")
}

func getRelation(c *call) {
	number := c.in.long("relationNumber")
	if !c.ok() {
		return
	}
	c.s.mu.RLock()
	v := c.s.relations.get(value(number), c.now)
	c.s.mu.RUnlock()
	if v == nil {
		c.out.text("result", "GET-RELATION-RESULT-NOT-FOUND")
		return
	}
	c.out.text("result", "GET-RELATION-RESULT-OK")
	c.out.relation(v)
}

// findRelation searches for a part of the texts.
func findRelation(c *call) {
	in := c.in.sub("relation").relation()
	if c.ok() {
		c.search(in, false)
	}
}

// findRelationV2 searches for whole texts when asked to.
func findRelationV2(c *call) {
	request := c.in.sub("request")
	in, exact := request.sub("relation").relation(), request.flag("exactMatch")
	if c.ok() {
		c.search(in, exact)
	}
}

// search answers the relation with the lowest number whose texts all hold, or
// are, those that were sent, in upper or lower case.
func (c *call) search(in relationInput, exact bool) {
	keys := map[string]string{}
	for _, name := range searchable() {
		if t := strings.ToLower(in.texts[name]); t != "" {
			keys[name] = t
		}
	}
	var best *version[*relation]
	c.s.mu.RLock()
	if len(keys) > 0 {
		for v := range c.s.relations.from(0, c.now) {
			if (best == nil || v.value.number < best.value.number) && v.value.matches(keys, exact) {
				best = v
			}
		}
	}
	c.s.mu.RUnlock()
	if best == nil {
		c.out.text("result", "FIND-RELATION-RESULT-NOT-FOUND")
		return
	}
	c.out.text("result", "FIND-RELATION-RESULT-OK")
	c.out.relation(best)
}

func (r *relation) matches(keys map[string]string, exact bool) bool {
	for name, key := range keys {
		text := strings.ToLower(r.text(name))
		if exact && text != key || !strings.Contains(text, key) {
			return false
		}
	}
	return true
}

func createRelation(c *call) {
	in := c.in.sub("relation").relation()
	if !c.ok() {
		return
	}
	r := &relation{active: in.active == nil || *in.active, created: c.now.In(c.s.zone), changed: c.now.In(c.s.zone)}
	r.texts = r.with(in.texts)
	result, problem, marker := c.s.storeNew(r, in.number, c.now)
	c.out.text("result", "CREATE-RELATION-RESULT-"+result)
	c.out.long("relationNumber", r.number)
	if marker != 0 {
		c.out.time("changeTimestamp", r.changed)
		c.out.long("syncMarker", marker)
	}
	c.out.text("errorMessage", problem)
}

func (s *Sandbox) storeNew(r *relation, number *int64, now time.Time) (result, problem string, marker int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.text("name") == "" && r.text("companyName") == "" {
		return "FAILED", "The relation has no name.", 0
	}
	r.number = s.maxRelation + 1
	if value(number) > 0 {
		r.number = *number
		if _, taken := s.relations.last(r.number); taken {
			return "FAILED-RELATION-NUMBER-ALREADY-TAKEN", fmt.Sprintf("Relation %d exists.", r.number), 0
		}
	}
	s.maxRelation = max(s.maxRelation, r.number)
	return "OK", "", s.relations.put(r.number, r, now)
}

// updateRelation changes the fields that were sent.
func updateRelation(c *call) {
	in := c.in.sub("relation").relation()
	if !c.ok() {
		return
	}
	c.s.mu.Lock()
	old, ok := c.s.relations.last(value(in.number))
	var r relation
	var marker int64
	if ok {
		r = *old
		r.texts, r.changed = old.with(in.texts), c.now.In(c.s.zone)
		if in.active != nil {
			r.active = *in.active
		}
		marker = c.s.relations.put(r.number, &r, c.now)
	}
	c.s.mu.Unlock()
	if !ok {
		c.out.text("result", "UPDATE-RELATION-RESULT-NOT-FOUND")
		c.out.text("errorMessage", "Relation not found.")
		return
	}
	c.out.text("result", "UPDATE-RELATION-RESULT-OK")
	c.out.text("errorMessage", "")
	c.out.time("changeTimestamp", r.changed)
	c.out.long("syncMarker", marker)
}
