package afas

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/govalues/decimal"
)

// maxEntryLines is the most lines an entry may have.
const maxEntryLines = 1000

// ledger applies FiEntries.
type ledger struct{ schema, line *schema }

func newLedger() *ledger {
	line := newSchema("FiEntries", entryLineFields,
		newSchema("FiDimEntries", dimensionFields), newSchema("FiPrjEntries", projectFields))
	return &ledger{newSchema("FiEntries", entryFields, line), line}
}

func (g *ledger) apply(t *tx, r *record, insert bool) (result, *fault) {
	if !insert {
		return nil, unexpected()
	}
	if bad := g.schema.validate(t, r); bad != nil {
		return nil, bad
	}
	if bad := g.schema.complete(r); bad != nil {
		return nil, bad
	}
	e := &Entry{Administration: t.lastAdministration, Created: t.now}
	if v := r.fields["UnId"]; v != "" {
		e.Administration, _ = strconv.Atoi(v)
	}
	e.Year, _ = strconv.Atoi(r.fields["Year"])
	e.Period, _ = strconv.Atoi(r.fields["Peri"])
	if bad := g.checkHead(t, r, e); bad != nil {
		return nil, bad
	}
	records := r.all(g.line.name)
	if len(records) == 0 {
		return nil, missing(g.line.byCode["AcNr"])
	}
	if len(records) > maxEntryLines {
		return nil, unexpected()
	}
	invoice := ""
	if r.fields["AuNu"] == "true" {
		invoice = t.nextInvoice()
	}
	s := &sums{}
	balance := decimal.Zero
	e.Lines = make([]EntryLine, 0, len(records))
	for i, rec := range records {
		l, bad := g.newLine(t, rec, e)
		if bad != nil {
			return nil, bad
		}
		l.Seq = i + 1
		if invoice != "" {
			l.InvoiceNr = invoice
		}
		balance = s.add(balance, s.sub(l.Debit, l.Credit))
		e.Lines = append(e.Lines, l)
	}
	if s.err != nil {
		return nil, unexpected()
	}
	if !balance.IsZero() {
		return nil, invalid("The entry is not balanced.", "De boeking is niet in evenwicht.")
	}
	return g.book(t, e), nil
}

// checkHead checks journal and period.
func (g *ledger) checkHead(t *tx, r *record, e *Entry) *fault {
	j := t.journal(e.Administration, r.fields["JoCo"])
	switch {
	case j == nil:
		return unknownValue(g.schema.byCode["JoCo"])
	case j.Blocked:
		return blockedValue(g.schema.byCode["JoCo"], j.Code)
	case t.lockedJournals[fold(j.Code)]:
		return invalid("The booking layout is in use by another user.", "De boekingslay-out is in gebruik door een andere gebruiker.")
	case e.Year < 1900 || e.Year > 2100:
		return unknownValue(g.schema.byCode["Year"])
	case e.Period < 1 || e.Period > 12:
		return unknownValue(g.schema.byCode["Peri"])
	}
	e.Journal = j.Code
	return nil
}

func (g *ledger) newLine(t *tx, r *record, e *Entry) (l EntryLine, bad *fault) {
	if bad = g.line.validate(t, r); bad != nil {
		return l, bad
	}
	if bad = g.line.complete(r); bad != nil {
		return l, bad
	}
	if t.blockedPeriods[[3]int{e.Administration, e.Year, e.Period}] {
		d := r.fields["EnDa"]
		return l, invalid(fmt.Sprintf("Date '%s' belongs to a blocked period", d), fmt.Sprintf("Datum '%s' valt in een geblokkeerde periode", d))
	}
	l.entry = e
	for code, v := range r.fields {
		switch code {
		case "VaAs":
			l.AccountKind = v
		case "AcNr":
			l.Account = v
		case "EnDa":
			l.EntryDate = v
		case "BpDa":
			l.VoucherDate = v
		case "BpNr":
			l.VoucherNr = v
		case "InId":
			l.InvoiceNr = v
		case "Ds":
			l.Description = v
		case "AmDe":
			l.Debit = cents(number(v))
		case "AmCr":
			l.Credit = cents(number(v))
		case "VaId":
			l.VatCode = v
		case "DaEx":
			l.DueDate = v
		default:
			setOther(&l.Other, code, v)
		}
	}
	return l, g.checkAccount(t, r, &l)
}

