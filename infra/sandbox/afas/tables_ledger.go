package afas

import (
	"iter"
	"time"

	"github.com/govalues/decimal"
)

func ledgerTables() []getter {
	return []getter{
		&table[*OpenItem]{
			id: "Profit_Debtor_Invoices", description: "Openstaande posten debiteuren (Profit)",
			all:     func(d *data) iter.Seq[*OpenItem] { return openOnly(d.openList) },
			indexed: map[string]string{"InvoiceNr": "invoicenr", "DebtorId": "debtorid"},
			look:    func(d *data, key string) iter.Seq[*OpenItem] { return openOnly(d.openBy[key]) },
			columns: []column[*OpenItem]{
				intCol("UnitId", func(i *OpenItem) int { return i.Administration }),
				textCol("DebtorId", func(i *OpenItem) string { return i.DebtorID }),
				textCol("InvoiceNr", func(i *OpenItem) string { return i.InvoiceNr }),
				dateCol("NookPieceDate", func(i *OpenItem) string { return i.Date }),
				dateCol("ExpDate", func(i *OpenItem) string { return i.DueDate }),
				textCol("CurrencyId", func(i *OpenItem) string { return i.Currency }),
				decCol("AmtInvoice", func(i *OpenItem) decimal.Decimal { return i.Amount }),
				decCol("AmtInvoiceCurr", func(i *OpenItem) decimal.Decimal { return i.Amount }),
				decCol("Balance", func(i *OpenItem) decimal.Decimal { return i.Balance }),
				decCol("BalanceCurr", func(i *OpenItem) decimal.Decimal { return i.Balance }),
				textCol("Description", func(i *OpenItem) string { return i.Description }),
			},
		},
		transactionTable(),
	}
}

// openOnly leaves out what is paid.
func openOnly(list []*OpenItem) iter.Seq[*OpenItem] {
	return func(yield func(*OpenItem) bool) {
		for _, i := range list {
			if !i.Balance.IsZero() && !yield(i) {
				return
			}
		}
	}
}

func transactionTable() getter {
	linesOf := func(list []*Entry) iter.Seq[*EntryLine] {
		return func(yield func(*EntryLine) bool) {
			for _, e := range list {
				for i := range e.Lines {
					if !yield(&e.Lines[i]) {
						return
					}
				}
			}
		}
	}
	return &table[*EntryLine]{
		id: "Profit_Transactions", description: "Financiële mutaties (Profit)",
		all:     func(d *data) iter.Seq[*EntryLine] { return linesOf(d.entryList) },
		indexed: map[string]string{"InvoiceId": "invoiceid", "VoucherNo": "voucherno"},
		look:    func(d *data, key string) iter.Seq[*EntryLine] { return linesOf(d.entriesBy[key]) },
		columns: []column[*EntryLine]{
			intCol("UnitId", func(l *EntryLine) int { return l.entry.Administration }),
			intCol("EntryNo", func(l *EntryLine) int { return l.entry.Number }),
			intCol("SeqNo", func(l *EntryLine) int { return l.Seq }),
			intCol("Year", func(l *EntryLine) int { return l.entry.Year }),
			intCol("Period", func(l *EntryLine) int { return l.entry.Period }),
			textCol("JournalId", func(l *EntryLine) string { return l.entry.Journal }),
			textCol("AccountNo", func(l *EntryLine) string { return l.Account }),
			decCol("AmtDebit", func(l *EntryLine) decimal.Decimal { return l.Debit }),
			decCol("AmtCredit", func(l *EntryLine) decimal.Decimal { return l.Credit }),
			dateCol("EntryDate", func(l *EntryLine) string { return l.EntryDate }),
			textCol("InvoiceId", func(l *EntryLine) string { return l.InvoiceNr }),
			dateCol("VoucherDate", func(l *EntryLine) string { return l.VoucherDate }),
			textCol("VoucherNo", func(l *EntryLine) string { return l.VoucherNr }),
			textCol("VatCode", func(l *EntryLine) string { return l.VatCode }),
			decCol("VatAmt", func(*EntryLine) decimal.Decimal { return decimal.Zero }),
			textCol("Description", func(l *EntryLine) string { return l.Description }),
			timeCol("Created", func(l *EntryLine) time.Time { return l.entry.Created }),
			timeCol("Modified", func(l *EntryLine) time.Time { return l.entry.Created }),
		},
	}
}
