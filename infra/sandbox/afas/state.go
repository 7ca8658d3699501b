package afas

import (
	"time"

	"github.com/govalues/decimal"
)

// State is everything an environment holds, for comparison by tests. Times are
// Dutch local times (marked as UTC), as Profit keeps them.
type State struct {
	Debtors        []Debtor   `json:"debtors"`
	Parties        []Party    `json:"parties"` // all organisations and persons, debtor or not
	Orders         []Order    `json:"orders"`
	DirectInvoices []Order    `json:"direct_invoices"`
	JournalEntries []Entry    `json:"journal_entries"`
	OpenItems      []OpenItem `json:"open_items"`
	Items          []Item     `json:"items"`
	Stock          []Stock    `json:"stock"`
	Prices         []Price    `json:"prices"`
}

// Address is one address record. A changed address is a new record.
type Address struct {
	ID       int    `json:"id"`
	Country  string `json:"country"` // the vendor's own code
	PoBox    bool   `json:"po_box,omitempty"`
	Before   string `json:"before,omitempty"`
	Street   string `json:"street"`
	Number   int    `json:"number,omitempty"`
	Addition string `json:"addition,omitempty"`
	ZipCode  string `json:"zip_code"`
	City     string `json:"city"`
	After    string `json:"after,omitempty"`
}

// BankAccount is a bank account of an organisation or person.
type BankAccount struct {
	Country string `json:"country,omitempty"`
	IBAN    string `json:"iban,omitempty"`
	BIC     string `json:"bic,omitempty"`
}

// Party is an organisation or a person.
type Party struct {
	Code         string        `json:"bc_co"`
	ID           int           `json:"bc_id"`
	ContactID    int           `json:"contact_id"`
	Person       bool          `json:"person"`
	Name         string        `json:"name"` // of a person: put together
	SearchName   string        `json:"search_name,omitempty"`
	FirstName    string        `json:"first_name,omitempty"`
	Initials     string        `json:"initials,omitempty"`
	Prefix       string        `json:"prefix,omitempty"`
	LastName     string        `json:"last_name,omitempty"`
	Gender       string        `json:"gender,omitempty"`
	BirthDate    string        `json:"birth_date,omitempty"`
	ChamberNr    string        `json:"chamber_of_commerce_nr,omitempty"`
	FiscalNr     string        `json:"fiscal_nr,omitempty"`
	EmailWork    string        `json:"email_work,omitempty"`
	EmailPrivate string        `json:"email_private,omitempty"`
	PhoneWork    string        `json:"phone_work,omitempty"`
	PhonePrivate string        `json:"phone_private,omitempty"`
	MobWork      string        `json:"mobile_work,omitempty"`
	MobPrivate   string        `json:"mobile_private,omitempty"`
	Homepage     string        `json:"homepage,omitempty"`
	Remark       string        `json:"remark,omitempty"`
	Visiting     *Address      `json:"visiting,omitempty"`
	Postal       *Address      `json:"postal,omitempty"`
	BankAccounts []BankAccount `json:"bank_accounts,omitempty"`
	Contacts     []*Contact    `json:"contacts,omitempty"`

	Other    map[string]string `json:"other,omitempty"` // further fields by code
	Created  time.Time         `json:"created"`
	Modified time.Time         `json:"modified"`

	keys   []string // under which it is indexed
	debtor *Debtor
}

// Contact belongs to an organisation or person: a person (PRS), a department
// (AFD) or a delivery address (AFL).
type Contact struct {
	ID       int      `json:"id"`
	Kind     string   `json:"kind"`
	Name     string   `json:"name,omitempty"`
	Email    string   `json:"email,omitempty"`
	Phone    string   `json:"phone,omitempty"`
	Mobile   string   `json:"mobile,omitempty"`
	Function string   `json:"function,omitempty"`
	Blocked  bool     `json:"blocked,omitempty"`
	Person   string   `json:"person,omitempty"` // BcCo of the person
	Visiting *Address `json:"visiting,omitempty"`
	Postal   *Address `json:"postal,omitempty"`

	Other    map[string]string `json:"other,omitempty"`
	Created  time.Time         `json:"created"`
	Modified time.Time         `json:"modified"`

	owner  *Party
	person *Party
	keys   []string
}