func (g *ledger) checkAccount(t *tx, r *record, l *EntryLine) *fault {
	f := g.line.byCode["AcNr"]
	switch l.AccountKind {
	case "2":
		x := t.debtors[fold(l.Account)]
		if x == nil {
			return unknownValue(f)
		}
		l.Account = x.ID
	case "3":
		if !slices.Contains(t.creditors, l.Account) {
			return unknownValue(f)
		}
	default:
		a := t.account(l.Account)
		if a == nil {
			return unknownValue(f)
		}
		if a.Blocked {
			return blockedValue(f, a.Code)
		}
		l.Account = a.Code
		return g.checkAxes(t, r, a)
	}
	return nil
}

// checkAxes demands the allocation codes that a ledger account needs.
func (g *ledger) checkAxes(t *tx, r *record, a *Account) *fault {
	dims := r.all("FiDimEntries")
	for _, d := range dims {
		if bad := g.line.sub("FiDimEntries").validate(t, d); bad != nil {
			return bad
		}
	}
	for _, axis := range a.Axes {
		given := slices.ContainsFunc(dims, func(d *record) bool { return d.fields["DiC"+strconv.Itoa(axis)] != "" })
		if !given {
			return invalid(fmt.Sprintf("Allocation code for axis %d must be filled", axis),
				fmt.Sprintf("Verbijzonderingscode voor as %d moet worden gevuld", axis))
		}
	}
	return nil
}

// book numbers an entry and books its debtor lines on the open items.
func (g *ledger) book(t *tx, e *Entry) result {
	old, admin := t.lastEntry, t.lastAdministration
	t.lastEntry++
	t.lastAdministration = e.Administration
	t.onUndo(func() { t.lastEntry, t.lastAdministration = old, admin })
	e.Number = t.lastEntry
	push(t, &t.entryList, e)
	reindex(t, t.entriesBy, e, nil, e.keys())
	t.settle(e, 1)
	return result{{"EnNo", strconv.Itoa(e.Number)}, {"UnId", strconv.Itoa(e.Administration)}, {"InID", e.invoice()}}
}

// settle books the debtor lines of an entry, or with sign -1 takes them back.
func (t *tx) settle(e *Entry, sign int64) {
	for i := range e.Lines {
		l := &e.Lines[i]
		if l.AccountKind != "2" || l.InvoiceNr == "" {
			continue
		}
		s := &sums{}
		amount := s.sub(l.Debit, l.Credit)
		if sign < 0 {
			amount = amount.Neg()
		}
		fresh := false
		item := t.openItem(e.Administration, l.Account, l.InvoiceNr, func(o *OpenItem) {
			fresh = true
			o.Date, o.DueDate, o.Description, o.Currency = l.VoucherDate, l.DueDate, l.Description, "EUR"
			if o.DueDate == "" {
				o.DueDate = t.dueDate(l.VoucherDate, t.debtors[fold(l.Account)].PaymentCondition)
			}
		})
		if fresh || item.Amount.Sign() == amount.Sign() {
			item.Amount = s.add(item.Amount, amount)
		}
		item.Balance = s.add(item.Balance, amount)
	}
}

// invoice is the first invoice number of an entry.
func (e *Entry) invoice() string {
	for _, l := range e.Lines {
		if l.InvoiceNr != "" {
			return l.InvoiceNr
		}
	}
	return ""
}

func (e *Entry) keys() []string {
	keys := []string{indexKey("entryno", strconv.Itoa(e.Number))}
	for _, l := range e.Lines {
		for _, c := range [...][2]string{{"invoiceid", l.InvoiceNr}, {"voucherno", l.VoucherNr}} {
			if k := indexKey(c[0], c[1]); c[1] != "" && !slices.Contains(keys, k) {
				keys = append(keys, k)
			}
		}
	}
	return keys
}

// remove deletes an entry, known by administration and journal and by its
// number or an invoice number.
func (g *ledger) remove(t *tx, path []level) *fault {
	if len(path) != 2 || path[1].object != g.line.name {
		return unexpected()
	}
	head, keys := path[0].keys, path[1].keys
	var list []*Entry
	if n := keys["EnNo"]; n != "" {
		list = t.entriesBy[indexKey("entryno", n)]
	} else {
		list = t.entriesBy[indexKey("invoiceid", keys["InId"])]
	}
	for _, e := range list {
		if head["UnId"] != strconv.Itoa(e.Administration) || fold(head["JoCo"]) != fold(e.Journal) {
			continue
		}
		t.settle(e, -1)
		reindex(t, t.entriesBy, e, e.keys(), nil)
		pull(t, &t.entryList, e)
		return nil
	}
	return unknownValue(g.line.byCode["EnNo"])
}
