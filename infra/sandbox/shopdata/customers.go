package shopdata

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// addCustomer makes a customer, with an e-mail address that no other has, or
// without any.
func (s *Shop) addCustomer(email bool) *Customer {
	r := s.anyRegion()
	c := &Customer{
		Number:  s.nextNumber,
		First:   pick(s.rng, r.first),
		Prefix:  pick(s.rng, r.prefixes),
		Last:    pick(s.rng, r.last),
		Phone:   s.phone(r.country),
		Address: r.address(s.rng),
	}
	s.nextNumber++
	if s.chance(300) {
		c.Company = fmt.Sprintf(pick(s.rng, r.trades), c.Last)
		if !s.chance(150) {
			c.VATNumber, c.CommerceNumber = s.companyNumbers(r.country)
		}
	}
	if s.chance(100) {
		delivery := r.address(s.rng)
		c.Delivery = &delivery
	}
	if email {
		c.Email = s.newEmail(c)
		c.MixedCase = s.chance(30)
		s.reachable = append(s.reachable, c)
	} else {
		s.mailless = append(s.mailless, c)
	}
	s.Customers = append(s.Customers, c)
	return c
}

// anyCustomer draws who places an order with the given fate. Some customers
// order much more often than others.
func (s *Shop) anyCustomer(fate Fate) *Customer {
	switch fate {
	case Guest:
		return nil
	case NoEmail:
		return pick(s.rng, s.mailless)
	}
	return s.reachable[s.skewed(len(s.reachable))]
}

// skewed draws an index below n, the low ones more often.
func (s *Shop) skewed(n int) int { return min(s.rng.IntN(n), s.rng.IntN(n)) }

func (s *Shop) anyRegion() region {
	at := s.rng.IntN(1000)
	for _, r := range s.regions {
		if at < r.share {
			return r
		}
		at -= r.share
	}
	return s.regions[0]
}

func (r region) address(rng *rand.Rand) Address {
	c := pick(rng, r.cities)
	code := c.from + rng.IntN(c.of)
	a := Address{
		Street: pick(rng, r.streets), HouseNumber: 1 + rng.IntN(240), Addition: pick(rng, r.additions),
		City: c.name, Country: r.country,
	}
	switch r.country {
	case "NL":
		const letters = "ABCDEGHJKLMNPRTVWXZ"
		a.PostalCode = fmt.Sprintf("%04d %c%c", code, letters[rng.IntN(len(letters))], letters[rng.IntN(len(letters))])
	case "BE":
		a.PostalCode = fmt.Sprintf("%04d", code)
	default:
		a.PostalCode = fmt.Sprintf("%05d", code)
	}
	return a
}

// phone makes a number in one of the ways people write them, or none. All
// begin their last part with zeros, which no subscriber's number does.
func (s *Shop) phone(country string) string {
	n := s.rng.IntN(1_000_000)
	forms := []string{"06-%08d", "+31 6 %08d", "0031 6%08d", "(030) 2%06d", ""}
	switch country {
	case "BE":
		forms = []string{"0470 %06d", "+32 470 %06d", "09/2%06d", ""}
	case "DE":
		forms = []string{"0151 %08d", "+49 151 %08d", "+49 (0)221 %06d", ""}
	}
	form := pick(s.rng, forms)
	switch {
	case form == "":
		return ""
	case strings.Contains(form, "%06d"):
		return fmt.Sprintf(form, n%10_000)
	}
	return fmt.Sprintf(form, n)
}

// companyNumbers makes a VAT number and a chamber-of-commerce number that have
// the right form; their check digits are as random as the rest.
func (s *Shop) companyNumbers(country string) (vat, commerce string) {
	n := s.rng.IntN(100_000_000)
	switch country {
	case "BE":
		return fmt.Sprintf("BE04%08d", n), fmt.Sprintf("04%02d.%03d.%03d", n/1_000_000, n/1000%1000, n%1000)
	case "DE":
		return fmt.Sprintf("DE1%08d", n), fmt.Sprintf("HRB %05d", n%100_000)
	}
	return fmt.Sprintf("NL8%08dB01", n), fmt.Sprintf("%08d", n)
}

// newEmail makes an address that no other customer has, in lower case.
func (s *Shop) newEmail(c *Customer) string {
	name := plain(c.First) + "." + plain(c.Prefix+c.Last)
	domain := pick(s.rng, []string{"post.example", "mail.example", "thuis.example", "courriel.example"})
	if c.IsCompany() {
		name = pick(s.rng, []string{"info", "inkoop", "factuur", plain(c.First)})
		domain = plain(c.Last) + pick(s.rng, []string{"-shop", "-bv", "-groep", ""}) + ".example"
	}
	email := name + "@" + domain
	for s.emails[email] {
		name += fmt.Sprint(s.rng.IntN(10))
		email = name + "@" + domain
	}
	s.emails[email] = true
	return email
}

// plain reduces a name to lower-case letters without accents.
func plain(name string) string {
	folded := strings.NewReplacer("ä", "ae", "ö", "oe", "ü", "ue", "ß", "ss", "ø", "o", "é", "e", "è", "e", "ë", "e", "ê", "e",
		"ï", "i", "î", "i", "ô", "o", "ç", "c", "á", "a", "É", "e", "Ö", "oe").Replace(name)
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		case r >= 'a' && r <= 'z':
			return r
		}
		return -1
	}, folded)
}

// typed returns the e-mail address as the customer types it this time.
func (s *Shop) typed(c *Customer) string {
	if c == nil {
		return ""
	}
	if !c.MixedCase {
		return c.Email
	}
	switch s.rng.IntN(3) {
	case 0:
		return strings.ToUpper(c.Email)
	case 1:
		return strings.ToUpper(c.Email[:1]) + c.Email[1:]
	}
	return c.Email
}
