package afas

import "apicenter/shared/connector"

// customerSettings are asked for flows that write customers. An orders flow asks them as well, because an order may bring a
// new customer.
func customerSettings() []connector.Setting {
	return []connector.Setting{
		{Name: "controlAccount", Title: "Control account", Required: true,
			Help: "The ledger account for receivables of new debtors, marked in AFAS as a collective account for debtors, such as 1300."},
		{Name: "forceControlAccount", Title: "Force the control account", Kind: connector.Switch, Default: "true",
			Help: "Also give it to debtors that exist, whatever account they have."},
		{Name: "paymentTerms", Title: "Payment terms", Required: true,
			Help: "The code of the payment condition as AFAS lists it, such as 14."},
		{Name: "forcePaymentTerms", Title: "Force the payment terms", Kind: connector.Switch, Default: "true",
			Help: "Use it always, also when the order or customer brings payment terms of its own; switch off when those are mapped."},
		{Name: "currency", Title: "Currency", Default: "EUR",
			Help: "Currency of records that name none."},
		{Name: "country", Title: "Country", Default: "NL",
			Help: "The country (two letters) of addresses that name none."},
		{Name: "vatDuty", Title: "VAT duty", Default: "1",
			Help: "The code of the VAT duty of new debtors in AFAS; 1 usually stands for liable to VAT in the Netherlands."},
		{Name: "language", Title: "Language",
			Help: "The code of the language of new debtors in AFAS; empty leaves AFAS' own default."},
		{Name: "profile", Title: "Profile", Advanced: true,
			Help: "The code of the profile of new debtors in AFAS; empty leaves AFAS' own default."},
	}
}

// orderSettings are asked for flows that write orders.
func orderSettings() []connector.Setting {
	return append([]connector.Setting{
		{Name: "administration", Title: "Administration", Kind: connector.Integer, Required: true,
			Help: "The number of the administration orders belong to; without it AFAS takes whichever its user last worked in."},
		{Name: "forceAdministration", Title: "Force the administration", Kind: connector.Switch, Default: "true",
			Help: "Use it always, also when a mapping or rule fills another."},
		{Name: "warehouse", Title: "Warehouse", Help: "The code of the warehouse goods are taken from; empty leaves AFAS' own default."},
		{Name: "unit", Title: "Unit", Default: "STK", Help: "The unit of lines that name none."},
		{Name: "forceUnit", Title: "Force the unit", Kind: connector.Switch, Default: "false",
			Help: "Use it for every line, for sources whose units AFAS does not know."},
		{Name: "sendVatGroup", Title: "Send the VAT tariff group", Kind: connector.Switch, Default: "true",
			Help: "Give lines the VAT tariff group of their rate, by the value table \"vat\" of the mapping; off, AFAS takes the item's own."},
		{Name: "salesChannel", Title: "Sales channel", Help: "The code of the sales channel in AFAS; empty leaves it out."},
		{Name: "discountItem", Title: "Item for order discounts",
			Help: "The code of the cost item a discount on the whole order is booked on; needed when the source has such discounts."},
		{Name: "customerInRemark", Title: "Customer in the remark", Kind: connector.Switch, Default: "false",
			Help: "Write who bought into the remark of every order, for shops that keep all sales on one default debtor."},
		{Name: "journal", Title: "Journal", Help: "For financial mutations: the sales journal, such as 20."},
		{Name: "revenueAccounts", Title: "Revenue accounts",
			Help: "For financial mutations: the revenue account of each VAT rate, such as 21=8000, 9=8010, 0=8020; a single number holds for all rates."},
		{Name: "vatAccounts", Title: "VAT accounts",
			Help: "For financial mutations: the VAT account of each VAT rate, such as 21=1510, 9=1511; a single number holds for all rates."},
		{Name: "vatCodes", Title: "VAT codes",
			Help: "For financial mutations: AFAS' VAT code of each VAT rate, such as 21=1, 9=2, 0=3."},
		{Name: "roundingAccount", Title: "Rounding account",
			Help: "For financial mutations: the account for cents by which a source's totals differ from their parts; empty refuses such sales."},
	}, customerSettings()...)
}