// Debtor is a sales relation.
type Debtor struct {
	ID               string `json:"db_id"`
	Party            Party  `json:"party"`
	Currency         string `json:"currency"`
	PaymentCondition string `json:"payment_condition"`
	VatDuty          string `json:"vat_duty"`
	VatNr            string `json:"vat_nr,omitempty"`
	IBAN             string `json:"iban,omitempty"`
	CollectAccount   string `json:"collect_account"`
	PriceList        string `json:"price_list,omitempty"`
	InvoiceTo        string `json:"invoice_to,omitempty"`
	Warehouse        string `json:"warehouse,omitempty"`
	SendInvoiceBy    string `json:"send_invoice_by,omitempty"`
	Remark           string `json:"remark,omitempty"`
	PricesInclVat    bool   `json:"prices_incl_vat"`
	ReferenceNeeded  bool   `json:"reference_needed,omitempty"`
	AutoPayment      bool   `json:"auto_payment,omitempty"`
	Blocked          bool   `json:"blocked"`        // for delivery
	BlockedWholly    bool   `json:"blocked_wholly"` // and hidden

	CreditLimit  decimal.Decimal   `json:"credit_limit"`
	LineDiscount decimal.Decimal   `json:"line_discount"`
	Other        map[string]string `json:"other,omitempty"`
	Created      time.Time         `json:"created"`
	Modified     time.Time         `json:"modified"`

	party *Party
	keys  []string
}

// Order is a sales order or a direct invoice.
type Order struct {
	Number           string          `json:"number"`
	Kind             string          `json:"kind"`                     // KindOrder or KindDirectInvoice
	InvoiceNumber    string          `json:"invoice_number,omitempty"` // once invoiced
	InvoiceDate      string          `json:"invoice_date,omitempty"`
	Date             string          `json:"date"`
	DebtorID         string          `json:"debtor_id"`
	InvoiceTo        string          `json:"invoice_to,omitempty"`
	Reference        string          `json:"reference"` // RfCs
	InvoiceReference string          `json:"invoice_reference,omitempty"`
	Administration   int             `json:"administration"`
	Warehouse        string          `json:"warehouse"`
	Currency         string          `json:"currency"`
	PaymentCondition string          `json:"payment_condition"`
	PaymentType      string          `json:"payment_type,omitempty"`
	VatDuty          string          `json:"vat_duty"`
	InclVat          bool            `json:"incl_vat"`
	Credit           bool            `json:"credit,omitempty"`
	Blocked          bool            `json:"blocked,omitempty"`
	DeliveryAddress  int             `json:"delivery_address,omitempty"`
	DeliveryDate     string          `json:"delivery_date,omitempty"`
	SalesChannel     string          `json:"sales_channel,omitempty"`
	Remark           string          `json:"remark,omitempty"`
	InvoiceDiscount  decimal.Decimal `json:"invoice_discount"` // percentage
	Lines            []*Line         `json:"lines"`

	Gross     decimal.Decimal `json:"gross"`    // before discounts, in the mode of the prices
	Discount  decimal.Decimal `json:"discount"` // of lines and invoice, same mode
	TotalExcl decimal.Decimal `json:"total_excl"`
	Vat       decimal.Decimal `json:"vat"`
	TotalIncl decimal.Decimal `json:"total_incl"`
	VatTotals []VatTotal      `json:"vat_totals"`

	Other    map[string]string `json:"other,omitempty"` // further fields by code
	Created  time.Time         `json:"created"`
	Modified time.Time         `json:"modified"`
}

// Kinds of Order.
const (
	KindOrder         = "order"
	KindDirectInvoice = "directinvoice"
)

// VatTotal is what one VAT rate makes of an order.
type VatTotal struct {
	Rate decimal.Decimal `json:"rate"`
	Excl decimal.Decimal `json:"excl"`
	Vat  decimal.Decimal `json:"vat"`
}

// Line is a line of an order or direct invoice.
type Line struct {
	ID              string          `json:"id"` // GuLi
	Seq             int             `json:"seq"`
	ItemType        string          `json:"item_type"`
	ItemCode        string          `json:"item_code"`
	Description     string          `json:"description"`
	Unit            string          `json:"unit"`
	Quantity        decimal.Decimal `json:"quantity"`
	Price           decimal.Decimal `json:"price"`
	DiscountPercent decimal.Decimal `json:"discount_percent"`
	DiscountAmount  decimal.Decimal `json:"discount_amount"`
	DiscountByHand  bool            `json:"discount_by_hand,omitempty"`
	DiscountAllowed string          `json:"discount_allowed,omitempty"`
	Amount          decimal.Decimal `json:"amount"` // after line discount, in the mode of the prices
	VatGroup        string          `json:"vat_group"`
	VatCode         string          `json:"vat_code"`
	VatRate         decimal.Decimal `json:"vat_rate"`
	Warehouse       string          `json:"warehouse,omitempty"`
	Dim1            string          `json:"dim1,omitempty"`
	Dim2            string          `json:"dim2,omitempty"`
	Remark          string          `json:"remark,omitempty"`

	Other    map[string]string `json:"other,omitempty"`
	Created  time.Time         `json:"created"`
	Modified time.Time         `json:"modified"`

	priced bool // the price came with the line
	stock  bool // counts in stock
}

