package afas

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/govalues/decimal"

	"apicenter/shared/connector"
	"apicenter/shared/model"
)

// maxRounding is the largest difference between a sale and the sum of its parts that goes to the rounding account.
const maxRounding = "0.05"

const (
	assetLedger = "1" // the line's account is a ledger account
	assetDebtor = "2" // the line's account is a debtor
)

// mutation builds a journal entry of a sale: the debtor on one side, revenue and VAT of each rate on the other.
func (b *builder) mutation(d connector.Document) []byte {
	reference := b.reference(d, 32)
	head := map[string]any{}
	for _, p := range b.pairs("", d.Fields, orderFields, "lines", "costs", "discount", "booking") {
		head[p.code] = p.value
	}
	tree, _ := b.object(d.Fields, "booking")
	booking := map[string]any{}
	for _, p := range b.pairs("booking.", tree, bookingFields, "taxes") {
		booking[p.code] = p.value
	}
	date, _ := head["OrDa"].(string)
	if date == "" {
		b.bad("date", "the sale has no date")
	}
	if c, ok := head["CuId"].(string); ok && c != "EUR" {
		b.bad("currency", "a financial mutation can be made of sales in euros only")
	}
	customer := d.Customer
	if customer == "" {
		customer, _ = head["DbId"].(string)
	}
	if customer == "" {
		b.bad("customer", "the sale has no customer in AFAS")
	}
	for _, want := range [...]struct {
		from       map[string]any
		code, path string
		message    string
	}{
		{head, "Unit", "administration", "the sale has no administration; without one AFAS would choose it by itself"},
		{booking, "journal", "journal", "no journal is set for financial mutations; fill \"Journal\" in the settings of the flow"},
		{booking, "gross", "total.gross", "the sale has no total"},
	} {
		if _, ok := want.from[want.code]; !ok {
			b.bad(want.path, "%s", want.message)
		}
	}
	lines := b.entryLines(tree, booking, reference, date, customer)
	if len(b.problems) > 0 {
		return nil
	}
	day, err := time.Parse(time.DateOnly, date)
	if err != nil {
		b.bad("date", "the sale has no date")
		return nil
	}
	fields := []pair{{"Year", int64(day.Year())}, {"Peri", int64(day.Month())}, {"UnId", head["Unit"]}, {"JoCo", booking["journal"]}}
	if y, ok := booking["year"]; ok {
		fields[0].value = y
	}
	if p, ok := booking["period"]; ok {
		fields[1].value = p
	}
	if !invoiceNumber(reference) {
		fields = append(fields, pair{"AuNu", true})
		b.warn("the reference is longer than the 12 characters of an invoice number, so AFAS numbers the invoice; the document number is the reference")
	}
	return encode("FiEntryPar", element{fields: fields, objects: []object{{name: "FiEntries", elements: lines}}})
}

// invoiceNumber reports whether a reference fits AFAS' invoice number. A shorter number of the source would fit more often,
// but two tills may both have it.
func invoiceNumber(reference string) bool { return len([]rune(reference)) <= 12 }

// entryLines builds the lines of an entry; their sum is zero or a problem.
func (b *builder) entryLines(tree model.Tree, booking map[string]any, reference, date, customer string) []element {
	gross, _ := booking["gross"].(model.Decimal)
	rest := gross
	line := func(asset, account string, amount model.Decimal, more ...pair) element {
		fields := []pair{{"VaAs", asset}, {"AcNr", account}, {"EnDa", date}, {"BpDa", date}, {"BpNr", reference}}
		if invoiceNumber(reference) {
			fields = append(fields, pair{"InId", reference})
		}
		if text, ok := booking["description"]; ok {
			fields = append(fields, pair{"Ds", text})
		}
		debit, credit := amount, decimal.Zero
		if amount.IsNeg() {
			debit, credit = decimal.Zero, amount.Neg()
		}
		return element{fields: append(append(fields, pair{"AmDe", debit}, pair{"AmCr", credit}), more...)}
	}
	var due []pair
	if d, ok := booking["due"]; ok {
		due = append(due, pair{"DaEx", d})
	}
	lines := []element{line(assetDebtor, customer, gross, due...)}
	take := func(d model.Decimal) {
		var err error
		if rest, err = rest.Sub(d); err != nil {
			b.bad("total.gross", "the amounts are too large")
		}
	}
	taxes := b.list(tree, "taxes")
	if len(taxes) == 0 {
		b.bad("taxes", "the sale has no totals per VAT rate, and a financial mutation is made of them")
	}
	revenue, vat, codes := b.rates(booking, "revenueAccounts"), b.rates(booking, "vatAccounts"), b.rates(booking, "vatCodes")
	for _, t := range taxes {
		values := map[string]model.Decimal{}
		for _, p := range b.pairs("booking.taxes[].", t, bookingTaxFields) {
			values[p.code], _ = p.value.(model.Decimal)
		}
		rate, net, tax := values["rate"], values["net"], values["amount"]
		var coded []pair
		if c := codes.of(rate); c != "" {
			coded = []pair{{"VaId", c}}
		}
		if !net.IsZero() {
			if account := b.account("revenueAccounts", "Revenue accounts", revenue, rate); account != "" {
				lines = append(lines, line(assetLedger, account, net.Neg(), coded...))
			}
		}
		if !tax.IsZero() {
			if len(coded) == 0 {
				b.bad("vatCodes", "no VAT code is set for the rate %s %%; fill \"VAT codes\" in the settings of the flow", rateText(rate))
			}
			if account := b.account("vatAccounts", "VAT accounts", vat, rate); account != "" {
				lines = append(lines, line(assetLedger, account, tax.Neg(), coded...))
			}
		}
		take(net)
		take(tax)
	}
	if !rest.IsZero() && len(b.problems) == 0 {
		account, _ := booking["roundingAccount"].(string)
		switch {
		case rest.CmpAbs(decimal.MustParse(maxRounding)) > 0:
			b.bad("total.gross", "the total of the sale (%s) differs from the sum of its VAT totals by %s", gross, rest)
		case account == "":
			b.bad("total.gross", "the total of the sale (%s) differs from the sum of its VAT totals by %s, and no rounding account is set", gross, rest)
		default:
			b.warn("a difference of %s was booked on the rounding account", rest)
			lines = append(lines, line(assetLedger, account, rest.Neg()))
		}
	}
	return lines
}