// Entry is a journal entry.
type Entry struct {
	Number         int         `json:"number"`
	Administration int         `json:"administration"`
	Journal        string      `json:"journal"`
	Year           int         `json:"year"`
	Period         int         `json:"period"`
	Lines          []EntryLine `json:"lines"`
	Created        time.Time   `json:"created"`
}

// EntryLine is a line of a journal entry.
type EntryLine struct {
	Seq         int               `json:"seq"`
	AccountKind string            `json:"account_kind"` // 1 ledger, 2 debtor, 3 creditor
	Account     string            `json:"account"`
	EntryDate   string            `json:"entry_date"`
	VoucherDate string            `json:"voucher_date"`
	VoucherNr   string            `json:"voucher_nr,omitempty"`
	InvoiceNr   string            `json:"invoice_nr,omitempty"`
	Description string            `json:"description,omitempty"`
	Debit       decimal.Decimal   `json:"debit"`
	Credit      decimal.Decimal   `json:"credit"`
	VatCode     string            `json:"vat_code,omitempty"`
	DueDate     string            `json:"due_date,omitempty"`
	Other       map[string]string `json:"other,omitempty"`

	entry *Entry
}

// OpenItem is an invoice of a debtor; with a balance of zero it is paid and
// Profit no longer lists it.
type OpenItem struct {
	Administration int             `json:"administration"`
	DebtorID       string          `json:"debtor_id"`
	InvoiceNr      string          `json:"invoice_nr"`
	Date           string          `json:"date"`
	DueDate        string          `json:"due_date"`
	Currency       string          `json:"currency"`
	Amount         decimal.Decimal `json:"amount"`
	Balance        decimal.Decimal `json:"balance"`
	Description    string          `json:"description,omitempty"`
}

// Item is something that can stand on a line.
type Item struct {
	Type             string          `json:"type"` // 2 article, 3 text, 6 cost, …
	Code             string          `json:"code"`
	Description      string          `json:"description"`
	ExtraDescription string          `json:"extra_description,omitempty"`
	Unit             string          `json:"unit"`
	VatGroup         string          `json:"vat_group"`
	Group            string          `json:"group"`
	Price            decimal.Decimal `json:"price"` // without VAT
	CostPrice        decimal.Decimal `json:"cost_price"`
	Barcode          string          `json:"barcode,omitempty"`
	Blocked          bool            `json:"blocked,omitempty"`
	Stock            bool            `json:"stock,omitempty"` // stock is kept
	QuantityDecimals int             `json:"quantity_decimals,omitempty"`

	Other    map[string]string `json:"other,omitempty"`
	Created  time.Time         `json:"created"`
	Modified time.Time         `json:"modified"`
}

// Stock is what lies of an item in a warehouse.
type Stock struct {
	Item      string          `json:"item"`
	Dim1      string          `json:"dim1,omitempty"`
	Dim2      string          `json:"dim2,omitempty"`
	Warehouse string          `json:"warehouse"`
	Actual    decimal.Decimal `json:"actual"`
	Reserved  decimal.Decimal `json:"reserved"`
	Ordered   decimal.Decimal `json:"ordered"`
	Modified  time.Time       `json:"modified"`
}

// Price is a sales price.
type Price struct {
	ItemType     string          `json:"item_type"`
	ItemCode     string          `json:"item_code"`
	Unit         string          `json:"unit"`
	PriceList    string          `json:"price_list,omitempty"`
	DebtorID     string          `json:"debtor_id,omitempty"`
	Currency     string          `json:"currency"`
	From         string          `json:"from"`
	To           string          `json:"to,omitempty"`
	QuantityFrom decimal.Decimal `json:"quantity_from"`
	Price        decimal.Decimal `json:"price"`
	Modified     time.Time       `json:"modified"`
}