func (b *builder) account(setting, title string, r rateTable, rate model.Decimal) string {
	account := r.of(rate)
	if account == "" {
		b.bad(setting, "no account is set for the VAT rate %s %%; fill %q in the settings of the flow", rateText(rate), title)
	}
	return account
}

// rateTable gives an account or code for each VAT rate; under "" the one for all rates.
type rateTable map[string]string

func (t rateTable) of(rate model.Decimal) string { return cmp.Or(t[rateText(rate)], t[""]) }

func rateText(rate model.Decimal) string { return rate.Trim(0).String() }

// rates reads "21=8000, 9=8010" or a single account.
func (b *builder) rates(booking map[string]any, name string) rateTable {
	text, _ := booking[name].(string)
	out := rateTable{}
	for part := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == ',' || r == ';' || r == ' ' }) {
		rate, value, ok := strings.Cut(part, "=")
		if !ok {
			rate, value = "", part
		} else if d, err := decimal.Parse(strings.TrimSuffix(rate, "%")); err == nil {
			rate = rateText(d)
		} else {
			b.bad(name, "%s must be written as 21=8000, 9=8010", name)
			continue
		}
		if _, twice := out[rate]; twice || value == "" {
			b.bad(name, "%s must name each rate once, as in 21=8000, 9=8010", name)
			continue
		}
		out[rate] = value
	}
	return out
}

// answerEntries looks journal entries up by their document number, which is the reference.
func (s *session) answerEntries(ctx context.Context, queries []connector.Query, which []int, out []connector.Found) error {
	if len(which) == 0 {
		return nil
	}
	src := s.o.transactions
	c := src.columns
	references := make([]string, len(which))
	for i, w := range which {
		references[i] = queries[w].Reference
	}
	rows, failed, err := s.lookup(ctx, src, []string{c["VoucherNo"]}, references, c["EntryNo"]+","+c["SeqNo"])
	if err != nil {
		return err
	}
	type entry struct{ unit, number string }
	found := map[string][]connector.Match{}
	first := map[entry]model.Decimal{} // the lowest line number seen of an entry
	for _, r := range rows {
		e := entry{r.text(c["UnitId"]), r.text(c["EntryNo"])}
		seq, ok := model.ToDecimal(r.text(c["SeqNo"]))
		if !ok || e.number == "" {
			continue
		}
		reference := r.text(c["VoucherNo"])
		known, seen := first[e]
		if seen && seq.Cmp(known) >= 0 {
			continue
		}
		first[e] = seq
		// The first line is the debtor's, as we send it, so its amount is the total with VAT. Its account may be shown as
		// the debtor or as the control account, so it does not tell the customer.
		m := connector.Match{ID: e.number, Date: r.day(c["EntryDate"]), Total: difference(r.decimal(c["AmtDebit"]), r.decimal(c["AmtCredit"]))}
		if i := slices.IndexFunc(found[reference], func(k connector.Match) bool { return k.ID == m.ID }); seen && i >= 0 {
			found[reference][i] = m
		} else {
			found[reference] = append(found[reference], m)
		}
	}
	for _, w := range which {
		reference := strings.TrimSpace(queries[w].Reference)
		out[w] = connector.Found{Matches: found[reference], Err: failed[queries[w].Reference]}
	}
	return nil
}

func difference(debit, credit *model.Decimal) *model.Decimal {
	if debit == nil || credit == nil {
		return nil
	}
	d, err := debit.Sub(*credit)
	if err != nil {
		return nil
	}
	return &d
}
